"""The light map is one page: our files, our colours, and text that stays text."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import geopandas as gpd
import pytest
import shapely

from app.config import ROOT
from layers.catalogue import built_in_catalogue
from layers.definition import Language
from layers.errors import UnknownAsset
from layers.folium_map import ASSETS, render_folium
from tests.helpers.frames import all_frames

NODE_MODULES = ROOT / "static" / "node_modules"


class Tags(HTMLParser):
    """Start tags of a page with their attributes, as a browser would find them, and the text of its scripts."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def all(self, *names: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.found if tag in names]


def page(
    frames: dict[str, gpd.GeoDataFrame] | None = None,
    *,
    assets: Callable[[str], str] | Path = lambda name: f"/static/{name}",
    language: Language = "id",
    title: str = "Peta ringan",
    nonce: str | None = None,
    source: str = "",
) -> str:
    return render_folium(
        all_frames() if frames is None else frames,
        built_in_catalogue(),
        language=language,
        title=title,
        assets=assets,
        nonce=nonce,
        source=source,
    )


def addresses(made: str) -> list[str | None]:
    return [one.get("src") or one.get("href") for one in Tags(made).all("script", "link", "img", "iframe", "a", "use")]


def test_page_asks_only_for_files_that_we_serve() -> None:
    made = page()
    assert set(addresses(made)) - {None} == {"/static/leaflet/dist/leaflet.js", "/static/leaflet/dist/leaflet.css"}
    assert set(re.findall(r"https?://[^\"'\s\\]+", made)) == {"http://www.w3.org/2000/svg"}


def test_page_in_one_file_asks_for_nothing() -> None:
    if not (NODE_MODULES / "leaflet").is_dir():
        pytest.skip("Leaflet is not installed: run `make build`")
    made = page(assets=NODE_MODULES)
    assert set(addresses(made)) <= {None}
    styles = "".join(re.findall(r"<style.*?</style>", made, re.DOTALL))
    assert {address[:5] for address in re.findall(r"url\(([^)]*)\)", styles)} == {"data:", "#defa"}
    assert "L.control.layers" in made
    assert len(made) < 2_800_000


def test_unknown_file_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("layers.folium_map.ASSETS", dict(list(ASSETS.items())[:1]))
    with pytest.raises(UnknownAsset, match=r"leaflet\.css"):
        page()


def test_missing_package_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(UnknownAsset) as raised:
        page(assets=tmp_path)
    assert "make build" in raised.value.message_id
    assert str(tmp_path.parent) not in raised.value.message_en


def test_every_script_and_style_has_the_nonce() -> None:
    made = page(nonce="q1w2e3", title="Peta")
    tags = Tags(made).all("script", "style")
    assert len(tags) >= 6
    assert {one.get("nonce") for one in tags} == {"q1w2e3"}
    assert not any("style" in attributes for _, attributes in Tags(made).found), "an inline style would be blocked"
    assert not any(name.startswith("on") for _, attributes in Tags(made).found for name in attributes)


def test_inlined_page_has_the_nonce_too() -> None:
    if not (NODE_MODULES / "leaflet").is_dir():
        pytest.skip("Leaflet is not installed: run `make build`")
    tags = Tags(page(assets=NODE_MODULES, nonce="q1w2e3")).all("script", "style")
    assert {one.get("nonce") for one in tags} == {"q1w2e3"}


def test_text_from_data_stays_text() -> None:
    name = "</script><script>alert(1)</script>"
    project = gpd.GeoDataFrame({"name": [name], "stage": ["late"]}, geometry=[shapely.Point(103, -3)], crs=4326)
    district = gpd.GeoDataFrame({"name": [name]}, geometry=[shapely.box(102, -4, 104, -2)], crs=4326)
    made = page({"projects": project, "districts": district}, title=name, source=name)
    plain = page({"projects": project.assign(name="A"), "districts": district.assign(name="A")}, title="A", source="A")
    assert "alert(1)</script>" not in made
    assert len(Tags(made).all("script")) == len(Tags(plain).all("script"))
    assert "\\u0026lt;script\\u0026gt;alert(1)" in made, "names over areas are HTML for Leaflet"
    assert "textContent = feature.properties.v[i]" in made, "popups are filled as text, never as HTML"
    assert json.dumps(name).replace("<", "\\u003c").replace(">", "\\u003e").strip('"') in made


def test_title_and_language() -> None:
    made = page(title="Kabupaten <Musi> & Rawas")
    assert "<title>Kabupaten &lt;Musi&gt; &amp; Rawas</title>" in made
    assert '<html lang="id">' in made
    assert '<html lang="en">' in page(language="en")


def test_visitor_may_enlarge_the_page() -> None:
    (viewport,) = [one for one in Tags(page()).all("meta") if one.get("name") == "viewport"]
    assert viewport["content"] == "width=device-width, initial-scale=1"


def test_every_class_has_its_colour_and_pattern() -> None:
    made = page()
    for codes in ("road_condition", "project_stage", "green_typology", "bridge_condition"):
        for code in built_in_catalogue().codes[codes]:
            assert code.colour is not None
            assert code.colour in made
    dashes = re.findall(r'"color": "#e2661a", "dashArray": "([^"]+)"', made)
    assert dashes
    assert dashes[0].startswith(("10", "11", "12"))


def test_layer_control_speaks_the_language() -> None:
    made = page()
    for word in ("Ruas jalan", "Pekerjaan", "Rusak berat", "Perbesar", "Tutup"):
        assert word in made
    english = page(language="en")
    for word in ("Roads", "Projects", "Heavy damage", "Zoom in"):
        assert word in english


def test_layers_off_at_the_start_are_not_shown() -> None:
    made = page()
    shown = set(re.findall(r"(feature_group_\w+)\.addTo\(map_", made))
    groups = set(re.findall(r"var (feature_group_\w+) =", made))
    hidden = sum(not built_in_catalogue().layer(one).visible for one in all_frames())
    assert len(groups - shown) == hidden


def test_popup_reads_codes_as_words_and_money_in_rupiah() -> None:
    project = gpd.GeoDataFrame(
        {"name": ["Jalan A"], "stage": ["late"], "contract_value_idr": [1_234_567.0], "planned_percent": [62.05]},
        geometry=[shapely.Point(103, -3)],
        crs=4326,
    )
    assert '["Jalan A", "Terlambat", "Rp1.234.567", "62,05%"]' in page({"projects": project})
    assert '["Jalan A", "Late", "Rp1.234.567", "62.05%"]' in page({"projects": project}, language="en")


def test_shape_says_the_state_of_projects_of_any_geometry() -> None:
    line = shapely.MultiLineString([[(103, -3), (103.1, -3.1)]])
    project = gpd.GeoDataFrame({"name": ["Jalan A"], "stage": ["late"]}, geometry=[line], crs=4326)
    made = page({"projects": project})
    assert made.count("L.geoJson(null") == 2, "the line, and its symbol"
    assert '"coordinates": [103.05, -3.05], "type": "Point"' in made
    assert '"t": "Jalan A, Terlambat"' in made, "markers are read aloud"


def test_fields_for_staff_do_not_reach_the_page() -> None:
    catalogue = built_in_catalogue()
    road = catalogue.layer("roads")
    secret = road.field("name").model_copy(update={"access": "staff"})
    fields = tuple(secret if field.name == "name" else field for field in road.fields)
    hidden = road.model_copy(update={"fields": fields})
    changed = type(catalogue)({**catalogue.layers, "roads": hidden}, catalogue.codes)
    roads = {"roads": all_frames()["roads"].assign(name="RAHASIA")}
    made = render_folium(roads, changed, language="id", title="Peta", assets=lambda name: name)
    assert "RAHASIA" not in made


def test_empty_region_is_still_a_page() -> None:
    made = page({})
    assert "fitBounds" in made
    assert Tags(made).all("noscript") == [{}]
