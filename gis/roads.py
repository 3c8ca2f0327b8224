"""Length, condition and surface of roads by district and ruas, and kemantapan on their legal lengths."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

import geopandas as gpd
import numpy as np
import pandas as pd

from gis.constants import M_PER_KM
from gis.errors import InvalidMeasure, MissingColumn
from gis.figures import Figure, FigureContext, FigureSet, Finding, Rule, percent_figure, quantity_figure
from gis.linear import cut_lines
from gis.overlay import split_lengths
from gis.road_condition import CONDITION_CLASSES, SURVEYED_CLASSES, ConditionClass
from gis.rounding import close_table
from gis.survey import NO_SEGMENT, lay_survey

NOWHERE = ""
"""Stands for "in no district" in the table of lengths: roads not drawn, or drawn outside of every district."""

ROAD_COLUMNS = ("code", "status", "length_sk_m")
SEGMENT_COLUMNS = ("road_code", "sta_from_m", "sta_to_m", "survey_year", "condition")
SECTION_COLUMNS = (
    "section", "code", "area", "condition", "surface_group", "segment", "start_share", "end_share", "length_m"
)  # fmt: skip

SurfaceGroup = Literal["paved", "concrete", "gravel", "earth", "unknown"]

SURFACE_GROUPS: tuple[SurfaceGroup, ...] = get_args(SurfaceGroup)
"""The four groups of the DAK forms (domain reference, 3.4 and 3.7), and what is not recorded."""

GROUP_OF_SURFACE: Mapping[str, SurfaceGroup] = {
    "asphalt": "paved",
    "macadam": "paved",
    "concrete": "concrete",
    "paving": "concrete",
    "telford": "gravel",
    "gravel": "gravel",
    "earth": "earth",
    "not_open": "earth",
}
"""Code of a surface to its group: asphalt and macadam; concrete; telford and gravel; earth and not open."""


@dataclass(frozen=True)
class ConditionLengths:
    """
    Legal length of roads by district and condition class.

    `metres` has one row a district (in the order of their codes; the code is the index) and one column a class;
    a last row `NOWHERE` holds roads that lie in no district, when there are any. Rows and columns add up to the sum of
    the legal lengths. `survey_year` is None when nothing was surveyed.

    `sections` is what the table sums: one row a section of a road and district, with `section`, `code` (of the road),
    `area` (district or `NOWHERE`), `condition`, `surface_group`, `segment` (position of the surveyed segment, or
    `NO_SEGMENT`), `start_share`, `end_share` (of the whole section, along the drawn line) and `length_m` (legal metres
    of the section in that district). `surveyed_m` has by code of the road how many metres its segments cover, as
    surveyed.
    """

    metres: pd.DataFrame
    survey_year: int | None
    roads: int
    findings: tuple[Finding, ...]
    sections: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=list(SECTION_COLUMNS)), compare=False)
    surveyed_m: pd.Series = field(default_factory=lambda: pd.Series(dtype=np.float64), compare=False)

    @property
    def districts(self) -> pd.DataFrame:
        """The rows of districts alone."""
        return self.metres[self.metres.index != NOWHERE]

    @property
    def total(self) -> pd.Series:
        """Metres by class in the whole."""
        return self.metres.sum()

    def table_km(self) -> pd.DataFrame:
        """
        Give the lengths in km to three decimals, so that every row and column adds up.

        Returns
        -------
        table
            Rows of `metres` and a last one "total"; columns of `metres` and a last one "total". Each number is rounded
            up or down to the next metre as the sums need it.
        """
        closed = close_table(self.metres.to_numpy(dtype=np.float64) / M_PER_KM)
        return pd.DataFrame(closed, index=[*self.metres.index, "total"], columns=[*self.metres.columns, "total"])


def condition_lengths(
    roads: gpd.GeoDataFrame,
    segments: pd.DataFrame,
    areas: gpd.GeoDataFrame,
    *,
    status: str,
    scale_tolerance: Rule,
    survey_year: int | None = None,
) -> ConditionLengths:
    """
    Sum the legal length of roads by district and surveyed condition.

    A segment takes its share of the legal length of its road (see `gis.survey.lay_survey`), lies on the drawn line
    where its STA says, and is split over the districts by measured length. What is drawn outside of every district is
    shared out like the rest of the road, since the decree counts the whole road.

    Parameters
    ----------
    roads
        Columns `code`, `status`, `length_sk_m` (metres), where known `surface`, and the drawn line in EPSG:4326 (may be
        missing).
    segments
        Columns `road_code`, `sta_from_m`, `sta_to_m`, `survey_year`, `condition`, where known `surface` (which holds
        over that of the road) and `survey_date`; their own lines are not used.
    areas
        All districts of the regency, not only the one asked for: column `code`, polygons in EPSG:4326.
    status
        The authority whose roads count, as in `roads.status`.
    scale_tolerance
        By how much (percent) a survey may differ from the legal length and still be scaled to it.
    survey_year
        The one year that counts; None takes the newest.

    Returns
    -------
    lengths
        All rows 0 when there are no such roads.

    Raises
    ------
    MissingColumn, MissingCrs, ProjectedGeometry
        If a frame lacks what is read from it.
    """
    _require_columns(roads, ROAD_COLUMNS)
    _require_columns(segments, SEGMENT_COLUMNS)
    of_status = roads[roads["status"] == status]
    legal = of_status[of_status["length_sk_m"] > 0].reset_index(drop=True)
    survey = lay_survey(legal, segments, scale_tolerance=scale_tolerance, survey_year=survey_year)
    sections = survey.sections.assign(
        code=legal["code"].to_numpy()[survey.sections["road"]],
        surface_group=_surface_groups(legal, segments, survey.sections),
    )
    by_district = _split_sections(legal.geometry, sections, areas)
    metres = _condition_table(by_district, sorted(set(areas["code"])))
    findings = (
        _without_legal_length(len(of_status) - len(legal)),
        _no_roads(len(legal)),
        _no_survey(sections, survey_year if survey_year is not None else survey.year, len(legal)),
        _nowhere(by_district),
    )
    known = tuple(finding for finding in findings if finding is not None)
    return ConditionLengths(
        metres,
        survey.year,
        len(legal),
        (*known, *survey.findings),
        by_district[list(SECTION_COLUMNS)],
        pd.Series(survey.surveyed_m, index=legal["code"].to_numpy()),
    )


def road_figures(lengths: ConditionLengths, *, rule: Rule, context: FigureContext) -> FigureSet:
    """
    Make all figures about roads: length, length by condition, kemantapan; for the whole and for each district.

    Parameters
    ----------
    lengths
        From `condition_lengths`.
    rule
        The definition of kemantapan: its value is how many of the best classes count as stable (2: good and fair); its
        legal basis also says that the legal length counts.
    context
        Area code of the whole, date and inputs of the data; when it is the code of one district, the figures are of
        that district alone.

    Returns
    -------
    figures
        `roads.length_km`, `roads.length_km.<class>`, `roads.kemantapan`; lengths in km, not rounded. Findings are those
        of `lengths` and of `kemantapan`.
    """
    stability = kemantapan(lengths, rule=rule, context=context)
    figures: list[Figure] = []
    for area, metres in _rows(lengths, context):
        known = lengths.roads > 0
        total = float(metres.sum()) / M_PER_KM if known else None
        figures.append(quantity_figure("roads.length_km", total, area=area, unit="km", context=context, rule=rule))
        for condition in CONDITION_CLASSES:
            value = float(metres[condition]) / M_PER_KM if known else None
            figure_id = f"roads.length_km.{condition}"
            figures.append(quantity_figure(figure_id, value, area=area, unit="km", context=context, rule=rule))
    return FigureSet((*figures, *stability.figures), stability.findings)


def kemantapan(lengths: ConditionLengths, *, rule: Rule, context: FigureContext) -> FigureSet:
    """
    Compute the share of roads in stable condition, by legal length; unsurveyed roads stay in the denominator.

    Parameters
    ----------
    lengths, rule, context
        As for `road_figures`.

    Returns
    -------
    figures
        `roads.kemantapan` in percent, with numerator and denominator in km. It is None, with a finding, for an area
        without such roads or without any surveyed metre.

    Raises
    ------
    InvalidMeasure
        If the rule's value is not the number of some, but not all, of the surveyed classes.
    """
    stable_names = list(stable_classes(rule))
    figures = []
    without_roads = without_survey = 0
    for area, metres in _rows(lengths, context):
        total = float(metres.sum()) / M_PER_KM
        surveyed = total > 0 and float(metres.sum() - metres["unsurveyed"]) > 0
        stable = float(metres[stable_names].sum()) / M_PER_KM if surveyed else None
        figures.append(
            percent_figure("roads.kemantapan", stable, total if total else None, area=area, context=context, rule=rule)
        )
        without_roads += lengths.roads > 0 and not total
        without_survey += lengths.survey_year is not None and total > 0 and not surveyed
    findings = (*lengths.findings, *_kemantapan_findings(without_roads, without_survey))
    return FigureSet(tuple(figures), findings)


def stable_classes(rule: Rule) -> tuple[ConditionClass, ...]:
    """
    Give the condition classes that count as stable: as many of the best as the rule says.

    Raises
    ------
    InvalidMeasure
        If the rule's value is not the number of some, but not all, of the surveyed classes.
    """
    if rule.value not in range(1, len(SURVEYED_CLASSES)):
        raise InvalidMeasure(
            f"Aturan {rule.code} harus menyebut banyaknya kelas kondisi mantap (1 sampai 3), bukan {rule.value:g}.",
            f"Rule {rule.code} must say how many condition classes are stable (1 to 3), not {rule.value:g}.",
        )
    return SURVEYED_CLASSES[: int(rule.value)]


def _require_columns(frame: pd.DataFrame, columns: tuple[str, ...]) -> None:
    missing = [column for column in columns if column not in frame.columns]
    if missing:
        names = ", ".join(missing)
        raise MissingColumn(f"Data tidak memiliki kolom {names}.", f"The data has no column {names}.")


def _rows(lengths: ConditionLengths, context: FigureContext) -> list[tuple[str, pd.Series]]:
    """List the whole, then each district; or one district alone when it is what was asked for."""
    rows = [(str(code), metres) for code, metres in lengths.districts.iterrows()]
    chosen = [row for row in rows if row[0] == context.area]
    return chosen or [(context.area, lengths.total), *rows]


def _split_sections(lines: gpd.GeoSeries, sections: pd.DataFrame, areas: gpd.GeoDataFrame) -> pd.DataFrame:
    """Split the legal length of each section over the districts: rows of section, area (or NOWHERE), class, length."""
    of_roads = _shares(split_lengths(lines, areas, key="code"), "line")
    crossing = of_roads["line"].duplicated(keep=False)
    cut = sections["road"].isin(set(of_roads.loc[crossing, "line"]))
    of_sections = _section_shares(lines, sections[cut], areas)
    whole = sections[~sections.index.isin(of_sections["section"])]
    from_roads = whole.reset_index(names="section")[["section", "road"]].merge(
        of_roads, how="left", left_on="road", right_on="line"
    )
    shares = pd.concat([of_sections, from_roads[["section", "area", "share"]]], ignore_index=True)
    shares = shares.fillna({"area": NOWHERE, "share": 1.0})
    result = shares.join(sections, on="section").sort_values(["section", "area"], ignore_index=True)
    return result.assign(length_m=result["length_m"] * result["share"])


def _surface_groups(roads: pd.DataFrame, segments: pd.DataFrame, sections: pd.DataFrame) -> pd.Series:
    """Find the surface of each section: of its segment, else of its road, else unknown."""
    nothing = np.full(len(sections), None, dtype=object)
    of_road = roads["surface"].to_numpy(dtype=object)[sections["road"]] if "surface" in roads.columns else nothing
    found = pd.Series(of_road, index=sections.index, dtype=object).map(GROUP_OF_SURFACE)
    surveyed = sections["segment"] != NO_SEGMENT
    if "surface" in segments.columns and surveyed.any():
        of_segment = segments["surface"].to_numpy(dtype=object)[sections.loc[surveyed, "segment"]]
        by_segment = pd.Series(of_segment, index=sections.index[surveyed], dtype=object).map(GROUP_OF_SURFACE)
        found = by_segment.reindex(sections.index).fillna(found)
    return found.fillna("unknown")


def _section_shares(lines: gpd.GeoSeries, sections: pd.DataFrame, areas: gpd.GeoDataFrame) -> pd.DataFrame:
    pieces = cut_lines(
        lines.to_numpy(),
        sections["road"].to_numpy(dtype=np.int64),
        sections["start_share"].to_numpy(),
        sections["end_share"].to_numpy(),
    )
    owner = sections.index.to_numpy()[pieces.section]
    series = gpd.GeoSeries(pieces.geometries, index=owner, crs=lines.crs)
    parts = split_lengths(series, areas, key="code").rename(columns={"line": "section"})
    return _shares(parts, "section")


def _shares(parts: pd.DataFrame, feature: str) -> pd.DataFrame:
    """Give each area its share of what lies in any area; a feature outside of all has no row."""
    inside = parts[parts["area"].notna()]
    metres = inside.groupby([feature, "area"], as_index=False)["length_m"].sum()
    total = metres.groupby(feature)["length_m"].transform("sum")
    shares: pd.DataFrame = metres.assign(share=metres["length_m"] / total)
    return shares[[feature, "area", "share"]]


def _condition_table(by_district: pd.DataFrame, codes: list[str]) -> pd.DataFrame:
    sums = by_district.pivot_table(
        index="area", columns="condition", values="length_m", aggfunc="sum", fill_value=0.0, observed=False
    )
    rows = [*codes, NOWHERE] if NOWHERE in sums.index else codes
    return sums.reindex(index=rows, columns=list(CONDITION_CLASSES), fill_value=0.0).astype(np.float64)


def _without_legal_length(count: int) -> Finding | None:
    if not count:
        return None
    return Finding(
        "error",
        "roads_without_legal_length",
        f"{count} ruas tidak memiliki panjang SK, jadi tidak ikut dihitung. Lengkapi panjang menurut SK.",
        f"Not counted, for want of a legal length: {count} of the roads. Fill in the length of the decree.",
        count,
    )


def _no_roads(count: int) -> Finding | None:
    if count:
        return None
    return Finding(
        "warning",
        "no_legal_roads",
        "Belum ada ruas jalan dengan panjang SK, jadi panjang dan kemantapan tidak dapat dihitung.",
        "There are no roads with a legal length, so length and kemantapan cannot be computed.",
    )


def _no_survey(sections: pd.DataFrame, year: int | None, roads: int) -> Finding | None:
    if not roads or (sections["condition"] != "unsurveyed").any():
        return None
    when_id, when_en = ("", "") if year is None else (f" tahun {year}", f" of {year}")
    return Finding(
        "warning",
        "no_road_survey",
        f"Tidak ada survei kondisi jalan{when_id}, jadi kemantapan tidak dapat dihitung.",
        f"There is no road condition survey{when_en}, so kemantapan cannot be computed.",
        roads,
    )


def _nowhere(by_district: pd.DataFrame) -> Finding | None:
    lost = by_district[by_district["area"] == NOWHERE]
    count = int(lost["road"].nunique())
    if not count:
        return None
    return Finding(
        "warning",
        "roads_without_district",
        f"{count} ruas tidak tergambar di kecamatan mana pun; panjangnya hanya masuk jumlah seluruhnya.",
        f"Not drawn in any district: {count} of the roads; their length counts in the whole only.",
        count,
    )


def _kemantapan_findings(without_roads: int, without_survey: int) -> tuple[Finding, ...]:
    findings = []
    if without_roads:
        message_id = f"{without_roads} kecamatan tidak memiliki ruas jalan, jadi tidak memiliki angka kemantapan."
        message_en = f"Districts without such a road, hence without kemantapan: {without_roads}."
        findings.append(Finding("info", "districts_without_roads", message_id, message_en, without_roads))
    if without_survey:
        message_id = (
            f"Di {without_survey} kecamatan belum ada ruas yang disurvei, jadi kemantapannya tidak dapat dihitung."
        )
        message_en = f"Districts where no road was surveyed, so that kemantapan cannot be computed: {without_survey}."
        findings.append(Finding("warning", "districts_without_survey", message_id, message_en, without_survey))
    return tuple(findings)
