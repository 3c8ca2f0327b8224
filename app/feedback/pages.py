"""What the pages of reports show: where it is, what comes next, counts that tell nobody apart."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import url_for
from flask_babel import gettext
from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from app.extensions import current_language
from app.feedback.words import CATEGORIES, STATES
from app.formats import format_day, format_number

DISTANCE_STEP_M = 50  # to which distances of other reports are told
CELLS = ("reports", "open", "answered", "rejected")


@dataclass(frozen=True)
class Similar:
    """Another report nearby, as anybody may know it."""

    category: str
    state: str
    day: dt.date
    distance: str
    topic: str | None


@dataclass(frozen=True)
class CountRow:
    """How many reports of a category stand where; None: too few to be told."""

    label: str
    reports: int | None
    open: int | None
    answered: int | None
    rejected: int | None
    median_days: float | None


def similar_reports(rows: Sequence[Row[Any]], time_zone: dt.tzinfo) -> list[Similar]:
    """Return reports nearby in the visitor's language; places of others are told roughly."""
    return [
        Similar(
            str(CATEGORIES.get(row.category, row.category)),
            str(STATES[row.state]),
            row.received_at.astimezone(time_zone).date(),
            _distance(row.distance_m),
            row.topic if row.published else None,
        )
        for row in rows
    ]


def _distance(distance_m: float | None) -> str:
    if distance_m is None:
        return str(gettext("pada objek yang sama"))
    if distance_m < DISTANCE_STEP_M:
        return str(gettext("di tempat yang sama"))
    rounded = round(distance_m / DISTANCE_STEP_M) * DISTANCE_STEP_M
    return str(gettext("sekitar %(n)s m dari sini", n=format_number(rounded, current_language())))


def count_rows(rows: Sequence[Row[Any]]) -> tuple[list[CountRow], CountRow | None]:
    """
    Return counts by category, in the order of forms, and in all.

    Of a column in which a single cell is untold, the total is untold too: else the cell would be their difference.
    """
    found = {row.category: row for row in rows}
    table = [
        CountRow(
            str(label),
            **{name: getattr(found[code], name) for name in CELLS},
            median_days=_days(found[code].median_days),
        )
        for code, label in CATEGORIES.items()
        if code in found
    ]
    total = found.get(None)
    if total is None:
        return table, None
    cells = {
        name: None if sum(getattr(row, name) is None for row in table) == 1 else getattr(total, name) for name in CELLS
    }
    median = None if len(table) > 1 and sum(row.median_days is None for row in table) == 1 else _days(total.median_days)
    return table, CountRow(str(gettext("Semua")), **cells, median_days=median)


def _days(value: Any) -> float | None:
    return None if value is None else float(value)


def area_words(session: Session, place: tuple[float, float] | None) -> str:
    """Return village and district of a place (lon, lat), as the public's role reads them; empty when in none."""
    if place is None:
        return ""
    names = session.scalars(
        text("""
            WITH here AS (SELECT ST_SetSRID(ST_MakePoint(:lon, :lat), 4326) AS geom)
            (SELECT name FROM layers.villages v, here WHERE ST_Intersects(v.geom, here.geom) ORDER BY v.code LIMIT 1)
            UNION ALL
            (SELECT name FROM layers.districts d, here WHERE ST_Intersects(d.geom, here.geom) ORDER BY d.code LIMIT 1)
        """),
        {"lon": place[0], "lat": place[1]},
    )
    return ", ".join(dict.fromkeys(names))


def written_place(place: tuple[float, float] | None) -> str:
    """Return a place (lon, lat) as people type it: latitude first."""
    if place is None:
        return ""
    lon, lat = place
    return f"{lat:.5f}, {lon:.5f}"


def next_sentence(report: Any) -> str:
    """Say what happens next with a report, and until when."""
    day = format_day(report.due_on, current_language()) if report.due_on else ""
    match report.state:
        case "received":
            return str(gettext("Petugas memeriksa laporan ini paling lambat %(day)s.", day=day))
        case "verified" | "in_work":
            return str(gettext("Jawaban diberikan paling lambat %(day)s.", day=day))
        case "answered" if report.reporter_verdict == "solved":
            return str(gettext("Anda menyatakan ini selesai. Laporan ditutup setelah buktinya diunggah."))
        case "answered":
            return str(gettext("Apakah masalahnya sudah selesai? Jawab di bawah ini."))
        case "closed":
            return str(gettext("Laporan ini selesai dan ditutup dengan bukti."))
        case "rejected":
            return str(gettext("Laporan ini tidak diteruskan. Alasannya tertulis di bawah."))
        case _:
            return str(
                gettext("Laporan ini sama dengan laporan lain yang sudah ada; jawabannya mengikuti laporan itu.")
            )


def object_link(report: Any) -> tuple[str, str] | None:
    """Return name and address of what a report is about; None when it is just a place."""
    if report.project_code:
        return report.project_name, url_for("projects.page", code=report.project_code)
    if report.road_code and report.road_id:
        return report.road_name or report.road_code, url_for(
            "catalogue.feature", layer="roads", feature_id=report.road_id
        )
    if report.park_id:
        return report.park_name or str(report.park_id), url_for(
            "catalogue.feature", layer="parks", feature_id=report.park_id
        )
    return None
