"""The list as files: the same rows as on the page, safe in spreadsheets, with dates and numbers that programs read."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from datetime import datetime
from typing import Any

import openpyxl
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Connection

from app.exports import routes
from app.exports.project_files import csv_cell
from tests.helpers.factories import make_district, make_project, make_region, make_village


@pytest.fixture(autouse=True)
def region(connection: Connection) -> None:
    make_region(connection)
    make_district(connection)
    make_village(connection)


def rows_of(client: FlaskClient, query: str = "") -> list[dict[str, str]]:
    answer = client.get(f"/projects.csv{query}")
    assert answer.status_code == 200, answer.text
    assert answer.content_type.startswith("text/csv")
    written = answer.data.decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(written), strict=True))


def test_csv_has_plain_numbers_days_and_codes(client: FlaskClient, connection: Connection) -> None:
    make_project(
        connection, code="P-1", name='Jalan "A", B', planned_percent=62, physical_percent=48.2,
        contract_value_idr=1_250_000_000,
    )  # fmt: skip
    make_project(connection, code="P-2", geom=None, contract_value_idr=None, end_date=None, physical_percent=None)
    first, second = sorted(rows_of(client), key=lambda row: row["code"])

    assert first["name"] == 'Jalan "A", B'
    assert (first["contract_value_idr"], first["physical_percent"], first["deviation_points"]) == (
        "1250000000",
        "48.2",
        "-13.8",
    )
    assert (first["start_date"], first["district_codes"], first["villages"]) == (
        "2026-05-01",
        "16.05.09",
        "Pasar Muara Beliti",
    )
    assert first["lon"].startswith("102.9")
    assert first["url"] == "http://localhost/projects/P-1"
    assert datetime.fromisoformat(first["as_of"]).tzinfo is not None
    assert "Kabupaten Musi Rawas" in first["terms"]
    assert [second[name] for name in ("contract_value_idr", "physical_percent", "end_date", "lon")] == [""] * 4


@pytest.mark.parametrize("hostile", ["=1+1", "+62", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_no_cell_is_run_as_a_formula(client: FlaskClient, connection: Connection, hostile: str) -> None:
    make_project(connection, code="P-1", name=hostile)
    assert rows_of(client)[0]["name"].startswith("'")
    book = openpyxl.load_workbook(io.BytesIO(client.get("/projects.xlsx").data))
    cell = book.worksheets[0]["B2"]
    assert cell.data_type == "s"
    assert csv_cell(-13.8) == "-13.8"


def test_files_hold_the_rows_of_the_filter(client: FlaskClient, connection: Connection) -> None:
    make_project(connection, code="P-1", sector="roads", year=2025)
    make_project(connection, code="P-2", sector="bridges")
    make_project(connection, code="P-3", sector="bridges", name="Jembatan Kelingi")

    assert {row["code"] for row in rows_of(client, "?sector=bridges")} == {"P-2", "P-3"}
    assert [row["code"] for row in rows_of(client, "?sort=-code")] == ["P-3", "P-2", "P-1"]
    assert {row["code"] for row in rows_of(client, "?q=kelingi&year=2026")} == {"P-3"}
    assert rows_of(client, "?as_of=2020-01-01") == []
    assert rows_of(client, "?district=16.05.01") == []


def test_geojson_is_a_collection_with_its_source(client: FlaskClient, connection: Connection) -> None:
    make_project(connection, code="P-1")
    make_project(connection, code="P-2", geom=None)
    answer = client.get("/projects.geojson?sort=code")
    content: dict[str, Any] = json.loads(answer.data)

    assert answer.mimetype == "application/geo+json"
    assert content["type"] == "FeatureCollection"
    assert content["numberMatched"] == 2
    assert "Lisensi" in content["terms"]
    located, nowhere = content["features"]
    assert located["geometry"]["type"] == "LineString"
    assert located["properties"]["url"] == "http://localhost/projects/P-1"
    assert nowhere["geometry"] is None
    assert json.loads(client.get("/projects.geojson?year=1999").data)["features"] == []


def test_workbook_has_numbers_days_and_labels(client: FlaskClient, connection: Connection) -> None:
    make_project(connection, code="P-1", planned_percent=62, physical_percent=48.2)
    answer = client.get("/projects.xlsx?year=2026")
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="pekerjaan-16.05-')
    book = openpyxl.load_workbook(io.BytesIO(answer.data))
    head, row = (list(line) for line in book.worksheets[0].iter_rows(values_only=True))
    found = dict(zip(head, row, strict=True))

    assert found["Tahap"] == "Terlambat"
    assert found["Realisasi fisik"] == 48.2
    assert found["Tanggal mulai"] == datetime(2026, 5, 1)
    facts = dict(book.worksheets[1].iter_rows(values_only=True))
    assert facts["Baris"] == "1 / 1"
    assert facts["Alamat"] == "http://localhost/projects?year=2026"


def test_every_part_is_written_and_the_limit_holds(
    app: Flask, client: FlaskClient, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(7):
        make_project(connection, code=f"K-{number}")
    monkeypatch.setattr(routes, "ROWS_AT_ONCE", 3)
    codes = [row["code"] for row in rows_of(client, "?sort=code")]
    assert codes == [f"K-{number}" for number in range(7)]
    assert len(json.loads(client.get("/projects.geojson").data)["features"]) == 7
    settings = app.config["SETTINGS"]
    app.config["SETTINGS"] = replace(settings, feeds=replace(settings.feeds, download_rows=4))
    answer = client.get("/projects.csv?sort=code")
    assert answer.headers["X-Rows-Matched"] == "7"
    assert [row["code"] for row in rows_of(client, "?sort=code")] == codes[:4]


@pytest.mark.parametrize("address", [
    "/projects.csv?stage=zzz", "/projects.xlsx?apa=1", "/projects.geojson?sort=%27", "/projects.csv?bbox=1",
    "/projects.csv?as_of=x", "/projects.csv?q=" + "x" * 5000,
])  # fmt: skip
def test_what_the_list_refuses_is_refused_before_a_file_begins(client: FlaskClient, address: str) -> None:
    answer = client.get(address)
    assert answer.status_code == 400
    assert "Content-Disposition" not in answer.headers


def test_unknown_kind_is_no_file(client: FlaskClient) -> None:
    assert client.get("/projects.pdf").status_code == 404


def test_list_offers_its_files(client: FlaskClient, connection: Connection) -> None:
    make_project(connection)
    html = client.get("/projects?sector=roads&sort=name").text
    for kind in ("csv", "geojson", "xlsx"):
        assert f'href="/projects.{kind}?sector=roads&amp;sort=name"' in html
