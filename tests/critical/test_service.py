"""The alarm's life: proposed by figures, withdrawn by figures or excuses, declared, tested, closed; never twice."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from sqlalchemy import Connection, event, text
from sqlalchemy.orm import Session

from app.critical.service import evaluate, evaluate_all
from tests.helpers.tracking import contract_of, make_approved, make_baseline, make_excuse, make_tracked_project

TODAY = date(2026, 11, 24)
DAY = date(2026, 11, 15)


def case_of(connection: Connection, project: int) -> Any:
    return connection.execute(
        text("SELECT * FROM app.critical_case WHERE project_id = :id ORDER BY id DESC LIMIT 1"), {"id": project}
    ).one_or_none()


def mark_of(connection: Connection, project: int) -> tuple[str | None, str]:
    row = connection.execute(
        text("SELECT critical_case, critical_state FROM app.project WHERE id = :id"), {"id": project}
    ).one()
    return row.critical_case, row.critical_state


def late(connection: Connection, planned: float = 50.0, physical: float = 39.99, **values: Any) -> int:
    project = make_tracked_project(connection, **values)
    make_approved(connection, project, DAY, physical, planned_percent=planned)
    return project


def test_late_figure_opens_a_case_with_its_evidence(connection: Connection, app_session: Session) -> None:
    project = late(connection)
    change = evaluate(app_session, project, today=TODAY)
    assert change is not None
    assert (change.change, change.clause, change.state) == ("opened", "a", "indicated")
    case = case_of(connection, project)
    assert (case.clause, case.state, case.indicated_on) == ("a", "indicated", TODAY)
    evidence = case.evidence
    assert (evidence["day"], evidence["planned_percent"], evidence["physical_percent"]) == ("2026-11-15", 50.0, 39.99)
    assert evidence["lag_points"] == pytest.approx(10.01)
    assert evidence["threshold_points"] == 10
    assert evidence["rule"]["code"] == "KRITIS_P1_LAG"
    assert evidence["rule"]["version"] == "2026-01"
    assert "SSUK 31.2" in evidence["rule"]["legal_basis"]
    assert {rule["code"] for rule in evidence["rules"]} >= {"KRITIS_P1_LAG", "KRITIS_P2_LAG", "KRITIS_P1_BATAS_RENCANA"}
    assert "10,01" in evidence["sentence"]["id"]
    assert mark_of(connection, project) == ("a", "indicated")


def test_same_figures_change_nothing_the_second_time(connection: Connection, app_session: Session) -> None:
    project = late(connection)
    evaluate(app_session, project, today=TODAY)
    assert evaluate(app_session, project, today=date(2026, 11, 25)) is None
    assert (
        connection.scalar(text("SELECT count(*) FROM app.critical_case WHERE project_id = :id"), {"id": project}) == 1
    )
    assert (
        connection.scalar(text("SELECT count(*) FROM history.critical_case WHERE project_id = :id"), {"id": project})
        == 0
    )


def test_plan_of_the_day_is_read_from_the_curve_when_not_noted(connection: Connection, app_session: Session) -> None:
    project = make_tracked_project(connection)
    make_baseline(
        connection,
        project,
        {date(2026, 5, 1): 0, date(2026, 11, 10): 70, date(2026, 11, 20): 80, date(2026, 12, 15): 100},
    )
    make_approved(connection, project, DAY, 69.9)  # the plan of 15 November is 75: half way from 70 to 80
    change = evaluate(app_session, project, today=TODAY)
    assert change is not None
    assert change.clause == "b"
    assert case_of(connection, project).evidence["planned_percent"] == pytest.approx(75.0)


def test_a_newer_figure_updates_the_indication_and_then_withdraws_it(
    connection: Connection, app_session: Session
) -> None:
    project = late(connection)
    evaluate(app_session, project, today=TODAY)
    make_approved(connection, project, date(2026, 11, 20), 60, planned_percent=72)
    change = evaluate(app_session, project, today=TODAY)
    assert change is not None
    assert (change.change, change.clause) == ("updated", "b")
    assert mark_of(connection, project) == ("b", "indicated")
    make_approved(connection, project, date(2026, 11, 22), 75, planned_percent=75)
    change = evaluate(app_session, project, today=TODAY)
    assert change is not None
    assert change.change == "closed"
    case = case_of(connection, project)
    assert (case.state, case.closed_how, case.closed_on) == ("closed", "recovered", TODAY)
    assert mark_of(connection, project) == (None, "none")


@pytest.mark.parametrize("cause", ["employer", "force_majeure"])
def test_excused_delay_is_not_critical(connection: Connection, app_session: Session, cause: str) -> None:
    project = late(connection)
    make_excuse(connection, project, date(2026, 11, 1), DAY, cause=cause, reason="Banjir besar di lokasi")
    assert evaluate(app_session, project, today=TODAY) is None
    assert case_of(connection, project) is None


def test_excuse_that_does_not_cover_the_day_excuses_nothing(connection: Connection, app_session: Session) -> None:
    project = late(connection)
    make_excuse(connection, project, date(2026, 11, 1), date(2026, 11, 14))
    assert evaluate(app_session, project, today=TODAY) is not None


def test_excuse_recorded_later_withdraws_the_indication_with_its_reason(
    connection: Connection, app_session: Session
) -> None:
    project = late(connection)
    evaluate(app_session, project, today=TODAY)
    make_excuse(connection, project, DAY, DAY, reason="Gambar kerja terlambat diserahkan")
    evaluate(app_session, project, today=TODAY)
    case = case_of(connection, project)
    assert (case.closed_how, case.close_reason) == ("excused", "Gambar kerja terlambat diserahkan")


def test_declared_case_is_not_closed_by_figures(connection: Connection, app_session: Session) -> None:
    project = late(connection)
    evaluate(app_session, project, today=TODAY)
    connection.execute(
        text(
            "UPDATE app.critical_case SET state = 'declared', declared_on = :d, letter_number = '1', letter_date = :d"
        ),
        {"d": TODAY},
    )
    make_approved(connection, project, date(2026, 11, 22), 80, planned_percent=75)
    assert evaluate(app_session, project, today=TODAY) is None
    assert case_of(connection, project).state == "declared"
    assert mark_of(connection, project) == ("a", "declared")


def test_terminated_contract_closes_what_is_open(connection: Connection, app_session: Session) -> None:
    project = late(connection)
    evaluate(app_session, project, today=TODAY)
    connection.execute(
        text(
            "UPDATE app.contract SET state = 'terminated', ended_on = :d, end_reason = 'SCM III gagal' WHERE id = :id"
        ),
        {"d": date(2026, 11, 23), "id": contract_of(connection, project)},
    )
    change = evaluate(app_session, project, today=TODAY)
    assert change is not None
    assert change.change == "closed"
    assert case_of(connection, project).closed_how == "terminated"
    assert mark_of(connection, project) == (None, "none")


@pytest.mark.parametrize("state", ["indicated", "declared"])
def test_hand_over_closes_the_case_at_the_next_hour(connection: Connection, app_session: Session, state: str) -> None:
    project = late(connection)
    evaluate(app_session, project, today=TODAY)
    connection.execute(
        text("UPDATE app.critical_case SET state = :s, declared_on = :d, letter_number = '1', letter_date = :d"),
        {"s": state, "d": TODAY},
    )
    evaluate(app_session, project, today=TODAY)
    connection.execute(text("UPDATE app.project SET status = 'handed_over' WHERE id = :id"), {"id": project})
    assert evaluate_all(app_session, today=TODAY) == 1
    assert case_of(connection, project).closed_how == "finished"
    assert mark_of(connection, project) == (None, "none")
    assert evaluate_all(app_session, today=TODAY) == 0


def test_self_managed_work_has_no_critical_contract(connection: Connection, app_session: Session) -> None:
    project = late(connection, contract={"kind": "self_managed", "company_id": None})
    assert evaluate(app_session, project, today=TODAY) is None


def test_updates_of_a_terminated_contract_do_not_judge_the_next_one(
    connection: Connection, app_session: Session
) -> None:
    project = late(connection)
    old = contract_of(connection, project)
    connection.execute(
        text("UPDATE app.contract SET state = 'terminated', ended_on = :d, end_reason = 'gagal' WHERE id = :id"),
        {"d": TODAY, "id": old},
    )
    connection.execute(
        text("""
            INSERT INTO app.contract (project_id, number, signed_on, value_idr, company_id, start_date, end_date)
            SELECT project_id, 'baru', '2026-11-24', value_idr, company_id, '2026-11-24', '2026-12-30' FROM app.contract WHERE id = :id
        """),
        {"id": old},
    )
    assert evaluate(app_session, project, today=TODAY) is None


def test_drafts_and_returned_updates_decide_nothing(connection: Connection, app_session: Session) -> None:
    project = make_tracked_project(connection)
    for number, state in enumerate(("draft", "submitted", "returned"), start=1):
        make_approved(connection, project, date(2026, 11, number), 1, planned_percent=99, state=state)
    assert evaluate(app_session, project, today=TODAY) is None


def test_time_alone_can_overrun_the_fiscal_year(connection: Connection, app_session: Session) -> None:
    """Behind by a little, expected by 15 December, and still unfinished after New Year: case c by the calendar."""
    project = make_tracked_project(connection)
    for day, physical in ((date(2026, 11, 1), 80.0), (date(2026, 11, 8), 88.0), (DAY, 96.0)):
        make_approved(connection, project, day, physical, planned_percent=97.0)
    assert evaluate(app_session, project, today=TODAY) is None
    assert evaluate_all(app_session, today=date(2026, 12, 31)) == 0
    assert evaluate_all(app_session, today=date(2027, 1, 1)) == 1
    assert mark_of(connection, project) == ("c", "indicated")


def test_rule_in_force_on_the_day_of_the_figure_decides(connection: Connection, app_session: Session) -> None:
    connection.execute(
        text("""
            INSERT INTO app.rules (code, version, title_id, title_en, value, unit, legal_basis, status, in_force_from)
            SELECT code, '2026-11', title_id, title_en, '12', unit, 'Perpres baru', 'R', '2026-11-10' FROM app.rules
            WHERE code = 'KRITIS_P1_LAG'
        """)
    )
    before, after = make_tracked_project(connection), make_tracked_project(connection)
    make_approved(connection, before, date(2026, 11, 9), 39, planned_percent=50)
    make_approved(connection, after, date(2026, 11, 11), 39, planned_percent=50)
    assert evaluate_all(app_session, today=TODAY) >= 1
    assert mark_of(connection, before) == ("a", "indicated")
    assert mark_of(connection, after) == (None, "none")


def test_job_reads_all_packages_with_few_questions(connection: Connection, app_session: Session) -> None:
    projects = [late(connection, 50, 45) for _number in range(30)]
    evaluate_all(app_session, today=TODAY)  # notes the forecasts
    critical = late(connection)
    asked: list[str] = []
    event.listen(app_session.connection(), "before_cursor_execute", lambda *given: asked.append(given[2]))
    assert evaluate_all(app_session, today=TODAY) == 1
    assert len(asked) <= 15
    asked.clear()
    assert evaluate_all(app_session, today=TODAY) == 0
    assert len(asked) == 3
    assert mark_of(connection, critical) == ("a", "indicated")
    assert {mark_of(connection, project) for project in projects} == {(None, "none")}


def test_forecast_is_noted_on_the_package(connection: Connection, app_session: Session) -> None:
    project = make_tracked_project(connection)
    for day, physical in (
        (date(2026, 10, 18), 40.0),
        (date(2026, 10, 25), 50.0),
        (date(2026, 11, 1), 60.0),
        (date(2026, 11, 8), 70.0),
        (DAY, 80.0),
    ):
        make_approved(connection, project, day, physical, planned_percent=80)
    evaluate(app_session, project, today=TODAY)
    # 10 points a week: the last 20 take two weeks from 15 November
    assert connection.scalar(text("SELECT forecast_finish FROM app.project WHERE id = :id"), {"id": project}) == date(
        2026, 11, 29
    )
