"""Search every layer at once by what its features are called, in the public's role."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.search.words import SHORT, forgive_misspelling, is_code, read_words, word_condition
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
CONTRACT_SCORE = 1.5  # of a package whose contract has the number: below one of that very name, above all likeness
CONTRACTOR_WEIGHT = 0.9  # of a company beside features, which most people mean
SHORTEST_NUMBER = 3  # characters of a contract's number; shorter ones are in very many


@dataclass(frozen=True)
class Hit:
    """
    A feature that was found, or a company (layer `contractors`).

    Coordinates are degrees (EPSG:4326); those of a company and of a project without a location are None.
    """

    layer: str
    id: int
    label: str
    code: str | None
    place: str | None  # the district it lies in; of a package found by its contract, the contract's number
    score: float
    point: tuple[float, float] | None
    bbox: BBox | None


@dataclass(frozen=True)
class Group:
    """The results of a kind: how many there are (`CANDIDATES` + 1: more than that), and the best."""

    layer: str
    count: int
    hits: tuple[Hit, ...]


@dataclass(frozen=True)
class Question:
    """All words, those that are names, and the layers whose kind was named; without names, all words are."""

    words: list[str]
    names: list[str]
    meant: frozenset[str]


def search_features(session: Session, typed: str, *, limit: int) -> list[Hit]:
    """
    Find features by name or code, packages also by their contract's number, and companies, best first.

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
    asked = read_question(typed)
    if not asked.words:
        return []
    forgive_misspelling(session, typed)
    found: dict[tuple[str, int], Hit] = {}
    features = _find_features(session, asked, limit, limit)
    companies = _find_contractors(session, asked.names, limit)
    for hit in [*features, *companies, *_find_contracts(session, asked.words, limit)]:
        key = (hit.layer, hit.id)
        if key not in found or found[key].score < hit.score:
            found[key] = hit
    return sorted(found.values(), key=lambda hit: (-hit.score, hit.label, hit.id))[:limit]


def search_groups(session: Session, typed: str, *, shown: int) -> list[Group]:
    """
    Find features and companies by kind: how many of each, and the best of them; the kind of the best answer first.

    Parameters
    ----------
    session
        Of the public's role.
    typed
        What the visitor typed.
    shown
        Greatest number of results of a kind.
    """
    asked = read_question(typed)
    if not asked.words:
        return []
    forgive_misspelling(session, typed)
    counts = _count_features(session, asked.names)
    found: dict[str, dict[int, Hit]] = {}
    contractors = _find_contractors(session, asked.names, CANDIDATES + 1)
    numbered = _find_contracts(session, asked.words, shown)
    features = _find_features(session, asked, shown, shown * len(WEIGHTS))
    for hit in sorted([*features, *numbered, *contractors], key=lambda hit: (-hit.score, hit.label, hit.id)):
        found.setdefault(hit.layer, {}).setdefault(hit.id, hit)
    counts["contractors"] = len(contractors)
    return [
        Group(layer, max(counts.get(layer, 0), len(hits)), tuple(list(hits.values())[:shown]))
        for layer, hits in found.items()
    ]


def count_groups(session: Session, typed: str) -> dict[str, int]:
    """Count what a text finds by layer, no further than `CANDIDATES` and one more; layers without any are left out."""
    asked = read_question(typed)
    if not asked.words:
        return {}
    forgive_misspelling(session, typed)
    return _count_features(session, asked.names)


def read_question(typed: str) -> Question:
    """Take apart what was typed; `InvalidRequest` when it is longer than anyone types."""
    words = [word for word in read_words(typed) if len(word) >= SHORTEST_WORD][:MOST_WORDS]
    names = [word for word in words if word.lower() not in KIND_WORDS]
    meant = frozenset(layer for word in words for layer in KIND_WORDS.get(word.lower(), ()))
    return Question(words, names or words, meant)


def district_at(session: Session, lon: float, lat: float) -> str | None:
    """Return the name of the district that a position lies in; relies on `districts_geom_idx`."""
    position = "ST_SetSRID(ST_MakePoint(:lon, :lat), 4326)"
    statement = text(f"SELECT name FROM layers.districts WHERE ST_Intersects(geom, {position}) LIMIT 1")
    name: str | None = session.scalar(statement, {"lon": lon, "lat": lat})
    return name


def _find_features(session: Session, asked: Question, wanted: int, most: int) -> list[Hit]:
    """Return the best features of all layers, `wanted` of each: with all words, or with those that are names."""
    searched = [asked.words, asked.names] if asked.names != asked.words else [asked.words]
    hits = [hit for words in searched for hit in _find(session, words, asked.meant, wanted, most)]
    best: dict[tuple[str, int], Hit] = {}
    for hit in sorted(hits, key=lambda hit: -hit.score):
        best.setdefault((hit.layer, hit.id), hit)
    return list(best.values())


def _find(session: Session, words: Sequence[str], meant: Collection[str], wanted: int, most: int) -> list[Hit]:
    """Return the best features whose text has all the words."""
    parameters: dict[str, Any] = {f"word{number}": word for number, word in enumerate(words)}
    parameters |= {"phrase": " ".join(words), "candidates": CANDIDATES, "wanted": wanted, "most": most}
    parameters |= {f"weight_{layer}": weight + MEANT_KIND * (layer in meant) for layer, weight in WEIGHTS.items()}
    rows = session.execute(text(search_statement(tuple(min(len(word), SHORT) for word in words))), parameters)
    return [_read_hit(row) for row in rows]


def _find_contracts(session: Session, words: Sequence[str], wanted: int) -> list[Hit]:
    """Return the packages of contracts with the words in their number; relies on `contract_number_search_idx`."""
    if not any(is_code(word) and len(word) >= SHORTEST_NUMBER for word in words):
        return []
    numbers = " AND ".join(f"app.fold(c.number) LIKE '%' || app.fold(:word{at}) || '%'" for at in range(len(words)))
    rows = session.execute(
        text(f"""
            SELECT 'projects' AS layer, p.id, p.name, p.code, found.number AS place, CAST(:score AS float8) AS score,
                ST_X(p.point) AS lon, ST_Y(p.point) AS lat,
                ST_XMin(p.geom) AS west, ST_YMin(p.geom) AS south, ST_XMax(p.geom) AS east, ST_YMax(p.geom) AS north
            FROM (
                SELECT c.project_id, min(c.number) AS number FROM app.contract c WHERE {numbers}
                GROUP BY c.project_id ORDER BY c.project_id DESC LIMIT :wanted
            ) AS found
            JOIN LATERAL (
                SELECT id, name, code, geom, ST_PointOnSurface(geom) AS point
                FROM layers.projects WHERE id = found.project_id
            ) AS p ON true
        """),
        {f"word{at}": word for at, word in enumerate(words)} | {"wanted": wanted, "score": CONTRACT_SCORE},
    )
    return [_read_hit(row) for row in rows]


def _find_contractors(session: Session, names: Sequence[str], wanted: int) -> list[Hit]:
    """Return the companies with a contract whose name has all the words; their pages list what they build."""
    conditions = " AND ".join(
        word_condition("app.fold(m.name)", f"word{at}", len(word), exact=is_code(word)) for at, word in enumerate(names)
    )
    rows = session.execute(
        text(f"""
            SELECT 'contractors' AS layer, m.id, m.name, NULL AS code, NULL AS place, NULL AS lon, NULL AS west,
                CAST(:weight AS float8) * strict_word_similarity(app.fold(:phrase), app.fold(m.name)) AS score
            FROM app.company m
            WHERE EXISTS (SELECT FROM app.contract c WHERE c.company_id = m.id) AND {conditions}
            ORDER BY score DESC, m.name, m.id LIMIT :wanted
        """),
        {f"word{at}": word for at, word in enumerate(names)}
        | {"wanted": wanted, "weight": CONTRACTOR_WEIGHT, "phrase": " ".join(names)},
    )
    return [_read_hit(row) for row in rows]


def _count_features(session: Session, words: Sequence[str]) -> dict[str, int]:
    parameters: dict[str, Any] = {f"word{number}": word for number, word in enumerate(words)}
    statement = count_statement(tuple(min(len(word), SHORT) for word in words))
    rows = session.execute(text(statement), parameters | {"most": CANDIDATES + 1})
    return {row.layer: row.found for row in rows if row.found}


def _read_hit(row: Any) -> Hit:
    return Hit(
        layer=row.layer,
        id=row.id,
        label=row.name,
        code=row.code,
        place=row.place,
        score=row.score,
        point=None if row.lon is None else (row.lon, row.lat),
        bbox=None if row.west is None else (row.west, row.south, row.east, row.north),
    )


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
        ORDER BY best.score DESC, best.name, best.id LIMIT :most
    """


@lru_cache(maxsize=64)
def count_statement(lengths: tuple[int, ...]) -> str:
    """Return the SQL that counts in every layer what has words of these lengths, no further than `:most`."""
    catalogue = built_in_catalogue()
    parts = []
    for layer in WEIGHTS:
        definition = catalogue.layer(layer)
        kept = f"DISTINCT t.name, {_district_codes(definition)}" if layer == "streets" else "t.id"
        rows = f"SELECT {kept} FROM layers.{quote(layer)} t WHERE {_has_words(definition, lengths)} LIMIT :most"
        parts.append(f"SELECT '{layer}' AS layer, count(*) AS found FROM ({rows}) AS counted")
    return " UNION ALL ".join(parts)


def _has_words(definition: LayerDefinition, lengths: tuple[int, ...]) -> str:
    """Return the SQL that the searched text of a layer's row `t` has all words, and the row a name."""
    searched = search_expression(definition, "t")
    conditions = [word_condition(searched, f"word{number}", length) for number, length in enumerate(lengths)]
    return " AND ".join([*conditions, f"t.{quote(definition.name_field)} IS NOT NULL"])


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
