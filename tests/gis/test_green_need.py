"""Green space by people: T20, needs, villages without a park, and parks drawn over each other."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import CRS
from sqlalchemy import Connection, text

from gis.errors import InvalidMeasure, MissingColumn, UnprojectedGeometry
from gis.figures import Rule
from gis.green_need import (
    ParkStandard,
    find_overlaps,
    land_outside,
    need_figures,
    overlap_finding,
    park_provision,
    shares_figures,
    urban_population,
    villages_without_park,
)
from gis.green_space import green_shares
from gis.residents import Homes, place_residents
from tests.gis.builders import CONTEXT, districts, figure_value, frame, geodesic_m2, rule

UTM = CRS.from_epsg(32748)
PER_PERSON = Rule("RTH_PER_JIWA", 20, "m2/person", "Permen PU 05/PRT/M/2008", "2026-01", "R")
WARD_PARK = ParkStandard("RTH-4", rule(30_000), rule(9_000), rule(0.3))
POCKET_PARK = ParkStandard("RTH-6", rule(250), rule(250), rule(1.0))


def square_of(metres2: float, west: float = 103.0, south: float = -2.95) -> shapely.Polygon:
    """A square of a given area on the ellipsoid."""
    side = np.sqrt(metres2) / 111_000
    made = shapely.box(west, south, west + side, south + side)
    for _ in range(3):
        side *= np.sqrt(metres2 / geodesic_m2(made))
        made = shapely.box(west, south, west + side, south + side)
    return made


def parks(*rows: tuple[shapely.Geometry, str]) -> gpd.GeoDataFrame:
    return frame([shape for shape, _ in rows], typology=[typology for _, typology in rows])


def test_a_ward_park_of_9000_m2_is_enough_for_30000_people() -> None:
    """T20."""
    table = park_provision(parks((square_of(9_000), "RTH-4")), [WARD_PARK], persons=30_000)
    row = table.loc["RTH-4"]
    assert row["m2_per_person"] == pytest.approx(0.30, rel=1e-6)
    assert row["meets"]
    assert (row["needed"], row["parks"], row["needed_m2"]) == (1, 1, 9_000)
    assert row["lacking_m2"] == pytest.approx(0, abs=0.01)


def test_one_person_more_needs_a_second_park() -> None:
    row = park_provision(parks((square_of(9_000), "RTH-4")), [WARD_PARK], persons=30_001).loc["RTH-4"]
    assert (row["needed"], row["meets"]) == (2, False)


def test_parks_of_each_type_are_compared_with_their_own_standard() -> None:
    same = square_of(400)
    green = parks((same, "RTH-6"), (same, "RTH-6"), (square_of(100, 103.01), "RTH-6"), (square_of(9_000), "RTH-4"))
    row = park_provision(green, [WARD_PARK, POCKET_PARK], persons=1_000).loc["RTH-6"]
    assert row["area_m2"] == pytest.approx(500, rel=1e-5)  # twice the same ground counts once
    assert (row["parks"], row["large_enough"], row["needed"]) == (3, 2, 4)
    assert row["lacking_m2"] == pytest.approx(500, rel=1e-5)


def test_provision_without_people_is_unknown() -> None:
    row = park_provision(parks((square_of(9_000), "RTH-4")), [WARD_PARK], persons=None).loc["RTH-4"]
    assert row["area_m2"] == pytest.approx(9_000, rel=1e-6)
    assert row["meets"] is None
    assert np.isnan([row["m2_per_person"], row["needed"], row["lacking_m2"]]).all()
    with pytest.raises(InvalidMeasure):
        park_provision(parks(), [WARD_PARK], persons=0)
    with pytest.raises(MissingColumn):
        park_provision(parks().drop(columns="typology"), [WARD_PARK], persons=1)


def hectares(**rows: tuple[float, float, float]) -> pd.DataFrame:
    frame_of = pd.DataFrame.from_dict(rows, orient="index", columns=["area_ha", "public_ha", "private_ha"])
    return green_shares(
        frame_of.set_axis([code.replace("_", ".") for code in rows], axis="index"),
        public_min=rule(20),
        total_min=rule(30),
    )


def test_need_of_people_and_what_is_lacking() -> None:
    by_area = hectares(a=(100, 10, 2), b=(50, 20, 20), c=(0, 0, 0), whole=(150, 30, 22))
    persons = pd.Series({"a": 10_000.0, "b": 1_000.0, "c": 0.0})
    figures = need_figures(by_area, persons, per_person=PER_PERSON, context=CONTEXT)
    assert figure_value(figures, "green.need_ha", "a") == pytest.approx(20)
    assert figure_value(figures, "green.need_lacking_ha", "a") == pytest.approx(8)
    assert figure_value(figures, "green.need_lacking_ha", "b") == 0
    assert figure_value(figures, "green.m2_per_person", "a") == pytest.approx(12)
    assert figure_value(figures, "green.need_ha", "whole") == pytest.approx(22)
    assert figure_value(figures, "green.need_ha", "c") is None
    assert {one.rule for one in figures if one.id == "green.need_ha"} == {"RTH_PER_JIWA"}
    assert not next(one for one in figures if one.id == "green.need_ha").verified


def test_shortages_of_the_test_vector_as_figures() -> None:
    """T21."""
    figures = shares_figures(
        hectares(whole=(1_000, 150, 120), b=(0, 0, 0)),
        known=True,
        public_min=rule(20),
        total_min=rule(30),
        context=CONTEXT,
    )
    assert figure_value(figures, "green.public_lacking_ha", "whole") == pytest.approx(50)
    assert figure_value(figures, "green.total_lacking_ha", "whole") == pytest.approx(30)
    assert figure_value(figures, "green.private_percent", "whole") == pytest.approx(12)
    assert figure_value(figures, "green.private_ha", "b") is None
    nothing = shares_figures(
        hectares(whole=(9, 0, 0)), known=False, public_min=rule(20), total_min=rule(30), context=CONTEXT
    )
    assert {one.value for one in nothing} == {None}


def test_only_people_of_urban_areas_are_counted() -> None:
    areas = districts("a", "b", "c").assign(population=[100.0, 60.0, np.nan])
    places = [(103.01, -2.95), (103.09, -2.95), (103.12, -2.95), (103.25, -2.95)]
    homes = Homes(np.array([shapely.Point(place) for place in places], dtype=object), np.ones(4), "buildings")
    residents = place_residents(areas, homes, crs=UTM)
    urban = frame([shapely.box(103.05, -3, 103.15, -2.9), shapely.box(103.08, -3, 103.15, -2.9)])
    persons = urban_population(residents, urban, pd.Series({"a": "A", "b": "B", "c": "C"}))
    assert persons.to_dict() == pytest.approx({"A": 50, "B": 60, "C": 0})
    everywhere = frame([shapely.box(103, -3, 103.3, -2.9)])
    assert np.isnan(urban_population(residents, everywhere, pd.Series({"a": "A", "b": "B", "c": "C"}))["C"])


def test_villages_without_a_park_within_or_near() -> None:
    three = districts("a", "b", "c")
    near_b = shapely.box(103.195, -2.95, 103.199, -2.94)  # in b, some 100 m from c
    table = villages_without_park(three, frame([near_b]), radius_m=200, crs=UTM)
    assert table["within"].to_dict() == {"a": 0, "b": 1, "c": 0}
    assert table["lacks"].to_dict() == {"a": True, "b": False, "c": False}
    assert villages_without_park(three, frame([near_b]), radius_m=50, crs=UTM)["lacks"].to_dict()["c"]
    assert villages_without_park(three, frame([]), radius_m=50, crs=UTM)["lacks"].all()
    with pytest.raises(InvalidMeasure):
        villages_without_park(three, frame([]), radius_m=-1, crs=UTM)
    with pytest.raises(UnprojectedGeometry):
        villages_without_park(three, frame([]), radius_m=1, crs=CRS.from_epsg(4326))


def test_same_villages_as_postgis_finds(connection: Connection) -> None:
    random = np.random.default_rng(9)
    corners = random.uniform((103, -3), (103.3, -2.9), (60, 2))
    villages = frame([shapely.box(x, y, x + 0.01, y + 0.01) for x, y in corners], code=[f"v{n:02}" for n in range(60)])
    green = frame(list(shapely.buffer(shapely.points(random.uniform((103, -3), (103.3, -2.9), (15, 2))), 0.002)))
    found = connection.execute(
        text("""
            SELECT NOT EXISTS (SELECT FROM unnest(CAST(:parks AS text[])) p
                WHERE ST_DWithin(p::geography, v::geography, 1000)) FROM unnest(CAST(:villages AS text[])) v
        """),
        {"villages": villages.geometry.to_wkt().tolist(), "parks": green.geometry.to_wkt().tolist()},
    ).scalars()
    assert villages_without_park(villages, green, radius_m=1_000, crs=UTM)["lacks"].tolist() == found.all()


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 1_000))
def test_doubled_ground_is_what_the_sum_has_over_the_union(seed: int) -> None:
    random = np.random.default_rng(seed)
    shapes = shapely.buffer(shapely.points(random.uniform((103, -3), (103.03, -2.97), (8, 2))), 0.004)
    overlap = find_overlaps(frame(list(shapes)), least_m2=1)
    expected = sum(map(geodesic_m2, shapes)) - geodesic_m2(shapely.union_all(shapes))
    assert overlap.doubled_m2 == pytest.approx(expected, rel=1e-4, abs=1)
    alone = [one for one in shapes if not any(one.intersects(other) for other in shapes if other is not one)]
    assert overlap.parks == len(shapes) - len(alone)


def test_parks_that_only_touch_do_not_overlap() -> None:
    side_by_side = frame([shapely.box(103, -3, 103.1, -2.9), shapely.box(103.1, -3, 103.2, -2.9)])
    overlap = find_overlaps(side_by_side, least_m2=1)
    assert (overlap.parks, overlap.doubled_m2) == (0, 0)
    assert overlap_finding(overlap) is None
    assert overlap_finding(find_overlaps(frame([side_by_side.geometry.iloc[0]] * 3), least_m2=1)).count == 3  # type: ignore[union-attr]


def test_land_outside_of_urban_areas_is_measured_once() -> None:
    town = frame([shapely.box(103, -3, 103.1, -2.9)])
    across, beyond = shapely.box(103.05, -2.96, 103.15, -2.94), shapely.box(103.12, -2.96, 103.2, -2.94)
    outside, metres2 = land_outside(frame([across, beyond]), town)
    assert outside.tolist() == [False, True]
    assert metres2 == pytest.approx(geodesic_m2(shapely.box(103.1, -2.96, 103.2, -2.94)), rel=1e-6)
    assert land_outside(frame([]), town)[1] == 0
