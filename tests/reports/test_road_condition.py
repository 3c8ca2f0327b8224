"""The road condition report: lengths by class and surface, road by road, along STA and over the years."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Connection, text

from app.errors import InvalidRequest
from app.reports.report import Report, Row, Table, Words
from gis.road_condition import CONDITION_CLASSES
from gis.roads import SURFACE_GROUPS
from tests.helpers.factories import make_row
from tests.reports.conftest import compute, line, value

NAME = "road_condition"
FIGURES = ("roads.length_km", "roads.kemantapan", *(f"roads.length_km.{one}" for one in CONDITION_CLASSES))


def report_of(connection: Connection, code: str | None = None, **options: Any) -> Report:
    return compute(connection, code, name=NAME, **options)


def table(report: Report, table_id: str) -> Table:
    return next(one for one in report.tables if one.id == table_id)


def cells(table_: Table, row: Row | tuple[Any, ...] | None) -> dict[str, Any]:
    assert row is not None
    return dict(zip((one.id for one in table_.columns), row.cells if isinstance(row, Row) else row, strict=True))


def road(report: Report, code: str) -> dict[str, Any]:
    dd1 = table(report, "dd1")
    return cells(dd1, next(row for row in dd1.rows if row.key == code))


def findings(report: Report) -> dict[str, int]:
    return {one.code: one.count for one in report.findings}


def update(connection: Connection, statement: str) -> None:
    connection.execute(text(statement))


@pytest.mark.parametrize("code", [None, "16.05.01", "16.05.02"])
@pytest.mark.parametrize("year", [None, 2024])
def test_figures_are_those_of_the_coverage_report(regency: Connection, code: str | None, year: int | None) -> None:
    report, coverage = report_of(regency, code, year=year), compute(regency, code, year=year)
    areas = [code] if code else ["16.05", "16.05.01", "16.05.02"]
    for area in areas:
        for figure_id in FIGURES:
            mine, other = report.figure(figure_id, area or ""), coverage.figure(figure_id, area or "")
            assert mine == other, (figure_id, area)


def test_each_road_stands_once_with_its_legal_length(regency: Connection) -> None:
    dd1 = table(report_of(regency), "dd1")
    # Half of 002 lies in each district: it stands in the one whose code sorts first. 900 is a national road.
    assert [(row.key, row.level, row.is_subtotal) for row in dd1.rows] == [
        ("16.05.01", 0, True), ("001", 1, False), ("002", 1, False),
    ]  # fmt: skip
    second = cells(dd1, dd1.rows[2])
    assert second["districts"] in {"A, B", "B, A"}
    assert (second["length_sk_km"], second["length_km"]) == (3.0, 3.0)
    assert (second["fair_km"], second["fair_percent"]) == (1.5, 50.0)
    assert (second["light_damage_km"], second["unsurveyed_km"]) == (1.5, 0)
    assert cells(dd1, dd1.total)["length_km"] == 4.0
    assert cells(dd1, dd1.rows[0])["length_km"] == 4.0


def assert_closes(table_: Table) -> None:
    """Surfaces and conditions of every row are its length, and rows add up to subtotals and total, to the metre."""
    totals = dict.fromkeys((one.id for one in table_.columns if one.unit == "km"), 0)
    for row in table_.rows:
        values = cells(table_, row)
        metres = {name: round(values[name] * 1000) for name in totals}
        assert sum(metres[f"{one}_km"] for one in CONDITION_CLASSES) == metres["length_km"]
        assert sum(metres[f"surface_{one}"] for one in SURFACE_GROUPS) == metres["length_km"]
        if not row.is_subtotal:
            totals = {name: totals[name] + metres[name] for name in totals}
    assert {name: round(cells(table_, table_.total)[name] * 1000) for name in totals} == totals


def test_table_closes_with_lengths_that_do_not_divide(regency: Connection) -> None:
    update(regency, "UPDATE layers.roads SET length_sk_m = 1003.7 WHERE code = '001'")
    update(regency, "UPDATE layers.roads SET length_sk_m = 2990.3 WHERE code = '002'")
    update(regency, "UPDATE layers.road_segments SET sta_to_m = 333.33 WHERE sta_to_m = 600")
    update(regency, "UPDATE layers.road_segments SET sta_from_m = 333.33 WHERE sta_from_m = 600")
    for code in (None, "16.05.01", "16.05.02"):
        report = report_of(regency, code)
        assert_closes(table(report, "dd1"))
        by_condition, by_surface = table(report, "roads_by_condition"), table(report, "roads_by_surface")
        for one, other in zip(by_condition.rows, by_surface.rows, strict=True):
            assert cells(by_condition, one)["total"] == cells(by_surface, other)["total"]
        whole, listed = cells(by_condition, by_condition.total), cells(table(report, "dd1"), table(report, "dd1").total)
        assert [whole[one] for one in CONDITION_CLASSES] == [listed[f"{one}_km"] for one in CONDITION_CLASSES]


def test_surface_is_of_the_segment_else_of_the_road_else_unknown(regency: Connection) -> None:
    update(regency, "UPDATE layers.roads SET surface = 'gravel' WHERE code = '001'")
    update(regency, "UPDATE layers.road_segments SET surface = 'asphalt' WHERE road_code = '001' AND sta_from_m = 600")
    report = report_of(regency)
    first = road(report, "001")
    assert (first["surface_gravel"], first["surface_paved"], first["surface_unknown"]) == (0.6, 0.4, 0)
    assert value(report, "roads.surface_km.paved", "16.05") == pytest.approx(0.4)
    assert value(report, "roads.surface_km.unknown", "16.05.02") == pytest.approx(1.5)
    assert findings(report)["surface_unknown"] == 1


def test_of_a_district_the_parts_in_it_count(regency: Connection) -> None:
    report = report_of(regency, "16.05.02")
    dd1 = table(report, "dd1")
    assert [row.key for row in dd1.rows] == ["16.05.02", "002"]
    second = road(report, "002")
    assert (second["length_sk_km"], second["length_km"], second["light_damage_km"]) == (3.0, 1.5, 1.5)
    assert value(report, "roads.length_km", "16.05.02") == pytest.approx(1.5)


def test_class_by_iri_and_by_sdi(regency: Connection) -> None:
    update(regency, "UPDATE layers.road_segments SET iri = 3.25, sdi = 91 WHERE road_code = '001' AND sta_to_m = 1000")
    assert value(report_of(regency), "roads.length_km.heavy_damage", "16.05") == pytest.approx(0.4)
    assert findings(report_of(regency))["condition_contradicted"] == 1
    for method, good, fair in (("iri", 1.0, 1.5), ("sdi", 0.6, 1.9), ("combined", 0.6, 1.9)):
        report = report_of(regency, method=method)
        assert value(report, "roads.length_km.good", "16.05") == pytest.approx(good), method
        assert value(report, "roads.length_km.fair", "16.05") == pytest.approx(fair), method
        assert findings(report)["condition_by_record"] == 3
        assert "condition_method" in findings(report)
        figure = report.figure("roads.length_km.good", "16.05")
        assert figure is not None
        assert figure.features_url is not None
        assert "condition=" not in figure.features_url


def test_newest_of_two_surveys_in_a_year_counts(regency: Connection) -> None:
    make_row(
        regency, "layers.road_segments", road_code="001", sta_from_m=600, sta_to_m=1000, survey_year=2025,
        survey_date="2025-11-01", condition="good", geom=line((102.91, -3.02), (102.92, -3.02)),
    )  # fmt: skip
    report, coverage = report_of(regency), compute(regency)
    assert value(report, "roads.length_km.heavy_damage", "16.05") == 0
    assert value(coverage, "roads.length_km.heavy_damage", "16.05") == 0
    assert findings(report)["survey_repeated"] == findings(coverage)["survey_repeated"] == 1


def test_strip_map_shows_the_roads_with_most_damage_or_the_one_asked_for(regency: Connection) -> None:
    (strips, *_) = report_of(regency).charts
    assert [(strip.label, strip.length_m) for strip in strips.strips] == [
        (f"002 {name_of(regency, '002')}", 3000.0), (f"001 {name_of(regency, '001')}", 1000.0),
    ]  # fmt: skip
    assert strips.strips[1].pieces == ((0.0, 600.0, "good"), (600.0, 1000.0, "heavy_damage"))
    assert {one.code for one in strips.classes} == set(CONDITION_CLASSES)
    assert len(report_of(regency, strips="1").charts[0].strips) == 1
    alone = report_of(regency, road="001")
    assert [strip.label[:3] for strip in alone.charts[0].strips] == ["001"]
    assert [row.key for row in table(alone, "dd1").rows] == ["16.05.01", "001"]
    assert_closes(table(alone, "dd1"))
    assert value(alone, "roads.length_km", "16.05") == pytest.approx(4)  # figures are of the area all the same
    assert alone.frames["road_sections"]["road_code"].unique().tolist() == ["001"]


def name_of(connection: Connection, code: str) -> str:
    return str(connection.scalar(text("SELECT name FROM layers.roads WHERE code = :code"), {"code": code}))


def test_unknown_road_is_refused_with_a_sentence(regency: Connection) -> None:
    for code in ("777", "900"):  # 900 is not the regency's own
        with pytest.raises(InvalidRequest, match=code):
            report_of(regency, road=code)
    with pytest.raises(InvalidRequest):
        report_of(regency, method="guess")


def test_years_of_survey(regency: Connection) -> None:
    by_year = {one.id: one for one in report_of(regency).charts}
    assert by_year["condition_by_year"].labels == ("2024", "2025")
    series = {one.id: one.values for one in by_year["condition_by_year"].series}
    assert series["good"] == (1.0, 0.6)
    assert series["unsurveyed"] == (3.0, 0.0)
    assert by_year["kemantapan_by_year"].series[0].values == (25.0, 52.5)


def test_notes_tell_of_the_survey_of_a_road(regency: Connection) -> None:
    update(regency, "DELETE FROM layers.road_segments WHERE road_code = '001'")
    update(regency, "UPDATE layers.road_segments SET sta_to_m = 2500 WHERE sta_to_m = 3000")
    update(regency, "UPDATE layers.roads SET in_force_until = '2025-12-31' WHERE code = '002'")
    report = report_of(regency)
    assert road(report, "001")["notes"] == Words("belum disurvei", "not surveyed")
    notes = road(report, "002")["notes"]
    assert notes.id.startswith("survei 2,500 km, tidak disesuaikan; SK sampai ")
    found = findings(report)
    assert (found["survey_length_differs"], found["roads_unsurveyed"], found["decree_ended"]) == (1, 1, 1)


def test_access_is_by_drawn_roads_that_meet(regency: Connection) -> None:
    update(
        regency,
        "UPDATE layers.roads SET geom = ST_GeomFromText('MULTILINESTRING((102.91 -3.02, 102.91 -3.03))', 4326) "
        "WHERE code = '001'",
    )
    report = report_of(regency)
    assert (road(report, "001")["access"], road(report, "002")["access"]) == ("N", None)


def test_map_has_every_section_with_its_class(regency: Connection) -> None:
    report = report_of(regency)
    frame = report.frames["road_sections"]
    assert frame["condition"].tolist() == ["good", "heavy_damage", "fair", "light_damage"]
    assert frame.crs == 4326
    # By PostGIS: 40 percent of the drawn line of 001.
    metres = regency.scalar(
        text("SELECT ST_Length(ST_LineSubstring(ST_GeometryN(geom, 1), 0.6, 1)::geography) FROM layers.roads "
             "WHERE code = '001'")
    )  # fmt: skip
    assert frame.to_crs(32748).length.iloc[1] == pytest.approx(metres, rel=1e-3)
    assert {one.id for one in report.maps} == {"condition", "kemantapan"}


def test_no_survey_and_no_roads_are_said(regency: Connection) -> None:
    report = report_of(regency, year=2019)
    assert value(report, "roads.kemantapan", "16.05") is None
    assert value(report, "roads.length_km.unsurveyed", "16.05") == pytest.approx(4)
    assert "no_road_survey" in findings(report)
    update(regency, "DELETE FROM layers.road_segments")
    none = report_of(regency)
    assert value(none, "roads.kemantapan", "16.05") is None
    assert [one.id for one in none.charts] == []
    update(regency, "DELETE FROM layers.roads WHERE status = 'regency'")
    empty = report_of(regency)
    assert {one.value for one in empty.figures} == {None}
    assert empty.tables == ()
    assert "no_legal_roads" in findings(empty)


def test_missing_rule_gives_no_figures_and_says_which(regency: Connection) -> None:
    update(regency, "DELETE FROM app.rules WHERE code = 'IRI_S'")
    report = report_of(regency)
    assert {one.value for one in report.figures} == {None}
    assert "IRI_S" in next(one.message_id for one in report.findings if one.code == "rule_missing")


def test_roads_without_any_district_are_listed_and_close(regency: Connection) -> None:
    update(regency, "DELETE FROM layers.districts")
    report = report_of(regency)
    assert value(report, "roads.length_km", "16.05") == pytest.approx(4)
    dd1 = table(report, "dd1")
    assert [(row.key, row.is_subtotal) for row in dd1.rows] == [("-", True), ("001", False), ("002", False)]
    assert_closes(dd1)
    assert findings(report)["roads_without_district"] == 2


def test_years_before_are_those_recorded_at_the_moment(regency: Connection) -> None:
    """A report of the year 2024 is not changed by a survey of 2025."""
    report = report_of(regency, year=2024)
    assert report.year == 2024
    assert value(report, "roads.kemantapan", "16.05") == pytest.approx(25)
    assert road(report, "002")["notes"] == Words("belum disurvei", "not surveyed")
