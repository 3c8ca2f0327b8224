"""What pages of roads show: facts, condition along the stations and over the years, bridges, and works."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import url_for
from flask_babel import gettext
from markupsafe import Markup
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from app.errors import InvalidRequest
from app.extensions import current_language
from app.formats import format_km, format_percent
from app.maps.home import labels_of
from app.maps.queries import read_area_names, read_districts
from app.places.area_pages import CONDITIONS
from app.places.road_queries import (
    Road,
    RoadFilter,
    Segment,
    list_roads,
    read_bridges,
    read_segments,
    read_works,
)
from app.projects.filters import DISTRICT_CODE, ProjectFilter
from app.region import own_catalogue
from app.values import written_value
from gis.linear import format_station
from layers.catalogue import built_in_catalogue

STRIP_PX, NARROW_STRIP_PX = 1000, 360  # of the drawing on wide and on narrow pages
STABLE = ("good", "fair")
NO_FACTS = frozenset({"name", "condition"})  # said by the heading and by the survey


@dataclass(frozen=True)
class Survey:
    """The condition of a road in one survey year: metres by condition, and what of its legal length is known."""

    year: int
    metres: Mapping[str, float]
    stable_percent: float


@dataclass(frozen=True)
class StripDrawing:
    """The condition along the stations as a picture for wide and for narrow pages, and as a table."""

    wide: Markup
    narrow: Markup
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def road_filter(args: MultiDict[str, str]) -> RoadFilter:
    """Read which roads are wanted; `InvalidRequest` for a district, condition or status that cannot be."""
    wanted = RoadFilter(**{name: args.get(name, "").strip() for name in ("q", "district", "condition", "status")})
    catalogue = built_in_catalogue()
    for name in ("condition", "status"):
        value, known = getattr(wanted, name), [one.code for one in catalogue.code_list("roads", name)]
        if value and value not in known:
            raise InvalidRequest(
                f"{name}={value[:40]} tidak dikenal. Pilih dari: {', '.join(known)}.",
                f"{name}={value[:40]} is unknown. Choose from: {', '.join(known)}.",
            )
    if wanted.district and not DISTRICT_CODE.fullmatch(wanted.district):
        raise InvalidRequest(
            f"district={wanted.district[:40]} bukan kode wilayah. Tulis seperti 16.05.09.",
            f"district={wanted.district[:40]} is not an area code. Write it like 16.05.09.",
        )
    return wanted


def list_values(session: Session, args: MultiDict[str, str], *, limit: int) -> dict[str, Any]:
    """Return what the list of roads shows."""
    wanted, after = road_filter(args), args.get("after", "").replace("\0", "")
    rows, total, metres, following = list_roads(session, wanted, limit=limit, after=after)
    districts = read_districts(session)
    names = dict(districts)
    return {
        "wanted": wanted,
        "rows": rows,
        "total": total,
        "metres": metres,
        "districts": districts,
        "conditions": labels_of("road_condition"),
        "statuses": labels_of("road_status"),
        "surfaces": labels_of("road_surface"),
        "places": {row.id: ", ".join(names[code] for code in row.district_codes if code in names) for row in rows},
        "is_first": not after,
        "first_url": url_for("places.roads", **wanted.to_args()),
        "next_url": url_for("places.roads", **wanted.to_args(), after=following) if following else None,
    }


def road_values(session: Session, road: Road, criteria: ProjectFilter) -> dict[str, Any]:
    """Return what the page of a road shows."""
    as_of, language = criteria.as_of, current_language()
    definition = own_catalogue().layer("roads")
    segments = read_segments(session, road.code, as_of)
    surveys = surveys_of(segments, road)
    names = read_area_names(session, road.district_codes)
    facts = [
        (field.label.in_language(language), written_value(definition, field, road.values[field.name]))
        for field in definition.fields_for("public")
        if road.values[field.name] is not None and field.name not in NO_FACTS
    ]
    return {
        "road": road,
        "title": road.values["name"],
        "facts": facts,
        "districts": [
            (url_for("places.area", code=code, as_of=criteria.as_of_text or None), names.get(code, code))
            for code in road.district_codes
        ],
        "surveys": surveys,
        "strip": draw_strip(segments, road),
        "conditions": labels_of("road_condition"),
        "condition": labels_of("road_condition").get(road.values["condition"], ""),
        "bridges": read_bridges(session, road.code, as_of),
        "bridge_conditions": labels_of("bridge_condition"),
        "works": read_works(session, road, as_of),
        "station": format_station,
        "description": description(road, surveys, list(names.values())),
    }


def surveys_of(segments: Sequence[Segment], road: Road) -> list[Survey]:
    """
    Sum the segments of each survey by condition, the newest first.

    What no segment covers of the legal length is not surveyed, and stays in the denominator of what is stable.
    """
    surveys = []
    for year in sorted({one.year for one in segments}, reverse=True):
        metres: dict[str, float] = dict.fromkeys(CONDITIONS, 0.0)
        for one in segments:
            if one.year == year:
                metres[one.condition] = metres.get(one.condition, 0.0) + one.end_m - one.start_m
        covered = sum(metres.values())
        metres["unsurveyed"] += max(0.0, road.length_sk_m - covered)
        stable = sum(metres[one] for one in STABLE) / max(road.length_sk_m, covered) * 100
        surveys.append(Survey(year, metres, stable))
    return surveys


def draw_strip(segments: Sequence[Segment], road: Road) -> StripDrawing | None:
    """Draw the condition along the stations, one strip a survey year, the newest on top; None without a survey."""
    if not segments:
        return None
    # Drawn here alone: who opens another page need not load it.
    from app.reports.render.charts import CONDITION_LOOKS, chart_table, draw_chart
    from app.reports.report import Chart, Class, Strip

    labels = {code.code: code.label for code in built_in_catalogue().codes["road_condition"]}
    classes = tuple(
        Class(code, labels[code].id, labels[code].en, *CONDITION_LOOKS[code]) for code in CONDITIONS if code in labels
    )
    strips = tuple(
        Strip(str(year), pieces[-1][1], pieces)
        for year in sorted({one.year for one in segments}, reverse=True)
        if (pieces := tuple((one.start_m, one.end_m, one.condition) for one in segments if one.year == year))
    )
    chart = Chart("strip", "Kondisi menurut STA", "Condition by STA", "strip", "m", strips=strips, classes=classes)
    language = current_language()
    wide, narrow = (
        Markup(draw_chart(chart, language=language, width=width, id_prefix=f"strip-{width}"))  # noqa: S704 - escaped
        for width in (STRIP_PX, NARROW_STRIP_PX)
    )
    table = chart_table(chart, language)
    return StripDrawing(wide, narrow, (gettext("Tahun"), *table.heads[1:]), table.rows)


def description(road: Road, surveys: Sequence[Survey], districts: Sequence[str]) -> str:
    """Return in one sentence what a road is, for search engines and messengers."""
    language = current_language()
    parts = [
        gettext("Ruas %(code)s", code=road.code),
        format_km(road.length_sk_m, language),
        ", ".join(districts),
    ]
    if surveys:
        percent = format_percent(surveys[0].stable_percent, language)
        parts.append(gettext("%(percent)s baik atau sedang (survei %(year)s)", percent=percent, year=surveys[0].year))
    return " · ".join(str(part) for part in parts if part)
