"""Reads reports: what they are about, those nearby, one for its reporter, those for staff, and what the public sees."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from app.auth.sessions import hashed
from app.errors import NotFound
from gis.figures import Rule
from gis.types import BBox
from layers.rules import rules_in_force

LONGEST_KEY = 64
REPORT = """
    SELECT f.*, ST_X(f.geom) AS lon, ST_Y(f.geom) AS lat, p.code AS project_code, p.name AS project_name, p.ppk_id,
        p.unit_id AS project_unit_id, u.name AS unit_name, coalesce(a.name, a.email) AS account_name,
        d.number AS duplicate_of, r.id AS road_id, r.name AS road_name, k.name AS park_name,
        coalesce(f.due_on < app.today(), false) AS is_overdue, c.contact
    FROM app.feedback_report f
    LEFT JOIN app.project p ON p.id = f.project_id
    LEFT JOIN app.unit u ON u.id = f.unit_id
    LEFT JOIN app.account a ON a.id = f.account_id
    LEFT JOIN app.feedback_report d ON d.id = f.duplicate_of_id
    LEFT JOIN LATERAL (SELECT id, name FROM layers.roads WHERE code = f.road_code ORDER BY id LIMIT 1) r ON true
    LEFT JOIN layers.parks k ON k.id = f.park_id
    LEFT JOIN app.feedback_contact c ON c.report_id = f.id
"""
LISTED = """
    SELECT f.id, f.number, f.category, f.state, f.due_on, f.received_at, f.place, f.district_codes, f.village_codes,
        left(f.body, 140) AS beginning, f.photo_hash IS NOT NULL AS has_photo, f.published, p.code AS project_code,
        p.name AS project_name, f.road_code, k.name AS park_name, u.name AS unit_name,
        coalesce(a.name, a.email) AS account_name, coalesce(f.due_on < app.today(), false) AS is_overdue
    FROM app.feedback_report f
    LEFT JOIN app.project p ON p.id = f.project_id
    LEFT JOIN app.unit u ON u.id = f.unit_id
    LEFT JOIN app.account a ON a.id = f.account_id
    LEFT JOIN layers.parks k ON k.id = f.park_id
"""


@dataclass(frozen=True)
class Subject:
    """What a report is about: a project, a road, a park, or just a place; `point` is on it (lon, lat)."""

    kind: str = "place"
    name: str = ""
    code: str | None = None
    id: int | None = None
    point: tuple[float, float] | None = None


@dataclass(frozen=True)
class ReportFilter:
    """Which reports a list of staff shows."""

    state: str | None = None
    category: str | None = None
    mine: int | None = None  # assigned to this account
    only_overdue: bool = False
    q: str | None = None
    page: int = 1


def today_rules(session: Session) -> tuple[dt.date, Mapping[str, Rule]]:
    """Return today where the region is, and the rules in force."""
    day: dt.date = session.scalars(text("SELECT app.today()")).one()
    return day, rules_in_force(session.connection(), day)


def find_subject(
    session: Session, *, project: str | None = None, road: str | None = None, park: int | None = None
) -> Subject:
    """
    Return what an address or a form names, as the public sees it.

    Parameters
    ----------
    session
        Of the public's role.

    Raises
    ------
    NotFound
        When there is no such project, road or park.
    """
    if project:
        statement, value = "SELECT id, code, name, geom FROM layers.projects WHERE code = :value", project
        return _subject(session, "project", statement, value)
    if road:
        statement = "SELECT id, code, name, geom FROM layers.roads WHERE code = :value ORDER BY id LIMIT 1"
        return _subject(session, "road", statement, road)
    if park:
        return _subject(
            session, "park", "SELECT id, NULL AS code, name, geom FROM layers.parks WHERE id = :value", park
        )
    return Subject()


def _subject(session: Session, kind: str, statement: str, value: Any) -> Subject:
    row = session.execute(
        text(f"""
            SELECT id, code, name, ST_X(on_it) AS lon, ST_Y(on_it) AS lat
            FROM (SELECT id, code, name, ST_PointOnSurface(geom) AS on_it FROM ({statement}) found) placed
        """),
        {"value": value},
    ).one_or_none()
    if row is None:
        raise NotFound(
            "Yang hendak dilaporkan tidak ditemukan di peta. Buka lagi dari halamannya, atau tunjukkan letaknya.",
            "What you want to report on is not on the map. Open this from its page, or show the place.",
        )
    point = None if row.lon is None else (float(row.lon), float(row.lat))
    return Subject(kind, row.name or row.code or str(row.id), row.code, row.id, point)


def find_similar_reports(
    session: Session,
    category: str,
    subject: Subject,
    place: tuple[float, float] | None,
    rules: Mapping[str, Rule],
    *,
    limit: int,
) -> Sequence[Row[Any]]:
    """
    Return reports of the same kind, near the same place or on the same object, that are open or newly answered.

    Of each only what tells nobody's identity: category, state, day, and distance (metres; None on an object).
    """
    lon, lat = place or (None, None)
    return session.execute(
        text("""
            WITH here AS (SELECT ST_SetSRID(ST_MakePoint(CAST(:lon AS float8), CAST(:lat AS float8)), 4326) AS geom)
            SELECT f.id, f.number, f.category, f.state, f.received_at, f.topic, f.published,
                ST_Distance(f.geom::geography, here.geom::geography) AS distance_m
            FROM app.feedback_report f, here
            WHERE f.category = :category AND f.state NOT IN ('rejected', 'duplicate')
                AND f.received_at > now() - make_interval(days => :days)
                AND (
                    f.geom && ST_Expand(here.geom, :m / 100000.0)
                        AND ST_DWithin(f.geom::geography, here.geom::geography, :m)
                    OR (here.geom IS NULL OR f.geom IS NULL)
                        AND (f.project_id = :project OR f.road_code = :road OR f.park_id = :park)
                )
            ORDER BY distance_m NULLS LAST, f.received_at DESC LIMIT :limit
        """),
        {
            "lon": lon,
            "lat": lat,
            "category": category,
            "days": int(rules["ADUAN_SERUPA_HARI"].value),
            "m": rules["ADUAN_SERUPA_M"].value,
            "project": subject.id if subject.kind == "project" else None,
            "road": subject.code if subject.kind == "road" else None,
            "park": subject.id if subject.kind == "park" else None,
            "limit": limit,
        },
    ).all()


def is_in_region(place: tuple[float, float], bbox: BBox) -> bool:
    """Tell whether a place lies in the region's box, or so near that a hand on the map may have slipped."""
    west, south, east, north = bbox
    margin = 0.02  # degrees, about 2 km
    return west - margin <= place[0] <= east + margin and south - margin <= place[1] <= north + margin


def find_report_by_token(session: Session, token: str, *, locked: bool = False) -> Row[Any]:
    """Return the report of a link; `NotFound` when there is none."""
    return _one(session, "f.token_hash = :value", hashed(token[:LONGEST_KEY]), locked=locked)


def get_report(session: Session, report_id: int, *, locked: bool = False) -> Row[Any]:
    """Return a report with what it is about and who sees to it; `locked`: until the transaction ends."""
    return _one(session, "f.id = :value", report_id, locked=locked)


def find_report_by_number(session: Session, number: str) -> Row[Any]:
    """Return the report of a receipt's number; `NotFound` when there is none."""
    return _one(session, "f.number = upper(:value)", number.strip(), locked=False)


def _one(session: Session, condition: str, value: Any, *, locked: bool) -> Row[Any]:
    row = session.execute(
        text(f"{REPORT} WHERE {condition} {'FOR UPDATE OF f' if locked else ''}"), {"value": value}
    ).one_or_none()
    if row is None:
        raise NotFound(
            "Laporan ini tidak ada. Periksa kembali tautan atau nomornya.",
            "There is no such report. Check the link or the number again.",
        )
    return row


def list_reports(session: Session, criteria: ReportFilter, *, limit: int) -> tuple[Sequence[Row[Any]], int]:
    """Return one page of the reports, overdue ones first, then those due next; and how many there are in all."""
    conditions, values = ["true"], {}
    if criteria.state == "open":
        conditions.append("f.state IN ('received', 'verified', 'in_work', 'answered')")
    elif criteria.state:
        conditions.append("f.state = :state")
    if criteria.category:
        conditions.append("f.category = :category")
    if criteria.mine is not None:
        conditions.append("(f.account_id = :mine OR p.ppk_id = :mine)")
    if criteria.only_overdue:
        conditions.append("f.due_on < app.today()")
    if criteria.q:
        conditions.append(
            "app.fold(f.number || ' ' || f.body || ' ' || coalesce(p.name, '') || ' ' || coalesce(f.place, ''))"
            " LIKE '%' || app.fold(:q) || '%'"
        )
    values = {
        "state": criteria.state,
        "category": criteria.category,
        "mine": criteria.mine,
        "q": (criteria.q or "").replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_"),
        "limit": limit,
        "offset": (criteria.page - 1) * limit,
    }
    where = " AND ".join(conditions)
    total = session.scalar(
        text(
            f"SELECT count(*) FROM app.feedback_report f LEFT JOIN app.project p ON p.id = f.project_id WHERE {where}"
        ),
        values,
    )
    rows = session.execute(
        text(
            f"{LISTED} WHERE {where} ORDER BY f.due_on NULLS LAST, f.received_at DESC, f.id LIMIT :limit OFFSET :offset"
        ),
        values,
    ).all()
    return rows, int(total or 0)


def list_for_export(session: Session, *, limit: int) -> Sequence[Row[Any]]:
    """Return the reports as the national channel takes them, the oldest first."""
    return session.execute(text(f"{REPORT} ORDER BY f.received_at, f.id LIMIT :limit"), {"limit": limit}).all()


def list_people(session: Session) -> Sequence[Row[Any]]:
    """Return who can be given a report: those who may answer, by name."""
    return session.execute(
        text("""
            SELECT a.id, coalesce(a.name, a.email) AS name FROM app.account a
            WHERE a.active AND EXISTS (
                SELECT FROM app.account_role x JOIN app.role r ON r.id = x.role_id
                WHERE x.account_id = a.id AND r.name = ANY (:roles)
            ) ORDER BY name, a.id
        """),
        {"roles": ["reviewer", "ppk", "administrator"]},
    ).all()


def public_reports(
    session: Session,
    *,
    project_id: int | None = None,
    category: str | None = None,
    state: str | None = None,
    limit: int,
    after: int | None = None,
) -> Sequence[Row[Any]]:
    """Return published reports, the newest first; as the public's role."""
    return session.execute(
        text("""
            SELECT f.*, ST_X(f.geom) AS lon, ST_Y(f.geom) AS lat, p.code AS project_code, p.name AS project_name
            FROM app.public_feedback f LEFT JOIN layers.projects p ON p.id = f.project_id
            WHERE (CAST(:project AS bigint) IS NULL OR f.project_id = :project)
                AND (CAST(:category AS text) IS NULL OR f.category = :category)
                AND (CAST(:state AS text) IS NULL OR f.state = :state)
                AND (CAST(:after AS bigint) IS NULL OR f.id < :after)
            ORDER BY f.id DESC LIMIT :limit
        """),
        {"project": project_id, "category": category, "state": state, "limit": limit, "after": after},
    ).all()


def public_counts(session: Session) -> Sequence[Row[Any]]:
    """Return how many reports stand where, by category and in all (category None); small cells are None."""
    return session.execute(
        text("SELECT category, reports, open, answered, rejected, median_days FROM app.public_feedback_count")
    ).all()


def is_public_photo(session: Session, file_hash: str) -> bool:
    """Tell whether a file is the public's copy of a published report."""
    return bool(
        session.scalar(
            text("""
                SELECT EXISTS (
                    SELECT FROM app.public_feedback WHERE public_photo_hash = :hash OR public_thumbnail_hash = :hash
                )
            """),
            {"hash": file_hash},
        )
    )
