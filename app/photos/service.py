"""Changes photos: receives them, judges them, publishes blurred copies, withholds."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from app.config import PhotoLimits
from app.errors import InvalidRequest, KeyUsedBefore, VersionConflict
from app.photos.forms import PhotoChange, PhotoInput
from app.photos.grading import Evidence, Grade, PhotoRules, Witness, grade_photo
from app.photos.pictures import Box, Picture, blur_boxes, encode_jpeg, open_copy, read_picture
from app.photos.queries import find_photo, find_similar, get_photo, measure_distances
from app.storage import Storage, StoredFile
from layers.rules import rules_in_force

INSERT = """
    INSERT INTO app.photo (project_id, update_id, viewpoint_id, client_id, moment, caption, original_hash, media_type,
        bytes, width, height, thumbnail_hash, view_hash, perceptual_hash, taken_at, position, accuracy_m, exif_taken_at,
        exif_position, exif_camera, distance_m, grade, grade_reasons, similar_to_id, similarity_bits, author,
        received_at, demo)
    VALUES (:project_id, :update_id, :viewpoint_id, :client_id, :moment, :caption, :original_hash, :media_type,
        :bytes, :width, :height, :thumbnail_hash, :view_hash, :perceptual_hash, :taken_at,
        ST_SetSRID(ST_MakePoint(CAST(:lon AS float8), CAST(:lat AS float8)), 4326), :accuracy_m, :exif_taken_at,
        ST_SetSRID(ST_MakePoint(CAST(:exif_lon AS float8), CAST(:exif_lat AS float8)), 4326), :exif_camera,
        :distance_m, :grade, CAST(:reasons AS jsonb), :similar_to_id, :similarity_bits, coalesce(:author, app.actor()),
        :received_at, :demo)
    ON CONFLICT (client_id) DO NOTHING RETURNING id
"""


@dataclass(frozen=True)
class Receipt:
    """What the sender may rely on: the photo is kept, with this hash (SHA-256 of the bytes received) and length."""

    client_id: UUID
    hash: str
    bytes: int
    is_new: bool


@dataclass(frozen=True)
class Copies:
    """The picture and its copies in the storage."""

    original: StoredFile
    view: StoredFile
    thumbnail: StoredFile


def receive_photo(
    session: Session,
    storage: Storage,
    project: Any,
    update: Any | None,
    client_id: UUID,
    content: bytes,
    data: PhotoInput,
    *,
    limits: PhotoLimits,
    time_zone: ZoneInfo,
    author: str | None = None,
    received_at: dt.datetime | None = None,
    demo: bool = False,
) -> Receipt:
    """
    Keep a photo and judge it; sending it again changes nothing and gives the same receipt.

    Parameters
    ----------
    project
        The package: `id`, `code`, `start_date`, `end_date`.
    update
        The report it belongs to (`id`, `day`); None for a photo of the package itself.
    client_id
        Made by the sender, so that sending twice is harmless.
    content
        The bytes as they came.
    data
        What the page noted beside it.
    author
        Who took it; who acts when None.

    Raises
    ------
    PhotoRefused
        When the content is no photo that can be kept.
    KeyUsedBefore
        When another photo came under this `client_id`.
    InvalidRequest
        When the viewpoint is not of this package.
    """
    earlier = find_photo(session, client_id)
    if earlier is not None:
        return _receipt_again(earlier, project, StoredFile(_sha256(content), len(content)))
    _check_viewpoint(session, project.id, data.viewpoint_id)
    picture = read_picture(content, limits, time_zone)
    copies = keep_copies(storage, content, picture, limits)  # files first: a row never names what is absent
    received_at = received_at or dt.datetime.now(dt.UTC)
    rules = PhotoRules.of(rules_in_force(session.connection(), received_at.astimezone(time_zone).date()))
    similar = find_similar(session, picture.perceptual_hash, bits=rules.similar_bits)
    evidence = _gather_evidence(session, project, update, picture, data, received_at, similar)
    grade = grade_photo(evidence, rules, time_zone)
    inserted = session.scalar(
        text(INSERT),
        {
            **_values(picture, copies, data, grade),
            "project_id": project.id,
            "update_id": update.id if update is not None else None,
            "client_id": client_id,
            "similar_to_id": similar.id if similar is not None else None,
            "similarity_bits": similar.bits if similar is not None else None,
            "author": author,
            "received_at": received_at,
            "demo": demo,
        },
    )
    if inserted is None:  # the same photo came twice at once, and the other was first
        return _receipt_again(get_photo(session, client_id), project, copies.original)
    return Receipt(client_id, copies.original.hash, copies.original.bytes, is_new=True)


def keep_copies(storage: Storage, content: bytes, picture: Picture, limits: PhotoLimits) -> Copies:
    """Keep the bytes as they came, the view for reviewers and the thumbnail."""
    view = encode_jpeg(picture.view, longest_px=limits.view_px, quality=limits.view_quality)
    thumbnail = encode_jpeg(picture.view, longest_px=limits.thumbnail_px, quality=limits.thumbnail_quality)
    return Copies(storage.put(content), storage.put(view), storage.put(thumbnail))


def change_photo(session: Session, photo: Row[Any], change: PhotoChange) -> None:
    """
    Change what is said of a photo, and what is to be blurred in it.

    A photo that is public and is to be blurred otherwise waits for its publication again; until then none of it is
    shown.

    Raises
    ------
    VersionConflict
        When somebody changed it since.
    InvalidRequest
        When the viewpoint is not of this package.
    """
    _check_version(photo, change.version)
    sent = change.model_fields_set
    values: dict[str, Any] = {name: getattr(change, name) for name in ("caption", "viewpoint_id") if name in sent}
    if change.moment is not None:
        values["moment"] = change.moment
    if "viewpoint_id" in values:
        _check_viewpoint(session, photo.project_id, change.viewpoint_id)
    if change.blur is not None and not _same_boxes(change.blur, photo.blur):
        values["blur"] = json.dumps(change.blur)
        if photo.state == "published":
            values |= {"state": "pending", "public_hash": None, "public_thumbnail_hash": None}
    _write(session, photo.id, values)


def publish_photo(
    session: Session, storage: Storage, photo: Row[Any], *, version: int, limits: PhotoLimits
) -> tuple[StoredFile, StoredFile]:
    """
    Make the public's copies of a photo, blurred where the reviewer said, and show them.

    Returns
    -------
    copies
        The picture and its thumbnail, both JPEG without metadata.

    Raises
    ------
    VersionConflict
        When somebody changed it since the reviewer saw it.
    """
    _check_version(photo, version)
    public, thumbnail = make_public_copies(storage, photo.view_hash, photo.blur, limits)
    _write(
        session,
        photo.id,
        {"state": "published", "public_hash": public.hash, "public_thumbnail_hash": thumbnail.hash},
    )
    return public, thumbnail


def make_public_copies(
    storage: Storage, view_hash: str, boxes: Sequence[Sequence[float]], limits: PhotoLimits
) -> tuple[StoredFile, StoredFile]:
    """Keep the public's picture and thumbnail of a view, blurred in these boxes."""
    blurred = blur_boxes(open_copy(storage.read(view_hash)), [_as_box(box) for box in boxes])
    picture = encode_jpeg(blurred, longest_px=limits.view_px, quality=limits.view_quality)
    thumbnail = encode_jpeg(blurred, longest_px=limits.thumbnail_px, quality=limits.thumbnail_quality)
    return storage.put(picture), storage.put(thumbnail)


def withhold_photo(session: Session, photo: Row[Any], *, version: int) -> None:
    """Keep a photo from the public, or take it back; `VersionConflict` when somebody changed it since."""
    _check_version(photo, version)
    _write(session, photo.id, {"state": "withheld", "public_hash": None, "public_thumbnail_hash": None})


def add_viewpoint(session: Session, project_id: int, name: str, position: tuple[float, float] | None = None) -> int:
    """Make a spot that photos of a package are taken from (lon, lat), and return its id; one name is one spot."""
    known = text("SELECT id FROM app.viewpoint WHERE project_id = :project AND lower(name) = lower(:name)")
    named = {"project": project_id, "name": name}
    found = session.scalar(known, named)
    if found is None:
        found = session.scalar(
            text("""
                INSERT INTO app.viewpoint (project_id, name, position)
                VALUES (:project, :name, ST_SetSRID(ST_MakePoint(CAST(:lon AS float8), CAST(:lat AS float8)), 4326))
                ON CONFLICT (project_id, lower(name)) DO NOTHING RETURNING id
            """),
            {**named, "lon": position and position[0], "lat": position and position[1]},
        )
    if found is None:  # somebody else made it in between
        found = session.scalars(known, named).one()
    return int(found)


def current_state(photo: Row[Any]) -> dict[str, Any]:
    """Return how a photo stands, for those whose change came too late."""
    return {
        "version": photo.version,
        "state": photo.state,
        "blur": photo.blur,
        "caption": photo.caption,
        "moment": photo.moment,
        "viewpoint_id": photo.viewpoint_id,
    }


def _gather_evidence(
    session: Session,
    project: Any,
    update: Any | None,
    picture: Picture,
    data: PhotoInput,
    received_at: dt.datetime,
    similar: Row[Any] | None,
) -> Evidence:
    """Return what the photo is judged by; one that resembles a photo of the same report is no second use."""
    page, file = data.position, picture.witness.position
    distances = measure_distances(session, project.id, page, file)
    reused = similar is not None and (
        similar.project_id != project.id or similar.update_id != (update.id if update is not None else None)
    )
    return Evidence(
        page=Witness(page is not None, data.accuracy_m, distances.page_m, data.taken_at),
        file=Witness(file is not None, None, distances.file_m, picture.witness.taken_at),
        apart_m=distances.apart_m,
        moment=data.moment,
        received_at=received_at,
        update_day=update.day if update is not None else None,
        start_date=project.start_date,
        end_date=project.end_date,
        reused_code=similar.code if similar is not None and reused else None,
        reused_bits=similar.bits if similar is not None else 0,
    )


def _values(picture: Picture, copies: Copies, data: PhotoInput, grade: Grade) -> dict[str, Any]:
    position, witness = data.position, picture.witness
    return {
        "viewpoint_id": data.viewpoint_id,
        "moment": data.moment,
        "caption": data.caption,
        "original_hash": copies.original.hash,
        "media_type": picture.media_type,
        "bytes": copies.original.bytes,
        "width": picture.width,
        "height": picture.height,
        "thumbnail_hash": copies.thumbnail.hash,
        "view_hash": copies.view.hash,
        "perceptual_hash": picture.perceptual_hash,
        "taken_at": data.taken_at,
        "lon": position and position[0],
        "lat": position and position[1],
        "accuracy_m": data.accuracy_m,
        "exif_taken_at": witness.taken_at,
        "exif_lon": witness.position and witness.position[0],
        "exif_lat": witness.position and witness.position[1],
        "exif_camera": witness.camera,
        "distance_m": grade.distance_m,
        "grade": grade.name,
        "reasons": json.dumps(grade.reasons),
    }


def _receipt_again(photo: Row[Any], project: Any, sent: StoredFile) -> Receipt:
    if photo.original_hash != sent.hash or photo.project_id != project.id:
        raise KeyUsedBefore(
            "Kode foto ini sudah dipakai untuk foto lain. Foto yang dahulu tetap ada; kirim yang ini dengan kode baru.",
            "This photo's id was used for another photo. That one is kept; send this one with a new id.",
        )
    return Receipt(photo.client_id, photo.original_hash, photo.bytes, is_new=False)


def _check_version(photo: Row[Any], version: int) -> None:
    if photo.version != version:
        raise VersionConflict(current_state(photo))


def _check_viewpoint(session: Session, project_id: int, viewpoint_id: int | None) -> None:
    if viewpoint_id is None:
        return
    owner = session.scalar(text("SELECT project_id FROM app.viewpoint WHERE id = :id"), {"id": viewpoint_id})
    if owner != project_id:
        raise InvalidRequest(
            "Titik pandang itu bukan milik paket ini. Pilih salah satu yang tersedia.",
            "That viewpoint does not belong to this package. Choose one of those offered.",
        )


def _write(session: Session, photo_id: int, values: dict[str, Any]) -> None:
    """Write columns of our own choosing, and let other editors see that the photo changed."""
    columns = ", ".join(f"{name} = {'CAST(:blur AS jsonb)' if name == 'blur' else f':{name}'}" for name in values)
    session.execute(
        text(f"UPDATE app.photo SET {columns}{', ' if columns else ''}version = version + 1 WHERE id = :id"),
        {**values, "id": photo_id},
    )


def _same_boxes(one: Sequence[Sequence[float]], other: Sequence[Sequence[float]]) -> bool:
    return [list(map(float, box)) for box in one] == [list(map(float, box)) for box in other]


def _as_box(box: Sequence[float]) -> Box:
    left, top, width, height = map(float, box)
    return left, top, width, height


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
