"""Weekly progress: written, corrected, handed in, approved or returned, and published."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid4

from flask_babel import gettext
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.critical.service import evaluate
from app.errors import Forbidden, InvalidInput, VersionConflict
from app.extensions import current_language
from app.formats import format_day, format_percent
from app.progress.periods import require_open
from app.progress.queries_updates import (
    Item,
    Package,
    Update,
    contract_items,
    find_update,
    get_package,
    get_update,
    items_json,
    neighbours,
    update_json,
)
from app.progress.update_forms import UpdateChange, UpdateInput
from app.work.notices import tell
from gis.progress import physical_percent

WRITABLE_STATUSES = frozenset({"contract", "construction"})
TEXTS = ("weather", "workers", "obstacles", "obstacle_cause", "note", "correction_note")
SAME_PERCENT = 0.005  # percentage points: half of the last of two decimals, in which people write a percentage
DECIMALS = 6  # of a computed percentage
FALL = 10**-DECIMALS  # percentage points: less is a matter of rounding


class WrongState(VersionConflict):
    """What is asked for cannot follow upon the state the update is in."""

    def __init__(self, current: dict[str, Any], message_id: str, message_en: str) -> None:
        super().__init__(current)
        self.args = (message_en,)
        self.message_id, self.message_en = message_id, message_en


def create_update(
    session: Session, package: Package, data: UpdateInput, *, author: str, today: dt.date
) -> tuple[Update, bool]:
    """
    Keep a new update, as a draft or handed in; one that came before under the same `client_id` is found again.

    Parameters
    ----------
    author
        E-mail address of the account that writes.
    today
        The day where the region is.

    Returns
    -------
    update, created
        `created` is false when the same update had come already.

    Raises
    ------
    InvalidInput
        With a sentence for each field.
    VersionConflict
        When the `client_id` came before with another content.
    """
    if data.client_id is not None:
        earlier = find_update(session, data.client_id)
        if earlier is not None:
            return _found_again(session, package, earlier, data, author, today), False
    check_day(session, package, data.day, today=today)
    percent, quantities = _progress_of(session, package.contract_id, data, data.day)
    values = {
        **_columns(data),
        "project": package.id,
        "contract": package.contract_id,
        "client_id": data.client_id or uuid4(),
        "physical_percent": percent,
        "author": author,
    }
    made = session.execute(
        text("""
            INSERT INTO app.progress_update (project_id, contract_id, client_id, day, physical_percent, weather,
                workers, obstacles, obstacle_cause, note, correction_note, position, accuracy_m, located_at, author,
                edited_by, written_at)
            VALUES (:project, :contract, :client_id, :day, :physical_percent, :weather, :workers, :obstacles,
                :obstacle_cause, :note, :correction_note,
                ST_SetSRID(ST_MakePoint(CAST(:lon AS float8), CAST(:lat AS float8)), 4326), :accuracy_m,
                :located_at, :author, :author, :written_at)
            ON CONFLICT (client_id) DO NOTHING RETURNING id
        """),
        values,
    ).scalar_one_or_none()
    update = get_update(session, values["client_id"])
    if made is None:  # the same update came at the same moment
        return _found_again(session, package, update, data, author, today), False
    _keep_items(session, update.id, quantities)
    if data.submit:
        update = submit_update(session, update.client_id, today=today)
    return update, True


def change_update(session: Session, client_id: UUID, data: UpdateChange, *, editor: str, today: dt.date) -> Update:
    """
    Correct an update that is not approved yet; fields that were not sent stay as they are.

    Raises
    ------
    VersionConflict
        When it has changed since the version that the correction was written on; nothing is changed then.
    WrongState
        When it is approved already.
    InvalidInput
        With a sentence for each field.
    """
    update, package = _locked(session, client_id)
    require_version(session, update, package, data.version)
    if not update.is_open:
        raise _wrong_state(session, update, package)
    sent = data.model_fields_set - {"version", "submit", "client_id"}
    day = data.day if "day" in sent and data.day is not None else update.day
    check_day(session, package, update.day, today=today)
    check_day(session, package, day, today=today)
    values = {
        **_kept_columns(update),
        **{name: value for name, value in _columns(data).items() if _is_sent(name, sent)},
    }
    values |= {"id": update.id, "day": day, "physical_percent": update.physical_percent, "editor": editor}
    if sent & {"physical_percent", "items"}:
        percent, quantities = _progress_of(session, update.contract_id, data, day, update)
        values["physical_percent"] = percent
        _keep_items(session, update.id, quantities)
    session.execute(
        text("""
            UPDATE app.progress_update SET day = :day, physical_percent = :physical_percent, weather = :weather,
                workers = :workers, obstacles = :obstacles, obstacle_cause = :obstacle_cause, note = :note,
                correction_note = :correction_note,
                position = ST_SetSRID(ST_MakePoint(CAST(:lon AS float8), CAST(:lat AS float8)), 4326),
                accuracy_m = :accuracy_m, located_at = :located_at, written_at = :written_at, edited_by = :editor,
                version = version + 1
            WHERE id = :id
        """),
        values,
    )
    changed = get_update(session, client_id)
    if changed.state == "submitted":
        check_figures(session, package, changed)
    elif data.submit:
        changed = submit_update(session, client_id, today=today)
    return changed


def submit_update(session: Session, client_id: UUID, *, today: dt.date, version: int | None = None) -> Update:
    """
    Hand a draft or a returned update to the reviewer; one that is handed in already stays so.

    Raises
    ------
    InvalidInput
        When a figure cannot be right, with a sentence beside it.
    WrongState
        When it is approved already.
    """
    update, package = _locked(session, client_id)
    if update.state == "submitted" and version is None:
        return update
    require_version(session, update, package, version)
    if update.state not in {"draft", "returned"}:
        raise _wrong_state(session, update, package)
    check_day(session, package, update.day, today=today)
    check_figures(session, package, update)
    submitted = _advance(session, update, "state = 'submitted', submitted_at = clock_timestamp()")
    _tell(session, "submitted", submitted)
    return submitted


def approve_update(
    session: Session, client_id: UUID, *, reviewer: str, today: dt.date, version: int | None = None
) -> Update:
    """
    Let a figure count: note the plan of its day, show it in the register, and look whether the contract is critical.

    The register and the map show the figure from the same transaction on. Words and photos are public only once the
    update is published.

    Parameters
    ----------
    reviewer
        E-mail address of the account that approves; never one whose words the update holds.
    version
        Of the text that the reviewer saw; None: whatever it is now.

    Raises
    ------
    Forbidden
        When the reviewer wrote or corrected it himself.
    InvalidInput
        When its month is closed, its day is taken, or it falls below an earlier figure without a note.
    """
    update, package = _locked(session, client_id)
    require_version(session, update, package, version)
    if update.state != "submitted":
        raise _wrong_state(session, update, package)
    if reviewer in _writers(session, update):
        raise Forbidden(
            "Laporan yang Anda tulis atau perbaiki sendiri harus disetujui orang lain.",
            "An update that you wrote or corrected yourself must be approved by somebody else.",
        )
    require_open(session, package.id, update.day, today=today, field="")
    check_figures(session, package, update)
    approved = _advance(
        session,
        update,
        "state = 'approved', planned_percent = app.planned_percent(project_id, day), reviewed_at = clock_timestamp(),"
        " reviewed_by = :reviewer, review_comment = NULL",
        reviewer=reviewer,
    )
    evaluate(session, package.id, today=today)
    _tell(session, "approved", approved)
    return approved


def _writers(session: Session, update: Update) -> set[str]:
    """Return everybody who ever wrote or corrected an update, also those whom another has corrected since."""
    earlier = session.scalars(
        text("SELECT DISTINCT edited_by FROM history.progress_update WHERE id = :id AND edited_by IS NOT NULL"),
        {"id": update.id},
    )
    return {update.author, update.edited_by or update.author, *earlier}


def return_update(
    session: Session, client_id: UUID, *, reviewer: str, comment: str, version: int | None = None
) -> Update:
    """Give an update back to its author with a comment; `WrongState` unless it waits for review."""
    update, package = _locked(session, client_id)
    require_version(session, update, package, version)
    if update.state != "submitted":
        raise _wrong_state(session, update, package)
    returned = _advance(
        session,
        update,
        "state = 'returned', reviewed_at = clock_timestamp(), reviewed_by = :reviewer, review_comment = :comment",
        reviewer=reviewer,
        comment=comment,
    )
    _tell(session, "returned", returned)
    return returned


def publish_update(session: Session, client_id: UUID, *, version: int | None = None) -> Update:
    """Let the public read the words of an approved update too; one that is published stays so."""
    update, package = _locked(session, client_id)
    if update.state == "published":
        return update
    require_version(session, update, package, version)
    if update.state != "approved":
        raise _wrong_state(session, update, package)
    published = _advance(session, update, "state = 'published', published_at = clock_timestamp()")
    _tell(session, "published", published)
    return published


def check_day(session: Session, package: Package, day: dt.date, *, today: dt.date) -> None:
    """
    Refuse a day that no progress can be reported of.

    Raises
    ------
    InvalidInput
        When the package is not at work, or the day is to come, before the contract began, or in a closed month.
    """
    language = current_language()
    if package.status not in WRITABLE_STATUSES:
        raise InvalidInput(
            {"": gettext("Kemajuan hanya dilaporkan selama kontrak berjalan; paket ini tidak sedang dikerjakan.")}
        )
    if day > today:
        raise InvalidInput({"day": gettext("Tanggal ini belum tiba. Laporkan keadaan sampai hari ini.")})
    if package.start_date is not None and day < package.start_date:
        raise InvalidInput(
            {
                "day": gettext(
                    "Pekerjaan baru dimulai %(start)s; tanggal ini mendahuluinya.",
                    start=format_day(package.start_date, language),
                )
            }
        )
    require_open(session, package.id, day, today=today)


def check_figures(session: Session, package: Package, update: Update) -> None:
    """
    Refuse figures that cannot be right beside those approved before.

    Raises
    ------
    InvalidInput
        When the day has an approved update, or the percentage falls without a correction note, or an obstacle lacks
        its cause.
    """
    errors: dict[str, str] = {}
    language = current_language()
    around = neighbours(session, package.id, update.contract_id, update.day, but=update.id)
    if around.same is not None:
        errors["day"] = gettext(
            "Untuk %(day)s sudah ada laporan yang disetujui (%(percent)s). Pakai tanggal lain; angka yang keliru"
            " dibetulkan dengan laporan baru dan catatan koreksi.",
            day=format_day(update.day, language),
            percent=format_percent(around.same.physical_percent, language, 2),
        )
    if not update.correction_note:
        if around.before is not None and update.physical_percent < around.before.physical_percent - FALL:
            errors["physical_percent"] = gettext(
                "Realisasi %(percent)s lebih rendah daripada %(other)s yang disetujui untuk %(day)s. Periksa angkanya,"
                " atau isi catatan koreksi.",
                percent=format_percent(update.physical_percent, language, 2),
                other=format_percent(around.before.physical_percent, language, 2),
                day=format_day(around.before.day, language),
            )
        elif around.after is not None and update.physical_percent > around.after.physical_percent + FALL:
            errors["physical_percent"] = gettext(
                "Realisasi %(percent)s lebih tinggi daripada %(other)s yang disetujui untuk %(day)s sesudahnya. Periksa"
                " angkanya, atau isi catatan koreksi.",
                percent=format_percent(update.physical_percent, language, 2),
                other=format_percent(around.after.physical_percent, language, 2),
                day=format_day(around.after.day, language),
            )
    if around.is_empty and not _has_approved(session, package):
        errors |= _beside_the_register(package, update)
    if update.obstacles and update.obstacle_cause == "none":
        errors["obstacle_cause"] = gettext(
            "Pilih dari siapa kendala ini; itu menentukan apakah keterlambatan dihitung."
        )
    if update.obstacle_cause != "none" and not update.obstacles:
        errors["obstacles"] = gettext("Ceritakan kendalanya, atau pilih bahwa tidak ada kendala.")
    if errors:
        raise InvalidInput(errors)


def _has_approved(session: Session, package: Package) -> bool:
    """Tell whether the register's figure comes from updates, as those of a contract that ended before this one."""
    statement = text("""
        SELECT EXISTS (SELECT FROM app.progress_update
            WHERE project_id = :project AND state IN ('approved', 'published'))
    """)
    return bool(session.scalar(statement, {"project": package.id}))


def _beside_the_register(package: Package, update: Update) -> dict[str, str]:
    """Return what is wrong beside a figure that the register had before any update, as one that was imported."""
    if package.progress_date is None or package.physical_percent is None:
        return {}
    said = {
        "percent": format_percent(package.physical_percent, current_language(), 2),
        "day": format_day(package.progress_date, current_language()),
    }
    if update.day < package.progress_date:
        return {
            "day": gettext("Register sudah mencatat %(percent)s per %(day)s. Laporkan keadaan sejak hari itu.", **said)
        }
    if update.physical_percent < package.physical_percent - FALL and not update.correction_note:
        return {
            "physical_percent": gettext(
                "Realisasi ini lebih rendah daripada %(percent)s yang tercatat per %(day)s. Periksa angkanya, atau isi"
                " catatan koreksi.",
                **said,
            )
        }
    return {}


def require_version(session: Session, update: Update, package: Package, version: int | None) -> None:
    """Refuse a change written on an older version, giving the newest; None: whatever the version is."""
    if version is not None and version != update.version:
        raise VersionConflict(current_json(session, update, package))


def current_json(session: Session, update: Update, package: Package) -> dict[str, Any]:
    """Return an update with its items, as programs read it."""
    items = contract_items(session, update.contract_id, update_id=update.id, day=update.day)
    return update_json(update, package.code, items_json(items))


def _locked(session: Session, client_id: UUID) -> tuple[Update, Package]:
    """Return an update and its package, locked until the transaction ends: the package always first."""
    package = get_package(session, get_update(session, client_id).project_id, lock=True)
    return get_update(session, client_id, lock=True), package


def _advance(session: Session, update: Update, assignments: str, **values: Any) -> Update:
    session.execute(
        text(f"UPDATE app.progress_update SET {assignments}, version = version + 1 WHERE id = :id"),
        {"id": update.id, **values},
    )
    return get_update(session, update.client_id)


def _found_again(
    session: Session, package: Package, earlier: Update, data: UpdateInput, author: str, today: dt.date
) -> Update:
    """Return the update that came before under this `client_id`, if it is this one."""
    if earlier.project_id != package.id or earlier.author != author:
        raise InvalidInput({"client_id": gettext("Kode laporan ini sudah dipakai laporan lain. Buat kode baru.")})
    if not _is_same(session, earlier, data):
        raise VersionConflict(current_json(session, earlier, package))
    if data.submit and earlier.state == "draft":
        return submit_update(session, earlier.client_id, today=today)
    return earlier


def _is_same(session: Session, earlier: Update, data: UpdateInput) -> bool:
    if earlier.day != data.day or any(getattr(earlier, name) != getattr(data, name) for name in TEXTS):
        return False
    if data.items:
        kept = {item.id: item.installed for item in contract_items(session, earlier.contract_id, update_id=earlier.id)}
        return all(kept.get(item.item_id) == item.installed for item in data.items)
    return data.physical_percent is not None and abs(data.physical_percent - earlier.physical_percent) < SAME_PERCENT


def _progress_of(
    session: Session, contract_id: int | None, data: UpdateInput, day: dt.date, update: Update | None = None
) -> tuple[float, dict[int, float]]:
    """Return the percentage of what was sent, and the quantity of each work item: none when it was given directly."""
    if not data.items:
        if data.physical_percent is None:
            raise InvalidInput(
                {"physical_percent": gettext("Isi realisasi fisik dalam persen, atau volume tiap butir pekerjaan.")}
            )
        return data.physical_percent, {}
    items = contract_items(session, contract_id, update_id=update.id if update else None, day=day)
    quantities = _quantities(items, {item.item_id: item.installed for item in data.items})
    percent = round(
        physical_percent(
            [item.weight_percent for item in items],
            [quantities[item.id] for item in items],
            [item.quantity for item in items],
        ),
        DECIMALS,
    )
    if data.physical_percent is not None and abs(data.physical_percent - percent) >= SAME_PERCENT:
        language = current_language()
        raise InvalidInput(
            {
                "physical_percent": gettext(
                    "%(written)s tidak sama dengan hasil butir pekerjaan, %(computed)s. Kosongkan salah satunya.",
                    written=format_percent(data.physical_percent, language, 2),
                    computed=format_percent(percent, language, 2),
                )
            }
        )
    return percent, quantities


def _quantities(items: list[Item], sent: Mapping[int, float]) -> dict[int, float]:
    """Return what is installed of every item: as sent, else as approved before, else nothing."""
    unknown = sent.keys() - {item.id for item in items}
    if unknown:
        raise InvalidInput(
            {"items": gettext("Ada butir pekerjaan yang bukan milik kontrak ini. Muat ulang daftarnya.")}
        )
    return {item.id: sent.get(item.id, item.before or 0.0) for item in items}


def _keep_items(session: Session, update_id: int, quantities: Mapping[int, float]) -> None:
    session.execute(text("DELETE FROM app.progress_item WHERE update_id = :id"), {"id": update_id})
    if quantities:
        session.execute(
            text("INSERT INTO app.progress_item (update_id, item_id, installed) VALUES (:update, :item, :installed)"),
            [{"update": update_id, "item": item, "installed": amount} for item, amount in quantities.items()],
        )


def _columns(data: UpdateInput) -> dict[str, Any]:
    """Return what was sent by the columns that keep it, without the percentage."""
    position = data.position
    return {
        "day": data.day,
        **{name: getattr(data, name) for name in TEXTS},
        "lon": position.lon if position else None,
        "lat": position.lat if position else None,
        "accuracy_m": position.accuracy_m if position else None,
        "located_at": position.at if position else None,
        "written_at": data.written_at,
    }


def _kept_columns(update: Update) -> dict[str, Any]:
    return {
        name: getattr(update, name) for name in ("day", *TEXTS, "lon", "lat", "accuracy_m", "located_at", "written_at")
    }


def _is_sent(column: str, sent: set[str]) -> bool:
    return ("position" if column in {"lon", "lat", "accuracy_m", "located_at"} else column) in sent


def _wrong_state(session: Session, update: Update, package: Package) -> WrongState:
    sentences = {
        "draft": ("Laporan ini masih draf; serahkan dahulu.", "This update is still a draft; hand it in first."),
        "submitted": ("Laporan ini menunggu pemeriksaan.", "This update waits for review."),
        "returned": (
            "Laporan ini sudah dikembalikan kepada penulisnya.",
            "This update has been returned to its author.",
        ),
        "approved": (
            "Laporan ini sudah disetujui. Angka yang keliru dibetulkan dengan laporan baru dan catatan koreksi.",
            "This update is approved. Correct a wrong figure with a new update and a correction note.",
        ),
        "published": (
            "Laporan ini sudah terbit. Angka yang keliru dibetulkan dengan laporan baru dan catatan koreksi.",
            "This update is published. Correct a wrong figure with a new update and a correction note.",
        ),
    }
    return WrongState(current_json(session, update, package), *sentences[update.state])


def _tell(session: Session, kind: str, update: Update) -> None:
    """Tell those concerned what became of an update."""
    tell(
        session,
        kind,
        update.project_id,
        {
            "update": str(update.client_id),
            "day": update.day.isoformat(),
            "physical_percent": round(update.physical_percent, 2),
            "author": update.author,
            "comment": update.review_comment,
        },
    )
