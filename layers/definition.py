"""What a layer is: one strict YAML file per layer becomes a `LayerDefinition`."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from layers.errors import InvalidDefinition

GeometryKind = Literal["point", "line", "polygon", "any"]
FieldType = Literal["text", "integer", "number", "boolean", "date", "money", "text_list"]
Access = Literal["public", "staff"]
Language = Literal["id", "en"]

MIN_ZOOM = 4  # below it the whole archipelago is one tile; nothing of a regency can be seen
MAX_TILE_ZOOM = 16  # beyond it the browser enlarges; a unit of a z16 tile is 15 cm at the equator


class Strict(BaseModel):
    """A part of a definition: unknown keys are errors, values never change."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Text(Strict):
    """A text in the two languages of the map."""

    id: str
    en: str

    def in_language(self, language: str) -> str:
        """Return the English text for `en`, else the Indonesian one."""
        return self.en if language == "en" else self.id


class Code(Strict):
    """One value of a code list, and how it is drawn."""

    code: str
    label: Text
    colour: str | None = None
    pattern: Literal["solid", "long_dash", "short_dash", "dots"] = "solid"
    shape: Literal["disc", "square", "triangle", "ticked_disc", "cross", "diamond", "badge", "ring", "dot"] | None = (
        None
    )
    glyph: str | None = None  # one to three letters written in the symbol
    public: str | None = None  # the coarser code that the public sees, e.g. of a project state
    aliases: tuple[str, ...] = ()  # other spellings found in agencies' files


class FieldDefinition(Strict):
    """One attribute of a layer: what people read about it, and who may."""

    name: str
    label: Text
    type: FieldType = "text"
    unit: str | None = None
    codes: str | None = None  # id of a code list in codes.yml
    access: Access = "public"
    required: bool = False  # an import without it is refused
    computed: bool = False  # made by the database; an import never fills it
    tile_zoom: int | None = None  # in tiles from this zoom on; None: never
    aliases: tuple[str, ...] = ()  # column names found in agencies' files, compared without case and punctuation


class Band(Strict):
    """A table of its own for a range of zooms: fewer and simpler features."""

    zooms: tuple[int, int]  # first and last zoom
    tolerance_m: float = Field(gt=0)  # of the simplification, in Web Mercator metres
    keep: dict[str, tuple[str, ...]] = {}  # field → the codes that stay; empty keeps all
    shortest_m: dict[str, dict[str, float]] = {}  # field → code → lines below it are left out (Web Mercator metres)
    min_area_m2: float | None = None  # polygons below it are left out (Web Mercator square metres)


class Draw(Strict):
    """How the layer is drawn; colours, patterns and shapes of classes come from the code list of `by`."""

    order: int  # low is below
    by: str | None = None  # field whose code list gives the classes
    colour: str = "#55605a"
    outline: str | None = None
    width_px: tuple[float, float] = (1.0, 3.0)  # lines and outlines, at min zoom and at 16
    opacity: float = 1.0  # of the fill
    casing: bool = False
    border: bool = False  # areas drawn as a border with a pale band inside, without a fill
    from_zoom: int | None = None  # drawn from this zoom on; None: as soon as there are tiles
    colour_dark: str | None = None  # in the dark theme; None: made from `colour`
    outline_dark: str | None = None
    missing: str | None = None  # the code that stands for an empty `by`
    on_top: tuple[str, ...] = ()  # codes whose symbols lie over the others, the highest first
    symbol: str | None = None  # points are drawn as the symbols `<symbol>-<code>`
    size_by: str | None = None  # field that widens a line, or enlarges a point's label
    sizes: dict[str, float] = {}  # code of `size_by` → factor; others 1
    label: str | None = None  # field written on the map
    label_zoom: int = 12
    capitals: bool = False  # the label is written in capitals


class LayerDefinition(Strict):
    """A layer of the map, as its YAML file says it. Storage (columns, constraints) is said in `layers/tables.py`."""

    id: str = Field(pattern=r"^[a-z][a-z_]*$")
    title: Text
    description: Text
    geometry: GeometryKind
    group: Literal["base", "works", "plan"]
    visible: bool = True  # on when the map opens
    zooms: tuple[int, int]  # first zoom with tiles, last zoom with tiles of its own
    name_field: str  # what people call a feature
    code_field: str | None = None  # its official code, used in addresses
    search: tuple[str, ...] = ()  # fields the search box reads
    year_field: str | None = None  # when set, the map shows the newest year
    anchor: bool = False  # tiles carry a point per feature too, for label and symbol, as layer `<id>_anchor`
    importable: bool = True
    access: Access = "public"
    licence: Text | None = None
    fields: tuple[FieldDefinition, ...]
    bands: tuple[Band, ...] = ()
    draw: Draw

    @model_validator(mode="after")
    def _fields_exist(self) -> LayerDefinition:
        names = [field.name for field in self.fields]
        if len(names) != len(set(names)):
            raise ValueError("a field is defined twice")
        named = [self.name_field, self.code_field, *self.search, self.year_field, self.draw.by, self.draw.label]
        named += [self.draw.size_by]
        named += [key for band in self.bands for key in (*band.keep, *band.shortest_m)]
        missing = {name for name in named if name is not None} - set(names)
        if missing:
            raise ValueError(f"names fields that are not defined: {', '.join(sorted(missing))}")
        return self

    def field(self, name: str) -> FieldDefinition:
        """Return the field of this name; `KeyError` when there is none."""
        return next_or_key_error(self.fields, name)

    def fields_for(self, access: Access) -> tuple[FieldDefinition, ...]:
        """Return the fields that the public, or staff, may read."""
        return tuple(field for field in self.fields if access == "staff" or field.access == "public")

    def tile_fields(self, zoom: int) -> tuple[FieldDefinition, ...]:
        """Return the public fields that a tile of this zoom carries."""
        return tuple(
            field
            for field in self.fields
            if field.access == "public" and field.tile_zoom is not None and field.tile_zoom <= zoom
        )

    def band(self, zoom: int) -> Band | None:
        """Return the band that serves this zoom, or None where the full table does."""
        return next((band for band in self.bands if band.zooms[0] <= zoom <= band.zooms[1]), None)


def next_or_key_error(fields: tuple[FieldDefinition, ...], name: str) -> FieldDefinition:
    """Return the first field called `name`; `KeyError` when there is none."""
    for field in fields:
        if field.name == name:
            return field
    raise KeyError(name)


def read_definition(path: Path) -> LayerDefinition:
    """
    Read one layer definition.

    Raises
    ------
    InvalidDefinition
        When the file is not YAML, has unknown keys or misses some; the message names file and key.
    """
    try:
        content: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
        definition = LayerDefinition.model_validate(content)
    except (yaml.YAMLError, ValidationError) as error:
        raise InvalidDefinition(
            f"Definisi lapisan {path.name} tidak dapat dibaca: {error}", f"Layer definition {path.name}: {error}"
        ) from error
    if definition.id != path.stem:
        raise InvalidDefinition(
            f"Definisi lapisan {path.name} menyebut id {definition.id}; samakan dengan nama berkasnya.",
            f"Layer definition {path.name} says id {definition.id}; it must equal the file's name.",
        )
    return definition
