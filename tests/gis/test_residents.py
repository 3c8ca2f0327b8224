"""Where people live: everybody is placed once, by what is known best."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import rasterio
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import CRS

from gis.errors import MissingColumn, MissingCrs, UnprojectedGeometry
from gis.residents import Homes, Residents, homes_from_buildings, homes_from_raster, place_residents
from tests.gis.builders import districts, frame, geodesic_m2

UTM = CRS.from_epsg(32748)


def areas(*population: float) -> gpd.GeoDataFrame:
    return districts("a", "b", "c", side=0.02).assign(population=list(population))


def persons(residents: Residents) -> dict[str, float]:
    found = {code: float(residents.population[residents.area == code].sum()) for code in residents.areas.index}
    assert sum(found.values()) == pytest.approx(residents.population.sum())
    return found


def house(lon: float, lat: float, side: float = 0.0001) -> shapely.Polygon:
    return shapely.box(lon, lat, lon + side, lat + side)


def test_people_live_in_buildings_by_area_and_storeys() -> None:
    buildings = frame(
        [house(103.001, -2.999), house(103.01, -2.99), house(103.025, -2.999)], kind=["house"] * 3, levels=[1, 3, None]
    )
    residents = place_residents(areas(400, 90, 0), homes_from_buildings(buildings), crs=UTM)
    by_home = residents.population[residents.area == "a"]
    assert by_home.tolist() == pytest.approx([100, 300], rel=1e-4)
    assert persons(residents) == pytest.approx({"a": 400, "b": 90, "c": 0})
    assert residents.areas["basis"].tolist() == ["buildings", "buildings", "area"]
    assert residents.by_basis == pytest.approx({"buildings": 490})


def test_nobody_lives_in_schools_and_offices() -> None:
    buildings = frame(
        [house(103.001, -2.999), house(103.01, -2.99), house(103.012, -2.99)], kind=["School", "rumah", None]
    )
    homes = homes_from_buildings(buildings)
    assert len(homes.points) == 2
    assert shapely.covers(buildings.geometry.to_numpy()[1:], homes.points).all()


def test_buildings_without_kind_storeys_or_area() -> None:
    bow_tie = shapely.Polygon([(103, -3), (103.001, -2.999), (103.001, -3), (103, -2.999)])
    odd = frame([None, shapely.Polygon(), bow_tie, house(103.01, -2.99)])
    homes = homes_from_buildings(odd)
    assert homes.weight[1] == pytest.approx(geodesic_m2(house(103.01, -2.99)), rel=1e-6)
    assert len(homes.points) == 2


def test_too_few_buildings_for_the_people_are_not_used_and_a_finding_says_so() -> None:
    homes = homes_from_buildings(frame([house(103.001, -2.999), house(103.021, -2.999)]))
    residents = place_residents(areas(1_000, 15, 0), homes, crs=UTM, most_per_home=20)
    assert residents.areas["basis"].tolist() == ["area", "buildings", "area"]
    assert {"buildings_incomplete", "residents_placed"} == {one.code for one in residents.findings}


def test_people_are_spread_evenly_where_nothing_is_known() -> None:
    residents = place_residents(areas(1_000, 500, 70), crs=UTM)
    west = shapely.get_x(residents.points) < 103.01
    assert residents.population[west].sum() == pytest.approx(500, rel=0.02)
    settled = {code: residents.settled_m2[residents.area == code].sum() for code in "abc"}
    expected = {code: geodesic_m2(shape) for code, shape in zip("abc", areas(0, 0, 0).geometry, strict=True)}
    assert settled == pytest.approx(expected, rel=1e-6)
    assert residents.by_basis == pytest.approx({"area": 1_570})


def test_a_sliver_of_an_area_still_has_its_people() -> None:
    thin = frame([shapely.box(103, -3, 103.5, -2.9999999)], code=["a"], population=[7.0])
    residents = place_residents(thin, crs=UTM)
    assert residents.population.sum() == pytest.approx(7)


def test_unknown_population_is_kept_as_unknown() -> None:
    residents = place_residents(areas(np.nan, 10, 0), crs=UTM)
    assert residents.areas["population"].isna().tolist() == [True, False, False]
    assert residents.population[residents.area == "a"].sum() == 0
    assert residents.settled_m2[residents.area == "a"].sum() > 0


def raster(values: object, *, west: float = 103.0, north: float = -2.98, cell: float = 0.005) -> Homes:
    transform = rasterio.Affine(cell, 0, west, 0, -cell, north)
    return homes_from_raster(np.ma.masked_invalid(values), transform=transform, crs=CRS.from_epsg(4326))


def test_people_live_where_the_raster_says() -> None:
    homes = raster([[1, 0, -5, np.nan], [0, 0, 0, 3], [0] * 4, [0] * 4])
    assert shapely.get_coordinates(homes.points) == pytest.approx(np.array([[103.0025, -2.9825], [103.0175, -2.9875]]))
    residents = place_residents(areas(400, 50, 0), homes, crs=UTM)
    assert residents.population[residents.area == "a"].tolist() == pytest.approx([100, 300])
    assert residents.areas["basis"].tolist() == ["raster", "area", "area"]


def test_a_raster_in_metres_lies_where_it_should() -> None:
    x, y = 721_000.0, 9_669_000.0
    homes = homes_from_raster(
        np.ma.array([[7.0]]), transform=rasterio.Affine(100, 0, x, 0, -100, y), crs=CRS.from_epsg(32748)
    )
    (expected,) = gpd.GeoSeries([shapely.Point(x + 50, y - 50)], crs=32748).to_crs(4326)
    assert shapely.distance(homes.points[0], expected) < 1e-9
    with pytest.raises(MissingCrs):
        homes_from_raster(np.ma.array([[7.0]]), transform=rasterio.Affine.identity(), crs=None)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 1_000), st.permutations([0, 1, 2]))
def test_everybody_is_placed_once_whatever_the_order(seed: int, order: list[int]) -> None:
    random = np.random.default_rng(seed)
    corners = random.uniform((102.99, -3.01), (103.05, -2.97), (60, 2))
    buildings = frame([house(*corner) for corner in corners], levels=random.integers(1, 4, 60))
    population = [float(number) for number in random.integers(0, 5_000, 3)]
    homes = homes_from_buildings(buildings)
    mixed = homes_from_buildings(buildings.sample(frac=1, random_state=seed))
    first = place_residents(areas(*population), homes, crs=UTM)
    second = place_residents(areas(*population).iloc[order], mixed, crs=UTM)
    assert persons(first) == pytest.approx(dict(zip("abc", population, strict=True)))
    assert persons(second) == pytest.approx(persons(first))
    assert np.sort(second.population) == pytest.approx(np.sort(first.population))


def test_where_areas_overlap_a_home_belongs_to_the_first() -> None:
    pair = frame([shapely.box(103, -3, 103.02, -2.98)] * 2, code=["b", "a"], population=[10.0, 20.0])
    residents = place_residents(pair, homes_from_buildings(frame([house(103.01, -2.99)])), crs=UTM)
    assert residents.areas["basis"].to_dict() == {"a": "buildings", "b": "area"}
    assert persons(residents) == pytest.approx({"a": 20, "b": 10})


def test_inputs_that_cannot_be_are_refused() -> None:
    with pytest.raises(MissingColumn):
        place_residents(areas(1, 1, 1).drop(columns="population"), crs=UTM)
    with pytest.raises(UnprojectedGeometry):
        place_residents(areas(1, 1, 1), crs=CRS.from_epsg(4326))
    assert place_residents(areas(1, 1, 1).iloc[:0], crs=UTM).population.sum() == 0


@pytest.mark.parametrize("coarsen", [2, 3, 5])
def test_cells_taken_together_keep_their_people_and_their_middle(coarsen: int) -> None:
    values = np.random.default_rng(coarsen).integers(0, 9, (30, 30)).astype(float)
    transform = rasterio.Affine(0.001, 0, 103, 0, -0.001, -2.97)
    fine = homes_from_raster(np.ma.array(values), transform=transform, crs=CRS.from_epsg(4326))
    coarse = homes_from_raster(np.ma.array(values), transform=transform, crs=CRS.from_epsg(4326), coarsen=coarsen)
    assert coarse.weight.sum() == values.sum() == fine.weight.sum()
    assert len(coarse.points) <= (30 // coarsen) ** 2
    first = shapely.get_coordinates(coarse.points[0])[0]
    assert first == pytest.approx([103 + coarsen * 0.0005, -2.97 - coarsen * 0.0005])
