"""Money is shared out over areas: by length, by area, by number of points, and every rupiah is still there."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import CRS
from sqlalchemy import Connection, text

from gis.errors import InvalidMeasure, MissingColumn
from gis.figures import Rule
from gis.spending import Spending, rupiah, share_money
from tests.gis.builders import districts, frame, geodesic_m, geodesic_m2, walks

THREE = districts("a", "b", "c")  # squares of 0.1 degree from 103 E, 3 S
WIDE = Rule("PEKERJAAN_SEWILAYAH_PERSEN", 50, "percent", "Keputusan rancangan", "2026-01", "D")


def packages(*rows: tuple[Any, Any]) -> gpd.GeoDataFrame:
    shapes, amounts = [shape for shape, _ in rows], [amount for _, amount in rows]
    amount_idr = pd.Series(amounts, dtype=object)
    return frame(shapes, code=[f"P{number}" for number in range(len(rows))], amount_idr=amount_idr)


def line(*longitudes: float) -> shapely.LineString:
    return shapely.LineString([(longitude, -2.95) for longitude in longitudes])


def rupiahs(result: Spending) -> list[float]:
    return [rupiah(sen) for sen in result.by_area.tolist()]


def codes(result: Spending) -> dict[str, int]:
    return {one.code: one.count for one in result.findings}


def test_line_is_shared_by_length() -> None:
    result = share_money(packages((line(103.05, 103.2), 900)), THREE)
    assert rupiahs(result) == [300, 600, 0]
    assert result.total_sen == 90_000
    assert result.findings == ()


def test_area_is_shared_by_area_as_another_library_measures_it() -> None:
    area = shapely.Polygon([(103.08, -2.98), (103.25, -2.96), (103.08, -2.91)])
    result = share_money(packages((area, 10**12)), THREE)
    whole = geodesic_m2(area)
    expected = [geodesic_m2(area.intersection(one)) / whole * 1e12 for one in THREE.geometry]
    assert rupiahs(result) == pytest.approx(expected, rel=1e-5)
    assert sum(rupiahs(result)) == 10**12


def test_points_share_equally_and_a_border_belongs_to_the_first() -> None:
    points = shapely.MultiPoint([(103.02, -2.95), (103.1, -2.95), (103.15, -2.95)])
    result = share_money(packages((points, 100), (shapely.Point(103.25, -2.95), 7)), THREE)
    assert rupiahs(result) == [67, 33, 7]
    assert codes(result) == {"several_points": 1}


def test_works_without_a_place_are_kept_apart() -> None:
    result = share_money(packages((None, 500), (shapely.Point(103.05, -2.95), 300), (shapely.LineString(), 1)), THREE)
    assert rupiahs(result) == [300, 0, 0]
    assert rupiah(result.region_wide_sen) == 501
    assert codes(result) == {"unlocated": 2}
    assert result.parts["place"].tolist() == ["region_wide", "inside", "region_wide"]


def test_works_marked_or_wide_as_the_region_are_kept_apart() -> None:
    most = shapely.box(103.0, -3.0, 103.19, -2.9)
    some = shapely.box(103.0, -3.0, 103.1, -2.9)
    rows = packages((most, 1_000), (some, 300), (shapely.Point(103.05, -2.95), 20))
    result = share_money(rows.assign(region_wide=[False, False, True]), THREE, wide_from=WIDE)
    assert rupiahs(result) == [300, 0, 0]
    assert rupiah(result.region_wide_sen) == 1_020
    assert codes(result) == {"region_wide": 2}
    spread = share_money(rows, THREE)
    assert spread.region_wide_sen == 0
    assert sum(rupiahs(spread)) == 1_320


def test_what_lies_outside_has_a_row_of_its_own() -> None:
    result = share_money(packages((line(102.9, 103.1), 1_000), (shapely.Point(110, 0), 50)), THREE)
    assert rupiahs(result) == [500, 0, 0]
    assert rupiah(result.outside_sen) == 550
    assert codes(result) == {"outside": 2}


def test_missing_money_is_counted_and_in_no_sum() -> None:
    result = share_money(packages((line(103.05, 103.06), None), (line(103.05, 103.06), 0)), THREE)
    assert result.total_sen == 0
    assert codes(result) == {"no_amount": 1}
    assert result.parts["package"].tolist() == ["P1"]


def test_thirds_close_to_the_rupiah_and_sen_stay_with_the_largest_part() -> None:
    result = share_money(packages((line(103.0, 103.3), Decimal("100.89"))), THREE)
    assert sorted(rupiahs(result)) == [33, 33, 34.89]
    assert result.total_sen == 10_089


def test_money_is_exact_beyond_what_a_float_holds() -> None:
    amount = Decimal("9007199254740993.01")  # 2^53 + 1, and a sen
    result = share_money(packages((shapely.Point(103.05, -2.95), amount), (None, amount)), THREE)
    assert result.by_area["a"] == 900_719_925_474_099_301
    assert result.region_wide_sen == 900_719_925_474_099_301


def test_road_drawn_twice_is_no_longer() -> None:
    twice = shapely.MultiLineString([line(103.05, 103.1), line(103.05, 103.1), line(103.1, 103.15)])
    assert rupiahs(share_money(packages((twice, 100)), THREE)) == [50, 50, 0]


def test_of_several_kinds_the_highest_counts() -> None:
    mixed = shapely.GeometryCollection([line(103.05, 103.06), shapely.Point(103.25, -2.95)])
    result = share_money(packages((mixed, 100)), THREE)
    assert rupiahs(result) == [100, 0, 0]
    assert codes(result) == {"places_mixed": 1}


def test_invalid_area_is_repaired_and_counted() -> None:
    bow_tie = shapely.Polygon([(103.05, -2.96), (103.15, -2.94), (103.15, -2.96), (103.05, -2.94)])
    result = share_money(packages((bow_tie, 100)), THREE)
    assert rupiahs(result) == [50, 50, 0]
    assert codes(result) == {"places_repaired": 1}


def test_overlapping_areas_do_not_make_money() -> None:
    doubled = pd.concat([THREE, THREE.iloc[[0]].assign(code="a2")], ignore_index=True)
    result = share_money(packages((line(103.02, 103.08), 101)), doubled)
    assert result.total_sen == 10_100
    assert sorted(rupiahs(result)) == [0, 0, 50, 51]


def test_no_packages_and_no_areas() -> None:
    empty = share_money(packages(), THREE)
    assert rupiahs(empty) == [0, 0, 0]
    assert len(empty.parts) == 0
    nowhere = share_money(packages((line(103.05, 103.06), 10)), THREE.iloc[:0], wide_from=WIDE)
    assert (len(nowhere.by_area), rupiah(nowhere.outside_sen)) == (0, 10)


@pytest.mark.parametrize("amount", [-1, float("inf"), "seribu", Decimal("Infinity")])
def test_refuses_what_is_no_money(amount: Any) -> None:
    with pytest.raises(InvalidMeasure):
        share_money(packages((line(103.05, 103.06), 1), (line(103.05, 103.06), amount)), THREE)


def test_columns_are_asked_for() -> None:
    with pytest.raises(MissingColumn):
        share_money(packages().drop(columns="amount_idr"), THREE)


def many(seed: int) -> gpd.GeoDataFrame:
    random = np.random.default_rng(seed)
    lines = list(walks(seed, 12))
    areas = list(shapely.buffer(shapely.points(random.uniform((102.98, -3.02), (103.32, -2.88), (8, 2))), 0.02))
    points = [shapely.MultiPoint(random.uniform((102.98, -3.02), (103.32, -2.88), (3, 2))) for _ in range(5)]
    shapes = [*lines, *areas, *points, None]
    amounts = [Decimal(int(value)) / 100 for value in random.integers(0, 10**14, len(shapes))]
    return packages(*zip(shapes, amounts, strict=True))


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000))
def test_parts_add_up_to_the_sen(seed: int) -> None:
    rows = many(seed)
    result = share_money(rows, THREE)
    assert result.total_sen == sum(int(amount * 100) for amount in rows["amount_idr"])
    by_package = result.parts.groupby("package")["amount_sen"].sum()
    assert by_package[rows["code"]].tolist() == [int(amount * 100) for amount in rows["amount_idr"]]
    whole = result.parts["share"] * result.parts["package"].map(by_package)
    assert (result.parts["amount_sen"] - whole).abs().max() < 300  # a rupiah, and its sen


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.01, 0.09))
def test_splitting_an_area_changes_no_sum(seed: int, where: float) -> None:
    """But for the rupiah that a part more is rounded to, and edges that become two geodesics."""
    rows = many(seed)
    halves = [shapely.box(103, -3, 103 + where, -2.9), shapely.box(103 + where, -3, 103.1, -2.9)]
    split = frame([*halves, *THREE.geometry[1:]], code=["a1", "a2", "b", "c"])
    whole, parts = share_money(rows, THREE), share_money(rows, split)
    assert parts.total_sen == whole.total_sen
    assert parts.by_area[["a1", "a2"]].sum() == pytest.approx(whole.by_area["a"], rel=1e-5, abs=100 * len(rows))


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000))
def test_order_does_not_matter(seed: int) -> None:
    rows = many(seed)
    turned = share_money(rows.iloc[::-1], THREE.iloc[::-1])
    assert share_money(rows, THREE).by_area.equals(turned.by_area)


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10_000))
def test_reprojected_input_changes_less_than_a_millionth(seed: int) -> None:
    rows, utm = many(seed), CRS.from_epsg(32748)
    moved = share_money(rows.to_crs(utm).to_crs(4326), THREE.to_crs(utm).to_crs(4326))
    here = share_money(rows, THREE)
    assert moved.by_area.to_numpy() == pytest.approx(here.by_area.to_numpy(), rel=1e-6, abs=300 * len(rows))


def test_same_sums_as_postgis(connection: Connection) -> None:
    rows = many(77).iloc[:20]
    result = share_money(rows, THREE)
    found = connection.execute(
        text("""
            WITH p AS (SELECT ST_GeomFromWKB(w, 4326) AS geom, amount
                    FROM unnest(CAST(:places AS bytea[]), CAST(:amounts AS numeric[])) t(w, amount)),
                a AS (SELECT n, ST_GeomFromWKB(w, 4326) AS geom FROM unnest(CAST(:areas AS bytea[])) WITH ORDINALITY t(w, n)),
                i AS (SELECT a.n, p.amount, p.geom AS whole, ST_Intersection(p.geom, a.geom) AS part FROM p CROSS JOIN a)
            SELECT sum(amount * ((ST_Length(part::geography) + ST_Area(part::geography))
                / (ST_Length(whole::geography) + ST_Area(whole::geography)))::numeric) FROM i GROUP BY n ORDER BY n
        """),
        {
            "places": [one.wkb for one in rows.geometry],
            "amounts": list(rows["amount_idr"]),
            "areas": [one.wkb for one in THREE.geometry],
        },
    )
    assert rupiahs(result) == pytest.approx([float(row[0]) for row in found], rel=1e-6)


def test_villages_of_musi_rawas_keep_every_rupiah(shared_data: Path) -> None:
    """Villages drawn apart leave gaps and overlaps: no rupiah is lost in the ones or made in the others."""
    path = shared_data / "boundaries" / "batas_sumsel_musirawas_lubuklinggau.gpkg"
    villages = gpd.read_file(path, layer="desa_16_05_musi_rawas")
    random = np.random.default_rng(11)
    west, south, east, north = villages.total_bounds
    starts = random.uniform((west, south), (east, north), (200, 1, 2))
    lines = shapely.linestrings(starts + np.cumsum(random.normal(0, 0.01, (200, 20, 2)), axis=1))
    areas = shapely.buffer(shapely.points(starts[:50, 0]), 0.02)
    amounts = random.integers(10**8, 10**10, 250).tolist()
    result = share_money(packages(*zip([*lines, *areas], amounts, strict=True)), villages, key="kode")
    assert result.total_sen == sum(amounts) * 100
    assert result.outside_sen > 0
    assert len(result.by_area) == villages["kode"].nunique()


def test_shares_of_a_line_are_those_of_its_lengths() -> None:
    walk = walks(4, 1)[0]
    (amount,) = {10**9}
    result = share_money(packages((walk, amount)), THREE)
    for code, area in zip(THREE["code"], THREE.geometry, strict=True):
        share = geodesic_m(walk.intersection(area)) / geodesic_m(walk)
        assert rupiah(int(result.by_area[code])) == pytest.approx(share * amount, rel=1e-5, abs=1)
