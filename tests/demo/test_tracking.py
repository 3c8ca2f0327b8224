"""The tracking of the demonstration: of one piece with itself, and holding the domain reference's vectors."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from app.config import Settings
from app.critical.service import evaluate_all
from app.demo.life import CASES, TODAY
from tests.demo.conftest import Loaded, load


@pytest.fixture(scope="module")
def loaded(owner_engine: Engine, settings: Settings) -> Iterator[Loaded]:
    yield from load(owner_engine, settings, "16.05")


def test_derived_columns_are_what_the_triggers_would_write(loaded: Loaded) -> None:
    columns = (
        "paid_idr, fund_source, this_year_ceiling_idr, contract_value_idr, start_date, end_date, company_id, contractor,"
        " progress_date, physical_percent, planned_percent, geom"
    )
    question = f"SELECT code, {columns} FROM app.project ORDER BY code"
    with loaded.connection.begin_nested() as savepoint:
        before = loaded.rows(question)
        for refresher in ("refresh_money", "refresh_contract", "refresh_progress", "refresh_project_geometry"):
            loaded.connection.exec_driver_sql(f"SELECT app.{refresher}(array(SELECT id FROM app.project))")
        after = loaded.rows(question)
        savepoint.rollback()
    assert [one for one in zip(before, after, strict=True) if one[0] != one[1]] == []


def test_sums_and_curves_hold(loaded: Loaded) -> None:
    assert (
        loaded.scalar("""
        SELECT count(*) FROM app.project p WHERE ceiling_idr IS DISTINCT FROM (SELECT sum(amount_idr) FROM app.fund WHERE project_id = p.id)
    """)
        == 0
    )
    assert (
        loaded.scalar("""
        SELECT count(*) FROM (SELECT sum(weight_percent) AS total FROM app.work_item GROUP BY contract_id) w WHERE abs(total - 100) > 1e-9
    """)
        == 0
    )
    assert (
        loaded.scalar("""
        SELECT count(*) FROM (
            SELECT percent < lag(percent) OVER (PARTITION BY baseline_id ORDER BY day) AS falls FROM app.baseline_point) p WHERE falls
    """)
        == 0
    )
    assert (
        loaded.scalar("""
        SELECT count(*) FROM app.baseline b
        WHERE (SELECT percent FROM app.baseline_point WHERE baseline_id = b.id ORDER BY day DESC LIMIT 1) <> 100
    """)
        == 0
    )
    assert (
        loaded.scalar("""
        SELECT count(*) FROM app.project p WHERE paid_idr > coalesce(contract_value_idr, 0)
    """)
        == 0
    )


def test_reports_are_weekly_rise_and_have_the_plan_of_their_day(loaded: Loaded) -> None:
    assert (
        loaded.scalar("""
        SELECT count(*) FROM (
            SELECT physical_percent < lag(physical_percent) OVER (PARTITION BY project_id ORDER BY day) AS falls
            FROM app.progress_update WHERE state = 'published') u WHERE falls
    """)
        == 0
    )
    assert (
        loaded.scalar("""
        SELECT max(abs(planned_percent - app.planned_percent(project_id, day))) FROM app.progress_update WHERE state = 'published'
    """)
        <= 0.0051
    )
    assert loaded.scalar("SELECT count(*) FROM app.progress_update WHERE state = 'published'") > 5_000
    assert {state for (state,) in loaded.rows("SELECT DISTINCT state FROM app.progress_update")} == {
        "published",
        "submitted",
        "returned",
        "draft",
    }


@pytest.mark.parametrize("case", [case for case in CASES if case.name not in {"T8", "T9"}], ids=lambda case: case.name)
def test_vector_is_there_and_judged_as_the_reference_says(loaded: Loaded, case) -> None:  # type: ignore[no-untyped-def]
    planned, physical, clause, finish = loaded.rows(
        f"SELECT planned_percent, physical_percent, critical_case, forecast_finish FROM app.project WHERE notes = 'Contoh kasus {case.name}.'"
    )[0]
    assert (planned, physical) == (case.planned, case.physical)
    assert clause == {"T2": "a", "T4": "b", "T5": "c"}.get(case.name)
    if case.name in {"T5", "T6", "T7"}:
        assert finish == dt.date(2027, 1, 12)


def test_fine_and_weight_vectors_are_there(loaded: Loaded) -> None:
    values = dict(loaded.rows("SELECT notes, contract_value_idr FROM app.project WHERE notes LIKE 'Contoh kasus T%%'"))
    assert float(values["Contoh kasus T9."]) == 1_110_000_000
    assert round(float(values["Contoh kasus T8."]) / 1.11) == 2_750_100_000
    weighted = loaded.scalar("""
        SELECT sum(physical_percent * ceiling_idr) / sum(ceiling_idr) FROM app.project WHERE notes = 'Contoh kasus T10.'
    """)
    assert float(weighted) == pytest.approx(10)
    programmes = loaded.rows(
        "SELECT DISTINCT p.code FROM app.project j JOIN app.programme p ON p.id = programme_id WHERE notes = 'Contoh kasus T10.'"
    )
    others = loaded.scalar(
        "SELECT count(*) FROM app.project j JOIN app.programme p ON p.id = programme_id WHERE p.code = %(code)s".replace(
            "%(code)s", f"'{programmes[0][0]}'"
        )
    )
    assert others == 2


def test_alarms_have_every_state_and_their_history(loaded: Loaded) -> None:
    states = dict(loaded.rows("SELECT state, count(*) FROM app.critical_case GROUP BY state"))
    assert set(states) == {"indicated", "declared", "closed"}
    assert loaded.scalar("SELECT count(*) FROM app.show_cause_meeting WHERE outcome = 'passed'") > 0
    assert loaded.scalar("SELECT count(*) FROM history.critical_case") > 0
    assert (
        loaded.scalar("""
        SELECT count(*) FROM app.project p LEFT JOIN app.critical_case c ON c.project_id = p.id AND c.state <> 'closed'
        WHERE (p.critical_state, p.critical_case) IS DISTINCT FROM (coalesce(c.state, 'none'), c.clause)
    """)
        == 0
    )


def test_application_itself_would_judge_every_package_so(loaded: Loaded) -> None:
    with Session(bind=loaded.connection, join_transaction_mode="create_savepoint") as session:
        assert evaluate_all(session, today=TODAY) == 0


def test_nothing_happened_after_the_day_of_the_demonstration(loaded: Loaded) -> None:
    for table, column in (
        ("progress_update", "day"),
        ("payment", "paid_on"),
        ("critical_case", "indicated_on"),
        ("status_change", "on_day"),
    ):
        assert loaded.scalar(f"SELECT max({column}) FROM app.{table}") <= TODAY, table


def test_trail_of_the_last_weeks_follows_the_time(loaded: Loaded) -> None:
    assert loaded.scalar("SELECT count(*) FROM app.audit WHERE project_id IS NOT NULL") > 500
    assert (
        loaded.scalar("""
        SELECT count(*) FROM (SELECT at < lag(at) OVER (ORDER BY id) AS back FROM app.audit WHERE project_id IS NOT NULL) a WHERE back
    """)
        == 0
    )
    assert loaded.scalar("SELECT max(at)::date FROM app.audit WHERE project_id IS NOT NULL") <= TODAY
    assert loaded.scalar("SELECT count(*) FROM app.notice n JOIN app.account a ON a.id = account_id WHERE a.demo") > 20
