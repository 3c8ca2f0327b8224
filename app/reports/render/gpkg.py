"""
Reports as GeoPackage: the frames of its maps as layers with their styles, its figures and its metadata as tables.

QGIS reads the styles from the table `layer_styles`, as it writes them itself.
"""

from __future__ import annotations

import json
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import quoteattr

import pandas as pd
import pyogrio
import shapely

from app.reports.render.maps import (
    USUAL_CLASSES,
    Classified,
    MapClass,
    classify,
    geometry_kind,
    map_title,
)
from app.reports.render.words import ShownReport, show_report
from app.reports.report import MapView, Report, report_text
from layers.palette import UNKNOWN

if TYPE_CHECKING:
    import geopandas as gpd

APPLICATION_ID, GPKG_1_4 = 0x47504B47, 10400
STYLES = """
    CREATE TABLE layer_styles (
        id INTEGER PRIMARY KEY AUTOINCREMENT, f_table_catalog TEXT(256), f_table_schema TEXT(256),
        f_table_name TEXT(256), f_geometry_column TEXT(256), styleName TEXT(30), styleQML TEXT, styleSLD TEXT,
        useAsDefault BOOLEAN, description TEXT, owner TEXT(30), ui TEXT(30), update_time DATETIME
    )
"""
CLASS_COLUMN = "pk_class"
QGIS_DASHES = {"solid": "solid", "long_dash": "dash", "short_dash": "dash dot", "dots": "dot"}
SLD_DASHES = {"long_dash": "10 4", "short_dash": "4 2", "dots": "1 3"}
SLD_HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    '<StyledLayerDescriptor version="1.1.0" xmlns="http://www.opengis.net/sld"'
    ' xmlns:se="http://www.opengis.net/se" xmlns:ogc="http://www.opengis.net/ogc">'
)


def render_gpkg(report: Report, *, language: str) -> bytes:
    """
    Return a report as GeoPackage.

    Layers are the report's frames (EPSG:4326); those of a map have its classes in `pk_class` and a style. `figures` are
    all figures; `report` holds the report as JSON. An equal report gives equal content.
    """
    shown = show_report(report, language)
    with tempfile.TemporaryDirectory(prefix="petakarya-") as folder:
        path = Path(folder) / "report.gpkg"
        views = {one.frame: one for one in reversed(report.maps)}
        for name in sorted(report.frames):
            frame = report.frames[name]
            if len(frame):
                _write_layer(path, name, _prepared(frame, views.get(name)), shown)
        _write_figures(path, report)
        with closing(sqlite3.connect(path)) as connection, connection:
            _write_styles(connection, report, language)
            _settle(connection, report)
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("VACUUM")
        return path.read_bytes()


def style_qml(view: MapView, classified: Classified, kind: str, language: str) -> str:
    """Return the style of a layer as QGIS writes it: one symbol for each class."""
    categories = "".join(
        f'<category render="true" type="string" value={quoteattr(one.code)} symbol="{number}"'
        f" label={quoteattr(one.label.in_language(language))}/>"
        for number, one in enumerate(classified.classes)
    )
    symbols = "".join(_qml_symbol(number, one, kind) for number, one in enumerate(classified.classes))
    return (
        "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>"
        '<qgis version="3.34.0" styleCategories="Symbology">'
        f'<renderer-v2 type="categorizedSymbol" attr="{CLASS_COLUMN}" symbollevels="0" enableorderby="0"'
        f' forceraster="0"><categories>{categories}</categories><symbols>{symbols}</symbols></renderer-v2></qgis>'
    )


def style_sld(view: MapView, classified: Classified, kind: str, language: str) -> str:
    """Return the style of a layer as OGC's SLD 1.1, for programs other than QGIS."""
    title = map_title(view, language)
    rules = "".join(_sld_rule(one, kind, language) for one in classified.classes)
    return (
        f"{SLD_HEAD}<NamedLayer><se:Name>{_text(title)}</se:Name><UserStyle><se:FeatureTypeStyle>"
        f"{rules}</se:FeatureTypeStyle></UserStyle></NamedLayer></StyledLayerDescriptor>"
    )


def _prepared(frame: gpd.GeoDataFrame, view: MapView | None) -> gpd.GeoDataFrame:
    """Return a frame as it is written: with the class of its map, and lists as JSON."""
    plain = frame.copy()
    for column in plain.columns:
        if column != plain.geometry.name and plain[column].map(lambda one: isinstance(one, list | tuple | dict)).any():
            plain[column] = plain[column].map(lambda one: json.dumps(one, ensure_ascii=False))
    if view is not None and (view.value or view.class_field):
        plain[CLASS_COLUMN] = list(_classes(view, frame).codes)
    return plain


def _classes(view: MapView, frame: gpd.GeoDataFrame) -> Classified:
    return classify(view, frame, "fisher_jenks", USUAL_CLASSES)


def _write_layer(path: Path, name: str, frame: gpd.GeoDataFrame, shown: ShownReport) -> None:
    kinds = set(shapely.get_type_id(frame.geometry.array[~shapely.is_missing(frame.geometry.array)]).tolist())
    pyogrio.write_dataframe(
        frame,
        path,
        layer=name,
        driver="GPKG",
        append=path.exists(),
        promote_to_multi=bool(kinds & {4, 5, 6}) or None,
        layer_options={"GEOMETRY_NAME": "geom", "IDENTIFIER": f"{name} · {shown.title} · {shown.area}"},
        dataset_options=None if path.exists() else {"ADD_GPKG_OGR_CONTENTS": "NO"},
    )


def _write_figures(path: Path, report: Report) -> None:
    columns = ("id", "area", "value", "unit", "numerator", "denominator", "rule", "rule_version", "legal_basis",
               "data_date", "features_url", "verified")  # fmt: skip
    rows = [[one.to_json()[column] for column in columns] for one in report.figures]
    table = pd.DataFrame(rows, columns=list(columns)).rename(columns={"id": "figure"})
    for column in ("value", "numerator", "denominator"):
        table[column] = table[column].astype(float)
    for column in ("rule", "rule_version", "legal_basis", "data_date", "features_url"):
        table[column] = table[column].astype("object")
    pyogrio.write_dataframe(table, path, layer="figures", driver="GPKG", append=path.exists())


def _write_styles(connection: sqlite3.Connection, report: Report, language: str) -> None:
    """Write the style of each map's layer, and the report itself as JSON."""
    moment = _moment(report)
    connection.execute(STYLES)
    connection.execute("CREATE TABLE report (id INTEGER PRIMARY KEY, name TEXT NOT NULL, json TEXT NOT NULL)")
    connection.execute("INSERT INTO report VALUES (1, ?, ?)", (report.name, report_text(report, language=language)))
    for name in ("layer_styles", "report"):
        connection.execute(
            "INSERT INTO gpkg_contents (table_name, data_type, identifier, description, last_change)"
            " VALUES (?, 'attributes', ?, '', ?)",
            (name, name, moment),
        )
    seen: set[str] = set()
    for view, frame in _styled(report):
        kind = geometry_kind(frame)
        classified = _classes(view, frame)
        connection.execute(
            "INSERT INTO layer_styles (f_table_catalog, f_table_schema, f_table_name, f_geometry_column, styleName,"
            " styleQML, styleSLD, useAsDefault, description, owner, update_time)"
            " VALUES ('', '', ?, 'geom', ?, ?, ?, ?, ?, '', ?)",
            (
                view.frame,
                view.id[:30],
                style_qml(view, classified, kind, language),
                style_sld(view, classified, kind, language),
                view.frame not in seen,
                map_title(view, language),
                moment,
            ),
        )
        seen.add(view.frame)


def _styled(report: Report) -> Iterator[tuple[MapView, gpd.GeoDataFrame]]:
    """Yield the maps whose layer is written with classes; of one frame only the first map has them."""
    frames: set[str] = set()
    for view in report.maps:
        frame = report.frames.get(view.frame)
        if frame is not None and len(frame) and (view.value or view.class_field) and view.frame not in frames:
            frames.add(view.frame)
            yield view, frame


def _settle(connection: sqlite3.Connection, report: Report) -> None:
    """Give what would tell the time of writing that of the report, so that equal reports have equal content."""
    connection.execute("UPDATE gpkg_contents SET last_change = ?", (_moment(report),))
    connection.execute(f"PRAGMA user_version = {GPKG_1_4}")
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")


def _moment(report: Report) -> str:
    return report.as_of.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def _qml_symbol(number: int, one: MapClass, kind: str) -> str:
    colour = _rgba(one.colour)
    if kind == "line":
        options = {"line_color": colour, "line_style": QGIS_DASHES[one.pattern], "line_width": "0.8"}
        return _qml(number, "line", "SimpleLine", options)
    if kind == "point":
        options = {"color": colour, "name": "circle", "outline_color": "255,255,255,255", "size": "3"}
        return _qml(number, "marker", "SimpleMarker", options)
    style = "b_diagonal" if one.code == UNKNOWN else "solid"
    options = {"color": colour, "style": style, "outline_color": "255,255,255,255", "outline_width": "0.2"}
    return _qml(number, "fill", "SimpleFill", options)


def _qml(number: int, kind: str, layer: str, options: dict[str, str]) -> str:
    values = "".join(
        f'<Option type="QString" name={quoteattr(name)} value={quoteattr(value)}/>' for name, value in options.items()
    )
    return (
        f'<symbol type="{kind}" name="{number}" alpha="1" clip_to_extent="1" force_rhr="0">'
        f'<layer class="{layer}" enabled="1" locked="0" pass="0"><Option type="Map">{values}</Option></layer></symbol>'
    )


def _sld_rule(one: MapClass, kind: str, language: str) -> str:
    equal = (
        f"<ogc:PropertyIsEqualTo><ogc:PropertyName>{CLASS_COLUMN}</ogc:PropertyName>"
        f"<ogc:Literal>{_text(one.code)}</ogc:Literal></ogc:PropertyIsEqualTo>"
    )
    label = _text(one.label.in_language(language))
    fill = f'<se:Fill><se:SvgParameter name="fill">{one.colour}</se:SvgParameter></se:Fill>'
    dashes = SLD_DASHES.get(one.pattern)
    dash = f'<se:SvgParameter name="stroke-dasharray">{dashes}</se:SvgParameter>' if dashes else ""
    stroke = (
        f'<se:Stroke><se:SvgParameter name="stroke">{one.colour if kind == "line" else "#ffffff"}</se:SvgParameter>'
        f'<se:SvgParameter name="stroke-width">{2 if kind == "line" else 0.5}</se:SvgParameter>'
        f"{dash if kind == 'line' else ''}</se:Stroke>"
    )
    symbolisers = {
        "line": f"<se:LineSymbolizer>{stroke}</se:LineSymbolizer>",
        "point": (
            "<se:PointSymbolizer><se:Graphic><se:Mark><se:WellKnownName>circle</se:WellKnownName>"
            f"{fill}</se:Mark><se:Size>8</se:Size></se:Graphic></se:PointSymbolizer>"
        ),
    }
    area = f"<se:PolygonSymbolizer>{fill}{stroke}</se:PolygonSymbolizer>"
    return f"<se:Rule><se:Name>{label}</se:Name><ogc:Filter>{equal}</ogc:Filter>{symbolisers.get(kind, area)}</se:Rule>"


def _rgba(colour: str) -> str:
    return ",".join(str(int(colour[start : start + 2], 16)) for start in (1, 3, 5)) + ",255"


def _text(text: str) -> Any:
    from xml.sax.saxutils import escape

    return escape(text)
