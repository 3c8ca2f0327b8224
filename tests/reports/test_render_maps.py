"""Maps of a report: classes against mapclassify and by hand, what is not known, and pictures that can do no harm."""

from __future__ import annotations

import re
from dataclasses import replace
from xml.etree import ElementTree

import geopandas as gpd
import mapclassify
import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from app.reports.render.maps import (
    MapPicture,
    bounds_of,
    class_breaks,
    class_colours,
    classify,
    draw_map_picture,
    render_movable_map,
    shown_box,
)
from app.reports.report import MapView, Report
from layers.palette import UNKNOWN, contrast
from tests.reports.sample import CODES, HOSTILE, make_report

SVG = "{http://www.w3.org/2000/svg}"
REPORT = make_report()
STABILITY, CONDITION = REPORT.maps
NUMBERS = [3.0, 1.5, 9.0, 2.0, 8.5, 2.5, 30.0, 31.0, 1.0, 9.5]


def drawn(report: Report, view: MapView, **options: object) -> MapPicture:
    picture = draw_map_picture(report, view, language="id", **options)  # type: ignore[arg-type]
    assert picture is not None
    return picture


@pytest.mark.parametrize("count", [3, 4, 5, 7])
def test_breaks_are_those_of_mapclassify(count: int) -> None:
    values = np.array(NUMBERS)
    assert class_breaks(NUMBERS, "quantiles", count) == pytest.approx(mapclassify.Quantiles(values, k=count).bins)
    assert class_breaks(NUMBERS, "equal_interval", count) == pytest.approx(
        mapclassify.EqualInterval(values, k=count).bins
    )
    assert class_breaks(NUMBERS, "fisher_jenks", count) == pytest.approx(mapclassify.FisherJenks(values, k=count).bins)


def test_natural_breaks_by_hand() -> None:
    assert class_breaks(NUMBERS, "fisher_jenks", 3) == [3.0, 9.5, 31.0]


@given(
    st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=60),
    st.sampled_from(["fisher_jenks", "quantiles", "equal_interval"]),
    st.integers(3, 7),
    st.randoms(),
)
def test_every_value_has_a_class_in_any_order(values: list[float], scheme: str, count: int, shuffle: object) -> None:
    breaks = class_breaks(values, scheme, count)  # type: ignore[arg-type]
    assert breaks == sorted(set(breaks))
    assert len(breaks) <= 7
    assert breaks[-1] == max(values)
    other = list(values)
    shuffle.shuffle(other)  # type: ignore[attr-defined]
    assert class_breaks(other, scheme, count) == breaks  # type: ignore[arg-type]


def test_many_values_are_classed_soon() -> None:
    values = np.random.default_rng(1).lognormal(size=20_000).tolist()
    breaks = class_breaks(values, "fisher_jenks", 5)
    assert len(breaks) == 5
    assert breaks[-1] == max(values)


def test_unknown_is_a_class_of_its_own_and_never_the_lowest() -> None:
    found = classify(STABILITY, REPORT.frames["districts_values"], "fisher_jenks", 5)
    assert found.codes[3] == UNKNOWN
    assert found.codes.count(UNKNOWN) == 1
    assert found.classes[-1].code == UNKNOWN
    assert sum(one.count for one in found.classes) == len(CODES)
    nothing = REPORT.frames["districts_values"].assign(stability=None)
    assert {one.code for one in classify(STABILITY, nothing, "quantiles", 5).classes} == {UNKNOWN}


def test_categories_keep_their_order_and_patterns() -> None:
    found = classify(CONDITION, REPORT.frames["segments"], "fisher_jenks", 5)
    assert [one.code for one in found.classes] == [
        "good",
        "fair",
        "light_damage",
        "heavy_damage",
        "unsurveyed",
        UNKNOWN,
    ]
    assert [one.count for one in found.classes] == [1, 1, 1, 1, 0, 1]


@pytest.mark.parametrize("count", range(1, 8))
def test_colours_darken_step_by_step(count: int) -> None:
    colours = class_colours(count)
    darkness = [contrast(one, "#ffffff") for one in colours]
    assert darkness == sorted(set(darkness))
    assert len(colours) == count


@pytest.mark.parametrize("view", REPORT.maps, ids=lambda one: one.id)
def test_picture_is_accessible_and_harmless(view: MapView) -> None:
    picture = drawn(REPORT, view)
    root = ElementTree.fromstring(picture.svg)
    assert root.get("role") == "img"
    assert root.findtext(f"{SVG}title") == view.title_id
    assert "Tidak diketahui: 1" in (root.findtext(f"{SVG}desc") or "")
    texts = " ".join(one.text or "" for one in root.iter(f"{SVG}text"))
    for words in ("Sumber: data Kabupaten Musi Rawas, 24 November 2026", " km", "Tidak diketahui (1)"):
        assert words in texts
    assert not re.search(r"<script|<style|\sstyle=|\son\w+=|javascript:|https?://(?!www\.w3\.org)", picture.svg)


def test_unknown_areas_are_hatched() -> None:
    root = ElementTree.fromstring(drawn(REPORT, STABILITY, id_prefix="m").svg)
    hatched = [one for one in root.iter(f"{SVG}path") if one.get("fill") == "url(#m-hatch)"]
    assert len(hatched) == 1
    assert "m-hatch" in {one.get("id") for one in root.iter(f"{SVG}pattern")}


def test_keys_lie_over_the_map_for_pages_that_light_them_up() -> None:
    root = ElementTree.fromstring(drawn(REPORT, STABILITY, with_keys=True).svg)
    assert [one.get("data-key") for one in root.iter() if one.get("class") == "map-feature"] == list(CODES)
    assert "map-feature" not in drawn(REPORT, STABILITY).svg


def test_nothing_to_draw_is_none() -> None:
    bare = replace(REPORT, frames={})
    empty = replace(REPORT, frames={"districts_values": REPORT.frames["districts_values"].iloc[:0]})
    for report in (bare, empty):
        assert draw_map_picture(report, STABILITY, language="id") is None
        assert render_movable_map(report, STABILITY, language="id") is None


def test_a_single_point_has_a_map_with_width_and_height() -> None:
    point = gpd.GeoDataFrame({"code": ["a"], "name": ["A"]}, geometry=[shapely.Point(103, -3)], crs="EPSG:4326")
    west, south, east, north = bounds_of(point)
    assert west < 103 < east
    assert south < -3 < north
    drawn(replace(REPORT, frames={"points": point}), MapView("p", "Titik", "Point", "points"))


def test_movable_map_needs_nothing_beside_it() -> None:
    page = render_movable_map(REPORT, STABILITY, language="id")
    assert page is not None
    assert not re.search(r'<(script|link|img|iframe)[^>]*(src|href)="', page)
    assert "<script>alert(1)" not in page
    assert "L.map(" in page
    assert page == render_movable_map(make_report(), STABILITY, language="id")


def test_same_report_is_the_same_picture() -> None:
    assert drawn(make_report(), STABILITY).svg == drawn(make_report(), STABILITY).svg
    assert HOSTILE[1] not in drawn(REPORT, STABILITY).svg


def test_map_shows_the_whole_ground_only_for_what_is_spread_over_it() -> None:
    ground = REPORT.frames["districts"]
    west, _, east, _ = shown_box(REPORT.frames["segments"], ground)
    assert west < 102.5
    assert east > 102.9
    one = REPORT.frames["offences"].iloc[:1]
    assert shown_box(one, ground) == bounds_of(one)
    assert shown_box(one, None) == bounds_of(one)


def test_classes_of_tiny_and_great_values_have_labels_that_differ() -> None:
    values = [0.0, 0.0001, 0.1, 0.12, 0.3, 4.7, 60.0, 100.0, 0.0, 0.0, 0.0, None]
    frame = REPORT.frames["districts_values"].assign(stability=values)
    found = classify(STABILITY, frame, "fisher_jenks", 5)
    labels = [one.label.id for one in found.classes]
    assert len(set(labels)) == len(labels)
    assert found.codes[0] == found.codes[1]  # both are written 0,00
