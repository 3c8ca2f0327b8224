"""Documents of a kept report: which there are, what they are called, and how they are drawn."""

from __future__ import annotations

import hashlib
from pathlib import Path

from sqlalchemy.orm import Session

from app.config import Settings
from app.extensions import db
from app.reports.render import FORMATS, Format, render
from app.reports.report import Report
from app.reports.store import ReportStore
from app.reports.template import ReportTemplate
from app.storage import Storage

FRAMED = frozenset({"pdf", "xlsx", "html"})  # formats with the head and signatories that an administrator sets


def frame_of(session: Session, storage: Storage) -> ReportTemplate:
    """Return the frame of printed reports, as it is set now."""
    return ReportTemplate()


def draw_document(report: Report, wanted: str, *, language: str, settings: Settings) -> tuple[bytes, str]:
    """Draw a document inside a request of the application; return it with the key of the frame it is drawn in."""
    storage = Storage.of(settings)
    frame = frame_of(db.session, storage)
    content = render(report, as_format(wanted), language=language, template=frame, picture=storage.read)
    return content, frame_key(frame, wanted)


def kept_document(store: ReportStore, key: str, wanted: str, *, language: str, settings: Settings) -> Path | None:
    """Return a document that was made before in the frame of today; None when there is none."""
    frame = frame_of(db.session, Storage.of(settings))
    return store.document(key, document_name(wanted, language, frame_key(frame, wanted)))


def document_name(wanted: str, language: str, frame: str) -> str:
    """Return the name under which a document is kept beside its report."""
    return f"{frame}.{language}.{wanted}"


def file_name(report_name: str, area: str, wanted: str, *, year: int | None, language: str) -> str:
    """Return the name under which people keep a document."""
    prefix = "report" if language == "en" else "laporan"
    parts = [prefix, report_name.replace("_", "-"), area, *([str(year)] if year else [])]
    return f"{'-'.join(parts)}.{wanted}"


def frame_key(frame: ReportTemplate, wanted: str) -> str:
    """Return what changes with the frame of a document, for those that have one."""
    if wanted not in FRAMED:
        return "plain"
    content = repr(frame).encode() + (frame.emblem or b"")
    return hashlib.sha256(content).hexdigest()[:12]


def as_format(wanted: str) -> Format:
    """Return a format that is known; `KeyError` for another."""
    return {one: one for one in FORMATS}[wanted]  # type: ignore[index]
