"""What the planning reports read in common: the packages of a fiscal year with the places where they are built."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from sqlalchemy import text

from app.recorded import recorded
from app.reports.realisation import LIVE_STATUSES
from app.reports.report import Evidence, Words
from app.reports.subject import Subject
from gis.constants import WGS84_SRID
from gis.figures import FigureContext, Finding
from gis.types import BoolArray

BEST = "best"
KINDS = {  # the setting `kind`: which location of a package counts
    BEST: Words("lokasi terbaik", "best location"),
    "planned": Words("lokasi rencana", "planned location"),
    "contracted": Words("lokasi kontrak", "contracted location"),
    "built": Words("lokasi terbangun", "built location"),
}
COLUMNS = ("id", "code", "name", "sector", "status", "year", "district_codes", "village_codes")


def read_packages(subject: Subject, columns: Sequence[str] = (), *, kind: str = BEST) -> gpd.GeoDataFrame:
    """
    Read the packages of the fiscal year that touch the area, in the order of their codes.

    Parameters
    ----------
    columns
        Beside `COLUMNS`.
    kind
        `BEST` (built, else contracted, else planned), or the one kind of location that counts.

    Returns
    -------
    packages
        Geometry of several places is a collection; None without a place of that kind. Of the whole region those
        without any place are there too.
    """
    only: Mapping[str, Sequence[Any]] = {"year": [subject.fiscal_year], "status": list(LIVE_STATUSES)}
    found = subject.frame("projects", (*COLUMNS, *columns), only=only)
    if not subject.area.is_region:
        wanted = set(subject.area.districts)
        found = found[_mask(found, lambda codes: bool(wanted & codes))]
    found = found.sort_values("code", ignore_index=True)
    return found if kind == BEST else found.set_geometry(_places(subject, found["id"].tolist(), kind), crs=WGS84_SRID)


def count_given_up(subject: Subject) -> int:
    """Count the packages of the year that were cancelled or found no bidder."""
    rows = subject.rows("projects", ("status", "district_codes"), only={"year": [subject.fiscal_year]})
    wanted = set(subject.area.districts)
    return sum(
        status not in LIVE_STATUSES and (subject.area.is_region or bool(wanted & set(codes or ())))
        for status, codes in rows.itertuples(index=False)
    )


def touching(packages: gpd.GeoDataFrame, area: str, subject: Subject) -> gpd.GeoDataFrame:
    """Return the packages that touch an area: one in two districts is in both, and once in the whole."""
    if area == subject.area.code:
        return packages
    return packages[_mask(packages, lambda codes: area in codes)]


def context_of(subject: Subject, area: str) -> FigureContext:
    """Return what figures about packages share: the area, and when the register last changed."""
    return FigureContext(area, subject.states["projects"].changed_at.astimezone(subject.zone).date())


def works_evidence(subject: Subject) -> Evidence:
    """Say that figures rest on the live packages of the year."""
    return Evidence("projects", {"year": subject.fiscal_year, "status": list(LIVE_STATUSES)})


def year_findings(subject: Subject, packages: gpd.GeoDataFrame) -> tuple[Finding, ...]:
    """Say that there are no packages, and how many were given up."""
    found = []
    if not len(packages):
        found.append(
            Finding("warning", "no_packages", "Tidak ada paket pada tahun anggaran ini.", "No packages in this year.")
        )
    given_up = count_given_up(subject)
    if given_up:
        found.append(
            Finding(
                "info",
                "given_up",
                f"Paket batal atau gagal tender, tidak dihitung: {given_up}.",
                f"Packages given up, not counted: {given_up}.",
                given_up,
            )
        )
    return tuple(found)


def _mask(packages: gpd.GeoDataFrame, wanted: Callable[[set[str]], bool]) -> BoolArray:
    """Tell which packages touch districts that are wanted."""
    return np.array([wanted(set(codes or ())) for codes in packages["district_codes"]], dtype=bool)


def _places(subject: Subject, ids: list[int], kind: str) -> gpd.GeoSeries:
    """Read the places of one kind, those of a package together."""
    source = recorded("project_location", subject.as_of, columns="project_id, kind, geom")
    rows = subject.session.execute(
        text(f"""
            SELECT project_id, ST_AsBinary(ST_Collect(geom ORDER BY ST_AsBinary(geom))) AS shape FROM {source} l
            WHERE kind = :kind AND project_id = ANY (:ids) GROUP BY project_id
        """),
        {"kind": kind, "ids": ids, "as_of": subject.as_of},
    )
    shapes = {row.project_id: shapely.from_wkb(bytes(row.shape)) for row in rows}
    return gpd.GeoSeries(np.array([shapes.get(one) for one in ids], dtype=object), crs=WGS84_SRID)
