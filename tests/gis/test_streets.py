"""Street length and density by area."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from gis.errors import MissingColumn
from gis.figures import FigureContext
from gis.streets import street_figures, street_lengths
from tests.gis.builders import CONTEXT, districts, figure_value, frame, geodesic_m, geodesic_m2, walks

THREE = districts("16.05.01", "16.05.02", "16.05.03")


def streets(lines: list) -> gpd.GeoDataFrame:
    return frame(lines, **{"class": ["residential"] * len(lines)})


def test_length_and_density_by_hand() -> None:
    line = shapely.LineString([(103.02, -2.95), (103.08, -2.95)])
    figures = street_figures(street_lengths(streets([line]), THREE), context=CONTEXT).figures
    km, km2 = geodesic_m(line) / 1000, geodesic_m2(THREE.geometry.iloc[0]) / 1e6
    assert figure_value(figures, "streets.length_km", "16.05.01") == pytest.approx(km, rel=1e-9)
    assert figure_value(figures, "streets.density_km_per_km2", "16.05.01") == pytest.approx(km / km2, rel=1e-6)
    assert figure_value(figures, "streets.length_km", "16.05.02") == 0
    whole = sum(geodesic_m2(square) for square in THREE.geometry) / 1e6
    assert figure_value(figures, "streets.density_km_per_km2", "16.05") == pytest.approx(km / whole, rel=1e-6)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000))
def test_districts_add_up_to_the_whole(seed: int) -> None:
    lengths = street_lengths(streets(list(walks(seed, 20))), THREE)
    assert lengths.metres.sum() == pytest.approx(lengths.total_m, rel=1e-9)
    inside = sum(geodesic_m(line.intersection(THREE.union_all())) for line in walks(seed, 20))
    assert lengths.total_m == pytest.approx(inside, rel=1e-6)


def test_overlapping_districts_say_how_much_counts_twice() -> None:
    pair = frame([shapely.box(103, -3, 103.12, -2.9), shapely.box(103.1, -3, 103.2, -2.9)], code=["a", "b"])
    line = shapely.LineString([(103, -2.95), (103.2, -2.95)])
    lengths = street_lengths(streets([line]), pair)
    assert lengths.total_m == pytest.approx(geodesic_m(line), rel=1e-9)
    assert lengths.total_m2 == pytest.approx(geodesic_m2(pair.union_all()), rel=1e-7)
    (finding,) = lengths.findings
    assert finding.code == "areas_overlap"
    assert "2,22" in finding.message_id
    assert "2.22" in finding.message_en


def test_no_streets_give_null_and_say_so() -> None:
    found = street_figures(street_lengths(streets([]), THREE), context=CONTEXT)
    assert {figure.value for figure in found.figures} == {None}
    assert [finding.code for finding in found.findings] == ["no_streets"]


def test_streets_outside_are_told() -> None:
    line = shapely.LineString([(102.95, -2.95), (103.05, -2.95)])
    lengths = street_lengths(streets([line]), THREE)
    assert lengths.total_m == pytest.approx(geodesic_m(line) / 2, rel=1e-6)
    assert [finding.code for finding in lengths.findings] == ["streets_outside"]


@pytest.mark.parametrize(("outside_m", "told"), [(0.9, []), (1.1, ["streets_outside"])])
def test_streets_that_leave_by_less_than_a_metre_are_not_told(outside_m: float, told: list[str]) -> None:
    edge = shapely.Point(103, -2.95)
    metre = 1e-5 / geodesic_m(shapely.LineString([edge, (103 + 1e-5, -2.95)]))  # degrees of longitude
    twice = [
        (103 - outside_m / 2 * metre, -2.95),
        (103.05, -2.95),
        (103.05, -2.94),
        (103 - outside_m / 2 * metre, -2.94),
    ]
    lengths = street_lengths(streets([shapely.LineString(twice)]), THREE)
    assert [finding.code for finding in lengths.findings] == told
    inside = geodesic_m(shapely.LineString(twice).intersection(THREE.union_all()))
    assert lengths.total_m == pytest.approx(inside, rel=1e-9)


def test_figures_of_one_area_alone() -> None:
    lengths = street_lengths(streets(list(walks(3, 20))), THREE)
    figures = street_figures(lengths, context=FigureContext("16.05.02")).figures
    assert [(figure.id, figure.area) for figure in figures] == [
        ("streets.length_km", "16.05.02"),
        ("streets.density_km_per_km2", "16.05.02"),
    ]


def test_areas_need_codes() -> None:
    with pytest.raises(MissingColumn):
        street_lengths(streets([]), THREE.drop(columns="code"))


@pytest.mark.slow
def test_streets_of_jakarta(shared_data: Path) -> None:
    districts_of_jakarta = gpd.read_file(shared_data / "awkward" / "kecamatan_jakarta.shp").rename(
        columns={"KEC_NAME": "code"}
    )
    drawn = gpd.read_file(shared_data / "osm" / "jakarta_roads.shp")
    found = street_figures(street_lengths(drawn, districts_of_jakarta), context=FigureContext("31"))
    whole = figure_value(found.figures, "streets.length_km", "31")
    union = districts_of_jakarta.make_valid().union_all()
    expected = sum(geodesic_m(piece) for piece in shapely.intersection(drawn.geometry.to_numpy(), union)) / 1000
    assert whole == pytest.approx(expected, rel=1e-6)
    assert {"areas_overlap", "streets_outside"} == {finding.code for finding in found.findings}
    assert len(found.figures) == 2 * 43
