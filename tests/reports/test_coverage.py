from __future__ import annotations

from datetime import datetime
from urllib.parse import urlsplit

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Connection, text

from app.errors import NotFound
from app.reports.definition import report_definition
from app.reports.kinds.coverage import FIGURE_UNITS
from app.reports.report import report_text
from layers.history import read_as_of
from tests.helpers.factories import make_district, make_region, make_road, make_street
from tests.reports.conftest import box, compute, line, postgis_m, value

A, B, WHOLE = "16.05.01", "16.05.02", "16.05"


def codes_of(report_findings: tuple[object, ...]) -> set[str]:
    return {finding.code for finding in report_findings}  # type: ignore[attr-defined]


def test_every_area_has_every_figure_in_order(regency: Connection) -> None:
    report = compute(regency)
    taken = [one for ids in report_definition("coverage").includes.values() for one in ids]
    ids = [*FIGURE_UNITS, *taken]
    assert [(one.area, one.id) for one in report.figures] == [(area, one) for area in (WHOLE, A, B) for one in ids]


def test_street_lengths_agree_with_postgis_and_leave_out_what_is_outside(regency: Connection) -> None:
    report = compute(regency)
    in_a = postgis_m(regency, line((102.95, -3.01), (102.96, -3.01))) + postgis_m(
        regency, line((102.99, -3.08), (103, -3.08))
    )
    in_b = postgis_m(regency, line((103, -3.08), (103.01, -3.08)))
    assert value(report, "streets.length_km", A) == pytest.approx(in_a / 1000, rel=1e-6)
    assert value(report, "streets.length_km", B) == pytest.approx(in_b / 1000, rel=1e-6)
    assert value(report, "streets.length_km", WHOLE) == pytest.approx((in_a + in_b) / 1000, rel=1e-6)
    assert "streets_outside" in codes_of(report.findings)
    area_m2 = regency.scalar(
        text("SELECT ST_Area(geom::geography) FROM layers.districts WHERE code = :code"), {"code": B}
    )
    assert value(report, "streets.density_km_per_km2", B) == pytest.approx(in_b / 1000 / (area_m2 / 1e6), rel=1e-6)
    assert "density_area" in codes_of(report.findings)


def test_roads_count_by_legal_length_split_over_districts(regency: Connection) -> None:
    report = compute(regency)
    assert report.year == 2025
    # 001 (1 km) in A; half of 002 (3 km) in each; the national road belongs to another government.
    assert value(report, "roads.length_km", A) == pytest.approx(2.5, abs=1e-6)
    assert value(report, "roads.length_km", B) == pytest.approx(1.5, abs=1e-6)
    assert value(report, "roads.length_km", WHOLE) == pytest.approx(4.0, abs=1e-9)
    # 002 is fair up to its middle, which is the border.
    by_condition = {"good": 0.6, "fair": 1.5, "light_damage": 0, "heavy_damage": 0.4, "unsurveyed": 0}
    for condition, km in by_condition.items():
        assert value(report, f"roads.length_km.{condition}", A) == pytest.approx(km, abs=1e-3)
    assert value(report, "roads.kemantapan", A) == pytest.approx(2.1 / 2.5 * 100, abs=0.05)
    assert value(report, "roads.kemantapan", B) == pytest.approx(0, abs=0.05)
    assert value(report, "roads.kemantapan", WHOLE) == pytest.approx(2.1 / 4 * 100, abs=1e-6)


def test_kemantapan_can_be_opened(regency: Connection) -> None:
    figure = compute(regency).figure("roads.kemantapan", WHOLE)
    assert figure is not None
    assert (figure.numerator, figure.denominator) == pytest.approx((2.1, 4.0))
    assert figure.rule == "KEMANTAPAN"
    assert figure.rule_version == "2026-01"
    assert figure.legal_basis
    assert str(figure.data_date) == "2025-06-30"
    assert [(one.layer, one.features) for one in figure.inputs] == [
        ("roads", 2),
        ("road_segments", 4),
        ("districts", 2),
    ]
    assert figure.features_url == "/ogc/collections/roads/items?status=regency"


def test_condition_table_closes_to_the_metre(regency: Connection) -> None:
    table = next(one for one in compute(regency).tables if one.id == "roads_by_condition")
    assert table.total is not None
    rows = [row.cells for row in table.rows]
    for values in [*rows, table.total]:
        assert round(sum(values[:5]) * 1000) == round(values[5] * 1000)  # type: ignore[arg-type, operator, misc]
    for column in range(6):
        assert round(sum(row[column] for row in rows) * 1000) == round(table.total[column] * 1000)  # type: ignore[misc, operator]


def test_other_survey_year_is_never_mixed_in(regency: Connection) -> None:
    report = compute(regency, year=2024)
    assert report.year == 2024
    assert value(report, "roads.length_km.good", WHOLE) == pytest.approx(1.0)
    assert value(report, "roads.length_km.unsurveyed", WHOLE) == pytest.approx(3.0)
    assert value(report, "roads.length_km.heavy_damage", WHOLE) == 0


def test_year_without_survey_is_unknown_not_zero(regency: Connection) -> None:
    report = compute(regency, year=2019)
    assert value(report, "roads.kemantapan", WHOLE) is None
    assert value(report, "roads.length_km", WHOLE) == pytest.approx(4.0)
    assert "no_road_survey" in codes_of(report.findings)


def test_green_space_counts_in_urban_areas_and_overlaps_once(regency: Connection) -> None:
    report = compute(regency)
    # The public park is a tenth of the urban area; the private one is a fifth, half of it under the public one.
    assert value(report, "green.public_percent", WHOLE) == pytest.approx(10, rel=1e-4)
    assert value(report, "green.total_percent", WHOLE) == pytest.approx(20, rel=1e-4)
    assert value(report, "green.public_percent", A) == pytest.approx(10, rel=1e-4)
    assert value(report, "green.public_percent", B) is None
    assert "districts_without_urban_area" in codes_of(report.findings)
    figure = report.figure("green.public_percent", WHOLE)
    assert figure is not None
    assert figure.features_url == "/ogc/collections/parks/items?ownership=public"
    assert figure.rule == "RTH_PUBLIK_MIN"
    assert figure.verified


def test_city_is_urban_as_a_whole(connection: Connection, regency: Connection) -> None:
    connection.execute(text("UPDATE app.region SET code = '16.73', kind = 'city', name = 'Lubuk Linggau'"))
    connection.execute(text("UPDATE layers.districts SET code = replace(code, '16.05', '16.73')"))
    for table in ("roads", "streets", "parks", "urban_areas", "road_segments"):
        connection.execute(
            text(
                f"UPDATE layers.{table} SET district_codes = string_to_array(replace(array_to_string(district_codes, ','), '16.05', '16.73'), ',')"
            )
        )
    connection.execute(text("UPDATE layers.roads SET status = 'city' WHERE code = '001'"))
    report = compute(connection)
    # The park covers a tenth of a quarter of one of two equal districts.
    assert value(report, "green.public_percent", "16.73") == pytest.approx(100 / 10 / 4 / 2, rel=1e-3)
    assert value(report, "green.public_percent", "16.73.02") == 0
    assert value(report, "roads.length_km", "16.73") == pytest.approx(1.0)


def test_one_district_has_the_figures_it_has_in_the_whole(regency: Connection) -> None:
    whole, alone = compute(regency), compute(regency, A)
    assert {one.area for one in alone.figures} == {A}
    for figure in alone.figures:
        in_whole = whole.figure(figure.id, A)
        assert in_whole is not None
        assert figure.value == (None if in_whole.value is None else pytest.approx(in_whole.value, rel=1e-9))
        assert figure.inputs == in_whole.inputs
        assert figure.features_url == in_whole.features_url
    assert "streets_outside" not in codes_of(alone.findings)


def test_findings_of_a_district_are_of_its_own_roads(regency: Connection) -> None:
    make_road(regency, code="003", length_sk_m=500, geom=line((103.08, -3.02), (103.09, -3.02)))
    unsurveyed = {area: {one.code for one in compute(regency, area).findings} for area in (A, B)}
    assert "roads_unsurveyed" in unsurveyed[B]
    assert "roads_unsurveyed" not in unsurveyed[A]


def test_district_without_streets_has_none_of_the_km_not_no_figure(regency: Connection) -> None:
    make_district(regency, code="16.05.03", name="C", geom=box(103.2, -3.1, 103.3, -3.0))
    assert value(compute(regency), "streets.length_km", "16.05.03") == 0
    assert value(compute(regency, "16.05.03"), "streets.length_km", "16.05.03") == 0
    assert value(compute(regency, "16.05.03"), "roads.length_km", "16.05.03") == 0
    assert value(compute(regency, "16.05.03"), "roads.kemantapan", "16.05.03") is None


def test_province_sums_its_regencies(connection: Connection, regency: Connection) -> None:
    connection.execute(text("UPDATE app.region SET code = '16', kind = 'province', name = 'Sumatera Selatan'"))
    connection.execute(
        text(
            "INSERT INTO app.areas VALUES ('16.05', 'Kabupaten Musi Rawas', 'regency', '16'), ('16.73', 'Kota X', 'regency', '16')"
        )
    )
    make_district(connection, code="16.73.01", name="X", geom=box(103.5, -3.1, 103.6, -3.0))
    whole, part = compute(connection), compute(connection, "16.05")
    assert {one.area for one in whole.figures} == {"16", A, B, "16.73.01"}
    assert value(whole, "streets.length_km", "16.73.01") == pytest.approx(
        postgis_m(connection, line((103.5, -3.08), (103.6, -3.08))) / 1000, rel=1e-6
    )
    assert {one.area for one in part.figures} == {"16.05", A, B}
    assert value(part, "streets.length_km", "16.05") == pytest.approx(
        (value(whole, "streets.length_km", A) or 0) + (value(whole, "streets.length_km", B) or 0), rel=1e-9
    )
    assert value(part, "roads.length_km", "16.05") == pytest.approx(4.0)
    assert value(part, "green.public_percent", "16.05") == pytest.approx(10, rel=1e-4)
    figure = part.figure("streets.length_km", "16.05")
    assert figure is not None
    assert figure.features_url == "/ogc/collections/streets/items?regency_code=16.05"
    assert figure.inputs[0].features == 2


def test_same_inputs_give_the_same_bytes_and_an_edit_another_moment(
    connection: Connection, regency: Connection
) -> None:
    first = compute(regency)
    assert report_text(first, language="id") == report_text(compute(regency), language="id")
    newest = connection.scalar(
        text("SELECT max(changed_at) FROM app.layer_versions WHERE layer IN ('districts', 'streets', 'roads', 'parks')")
    )
    assert first.as_of >= newest
    versions = {one.layer: one.version for one in first.figures[0].inputs}
    make_street(connection, geom=line((102.95, -3.02), (102.96, -3.02)))
    assert {one.layer: one.version for one in compute(regency).figures[0].inputs}["streets"] == versions["streets"] + 1


def test_as_of_uses_what_was_recorded_by_then(connection: Connection, regency: Connection) -> None:
    for table in ("districts", "streets", "roads", "road_segments", "urban_areas", "parks"):
        connection.execute(text(f"ALTER TABLE layers.{table} DISABLE TRIGGER b_stamp_version"))
        connection.execute(text(f"UPDATE layers.{table} SET valid_from = '2025-01-10T00:00:00+07:00'"))
        connection.execute(text(f"DELETE FROM history.{table}"))
    connection.execute(
        text("UPDATE layers.roads SET length_sk_m = 2000, valid_from = '2026-03-01T08:00:00+07:00' WHERE code = '001'")
    )
    past = read_as_of("2026-02-28", "Asia/Jakarta")
    report = compute(regency, as_of=past)
    assert value(report, "roads.length_km", WHOLE) == pytest.approx(4.0)
    assert value(compute(regency), "roads.length_km", WHOLE) == pytest.approx(5.0)
    assert report.as_of == past
    figure = report.figure("roads.length_km", A)
    assert figure is not None
    assert "as_of=2026-02-28T23" in (figure.features_url or "")
    before = report_text(report, language="id")
    connection.execute(
        text("UPDATE layers.roads SET length_sk_m = 2500, valid_from = '2026-04-01+07' WHERE code = '001'")
    )
    assert report_text(compute(regency, as_of=past), language="id") == before
    nothing = compute(regency, as_of=datetime.fromisoformat("2020-01-01T00:00:00+07:00"))
    assert value(nothing, "streets.length_km", WHOLE) is None
    assert "no_boundary" in codes_of(nothing.findings)


def test_features_behind_a_figure_are_as_many_as_it_says(client: FlaskClient, regency: Connection) -> None:
    report = compute(regency)
    for figure in report.figures:
        assert figure.features_url is not None
        address = urlsplit(figure.features_url)
        answer = client.get(f"{address.path}?{address.query}&count=true&limit=1")
        assert answer.status_code == 200, answer.text
        assert answer.json["numberMatched"] == figure.inputs[0].features, (figure.id, figure.area)


def test_nothing_imported_yet_is_unknown_everywhere(connection: Connection) -> None:
    make_region(connection)
    report = compute(connection)
    assert all(figure.value is None for figure in report.figures)
    assert {"no_boundary", "rule_missing"} <= codes_of(report.findings)
    assert report.year is None


def test_district_of_the_list_without_boundary_is_named(connection: Connection, regency: Connection) -> None:
    connection.execute(text("INSERT INTO app.areas VALUES ('16.05.08', 'Jayaloka', 'district', '16.05')"))
    report = compute(connection)
    assert value(report, "streets.length_km", "16.05.08") is None
    finding = next(one for one in report.findings if one.code == "districts_without_boundary")
    assert "16.05.08" in finding.message_id
    assert finding.count == 1
    alone = compute(connection, "16.05.08")
    assert all(figure.value is None for figure in alone.figures)
    assert "no_boundary" in codes_of(alone.findings)


def test_edited_rule_is_used_and_its_past_kept(connection: Connection, regency: Connection) -> None:
    connection.execute(text("ALTER TABLE app.rules DISABLE TRIGGER b_stamp_version"))
    connection.execute(text("UPDATE app.rules SET valid_from = '2026-01-01+07'"))
    connection.execute(text("DELETE FROM history.rules"))
    connection.execute(
        text(
            "UPDATE app.rules SET legal_basis = 'Perda 1/2026', valid_from = '2026-06-01+07' WHERE code = 'RTH_PUBLIK_MIN'"
        )
    )
    now, then = compute(regency), compute(regency, as_of=read_as_of("2026-05-31", "Asia/Jakarta"))
    assert now.rules["RTH_PUBLIK_MIN"].rule.legal_basis == "Perda 1/2026"
    assert then.rules["RTH_PUBLIK_MIN"].rule.legal_basis != "Perda 1/2026"
    early = compute(regency, as_of=read_as_of("2025-05-31", "Asia/Jakarta"))
    assert early.rules["RTH_PUBLIK_MIN"].rule.legal_basis != "Perda 1/2026"
    assert "rules_from_later" in codes_of(early.findings)


@pytest.mark.parametrize("code", ["16.06", "16.05.99", "31", "16.05.01.2001", "x", "16.0", "' OR 1=1"])
def test_area_outside_of_the_region_is_not_found(regency: Connection, code: str) -> None:
    with pytest.raises(NotFound, match="Musi Rawas"):
        compute(regency, code)
