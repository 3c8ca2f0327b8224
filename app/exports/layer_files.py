"""A layer as a file: what the public may read of it, in the formats that programs for maps and tables take."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from sqlalchemy.orm import Session

from app.exports.project_files import BOM, csv_cell
from app.ogc.forms import ItemQuery
from app.ogc.queries import property_names, read_items
from app.projects.geojson import PERCENT_DECIMALS
from layers.definition import LayerDefinition

Format = Literal["geojson", "gpkg", "csv", "fgb"]
FORMAT_OF_SUFFIX: dict[str, Format] = {
    ".geojson": "geojson",
    ".json": "geojson",
    ".gpkg": "gpkg",
    ".csv": "csv",
    ".fgb": "fgb",
}
DRIVERS = {"gpkg": "GPKG", "fgb": "FlatGeobuf"}
TIMEOUT_MS = 120_000  # of one part; nobody waits at a page for it

Features = Iterator[dict[str, Any]]


def read_features(
    session: Session, definition: LayerDefinition, query: ItemQuery, *, tell: Callable[[int], None]
) -> Features:
    """
    Yield all features that a query asks for, as GeoJSON, in the order of their ids.

    Parameters
    ----------
    session
        Of the public's role.
    query
        Its `limit` is how many are read at once.
    tell
        Is told after each part how many have been read.
    """
    done = 0
    after: int | None = None
    while True:
        page = read_items(session, definition, replace(query, after=after), timeout_ms=TIMEOUT_MS)
        for feature in page.features:
            yield json.loads(feature)
        done += len(page.features)
        tell(done)
        if page.next_after is None:
            return
        after = page.next_after


def write_layer(features: Features, definition: LayerDefinition, path: Path, wanted: Format) -> int:
    """Write features (EPSG:4326) to a file that is replaced; return how many there were."""
    if wanted == "geojson":
        return _write_geojson(features, definition, path)
    if wanted == "csv":
        return _write_csv(features, definition, path)
    return _write_with_gdal(features, definition, path, DRIVERS[wanted])


def _write_geojson(features: Features, definition: LayerDefinition, path: Path) -> int:
    count = 0
    with path.open("w", encoding="utf-8") as file:
        file.write(f'{{"type": "FeatureCollection", "name": {json.dumps(definition.id)}, "features": [\n')
        for feature in features:
            file.write((",\n" if count else "") + json.dumps(feature, ensure_ascii=False))
            count += 1
        file.write("\n]}\n")
    return count


def _write_csv(features: Features, definition: LayerDefinition, path: Path) -> int:
    """Write rows with their id; points as `lon` and `lat`, other geometries as WKT in `geometry`."""
    from shapely.geometry import shape

    names = property_names(definition)
    is_point = definition.geometry == "point"
    count = 0
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(BOM)
        writer = csv.writer(file)
        writer.writerow(["id", *names, *(("lon", "lat") if is_point else ("geometry",))])
        for feature in features:
            geometry = feature["geometry"]
            where: list[Any] = [None, None] if is_point else [None]
            if geometry is not None:
                where = list(geometry["coordinates"][:2]) if is_point else [shape(geometry).wkt]
            values = [_cell(feature["properties"][name]) for name in names]
            writer.writerow([csv_cell(value) for value in (feature["id"], *values, *where)])
            count += 1
    return count


def _write_with_gdal(features: Features, definition: LayerDefinition, path: Path, driver: str) -> int:
    """Write with GDAL; numbers and days keep their type, lists of codes stand with spaces between."""
    import geopandas as gpd
    import pandas as pd
    from shapely.geometry import shape

    names = property_names(definition)
    found = list(features)
    table: dict[str, Any] = {"feature_id": [feature["id"] for feature in found]}
    table |= {name: [_flat(feature["properties"][name]) for feature in found] for name in names}
    geometries = [shape(one["geometry"]) if one["geometry"] is not None else None for one in found]
    frame = gpd.GeoDataFrame(table, geometry=gpd.GeoSeries(geometries, crs="EPSG:4326"))
    kinds = {field.name: field.type for field in definition.fields_for("public")}
    for name in names:
        match kinds.get(name):
            case "date":
                frame[name] = pd.to_datetime(frame[name])
            case "integer":
                frame[name] = frame[name].astype("Int64")
            case "number" | "money":
                frame[name] = frame[name].astype("float64")
    path.unlink(missing_ok=True)
    # FlatGeobuf's index has no place for what lies nowhere yet; without the index it has.
    options = {"SPATIAL_INDEX": "NO"} if driver == "FlatGeobuf" and None in geometries else {}
    frame.to_file(path, driver=driver, layer=definition.id, engine="pyogrio", **options)
    return len(frame)


def _cell(value: Any) -> Any:
    """Return a value as a table holds it: whole numbers without decimals, others without noise."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return int(value) if value.is_integer() else round(value, PERCENT_DECIMALS)
    return _flat(value)


def _flat(value: Any) -> Any:
    return " ".join(map(str, value)) if isinstance(value, list) else value
