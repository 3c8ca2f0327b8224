"""A road survey laid upon the legal lengths of the roads: every metre of every road has one condition class."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd

from gis.figures import Finding, Rule, Severity
from gis.road_condition import CONDITION_CLASSES
from gis.types import BoolArray, FloatArray, IntArray, TextArray

WORST_FIRST = ("heavy_damage", "light_damage", "fair", "good", "unsurveyed")
"""Which class holds where two segments of one day overlap: the worse one, so that damage never hides."""

NO_SEGMENT = -1
"""Stands for "no segment of the survey" in the sections that nobody surveyed."""

NAMED_ROADS = 5
"""Roads that a finding names before it says "and so on"."""

SAME_PLACE_M = 1e-6
"""Stations nearer than this are one place."""


@dataclass(frozen=True)
class Survey:
    """
    Sections of roads that follow each other without gap or overlap, and what was found about the survey.

    `sections` has the columns `road` (position of the road), `start_share` and `end_share` (0 to 1, along the drawn
    line), `condition`, `segment` (position of the surveyed segment that holds there; `NO_SEGMENT` where there is none)
    and `length_m` (legal metres; those of one road add up to its legal length). `surveyed_m` holds by position of the
    road how many metres its segments cover, as surveyed.
    """

    sections: pd.DataFrame
    year: int | None
    findings: tuple[Finding, ...]
    surveyed_m: FloatArray


def lay_survey(
    roads: pd.DataFrame, segments: pd.DataFrame, *, scale_tolerance: Rule, survey_year: int | None
) -> Survey:
    """
    Lay the segments of one survey year upon the roads.

    Where the surveyed total of a road differs from its legal length by no more than the tolerance, segments are scaled
    to the legal length. Where it differs by more, the road is listed in a finding, segments keep their own length, what
    lies beyond the legal end is left out, and what is missing counts as unsurveyed. Where segments overlap, the newest
    of them holds, and of those of one day (or without a date) the worst; both are told in findings.

    Parameters
    ----------
    roads
        `code` and `length_sk_m` (greater than 0).
    segments
        `road_code`, `sta_from_m`, `sta_to_m`, `survey_year`, `condition` (None counts as unsurveyed) and, where known,
        `survey_date`.
    scale_tolerance
        In percent of the legal length.
    survey_year
        The only year read; None takes the newest of these roads.

    Returns
    -------
    survey
        Sections of all roads; a road without segments is one unsurveyed section.
    """
    position = pd.Series(np.arange(len(roads)), index=roads["code"].to_numpy())
    duplicated = position.index.duplicated(keep=False)
    numbered = segments.assign(segment=np.arange(len(segments)))
    known = numbered[numbered["road_code"].isin(position.index[~duplicated])]
    year = survey_year if survey_year is not None else _newest_year(known)
    chosen = known[known["survey_year"] == year].astype({"sta_from_m": np.float64, "sta_to_m": np.float64})
    usable = _usable(chosen)
    placed, overlaps = _without_overlaps(_placed(usable, position[~duplicated]))
    legal = roads["length_sk_m"].to_numpy(dtype=np.float64)
    surveyed = _surveyed_m(placed, len(legal))
    sections, differing = _fit_to_legal_length(placed, legal, surveyed, tolerance_percent=scale_tolerance.value)
    names = roads["code"].astype(str).to_numpy(dtype=object)
    findings = (
        _finding_of_roads("error", "duplicate_road_code", names[duplicated], _DUPLICATES),
        _finding_of_roads("warning", "survey_overlaps", names[overlaps.same_day], _OVERLAPS),
        _finding_of_roads("info", "survey_repeated", names[overlaps.outdated], _REPEATED),
        _finding_of_roads("warning", "survey_length_differs", names[differing], _differs(scale_tolerance)),
        _finding("warning", "survey_invalid_station", len(chosen) - len(usable), _INVALID_STATION),
        _finding("warning", "survey_unknown_condition", _count_unknown(usable["condition"]), _UNKNOWN_CONDITION),
        _unsurveyed_finding(names, placed["road"].to_numpy(), year),
    )
    return Survey(sections, year, tuple(finding for finding in findings if finding is not None), surveyed)


def _newest_year(segments: pd.DataFrame) -> int | None:
    years = segments["survey_year"].dropna()
    return int(years.max()) if len(years) else None


def _usable(segments: pd.DataFrame) -> pd.DataFrame:
    forwards = segments["sta_to_m"] - segments["sta_from_m"] > SAME_PLACE_M
    usable = (segments["sta_from_m"] >= 0) & forwards & np.isfinite(segments["sta_to_m"])
    chosen: pd.DataFrame = segments[usable]
    return chosen


def _known_condition(condition: pd.Series) -> pd.Series:
    return condition.astype(object).where(condition.isin(CONDITION_CLASSES), "unsurveyed")


def _count_unknown(condition: pd.Series) -> int:
    return int((condition.notna() & ~condition.isin(CONDITION_CLASSES)).sum())


def _placed(usable: pd.DataFrame, position: pd.Series) -> pd.DataFrame:
    """Put segments on the positions of their roads, in the order of their stations; `day` is smallest when unknown."""
    dates = usable.get("survey_date", pd.Series(pd.NaT, index=usable.index))
    days = pd.to_datetime(dates, errors="coerce").to_numpy().astype("datetime64[D]").astype(np.int64)
    return pd.DataFrame(
        {
            "road": position.loc[usable["road_code"]].to_numpy(),
            "start_m": usable["sta_from_m"].to_numpy(),
            "end_m": usable["sta_to_m"].to_numpy(),
            "condition": _known_condition(usable["condition"]).to_numpy(),
            "segment": usable["segment"].to_numpy(),
            "day": days,
        }
    ).sort_values(["road", "start_m", "end_m", "condition", "segment"], ignore_index=True)


class _Overlaps(NamedTuple):
    """Roads on which segments of one day overlap, and for each segment that a newer one holds over, its road."""

    same_day: IntArray
    outdated: IntArray


def _without_overlaps(placed: pd.DataFrame) -> tuple[pd.DataFrame, _Overlaps]:
    """Cut overlapping segments of a road at each other's ends, and let the newest hold, or else the worst."""
    reached = placed.groupby("road")["end_m"].cummax().groupby(placed["road"]).shift()
    overlapping = placed.loc[placed["start_m"] < reached - SAME_PLACE_M, "road"].unique()
    nothing = np.empty(0, dtype=np.int64)
    if not len(overlapping):
        return placed, _Overlaps(nothing, nothing)
    doubled = placed["road"].isin(overlapping)
    resolved, same_day, outdated = [], [], []
    for road, segments in placed[doubled].groupby("road"):
        rows, is_doubtful, superseded = _holding(segments)
        resolved.append(rows)
        same_day += [road] * is_doubtful
        outdated += [road] * superseded
    together = pd.concat([placed[~doubled], *resolved]).sort_values(["road", "start_m"], ignore_index=True)
    return together, _Overlaps(np.array(same_day, dtype=np.int64), np.array(outdated, dtype=np.int64))


def _holding(segments: pd.DataFrame) -> tuple[pd.DataFrame, bool, int]:
    """
    Sweep over one road: between two neighbouring stations the newest segment holds, of one day the worst.

    Returns what holds, whether segments of one day overlapped, and how many segments a newer one holds over.
    """
    start, end, day = (segments[name].to_numpy() for name in ("start_m", "end_m", "day"))
    rank = segments["condition"].map(WORST_FIRST.index).to_numpy()
    priority = np.empty(len(segments), dtype=np.int64)
    priority[np.lexsort((segments["segment"].to_numpy(), rank, -day.astype(np.float64)))] = np.arange(len(segments))
    stations = np.unique(np.concatenate([start, end]))
    low, high = stations[:-1], stations[1:]
    there = (start[:, None] <= low) & (end[:, None] >= high)
    winner = np.where(there, priority[:, None], len(segments)).argmin(axis=0)
    beaten = there & (np.arange(len(segments))[:, None] != winner) & (high - low > SAME_PLACE_M)
    outdated = (beaten & (day[:, None] < day[winner])).any(axis=1)
    is_doubtful = bool((beaten & (day[:, None] == day[winner])).any())
    covered = np.flatnonzero(there.any(axis=0))
    held = segments.iloc[winner[covered]].assign(start_m=low[covered], end_m=high[covered])
    return held, is_doubtful, int(outdated.sum())


def _surveyed_m(placed: pd.DataFrame, roads: int) -> FloatArray:
    length = placed["end_m"] - placed["start_m"]
    return np.bincount(placed["road"].to_numpy(), weights=length, minlength=roads).astype(np.float64)


def _fit_to_legal_length(
    placed: pd.DataFrame, legal: FloatArray, surveyed: FloatArray, *, tolerance_percent: float
) -> tuple[pd.DataFrame, IntArray]:
    road = placed["road"].to_numpy()
    near = np.abs(surveyed - legal) <= legal * tolerance_percent / 100 + SAME_PLACE_M
    scaled = _scaled_sections(placed[near[road]], legal, surveyed)
    kept = _kept_sections(placed[~near[road]], legal)
    missing = _missing_sections(kept, np.flatnonzero(~near), legal)
    sections = pd.concat([scaled, kept, missing]).sort_values(["road", "start_share", "end_share"], ignore_index=True)
    return sections, np.flatnonzero(~near & (surveyed > 0))


def _scaled_sections(placed: pd.DataFrame, legal: FloatArray, surveyed: FloatArray) -> pd.DataFrame:
    """Stretch the surveyed total to the legal length, and the last station to the end of the drawn line."""
    road = placed["road"].to_numpy()
    reach = placed.groupby("road")["end_m"].transform("max").to_numpy(dtype=np.float64)
    length = (placed["end_m"] - placed["start_m"]).to_numpy() * legal[road] / surveyed[road]
    return _sections(road, placed["start_m"] / reach, placed["end_m"] / reach, placed, length)


def _kept_sections(placed: pd.DataFrame, legal: FloatArray) -> pd.DataFrame:
    """Keep segments where their stations say, up to the legal end of the road."""
    road = placed["road"].to_numpy()
    start = np.minimum(placed["start_m"].to_numpy(), legal[road])
    end = np.minimum(placed["end_m"].to_numpy(), legal[road])
    sections = _sections(road, start / legal[road], end / legal[road], placed, end - start)
    return sections[sections["length_m"] > 0]


def _missing_sections(kept: pd.DataFrame, roads: IntArray, legal: FloatArray) -> pd.DataFrame:
    """Fill what lies between the kept sections of these roads, before and behind them, as unsurveyed."""
    borders = pd.concat(
        [
            kept[["road", "start_share", "end_share"]],
            pd.DataFrame({"road": roads, "start_share": 1.0, "end_share": 1.0}),
        ]
    ).sort_values(["road", "start_share", "end_share"])
    start = borders.groupby("road")["end_share"].shift(fill_value=0.0).to_numpy()
    end = borders["start_share"].to_numpy()
    road = borders["road"].to_numpy(dtype=np.int64)
    length = (end - start) * legal[road]
    gap = length > SAME_PLACE_M
    return _sections(road[gap], start[gap], end[gap], None, length[gap])


def _sections(
    road: IntArray,
    start: pd.Series | FloatArray,
    end: pd.Series | FloatArray,
    placed: pd.DataFrame | None,
    length_m: FloatArray,
) -> pd.DataFrame:
    """Lay out sections of the segments `placed`; None for what nobody surveyed."""
    condition = "unsurveyed" if placed is None else placed["condition"].to_numpy()
    segment = NO_SEGMENT if placed is None else placed["segment"].to_numpy()
    return pd.DataFrame(
        {
            "road": road,
            "start_share": np.asarray(start, dtype=np.float64),
            "end_share": np.asarray(end, dtype=np.float64),
            "condition": pd.Series(condition, index=range(len(road)), dtype=object),
            "segment": pd.Series(segment, index=range(len(road)), dtype=np.int64),
            "length_m": length_m,
        }
    )


@dataclass(frozen=True)
class _Words:
    """What a finding says, in Indonesian and English; `{count}` and `{roads}` are filled in."""

    id: str
    en: str


_OVERLAPS = _Words(
    "Pada {count} ruas ({roads}) segmen survei tumpang tindih; kondisi yang lebih buruk yang dihitung.",
    "Survey segments overlap on {count} of the roads ({roads}); the worse condition was counted.",
)
_REPEATED = _Words(
    "{count} segmen ({roads}) disurvei lagi pada tahun yang sama; survei yang terbaru yang dihitung.",
    "Surveyed once more in the same year ({roads}): {count} of the segments; the newest survey was counted.",
)
_INVALID_STATION = _Words(
    "{count} segmen survei dilewati karena STA-nya kosong, negatif, atau mundur.",
    "Left out of the survey, with a STA that is missing, negative or runs backwards: {count} of the segments.",
)
_UNKNOWN_CONDITION = _Words(
    "{count} segmen survei memiliki kondisi yang tidak dikenal; dihitung sebagai belum disurvei.",
    "Counted as not surveyed, with a condition that is unknown: {count} of the segments.",
)
_DUPLICATES = _Words(
    "{count} baris ruas memakai nomor yang sama ({roads}), jadi surveinya tidak dapat dipasangkan; dihitung sebagai "
    "belum disurvei.",
    "Numbers that several roads share ({roads}; {count} rows) match no survey; those roads count as not surveyed.",
)


def _differs(tolerance: Rule) -> _Words:
    percent = f"{tolerance.value:g}"
    return _Words(
        f"Pada {{count}} ruas ({{roads}}) panjang survei berbeda lebih dari {percent.replace('.', ',')} % dari panjang "
        "SK; panjangnya tidak disesuaikan.",
        f"On {{count}} of the roads ({{roads}}) the surveyed length differs by more than {percent} % from the legal "
        "length; it was not scaled.",
    )


def _unsurveyed_finding(names: TextArray, surveyed: IntArray, year: int | None) -> Finding | None:
    without: BoolArray = np.ones(len(names), dtype=bool)
    without[surveyed] = False
    if year is None:
        return None
    words = _Words(
        f"{{count}} ruas ({{roads}}) tidak memiliki survei tahun {year}; dihitung sebagai belum disurvei.",
        f"Without a survey of {year}, hence counted as not surveyed: {{count}} of the roads ({{roads}}).",
    )
    return _finding_of_roads("warning", "roads_unsurveyed", names[without], words)


def _finding_of_roads(severity: Severity, code: str, names: TextArray, words: _Words) -> Finding | None:
    distinct = sorted(set(names))
    named = ", ".join(distinct[:NAMED_ROADS]) + (", …" if len(distinct) > NAMED_ROADS else "")
    return _finding(severity, code, len(names), words, roads=named)


def _finding(severity: Severity, code: str, count: int, words: _Words, *, roads: str = "") -> Finding | None:
    if not count:
        return None
    text_id, text_en = (text.format(count=count, roads=roads) for text in (words.id, words.en))
    return Finding(severity, code, text_id, text_en, count)
