"""The catalogue: every layer that the map knows, with the code lists they share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType

import yaml
from pydantic import TypeAdapter, ValidationError

from layers.definition import Code, LayerDefinition, read_definition
from layers.errors import InvalidDefinition, LayerNotFound

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Catalogue:
    """Layer definitions by id, in drawing order, and code lists by id."""

    layers: Mapping[str, LayerDefinition]
    codes: Mapping[str, tuple[Code, ...]]

    def __iter__(self) -> Iterator[LayerDefinition]:
        return iter(self.layers.values())

    def layer(self, layer_id: str) -> LayerDefinition:
        """
        Return the definition of a layer.

        Raises
        ------
        LayerNotFound
            When the catalogue has no such layer; the message lists those it has.
        """
        try:
            return self.layers[layer_id]
        except KeyError:
            known = ", ".join(self.layers)
            raise LayerNotFound(
                f"Lapisan “{layer_id[:60]}” tidak dikenal. Yang ada: {known}.",
                f"There is no layer “{layer_id[:60]}”. Known layers: {known}.",
            ) from None

    def code_list(self, layer_id: str, field: str) -> tuple[Code, ...]:
        """Return the code list of a field; empty when the field is free text."""
        codes = self.layer(layer_id).field(field).codes
        return self.codes[codes] if codes else ()


@cache
def built_in_catalogue() -> Catalogue:
    """Return the catalogue of the built-in layers (read once per process)."""
    return read_catalogue(HERE / "definitions", HERE / "codes.yml")


def read_catalogue(definitions: Path, codes: Path) -> Catalogue:
    """
    Read all definitions of a folder and the code lists they use.

    Raises
    ------
    InvalidDefinition
        When a file is not as it must be, or a field uses a code list that does not exist.
    """
    code_lists = read_codes(codes)
    found = sorted((read_definition(path) for path in definitions.glob("*.yml")), key=lambda one: one.draw.order)
    for definition in found:
        unknown = {field.codes for field in definition.fields if field.codes} - set(code_lists)
        if unknown:
            raise InvalidDefinition(
                f"Lapisan {definition.id} memakai daftar kode yang tidak ada: {', '.join(sorted(unknown))}.",
                f"Layer {definition.id} uses code lists that do not exist: {', '.join(sorted(unknown))}.",
            )
    return Catalogue(MappingProxyType({one.id: one for one in found}), code_lists)


def read_codes(path: Path) -> Mapping[str, tuple[Code, ...]]:
    """Read the code lists; `InvalidDefinition` when the file is not as it must be."""
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        lists = TypeAdapter(dict[str, tuple[Code, ...]]).validate_python(content)
    except (yaml.YAMLError, ValidationError) as error:
        raise InvalidDefinition(f"{path.name}: {error}", f"{path.name}: {error}") from error
    return MappingProxyType(lists)
