"""The register and the past of the demonstration: what was recorded earlier, so that the map as of a day has a past."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import shapely

from app.demo.curves import lines_from
from app.demo.offices import PROJECT_CONSTANTS, Keys, constants_of
from app.demo.register import LocationKind, Project
from app.demo.rows import (
    PARK_COLUMNS,
    PARK_RENAMED_ON,
    RECORDED,
    ROAD_COLUMNS,
    SOURCE,
    SURVEY_RECORDED,
    Areas,
    Table,
    hex_of,
    moment,
    multi_lines,
    multi_polygons,
    park_recorded,
    park_values,
    renamed_parks,
    road_values,
)
from app.demo.surveys import prevailing
from app.demo.world import World
from gis.types import GeometryArray

PROJECT_FIELDS = (
    "status", "ceiling_idr", "contract_value_idr", "contractor", "fund_source", "planned_percent", "physical_percent",
    "progress_date",
    "start_date", "end_date", "this_year_ceiling_idr", "critical_case", "extra_time_until",
)  # fmt: skip
COMPUTED = ("paid_idr", "critical_state", "company_id", "forecast_finish", "version")
PROJECT_COLUMNS = ("id", "code", "name", "sector", "year", *PROJECT_FIELDS, "is_late", *COMPUTED, *PROJECT_CONSTANTS)
COMMON = ("demo", "source", "district_codes", "village_codes", "valid_from", "geom")
ENDED = ("valid_to", "operation", "ended_by")
ENDED_BY = "demonstrasi"
LATE_STATES = frozenset({"contract", "construction", "stopped"})
REMOVED_PARKS = 3
PARK_REMOVED_ON = dt.date(2025, 7, 7)


def register_tables(world: World, ids: list[int], keys: Keys) -> tuple[list[Table], list[Table]]:
    """
    Return the present register and its superseded versions.

    Parameters
    ----------
    ids
        Row ids of the projects, allotted by the database.
    keys
        Ids of what packages refer to.

    Returns
    -------
    present
        Projects and their locations.
    past
        Earlier versions of projects, for the history table.
    """
    plane, projects = world.boundaries.plane, world.projects
    kinds = [kind for project in projects for kind in project.locations]
    owner = np.repeat(np.arange(len(projects)), [len(project.locations) for project in projects])
    shapes = plane.geometries(
        np.array([shape for project in projects for shape in project.locations.values()], dtype=object)
    )
    texts = hex_of(shapes)
    codes = list(zip(*Areas(plane, world.boundaries).touched(shapes), strict=True))
    place = {(int(index), kind): number for number, (index, kind) in enumerate(zip(owner, kinds, strict=True))}
    present, past, locations = [], [], []
    for index, project in enumerate(projects):
        versions = project.versions()
        constants = constants_of(project, index, keys)
        for number, (day, state) in enumerate(versions):
            at = place[index, _known_place(project, state["status"])]
            last = number == len(versions) - 1
            until = None if last else versions[number + 1][0]
            row = (
                ids[index], project.code, project.name, project.sector, project.year,
                *(state.get(one) for one in PROJECT_FIELDS),
                _is_late(state, until or day), *_computed(project, state, keys, last=last), *constants,
                True, SOURCE, *codes[at], moment(day), texts[at],
            )  # fmt: skip
            if until is None:
                present.append(row)
            else:
                past.append((*row, moment(until), "update", ENDED_BY))
        for kind in project.locations:
            at = place[index, kind]
            recorded = moment(_located_on(project, kind))
            locations.append((ids[index], kind, project.accuracy_m[kind], True, SOURCE, recorded, texts[at]))
    location_columns = ("project_id", "kind", "accuracy_m", "demo", "source", "valid_from", "geom")
    return (
        [
            Table("app.project", (*PROJECT_COLUMNS, *COMMON), present),
            Table("app.project_location", location_columns, locations),
        ],
        [Table("app.project", (*PROJECT_COLUMNS, *COMMON, *ENDED), past)],
    )


def _computed(project: Project, state: dict[str, Any], keys: Keys, *, last: bool) -> tuple[Any, ...]:
    """Return the values of `COMPUTED` at a moment; the forecast is that of the newest report."""
    company = state.get("company")
    running = state["status"] in {"construction", "stopped"}
    return (
        state.get("paid_idr", 0),
        state.get("critical_state", "none"),
        None if company is None else keys.companies[company],
        project.life.expected_finish if last and running else None,
        1,
    )


def layer_past(world: World, road_ids: list[int], park_ids: list[int], removed_ids: list[int]) -> list[Table]:
    """Return superseded versions of roads (before each survey) and parks (renamed, removed), for the history tables."""
    areas = Areas(world.boundaries.plane, world.boundaries)
    return [_road_past(world, areas, road_ids), _park_past(world, areas, park_ids, removed_ids)]


def _known_place(project: Project, status: str) -> LocationKind:
    """Return which location was the best known at a stage."""
    if "built" in project.locations and status in {"handed_over", "maintenance", "finished"}:
        return "built"
    if "contracted" in project.locations and status not in {"planned", "announced", "tender"}:
        return "contracted"
    return "planned"


def _located_on(project: Project, kind: LocationKind) -> dt.date:
    """Return the day a location was recorded."""
    status = {"planned": "planned", "contracted": "contract", "built": "handed_over"}[kind]
    return next(event.day for event in project.events if event.changes.get("status") == status)


def _is_late(state: dict[str, Any], day: dt.date) -> bool:
    """Tell whether a package was late, by the database's own rule, when this version ended."""
    if state["status"] not in LATE_STATES:
        return False
    behind = (state.get("physical_percent") or 0.0) < (state.get("planned_percent") or 0.0)
    return behind or (state.get("end_date") is not None and state["end_date"] < day)


def _road_past(world: World, areas: Areas, ids: list[int]) -> Table:
    """Before its first survey a road was unsurveyed; between the surveys it had the first one's condition."""
    first, second = sorted(SURVEY_RECORDED)
    lines = multi_lines(world.boundaries.plane, lines_from([road.line for road in world.roads]))
    rows: list[tuple[Any, ...]] = []
    for conditions, start, end in (
        (["unsurveyed"] * len(world.roads), RECORDED["roads"], SURVEY_RECORDED[first]),
        (prevailing(world.segments, len(world.roads), first), SURVEY_RECORDED[first], SURVEY_RECORDED[second]),
    ):
        span = (moment(end), "update", ENDED_BY)
        rows += [
            (row_id, *values, *common, *span)
            for row_id, values, common in zip(
                ids, road_values(world, conditions), _common(areas, lines, start), strict=True
            )
        ]
    return Table("layers.roads", ("id", *ROAD_COLUMNS, *COMMON, *ENDED), rows)


def _park_past(world: World, areas: Areas, ids: list[int], removed_ids: list[int]) -> Table:
    """Some parks had another name before; a few are no more."""
    shapes = multi_polygons(world.boundaries.plane, [park.shape for park in world.parks])
    values = park_values(world)
    rows: list[tuple[Any, ...]] = []
    for index in renamed_parks(len(world.parks)):
        common = _common(areas, shapes[[index]], park_recorded(index))[0]
        code, name, *rest = values[index]
        rows.append(
            (ids[index], code, f"{name} (nama lama)", *rest, *common, moment(PARK_RENAMED_ON), "update", ENDED_BY)
        )
    small = np.argsort(shapely.area(shapes))[: len(removed_ids)]
    moved = shapely.transform(shapes[small], lambda corners: corners + 0.0004)
    for number, (row_id, index) in enumerate(zip(removed_ids, small.tolist(), strict=True), start=1):
        common = _common(areas, shapely.set_srid(moved[[number - 1]], 4326), RECORDED["parks"])[0]
        code, name, *rest = values[index]
        rows.append(
            (
                row_id,
                f"RTH-L{number:03}",
                f"{name} (dihapus)",
                *rest,
                *common,
                moment(PARK_REMOVED_ON),
                "delete",
                ENDED_BY,
            )
        )
    return Table("layers.parks", ("id", *PARK_COLUMNS, *COMMON, *ENDED), rows)


def _common(areas: Areas, geometries: GeometryArray, recorded: dt.date) -> list[tuple[Any, ...]]:
    districts, villages = areas.touched(geometries)
    start = moment(recorded)
    return [
        (True, SOURCE, *codes, start, text)
        for codes, text in zip(zip(districts, villages, strict=True), hex_of(geometries), strict=True)
    ]
