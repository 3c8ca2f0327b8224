"""What the public pages of places have in common: their moment, answers that a browser may keep, one picture each."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Hashable, Sequence
from hashlib import blake2b
from threading import Lock
from typing import Literal

from cachetools import LRUCache
from flask import Response, g, make_response, request

from app.catalogue.pictures import ASK_AGAIN as PICTURE_ASK_AGAIN
from app.catalogue.pictures import answer_picture
from app.extensions import reader_session
from app.maps.queries import read_versions
from app.packages.register_export import csv_cell
from app.projects.filters import ProjectFilter, read_year
from app.projects.queries import ProjectRow
from app.region import Region
from layers.history import read_as_of

KEPT_BYTES = 8 * 1024 * 1024  # of pictures in one process
PNG_SCALE = 1.5  # 1080 × 720 px: as large as messengers show a picture
ASK_AGAIN = "private, no-cache"
MOST_CSV_ROWS = 20_000  # of one file; a regency has some hundreds of works in a year
CSV_COLUMNS = (
    "code", "name", "sector", "year", "status", "stage", "delay", "ceiling_idr", "contract_value_idr", "paid_idr",
    "contractor", "fund_source", "planned_percent", "physical_percent", "deviation_points", "progress_date",
    "start_date", "end_date", "district_codes", "village_codes",
)  # fmt: skip

PictureKind = Literal["svg", "png"]

_pictures: LRUCache[Hashable, bytes] = LRUCache(KEPT_BYTES, getsizeof=len)
_lock = Lock()


def requested_criteria(region: Region) -> ProjectFilter:
    """
    Return the moment and the fiscal year that an address asks for.

    Raises
    ------
    InvalidFilter, InvalidRequest
        When they cannot be read.
    """
    as_of, year = request.args.get("as_of", "").strip(), request.args.get("year", "").strip()
    return ProjectFilter(
        as_of=read_as_of(as_of, region.time_zone) if as_of else None,
        as_of_text=as_of or None,
        year=(read_year(year),) if year else (),
    )


def answer_page(html: str) -> Response:
    """
    Answer a page with the name of its content, so that a browser that has it already need not fetch it again.

    A page with a nonce is another each time.
    """
    response = make_response(html)
    response.headers["Cache-Control"] = ASK_AGAIN
    response.vary.add("Cookie")
    if "csp_nonce" not in g:
        response.set_etag(blake2b(html.encode(), digest_size=9).hexdigest(), weak=True)
        response.make_conditional(request)
    return response


def answer_csv(rows: Sequence[ProjectRow], file_name: str, language: str) -> Response:
    """Answer works as CSV: one row each, with the code of every area it touches; numbers as spreadsheets read them."""
    comma = "." if language == "en" else ","
    written = io.StringIO()
    writer = csv.writer(written, delimiter=";", lineterminator="\r\n")
    writer.writerow(CSV_COLUMNS)
    for row in rows:
        values = (getattr(row, name) for name in CSV_COLUMNS)
        writer.writerow([csv_cell(" ".join(one) if isinstance(one, list) else one, comma) for one in values])
    response = Response("\ufeff" + written.getvalue(), mimetype="text/csv")
    response.headers["Content-Disposition"] = f'attachment; filename="{file_name}"'
    return response


def answer_kept_picture(wanted: tuple[Hashable, ...], kind: PictureKind, draw: Callable[[], str]) -> Response:
    """Answer a picture, drawn once in each process for each state of the layers, as SVG or as a larger PNG."""
    versions = tuple(sorted(read_versions(reader_session()).items()))
    key = (*wanted, kind, versions)
    with _lock:
        kept: bytes | None = _pictures.get(key)
    if kept is None:
        kept = _drawn(draw(), kind)
        if len(kept) < KEPT_BYTES:
            with _lock:
                _pictures[key] = kept
    if kind == "svg":
        return answer_picture(kept.decode())
    response = Response(kept, mimetype="image/png")
    response.set_etag(blake2b(kept, digest_size=9).hexdigest())
    response.headers["Cache-Control"] = PICTURE_ASK_AGAIN
    response.make_conditional(request)
    return response


def _drawn(svg: str, kind: PictureKind) -> bytes:
    if kind == "svg":
        return svg.encode()
    from layers.plate import render_plate_png

    return render_plate_png(svg, scale=PNG_SCALE)
