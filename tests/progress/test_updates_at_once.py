"""Requests about one package that come at the same moment, on connections of their own."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import Engine, Row, create_engine, text
from sqlalchemy.pool import NullPool

from app.database.roles import DatabaseUrls
from layers.rules import seed_rules
from tests.helpers.factories import make_district, make_region
from tests.helpers.people import make_account, sign_in
from tests.helpers.tracking import make_baseline, make_tracked_project

CODE = "JLN-8"
TIMES = 6


@pytest.fixture
def engine(committed_database: DatabaseUrls) -> Engine:
    return create_engine(committed_database.owner, poolclass=NullPool)


@pytest.fixture
def people(committed_app: Flask, engine: Engine, today: date) -> dict[str, Row[Any]]:
    """A committed package with its officer and reviewer."""
    with engine.begin() as connection:
        make_region(connection)
        make_district(connection)
        seed_rules(connection)
        project = make_tracked_project(connection, code=CODE)
        make_baseline(connection, project, {date(2026, 4, 30): 0.0, date(2026, 12, 15): 100.0})
        return {role: make_account(connection, role) for role in ("field_officer", "reviewer")}


def at_once(calls: list[Callable[[], Any]]) -> list[Any]:
    with ThreadPoolExecutor(len(calls)) as pool:
        return [future.result() for future in [pool.submit(call) for call in calls]]


def test_one_update_sent_many_times_at_once_is_one(
    committed_app: Flask, engine: Engine, people: dict[str, Row[Any]]
) -> None:
    content = {"client_id": str(uuid4()), "day": "2026-11-20", "physical_percent": 40, "submit": True}
    clients = [sign_in(committed_app.test_client(), people["field_officer"]) for _ in range(TIMES)]
    answers = at_once(
        [lambda client=client: client.post(f"/api/v1/projects/{CODE}/updates", json=content) for client in clients]
    )
    assert sorted(answer.status_code for answer in answers) == [200] * (TIMES - 1) + [201]
    assert {answer.json["client_id"] for answer in answers} == {content["client_id"]}
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM app.progress_update")) == 1


def test_two_approvals_at_once_never_let_progress_fall(
    committed_app: Flask, engine: Engine, people: dict[str, Row[Any]]
) -> None:
    officer = sign_in(committed_app.test_client(), people["field_officer"])
    waiting = [
        officer.post(f"/api/v1/projects/{CODE}/updates", json={"day": day, "physical_percent": percent, "submit": True})
        for day, percent in (("2026-11-18", 55), ("2026-11-20", 50))
    ]
    reviewers = [sign_in(committed_app.test_client(), people["reviewer"]) for _ in waiting]
    answers = at_once(
        [
            lambda client=client, sent=sent: client.post(f"/api/v1/updates/{sent.json['client_id']}/approve")
            for client, sent in zip(reviewers, waiting, strict=True)
        ]
    )
    assert sorted(answer.status_code for answer in answers) == [200, 422]
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM app.critical_case")) == 1, "and one case, not two"


def test_one_of_many_corrections_at_once_is_kept(
    committed_app: Flask, engine: Engine, people: dict[str, Row[Any]]
) -> None:
    clients = [sign_in(committed_app.test_client(), people["field_officer"]) for _ in range(TIMES)]
    draft = clients[0].post(f"/api/v1/projects/{CODE}/updates", json={"day": "2026-11-20", "physical_percent": 40}).json
    address = f"/api/v1/updates/{draft['client_id']}"
    answers = at_once(
        [
            lambda client=client, n=n: client.patch(address, json={"version": 1, "note": f"Tulisan {n}"})
            for n, client in enumerate(clients)
        ]
    )
    statuses = sorted(answer.status_code for answer in answers)
    assert statuses == [200] + [409] * (TIMES - 1)
    (kept,) = {answer.json["note"] for answer in answers if answer.status_code == 200}
    assert {answer.json["current"]["note"] for answer in answers if answer.status_code == 409} == {kept}


def test_correction_handed_in_while_it_is_decided_waits_its_turn(
    committed_app: Flask, engine: Engine, people: dict[str, Row[Any]]
) -> None:
    officer = sign_in(committed_app.test_client(), people["field_officer"])
    reviewer = sign_in(committed_app.test_client(), people["reviewer"])
    draft = officer.post(f"/api/v1/projects/{CODE}/updates", json={"day": "2026-11-20", "physical_percent": 40}).json
    address = f"/api/v1/updates/{draft['client_id']}"
    with ThreadPoolExecutor(2) as pool, engine.connect() as connection:
        connection.execute(text("SELECT id FROM app.project FOR NO KEY UPDATE"))
        approval = pool.submit(reviewer.post, f"{address}/approve")
        wait_for_waiting(engine, 1)
        correction = pool.submit(officer.patch, address, json={"version": 1, "note": "Selesai", "submit": True})
        wait_for_waiting(engine, 2)
        connection.rollback()
        assert approval.result().status_code == 409, "it was a draft still"
        assert correction.result().status_code == 200


def test_plan_entered_while_its_contract_is_edited_waits_its_turn(
    committed_app: Flask, engine: Engine, people: dict[str, Row[Any]]
) -> None:
    with engine.begin() as connection:
        ppk = make_account(connection, "ppk")
        contract = connection.scalar(text("SELECT id FROM app.contract"))
    editor, planner = (sign_in(committed_app.test_client(), ppk) for _ in range(2))
    points = [{"day": "2026-05-01", "percent": 0}, {"day": "2026-12-15", "percent": 100}]
    with ThreadPoolExecutor(2) as pool, engine.connect() as connection:
        connection.execute(text("SELECT id FROM app.contract FOR UPDATE"))
        sent = {"version": 1, "value_idr": 900_000_000}
        plan = pool.submit(planner.post, f"/api/v1/projects/{CODE}/baselines", json={"points": points})
        wait_for_waiting(engine, 1)
        edit = pool.submit(editor.patch, f"/api/v1/contracts/{contract}", json=sent)
        wait_for_waiting(engine, 2)
        connection.rollback()
        assert plan.result().status_code == 201
        assert edit.result().status_code == 200


def wait_for_waiting(engine: Engine, count: int) -> None:
    """Return once so many sessions wait for a lock."""
    with engine.connect() as connection:
        for _ in range(200):
            waiting = connection.scalar(text("SELECT count(*) FROM pg_locks WHERE NOT granted")) or 0
            if waiting >= count:
                return
            time.sleep(0.05)
            connection.rollback()
    raise AssertionError("nobody waits")
