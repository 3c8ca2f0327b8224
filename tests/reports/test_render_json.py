"""The report as JSON: by its schema, and the same text for the same report."""

from __future__ import annotations

import copy
import json
from typing import Any

import jsonschema
import pytest
from flask.testing import FlaskClient
from sqlalchemy import Connection

from app.reports.render import render
from app.reports.schema import report_schema
from tests.reports.conftest import compute
from tests.reports.sample import make_report, without_content


def check(content: Any) -> None:
    schema = report_schema()
    validator = jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker())
    validator.check_schema(schema)
    validator.validate(content)


@pytest.mark.parametrize("language", ["id", "en"])
def test_report_is_as_its_schema_says(language: str) -> None:
    check(json.loads(render(make_report(), "json", language=language)))
    check(json.loads(render(without_content(make_report()), "json", language=language)))


def test_computed_report_is_as_the_schema_says(regency: Connection) -> None:
    check(compute(regency).to_json(language="id"))


@pytest.mark.parametrize("member", ["id", "value", "inputs", "verified", "features_url"])
def test_schema_misses_what_opens_a_figure(member: str) -> None:
    content = json.loads(render(make_report(), "json", language="id"))
    broken = copy.deepcopy(content)
    del broken["figures"][0][member]
    with pytest.raises(jsonschema.ValidationError):
        check(broken)


def test_schema_refuses_a_value_that_is_text() -> None:
    content = json.loads(render(make_report(), "json", language="id"))
    content["figures"][0]["value"] = "61,2"
    with pytest.raises(jsonschema.ValidationError):
        check(content)


def test_same_report_is_the_same_text() -> None:
    assert render(make_report(), "json", language="id") == render(make_report(), "json", language="id")


def test_schema_is_published(client: FlaskClient) -> None:
    answer = client.get("/api/v1/reports/schema.json")
    assert answer.status_code == 200
    assert answer.mimetype == "application/schema+json"
    assert answer.json == report_schema()
