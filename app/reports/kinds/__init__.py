"""The reports: one module each, with `compute`; what people read about them is in `app/reports/definitions`."""

from __future__ import annotations

from importlib import import_module

from app.reports.definition import ANY_KEY
from app.reports.findings import missing_rules
from app.reports.report import Content
from app.reports.subject import MissingRule, Subject
from gis.figures import Figure


def compute_content(subject: Subject) -> Content:
    """Compute a report; without a rule that it needs all its figures are unknown, and a finding names the rule."""
    try:
        content: Content = import_module(f"app.reports.kinds.{subject.definition.id}").compute(subject)
    except MissingRule as missing:
        return Content(_unknown_figures(subject), findings=missing_rules(subject, [str(missing)]))
    return content


def _unknown_figures(subject: Subject) -> tuple[Figure, ...]:
    units = {name: words.unit for name, words in subject.definition.figures.items() if not name.endswith(ANY_KEY)}
    return tuple(Figure(name, code, None, unit) for code in subject.codes for name, unit in units.items())
