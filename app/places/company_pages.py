"""What pages of contractors show: their packages with value and progress, by year, and which are late now."""

from __future__ import annotations

from typing import Any

from flask import url_for
from sqlalchemy.orm import Session

from app.maps.home import place_of
from app.maps.queries import read_area_names
from app.places.area_pages import NO_FIGURES, YearRow, description
from app.places.company_queries import Held, list_companies
from app.projects.filters import ProjectFilter
from app.projects.queries import KeyFigures, key_figures_by_year, read_projects

MOST_WORKS = 300  # shown on the page of one company


def list_values(session: Session, words: list[str], sought: str, after: str, *, limit: int) -> dict[str, Any]:
    """Return what the list of contractors shows."""
    companies, total, following = list_companies(session, words, limit=limit, after=after)
    kept: dict[str, Any] = {"q": sought or None}
    return {
        "q": sought,
        "companies": companies,
        "total": total,
        "is_first": not after,
        "first_url": url_for("places.contractors", **kept),
        "next_url": url_for("places.contractors", **kept, after=following) if following else None,
    }


def company_values(
    session: Session, company_id: int, name: str, held: tuple[Held, ...], criteria: ProjectFilter
) -> dict[str, Any]:
    """
    Return what the page of a contractor shows.

    Figures are of its contracts that stand for their package; contracts that ended before the works did are listed
    apart, since what others built afterwards is not its progress.
    """
    contracted = {one.project_id: one for one in held if one.role == "contractor"}
    current = [key for key, one in contracted.items() if one.is_current]
    years = key_figures_by_year(session, criteria, current)
    rows = read_projects(session, [one.project_id for one in held], criteria, limit=MOST_WORKS)
    by_id = {row.id: row for row in rows}
    names = read_area_names(
        session, [code for row in rows for code in (*row.village_codes[:1], *row.district_codes[:1])]
    )
    supervised = {one.project_id for one in held if one.role == "supervisor"}
    greatest = max((one.contract_value_idr for one in years.values()), default=0)
    total = _sum(years)
    return {
        "title": name,
        "figures": total,
        "years": [
            YearRow(
                year,
                figures,
                f"#{year}",
                float(figures.contract_value_idr / greatest) if greatest else 0.0,
            )
            for year, figures in years.items()
        ],
        "works": [row for row in rows if row.id in contracted and contracted[row.id].is_current],
        "late": [row for row in rows if row.delay != "none" and row.id in current],
        "ended": [(by_id[key], one) for key, one in contracted.items() if not one.is_current and key in by_id],
        "supervised": [row for row in rows if row.id in supervised],
        "places": {row.id: place_of(row, names) for row in rows},
        "hidden": max(0, len({one.project_id for one in held}) - len(rows)),
        "company_id": company_id,
        "description": description(name, max(years, default=0), years[max(years)]) if years else name,
    }


def _sum(years: dict[int, KeyFigures]) -> KeyFigures:
    """Return packages, value and late of all years; progress is told by year, whose ceilings weigh it."""
    if not years:
        return NO_FIGURES
    newest = years[max(years)]
    return KeyFigures(
        packages=sum(one.packages for one in years.values()),
        contract_value_idr=sum((one.contract_value_idr for one in years.values()), NO_FIGURES.contract_value_idr),
        weighted_physical=newest.weighted_physical,
        late=sum(one.late for one in years.values()),
    )
