"""The alarm by page and API: a contract's whole way, what is refused, who may, and what the public never sees."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Connection, text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.orm import Session

from app.critical.service import evaluate
from tests.helpers.people import bearer, make_account, sign_in
from tests.helpers.tracking import make_approved, make_excuse, make_tracked_project

TODAY = date(2026, 11, 24)
API = "/api/v1/projects/KR-1/critical"
LETTER = {"letter_number": "600/77/PPK/2026", "letter_date": "2026-11-17"}


@pytest.fixture(autouse=True)
def on_24_november(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.critical.routes.region_today", lambda _session: TODAY)


@pytest.fixture
def project(connection: Connection, app_session: Session) -> int:
    """A contract indicated as critical by case a: planned 50, done 39.99 on 15 November."""
    project = make_tracked_project(
        connection, code="KR-1", name="Peningkatan Jalan Simpang Semambang", unit_id=unit(connection)
    )
    make_approved(connection, project, date(2026, 11, 15), 39.99, planned_percent=50)
    evaluate(app_session, project, today=TODAY)
    app_session.commit()
    return project


def unit(connection: Connection) -> int:
    agency = connection.scalar(
        text("INSERT INTO app.unit (code, name) VALUES ('1.03', 'Dinas Pekerjaan Umum') RETURNING id")
    )
    found = connection.scalar(
        text(
            "INSERT INTO app.unit (code, name, parent_id) VALUES ('1.03.1', 'Bidang Bina Marga', :agency) RETURNING id"
        ),
        {"agency": agency},
    )
    assert found
    return int(found)


def post(client: FlaskClient, path: str, **values: Any) -> Any:
    return client.post(f"{API}/{path}", json=values)


def hold(client: FlaskClient, stage: int, held: str, due: str, target: float) -> Any:
    return post(client, "meetings", stage=stage, held_on=held, due_on=due, target_percent=target)


def test_contract_goes_through_scm_i_and_recovers(connection: Connection, ppk: FlaskClient, project: int) -> None:
    declared = post(ppk, "declaration", **LETTER)
    assert declared.status_code == 201
    assert declared.json["state"] == "declared"
    assert declared.json["case"]["declared_on"] == "2026-11-17"
    assert declared.json["next_stage"] == 1
    held = hold(ppk, 1, "2026-11-18", "2026-11-22", 55)
    assert held.status_code == 201
    assert [one["stage"] for one in held.json["meetings"]] == [1]
    passed = post(ppk, "meetings/1/outcome", reached_percent=55.5, outcome_on="2026-11-22")
    assert passed.status_code == 200
    assert passed.json["state"] == "none"
    assert passed.json["case"] is None
    assert passed.json["indication"]["is_settled"] is True
    history = passed.json["history"][0]
    assert (history["closed_how"], history["closed_on"], history["letter_number"]) == (
        "test_passed",
        "2026-11-22",
        "600/77/PPK/2026",
    )
    assert history["meetings"][0]["outcome"] == "passed"
    row = connection.execute(
        text("SELECT critical_state, critical_case FROM app.project WHERE id = :id"), {"id": project}
    ).one()
    assert tuple(row) == ("none", None)


def test_figure_known_at_the_passed_test_does_not_indicate_again_but_a_newer_one_does(
    connection: Connection, app_session: Session, ppk: FlaskClient, project: int
) -> None:
    post(ppk, "declaration", **LETTER)
    hold(ppk, 1, "2026-11-18", "2026-11-22", 41)
    post(ppk, "meetings/1/outcome", reached_percent=41, outcome_on="2026-11-22")
    assert evaluate(app_session, project, today=TODAY) is None
    make_approved(connection, project, date(2026, 11, 23), 41, planned_percent=55)
    change = evaluate(app_session, project, today=TODAY)
    assert change is not None
    assert change.change == "opened"


def test_failed_tests_lead_to_the_next_stage_and_at_last_to_termination(ppk: FlaskClient, project: int) -> None:
    post(ppk, "declaration", **LETTER)
    days = [("2026-11-17", "2026-11-18"), ("2026-11-18", "2026-11-19"), ("2026-11-19", "2026-11-20")]
    for stage, (held, due) in enumerate(days, start=1):
        assert hold(ppk, stage, held, due, 60).status_code == 201
        failed = post(
            ppk,
            f"meetings/{stage}/outcome",
            reached_percent=45,
            outcome_on=due,
            warning_number=f"SP/{stage}",
            warning_date=due,
        )
        assert failed.json["meetings"][-1]["outcome"] == "failed"
        assert failed.json["may_terminate"] is (stage == 3)
    fourth = post(ppk, "meetings", held_on="2026-11-21", due_on="2026-11-23", target_percent=60)
    assert fourth.status_code == 422
    assert "memutus kontrak" in fourth.json["errors"]["stage"]
    assert ppk.get(API).json["state"] == "declared"
    assert "Buka kontrak untuk pemutusan" in ppk.get("/packages/KR-1/critical").text
    assert {f"warning-{stage}" for stage in (1, 2, 3)} < set(ppk.get(API).json["letters"])


@pytest.mark.parametrize(
    ("path", "values", "field"),
    [
        ("declaration", {"letter_date": "2026-11-17"}, "letter_number"),
        ("declaration", {**LETTER, "letter_date": "2026-11-14"}, "letter_date"),  # before the figure it rests on
        ("declaration", {**LETTER, "letter_date": "2026-11-25"}, "letter_date"),  # tomorrow
        ("declaration", {**LETTER, "declared_on": "2026-11-16"}, "declared_on"),
        ("declaration", {**LETTER, "stage": 1}, "stage"),
        ("meetings", {"held_on": "2026-11-18", "due_on": "2026-11-22", "target_percent": 60}, ""),  # not declared yet
        ("closing", {"closed_how": "test_passed", "reason": "x"}, "closed_how"),
        ("closing", {"closed_how": "recovered"}, "reason"),
        (
            "excuses",
            {"cause": "employer", "from_day": "2026-11-20", "until_day": "2026-11-01", "reason": "x"},
            "until_day",
        ),
        (
            "excuses",
            {"cause": "contractor", "from_day": "2026-11-01", "until_day": "2026-11-02", "reason": "x"},
            "cause",
        ),
        (
            "excuses",
            {"cause": "employer", "from_day": "2026-11-01", "until_day": "2026-11-20", "reason": "  "},
            "reason",
        ),
        ("extra-time", {"until": "2026-12-15"}, "until"),  # the contract's own end
    ],
)
def test_what_cannot_be_is_refused_beside_its_field(
    connection: Connection, ppk: FlaskClient, project: int, path: str, values: dict[str, Any], field: str
) -> None:
    answer = post(ppk, path, **values)
    assert answer.status_code == 422
    assert set(answer.json["errors"]) == {field}
    kept = connection.execute(text("SELECT state FROM app.critical_case")).scalars().all()
    assert kept == ["indicated"]
    assert connection.scalar(text("SELECT count(*) FROM app.delay_excuse")) == 0


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"held_on": "2026-11-16", "due_on": "2026-11-20", "target_percent": 60}, "held_on"),  # before the declaration
        ({"held_on": "2026-11-18", "due_on": "2026-11-18", "target_percent": 60}, "due_on"),
        ({"held_on": "2026-11-18", "due_on": "2026-11-20", "target_percent": 39.99}, "target_percent"),
        ({"held_on": "2026-11-18", "due_on": "2026-11-20", "target_percent": 100.1}, "target_percent"),
        ({"held_on": "2026-11-18", "due_on": "2026-11-20", "target_percent": "NaN"}, "target_percent"),
        ({"stage": 2, "held_on": "2026-11-18", "due_on": "2026-11-20", "target_percent": 60}, "stage"),
        ({"held_on": "2026-11-25", "due_on": "2026-11-30", "target_percent": 60}, "held_on"),
    ],
)
def test_meeting_that_cannot_be_is_refused(ppk: FlaskClient, project: int, values: dict[str, Any], field: str) -> None:
    post(ppk, "declaration", **LETTER)
    answer = post(ppk, "meetings", **values)
    assert answer.status_code == 422
    assert set(answer.json["errors"]) == {field}
    assert ppk.get(API).json["meetings"] == []


def test_outcome_must_agree_with_the_target_and_come_in_time(ppk: FlaskClient, project: int) -> None:
    post(ppk, "declaration", **LETTER)
    hold(ppk, 1, "2026-11-18", "2026-11-22", 55)
    assert post(ppk, "meetings/2/outcome", reached_percent=55, outcome_on="2026-11-22").status_code == 404
    for values, field in (
        ({"reached_percent": 54.99, "outcome_on": "2026-11-22", "outcome": "passed"}, "outcome"),
        ({"reached_percent": 55, "outcome_on": "2026-11-22", "outcome": "failed"}, "outcome"),
        ({"reached_percent": 50, "outcome_on": "2026-11-21"}, "outcome_on"),  # the test still runs
        ({"reached_percent": 55, "outcome_on": "2026-11-20", "warning_number": "SP/1"}, "warning_number"),
    ):
        answer = post(ppk, "meetings/1/outcome", **values)
        assert (answer.status_code, set(answer.json["errors"])) == (422, {field})
    second = hold(ppk, 2, "2026-11-19", "2026-11-22", 60)
    assert second.status_code == 422  # the first has no outcome yet


def test_same_request_twice_declares_once(connection: Connection, ppk: FlaskClient, project: int) -> None:
    answers = [ppk.post(f"{API}/declaration", json=LETTER, headers={"Idempotency-Key": "k1"}) for _time in range(2)]
    assert [one.status_code for one in answers] == [201, 201]
    assert answers[0].data == answers[1].data
    assert post(ppk, "declaration", **LETTER).status_code == 422  # without the key it is another request


def test_excuse_by_api_withdraws_the_indication(ppk: FlaskClient, project: int) -> None:
    answer = post(
        ppk, "excuses", cause="employer", from_day="2026-11-10", until_day="2026-11-20", reason="Lahan belum bebas"
    )
    assert answer.status_code == 201
    assert answer.json["state"] == "none"
    assert answer.json["indication"]["is_excused"] is True
    assert answer.json["indication"]["excuse"] == {"cause": "employer", "reason": "Lahan belum bebas"}
    assert answer.json["history"][0]["closed_how"] == "excused"
    assert answer.json["excuses"][0]["reason"] == "Lahan belum bebas"


def test_excuse_recorded_wrongly_is_taken_back(connection: Connection, ppk: FlaskClient, project: int) -> None:
    post(ppk, "excuses", cause="employer", from_day="2026-11-10", until_day="2026-11-20", reason="salah paket")
    excuse = ppk.get(API).json["excuses"][0]["id"]
    other = make_excuse(connection, make_tracked_project(connection), date(2026, 11, 1), date(2026, 11, 2))
    assert ppk.delete(f"{API}/excuses/{other}").status_code == 404
    assert "Batalkan catatan ini" in ppk.get("/packages/KR-1/critical").text
    assert ppk.post(f"/packages/KR-1/critical/excuses/{excuse}/withdrawal").status_code == 302
    answer = ppk.get(API).json
    assert (answer["excuses"], answer["state"]) == ([], "indicated")
    assert (
        connection.scalar(text("SELECT reason FROM history.delay_excuse WHERE id = :id"), {"id": excuse})
        == "salah paket"
    )


@pytest.mark.parametrize(
    "role", ["field_officer", "treasurer", "reviewer", "leader", "planner", "gis_operator", "administrator"]
)
def test_only_the_ppk_declares_and_all_staff_read(
    connection: Connection, client: FlaskClient, project: int, role: str
) -> None:
    sign_in(client, make_account(connection, role))
    assert client.get(API).status_code == 200
    page = client.get("/packages/KR-1/critical")
    assert page.status_code == 200
    assert "Tetapkan kritis" not in page.text
    assert post(client, "declaration", **LETTER).status_code == 403
    assert client.post("/packages/KR-1/critical/declaration", data=LETTER).status_code == 403


def test_ppk_of_another_area_neither_reads_nor_declares(
    connection: Connection, client: FlaskClient, project: int
) -> None:
    sign_in(client, make_account(connection, "ppk", area="16.05.01"))
    assert client.get(API).status_code == 403
    assert post(client, "declaration", **LETTER).status_code == 403
    assert client.get(f"{API}/letters/reprimand.pdf").status_code == 403


def test_token_for_reading_does_not_declare(connection: Connection, client: FlaskClient, project: int) -> None:
    headers = bearer(connection, make_account(connection, "ppk"), ["critical:cases:read"])
    assert client.get(API, headers=headers).status_code == 200
    assert client.post(f"{API}/declaration", json=LETTER, headers=headers).status_code == 403


def test_public_learns_nothing_of_the_alarm(connection: Connection, client: FlaskClient, project: int) -> None:
    connection.execute(
        text(
            "UPDATE app.critical_case SET state = 'declared', declared_on = :d, letter_number = 'RAHASIA-77', letter_date = :d"
        ),
        {"d": TODAY},
    )
    connection.execute(text("UPDATE app.project SET critical_state = 'declared', critical_case = 'a'"))
    for path in (API, f"{API}/fine", f"{API}/letters/reprimand.pdf"):
        assert client.get(path).status_code == 401
    assert client.get("/packages/KR-1/critical").status_code in {302, 401}
    for path in (
        "/api/v1/projects",
        "/api/v1/projects/KR-1",
        "/ogc/collections/projects/items",
        "/projects",
        "/projects/KR-1",
    ):
        answer = client.get(path)
        assert answer.status_code == 200, path
        for word in ("critical", "kritis", "declared", "RAHASIA", "show_cause", "forecast"):
            assert word not in answer.text, (path, word)
    assert "late_in_handling" in client.get("/api/v1/projects/KR-1").text


@pytest.mark.parametrize("table", ["critical_case", "show_cause_meeting", "delay_excuse", "project"])
def test_public_role_reads_none_of_its_tables(reader_connection: Connection, table: str) -> None:
    for schema in ("app", "history"):
        with pytest.raises(ProgrammingError, match="permission denied"), reader_connection.begin_nested():
            reader_connection.execute(text(f"SELECT * FROM {schema}.{table}"))


def test_page_shows_rule_clause_numbers_and_legal_basis(ppk: FlaskClient, project: int) -> None:
    page = ppk.get("/packages/KR-1/critical").text
    for part in (
        "Terindikasi kritis",
        "Periode I",
        "50,00%",
        "39,99%",
        "10,01",
        "KRITIS_P1_LAG",
        "SSUK 31.2",
        "2026-01",
        "Tetapkan kritis",
    ):
        assert part in page, part
    assert "belum diverifikasi" not in page  # these rules were read; the ones below were not


def test_money_that_runs_ahead_of_the_works_is_flagged(connection: Connection, ppk: FlaskClient, project: int) -> None:
    connection.execute(text("UPDATE app.contract SET advance_percent = 20 WHERE project_id = :id"), {"id": project})
    assert [flag["kind"] for flag in ppk.get(API).json["money_flags"]] == ["works_ahead"]  # 39.99 done, nothing paid
    connection.execute(
        text(
            "INSERT INTO app.payment (project_id, number, paid_on, kind, amount_idr) VALUES (:id, 'SP2D/1', '2026-11-01', 'monthly', 777000000)"
        ),
        {"id": project},
    )
    flag = ppk.get(API).json["money_flags"][0]  # 777 of 1 110 million are 70 %; 39.99 + 20 + 5 are allowed
    assert (flag["kind"], flag["rule"]["code"], flag["threshold_points"]) == ("money_ahead", "KEUANGAN_LEBIH_POIN", 25)
    assert flag["difference_points"] == pytest.approx(30.01)
    for page in ("/packages/KR-1/critical", "/packages/KR-1"):
        assert "Keuangan 70,0% mendahului fisik 40,0%" in ppk.get(page).text


def test_page_reads_in_english_too(ppk: FlaskClient, project: int) -> None:
    page = ppk.get("/packages/KR-1/critical?lang=en").text
    assert '<html lang="en">' in page
    assert "late by" in page
    assert "39.99%" in page


def test_unverified_rule_is_marked(
    connection: Connection, app_session: Session, ppk: FlaskClient, project: int
) -> None:
    connection.execute(text("UPDATE app.rules SET status = 'R?' WHERE code = 'KRITIS_P1_LAG'"))
    evaluate(app_session, project, today=TODAY)
    app_session.commit()
    assert "belum diverifikasi" in ppk.get("/packages/KR-1/critical").text
    assert ppk.get(API).json["indication"]["verified"] is False


def test_form_that_is_refused_keeps_what_was_typed(connection: Connection, ppk: FlaskClient, project: int) -> None:
    page = ppk.post(
        "/packages/KR-1/critical/declaration", data={"letter_number": "600/<b>77</b>", "letter_date": "2026-11-30"}
    )
    assert page.status_code == 422
    assert "600/&lt;b&gt;77&lt;/b&gt;" in page.text
    assert "Tanggal ini belum tiba." in page.text
    done = ppk.post(
        "/packages/KR-1/critical/declaration",
        data={"letter_number": "600/77", "letter_date": "2026-11-17", "declared_on": ""},
    )
    assert done.status_code == 302
    assert connection.scalar(text("SELECT state FROM app.critical_case")) == "declared"


def test_fine_counts_days_after_the_end_and_says_so(connection: Connection, ppk: FlaskClient) -> None:
    project = make_tracked_project(
        connection,
        code="LT-1",
        contract={"end_date": date(2026, 11, 14), "value_idr": 1_110_000_000},
        extra_time_until=date(2027, 1, 3),
    )
    fine = ppk.get("/api/v1/projects/LT-1/critical/fine").json
    assert (fine["days"], fine["amount_idr"], fine["in_extra_time"]) == (10, "10000000.00", True)
    page = ppk.get("/packages/LT-1/critical").text
    assert "Rp1.000.000.000 × 1‰ × 10 = Rp10.000.000" in page
    connection.execute(
        text("INSERT INTO app.status_change (project_id, to_status, on_day) VALUES (:id, 'handed_over', '2026-11-18')"),
        {"id": project},
    )
    assert ppk.get("/api/v1/projects/LT-1/critical/fine").json["days"] == 4


def test_fine_of_a_part_without_value_and_of_self_managed_work(connection: Connection, ppk: FlaskClient) -> None:
    make_tracked_project(connection, code="PT-1", contract={"fine_base": "part"})
    make_tracked_project(connection, code="SW-1", contract={"kind": "self_managed", "company_id": None})
    assert ppk.get("/api/v1/projects/PT-1/critical/fine").status_code == 422
    assert "Isi nilai bagian itu" in ppk.get("/packages/PT-1/critical").text
    assert ppk.get("/api/v1/projects/SW-1/critical/fine").status_code == 404
    assert ppk.get("/packages/SW-1/critical").status_code == 200


@pytest.mark.parametrize("days", ["-1", "1.5", "99999", "abc", "'; DROP TABLE app.project; --"])
def test_days_that_are_none_are_refused(ppk: FlaskClient, project: int, days: str) -> None:
    assert ppk.get(f"{API}/fine", query_string={"days": days}).status_code == 422


def test_extra_time_is_recorded_with_the_rule_beside_it(connection: Connection, ppk: FlaskClient, project: int) -> None:
    answer = post(ppk, "extra-time", until="2027-01-31")
    assert answer.status_code == 201
    assert answer.json["extra_time_until"] == "2027-01-31"
    assert answer.json["extra_time_rule"]["value"] == 50
    assert "extra-time" in answer.json["letters"]


def test_unknown_package_and_letter_are_not_found(ppk: FlaskClient, project: int) -> None:
    assert ppk.get("/api/v1/projects/NOPE/critical").status_code == 404
    assert ppk.get("/packages/NOPE/critical").status_code == 404
    for kind in ("warning-1", "warning", "reprimand-1", "minutes-9", "../paper", "paper", "invitation-1"):
        assert ppk.get(f"{API}/letters/{kind}.pdf").status_code == 404, kind


def test_telling_those_concerned(connection: Connection, app_session: Session, client: FlaskClient) -> None:
    account = make_account(connection, "ppk")
    project = make_tracked_project(connection, code="NT-1", ppk_id=account.id)
    make_approved(connection, project, date(2026, 11, 15), 10, planned_percent=50)
    evaluate(app_session, project, today=TODAY)
    kinds = connection.scalars(text("SELECT kind FROM app.notice WHERE account_id = :id"), {"id": account.id}).all()
    assert list(kinds) == ["critical"]


def test_excuse_outside_the_day_leaves_the_page_critical(
    connection: Connection, ppk: FlaskClient, project: int
) -> None:
    make_excuse(connection, project, date(2026, 10, 1), date(2026, 10, 31))
    assert ppk.get(API).json["indication"]["is_critical"] is True
