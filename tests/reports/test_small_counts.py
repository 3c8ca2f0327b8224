"""Small counts of people: withheld from the public in every form of a report, with what would tell them."""

from __future__ import annotations

import json
from dataclasses import replace
from io import BytesIO

import geopandas as gpd
import openpyxl
import pytest
from shapely.geometry import Point

from app.reports.render import render
from app.reports.report import Column, Report, Row, Table
from app.reports.small import without_small_counts
from gis.figures import Figure
from tests.reports.sample import make_report

LEAST = 5
SERVED = {"16.05.01": (100, 97, 3), "16.05.02": (60, 40, 20), "16.05.03": (900, 700, 200)}


def make_people(served: dict[str, tuple[int, int, int]] = SERVED) -> Report:
    """A report on services: residents, served and others of three districts and the whole."""
    whole = tuple(sum(one[place] for one in served.values()) for place in range(3))
    columns = (
        Column("population", "Penduduk", "Residents", "persons"),
        Column("served", "Terlayani", "Served", "persons", "service.population"),
        Column("percent", "Cakupan", "Coverage", "percent", "service.population_percent"),
        Column("unserved", "Belum terlayani", "Not served", "persons", "service.unserved"),
    )

    def cells(one: tuple[int, ...]) -> tuple[float, ...]:
        return (one[0], one[1], round(one[1] / one[0] * 100, 2), one[2])

    figures = []
    base = make_report()
    for area, (people, with_service, without) in {**served, base.area.code: whole}.items():
        figures += [
            Figure("service.unserved", area, float(without), "persons"),
            Figure("service.population_percent", area, with_service / people * 100, "percent", with_service, people),
            Figure("service.facilities", area, 2.0, "facilities"),
        ]
    rows = tuple(Row(code, cells(one), f"Kecamatan {code}") for code, one in served.items())
    frame = gpd.GeoDataFrame(
        {"code": list(served), "unserved": [one[2] for one in served.values()], "geometry": [Point(0, 0)] * 3},
        crs=4326,
    )
    return replace(
        base,
        name="service_coverage",
        figures=tuple(figures),
        tables=(Table("service", "Cakupan", "Coverage", columns, rows, cells(whole)),),
        charts=(),
        maps=(),
        frames={"districts": frame},
        findings=(),
        settings={},
    )


def test_small_count_and_what_would_tell_it_are_withheld() -> None:
    report = without_small_counts(make_people(), LEAST)
    rows = {row.key: row.cells for row in report.tables[0].rows}
    assert rows["16.05.01"] == (None,) * 4
    assert rows["16.05.02"] == (None,) * 4  # else the whole less the others
    assert rows["16.05.03"] == (900, 700, 77.78, 200)
    assert report.tables[0].total == make_people().tables[0].total
    small = report.figure("service.population_percent", "16.05.01")
    assert small is not None
    assert (small.value, small.numerator, small.denominator) == (None, None, None)
    other = report.figure("service.facilities", "16.05.01")
    assert other is not None
    assert other.value == 2  # counts no people
    assert report.frames["districts"]["unserved"].isna().tolist() == [True, True, False]
    assert [(one.code, one.count) for one in report.findings] == [("small_counts", 2)]


def test_nobody_and_five_are_no_small_counts() -> None:
    report = make_people({"16.05.01": (100, 100, 0), "16.05.02": (60, 55, 5), "16.05.03": (900, 700, 200)})
    assert without_small_counts(report, LEAST) is report
    assert without_small_counts(report, LEAST + 1) is not report


def test_no_document_tells_a_small_count() -> None:
    report = without_small_counts(make_people(), LEAST)
    (table,) = json.loads(render(report, "json", language="id"))["tables"]
    assert [row["unserved"] for row in table["rows"]] == [None, None, 200]
    page = render(report, "html", language="id").decode()
    assert "97,00" not in page
    assert "tidak dibuka kepada publik" in page
    book = openpyxl.load_workbook(BytesIO(render(report, "xlsx", language="id")))
    sheet = book["Cakupan"]
    assert [[cell.value for cell in row[1:]] for row in sheet.iter_rows(min_row=2, max_row=3)] == [[None] * 4] * 2
    assert [cell.value for cell in sheet[4][1:]] == pytest.approx([900, 700, 77.78, 200], abs=0.005)
    assert all(cell.value not in {3, 97, 20, 40} for one in book for row in one.iter_rows() for cell in row)
