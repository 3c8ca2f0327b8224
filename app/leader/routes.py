"""The leader's page: all packages on one screen, and the same as JSON."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, jsonify, render_template, request

from app.auth.permissions import Permission, may, needs
from app.extensions import db
from app.leader.pages import PARAMETERS, LeaderView, group_name, page_values, read_view, share
from app.leader.queries import Attention, Group
from app.ogc.forms import require_parameters
from app.packages.register_routes import plain_json, totals_json

blueprint = Blueprint("leader", __name__)


@blueprint.get("/leader")
@needs(Permission.LEADER_READ)
def page() -> str:
    """Show what all packages amount to, each figure opening to its packages."""
    return render_template("leader/leader.html", **page_values(db.session, request.args), share=share)


@blueprint.get("/api/v1/leader")
@needs(Permission.LEADER_READ)
def api_page() -> Response:
    """Answer the figures of the page: `as_of`, `compare`, `year` (a year, or all), `by`."""
    require_parameters(request.args, (*PARAMETERS, "lang"))
    view = read_view(db.session, request.args)
    return jsonify(
        day=view.question.today.isoformat(),
        compare=view.criteria.compare_text,
        year=view.year,
        by=view.by,
        weights="this_year_ceiling_idr",
        figures=totals_json(view.totals),
        groups=[group_json(view, group) for group in view.groups],
        attention=[attention_json(one) for one in view.attention],
    )


def group_json(view: LeaderView, group: Group) -> dict[str, Any]:
    """Return a group as JSON; counts of critical contracts only for those who may know."""
    content = {name: plain_json(getattr(group, name)) for name in Group.__annotations__ if name != "critical"}
    content["name"] = group_name(view.by, group)
    return content | ({"critical": group.critical} if may(Permission.CRITICAL_READ) else {})


def attention_json(one: Attention) -> dict[str, Any]:
    """Return a package that needs a decision as JSON."""
    hidden = set() if may(Permission.CRITICAL_READ) else {"critical_state", "critical_case"}
    return {name: plain_json(getattr(one, name)) for name in Attention.__annotations__ if name not in hidden}
