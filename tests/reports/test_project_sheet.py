"""The sheet of one project: the board's fields, its curve and money; and nothing of it that is not the public's."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Connection, text

from app.errors import InvalidRequest, NotFound
from app.reports.report import Report, Words
from tests.helpers.factories import make_location, make_row
from tests.helpers.people import make_account, sign_in
from tests.helpers.tracking import contract_of, make_addendum, make_approved, make_baseline, make_company, make_contract
from tests.reports.conftest import compute, value
from tests.reports.works import A_SEPTEMBER, SECRET, cells, make_payment, make_works, table

ZONE = ZoneInfo("Asia/Jakarta")


@pytest.fixture
def works(connection: Connection) -> dict[str, int]:
    """The packages of `make_works`."""
    return make_works(connection)


def sheet(connection: Connection, code: str = "A", **options: Any) -> Report:
    return compute(connection, name="project", package=code, **options)


def facts(report: Report, table_id: str = "board") -> dict[str, Any]:
    return {row.key: row.cells[0] for row in table(report, table_id).rows}


def test_board_says_what_the_board_at_the_site_says(connection: Connection, works: dict[str, int]) -> None:
    supervisor = make_company(connection, name="CV Pengawas")
    connection.execute(
        text("UPDATE app.contract SET supervisor_id = :company, number = '620/A' WHERE project_id = :id"),
        {"company": supervisor, "id": works["A"]},
    )
    board = facts(sheet(connection))
    contractor = connection.scalar(text("SELECT contractor FROM app.project WHERE code = 'A'"))
    assert board == {
        "code": "A",
        "government": "Pemerintah Kabupaten Musi Rawas, Dinas PU, Bina Marga",
        "programme": (
            "1.03.10 Penyelenggaraan Jalan; 1.03.10.2.01 Jalan Kabupaten; 1.03.10.2.01.0033 Rekonstruksi Jalan"
        ),
        "name": "Jalan Ulu",
        "place": "Ulu",
        "contract": Words("620/A, 28 April 2026", "620/A, 28 April 2026"),
        "contract_idr": Words("Rp900.000.000", "Rp900,000,000"),
        "fund": Words("DAK fisik, Dana alokasi umum, 2026", "Special physical grant, General allocation, 2026"),
        "period": Words(
            "229 hari kalender, 1 Mei 2026 – 15 Desember 2026", "229 calendar days, 1 May 2026 – 15 December 2026"
        ),
        "contractor": contractor,
        "supervisor": "CV Pengawas",
        "status": Words("Pelaksanaan", "Construction"),
    }
    assert table(sheet(connection), "board").layout == "facts"


def test_figures_by_hand(connection: Connection, works: dict[str, int]) -> None:
    report = sheet(connection)
    assert value(report, "project.physical", "16.05") == 60
    assert value(report, "project.planned", "16.05") == pytest.approx(A_SEPTEMBER)
    assert value(report, "project.deviation", "16.05") == pytest.approx(60 - A_SEPTEMBER)
    assert value(report, "project.ceiling_idr", "16.05") == 1e9
    assert value(report, "project.contract_value_idr", "16.05") == 9e8
    assert value(report, "project.paid_idr", "16.05") == 3e8
    assert value(report, "project.paid_percent", "16.05") == pytest.approx(100 / 3)
    assert report.year == 2026
    assert report.about == "Jalan Ulu"


def test_financial_progress_is_of_the_contract_that_counts(
    client: FlaskClient, connection: Connection, works: dict[str, int]
) -> None:
    connection.execute(
        text("""
            UPDATE app.contract SET state = 'terminated', ended_on = '2026-10-10', end_reason = 'putus'
            WHERE project_id = :id
        """),
        {"id": works["A"]},
    )
    make_contract(
        connection, works["A"], signed_on=date(2026, 10, 20), start_date=date(2026, 10, 21), value_idr=600_000_000
    )
    make_payment(connection, works["A"], date(2026, 11, 2), 6e7)
    public = client.get("/reports/project?format=json&package=A").json
    found = {one["id"]: (one["value"], one["numerator"]) for one in public["figures"]}
    assert found["project.paid_idr"][0] == 3.6e8  # under both
    assert found["project.paid_percent"] == (pytest.approx(10), 6e7)


def test_sentences_say_how_far(connection: Connection, works: dict[str, int]) -> None:
    said = {one.code: (one.message_id, one.message_en) for one in sheet(connection).findings}
    assert said["how_far"] == (
        "Terlaksana 60,00% dari rencana 72,26% per 30 September 2026.",
        "60.00% done of 72.26% planned by 30 September 2026.",
    )
    assert said["in_time"][0] == "Terlambat, dalam penanganan."
    assert "forecast" in said
    tender = [one.message_id for one in sheet(connection, "B").findings]
    assert tender == ["Belum dimulai."]
    assert [one.message_en for one in sheet(connection, "D").findings] == ["These works are not carried out."]


def test_curve_follows_plan_and_reports(connection: Connection, works: dict[str, int]) -> None:
    (chart,) = sheet(connection).charts
    labels = [one.en for one in chart.labels if isinstance(one, Words)]
    series = {one.id: dict(zip(labels, one.values, strict=True)) for one in chart.series}
    assert labels[0] == "1 May 2026"
    assert labels[-1] == "15 December 2026"
    assert (series["planned"]["1 May 2026"], series["planned"]["15 December 2026"]) == (0, 100)
    assert series["physical"]["1 May 2026"] == 0
    assert series["physical"]["30 September 2026"] == 60
    assert series["physical"]["15 December 2026"] is None
    between = series["physical"]["19 August 2026"]  # six weeks before: 19 of 61 days after 31 July
    assert between == pytest.approx(40 + 20 * 19 / 61, abs=0.005)
    assert sheet(connection, "B").charts == ()


def test_first_plan_stays_beside_the_newest(connection: Connection, works: dict[str, int]) -> None:
    addendum = make_addendum(connection, contract_of(connection, works["A"]))
    make_baseline(
        connection,
        works["A"],
        {date(2026, 5, 1): 0, date(2026, 12, 28): 100},
        sequence=2,
        in_force_from=date(2026, 9, 1),
        addendum_id=addendum,
    )
    (chart,) = sheet(connection).charts
    assert [one.id for one in chart.series] == ["planned", "first_plan", "physical"]
    told = [row.cells[1] for row in table(sheet(connection), "milestones").rows]
    assert any(isinstance(one, Words) and "end now 28 December 2026" in one.en for one in told)


def test_long_works_keep_a_short_axis(connection: Connection, works: dict[str, int]) -> None:
    (chart,) = sheet(connection, "C").charts
    assert 10 < len(chart.labels) <= 23


def test_money_by_source_closes(connection: Connection, works: dict[str, int]) -> None:
    found = table(sheet(connection, "C"), "funds")
    assert [(row.key, cells(found, row)["amount_idr"]) for row in found.rows] == [
        ("2026-PAD", 1_000_000_000),
        ("2027-PAD", 1_000_000_000),
    ]
    assert cells(found)["amount_idr"] == 2_000_000_000


def test_payments_are_for_staff(connection: Connection, works: dict[str, int]) -> None:
    assert "payments" not in [one.id for one in sheet(connection).tables]
    found = table(sheet(connection, for_staff=True), "payments")
    assert [cells(found, row)["total_idr"] for row in found.rows] == [200_000_000, 300_000_000]
    assert cells(found)["amount_idr"] == 300_000_000


def test_milestones(connection: Connection, works: dict[str, int]) -> None:
    def told(report: Report) -> list[tuple[date, str]]:
        return [(row.cells[0], row.cells[1].en) for row in table(report, "milestones").rows]  # type: ignore[misc,union-attr]

    public = told(sheet(connection, "C"))
    assert public == [
        (date(2026, 4, 28), "Contract 620/C/2026 signed, Rp1,800,000,000"),
        (date(2026, 5, 1), "Works begin, SPMK (620/1/SPMK/2026)"),
        (date(2027, 6, 30), "Contract ends"),
    ]
    assert (date(2026, 9, 30), "Actual reaches 60.00%") in told(sheet(connection))
    staff = told(sheet(connection, "C", for_staff=True))
    assert (date(2026, 8, 20), "Declared critical, letter 610/KRITIS/1") in staff
    assert (date(2026, 8, 25), "Show cause meeting 1: 25.00% by 20 September 2026") in staff


def test_as_of_shows_what_was_recorded_then(connection: Connection, works: dict[str, int]) -> None:
    make_approved(connection, works["A"], date(2026, 10, 31), 80)
    then = sheet(connection, as_of=datetime(2026, 10, 3, tzinfo=ZONE))
    assert value(then, "project.physical", "16.05") == 60
    assert value(sheet(connection), "project.physical", "16.05") == 80
    assert [row.key for row in table(then, "progress").rows] == ["2026-07-31", "2026-09-30"]
    with pytest.raises(NotFound):
        sheet(connection, as_of=datetime(2025, 1, 1, tzinfo=ZONE))


def test_places_are_kept_apart(connection: Connection, works: dict[str, int]) -> None:
    make_location(connection, works["A"], "planned", "LINESTRING(102.94 -3.05, 102.96 -3.05)")
    make_location(connection, works["A"], "built", "LINESTRING(102.941 -3.05, 102.959 -3.05)")
    report = sheet(connection)
    assert list(report.frames["places"]["kind"]) == ["planned", "built"]
    assert report.frames["places"].crs == "EPSG:4326"
    (view,) = report.maps
    assert [one.code for one in view.classes] == ["planned", "built"]
    assert list(sheet(connection, "B").frames["places"]["kind"]) == ["known"]


def make_photo(connection: Connection, project: int, name: str, day: str, view: int, state: str = "published") -> None:
    make_row(
        connection,
        "app.photo",
        project_id=project,
        viewpoint_id=view,
        caption=name,
        original_hash=f"original-{name}",
        media_type="image/jpeg",
        bytes=1,
        width=4,
        height=3,
        thumbnail_hash=f"small-{name}",
        view_hash=f"view-{name}",
        public_hash=f"public-{name}",
        public_thumbnail_hash=f"public-small-{name}",
        perceptual_hash=1,
        taken_at=f"{day}T10:00:00+07:00",
        state=state,
    )


def test_pictures_are_published_ones_of_one_view(connection: Connection, works: dict[str, int]) -> None:
    view = make_row(connection, "app.viewpoint", project_id=works["A"], name="STA 0+400")
    for name, day, state in (
        ("before", "2026-05-02", "published"),
        ("middle", "2026-07-01", "published"),
        ("now", "2026-10-01", "published"),
        ("hidden", "2026-11-01", "pending"),
    ):
        make_photo(connection, works["A"], name, day, view, state)
    pictures = sheet(connection, for_staff=True).pictures
    assert [(one.hash, one.day, one.caption.en) for one in pictures] == [
        ("public-before", date(2026, 5, 2), "First · STA 0+400 · before"),
        ("public-now", date(2026, 10, 1), "Newest · STA 0+400 · now"),
    ]
    assert sheet(connection, "C").pictures == ()


@pytest.mark.parametrize("code", ["X", "a\0b", "'; DROP TABLE app.project; --"])
def test_unknown_code_is_refused(connection: Connection, works: dict[str, int], code: str) -> None:
    with pytest.raises((NotFound, InvalidRequest)):
        sheet(connection, code)


def test_public_answer_holds_nothing_of_the_staffs(
    client: FlaskClient, connection: Connection, works: dict[str, int]
) -> None:
    officer = make_account(connection, "ppk", name="Bapak Rahasia")
    connection.execute(
        text(
            "UPDATE app.project SET ppk_id = :ppk, notes = 'catatan dalam', owner_estimate_idr = 1950000000 WHERE id = :id"
        ),
        {"ppk": officer.id, "id": works["C"]},
    )
    public = client.get("/reports/project?format=json&package=C")
    assert public.status_code == 200
    body = public.get_data(as_text=True) + client.get("/reports/project?package=C").get_data(as_text=True)
    for hidden in (
        "610/KRITIS/1",
        "kritis",
        "critical",
        SECRET,
        "Bapak Rahasia",
        "catatan dalam",
        "SP2D/",
        "1.950.000",
    ):
        assert hidden not in body, hidden
    assert "620/C/2026" in body
    assert "Lembar pekerjaan: Jalan Ulu Ilir" in body
    sign_in(client, make_account(connection, "leader"))
    staff = client.get("/reports/project?format=json&package=C&lang=id").get_data(as_text=True)
    for told in ("610/KRITIS/1", "Bapak Rahasia", "catatan dalam", "SP2D/", "Rp1.950.000.000"):
        assert told in staff, told


def test_figures_open_to_the_project(client: FlaskClient, works: dict[str, int]) -> None:
    report = client.get("/reports/project?format=json&package=A").json
    (address,) = {one["features_url"] for one in report["figures"]}
    assert client.get(address).json["properties"]["code"] == "A"
    assert client.get("/reports/project.json").status_code == 400
    asking = client.get("/reports/project")
    assert asking.status_code == 200
    assert 'name="package"' in asking.get_data(as_text=True)
    assert "Isi kode paket" in asking.get_data(as_text=True)
    assert "/reports/project?package=A" in client.get("/projects/A").get_data(as_text=True)
    assert client.get("/reports/project.json?package=zzz").status_code == 404
