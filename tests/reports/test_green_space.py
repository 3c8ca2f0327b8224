"""The report of green open space, on a regency of known sizes."""

from __future__ import annotations

from typing import Any

import pytest
import shapely
from sqlalchemy import Connection, text

from app.reports.report import Report, Words
from tests.gis.builders import geodesic_m2
from tests.helpers.factories import make_row
from tests.reports.conftest import EAST, MIDDLE, NORTH, SOUTH, WEST, box, compute, value
from tests.reports.test_service_coverage import A, B, codes, people


@pytest.fixture
def green(regency: Connection) -> Connection:
    """Two villages in A, the west one half urban, and one in B. Nobody's house is drawn."""
    for code, west, east in ((f"{A}.2001", WEST, 102.95), (f"{A}.2002", 102.95, MIDDLE), (f"{B}.2001", MIDDLE, EAST)):
        make_row(regency, "layers.villages", code=code, name=f"Desa {code[-7:]}", geom=box(west, SOUTH, east, NORTH))
    people(regency, (f"{A}.2001", 2025, 20_000), (f"{A}.2002", 2025, 5_000), (f"{B}.2001", 2025, 700))
    return regency


def report_of(connection: Connection, code: str | None = None, **settings: Any) -> Report:
    return compute(connection, code, name="green_space", **settings)


def table_of(report: Report, table_id: str) -> Any:
    (found,) = [one for one in report.tables if one.id == table_id]
    return found


def test_shares_are_those_of_the_coverage_report(green: Connection) -> None:
    """The urban area is a quarter of A, a tenth of it public; a fifth public or private."""
    ours, coverage = report_of(green), compute(green)
    for figure_id in ("green.public_percent", "green.total_percent", "green.public_ha"):
        for area in ("16.05", A, B):
            assert value(ours, figure_id, area) == value(coverage, figure_id, area)
    assert value(ours, "green.public_percent", "16.05") == pytest.approx(10, rel=1e-3)
    assert value(ours, "green.private_percent", "16.05") == pytest.approx(10, rel=1e-3)
    urban_ha = ours.figure("green.public_percent", "16.05").denominator  # type: ignore[union-attr]
    assert value(ours, "green.public_lacking_ha", "16.05") == pytest.approx(0.1 * urban_ha, rel=1e-3)  # type: ignore[operator]
    assert value(ours, "green.total_lacking_ha", "16.05") == pytest.approx(0.1 * urban_ha, rel=1e-3)  # type: ignore[operator]
    assert value(ours, "green.total_lacking_ha", B) is None


def test_need_is_of_the_people_of_urban_areas(green: Connection) -> None:
    report = report_of(green)
    assert value(report, "green.population", "16.05") == pytest.approx(10_000, rel=0.03)
    people_known = value(report, "green.population", A)
    assert value(report, "green.need_ha", A) == pytest.approx(people_known * 20 / 10_000)  # type: ignore[operator]
    total = value(report, "green.total_ha", A)
    assert value(report, "green.m2_per_person", A) == pytest.approx(total * 10_000 / people_known)  # type: ignore[operator]
    assert value(report, "green.need_ha", B) is None
    assert {"residents_placed", "without_ihbi", "districts_without_urban_area"} <= codes(report)


def test_overlapping_parks_count_once_and_a_finding_says_so(green: Connection) -> None:
    before = value(report_of(green), "green.public_ha", "16.05")
    make_row(green, "layers.parks", name="Lagi", ownership="public", geom=box(WEST, SOUTH, 102.905, -3.05))
    report = report_of(green)
    assert value(report, "green.public_ha", "16.05") == pytest.approx(before)
    assert next(one.count for one in report.findings if one.code == "parks_overlap") == 3  # with the private one


def test_green_outside_of_urban_areas_does_not_count_and_a_finding_says_so(green: Connection) -> None:
    before = value(report_of(green), "green.public_ha", "16.05")
    assert "parks_outside_urban_areas" not in codes(report_of(green))
    make_row(green, "layers.parks", name="Luar", ownership="public", geom=box(103.01, SOUTH, 103.02, -3.05))
    report = report_of(green)
    assert value(report, "green.public_ha", "16.05") == pytest.approx(before)
    assert next(one.count for one in report.findings if one.code == "parks_outside_urban_areas") == 1


def test_villages_without_a_park_are_counted_and_listed(green: Connection) -> None:
    report = report_of(green)
    assert [value(report, "green.villages_without_park", area) for area in ("16.05", A, B)] == [2, 1, 1]
    table = table_of(report, "villages_without_park")
    assert [(row.key, row.cells[2]) for row in table.rows] == [
        (f"{A}.2002", Words("ya", "yes")),  # the urban area ends on its border
        (f"{B}.2001", Words("tidak", "no")),
    ]
    wide = report_of(green, radius_m="6000")
    assert value(wide, "green.villages_without_park", "16.05") == 1
    assert wide.figure("green.villages_without_park", A).rule is None  # type: ignore[union-attr]
    assert report.figure("green.villages_without_park", A).rule == "TAMAN_RW_RADIUS"  # type: ignore[union-attr]


def test_cemeteries_and_private_gardens_are_no_parks(green: Connection) -> None:
    make_row(
        green, "layers.parks", name="TPU", ownership="public", typology="RTH-7", geom=box(103.01, SOUTH, 103.02, -3.05)
    )
    make_row(green, "layers.parks", name="Kebun", ownership="private", geom=box(103.03, SOUTH, 103.04, -3.05))
    assert value(report_of(green), "green.villages_without_park", B) == 1


def test_parks_of_each_type_beside_their_standard(green: Connection) -> None:
    shape = box(102.91, -3.09, 102.911, -3.089)
    make_row(green, "layers.parks", name="Taman", ownership="public", typology="RTH-4", geom=shape)
    row = next(row for row in table_of(report_of(green), "provision").rows if row.key == "RTH-4")
    number, large_enough, needed, hectares, per_person, needed_ha, lacking_ha, meets = row.cells
    assert (number, large_enough, needed) == (1, 1, 1)
    assert hectares == pytest.approx(geodesic_m2(shapely.from_wkt(shape).geoms[0]) / 10_000, abs=1e-4)
    assert needed_ha == pytest.approx(10_000 * 0.3 / 10_000, rel=0.03)
    assert meets == Words("ya", "yes")
    assert lacking_ha == 0
    assert per_person == pytest.approx(hectares * 10_000 / 10_000, rel=0.03)


def test_no_parks_on_file_leaves_everything_about_them_unknown(green: Connection) -> None:
    green.execute(text("DELETE FROM layers.parks"))
    report = report_of(green)
    for figure_id in ("green.public_percent", "green.total_ha", "green.m2_per_person", "green.villages_without_park"):
        assert value(report, figure_id, "16.05") is None
    assert value(report, "green.need_ha", "16.05") is not None
    assert "no_parks" in codes(report)


def test_no_urban_areas_no_shares(green: Connection) -> None:
    green.execute(text("DELETE FROM layers.urban_areas"))
    report = report_of(green)
    assert value(report, "green.public_percent", "16.05") is None
    assert value(report, "green.need_ha", "16.05") is None
    assert value(report, "green.villages_without_park", "16.05") == 2
    assert "no_urban_areas" in codes(report)


def test_no_population_leaves_the_need_unknown(green: Connection) -> None:
    green.execute(text("DELETE FROM layers.population"))
    report = report_of(green)
    assert value(report, "green.need_ha", "16.05") is None
    assert value(report, "green.public_percent", "16.05") == pytest.approx(10, rel=1e-3)
    assert "no_population" in codes(report)


def test_one_district_has_the_figures_that_it_has_in_the_whole(green: Connection) -> None:
    alone, whole = report_of(green, A), report_of(green)
    for figure in alone.figures:
        assert figure.value == pytest.approx(value(whole, figure.id, A), rel=1e-9), figure.id
