"""Which area a report is about: the region, one of its regencies or one of its districts."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.errors import NotFound, NotReady

AREA_CODE_SHOWN = 20  # characters of an unknown code that the message repeats
PROVINCE_CODE, REGENCY_CODE, DISTRICT_CODE = (len(code) for code in ("16", "16.05", "16.05.09"))
AREA_CODE = re.compile(r"\d\d(\.\d\d){0,2}", re.ASCII)
LEVELS = {PROVINCE_CODE: "province", REGENCY_CODE: "regency", DISTRICT_CODE: "district"}


@dataclass(frozen=True)
class ReportArea:
    """An area with the districts in it (codes of the national list, in order) and the region's time zone and words."""

    code: str
    name: str
    level: str  # province, regency (also a city) or district
    is_region: bool
    districts: tuple[str, ...]
    time_zone: str
    district_term: str
    village_term: str


def read_report_area(session: Session, code: str | None) -> ReportArea:
    """
    Find the area that a report is asked for.

    Parameters
    ----------
    code
        Kode wilayah; None for the whole region.

    Raises
    ------
    NotReady
        When this installation has no region yet.
    NotFound
        When the region has no such area.
    """
    region = session.execute(
        text("SELECT code, full_name, time_zone, district_term, village_term FROM app.region")
    ).one_or_none()
    if region is None:
        raise NotReady(
            "Aplikasi ini belum disiapkan: wilayahnya belum ada. Jalankan petakarya up.",
            "This application is not set up yet: it has no region. Run petakarya up.",
        )
    wanted = code or region.code
    name = region.full_name if wanted == region.code else _name_within(session, wanted, region.code)
    if name is None:
        raise NotFound(
            f"Wilayah “{wanted[:AREA_CODE_SHOWN]}” tidak ada di {region.full_name}. "
            f"Isi kode wilayah {region.code}, atau kode kabupaten, kota, atau "
            f"{region.district_term.lower()} di dalamnya.",
            f"There is no area “{wanted[:AREA_CODE_SHOWN]}” in {region.full_name}. "
            f"Give the code {region.code}, or that of a regency, city or district within it.",
        )
    districts = tuple(
        session.scalars(
            text(
                """
                SELECT code FROM app.areas WHERE level = 'district' AND starts_with(code, :code)
                UNION SELECT code FROM layers.districts WHERE starts_with(code, :code) ORDER BY code
                """
            ),
            {"code": wanted},
        )
    )
    return ReportArea(
        wanted,
        name,
        LEVELS[len(wanted)],
        wanted == region.code,
        districts,
        region.time_zone,
        region.district_term,
        region.village_term,
    )


def list_report_areas(session: Session) -> list[tuple[str, str]]:
    """Return code and name of every area that a report can be asked for: the region first, then what lies in it."""
    rows = session.execute(
        text(
            """
            WITH within AS (
                SELECT a.code, a.name FROM app.areas a JOIN app.region r ON starts_with(a.code, r.code || '.')
                WHERE a.level IN ('regency', 'district')
            )
            SELECT code, full_name AS name, 0 AS turn FROM app.region
            UNION ALL SELECT code, name, 1 FROM within
            UNION ALL SELECT code, name, 1 FROM layers.districts WHERE code NOT IN (SELECT code FROM within)
            ORDER BY turn, code
            """
        )
    )
    return [(row.code, row.name) for row in rows]


def read_fiscal_years(session: Session) -> list[int]:
    """Return the fiscal years that packages have, the newest first."""
    return list(session.scalars(text("SELECT DISTINCT year FROM layers.projects ORDER BY 1 DESC")))


def _name_within(session: Session, code: str, region: str) -> str | None:
    """Return the name of a regency or district of the region; None when it has no such area."""
    if not AREA_CODE.fullmatch(code) or not code.startswith(f"{region}."):
        return None
    name: str | None = session.scalar(
        text(
            """
            SELECT name FROM app.areas WHERE code = :code
            UNION ALL SELECT name FROM layers.districts WHERE code = :code LIMIT 1
            """
        ),
        {"code": code},
    )
    return name
