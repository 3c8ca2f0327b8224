"""Whether a contract is indicated as critical, from how it stands and the thresholds in force."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from app.critical.queries import Standing
from gis.figures import Rule
from gis.progress import OPEN_STATUSES, CriticalIndication, Forecast, forecast_finish, indicate_critical, overruns_year

USED_RULES = (
    "KRITIS_P1_BATAS_RENCANA", "KRITIS_P1_LAG", "KRITIS_P2_LAG", "KRITIS_P2_LEWAT_TA_1", "KRITIS_P2_LEWAT_TA_2",
)  # fmt: skip
"""All that decide between the three cases; which of them was passed stands apart."""


@dataclass(frozen=True)
class Decision:
    """What the figures say of a contract on a day; `indication` is None where it is not critical, or excused."""

    indication: CriticalIndication | None
    passed: CriticalIndication | None  # what it would be without an excuse
    forecast: Forecast | None
    finish: dt.date | None
    overruns_year: bool
    is_settled: bool  # a person has closed a case knowing these figures; only newer ones open another
    evidence: dict[str, Any]

    @property
    def is_flagged(self) -> bool:
        """Whether a case should stand open."""
        return self.indication is not None and not self.is_settled

    @property
    def expected(self) -> dt.date | None:
        """When the last weeks' rate has the works done, whatever day it is today."""
        return self.forecast.expected if self.forecast else None

    @property
    def is_excused(self) -> bool:
        """Whether only an excuse on record keeps the contract from being critical."""
        return self.indication is None and self.passed is not None


def decide(standing: Standing, rules: Mapping[str, Rule], *, today: dt.date) -> Decision:
    """
    Decide whether a contract is indicated as critical.

    The newest approved progress is compared with the plan of its own day. The finish is the forecast of the last
    weeks, but never before today while works are unfinished: so time alone can make it overrun the fiscal year.

    Parameters
    ----------
    standing
        How the package stands. Self-managed work and packages whose works are not open are never critical.
    rules
        The thresholds in force on the day that the progress speaks of.
    today
        The day where the region is.
    """
    forecast = _forecast(standing)
    finish = _finish(standing, forecast, today)
    overruns = overruns_year(finish, year=standing.year, multi_year=standing.multi_year_approval is not None)
    passed = None
    if (
        standing.physical is not None
        and standing.planned is not None
        and standing.contract_id is not None
        and standing.contract_kind != "self_managed"
        and standing.status in OPEN_STATUSES
    ):
        passed = indicate_critical(standing.planned, standing.physical, overruns_year=overruns, rules=rules)
    excused = standing.excuse_id is not None
    return Decision(
        indication=None if excused else passed,
        passed=passed,
        forecast=forecast,
        finish=finish,
        overruns_year=overruns,
        is_settled=_is_settled(standing),
        evidence=_evidence(standing, passed, forecast, finish, overruns, rules, today),
    )


def _is_settled(standing: Standing) -> bool:
    day, settled = standing.day, standing.settled_through
    return day is not None and settled is not None and day <= settled


def _forecast(standing: Standing) -> Forecast | None:
    if standing.end_date is None or not standing.observations:
        return None
    return forecast_finish(standing.observations, end_date=standing.end_date)


def _finish(standing: Standing, forecast: Forecast | None, today: dt.date) -> dt.date | None:
    expected = forecast.expected if forecast else None
    if expected is None or standing.physical is None or standing.physical >= 100:
        return expected
    return max(expected, today)


def _evidence(
    standing: Standing,
    passed: CriticalIndication | None,
    forecast: Forecast | None,
    finish: dt.date | None,
    overruns: bool,
    rules: Mapping[str, Rule],
    today: dt.date,
) -> dict[str, Any]:
    """Return the numbers, rules and legal basis that decided, as the case keeps them."""
    lag = None
    if standing.planned is not None and standing.physical is not None:
        lag = round(standing.planned - standing.physical, 4)
    return {
        "day": _iso(standing.day),
        "evaluated_on": today.isoformat(),
        "planned_percent": standing.planned,
        "physical_percent": standing.physical,
        "lag_points": lag,
        "clause": passed.clause if passed else None,
        "threshold_points": passed.threshold_points if passed else None,
        "sentence": {"id": passed.sentence_id, "en": passed.sentence_en} if passed else None,
        "rule": rule_json(passed.rule) if passed else None,
        "rules": [rule_json(rules[code], code) for code in USED_RULES if code in rules],
        "finish": _iso(finish),
        "forecast": {
            "earliest": _iso(forecast.earliest),
            "expected": _iso(forecast.expected),
            "latest": _iso(forecast.latest),
        }
        if forecast
        else None,
        "year": standing.year,
        "multi_year_approval": standing.multi_year_approval,
        "overruns_year": overruns,
        "excuse": {"cause": standing.excuse_cause, "reason": standing.excuse_reason} if standing.excuse_id else None,
    }


def rule_json(rule: Rule, code: str | None = None) -> dict[str, Any]:
    """Return a rule as every flag shows it: value, version, legal basis, and whether its wording was read."""
    return {
        "code": code or rule.code,
        "value": rule.value,
        "unit": rule.unit,
        "version": rule.version,
        "legal_basis": rule.legal_basis,
        "status": rule.status,
        "verified": rule.is_verified,
    }


def unverified(rules: Iterable[Mapping[str, Any]]) -> bool:
    """Tell whether one of these rules is recalled only, and so shown as "belum diverifikasi"."""
    return any(str(rule["status"]).startswith("R") for rule in rules)


def _iso(day: dt.date | None) -> str | None:
    return day.isoformat() if day else None
