"""Documents of a kept report: which there are, what they are called, and how they are drawn."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from urllib.parse import quote

from sqlalchemy.orm import Session

from app.config import Settings
from app.extensions import db
from app.reports.render import FORMATS, Format, render
from app.reports.report import Report
from app.reports.store import ReportStore
from app.reports.template_service import read_template, templates_state
from app.storage import Storage
from app.supervise import address_of

FRAMED = frozenset({"pdf", "xlsx", "html"})  # formats with the head and signatories that an administrator sets

ROOT_LETTERS = 8  # of the digest that tells addresses apart


def draw_document(report: Report, wanted: str, *, language: str, settings: Settings) -> tuple[bytes, str]:
    """Draw a document inside a request of the application; return it with the key of the frame it is drawn in."""
    storage = Storage.of(settings)
    key = frame_key(db.session, wanted, settings)
    frame = read_template(db.session, storage, report.name)
    content = render(
        report,
        as_format(wanted),
        language=language,
        template=frame,
        picture=storage.read,
        link=page_of(report, settings),
    )
    return content, key


def kept_document(store: ReportStore, key: str, wanted: str, *, language: str, settings: Settings) -> Path | None:
    """Return a document that was made before in the frame of today; None when there is none."""
    return store.document(key, document_name(wanted, language, frame_key(db.session, wanted, settings)))


def document_name(wanted: str, language: str, frame: str) -> str:
    """Return the name under which a document is kept beside its report."""
    return f"{frame}.{language}.{wanted}"


def file_name(report_name: str, area: str, wanted: str, *, year: int | None, language: str) -> str:
    """Return the name under which people keep a document."""
    prefix = "report" if language == "en" else "laporan"
    parts = [prefix, report_name.replace("_", "-"), area, *([str(year)] if year else [])]
    return f"{'-'.join(parts)}.{wanted}"


def page_of(report: Report, settings: Settings) -> str | None:
    """Return the whole address of the page of the package that a report is about; None for one about an area."""
    package = report.settings.get("package")
    return f"{root_of(settings)}/projects/{quote(str(package), safe='')}" if package else None


def root_of(settings: Settings) -> str:
    """Return the address that people reach us by, without a slash at its end: the one set, else this machine's."""
    return settings.public_url or address_of(settings).rstrip("/")


def frame_key(session: Session, wanted: str, settings: Settings) -> str:
    """Return what changes with the frames of documents, for those that have one, and with the addresses in print."""
    if wanted not in FRAMED:
        return "plain"
    root = sha256(root_of(settings).encode()).hexdigest()[:ROOT_LETTERS]
    return f"{templates_state(session)}-{root}" if wanted == "pdf" else templates_state(session)


def as_format(wanted: str) -> Format:
    """Return a format that is known; `KeyError` for another."""
    return {one: one for one in FORMATS}[wanted]  # type: ignore[index]
