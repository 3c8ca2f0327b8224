"""The progress report: how far the packages of a fiscal year are, in an area and each district in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.recorded import recorded
from app.reports.areas import ReportArea
from app.reports.report import Column, Content, Row, Table
from app.reports.subject import Subject
from gis.figures import Figure, FigureContext, FigureInput, Finding
from gis.packages import PackageProgress, progress_figures
from layers.history import as_of_source

SHOWN_RULE = "KRITIS_P1_LAG"
READ = (
    "id", "status", "ceiling_idr", "this_year_ceiling_idr", "paid_idr", "planned_percent", "physical_percent",
    "progress_date", "delay", "district_codes", "year",
)  # fmt: skip
FEATURES = {  # which packages are behind a figure, as the list of projects filters them
    "progress.late": {"delay": "late_in_handling"},
}


def compute(subject: Subject) -> Content:
    """
    Compute the progress report.

    A package in two districts counts in both, and once in the whole. Critical contracts are told to those alone who
    may read the whole register.
    """
    area, year, as_of = subject.area, subject.fiscal_year, subject.as_of
    with_critical = subject.staff is not None
    critical_rule = subject.rule(SHOWN_RULE) if with_critical else None
    rows = _read(subject.session, area, year, as_of)
    critical = _read_critical(subject.staff, [row["id"] for row in rows], as_of) if subject.staff is not None else {}
    figures: list[Figure] = []
    findings: tuple[Finding, ...] = ()
    for code in subject.codes:
        within = rows if code == area.code else [row for row in rows if code in (row["district_codes"] or ())]
        dates = [row["progress_date"] for row in within if row["progress_date"] is not None]
        inputs = (FigureInput("projects", subject.states["projects"].version, len(within)),)
        found = progress_figures(
            [_package(row, critical) for row in within],
            area=code,
            context=FigureContext(code, max(dates, default=None), inputs),
            critical_rule=critical_rule,
            with_critical=with_critical,
        )
        figures += [replace(one, features_url=_features_url(one, area, year, as_of)) for one in found.figures]
        if code == area.code:
            findings = found.findings
    table = _table(figures, area, with_critical=with_critical)
    return Content(tuple(figures), (table,), findings, year=year)


def _read(session: Session, area: ReportArea, year: int, as_of: datetime | None) -> list[Any]:
    """Read the packages of a year that touch an area."""
    source = "layers.projects" if as_of is None else as_of_source("projects", READ, ":as_of")
    touching = "true" if area.is_region else "district_codes && CAST(:districts AS text[])"
    statement = f"SELECT {', '.join(READ)} FROM {source} s WHERE year = :year AND {touching} ORDER BY id"
    values = {"year": year, "districts": list(area.districts), "as_of": as_of}
    return list(session.execute(text(statement), values).mappings())


def _read_critical(session: Session, ids: Sequence[int], as_of: datetime | None) -> dict[int, str]:
    source = recorded("project", as_of, columns="id, critical_state")
    rows = session.execute(
        text(f"SELECT id, critical_state FROM {source} s WHERE id = ANY (:ids) AND critical_state <> 'none'"),
        {"ids": list(ids), "as_of": as_of},
    )
    return {row.id: row.critical_state for row in rows}


def _package(row: Any, critical: dict[int, str]) -> PackageProgress:
    weight = row["this_year_ceiling_idr"] if row["this_year_ceiling_idr"] is not None else row["ceiling_idr"]
    return PackageProgress(
        status=row["status"],
        weight_idr=None if weight is None else float(weight),
        ceiling_idr=None if row["ceiling_idr"] is None else float(row["ceiling_idr"]),
        paid_idr=float(row["paid_idr"]),
        planned_percent=row["planned_percent"],
        physical_percent=row["physical_percent"],
        progress_date=row["progress_date"],
        is_late=row["delay"] != "none",
        critical=critical.get(row["id"], "none"),
    )


def _features_url(figure: Figure, area: ReportArea, year: int, as_of: datetime | None) -> str:
    """Return the address of the packages behind a figure."""
    wanted: dict[str, Any] = {"year": year, **FEATURES.get(figure.id, {})}
    if not (area.is_region and figure.area == area.code):
        codes = [figure.area] if figure.area in area.districts else list(area.districts)
        wanted["district"] = ",".join(codes)
    if as_of is not None:
        wanted["as_of"] = as_of.isoformat()
    return f"/api/v1/projects?{urlencode(wanted)}"


def _table(figures: Sequence[Figure], area: ReportArea, *, with_critical: bool) -> Table:
    """Lay out the figures by district."""
    columns = [
        Column("weighted_planned", "Rencana tertimbang", "Weighted plan", "percent", "progress.weighted_planned"),
        Column("weighted_physical", "Realisasi tertimbang", "Weighted actual", "percent", "progress.weighted_physical"),
        Column("financial", "Realisasi keuangan", "Financial progress", "percent", "progress.financial"),
        Column("packages", "Paket", "Packages", "packages", "progress.packages"),
        Column("late", "Terlambat", "Late", "packages", "progress.late"),
    ]
    if with_critical:
        columns += [
            Column("indicated", "Terindikasi kritis", "Indicated", "packages", "progress.critical_indicated"),
            Column("declared", "Ditetapkan kritis", "Declared", "packages", "progress.critical_declared"),
        ]
    values = {(one.area, one.id): one.value for one in figures}

    def row(code: str) -> tuple[float | None, ...]:
        found = [values.get((code, str(column.figure))) for column in columns]
        return tuple(None if value is None else round(value, 2) for value in found)

    rows = tuple(Row(code, row(code)) for code in area.districts)
    return Table(
        "progress",
        "Kemajuan menurut kecamatan",
        "Progress by district",
        tuple(columns),
        rows,
        row(area.code),
        bar=("weighted_physical",),
    )
