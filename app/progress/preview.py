"""The S-curve as it would be with an update that waits for review."""

from __future__ import annotations

from dataclasses import replace

from app.progress.curve import Curve, Observation
from app.progress.queries_updates import Update
from gis.progress import forecast_finish


def with_update(curve: Curve, update: Update, planned_percent: float | None) -> Curve:
    """
    Return the curve with an update among the approved ones, and the forecast that would follow.

    Parameters
    ----------
    curve
        As it is now.
    planned_percent
        The plan of the update's day; None without a plan.
    """
    contract_id = update.contract_id
    added = Observation(
        day=update.day,
        physical_percent=update.physical_percent,
        planned_percent=planned_percent,
        contract_id=contract_id,
    )
    others = [one for one in curve.actual if one.day != update.day]
    actual = tuple(sorted([*others, added], key=lambda one: one.day))
    forecast = curve.forecast
    if curve.end_date is not None:
        observations = [(one.day, one.physical_percent) for one in actual if one.contract_id == contract_id]
        forecast = forecast_finish(observations, end_date=curve.end_date)
    return replace(curve, actual=actual, forecast=forecast)
