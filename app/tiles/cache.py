"""Tiles kept in the memory of a web process, each with the layer versions it was made from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from threading import Lock

from cachetools import LRUCache

OVERHEAD_BYTES = 400  # what an entry costs beside its body


@dataclass(frozen=True)
class Tile:
    """The bytes of a tile, gzipped; empty where there is nothing to show."""

    body: bytes
    etag: str
    versions: Mapping[str, int]  # layer → version at the moment it was read
    limited: tuple[str, ...] = ()  # layers that have more features than a tile may hold

    @property
    def version(self) -> int:
        """One number that grows with every edit of any layer of the tile."""
        return sum(self.versions.values())


TileKey = tuple[tuple[str, ...], int, int, int]


class TileCache:
    """The newest tiles, up to a number of bytes; safe for the threads of one process."""

    def __init__(self, maximum_bytes: int) -> None:
        self._tiles: LRUCache[TileKey, Tile] = LRUCache(
            maximum_bytes, getsizeof=lambda tile: len(tile.body) + OVERHEAD_BYTES
        )
        self._lock = Lock()

    def get(self, key: TileKey) -> Tile | None:
        """Return the tile kept under `key`, whatever its version."""
        with self._lock:
            return self._tiles.get(key)

    def put(self, key: TileKey, tile: Tile) -> None:
        """Keep a tile; one larger than the whole cache is not kept."""
        if len(tile.body) + OVERHEAD_BYTES <= self._tiles.maxsize:
            with self._lock:
                self._tiles[key] = tile
