"""What data there is: a list of the layers, and a page for each feature."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from app.catalogue.pictures import Highlight, answer_picture, draw_picture
from app.catalogue.queries import Feature, read_feature, read_layer_states, read_population
from app.errors import NotFound
from app.extensions import current_language, reader_session
from app.formats import format_number
from app.links import canonical_url
from app.maps.queries import read_area_names
from app.maps.routes import requested_language, requested_theme
from app.own_words import in_own_words
from app.region import current_region, own_catalogue
from app.values import written_value
from gis.linear import format_station
from layers.definition import LayerDefinition
from layers.history import read_as_of

blueprint = Blueprint("catalogue", __name__)

GROUPS = ("works", "plan", "base")
AREA_LAYERS = ("districts", "villages")
MOST_VILLAGES = 12  # that a feature's page names; a long road touches dozens


@blueprint.get("/data")
def layers() -> str:
    """List the public layers: what they hold, how much, how new, under which licence, and where to get them."""
    states = read_layer_states(reader_session())
    definitions = [one for one in own_catalogue() if one.access == "public" and one.id in states]
    titles = {
        "works": gettext("Pekerjaan dan prasarana"),
        "plan": gettext("Rencana tata ruang"),
        "base": gettext("Peta dasar"),
    }
    groups = [(titles[group], [one for one in definitions if one.group == group]) for group in GROUPS]
    return render_template("catalogue/layers.html", groups=groups, states=states, canonical=canonical_url())


@blueprint.get("/data/<layer>/<int:feature_id>")
def feature(layer: str, feature_id: int) -> str | AnyResponse:
    """Show one feature: its public fields as people read them, where it lies, and where its data is."""
    definition, found = requested_feature(layer, feature_id)
    as_of = request.args.get("as_of") or None
    if layer == "projects":
        return redirect(url_for("projects.page", code=found.values["code"], as_of=as_of), code=301)
    names = read_area_names(reader_session(), [*found.district_codes, *found.village_codes])
    return render_template(
        "catalogue/feature.html",
        definition=definition,
        feature=found,
        title=title_of(definition, found),
        layer_title=definition.title.in_language(current_language()),
        layer_description=definition.description.in_language(current_language()),
        facts=facts_of(definition, found),
        districts=[names.get(code, code) for code in found.district_codes],
        villages=[names.get(code, code) for code in found.village_codes],
        most_villages=MOST_VILLAGES,
        related=related_links(definition, found),
        as_of=as_of,
        moment=requested_moment(),
        canonical=canonical_url(),
        picture_args={"as_of": as_of} if as_of else {},
    )


@blueprint.get("/data/<layer>/<int:feature_id>/map.svg")
def picture(layer: str, feature_id: int) -> Response:
    """Answer the picture of one feature on the base map."""
    _definition, found = requested_feature(layer, feature_id)
    if found.geometry is None:
        raise NotFound("Objek ini belum punya lokasi.", "This feature has no location yet.")
    highlights = [Highlight(found.geometry, "feature")]
    return answer_picture(
        draw_picture(reader_session(), highlights, language=requested_language(), theme=requested_theme())
    )


def requested_feature(layer: str, feature_id: int) -> tuple[LayerDefinition, Feature]:
    """
    Return the feature that an address names.

    Raises
    ------
    LayerNotFound
        When there is no such layer, or not for the public.
    NotFound
        When the layer has no such feature, or had none at the moment asked for.
    """
    definition = own_catalogue().layer(layer)
    if definition.access == "public":
        found = read_feature(reader_session(), definition, feature_id, requested_moment())
        if found is not None:
            return definition, found
    raise NotFound(
        "Objek ini tidak ada di peta. Mungkin sudah dihapus, atau belum ada pada tanggal yang diminta.",
        "This feature is not on the map. It may have been removed, or was not there yet at the date asked for.",
    )


def requested_moment() -> Any:
    """Return the moment of `as_of`, None for now; `InvalidFilter` when it is no date."""
    as_of = request.args.get("as_of")
    return read_as_of(as_of, current_region().time_zone) if as_of else None


def title_of(definition: LayerDefinition, found: Feature) -> str:
    """Return what a feature is called; a road segment by its stations, one without a name by its layer and number."""
    name = found.values.get(definition.name_field)
    if definition.id == "road_segments":
        start, end = format_station(found.values["sta_from_m"]), format_station(found.values["sta_to_m"])
        return f"{name}, STA {start} – {end}"
    return str(name) if name else f"{definition.title.in_language(current_language())} {found.id}"


def facts_of(definition: LayerDefinition, found: Feature) -> list[tuple[str, str]]:
    """Return label and value of every public field that has one."""
    language = current_language()
    facts = [
        (field.label.in_language(language), written_value(definition, field, found.values[field.name]))
        for field in definition.fields_for("public")
        if found.values[field.name] is not None
    ]
    people = read_population(reader_session(), found.values["code"]) if definition.id in AREA_LAYERS else None
    if people is not None:
        count = format_number(people.persons, language)
        facts.append((gettext("Penduduk"), gettext("%(count)s jiwa (%(year)s)", count=count, year=people.year)))
    return facts


def related_links(definition: LayerDefinition, found: Feature) -> list[tuple[str, str]]:
    """Return text and address of what belongs to a feature."""
    code = found.values.get("code")
    links = {
        "districts": [(gettext("Pekerjaan di kecamatan ini"), {"district": code})],
        "villages": [(gettext("Pekerjaan di desa ini"), {"village": code})],
    }
    pages = [
        (in_own_words(text, current_region()), url_for("projects.table", **args))
        for text, args in links.get(definition.id, [])
    ]
    if definition.id in AREA_LAYERS:
        pages.insert(0, (gettext("Halaman wilayah ini"), url_for("places.area", code=code)))
    if definition.id == "bridges" and found.values.get("road_code"):
        pages.append((gettext("Ruas jalannya"), url_for("places.road", code=found.values["road_code"])))
    if definition.id == "roads":
        pages.append((gettext("Kondisi, jembatan, dan pekerjaan di ruas ini"), url_for("places.road", code=code)))
        items = url_for("ogc.items", layer="road_segments", road_code=code)
        pages.append((gettext("Kondisi tiap segmen (GeoJSON)"), items))
    return pages
