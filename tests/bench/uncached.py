"""
The application without its tile cache, so that each request makes its tile; only the benchmark serves it.

With `BENCH_GZIP=0` tiles are not compressed at all: what a tile costs before gzip.
"""

from __future__ import annotations

import os
from dataclasses import replace

from app import create_app
from app.config import Settings, TileLimits
from app.tiles import gate, queries


class NoGzip:
    """Stands in for the module gzip: nothing is compressed, and nothing needs to be decompressed."""

    @staticmethod
    def compress(body: bytes, *_level: int, **_options: int) -> bytes:
        """Return the bytes as they are."""
        return body

    @staticmethod
    def decompress(body: bytes) -> bytes:
        """Return the bytes as they are."""
        return body


if os.environ.get("BENCH_GZIP") == "0":
    gate.gzip = queries.gzip = NoGzip  # type: ignore[assignment]
app = create_app(replace(Settings.from_environment(), tiles=TileLimits(cache_bytes=0)))
