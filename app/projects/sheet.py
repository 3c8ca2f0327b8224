"""The board of a project as a sheet to print (A3, PDF), and the picture that goes along when it is shared (PNG)."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import blake2b
from pathlib import Path
from threading import Lock
from typing import Any, Literal

from cachetools import LRUCache

from app.errors import TooBusy

TEMPLATES = Path(__file__).parent / "typst"
KEPT_BYTES = 12 * 1024 * 1024
WAIT_SECONDS = 20  # for those before, who are drawn one by one
POINTS_PER_INCH = 72.0  # so that a point of the picture is a pixel

Kind = Literal["board", "share"]
Draw = Callable[[], bytes | None]


@dataclass(frozen=True)
class Sheet:
    """
    What is laid out: the values of the template, and files it names.

    `draw_map` is called only when the sheet is really drawn; `map_state` tells apart what it would draw.
    """

    kind: Kind
    data: Mapping[str, Any]
    moment: datetime  # of the record: the same record is the same bytes
    files: Mapping[str, bytes]
    draw_map: Draw
    map_state: str

    @property
    def etag(self) -> str:
        """The name of its content."""
        digest = blake2b(digest_size=12)
        for template in sorted(TEMPLATES.iterdir()):
            digest.update(template.read_bytes())
        digest.update(json.dumps([self.kind, self.data, self.map_state], sort_keys=True, default=str).encode())
        for name, content in sorted(self.files.items()):
            digest.update(name.encode() + content)
        return digest.hexdigest()


class SheetCache:
    """Sheets that were drawn before, by their content; one is drawn at a time, since each takes a processor."""

    def __init__(self) -> None:
        self._sheets: LRUCache[str, bytes] = LRUCache(KEPT_BYTES, getsizeof=len)
        self._lock = Lock()

    def bytes_of(self, sheet: Sheet) -> bytes:
        """
        Return a sheet as PDF or PNG.

        Raises
        ------
        TooBusy
            When those that were asked for before take too long.
        """
        key = sheet.etag
        if not self._lock.acquire(timeout=WAIT_SECONDS):
            raise TooBusy(
                "Terlalu banyak papan sedang digambar. Coba lagi sebentar lagi.",
                "Too many boards are being drawn. Try again in a moment.",
            )
        try:
            drawn = self._sheets.get(key)
            if drawn is None:
                drawn = render_sheet(sheet)
                if len(drawn) < KEPT_BYTES:
                    self._sheets[key] = drawn
            return drawn
        finally:
            self._lock.release()


def render_sheet(sheet: Sheet) -> bytes:
    """Draw a sheet; the values reach the template as JSON, never as part of its text."""
    import typst

    picture = sheet.draw_map()
    files = {path.name: path.read_bytes() for path in TEMPLATES.iterdir()} | dict(sheet.files)
    if picture is not None:
        files["map.svg"] = picture
    moment = sheet.moment.astimezone(UTC)
    data = {
        **sheet.data,
        "map": "map.svg" if picture is not None else None,
        "moment": [moment.year, moment.month, moment.day, moment.hour, moment.minute, moment.second],
    }
    files["data.json"] = json.dumps(data, ensure_ascii=False).encode()
    with tempfile.TemporaryDirectory(prefix="petakarya-") as folder:
        for name, content in files.items():
            (Path(folder) / name).write_bytes(content)
        options: dict[str, Any] = (
            {"format": "png", "ppi": POINTS_PER_INCH}
            if sheet.kind == "share"
            else {"pdf_standards": ["ua-1", "a-2a"], "timestamp": int(moment.timestamp())}
        )
        drawn: bytes = typst.compile(
            str(Path(folder) / f"{sheet.kind}.typ"),
            root=folder,
            ignore_system_fonts=True,  # so that every machine draws the same: Typst's own fonts
            **options,
        )
    return drawn
