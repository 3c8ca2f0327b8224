"""From a project to the places it belongs to: its areas, the roads it lies on, who builds it, and its programme."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import Flask, url_for
from flask_babel import gettext
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.extensions import reader_session
from app.places.area_pages import full_name
from app.places.area_queries import Named
from app.places.company_queries import COMPANY, CONTRACT
from app.places.programme_queries import HOME, PROGRAMME
from app.places.road_queries import ALONG_DEG, LEAST_OVERLAP_M, LEAST_SHARE
from app.projects.filters import ProjectFilter
from app.projects.queries import ProjectRow
from app.recorded import recorded
from app.region import current_region
from layers.history import as_of_source

MOST_ROADS = 8  # of one package


@dataclass(frozen=True)
class PlaceLink:
    """What a project belongs to: its name, and the address of its page."""

    name: str
    url: str


def register_project_links(app: Flask) -> None:
    """Let the page of a project ask which places it belongs to."""
    app.jinja_env.globals["places_of_project"] = places_of_project


def places_of_project(row: ProjectRow, criteria: ProjectFilter) -> dict[str, list[PlaceLink]]:
    """Return by label the places that a project belongs to, as they were recorded at the page's moment: one query."""
    region, moment = current_region(), criteria.as_of_text or None
    found = _read(reader_session(), row, criteria)
    labels = {
        "village": gettext("Lokasi"),
        "district": gettext("Lokasi"),
        "road": gettext("Ruas jalan"),
        "contractor": gettext("Penyedia"),
        "supervisor": gettext("Pengawas"),
        "programme": gettext("Program"),
    }
    links: dict[str, list[PlaceLink]] = {}
    for kind, code, name, more in found:
        if kind in {"village", "district"}:
            name = full_name(Named(code, name, more), region)
            url = url_for("places.area", code=code, as_of=moment)
        elif kind == "road":
            name = f"{code} {name}"
            url = url_for("places.road", code=code, as_of=moment)
        elif kind == "programme":
            name = f"{code} {name}"
            url = url_for("places.programme", code=code, version=more, as_of=moment)
        else:
            url = url_for("places.contractor", company_id=int(code), as_of=moment)
        links.setdefault(labels[kind], []).append(PlaceLink(name, url))
    return links


def place_paths(session: Session, *, limit: int) -> list[str]:
    """Return the paths of the pages of areas, roads, contractors and programmes, for the sitemap."""
    rows = session.scalars(
        text("""
            SELECT 'areas/' || code FROM app.region
            UNION SELECT 'areas/' || code FROM layers.districts UNION SELECT 'areas/' || code FROM layers.villages
            UNION SELECT 'roads/' || code FROM layers.roads
            UNION SELECT 'contractors/' || company_id FROM app.contract WHERE company_id IS NOT NULL
            UNION SELECT 'programs/' || g.code FROM app.project j JOIN app.programme g ON g.id = j.programme_id
            ORDER BY 1 LIMIT :limit
        """),
        {"limit": limit},
    )
    return list(rows)


def _read(session: Session, row: ProjectRow, criteria: ProjectFilter) -> Sequence[Any]:
    as_of = criteria.as_of

    def layer(name: str, *columns: str) -> str:
        return f"layers.{name}" if as_of is None else as_of_source(name, columns, ":as_of")

    statement = f"""
        WITH own AS (SELECT geom FROM {layer("projects", "id", "geom")} p WHERE p.id = :id),
        contract AS (
            SELECT company_id, supervisor_id FROM {recorded("contract", as_of, columns=CONTRACT)} c
            WHERE c.project_id = :id ORDER BY c.state = 'running' DESC, c.signed_on DESC, c.id DESC LIMIT 1
        ), along AS (
            SELECT r.code, r.name, ST_Intersection(own.geom, ST_Buffer(r.geom, :along)) AS part, own.geom
            FROM own JOIN {layer("roads", "code", "name", "geom")} r
                ON r.geom && ST_Expand(own.geom, :along) AND ST_Dimension(own.geom) < 2
                    AND ST_DWithin(own.geom, r.geom, :along)
        )
        SELECT 'village' AS kind, v.code, v.name, v.kind AS more, 0 AS turn
        FROM {layer("villages", "code", "name", "kind")} v WHERE v.code = ANY (:villages)
        UNION ALL SELECT 'district', d.code, d.name, NULL, 1
        FROM {layer("districts", "code", "name")} d WHERE d.code = ANY (:districts)
        UNION ALL (
            SELECT 'road', a.code, a.name, NULL, 2 FROM along a
            WHERE ST_Dimension(a.geom) = 0
                OR ST_Length(a.part::geography) >= least(:least_m, :least_share * ST_Length(a.geom::geography))
            ORDER BY a.code LIMIT :roads
        )
        UNION ALL SELECT 'contractor', m.id::text, m.name, NULL, 3
        FROM contract JOIN {recorded("company", as_of, columns=COMPANY)} m ON m.id = contract.company_id
        UNION ALL SELECT 'supervisor', m.id::text, m.name, NULL, 4
        FROM contract JOIN {recorded("company", as_of, columns=COMPANY)} m ON m.id = contract.supervisor_id
        UNION ALL SELECT 'programme', g.code, g.name, g.version, 5
        FROM {recorded("project", as_of, columns=HOME)} j
        JOIN {recorded("programme", as_of, columns=PROGRAMME)} g ON g.id = j.programme_id WHERE j.id = :id
        ORDER BY turn, code
    """
    parameters = {
        "id": row.id,
        "villages": list(row.village_codes),
        "districts": list(row.district_codes),
        "along": ALONG_DEG,
        "least_m": LEAST_OVERLAP_M,
        "least_share": LEAST_SHARE,
        "roads": MOST_ROADS,
        "as_of": as_of,
    }
    return [(one.kind, one.code, one.name, one.more) for one in session.execute(text(statement), parameters)]
