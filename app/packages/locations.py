"""Where a package is planned, contracted and built: kept apart, replaced kind by kind, and compared with each other."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import shapely
from flask_babel import gettext
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.errors import InvalidInput
from app.extensions import current_language
from app.formats import format_number
from app.packages.access import PackageRow
from app.packages.location_forms import KINDS, MOST_PLACES, Kind, LocationsInput, PlaceInput, PreviewInput
from app.packages.location_places import Limits, Place, places_of
from app.packages.service import raise_version
from app.recorded import recorded
from gis.linear import format_station
from gis.types import BBox
from layers.rules import rules_in_force

ACCURACY_RULE = "LOKASI_AKURASI_M"
ROAD_RULE = "LOKASI_RUAS_M"
COLUMNS = "id, project_id, kind, method, road_code, start_m, end_m, accuracy_m, note, geom, valid_from"

Places = dict[Kind, list[Place]]


@dataclass(frozen=True)
class Distance:
    """How far the places of one kind lie from those of an earlier one: of the place that exceeds most."""

    earlier: Kind
    later: Kind
    distance_m: float
    allowed_m: float

    @property
    def exceeds(self) -> bool:
        """Whether accuracy alone does not explain it."""
        return self.distance_m > self.allowed_m


def read_limits(session: Session, region: BBox, today: dt.date) -> Limits:
    """Return what places are read and compared with."""
    rules = rules_in_force(session.connection(), today)
    return Limits(region, rules[ACCURACY_RULE].value, rules[ROAD_RULE].value)


def read_places(session: Session, project_id: int, as_of: dt.datetime | None = None) -> Places:
    """Return the places of a package by kind, now or as recorded at a moment."""
    rows = session.execute(
        text(f"""
            SELECT id, kind, method, road_code, start_m, end_m, accuracy_m, note, ST_AsBinary(geom) AS shape
            FROM {recorded("project_location", as_of, columns=COLUMNS)} l WHERE project_id = :id ORDER BY id
        """),
        {"id": project_id, "as_of": as_of},
    )
    places: Places = {kind: [] for kind in KINDS}
    for row in rows:
        shape = shapely.from_wkb(bytes(row.shape))
        places[row.kind].append(
            Place(shape, row.method, row.accuracy_m, row.note, row.road_code, row.start_m, row.end_m, row.id)
        )
    return places


def with_change(session: Session, package: PackageRow, data: PreviewInput, limits: Limits) -> Places:
    """
    Return the places of a package as they would be after a change of one kind.

    Raises
    ------
    InvalidInput
        When one cannot be read, lies outside of the region, or is not there to be kept; fields as `places.0.start`.
    """
    places = read_places(session, package.id)
    wanted = set(data.keep)
    kept = [place for place in places[data.kind] if place.id in wanted]
    if len(kept) != len(wanted):
        raise InvalidInput({"keep": gettext("Ada lokasi yang sudah tidak tercatat. Muat ulang halaman ini.")})
    made = [place for number, one in enumerate(data.places) for place in _numbered(session, one, number, limits)]
    if len(kept) + len(made) > MOST_PLACES:
        raise InvalidInput({"": gettext("Paling banyak %(n)s lokasi untuk satu macam.", n=MOST_PLACES)})
    return {**places, data.kind: [*kept, *made]}


def _numbered(session: Session, data: PlaceInput, number: int, limits: Limits) -> list[Place]:
    try:
        return places_of(session, data, limits)
    except InvalidInput as error:
        raise InvalidInput(
            {f"places.{number}.{name}".rstrip("."): text for name, text in error.errors.items()}
        ) from None


def replace_places(session: Session, package: PackageRow, data: LocationsInput, limits: Limits) -> Places:
    """
    Write all places of one kind, and why they differ from the others; what is not kept stays in the history.

    The reason written before stays when none is sent; an empty one takes it away.

    Raises
    ------
    VersionConflict
        When somebody has changed the package since `data.version`.
    InvalidInput
        As for `with_change`; also when places differ beyond their accuracy and no reason is given.
    """
    raise_version(session, package, data.version)
    places = with_change(session, package, data, limits)
    found = [one for one in distances(session, places, limits) if one.exceeds]
    if found and not data.reason:
        needed = gettext("Tulis alasannya sebelum disimpan.")
        raise InvalidInput({"reason": " ".join([*(distance_sentence(one) for one in found), needed])})
    session.execute(
        text("DELETE FROM app.project_location WHERE project_id = :id AND kind = :kind AND NOT id = ANY (:keep)"),
        {"id": package.id, "kind": data.kind, "keep": data.keep},
    )
    made = [place for place in places[data.kind] if place.id is None]
    if made:
        session.execute(
            text("""
                INSERT INTO app.project_location
                    (project_id, kind, method, road_code, start_m, end_m, accuracy_m, note, geom)
                VALUES (:id, :kind, :method, :road_code, :start_m, :end_m, :accuracy_m, :note,
                    ST_GeomFromWKB(:shape, 4326))
            """),
            [_row(package.id, data.kind, place) for place in made],
        )
    if "reason" in data.model_fields_set:
        session.execute(
            text(
                "UPDATE app.project SET location_note = :note WHERE id = :id AND location_note IS DISTINCT FROM :note"
            ),
            {"id": package.id, "note": data.reason},
        )
    return read_places(session, package.id)


def _row(project_id: int, kind: Kind, place: Place) -> dict[str, Any]:
    return {
        "id": project_id,
        "kind": kind,
        "method": place.method,
        "road_code": place.road_code,
        "start_m": place.start_m,
        "end_m": place.end_m,
        "accuracy_m": place.accuracy_m,
        "note": place.note,
        "shape": place.geometry.wkb,
    }


def distances(session: Session, places: Places, limits: Limits) -> list[Distance]:
    """
    Compare the places of each two kinds: each place of the later one with the nearest of the earlier.

    Two places may differ by the sum of their accuracies.
    """
    return [
        Distance(earlier, later, *_farthest(session, places[earlier], places[later], limits))
        for earlier, later in combinations(KINDS, 2)
        if places[earlier] and places[later]
    ]


def _farthest(session: Session, earlier: list[Place], later: list[Place], limits: Limits) -> tuple[float, float]:
    row = session.execute(
        text("""
            WITH earlier AS (
                SELECT ST_GeomFromWKB(shape, 4326)::geography AS place, m
                FROM unnest(CAST(:shapes_1 AS bytea[]), CAST(:accuracy_1 AS float8[])) AS e(shape, m)
            ),
            later AS (
                SELECT ST_GeomFromWKB(shape, 4326)::geography AS place, m, number
                FROM unnest(CAST(:shapes_2 AS bytea[]), CAST(:accuracy_2 AS float8[]))
                    WITH ORDINALITY AS l(shape, m, number)
            ),
            compared AS (
                SELECT number, e.m + l.m AS allowed, ST_Distance(e.place, l.place) AS metres
                FROM earlier e CROSS JOIN later l
            ),
            nearest AS (SELECT DISTINCT ON (number) metres, allowed FROM compared ORDER BY number, metres - allowed)
            SELECT metres, allowed FROM nearest ORDER BY metres - allowed DESC LIMIT 1
        """),
        {
            "shapes_1": [place.geometry.wkb for place in earlier],
            "shapes_2": [place.geometry.wkb for place in later],
            "accuracy_1": [_accuracy(place, limits) for place in earlier],
            "accuracy_2": [_accuracy(place, limits) for place in later],
        },
    ).one()
    return float(row.metres), float(row.allowed)


def _accuracy(place: Place, limits: Limits) -> float:
    return limits.accuracy_m if place.accuracy_m is None else place.accuracy_m


def distance_sentence(one: Distance) -> str:
    """Say how far two kinds of places lie apart, and whether accuracy explains it."""
    language = current_language()
    values = {
        "later": kind_label(one.later),
        "earlier": kind_label(one.earlier).lower(),
        "distance": format_number(one.distance_m, language),
        "allowed": format_number(one.allowed_m, language),
    }
    if one.exceeds:
        sentence = gettext(
            "%(later)s berjarak %(distance)s m dari %(earlier)s, melebihi ketelitian keduanya (%(allowed)s m).",
            **values,
        )
    elif one.distance_m > 0:
        sentence = gettext(
            "%(later)s berjarak %(distance)s m dari %(earlier)s, dalam ketelitian keduanya (%(allowed)s m).", **values
        )
    else:
        sentence = gettext("%(later)s bersinggungan dengan %(earlier)s.", **values)
    return str(sentence)


def kind_label(kind: Kind) -> str:
    """Return what a kind of places is called."""
    labels = {
        "planned": gettext("Lokasi rencana"),
        "contracted": gettext("Lokasi kontrak"),
        "built": gettext("Lokasi terbangun"),
    }
    return str(labels[kind])


def place_json(place: Place) -> dict[str, Any]:
    """Return a place as programs read it; `geometry` is GeoJSON."""
    on_road = place.start_m is not None and place.end_m is not None
    return {
        "id": place.id,
        "method": place.method,
        "road_code": place.road_code,
        "start_m": place.start_m,
        "end_m": place.end_m,
        "start": format_station(place.start_m) if on_road and place.start_m is not None else None,
        "end": format_station(place.end_m) if on_road and place.end_m is not None else None,
        "length_m": round(place.length_m, 2),
        "accuracy_m": place.accuracy_m,
        "note": place.note,
        "geometry": shapely.geometry.mapping(place.geometry),
    }


def distance_json(one: Distance) -> dict[str, Any]:
    """Return a distance as programs read it."""
    return {
        "earlier": one.earlier,
        "later": one.later,
        "distance_m": round(one.distance_m, 2),
        "allowed_m": one.allowed_m,
        "exceeds": one.exceeds,
        "sentence": distance_sentence(one),
    }


def read_note(session: Session, project_id: int, as_of: dt.datetime | None = None) -> str | None:
    """Return why the places of a package differ, now or as recorded at a moment."""
    source = recorded("project", as_of, columns="id, location_note")
    found = session.scalar(
        text(f"SELECT location_note FROM {source} p WHERE id = :id"), {"id": project_id, "as_of": as_of}
    )
    return None if found is None else str(found)
