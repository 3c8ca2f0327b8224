"""The description of the API names every address and method, as the views are, and is itself in order."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from jsonschema import Draft202012Validator

from app.api.openapi import OWN, PREFIX
from app.api.views import models_of
from app.forms import Input

METHODS = {"get", "put", "post", "delete", "patch"}
ERRORS = {"401", "403", "404", "409", "422"}


@pytest.fixture
def described(client: FlaskClient) -> dict[str, Any]:
    answer = client.get("/api/v1/openapi.json")
    assert answer.status_code == 200
    assert answer.mimetype == "application/json"
    found: dict[str, Any] = answer.json
    return found


def operations(described: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def test_every_rule_and_method_is_described(app: Flask, described: dict[str, Any]) -> None:
    missing = []
    for rule in app.url_map.iter_rules():
        if not rule.rule.startswith(f"{PREFIX}/"):
            continue
        words = [list(one.items) for one in rule._converters.values() if hasattr(one, "items")]
        pattern = re.sub(r"<any\([^>]*>", "(\\\\w|-)+", rule.rule)
        pattern = re.sub(r"<(?:\w+:)?(\w+)>", r"\\{\1\\}", pattern).replace(".pdf", r"\.pdf")
        found = [path for path in described["paths"] if re.fullmatch(pattern, path)]
        wanted = 1
        for one in words:
            wanted *= len(one)
        missing += [
            (rule.rule, method)
            for method in (rule.methods or set()) - OWN
            if sum(method.lower() in described["paths"][path] for path in found) < wanted
        ]
    assert missing == []


def test_structure_is_that_of_openapi(described: dict[str, Any]) -> None:
    assert described["openapi"].startswith("3.1.")
    assert {"title", "version"} <= set(described["info"])
    ids = [one["operationId"] for _path, _method, one in operations(described)]
    assert len(ids) == len(set(ids))
    for path, method, one in operations(described):
        assert method in METHODS, path
        assert one["responses"], path
        assert one["summary"], path
        names = [(item["name"], item["in"]) for item in one.get("parameters", ())]
        assert len(names) == len(set(names)), path
        assert set(re.findall(r"{(\w+)}", path)) == {name for name, place in names if place == "path"}, path
        assert all(item["required"] for item in one.get("parameters", ()) if item["in"] == "path")
        assert all("schema" in item for item in one.get("parameters", ()))
        for code, answer in one["responses"].items():
            assert re.fullmatch(r"[2-5]\d\d", code)
            assert "$ref" in answer or answer["description"]
        if method == "get":
            assert "requestBody" not in one
    shapes = [re.sub(r"{\w+}", "{}", path) for path in described["paths"]]
    assert len(shapes) == len(set(shapes)), "two paths differ only in the names of their variables"


def test_every_schema_is_one_and_every_reference_leads_somewhere(described: dict[str, Any]) -> None:
    for schema in described["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)

    def references(node: Any) -> Iterator[str]:
        if isinstance(node, dict):
            for name, value in node.items():
                if name == "$ref":
                    yield value
                else:
                    yield from references(value)
        elif isinstance(node, list):
            for value in node:
                yield from references(value)

    for reference in set(references(described)):
        place: Any = described
        for part in reference.removeprefix("#/").split("/"):
            assert part in place, reference
            place = place[part]


def test_errors_and_rights_are_told(described: dict[str, Any]) -> None:
    responses = described["components"]["responses"]
    assert set(responses) >= ERRORS
    assert all(list(one["content"]) == ["application/problem+json"] for one in responses.values())
    assert {one["type"] for one in described["components"]["securitySchemes"].values()} == {"apiKey", "http"}
    for path, method, one in operations(described):
        open_to_all = one["security"] == [{}]
        assert open_to_all == (not {"401", "403"} & set(one["responses"])), path
        assert open_to_all or one["security"] == [{"session": []}, {"token": []}]
        assert method == "get" or not open_to_all or path == "/api/v1/feedback", path  # residents report problems
        assert ("requestBody" in one) == ("422" in one["responses"]), path
        assert "{" not in path or "404" in one["responses"], path


def test_views_that_read_something_say_what(described: dict[str, Any]) -> None:
    bodiless = {
        (path, method)
        for path, method, one in operations(described)
        if method in {"post", "put", "patch"} and "requestBody" not in one
    }
    assert bodiless == {("/api/v1/notices/{notice_id}/read", "post")}


def test_bodies_are_the_models_of_the_views(app: Flask, described: dict[str, Any]) -> None:
    schemas = described["components"]["schemas"]
    body = described["paths"]["/api/v1/projects/{code}/payments"]["post"]["requestBody"]
    assert body["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/PaymentInput"}
    model = models_of(app.view_functions["packages_api.pay"])[0]
    assert issubclass(model, Input)
    assert set(schemas["PaymentInput"]["properties"]) == set(model.model_fields)
    declaration = described["paths"]["/api/v1/projects/{code}/critical/declaration"]["post"]["requestBody"]
    assert declaration["content"]["application/json"]["schema"]["$ref"].endswith("/DeclarationInput")
    part = described["paths"]["/api/v1/projects/{code}"]["patch"]["requestBody"]
    assert schemas[part["content"]["application/json"]["schema"]["$ref"].split("/")[-1]]["required"] == ["version"]
    photo = described["paths"]["/api/v1/updates/{update_id}/photos/{client_id}"]["put"]["requestBody"]
    sent = photo["content"]["multipart/form-data"]["schema"]["$ref"].split("/")[-1]
    assert {"file", "moment", "viewpoint_id"} <= set(schemas[sent]["properties"])


def test_parameters_are_those_that_views_read(described: dict[str, Any]) -> None:
    def names(path: str) -> set[str]:
        return {one["name"] for one in described["paths"][path]["get"]["parameters"] if one["in"] == "query"}

    assert {"status", "bbox", "as_of", "limit", "after"} <= names("/api/v1/projects")
    assert names("/api/v1/projects/{code}/critical/fine") == {"days"}
    assert "as_of" in names("/api/v1/projects/{code}/curve")
    assert {"actor", "since", "before"} <= names("/api/v1/audit")
    put = described["paths"]["/api/v1/projects/{code}/funds"]["put"]
    assert "Idempotency-Key" in {one["name"] for one in put["parameters"]}


def test_data_page_links_it(client: FlaskClient) -> None:
    assert 'href="/api/v1/openapi.json"' in client.get("/data").text
