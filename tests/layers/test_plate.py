"""The plate draws the layers' features where they lie, in their colours, and nothing else."""

from __future__ import annotations

import gzip
import re
import warnings
from pathlib import Path
from xml.etree import ElementTree

import geopandas as gpd
import numpy as np
import pytest
import shapely
from rasterio.errors import NotGeoreferencedWarning
from rasterio.io import MemoryFile

from gis.types import BBox
from layers.catalogue import built_in_catalogue
from layers.definition import Language
from layers.labels import Label, place_labels
from layers.palette import LIGHT, Theme
from layers.plate import border_lines, fit_view, outer_border, render_plate_png, render_plate_svg, round_length
from layers.svg import font_families, line_paths
from tests.helpers.frames import BOUNDS, all_frames

SVG = "{http://www.w3.org/2000/svg}"
CLOSE: BBox = (102.92, -3.18, 102.93, -3.17)  # drawn at zoom 16


def plate(
    frames: dict[str, gpd.GeoDataFrame],
    *,
    bbox: BBox = BOUNDS,
    language: Language = "id",
    theme: Theme = "light",
    with_furniture: bool = False,
    title: str = "",
    source: str = "",
    size: tuple[int, int] = (800, 600),
) -> str:
    return render_plate_svg(
        frames,
        built_in_catalogue(),
        bbox=bbox,
        width_px=size[0],
        height_px=size[1],
        language=language,
        theme=theme,
        with_furniture=with_furniture,
        title=title,
        source=source,
    )


def one_project(name: str, geometry: shapely.Geometry, stage: str = "late") -> dict[str, gpd.GeoDataFrame]:
    return {"projects": gpd.GeoDataFrame({"name": [name], "stage": [stage]}, geometry=[geometry], crs=4326)}


def pixels(svg: str) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    with warnings.catch_warnings(), MemoryFile(render_plate_png(svg)) as file:
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        with file.open() as picture:
            return np.moveaxis(picture.read((1, 2, 3)), 0, 2)


def test_all_layers_make_one_small_picture() -> None:
    svg = plate(all_frames(), with_furniture=True, title="Musi Rawas", source="Data contoh")
    root = ElementTree.fromstring(svg)
    assert root.attrib["viewBox"] == "0 0 800 600"
    assert next(iter(root)).text == "Musi Rawas"
    assert len(gzip.compress(svg.encode())) <= 60_000


def test_every_class_on_the_picture_has_its_colour() -> None:
    svg = plate(all_frames())
    catalogue = built_in_catalogue()
    for codes in ("road_condition", "project_stage", "green_typology", "bridge_condition", "zone"):
        for code in catalogue.codes[codes]:
            assert code.colour is None or code.colour in svg, (codes, code.code)


def test_features_drawn_alike_share_a_path() -> None:
    roads = {"roads": all_frames()["roads"].assign(status="regency", function="arterial")}
    root = ElementTree.fromstring(plate(roads))
    paths = list(root.iter(f"{SVG}path"))
    assert len(paths) == 5, "one for each condition, its data written once"
    strokes = [use.attrib["stroke"] for use in root.iter(f"{SVG}use")]
    assert sorted(strokes) == sorted(
        ["#1b7f5c", "#e3b11f", "#e2661a", "#8f1239", "#7b8794", LIGHT.dark_casing, *[LIGHT.casing] * 4]
    )


def test_line_patterns_as_in_the_style() -> None:
    roads = {"roads": all_frames()["roads"].assign(status="regency", function="arterial")}
    root = ElementTree.fromstring(plate(roads))
    dashes = {use.attrib["stroke"]: use.attrib.get("stroke-dasharray") for use in root.iter(f"{SVG}use")}
    assert dashes["#1b7f5c"] is None
    assert dashes["#e3b11f"] is None
    long, short = (float(str(dashes[colour]).split()[0]) for colour in ("#e2661a", "#8f1239"))
    assert long > 2 * short


def test_project_lies_where_it_is() -> None:
    west, south, east, north = BOUNDS
    middle = shapely.Point((west + east) / 2, (south + north) / 2)
    picture = pixels(plate(one_project("Jembatan", middle, "construction")))
    blue = np.argwhere((picture == (0x0F, 0x6F, 0xB5)).all(axis=2))
    assert blue.mean(axis=0) == pytest.approx([300, 400], abs=1.5)
    assert 30 < len(blue) < 300


def test_project_outside_the_box_is_not_drawn() -> None:
    svg = plate(one_project("Jauh", shapely.Point(110, -7)))
    assert "<use" not in svg
    assert "Jauh" not in svg


def test_area_is_filled_to_its_size() -> None:
    west, south, east, north = BOUNDS
    park = gpd.GeoDataFrame(
        {"typology": ["RTH-2"]}, geometry=[shapely.box(west, south, (west + east) / 2, north)], crs=4326
    )
    picture = pixels(plate({"parks": park}))
    is_green = (picture[..., 1] > picture[..., 0].astype(int) + 10) & (picture[..., 1] > picture[..., 2])
    assert is_green.mean() == pytest.approx(0.5, abs=0.01)


def test_hole_stays_open() -> None:
    west, south, east, north = BOUNDS
    whole = shapely.box(west, south, east, north)
    hole = shapely.box(west + 0.2, south + 0.2, east - 0.2, north - 0.2)
    park = gpd.GeoDataFrame({"typology": ["RTH-2"]}, geometry=[shapely.difference(whole, hole)], crs=4326)
    picture = pixels(plate({"parks": park}))
    assert tuple(picture[300, 400]) == tuple(int(LIGHT.beyond[at : at + 2], 16) for at in (1, 3, 5))


def test_text_from_data_stays_text() -> None:
    name = '<script>alert("1")</script> & co'
    frames = one_project(name, shapely.Point(102.925, -3.175))
    svg = plate(frames, bbox=CLOSE, title=name, source=name, with_furniture=True)
    root = ElementTree.fromstring(svg)
    assert not list(root.iter(f"{SVG}script"))
    assert "<script" not in svg
    texts = [text.text for text in root.iter(f"{SVG}text")]
    assert texts.count(name) == 2, "as label and as source line"
    assert next(iter(root)).text == name


def test_control_characters_do_not_break_the_file() -> None:
    frames = one_project("Baris\x00satu\x0b", shapely.Point(102.925, -3.175))
    texts = [text.text for text in ElementTree.fromstring(plate(frames, bbox=CLOSE)).iter(f"{SVG}text")]
    assert texts == ["Barissatu"]


def test_svg_holds_no_address_and_no_handler() -> None:
    svg = plate(all_frames(), with_furniture=True)
    assert set(re.findall(r'(?:href|src)="([^"]*)"', svg)) <= {f"#{one}" for one in re.findall(r' id="([^"]*)"', svg)}
    assert not re.search(r"\son\w+=", svg)
    assert svg.count("http") == 1, "the name of the SVG format alone"


def test_two_plates_in_a_page_share_no_ids() -> None:
    frames = {"roads": all_frames()["roads"]}
    made = [
        render_plate_svg(
            frames,
            built_in_catalogue(),
            bbox=BOUNDS,
            width_px=100,
            height_px=100,
            language="id",
            theme="light",
            with_furniture=False,
            id_prefix=prefix,
        )
        for prefix in ("a", "b")
    ]
    first, second = (set(re.findall(r' id="([^"]*)"', svg)) for svg in made)
    assert first
    assert not first & second


def test_same_data_make_the_same_bytes() -> None:
    assert plate(all_frames()) == plate(all_frames())


def test_nothing_to_draw_is_an_empty_sheet() -> None:
    empty = gpd.GeoDataFrame({"name": []}, geometry=gpd.GeoSeries([], crs=4326))
    for frames in ({}, {"roads": empty}, one_project("Kosong", shapely.Point())):
        root = ElementTree.fromstring(plate(frames))
        assert not list(root.iter(f"{SVG}path"))


def test_minor_roads_wait_for_their_scale() -> None:
    lane = all_frames()["roads"].assign(function="neighbourhood")
    assert "<use" not in plate({"roads": lane}, size=(200, 150))
    assert "<use" in plate({"roads": lane}, bbox=CLOSE, size=(3000, 3000))


def test_paper_is_dark_in_the_dark_theme() -> None:
    frames = {layer: all_frames()[layer] for layer in ("districts", "roads", "projects")}
    light, dark = (pixels(plate(frames, theme=theme)).mean() for theme in ("light", "dark"))
    assert light > 220
    assert dark < 40


def test_furniture_follows_language_and_scale() -> None:
    texts = {
        language: [
            text.text
            for text in ElementTree.fromstring(plate({}, language=language, with_furniture=True)).iter(f"{SVG}text")
        ]
        for language in ("id", "en")
    }
    assert texts["id"] == ["10 km", "U"]
    assert texts["en"] == ["10 km", "N"]


def test_scale_bar_is_as_long_as_it_says() -> None:
    view = fit_view(BOUNDS, 800, 600)
    svg = plate({}, with_furniture=True)
    (bar,) = set(re.findall(r"M12 581v5h([\d.]+)v-5", svg))
    # Vincenty's length of 0.1° of longitude at 3.1° S is 11 115.5 m (WGS84).
    px_per_degree = 111_319.49 / view.m_per_px
    assert float(bar) / (px_per_degree * 0.1) * 11_115.5 == pytest.approx(10_000, rel=0.005)


@pytest.mark.parametrize(("length", "rounded"), [(999, 500), (1000, 1000), (23_456, 20_000), (0.7, 0.5)])
def test_round_lengths(length: float, rounded: float) -> None:
    assert round_length(length) == pytest.approx(rounded)


def test_view_shows_the_whole_box() -> None:
    view = fit_view((100, -1, 101, 1), 800, 600)
    corners = view.to_pixels(np.array([[100.0, 1.0], [101.0, -1.0]]))
    assert corners[:, 1] == pytest.approx([0, 600], abs=0.01)
    assert corners[:, 0].mean() == pytest.approx(400)
    # One degree of longitude spans 256 px at zoom 8.17 of 256-px tiles, so 300 px are 0.49 zooms of 512-px tiles more.
    assert 512 * 2**view.zoom / 360 == pytest.approx(300, rel=0.001)


def test_box_without_width_is_refused() -> None:
    with pytest.raises(ValueError, match="box"):
        fit_view((100, -1, 100, 1), 800, 600)


def test_border_between_neighbours_is_drawn_once() -> None:
    squares = np.array([shapely.box(0, 0, 10, 10), shapely.box(10, 0, 20, 10)])
    assert shapely.length(border_lines(squares)).sum() == pytest.approx(70)
    assert shapely.length(outer_border(squares)).sum() == pytest.approx(60)


def test_path_data_in_tenths_of_a_pixel() -> None:
    lines = np.array([shapely.LineString([(1, 1), (2.04, 1), (2, 3)]), shapely.LineString([(0, 0), (0.01, 0)])])
    assert line_paths(lines) == "m10 10l10 0 0 20"
    square = np.array([shapely.box(0, 0, 1, 1), None], dtype=object)
    assert line_paths(square) == "m10 0l0 10-10 0 0-10z"


def test_hole_runs_against_its_shell_however_it_was_drawn() -> None:
    shell, hole = shapely.box(0, 0, 9, 9).exterior, shapely.box(3, 3, 6, 6).exterior
    same, against = (np.array([shapely.Polygon(shell, [ring])]) for ring in (hole.coords, hole.coords[::-1]))
    outer, inner = line_paths(same).rstrip("z").split("z")
    assert line_paths(same) == line_paths(against)
    assert outer.endswith("l0 90-90 0 0-90")
    assert inner.endswith("l-30 0 0 30 30 0"), "the other way round: left first, then up"


def test_labels_never_overlap_and_the_important_stays() -> None:
    crowd = [Label(f"Nama {rank}", 50, 50 + rank / 10, size=12, rank=rank, kind="work", radius=6) for rank in range(9)]
    placed = place_labels(crowd, frame=(0, 0, 200, 200))
    assert placed[0].label.rank == 0
    assert [one.x > 50 for one in placed] == [True, False], "one on each side"
    assert not place_labels(crowd, frame=(0, 0, 20, 20))


def test_name_that_stands_near_is_not_repeated() -> None:
    village = Label("Sidodadi", 100, 60, size=12, rank=2, kind="area")
    town = Label("Sidodadi", 100, 100, size=12, rank=1, kind="place", radius=4)
    assert [one.label for one in place_labels([village, town], frame=(0, 0, 400, 200))] == [town]


def test_overlapping_areas_are_filled_once() -> None:
    west, south, east, north = BOUNDS
    whole = shapely.box(west, south, east, north)
    twice = gpd.GeoDataFrame({"typology": ["RTH-2"] * 2}, geometry=[whole, whole], crs=4326)
    once = twice.iloc[:1]
    assert (pixels(plate({"parks": twice}))[300, 400] == pixels(plate({"parks": once}))[300, 400]).all()


def test_label_avoids_symbols_where_it_can() -> None:
    label = Label("Nama", 100, 100, size=12, rank=0, kind="work", radius=6)
    (free,) = place_labels([label], frame=(0, 0, 200, 200))
    assert free.x > 100
    (moved,) = place_labels([label], frame=(0, 0, 200, 200), symbols=[(110, 90, 130, 110)])
    assert moved.x < 100


def test_real_boundaries_fit_the_first_look(shared_data: Path) -> None:
    source = shared_data / "boundaries" / "batas_sumsel_musirawas_lubuklinggau.gpkg"
    renamed = {"kode": "code", "nama": "name"}
    districts = gpd.read_file(source, layer="kecamatan_sumsel", where="kode_kab = '16.05'").rename(columns=renamed)
    villages = gpd.read_file(source, layer="desa_16_05_musi_rawas").rename(columns=renamed)
    west, south, east, north = districts.total_bounds
    bounds = (float(west), float(south), float(east), float(north))
    svg = plate({**all_frames(bounds), "districts": districts, "villages": villages}, bbox=bounds)
    assert len(gzip.compress(svg.encode())) <= 60_000
    texts = {text.text for text in ElementTree.fromstring(svg).iter(f"{SVG}text")}
    assert {"MUARA BELITI", "SELANGIT"} <= texts


@pytest.mark.parametrize(
    ("font", "css"),
    [
        ("sans-serif", "sans-serif"),
        ("Source Sans 3, sans-serif", "'Source Sans 3', sans-serif"),
        ("'Source Sans 3'", "'Source Sans 3'"),
        ("Inter", "Inter"),
    ],
)
def test_font_names_are_quoted_for_css(font: str, css: str) -> None:
    assert font_families(font) == css


@pytest.mark.parametrize(
    "geometry",
    [
        shapely.Polygon([(102.9, -3.2), (103.1, -3.0), (103.1, -3.2), (102.9, -3.0)]),
        shapely.GeometryCollection([shapely.box(102.9, -3.2, 103, -3.1), shapely.LineString([(102, -3), (104, -3)])]),
        shapely.Point(103, -3.1, 55),
        shapely.LineString([(100, -5), (106, -1)]),
        shapely.box(90, -20, 120, 20),
        shapely.MultiPoint([(103, -3.1), (103.1, -3.1)]),
    ],
    ids=["crossing itself", "collection", "with height", "beyond the box", "around the box", "points"],
)
def test_awkward_geometry_is_drawn(geometry: shapely.Geometry) -> None:
    root = ElementTree.fromstring(plate(one_project("Aneh", geometry)))
    assert list(root.iter(f"{SVG}path"))


def test_row_without_geometry_or_class_does_no_harm() -> None:
    frame = gpd.GeoDataFrame({"stage": [None, "late"]}, geometry=[shapely.Point(103, -3.1), None], crs=4326)
    assert "<use" not in plate({"projects": frame}), "a project without stage has no symbol of another"


def test_road_without_survey_is_dotted() -> None:
    line = shapely.LineString([(102.7, -3.1), (103.3, -3.1)])
    road = gpd.GeoDataFrame({"condition": [None], "function": ["arterial"]}, geometry=[line], crs=4326)
    svg = plate({"roads": road})
    assert 'stroke="#7b8794"' in svg
    assert 'stroke-linecap="round"' in svg
    assert "stroke-dasharray" in svg
