"""Reports: lengths by village against geopandas.overlay, and the coverage report of a district and of all."""

from __future__ import annotations

import subprocess
import time
import warnings
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import geopandas as gpd
import numpy as np
from sqlalchemy import create_engine, pool
from sqlalchemy.orm import Session

from app import create_app
from app.reports.compute import compute_report
from app.reports.documents import draw_document
from app.reports.requests import ReportRequest
from gis.measure import length_m
from gis.overlay import split_lengths
from tests.bench import rasters
from tests.bench.home import Bench, copy_frame
from tests.bench.reach import network_reach
from tests.bench.running import CHROMIUM
from tests.bench.table import Row, at_least, at_most, not_measured

SECTION = "reports"
ROUNDS = 3
OVERLAY_SPEEDUP, OVERLAY_TOLERANCE = 15, 1e-6
DISTRICT_SECONDS, ALL_SECONDS = 5, 60
PDF_SECONDS, PDF_SPEEDUP = 20, 1


def measure(bench: Bench) -> Iterator[Row]:
    """Yield every row of this section."""
    yield from against_overlay(bench)
    yield from coverage(bench)
    yield from road_condition_pdf(bench)
    yield from network_reach()
    yield from rasters.measure(bench)


def against_overlay(bench: Bench) -> Iterator[Row]:
    """Split every road over the villages, by our way and by geopandas.overlay."""
    lines = gpd.GeoDataFrame(geometry=bench.regency.roads.geometry.to_numpy(), crs=4326)
    villages = bench.regency.villages[["code", "geometry"]]
    ours_s = np.inf
    for _ in range(ROUNDS):
        start = time.perf_counter()
        parts = split_lengths(lines, villages, key="code")
        ours_s = min(ours_s, time.perf_counter() - start)
    ours = parts.groupby("area")["length_m"].sum()
    start = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pieces = gpd.overlay(lines, villages, how="intersection", keep_geom_type=True)
    overlay_s = time.perf_counter() - start
    theirs = pieces.assign(length_m=length_m(pieces.geometry)).groupby("code")["length_m"].sum()
    what = f"{len(lines):,} lines over {len(villages)} villages".replace(",", " ")
    note = f"{ours_s:.1f} s against {overlay_s:.0f} s"
    yield at_least(SECTION, what, overlay_s / ours_s, OVERLAY_SPEEDUP, "× geopandas.overlay's speed", note)
    difference = float((ours.reindex(theirs.index) / theirs - 1).abs().max())
    yield at_most(SECTION, f"{what}, largest difference", difference, OVERLAY_TOLERANCE, "of a village's length")


def coverage(bench: Bench) -> Iterator[Row]:
    """Compute the coverage report with every road a street as well, and each a road of the decree."""
    with bench.connect("owner") as connection:
        found = connection.execute("SELECT count(*) FROM layers.streets").fetchone()
        if not found or found[0] != len(bench.regency.roads):
            connection.execute("DELETE FROM layers.streets")
            copy_frame(
                connection, "layers.streets", bench.regency.roads, ("name", "class", "district_codes", "village_codes")
            )
    engine = create_engine(bench.urls.reader, poolclass=pool.NullPool)
    with Session(engine) as session:
        district = str(bench.regency.districts["code"].iloc[0])
        for area, what, bar in (
            (district, "coverage of one district", DISTRICT_SECONDS),
            (None, "coverage of all districts", ALL_SECONDS),
        ):
            start = time.perf_counter()
            report = compute_report(session, ReportRequest(area), now=datetime.now(UTC))
            seconds = time.perf_counter() - start
            note = f"{len(bench.regency.roads)} streets, as many roads of the decree, {len(report.figures)} figures"
            yield at_most(SECTION, what, seconds, bar, "s", note)
    engine.dispose()


def road_condition_pdf(bench: Bench) -> Iterator[Row]:
    """Compute the road condition of the whole regency and set it as PDF; a browser prints the same as HTML beside it."""
    settings = bench.settings
    app = create_app(settings, bench.urls)
    engine = create_engine(bench.urls.reader, poolclass=pool.NullPool)
    start = time.perf_counter()
    with Session(engine) as session:
        report = compute_report(session, ReportRequest(name="road_condition"), now=datetime.now(UTC))
    computed_s = time.perf_counter() - start
    with app.test_request_context("/reports"):
        pdf, _frame = draw_document(report, "pdf", language="id", settings=settings)
        seconds = time.perf_counter() - start
        html, _frame = draw_document(report, "html", language="id", settings=settings)
    engine.dispose()
    what = "road condition of the whole regency as PDF"
    note = f"{computed_s:.1f} s of it computing; {len(pdf) / 1e6:.1f} MB, {sum(len(one.rows) for one in report.tables)} rows"
    yield at_most(SECTION, what, seconds, PDF_SECONDS, "s", note)
    if CHROMIUM is None:
        yield not_measured(SECTION, f"{what}, against a browser", "", "no Chromium here")
        return
    printed_s = print_with_browser(CHROMIUM, html)
    set_s = seconds - computed_s
    yield at_least(
        SECTION, f"{what}, against a browser", printed_s / set_s, PDF_SPEEDUP, "× its speed",
        f"{set_s:.1f} s to set it, {printed_s:.1f} s to print its HTML",
    )  # fmt: skip


def print_with_browser(browser: str, html: bytes) -> float:
    """Return how long a browser takes to print a document (seconds)."""
    with TemporaryDirectory() as folder:
        page, printed = Path(folder) / "report.html", Path(folder) / "report.pdf"
        page.write_bytes(html)
        start = time.perf_counter()
        subprocess.run(
            [browser, "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run",
             f"--user-data-dir={folder}/profile", f"--print-to-pdf={printed}", page.as_uri()],
            check=True, capture_output=True, timeout=600,
        )  # fmt: skip
        return time.perf_counter() - start
