"""The metric CRS fits the regency, wherever it lies."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import shapely
from pyproj import CRS, Transformer

from gis.crs import choose_metric_crs, require_metric
from gis.errors import BoundaryTooWide, EmptyBoundary, MissingCrs, ProjectedGeometry, UnprojectedGeometry
from gis.types import BBox
from tests.gis.builders import GEOD

MUSI_RAWAS: BBox = (102.2, -3.6, 103.7, -2.3)
PASAMAN_BARAT: BBox = (99.17, -0.05, 100.07, 0.9)
PATI: BBox = (110.8, -7.0, 111.25, -6.3)
ON_A_ZONE_BORDER: BBox = (107.0, -7.5, 109.2, -6.5)
MALUKU: BBox = (124.4, -8.4, 135.3, -2.8)


def largest_scale_error(crs: CRS, box: BBox) -> float:
    """Compare short distances, east and north, over the whole box with geodesics."""
    west, south, east, north = box
    lon, lat = (axis.ravel() for axis in np.meshgrid(np.linspace(west, east, 9), np.linspace(south, north, 9)))
    project = Transformer.from_crs(4326, crs, always_xy=True).transform
    x, y = project(lon, lat)
    errors = []
    for azimuth in (0, 90):
        lon_2, lat_2, _ = GEOD.fwd(lon, lat, np.full(len(lon), azimuth), np.full(len(lon), 1000.0))
        x_2, y_2 = project(lon_2, lat_2)
        errors.append(np.abs(np.hypot(x_2 - x, y_2 - y) / 1000 - 1).max())
    return float(max(errors))


@pytest.mark.parametrize(
    ("box", "epsg"), [(MUSI_RAWAS, 32748), (PASAMAN_BARAT, 32647), (PATI, 32749), ((104.9, -3.1, 105, -3), 32748)]
)
def test_regency_within_a_zone_takes_utm(box: BBox, epsg: int) -> None:
    crs = choose_metric_crs(shapely.box(*box))
    assert crs.to_epsg() == epsg
    assert largest_scale_error(crs, box) < 0.001


def test_regency_on_the_equator_measures_across_it() -> None:
    crs = choose_metric_crs(shapely.box(*PASAMAN_BARAT))
    pair = gpd.GeoSeries([shapely.LineString([(99.6, -0.04), (99.6, 0.04)])], crs=4326).to_crs(crs)
    assert pair.length.iloc[0] == pytest.approx(GEOD.inv(99.6, -0.04, 99.6, 0.04)[2], rel=0.001)


@pytest.mark.parametrize(("box", "limit"), [(ON_A_ZONE_BORDER, 0.0002), (MALUKU, 0.0028)])
def test_boundary_across_a_zone_border_takes_its_own_projection(box: BBox, limit: float) -> None:
    crs = choose_metric_crs(shapely.box(*box))
    assert crs.to_epsg() is None
    assert largest_scale_error(crs, box) < limit


@pytest.mark.parametrize("box", [MUSI_RAWAS, ON_A_ZONE_BORDER])
def test_name_of_the_crs_reads_back(box: BBox) -> None:
    crs = choose_metric_crs(shapely.box(*box))
    assert CRS.from_user_input(crs.to_string()) == crs


def test_slight_reach_over_the_border_keeps_utm() -> None:
    assert choose_metric_crs(shapely.box(101.7, -3.0, 102.9, -2.0)).to_epsg() == 32748


def test_national_test_point() -> None:
    """T23, in TM-3 zone 48.1 and in the UTM zone that is chosen for Musi Rawas."""
    chosen = choose_metric_crs(shapely.box(*MUSI_RAWAS))
    to_tm3 = Transformer.from_crs(4326, 23833, always_xy=True)
    to_chosen = Transformer.from_crs(4326, chosen, always_xy=True)
    assert to_tm3.transform(103.2, -3.1) == pytest.approx((166_655.88, 1_157_245.95), abs=0.01)
    assert to_chosen.transform(103.2, -3.1) == pytest.approx((299_963.27, 9_657_183.53), abs=0.01)


def test_boundary_without_place_or_too_wide_is_refused() -> None:
    with pytest.raises(EmptyBoundary):
        choose_metric_crs(shapely.Polygon())
    with pytest.raises(BoundaryTooWide):
        choose_metric_crs(shapely.box(95, -11, 141, 6))
    with pytest.raises(ProjectedGeometry):
        choose_metric_crs(shapely.box(299_963, 9_657_183, 300_963, 9_658_183))


@pytest.mark.parametrize("name", ["EPSG:4326", "EPSG:3857", "EPSG:9470", "EPSG:2264"])
def test_degrees_web_mercator_and_feet_are_refused(name: str) -> None:
    with pytest.raises(UnprojectedGeometry):
        require_metric(CRS.from_user_input(name))


def test_metres_pass_and_no_crs_is_refused() -> None:
    frame = gpd.GeoDataFrame(geometry=[shapely.Point(0, 0)], crs=32748)
    assert require_metric(frame) == frame.crs == require_metric(frame.geometry)
    with pytest.raises(MissingCrs):
        require_metric(gpd.GeoSeries([shapely.Point(0, 0)]))
    with pytest.raises(MissingCrs):
        require_metric(None)
