"""Small regencies for tests: districts side by side, roads, segments, rules."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import Geod

from gis.figures import Figure, FigureContext, FigureInput, Rule

GEOD = Geod(ellps="WGS84")
CONTEXT = FigureContext("16.05", dt.date(2026, 6, 30), (FigureInput("roads", 17, 812),))


def rule(value: float, code: str = "RULE", status: str = "V") -> Rule:
    return Rule(code, value, "percent", "Permen contoh 1/2026", "2026-01", status)


def frame(geometries: Iterable[Any], **columns: Any) -> gpd.GeoDataFrame:
    made = gpd.GeoDataFrame(columns, geometry=list(geometries), crs=4326)
    return made.rename_geometry("geom")


def districts(*codes: str, west: float = 103.0, south: float = -3.0, side: float = 0.1) -> gpd.GeoDataFrame:
    """Squares in a row from west to east, each with the border of its neighbour."""
    squares = [shapely.box(west + i * side, south, west + (i + 1) * side, south + side) for i in range(len(codes))]
    return frame(squares, code=list(codes), name=[f"Kecamatan {code}" for code in codes])


def roads(
    lines: Sequence[Any], lengths_m: Sequence[float], status: str | Sequence[str] = "regency"
) -> gpd.GeoDataFrame:
    codes = [f"{number:04d}" for number in range(1, len(lines) + 1)]
    return frame(lines, code=codes, status=status, length_sk_m=lengths_m)


def segments(rows: Iterable[tuple[str, float, float, int, str | None]]) -> pd.DataFrame:
    columns = ["road_code", "sta_from_m", "sta_to_m", "survey_year", "condition"]
    return pd.DataFrame(list(rows), columns=columns)


def figure_value(figures: Iterable[Figure], figure_id: str, area: str) -> float | None:
    found = [figure for figure in figures if (figure.id, figure.area) == (figure_id, area)]
    assert len(found) == 1, f"{len(found)} figures {figure_id} of {area}"
    return found[0].value


def geodesic_m(geometry: shapely.Geometry) -> float:
    """Length by GeographicLib, one geometry at a time: the other method."""
    return float(GEOD.geometry_length(geometry)) if geometry is not None else 0.0


def geodesic_m2(geometry: shapely.Geometry) -> float:
    return abs(float(GEOD.geometry_area_perimeter(geometry)[0]))


def walks(seed: int, count: int, *, points: int = 12, step: float = 0.01, west: float = 103.0) -> np.ndarray:
    """Random walks around three districts of `districts`, some of them out of it."""
    random = np.random.default_rng(seed)
    starts = random.uniform((west - 0.02, -3.02), (west + 0.32, -2.88), (count, 1, 2))
    steps = random.normal(0, step, (count, points - 1, 2))
    coordinates = np.concatenate([starts, starts + np.cumsum(steps, axis=1)], axis=1)
    return shapely.linestrings(coordinates)
