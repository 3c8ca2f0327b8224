"""The audit trail as a page, as CSV, and as JSON."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from dataclasses import asdict
from io import StringIO
from typing import Annotated, Any, Literal

from flask import Blueprint, Response, jsonify, render_template, request, stream_with_context, url_for
from pydantic import Field

from app.audit.queries import AuditFilter, Change, all_changes, read_changes, subjects
from app.audit.words import actor_name, field_name, subject_name, value_name
from app.auth.permissions import Permission, needs, scope_condition
from app.extensions import db
from app.forms import Day, FormState, Input, Line, make_input
from app.region import current_region

blueprint = Blueprint("audit", __name__)

PAGE_ROWS = 60
BYTE_ORDER_MARK = "\ufeff"  # by which spreadsheets know UTF-8
COLUMNS = ("id", "at", "actor", "subject", "row_id", "operation", "project_code", "old", "new")
FORMULA_STARTS = ("=", "+", "-", "@", "\t")


class AuditInput(Input):
    """The filter as an address has it."""

    actor: Line | None = None
    subject: Line | None = None
    operation: Literal["insert", "update", "delete"] | None = None
    code: Line | None = None
    since: Day | None = None
    until: Day | None = None
    before: Annotated[int, Field(ge=1, le=2**63 - 1)] | None = None


@blueprint.get("/audit")
@needs(Permission.AUDIT_READ)
def page() -> str:
    """Show who changed what, newest first, with a filter."""
    asked = _asked()
    found = _read(asked)
    kept: dict[str, Any] = {
        name: value for name, value in request.args.items() if value and name not in {"before", "lang"}
    }
    return render_template(
        "audit/audit.html",
        state=FormState(AuditInput, dict(request.args)),
        changes=found,
        subjects=sorted(((one, subject_name(one)) for one in subjects(db.session)), key=lambda pair: pair[1]),
        subject_name=subject_name,
        actor_name=actor_name,
        field_name=field_name,
        value_name=value_name,
        next_url=url_for("audit.page", **kept, before=found[-1].id) if len(found) == PAGE_ROWS else None,
        csv_url=url_for("audit.table", **kept),
        is_first=asked.before is None,
    )


@blueprint.get("/audit.csv")
@needs(Permission.AUDIT_READ)
def table() -> Response:
    """Answer the changes of a filter as CSV."""
    criteria, zone = _criteria(_asked()), current_region().time_zone

    def lines() -> Iterator[str]:
        yield BYTE_ORDER_MARK + _line(COLUMNS)
        for change in all_changes(db.session, criteria, time_zone=zone):
            yield _line([_cell(getattr(change, name)) for name in COLUMNS])

    answer = Response(stream_with_context(lines()), mimetype="text/csv")
    answer.headers["Content-Disposition"] = "attachment; filename=jejak-perubahan.csv"
    return answer


@blueprint.get("/api/v1/audit")
@needs(Permission.AUDIT_READ)
def audit_json() -> Any:
    """Answer the changes of a filter as JSON, with the address of the next part."""
    found = _read(_asked())
    rest: dict[str, Any] = {name: value for name, value in request.args.items() if name != "before"}
    following = url_for("audit.audit_json", **rest, before=found[-1].id) if len(found) == PAGE_ROWS else None
    return jsonify(changes=[{**asdict(one), "at": one.at.isoformat()} for one in found], next=following)


def _asked() -> AuditInput:
    args = {name: value for name, value in request.args.items() if value.strip() and name != "lang"}
    return make_input(AuditInput, args)


def _criteria(asked: AuditInput) -> AuditFilter:
    return AuditFilter(**asked.model_dump(exclude={"before"}), scope=scope_condition())


def _read(asked: AuditInput) -> list[Change]:
    return read_changes(
        db.session, _criteria(asked), time_zone=current_region().time_zone, limit=PAGE_ROWS, before=asked.before
    )


def _line(cells: Any) -> str:
    buffer = StringIO()
    csv.writer(buffer, delimiter=";").writerow(cells)
    return buffer.getvalue()


def _cell(value: Any) -> Any:
    """Return a value as text that no spreadsheet takes for a formula."""
    if value is None:
        return ""
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False)
    written = value.isoformat() if hasattr(value, "isoformat") else str(value)
    return f"'{written}" if written.startswith(FORMULA_STARTS) else written
