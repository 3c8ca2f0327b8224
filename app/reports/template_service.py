"""Read and change the frame of printed reports: that of all, and those that single reports have of their own."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.errors import InvalidInput, PetaKaryaError
from app.reports.template import BLANK, ReportTemplate, Signatory
from app.storage import FileNotStored, Storage

if TYPE_CHECKING:
    from collections.abc import Iterator

ALL_REPORTS = ""
MOST_SIGNATORIES = 3
GREATEST_BYTES = 1_000_000
GREATEST_PIXELS = 16_000_000
EMBLEM_PX = 480  # the longer side, as it is kept: 600 dots an inch on paper
KINDS = {b"\x89PNG\r\n\x1a\n": "PNG", b"\xff\xd8\xff": "JPEG"}
TEXTS = ("government", "office", "address", "place", "closing")


class EmblemRefused(PetaKaryaError):
    """What was sent cannot be kept as an emblem."""


@dataclass(frozen=True)
class KeptTemplate:
    """The frame as it is recorded: texts that were not set are empty; `id` is None where nothing is recorded."""

    id: int | None = None
    government: str = ""
    office: str = ""
    address: str = ""
    place: str = ""
    closing: str = ""
    signatories: tuple[Signatory, ...] = ()
    emblem_hash: str | None = None


def read_kept(session: Session, report: str = ALL_REPORTS) -> KeptTemplate:
    """Return what is recorded for one report, or for all; empty where nothing is."""
    row = session.execute(
        text(
            "SELECT id, government, office, address, place, closing, signatories, emblem_hash"
            " FROM app.report_template WHERE report = :report"
        ),
        {"report": report},
    ).one_or_none()
    if row is None:
        return KeptTemplate()
    return KeptTemplate(**{**row._mapping, "signatories": tuple(Signatory(**one) for one in row.signatories)})


def read_template(session: Session, storage: Storage, report: str = ALL_REPORTS) -> ReportTemplate:
    """
    Return the frame that a report is printed in: its own, else that of all; neutral where nothing is set.

    An emblem whose file is lost is left out: a report can be printed without it.
    """
    kept = read_kept(session, report) if report else KeptTemplate()
    if kept.id is None:
        kept = read_kept(session)
    try:
        emblem = storage.read(kept.emblem_hash) if kept.emblem_hash else None
    except FileNotStored:
        emblem = None
    return ReportTemplate(
        government=kept.government or government_of(session),
        office=kept.office,
        address=kept.address,
        place=kept.place or BLANK,
        closing=kept.closing,
        signatories=kept.signatories or ReportTemplate().signatories,
        emblem=emblem,
    )


def templates_state(session: Session) -> str:
    """Return what changes whenever any report's frame does: documents drawn before are drawn anew."""
    rows = session.execute(
        text(
            "SELECT report, government, office, address, place, closing, signatories::text, emblem_hash"
            " FROM app.report_template ORDER BY report"
        )
    ).all()
    content = json.dumps([government_of(session), [list(one) for one in rows]], ensure_ascii=False)
    return hashlib.sha256(content.encode()).hexdigest()[:12]


def government_of(session: Session) -> str:
    """Return what the region's government is called; empty where there is no region yet."""
    name: str | None = session.scalar(text("SELECT full_name FROM app.region"))
    return f"Pemerintah {name}" if name else ""


def save_template(
    session: Session,
    report: str,
    texts: Mapping[str, str],
    signatories: Sequence[Signatory],
    *,
    emblem_hash: str | None,
) -> None:
    """
    Record the frame of one report, or of all.

    Parameters
    ----------
    texts
        By name: government, office, address, place and closing.
    signatories
        In their order on paper, at most three; the last signs beside place and date.
    emblem_hash
        Of a stored PNG; None for no emblem.

    Raises
    ------
    InvalidInput
        For more signatories than fit beside each other.
    """
    if len(signatories) > MOST_SIGNATORIES:
        raise InvalidInput({"": f"Paling banyak {MOST_SIGNATORIES} penanda tangan."})
    columns = [*TEXTS, "signatories", "emblem_hash"]
    changes = ", ".join(f"{one} = EXCLUDED.{one}" for one in columns)
    values = [*(f":{one}" for one in TEXTS), "CAST(:signatories AS jsonb)", ":emblem_hash"]
    session.execute(
        text(
            f"INSERT INTO app.report_template (report, {', '.join(columns)}) VALUES (:report, {', '.join(values)})"
            f" ON CONFLICT (report) DO UPDATE SET {changes}"
        ),
        {
            "report": report,
            **{one: texts.get(one, "") for one in TEXTS},
            "signatories": json.dumps([asdict(one) for one in signatories], ensure_ascii=False),
            "emblem_hash": emblem_hash,
        },
    )


def forget_template(session: Session, report: str) -> None:
    """Let a report be printed in the frame of all again."""
    session.execute(text("DELETE FROM app.report_template WHERE report = :report"), {"report": report})


def read_emblem(content: bytes) -> bytes:
    """
    Return an emblem as PNG that we wrote ourselves, at most 480 pixels on its longer side, without metadata.

    Raises
    ------
    EmblemRefused
        When it is too large, no PNG or JPEG (an SVG may hold scripts and addresses), or damaged.
    """
    from PIL import Image

    if len(content) > GREATEST_BYTES:
        raise EmblemRefused(
            f"Lambang ini {len(content) / 1e6:.1f} MB; paling besar 1 MB. Perkecil dahulu.",
            f"This emblem has {len(content) / 1e6:.1f} MB; at most 1 MB. Make it smaller first.",
        )
    kind = next((kind for start, kind in KINDS.items() if content.startswith(start)), None)
    if kind is None:
        raise EmblemRefused(
            "Lambang harus berupa PNG atau JPEG. Simpan SVG sebagai PNG dahulu.",
            "An emblem must be a PNG or JPEG. Save an SVG as PNG first.",
        )
    with _damage_refused():
        image = Image.open(BytesIO(content), formats=(kind,))
        if image.width * image.height > GREATEST_PIXELS:
            raise EmblemRefused(
                "Lambang ini lebih dari 16 juta piksel. Perkecil dahulu.",
                "This emblem has more than 16 million pixels. Make it smaller first.",
            )
        image.load()
        plain = image.convert("RGBA")
        plain.thumbnail((EMBLEM_PX, EMBLEM_PX), Image.Resampling.LANCZOS)
        plain.info = {}
        stream = BytesIO()
        plain.save(stream, "PNG", optimize=True)
    return stream.getvalue()


@contextmanager
def _damage_refused() -> Iterator[None]:
    """Say what is wrong with a picture that cannot be unpacked."""
    try:
        yield
    except EmblemRefused:
        raise
    except Exception as error:  # each format's reader has errors of its own for damaged files
        raise EmblemRefused(
            "Berkas lambang ini rusak atau tidak lengkap. Kirim berkas lain.",
            "This emblem's file is damaged or incomplete. Send another one.",
        ) from error


def values_of(kept: KeptTemplate) -> dict[str, Any]:
    """Return what the form shows of a frame at first: signatories in numbered fields."""
    values: dict[str, Any] = {one: getattr(kept, one) for one in TEXTS}
    for number, one in enumerate(kept.signatories, start=1):
        values |= {f"{name}_{number}": "" if part == BLANK else part for name, part in asdict(one).items()}
    return values
