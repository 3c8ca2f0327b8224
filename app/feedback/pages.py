"""What the pages of reports show: where it is, what comes next, counts that tell nobody apart."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from flask import url_for
from flask_babel import gettext
from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from app.extensions import current_language
from app.feedback.words import CATEGORIES, STATES
from app.formats import format_day, format_number

DISTANCE_STEP_M = 50  # to which distances of other reports are told
PARTS = ("open", "answered", "rejected")  # of the reports of a category


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
    Return counts by category, in the order of forms, and in all, so that no untold one is a difference of told ones.

    In a row with an untold part no part is told, since it would be what is left of the row; and where one row alone has
    something untold, the like of all is untold too, since it would be what is left of the column.
    """
    found = {row.category: row for row in rows}
    table = [_count_row(str(label), found[code]) for code, label in CATEGORIES.items() if code in found]
    if None not in found:
        return table, None
    total = _count_row(str(gettext("Semua")), found[None])
    if sum(row.reports is None for row in table) == 1:
        return table, replace(total, reports=None, open=None, answered=None, rejected=None)
    if sum(row.open is None for row in table) == 1:
        return table, replace(total, open=None, answered=None, rejected=None)
    return table, total


def _count_row(label: str, row: Row[Any]) -> CountRow:
    is_told = None not in {row.reports, row.open, row.answered, row.rejected}
    parts = {name: getattr(row, name) if is_told else None for name in PARTS}
    return CountRow(label, reports=row.reports, **parts, median_days=_days(row.median_days))


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
