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
