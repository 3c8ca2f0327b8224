"""The legend shows each class as the map draws it, and names the field it filters by."""

from __future__ import annotations

import json
from xml.etree import ElementTree

import pytest

from layers.catalogue import built_in_catalogue
from layers.legend import LegendEntry, build_legend
from layers.palette import UNKNOWN, Theme


def entry(layer: str, theme: Theme = "light") -> LegendEntry:
    return next(one for one in build_legend(built_in_catalogue(), "id", theme) if one.layer == layer)


def test_topmost_layer_comes_first() -> None:
    layers = [one.layer for one in build_legend(built_in_catalogue(), "id", "light")]
    assert layers.index("projects") < layers.index("roads") < layers.index("districts")
    assert set(layers) == set(built_in_catalogue().layers)


def test_road_conditions_with_colour_and_pattern() -> None:
    roads = entry("roads")
    assert (roads.field, roads.missing) == ("condition", "unsurveyed")
    assert [(one.code, one.colour, one.pattern) for one in roads.classes] == [
        ("good", "#1b7f5c", "solid"),
        ("fair", "#e3b11f", "solid"),
        ("light_damage", "#e2661a", "long_dash"),
        ("heavy_damage", "#8f1239", "short_dash"),
        ("unsurveyed", "#7b8794", "dots"),
    ]


def test_no_two_road_conditions_look_alike_without_colour() -> None:
    swatches: dict[str, list[str | None]] = {}
    for one in entry("roads").classes:
        colourless = one.swatch.replace(one.colour, "")
        swatches.setdefault(colourless, []).append(one.code)
    assert [codes for codes in swatches.values() if len(codes) > 1] == [["good", "fair"]]


def test_project_stages_have_shapes_of_their_own() -> None:
    shapes = [one.shape for one in entry("projects").classes]
    assert len(set(shapes)) == len(shapes) == 6


def test_class_that_may_be_empty_can_be_filtered_too() -> None:
    assert entry("bridges").classes[-1].code == UNKNOWN
    assert entry("bridges").missing == UNKNOWN
    assert UNKNOWN not in [one.code for one in entry("projects").classes]


def test_layer_without_classes_shows_how_it_is_drawn() -> None:
    (only,) = entry("districts").classes
    assert only.code is None
    assert "stroke" in only.swatch


def test_labels_follow_the_language() -> None:
    english = {one.layer: one for one in build_legend(built_in_catalogue(), "en", "light")}
    assert english["roads"].title == "Roads"
    assert english["roads"].classes[0].label == "Good"
    assert entry("roads").classes[0].label == "Baik"


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_swatches_are_svg_hidden_from_screen_readers(theme: Theme) -> None:
    for one in build_legend(built_in_catalogue(), "id", theme):
        for drawn in one.classes:
            root = ElementTree.fromstring(drawn.swatch)
            assert root.attrib["aria-hidden"] == "true"
            assert drawn.colour in drawn.swatch or drawn.shape is None, (one.layer, drawn.code)


def test_dark_theme_lightens_what_would_vanish() -> None:
    light, dark = entry("projects").classes[-1], entry("projects", "dark").classes[-1]
    assert light.colour == "#3a3f45"
    assert int(dark.colour[1:3], 16) > int(light.colour[1:3], 16)


def test_legend_is_json() -> None:
    entries = [one.to_json() for one in build_legend(built_in_catalogue(), "id", "light")]
    assert json.loads(json.dumps(entries))[0]["layer"] == "places"
