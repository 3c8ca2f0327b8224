"""A figure says what it is made of."""

from __future__ import annotations

import dataclasses
import json

import pytest

from gis.errors import InvalidMeasure
from gis.figures import Finding, percent_figure, quantity_figure, ratio_figure
from tests.gis.builders import CONTEXT, rule


def test_json_has_the_members_of_the_contract() -> None:
    figure = percent_figure("roads.kemantapan", 3.0, 4.0, area="16.05.09", context=CONTEXT, rule=rule(0, "KEMANTAPAN"))
    opened = dataclasses.replace(figure, features_url="/ogc/collections/roads/items?district_code=16.05.09")
    assert json.loads(json.dumps(opened.to_json())) == {
        "id": "roads.kemantapan",
        "area": "16.05.09",
        "value": 75.0,
        "unit": "percent",
        "numerator": 3.0,
        "denominator": 4.0,
        "rule": "KEMANTAPAN",
        "rule_version": "2026-01",
        "legal_basis": "Permen contoh 1/2026",
        "data_date": "2026-06-30",
        "inputs": [{"layer": "roads", "version": 17, "features": 812}],
        "features_url": "/ogc/collections/roads/items?district_code=16.05.09",
        "verified": True,
    }


def test_nothing_to_divide_by_gives_null_not_zero() -> None:
    for numerator, denominator in ((0.0, 0.0), (1.0, None), (None, 1.0)):
        figure = ratio_figure("x", numerator, denominator, area="1", unit="km/km2", context=CONTEXT)
        assert figure.value is None
        assert figure.to_json()["value"] is None


def test_zero_that_was_computed_is_zero() -> None:
    assert percent_figure("x", 0.0, 4.0, area="1", context=CONTEXT).value == 0


@pytest.mark.parametrize(("status", "verified"), [("V", True), ("V*", True), ("R", False), ("R?", False), ("D", False)])
def test_figure_of_a_rule_that_was_only_recalled_is_not_verified(status: str, verified: bool) -> None:
    figure = quantity_figure("x", 1.0, area="1", unit="ha", context=CONTEXT, rule=rule(20, status=status))
    assert figure.verified is verified


def test_number_that_is_none_is_refused() -> None:
    with pytest.raises(InvalidMeasure):
        quantity_figure("x", float("nan"), area="1", unit="km", context=CONTEXT)


def test_finding_speaks_both_languages() -> None:
    finding = Finding("warning", "code", "Ada yang kurang.", "Something is lacking.", 3)
    assert finding.to_json() == {"severity": "warning", "code": "code", "message": "Ada yang kurang.", "count": 3}
    assert finding.to_json(language="en")["message"] == "Something is lacking."
