"""Lines and polygons are shared out over areas: parts add up to the whole, as other methods find them."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from gis import overlay
from gis.errors import MissingColumn, MissingCrs, ProjectedGeometry
from gis.geometry import repair
from gis.measure import area_m2, length_m
from gis.overlay import dissolve_area_m2, split_areas, split_lengths
from tests.gis.builders import districts, frame, geodesic_m, geodesic_m2, walks

THREE = districts("a", "b", "c")


def by_area(parts: pd.DataFrame, column: str = "length_m") -> pd.Series:
    return parts[parts["area"].notna()].groupby("area")[column].sum()


def series(lines: object) -> gpd.GeoSeries:
    return gpd.GeoSeries(lines, crs=4326)


def coast(seed: int, points: int) -> np.ndarray:
    """A jagged line from south to north, the common border of two areas."""
    random = np.random.default_rng(seed)
    return np.column_stack([103.1 + random.uniform(-0.01, 0.01, points), np.linspace(-3, -2.9, points)])


def detailed_areas(points: int = 2_000) -> gpd.GeoDataFrame:
    border = coast(3, points)
    west = shapely.Polygon([(103, -3), *border, (103, -2.9)])
    east = shapely.Polygon([(103.2, -3), *border, (103.2, -2.9)])
    return frame([west, east], code=["west", "east"])


def test_same_figures_as_geopandas_overlay() -> None:
    lines = series(walks(11, 400))
    pieces = gpd.overlay(gpd.GeoDataFrame(geometry=lines), THREE, how="intersection", keep_geom_type=True)
    expected = pieces.geometry.map(geodesic_m).groupby(pieces["code"]).sum()
    found = by_area(split_lengths(lines, THREE, key="code"))
    assert found.index.tolist() == ["a", "b", "c"]
    assert found.to_numpy() == pytest.approx(expected.to_numpy(), rel=1e-6)


def test_areas_cut_to_the_neighbourhood_of_a_line_give_the_same() -> None:
    areas = detailed_areas()
    assert shapely.get_num_coordinates(areas.geometry.to_numpy()).min() > overlay.CUT_VERTICES
    lines = series(walks(12, 300, step=0.0008, west=103.0))
    expected = {
        code: sum(geodesic_m(line.intersection(area)) for line in lines)
        for code, area in zip(areas["code"], areas.geometry, strict=True)
    }
    found = by_area(split_lengths(lines, areas, key="code"))
    assert found.to_dict() == pytest.approx(expected, rel=1e-9)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000))
def test_parts_add_up_to_the_whole(seed: int) -> None:
    lines = series(walks(seed, 20))
    parts = split_lengths(lines, THREE, key="code")
    assert parts.groupby("line")["share"].sum().to_numpy() == pytest.approx(np.ones(20), abs=1e-9)
    assert parts["length_m"].sum() == pytest.approx(length_m(lines).sum(), rel=1e-9)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.005, 0.095))
def test_splitting_an_area_changes_no_sum(seed: int, where: float) -> None:
    lines = series(walks(seed, 20))
    halves = [shapely.box(103, -3, 103 + where, -2.9), shapely.box(103 + where, -3, 103.1, -2.9)]
    split = frame([*halves, *THREE.geometry.iloc[1:]], code=["a1", "a2", "b", "c"])
    before, after = by_area(split_lengths(lines, THREE, key="code")), by_area(split_lengths(lines, split, key="code"))
    assert after.reindex(["a1", "a2"]).sum() == pytest.approx(before.get("a", 0.0), rel=1e-9, abs=1e-6)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000), st.permutations([0, 1, 2]))
def test_order_does_not_matter(seed: int, order: list[int]) -> None:
    lines = series([*walks(seed, 15), shapely.LineString([(103.1, -2.99), (103.1, -2.91)])])
    shuffled = lines.sample(frac=1, random_state=seed)
    first = split_lengths(lines, THREE, key="code").set_index(["line", "area"])["length_m"].sort_index()
    second = split_lengths(shuffled, THREE.iloc[order], key="code").set_index(["line", "area"])["length_m"].sort_index()
    pd.testing.assert_series_equal(first, second)


def test_line_on_a_common_border_counts_once_in_the_first_area() -> None:
    line = shapely.LineString([(103.1, -2.98), (103.1, -2.92)])
    parts = split_lengths(series([line]), THREE, key="code")
    assert parts["area"].tolist() == ["a"]
    assert parts["share"].tolist() == pytest.approx([1.0])


def test_line_partly_on_a_border_counts_each_stretch_once() -> None:
    line = shapely.LineString([(103.05, -2.98), (103.1, -2.98), (103.1, -2.92), (103.15, -2.92)])
    parts = split_lengths(series([line]), THREE, key="code").set_index("area")["length_m"]
    to_the_border = geodesic_m(shapely.LineString(line.coords[:3]))
    assert parts["a"] == pytest.approx(to_the_border, rel=1e-9)
    assert parts["b"] == pytest.approx(geodesic_m(line) - to_the_border, rel=1e-9)


def test_border_where_three_areas_meet_counts_once() -> None:
    tall = frame([shapely.box(103.1, -3, 103.2, -2.9), *districts("x", "y").geometry], code=["b", "c", "d"])
    line = shapely.LineString([(103.1, -2.95), (103.1, -2.9)])
    parts = split_lengths(series([line]), tall, key="code")
    assert parts["area"].tolist() == ["b"]


def test_border_of_one_area_with_two_others_counts_once() -> None:
    halves = [shapely.box(103.1, -3, 103.2, -2.95), shapely.box(103.1, -2.95, 103.2, -2.9)]
    areas = frame([shapely.box(103, -3, 103.1, -2.9), *halves], code=["a", "b", "c"])
    line = shapely.LineString([(103.1, -2.99), (103.1, -2.91)])
    parts = split_lengths(series([line]), areas, key="code")
    assert parts["area"].tolist() == ["a"]
    assert parts["share"].tolist() == pytest.approx([1.0])


def test_line_on_the_outer_border_belongs_to_its_area() -> None:
    line = shapely.LineString([(103, -2.98), (103, -2.92)])
    parts = split_lengths(series([line]), THREE, key="code")
    assert parts["area"].tolist() == ["a"]


def test_overlapping_areas_each_count_what_lies_in_them() -> None:
    pair = frame([shapely.box(103, -3, 103.12, -2.9), shapely.box(103.1, -3, 103.2, -2.9)], code=["a", "b"])
    line = shapely.LineString([(102.98, -2.95), (103.2, -2.95)])
    parts = split_lengths(series([line]), pair, key="code")
    inside = parts[parts["area"].notna()].set_index("area")["length_m"]
    for code, area in zip(pair["code"], pair.geometry, strict=True):
        assert inside[code] == pytest.approx(geodesic_m(line.intersection(area)), rel=1e-9)
    outside = parts.loc[parts["area"].isna(), "length_m"].iloc[0]
    assert outside == pytest.approx(geodesic_m(line.difference(pair.union_all())), rel=1e-9)


def test_gap_between_areas_is_outside() -> None:
    pair = frame([shapely.box(103, -3, 103.09, -2.9), shapely.box(103.1, -3, 103.2, -2.9)], code=["a", "b"])
    line = shapely.LineString([(103.05, -2.95), (103.15, -2.95)])
    parts = split_lengths(series([line]), pair, key="code")
    gap = geodesic_m(shapely.LineString([(103.09, -2.95), (103.1, -2.95)]))
    assert parts.loc[parts["area"].isna(), "length_m"].tolist() == pytest.approx([gap])


def test_rows_with_one_key_are_one_area() -> None:
    lines = series(walks(5, 30))
    joined = THREE.assign(code=["a", "a", "c"])
    parts = split_lengths(lines, joined, key="code")
    assert not parts.duplicated(["line", "area"]).any()
    apart = by_area(split_lengths(lines, THREE, key="code"))
    assert by_area(parts)["a"] == pytest.approx(apart["a"] + apart["b"])


def test_chunks_make_no_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = series(walks(6, 50)).set_axis([f"line {i}" for i in range(50)])
    whole = split_lengths(lines, THREE, key="code")
    monkeypatch.setattr(overlay, "CHUNK_FEATURES", 7)
    pd.testing.assert_frame_equal(split_lengths(lines, THREE, key="code"), whole)


def test_nothing_missing_and_empty_give_no_rows() -> None:
    odd = series([None, shapely.LineString(), shapely.Point(103.05, -2.95)])
    for lines, areas in ((odd, THREE), (series([]), THREE), (series([]), THREE.iloc[:0])):
        parts = split_lengths(lines, areas, key="code")
        assert parts.columns.tolist() == ["line", "area", "length_m", "share"]
        assert parts.empty
    everything_outside = split_lengths(series(walks(1, 3)), THREE.iloc[:0], key="code")
    assert everything_outside["area"].isna().all()
    assert everything_outside["share"].tolist() == [1.0, 1.0, 1.0]


def test_wrong_frames_are_refused() -> None:
    lines = series(walks(1, 2))
    with pytest.raises(MissingColumn):
        split_lengths(lines, THREE, key="kode")
    with pytest.raises(MissingCrs):
        split_lengths(lines.set_crs(None, allow_override=True), THREE, key="code")
    with pytest.raises(ProjectedGeometry):
        split_lengths(lines, THREE.to_crs(32748), key="code")


def test_inputs_are_not_changed() -> None:
    lines, areas = series(walks(8, 10)), districts("a", "b", "c")
    before = lines.copy(), areas.copy()
    split_lengths(lines, areas, key="code")
    assert lines.geom_equals(before[0]).all()
    assert areas.equals(before[1])


def test_polygons_are_shared_out_by_area() -> None:
    blobs = series(
        shapely.buffer(shapely.points(np.random.default_rng(4).uniform((103, -3), (103.3, -2.9), (40, 2))), 0.02)
    )
    parts = split_areas(blobs, THREE, key="code")
    assert parts.groupby("polygon")["share"].sum().to_numpy() == pytest.approx(np.ones(40), abs=1e-7)
    for code, area in zip(THREE["code"], THREE.geometry, strict=True):
        expected = sum(geodesic_m2(blob.intersection(area)) for blob in blobs if blob.intersects(area))
        assert by_area(parts, "area_m2")[code] == pytest.approx(expected, rel=1e-6)


def test_area_covered_twice_counts_once() -> None:
    first, second = shapely.box(103, -3, 103.02, -2.98), shapely.box(103.01, -3, 103.03, -2.98)
    expected = geodesic_m2(shapely.box(103, -3, 103.03, -2.98))
    assert dissolve_area_m2(series([first, second, first])) == pytest.approx(expected, rel=1e-7)
    assert dissolve_area_m2(series([])) == 0


def test_bow_tie_areas_are_repaired_for_the_purpose() -> None:
    bow_tie = shapely.Polygon([(103, -3), (103.1, -2.9), (103.1, -3), (103, -2.9)])
    areas = frame([bow_tie], code=["a"])
    line = shapely.LineString([(103, -2.95), (103.1, -2.95)])
    assert by_area(split_lengths(series([line]), areas, key="code"))["a"] == pytest.approx(geodesic_m(line), rel=1e-9)


@pytest.mark.slow
def test_streets_of_jakarta_by_district(shared_data: Path) -> None:
    """Real districts overlap here and there; every one is measured as intersecting it alone would."""
    areas = gpd.read_file(shared_data / "awkward" / "kecamatan_jakarta.shp")
    areas = areas.set_geometry(repair(areas.geometry.to_numpy()).geometries, crs=4326)
    streets = gpd.read_file(shared_data / "osm" / "jakarta_roads.shp").geometry
    found = by_area(split_lengths(streets, areas, key="KEC_NAME"))
    for name, area in zip(areas["KEC_NAME"], areas.geometry, strict=True):
        pieces = shapely.intersection(streets.to_numpy(), area)
        expected = sum(geodesic_m(piece) for piece in pieces if not piece.is_empty)
        assert found[name] == pytest.approx(expected, rel=1e-6)


def test_villages_of_musi_rawas_add_up(shared_data: Path) -> None:
    """Villages drawn apart from each other leave gaps and overlaps: nothing is lost, and what is outside says so."""
    path = shared_data / "boundaries" / "batas_sumsel_musirawas_lubuklinggau.gpkg"
    villages = gpd.read_file(path, layer="desa_16_05_musi_rawas")
    west, south, east, north = villages.total_bounds
    random = np.random.default_rng(7)
    starts = random.uniform((west, south), (east, north), (300, 1, 2))
    lines = series(shapely.linestrings(starts + np.cumsum(random.normal(0, 0.01, (300, 20, 2)), axis=1)))
    parts = split_lengths(lines, villages, key="kode")
    union = shapely.union_all(repair(villages.geometry.to_numpy()).geometries)
    outside = length_m(shapely.difference(lines.to_numpy(), union)).sum()
    assert parts.loc[parts["area"].isna(), "length_m"].sum() == pytest.approx(outside, rel=1e-6)
    assert parts["length_m"].sum() >= length_m(lines).sum() - 1e-3
    assert area_m2(villages.geometry).sum() > 5e9
