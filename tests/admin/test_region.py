"""The region's record: three kinds, words of the land, time zones, where it lies, and what is refused."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from pyproj import CRS
from sqlalchemy import Connection, text

from app.admin.areas import ensure_code_list
from app.admin.region import ensure_region, read_centres, refresh_region_bounds, time_zone_of
from app.config import Settings
from app.errors import OtherRegion, UnknownRegion
from tests.admin.conftest import Record


def test_a_regency(record: Record) -> None:
    region = record("16.05")
    assert (region.kind, region.name, region.full_name) == ("regency", "Musi Rawas", "Kabupaten Musi Rawas")
    assert (region.head_title, region.district_term, region.village_term) == ("Bupati", "Kecamatan", "desa")
    assert region.time_zone == "Asia/Jakarta"
    assert CRS.from_user_input(region.metric_crs).to_epsg() == 32748  # UTM 48S, domain reference 11
    assert region.legal_area_km2 == 6122.588
    assert not region.boundary_is_real


def test_a_city(record: Record) -> None:
    region = record("35.77")
    assert (region.kind, region.name, region.full_name) == ("city", "Madiun", "Kota Madiun")
    assert region.head_title == "Wali Kota"
    assert CRS.from_user_input(region.metric_crs).to_epsg() == 32749


def test_a_province_with_its_regencies(record: Record) -> None:
    region = record("31")
    assert (region.kind, region.head_title) == ("province", "Gubernur")
    assert region.full_name == f"Provinsi {region.name}"


def test_a_city_within_jakarta_has_a_mayor(record: Record) -> None:
    region = record("31.71")
    assert (region.kind, region.name, region.head_title) == ("city", "Jakarta Pusat", "Wali Kota")


def test_nagari_on_the_equator(record: Record) -> None:
    region = record("13.12")
    assert region.village_term == "nagari"
    assert region.south < 0 < region.north
    assert CRS.from_user_input(region.metric_crs).is_projected


def test_papua_has_distrik_and_kampung_in_eastern_time(record: Record) -> None:
    region = record("91.03")
    assert (region.district_term, region.village_term, region.time_zone) == ("Distrik", "kampung", "Asia/Jayapura")


@pytest.mark.parametrize(
    ("code", "zone"),
    [
        ("16.05", "Asia/Jakarta"),
        ("61.01", "Asia/Jakarta"),  # West Kalimantan keeps western time
        ("63.01", "Asia/Makassar"),
        ("76.05", "Asia/Makassar"),
        ("82.01", "Asia/Jayapura"),
        ("96", "Asia/Jayapura"),
    ],
)
def test_time_zone_of_province(code: str, zone: str) -> None:
    assert time_zone_of(code) == zone


@pytest.mark.parametrize(
    ("code", "lon", "lat"), [("16.05", 103.0, -3.1), ("35.77", 111.52, -7.63), ("31", 106.83, -6.2)]
)
def test_centre_is_right_within_15_km(record: Record, code: str, lon: float, lat: float) -> None:
    region = record(code)
    assert abs(region.lon - lon) < 0.13
    assert abs(region.lat - lat) < 0.13
    assert region.west < region.lon < region.east
    assert region.south < region.lat < region.north


def test_every_regency_and_province_has_a_centre_in_indonesia(connection: Connection) -> None:
    ensure_code_list(connection)
    codes = set(connection.scalars(text("SELECT code FROM app.areas WHERE level IN ('province', 'regency')")))
    centres = read_centres()
    assert codes == set(centres)
    assert all(95 < one.lon < 141.1 and -11.2 < one.lat < 6.2 and one.area_km2 > 0 for one in centres.values())


def test_regencies_lie_within_reach_of_their_province() -> None:
    centres = read_centres()
    for code, centre in centres.items():
        province = centres[code[:2]]
        reach_deg = 2.6 * (province.area_km2**0.5) / 111 + 2.2  # archipelagos reach far
        assert abs(centre.lon - province.lon) < reach_deg, code
        assert abs(centre.lat - province.lat) < reach_deg, code


@pytest.mark.parametrize("code", ["99", "16.99", "00.00"])
def test_unknown_region_is_refused_in_a_sentence(
    connection: Connection, settings_for: Callable[[str], Settings], code: str
) -> None:
    with pytest.raises(UnknownRegion) as refused:
        ensure_region(connection, settings_for(code))
    assert code in refused.value.message_id
    assert code in refused.value.message_en
    assert refused.value.exit_code == 1
    assert connection.scalar(text("SELECT count(*) FROM app.region")) == 0


def test_a_database_serves_one_region(connection: Connection, settings_for: Callable[[str], Settings]) -> None:
    ensure_region(connection, settings_for("16.05"))
    ensure_region(connection, settings_for("16.05"))
    with pytest.raises(OtherRegion) as refused:
        ensure_region(connection, settings_for("35.77"))
    assert "Musi Rawas" in refused.value.message_id
    assert connection.scalar(text("SELECT code FROM app.region")) == "16.05"


def test_bounds_follow_real_districts_once_there_are_any(connection: Connection, record: Record) -> None:
    record("16.05")
    add = text(
        "INSERT INTO layers.districts (code, name, demo, geom) "
        "VALUES (:code, 'X', :demo, ST_Multi(ST_MakeEnvelope(:west, :south, :east, :north, 4326)))"
    )
    drawn = {"west": 100.0, "south": -2.0, "east": 100.5, "north": -1.5}
    connection.execute(add, {"code": "16.05.01", "demo": True, **drawn})
    refresh_region_bounds(connection)
    assert not connection.scalar(text("SELECT boundary_is_real FROM app.region"))
    assert connection.scalar(text("SELECT ST_XMin(bbox) FROM app.region")) == 100.0

    real = {"west": 110.0, "south": 1.0, "east": 110.5, "north": 1.5}
    connection.execute(add, {"code": "16.05.02", "demo": False, **real})
    refresh_region_bounds(connection)
    after = connection.execute(
        text("SELECT boundary_is_real, ST_X(centre) AS lon, ST_YMax(bbox) AS north, metric_crs FROM app.region")
    ).one()
    assert (after.boundary_is_real, after.lon, after.north) == (True, 110.25, 1.5)
    assert CRS.from_user_input(after.metric_crs).to_epsg() == 32649


def test_without_districts_bounds_stay(connection: Connection, record: Record) -> None:
    before = record("16.05")
    refresh_region_bounds(connection)
    assert connection.scalar(text("SELECT ST_XMin(bbox) FROM app.region")) == before.west
