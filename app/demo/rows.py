"""The drawing as rows of the layers' tables."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from app.admin.region import Region
from app.demo.boundaries import Boundaries
from app.demo.curves import lines_from
from app.demo.plane import Plane
from app.demo.settlements import MALE_SHARE, PERSONS_PER_HOUSEHOLD
from app.demo.surveys import PAVED, prevailing
from app.demo.world import World
from app.demo.zones import activity_matrix
from gis.constants import M2_PER_KM2
from gis.types import FloatArray, GeometryArray
from layers.catalogue import built_in_catalogue

PLAN_CODE = "RTRW-CONTOH"
SOURCE = "Data contoh"
SK_NUMBERS = {"regency": "SK Bupati (contoh) 620/112/2023", "city": "SK Wali Kota (contoh) 620/112/2023"}
SK_DATE = dt.date(2023, 2, 13)
LEGAL_BASIS_URBAN = "RTRW (contoh)"

# The day each kind of row was recorded; roads and segments have their own.
RECORDED = {
    "base": dt.date(2023, 1, 4),
    "roads": dt.date(2023, 2, 20),
    "facilities": dt.date(2023, 5, 8),
    "parks": dt.date(2023, 6, 12),
    "bridges": dt.date(2025, 9, 15),
    "zones": dt.date(2024, 2, 26),
    "population_2020": dt.date(2023, 1, 4),
    "population_2025": dt.date(2026, 2, 9),
}
SURVEY_RECORDED = {2024: dt.date(2024, 10, 14), 2025: dt.date(2025, 10, 13)}


@dataclass(frozen=True)
class Table:
    """Rows for one table; `columns` in the order of each row."""

    name: str
    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]


class Areas:
    """Which districts and villages features touch, found for all features at once."""

    def __init__(self, plane: Plane, boundaries: Boundaries) -> None:
        self.codes = np.array([one.code for one in boundaries.villages])
        self.tree = shapely.STRtree(plane.geometries(boundaries.village_shapes))

    def touched(self, geometries: GeometryArray) -> tuple[list[list[str]], list[list[str]]]:
        """Return the district codes and the village codes of each feature (EPSG:4326)."""
        feature, village = self.tree.query(geometries, predicate="intersects")
        order = np.lexsort((self.codes[village], feature))
        codes = self.codes[village[order]].tolist()
        ends = np.cumsum(np.bincount(feature, minlength=len(geometries))).tolist()
        villages = [codes[start:end] for start, end in zip([0, *ends[:-1]], ends, strict=True)]
        return [sorted({code[:8] for code in one}) for one in villages], villages


def moment(day: dt.date) -> dt.datetime:
    """Return the moment of a working morning (10.00 WIB) on which something was recorded."""
    return dt.datetime(day.year, day.month, day.day, 3, tzinfo=dt.UTC)


def hex_of(geometries: GeometryArray) -> list[str]:
    """Return geometries as EWKB in hexadecimal, as COPY takes them."""
    texts: list[str] = shapely.to_wkb(geometries, hex=True, include_srid=True).tolist()
    return texts


def multi_lines(plane: Plane, lines: GeometryArray) -> GeometryArray:
    """Return drawn lines as multi-part lines in EPSG:4326."""
    together = shapely.multilinestrings(plane.geometries(lines), indices=np.arange(len(lines)))
    return np.asarray(shapely.set_srid(together, 4326))


def multi_polygons(plane: Plane, shapes: Iterable[BaseGeometry]) -> GeometryArray:
    """Return drawn areas as multi-part polygons in EPSG:4326."""
    parts, owner = shapely.get_parts(np.array(list(shapes), dtype=object), return_index=True)
    together = shapely.multipolygons(plane.geometries(parts), indices=owner)
    return np.asarray(shapely.set_srid(together, 4326))


def points(plane: Plane, places: Sequence[FloatArray]) -> GeometryArray:
    """Return places as points in EPSG:4326."""
    return plane.geometries(np.asarray(shapely.points(np.array(places).reshape(-1, 2))))


def tables_of(world: World) -> list[Table]:
    """Return the rows of every layer but the register's, in the order in which they must be loaded."""
    areas = Areas(world.boundaries.plane, world.boundaries)
    return [
        *_boundary_tables(world),
        _population(world),
        _urban_areas(world, areas),
        _segments(world, areas),  # before the roads: a survey that arrives later would edit each road's condition
        _roads(world, areas),
        _bridges(world, areas),
        _streets(world, areas),
        _parks(world, areas),
        _facilities(world, areas),
        _places(world, areas),
        _water(world, areas),
        _buildings(world, areas),
        *_plan_tables(world, areas),
    ]


def _layer_table(
    name: str,
    columns: tuple[str, ...],
    values: Iterable[tuple[Any, ...]],
    geometries: GeometryArray,
    recorded: Iterable[dt.datetime] | dt.date,
    areas: Areas | None,
) -> Table:
    """Put together a layer's own values and what every layer has."""
    moments = [moment(recorded)] * len(geometries) if isinstance(recorded, dt.date) else list(recorded)
    tails: Iterable[tuple[Any, ...]]
    more: tuple[str, ...] = ("valid_from", "geom", "demo", "source")
    common = zip(moments, hex_of(geometries), strict=True)
    if areas is None:
        tails = ((*one, True, SOURCE) for one in common)
    else:
        more = ("district_codes", "village_codes", *more)
        districts, villages = areas.touched(geometries)
        tails = (
            (*codes, *one, True, SOURCE)
            for codes, one in zip(zip(districts, villages, strict=True), common, strict=True)
        )
    rows = [(*value, *tail) for value, tail in zip(values, tails, strict=True)]
    return Table(name, (*columns, *more), rows)


def _boundary_tables(world: World) -> list[Table]:
    plane, boundaries = world.boundaries.plane, world.boundaries
    tables = []
    for name, listed, shapes in (
        ("layers.districts", boundaries.districts, boundaries.district_shapes),
        ("layers.villages", boundaries.villages, boundaries.village_shapes),
    ):
        drawn_km2 = np.round(shapely.area(shapes) / M2_PER_KM2, 3).tolist()
        columns: tuple[str, ...] = ("code", "name", "legal_area_km2")
        values: list[tuple[Any, ...]] = [
            (area.code, area.name, size) for area, size in zip(listed, drawn_km2, strict=True)
        ]
        if name == "layers.districts":
            values = [(*value, "Angka contoh") for value in values]
            columns = (*columns, "legal_area_source")
        tables.append(_layer_table(name, columns, values, multi_polygons(plane, shapes), RECORDED["base"], None))
    return tables


def _population(world: World) -> Table:
    boundaries, settlements = world.boundaries, world.settlements
    rows = []
    for year, people in ((2020, settlements.population_2020), (2025, settlements.population_2025)):
        by_district = np.bincount(boundaries.district_of_village, weights=people).astype(np.int64)
        counted = [
            *zip([one.code for one in boundaries.villages], people.tolist(), strict=True),
            *zip([one.code for one in boundaries.districts], by_district.tolist(), strict=True),
            (world.region.code, int(people.sum())),
        ]
        recorded = moment(RECORDED[f"population_{year}"])
        for code, count in counted:
            men = round(count * MALE_SHARE)
            households = round(count / PERSONS_PER_HOUSEHOLD)
            rows.append((code, year, count, households, men, count - men, True, SOURCE, recorded))
    columns = ("area_code", "year", "population", "households", "male", "female", "demo", "source", "valid_from")
    return Table("layers.population", columns, rows)


def _urban_areas(world: World, areas: Areas) -> Table:
    values = [(name, LEGAL_BASIS_URBAN) for name in world.settlements.urban_names]
    shapes = multi_polygons(world.boundaries.plane, world.settlements.urban_shapes)
    return _layer_table("layers.urban_areas", ("name", "legal_basis"), values, shapes, RECORDED["base"], areas)


def _segments(world: World, areas: Areas) -> Table:
    segments = world.segments
    surfaces = [road.surface for road in world.roads]
    values = []
    for road, start, end, year, condition, iri, sdi in zip(
        segments.road.tolist(),
        segments.sta_from_m.tolist(),
        segments.sta_to_m.tolist(),
        segments.year.tolist(),
        segments.condition,
        segments.iri.tolist(),
        segments.sdi.tolist(),
        strict=True,
    ):
        day = dt.date(year, 8, 3) + dt.timedelta(days=road % 40)
        method = None if condition == "unsurveyed" else "iri" if surfaces[road] in PAVED else "visual"
        measured = (iri, sdi) if iri == iri else (None, None)
        values.append((world.road_codes[road], start, end, year, day, condition, surfaces[road], *measured, method))
    columns = (
        "road_code", "sta_from_m", "sta_to_m", "survey_year", "survey_date", "condition", "surface", "iri", "sdi",
        "survey_method",
    )  # fmt: skip
    recorded = [moment(SURVEY_RECORDED[year]) for year in segments.year.tolist()]
    lines = multi_lines(world.boundaries.plane, segments.lines)
    return _layer_table("layers.road_segments", columns, values, lines, recorded, areas)


ROAD_COLUMNS = (
    "code", "name", "start_point", "end_point", "length_sk_m", "width_m", "system", "function", "status",
    "road_class", "surface",
    "daily_traffic", "sk_number", "sk_date", "condition",
)  # fmt: skip
TRAFFIC = {"arterial": 9_500, "collector": 2_600, "local": 620}
ROAD_CLASSES = {"arterial": "I", "collector": "II", "local": "III"}


def _roads(world: World, areas: Areas) -> Table:
    values = road_values(world, prevailing(world.segments, len(world.roads)))
    lines = multi_lines(world.boundaries.plane, lines_from([road.line for road in world.roads]))
    recorded = [moment(SURVEY_RECORDED[max(SURVEY_RECORDED)])] * len(world.roads)
    return _layer_table("layers.roads", ROAD_COLUMNS, values, lines, recorded, areas)


def road_values(world: World, conditions: list[str]) -> list[tuple[Any, ...]]:
    """Return the values of `ROAD_COLUMNS` for every road, with the given prevailing conditions."""
    return [
        (
            code, road.name, road.start, road.end, legal, road.width_m,
            "secondary" if road.name.startswith("Jalan ") else "primary",
            road.function, road.status, ROAD_CLASSES[road.function], road.surface,
            int(TRAFFIC[road.function] * (0.6 + 0.8 * ((index * 37) % 100) / 100)),
            SK_NUMBERS.get(road.status), SK_DATE if road.status in SK_NUMBERS else None, condition,
        )
        for index, (code, road, legal, condition) in enumerate(
            zip(world.road_codes, world.roads, world.legal_m.tolist(), conditions, strict=True)
        )
    ]  # fmt: skip


def _bridges(world: World, areas: Areas) -> Table:
    counts: dict[int, int] = {}
    values = []
    for bridge in world.bridges:
        counts[bridge.road] = counts.get(bridge.road, 0) + 1
        road_code = world.road_codes[bridge.road]
        values.append(
            (f"{road_code}.{counts[bridge.road]:02}", bridge.name, road_code, bridge.sta_m, bridge.length_m,
            bridge.width_m,
             bridge.spans, bridge.superstructure, bridge.condition_value, bridge.year_built, bridge.survey_year)
        )  # fmt: skip
    columns = (
        "code", "name", "road_code", "sta_m", "length_m", "width_m", "spans", "superstructure", "condition_value",
        "year_built",
        "survey_year",
    )  # fmt: skip
    places = points(world.boundaries.plane, [bridge.place for bridge in world.bridges])
    return _layer_table("layers.bridges", columns, values, places, RECORDED["bridges"], areas)


def _streets(world: World, areas: Areas) -> Table:
    streets = world.streets
    surfaces = {"trunk": "asphalt", "primary": "asphalt", "secondary": "asphalt", "track": "earth"}
    cycle = ("asphalt", "concrete", "gravel", "earth", "paving")
    values = [
        (name, kind, surfaces.get(kind) or cycle[index % len(cycle)], False, 2 if kind in {"trunk", "primary"} else 1)
        for index, (name, kind) in enumerate(zip(streets.names, streets.classes, strict=True))
    ]
    lines = multi_lines(world.boundaries.plane, lines_from(streets.lines))
    return _layer_table(
        "layers.streets", ("name", "class", "surface", "oneway", "lanes"), values, lines, RECORDED["base"], areas
    )


PARK_COLUMNS = ("code", "name", "typology", "ownership", "manager", "legal_basis")
RENAMED_PARK_EVERY, PARK_RENAMED_ON = 23, dt.date(2025, 3, 17)


def _parks(world: World, areas: Areas) -> Table:
    shapes = multi_polygons(world.boundaries.plane, [park.shape for park in world.parks])
    renamed = set(renamed_parks(len(world.parks)))
    recorded = [  # of the present version: one that has another name now begins where the one before ends
        moment(PARK_RENAMED_ON if index in renamed else park_recorded(index)) for index in range(len(world.parks))
    ]
    return _layer_table("layers.parks", PARK_COLUMNS, park_values(world), shapes, recorded, areas)


def park_recorded(index: int) -> dt.date:
    """Return the day a park was recorded: most at the first inventory, each seventh later."""
    if index % 7 == 3:
        return RECORDED["parks"] + dt.timedelta(days=60 + 37 * (index % 29))
    return RECORDED["parks"]


def renamed_parks(count: int) -> list[int]:
    """Return which parks had another name before; those recorded later are not among them."""
    return [index for index in range(0, count, RENAMED_PARK_EVERY) if park_recorded(index) == RECORDED["parks"]]


def park_values(world: World) -> list[tuple[Any, ...]]:
    """Return the values of `PARK_COLUMNS` for every park."""
    return [
        (
            f"RTH-{index:04}", park.name, park.typology, park.ownership,
            "Dinas PUCKTR" if park.ownership == "public" else "Pemilik",
            "SK RTH (contoh)" if park.ownership == "public" else None,
        )
        for index, park in enumerate(world.parks, start=1)
    ]  # fmt: skip


def _facilities(world: World, areas: Areas) -> Table:
    values = [(one.name, one.kind, one.address, one.capacity) for one in world.facilities]
    places = points(world.boundaries.plane, [one.place for one in world.facilities])
    return _layer_table(
        "layers.facilities", ("name", "kind", "address", "capacity"), values, places, RECORDED["facilities"], areas
    )


def _places(world: World, areas: Areas) -> Table:
    values = [(one.name, one.kind, one.population) for one in world.places]
    places = points(world.boundaries.plane, [one.place for one in world.places])
    return _layer_table("layers.places", ("name", "kind", "population"), values, places, RECORDED["base"], areas)


def _water(world: World, areas: Areas) -> Table:
    values = zip(world.water.names, world.water.kinds, strict=True)
    shapes = world.boundaries.plane.geometries(world.water.shapes)
    return _layer_table("layers.water", ("name", "kind"), values, shapes, RECORDED["base"], areas)


def _buildings(world: World, areas: Areas) -> Table:
    values = [(one.name, one.kind, one.levels, one.amenity) for one in world.buildings]
    shapes = multi_polygons(world.boundaries.plane, [one.shape for one in world.buildings])
    return _layer_table(
        "layers.buildings", ("name", "kind", "levels", "amenity"), values, shapes, RECORDED["base"], areas
    )


def _plan_tables(world: World, areas: Areas) -> list[Table]:
    labels = {code.code: code.label.id for code in built_in_catalogue().codes["zone"]}
    plan = (
        PLAN_CODE, plan_name(world.region), "rtrw", 50_000, "Perda RTRW (contoh)", dt.date(2024, 1, 2), dt.date(2043,
        12, 31), json.dumps(activity_matrix()), True,
        SOURCE, moment(RECORDED["zones"]),
    )  # fmt: skip
    columns = (
        "code",
        "name",
        "kind",
        "scale",
        "legal_basis",
        "in_force_from",
        "in_force_until",
        "activity_matrix",
        "demo",
        "source",
        "valid_from",
    )
    values = [(PLAN_CODE, code, labels[code]) for code in world.zones.codes]
    shapes = multi_polygons(world.boundaries.plane, world.zones.shapes)
    zones = _layer_table(
        "layers.plan_zones", ("plan_code", "zone_code", "zone_name"), values, shapes, RECORDED["zones"], areas
    )
    return [Table("layers.plans", columns, [plan]), zones]


def plan_name(region: Region) -> str:
    """Name the region's spatial plan."""
    return f"RTRW {region.full_name} 2024–2043 (contoh)"
