"""The drawn bridges: where roads cross rivers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely

from app.demo.curves import lines_from, places_along
from app.demo.mesh import Random
from app.demo.network import Road
from app.demo.rivers import Water
from app.demo.surveys import SURVEY_YEARS
from gis.types import FloatArray

NEAREST_M = 250.0  # along a road: crossings closer together are one bridge
SPAN_M = 30.0
SUPERSTRUCTURES = ("Gelagar beton", "Rangka baja", "Gelagar baja", "Pelat beton", "Box culvert", "Kayu")
SHARES = (0.34, 0.1, 0.12, 0.24, 0.14, 0.06)
CONDITION_SHARES = (0.22, 0.33, 0.24, 0.14, 0.055, 0.015)  # of the values 0 … 5


@dataclass(frozen=True)
class Bridge:
    """One bridge; `sta_m` along the legal length of its road."""

    place: FloatArray
    road: int
    name: str
    sta_m: float
    length_m: float
    width_m: float
    spans: int
    superstructure: str
    condition_value: str
    year_built: int
    survey_year: int = SURVEY_YEARS[-1]


def draw_bridges(random: Random, roads: list[Road], legal_m: FloatArray, water: Water) -> list[Bridge]:
    """Put a bridge wherever a road of the decree crosses a river."""
    lines = lines_from([road.line for road in roads])
    is_river = np.array([kind in {"river", "stream"} for kind in water.kinds])
    rivers, names = water.shapes[is_river], [name for name, one in zip(water.names, is_river, strict=True) if one]
    wide = np.array([kind == "river" for kind in water.kinds])[is_river]
    pairs = shapely.STRtree(rivers).query(lines, predicate="intersects")
    bridges: list[Bridge] = []
    last: tuple[int, float] = (-1, 0.0)
    for road, river in sorted(zip(*pairs.tolist(), strict=True)):
        points = shapely.get_parts(shapely.intersection(lines[road], rivers[river]))
        points = points[shapely.get_type_id(points) == 0]
        for at in np.sort(shapely.line_locate_point(lines[road], points)):
            if last[0] == road and abs(at - last[1]) < NEAREST_M:
                continue
            last = (road, float(at))
            bridges.append(
                _bridge(random, roads[road], road, float(legal_m[road]), float(at), names[river], bool(wide[river]))
            )
    return bridges


def _bridge(
    random: Random,
    road: Road,
    index: int,
    legal_m: float,
    at: float,
    river: str | None,
    wide: bool,
) -> Bridge:
    length = float(np.round(random.uniform(35, 120) if wide else random.uniform(6, 24), 1))
    kind = str(random.choice(SUPERSTRUCTURES, p=SHARES))
    if wide and kind in {"Box culvert", "Kayu", "Pelat beton"}:
        kind = "Gelagar beton"
    return Bridge(
        place=places_along(road.line, np.array([at]))[0],
        road=index,
        name=f"Jembatan {(river or 'Sungai').removeprefix('Sungai ')} ({road.end})",
        sta_m=float(np.round(at / road.length_m * legal_m)),
        length_m=length,
        width_m=float(np.round(random.uniform(road.width_m - 0.5, road.width_m + 1.5), 1)),
        spans=max(1, round(length / SPAN_M)),
        superstructure=kind,
        condition_value=str(random.choice(6, p=CONDITION_SHARES)),
        year_built=int(random.integers(1986, 2024)),
    )
