"""
The light map: definitions and frames become one HTML page with Leaflet, for browsers without WebGL and for files.

folium asks other hosts for its scripts. Here every address goes through `ASSETS`, a table of files of npm packages that
we serve ourselves or write into the page; an address that is not in the table is an error, never a request.
"""

from __future__ import annotations

import base64
import html
import json
import mimetypes
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import folium
import geopandas as gpd
import numpy as np
import shapely
from branca.element import Element, Figure, MacroElement
from folium.template import Template
from folium.utilities import JsCode

from gis.types import BBox, GeometryArray
from layers.catalogue import Catalogue
from layers.definition import FieldDefinition, Language, LayerDefinition
from layers.errors import UnknownAsset
from layers.frames import anchors, column_values, shown_rows
from layers.legend import swatch_svg
from layers.palette import (
    CASING_PX,
    DASHES,
    PATTERN_WIDTH,
    DrawnClass,
    Theme,
    class_of_row,
    drawn_classes,
    is_empty,
    layer_colour,
    outline_colour,
    theme_tokens,
    unknown_class,
    width_at,
)
from layers.symbols import SYMBOL_SIZE, symbol_id, symbol_svg

AssetUrl = Callable[[str], str]
"""Gives the address under which we serve a file of an npm package, such as `leaflet/dist/leaflet.js`."""

ASSETS: Mapping[str, str] = {
    "https://cdn.jsdelivr.net/npm/leaflet@1.9.3/dist/leaflet.js": "leaflet/dist/leaflet.js",
    "https://cdn.jsdelivr.net/npm/leaflet@1.9.3/dist/leaflet.css": "leaflet/dist/leaflet.css",
}
"""What folium asks for, and the file of an npm package that we give instead."""

LIGHT_ZOOM = 11.0  # the scale at which the light map is drawn: bands and widths are those of this zoom
MAX_ZOOM = 18
GRID_DEGREES = 1e-5  # about a metre
STEPS_ACROSS = 4000  # features are simplified to this share of the region's width
SYMBOL_PX = 17
BADGE_PX = 13
NARROW_PX = 700  # below it the layer control opens on demand
CONTROL_PX = 280  # kept free for the layer control beside the region
INDONESIA: BBox = (95.0, -11.0, 141.0, 6.1)
WORDS = {
    "id": {
        "layers": "Lapisan",
        "close": "Tutup",
        "zoom_in": "Perbesar",
        "zoom_out": "Perkecil",
        "no_script": "Peta ini memerlukan JavaScript. Daftar pekerjaan dapat dibaca tanpanya.",
        True: "Ya",
        False: "Tidak",
    },
    "en": {
        "layers": "Layers",
        "close": "Close",
        "zoom_in": "Zoom in",
        "zoom_out": "Zoom out",
        "no_script": "This map needs JavaScript. The list of projects can be read without it.",
        True: "Yes",
        False: "No",
    },
}

SCRIPT_TAG = re.compile(r'<script[^>]*\ssrc="([^"]+)"[^>]*>\s*</script>')
LINK_TAG = re.compile(r'<link[^>]*\shref="([^"]+)"[^>]*/?>')
CSS_ADDRESS = re.compile(r"url\([\"']?([^)#\"']+)[\"']?\)")
VIEWPORT_TAG = re.compile(r'<meta name="viewport"[^>]*/>')
MAP_TAG = re.compile(r'<div class="folium-map"[^>]*></div>')
INLINE_TAG = re.compile(r"<(script|style)(?=[\s>])")


MOST_LEGEND_CLASSES = 12

STYLE_SHEET = """<style>
main {{ height: 100%; }}
.folium-map.leaflet-container {{ background: {paper}; color: {ink};
  font: 14px/1.5 "Source Sans 3 Variable", "Source Sans 3", sans-serif; }}
.folium-map .leaflet-control-layers, .folium-map .leaflet-popup-content-wrapper, .folium-map .leaflet-popup-tip {{
  background: {paper}; color: {ink}; }}
.folium-map .leaflet-control-layers, .folium-map .leaflet-popup-content-wrapper {{
  border: 1px solid {quiet}; border-radius: 6px; box-shadow: none; }}
.folium-map.leaflet-container .leaflet-bar a {{ background: {paper}; color: {ink};
  width: 44px; height: 44px; line-height: 44px; }}
.folium-map .leaflet-control-scale-line {{ background: {paper}; color: {ink}; border-color: {ink}; text-shadow: none; }}
.folium-map .leaflet-control-layers .leaflet-control-layers-toggle {{ background-image: none; width: auto;
  padding: 0 12px; color: {ink}; line-height: 44px; height: 44px; text-decoration: none; }}
.folium-map .leaflet-control-layers-toggle::after {{ content: "{layers}"; }}
.leaflet-control-layers {{ max-height: 80vh; max-width: 45vw; overflow: auto; }}
.leaflet-control-layers label > span {{ display: flex; align-items: start; gap: 4px; padding: 2px 0; }}
.leaflet-control-layers svg {{ vertical-align: middle; flex: none; }}
.pk-classes {{ display: grid; font-size: 13px; }}
.pk-name {{ color: {quiet}; font-size: 11px; letter-spacing: .06em; text-transform: uppercase; text-align: center;
  white-space: nowrap; pointer-events: none; text-shadow: 0 0 2px {paper}, 0 0 2px {paper}, 0 0 3px {paper}; }}
.pk-hidden {{ position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }}
.pk-popup th {{ text-align: left; font-weight: 400; color: {quiet}; padding-right: 12px; vertical-align: top; }}
.pk-popup td {{ font-variant-numeric: tabular-nums; }}
.pk-source {{ background: {paper}; color: {quiet}; padding: 0 6px; font-size: 12px; }}
</style>"""

POPUP_SCRIPT = """<script>
function petakaryaPopup(feature, layer, labels) {
  layer.options.title = feature.properties.t;  // what a marker is called, read aloud and on hover
  layer.on("popupopen", function (opened) {
    const button = opened.popup.getElement().querySelector(".leaflet-popup-close-button");
    button.setAttribute("aria-label", CLOSE);
    button.href = "#" + opened.popup._map.getContainer().id;
  });
  layer.bindPopup(function () {
    const table = L.DomUtil.create("table", "pk-popup");
    labels.forEach(function (label, i) {
      if (!feature.properties.v[i]) return;
      const row = table.insertRow();
      const head = document.createElement("th");
      head.scope = "row";
      head.textContent = label;
      row.appendChild(head);
      row.insertCell().textContent = feature.properties.v[i];
    });
    return table;
  });
}
</script>"""


def render_folium(
    frames: Mapping[str, gpd.GeoDataFrame],
    catalogue: Catalogue,
    *,
    language: Language,
    title: str,
    assets: AssetUrl | Path,
    theme: Theme = "light",
    nonce: str | None = None,
    source: str = "",
) -> str:
    """
    Draw layers as a page that needs no WebGL.

    Parameters
    ----------
    frames
        Features by layer id (EPSG:4326, columns named as in the definitions). Layers without features are left out.
    catalogue
        The layers, in drawing order.
    language
        Of names, legend and popups.
    title
        Of the page.
    assets
        Where the page finds Leaflet: a function that gives the address of a served file, or the `node_modules` folder
        from which the files are written into the page, which then opens from disk.
    theme
        Light or dark paper.
    nonce
        Of the Content-Security-Policy; put on every script and style in the page.
    source
        Whose data it is, written in the map's corner.

    Returns
    -------
    html
        A whole document. All text from the frames is escaped.

    Raises
    ------
    UnknownAsset
        When the page would ask for a file that is not in `ASSETS`, or the folder lacks it.
    """
    light = LightMap(catalogue, language, theme, _bounds(frames))
    for definition in reversed(tuple(catalogue)):  # the layer control lists the topmost first; panes keep the order
        frame = frames.get(definition.id)
        if frame is not None and len(frame):
            light.add(definition, frame)
    document = light.render(title, source)
    return _with_assets(_with_nonce(document, nonce), assets, nonce)


class LightMap:
    """A folium map in the making."""

    def __init__(self, catalogue: Catalogue, language: Language, theme: Theme, bounds: BBox) -> None:
        self.catalogue = catalogue
        self.language = language
        self.theme = theme
        self.tokens = theme_tokens(theme)
        self.words = WORDS[language]
        self.tolerance = (bounds[2] - bounds[0]) / STEPS_ACROSS
        west, south, east, north = bounds
        self.map = folium.Map(
            location=[(south + north) / 2, (west + east) / 2],
            tiles=None,
            zoom_control=False,
            attributionControl=False,
            zoomSnap=0.5,
        )
        self.map.default_js = [(name, url) for name, url in self.map.default_js if name == "leaflet"]
        self.map.default_css = [(name, url) for name, url in self.map.default_css if name == "leaflet_css"]
        self.map.options["max_zoom"] = MAX_ZOOM
        self.bounds = [[south, west], [north, east]]

    def add(self, definition: LayerDefinition, frame: gpd.GeoDataFrame) -> None:
        """Add a layer in a pane of its own height, with its legend in the layer control."""
        frame = shown_rows(definition, frame, int(LIGHT_ZOOM))
        if not len(frame):
            return
        pane = f"pk-{definition.id}"
        folium.map.CustomPane(pane, z_index=400 + definition.draw.order).add_to(self.map)
        group = folium.FeatureGroup(name=self._control_label(definition), show=definition.visible)
        for drawn, rows in self._by_class(definition, frame):
            for part in self._parts(definition, drawn, rows, pane):
                part.add_to(group)
        if definition.draw.border:
            for marker in self._names(definition, frame):
                marker.add_to(group)
        group.add_to(self.map)

    def render(self, title: str, source: str) -> str:
        """Return the page, with the addresses that folium gave it."""
        is_narrow: Any = JsCode(f"window.innerWidth < {NARROW_PX}")  # folium types only true and false
        folium.LayerControl(collapsed=is_narrow).add_to(self.map)
        self.map.add_child(Controls(self.words["zoom_in"], self.words["zoom_out"], source, self.bounds))
        figure = self.map.get_root()
        assert isinstance(figure, Figure)
        figure.title = html.escape(title)
        figure.header.add_child(Element(self._style_sheet()), name="petakarya_style")
        close = _script_json([self.words["close"]]).strip("[]")
        figure.header.add_child(Element(POPUP_SCRIPT.replace("CLOSE", close)), name="petakarya_popup")
        figure.html.add_child(Element(f"<noscript><p>{html.escape(self.words['no_script'])}</p></noscript>"))
        document: str = figure.render()
        document = document.replace("<html>", f'<html lang="{self.language}">', 1)
        heading = f'<h1 class="pk-hidden">{html.escape(title)}</h1>'
        document = MAP_TAG.sub(lambda found: f"<main>{heading}{found[0]}</main>", document, 1)
        return VIEWPORT_TAG.sub('<meta name="viewport" content="width=device-width, initial-scale=1"/>', document, 1)

    # Parts of a layer

    def _by_class(
        self, definition: LayerDefinition, frame: gpd.GeoDataFrame
    ) -> Iterator[tuple[DrawnClass, gpd.GeoDataFrame]]:
        classes = drawn_classes(self.catalogue, definition, language=self.language, theme=self.theme)
        if definition.draw.by is None:
            yield classes[0], frame
            return
        codes = np.array([class_of_row(value, definition) for value in column_values(frame, definition.draw.by)])
        for drawn in classes:
            if (codes == drawn.code).any():
                yield drawn, frame[codes == drawn.code]
        others = ~np.isin(codes, [str(drawn.code) for drawn in classes])
        if others.any():
            yield unknown_class(definition, self.language, self.theme), frame[others]

    def _parts(
        self, definition: LayerDefinition, drawn: DrawnClass, frame: gpd.GeoDataFrame, pane: str
    ) -> Iterator[folium.GeoJson]:
        """Casing, lines and areas, then symbols: each a GeoJSON of one style."""
        shapes = frame[shapely.get_dimensions(np.asarray(frame.geometry.array)) > 0]
        if len(shapes):
            if drawn.pattern == "short_dash":
                casing = {"color": self.tokens.dark_casing, "weight": self._width(definition) + CASING_PX}
                yield self._geojson(definition, shapes, pane, casing, interactive=False)
            yield self._geojson(definition, shapes, pane, self._style(definition, drawn))
        if symbol_id(definition, drawn) is not None:
            yield self._symbols(definition, drawn, frame, pane)

    def _geojson(
        self,
        definition: LayerDefinition,
        frame: gpd.GeoDataFrame,
        pane: str,
        style: dict[str, Any],
        *,
        interactive: bool = True,
        marker: folium.Marker | None = None,
    ) -> folium.GeoJson:
        is_open = interactive and definition.group != "base"
        fields = self._popup_fields(definition, frame) if is_open else []
        labels = [field.label.in_language(self.language) for field in fields]
        return folium.GeoJson(
            self._features(definition, frame, fields),
            style_function=None if marker else lambda _: style,
            marker=marker,
            on_each_feature=JsCode(f"(f,l)=>petakaryaPopup(f,l,{_script_json(labels)})") if is_open else None,
            pane="markerPane" if marker else pane,
            interactive=is_open,
        )

    def _symbols(
        self, definition: LayerDefinition, drawn: DrawnClass, frame: gpd.GeoDataFrame, pane: str
    ) -> folium.GeoJson:
        """A symbol for each feature, whatever its geometry: the shape says the class without colour."""
        size = BADGE_PX if drawn.shape == "badge" or definition.group == "base" else SYMBOL_PX
        picture = symbol_svg(drawn, self.tokens, with_glyph=True)
        picture = picture.replace(f'width="{SYMBOL_SIZE}" height="{SYMBOL_SIZE}"', f'width="{size}" height="{size}"', 1)
        icon = folium.DivIcon(html=picture, icon_size=(size, size), class_name="pk-symbol")
        points = frame.set_geometry(shapely.points(anchors(np.asarray(frame.geometry.array))), crs=frame.crs)
        is_open = definition.group != "base"
        marker = folium.Marker(icon=icon, interactive=is_open, keyboard=is_open)
        return self._geojson(definition, points, pane, {}, marker=marker)

    def _names(self, definition: LayerDefinition, frame: gpd.GeoDataFrame) -> Iterator[folium.Marker]:
        """Names of areas, written over them."""
        column = definition.draw.label
        if column is None or column not in frame or definition.draw.label_zoom >= LIGHT_ZOOM:
            return
        for name, point in zip(frame[column], shapely.point_on_surface(np.asarray(frame.geometry.array)), strict=True):
            icon = folium.DivIcon(html=html.escape(str(name)), class_name="pk-name", icon_size=(120, 16))
            yield folium.Marker(
                [round(point.y, 5), round(point.x, 5)], icon=icon, pane="tooltipPane", interactive=False, keyboard=False
            )

    def _style(self, definition: LayerDefinition, drawn: DrawnClass) -> dict[str, Any]:
        """Leaflet's path options of a class."""
        draw = definition.draw
        weight = round(self._width(definition) * PATTERN_WIDTH[drawn.pattern], 1)
        if draw.border:
            return {"color": layer_colour(definition, self.theme), "weight": weight, "opacity": 0.45, "fill": False}
        dashes = DASHES[drawn.pattern]
        style: dict[str, Any] = {"color": drawn.colour, "weight": weight, "opacity": 1}
        if definition.geometry in {"polygon", "any"}:
            style |= {"fillColor": drawn.colour, "fillOpacity": draw.opacity}
            if draw.outline:
                style["color"] = outline_colour(definition, self.theme)
        if definition.geometry == "line" and draw.outline and draw.casing:  # white streets need their outline
            style["color"] = outline_colour(definition, self.theme)
        if dashes is not None:
            style["dashArray"] = " ".join(f"{max(dash * weight, 0.1):.3g}" for dash in dashes)
            style["lineCap"] = "round" if drawn.pattern == "dots" else "butt"
        return style

    def _width(self, definition: LayerDefinition) -> float:
        return round(width_at(definition, LIGHT_ZOOM), 1)

    # Data

    def _popup_fields(self, definition: LayerDefinition, frame: gpd.GeoDataFrame) -> list[FieldDefinition]:
        """The public fields that tiles carry too, and the frame has."""
        return [field for field in definition.tile_fields(definition.zooms[1]) if field.name in frame]

    def _features(
        self, definition: LayerDefinition, frame: gpd.GeoDataFrame, fields: Sequence[FieldDefinition]
    ) -> dict[str, Any]:
        """The rows as GeoJSON; properties are `v`, the popup's values in the order of `fields`, and `t`, a name."""
        names = self._names_of(definition, frame)
        columns = [[self._value(definition, field, value) for value in frame[field.name]] for field in fields]
        values = list(zip(*columns, strict=True)) if columns else [()] * len(frame)
        geometries = simplify_to_grid(np.asarray(frame.geometry.array), self.tolerance)
        return {
            "type": "FeatureCollection",
            "features": [
                {
                    "type": "Feature",
                    "id": str(number),
                    "properties": {"v": list(row), "t": name} if fields else {},
                    "geometry": geometry_json(geometry),
                }
                for number, (row, name, geometry) in enumerate(zip(values, names, geometries, strict=True))
                if not geometry.is_empty
            ],
        }

    def _names_of(self, definition: LayerDefinition, frame: gpd.GeoDataFrame) -> list[str]:
        """What each feature is called: its name and its class, as far as the public may read them."""
        public = {field.name: field for field in definition.fields_for("public")}
        fields = [public[name] for name in (definition.name_field, definition.draw.by) if name in public]
        columns = [
            [self._value(definition, field, value) for value in column_values(frame, field.name)] for field in fields
        ]
        return [", ".join(filter(None, words)) for words in zip(*columns, strict=True)]

    def _value(self, definition: LayerDefinition, field: FieldDefinition, value: object) -> str:
        """Return a value as people read it; a code as its label."""
        if is_empty(value):
            return ""
        codes = self.catalogue.code_list(definition.id, field.name)
        label = next((code.label.in_language(self.language) for code in codes if code.code == str(value)), None)
        if label is not None:
            return label
        if field.type == "boolean":
            return self.words[bool(value)]
        if field.type == "money" and isinstance(value, (int, float, np.number)):
            return f"Rp{_grouped(float(value), 0, 'id')}"
        if field.type == "number" and isinstance(value, (int, float, np.number)):
            unit = {"percent": "%", None: ""}.get(field.unit, f" {field.unit}")
            return _grouped(float(value), 2, self.language) + unit
        return str(value)

    # Words and looks

    def _control_label(self, definition: LayerDefinition) -> str:
        """Title of a layer with its classes, as HTML: Leaflet's control takes no other."""
        title = html.escape(definition.title.in_language(self.language))
        classes = drawn_classes(self.catalogue, definition, language=self.language, theme=self.theme)
        if definition.draw.symbol:
            classes = tuple(drawn for drawn in classes if symbol_id(definition, drawn) is not None)
        swatches = [swatch_svg(drawn, definition, self.theme) for drawn in classes]
        if len(classes) == 1:
            return f"{swatches[0]} {title}"
        if len(classes) > MOST_LEGEND_CLASSES:
            return title
        rows = zip(swatches, classes, strict=True)
        items = "".join(f"<span>{swatch} {html.escape(drawn.label)}</span>" for swatch, drawn in rows)
        return f'{title}<span class="pk-classes">{items}</span>'

    def _style_sheet(self) -> str:
        tokens = self.tokens
        return STYLE_SHEET.format(
            paper=tokens.paper, ink=tokens.ink, quiet=tokens.quiet_ink, layers=self.words["layers"]
        )


class Controls(MacroElement):
    """Zoom buttons in the page's language, the scale, the source line; and the region in view."""

    _template = Template(
        """
        {% macro script(this, kwargs) %}
            L.control.zoom({zoomInTitle: {{ this.zoom_in|tojson }}, zoomOutTitle: {{ this.zoom_out|tojson }}})
                .addTo({{ this._parent.get_name() }});
            (function (map) {
                function fit() {
                    map.invalidateSize({animate: false});
                    map.fitBounds({{ this.bounds|tojson }}, {
                        animate: false,
                        paddingBottomRight: [window.innerWidth < {{ this.narrow }} ? 0 : {{ this.aside }}, 0]
                    });
                }
                fit();
                // In a frame that is not laid out yet there is no width to fit into.
                if (!window.innerWidth) window.addEventListener("resize", fit, {once: true});
            })({{ this._parent.get_name() }});
            L.control.scale({imperial: false}).addTo({{ this._parent.get_name() }});
            {% if this.source %}
            (function () {
                const line = L.control({position: "bottomright"});
                line.onAdd = function () {
                    const box = L.DomUtil.create("div", "pk-source");
                    box.textContent = {{ this.source|tojson }};
                    return box;
                };
                line.addTo({{ this._parent.get_name() }});
            })();
            {% endif %}
        {% endmacro %}
        """
    )

    def __init__(self, zoom_in: str, zoom_out: str, source: str, bounds: list[list[float]]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # branca types no constructor
        self._name = "Controls"
        self.zoom_in = zoom_in
        self.zoom_out = zoom_out
        self.source = source
        self.bounds = bounds
        self.narrow = NARROW_PX
        self.aside = CONTROL_PX


def simplify_to_grid(geometries: GeometryArray, tolerance: float) -> GeometryArray:
    """Return geometries (degrees) simplified to a tolerance, with coordinates on a grid of about a metre."""
    simple = shapely.simplify(geometries, tolerance, preserve_topology=True)
    rounded: GeometryArray = shapely.transform(simple, lambda xy: np.round(xy / GRID_DEGREES) * GRID_DEGREES)
    return rounded


def geometry_json(geometry: shapely.Geometry) -> dict[str, Any]:
    """Return a geometry as GeoJSON with five decimals."""
    mapped = json.loads(shapely.to_geojson(geometry))
    return {"type": mapped["type"], "coordinates": _rounded(mapped["coordinates"])}


def _rounded(coordinates: Any) -> Any:
    if isinstance(coordinates, (tuple, list)):
        return [_rounded(part) for part in coordinates]
    return round(coordinates, 5)


def _bounds(frames: Mapping[str, gpd.GeoDataFrame]) -> BBox:
    """The region's box: that of the districts, else of all that is there, else Indonesia's."""
    known = [frames[one] for one in ("districts", "villages") if one in frames and len(frames[one])]
    boxes = [frame.total_bounds for frame in (known or frames.values()) if len(frame)]
    if not boxes:
        return INDONESIA
    west, south = np.min([box[:2] for box in boxes], axis=0)
    east, north = np.max([box[2:] for box in boxes], axis=0)
    return float(west), float(south), float(east), float(north)


def _grouped(value: float, decimals: int, language: Language) -> str:
    """Write a number with separators: 1.234,5 in Indonesian, 1,234.5 in English."""
    text = f"{value:,.{decimals}f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return text.translate(str.maketrans(",.", ".,")) if language == "id" else text


def _script_json(labels: Sequence[str]) -> str:
    """Write texts as JSON that cannot end a script."""
    return str(Template("{{ labels|tojson }}").render(labels=list(labels)))


def _with_assets(document: str, assets: AssetUrl | Path, nonce: str | None) -> str:
    """Replace every address of a script or style sheet by a served address or by the file itself."""
    document = SCRIPT_TAG.sub(lambda found: _script_tag(_asset_of(found[1]), assets, nonce), document)
    return LINK_TAG.sub(lambda found: _style_tag(_asset_of(found[1]), assets, nonce), document)


def _asset_of(address: str) -> str:
    try:
        return ASSETS[address]
    except KeyError:
        raise UnknownAsset(
            f"Peta ringan meminta berkas yang tidak kami sediakan: {address}.",
            f"The light map asks for a file that is not served by us: {address}.",
        ) from None


def _script_tag(name: str, assets: AssetUrl | Path, nonce: str | None) -> str:
    if isinstance(assets, Path):
        text = _read_asset(assets, name).replace("</script", "<\\/script")
        return _with_nonce("<script>", nonce) + text + "</script>"
    return _with_nonce(f'<script src="{html.escape(assets(name))}"></script>', nonce)


def _style_tag(name: str, assets: AssetUrl | Path, nonce: str | None) -> str:
    if not isinstance(assets, Path):
        return f'<link rel="stylesheet" href="{html.escape(assets(name))}"/>'
    folder = (assets / name).parent
    text = CSS_ADDRESS.sub(lambda found: f"url({_data_address(folder / found[1])})", _read_asset(assets, name))
    return _with_nonce("<style>", nonce) + text + "</style>"


def _read_asset(folder: Path, name: str) -> str:
    try:
        return (folder / name).read_text(encoding="utf-8")
    except OSError as error:
        raise UnknownAsset(
            f"Berkas {name} tidak ada di {folder.name}; pasang paket npm dahulu (make build).",
            f"File {name} is not in {folder.name}; install the npm packages first (make build).",
        ) from error


def _data_address(path: Path) -> str:
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return f"data:{kind};base64,{base64.b64encode(path.read_bytes()).decode()}"


def _with_nonce(document: str, nonce: str | None) -> str:
    """Put the nonce on every script and style tag; folium escapes `<` inside scripts, so none is mistaken for a tag."""
    if nonce is None:
        return document
    return INLINE_TAG.sub(lambda found: f'<{found[1]} nonce="{html.escape(nonce)}"', document)
