"""The JSON Schema of reports, for programs that read them."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify

from app.reports.schema import ADDRESS, report_schema

blueprint = Blueprint("report_schema", __name__)


@blueprint.get(ADDRESS)
def schema() -> Response:
    """Answer the schema of a report as JSON."""
    answer = jsonify(report_schema())
    answer.mimetype = "application/schema+json"
    answer.headers["Cache-Control"] = "public, max-age=3600"
    return answer
