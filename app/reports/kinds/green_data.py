"""What the reports about green space read in common: urban areas, parks, and their shares."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import pandas as pd
import shapely

from app.admin.region import kind_of
from app.reports.subject import Subject
from gis.green_space import GreenSpace, green_space
from gis.overlay import dissolve

PUBLIC_MIN, TOTAL_MIN = "RTH_PUBLIK_MIN", "RTH_TOTAL_MIN"
GREEN_UNITS = {"green.public_percent": "percent", "green.total_percent": "percent", "green.public_ha": "ha"}
PARK_COLUMNS = ("name", "typology", "ownership")


@dataclass(frozen=True)
class Green:
    """Urban areas that meet the area (cut to it where it is a part), all parks of the region, and the shares."""

    urban_areas: gpd.GeoDataFrame
    parks: gpd.GeoDataFrame
    shares: GreenSpace


@dataclass(frozen=True)
class Villages:
    """Villages with whether they have a park; `known` tells whether any park is on file."""

    frame: gpd.GeoDataFrame
    radius_m: float
    known: bool


def measure_green(subject: Subject) -> Green:
    """Measure green space in the urban areas; a city is urban as a whole. Something must be drawn, the rules known."""
    area = subject.area
    parks = subject.frame("parks", PARK_COLUMNS)
    urban = _urban_areas(subject)
    urban = urban[urban.intersects(shapely.box(*subject.within.total_bounds))]
    if not area.is_region and area.level != "district":
        urban = urban.assign(geometry=urban.geometry.intersection(dissolve(subject.within.geometry)))
    areas = subject.districts if area.level == "district" else subject.within
    shares = green_space(
        urban,
        parks,
        areas[["code", "geometry"]],
        public_min=subject.known_rule(PUBLIC_MIN),
        total_min=subject.known_rule(TOTAL_MIN),
        context=subject.context("parks"),
    )
    return Green(urban, parks, shares)


def _urban_areas(subject: Subject) -> gpd.GeoDataFrame:
    urban = subject.frame("urban_areas", ("name",))
    of_cities = subject.districts[[kind_of(code[:5]) == "city" for code in subject.districts["code"]]]
    together: gpd.GeoDataFrame = pd.concat([urban, of_cities[["name", "geometry"]]], ignore_index=True)
    return together if len(of_cities) else urban
