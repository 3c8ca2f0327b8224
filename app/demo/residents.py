"""Reports of residents for the demonstration: what they told, how far it is, and what was answered."""

from __future__ import annotations

import datetime as dt
import hashlib
from random import Random
from typing import Any

from sqlalchemy import Connection, Row, text

from app.demo.life import TODAY
from app.demo.recording import REVIEWER, STAFF
from app.feedback.clock import add_working_days, working_days_between
from app.feedback.service import rounded_place

REPORTS = 60
GRID_M = 500
VERIFY_DAYS, ANSWER_DAYS = 3, 14
SAID: dict[str, tuple[tuple[str, str, str], ...]] = {  # what was told, the public's topic, the answer
    "road_damage": (
        (
            "Lubang besar di tengah jalan, sepeda motor sering terperosok.",
            "Lubang di badan jalan",
            "Lubang sudah ditambal.",
        ),
        (
            "Bahu jalan longsor sepanjang dua meter setelah hujan.",
            "Bahu jalan longsor",
            "Bahu jalan ditimbun dan dipadatkan.",
        ),
        (
            "Aspal mengelupas lagi padahal belum setahun diperbaiki.",
            "Aspal mengelupas",
            "Penyedia memperbaikinya dalam masa pemeliharaan.",
        ),
    ),
    "work_stopped": (
        (
            "Sudah tiga minggu tidak ada pekerja, alatnya juga tidak ada.",
            "Pekerjaan tidak ada kegiatan",
            "Pekerjaan menunggu bahan dan dilanjutkan minggu ini.",
        ),
    ),
    "danger": (
        (
            "Galian terbuka tanpa rambu dan lampu pada malam hari.",
            "Galian tanpa rambu",
            "Rambu dan lampu peringatan sudah dipasang.",
        ),
    ),
    "flooding": (
        ("Saluran tersumbat tanah galian, air naik ke jalan.", "Saluran tersumbat", "Saluran sudah dibersihkan."),
    ),
    "nuisance": (
        (
            "Debu dari truk pengangkut setiap sore, jalan tidak disiram.",
            "Debu dari truk pengangkut",
            "Penyiraman dilakukan dua kali sehari.",
        ),
    ),
    "question": (
        (
            "Kapan jalan menuju desa kami mulai dikerjakan?",
            "Waktu mulai pekerjaan",
            "Pekerjaan dimulai setelah kontrak ditandatangani; jadwalnya ada di halaman pekerjaan.",
        ),
    ),
}
WEIGHTS = {"road_damage": 8, "work_stopped": 3, "danger": 3, "flooding": 3, "nuisance": 2, "question": 2}
PLACES = """
    SELECT id, district_codes, village_codes, ST_X(point) AS lon, ST_Y(point) AS lat
    FROM (
        SELECT id, district_codes, village_codes, ST_PointOnSurface(geom) AS point FROM app.project
        WHERE demo AND geom IS NOT NULL AND status IN ('construction', 'handed_over', 'maintenance', 'contract')
    ) placed ORDER BY id
"""


def load_reports(connection: Connection, region: str) -> int:
    """
    Load reports on works of the demonstration; the same region gives the same ones.

    Parameters
    ----------
    connection
        Of the owner role, with the packages loaded and the triggers of reports off.
    region
        Kode wilayah, which decides what is drawn.
    """
    places = connection.execute(text(PLACES)).all()
    if not places:
        return 0
    random = Random(f"residents {region}")  # noqa: S311 - a drawing, no secret
    proof = connection.scalar(text("SELECT view_hash FROM app.photo WHERE demo ORDER BY id LIMIT 1"))
    rows = [_report(random, number, random.choice(places), proof) for number in range(1, REPORTS + 1)]
    columns = ", ".join(rows[0])
    values = ", ".join(
        f"ST_SetSRID(ST_GeomFromText(:{name}), 4326)" if name in {"geom", "public_place"} else f":{name}"
        for name in rows[0]
    )
    connection.execute(text(f"INSERT INTO app.feedback_report ({columns}) VALUES ({values})"), rows)
    return len(rows)


def _report(random: Random, number: int, place: Row[Any], proof: str | None) -> dict[str, Any]:
    category = random.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
    told, topic, answer = random.choice(SAID[category])
    received = _working_day(TODAY - dt.timedelta(days=REPORTS - number) * 2)
    age = working_days_between(received, TODAY)
    took = random.randint(2, 17)
    ends = ("answered", "closed", "closed") if proof is not None else ("answered",)
    state = "received" if age <= 1 else "verified" if age <= took else random.choice(ends)
    is_answered = state in {"answered", "closed"}
    verified = add_working_days(received, random.randint(1, 2))
    answered = add_working_days(received, took)
    ended = add_working_days(answered, 2)
    due = {"received": add_working_days(received, VERIFY_DAYS), "verified": add_working_days(verified, ANSWER_DAYS)}
    lon, lat = (float(place.lon) + random.uniform(-0.002, 0.002), float(place.lat) + random.uniform(-0.002, 0.002))
    public_lon, public_lat = rounded_place((lon, lat), GRID_M)
    digest = hashlib.sha256(f"{topic} {number} {random.random()}".encode()).hexdigest()
    newest = ended if state == "closed" else answered if is_answered else verified if state == "verified" else received
    return {
        "number": f"L-{received.year}-{number:06d}",
        "token_hash": digest,  # of no key that anybody has
        "category": category,
        "follow_up": "information" if category == "question" else "complaint",
        "body": told,
        "project_id": place.id,
        "district_codes": place.district_codes,
        "village_codes": place.village_codes,
        "place_from": "typed",
        "geom": f"POINT({lon:.6f} {lat:.6f})",
        "state": state,
        "due_on": due.get(state),
        "answer": answer if is_answered else None,
        "answered_by": STAFF.format(REVIEWER) if is_answered else None,
        "proof_hash": proof if state == "closed" else None,
        "proof_type": "image/jpeg" if state == "closed" else None,
        "proof_name": "bukti.jpg" if state == "closed" else None,
        "proof_by": STAFF.format(REVIEWER) if state == "closed" else None,
        "reporter_verdict": "solved" if state == "closed" else None,
        "closed_how": "reporter" if state == "closed" else None,
        "published": state != "received",
        "topic": topic,
        "public_place": f"POINT({public_lon} {public_lat})",
        "received_at": _at(received, 9),
        "verified_at": None if state == "received" else _at(verified, 10),
        "answered_at": _at(answered, 14) if is_answered else None,
        "answered_days": took if is_answered else None,
        "ended_at": _at(ended, 15) if state == "closed" else None,
        "demo": True,
        "valid_from": _at(min(newest, TODAY), 15),
        "changed_by": STAFF.format(REVIEWER),
    }


def _working_day(day: dt.date) -> dt.date:
    while day.weekday() > 4:
        day -= dt.timedelta(days=1)
    return day


def _at(day: dt.date, hour: int) -> dt.datetime:
    return dt.datetime.combine(min(day, TODAY), dt.time(hour - 7), tzinfo=dt.UTC)
