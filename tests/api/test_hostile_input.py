"""What no program should send: every address of /api/v1 answers it with a sentence, never with a failure of ours."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import date
from io import BytesIO
from itertools import cycle, islice
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Connection, text
from werkzeug.routing import Rule

from app.api.views import taken
from layers.rules import seed_rules
from tests.helpers.factories import make_district, make_region
from tests.helpers.people import make_account, sign_in
from tests.helpers.pictures import jpeg
from tests.helpers.tracking import contract_of, make_baseline, make_company, make_tracked_project

CODE = "JLN-9"
DEEP = "[" * 60_000 + "]" * 60_000
VALUES: tuple[Any, ...] = (
    None, True, -1, 0, 2**31, 2**63, 10**40, 1e308, float("nan"), float("inf"),
    "", "\0", "a\0b", "\ud800", "²", "١٢٣", "1e999", "NaN", "-", "x" * 100_000,
    "0000-00-00", "0001-01-01", "9999-12-31", "2026-02-30", "0001-01-01T00:00:00+14:00",
    [], {}, [[]], [None], [{}], [1, "a"], {"a": {"b": []}}, {"\0": 1},
)  # fmt: skip
WORDS = (
    "a\0b", "9" * 40, "²", "-1", "1e999", "x" * 5_000, "0000-00-00", "9999-12-31T23:59:59-14:00", "'", "\\", "a,b",
)  # fmt: skip
BODIES = (
    b"", b"[]", b"{", b'{"a": "\xff"}', b'{"a": NaN}', DEEP.encode(), b'{"a": ' + DEEP.encode() + b"}",
)  # fmt: skip
NUMBERS = ("0", str(2**63), "9" * 40)
TURNS = 2  # hostile values that each field meets; every value is met by many fields

PROJECT = "/api/v1/projects/<path:code>"
CONTRACT: dict[str, Any] = {
    "kind": "contract", "number": "1", "signed_on": "2026-04-28", "value_idr": 1_000_000, "vat_percent": 11,
    "start_order_number": "1", "start_date": "2026-05-01", "duration_days": 10, "end_date": "2026-05-10",
    "advance_percent": 20, "retention_percent": 5, "maintenance_days": 180, "fine_base": "part", "fine_part_idr": 1,
    "company_id": 1, "supervisor_id": 1,
}  # fmt: skip
POSITION = {"lon": 102.95, "lat": -3.15, "accuracy_m": 5, "at": "2026-11-20T08:00:00+07:00"}
UPDATE: dict[str, Any] = {
    "day": "2026-11-21", "physical_percent": 41, "items": [{"item_id": 1, "installed": 1}], "weather": "clear",
    "workers": 3, "obstacles": "Hujan", "obstacle_cause": "contractor", "note": "a", "correction_note": "a",
    "position": POSITION, "written_at": "2026-11-20T08:00:00+07:00", "submit": True, "client_id": str(uuid4()),
}  # fmt: skip
PACKAGE: dict[str, Any] = {
    "code": "P-1", "name": "Paket", "sector": "roads", "year": 2026, "unit_id": 1, "programme_id": 1, "rup_code": "1",
    "tender_code": "1", "ceiling_idr": 5, "owner_estimate_idr": 4, "multi_year_approval": "1", "volume": 1,
    "volume_unit": "m", "ppk_id": 1, "officer_id": 1, "notes": "a", "selection_method": "tender",
}  # fmt: skip
PLACE: dict[str, Any] = {"coordinates": "-3.15, 102.95", "shape": "point", "snap": False, "accuracy_m": 5, "note": "a"}
DRAWN = {"geometry": {"type": "LineString", "coordinates": [[102.95, -3.15], [102.96, -3.14]]}}
ITEM = {"code": "1", "name": "a", "unit": "m", "quantity": 2, "price_idr": 5, "weight_percent": 100}
CONTENT: dict[tuple[str, str], dict[str, Any]] = {
    ("POST", "/api/v1/projects"): PACKAGE,
    ("PATCH", PROJECT): {**PACKAGE, "version": 1},
    ("PUT", f"{PROJECT}/funds"): {
        "version": 1, "ceiling_idr": 5, "rows": [{"year": 2026, "source": "DAU", "amount_idr": 5}]
    },
    ("POST", f"{PROJECT}/payments"): {
        "number": "1", "paid_on": "2026-06-01", "kind": "monthly", "amount_idr": 5, "note": "a"
    },
    ("POST", f"{PROJECT}/contracts"): CONTRACT,
    ("PATCH", "/api/v1/contracts/<int:contract_id>"): {**CONTRACT, "version": 1},
    ("POST", "/api/v1/contracts/<int:contract_id>/addenda"): {
        "number": "1", "signed_on": "2026-06-01", "value_idr": 5, "end_date": "2026-12-20", "reason": "a"
    },
    ("POST", "/api/v1/contracts/<int:contract_id>/termination"): {
        "ended_on": "2026-06-01", "reason": "a", "document_number": "1"
    },
    ("POST", f"{PROJECT}/status"): {
        "to": "stopped", "on_day": "2026-06-01", "reason": "a", "document_number": "1"
    },
    ("POST", f"{PROJECT}/links"): {"code": CODE, "kind": "design"},
    ("POST", "/api/v1/companies"): {"name": "a", "tax_number": "1" * 15, "is_small": True, "address": "a"},
    ("PUT", "/api/v1/companies/<int:company_id>"): {
        "name": "a", "tax_number": "1" * 15, "is_small": True, "address": "a"
    },
    ("POST", "/api/v1/units"): {"code": "a", "name": "a", "parent_id": 1},
    ("POST", "/api/v1/me/tokens"): {"name": "a", "permissions": ["register:packages:read"], "days": 3},
    ("POST", "/api/v1/feedback"): {
        "category": "danger", "text": "Galian tanpa rambu.", "lon": 103.0, "lat": -3.1, "place": "a", "contact": "a@b.id"
    },
    ("POST", "/api/v1/saved-views"): {"name": "a", "query": "q=a"},
    ("PATCH", "/api/v1/saved-views/<int:view_id>"): {"name": "a"},
    ("POST", "/api/v1/periods/unlock"): {
        "month": "2026-09", "reason": "a", "until": "2026-12-01T00:00", "project": CODE
    },
    ("POST", f"{PROJECT}/updates"): UPDATE,
    ("PATCH", "/api/v1/updates/<uuid:client_id>"): {**UPDATE, "version": 1},
    ("POST", "/api/v1/updates/<uuid:client_id>/submit"): {"version": 1},
    ("POST", "/api/v1/updates/<uuid:client_id>/<any(approve, return, publish):decision>"): {
        "version": 1, "comment": "a"
    },
    ("PATCH", "/api/v1/photos/<uuid:client_id>"): {
        "version": 1, "blur": [[0.1, 0.1, 0.2, 0.2]], "caption": "a", "viewpoint_id": None, "moment": "during"
    },
    ("POST", "/api/v1/photos/<uuid:client_id>/publish"): {"version": 1},
    ("POST", "/api/v1/photos/<uuid:client_id>/withhold"): {"version": 1},
    ("POST", f"{PROJECT}/baselines"): {
        "contract_id": None, "in_force_from": "2026-06-01", "step": "free", "note": "a",
        "points": [{"day": "2026-05-01", "percent": 0}, {"day": "2026-12-15", "percent": 100}],
    },
    ("PUT", f"{PROJECT}/work-items"): {"contract_id": None, "items": [ITEM]},
    ("POST", f"{PROJECT}/locations"): {
        "kind": "built", "version": 1, "keep": [], "reason": "a", "places": [PLACE, DRAWN]
    },
    ("POST", f"{PROJECT}/locations/preview"): {"kind": "built", "keep": [], "places": [PLACE, DRAWN]},
    ("POST", f"{PROJECT}/critical/declaration"): {
        "letter_number": "1", "letter_date": "2026-11-20", "declared_on": "2026-11-20"
    },
    ("POST", f"{PROJECT}/critical/meetings"): {
        "stage": 1, "held_on": "2026-11-20", "target_percent": 60, "due_on": "2026-11-23", "invitation_number": "1",
        "minutes_number": "1", "note": "a",
    },
    ("POST", f"{PROJECT}/critical/meetings/1/outcome"): {
        "reached_percent": 50, "outcome_on": "2026-11-23", "outcome": "failed", "warning_number": "1",
        "warning_date": "2026-11-23", "note": "a",
    },
    ("POST", f"{PROJECT}/critical/meetings/1/numbers"): {
        "invitation_number": "1", "minutes_number": "1", "warning_number": "1", "warning_date": "2026-11-23"
    },
    ("POST", f"{PROJECT}/critical/excuses"): {
        "cause": "employer", "from_day": "2026-06-01", "until_day": "2026-06-03", "reason": "a", "document_number": "1"
    },
    ("POST", f"{PROJECT}/critical/extra-time"): {"until": "2026-12-30"},
    ("POST", f"{PROJECT}/critical/closing"): {"closed_how": "finished", "reason": "a", "closed_on": "2026-11-23"},
}  # fmt: skip


@pytest.fixture
def visitor(app: Flask, connection: Connection) -> FlaskClient:
    """A browser of somebody who holds every role."""
    client = sign_in(app.test_client(), make_account(connection, "administrator"))
    connection.execute(
        text("INSERT INTO app.account_role SELECT a.id, r.id FROM app.account a, app.role r ON CONFLICT DO NOTHING")
    )
    return client


@pytest.fixture
def parts(app: Flask, connection: Connection, visitor: FlaskClient) -> dict[str, Any]:
    """What the addresses name: a package with a contract, a plan, an update and a photo."""
    make_region(connection)
    make_district(connection)
    seed_rules(connection)
    project = make_tracked_project(connection, code=CODE, ceiling_idr=1_200_000_000)
    make_baseline(connection, project, {date(2026, 4, 30): 0.0, date(2026, 12, 15): 100.0})
    one = str(uuid4())
    sent = {"client_id": one, "day": "2026-11-20", "physical_percent": 40}
    assert visitor.post(f"/api/v1/projects/{CODE}/updates", json=sent).status_code == 201
    photo = {"file": (BytesIO(jpeg()), "a.jpg")}
    assert visitor.put(f"/api/v1/updates/{one}/photos/{one}", data=photo).status_code == 201
    return {
        "code": CODE,
        "contract_id": contract_of(connection, project),
        "company_id": make_company(connection),
        "client_id": one,
        "update_id": one,
        "decision": "return",
        "kind": "teguran",
    }


def address(rule: str, parts: dict[str, Any]) -> str:
    """Fill in an address; what `parts` does not name is 1."""

    def part(found: re.Match[str]) -> str:
        return quote(str(parts.get(found[1], 1)))

    return re.sub(r"<(?:\w+(?:\([^)]*\))?:)?(\w+)>", part, rule)


def mutants(content: Any, hostile: Iterator[Any]) -> Iterator[Any]:
    """Yield a content with each of its values, also inner ones, replaced in turn by what is hostile."""
    yield from islice(hostile, TURNS)
    if isinstance(content, dict):
        for name, value in content.items():
            yield from ({**content, name: other} for other in mutants(value, hostile))
    elif isinstance(content, list):
        for number, value in enumerate(content):
            yield from ([*content[:number], other, *content[number + 1 :]] for other in mutants(value, hostile))


def rules_of_api(app: Flask) -> list[Rule]:
    """Return every rule of /api/v1."""
    return [rule for rule in app.url_map.iter_rules() if rule.rule.startswith("/api/v1")]


def test_no_body_brings_it_down(visitor: FlaskClient, parts: dict[str, Any]) -> None:
    hostile = cycle(VALUES)
    for (method, rule), content in CONTENT.items():
        bodies = [*BODIES, *(json.dumps(mutant) for mutant in mutants(content, hostile))]
        for body in bodies:
            answer = visitor.open(address(rule, parts), method=method, data=body, content_type="application/json")
            assert answer.status_code < 500, (method, rule, body[:200])


def test_no_address_brings_it_down(app: Flask, visitor: FlaskClient, parts: dict[str, Any]) -> None:
    for rule in rules_of_api(app):
        numbered = {name for name in rule.arguments if name.endswith("_id") or name in {"stage", "excuse"}}
        others = [{"code": "a\0b"}] if "code" in rule.arguments else []
        others += [dict.fromkeys(numbered, number) for number in NUMBERS if numbered - {"client_id", "update_id"}]
        for method in (rule.methods or set()) & {"GET", "POST", "PUT", "PATCH", "DELETE"}:
            content = CONTENT.get((method, rule.rule), {})
            for other in others:
                answer = visitor.open(address(rule.rule, parts | other), method=method, json=content)
                assert answer.status_code < 500, (method, rule.rule, other)


def test_no_parameter_brings_it_down(app: Flask, visitor: FlaskClient, parts: dict[str, Any]) -> None:
    words = cycle(WORDS[2:])
    for rule in rules_of_api(app):
        if "GET" not in (rule.methods or set()):
            continue
        for name in taken(app.view_functions[rule.endpoint]).parameters:
            for word in (*WORDS[:2], next(words)):
                answer = visitor.get(f"{address(rule.rule, parts)}?{name}={quote(word)}")
                assert answer.status_code < 500, (rule.rule, name, word[:40])


def test_page_that_is_refused_for_a_zero_byte_is_shown(visitor: FlaskClient, parts: dict[str, Any]) -> None:
    assert visitor.get("/packages/a%00b").status_code == 404
    answer = visitor.get("/companies?q=a%00b")
    assert answer.status_code == 400
    assert "tidak dapat dibaca" in answer.text


def test_row_of_a_form_with_an_odd_number_is_no_row(visitor: FlaskClient, parts: dict[str, Any]) -> None:
    sent = {"version": "1", "ceiling_idr": "5", "rows.².amount_idr": "5", "rows.².source": "DAU"}
    assert visitor.post(f"/packages/{CODE}/funds", data=sent).status_code < 500
