"""Changes reports: keeps drafts, receives, verifies, answers, closes, publishes; knows nothing of HTTP."""

from __future__ import annotations

import datetime as dt
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import gettext
from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from app.auth.sessions import hashed
from app.config import PhotoLimits
from app.errors import InvalidInput, VersionConflict
from app.feedback.clock import add_working_days, working_days_between
from app.feedback.forms import (
    AnswerInput,
    AssignInput,
    Change,
    DuplicateInput,
    PublishInput,
    RejectInput,
    ReportInput,
    VerdictInput,
    VerifyInput,
    without_identity_numbers,
)
from app.feedback.queries import Subject, find_report_by_number
from app.feedback.words import FOLLOW_UP_RULES, STEPS, USUAL_FOLLOW_UP
from app.photos.pictures import Picture, read_picture
from app.photos.service import keep_copies, make_public_copies
from app.storage import Storage
from gis.figures import Rule

METRES_PER_DEGREE = 111_320  # of latitude; of longitude a little less so near the equator, which only rounds finer
INSERT = """
    INSERT INTO app.feedback_report (number, token_hash, category, follow_up, body, project_id, road_code, park_id,
        place, place_from, geom, photo_hash, photo_type, photo_view_hash, photo_thumbnail_hash, photo_width,
        photo_height, due_on)
    VALUES (:number, :token_hash, :category, :follow_up, :body, :project_id, :road_code, :park_id, :place, :place_from,
        ST_SetSRID(ST_MakePoint(CAST(:lon AS float8), CAST(:lat AS float8)), 4326), :photo_hash, :photo_type,
        :photo_view_hash, :photo_thumbnail_hash, :photo_width, :photo_height, :due_on)
    RETURNING id
"""


@dataclass(frozen=True)
class Place:
    """Where a report lies (lon, lat), and who said so: typed, photo, object."""

    point: tuple[float, float]
    told_by: str


@dataclass(frozen=True)
class SentReport:
    """What the reporter keeps: the number of the receipt, and the key of the link."""

    id: int
    number: str
    token: str


def keep_draft(session: Session, content: Mapping[str, Any], photo: bytes | None, key: str | None = None) -> str:
    """
    Keep what was checked until it is sent, and return its key; only a hash of the key is kept.

    A draft that is edited keeps its key, and its photo when no other is sent.
    """
    key = key or secrets.token_urlsafe(24)
    session.execute(
        text("""
            INSERT INTO app.feedback_draft AS d (key_hash, content, photo)
            VALUES (:hash, CAST(:content AS jsonb), :photo)
            ON CONFLICT (key_hash) DO UPDATE SET content = excluded.content, photo = coalesce(excluded.photo, d.photo),
                made_at = now()
        """),
        {"hash": hashed(key), "content": json.dumps(content), "photo": photo},
    )
    return key


def find_draft(session: Session, key: str, *, hours: int, take: bool = False) -> Row[Any] | None:
    """Return the content and photo of a draft, or None; `take` removes it, so that it is sent once."""
    condition = "key_hash = :hash AND made_at > now() - make_interval(hours => :hours)"
    statement = (
        f"DELETE FROM app.feedback_draft WHERE {condition} RETURNING content, photo"
        if take
        else f"SELECT content, photo FROM app.feedback_draft WHERE {condition}"
    )
    return session.execute(text(statement), {"hash": hashed(key), "hours": hours}).one_or_none()


def find_place(data: ReportInput, subject: Subject, picture: Picture | None) -> Place | None:
    """Return where a report lies: as typed, else as its photo says, else on its object; None: only words tell."""
    if data.lon is not None and data.lat is not None:
        return Place((data.lon, data.lat), "typed")
    if picture is not None and picture.witness.position is not None:
        return Place(picture.witness.position, "photo")
    return Place(subject.point, "object") if subject.point is not None else None


def receive_report(
    session: Session,
    storage: Storage,
    data: ReportInput,
    subject: Subject,
    place: Place | None,
    photo: bytes | None,
    *,
    limits: PhotoLimits,
    time_zone: ZoneInfo,
    today: dt.date,
    rules: Mapping[str, Rule],
    token: str | None = None,
) -> SentReport:
    """
    Keep a report; its clock begins.

    Parameters
    ----------
    data
        What the resident tells; numbers of identity cards in it are not kept.
    place
        Where it lies, as `find_place` found it.
    photo
        The bytes as they came; None without.
    token
        The key of the link, when a draft has one already.

    Raises
    ------
    PhotoRefused
        When the photo is none that can be kept.
    """
    token = token or secrets.token_urlsafe(24)
    photo_values = _photo_values(storage, photo, limits, time_zone)
    number = _next_number(session, today)  # last, since others wait for it
    lon, lat = place.point if place else (None, None)
    report_id = session.scalar(
        text(INSERT),
        {
            "number": number,
            "token_hash": hashed(token),
            "category": data.category,
            "follow_up": USUAL_FOLLOW_UP.get(data.category, "complaint"),
            "body": without_identity_numbers(data.text),
            "project_id": subject.id if subject.kind == "project" else None,
            "road_code": subject.code if subject.kind == "road" else None,
            "park_id": subject.id if subject.kind == "park" else None,
            "place": data.place and without_identity_numbers(data.place),
            "place_from": place and place.told_by,
            "lon": lon,
            "lat": lat,
            "due_on": add_working_days(today, int(rules["ADUAN_VERIFIKASI_HARI"].value)),
            **photo_values,
        },
    )
    assert report_id is not None
    if data.contact:
        session.execute(
            text("INSERT INTO app.feedback_contact (report_id, contact) VALUES (:id, :contact)"),
            {"id": report_id, "contact": data.contact},
        )
    return SentReport(int(report_id), number, token)


def _photo_values(
    storage: Storage, photo: bytes | None, limits: PhotoLimits, time_zone: ZoneInfo
) -> dict[str, str | int | None]:
    names = ("hash", "type", "view_hash", "thumbnail_hash", "width", "height")
    if photo is None:
        return {f"photo_{name}": None for name in names}
    picture = read_picture(photo, limits, time_zone)
    copies = keep_copies(storage, photo, picture, limits)
    values: tuple[str | int, ...] = (
        *(copies.original.hash, picture.media_type, copies.view.hash, copies.thumbnail.hash),
        *(picture.width, picture.height),
    )
    return {f"photo_{name}": value for name, value in zip(names, values, strict=True)}


def _next_number(session: Session, today: dt.date) -> str:
    """Return the next number of the year: L-2026-000012; numbers are given one after the other."""
    session.execute(text("SELECT pg_advisory_xact_lock(hashtext('petakarya.feedback.number'))"))
    last = session.scalar(
        text("""
            SELECT max(substring(number FROM '[0-9]+$')::integer) FROM app.feedback_report
            WHERE starts_with(number, :year)
        """),
        {"year": f"L-{today.year}-"},
    )
    return f"L-{today.year}-{(last or 0) + 1:06d}"


# Steps of those who answer


def verify(session: Session, report: Row[Any], data: VerifyInput, *, today: dt.date, rules: Mapping[str, Rule]) -> None:
    """Note that the report was read and is ours; the clock of the answer begins, by what kind of report it is."""
    _check_step(report, "verified", data)
    _check_people(session, data)
    _write(
        session,
        report,
        state="verified",
        category=data.category,
        follow_up=data.follow_up,
        unit_id=data.unit_id,
        account_id=data.account_id,
        note=data.note or report.note,
        verified_at=_now(session),
        due_on=add_working_days(today, int(rules[FOLLOW_UP_RULES[data.follow_up]].value)),
    )


def assign(session: Session, report: Row[Any], data: AssignInput) -> None:
    """Give the report to a unit or a person."""
    _check_version(report, data)
    _check_people(session, data)
    _write(session, report, unit_id=data.unit_id, account_id=data.account_id, note=data.note)


def begin_work(session: Session, report: Row[Any], data: Change) -> None:
    """Note that work on it has begun."""
    _check_step(report, "in_work", data)
    if report.state == "answered":
        raise InvalidInput({"": gettext("Laporan ini sudah dijawab.")})
    _write(session, report, state="in_work", work_at=_now(session))


def answer(
    session: Session, report: Row[Any], data: AnswerInput, *, actor: str, today: dt.date, zone: ZoneInfo
) -> None:
    """Answer the report; the clock stops."""
    if report.state != "answered":
        _check_step(report, "answered", data)
    _check_version(report, data)
    days = working_days_between(report.received_at.astimezone(zone).date(), today)
    first = report.answered_days is None
    _write(
        session,
        report,
        state="answered",
        answer=data.answer,
        answered_by=actor,
        answered_at=_now(session) if first else report.answered_at,
        answered_days=days if first else report.answered_days,
        due_on=None,
        reporter_verdict=None,
    )


def reject(session: Session, report: Row[Any], data: RejectInput) -> None:
    """End the report with a reason that its reporter reads."""
    _check_step(report, "rejected", data)
    _write(session, report, state="rejected", rejected_reason=data.reason, due_on=None, ended_at=_now(session))


def mark_duplicate(session: Session, report: Row[Any], data: DuplicateInput) -> None:
    """End the report as another of one that is there; its reporter follows that one's answer."""
    _check_step(report, "duplicate", data)
    other = find_report_by_number(session, data.number)
    if other.id == report.id or other.state == "duplicate":
        raise InvalidInput({"number": gettext("Tulis nomor laporan lain yang bukan duplikat.")})
    _write(session, report, state="duplicate", duplicate_of_id=other.id, due_on=None, ended_at=_now(session))


def add_proof(
    session: Session,
    storage: Storage,
    report: Row[Any],
    data: Change,
    content: bytes,
    kind: str,
    name: str,
    *,
    actor: str,
) -> None:
    """Keep the photo or document that shows it is done; who brings it cannot be the second person."""
    _check_version(report, data)
    if report.state not in {"verified", "in_work", "answered"}:
        raise InvalidInput({"": gettext("Bukti hanya untuk laporan yang sedang ditangani.")})
    stored = storage.put(content)
    values: dict[str, Any] = {"proof_hash": stored.hash, "proof_type": kind, "proof_name": name, "proof_by": actor}
    if report.state == "answered" and report.reporter_verdict == "solved":  # the reporter's yes was there before
        values |= {"state": "closed", "closed_how": "reporter", "ended_at": _now(session)}
    _write(session, report, **values)


def close(session: Session, report: Row[Any], data: Change, *, actor: str) -> None:
    """
    Close an answered report, as the second person.

    Raises
    ------
    InvalidInput
        When there is no proof, or who closes brought it or wrote the answer.
    """
    _check_step(report, "closed", data)
    if report.proof_hash is None:
        raise InvalidInput({"": gettext("Belum ada bukti. Unggah foto atau dokumen yang menunjukkan hasilnya.")})
    if actor in {report.proof_by, report.answered_by}:
        raise InvalidInput({"": gettext("Orang kedua yang menutup: bukan yang menjawab atau yang mengunggah bukti.")})
    _write(session, report, state="closed", closed_how="second_person", closed_by=actor, ended_at=_now(session))


def hear_reporter(
    session: Session, report: Row[Any], data: VerdictInput, *, today: dt.date, rules: Mapping[str, Rule]
) -> None:
    """Let the reporter say whether it is solved: yes closes it where there is proof, no opens it again."""
    if report.state != "answered":
        raise InvalidInput({"": gettext("Laporan ini tidak sedang menunggu tanggapan Anda.")})
    words = data.words and without_identity_numbers(data.words)
    if data.verdict == "not_solved":
        due = add_working_days(today, int(rules[FOLLOW_UP_RULES[report.follow_up]].value))
        _write(session, report, state="in_work", reporter_verdict="not_solved", reporter_words=words, due_on=due)
        return
    values: dict[str, Any] = {"reporter_verdict": "solved", "reporter_words": words}
    if report.proof_hash is not None:
        values |= {"state": "closed", "closed_how": "reporter", "ended_at": _now(session)}
    _write(session, report, **values)


def publish(
    session: Session,
    storage: Storage,
    report: Row[Any],
    data: PublishInput,
    boxes: Sequence[Sequence[float]],
    *,
    limits: PhotoLimits,
    rules: Mapping[str, Rule],
) -> None:
    """Show topic, rounded place, state and answer to the public, the photo if the reviewer says so; or take it back."""
    _check_version(report, data)
    if data.action == "withhold":
        _write(session, report, published=False, public_photo_hash=None, public_thumbnail_hash=None)
        return
    if not data.topic:
        raise InvalidInput({"topic": gettext("Isian ini wajib diisi.")})
    values: dict[str, Any] = {
        "published": True,
        "topic": data.topic,
        "photo_blur": json.dumps([list(box) for box in boxes]),
    }
    values |= {"public_photo_hash": None, "public_thumbnail_hash": None}
    if data.with_photo and report.photo_view_hash:
        public, thumbnail = make_public_copies(storage, report.photo_view_hash, boxes, limits)
        values |= {"public_photo_hash": public.hash, "public_thumbnail_hash": thumbnail.hash}
    _write(session, report, **values)
    if report.lon is not None:
        lon, lat = rounded_place((report.lon, report.lat), rules["ADUAN_BULAT_M"].value)
        session.execute(
            text("""
                UPDATE app.feedback_report SET public_place = ST_SetSRID(ST_MakePoint(:lon, :lat), 4326) WHERE id = :id
            """),
            {"lon": lon, "lat": lat, "id": report.id},
        )


def rounded_place(place: tuple[float, float], grid_m: float) -> tuple[float, float]:
    """Return the place (lon, lat) on a grid of so many metres, so that no house can be told from it."""
    step = grid_m / METRES_PER_DEGREE
    lon, lat = (round(round(part / step) * step, 6) for part in place)
    return lon, lat


def _now(session: Session) -> dt.datetime:
    moment: dt.datetime = session.scalars(text("SELECT now()")).one()
    return moment


def _check_version(report: Row[Any], data: Change) -> None:
    if report.version != data.version:
        raise VersionConflict({"version": report.version, "state": report.state, "answer": report.answer})


def _check_step(report: Row[Any], state: str, data: Change) -> None:
    _check_version(report, data)
    if state not in STEPS[report.state]:
        raise InvalidInput({"": gettext("Langkah ini tidak dapat diambil dari keadaan laporan sekarang.")})


def _check_people(session: Session, data: VerifyInput | AssignInput) -> None:
    for name, table in (("unit_id", "unit"), ("account_id", "account")):
        value = getattr(data, name)
        if value is not None and not session.scalar(
            text(f"SELECT EXISTS (SELECT FROM app.{table} WHERE id = :id)"), {"id": value}
        ):
            raise InvalidInput({name: gettext("Pilih salah satu yang tersedia.")})


def _write(session: Session, report: Row[Any], **values: Any) -> None:
    """Write columns of our own choosing, and let other editors see that the report changed."""
    columns = ", ".join(
        f"{name} = {'CAST(:photo_blur AS jsonb)' if name == 'photo_blur' else f':{name}'}" for name in values
    )
    session.execute(
        text(f"UPDATE app.feedback_report SET {columns}, version = version + 1 WHERE id = :id"),
        {**values, "id": report.id},
    )
