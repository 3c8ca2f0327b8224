"""Tracking: the staff register and the leader's page with 5 000 packages and 200 000 updates; the public's search."""

from __future__ import annotations

import time
from collections.abc import Iterator
from statistics import median

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Connection, Engine, create_engine, pool, text

from app import create_app
from app.extensions import db
from layers.rules import seed_rules
from layers.sync import synchronise
from tests.bench.home import Bench
from tests.bench.table import Row, at_most
from tests.helpers.factories import make_region
from tests.helpers.people import make_account, sign_in

SECTION = "tracking"
PACKAGES, VERSIONS = 5_000, 40  # 40 weekly updates of each: 200 000, and as many versions of packages
SEARCHED = 20_000  # packages of the public's list
REGISTER_MS, LEADER_MS, SEARCH_MS = 150, 300, 500
ROUNDS = 15

UNITS = """
    INSERT INTO app.unit (code, name) VALUES ('BENCH', 'Dinas');
    INSERT INTO app.unit (code, name, parent_id)
    SELECT 'BENCH.' || n, 'Bidang ' || n, (SELECT id FROM app.unit WHERE code = 'BENCH') FROM generate_series(1, 6) n;
    INSERT INTO app.programme (code, version, level, name)
    SELECT '1.03.' || n, 'bench', 'programme', 'Program ' || n FROM generate_series(1, 12) n;
    INSERT INTO app.company (name) SELECT 'PT Penyedia ' || n FROM generate_series(1, 300) n;
"""
PACKAGE_ROWS = """
    INSERT INTO app.project (code, name, sector, year, status, ceiling_idr, this_year_ceiling_idr, contract_value_idr, paid_idr,
        contractor, company_id, fund_source, planned_percent, physical_percent, progress_date, start_date, end_date, unit_id,
        programme_id, selection_method, critical_state, district_codes, village_codes, valid_from, geom)
    SELECT 'BENCH-' || n, (ARRAY['Peningkatan Jalan', 'Pembangunan Jembatan', 'Rehabilitasi Irigasi', 'Drainase'])[1 + n % 4]
            || ' ruas ' || (n * 7919 % 4999) || ' Desa ' || (n % 199),
        (ARRAY['roads', 'bridges', 'irrigation', 'drainage'])[1 + n % 4], 2023 + n % 4,
        (ARRAY['planned', 'tender', 'construction', 'construction', 'construction', 'maintenance', 'finished'])[1 + n % 7],
        1e9 + n * 1e5, CASE WHEN n % 5 = 0 THEN 5e8 END, 9e8 + n * 9e4, 4e8 + n * 1e4, 'PT Penyedia ' || (1 + n % 300),
        (SELECT min(id) FROM app.company) + n % 300, (ARRAY['DAU', 'PAD', 'DAK_FISIK', 'DAU, PAD'])[1 + n % 4],
        n % 100, greatest(0, (n % 100) - n % 13), app.today() - n % 30, '2026-03-01', '2026-12-20',
        (SELECT min(id) FROM app.unit WHERE parent_id IS NOT NULL) + n % 6, (SELECT min(id) FROM app.programme) + n % 12,
        'tender', (ARRAY['none', 'indicated', 'declared'])[1 + (n % 40 = 1)::int + (n % 80 = 1)::int],
        ARRAY['16.05.' || lpad((1 + n % 14)::text, 2, '0')], '{}', now() - interval '3 days',
        ST_SetSRID(ST_MakePoint(102.6 + (n % 997) / 1000.0, -3.6 + (n % 1091) / 1000.0), 4326)
    FROM generate_series(CAST(:first AS int), CAST(:last AS int)) n
"""
PAST_VERSIONS = """
    INSERT INTO history.project (id, code, name, sector, year, status, is_late, ceiling_idr, this_year_ceiling_idr,
        contract_value_idr, paid_idr, contractor, fund_source, planned_percent, physical_percent, progress_date, unit_id,
        programme_id, critical_state, version, demo, district_codes, village_codes, geom, changed_by, valid_from, valid_to,
        operation, ended_by)
    SELECT p.id, p.code, p.name, p.sector, p.year, p.status, false, p.ceiling_idr, p.this_year_ceiling_idr,
        p.contract_value_idr, p.paid_idr * w / CAST(:versions AS int), p.contractor, p.fund_source, p.planned_percent * w / CAST(:versions AS int),
        p.physical_percent * w / CAST(:versions AS int), p.progress_date, p.unit_id, p.programme_id, 'none', 1, false, p.district_codes,
        p.village_codes, p.geom, 'bench', p.valid_from - make_interval(weeks => CAST(:versions AS int) + 1 - w),
        p.valid_from - make_interval(weeks => CAST(:versions AS int) - w), 'update', 'bench'
    FROM app.project p CROSS JOIN generate_series(1, CAST(:versions AS int)) w WHERE p.code LIKE 'BENCH-%'
"""
UPDATES = """
    INSERT INTO app.progress_update (project_id, day, physical_percent, planned_percent, state)
    SELECT p.id, app.today() - 7 * (CAST(:versions AS int) + 1 - w), 100.0 * w / CAST(:versions AS int), 100.0 * w / CAST(:versions AS int), 'published'
    FROM app.project p CROSS JOIN generate_series(1, CAST(:versions AS int)) w WHERE p.code LIKE 'BENCH-%'
"""
WRITTEN = ("app.project", "app.progress_update")


def measure(bench: Bench) -> Iterator[Row]:
    """Yield every row of this section."""
    engine = create_engine(bench.urls.owner, poolclass=pool.NullPool)
    fill(engine)
    app = create_app(bench.settings, bench.urls)
    app.testing = True
    with engine.begin() as connection:
        account = make_account(connection, "leader", email=f"bench{time.time_ns()}@uji.example")
    client = sign_in(app.test_client(), account)
    behind = f"{PACKAGES} packages, {PACKAGES * VERSIONS} updates and past versions"
    for what, address, bar in (
        ("register", "/register", REGISTER_MS),
        (
            "register, searched and filtered",
            "/register?q=jembatan&stage=construction&sort=-contract_value_idr",
            REGISTER_MS,
        ),
        ("register as of last month, compared", "/register?as_of={then}&compare={before}", 2 * REGISTER_MS),
        ("leader's page", "/leader", LEADER_MS),
        ("leader's page, all years, by unit", "/leader?year=all&by=unit", LEADER_MS),
        ("leader's page as of three months ago", "/leader?as_of={before}", 2 * LEADER_MS),
    ):
        yield at_most(SECTION, what, answer_ms(client, dated(address)), bar, "ms", behind)
    add_packages(engine, PACKAGES + 1, SEARCHED)
    for query in ("jembatan", "jambatan desa 17", "bench-19999"):
        asked = answer_ms(app.test_client(), f"/projects?q={query}")
        yield at_most(SECTION, f"public list, q={query}", asked, SEARCH_MS, "ms", f"{SEARCHED} packages")
    close(app)
    with engine.begin() as connection:
        empty(connection)
    engine.dispose()


def fill(engine: Engine) -> None:
    """Make region, packages, their past and their updates anew."""
    with engine.begin() as connection:
        synchronise(connection)
        seed_rules(connection)
        if not connection.scalar(text("SELECT count(*) FROM app.region")):
            make_region(connection)
        empty(connection)
        connection.connection.driver_connection.execute(UNITS)  # type: ignore[union-attr]
    add_packages(engine, 1, PACKAGES)
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE app.progress_update DISABLE TRIGGER USER"))  # their sums are made already
        connection.execute(text(PAST_VERSIONS), {"versions": VERSIONS})
        connection.execute(text(UPDATES), {"versions": VERSIONS})
        connection.execute(text("ALTER TABLE app.progress_update ENABLE TRIGGER USER"))
    vacuum(engine)


def add_packages(engine: Engine, first: int, last: int) -> None:
    """Add packages of these numbers."""
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE app.project DISABLE TRIGGER z_audit"))
        connection.execute(text(PACKAGE_ROWS), {"first": first, "last": last})
        connection.execute(text("ALTER TABLE app.project ENABLE TRIGGER z_audit"))
    vacuum(engine)


def empty(connection: Connection) -> None:
    """Remove what an earlier run made."""
    for table in WRITTEN:
        connection.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
    connection.execute(text("DELETE FROM app.progress_update"))
    connection.execute(text("DELETE FROM app.project WHERE code LIKE 'BENCH-%'"))
    connection.execute(text("DELETE FROM history.project WHERE code LIKE 'BENCH-%'"))
    for table in WRITTEN:
        connection.execute(text(f"ALTER TABLE {table} ENABLE TRIGGER USER"))
    connection.execute(text("DELETE FROM app.unit WHERE parent_id IS NOT NULL AND code LIKE 'BENCH%'"))
    connection.execute(text("DELETE FROM app.unit WHERE code LIKE 'BENCH%'"))
    connection.execute(text("DELETE FROM app.programme WHERE version = 'bench'"))
    connection.execute(text("DELETE FROM app.company WHERE name LIKE 'PT Penyedia %'"))


def vacuum(engine: Engine) -> None:
    """Let the database know what it holds now."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for table in (*WRITTEN, "history.project"):
            connection.execute(text(f"VACUUM ANALYZE {table}"))


def dated(address: str) -> str:
    """Put the days of a month and of three months ago into an address."""
    now = time.time()
    days = {
        name: time.strftime("%Y-%m-%d", time.gmtime(now - 86_400 * ago)) for name, ago in (("then", 30), ("before", 90))
    }
    return address.format(**days)


def answer_ms(client: FlaskClient, address: str) -> float:
    """Return how long the server takes for a page, the median of several after the first."""
    taken = []
    for _ in range(ROUNDS + 1):
        start = time.perf_counter()
        answer = client.get(address)
        taken.append((time.perf_counter() - start) * 1e3)
        assert answer.status_code == 200, f"{address}: {answer.status}"
    return median(taken[1:])


def close(app: Flask) -> None:
    """Close the application's connections."""
    with app.app_context():
        for engine in db.engines.values():
            engine.dispose()
