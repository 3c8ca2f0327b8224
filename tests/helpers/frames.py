"""Small seeded frames of every layer, each class of each code list at least once: a regency of a few strokes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import geopandas as gpd
import numpy as np
import shapely

from gis.types import BBox
from layers.catalogue import built_in_catalogue

BOUNDS: BBox = (102.6, -3.4, 103.4, -2.8)
CELLS = 4


def all_frames(bounds: BBox = BOUNDS, seed: int = 1) -> dict[str, gpd.GeoDataFrame]:
    """Frames of all layers (EPSG:4326) that fill `bounds` (degrees)."""
    random = np.random.default_rng(seed)
    catalogue = built_in_catalogue()
    codes = {name: [code.code for code in codes] for name, codes in catalogue.codes.items()}
    cells = list(_cells(bounds, CELLS))
    fine = list(_cells(bounds, CELLS * 3))
    inner = _shrunk(bounds)
    return {
        "districts": _frame(cells, code=_numbered("16.05.", cells), name=_numbered("Kecamatan ", cells)),
        "villages": _frame(fine, code=_numbered("16.05.01.2", fine), name=_numbered("Desa ", fine)),
        "water": _frame(
            [_wander(inner, random, 60), _blobs(inner, random, 1, 0.02)[0]],
            name=["Sungai Lakitan", "Danau Aur"],
            kind=["river", "lake"],
        ),
        "streets": _classed(_lines(inner, random, 60), codes["street_class"], "class"),
        "roads": _roads(_lines(inner, random, 30), codes),
        "road_segments": _classed(_lines(inner, random, 20), codes["road_condition"], "condition").assign(
            survey_year=2026, road_code="001"
        ),
        "bridges": _classed(_points(inner, random, 18), codes["bridge_condition"], "condition_value"),
        "parks": _classed(_blobs(inner, random, 24), codes["green_typology"], "typology"),
        "urban_areas": _classed(_blobs(inner, random, 2, 0.05), [None], "legal_basis"),
        "facilities": _classed(_points(inner, random, 28), codes["facility_kind"], "kind"),
        "plan_zones": _frame(
            cells * 4,
            zone_code=[codes["zone"][index % len(codes["zone"])] for index in range(len(cells) * 4)],
            zone_name=_numbered("Zona ", cells * 4),
        ),
        "projects": _classed(
            [*_points(inner, random, 30), *_lines(inner, random, 6), *_blobs(inner, random, 6)],
            codes["project_stage"],
            "stage",
        ),
        "places": _classed(_points(inner, random, 8), codes["place_kind"], "kind"),
        "buildings": _classed(_blobs(inner, random, 12, 0.0005), [None], "kind"),
    }


def _roads(lines: list[shapely.Geometry], codes: dict[str, list[str]]) -> gpd.GeoDataFrame:
    frame = _classed(lines, codes["road_condition"], "condition")
    functions, statuses = codes["road_function"], codes["road_status"]
    frame["function"] = [functions[index % len(functions)] for index in range(len(frame))]
    frame["status"] = [statuses[index % len(statuses)] for index in range(len(frame))]
    return frame


def _frame(geometries: list[shapely.Geometry], **columns: Any) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame({"id": range(1, len(geometries) + 1), **columns, "geometry": geometries}, crs=4326)


def _classed(geometries: list[shapely.Geometry], codes: list[str] | list[None], column: str) -> gpd.GeoDataFrame:
    values = [codes[index % len(codes)] for index in range(len(geometries))]
    return _frame(geometries, **{"name": _numbered("Nama ", geometries), column: values})


def _numbered(start: str, items: list[shapely.Geometry]) -> list[str]:
    return [f"{start}{number:02d}" for number, _ in enumerate(items, start=1)]


def _cells(bounds: BBox, count: int) -> Iterator[shapely.Geometry]:
    west, south, east, north = bounds
    xs, ys = np.linspace(west, east, count + 1), np.linspace(south, north, count + 1)
    for column in range(count):
        for row in range(count):
            yield shapely.box(xs[column], ys[row], xs[column + 1], ys[row + 1])


def _shrunk(bounds: BBox) -> BBox:
    west, south, east, north = bounds
    margin_x, margin_y = (east - west) / 12, (north - south) / 12
    return west + margin_x, south + margin_y, east - margin_x, north - margin_y


def _points(bounds: BBox, random: np.random.Generator, count: int) -> list[shapely.Geometry]:
    west, south, east, north = bounds
    xs, ys = random.uniform(west, east, count), random.uniform(south, north, count)
    return [shapely.Point(x, y) for x, y in zip(xs, ys, strict=True)]


def _lines(bounds: BBox, random: np.random.Generator, count: int) -> list[shapely.Geometry]:
    return [_wander(bounds, random, 12) for _ in range(count)]


def _wander(bounds: BBox, random: np.random.Generator, steps: int) -> shapely.Geometry:
    west, south, east, north = bounds
    start, end = random.uniform((west, south), (east, north), (2, 2))
    along = np.linspace(start, end, steps)
    along[1:-1] += random.normal(0, 0.006, (steps - 2, 2))
    return shapely.MultiLineString([along])


def _blobs(bounds: BBox, random: np.random.Generator, count: int, radius: float = 0.012) -> list[shapely.Geometry]:
    return [
        shapely.MultiPolygon([shapely.buffer(point, radius, quad_segs=6)]) for point in _points(bounds, random, count)
    ]
