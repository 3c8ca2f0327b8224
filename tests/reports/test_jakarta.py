"""The report on real data: kecamatan and streets of Jakarta, imported as people import them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from app.admin.region import ensure_region
from app.config import Settings
from app.imports.service import run_import
from layers.catalogue import built_in_catalogue
from layers.ingest.run import ImportRequest
from layers.rules import seed_rules
from tests.helpers.factories import make_row
from tests.reports.conftest import compute, value

# Another way to the same lengths: PostGIS cuts every street with every district and measures on the spheroid.
BY_POSTGIS = """
    SELECT d.code, coalesce(sum(ST_Length(ST_Intersection(s.geom, d.geom)::geography)), 0) / 1000 AS km
    FROM layers.districts d LEFT JOIN layers.streets s ON ST_Intersects(s.geom, d.geom) GROUP BY d.code
"""


@pytest.fixture
def jakarta(connection: Connection, settings: Settings, shared_data: Path, tmp_path: Path) -> Connection:
    ensure_region(connection, replace(settings, region="31"))
    seed_rules(connection)
    for layer, file in (("districts", "awkward/kecamatan_jakarta.shp"), ("streets", "osm/jakarta_roads.shp")):
        work = tmp_path / layer
        work.mkdir()
        result = run_import(
            connection, built_in_catalogue(), ImportRequest(shared_data / file, layer), actor="test", work=work
        )
        assert result.imported, result.findings
    return connection


@pytest.mark.slow
def test_street_lengths_of_jakarta_agree_with_postgis(jakarta: Connection) -> None:
    report = compute(jakarta, "31")
    expected = {row.code: row.km for row in jakarta.execute(text(BY_POSTGIS))}
    assert len(expected) == 42
    for code, km in expected.items():
        assert value(report, "streets.length_km", code) == pytest.approx(km, rel=1e-6, abs=1e-9), code
    # All together, counting places that two districts claim once.
    km = jakarta.scalar(
        text(
            "SELECT sum(ST_Length(ST_Intersection(s.geom, u.geom)::geography)) / 1000 "
            "FROM layers.streets s, (SELECT ST_Union(geom) AS geom FROM layers.districts) u"
        )
    )
    assert value(report, "streets.length_km", "31") == pytest.approx(km, rel=1e-6)
    regency, district = compute(jakarta, "31.74"), compute(jakarta, "31.74.01")
    within = [code for code in expected if code.startswith("31.74.")]
    assert value(regency, "streets.length_km", "31.74") == pytest.approx(
        sum(expected[code] for code in within), rel=1e-4
    )
    assert value(district, "streets.length_km", "31.74.01") == pytest.approx(expected["31.74.01"], rel=1e-6)
    # No roads of a decree, no parks: unknown, never 0, and said why.
    assert value(report, "roads.length_km", "31") is None
    assert value(report, "green.public_percent", "31") is None
    assert {"no_legal_roads", "no_parks", "districts_without_boundary"} <= {one.code for one in report.findings}


@pytest.mark.slow
def test_people_of_jakarta_near_two_hospitals_agree_with_postgis(jakarta: Connection) -> None:
    """People are spread evenly over each kecamatan: the share of its land within 3 km is the share of its people."""
    jakarta.execute(
        text(
            "INSERT INTO layers.population (area_code, year, population) SELECT code, 2025, 100000 FROM layers.districts"
        )
    )
    for name, lon in (("RS Barat", 106.78), ("RS Timur", 106.88)):
        make_row(jakarta, "layers.facilities", name=name, kind="hospital", geom=f"POINT({lon} -6.2)")
    report = compute(
        jakarta, "31", name="service_coverage", layer="facilities", kind="hospital", distance_m="3000", residents="area"
    )
    expected = {
        row.code: row.persons
        for row in jakarta.execute(
            text("""
                SELECT code, 100000 * ST_Area(ST_Intersection(geom, near)::geography) / ST_Area(geom::geography) AS persons
                FROM layers.districts, (SELECT ST_Union(ST_Buffer(geom::geography, 3000, 32)::geometry) AS near
                    FROM layers.facilities) f
            """)
        )
    }
    for code, persons in expected.items():
        straight, network = (value(report, f"service.{one}", code) for one in ("population_straight", "population"))
        assert straight == pytest.approx(persons, abs=2_500), code
        assert network is not None
        assert network <= straight + 1  # type: ignore[operator]
    total = value(report, "service.population", "31")
    assert 0.3 * sum(expected.values()) < total < 0.95 * sum(expected.values())  # type: ignore[operator]
