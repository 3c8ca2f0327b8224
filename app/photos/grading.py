"""How far a photo can be believed: what the page and the file say, compared with the works and with each other."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal
from zoneinfo import ZoneInfo

from gis.figures import Rule

GradeName = Literal["proven", "consistent", "unproven"]
Reason = dict[str, Any]
"""`code` (a key of `app.photos.sentences.REASONS`) and the numbers that its sentence is filled with."""


@dataclass(frozen=True)
class PhotoRules:
    """The thresholds by which photos are judged, from the rules in force."""

    distance_m: float  # from the works, and between the two witnesses' places
    accuracy_m: float  # a place known less well is no witness
    days: float  # between the photo and the day that the update speaks of
    witness_minutes: float  # between the clocks of the two witnesses, and of the server
    similar_bits: int  # of 64, in which two near-duplicates may differ

    @classmethod
    def of(cls, rules: Mapping[str, Rule]) -> PhotoRules:
        """Return the thresholds among all rules in force."""
        return cls(
            distance_m=rules["FOTO_JARAK_M"].value,
            accuracy_m=rules["FOTO_AKURASI_M"].value,
            days=rules["FOTO_HARI"].value,
            witness_minutes=rules["FOTO_SAKSI_MENIT"].value,
            similar_bits=int(rules["FOTO_MIRIP_BIT"].value),
        )


@dataclass(frozen=True)
class Witness:
    """What one witness (the page, or the file) says; `distance_m` is from its place to the nearest of the works."""

    has_position: bool = False
    accuracy_m: float | None = None
    distance_m: float | None = None
    taken_at: dt.datetime | None = None


@dataclass(frozen=True)
class Evidence:
    """All that a photo is judged by."""

    page: Witness
    file: Witness
    apart_m: float | None  # between the places of the two
    moment: str  # before, during, after
    received_at: dt.datetime
    update_day: dt.date | None = None
    start_date: dt.date | None = None  # of the contract
    end_date: dt.date | None = None
    reused_code: str | None = None  # the package of an earlier report whose photo this one resembles
    reused_bits: int = 0


@dataclass(frozen=True)
class Grade:
    """The judgement, why, and the distance from the works to the best witness (metres; None: unknown)."""

    name: GradeName
    reasons: list[Reason]
    distance_m: float | None


def grade_photo(evidence: Evidence, rules: PhotoRules, time_zone: ZoneInfo) -> Grade:
    """
    Judge a photo.

    Proven: page and file agree on a place at the works, and the time fits. Consistent: one witness of place and one of
    time fit, and nothing speaks against it. Unproven: all else, with what is missing or contradicts.

    Parameters
    ----------
    time_zone
        In which a moment belongs to a day.
    """
    witnesses = [_checked(evidence.page, rules), _checked(evidence.file, rules)]
    doubts, supports = _judge_places(witnesses, evidence, rules)
    for judged in (_judge_times(evidence, rules, time_zone), _judge_agreement(evidence, witnesses, rules)):
        doubts += judged[0]
        supports += judged[1]
    if evidence.reused_code is not None:
        doubts.append({"code": "reused", "package": evidence.reused_code, "bits": evidence.reused_bits})
    codes = {reason["code"] for reason in supports}
    name: GradeName = "unproven"
    if not doubts and {"near", "time_fits"} <= codes:
        name = "proven" if "places_agree" in codes else "consistent"
    distances = [one.distance_m for one in witnesses if one.distance_m is not None]
    return Grade(name, [*doubts, *supports], min(distances, default=None))


def _checked(witness: Witness, rules: PhotoRules) -> Witness:
    """Return the witness without a place that it knows too vaguely."""
    if witness.has_position and (witness.accuracy_m or 0) <= rules.accuracy_m:
        return witness
    return Witness(taken_at=witness.taken_at)


def _judge_places(witnesses: list[Witness], evidence: Evidence, rules: PhotoRules) -> tuple[list[Reason], list[Reason]]:
    placed = [one for one in witnesses if one.has_position]
    if not placed:
        vague = evidence.page.has_position or evidence.file.has_position
        accuracy_m = evidence.page.accuracy_m or evidence.file.accuracy_m or 0
        return [{"code": "place_vague", "accuracy_m": round(accuracy_m)} if vague else {"code": "no_place"}], []
    measured = [(one.distance_m, one.accuracy_m or 0) for one in placed if one.distance_m is not None]
    if not measured:
        return [{"code": "works_not_located"}], []
    far = [distance for distance, accuracy in measured if distance - accuracy > rules.distance_m]
    if far:
        return [{"code": "far", "distance_m": round(max(far)), "most_m": round(rules.distance_m)}], []
    return [], [{"code": "near", "distance_m": round(min(distance for distance, _ in measured))}]


def _judge_times(evidence: Evidence, rules: PhotoRules, time_zone: ZoneInfo) -> tuple[list[Reason], list[Reason]]:
    moments = [one.taken_at for one in (evidence.page, evidence.file) if one.taken_at is not None]
    if not moments:
        return [{"code": "no_time"}], []
    for moment in moments:
        if moment > evidence.received_at + dt.timedelta(minutes=rules.witness_minutes):
            return [{"code": "future"}], []
        day = moment.astimezone(time_zone).date()
        doubt = _doubt_of_day(day, evidence, dt.timedelta(days=rules.days))
        if doubt:
            return [{"day": day.isoformat(), **doubt}], []
    return [], [{"code": "time_fits", "day": moments[0].astimezone(time_zone).date().isoformat()}]


def _doubt_of_day(day: dt.date, evidence: Evidence, margin: dt.timedelta) -> Reason | None:
    """Return why a photo cannot be of this day, if so; one of before or after belongs to no report's week."""
    if evidence.moment == "before":
        late = evidence.start_date is not None and day > evidence.start_date + margin
        return {"code": "after_start"} if late else None
    if evidence.start_date is not None and day < evidence.start_date - margin:
        return {"code": "before_start"}
    if evidence.moment == "during" and evidence.update_day is not None and abs(day - evidence.update_day) > margin:
        return {"code": "other_week", "update_day": evidence.update_day.isoformat()}
    return None


def _judge_agreement(
    evidence: Evidence, witnesses: list[Witness], rules: PhotoRules
) -> tuple[list[Reason], list[Reason]]:
    """Compare what the two witnesses say; a witness that is silent contradicts nobody."""
    doubts: list[Reason] = []
    supports: list[Reason] = []
    if evidence.apart_m is not None and all(one.has_position for one in witnesses):
        allowed = rules.distance_m + sum(one.accuracy_m or 0 for one in witnesses)
        code = "places_agree" if evidence.apart_m <= allowed else "places_differ"
        (supports if code == "places_agree" else doubts).append({"code": code, "distance_m": round(evidence.apart_m)})
    if evidence.page.taken_at and evidence.file.taken_at:
        minutes = abs(evidence.page.taken_at - evidence.file.taken_at).total_seconds() / 60
        code = "times_agree" if minutes <= rules.witness_minutes else "times_differ"
        (supports if code == "times_agree" else doubts).append({"code": code, "minutes": round(minutes)})
    return doubts, supports
