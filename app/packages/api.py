"""The register as JSON under /api/v1: packages, money, contracts, states, documents, payments, and their lists."""

from __future__ import annotations

import datetime as dt
from typing import Any

from flask import Blueprint, Response, current_app, jsonify, request
from flask_babel import gettext
from sqlalchemy import Row, text

from app.api.views import takes
from app.auth.models import Account
from app.auth.permissions import Permission, current_account, may, needs, require, require_unit
from app.config import Settings
from app.errors import Forbidden, InvalidInput
from app.extensions import db
from app.forms import make_input, read_input, read_object
from app.idempotency import idempotent
from app.ogc.forms import require_parameters
from app.packages import programmes
from app.packages.access import PackageRow, find_package, find_package_by_id, package_or_404
from app.packages.contracts import (
    COLUMNS as CONTRACT_COLUMNS,
)
from app.packages.contracts import (
    add_addendum,
    add_contract,
    change_contract,
    get_contract,
    no_contract,
    terminate_contract,
    warnings_of,
)
from app.packages.documents import add_document, list_documents
from app.packages.forms import (
    AddendumInput,
    CompanyInput,
    ContractChange,
    ContractInput,
    DocumentInput,
    FundsInput,
    LinkInput,
    ListInput,
    PackageChange,
    PackageInput,
    PaymentInput,
    StatusInput,
    TerminationInput,
    UnitInput,
)
from app.packages.funds import put_funds
from app.packages.payments import add_payment, list_payments, remove_payment
from app.packages.queries import (
    Package,
    changes_between,
    get_package,
    linked_packages,
    list_companies,
    list_units,
    location_counts,
    paid_percent,
)
from app.packages.service import (
    add_company,
    add_link,
    add_unit,
    change_company,
    change_package,
    create_package,
    package_values,
    plain,
    remove_link,
)
from app.packages.states import change_status, next_steps, read_facts, steps_json
from app.packages.timeline import KINDS, read_timeline
from app.region import current_region
from app.storage import Storage
from layers.history import read_as_of
from layers.rules import rules_in_force

blueprint = Blueprint("packages_api", __name__, url_prefix="/api/v1")

PROJECT = "/projects/<path:code>"


# Packages


@blueprint.post("/projects")
@needs(Permission.PACKAGE_EDIT, Permission.PLAN_EDIT)
@idempotent
def create() -> tuple[Response, int]:
    """Make a package as planned."""
    code = create_for_account(read_input(PackageInput))
    return _package_answer(code), 201


@blueprint.patch(PROJECT)
@needs(Permission.PACKAGE_EDIT)
@idempotent
@takes(PackageChange, required=("version",))
def change(code: str) -> Response:
    """Change the fields that are sent; `version` is the one that was read."""
    package = package_or_404(code, Permission.PACKAGE_EDIT, locked=True)
    sent = read_object()
    current = package_values(db.session, package.id)
    known = {name: current[name] for name in PackageInput.model_fields}
    data = make_input(PackageChange, {**known, **sent})
    return _package_answer(change_for_account(package, data))


@blueprint.get("/packages/<path:code>")
@needs(Permission.REGISTER_READ)
def read(code: str) -> Response:
    """Give all of a package, at a moment (`as_of`), with what changed since another (`compare`)."""
    require_parameters(request.args, ("as_of", "compare", "lang"))
    require(Permission.REGISTER_READ, find_package(code))
    package = get_package(db.session, code, moment("as_of"))
    found = package_json(package)
    if earlier := moment("compare"):
        changes = changes_between(get_package(db.session, code, earlier), package)
        found["changes"] = [{"field": one.label, "before": one.before, "after": one.after} for one in changes]
    return jsonify(found)


@blueprint.get(f"{PROJECT}/timeline")
@needs(Permission.REGISTER_READ)
def timeline(code: str) -> Response:
    """Give what happened to a package, the newest first; `kind` narrows it."""
    require_parameters(request.args, ("kind", "as_of", "lang"))
    package = package_or_404(code, Permission.REGISTER_READ)
    entries = read_timeline(
        db.session,
        package.id,
        code=code,
        time_zone=current_region().time_zone,
        kind=timeline_kind(),
        as_of=moment("as_of"),
    )
    return jsonify(
        entries=[
            {"kind": one.kind, "day": one.day.isoformat(), "sentence": one.sentence, "detail": one.detail}
            | {"actor": one.actor, "at": one.at.isoformat(), "url": one.url}
            for one in entries
        ]
    )


# Money


@blueprint.get(f"{PROJECT}/funds")
@needs(Permission.REGISTER_READ)
def read_funds(code: str) -> Response:
    """Give the sources of a package by year."""
    package_or_404(code, Permission.REGISTER_READ)
    return jsonify(funds_json(get_package(db.session, code)))


@blueprint.put(f"{PROJECT}/funds")
@needs(Permission.PLAN_EDIT)
@idempotent
def write_funds(code: str) -> Response:
    """Replace the sources of a package and its ceiling, which is their sum."""
    package = package_or_404(code, Permission.PLAN_EDIT, locked=True)
    put_funds(db.session, package, read_input(FundsInput))
    return jsonify(funds_json(get_package(db.session, code)))


@blueprint.get(f"{PROJECT}/payments")
@needs(Permission.REGISTER_READ)
def read_payments(code: str) -> Response:
    """Give the disbursements of a package."""
    package = package_or_404(code, Permission.REGISTER_READ)
    return jsonify(payments=[row_json(row) for row in list_payments(db.session, package.id)])


@blueprint.post(f"{PROJECT}/payments")
@needs(Permission.PAYMENT_WRITE)
@idempotent
def pay(code: str) -> tuple[Response, int]:
    """Record a disbursement."""
    package = package_or_404(code, Permission.PAYMENT_WRITE, locked=True)
    found = add_payment(db.session, package, read_input(PaymentInput), today=today())
    return jsonify(id=found, **payments_json(get_package(db.session, code))), 201


@blueprint.delete(f"{PROJECT}/payments/<int:payment_id>")
@needs(Permission.PAYMENT_WRITE)
@idempotent
def unpay(code: str, payment_id: int) -> Response:
    """Take back a disbursement recorded by mistake."""
    package = package_or_404(code, Permission.PAYMENT_WRITE, locked=True)
    remove_payment(db.session, package, payment_id)
    return jsonify(payments_json(get_package(db.session, code)))


# Contracts


@blueprint.get(f"{PROJECT}/contracts")
@needs(Permission.REGISTER_READ)
def read_contracts(code: str) -> Response:
    """Give the contracts of a package, the running one first."""
    package_or_404(code, Permission.REGISTER_READ)
    return jsonify(contracts=contracts_json(get_package(db.session, code)))


@blueprint.post(f"{PROJECT}/contracts")
@needs(Permission.CONTRACT_EDIT)
@idempotent
def contract(code: str) -> tuple[Response, int]:
    """Record a contract, an SPK, or the decision of self-managed work."""
    package = package_or_404(code, Permission.CONTRACT_EDIT, locked=True)
    return _contract_answer(code, add_contract(db.session, package, read_input(ContractInput), today=today())), 201


@blueprint.patch("/contracts/<int:contract_id>")
@needs(Permission.CONTRACT_EDIT)
@idempotent
@takes(ContractChange, required=("version",))
def correct_contract(contract_id: int) -> Response:
    """Change the fields of a running contract that are sent, such as its SPMK; `version` is its package's."""
    row, package = contract_and_package(contract_id)
    sent = read_object()
    known = {name: getattr(row, name) for name in CONTRACT_COLUMNS}
    if {"start_date", "duration_days"} & set(sent) and "end_date" not in sent:
        known["end_date"] = None  # follows from them again
    elif "end_date" in sent and "duration_days" not in sent:
        known["duration_days"] = None
    data = make_input(ContractChange, {**known, **sent})
    change_contract(db.session, package, row, data, version=data.version, today=today())
    return _contract_answer(package.code, contract_id)


@blueprint.post("/contracts/<int:contract_id>/addenda")
@needs(Permission.CONTRACT_EDIT)
@idempotent
def addendum(contract_id: int) -> tuple[Response, int]:
    """Record an addendum of the running contract."""
    row, package = contract_and_package(contract_id)
    add_addendum(db.session, package, row, read_input(AddendumInput), today=today())
    return _contract_answer(package.code, contract_id), 201


@blueprint.post("/contracts/<int:contract_id>/termination")
@needs(Permission.CONTRACT_EDIT)
@idempotent
def terminate(contract_id: int) -> tuple[Response, int]:
    """End a contract before its work is done; it is kept."""
    row, package = contract_and_package(contract_id)
    terminate_contract(db.session, package, row, read_input(TerminationInput), today=today())
    return _contract_answer(package.code, contract_id), 201


# States


@blueprint.get(f"{PROJECT}/status")
@needs(Permission.REGISTER_READ)
def read_status(code: str) -> Response:
    """Give the state of a package, those that may follow with what they need, and the journal."""
    return jsonify(status_json(package_or_404(code, Permission.REGISTER_READ)))


@blueprint.post(f"{PROJECT}/status")
@needs(Permission.STATUS_CHANGE, Permission.PLAN_EDIT)
@idempotent
def status(code: str) -> tuple[Response, int]:
    """Take a package to its next state."""
    package = find_package(code, locked=True)
    require(Permission.REGISTER_READ, package)
    change_status(db.session, package, read_input(StatusInput), today=today())
    return jsonify(status_json(find_package(code))), 201


# Documents and links


@blueprint.get(f"{PROJECT}/documents")
@needs(Permission.REGISTER_READ)
def read_documents(code: str) -> Response:
    """Give the documents of a package."""
    package = package_or_404(code, Permission.REGISTER_READ)
    return jsonify(documents=[document_json(row) for row in list_documents(db.session, package.id)])


@blueprint.post(f"{PROJECT}/documents")
@needs(Permission.PACKAGE_EDIT)
@idempotent
def document(code: str) -> tuple[Response, int]:
    """Keep a document: multipart with `file` and its fields."""
    package = package_or_404(code, Permission.PACKAGE_EDIT)
    found = keep_document(package, read_input(DocumentInput))
    return jsonify(next(document_json(row) for row in list_documents(db.session, package.id) if row.id == found)), 201


@blueprint.get(f"{PROJECT}/links")
@needs(Permission.REGISTER_READ)
def read_links(code: str) -> Response:
    """Give the design and supervision packages of a package, and those it serves so."""
    return jsonify(links=links_json(package_or_404(code, Permission.REGISTER_READ)))


@blueprint.post(f"{PROJECT}/links")
@needs(Permission.PACKAGE_EDIT)
@idempotent
def link(code: str) -> tuple[Response, int]:
    """Say which package is the design or supervision of this one."""
    package = package_or_404(code, Permission.PACKAGE_EDIT)
    found = add_link(db.session, package, read_input(LinkInput))
    return jsonify(id=found, links=links_json(package)), 201


@blueprint.delete(f"{PROJECT}/links/<int:link_id>")
@needs(Permission.PACKAGE_EDIT)
@idempotent
def unlink(code: str, link_id: int) -> Response:
    """Take a link away."""
    package = package_or_404(code, Permission.PACKAGE_EDIT)
    remove_link(db.session, package, link_id)
    return jsonify(links=links_json(package))


# Lists


@blueprint.get("/programmes")
@needs(Permission.REGISTER_READ)
def read_programmes() -> Response:
    """Give the list of programmes, activities and sub-activities: of a `version`, by words or the start of a code."""
    require_parameters(request.args, ("version", "q", "lang"))
    rows = programmes.list_programmes(
        db.session, version=request.args.get("version"), words=request.args.get("q", "").strip(), limit=5000
    )
    return jsonify(
        versions=[{"version": one.version, "codes": one.codes} for one in programmes.list_versions(db.session)],
        programmes=[row_json(row) for row in rows],
    )


@blueprint.post("/programmes")
@needs(Permission.PLAN_EDIT)
@idempotent
def import_programmes() -> tuple[Response, int]:
    """
    Load a version of the list from a CSV or XLSX file: multipart with `file` and `version`.

    The list is the whole region's: whoever makes plans may load it, whatever unit or area he is limited to.
    """
    require(Permission.PLAN_EDIT)
    data = read_input(ListInput)
    return jsonify(version=data.version, codes=load_programmes(data.version)), 201


@blueprint.get("/companies")
@needs(Permission.REGISTER_READ)
def read_companies() -> Response:
    """Give the companies, by words."""
    require_parameters(request.args, ("q", "lang"))
    rows = list_companies(db.session, request.args.get("q", "").strip(), limit=5000)
    return jsonify(companies=[row_json(row) for row in rows])


@blueprint.post("/companies")
@needs(Permission.CONTRACT_EDIT)
@idempotent
def company() -> tuple[Response, int]:
    """Record a company; companies are the whole region's, whatever limits who records them has."""
    require(Permission.CONTRACT_EDIT)
    data = read_input(CompanyInput)
    return jsonify(id=add_company(db.session, data), **data.model_dump()), 201


@blueprint.put("/companies/<int:company_id>")
@needs(Permission.CONTRACT_EDIT)
@idempotent
def put_company(company_id: int) -> Response:
    """Correct a company, which is the whole region's as in `company`; what is left out becomes unknown."""
    require(Permission.CONTRACT_EDIT)
    data = read_input(CompanyInput)
    change_company(db.session, company_id, data)
    return jsonify(id=company_id, **data.model_dump())


@blueprint.get("/units")
@needs(Permission.REGISTER_READ)
def read_units() -> Response:
    """Give the agencies and their parts."""
    return jsonify(units=[row_json(row) for row in list_units(db.session)])


@blueprint.post("/units")
@needs(Permission.PEOPLE_MANAGE)
@idempotent
def unit() -> tuple[Response, int]:
    """Record an agency or a part of it; who is limited to a unit makes parts of it alone."""
    data = read_input(UnitInput)
    require_unit(data.parent_id)
    return jsonify(id=add_unit(db.session, data), **data.model_dump()), 201


# Shared with the pages


def today() -> dt.date:
    """Return today where the region is."""
    day: dt.date = db.session.scalars(text("SELECT app.today()")).one()
    return day


def moment(parameter: str) -> dt.datetime | None:
    """Return a moment that the address names; a date means the end of that day where the region is."""
    written = request.args.get(parameter, "").strip()
    return read_as_of(written, current_region().time_zone) if written else None


def timeline_kind() -> str | None:
    """Return the kind of entries wanted; None for all, also when it is none of ours."""
    kind = request.args.get("kind", "")
    return kind if kind in KINDS else None


def create_for_account(data: PackageInput) -> str:
    """Make a package within the unit of who makes it, who is its PPK if he is one; returns its code."""
    account = current_account()
    if account is None:
        raise Forbidden
    filled = data.model_copy(update=defaults_for(account, data))
    require_unit(filled.unit_id)
    code = create_package(db.session, filled, today=today())
    permission = Permission.PACKAGE_EDIT if may(Permission.PACKAGE_EDIT) else Permission.PLAN_EDIT
    require(permission, find_package(code))
    return code


def change_for_account(package: PackageRow, data: PackageChange) -> str:
    """Change a package, which who changes it may move to a unit within his own limits alone; returns its code."""
    if data.unit_id != package.unit_id:
        require_unit(data.unit_id)
    return change_package(db.session, package, data, version=data.version)


def defaults_for(account: Account, data: PackageInput) -> dict[str, Any]:
    """Return what a new package has unless it says otherwise."""
    found: dict[str, Any] = {}
    if data.unit_id is None and account.unit_id is not None:
        found["unit_id"] = account.unit_id
    if data.ppk_id is None and any(role.name == "ppk" for role in account.roles):
        found["ppk_id"] = account.id
    return found


def contract_and_package(contract_id: int, code: str | None = None) -> tuple[Row[Any], PackageRow]:
    """
    Return a contract and its package, both locked, if who acts may edit contracts there.

    Parameters
    ----------
    code
        Of the package that the address names too; a contract of another is not found.
    """
    package = find_package_by_id(get_contract(db.session, contract_id).project_id, locked=True)
    if code is not None and package.code != code:
        raise no_contract(contract_id)
    require(Permission.CONTRACT_EDIT, package)
    return get_contract(db.session, contract_id, locked=True), package


def keep_document(package: PackageRow, data: DocumentInput) -> int:
    """Keep the file of this request."""
    file = request.files.get("file")
    if file is None or not file.filename:
        raise InvalidInput({"file": gettext("Pilih berkasnya.")})
    return add_document(db.session, storage(), package, file, data)


def load_programmes(version: str) -> int:
    """Load the file of this request as a version of the list."""
    file = request.files.get("file")
    content = file.stream.read(programmes.MOST_BYTES + 1) if file is not None else b""
    return programmes.import_list(db.session, content, version)


def storage() -> Storage:
    """Return where files are kept."""
    settings: Settings = current_app.config["SETTINGS"]
    return Storage.of(settings)


def rules_today() -> Any:
    """Return the rules in force today."""
    return rules_in_force(db.session.connection(), today())


# As JSON


def row_json(row: Row[Any]) -> dict[str, Any]:
    """Return a row's columns."""
    return {name: plain(value) for name, value in row._mapping.items()}


def package_json(package: Package) -> dict[str, Any]:
    """Return all of a package."""
    values = package_values(db.session, package.row.id) if package.as_of is None else {}
    return {
        "id": package.row.id,
        "code": package.row.code,
        "status": package.row.status,
        "stage": package.stage,
        **values,
        "fields": {name: plain(value) for name, value in package.values.items()},
        "funds": [row_json(row) for row in package.funds],
        "contracts": contracts_json(package),
        "payments": [row_json(row) for row in package.payments],
        "paid_percent": paid_percent(package),
        "locations": location_counts(db.session, package.row.id, package.as_of),
    }


def _package_answer(code: str) -> Response:
    return jsonify(package_json(get_package(db.session, code)))


def funds_json(package: Package) -> dict[str, Any]:
    """Return the sources of a package."""
    return {
        "ceiling_idr": plain(package.row.ceiling_idr),
        "this_year_ceiling_idr": plain(package.row.this_year_ceiling_idr),
        "version": package.row.version,
        "rows": [
            {"year": one.year, "source": one.source, "amount_idr": plain(one.amount_idr)} for one in package.funds
        ],
    }


def payments_json(package: Package) -> dict[str, Any]:
    """Return what was paid, beside what was done."""
    return {
        "paid_idr": plain(package.row.paid_idr),
        "contract_paid_idr": plain(package.row.contract_paid_idr),
        "paid_percent": paid_percent(package),
        "physical_percent": package.row.physical_percent,
        "payments": [row_json(row) for row in package.payments],
    }


def contracts_json(package: Package) -> list[dict[str, Any]]:
    """Return the contracts of a package with their addenda and what rules say against them."""
    rules, multi_year = rules_today(), bool(package.row.multi_year_approval)
    return [
        {
            **{name: plain(value) for name, value in one._mapping.items() if name != "valid_from"},
            "addenda": [row_json(row) for row in package.addenda[one.id]],
            "warnings": [
                {"sentence": found.sentence, "rule": found.rule.code, "legal_basis": found.rule.legal_basis}
                for found in warnings_of(one, one.is_small, multi_year, rules)
            ],
        }
        for one in package.contracts
    ]


def _contract_answer(code: str, contract_id: int) -> Response:
    found = contracts_json(get_package(db.session, code))
    return jsonify(next(one for one in found if one["id"] == contract_id))


def status_json(package: PackageRow) -> dict[str, Any]:
    """Return the state of a package, what may follow, and its journal."""
    journal = db.session.execute(
        text("""
            SELECT from_status, to_status, on_day, reason, document_number, actor FROM app.status_change
            WHERE project_id = :id ORDER BY on_day DESC, id DESC
        """),
        {"id": package.id},
    )
    return {
        "status": package.status,
        "next": steps_json(next_steps(package, read_facts(db.session, package.id), today())),
        "journal": [row_json(row) for row in journal],
    }


def document_json(row: Row[Any]) -> dict[str, Any]:
    """Return a document; its file lies at `url`."""
    kept = {name: value for name, value in row_json(row).items() if name not in {"valid_from", "changed_by"}}
    return {**kept, "url": f"/documents/{row.id}"}


def links_json(package: PackageRow) -> list[dict[str, Any]]:
    """Return the packages that belong to a package."""
    return [
        {"id": one.id, "kind": one.kind, "code": one.code, "name": one.name, "is_own": one.is_own}
        for one in linked_packages(db.session, package.id)
    ]
