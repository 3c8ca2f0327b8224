from __future__ import annotations

import subprocess
import sys
from io import BytesIO

import numpy as np
import pytest
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import Connection, text

from app.rasters.queries import RegisteredRaster
from app.rasters.tiles import last_zoom
from gis.tiles import tile_at
from gis.types import TileXYZ
from tests.rasters.conftest import SIDE, Add

HEIGHTS = np.tile(np.linspace(50, 250, SIDE).astype("float32"), (SIDE, 1))
COVER = np.repeat(np.repeat(np.array([[1, 2], [5, 1]], "uint8"), SIDE // 2, 0), SIDE // 2, 1)


def middle(raster: RegisteredRaster, z: int) -> TileXYZ:
    west, south, east, north = raster.bbox
    return tile_at((west + east) / 2, (south + north) / 2, z)


def address(raster: RegisteredRaster, xyz: TileXYZ, image: str = "webp", **query: str) -> str:
    asked = "&".join(f"{key}={value}" for key, value in query.items())
    return f"/rasters/{raster.name}/{xyz.z}/{xyz.x}/{xyz.y}.{image}" + (f"?{asked}" if asked else "")


def pixels(content: bytes) -> np.ndarray:
    return np.array(Image.open(BytesIO(content)).convert("RGBA"))


@pytest.mark.parametrize("image", ["webp", "png"])
def test_a_tile_shows_each_class_in_its_colour_and_nothing_beyond(add: Add, client: FlaskClient, image: str) -> None:
    raster = add(COVER, "lc21").raster
    found = client.get(address(raster, middle(raster, 12), image))
    assert (found.status_code, found.mimetype) == (200, f"image/{image}")
    shown = pixels(found.data)
    assert shown.shape == (256, 256, 4)
    assert set(np.unique(shown[..., 3])) <= {0, 255}
    colours = {"#{:02x}{:02x}{:02x}".format(*pixel[:3]) for pixel in shown[shown[..., 3] == 255]}
    assert colours <= {one.colour for one in raster.classes}, "nearest: no colour between two classes"
    whole = pixels(client.get(address(raster, middle(raster, 9), image)).data)
    assert 0.005 < (whole[..., 3] == 255).mean() < 0.5, "beyond the raster a tile is transparent"


def test_nodata_is_transparent(add: Add, client: FlaskClient) -> None:
    cells = HEIGHTS.copy()
    cells[:, : SIDE // 2] = np.nan
    raster = add(cells, "dem").raster
    shown = pixels(client.get(address(raster, middle(raster, 13), "png")).data)
    west, south, east, north = raster.bbox
    assert (shown[..., 3] == 0).any()
    assert (shown[..., 3] == 255).any()
    quarter = tile_at(west + (east - west) / 8, (south + north) / 2, 16)
    assert client.get(address(raster, quarter)).status_code == 204, "nothing but nodata"


def test_heights_run_from_low_to_high_colours_and_are_shaded(add: Add, client: FlaskClient) -> None:
    from app.rasters.colours import RAMPS, rgb_of

    raster = add(HEIGHTS, "dem").raster
    z = 12
    shown = pixels(client.get(address(raster, middle(raster, z), "png")).data)
    row = shown[128][shown[128][:, 3] == 255][:, :3].astype(int)
    low, high = np.array(rgb_of(RAMPS["elevation"][0])), np.array(rgb_of(RAMPS["elevation"][-1]))
    assert np.abs(row[2] - low).sum() < np.abs(row[2] - high).sum()
    assert np.abs(row[-3] - high).sum() < np.abs(row[-3] - low).sum()
    falling = add(HEIGHTS[:, ::-1].copy(), "dem2", request={"kind": "elevation"}).raster
    other = pixels(client.get(address(falling, middle(falling, z), "png")).data)
    facing, away = (picture[120:136, 100:156, :3].mean() for picture in (shown, other))
    assert facing != pytest.approx(away, abs=3), "the light comes from the north-west: one slope faces it"
    assert facing > away, "ground that rises to the east faces west, into the light"


def test_a_picture_of_three_bands_is_shown_as_it_is(add: Add, client: FlaskClient) -> None:
    bands = np.stack([np.full((SIDE, SIDE), value, "uint8") for value in (200, 100, 50)])
    raster = add(bands, "citra").raster
    shown = pixels(client.get(address(raster, middle(raster, 13), "png")).data)
    assert shown[shown[..., 3] == 255][:, :3].mean(axis=0).tolist() == [200, 100, 50]


def test_what_is_not_there(add: Add, client: FlaskClient) -> None:
    raster = add(COVER, "lc21").raster
    beyond = client.get(address(raster, TileXYZ(10, 0, 0)))
    assert (beyond.status_code, beyond.data) == (204, b"")
    for path in (
        "/rasters/lain/10/1/1.webp",
        "/rasters/lc21/3/9/0.webp",
        "/rasters/lc21/30/0/0.webp",
        "/rasters/lc21/10/1/1.jpg",
        "/rasters/a%00b/1/1/1.webp",
        "/rasters/lc21/10/99999999999999999999/1.webp",
        "/rasters/lc21/10/1/x.webp",
    ):
        answer = client.get(path)
        assert answer.status_code == 404, path
        assert answer.mimetype == "application/problem+json"
    assert client.get(address(raster, TileXYZ(10, 0, 0), as_of="9" * 40)).status_code == 400
    assert client.post(address(raster, TileXYZ(10, 0, 0))).status_code in {401, 403, 405}


def test_tiles_are_kept_by_their_version(add: Add, client: FlaskClient, connection: Connection) -> None:
    raster = add(COVER, "lc21").raster
    xyz = middle(raster, 13)
    asked = client.get(address(raster, xyz, v=raster.version))
    assert asked.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert client.get(address(raster, xyz)).headers["Cache-Control"] == "public, no-cache"
    assert client.get(address(raster, xyz, v="0000000000000000")).headers["Cache-Control"] == "public, no-cache"
    for query in ({}, {"v": raster.version}):
        again = client.get(address(raster, xyz, **query), headers={"If-None-Match": asked.headers["ETag"]})
        assert (again.status_code, again.data) == (304, b"")
    moment = str(connection.scalar(text("SELECT to_char(max(valid_from) AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') FROM app.raster")))  # fmt: skip
    changed = add(COVER[::-1].copy(), "lc21", request={"replace": True}).raster
    newer = client.get(address(changed, xyz))
    assert newer.headers["ETag"] != asked.headers["ETag"]
    assert newer.data != asked.data
    past = client.get(address(raster, xyz, as_of=moment))
    assert past.data == asked.data
    assert client.get(address(raster, xyz, as_of="2001-01-01")).status_code == 404


def test_the_list_says_what_there_is_and_how_it_is_drawn(add: Add, client: FlaskClient) -> None:
    assert client.get("/rasters.json").get_json() == {"rasters": []}
    add(COVER, "lc21", request={"year": 2021, "title": "Tutupan lahan"})
    add(HEIGHTS, "dem", nodata=np.nan)
    listed = client.get("/rasters.json")
    dem, cover = listed.get_json()["rasters"]
    assert (dem["name"], dem["nodata"], dem["kind"]) == ("dem", "nan", "elevation")
    assert dem["legend"][0]["label"] == "54 – 246 m"
    assert [one["code"] for one in cover["legend"]] == ["1", "2", "5"]
    assert client.get("/rasters.json?lang=en").get_json()["rasters"][1]["legend"][0]["label"] == "Class 1"
    template = cover["tiles"][0]
    assert template.startswith("http://localhost/rasters/lc21/{z}/{x}/{y}.webp?v=")
    assert client.get("/rasters.json", headers={"If-None-Match": listed.headers["ETag"]}).status_code in {200, 304}


def test_the_map_offers_rasters_below_everything_but_the_ground(add: Add, client: FlaskClient) -> None:
    raster = add(COVER, "lc21", request={"year": 2021, "title": "Tutupan lahan", "source": "KLHK"}).raster
    style = client.get("/style.json").get_json()
    source = style["sources"]["raster_lc21"]
    assert (source["type"], source["tileSize"]) == ("raster", 256)
    assert source["bounds"] == pytest.approx(list(raster.bbox))
    assert source["maxzoom"] == last_zoom(raster, 256) == 13
    ids = [layer["id"] for layer in style["layers"]]
    assert ids.index("raster_lc21") == 1 + ids.index("districts-ground")
    drawn = style["layers"][ids.index("raster_lc21")]
    assert drawn["layout"]["visibility"] == "none", "it costs nothing until it is switched on"
    entry = client.get("/api/v1/legend").get_json()["layers"][-1]
    assert (entry["layer"], entry["group"], entry["visible"]) == ("raster_lc21", "raster", False)
    assert entry["title"] == "Tutupan lahan (2021)"
    assert "KLHK" in entry["description"]
    assert [one["label"] for one in entry["classes"]] == ["Kelas 1", "Kelas 2", "Kelas 5"]
    assert all(one["swatch"].startswith("<svg") for one in entry["classes"])
    assert client.get("/style.json?as_of=2001-01-01").get_json()["sources"].keys().isdisjoint({"raster_lc21"})


def test_the_web_starts_without_the_libraries_of_rasters() -> None:
    check = (
        "import sys; from app import create_app; import app.rasters.routes, app.maps.routes; "
        "print([name for name in ('rasterio', 'rio_tiler', 'exactextract', 'PIL') if name in sys.modules])"
    )
    code = (
        "import sys\nfrom importlib import import_module\nfrom app import SUBJECTS\nfor one in SUBJECTS: import_module(one)\n"
        + check.partition("; ")[2]
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = found.stdout.strip()
    assert "rasterio" not in loaded
    assert "rio_tiler" not in loaded
    assert "exactextract" not in loaded


def test_threads_that_draw_the_first_tiles_load_the_library_once() -> None:
    code = """
import threading
from app.rasters.tiles import load_rio_tiler
failed = []
start = threading.Barrier(8)
def load():
    start.wait()
    try:
        load_rio_tiler()
    except ImportError as error:
        failed.append(error)
threads = [threading.Thread(target=load) for _ in range(8)]
[one.start() for one in threads]
[one.join() for one in threads]
print(len(failed))
"""
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "0"
