"""What the tests of imports share: a small regency, and a way to import a file into it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection

from app.imports.service import run_import
from layers.catalogue import built_in_catalogue
from layers.ingest.run import ImportRequest, ImportResult
from tests.helpers.files import put_areas, put_district, put_region, square

Import = Callable[..., ImportResult]

BBOX = (103.0, -3.2, 103.4, -3.0)
AREAS = (
    ("99", "Uji"),
    ("99.01", "Kabupaten Contoh"),
    ("99.02", "Kabupaten Tetangga"),
    ("99.71", "Kota Contoh"),
    ("99.01.01", "Muara Beliti"),
    ("99.01.02", "STL Ulu Terawas"),
    ("99.01.03", "Kota Agung"),
    ("99.02.01", "Muara Beliti"),
    ("99.71.01", "Selatan"),
    ("99.01.01.1001", "Pasar Muara Beliti"),
    ("99.01.01.2002", "Suka Maju"),
    ("99.01.02.2001", "Suka Maju"),
    ("99.01.02.2002", "Kampung Baru"),
)


@pytest.fixture
def regency(app_connection: Connection) -> Connection:
    """A regency 99.01 with its code list and no boundary, as the app role sees it."""
    put_region(app_connection, "99.01", BBOX)
    put_areas(app_connection, AREAS)
    return app_connection


@pytest.fixture
def bounded(regency: Connection) -> Connection:
    """The regency with the imported boundary of two districts: two halves of its box."""
    put_district(regency, "99.01.01", "Muara Beliti", square(103.0, -3.2, 0.2))
    put_district(regency, "99.01.02", "STL Ulu Terawas", square(103.2, -3.2, 0.2))
    put_region(regency, "99.01", BBOX, is_real=True)
    return regency


@pytest.fixture
def do_import(regency: Connection, tmp_path_factory: pytest.TempPathFactory) -> Import:
    """Import a file into a layer of the regency."""

    def run(path: Path, layer: str, **options: Any) -> ImportResult:
        request = ImportRequest(path=path, layer=layer, **options)
        work = tmp_path_factory.mktemp("work")
        return run_import(regency, built_in_catalogue(), request, actor="petugas", work=work)

    return run


def codes_of(result: ImportResult) -> dict[str, int]:
    """Return the code and count of each finding, notes left aside."""
    return {one.code: one.count for one in result.findings if one.severity != "info"}
