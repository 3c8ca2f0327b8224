"""The list of programmes: every spelling of a code, files of both kinds, versions beside each other, bad files."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest
from flask.testing import FlaskClient
from openpyxl import Workbook
from sqlalchemy import Connection, text
from sqlalchemy.orm import Session

from app.packages.programmes import read_code, seed_programmes
from tests.helpers.factories import make_project

pytestmark = pytest.mark.usefixtures("ready")

LIST = (
    "Kode;Uraian\n1.03.10;PROGRAM PENYELENGGARAAN JALAN\n1.03.10.02.01;Penyelenggaraan Jalan Kabupaten/Kota\n"
    "1.03.10.201.0053;Pembangunan Jalan\n"
)


@pytest.mark.parametrize(
    ("written", "code", "level", "parent"),
    [
        ("1.03.10", "1.03.10", "programme", None),
        ("1.3.10", "1.03.10", "programme", None),
        ("1.03.10.2.01", "1.03.10.2.01", "activity", "1.03.10"),
        ("1.03.10.02.01", "1.03.10.2.01", "activity", "1.03.10"),
        ("1.03.10.201", "1.03.10.2.01", "activity", "1.03.10"),
        (" 1.03.10.2.01.0053 ", "1.03.10.2.01.0053", "sub_activity", "1.03.10.2.01"),
        ("1.03.10.02.01.0053", "1.03.10.2.01.0053", "sub_activity", "1.03.10.2.01"),
        ("1.03.10.201.0053", "1.03.10.2.01.0053", "sub_activity", "1.03.10.2.01"),
        ("1.03.10.2.01.05", "1.03.10.2.01.05", "sub_activity", "1.03.10.2.01"),  # of lists until 2022
        ("1.03.10.2.01.", "1.03.10.2.01", "activity", "1.03.10"),
    ],
)
def test_every_spelling_is_kept_as_one(written: str, code: str, level: str, parent: str | None) -> None:
    assert read_code(written) == (code, level, parent)


@pytest.mark.parametrize(
    "written",
    [
        "",
        "1",
        "1.03",
        "1.03.x",
        "1.03.10.2",
        "1.03.10.22.01",
        "1.03.10.2.01.00531",
        "1.03.10.2.01.0053.5.2",
        "１.０３.１０",
        "-1.03.10",
    ],
)
def test_what_is_no_code_is_refused(written: str) -> None:
    assert read_code(written) is None


def load(client: FlaskClient, content: bytes, version: str = "900.1-2850/2025", name: str = "daftar.csv") -> Any:
    return client.post("/api/v1/programmes", data={"version": version, "file": (BytesIO(content), name)})


def test_a_list_is_loaded_with_its_tree_and_beside_other_versions(planner: FlaskClient, connection: Connection) -> None:
    assert load(planner, LIST.encode()).get_json() == {"version": "900.1-2850/2025", "codes": 3}
    book = Workbook()
    book.active.append(["kode", "nama"])
    book.active.append(["1.03.10.2.01.0032", "Pembangunan Jalan"])
    target = BytesIO()
    book.save(target)
    assert load(planner, target.getvalue(), "S11", "daftar.xlsx").status_code == 201
    rows = connection.execute(
        text("""
            SELECT p.code, q.code AS parent FROM app.programme p LEFT JOIN app.programme q ON q.id = p.parent_id
            WHERE p.version = '900.1-2850/2025' ORDER BY p.code
        """)
    ).all()
    assert [tuple(row) for row in rows] == [
        ("1.03.10", None),
        ("1.03.10.2.01", "1.03.10"),
        ("1.03.10.2.01.0053", "1.03.10.2.01"),
    ]
    both = planner.get("/api/v1/programmes?q=pembangunan").get_json()
    assert {one["code"] for one in both["programmes"]} == {"1.03.10.2.01.0032", "1.03.10.2.01.0053"}


def test_a_list_loaded_again_renews_names_and_keeps_packages(planner: FlaskClient, connection: Connection) -> None:
    load(planner, LIST.encode())
    code = connection.scalar(text("SELECT id FROM app.programme WHERE level = 'sub_activity'"))
    make_project(connection, programme_id=code)
    assert load(planner, LIST.replace("Pembangunan Jalan", "Pembangunan jalan baru").encode()).status_code == 201
    assert connection.scalar(text("SELECT name FROM app.programme WHERE id = :id"), {"id": code}) == (
        "Pembangunan jalan baru"
    )


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "Pilih berkas"),
        (b"a,b\n1.03.10,x\n", "kolom kode dan nama"),
        (b"kode,nama\n", "kosong"),
        (b"kode,nama\nabc,x\n1.03.10,\n", "baris 2 (abc), baris 3 (1.03.10)"),
        (b"kode,nama\n1.03.10,\x00\n", "bukan CSV"),
        (b"PK\x03\x04rusak", "XLSX yang utuh"),
        (b'kode,nama\n1.03.10,"' + b"x" * 600 + b'"\n', "tidak dapat dibaca"),
        (b"kode,nama\n" + b'1.03.10,"' + b"x" * 200_000, "tidak dapat dibaca"),
    ],
)
def test_bad_files_load_nothing(planner: FlaskClient, connection: Connection, content: bytes, said: str) -> None:
    answer = load(planner, content)
    assert answer.status_code == 422
    assert said in answer.get_json()["errors"]["file"]
    assert connection.scalar(text("SELECT count(*) FROM app.programme")) == 0


def test_the_list_that_comes_along_is_loaded_into_an_empty_table_alone(connection: Connection) -> None:
    assert seed_programmes(connection) == 49
    assert seed_programmes(connection) == 0
    orphans = connection.scalar(
        text("SELECT count(*) FROM app.programme WHERE level = 'activity' AND parent_id IS NULL")
    )
    assert orphans == 0


def test_the_page_loads_and_shows_a_list(planner: FlaskClient, session: Session) -> None:
    data = {"version": "2850/2025", "file": (BytesIO(LIST.encode()), "d.csv")}
    assert planner.post("/programmes", data=data).status_code == 303
    page = planner.get("/programmes?version=2850/2025").get_data(as_text=True)
    assert "1.03.10.2.01.0053" in page
    wrong = planner.post("/programmes", data={"version": "x", "file": (BytesIO(b"a"), "d.csv")})
    assert wrong.status_code == 422
