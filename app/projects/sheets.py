"""What stands on the printed board of a project, and on the picture that goes along when it is shared."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask_babel import gettext

from app.errors import NotFound
from app.extensions import current_language
from app.formats import format_day, format_idr_short, format_percent
from app.projects.board import recorded_day
from app.projects.record import ProjectRecord
from app.projects.sentences import code_label, how_far, whether_in_time
from app.projects.sharing import qr_svg, short_url
from app.projects.sheet import Kind, Sheet
from app.region import current_region
from app.storage import Storage
from layers.catalogue import built_in_catalogue

# Lines of the papan proyek as the rules of boards name them, in the order of a board.
BOARD_LINES = (
    "programme", "code", "volume", "contract", "value", "fund_source", "year", "ceiling", "contractor", "supervisor",
    "period", "days", "paid",
)  # fmt: skip
NAME_SIZES = ((36, 48), (64, 40), (110, 30), (180, 23), (10_000, 16))  # letters up to, points
SHARE_SIZES = ((30, 44), (60, 36), (100, 30), (160, 25))
LONGEST_SHARE_NAME = 180
FACT_SIZES = ((350, 19), (520, 17), (800, 14), (10_000, 11))
LONGEST_FACT = 220


def sheet_of(
    kind: Kind,
    record: ProjectRecord,
    storage: Storage,
    *,
    draw_map: Callable[[], str] | None,
    map_state: str,
    map_note: str,
) -> Sheet:
    """Return the sheet of a project; without `draw_map` it has no map."""
    row, region, language = record.row, current_region(), current_language()
    office = record.board.office
    emblem = _emblem(storage, office.emblem_hash)
    files: dict[str, bytes] = {}
    if emblem:
        files["emblem.png"] = emblem
    data: dict[str, Any] = {
        "language": language,
        "title": f"{row.name} · {row.code}",
        "emblem": "emblem.png" if emblem else "mark.svg",
        "government": office.government or gettext("Pemerintah %(region)s", region=region.full_name),
        "office": office.agency or office.office,
        "agency": office.agency or office.office or office.government or region.full_name,
        "name": row.name,
        "place": record.place or region.full_name,
        "stage": row.stage,
        "stage_label": code_label("stage", row.stage),
        "stage_colour": _stage_colour(row.stage),
        "how_far": how_far(row),
        "in_time": whether_in_time(row),
        "planned": row.planned_percent,
        "physical": row.physical_percent,
        "demo": row.demo,
        "words": {
            "board": gettext("Papan proyek"),
            "demo": gettext("Data contoh, bukan keadaan sebenarnya."),
            "emblem": gettext("Lambang daerah"),
            "map": gettext("Peta letak pekerjaan"),
            "qr": gettext("Kode QR ke halaman pekerjaan ini"),
            "scan": gettext("Pindai untuk kemajuan terbaru"),
        },
    }
    data = {key: value if value is None or key == "words" else _plain(value) for key, value in data.items()}
    if kind == "board":
        files["qr.svg"] = qr_svg(short_url(row.id))
        data |= _board_data(record, language, map_note)
    else:
        data |= _share_data(record, language)
    return Sheet(
        kind,
        data,
        record.board.recorded_at,
        files,
        draw_map=lambda: draw_map().encode() if draw_map else None,
        map_state=map_state,
    )


def _board_data(record: ProjectRecord, language: str, map_note: str) -> dict[str, Any]:
    row = record.row
    facts = {one.key: one for one in record.facts(with_curve=False)}
    shown = [(facts[key].label, facts[key].value[:LONGEST_FACT]) for key in BOARD_LINES if key in facts]
    return {
        "name_size": _size(row.name, NAME_SIZES),
        "facts": shown,
        "fact_size": _size("".join(value for _label, value in shown), FACT_SIZES),
        "qr": "qr.svg",
        "short_url": short_url(row.id).partition("://")[2],
        "map_note": map_note,
        "foot": gettext(
            "Menurut catatan %(day)s. %(region)s · PetaKarya",
            day=format_day(record.today if record.criteria.as_of else recorded_day(record.board), language),
            region=current_region().full_name,
        ),
    }


def _share_data(record: ProjectRecord, language: str) -> dict[str, Any]:
    row = record.row
    name = row.name if len(row.name) <= LONGEST_SHARE_NAME else f"{row.name[: LONGEST_SHARE_NAME - 1]}…"
    note = None
    if row.planned_percent is not None:
        note = gettext("dari rencana %(plan)s", plan=format_percent(row.planned_percent, language))
    parts = [
        format_idr_short(row.contract_value_idr, language) if row.contract_value_idr else None,
        row.contractor,
        str(row.year),
    ]
    return {
        "name": _plain(name),
        "name_size": _size(name, SHARE_SIZES),
        "percent": None if row.physical_percent is None else format_percent(row.physical_percent, language),
        "percent_note": note or "",
        "value": _plain(" · ".join(part for part in parts if part)),
    }


def _size(text: str, sizes: tuple[tuple[int, int], ...]) -> int:
    """Return the size in which a text stands without crowding out the rest."""
    return next((points for letters, points in sizes if len(text) <= letters), sizes[-1][1])


def _plain(value: Any) -> Any:
    """Return a text without characters that no typeface has; other values as they are."""
    return "".join(one if one.isprintable() else " " for one in value) if isinstance(value, str) else value


def _stage_colour(stage: str) -> str:
    codes = built_in_catalogue().code_list("projects", "stage")
    return next((one.colour for one in codes if one.code == stage and one.colour), "#1c2521")


def _emblem(storage: Storage, emblem_hash: str | None) -> bytes | None:
    """Return the emblem's file; None where none is set or its file is lost."""
    if emblem_hash is None:
        return None
    try:
        return storage.read(emblem_hash)
    except NotFound:
        return None
