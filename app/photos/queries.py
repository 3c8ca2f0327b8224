"""Reads photos: one, those of a package, what the public sees, and where they lie."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from app.errors import NotFound
from app.recorded import recorded

PACKAGE = """
    SELECT p.id, p.code, p.name, p.sector, p.status, p.district_codes, p.village_codes, p.unit_id,
        p.ppk_id, p.officer_id, p.start_date, p.end_date
    FROM app.project p
"""
PHOTO = """
    SELECT f.id, f.project_id, f.client_id, f.update_id, u.client_id AS update_client_id, u.day AS update_day,
        f.viewpoint_id, v.name AS viewpoint, f.moment, f.caption, f.original_hash, f.media_type, f.bytes, f.width,
        f.height, f.thumbnail_hash, f.view_hash, f.public_hash, f.public_thumbnail_hash, f.taken_at, f.exif_taken_at,
        f.exif_camera, coalesce(f.taken_at, f.exif_taken_at, f.received_at) AS shown_at, f.accuracy_m,
        ST_X(f.position) AS lon, ST_Y(f.position) AS lat, ST_X(f.exif_position) AS exif_lon,
        ST_Y(f.exif_position) AS exif_lat, f.distance_m, f.grade, f.grade_reasons, f.similarity_bits, f.blur, f.state,
        f.author, f.received_at, f.version, f.perceptual_hash,
        s.client_id AS similar_client_id, sp.code AS similar_code, s.project_id AS similar_project_id
    FROM app.photo f
    LEFT JOIN app.progress_update u ON u.id = f.update_id
    LEFT JOIN app.viewpoint v ON v.id = f.viewpoint_id
    LEFT JOIN app.photo s ON s.id = f.similar_to_id
    LEFT JOIN app.project sp ON sp.id = s.project_id
"""
# Every place of a package counts: planned, contracted, built. The geometry of the package itself is the best of them.
WORKS = """
    SELECT geom FROM app.project_location WHERE project_id = :project AND geom IS NOT NULL
    UNION ALL SELECT geom FROM app.project WHERE id = :project AND geom IS NOT NULL
"""


@dataclass(frozen=True)
class PublicPhoto:
    """A published photo, as the public sees it."""

    moment: str
    viewpoint_id: int | None
    viewpoint: str | None
    caption: str | None
    hash: str
    thumbnail_hash: str
    width: int
    height: int
    taken_at: dt.datetime | None


@dataclass(frozen=True)
class Distances:
    """Metres on the ellipsoid, from each witness's place to the nearest of the works, and between the two places."""

    page_m: float | None
    file_m: float | None
    apart_m: float | None


def get_package(session: Session, code: str) -> Row[Any]:
    """Return the package of a code; `NotFound` when there is none."""
    row = session.execute(text(PACKAGE + " WHERE p.code = :code"), {"code": code}).one_or_none()
    if row is None:
        raise NotFound(
            f"Tidak ada paket dengan kode “{code[:60]}”.", f"There is no package with the code “{code[:60]}”."
        )
    return row


def _unknown_package(code: str) -> NotFound:
    shown = code[:60]
    return NotFound(f"Tidak ada paket dengan kode “{shown}”.", f"There is no package with the code “{shown}”.")


def get_package_of(session: Session, project_id: int) -> Row[Any]:
    """Return the package that a photo or an update belongs to."""
    return session.execute(text(PACKAGE + " WHERE p.id = :id"), {"id": project_id}).one()


def get_update(session: Session, client_id: UUID) -> Row[Any]:
    """Return the update that a photo is sent for; `NotFound` when it has not arrived."""
    row = session.execute(
        text("SELECT id, project_id, client_id, day, author FROM app.progress_update WHERE client_id = :id"),
        {"id": client_id},
    ).one_or_none()
    if row is None:
        raise NotFound(
            "Laporan untuk foto ini belum sampai. Kirim laporannya dahulu, lalu fotonya.",
            "The report of this photo has not arrived. Send the report first, then the photo.",
        )
    return row


def find_photo(session: Session, client_id: UUID, *, locked: bool = False) -> Row[Any] | None:
    """Return a photo; `locked` keeps others from changing it until the transaction ends."""
    lock = " FOR UPDATE OF f" if locked else ""
    return session.execute(text(PHOTO + " WHERE f.client_id = :id" + lock), {"id": client_id}).one_or_none()


def get_photo(session: Session, client_id: UUID, *, locked: bool = False) -> Row[Any]:
    """Return a photo; `NotFound` when there is none."""
    row = find_photo(session, client_id, locked=locked)
    if row is None:
        raise NotFound("Foto ini tidak ada.", "There is no such photo.")
    return row


def list_photos(session: Session, project_id: int, *, limit: int, update_id: int | None = None) -> Sequence[Row[Any]]:
    """Return the photos of a package, or of one of its updates: by viewpoint, then by date, those without one last."""
    condition = " AND f.update_id = :update" if update_id is not None else ""
    return session.execute(
        text(
            PHOTO
            + f" WHERE f.project_id = :project{condition}"
            + " ORDER BY v.name IS NULL, v.name, f.viewpoint_id, shown_at, f.id LIMIT :limit"
        ),
        {"project": project_id, "update": update_id, "limit": limit},
    ).all()


def count_photos(session: Session, project_id: int) -> dict[str, int]:
    """Return how many photos a package has in each state."""
    rows = session.execute(
        text("SELECT state, count(*) AS number FROM app.photo WHERE project_id = :project GROUP BY state"),
        {"project": project_id},
    )
    return {row.state: row.number for row in rows}


def find_next_pending(session: Session, project_id: int) -> UUID | None:
    """Return the photo of a package that has waited longest for its review; None when none waits."""
    found: UUID | None = session.scalar(
        text("""
            SELECT client_id FROM app.photo WHERE project_id = :project AND state = 'pending'
            ORDER BY received_at, id LIMIT 1
        """),
        {"project": project_id},
    )
    return found


def list_viewpoints(session: Session, project_id: int) -> list[tuple[int, str]]:
    """Return the viewpoints of a package, by name."""
    rows = session.execute(
        text("SELECT id, name FROM app.viewpoint WHERE project_id = :project ORDER BY name, id"),
        {"project": project_id},
    )
    return [(row.id, row.name) for row in rows]


def public_photos(
    session: Session, project_id: int, *, limit: int, as_of: dt.datetime | None = None
) -> list[PublicPhoto]:
    """
    Return a package's published photos, the oldest first; `session` may be of the public's role.

    Of those that were published at a moment (`as_of`) only what is still published is shown, blurred as it is now:
    what was taken back stays away.
    """
    then = recorded("public_photo", as_of, columns="id, project_id")
    was_public = f"AND id IN (SELECT id FROM {then} t WHERE t.project_id = :project)" if as_of else ""
    rows = session.execute(
        text(f"""
            SELECT moment, viewpoint_id, viewpoint, caption, public_hash AS hash,
                public_thumbnail_hash AS thumbnail_hash, width, height, taken_at
            FROM (SELECT * FROM app.public_photo WHERE project_id = :project {was_public}
                ORDER BY taken_at DESC NULLS LAST, id DESC LIMIT :limit) newest
            ORDER BY taken_at NULLS FIRST, id
        """),
        {"project": project_id, "limit": limit, "as_of": as_of},
    ).mappings()
    return [PublicPhoto(**row) for row in rows]


def public_package_id(session: Session, code: str) -> int:
    """Return the id of a package that the public sees; `NotFound` when there is none."""
    found = session.scalar(text("SELECT id FROM layers.projects WHERE code = :code"), {"code": code})
    if found is None:
        raise NotFound(
            f"Tidak ada paket dengan kode “{code[:60]}”.", f"There is no package with the code “{code[:60]}”."
        )
    return int(found)


def is_public(session: Session, file_hash: str) -> bool:
    """Tell whether a file is a published copy; `session` may be of the public's role."""
    statement = text(
        "SELECT EXISTS (SELECT FROM app.public_photo WHERE public_hash = :hash)"
        " OR EXISTS (SELECT FROM app.public_photo WHERE public_thumbnail_hash = :hash)"
    )
    return bool(session.scalar(statement, {"hash": file_hash}))


def measure_distances(
    session: Session,
    project_id: int,
    page: tuple[float, float] | None,
    file: tuple[float, float] | None,
) -> Distances:
    """Measure the two witnesses' places (lon, lat) against the works and each other."""
    row = session.execute(
        text(f"""
            WITH works AS ({WORKS}), page AS (
                SELECT ST_SetSRID(ST_MakePoint(CAST(:page_lon AS float8), CAST(:page_lat AS float8)), 4326) AS place
            ), file AS (
                SELECT ST_SetSRID(ST_MakePoint(CAST(:file_lon AS float8), CAST(:file_lat AS float8)), 4326) AS place
            )
            SELECT (SELECT min(ST_Distance(w.geom::geography, page.place::geography)) FROM works w, page) AS page_m,
                (SELECT min(ST_Distance(w.geom::geography, file.place::geography)) FROM works w, file) AS file_m,
                (SELECT ST_Distance(page.place::geography, file.place::geography) FROM page, file) AS apart_m
        """),
        {
            "project": project_id,
            "page_lon": page and page[0],
            "page_lat": page and page[1],
            "file_lon": file and file[0],
            "file_lat": file and file[1],
        },
    ).one()
    return Distances(row.page_m, row.file_m, row.apart_m)


def find_similar(session: Session, perceptual_hash: int, *, bits: int) -> Row[Any] | None:
    """Return the photo of any package that differs in the fewest bits, at most `bits`; the earliest of equals."""
    return session.execute(
        text("""
            SELECT f.id, f.project_id, f.update_id, p.code, d.bits
            FROM app.photo f JOIN app.project p ON p.id = f.project_id,
                LATERAL (SELECT bit_count((f.perceptual_hash # CAST(:hash AS bigint))::bit(64)) AS bits) d
            WHERE d.bits <= :bits ORDER BY d.bits, f.id LIMIT 1
        """),
        {"hash": perceptual_hash, "bits": bits},
    ).one_or_none()
