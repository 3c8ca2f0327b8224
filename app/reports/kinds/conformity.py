"""Conformity with spatial plans: each package by the zones it lies in, and what the plan's matrix allows there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import geopandas as gpd
import numpy as np
from pyproj import CRS
from sqlalchemy import text

from app.errors import InvalidRequest
from app.reports.findings import boundary_findings, missing_rules
from app.reports.kinds.conformity_tables import (
    BUCKETS,
    LEFT_OUT,
    OUTCOME_CLASSES,
    VERDICT_CLASSES,
    district_table,
    package_table,
    verdict_chart,
    verdict_class,
    zone_table,
)
from app.reports.kinds.located import context_of, read_packages, touching, works_evidence, year_findings
from app.reports.realisation import packages_url
from app.reports.report import Content, Evidence, MapView
from app.reports.subject import Subject
from gis.conformity import Conformity, Plan, judge_by_plans, not_judged
from gis.constants import M2_PER_HA, M_PER_KM
from gis.figures import Figure, Finding, Rule, percent_figure, quantity_figure
from gis.overlay import split_areas, split_lengths
from gis.works import AREAS, LINES
from layers.history import as_of_source

TOLERANCE, FLOOR = "TOLERANSI_PETA_MM", "SLIVER_MIN_PERSEN"
PLAN_COLUMNS = ("code", "name", "scale", "legal_basis", "in_force_from", "in_force_until", "activity_matrix")
ZONE_COLUMNS = ("plan_code", "zone_code", "zone_name")
MARGIN_DEG = 0.02  # around a district's packages within which zones can decide: 2 km
COUNTED = {  # figure → verdicts that it counts
    "conformity.conforming": ("conforming",),
    "conformity.conditional": ("limited", "conditional"),
    "conformity.offending": ("offending",),
    "conformity.unknown": ("unknown",),
}
MEASURES = {"length_km": (LINES, M_PER_KM, "km"), "area_ha": (AREAS, M2_PER_HA, "ha")}
FIT, JUDGED = ("I", "T"), ("I", "T", "B", "X")
SHOWN = 20  # characters of a refused value that the answer repeats

Sums = Mapping[tuple[str, str], Mapping[str, float]]  # (area, measure) → bucket → km or ha


def compute(subject: Subject) -> Content:
    """
    Compute conformity with the spatial plans.

    Packages count in every district that they touch; lengths and areas are those within it, so that districts add up
    to the whole. Without a plan in force, or without a rule that the judgement needs, nothing is judged.

    Raises
    ------
    InvalidRequest
        When a plan is named that is not in force.
    """
    packages = read_packages(subject, kind=str(subject.settings["kind"]))
    packages = packages.assign(activity=packages["sector"])
    subject.step("membaca rencana tata ruang", 15)
    plans = _plans_in_force(subject)
    zones = _read_zones(subject, plans, packages)
    plans = tuple(plan for plan in plans if plan.code in set(zones["plan_code"]))
    tolerance, floor = subject.rule(TOLERANCE), subject.rule(FLOOR)
    subject.step("menumpangsusunkan paket dengan zona", 30)
    if tolerance is None or floor is None:
        plans, judged = (), replace(not_judged(packages), findings=missing_rules(subject, (TOLERANCE, FLOOR)))
    else:
        judged = judge_by_plans(packages, zones, plans, tolerance=tolerance, floor=floor, crs=_metric_crs(subject))
    subject.step("menjumlahkan menurut kecamatan", 75)
    return _content(subject, packages, plans, judged, tolerance)


def _content(
    subject: Subject, packages: gpd.GeoDataFrame, plans: tuple[Plan, ...], judged: Conformity, tolerance: Rule | None
) -> Content:
    sums = _sums(subject, judged)
    figures = _figures(subject, packages, judged, sums, is_judged=bool(plans))
    frames = _frames(packages, judged)
    return Content(
        figures=figures,
        tables=(
            district_table(subject, figures),
            zone_table(judged),
            package_table(subject, packages, judged),
        ),
        findings=(
            *year_findings(subject, packages),
            *judged.findings,
            *_plan_findings(subject, plans),
            *(_tolerance_finding(plan, tolerance) for plan in plans if tolerance is not None),
            *boundary_findings(subject),
            *((_NOT_A_PERMIT,) if plans else ()),
        ),
        charts=(verdict_chart(subject, figures),) if len(subject.area.districts) > 1 and plans else (),
        maps=_maps(frames),
        evidence={
            "conformity.*": (works_evidence(subject), _zone_evidence(plans)),
            **{f"conformity.{measure}.*": (works_evidence(subject), _zone_evidence(plans)) for measure in MEASURES},
        },
        frames=frames,
        year=subject.fiscal_year,
    )


def _plans_in_force(subject: Subject) -> tuple[Plan, ...]:
    """Read the plans in force on the report's day, or of them the one that was asked for."""
    source = "layers.plans" if subject.as_of is None else as_of_source("plans", PLAN_COLUMNS, ":as_of")
    rows = subject.session.execute(
        text(f"""
            SELECT {", ".join(PLAN_COLUMNS)} FROM {source} p
            WHERE coalesce(in_force_from <= :day, true) AND coalesce(in_force_until >= :day, true) ORDER BY code
        """),
        {"day": subject.day, "as_of": subject.as_of},
    )
    plans = tuple(
        Plan(row.code, row.name, row.scale, _matrix(row.activity_matrix), row.legal_basis)
        for row in rows
        if row.scale > 0
    )
    wanted = str(subject.settings.get("plan", ""))
    if not wanted:
        return plans
    chosen = tuple(plan for plan in plans if plan.code == wanted)
    if not chosen:
        codes = ", ".join(plan.code for plan in plans) or "–"
        raise InvalidRequest(
            f"Rencana “{wanted[:SHOWN]}” tidak ada atau tidak berlaku. Yang berlaku: {codes}.",
            f"There is no plan “{wanted[:SHOWN]}” in force. In force: {codes}.",
        )
    return chosen


def _matrix(recorded: Any) -> dict[str, dict[str, str]]:
    """Return a recorded matrix as far as it is one."""
    rows = recorded.items() if isinstance(recorded, dict) else ()
    return {
        str(activity): {str(zone): str(cell) for zone, cell in cells.items() if cell is not None}
        for activity, cells in rows
        if isinstance(cells, dict)
    }


def _read_zones(subject: Subject, plans: tuple[Plan, ...], packages: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Read the zones of the plans: all for the region, else those near the packages."""
    only = {"plan_code": [plan.code for plan in plans]}
    bounds = packages.total_bounds
    if subject.area.is_region or np.isnan(bounds).any():
        return subject.frame("plan_zones", ZONE_COLUMNS, only=only)
    west, south, east, north = (float(one) for one in bounds)
    near = (west - MARGIN_DEG, south - MARGIN_DEG, east + MARGIN_DEG, north + MARGIN_DEG)
    return subject.frame("plan_zones", ZONE_COLUMNS, only=only, bbox=near)


def _metric_crs(subject: Subject) -> CRS:
    return CRS.from_user_input(subject.session.scalar(text("SELECT metric_crs FROM app.region")))


def _sums(subject: Subject, judged: Conformity) -> Sums:
    """Sum lengths (km) and areas (ha) by district and by what became of them."""
    found: dict[tuple[str, str], dict[str, float]] = {}
    for measure, (dimension, unit, _name) in MEASURES.items():
        pieces = judged.pieces[judged.pieces["dimension"] == dimension]
        split = split_lengths if dimension == LINES else split_areas
        parts = split(pieces.geometry, subject.districts[["code", "geometry"]], key="code")
        owner, size = parts.iloc[:, 0], parts.iloc[:, 2] / unit
        bucket = pieces["outcome"].where(pieces["counted"].astype(bool), LEFT_OUT).reindex(owner).to_numpy()
        inside = parts["area"].notna().to_numpy()
        for code in subject.codes:
            if code == subject.area.code and subject.area.is_region:
                chosen = np.ones(len(parts), dtype=bool)
            else:
                codes = {code} if code in subject.area.districts else set(subject.area.districts)
                chosen = inside & parts["area"].isin(codes).to_numpy()
            by_bucket = size[chosen].groupby(bucket[chosen]).sum()
            found[code, measure] = {one: float(by_bucket.get(one, 0.0)) for one in BUCKETS}
    return found


def _figures(
    subject: Subject, packages: gpd.GeoDataFrame, judged: Conformity, sums: Sums, *, is_judged: bool
) -> tuple[Figure, ...]:
    verdicts = judged.projects.set_index("project")
    unzoned = set(judged.pieces["project"][judged.pieces["counted"].astype(bool) & judged.pieces["zone_code"].isna()])
    rule = subject.rule(TOLERANCE)
    figures: list[Figure] = []
    for code in subject.codes:
        own = verdicts.loc[touching(packages, code, subject)["code"]]
        context = context_of(subject, code)
        counts = own["verdict"].value_counts().to_dict()
        placed = int((own["dimension"] >= 0).sum())
        outside = sum(one in unzoned for one in own.index)
        found = [quantity_figure("conformity.projects", len(own), area=code, unit="packages", context=context)]
        for figure_id, counted in COUNTED.items():
            value = sum(counts.get(one, 0) for one in counted)
            known = is_judged or figure_id == "conformity.unknown"
            found.append(
                quantity_figure(
                    figure_id, value if known else None, area=code, unit="packages", context=context, rule=rule
                )
            )
        share = percent_figure(
            "conformity.unzoned_percent", outside if is_judged else None, placed, area=code, context=context, rule=rule
        )
        is_drawn = is_judged and (code in subject.drawn or code not in subject.area.districts)
        url = packages_url(subject, code, subject.fiscal_year)
        found += [share, *_measured(code, sums, is_drawn, context_of(subject, code), rule)]
        figures += [replace(one, features_url=url) for one in found]
    return tuple(figures)


def _measured(code: str, sums: Sums, is_known: bool, context: Any, rule: Rule | None) -> list[Figure]:
    """Make the figures that are lengths and areas; without value where nothing was judged or no boundary is drawn."""
    figures = []
    for measure, (_dimension, _unit, unit) in MEASURES.items():
        by_bucket = sums[code, measure]
        fit, whole = (sum(by_bucket[one] for one in chosen) for chosen in (FIT, JUDGED))
        name = f"conformity.fit_{measure.partition('_')[0]}_percent"
        figures.append(
            percent_figure(name, fit if is_known else None, whole or None, area=code, context=context, rule=rule)
        )
        figures += [
            quantity_figure(
                f"conformity.{measure}.{bucket}",
                by_bucket[bucket] if is_known else None,
                area=code,
                unit=unit,
                context=context,
                rule=rule,
            )
            for bucket in BUCKETS
        ]
    return figures


def _frames(packages: gpd.GeoDataFrame, judged: Conformity) -> dict[str, gpd.GeoDataFrame]:
    """Give the packages with their verdict, their pieces by zone, and of those the ones that offend."""
    names = dict(zip(packages["code"], packages["name"], strict=True))
    verdicts = judged.projects
    works = packages[["code", "name", "sector", "geometry"]].assign(
        plan=verdicts["plan"].to_numpy(),
        verdict=verdicts["verdict"].map(verdict_class).to_numpy(),
        reason=verdicts["reason"].to_numpy(),
    )
    works = works[works.geometry.notna() & ~works.geometry.is_empty].reset_index(drop=True)
    pieces = judged.pieces
    lengths = pieces["size"].where(pieces["dimension"] == LINES) / M_PER_KM
    areas = pieces["size"].where(pieces["dimension"] == AREAS) / M2_PER_HA
    drawn = gpd.GeoDataFrame(
        {
            "code": pieces["project"],
            "name": pieces["project"].map(names),
            "plan": pieces["plan"],
            "zone_code": pieces["zone_code"],
            "zone_name": pieces["zone_name"],
            "outcome": pieces["outcome"],
            "counted": pieces["counted"].astype(bool),
            "length_km": lengths.astype(float),
            "area_ha": areas.astype(float),
            "percent": pieces["share"].astype(float) * 100,
        },
        geometry=pieces.geometry.to_numpy(),
        crs=pieces.crs,
    )
    offending = drawn[drawn["counted"] & (drawn["outcome"] == "X")].reset_index(drop=True)
    return {"packages": works, "pieces": drawn, "offending": offending}


def _maps(frames: Mapping[str, gpd.GeoDataFrame]) -> tuple[MapView, ...]:
    views = []
    if len(frames["packages"]):
        views.append(
            MapView(
                "packages",
                "Kesesuaian paket dengan rencana tata ruang",
                "Conformity of the packages with the spatial plans",
                "packages",
                class_field="verdict",
                classes=VERDICT_CLASSES,
                over=("districts",),
            )
        )
    if len(frames["offending"]):
        views.append(
            MapView(
                "offending",
                "Bagian paket di zona yang tidak mengizinkannya",
                "Parts of packages in zones that do not permit them",
                "offending",
                class_field="outcome",
                classes=tuple(one for one in OUTCOME_CLASSES if one.code == "X"),
                over=("districts", "plan_zones"),
            )
        )
    return tuple(views)


def _zone_evidence(plans: tuple[Plan, ...]) -> Evidence:
    return Evidence("plan_zones", {"plan_code": [plan.code for plan in plans]})


def _plan_findings(subject: Subject, plans: tuple[Plan, ...]) -> tuple[Finding, ...]:
    """Say which plans were applied, which of them have no matrix, and how many zones belong to no plan."""
    found = []
    if plans:
        names = "; ".join(plan.name for plan in plans)
        found.append(
            Finding("info", "plans_applied", f"Rencana yang dipakai: {names}.", f"Plans applied: {names}.", len(plans))
        )
    silent = [plan.name for plan in plans if not plan.matrix]
    if silent:
        names = "; ".join(silent)
        found.append(
            Finding(
                "warning",
                "plan_without_matrix",
                f"Rencana tanpa matriks kegiatan (ITBX), jadi hasilnya tidak diketahui: {names}.",
                f"Plans without an activity matrix (ITBX), so that outcomes are unknown: {names}.",
                len(silent),
            )
        )
    loose = int(subject.rows("plan_zones", ("plan_code",))["plan_code"].isna().sum())
    if loose:
        found.append(
            Finding(
                "warning",
                "zones_without_plan",
                f"Zona tanpa rencana, tidak dipakai karena skala dan matriksnya tidak diketahui: {loose}.",
                f"Zones without a plan, not used as their scale and matrix are not known: {loose}.",
                loose,
            )
        )
    return tuple(found)


def _tolerance_finding(plan: Plan, rule: Rule) -> Finding:
    """Say how far the map can be trusted, and how that was applied."""
    metres, scale = f"{plan.tolerance_m(rule):g}", f"{plan.scale:,}"
    paper = f"{rule.value:g}"
    return Finding(
        "info",
        "tolerance",
        f"{plan.code}: {paper.replace('.', ',')} mm pada peta 1:{scale.replace(',', '.')} adalah "
        f"{metres.replace('.', ',')} m. Bagian paket diperhitungkan hanya bila masuk lebih dalam dari itu ke zona-zona "
        "yang hasilnya sama.",
        f"{plan.code}: {paper} mm on a map of 1:{scale} is {metres} m. A part of a package counts only where it "
        "reaches deeper than that into zones of one outcome.",
    )


_NOT_A_PERMIT = Finding(
    "info",
    "not_a_permit",
    "Hasil telaah ini bersifat informasi awal dan bukan KKPR.",
    "This result is first information and no permit (KKPR).",
)
