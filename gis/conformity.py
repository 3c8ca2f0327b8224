"""Whether works fit the spatial plan: by zone, with the outcome that the plan's own activity matrix gives (ITBX)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

import geopandas as gpd
import numpy as np
import pandas as pd
from pyproj import CRS

from gis.constants import M2_PER_HA, M_PER_KM, WGS84_SRID
from gis.errors import InvalidMeasure, MissingColumn
from gis.figures import Finding, Rule, Severity
from gis.geometry import explode_collections, keep_dimension, repair
from gis.measure import lonlat_array
from gis.types import GeometryArray, IntArray
from gis.works import AREAS, LINES, POINTS, WorkPlaces, unite, work_places
from gis.zoning import ZoneMap, ZoneParts, cut_by_zones

Outcome = Literal["X", "unknown", "B", "T", "I", "unzoned"]
Verdict = Literal["conforming", "limited", "conditional", "offending", "unknown"]

OUTCOMES: tuple[Outcome, ...] = ("X", "unknown", "B", "T", "I", "unzoned")
"""Strictest first: where zones overlap, the place counts once, under the first of these that holds there."""

UNKNOWN, UNZONED = OUTCOMES.index("unknown"), OUTCOMES.index("unzoned")

VERDICTS: Mapping[Outcome, Verdict] = MappingProxyType(
    {
        "X": "offending",
        "unknown": "unknown",
        "unzoned": "unknown",
        "B": "conditional",
        "T": "limited",
        "I": "conforming",
    }
)
_DECIDING: tuple[Outcome, ...] = ("X", "unknown", "unzoned", "B", "T", "I")  # the first that a project has decides
_REASONS: Mapping[Outcome, str] = MappingProxyType({"unknown": "no_entry", "unzoned": "unzoned"})

SYMBOLS = re.compile(r"[ITBX]")
CELL = re.compile(r"[\sITBX,;/+&\d().-]*")  # a cell of a matrix: symbols, and the numbers of its conditions

MM_PER_M = 1_000.0
PROJECT_COLUMNS = ("code", "activity")
ZONE_COLUMNS = ("zone_code", "zone_name")
PIECE_COLUMNS = ("project", "plan", "zone_code", "zone_name", "outcome", "counted", "dimension", "size", "share")
JUDGED_COLUMNS = (
    *("project", "activity", "plan", "verdict", "reason", "dimension", "size", "left_out_share", "in_overlap"),
)


@dataclass(frozen=True)
class Plan:
    """
    A spatial plan in force.

    `scale` is the denominator of its map (50 000 for 1:50 000). `matrix` gives for an activity and a zone code the
    cell of the plan's own table (I, T, B, X, or several of them, of which the strictest holds).
    """

    code: str
    name: str
    scale: int
    matrix: Mapping[str, Mapping[str, str]]
    legal_basis: str | None = None

    def outcome(self, activity: str, zone_code: str) -> Outcome:
        """Return what the matrix says of an activity in a zone; "unknown" where it says nothing readable."""
        cell = self.matrix.get(activity, {}).get(zone_code)
        return read_cell(cell)

    def tolerance_m(self, rule: Rule) -> float:
        """
        Return how far a line of the map may be off on the ground (metres).

        `rule` gives it in mm on paper: 0.5 mm at 1:50 000 is 25 m.
        """
        return rule.value / MM_PER_M * self.scale


@dataclass(frozen=True)
class Conformity:
    """
    What became of projects under their plans.

    `projects` has one row a project (`JUDGED_COLUMNS`): the plan that was applied (None without one), the verdict, why
    it is unknown (`no_entry`, `unzoned`, `near_border`, `no_location`, `no_plan`; else ""), its `dimension` (0 points,
    1 lines, 2 areas; -1 without location), its `size` (points, metres or square metres), the share of it (0 to 1)
    that was left out as less than the tolerance, and whether a part of it lies where zones overlap.

    `pieces` (EPSG:4326) has one row a project and zone and answer to whether it counted (`PIECE_COLUMNS`): sizes of a
    project's pieces add up to its size. `zone_code` is None for what lies in no zone.
    """

    projects: pd.DataFrame
    pieces: gpd.GeoDataFrame
    findings: tuple[Finding, ...]


def read_cell(cell: object) -> Outcome:
    """
    Read a cell of an activity matrix.

    Parameters
    ----------
    cell
        Such as "I", "t", "T, B" or "B1"; of several symbols the strictest holds.

    Returns
    -------
    outcome
        I, T, B or X; "unknown" for an empty cell or one that cannot be read.
    """
    text = str(cell).strip().upper() if cell is not None else ""
    symbols = set(SYMBOLS.findall(text)) if CELL.fullmatch(text) else set()
    return next((one for one in OUTCOMES if one in symbols), "unknown")


def judge_projects(
    projects: gpd.GeoDataFrame,
    zones: gpd.GeoDataFrame,
    plan: Plan,
    *,
    tolerance: Rule,
    floor: Rule,
    crs: CRS,
) -> Conformity:
    """
    Find in which zones of one plan projects lie, and what the plan allows there.

    Zones are united by their code; where zones of different codes overlap, the place counts once, under the strictest
    outcome. A part of a project counts only when it reaches deeper than the tolerance into the zones of one outcome
    (somewhere it is farther from their border than the tolerance), and when all such parts of that outcome together
    are more than the floor. What does not count is kept as left out. A project of which nothing counts lies too near
    to a border for the map to tell: its verdict is unknown.

    One part of outcome X makes a project offend; else one whose outcome is unknown, or that lies in no zone, leaves the
    verdict unknown; else B makes it conditional, T limited, and I alone conforming.

    Parameters
    ----------
    projects
        In EPSG:4326 with `code` and `activity`. Of several kinds of geometry the highest dimension is taken; a place
        drawn twice counts once. Rows without geometry are judged unknown.
    zones
        Those of the plan, polygons in EPSG:4326 with `zone_code` and `zone_name`; invalid ones are repaired.
    tolerance
        In mm on the map.
    floor
        In percent of the project.
    crs
        A metric one in which depth is measured; sizes are those on the ellipsoid.

    Raises
    ------
    MissingColumn, MissingCrs, ProjectedGeometry, UnprojectedGeometry
        When a column is missing or a CRS is another than asked.
    InvalidMeasure
        When the plan has no scale, or a rule is negative.
    """
    _require(projects, PROJECT_COLUMNS)
    _require(zones, ZONE_COLUMNS)
    if plan.scale <= 0 or tolerance.value < 0 or floor.value < 0:
        raise InvalidMeasure(
            f"Skala rencana {plan.code} atau toleransinya tidak dapat dipakai.",
            f"The scale of plan {plan.code} or its tolerance cannot be used.",
        )
    places = work_places(projects.geometry)
    legend, zone_map, findings = _read_zones(zones, plan, projects["activity"])
    parts = cut_by_zones(
        places, zone_map, tolerance_m=plan.tolerance_m(tolerance), floor_share=floor.value / 100, crs=crs
    )
    pieces = _pieces(projects["code"], places, parts, legend, plan)
    judged = _judge(projects, places, pieces, plan.code, parts)
    return Conformity(judged, pieces, (*findings, *_findings(places, judged, pieces)))


def judge_by_plans(
    projects: gpd.GeoDataFrame,
    zones: gpd.GeoDataFrame,
    plans: Sequence[Plan],
    *,
    tolerance: Rule,
    floor: Rule,
    crs: CRS,
) -> Conformity:
    """
    Judge each project by the most detailed plan that covers it.

    A plan covers a project when nothing of it lies, beyond the tolerance, in no zone. Where no plan does, the one that
    covers most of it is applied, of equal ones the most detailed.

    Parameters
    ----------
    projects, tolerance, floor, crs
        As for `judge_projects`.
    zones
        As for `judge_projects`, of all plans, with `plan_code`; zones of other plans are not looked at.
    plans
        Those in force; with none, all verdicts are unknown.
    """
    _require(projects, PROJECT_COLUMNS)
    _require(zones, (*ZONE_COLUMNS, "plan_code"))
    if not plans:
        return not_judged(projects)
    tried = [
        judge_projects(
            projects, zones[zones["plan_code"] == plan.code], plan, tolerance=tolerance, floor=floor, crs=crs
        )
        for plan in sorted(plans, key=lambda plan: (plan.scale, plan.code))
    ]
    unzoned = np.array([_unzoned_share(one) for one in tried])
    choice = unzoned.argmin(axis=0)  # the first, hence the most detailed, of the least share without a zone
    chosen = [one.projects[choice == number] for number, one in enumerate(tried)]
    judged = pd.concat([part for part in chosen if len(part)] or chosen[:1]).sort_index()
    applied = [one.pieces[one.pieces["project"].isin(part["project"])] for part, one in zip(chosen, tried, strict=True)]
    pieces = pd.concat([part for part in applied if len(part)] or applied[:1], ignore_index=True)
    about_zones = [finding for one in tried for finding in one.findings if finding.code in ABOUT_ZONES]
    findings = _findings(work_places(projects.geometry), judged, pieces)
    return Conformity(judged, pieces, (*_added(about_zones), *findings))


def not_judged(projects: gpd.GeoDataFrame) -> Conformity:
    """Give projects (as for `judge_projects`) without a plan to judge them by: all verdicts are unknown."""
    _require(projects, PROJECT_COLUMNS)
    places = work_places(projects.geometry)
    pieces = _piece_frame({name: [] for name in PIECE_COLUMNS}, np.empty(0, dtype=object))
    judged = _judge(projects, places, pieces, None, None)
    return Conformity(judged, pieces, (_NO_PLAN, *_findings(places, judged, pieces)))


def _require(frame: gpd.GeoDataFrame, columns: Sequence[str]) -> None:
    for column in columns:
        if column not in frame.columns:
            raise MissingColumn(f"Data tidak memiliki kolom {column}.", f"The data has no column {column}.")


@dataclass(frozen=True)
class _Legend:
    """Codes and names of the zones of a plan, in the order of their codes."""

    codes: tuple[str, ...]
    names: tuple[str, ...]


def _read_zones(
    zones: gpd.GeoDataFrame, plan: Plan, activities: pd.Series
) -> tuple[_Legend, ZoneMap, tuple[Finding, ...]]:
    """Repair the zones, and look up what the plan allows each project in each of them."""
    mended = repair(lonlat_array(zones.geometry))
    polygons, owner = explode_collections(keep_dimension(mended.geometries, AREAS))
    by_row = zones["zone_code"].astype(str).to_numpy(dtype=object)
    codes = tuple(sorted(set(by_row)))
    named = dict(zip(by_row, zones["zone_name"], strict=True))
    position = {code: number for number, code in enumerate(codes)}
    of_row = np.array([position[code] for code in by_row], dtype=np.int64)
    legend = _Legend(codes, tuple(str(named[code]) for code in codes))
    zone_map = ZoneMap(polygons, of_row[owner], _ranks(plan, activities, codes), OUTCOMES.index("unzoned"))
    return legend, zone_map, _zone_findings(int(mended.repaired.sum()), int(mended.emptied.sum()))


def _ranks(plan: Plan, activities: pd.Series, codes: Sequence[str]) -> IntArray:
    """Return the outcome (its place in OUTCOMES) of each project in each zone."""
    by_activity = {
        activity: [OUTCOMES.index(plan.outcome(str(activity), code)) for code in codes]
        for activity in activities.dropna().unique()
    }
    unknown = [OUTCOMES.index("unknown")] * len(codes)
    rows = [by_activity.get(activity, unknown) for activity in activities]
    return np.array(rows, dtype=np.int64).reshape(len(activities), len(codes))


def _pieces(codes: pd.Series, places: WorkPlaces, parts: ZoneParts, legend: _Legend, plan: Plan) -> gpd.GeoDataFrame:
    """Gather parts by project, zone and whether they count."""
    keys, group = np.unique(
        np.column_stack([parts.work, parts.rank, parts.zone, ~parts.counted]), axis=0, return_inverse=True
    )
    keys, group = keys.reshape(-1, 4).astype(np.int64), group.reshape(-1)
    work, rank, zone, left_out = keys.T
    size = np.bincount(group, weights=parts.size, minlength=len(keys))
    frame = {
        "project": codes.to_numpy(dtype=object)[work],
        "plan": np.full(len(keys), plan.code, dtype=object),
        "zone_code": np.array([*legend.codes, None], dtype=object)[zone],
        "zone_name": np.array([*legend.names, None], dtype=object)[zone],
        "outcome": np.array(OUTCOMES, dtype=object)[rank],
        "counted": left_out == 0,
        "dimension": places.dimensions[work],
        "size": size,
        "share": size / places.sizes[work],
    }
    return _piece_frame(frame, unite(parts.geometry, group, len(keys)))


def _piece_frame(columns: Mapping[str, object], geometries: GeometryArray) -> gpd.GeoDataFrame:
    frame = pd.DataFrame(columns, columns=list(PIECE_COLUMNS))
    for name in ("project", "plan", "zone_code", "zone_name", "outcome"):
        frame[name] = pd.Series(columns[name], dtype=object)
    return gpd.GeoDataFrame(frame, geometry=geometries, crs=WGS84_SRID).rename_geometry("geom")


def _judge(
    projects: gpd.GeoDataFrame, places: WorkPlaces, pieces: gpd.GeoDataFrame, plan: str | None, parts: ZoneParts | None
) -> pd.DataFrame:
    counted = pieces["counted"].to_numpy(dtype=bool)
    held = pieces[counted].groupby("project")["outcome"].agg(set).to_dict()
    left_out = pieces[~counted].groupby("project")["share"].sum().to_dict()
    decided = [
        _decide(held.get(code), present, plan is not None)
        for code, present in zip(projects["code"], places.present, strict=True)
    ]
    return pd.DataFrame(
        {
            "project": pd.Series(projects["code"].to_numpy(dtype=object), dtype=object),
            "activity": pd.Series(projects["activity"].to_numpy(dtype=object), dtype=object),
            "plan": pd.Series([plan] * len(projects), dtype=object),
            "verdict": pd.Series([verdict for verdict, _ in decided], dtype=object),
            "reason": pd.Series([reason for _, reason in decided], dtype=object),
            "dimension": places.dimensions,
            "size": places.sizes,
            "left_out_share": [float(left_out.get(code, 0.0)) for code in projects["code"]],
            "in_overlap": parts.in_overlap if parts else np.zeros(len(projects), dtype=bool),
        },
        columns=list(JUDGED_COLUMNS),
    )


def _decide(outcomes: set[Outcome] | None, present: bool, has_plan: bool) -> tuple[Verdict, str]:
    if not present:
        return "unknown", "no_location"
    if not has_plan:
        return "unknown", "no_plan"
    deciding = next((one for one in _DECIDING if one in (outcomes or ())), None)
    if deciding is None:
        return "unknown", "near_border"
    return VERDICTS[deciding], _REASONS.get(deciding, "")


def _unzoned_share(conformity: Conformity) -> pd.Series:
    """Give for each project the share that lies, beyond the tolerance, in no zone."""
    pieces = conformity.pieces
    chosen = pieces[pieces["counted"].astype(bool) & (pieces["outcome"] == "unzoned")]
    shares = chosen.groupby("project")["share"].sum().to_dict()
    return conformity.projects["project"].map(lambda code: float(shares.get(code, 0.0))).astype(float)


ABOUT_ZONES = ("zones_repaired", "zones_without_area")
_NO_PLAN = Finding(
    "warning",
    "no_plan",
    "Tidak ada rencana tata ruang yang berlaku dan memiliki zona, jadi kesesuaian tidak dapat dinilai.",
    "There is no spatial plan in force that has zones, so conformity cannot be judged.",
)


def _zone_findings(repaired: int, emptied: int) -> tuple[Finding, ...]:
    return _present(
        (
            "warning",
            "zones_repaired",
            "{n} zona dengan geometri tidak sah diperbaiki untuk perhitungan ini.",
            "Zones with an invalid geometry, repaired for this computation: {n}.",
            repaired,
        ),
        (
            "warning",
            "zones_without_area",
            "{n} zona tidak memiliki luas dan tidak dihitung.",
            "Zones without any area, not counted: {n}.",
            emptied,
        ),
    )


def _added(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Give the findings about zones of several plans as one of each code."""
    repaired, emptied = (sum(one.count for one in findings if one.code == code) for code in ABOUT_ZONES)
    return _zone_findings(repaired, emptied)


def _findings(places: WorkPlaces, judged: pd.DataFrame, pieces: gpd.GeoDataFrame) -> tuple[Finding, ...]:
    reason = judged["reason"].value_counts().to_dict()
    left_out = (judged["left_out_share"] > 0) & (judged["reason"] != "near_border")
    words_id, words_en = _left_out_words(pieces[pieces["project"].isin(judged["project"][left_out])])
    return _present(
        (
            "warning",
            "no_location",
            "{n} paket tanpa lokasi tidak dapat dinilai.",
            "Packages without a location, which cannot be judged: {n}.",
            reason.get("no_location", 0),
        ),
        (
            "warning",
            "no_entry",
            "{n} paket tidak dapat dinilai: matriks kegiatan rencananya tidak menyebut kegiatan itu pada zonanya.",
            "Packages that cannot be judged, as the plan's activity matrix is silent on them in their zone: {n}.",
            reason.get("no_entry", 0),
        ),
        (
            "warning",
            "unzoned",
            "{n} paket tidak dapat dinilai: seluruhnya atau sebagian di luar semua zona rencana.",
            "Packages that cannot be judged, as they lie wholly or partly in no zone of the plan: {n}.",
            reason.get("unzoned", 0),
        ),
        (
            "info",
            "near_border",
            "{n} paket terlalu dekat dengan batas zona untuk dinilai pada skala peta rencananya.",
            "Packages too near to the border of a zone to be judged at the scale of the plan's map: {n}.",
            reason.get("near_border", 0),
        ),
        (
            "info",
            "left_out",
            f"{{n}} paket memiliki bagian yang tidak diperhitungkan karena kurang dari toleransi peta ({words_id}).",
            f"Packages with parts left out as less than the tolerance of the map: {{n}} ({words_en}).",
            int(left_out.sum()),
        ),
        (
            "warning",
            "zones_overlap",
            "{n} paket berada di tempat zona bertumpang tindih, yang dihitung sekali menurut hasil paling ketat.",
            "Packages where zones overlap; the place counts once, under the strictest outcome: {n}.",
            int(judged["in_overlap"].sum()),
        ),
        (
            "info",
            "places_mixed",
            "{n} paket memiliki lokasi beberapa jenis; yang dihitung luasan, atau bila tidak ada garis.",
            "Packages with locations of several kinds, of which areas count, or without any the lines: {n}.",
            places.mixed,
        ),
        (
            "warning",
            "places_repaired",
            "{n} paket dengan geometri tidak sah diperbaiki untuk perhitungan ini.",
            "Packages with an invalid geometry, repaired for this computation: {n}.",
            places.repaired,
        ),
    )


def _present(*rows: tuple[Severity, str, str, str, int]) -> tuple[Finding, ...]:
    """Make findings of those that concern anything."""
    return tuple(
        Finding(severity, code, message_id.format(n=count), message_en.format(n=count), count)
        for severity, code, message_id, message_en, count in rows
        if count
    )


def _left_out_words(pieces: gpd.GeoDataFrame) -> tuple[str, str]:
    """Say how much was left out: points, lines in km, areas in ha."""
    sums = pieces[~pieces["counted"].astype(bool)].groupby("dimension")["size"].sum().to_dict()
    parts = [
        (f"{sums[dimension] / unit:,.{decimals}f}", name_id, name_en)
        for dimension, unit, decimals, name_id, name_en in _SIZE_WORDS
        if sums.get(dimension)
    ]
    swap = str.maketrans(",.", ".,")
    words_id = "; ".join(f"{number.translate(swap)} {name}" for number, name, _ in parts)
    return words_id, "; ".join(f"{number} {name}" for number, _, name in parts)


_SIZE_WORDS = ((POINTS, 1.0, 0, "titik", "points"), (LINES, M_PER_KM, 3, "km", "km"), (AREAS, M2_PER_HA, 4, "ha", "ha"))
