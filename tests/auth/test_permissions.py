"""Who may do what: every role, every permission, inside and outside an area and a unit; and nothing by omission."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Connection, text
from werkzeug.routing import Rule

from app.auth.models import Account
from app.auth.permissions import (
    APPROVING,
    PUBLIC_ENDPOINTS,
    READING_METHODS,
    ROLES,
    SIGN_IN_ENDPOINTS,
    Permission,
    is_within,
    may,
    permissions_of_roles,
    require,
    scope_condition,
)
from app.auth.words import PERMISSION_NAMES, ROLE_NAMES, ROLE_TASKS
from app.errors import Forbidden, NotSignedIn
from app.extensions import db
from layers.rules import seed_rules
from tests.helpers.factories import make_region, make_row
from tests.helpers.people import make_account, sign_in

# What the duties of each role are, written down a second time and another way than in the code: by permission.
HOLDERS = {
    "register:packages:read": set(ROLES),
    "critical:cases:read": set(ROLES),
    "register:packages:edit": {"ppk", "administrator"},
    "register:contracts:edit": {"ppk", "administrator"},
    "register:locations:edit": {"ppk", "gis_operator", "administrator"},
    "register:status:change": {"ppk", "administrator"},
    "register:plans:edit": {"planner", "administrator"},
    "progress:schedules:edit": {"ppk"},
    "progress:updates:write": {"field_officer", "ppk"},
    "progress:updates:approve": {"reviewer"},
    "progress:updates:publish": {"reviewer"},
    "progress:periods:unlock": {"administrator"},
    "photos:photos:review": {"reviewer"},
    "money:payments:write": {"treasurer"},
    "critical:cases:declare": {"ppk"},
    "leader:figures:read": {"leader", "reviewer", "planner", "administrator"},
    "audit:changes:read": {"leader", "administrator"},
    "people:accounts:manage": {"administrator"},
    "data:imports:run": {"gis_operator", "administrator"},
    "rules:rules:edit": {"administrator"},
    "feedback:reports:read": set(ROLES),
    "feedback:reports:handle": {"reviewer", "ppk", "administrator"},
}
DISTRICT, OTHER_DISTRICT, LOOKALIKE = "16.05.09", "16.05.01", "16.05.091"


def test_every_permission_has_its_holders_and_words() -> None:
    assert {permission.value for permission in Permission} == set(HOLDERS)
    assert set(PERMISSION_NAMES) == set(Permission)
    assert set(ROLE_NAMES) == set(ROLE_TASKS) == set(ROLES)


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("permission", Permission)
def test_role_holds_what_its_duty_needs_and_no_more(role: str, permission: Permission) -> None:
    assert (permission in permissions_of_roles([role])) is (role in HOLDERS[permission])


def test_unknown_role_holds_nothing_and_roles_add_up() -> None:
    assert permissions_of_roles([]) == permissions_of_roles(["raja"]) == frozenset()
    assert permissions_of_roles(["ppk", "treasurer"]) == ROLES["ppk"] | ROLES["treasurer"]


def test_roles_of_the_database_are_those_of_the_code(connection: Connection) -> None:
    assert set(connection.scalars(text("SELECT name FROM app.role"))) == set(ROLES)


def test_nobody_who_writes_progress_approves_it() -> None:
    for role, held in ROLES.items():
        assert not {Permission.UPDATE_WRITE, Permission.UPDATE_APPROVE} <= held, role


# --- every endpoint ---------------------------------------------------------------------------------------------------


def rules_of(app: Flask) -> Iterator[tuple[Rule, str]]:
    """Name every rule with every method that it answers."""
    for rule in app.url_map.iter_rules():
        for method in sorted((rule.methods or set()) - {"OPTIONS", "HEAD"}):
            yield rule, method


def is_public(app: Flask, rule: Rule, method: str) -> bool:
    view = app.view_functions[rule.endpoint]
    return (
        rule.endpoint in SIGN_IN_ENDPOINTS
        or bool(getattr(view, "is_public", False))
        or (rule.endpoint in PUBLIC_ENDPOINTS and method in READING_METHODS)
    )


def address_of(app: Flask, rule: Rule) -> str:
    """Fill an address with values that its converters take."""
    values: dict[str, Any] = {}
    for name, converter in rule._converters.items():
        kind = type(converter).__name__
        if kind in {"IntegerConverter", "NumberConverter"}:
            values[name] = 987654
        elif kind == "FloatConverter":
            values[name] = 1.5
        elif kind == "UUIDConverter":
            values[name] = "00000000-0000-4000-8000-000000000000"
        elif kind == "AnyConverter":
            values[name] = sorted(converter.items)[0]  # type: ignore[attr-defined]
        elif kind == "DateConverter":
            values[name] = "2026-11-24"
        else:
            values[name] = "tidak-ada"
    with app.test_request_context():
        return app.url_map.bind("localhost").build(rule.endpoint, values, method=None, append_unknown=False)


def test_every_endpoint_is_public_or_carries_a_permission(app: Flask) -> None:
    forgotten = {
        f"{method} {rule.rule}"
        for rule, method in rules_of(app)
        if not is_public(app, rule, method) and getattr(app.view_functions[rule.endpoint], "permission", None) is None
    }
    refused_whole = {"/tf-rescue", "/tf-select"}  # of Flask-Security, which we do not offer
    assert {one for one in forgotten if one.split(" ")[1] not in refused_whole} == set()


def test_public_endpoints_exist_and_none_of_them_carries_a_permission(app: Flask) -> None:
    for endpoint in PUBLIC_ENDPOINTS:
        assert endpoint in app.view_functions, endpoint
        assert getattr(app.view_functions[endpoint], "permission", None) is None, endpoint


def test_what_is_open_to_everybody_for_changing_is_sign_in_and_stopping_ones_own_document(app: Flask) -> None:
    changing = {
        rule.endpoint
        for rule, method in rules_of(app)
        if method not in READING_METHODS and is_public(app, rule, method) and rule.endpoint not in SIGN_IN_ENDPOINTS
    }
    following = {"digest.ask", "digest.confirm_now", "digest.leave_now"}  # of an address that its owner confirms
    secret_addresses = {"reports.cancel"}  # who has the address of a document that is being made may stop it
    reports = {"feedback.check", "feedback.send", "feedback.verdict", "feedback.post_report"}  # of residents, limited
    accounts = {"account.accept", "account.new_password", "account.forgotten"}
    assert changing <= accounts | secret_addresses | reports | following


def test_visitor_opens_nothing_that_carries_a_permission(app: Flask, client: FlaskClient) -> None:
    for rule, method in rules_of(app):
        if is_public(app, rule, method):
            continue
        answer = client.open(address_of(app, rule), method=method)
        is_page = method == "GET" and not rule.rule.startswith("/api/")
        if answer.status_code == 302:
            assert is_page, rule
            assert answer.headers["Location"].startswith("/login?next="), rule
        else:
            assert answer.status_code == 401, f"{method} {rule} answered {answer.status_code}"


@pytest.mark.parametrize("role", ROLES)
def test_role_opens_what_it_holds_and_no_other_endpoint(
    app: Flask, client: FlaskClient, connection: Connection, role: str
) -> None:
    """Walk the whole map: 403 where the permission is missing, another answer where it is held."""
    make_region(connection)
    seed_rules(connection)
    sign_in(client, make_account(connection, role))
    held = permissions_of_roles([role])
    for rule, method in rules_of(app):
        if is_public(app, rule, method):
            continue
        wanted: frozenset[Permission] | None = getattr(app.view_functions[rule.endpoint], "permission", None)
        if wanted is None or (wanted and not wanted & held):
            answer = client.open(address_of(app, rule), method=method)
            assert answer.status_code == 403, f"{role}: {method} {rule} answered {answer.status_code}"
        elif method == "GET":
            answer = client.get(address_of(app, rule))
            assert answer.status_code in {200, 302, 400, 404, 422}, f"{role}: {rule} answered {answer.status_code}"


def test_view_that_says_nothing_is_refused_to_all(app: Flask, client: FlaskClient, connection: Connection) -> None:
    app.add_url_rule("/lupa", view_func=lambda: "terbuka", endpoint="lupa")
    assert client.get("/lupa").status_code == 302
    assert client.post("/lupa").status_code == 405
    sign_in(client, make_account(connection, "administrator"))
    assert client.get("/lupa").status_code == 403


def test_public_endpoint_takes_no_change(app: Flask, client: FlaskClient) -> None:
    app.url_map.add(Rule("/api/v1/region", endpoint="api.region", methods=["POST"]))
    assert client.post("/api/v1/region").status_code == 401


# --- area and unit ----------------------------------------------------------------------------------------------------


@pytest.fixture
def units(connection: Connection) -> dict[str, int]:
    """Two agencies; the first has a section with a subsection."""
    first = make_row(connection, "app.unit", code="A", name="Dinas PUCKTR")
    section = make_row(connection, "app.unit", code="A.1", name="Bina Marga", parent_id=first)
    below = make_row(connection, "app.unit", code="A.1.1", name="Seksi Jalan", parent_id=section)
    other = make_row(connection, "app.unit", code="B", name="Dinas Lain")
    return {"first": first, "section": section, "below": below, "other": other, "none": 0}


@pytest.mark.parametrize(("area", "district", "inside"), [
    (None, OTHER_DISTRICT, True),
    (DISTRICT, DISTRICT, True),
    ("16.05", DISTRICT, True),
    ("16", DISTRICT, True),
    (DISTRICT, OTHER_DISTRICT, False),
    (DISTRICT, LOOKALIKE, False),
    (DISTRICT, None, False),
    ("16.05.09.1003", DISTRICT, False),
])  # fmt: skip
@pytest.mark.parametrize(("unit", "project_unit", "in_unit"), [
    (None, "other", True),
    ("first", "below", True),
    ("section", "section", True),
    ("section", "first", False),
    ("section", "other", False),
    ("section", "none", False),
])  # fmt: skip
def test_matrix_of_role_area_and_unit(
    app: Flask,
    connection: Connection,
    units: dict[str, int],
    area: str | None,
    district: str | None,
    inside: bool,
    unit: str | None,
    project_unit: str,
    in_unit: bool,
) -> None:
    """`require`, `may` and the condition for lists agree: a permission counts inside the area and the unit alone."""
    project = make_row(
        connection,
        "app.project",
        code="P1",
        name="Jalan",
        year=2026,
        unit_id=units[project_unit] or None,
        district_codes=[] if district is None else [district],
        village_codes=[],
    )
    for role in ROLES:
        row = make_account(connection, role, area=area, unit=units[unit] if unit else None)
        with app.test_request_context():
            account = db.session.get(Account, row.id)
            assert account is not None
            package = db.session.execute(text("SELECT * FROM app.project WHERE id = :id"), {"id": project}).one()
            assert is_within(account, package) is (inside and in_unit)
            condition, values = scope_condition(account)
            listed = db.session.scalars(text(f"SELECT id FROM app.project p WHERE {condition}"), values).all()
            assert (project in listed) is (inside and in_unit)
            act_as(account)
            for permission in Permission:
                allowed = permission in ROLES[role] and inside and in_unit
                assert may(permission, package) is may(str(permission), dict(package._mapping)) is allowed
                if allowed:
                    assert require(permission, package) is account
                else:
                    with pytest.raises(Forbidden):
                        require(permission, package)


def act_as(account: Account) -> None:
    """Let an account act in the request of the test."""
    from flask import g

    g._login_user = account


def test_village_is_an_area_too(app: Flask, connection: Connection) -> None:
    account = account_of(app, connection, "ppk", area="16.05.09.1003")
    package = {"unit_id": None, "district_codes": ["16.05.09"], "village_codes": ["16.05.09.1003"]}
    with app.test_request_context():
        assert is_within(account, package)
        assert not is_within(account, {**package, "village_codes": ["16.05.09.1004"]})


def account_of(app: Flask, connection: Connection, role: str, **limits: Any) -> Account:
    row = make_account(connection, role, **limits)
    with app.app_context():
        account = db.session.get(Account, row.id)
        assert account is not None
        db.session.expunge(account)
    return account


@pytest.mark.parametrize("column", ["ppk_id", "officer_id"])
def test_package_that_names_a_person_is_always_his(app: Flask, connection: Connection, column: str) -> None:
    account = account_of(app, connection, "ppk", area=DISTRICT)
    project = make_row(
        connection, "app.project", code="P1", name="x", year=2026, district_codes=[], village_codes=[],
        **{column: account.id},
    )  # fmt: skip
    with app.test_request_context():
        assert is_within(account, {"id": project, column: account.id, "district_codes": None, "unit_id": None})
        condition, values = scope_condition(account)
        assert db.session.scalars(text(f"SELECT id FROM app.project p WHERE {condition}"), values).all() == [project]


def test_nobody_sees_nothing(app: Flask) -> None:
    with app.test_request_context():
        assert scope_condition() == ("false", {})
        assert not may(Permission.REGISTER_READ)
        with pytest.raises(NotSignedIn):
            require(Permission.REGISTER_READ)


def test_units_in_a_circle_end(app: Flask, connection: Connection, units: dict[str, int]) -> None:
    connection.execute(
        text("UPDATE app.unit SET parent_id = :below WHERE id = :first"),
        {"below": units["below"], "first": units["first"]},
    )
    account = account_of(app, connection, "ppk", unit=units["section"])
    with app.test_request_context():
        assert is_within(account, {"unit_id": units["first"], "district_codes": []})
        assert not is_within(account, {"unit_id": units["other"], "district_codes": []})


def test_who_decides_for_others_approves() -> None:
    assert {role for role, held in ROLES.items() if held & APPROVING} == {"reviewer", "ppk", "administrator"}
