"""The bridges report: number and metres by class and condition value, by district, by road; none is ever dropped."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Connection, text

from app.reports.report import Report, Table, Words
from tests.helpers.factories import make_row
from tests.reports.conftest import compute, value

NAME = "bridges"


@pytest.fixture
def bridges(regency: Connection) -> Connection:
    """Five bridges in A (on 001, 002, the national road, near 002, and of a road that is gone), one in B, one outside."""
    rows: list[dict[str, Any]] = [
        {"code": "001.01", "road_code": "001", "sta_m": 450, "condition_value": "0", "length_m": 10.0,
         "geom": "POINT(102.9145 -3.02)"},
        {"code": "002.01", "road_code": "002", "condition_value": "4", "length_m": 25.5, "geom": "POINT(102.96 -3.05)"},
        {"code": "900.01", "road_code": "900", "condition_value": "2", "length_m": 100, "geom": "POINT(102.95 -3.03)"},
        {"code": None, "road_code": None, "condition_value": None, "length_m": 7, "geom": "POINT(102.97 -3.0501)"},
        {"code": "X", "road_code": "777", "condition_value": "3", "length_m": None, "geom": "POINT(102.93 -3.09)"},
        {"code": "002.02", "road_code": "002", "condition_value": "5", "length_m": 30, "geom": "POINT(103.04 -3.05)"},
        {"code": "002.03", "road_code": "002", "condition_value": "1", "length_m": 4, "geom": "POINT(103.5 -3.05)"},
    ]  # fmt: skip
    for number, row in enumerate(rows):
        make_row(regency, "layers.bridges", **{"name": f"Jembatan {number}", "survey_year": 2025, **row})
    return regency


def report_of(connection: Connection, code: str | None = None, **options: Any) -> Report:
    return compute(connection, code, name=NAME, **options)


def cells(report: Report, table_id: str) -> dict[str, dict[str, Any]]:
    table: Table = next(one for one in report.tables if one.id == table_id)
    names = [one.id for one in table.columns]
    rows = {row.key: dict(zip(names, row.cells, strict=True)) for row in table.rows}
    return rows | {"total": dict(zip(names, table.total or (), strict=True))}


def findings(report: Report) -> dict[str, int]:
    return {one.code: one.count for one in report.findings}


def test_number_and_metres_by_class_and_district(bridges: Connection) -> None:
    report = report_of(bridges)
    by_class = {one: value(report, f"bridges.count.{one}", "16.05") for one in (
        "good", "fair", "damaged", "critical", "unsurveyed")}  # fmt: skip
    assert by_class == {"good": 2, "fair": 1, "damaged": 1, "critical": 2, "unsurveyed": 1}
    assert value(report, "bridges.count", "16.05") == bridges.scalar(text("SELECT count(*) FROM layers.bridges"))
    assert value(report, "bridges.length_m", "16.05") == pytest.approx(176.5)
    assert value(report, "bridges.count", "16.05.01") == 5
    assert value(report, "bridges.length_m.critical", "16.05.02") == 30
    assert value(report, "bridges.damaged_percent", "16.05") == pytest.approx(3 / 7 * 100)
    assert value(report, "bridges.condition_value.5", "16.05.02") == 1
    assert value(report, "bridges.condition_value.5", "16.05.01") == 0
    for figure in report.figures:  # by PostGIS: the bridges of one value in one district
        if figure.id.startswith("bridges.condition_value.") and figure.area != "16.05":
            count = bridges.scalar(
                text(
                    "SELECT count(*) FROM layers.bridges b JOIN layers.districts d ON ST_Covers(d.geom, b.geom) "
                    "WHERE d.code = :area AND b.condition_value = :value"
                ),
                {"area": figure.area, "value": figure.id[-1]},
            )
            assert figure.value == count, figure.id


def test_tables_add_up(bridges: Connection) -> None:
    report = report_of(bridges)
    by_class = cells(report, "bridges_by_class")
    total = by_class.pop("total")
    assert set(by_class) == {"16.05.01", "16.05.02", ""}
    for name in total:
        if name.endswith(("_count", "_m")) or name in {"count", "length_m"}:
            assert sum(row[name] for row in by_class.values()) == pytest.approx(total[name]), name
    for table_id in ("bridges_by_value", "bridges_by_authority", "bridges_by_road"):
        rows = cells(report, table_id)
        whole = rows.pop("total")
        for name in ("count", "length_m"):
            assert sum(row[name] for row in rows.values()) == pytest.approx(whole[name]) == pytest.approx(total[name])
    values = cells(report, "bridges_by_value")
    assert (values["unsurveyed"]["count"], values["4"]["class"].en) == (1, "Critical or collapsed")


def test_classes_follow_the_rule(bridges: Connection) -> None:
    bridges.execute(text("UPDATE app.rules SET value = '[2, 3, 4]' WHERE code = 'JEMBATAN_NK_KELAS'"))
    report = report_of(bridges)
    found = [value(report, f"bridges.count.{one}", "16.05") for one in ("good", "fair", "damaged", "critical")]
    assert found == [3, 1, 1, 1]


def test_which_bridges_lie_on_which_road(bridges: Connection) -> None:
    report = report_of(bridges)
    assert {code: row["count"] for code, row in cells(report, "bridges_by_road").items()} == {
        "001": 1, "002": 4, "900": 1, "-": 1, "total": 7
    }  # fmt: skip
    assert {code: row["count"] for code, row in cells(report, "bridges_by_authority").items()} == {
        "national": 1, "regency": 5, "-": 1, "total": 7
    }  # fmt: skip
    found = findings(report)
    assert (found["bridges_on_nearest_road"], found["bridges_unknown_road"], found["bridges_without_road"]) == (1, 1, 1)
    assert (found["bridges_without_length"], found["bridges_unsurveyed"], found["bridges_without_district"]) == (1,) * 3
    assert found["bridges_far_from_road"] == 1  # 002.03 is drawn outside, 50 km from its road


def test_list_has_every_bridge_worst_first(bridges: Connection) -> None:
    report = report_of(bridges)
    dd2 = next(one for one in report.tables if one.id == "dd2")
    assert [row.key for row in dd2.rows if not row.is_subtotal] == [
        "002.01",
        "X",
        "900.01",
        "001.01",
        "5",
        "002.02",
        "002.03",
    ]
    rows = cells(report, "dd2")
    assert (rows["001.01"]["sta"], rows["001.01"]["condition_value"]) == ("0+450", "0")
    assert rows["X"]["notes"] == Words("ruas 777 tidak ada", "road 777 does not exist")
    assert rows["X"]["length_m"] is None
    assert rows["16.05.01"]["length_m"] == pytest.approx(142.5)


def test_own_bridges_alone_leave_out_those_of_others_and_say_so(bridges: Connection) -> None:
    report = report_of(bridges, roads="own")
    assert value(report, "bridges.count", "16.05") == 6
    assert findings(report)["bridges_of_others"] == 1


def test_one_district_is_the_same_as_in_the_whole(bridges: Connection) -> None:
    whole, part = report_of(bridges), report_of(bridges, "16.05.02")
    for figure in part.figures:
        assert figure.value == value(whole, figure.id, "16.05.02"), figure.id
    assert part.frames["bridges"]["code"].tolist() == ["002.02"]


def test_figures_open_to_their_bridges(bridges: Connection) -> None:
    report = report_of(bridges)
    figure = report.figure("bridges.condition_value.4", "16.05.01")
    assert figure is not None
    assert figure.features_url == "/ogc/collections/bridges/items?district_code=16.05.01&condition_value=4"
    count = report.figure("bridges.count.good", "16.05")
    assert count is not None
    assert count.rule == "JEMBATAN_NK_KELAS"


def test_no_bridges_are_unknown_not_0_and_none_here_is_0(bridges: Connection) -> None:
    bridges.execute(text("DELETE FROM layers.bridges WHERE code = '002.02'"))
    none_here = report_of(bridges, "16.05.02")
    assert value(none_here, "bridges.count", "16.05.02") == 0
    assert value(none_here, "bridges.damaged_percent", "16.05.02") is None
    bridges.execute(text("DELETE FROM layers.bridges"))
    empty = report_of(bridges)
    assert {one.value for one in empty.figures} == {None}
    assert "no_bridges" in findings(empty)


def test_missing_rule_and_missing_roads(bridges: Connection) -> None:
    bridges.execute(text("DELETE FROM layers.road_segments"))
    bridges.execute(text("DELETE FROM layers.roads"))
    report = report_of(bridges)
    assert value(report, "bridges.count", "16.05") == 7
    assert findings(report)["bridges_without_road"] == 7
    bridges.execute(text("DELETE FROM app.rules WHERE code = 'JEMBATAN_NK_KELAS'"))
    report = report_of(bridges)
    assert {one.value for one in report.figures} == {None}
    assert "rule_missing" in findings(report)
