"""Pages of a package for staff: everything of it on one, and the forms that change it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, flash, redirect, render_template, request, send_file, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from app.auth.permissions import Permission, current_account, may, needs, public, require
from app.critical.pages import critical_box
from app.errors import VersionConflict
from app.extensions import db
from app.forms import FormState, caught, make_input, read_input
from app.idempotency import idempotent
from app.packages import api, programmes, words
from app.packages.access import PackageRow, find_package, find_package_by_id, package_or_404
from app.packages.contracts import add_addendum, add_contract, change_contract, no_contract, terminate_contract
from app.packages.documents import MOST_BYTES, get_document, list_documents, publish_document
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
    funds_content,
)
from app.packages.funds import put_funds
from app.packages.pages import (
    Difference,
    contract_choices,
    contract_form_labels,
    contract_values,
    differences,
    form_values,
    fund_rows,
    fund_values,
    newest_photos,
    package_choices,
    package_form_labels,
    rule_warnings,
)
from app.packages.payments import add_payment, remove_payment
from app.packages.queries import (
    changes_between,
    facts_of,
    get_company,
    get_package,
    linked_packages,
    list_companies,
    location_counts,
    paid_percent,
)
from app.packages.service import add_company, add_link, change_company, package_values, remove_link
from app.packages.states import change_status, next_steps, read_facts
from app.packages.timeline import KINDS, read_timeline
from app.progress.curve import read_curve
from app.progress.curve_svg import curve_page
from app.region import current_region

blueprint = Blueprint("packages", __name__)

Answer = AnyResponse | str | tuple[str, int]
PACKAGE = "/packages/<path:code>"
CONTRACT = f"{PACKAGE}/contracts/<int:contract_id>"


# The package


@blueprint.get(PACKAGE)
@needs(Permission.REGISTER_READ)
def page(code: str) -> str:
    """Show all of a package: now, at a moment (`as_of`), or what changed since another (`compare`)."""
    current = package_or_404(code, Permission.REGISTER_READ)
    as_of, earlier = api.moment("as_of"), api.moment("compare")
    package = get_package(db.session, code, as_of)
    curve = read_curve(db.session, current.id, as_of, today=_day_of(as_of))
    region, kind = current_region(), api.timeline_kind()
    return render_template(
        "packages/package.html",
        package=package,
        row=package.row,
        current=current,
        facts=facts_of(package),
        contracts=package.contracts,
        paid_percent=paid_percent(package),
        warnings=[] if as_of else rule_warnings(package, api.rules_today()),
        steps=[] if as_of else next_steps(current, read_facts(db.session, current.id), api.today()),
        alarm=None if as_of else critical_box(db.session, code, today=api.today()),
        curve=curve_page(curve, package.row.name),
        photos=[] if as_of else newest_photos(package, region.time_zone),
        links=linked_packages(db.session, current.id),
        locations=location_counts(db.session, current.id, as_of),
        documents=list_documents(db.session, current.id)[:5],
        timeline=read_timeline(db.session, current.id, code=code, time_zone=region.time_zone, kind=kind, as_of=as_of),
        kinds=KINDS,
        kind=kind,
        as_of=as_of,
        compare=earlier,
        changes=changes_between(get_package(db.session, code, earlier), package) if earlier else None,
        words=words,
        **_dates(),
    )


@blueprint.route("/packages/new", methods=["GET", "POST"])
@needs(Permission.PACKAGE_EDIT, Permission.PLAN_EDIT)
@idempotent
def new() -> Answer:
    """Make a package as planned."""
    account = current_account()
    state = FormState.of(
        PackageInput, {"year": api.today().year, "sector": "roads", "unit_id": account.unit_id if account else None}
    )
    if request.method == "POST":
        with caught(state):
            code = api.create_for_account(read_input(PackageInput))
            flash(gettext("Paket %(code)s dicatat.", code=code), "success")
            return redirect(url_for("packages.page", code=code), code=303)
    return _package_form(None, state, None)


@blueprint.route(f"{PACKAGE}/edit", methods=["GET", "POST"])
@needs(Permission.PACKAGE_EDIT)
@idempotent
def edit(code: str) -> Answer:
    """Change the fields of a package."""
    package = package_or_404(code, Permission.PACKAGE_EDIT, locked=request.method == "POST")
    state = FormState.of(PackageChange, form_values(_fields(package)))
    found: list[Difference] | None = None
    if request.method == "POST":
        try:
            with caught(state):
                data = read_input(PackageChange)
                code = api.change_for_account(package, data)
                flash(gettext("Data paket disimpan."), "success")
                return redirect(url_for("packages.page", code=code), code=303)
        except VersionConflict as conflict:
            found = _keep_mine(state, conflict.current, package_form_labels())
    return _package_form(package, state, found)


# Money


@blueprint.route(f"{PACKAGE}/funds", methods=["GET", "POST"])
@needs(Permission.PLAN_EDIT)
@idempotent
def funds(code: str) -> Answer:
    """Change the sources of a package and its ceiling."""
    row = package_or_404(code, Permission.PLAN_EDIT, locked=request.method == "POST")
    state = FormState.of(FundsInput)
    package = get_package(db.session, code)
    state.values = state.values or fund_values(package)
    conflict = False
    if request.method == "POST":
        try:
            with caught(state):
                put_funds(db.session, row, make_input(FundsInput, funds_content(request.form)))
                flash(gettext("Sumber dana disimpan."), "success")
                return redirect(url_for("packages.page", code=code), code=303)
        except VersionConflict as found:
            db.session.rollback()
            state.values = {**request.form.to_dict(), "version": found.current["version"]}
            conflict = True
    answer = render_template(
        "packages/funds.html",
        package=package,
        state=state,
        rows=fund_rows(state.values),
        sources=words.choices(words.listed("fund_source")),
        words=words,
        conflict=conflict,
    )
    return _with_status(answer, state, conflict)


@blueprint.route(f"{PACKAGE}/payments", methods=["GET", "POST"])
@needs(Permission.REGISTER_READ)
@idempotent
def payments(code: str) -> Answer:
    """Show what was paid beside what was done; the treasurer records more."""
    posted = request.method == "POST"
    permission = Permission.PAYMENT_WRITE if posted else Permission.REGISTER_READ
    row = package_or_404(code, permission, locked=posted)
    state = FormState.of(PaymentInput, {"paid_on": api.today().isoformat(), "kind": "monthly"})
    if posted:
        with caught(state):
            add_payment(db.session, row, read_input(PaymentInput), today=api.today())
            flash(gettext("SP2D dicatat."), "success")
            return redirect(url_for("packages.payments", code=code), code=303)
    package = get_package(db.session, code)
    answer = render_template(
        "packages/payments.html",
        package=package,
        current=row,
        state=state,
        paid_percent=paid_percent(package),
        alarm=critical_box(db.session, code, today=api.today())["alarm"],
        kinds=words.choices(words.PAYMENT_KINDS),
        contracts=[(one.id, f"{one.number} ({words.CONTRACT_STATES[one.state]})") for one in package.contracts],
        words=words,
    )
    return _with_status(answer, state)


@blueprint.post(f"{PACKAGE}/payments/<int:payment_id>/deletion")
@needs(Permission.PAYMENT_WRITE)
@idempotent
def delete_payment(code: str, payment_id: int) -> Answer:
    """Take back a payment recorded by mistake."""
    package = package_or_404(code, Permission.PAYMENT_WRITE, locked=True)
    remove_payment(db.session, package, payment_id)
    flash(gettext("Catatan SP2D dihapus; jejaknya tetap ada."), "success")
    return redirect(url_for("packages.payments", code=code), code=303)


# Contracts


@blueprint.route(f"{PACKAGE}/contracts/new", methods=["GET", "POST"])
@needs(Permission.CONTRACT_EDIT)
@idempotent
def new_contract(code: str) -> Answer:
    """Record a contract, an SPK, or the decision of self-managed work."""
    package = package_or_404(code, Permission.CONTRACT_EDIT, locked=request.method == "POST")
    kind = "self_managed" if get_package(db.session, code).row.selection_method == "self_managed" else "contract"
    state = FormState.of(ContractInput, {"kind": kind, "vat_percent": 11, "fine_base": "contract"})
    if request.method == "POST":
        with caught(state):
            found = add_contract(db.session, package, read_input(ContractInput), today=api.today())
            flash(gettext("Kontrak dicatat."), "success")
            return redirect(url_for("packages.contract", code=code, contract_id=found), code=303)
    answer = render_template(
        "packages/contract_new.html", package=package, state=state, labels=contract_form_labels(), **contract_choices()
    )
    return _with_status(answer, state)


@blueprint.get(CONTRACT)
@needs(Permission.REGISTER_READ)
def contract(code: str, contract_id: int) -> str:
    """Show a contract with its addenda, and to those who may the forms that change it."""
    return _contract_page(package_or_404(code, Permission.REGISTER_READ), contract_id)


@blueprint.post(CONTRACT)
@needs(Permission.CONTRACT_EDIT)
@idempotent
def edit_contract(code: str, contract_id: int) -> Answer:
    """Correct a contract, or add what came later."""
    row, package = api.contract_and_package(contract_id, code)
    state, found = FormState.of(ContractChange), None
    try:
        with caught(state):
            data = read_input(ContractChange)
            change_contract(db.session, package, row, data, version=data.version, today=api.today())
            flash(gettext("Kontrak disimpan."), "success")
            return redirect(url_for("packages.contract", code=code, contract_id=contract_id), code=303)
    except VersionConflict as conflict:
        found = _keep_mine(state, {**api.row_json(row), **conflict.current}, contract_form_labels())
    return _contract_page(find_package(code), contract_id, "edit", state, found), 409 if found is not None else 422


@blueprint.post(f"{CONTRACT}/addenda")
@needs(Permission.CONTRACT_EDIT)
@idempotent
def addendum(code: str, contract_id: int) -> Answer:
    """Record an addendum."""
    row, package = api.contract_and_package(contract_id, code)
    state = FormState.of(AddendumInput)
    with caught(state):
        add_addendum(db.session, package, row, read_input(AddendumInput), today=api.today())
        flash(gettext("Adendum dicatat. Bila jadwal berubah, unggah juga kurva S yang baru."), "success")
        return redirect(url_for("packages.contract", code=code, contract_id=contract_id), code=303)
    return _contract_page(find_package(code), contract_id, "addendum", state), 422


@blueprint.post(f"{CONTRACT}/termination")
@needs(Permission.CONTRACT_EDIT)
@idempotent
def terminate(code: str, contract_id: int) -> Answer:
    """End a contract before its work is done."""
    row, package = api.contract_and_package(contract_id, code)
    state = FormState.of(TerminationInput)
    with caught(state):
        terminate_contract(db.session, package, row, read_input(TerminationInput), today=api.today())
        flash(gettext("Kontrak diputus."), "success")
        return redirect(url_for("packages.page", code=code), code=303)
    return _contract_page(find_package(code), contract_id, "termination", state), 422


# States


@blueprint.route(f"{PACKAGE}/status", methods=["GET", "POST"])
@needs(Permission.STATUS_CHANGE, Permission.PLAN_EDIT)
@idempotent
def status(code: str) -> Answer:
    """Take a package to its next state."""
    package = find_package(code, locked=request.method == "POST")
    require(Permission.REGISTER_READ, package)
    state = FormState.of(StatusInput, {"to": request.args.get("to", ""), "on_day": api.today().isoformat()})
    if request.method == "POST":
        with caught(state):
            data = read_input(StatusInput)
            change_status(db.session, package, data, today=api.today())
            flash(gettext("Paket kini: %(state)s.", state=words.status_label(data.to)), "success")
            return redirect(url_for("packages.page", code=code), code=303)
    steps = next_steps(package, read_facts(db.session, package.id), api.today())
    answer = render_template("packages/status.html", package=package, state=state, steps=steps, words=words)
    return _with_status(answer, state)


# Documents and links


@blueprint.route(f"{PACKAGE}/documents", methods=["GET", "POST"])
@needs(Permission.REGISTER_READ)
@idempotent
def documents(code: str) -> Answer:
    """Show the documents of a package, and keep more."""
    posted = request.method == "POST"
    package = package_or_404(code, Permission.PACKAGE_EDIT if posted else Permission.REGISTER_READ)
    state = FormState.of(DocumentInput)
    if posted:
        with caught(state):
            api.keep_document(package, read_input(DocumentInput))
            flash(gettext("Dokumen disimpan."), "success")
            return redirect(url_for("packages.documents", code=code), code=303)
    answer = render_template(
        "packages/documents.html",
        package=package,
        state=state,
        documents=list_documents(db.session, package.id),
        contracts=[(one.id, one.number) for one in get_package(db.session, code).contracts],
        kinds=words.listed("document_kind"),
        greatest_mb=MOST_BYTES // 1_000_000,
    )
    return _with_status(answer, state)


@blueprint.post(f"{PACKAGE}/documents/<int:document_id>/publication")
@needs(Permission.PACKAGE_EDIT)
@idempotent
def publish(code: str, document_id: int) -> Answer:
    """Give a document to the public, or take it back."""
    package = package_or_404(code, Permission.PACKAGE_EDIT, locked=True)
    is_public = request.form.get("public") == "true"
    publish_document(db.session, package, document_id, is_public=is_public)
    flash(gettext("Dokumen diterbitkan.") if is_public else gettext("Dokumen tidak lagi diterbitkan."), "success")
    return redirect(url_for("packages.documents", code=code), code=303)


@blueprint.get("/documents/<int:document_id>")
@public
def document(document_id: int) -> Response:
    """Answer a document as a file to keep: the published ones to everybody, the others to the package's staff."""
    row = get_document(db.session, document_id)
    if not row.is_public:
        require(Permission.REGISTER_READ, find_package_by_id(row.project_id))
    answer = send_file(
        api.storage().path(row.file_hash),
        mimetype=row.media_type,
        as_attachment=True,
        download_name=row.file_name,
        conditional=True,
        etag=row.file_hash,
    )
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    answer.headers["Cache-Control"] = "private, no-cache"
    return answer


@blueprint.route(f"{PACKAGE}/links", methods=["GET", "POST"])
@needs(Permission.PACKAGE_EDIT)
@idempotent
def links(code: str) -> Answer:
    """Show which packages belong together, and link more."""
    package = package_or_404(code, Permission.PACKAGE_EDIT)
    state = FormState.of(LinkInput, {"kind": "supervision"})
    if request.method == "POST":
        with caught(state):
            add_link(db.session, package, read_input(LinkInput))
            flash(gettext("Paket dihubungkan."), "success")
            return redirect(url_for("packages.links", code=code), code=303)
    answer = render_template(
        "packages/links.html",
        package=package,
        state=state,
        links=linked_packages(db.session, package.id),
        kinds=words.choices(words.LINK_KINDS),
        words=words,
    )
    return _with_status(answer, state)


@blueprint.post(f"{PACKAGE}/links/<int:link_id>/deletion")
@needs(Permission.PACKAGE_EDIT)
@idempotent
def delete_link(code: str, link_id: int) -> Answer:
    """Take a link away."""
    package = package_or_404(code, Permission.PACKAGE_EDIT)
    remove_link(db.session, package, link_id)
    return redirect(url_for("packages.links", code=code), code=303)


# Lists


@blueprint.route("/programmes", methods=["GET", "POST"])
@needs(Permission.PLAN_EDIT)
@idempotent
def programme_list() -> Answer:
    """Show the list of programmes by version, and load another."""
    state = FormState.of(ListInput)
    if request.method == "POST":
        with caught(state):
            data = read_input(ListInput)
            count = api.load_programmes(data.version)
            flash(gettext("%(n)s kode dimuat untuk versi %(version)s.", n=count, version=data.version), "success")
            return redirect(url_for("packages.programme_list", version=data.version), code=303)
    versions = programmes.list_versions(db.session)
    chosen = request.args.get("version") or (versions[0].version if versions else None)
    sought = request.args.get("q", "").strip()
    answer = render_template(
        "packages/programmes.html",
        state=state,
        versions=versions,
        chosen=chosen,
        q=sought,
        rows=programmes.list_programmes(db.session, version=chosen, words=sought),
        words=words,
    )
    return _with_status(answer, state)


@blueprint.route("/companies", methods=["GET", "POST"])
@needs(Permission.REGISTER_READ)
@idempotent
def companies() -> Answer:
    """Show the companies, and record more."""
    state = FormState.of(CompanyInput)
    if request.method == "POST":
        require(Permission.CONTRACT_EDIT)
        with caught(state):
            data = read_input(CompanyInput)
            add_company(db.session, data)
            flash(gettext("%(name)s dicatat.", name=data.name), "success")
            return redirect(url_for("packages.companies"), code=303)
    sought = request.args.get("q", "").strip()
    rows = list_companies(db.session, sought)
    answer = render_template("packages/companies.html", state=state, rows=rows, q=sought)
    return _with_status(answer, state)


@blueprint.route("/companies/<int:company_id>", methods=["GET", "POST"])
@needs(Permission.CONTRACT_EDIT)
@idempotent
def company(company_id: int) -> Answer:
    """Correct what is recorded of a company."""
    require(Permission.CONTRACT_EDIT)
    row = get_company(db.session, company_id)
    known = {name: getattr(row, name) for name in CompanyInput.model_fields}
    state = FormState.of(CompanyInput, {**known, "is_small": _yes_or_no(row.is_small)})
    if request.method == "POST":
        with caught(state):
            data = read_input(CompanyInput)
            change_company(db.session, company_id, data)
            flash(gettext("%(name)s disimpan.", name=data.name), "success")
            return redirect(url_for("packages.companies"), code=303)
    return _with_status(render_template("packages/company.html", state=state, company=row), state)


def _yes_or_no(value: bool | None) -> str | None:
    """Return a truth as the choices of a form have it; None for what is not known."""
    return None if value is None else str(value).lower()


def _package_form(
    package: PackageRow | None, state: FormState[Any], found: list[Difference] | None
) -> str | tuple[str, int]:
    answer = render_template(
        "packages/form.html",
        package=package,
        state=state,
        labels=package_form_labels(),
        conflict=found,
        **package_choices(),
    )
    return _with_status(answer, state, found is not None)


def _contract_page(
    package: PackageRow,
    contract_id: int,
    sent: str = "",
    state: FormState[Any] | None = None,
    found: list[Difference] | None = None,
) -> str:
    """Return the page of a contract; the form that was refused keeps what was typed."""
    whole = get_package(db.session, package.code)
    row = next((one for one in whole.contracts if one.id == contract_id), None)
    if row is None:
        raise no_contract(contract_id)
    states: dict[str, FormState[Any]] = {
        "edit": FormState(ContractChange, contract_values(row, package.version)),
        "addendum": FormState(AddendumInput, {"signed_on": api.today().isoformat()}),
        "termination": FormState(TerminationInput, {"ended_on": api.today().isoformat()}),
    }
    if state is not None:
        states[sent] = state
    return render_template(
        "packages/contract.html",
        package=package,
        contract=row,
        addenda=whole.addenda[row.id],
        warnings=rule_warnings(whole, api.rules_today()),
        states=states,
        sent=sent,
        conflict=found,
        labels=contract_form_labels(),
        may_edit=row.state == "running" and may(Permission.CONTRACT_EDIT, package),
        words=words,
        **contract_choices(),
    )


def _fields(package: PackageRow) -> dict[str, Any]:
    values = package_values(db.session, package.id)
    return {name: values[name] for name in PackageChange.model_fields}


def _keep_mine(state: FormState[Any], theirs: Mapping[str, Any], labels: Mapping[str, str]) -> list[Difference]:
    """Keep what was typed in a form that came second, to be saved over what is kept once both have been seen."""
    db.session.rollback()
    mine = request.form.to_dict()
    state.values = {**mine, "version": theirs["version"]}
    return differences(mine, theirs, labels)


def _with_status(answer: str, state: FormState[Any], conflict: bool = False) -> str | tuple[str, int]:
    """Answer 409 for a conflict, 422 for a form that was refused."""
    if conflict:
        return answer, 409
    return (answer, 422) if state.errors else answer


def _day_of(moment: dt.datetime | None) -> dt.date:
    """Return the day of a moment where the region is; today for None."""
    return moment.astimezone(ZoneInfo(current_region().time_zone)).date() if moment else api.today()


def _dates() -> dict[str, str]:
    """Return the two dates as the address has them, for the form that changes them."""
    return {f"{name}_text": request.args.get(name, "").strip() for name in ("as_of", "compare")}
