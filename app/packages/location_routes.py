"""Where a package is planned, contracted and built: its page, which works without scripts, and the same as JSON."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from typing import Any

import shapely
from flask import Blueprint, Response, flash, jsonify, redirect, render_template, request, url_for
from flask_babel import gettext
from sqlalchemy import Row, text
from werkzeug.wrappers import Response as AnyResponse

from app.auth.permissions import Permission, may, needs
from app.errors import InvalidInput, VersionConflict, message_of
from app.extensions import current_language, db, reader_session
from app.forms import FormState, caught, make_input, read_input
from app.idempotency import idempotent
from app.maps.home import browser_config
from app.ogc.forms import require_parameters
from app.packages import api
from app.packages.access import PackageRow, package_or_404
from app.packages.gpx import MOST_BYTES, decoded
from app.packages.location_forms import (
    KINDS,
    Kind,
    LocationsForm,
    LocationsInput,
    PlaceFields,
    PlaceInput,
    PreviewInput,
)
from app.packages.location_places import Limits, Place
from app.packages.locations import (
    Places,
    distance_json,
    distance_sentence,
    distances,
    kind_label,
    place_json,
    read_limits,
    read_note,
    read_places,
    replace_places,
    with_change,
)
from app.region import current_region
from gis.linear import format_station

blueprint = Blueprint("locations", __name__)

API = "/api/v1/projects/<path:code>/locations"
PAGE = "/packages/<path:code>/locations"
ROADS = "roads"  # the sector whose works lie along a ruas, as a rule
COMMON = tuple(name for name in PlaceFields.model_fields if name in {"snap", "accuracy_m", "note"})


# As JSON


@blueprint.get(API)
@needs(Permission.REGISTER_READ)
def read(code: str) -> Response:
    """Give the places of a package by kind, now or at a moment (`as_of`), and how far the kinds lie apart."""
    require_parameters(request.args, ("as_of", "lang"))
    package = package_or_404(code, Permission.REGISTER_READ)
    as_of = api.moment("as_of")
    return jsonify(_json(package, read_places(db.session, package.id, as_of), as_of))


@blueprint.post(API)
@needs(Permission.LOCATION_EDIT)
@idempotent
def write(code: str) -> tuple[Response, int]:
    """Replace all places of one kind; `keep` names those that stay."""
    package = package_or_404(code, Permission.LOCATION_EDIT, locked=True)
    replace_places(db.session, package, read_input(LocationsInput), limits())
    package = package_or_404(code, Permission.LOCATION_EDIT)
    return jsonify(_json(package, read_places(db.session, package.id))), 201


@blueprint.post(f"{API}/preview")
@needs(Permission.LOCATION_EDIT)
def preview(code: str) -> Response:
    """Give the places as a change would make them: on their ruas, with STA, lengths and distances; nothing is kept."""
    package = package_or_404(code, Permission.LOCATION_EDIT)
    data = read_input(PreviewInput)
    places = with_change(db.session, package, data, limits())
    return jsonify(_json(package, places))


def limits() -> Limits:
    """Return what places are read and compared with."""
    return read_limits(db.session, current_region().bbox, api.today())


def _json(package: PackageRow, places: Places, as_of: dt.datetime | None = None) -> dict[str, Any]:
    found = distances(db.session, places, limits())
    return {
        "version": package.version,
        "reason": read_note(db.session, package.id, as_of),
        "places": {kind: [place_json(place) for place in places[kind]] for kind in KINDS},
        "length_m": {kind: round(sum(place.length_m for place in places[kind]), 2) for kind in KINDS},
        "distances": [distance_json(one) for one in found],
        "needs_reason": any(one.exceeds for one in found),
    }


# The page


@blueprint.get(PAGE)
@needs(Permission.REGISTER_READ)
def page(code: str) -> str:
    """Show where a package is, now or at a moment (`as_of`), and to those who may change it the form of one kind."""
    package = package_or_404(code, Permission.REGISTER_READ)
    asked = request.args.get("kind")
    kind = next((one for one in KINDS if one == asked), KINDS[0])
    if as_of := api.moment("as_of"):
        places = read_places(db.session, package.id, as_of)
        return _page(package, kind, places, FormState(LocationsForm), as_of=as_of)
    places = read_places(db.session, package.id)
    kept = [place.id for place in places[kind]]
    values = {
        "kind": kind,
        "version": package.version,
        "keep": kept,
        "reason": read_note(db.session, package.id),
        "snap": package.sector == ROADS,
    }
    return _page(package, kind, places, FormState.of(LocationsForm, values))


@blueprint.post(PAGE)
@needs(Permission.LOCATION_EDIT)
@idempotent
def change(code: str) -> AnyResponse | tuple[str, int]:
    """Write the places of one kind as the form sends them."""
    package = package_or_404(code, Permission.LOCATION_EDIT, locked=True)
    state, conflict = FormState.of(LocationsForm), None
    try:
        with caught(state):
            data = read_input(LocationsForm)
            _replace(package, data)
            flash(gettext("%(kind)s disimpan.", kind=kind_label(data.kind)), "success")
            return redirect(url_for("locations.page", code=code, kind=data.kind), code=303)
    except VersionConflict as error:
        db.session.rollback()
        conflict = message_of(error, current_language())
    package = package_or_404(code, Permission.LOCATION_EDIT)
    places = read_places(db.session, package.id)
    kind = next((one for one in KINDS if one == state.value("kind")), KINDS[0])
    if conflict:
        state.values |= {"version": package.version, "keep": [place.id for place in places[kind]]}
    return _page(package, kind, places, state, conflict), 409 if conflict else 422


def _replace(package: PackageRow, data: LocationsForm) -> None:
    """Replace the places of one kind; what is wrong with one stands beside the field that told it."""
    told = _told(data)
    content: dict[str, Any] = {"kind": data.kind, "version": data.version, "keep": data.keep}
    if "reason" in request.form:
        content["reason"] = data.reason
    try:
        checked = make_input(LocationsInput, {**content, "places": [place for _field, place in told]})
        replace_places(db.session, package, checked, limits())
    except InvalidInput as error:
        fields = [field for field, _place in told]
        raise InvalidInput({_field_of(name, fields): text for name, text in error.errors.items()}) from None


def _told(data: LocationsForm) -> list[tuple[str, dict[str, Any]]]:
    """Return the places that a form tells, each with the field that stands for it; every way that is filled counts."""
    common = data.model_dump(include=set(COMMON))
    told: list[tuple[str, dict[str, Any]]] = []
    if data.road_code or data.start or data.end:
        on_road = {"road_code": data.road_code, "start": data.start, "end": data.end}
        told.append(("road_code", {**common, **on_road}))
    if data.coordinates:
        told.append(("coordinates", {**common, "coordinates": data.coordinates, "shape": data.shape}))
    told += [("drawn", {**common, "geometry": geometry}) for geometry in _drawn(data.drawn)]
    if content := _uploaded():
        told.append(("track", {**common, "gpx": content}))
    return told


def _drawn(written: str | None) -> list[Any]:
    try:
        found = json.loads(written or "[]")
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, list):
        raise InvalidInput({"drawn": gettext("Gambar lokasi tidak dapat dibaca. Gambar ulang.")})
    return found


def _uploaded() -> str | None:
    file = request.files.get("track")
    if file is None or not file.filename:
        return None
    content = file.stream.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise InvalidInput({"track": gettext("Berkas jalur lebih dari 10 MB. Potong jalurnya, lalu kirim lagi.")})
    if not content:  # an empty file is no wish to remove the place
        raise InvalidInput({"track": gettext("Berkas ini rusak atau bukan GPX. Simpan ulang jalurnya sebagai GPX.")})
    return decoded(content)


def _field_of(name: str, fields: list[str]) -> str:
    """Return the form's field of an error such as `places.1.start`."""
    start, _, rest = name.partition(".")
    number, _, inner = rest.partition(".")
    if start != "places" or not number.isdigit():
        return name
    known = {*PlaceInput.model_fields, "track"} - {"geometry", "gpx"}
    return inner if inner in known else fields[int(number)]


def _page(
    package: PackageRow,
    kind: Kind,
    places: Places,
    state: FormState[LocationsForm],
    conflict: str | None = None,
    *,
    as_of: dt.datetime | None = None,
) -> str:
    found = limits()
    editable = as_of is None and may(Permission.LOCATION_EDIT, package)
    return render_template(
        "packages/locations.html",
        package=package,
        kind=kind,
        kinds=[(one, kind_label(one)) for one in KINDS],
        places=places,
        lengths={one: sum(place.length_m for place in places[one]) for one in KINDS},
        distances=[(one, distance_sentence(one)) for one in distances(db.session, places, found)],
        reason=read_note(db.session, package.id, as_of),
        as_of=as_of,
        editable=editable,
        described=described,
        state=state,
        conflict=conflict,
        roads=list_roads() if editable else [],
        limits=found,
        config=_config(package, kind, places) if editable else None,
        time_zone=current_region().time_zone,
    )


def described(place: Place) -> str:
    """Say what a place is: its ruas and STA, or its shape and where it lies."""
    if place.road_code and place.start_m is not None and place.end_m is not None:
        start, end = format_station(place.start_m), format_station(place.end_m)
        if start == end:
            return str(gettext("Ruas %(code)s STA %(start)s", code=place.road_code, start=start))
        return str(gettext("Ruas %(code)s STA %(start)s – %(end)s", code=place.road_code, start=start, end=end))
    shapes = {"Point": gettext("Titik"), "LineString": gettext("Garis"), "Polygon": gettext("Luasan")}
    lon, lat = place.geometry.centroid.coords[0]
    return f"{shapes[place.geometry.geom_type.removeprefix('Multi')]} {lat:.5f}, {lon:.5f}"


def list_roads() -> list[Row[tuple[str, str, float]]]:
    """Return the ruas that places can be told along."""
    return list(
        db.session.execute(
            text("SELECT code, name, length_sk_m FROM layers.roads WHERE geom IS NOT NULL ORDER BY code LIMIT 5000")
        )
    )


def _config(package: PackageRow, kind: Kind, places: Places) -> Mapping[str, Any]:
    """Return what the page's script must know."""
    found = [place.geometry for one in KINDS for place in places[one]]
    box = shapely.total_bounds(found).tolist() if found else None
    return {
        **browser_config(reader_session(), request.args),
        "preview": url_for("locations.preview", code=package.code),
        "kind": kind,
        "box": box,
        "places": {one: [place_json(place) for place in places[one]] for one in KINDS},
        "words": {
            "point": gettext("Titik"),
            "line": gettext("Garis"),
            "polygon": gettext("Luasan"),
            "add_centre": gettext("Tambah titik di tengah peta"),
            "undo": gettext("Hapus titik terakhir"),
            "finish": gettext("Selesai menggambar"),
            "clear": gettext("Hapus gambar"),
            "help": gettext("Pilih bentuk, lalu klik pada peta. Tekan Selesai bila gambarnya lengkap."),
            "shape": gettext("Bentuk yang digambar"),
            "drawn": gettext("Yang digambar"),
            "nothing": gettext("Belum ada yang digambar."),
            "on_road": gettext("Ruas {road} STA {start} – {end}, {length}"),
            "free": gettext("{shape}, {length}"),
            "asking": gettext("Menghitung letak pada ruas…"),
            "failed": gettext("Peladen tidak menjawab. Gambar Anda tetap ada; coba lagi."),
            "map_failed": gettext("Peta tidak dapat dimuat. Lokasi tetap dapat ditulis dengan STA atau koordinat."),
        },
    }
