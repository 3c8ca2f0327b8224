"""What a view takes and answers, read from its own code, so that its description never differs from what it does."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, TypeVar

from app.forms import Input

V = TypeVar("V", bound=Callable[..., Any])

NOT_OF_THE_VIEW = frozenset({"lang", "format"})
DEPTH = 3  # a view, what it calls of its own module, and what that calls


@dataclass
class Taken:
    """What a view takes beside its address, and with which codes it answers when all went well."""

    models: list[type[Input]] = field(default_factory=list)
    parameters: list[str] = field(default_factory=list)  # of the address, after the question mark
    has_file: bool = False
    statuses: list[int] = field(default_factory=list)


def takes(
    *models: type[Input], by: Mapping[str, type[Input]] | None = None, required: tuple[str, ...] | None = None
) -> Callable[[V], V]:
    """
    Say which models a view reads, where its own code does not name them.

    Parameters
    ----------
    models
        Those of which one is sent.
    by
        Instead: the model for each word that the address may end with.
    required
        The fields that must be sent, when the view fills in the others from what is kept.
    """

    def mark(view: V) -> V:
        view.takes = models  # type: ignore[attr-defined]
        view.takes_by = by  # type: ignore[attr-defined]
        view.takes_required = required  # type: ignore[attr-defined]
        return view

    return mark


def models_of(view: Callable[..., Any], word: str | None = None) -> list[type[Input]]:
    """Return the models of which a view reads one, for the word that its address ends with."""
    by: Mapping[str, type[Input]] | None = getattr(view, "takes_by", None)
    if by is not None:
        return [by[word]] if word is not None and word in by else []
    return list(getattr(view, "takes", ())) or taken(view).models


@cache
def taken(view: Callable[..., Any]) -> Taken:
    """Return what the code of a view takes: `read_input(Model)`, `request.args.get("name")`, `request.files`."""
    found = Taken()
    function = inspect.unwrap(view)
    for statement in _calls(function, set(), DEPTH):
        statement.into(found)
    found.models = list(dict.fromkeys(found.models))
    found.parameters = [name for name in dict.fromkeys(found.parameters) if name not in NOT_OF_THE_VIEW]
    found.statuses = sorted(set(_statuses(_tree(function)))) or [200]
    return found


@dataclass(frozen=True)
class _Call:
    """A call in the code of a function of ours, with the names that the function knows."""

    node: ast.Call
    names: Mapping[str, Any]

    def into(self, found: Taken) -> None:
        called = ast.unparse(self.node.func)
        first = self.node.args[0] if self.node.args else None
        if isinstance(first, ast.Name):
            model = self.names.get(first.id)
            if isinstance(model, type) and issubclass(model, Input):
                found.models.append(model)
        if called in {"request.args.get", "moment", "api.moment"} and isinstance(first, ast.Constant):
            found.parameters.append(str(first.value))
        elif called == "require_parameters" and isinstance(self.node.args[1], ast.Tuple):
            found.parameters.extend(self._words(self.node.args[1]))
        elif called == "request.files.get":
            found.has_file = True

    def _words(self, node: ast.Tuple) -> Iterator[str]:
        for item in node.elts:
            if isinstance(item, ast.Starred) and isinstance(item.value, ast.Name):
                yield from self.names[item.value.id]
            elif isinstance(item, ast.Constant):
                yield str(item.value)


def _calls(function: Any, seen: set[Any], depth: int) -> Iterator[_Call]:
    """Yield the calls of a function and of those that it calls of its module or of other routes."""
    if function in seen or depth == 0:
        return
    seen.add(function)
    for node in ast.walk(_tree(function)):
        if not isinstance(node, ast.Call):
            continue
        yield _Call(node, function.__globals__)
        called = function.__globals__.get(node.func.id) if isinstance(node.func, ast.Name) else None
        if inspect.isfunction(called) and (
            called.__module__ == function.__module__ or called.__module__.endswith("routes")
        ):
            yield from _calls(called, seen, depth - 1)


def _statuses(tree: ast.AST) -> Iterator[int]:
    """Yield the codes beside what a view returns, such as 201 in `return jsonify(...), 201`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Return) and isinstance(node.value, ast.Tuple):
            for inner in ast.walk(node.value.elts[1]):
                if isinstance(inner, ast.Constant) and isinstance(inner.value, int) and inner.value >= 100:
                    yield inner.value


@cache
def _tree(function: Any) -> ast.AST:
    return ast.parse(textwrap.dedent(inspect.getsource(function)))
