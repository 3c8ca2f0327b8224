"""What pages of programmes show: the tree with ceilings, payments and progress, and the packages of one node."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from flask import url_for
from flask_babel import gettext
from sqlalchemy.orm import Session

from app.extensions import current_language
from app.formats import format_idr_short, format_number, format_percent
from app.maps.home import place_of
from app.maps.queries import read_area_names
from app.places.area_pages import NO_FIGURES, page_day
from app.places.programme_queries import Money, Node, read_money, read_nodes, read_package_ids
from app.projects.filters import ProjectFilter
from app.projects.queries import read_projects
from app.region import Region

MOST_WORKS = 300  # of one node and year on its page
NO_MONEY = Money(NO_FIGURES, Decimal(0), Decimal(0))


@dataclass(frozen=True)
class Branch:
    """A node of the tree as pages show it, with the packages of a year below it."""

    node: Node
    money: Money
    url: str
    children: tuple[Branch, ...]


@dataclass(frozen=True)
class YearMoney:
    """What a node amounts to in a fiscal year."""

    year: int
    money: Money
    url: str


def tree_values(session: Session, region: Region, criteria: ProjectFilter) -> dict[str, Any]:
    """Return what the list of programmes shows: those with packages in a year, as a tree."""
    nodes = read_nodes(session, criteria.as_of)
    money = read_money(session, _every_year(criteria))
    years = sorted({year for _node, year in money}, reverse=True)
    year = _shown_year(criteria, region, years)
    roots = [one for one in nodes.values() if one.parent_id not in nodes]
    return {
        "year": year,
        "years": [(one, url_for("places.programmes", year=one, as_of=criteria.as_of_text or None)) for one in years],
        "branches": [branch for one in roots if (branch := _branch(one, nodes, money, year, criteria, depth=2))],
    }


def find_node(
    session: Session, code: str, version: str | None, criteria: ProjectFilter
) -> tuple[Node, dict[int, Node]] | None:
    """Return the node of this code, of the version asked for or the newest that has packages; None without."""
    nodes = read_nodes(session, criteria.as_of)
    found = [one for one in nodes.values() if one.code == code and (not version or one.version == version)]
    return (found[0], nodes) if found else None  # the newest version comes first


def programme_values(
    session: Session, region: Region, node: Node, nodes: Mapping[int, Node], criteria: ProjectFilter
) -> dict[str, Any]:
    """Return what the page of a programme, activity or sub-activity shows."""
    money = read_money(session, _every_year(criteria))
    years = sorted({year for key, year in money if key == node.id}, reverse=True)
    year = _shown_year(criteria, region, years)
    below = _below(node, nodes)
    ids = read_package_ids(session, [one.id for one in below], criteria.as_of)
    shown = ProjectFilter(year=(year,), as_of=criteria.as_of, as_of_text=criteria.as_of_text)
    rows = read_projects(session, ids, shown, limit=MOST_WORKS)
    names = read_area_names(
        session, [code for row in rows for code in (*row.village_codes[:1], *row.district_codes[:1])]
    )
    own = money.get((node.id, year), NO_MONEY)
    return {
        "node": node,
        "level": level_name(node.level),
        "title": node.name,
        "year": year,
        "money": own,
        "years": [YearMoney(one, money[(node.id, one)], programme_url(node, criteria, year=one)) for one in years],
        "children": [
            branch
            for one in nodes.values()
            if one.parent_id == node.id and (branch := _branch(one, nodes, money, year, criteria, depth=1))
        ],
        "crumb_links": [
            (programme_url(one, criteria), f"{one.code} {one.name}") for one in reversed(_above(node, nodes))
        ],
        "rows": rows,
        "places": {row.id: place_of(row, names) for row in rows},
        "description": description(node, year, own),
    }


def programme_url(node: Node, criteria: ProjectFilter, *, year: int | None = None) -> str:
    """Return the address of a node's page."""
    shown = year if year is not None else criteria.year[0] if criteria.year else None
    return url_for(
        "places.programme", code=node.code, version=node.version, year=shown, as_of=criteria.as_of_text or None
    )


def level_name(level: str) -> str:
    """Return what a level of the national list is called."""
    names = {
        "programme": gettext("Program"),
        "activity": gettext("Kegiatan"),
        "sub_activity": gettext("Subkegiatan"),
    }
    return str(names[level])


def description(node: Node, year: int, money: Money) -> str:
    """Return in one sentence what a programme amounts to, for search engines and messengers."""
    language = current_language()
    return str(
        gettext(
            "%(name)s, tahun %(year)s: %(count)s pekerjaan, pagu %(ceiling)s, dibayar %(paid)s.",
            name=node.name,
            year=year,
            count=format_number(money.figures.packages, language),
            ceiling=format_idr_short(money.ceiling_idr, language),
            paid=format_percent(money.financial_percent, language),
        )
    )


def _every_year(criteria: ProjectFilter) -> ProjectFilter:
    return ProjectFilter(as_of=criteria.as_of, as_of_text=criteria.as_of_text)


def _shown_year(criteria: ProjectFilter, region: Region, years: Sequence[int]) -> int:
    """Return the year asked for, else that of the page's day, else the newest that has packages."""
    if criteria.year:
        return criteria.year[0]
    today = page_day(region, criteria).year
    return today if today in years or not years else years[0]


def _branch(
    node: Node,
    nodes: Mapping[int, Node],
    money: Mapping[tuple[int, int], Money],
    year: int,
    criteria: ProjectFilter,
    *,
    depth: int,
) -> Branch | None:
    """Return a node with those below it that have packages in a year; None when it has none."""
    own = money.get((node.id, year))
    if own is None:
        return None
    inner = [one for one in nodes.values() if one.parent_id == node.id] if depth else []
    children = (_branch(one, nodes, money, year, criteria, depth=depth - 1) for one in inner)
    return Branch(node, own, programme_url(node, criteria, year=year), tuple(one for one in children if one))


def _below(node: Node, nodes: Mapping[int, Node]) -> list[Node]:
    """Return a node and all below it."""
    found = [node]
    for one in found:  # grows while it is walked
        found += [inner for inner in nodes.values() if inner.parent_id == one.id and inner not in found]
    return found


def _above(node: Node, nodes: Mapping[int, Node]) -> list[Node]:
    """Return those above a node, the nearest first."""
    found: list[Node] = []
    parent = nodes.get(node.parent_id) if node.parent_id is not None else None
    while parent is not None and parent not in found:
        found.append(parent)
        parent = nodes.get(parent.parent_id) if parent.parent_id is not None else None
    return found
