"""Bridges by condition value, class, district and road."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from gis.bridges import (
    BRIDGE_CLASSES,
    CONDITION_VALUES,
    BridgeSums,
    bridge_districts,
    bridge_figures,
    bridges_on_roads,
    classify_bridges,
    sum_bridges,
)
from gis.errors import InvalidMeasure, MissingColumn, UnprojectedGeometry
from gis.figures import FigureContext
from gis.roads import NOWHERE
from tests.gis.builders import CONTEXT, districts, figure_value, frame, rule

THREE = districts("16.05.01", "16.05.02", "16.05.03")
BOUNDS = (1, 2, 3)
Bridge = tuple[str, float | None, str | None]
BRIDGES = st.lists(
    st.tuples(
        st.sampled_from(["16.05.01", "16.05.02", "16.05.09", NOWHERE]),
        st.one_of(st.none(), st.floats(1, 500)),
        st.sampled_from([*CONDITION_VALUES, None, "6", "baik"]),
    ),
    max_size=30,
)


def bridges(rows: list[Bridge]) -> pd.DataFrame:
    made = pd.DataFrame(rows, columns=["district", "length_m", "condition_value"])
    return made.assign(bridge_class=classify_bridges(made["condition_value"], bounds=BOUNDS))


def summed(rows: list[Bridge]) -> BridgeSums:
    codes = ["16.05.01", "16.05.02", "16.05.03"]
    return sum_bridges(bridges(rows), codes, by="bridge_class", groups=BRIDGE_CLASSES)


def test_values_roll_up_to_the_classes_of_the_rule() -> None:
    values = [*CONDITION_VALUES, None, "6", "", "3.0"]
    good, fair, damaged, critical, unsurveyed = BRIDGE_CLASSES
    expected = [good, good, fair, damaged, critical, critical] + [unsurveyed] * 4
    assert classify_bridges(values, bounds=BOUNDS).tolist() == expected
    # Another agency takes 3 for light damage, and 4 for heavy.
    assert classify_bridges(["2", "3", "4", "5"], bounds=(2, 3, 4)).tolist() == [good, fair, damaged, critical]
    assert classify_bridges([], bounds=BOUNDS).tolist() == []


@pytest.mark.parametrize("wrong", [(1, 2), (1, 2, 2), (3, 2, 1), (1, 2, 3, 4)])
def test_bounds_must_be_three_and_rise(wrong: tuple[float, ...]) -> None:
    with pytest.raises(InvalidMeasure):
        classify_bridges(["1"], bounds=wrong)


def test_bridge_lies_in_the_district_around_it_or_nowhere() -> None:
    places = [(103.05, -2.95), (103.1, -2.95), (103.25, -2.95), (104, -2.95)]
    made = frame([*map(shapely.Point, places), None, shapely.Point()], name=list("abcdef"))
    found = bridge_districts(made, THREE.iloc[::-1])
    assert found.tolist() == ["16.05.01", "16.05.01", "16.05.03", NOWHERE, NOWHERE, NOWHERE]
    assert bridge_districts(frame([], name=[]), THREE).tolist() == []
    with pytest.raises(MissingColumn):
        bridge_districts(made, THREE.drop(columns="code"))


def test_counts_and_metres_by_district() -> None:
    sums = summed([("16.05.01", 10, "0"), ("16.05.01", 5, "4"), ("16.05.02", None, None), ("16.05.02", -3, "2")])
    assert sums.count.loc["16.05.01"].to_dict() == {
        "good": 1, "fair": 0, "damaged": 0, "critical": 1, "unsurveyed": 0
    }  # fmt: skip
    assert sums.metres.loc["16.05.01"].to_dict() == {
        "good": 10, "fair": 0, "damaged": 0, "critical": 5, "unsurveyed": 0
    }  # fmt: skip
    assert sums.count.loc["16.05.02"].sum() == 2
    assert sums.metres.loc["16.05.02"].sum() == 0
    assert sums.count.index.tolist() == ["16.05.01", "16.05.02", "16.05.03"]


@settings(max_examples=60, deadline=None)
@given(BRIDGES, st.randoms())
def test_no_bridge_and_no_metre_is_lost_whatever_the_order(rows: list[Bridge], random: object) -> None:
    sums = summed(rows)
    assert sums.count.to_numpy().sum() == len(rows)
    assert sums.metres.to_numpy().sum() == pytest.approx(sum(length or 0 for _, length, _ in rows))
    by_value = sum_bridges(bridges(rows), ["16.05.01"], by="condition_value", groups=(*CONDITION_VALUES, "unsurveyed"))
    assert by_value.count.to_numpy().sum() == len(rows)
    assert by_value.count[["0", "1"]].to_numpy().sum() == sums.count["good"].sum()
    random.shuffle(rows)  # type: ignore[attr-defined]
    assert summed(rows).count.equals(sums.count)


def test_figures_of_the_whole_and_of_districts() -> None:
    rows: list[Bridge] = [
        ("16.05.01", 10, "0"), ("16.05.01", 5, "4"), ("16.05.01", 20, "3"), ("16.05.01", 7, None),
        ("16.05.02", 30, None), (NOWHERE, 100, "1"),
    ]  # fmt: skip
    figures = bridge_figures(
        summed(rows), codes=["16.05.01", "16.05.02", "16.05.03"], context=CONTEXT, rule=rule(1), has_bridges=True
    )

    def value(figure_id: str, area: str = "16.05") -> float | None:
        return figure_value(figures, figure_id, area)

    assert (value("bridges.count"), value("bridges.length_m")) == (6, 172)
    assert value("bridges.count.unsurveyed") == 2
    assert (value("bridges.length_m.good"), value("bridges.length_m.good", "16.05.01")) == (110, 10)
    assert value("bridges.damaged_percent") == pytest.approx(2 / 6 * 100)
    assert value("bridges.damaged_percent", "16.05.01") == pytest.approx(50)
    assert value("bridges.damaged_percent", "16.05.02") is None  # none was surveyed
    assert (value("bridges.count", "16.05.03"), value("bridges.damaged_percent", "16.05.03")) == (0, None)


def test_no_bridges_on_record_give_no_figures_of_0() -> None:
    figures = bridge_figures(summed([]), codes=["16.05.01"], context=CONTEXT, rule=rule(1), has_bridges=False)
    assert {one.value for one in figures} == {None}


def test_figures_of_one_district_alone_stand_once() -> None:
    context = FigureContext("16.05.01")
    sums = sum_bridges(bridges([("16.05.01", 10, "0")]), ["16.05.01"], by="bridge_class", groups=BRIDGE_CLASSES)
    figures = bridge_figures(sums, codes=["16.05.01"], context=context, rule=rule(1), has_bridges=True)
    assert figure_value(figures, "bridges.count", "16.05.01") == 1


def metric(geometries: list[shapely.Geometry], **columns: object) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(columns, geometry=geometries, crs=32748)


ROADS = metric([shapely.LineString([(0, 0), (100, 0)]), shapely.LineString([(0, 60), (100, 60)])], code=["2", "1"])


def test_bridge_is_on_its_recorded_road_else_on_the_nearest_within_reach() -> None:
    points = [(50, 0), (50, 200), (50, 5), (50, 30), (50, 150), (50, 95)]
    made = metric([*map(shapely.Point, points)], road_code=["2", "1", None, "77", None, None])
    found = bridges_on_roads(made, ROADS, reach=rule(50))
    assert found["road"].tolist() == ["2", "1", "2", "1", None, "1"]
    assert found["how"].tolist() == ["recorded", "recorded", "nearest", "nearest", "none", "nearest"]
    assert found["is_unknown"].tolist() == [False, False, False, True, False, False]
    assert found["distance_m"].tolist() == pytest.approx([0, 140, *[np.nan] * 4], nan_ok=True)


def test_bridges_without_roads_and_roads_without_bridges() -> None:
    made = metric([shapely.Point(0, 0)], road_code=["2"])
    nothing = bridges_on_roads(made, ROADS.iloc[:0], reach=rule(50))
    assert nothing[["road", "how"]].to_numpy().tolist() == [[None, "none"]]
    assert bridges_on_roads(made.iloc[:0], ROADS, reach=rule(50)).empty
    with pytest.raises(UnprojectedGeometry):
        bridges_on_roads(made.to_crs(4326), ROADS, reach=rule(50))
