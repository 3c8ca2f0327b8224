"""Projects are judged by the zones they lie in: outcomes of the plan's matrix, the map's tolerance, gaps, overlaps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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

from gis.conformity import Conformity, Plan, judge_by_plans, judge_projects, read_cell
from gis.errors import InvalidMeasure, MissingColumn, UnprojectedGeometry
from gis.figures import Rule
from gis.measure import length_m
from gis.overlay import split_lengths
from tests.gis.builders import frame, geodesic_m, geodesic_m2, walks

TOLERANCE = Rule("TOLERANSI_PETA_MM", 0.5, "mm", "Keputusan rancangan", "2026-01", "D")
FLOOR = Rule("SLIVER_MIN_PERSEN", 0.1, "percent", "Keputusan rancangan", "2026-01", "D")
UTM_48S = CRS.from_epsg(32748)
METRE = 1 / 111_195  # degrees of longitude in a metre near the equator, well enough for tests

WEST, MIDDLE, EAST, SOUTH, NORTH = 103.0, 103.1, 103.2, -3.0, -2.9
MATRIX = {"roads": {"PK": "I", "HL": "X", "P-1": "B", "PS": "T"}}
RTRW = Plan("RTRW", "RTRW contoh", 50_000, MATRIX)
RDTR = Plan("RDTR", "RDTR contoh", 5_000, MATRIX)


def zones(*rows: tuple[str, shapely.Geometry], plan: str = "RTRW") -> gpd.GeoDataFrame:
    codes = [code for code, _ in rows]
    return frame([shape for _, shape in rows], zone_code=codes, zone_name=[f"Zona {code}" for code in codes]).assign(
        plan_code=plan
    )


TOWN_AND_FOREST = zones(
    ("PK", shapely.box(WEST, SOUTH, MIDDLE, NORTH)), ("HL", shapely.box(MIDDLE, SOUTH, EAST, NORTH))
)


def projects(*shapes: Any, activity: str | Sequence[str | None] = "roads") -> gpd.GeoDataFrame:
    return frame(shapes, code=[f"P{number}" for number in range(len(shapes))], activity=activity)


def judged(shapes: gpd.GeoDataFrame, ground: gpd.GeoDataFrame, plan: Plan = RTRW, **options: Any) -> Conformity:
    return judge_projects(shapes, ground, plan, **{"tolerance": TOLERANCE, "floor": FLOOR, "crs": UTM_48S, **options})


def verdicts(result: Conformity) -> list[tuple[str, str]]:
    return list(zip(result.projects["verdict"], result.projects["reason"], strict=True))


def sizes(result: Conformity, project: str = "P0") -> dict[tuple[str | None, str, bool], float]:
    own = result.pieces[result.pieces["project"] == project]
    return {(row.zone_code, row.outcome, bool(row.counted)): row.size for row in own.itertuples(index=False)}


def codes(result: Conformity) -> dict[str, int]:
    return {one.code: one.count for one in result.findings}


@pytest.mark.parametrize(
    ("cell", "outcome"),
    [
        ("I", "I"),
        (" t ", "T"),
        ("B", "B"),
        ("X", "X"),
        ("T, B", "B"),
        ("I/T", "T"),
        ("B1, B4", "B"),
        ("T2;X", "X"),
        ("", "unknown"),
        (None, "unknown"),
        ("-", "unknown"),
        ("boleh", "unknown"),
        ("tidak diizinkan", "unknown"),
        ("?", "unknown"),
        (3, "unknown"),
    ],
)
def test_cells_of_the_matrix(cell: object, outcome: str) -> None:
    assert read_cell(cell) == outcome


def test_tolerance_is_half_a_millimetre_on_the_map() -> None:
    assert RTRW.tolerance_m(TOLERANCE) == 25
    assert RDTR.tolerance_m(TOLERANCE) == 2.5


def test_one_project_of_each_outcome() -> None:
    strips = [shapely.box(WEST + i * 0.02, SOUTH, WEST + (i + 1) * 0.02, NORTH) for i in range(5)]
    ground = zones(*zip(["PK", "PS", "P-1", "HL", "KPI"], strips, strict=True))
    middles = [shapely.Point(WEST + 0.02 * i + 0.01, -2.95) for i in range(5)]
    result = judged(projects(*middles), ground)
    assert verdicts(result) == [
        ("conforming", ""),
        ("limited", ""),
        ("conditional", ""),
        ("offending", ""),
        ("unknown", "no_entry"),
    ]
    assert codes(result) == {"no_entry": 1}


def test_line_is_split_by_length_as_another_library_measures_it() -> None:
    line = shapely.LineString([(103.05, -2.95), (103.17, -2.93)])
    result = judged(projects(line), TOWN_AND_FOREST)
    found = sizes(result)
    assert verdicts(result) == [("offending", "")]
    for code, outcome in (("PK", "I"), ("HL", "X")):
        zone = TOWN_AND_FOREST.geometry[TOWN_AND_FOREST["zone_code"] == code].iloc[0]
        assert found[code, outcome, True] == pytest.approx(geodesic_m(line.intersection(zone)), rel=1e-6)
    assert result.pieces["share"].sum() == pytest.approx(1)


def test_area_is_split_by_area() -> None:
    area = shapely.box(103.09, -2.96, 103.13, -2.95)
    found = sizes(judged(projects(area), TOWN_AND_FOREST))
    assert found["PK", "I", True] == pytest.approx(geodesic_m2(shapely.box(103.09, -2.96, 103.1, -2.95)), rel=1e-6)
    assert found["HL", "X", True] == pytest.approx(geodesic_m2(shapely.box(103.1, -2.96, 103.13, -2.95)), rel=1e-6)


def test_sliver_of_three_metres_is_no_offence() -> None:
    east = MIDDLE + 3 * METRE
    line = shapely.LineString([(103.05, -2.95), (east, -2.95)])
    area = shapely.box(103.09, -2.96, east, -2.95)
    result = judged(projects(line, area), TOWN_AND_FOREST)
    assert verdicts(result) == [("conforming", ""), ("conforming", "")]
    assert sizes(result)["HL", "X", False] == pytest.approx(3, rel=0.01)
    assert sizes(result, "P1")["HL", "X", False] == pytest.approx(3 * 1106, rel=0.01)
    assert codes(result) == {"left_out": 2}
    (left_out,) = result.findings
    assert "(0,003 km; 0,33" in left_out.message_id


def test_the_same_sliver_counts_on_a_map_ten_times_as_detailed() -> None:
    line = shapely.LineString([(103.095, -2.95), (MIDDLE + 3 * METRE, -2.95)])
    assert verdicts(judged(projects(line), TOWN_AND_FOREST, RDTR)) == [("offending", "")]


@pytest.mark.parametrize(
    ("depth_m", "verdict"), [(20, "conforming"), (24, "conforming"), (26, "offending"), (60, "offending")]
)
def test_a_part_counts_from_the_tolerance_on(depth_m: float, verdict: str) -> None:
    east = MIDDLE + depth_m * METRE
    line = shapely.LineString([(103.09, -2.95), (east, -2.95)])
    area = shapely.box(103.09, -2.96, east, -2.95)
    result = judged(projects(line, area), TOWN_AND_FOREST)
    assert [found for found, _ in verdicts(result)] == [verdict, verdict]


def test_depth_counts_and_not_length() -> None:
    """Two kilometres along the border and 20 m within the forest: the map cannot tell."""
    east = MIDDLE + 20 * METRE
    line = shapely.LineString([(103.05, -2.96), (103.09, -2.96), (east, -2.96), (east, -2.942), (103.05, -2.942)])
    result = judged(projects(line), TOWN_AND_FOREST)
    assert verdicts(result) == [("conforming", "")]
    assert sizes(result)["HL", "X", False] > 2_000


def test_share_below_the_floor_is_left_out_however_deep() -> None:
    """40 m of 60 km: deeper than 25 m, but less than 0.1 percent."""
    bends = [(103.001 + (0.098 if number % 2 else 0.0), -2.99 + 0.01 * (number // 2)) for number in range(1, 12)]
    line = shapely.LineString([*bends, (MIDDLE + 40 * METRE, bends[-1][1])])
    assert geodesic_m(line) > 40_000
    result = judged(projects(line), TOWN_AND_FOREST)
    assert verdicts(result) == [("conforming", "")]
    without = judged(projects(line), TOWN_AND_FOREST, floor=Rule("F", 0, "percent", "", "1", "D"))
    assert verdicts(without) == [("offending", "")]


def test_point_at_a_border_cannot_be_judged_at_this_scale() -> None:
    near, clear = shapely.Point(MIDDLE + 10 * METRE, -2.95), shapely.Point(MIDDLE + 60 * METRE, -2.95)
    result = judged(projects(near, clear), TOWN_AND_FOREST)
    assert verdicts(result) == [("unknown", "near_border"), ("offending", "")]
    assert codes(result) == {"near_border": 1}
    assert [found for found, _ in verdicts(judged(projects(near), TOWN_AND_FOREST, RDTR))] == ["offending"]


def test_border_between_zones_of_one_outcome_decides_nothing() -> None:
    plan = Plan("RTRW", "", 50_000, {"roads": {"PK": "X", "HL": "X"}})
    weaving = shapely.LineString([(MIDDLE + (10 if n % 2 else -10) * METRE, -2.99 + n * 0.001) for n in range(40)])
    point = shapely.Point(MIDDLE, -2.95)
    result = judged(projects(weaving, point), TOWN_AND_FOREST, plan)
    assert verdicts(result) == [("offending", ""), ("offending", "")]
    assert result.pieces.groupby("project")["size"].sum().tolist() == pytest.approx([geodesic_m(weaving), 1], rel=1e-6)


def test_line_on_a_border_counts_once() -> None:
    line = shapely.LineString([(MIDDLE, -2.99), (MIDDLE, -2.92)])
    result = judged(projects(line), TOWN_AND_FOREST)
    assert result.pieces["size"].sum() == pytest.approx(geodesic_m(line), rel=1e-6)
    assert verdicts(result) == [("unknown", "near_border")]


def test_what_lies_in_no_zone_leaves_the_verdict_open() -> None:
    line = shapely.LineString([(103.05, -2.95), (102.95, -2.95)])
    result = judged(projects(line), TOWN_AND_FOREST)
    assert verdicts(result) == [("unknown", "unzoned")]
    half = geodesic_m(shapely.LineString([(102.95, -2.95), (103.0, -2.95)]))
    assert sizes(result)[None, "unzoned", True] == pytest.approx(half, rel=1e-6)
    assert codes(result) == {"unzoned": 1}


def test_offence_weighs_more_than_a_part_without_a_zone() -> None:
    line = shapely.LineString([(102.95, -2.95), (103.15, -2.95)])
    assert verdicts(judged(projects(line), TOWN_AND_FOREST)) == [("offending", "")]


def test_gap_of_three_metres_between_zones_is_left_out() -> None:
    ground = zones(
        ("PK", shapely.box(WEST, SOUTH, MIDDLE, NORTH)), ("PS", shapely.box(MIDDLE + 3 * METRE, SOUTH, EAST, NORTH))
    )
    result = judged(projects(shapely.LineString([(103.05, -2.95), (103.15, -2.95)])), ground)
    assert verdicts(result) == [("limited", "")]
    assert sizes(result)[None, "unzoned", False] == pytest.approx(3, rel=0.01)


def test_overlapping_zones_count_once_under_the_strictest_outcome() -> None:
    ground = zones(
        ("PK", shapely.box(WEST, SOUTH, 103.12, NORTH)),
        ("HL", shapely.box(103.08, SOUTH, EAST, NORTH)),
        ("P-1", shapely.box(103.07, SOUTH, 103.09, NORTH)),
    )
    line = shapely.LineString([(103.05, -2.95), (103.15, -2.951)])
    result = judged(projects(line, shapely.Point(103.02, -2.95)), ground)
    found = sizes(result)
    assert sum(found.values()) == pytest.approx(geodesic_m(line), rel=1e-6)
    expected = {"PK": (103.05, 103.07), "P-1": (103.07, 103.08), "HL": (103.08, 103.15)}
    for code, (west, east) in expected.items():
        length = geodesic_m(line.intersection(shapely.box(west, SOUTH, east, NORTH)))
        assert sum(size for key, size in found.items() if key[0] == code) == pytest.approx(length, rel=1e-6)
    assert codes(result)["zones_overlap"] == 1
    assert result.projects["in_overlap"].tolist() == [True, False]


def test_unknown_outcome_wins_over_permission_but_not_over_a_ban() -> None:
    both = shapely.box(WEST, SOUTH, EAST, NORTH)
    point = shapely.Point(103.1, -2.95)
    assert verdicts(judged(projects(point), zones(("PK", both), ("KPI", both)))) == [("unknown", "no_entry")]
    assert verdicts(judged(projects(point), zones(("HL", both), ("KPI", both)))) == [("offending", "")]


def test_activity_that_the_matrix_does_not_know_is_never_guessed() -> None:
    middle = shapely.Point(103.05, -2.95)
    result = judged(projects(middle, middle, activity=["parks", None]), TOWN_AND_FOREST)
    assert verdicts(result) == [("unknown", "no_entry")] * 2


def test_invalid_zones_are_repaired_and_counted() -> None:
    bow_tie = shapely.Polygon([(WEST, SOUTH), (MIDDLE, NORTH), (MIDDLE, SOUTH), (WEST, NORTH)])
    flat = shapely.Polygon([(WEST, SOUTH), (EAST, SOUTH), (WEST, SOUTH)])
    result = judged(projects(shapely.Point(103.02, -2.95)), zones(("PK", bow_tie), ("HL", flat)))
    assert verdicts(result) == [("conforming", "")]
    assert codes(result) == {"zones_repaired": 1, "zones_without_area": 1}


def test_places_of_several_kinds_missing_and_doubled() -> None:
    line = shapely.LineString([(103.01, -2.95), (103.02, -2.95)])
    mixed = shapely.GeometryCollection([line, shapely.Point(103.15, -2.95)])
    result = judged(projects(mixed, None, shapely.MultiLineString([line, line]), shapely.Point()), TOWN_AND_FOREST)
    assert verdicts(result) == [
        ("conforming", ""),
        ("unknown", "no_location"),
        ("conforming", ""),
        ("unknown", "no_location"),
    ]
    assert sizes(result, "P2")["PK", "I", True] == pytest.approx(geodesic_m(line), rel=1e-6)
    assert codes(result) == {"no_location": 2, "places_mixed": 1}


def test_no_projects_and_no_zones() -> None:
    assert len(judged(projects(), TOWN_AND_FOREST).projects) == 0
    result = judged(projects(shapely.Point(103.05, -2.95)), zones())
    assert verdicts(result) == [("unknown", "unzoned")]


def test_most_detailed_plan_that_covers_is_applied() -> None:
    town = zones(("HL", shapely.box(103.02, -2.98, 103.05, -2.92)), plan="RDTR")
    ground = pd.concat([TOWN_AND_FOREST, town], ignore_index=True)
    inside = shapely.Point(103.03, -2.95)
    beyond = shapely.Point(103.07, -2.95)
    across = shapely.LineString([(103.03, -2.95), (103.07, -2.95)])
    half_out = shapely.LineString([(103.04, -2.95), (102.98, -2.95)])
    result = judge_by_plans(
        projects(inside, beyond, across, half_out),
        ground,
        [RTRW, RDTR],
        tolerance=TOLERANCE,
        floor=FLOOR,
        crs=UTM_48S,
    )
    assert result.projects["plan"].tolist() == ["RDTR", "RTRW", "RTRW", "RTRW"]
    assert [verdict for verdict, _ in verdicts(result)] == ["offending", "conforming", "conforming", "unknown"]
    assert set(map(tuple, result.pieces[["project", "plan"]].to_numpy())) == {
        ("P0", "RDTR"), ("P1", "RTRW"), ("P2", "RTRW"), ("P3", "RTRW"),
    }  # fmt: skip
    assert codes(result) == {"unzoned": 1}


def test_without_a_plan_nothing_is_judged() -> None:
    result = judge_by_plans(
        projects(shapely.Point(103, -2.95), None), zones(), [], tolerance=TOLERANCE, floor=FLOOR, crs=UTM_48S
    )
    assert verdicts(result) == [("unknown", "no_plan"), ("unknown", "no_location")]
    assert len(result.pieces) == 0
    assert codes(result) == {"no_plan": 1, "no_location": 1}


def test_refuses_what_it_cannot_use() -> None:
    with pytest.raises(MissingColumn):
        judged(projects(shapely.Point(103, -2.95)).drop(columns="activity"), TOWN_AND_FOREST)
    with pytest.raises(InvalidMeasure):
        judged(projects(), TOWN_AND_FOREST, Plan("RTRW", "", 0, {}))
    with pytest.raises(UnprojectedGeometry):
        judged(projects(), TOWN_AND_FOREST, crs=CRS.from_epsg(4326))


def blots(seed: int, count: int, radius: float) -> np.ndarray:
    random = np.random.default_rng(seed)
    return shapely.buffer(shapely.points(random.uniform((102.99, -3.01), (103.21, -2.89), (count, 2))), radius)


def patchwork(seed: int) -> gpd.GeoDataFrame:
    """Zones of a Voronoi pattern, some of them missing: gaps, and one blot that overlaps the others."""
    random = np.random.default_rng(seed)
    seeds = shapely.MultiPoint(random.uniform((WEST, SOUTH), (EAST, NORTH), (9, 2)))
    frame_box = shapely.box(WEST, SOUTH, EAST, NORTH)
    cells = [cell.intersection(frame_box) for cell in shapely.get_parts(shapely.voronoi_polygons(seeds))]
    named = list(zip(random.choice(["PK", "HL", "P-1", "PS", "KPI"], len(cells)).tolist(), cells, strict=True))
    return zones(*named[1:], ("HL", shapely.Point(103.1, -2.95).buffer(0.01)))


def places(seed: int) -> gpd.GeoDataFrame:
    lines = walks(seed, 6, step=0.01)
    return projects(*lines, *blots(seed, 4, 0.01), *shapely.centroid(blots(seed + 1, 4, 0.01)))


def compared(result: Conformity) -> dict[tuple[Any, ...], float]:
    keys = ["project", "zone_code", "outcome", "counted"]
    return {tuple(key): size for *key, size in result.pieces[[*keys, "size"]].itertuples(index=False)}


def assert_same(first: Conformity, second: Conformity, rel: float = 1e-6) -> None:
    """Compare by what counts: pieces of a few square metres of noise may come and go."""
    mine, other = compared(first), compared(second)
    totals = first.projects.set_index("project")["size"]
    for key in mine.keys() | other.keys():
        assert mine.get(key, 0.0) == pytest.approx(other.get(key, 0.0), abs=rel * totals[key[0]]), key
    assert first.projects[["verdict", "reason"]].equals(second.projects[["verdict", "reason"]])


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000))
def test_parts_add_up_to_the_whole(seed: int) -> None:
    shapes = places(seed)
    result = judged(shapes, patchwork(seed))
    sums = result.pieces.groupby("project")["size"].sum()
    expected = [
        geodesic_m(one) if one.geom_type == "LineString" else geodesic_m2(one) if one.geom_type == "Polygon" else 1
        for one in shapes.geometry
    ]
    assert sums[shapes["code"]].to_numpy() == pytest.approx(np.array(expected), rel=1e-6)
    assert (result.projects["left_out_share"] <= 1 + 1e-9).all()


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.floats(103.02, 103.18))
def test_splitting_zones_changes_no_sum(seed: int, where: float) -> None:
    """To a hundred-thousandth: an edge of kilometres that is cut becomes two geodesics, beside the one it was."""
    whole = patchwork(seed)
    halves = []
    for box in (shapely.box(102, -4, where, -2), shapely.box(where, -4, 104, -2)):
        half = whole.assign(geom=shapely.intersection(whole.geometry.to_numpy(), box)).set_geometry("geom", crs=4326)
        halves.append(half[~half.is_empty])
    split = pd.concat(halves, ignore_index=True)
    shapes = places(seed)
    assert_same(judged(shapes, whole), judged(shapes, split), rel=1e-5)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000))
def test_order_does_not_matter(seed: int) -> None:
    ground, shapes = patchwork(seed), places(seed)
    turned = judged(shapes.iloc[::-1].reset_index(drop=True), ground.iloc[::-1].reset_index(drop=True))
    again = Conformity(turned.projects.iloc[::-1].reset_index(drop=True), turned.pieces, turned.findings)
    assert_same(judged(shapes, ground), again)


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10_000))
def test_reprojected_input_changes_less_than_a_millionth(seed: int) -> None:
    """There and back through UTM moves nothing by more than micrometres."""
    ground, shapes = patchwork(seed), places(seed)
    moved = judged(shapes.to_crs(UTM_48S).to_crs(4326), ground.to_crs(UTM_48S).to_crs(4326))
    assert_same(judged(shapes, ground), moved)


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10_000))
def test_stricter_tolerance_never_turns_an_offence_into_none(seed: int) -> None:
    ground, shapes = patchwork(seed), places(seed)
    coarse, fine = judged(shapes, ground), judged(shapes, ground, RDTR)
    offending = coarse.projects["verdict"] == "offending"
    assert (fine.projects["verdict"][offending] == "offending").all()


def test_same_sizes_as_postgis(connection: Connection) -> None:
    """Without overlaps, and with no tolerance: plain intersections, measured by another program."""
    random = np.random.default_rng(5)
    seeds = shapely.MultiPoint(random.uniform((WEST, SOUTH), (EAST, NORTH), (9, 2)))
    cells = shapely.get_parts(shapely.voronoi_polygons(seeds))
    ground = zones(*((f"Z{number}", cell) for number, cell in enumerate(cells)))
    shapes = places(5)
    result = judged(
        shapes, ground, tolerance=Rule("T", 0, "mm", "", "1", "D"), floor=Rule("F", 0, "percent", "", "1", "D")
    )
    found = {(project, zone): size for project, zone, _, _, size in _rows(result.pieces)}
    rows = connection.execute(
        text("""
            WITH p AS (SELECT n, ST_GeomFromWKB(w, 4326) AS geom FROM unnest(CAST(:places AS bytea[])) WITH ORDINALITY t(w, n)),
                z AS (SELECT n, ST_GeomFromWKB(w, 4326) AS geom FROM unnest(CAST(:zones AS bytea[])) WITH ORDINALITY t(w, n)),
                i AS (SELECT p.n AS p, z.n AS z, ST_Intersection(p.geom, z.geom) AS geom FROM p JOIN z
                    ON ST_Intersects(p.geom, z.geom))
            SELECT 'P' || p - 1, 'Z' || z - 1, ST_Length(geom::geography) + ST_Area(geom::geography)
                + (ST_Dimension(geom) = 0)::integer FROM i
        """),
        {"places": [one.wkb for one in shapes.geometry], "zones": [one.wkb for one in ground.geometry]},
    )
    expected = {(project, zone): size for project, zone, size in rows if size > 1e-3}
    assert found.keys() == expected.keys()
    assert list(found.values()) == pytest.approx([expected[key] for key in found], rel=1e-6)


def test_depth_is_what_postgis_says(connection: Connection) -> None:
    """A line counts in a zone when its farthest point from the zone's border is more than 25 m away."""
    random = np.random.default_rng(8)
    forest = shapely.union_all(
        shapely.buffer(shapely.points(random.uniform((103, -3), (103.2, -2.9), (150, 2))), 0.002)
    )
    ground = zones(("HL", forest), ("PK", shapely.box(102.9, -3.1, 103.4, -2.8).difference(forest)))
    starts = random.uniform((103, -3), (103.2, -2.9), (600, 1, 2))
    shapes = projects(*shapely.linestrings(np.hstack([starts, starts + random.normal(0, 0.0005, (600, 1, 2))])))
    result = judged(shapes, ground, floor=Rule("F", 0, "percent", "", "1", "D"))
    rows = connection.execute(
        text("""
            WITH forest AS (SELECT ST_Buffer(ST_Transform(ST_GeomFromWKB(:forest, 4326), 32748), -25) AS core,
                ST_GeomFromWKB(:forest, 4326) AS whole)
            SELECT ST_Intersects(core, ST_Transform(place, 32748)), ST_Intersects(whole, place)
            FROM forest, unnest(CAST(:places AS bytea[])) WITH ORDINALITY t(w, n), ST_GeomFromWKB(w, 4326) AS place
            ORDER BY n
        """),
        {"forest": forest.wkb, "places": [one.wkb for one in shapes.geometry]},
    ).all()
    deep, touching = (np.array(column) for column in zip(*rows, strict=True))
    assert 50 < deep.sum() < touching.sum() - 5 < 500
    assert (result.projects["verdict"] == "offending").to_numpy().tolist() == deep.tolist()


@pytest.mark.slow
def test_streets_of_jakarta_by_district_as_zones(shared_data: Path) -> None:
    """Real borders overlap and leave gaps; every street still adds up, and each kecamatan has what `overlay` finds."""
    areas = gpd.read_file(shared_data / "awkward" / "kecamatan_jakarta.shp")
    ground = areas.assign(zone_code=areas["KEC_NAME"], zone_name=areas["KEC_NAME"])
    lines = gpd.read_file(shared_data / "osm" / "jakarta_roads.shp").geometry.iloc[::12]
    streets = frame(lines, code=[f"S{number}" for number in range(len(lines))], activity="roads")
    none = Rule("T", 0, "mm", "", "1", "D")
    result = judged(streets, ground, tolerance=none, floor=none)
    sums = result.pieces.groupby("project")["size"].sum()
    drawn = length_m(np.array([shapely.union_all([one]) for one in lines], dtype=object))
    assert sums[streets["code"]].to_numpy() == pytest.approx(drawn, rel=1e-6)
    overlapping = set(result.projects["project"][result.projects["in_overlap"]])
    clear = result.pieces[~result.pieces["project"].isin(overlapping) & result.pieces["zone_code"].notna()]
    parts = split_lengths(streets[~streets["code"].isin(overlapping)].geometry, ground, key="zone_code")
    expected = parts[parts["area"].notna()].groupby("area")["length_m"].sum()
    found = clear.groupby("zone_code")["size"].sum()
    assert found.to_dict() == pytest.approx(expected.to_dict(), rel=1e-5, abs=1)
    assert len(result.projects) > 500


def _rows(pieces: gpd.GeoDataFrame) -> list[tuple[Any, ...]]:
    return list(pieces[["project", "zone_code", "outcome", "counted", "size"]].itertuples(index=False, name=None))


def test_matrix_may_be_any_mapping() -> None:
    matrix: Mapping[str, Mapping[str, str]] = {"roads": {}}
    assert Plan("P", "", 5_000, matrix).outcome("roads", "PK") == "unknown"
