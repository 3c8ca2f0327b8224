"""The drawn surveys: 100 m condition segments of two years, and the surface and decree of each road."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np

from app.demo.curves import distances_along, lines_from
from app.demo.mesh import Random
from app.demo.network import Road
from gis.constants import M_PER_KM
from gis.figures import Rule
from gis.road_condition import ConditionBands, classify_condition
from gis.types import FloatArray, GeometryArray, IntArray

SURVEY_YEARS = (2024, 2025)
SURVEY_DATES = {2024: dt.date(2024, 8, 5), 2025: dt.date(2025, 8, 4)}
MISSED_SHARE = 0.05  # of the roads: not surveyed in a year
SURVEYED_KM = 4_500.0  # a region with more roads, such as a province, has surveyed only some of them
LEGAL_LENGTH_SPREAD = 0.0145  # how far the legal length may be from the measured one
WORSE_PER_YEAR = 1.09
RENEWED_IRI = 3.0  # m/km after works

# Surface: share among local and collector roads, typical IRI (m/km).
SURFACES = {
    "asphalt": (0.48, 4.4),
    "macadam": (0.13, 7.2),
    "concrete": (0.11, 4.3),
    "gravel": (0.15, 9.0),
    "telford": (0.03, 10.5),
    "earth": (0.08, 13.0),
    "not_open": (0.02, 16.0),
}
CITY_SURFACES = {"asphalt": (0.82, 4.0), "concrete": (0.14, 4.1), "paving": (0.04, 5.5)}
PAVED = frozenset({"asphalt", "macadam", "concrete", "paving"})
GREAT_ROADS_IRI = 3.0


@dataclass(frozen=True)
class Segments:
    """Condition segments, arrays of one length; `road` is the index of the ruas; `iri` is NaN where not measured."""

    road: IntArray
    sta_from_m: FloatArray
    sta_to_m: FloatArray
    year: IntArray
    condition: list[str]
    iri: FloatArray
    sdi: FloatArray
    lines: GeometryArray


def choose_surfaces(random: Random, roads: list[Road]) -> None:
    """Give each road a surface that suits who keeps it."""
    for road in roads:
        if road.status in {"national", "provincial"}:
            continue
        kinds = CITY_SURFACES if road.status == "city" else SURFACES
        shares = np.array([share for share, _ in kinds.values()])
        if road.function == "collector":
            shares = shares * np.where([kind in PAVED for kind in kinds], 1.0, 0.15)
        if road.name.startswith("Jalan "):
            shares = shares * np.where([kind in PAVED for kind in kinds], 1.0, 0.1)
        road.surface = str(random.choice(list(kinds), p=shares / shares.sum()))


def legal_lengths(random: Random, measured_m: FloatArray) -> FloatArray:
    """Return legal lengths (whole metres) near the measured ones."""
    lengths: FloatArray = np.round(
        measured_m * (1 + random.uniform(-LEGAL_LENGTH_SPREAD, LEGAL_LENGTH_SPREAD, len(measured_m)))
    )
    return lengths


def survey(
    random: Random,
    roads: list[Road],
    legal_m: FloatArray,
    renewed: dict[int, list[tuple[float, float]]],
    rules: dict[str, Rule],
) -> Segments:
    """
    Survey the roads in both years.

    Parameters
    ----------
    legal_m
        Legal length of each road (metres); stations run along it.
    renewed
        For a road's index, the stations (from, to) where works ended between the two surveys.
    rules
        The bounds of the condition classes and the length of a segment.
    """
    step = rules["SEGMEN_SURVEI"].value
    bands = ConditionBands(rules["IRI_B"], rules["IRI_S"], rules["IRI_RR"])
    owners, starts, ends, years, iris, lines, missed = [], [], [], [], [], [], []
    surveyed_share = min(1.0, SURVEYED_KM * M_PER_KM / legal_m.sum())
    for index, road in enumerate(roads):
        if random.random() > surveyed_share:
            continue
        stations = np.append(np.arange(0, legal_m[index], step), legal_m[index])
        pieces = cut_line(road.line, stations / legal_m[index])
        first = _roughness(random, road, len(pieces))
        second = first * WORSE_PER_YEAR * np.exp(random.normal(0, 0.05, len(pieces)))
        for start, end in renewed.get(index, ()):
            second[(stations[:-1] >= start) & (stations[1:] <= end)] = RENEWED_IRI
        for year, iri in zip(SURVEY_YEARS, (first, second), strict=True):
            if random.random() < MISSED_SHARE or road.surface == "not_open":
                continue
            owners.append(np.full(len(pieces), index))
            starts.append(stations[:-1])
            ends.append(stations[1:])
            years.append(np.full(len(pieces), year))
            iris.append(iri)
            missed.append(random.random(len(pieces)) < 0.002)
            lines += pieces
    values, gaps, owner = np.round(np.concatenate(iris), 2), np.concatenate(missed), np.concatenate(owners)
    condition = classify_condition(np.where(gaps, np.nan, values), bands=bands).tolist()
    paved = np.array([road.surface in PAVED for road in roads])[owner] & ~gaps
    sdi = np.clip(values * 12.5 * np.exp(random.normal(0, 0.12, len(values))) - 12, 0, 320)
    return Segments(
        road=owner,
        sta_from_m=np.concatenate(starts),
        sta_to_m=np.concatenate(ends),
        year=np.concatenate(years),
        condition=condition,
        iri=np.where(paved, values, np.nan),
        sdi=np.where(paved, np.round(sdi), np.nan),
        lines=lines_from(lines),
    )


def prevailing(segments: Segments, road_count: int, year: int | None = None) -> list[str]:
    """
    Return each road's prevailing condition, as the database finds it.

    Parameters
    ----------
    year
        The survey year; None takes each road's newest.
    """
    lengths: list[dict[str, float]] = [{} for _ in range(road_count)]
    newest = np.zeros(road_count, dtype=np.int64)
    np.maximum.at(newest, segments.road, segments.year if year is None else np.where(segments.year == year, year, 0))
    for road, start, end, one, condition in zip(
        segments.road.tolist(),
        segments.sta_from_m.tolist(),
        segments.sta_to_m.tolist(),
        segments.year.tolist(),
        segments.condition,
        strict=True,
    ):
        if one == newest[road]:
            lengths[road][condition] = lengths[road].get(condition, 0.0) + end - start
    return [min(one, key=lambda name: (-one[name], name), default="unsurveyed") for one in lengths]


def cut_line(line: FloatArray, shares: FloatArray) -> list[FloatArray]:
    """Cut a line at shares (0 … 1) of its length; returns the corners of each piece."""
    at = distances_along(line)
    cuts = shares * at[-1]
    x, y = np.interp(cuts, at, line[:, 0]), np.interp(cuts, at, line[:, 1])
    ends = np.column_stack([x, y])
    first = np.searchsorted(at, cuts[:-1], side="right")
    last = np.searchsorted(at, cuts[1:], side="left")
    return [
        np.vstack([ends[index], line[first[index] : last[index]], ends[index + 1]]) for index in range(len(shares) - 1)
    ]


def _roughness(random: Random, road: Road, count: int) -> FloatArray:
    """Return IRI (m/km) per segment: alike for neighbours, typical of the surface."""
    if road.status in {"national", "provincial"}:
        typical, spread = GREAT_ROADS_IRI * (1.0 if road.status == "national" else 1.25), 0.18
    else:
        typical, spread = (CITY_SURFACES if road.status == "city" else SURFACES)[road.surface][1], 0.36
    level = typical * np.exp(random.normal(0, spread))
    noise = random.normal(0, 0.14, count)
    wave = np.zeros(count)
    memory = 0.88
    for index in range(count):
        wave[index] = memory * (wave[index - 1] if index else random.normal(0, 0.25)) + noise[index]
    roughness: FloatArray = np.clip(level * np.exp(wave), 1.6, 24)
    return roughness
