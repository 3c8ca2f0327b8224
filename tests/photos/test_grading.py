"""Photos are judged by what two witnesses say; the expected grades follow from the rules by hand."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from app.photos.grading import Evidence, PhotoRules, Witness, grade_photo

RULES = PhotoRules(distance_m=100, accuracy_m=100, days=7, witness_minutes=60, similar_bits=6)
ZONE = ZoneInfo("Asia/Jakarta")
NOON = dt.datetime(2026, 11, 20, 5, 0, tzinfo=dt.UTC)  # 12:00 in Jakarta
GOOD = Evidence(
    page=Witness(True, 10, 20.0, NOON),
    file=Witness(True, None, 25.0, NOON + dt.timedelta(minutes=2)),
    apart_m=8.0,
    moment="during",
    received_at=NOON + dt.timedelta(hours=1),
    update_day=dt.date(2026, 11, 20),
    start_date=dt.date(2026, 5, 1),
    end_date=dt.date(2026, 12, 15),
)


def judged(evidence: Evidence) -> tuple[str, set[str]]:
    grade = grade_photo(evidence, RULES, ZONE)
    return grade.name, {reason["code"] for reason in grade.reasons}


def test_two_witnesses_that_agree_at_the_works_prove() -> None:
    assert judged(GOOD) == ("proven", {"near", "time_fits", "places_agree", "times_agree"})
    assert grade_photo(GOOD, RULES, ZONE).distance_m == 20


def test_page_alone_is_consistent_as_browsers_strip_the_file() -> None:
    assert judged(replace(GOOD, file=Witness(), apart_m=None)) == ("consistent", {"near", "time_fits"})


def test_file_alone_is_consistent() -> None:
    assert judged(replace(GOOD, page=Witness(), apart_m=None)) == ("consistent", {"near", "time_fits"})


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"page": Witness(), "file": Witness(), "apart_m": None}, "no_place"),
        ({"page": Witness(True, 500, 20.0, NOON), "file": Witness(), "apart_m": None}, "place_vague"),
        ({"page": Witness(True, 10, None, NOON), "file": Witness(), "apart_m": None}, "works_not_located"),
        ({"page": Witness(True, 10, 5000.0, NOON), "file": Witness(), "apart_m": None}, "far"),
        ({"page": Witness(True, 10, 20.0), "file": Witness(), "apart_m": None}, "no_time"),
        ({"apart_m": 900.0}, "places_differ"),
        ({"file": Witness(True, None, 25.0, NOON - dt.timedelta(days=2))}, "times_differ"),
        ({"file": Witness(True, None, 25.0, NOON + dt.timedelta(days=400))}, "future"),
        ({"update_day": dt.date(2026, 10, 1)}, "other_week"),
        ({"start_date": dt.date(2026, 12, 1), "update_day": None}, "before_start"),
        ({"moment": "before"}, "after_start"),
        ({"reused_code": "2025-JLN-001", "reused_bits": 2}, "reused"),
    ],
)
def test_what_is_missing_or_contradicts_leaves_it_unproven(change: dict[str, Any], code: str) -> None:
    name, codes = judged(replace(GOOD, **change))
    assert name == "unproven"
    assert code in codes


def test_accuracy_counts_in_favour_of_a_place_at_the_edge() -> None:
    """150 m away, known to 60 m: it may have been 90 m, within the rule's 100."""
    edge = replace(GOOD, page=Witness(True, 60, 150.0, NOON), file=Witness(), apart_m=None)
    assert judged(edge)[0] == "consistent"
    assert judged(replace(edge, page=Witness(True, 40, 150.0, NOON)))[0] == "unproven"


def test_day_is_that_of_the_region_not_of_greenwich() -> None:
    """23:30 on 12 November in Greenwich is already the 13th in Jakarta: seven days before the 20th."""
    late = dt.datetime(2026, 11, 12, 23, 30, tzinfo=dt.UTC)
    evidence = replace(GOOD, page=Witness(True, 10, 20.0, late), file=Witness(), apart_m=None)
    assert judged(evidence)[0] == "consistent"
    assert grade_photo(evidence, RULES, ZoneInfo("UTC")).name == "unproven"


def test_photo_of_before_may_be_older_than_the_report_and_the_contract() -> None:
    early = dt.datetime(2026, 2, 1, 5, 0, tzinfo=dt.UTC)
    evidence = replace(GOOD, moment="before", page=Witness(True, 10, 20.0, early), file=Witness(), apart_m=None)
    assert judged(evidence)[0] == "consistent"
