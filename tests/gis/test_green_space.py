"""Green space of urban areas."""

from __future__ import annotations

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from gis.errors import MissingColumn
from gis.figures import FigureContext
from gis.green_space import GreenSpace, green_shares, green_space
from tests.gis.builders import CONTEXT, districts, figure_value, frame, geodesic_m2, rule

TWO = districts("16.05.09", "16.05.10")
PUBLIC_MIN, TOTAL_MIN = rule(20, "RTH_PUBLIK_MIN"), rule(30, "RTH_TOTAL_MIN", "V*")
TOWN = shapely.box(103.02, -2.98, 103.06, -2.94)


def urban(*geometries: shapely.Geometry) -> gpd.GeoDataFrame:
    return frame(geometries, name=[f"Kawasan {number}" for number in range(len(geometries))])


def parks(*rows: tuple[shapely.Geometry, str | None]) -> gpd.GeoDataFrame:
    return frame([geometry for geometry, _ in rows], ownership=[ownership for _, ownership in rows])


def computed(urban_areas: gpd.GeoDataFrame, green: gpd.GeoDataFrame, context: FigureContext = CONTEXT) -> GreenSpace:
    return green_space(urban_areas, green, TWO, public_min=PUBLIC_MIN, total_min=TOTAL_MIN, context=context)


def value(result: GreenSpace, figure_id: str, area: str = "16.05") -> float | None:
    return figure_value(result.figures, figure_id, area)


def hectares(geometry: shapely.Geometry) -> float:
    return geodesic_m2(geometry) / 10_000


def test_shares_and_shortage_of_the_test_vector() -> None:
    """T21."""
    given_hectares = pd.DataFrame({"area_ha": [1000.0], "public_ha": [150.0], "private_ha": [120.0]})
    (row,) = green_shares(given_hectares, public_min=PUBLIC_MIN, total_min=TOTAL_MIN).to_dict("records")
    assert (row["public_percent"], row["total_percent"]) == pytest.approx((15, 27))
    assert (row["public_lacking_ha"], row["total_lacking_ha"]) == pytest.approx((50, 30))


def test_shares_of_a_drawn_town() -> None:
    """The proportions of T21, drawn: strips of 15 and 12 in 100 of a town."""
    west, south, east, north = TOWN.bounds
    width = east - west
    public = shapely.box(west, south, west + 0.15 * width, north)
    private = shapely.box(west + 0.5 * width, south, west + 0.62 * width, north)
    result = computed(urban(TOWN), parks((public, "public"), (private, "private")))
    assert value(result, "green.public_percent") == pytest.approx(15, rel=1e-6)
    assert value(result, "green.total_percent") == pytest.approx(27, rel=1e-6)
    assert value(result, "green.public_ha") == pytest.approx(hectares(public), rel=1e-6)
    assert result.table["public_lacking_ha"].iloc[0] == pytest.approx(hectares(TOWN) * 0.05, rel=1e-5)
    assert result.table["total_lacking_ha"].iloc[0] == pytest.approx(hectares(TOWN) * 0.03, rel=1e-5)


def test_enough_green_lacks_nothing() -> None:
    row = computed(urban(TOWN), parks((TOWN, "public"))).table.iloc[0]
    assert (row["public_lacking_ha"], row["total_lacking_ha"]) == (0, 0)
    assert row["public_percent"] == pytest.approx(100)


def test_parks_are_cut_to_the_urban_area() -> None:
    park = shapely.box(103.0, -2.98, 103.03, -2.94)
    result = computed(urban(TOWN), parks((park, "public")))
    assert value(result, "green.public_percent") == pytest.approx(25, rel=1e-6)


def test_overlaps_count_once_and_public_wins() -> None:
    public, private = shapely.box(103.02, -2.98, 103.04, -2.94), shapely.box(103.03, -2.98, 103.05, -2.94)
    result = computed(urban(TOWN), parks((public, "public"), (public, "public"), (private, "private")))
    assert value(result, "green.public_percent") == pytest.approx(50, rel=1e-6)
    assert value(result, "green.total_percent") == pytest.approx(75, rel=1e-6)


def test_town_across_a_district_border_counts_in_both_by_its_parts() -> None:
    town = shapely.box(103.09, -2.98, 103.13, -2.94)
    park = shapely.box(103.09, -2.98, 103.11, -2.94)
    result = computed(urban(town), parks((park, "public")))
    assert value(result, "green.public_percent") == pytest.approx(50, rel=1e-6)
    assert value(result, "green.public_percent", "16.05.09") == pytest.approx(100, rel=1e-6)
    assert value(result, "green.public_percent", "16.05.10") == pytest.approx(100 / 3, rel=1e-6)


def test_share_is_of_the_urban_area_and_not_of_the_district() -> None:
    result = computed(urban(TOWN), parks((TOWN, "public")))
    assert value(result, "green.public_percent", "16.05.09") == pytest.approx(100)


def test_district_without_urban_area_has_no_share_and_a_finding_says_so() -> None:
    result = computed(urban(TOWN), parks((TOWN, "public")))
    for figure_id in ("green.public_percent", "green.total_percent", "green.public_ha"):
        assert value(result, figure_id, "16.05.10") is None
    assert [(finding.code, finding.count) for finding in result.findings] == [("districts_without_urban_area", 1)]


def test_regency_without_urban_areas_has_no_share() -> None:
    result = computed(urban(), parks((TOWN, "public")))
    assert {figure.value for figure in result.figures} == {None}
    assert [finding.code for finding in result.findings] == ["no_urban_areas"]


def test_no_parks_on_file_is_not_a_share_of_0() -> None:
    result = computed(urban(TOWN), parks())
    assert {figure.value for figure in result.figures} == {None}
    assert [finding.code for finding in result.findings] == ["no_parks"]


def test_town_without_any_of_the_parks_has_a_share_of_0() -> None:
    elsewhere = shapely.box(103.15, -2.98, 103.16, -2.94)
    assert value(computed(urban(TOWN), parks((elsewhere, "public"))), "green.public_percent") == 0


def test_park_without_ownership_counts_as_private() -> None:
    result = computed(urban(TOWN), parks((TOWN, None)))
    assert value(result, "green.public_percent") == 0
    assert value(result, "green.total_percent") == pytest.approx(100)
    assert "parks_without_ownership" in {finding.code for finding in result.findings}


def test_rules_and_their_basis_go_into_the_figures() -> None:
    result = computed(urban(TOWN), parks((TOWN, "public")))
    figures = {figure.id: figure for figure in result.figures if figure.area == "16.05"}
    assert figures["green.public_percent"].rule == "RTH_PUBLIK_MIN"
    assert figures["green.total_percent"].rule == "RTH_TOTAL_MIN"
    assert figures["green.public_percent"].denominator == pytest.approx(hectares(TOWN), rel=1e-6)


def test_one_district_alone() -> None:
    result = computed(urban(TOWN), parks((TOWN, "public")), FigureContext("16.05.10"))
    assert {figure.area for figure in result.figures} == {"16.05.10"}
    assert [finding.code for finding in result.findings] == ["no_urban_areas"]


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 1_000))
def test_districts_add_up_to_the_whole(seed: int) -> None:
    points = shapely.points([(103.02 + (seed * k % 97) / 600, -2.98 + (seed * k % 31) / 500) for k in range(1, 9)])
    blobs = shapely.buffer(points, 0.012)
    green = parks(*((blob, "public" if number % 2 else "private") for number, blob in enumerate(blobs[:5])))
    by_area = computed(urban(*blobs[4:]), green).by_area
    inside = shapely.union_all(blobs[4:]).intersection(TWO.union_all())
    sums = by_area.drop(index="16.05")[["area_ha", "public_ha", "private_ha"]].sum()
    assert sums["area_ha"] == pytest.approx(hectares(inside), rel=1e-6)
    assert (sums <= by_area.loc["16.05", sums.index] * (1 + 1e-6)).all()


def test_columns_are_asked_for() -> None:
    with pytest.raises(MissingColumn):
        computed(urban(TOWN), parks().drop(columns="ownership"))
