"""The JSON API described for programs (OpenAPI 3.1), from the URL map, the views and the models that they read."""

from __future__ import annotations

import copy
import inspect
import itertools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from flask import Flask
from pydantic.json_schema import models_json_schema
from werkzeug.routing import Rule
from werkzeug.routing.converters import AnyConverter, BaseConverter, IntegerConverter, PathConverter, UUIDConverter

from app.api.views import models_of, taken
from app.auth.permissions import PUBLIC_ENDPOINTS
from app.forms import Input
from app.idempotency import HEADER, LONGEST_KEY

PREFIX = "/api/v1"
VERSION = "1"
OWN = frozenset({"HEAD", "OPTIONS"})  # Flask adds them to every rule
SCHEMAS = "#/components/schemas/"
PROBLEM = "application/problem+json"
READING = "get"

ERRORS = {
    400: "A parameter of the address cannot be used.",
    401: "Nobody is signed in, or the token is none of ours.",
    403: "Who is signed in may not do this, or not with this package.",
    404: "What the address names does not exist.",
    409: "Somebody else was faster (`current` is how it stands now), or the key was used for another request.",
    422: "What was sent cannot be used: `errors` has a sentence for each field.",
}
PARAMETERS: dict[str, tuple[dict[str, Any], str]] = {
    "as_of": ({"type": "string"}, "As recorded at this moment: a date (its end, where the region is) or RFC 3339."),
    "compare": ({"type": "string"}, "An earlier moment to compare with, as for `as_of`."),
    "limit": ({"type": "integer", "minimum": 1}, "The most rows of one answer."),
    "bbox": ({"type": "string"}, "west,south,east,north in degrees."),
    "after": ({"type": "string"}, "From the link to the next part."),
}


@dataclass(frozen=True)
class Operation:
    """A method of an address, with each word put in that the address may end with."""

    path: str
    method: str
    rule: Rule
    view: Callable[..., Any]
    word: str | None
    is_public: bool
    variables: tuple[tuple[str, BaseConverter], ...]


def build_openapi(app: Flask, *, server: str) -> dict[str, Any]:
    """
    Return the description of all under /api/v1.

    Parameters
    ----------
    server
        Address where it is served, without /api/v1.
    """
    operations = list(list_operations(app))
    schemas = _schemas(operations)
    paths: dict[str, dict[str, Any]] = {}
    for one in operations:
        paths.setdefault(one.path, {})[one.method] = _describe(one)
    return {
        "openapi": "3.1.0",
        "jsonSchemaDialect": "https://json-schema.org/draft/2020-12/schema",
        "info": {
            "title": "PetaKarya",
            "version": VERSION,
            "description": "Public works and spatial planning of a regency: packages, contracts, progress, photos.",
        },
        "servers": [{"url": server}],
        "tags": [{"name": name} for name in sorted({_tag(one) for one in operations})],
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": schemas,
            "responses": {str(code): _problem(sentence) for code, sentence in ERRORS.items()},
            "securitySchemes": {
                "session": {
                    "type": "apiKey",
                    "in": "cookie",
                    "name": app.config["SESSION_COOKIE_NAME"],
                    "description": "Of a browser that has signed in. Changes also need the page's `X-CSRFToken`.",
                },
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "A token that an account made for its own programs (/account).",
                },
            },
        },
    }


def list_operations(app: Flask) -> Iterator[Operation]:
    """Yield each method of each address under /api/v1."""
    for rule in app.url_map.iter_rules():
        if not rule.rule.startswith(f"{PREFIX}/"):
            continue
        view = app.view_functions[rule.endpoint]
        for path, word, variables in _paths(rule):
            for method in sorted((rule.methods or set()) - OWN):
                is_public = bool(getattr(view, "is_public", False)) or rule.endpoint in PUBLIC_ENDPOINTS
                yield Operation(path, method.lower(), rule, view, word, is_public, variables)


def _paths(rule: Rule) -> Iterator[tuple[str, str | None, tuple[tuple[str, BaseConverter], ...]]]:
    """Yield the addresses of a rule in OpenAPI's spelling; a choice of words makes an address for each."""
    choices = {name: one for name, one in rule._converters.items() if isinstance(one, AnyConverter)}
    words = [sorted(one.items) for one in choices.values()]
    others = tuple((name, one) for name, one in rule._converters.items() if name not in choices)
    for chosen in itertools.product(*words):
        filled = dict(zip(choices, chosen, strict=True))
        pieces = [filled.get(text, f"{{{text}}}") if dynamic else text for dynamic, text in rule._trace]
        path = "".join(pieces).removeprefix("|").replace("|/", "/", 1)
        yield path, chosen[-1] if chosen else None, others


def _describe(one: Operation) -> dict[str, Any]:
    """Return the description of one method of one address."""
    summary, _, rest = inspect.cleandoc(one.view.__doc__ or one.rule.endpoint).partition("\n")
    models, found = models_of(one.view, one.word), taken(one.view)
    described: dict[str, Any] = {
        "tags": [_tag(one)],
        "summary": summary.strip(),
        "operationId": _operation_id(one),
    }
    if text := _description(one, rest.strip()):
        described["description"] = text
    parameters = [_variable(name, converter) for name, converter in one.variables]
    parameters += _query(one, models, found.parameters)
    if getattr(one.view, "is_idempotent", False):
        parameters.append(_key())
    if parameters:
        described["parameters"] = parameters
    if one.method != READING and (models or found.has_file):
        described["requestBody"] = _body(one, models, has_file=found.has_file)
    described["responses"] = _responses(one, found.statuses, has_body="requestBody" in described)
    described["security"] = [{}] if one.is_public else [{"session": []}, {"token": []}]
    return described


def _description(one: Operation, rest: str) -> str:
    permissions = sorted(getattr(one.view, "permission", None) or ())
    needed = " or ".join(f"`{name}`" for name in permissions)
    return "\n\n".join(filter(None, [rest, f"Needs {needed}." if needed else ""]))


def _variable(name: str, converter: BaseConverter) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "string"}
    if isinstance(converter, IntegerConverter):
        schema = {"type": "integer"}
    elif isinstance(converter, UUIDConverter):
        schema = {"type": "string", "format": "uuid"}
    variable = {"name": name, "in": "path", "required": True, "schema": schema}
    if isinstance(converter, PathConverter):
        variable["description"] = "The code of a package; its slashes stay as they are."
    return variable


def _query(one: Operation, models: Iterable[type[Input]], names: Iterable[str]) -> Iterator[dict[str, Any]]:
    """Yield the parameters after the question mark."""
    if one.method != READING:
        return
    for model in models:
        for name, item in model.model_fields.items():
            yield {"name": name, "in": "query", "required": item.is_required(), "schema": {"type": "string"}}
    for name in names:
        schema, sentence = PARAMETERS.get(name, ({"type": "string"}, ""))
        yield {"name": name, "in": "query", "schema": schema} | ({"description": sentence} if sentence else {})


def _key() -> dict[str, Any]:
    return {
        "name": HEADER,
        "in": "header",
        "schema": {"type": "string", "maxLength": LONGEST_KEY},
        "description": "The same request sent twice with one key is done once, and answered alike.",
    }


def _body(one: Operation, models: list[type[Input]], *, has_file: bool) -> dict[str, Any]:
    schemas = [{"$ref": SCHEMAS + _schema_name(one, model, has_file=has_file)} for model in models]
    schema = schemas[0] if len(schemas) == 1 else {"anyOf": schemas}
    required = has_file or any(item.is_required() for model in models for item in model.model_fields.values())
    kind = "multipart/form-data" if has_file else "application/json"
    return {"required": required, "content": {kind: {"schema": schema}}}


def _responses(one: Operation, statuses: Iterable[int], *, has_body: bool) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for code in statuses:
        found[str(code)] = {"description": {200: "Done.", 201: "Made.", 204: "Gone."}.get(code, "Answered.")}
        if code != 204:
            found[str(code)]["content"] = {_media_type(one): {"schema": _answer_schema(one)}}
    codes = [400] if one.method == READING else []
    codes += [] if one.is_public else [401, 403]
    codes += [404] if one.variables else []
    codes += [409] if one.method != READING else []
    codes += [422] if has_body else []
    found |= {str(code): {"$ref": f"#/components/responses/{code}"} for code in codes}
    return found


def _media_type(one: Operation) -> str:
    if one.rule.rule.endswith(".pdf"):
        return "application/pdf"
    return (
        "application/geo+json" if "geojson_answer" in inspect.unwrap(one.view).__code__.co_names else "application/json"
    )


def _answer_schema(one: Operation) -> dict[str, Any]:
    return (
        {"type": "string", "contentMediaType": "application/pdf"}
        if one.rule.rule.endswith(".pdf")
        else {"type": "object"}
    )


def _problem(sentence: str) -> dict[str, Any]:
    return {"description": sentence, "content": {PROBLEM: {"schema": {"$ref": f"{SCHEMAS}Problem"}}}}


def _schemas(operations: list[Operation]) -> dict[str, Any]:
    """Return the schemas of all models, and of errors (RFC 9457)."""
    models = dict.fromkeys(model for one in operations for model in models_of(one.view, one.word))
    _map, whole = models_json_schema([(model, "validation") for model in models], ref_template=f"{SCHEMAS}{{model}}")
    found: dict[str, Any] = dict(whole.get("$defs", {}))
    for one in operations:
        has_file = taken(one.view).has_file
        for model in models_of(one.view, one.word):
            name = _schema_name(one, model, has_file=has_file)
            found.setdefault(name, _variant(found[model.__name__], _required(one), has_file=has_file))
    found["Problem"] = {
        "type": "object",
        "description": "RFC 9457. The sentence is Indonesian; English with `?lang=en`.",
        "required": ["type", "title", "status", "detail"],
        "properties": {
            "type": {"type": "string"},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "detail": {"type": "string"},
            "errors": {"type": "object", "additionalProperties": {"type": "string"}},
            "current": {"type": "object"},
        },
    }
    return dict(sorted(found.items()))


def _variant(schema: dict[str, Any], required: tuple[str, ...] | None, *, has_file: bool) -> dict[str, Any]:
    """Return a model's schema with a file beside its fields, or with other fields that must be sent."""
    found = copy.deepcopy(schema)
    if has_file:
        found["properties"]["file"] = {"type": "string", "contentMediaType": "application/octet-stream"}
        found["required"] = [*found.get("required", ()), "file"]
    if required is not None:
        found["required"] = list(required)
    return found


def _required(one: Operation) -> tuple[str, ...] | None:
    found: tuple[str, ...] | None = getattr(one.view, "takes_required", None)
    return found


def _schema_name(one: Operation, model: type[Input], *, has_file: bool) -> str:
    """Return the name of a model's schema; with a file, or with fields that may be left out, it is another one."""
    return model.__name__ + ("WithFile" if has_file else "") + ("Some" if _required(one) is not None else "")


def _operation_id(one: Operation) -> str:
    words = [part.strip("{}").replace(".", "_") for part in one.path.removeprefix(PREFIX).split("/") if part]
    return "_".join([one.method, *words]).replace("-", "_")


def _tag(one: Operation) -> str:
    """Return what an address is about: its first word, or that after a package's code."""
    parts = one.path.removeprefix(f"{PREFIX}/").split("/")
    return parts[2] if parts[0] == "projects" and len(parts) > 2 else parts[0]
