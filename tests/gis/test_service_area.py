"""Who is within reach of a facility, by hand, by PostGIS and by properties that must hold."""

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

from gis.errors import InvalidMeasure, UnprojectedGeometry
from gis.figures import FigureContext, FigureInput
from gis.network import StreetNetwork, build_network
from gis.residents import Homes, Residents, homes_from_buildings, place_residents
from gis.service_area import Service, count_facilities, measure_service, reach_area, service_figures
from tests.gis.builders import CONTEXT, GEOD, districts, figure_value, frame, geodesic_m, geodesic_m2, rule

UTM = CRS.from_epsg(32748)
KM = 1_000 / 111_195  # degrees of longitude in a kilometre at 3 degrees south, nearly
GROUPS = pd.Series({"a": "16.05.01", "b": "16.05.01", "c": "16.05.02"})


def homes(*places: tuple[float, float]) -> Homes:
    return Homes(np.array([shapely.Point(place) for place in places], dtype=object), np.ones(len(places)), "buildings")


def villages(*population: float) -> gpd.GeoDataFrame:
    return districts("a", "b", "c").assign(population=list(population))


def points(*places: tuple[float, float]) -> gpd.GeoDataFrame:
    return frame([shapely.Point(place) for place in places])


def street(*places: tuple[float, float]) -> StreetNetwork:
    return build_network(frame([shapely.LineString(places)] if places else []), crs=UTM, snap_m=1)


def measured(
    residents: Residents,
    facilities: gpd.GeoDataFrame,
    network: StreetNetwork | None,
    *,
    distance_m: float = 1_000,
    snap_m: float = 500,
    straight: bool = True,
) -> Service:
    return measure_service(
        residents, facilities, network, distance_m=distance_m, snap_m=snap_m, crs=UTM, straight=straight
    )


ALONG = street((103.0, -2.95), (103.3, -2.95))
FOUR = place_residents(  # at 0.5, 0.9, 1.5 and 12 km from the facility of most tests
    villages(300, 50, np.nan),
    homes(
        (103.05 + 0.5 * KM, -2.95), (103.05 + 0.9 * KM, -2.95), (103.05 + 1.5 * KM, -2.95), (103.05 + 12 * KM, -2.95)
    ),
    crs=UTM,
)
CLINIC = points((103.05, -2.95))


def test_people_within_reach_are_counted_by_village() -> None:
    service = measured(FOUR, CLINIC, ALONG)
    assert service.by_area["served"]["a"] == pytest.approx(200)
    assert service.by_area["served_straight"]["a"] == pytest.approx(200)
    assert service.by_area["served"]["b"] == 0
    assert np.isnan(service.by_area["served"]["c"])
    assert service.network_m is not None
    expected = [GEOD.inv(103.05, -2.95, 103.05 + km * KM, -2.95)[2] for km in (0.5, 0.9)]
    assert service.network_m[:2] == pytest.approx(expected, abs=2)  # the street is straight in degrees, not on earth
    assert np.isinf(service.network_m[2])


def test_a_river_without_bridge_parts_the_way_but_not_the_straight_line() -> None:
    two_banks = build_network(
        frame(
            [
                shapely.LineString([(103, -2.95), (103.052, -2.95)]),
                shapely.LineString([(103.053, -2.95), (103.1, -2.95)]),
            ]
        ),
        crs=UTM,
        snap_m=1,
    )
    service = measured(FOUR, CLINIC, two_banks)
    assert service.by_area["served"]["a"] == 0
    assert service.by_area["served_straight"]["a"] == pytest.approx(200)
    assert "streets_apart" in {one.code for one in service.findings}


def test_figures_of_the_whole_and_of_each_district() -> None:
    service = measured(FOUR, CLINIC, ALONG)
    facilities = count_facilities(CLINIC, villages(0, 0, 0))
    context = FigureContext("16.05", CONTEXT.data_date, (FigureInput("facilities", 3, 1),))
    figures = service_figures(
        service,
        facilities,
        GROUPS,
        context=context,
        per_facility=rule(250, "SNI_JIWA"),
        distance_rule=rule(1_000, "SNI_RADIUS"),
    )

    def value(figure_id: str, area: str = "16.05") -> float | None:
        return figure_value(figures, figure_id, area)

    assert value("service.population") == pytest.approx(200)
    assert value("service.population_percent") == pytest.approx(200 / 350 * 100)
    assert value("service.unserved") == pytest.approx(150)
    assert value("service.facilities") == 1
    assert value("service.sufficiency_percent") == pytest.approx(1 / (350 / 250) * 100)
    assert value("service.population_percent", "16.05.01") == pytest.approx(200 / 350 * 100)
    assert value("service.population_percent", "16.05.02") is None
    assert value("service.population_known_percent", "16.05.02") == 0
    assert value("service.facilities", "16.05.02") == 0
    known = next(one for one in figures if one.id == "service.population_percent")
    assert (known.rule, known.numerator) == ("SNI_RADIUS", pytest.approx(200))
    alone = service_figures(service, facilities, GROUPS, context=FigureContext("16.05.02"))
    assert {one.area for one in alone} == {"16.05.02"}


def test_without_facilities_or_streets_nothing_is_known_and_findings_say_so() -> None:
    nothing = measured(FOUR, points(), ALONG)
    assert nothing.by_area[["served", "served_straight", "settled_served_m2"]].isna().all().all()
    assert [one.code for one in nothing.findings] == ["no_facilities"]
    no_streets = measured(FOUR, CLINIC, street())
    assert no_streets.by_area["served"].isna().all()
    assert no_streets.by_area["served_straight"]["a"] == pytest.approx(200)
    assert [one.code for one in no_streets.findings] == ["no_streets"]
    figures = service_figures(no_streets, count_facilities(CLINIC, villages(0, 0, 0)), GROUPS, context=CONTEXT)
    assert figure_value(figures, "service.population", "16.05") is None
    assert figure_value(figures, "service.population_straight", "16.05") == pytest.approx(200)


def test_only_the_way_that_is_asked_for_is_measured() -> None:
    straight = measured(FOUR, CLINIC, None)
    assert (straight.network_m, straight.stretches) == (None, None)
    assert straight.findings == ()
    network = measured(FOUR, CLINIC, ALONG, straight=False)
    assert (network.straight_m, network.circles) == (None, None)
    assert network.by_area["settled_served_m2"].sum() > 0


def test_facilities_and_people_far_from_every_street_are_told_of() -> None:
    hermits = place_residents(villages(300, 0, 0), homes((103.05, -2.95), (103.05, -2.91)), crs=UTM)
    service = measured(hermits, points((103.05, -2.95), (103.045, -2.91)), ALONG)
    found = {one.code: one.count for one in service.findings}
    assert found == {"facilities_far": 1, "people_far_from_streets": 150}
    assert service.far.tolist() == [1]
    assert service.by_area["served"]["a"] == pytest.approx(150)


def test_a_park_is_entered_from_the_streets_along_it() -> None:
    """Its far end is 2 km away, its border 20 m from the street."""
    edge = 20 / 110_580
    park = frame([shapely.box(103.05, -2.95 + edge, 103.05 + 2 * KM, -2.93)])
    people = place_residents(
        villages(200, 0, 0), homes((103.05 - 0.9 * KM, -2.95), (103.05 + 2.9 * KM, -2.95)), crs=UTM
    )
    service = measured(people, park, ALONG)
    assert service.by_area["served"]["a"] == pytest.approx(200)
    assert measured(people, park, ALONG, distance_m=900).by_area["served"]["a"] == 0


def test_whoever_lives_in_a_park_is_at_it() -> None:
    park = frame([shapely.box(103.04, -2.96, 103.06, -2.94)])
    people = place_residents(villages(10, 0, 0), homes((103.05, -2.95)), crs=UTM)
    assert measured(people, park, None, distance_m=1).by_area["served_straight"]["a"] == pytest.approx(10)


def test_reached_streets_and_circles_for_the_map() -> None:
    service = measured(FOUR, CLINIC, ALONG)
    assert service.stretches is not None
    assert service.circles is not None
    assert service.stretches.geometry.map(geodesic_m).sum() == pytest.approx(2_000, rel=1e-3)
    assert geodesic_m2(service.circles.geometry.iloc[0]) == pytest.approx(np.pi * 1_000**2, rel=0.005)
    area = reach_area(service.stretches, width_m=50, crs=UTM)
    assert geodesic_m2(area.geometry.iloc[0]) == pytest.approx(2_000 * 100 + np.pi * 50**2, rel=0.01)
    assert reach_area(service.stretches.iloc[:0], width_m=50, crs=UTM).empty


def test_shares_of_evenly_settled_villages_are_those_of_the_land() -> None:
    """A circle of 3 km in a village of 11 by 11 km."""
    people = place_residents(villages(10_000, 0, 0), crs=UTM)
    service = measured(people, points((103.05, -2.95)), None, distance_m=3_000)
    share = np.pi * 3_000**2 / geodesic_m2(villages(0, 0, 0).geometry.iloc[0])
    assert service.by_area["served_straight"]["a"] == pytest.approx(10_000 * share, rel=0.03)


def test_same_people_as_postgis_finds_within_a_distance(connection: Connection) -> None:
    random = np.random.default_rng(5)
    places = random.uniform((103, -3), (103.3, -2.9), (400, 2))
    clinics = random.uniform((103, -3), (103.3, -2.9), (12, 2))
    people = place_residents(villages(1_000, 2_000, 3_000), homes(*map(tuple, places)), crs=UTM)
    service = measured(people, points(*map(tuple, clinics)), None, distance_m=2_500)
    found = connection.execute(
        text("""
            SELECT v.code, sum(v.people / v.homes) FILTER (WHERE EXISTS (
                SELECT FROM unnest(CAST(:clinics AS text[])) c
                WHERE ST_DWithin(ST_GeogFromText(c), ST_SetSRID(h.geom, 4326)::geography, 2500)))
            FROM (VALUES ('a', 1000.0, 103.0), ('b', 2000.0, 103.1), ('c', 3000.0, 103.2)) t(code, people, west)
            CROSS JOIN LATERAL (SELECT t.code, t.people, t.west, count(*) AS homes FROM unnest(CAST(:homes AS text[])) p
                WHERE ST_X(p::geometry) BETWEEN t.west AND t.west + 0.1) v
            JOIN LATERAL (SELECT p::geometry AS geom FROM unnest(CAST(:homes AS text[])) p) h
                ON ST_X(h.geom) BETWEEN v.west AND v.west + 0.1
            GROUP BY v.code ORDER BY v.code
        """),
        {
            "clinics": [f"POINT({x} {y})" for x, y in clinics],
            "homes": [f"POINT({x} {y})" for x, y in places],
        },
    ).all()
    assert service.by_area["served_straight"].to_dict() == pytest.approx(
        {code: float(number) for code, number in found}
    )


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 1_000), st.permutations([0, 1, 2]))
def test_parts_add_up_order_does_not_matter_and_the_way_is_never_shorter(seed: int, order: list[int]) -> None:
    random = np.random.default_rng(seed)
    corners = random.uniform((103, -3), (103.3, -2.9), (120, 2))
    houses = frame([shapely.box(x, y, x + 0.0001, y + 0.0001) for x, y in corners])
    lines = frame([shapely.LineString(random.uniform((103, -3), (103.3, -2.9), (6, 2))) for _ in range(8)])
    clinics = points(*map(tuple, random.uniform((103, -3), (103.3, -2.9), (5, 2))))

    def computed(areas: gpd.GeoDataFrame, drawn: gpd.GeoDataFrame, built: gpd.GeoDataFrame) -> Service:
        people = place_residents(areas, homes_from_buildings(built), crs=UTM)
        return measured(people, clinics, build_network(drawn, crs=UTM, snap_m=1), distance_m=4_000, snap_m=3_000)

    areas = villages(900, 400, 77)
    first = computed(areas, lines, houses)
    second = computed(areas.iloc[order], lines.iloc[::-1], houses.iloc[::-1])
    pd.testing.assert_frame_equal(first.by_area, second.by_area, rtol=1e-9)
    assert (first.by_area["served"] <= first.by_area["served_straight"] + 1e-6).all()
    assert (first.by_area["served_straight"] <= first.by_area["population"] + 1e-6).all()
    figures = service_figures(first, count_facilities(clinics, areas), GROUPS, context=CONTEXT)
    parts = [figure_value(figures, "service.population", code) for code in ("16.05.01", "16.05.02")]
    assert sum(part for part in parts if part is not None) == pytest.approx(
        figure_value(figures, "service.population", "16.05")
    )


def test_facilities_are_counted_once_where_they_lie() -> None:
    park = shapely.box(103.09, -2.96, 103.13, -2.94)  # most of it in b
    counts = count_facilities(
        frame([park, shapely.Point(103.1, -2.95), shapely.Point(104, 0), None]), villages(0, 0, 0)
    )
    assert counts.to_dict() == {"a": 1, "b": 1, "c": 0}


def test_inputs_that_cannot_be_are_refused() -> None:
    with pytest.raises(InvalidMeasure):
        measured(FOUR, CLINIC, None, distance_m=0)
    with pytest.raises(UnprojectedGeometry):
        measure_service(FOUR, CLINIC, None, distance_m=1, snap_m=1, crs=CRS.from_epsg(3857))
