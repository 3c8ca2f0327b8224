"""Search every layer at once by what its features are called, in the public's role."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.search.words import SHORT, forgive_misspelling, read_words, word_condition
from gis.types import BBox
from layers.catalogue import built_in_catalogue
from layers.definition import LayerDefinition
from layers.identifiers import quote
from layers.search import search_expression
from layers.tables import table_of

# What is searched, with the weight of its kind: what people look for most comes first among equals.
WEIGHTS: Mapping[str, float] = {
    "districts": 0.30,
    "villages": 0.24,
    "projects": 0.22,
    "roads": 0.22,
    "places": 0.20,
    "parks": 0.16,
    "bridges": 0.16,
    "facilities": 0.14,
    "streets": 0.10,
}
# Words that say which kind is meant rather than what it is called.
KIND_WORDS: Mapping[str, tuple[str, ...]] = {
    "kecamatan": ("districts",),
    "distrik": ("districts",),
    "district": ("districts",),
    "desa": ("villages",),
    "kelurahan": ("villages",),
    "nagari": ("villages",),
    "kampung": ("villages",),
    "gampong": ("villages",),
    "village": ("villages",),
    "dusun": ("places",),
    "jalan": ("roads", "streets"),
    "ruas": ("roads",),
    "road": ("roads", "streets"),
    "street": ("streets", "roads"),
    "jembatan": ("bridges",),
    "bridge": ("bridges",),
    "taman": ("parks",),
    "park": ("parks",),
    "pekerjaan": ("projects",),
    "paket": ("projects",),
    "project": ("projects",),
}
MEANT_KIND = 2.0  # added to features of the kind that a word names: as much as for an exact name
SHORTEST_WORD = 2  # letters; one letter is in every name
MOST_WORDS = 8  # more do not make a search any narrower
CANDIDATES = 500  # features of a layer that are compared with each other; only very common words have more
EXACT, PREFIX, WORD = 2.0, 1.0, 0.4  # added when the name is what was typed, begins so, or has a word that does
STREET_KEY = "name, district_codes"  # a street is drawn in many pieces, and found once


@dataclass(frozen=True)
class Hit:
    """A feature that was found. Coordinates are degrees (EPSG:4326); those of a project without a location are None."""

    layer: str
    id: int
    label: str
    code: str | None
    place: str | None  # the district it lies in
    score: float
    point: tuple[float, float] | None
    bbox: BBox | None


def search_features(session: Session, typed: str, *, limit: int) -> list[Hit]:
    """
    Find features by name or code, best first.

    Every word must be found, or a word spelled nearly like it. Exact names come first, then names that begin so, then
    by likeness and kind.

    Parameters
    ----------
    session
        Of the public's role.
    typed
        What the visitor typed.
    limit
        Greatest number of results.

    Raises
    ------
    InvalidRequest
        When the text is longer than anyone types.
    """
    words = [word for word in read_words(typed) if len(word) >= SHORTEST_WORD][:MOST_WORDS]
    if not words:
        return []
    meant = {layer for word in words for layer in KIND_WORDS.get(word.lower(), ())}
    names = [word for word in words if word.lower() not in KIND_WORDS]
    forgive_misspelling(session, typed)
    found: dict[tuple[str, int], Hit] = {}
    for searched in [words, names] if names and names != words else [words]:
        for hit in _find(session, searched, meant, limit):
            key = (hit.layer, hit.id)
            if key not in found or found[key].score < hit.score:
                found[key] = hit
    return sorted(found.values(), key=lambda hit: (-hit.score, hit.label, hit.id))[:limit]


def district_at(session: Session, lon: float, lat: float) -> str | None:
    """Return the name of the district that a position lies in; relies on `districts_geom_idx`."""
    position = "ST_SetSRID(ST_MakePoint(:lon, :lat), 4326)"
    statement = text(f"SELECT name FROM layers.districts WHERE ST_Intersects(geom, {position}) LIMIT 1")
    name: str | None = session.scalar(statement, {"lon": lon, "lat": lat})
    return name


def _find(session: Session, words: Sequence[str], meant: set[str], limit: int) -> list[Hit]:
    """Return the best features whose text has all the words."""
    parameters: dict[str, Any] = {f"word{number}": word for number, word in enumerate(words)}
    parameters |= {"phrase": " ".join(words), "candidates": CANDIDATES, "wanted": limit}
    parameters |= {f"weight_{layer}": weight + MEANT_KIND * (layer in meant) for layer, weight in WEIGHTS.items()}
    rows = session.execute(text(search_statement(tuple(min(len(word), SHORT) for word in words))), parameters)
    return [
        Hit(
            layer=row.layer,
            id=row.id,
            label=row.name,
            code=row.code,
            place=row.place,
            score=row.score,
            point=None if row.lon is None else (row.lon, row.lat),
            bbox=None if row.west is None else (row.west, row.south, row.east, row.north),
        )
        for row in rows
    ]


@lru_cache(maxsize=64)
def search_statement(lengths: tuple[int, ...]) -> str:
    """
    Return the SQL that searches every layer for words of these lengths (`:word0` …, `:phrase`), best first.

    Each layer's words rely on its index `<layer>_search_idx`; no more than `:candidates` of a layer are compared.
    """
    catalogue = built_in_catalogue()
    parts = " UNION ALL ".join(f"({_layer_statement(catalogue.layer(layer), lengths)})" for layer in WEIGHTS)
    return f"""
        SELECT best.layer, best.id, best.name, best.code, best.score, d.name AS place,
            ST_X(best.point) AS lon, ST_Y(best.point) AS lat,
            ST_XMin(best.box) AS west, ST_YMin(best.box) AS south, ST_XMax(best.box) AS east, ST_YMax(best.box) AS north
        FROM ({parts}) AS best LEFT JOIN layers.districts d ON d.code = best.district
        ORDER BY best.score DESC, best.name, best.id LIMIT :wanted
    """


def _layer_statement(definition: LayerDefinition, lengths: tuple[int, ...]) -> str:
    """Return the SQL that finds the best features of one layer."""
    layer, source = definition.id, f"layers.{quote(definition.id)}"
    searched = search_expression(definition, "t")
    found = " AND ".join(word_condition(searched, f"word{number}", length) for number, length in enumerate(lengths))
    key = STREET_KEY if layer == "streets" else "id"
    return f"""
        SELECT '{layer}' AS layer, scored.id, scored.name, scored.code, scored.district, scored.score, scored.box,
            (SELECT ST_PointOnSurface(geom) FROM {source} WHERE id = scored.id) AS point
        FROM (
            SELECT min(id) AS id, min(name) AS name, min(code) AS code, min(district) AS district,
                ST_Extent(geom) AS box, max({_score(layer)}) AS score
            FROM (
                SELECT t.id, t.{quote(definition.name_field)} AS name, {_code(definition)} AS code, t.geom,
                    {_district(definition)} AS district, {_district_codes(definition)} AS district_codes,
                    {searched} AS searched, app.fold(coalesce(t.{quote(definition.name_field)}, '')) AS folded
                FROM {source} t WHERE {found} LIMIT :candidates
            ) AS candidate
            WHERE name IS NOT NULL
            GROUP BY {key} ORDER BY score DESC LIMIT :wanted
        ) AS scored
    """


def _score(layer: str) -> str:
    """Return the SQL that says how well a candidate answers: names by likeness, begun names and exact ones first."""
    phrase = "app.fold(:phrase)"
    return f"""
        :weight_{layer}
        + word_similarity({phrase}, searched) + 0.5 * similarity({phrase}, folded)
        + CASE
            WHEN folded = {phrase} OR app.fold(code) = {phrase} THEN {EXACT}
            WHEN starts_with(folded, {phrase}) THEN {PREFIX}
            WHEN position(' ' || {phrase} IN folded) > 0 THEN {WORD}
            ELSE 0
        END
    """


def _code(definition: LayerDefinition) -> str:
    return f"t.{quote(definition.code_field)}" if definition.code_field else "NULL::text"


def _district(definition: LayerDefinition) -> str:
    """Return the SQL of the code of the district that a feature lies in; a district lies in none."""
    if "district_codes" in table_of(definition.id).columns:
        return "t.district_codes[1]"
    return "t.district_code" if definition.id == "villages" else "NULL::text"


def _district_codes(definition: LayerDefinition) -> str:
    return "t.district_codes" if "district_codes" in table_of(definition.id).columns else "NULL::text[]"
