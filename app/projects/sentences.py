"""What a visitor reads about a project in words: where it is, how far it is, whether it is in time."""

from __future__ import annotations

from flask_babel import gettext

from app.extensions import current_language
from app.formats import format_day, format_percent
from app.projects.queries import GIVEN_UP, NOT_BEGUN, ProjectRow
from layers.catalogue import built_in_catalogue


def code_label(field: str, code: str) -> str:
    """Return what a code of a project's field is called in the visitor's language; an unknown code as it is."""
    labels = {one.code: one.label for one in built_in_catalogue().code_list("projects", field)}
    return labels[code].in_language(current_language()) if code in labels else code


def how_far(row: ProjectRow) -> str:
    """Return the answer to "how far is it?", with the day that it speaks of."""
    language = current_language()
    done, plan = format_percent(row.physical_percent, language), format_percent(row.planned_percent, language)
    day = format_day(row.progress_date, language)
    sentence: str
    if row.status in GIVEN_UP:
        sentence = gettext("Pekerjaan ini tidak dilaksanakan.")
    elif row.status in NOT_BEGUN and not row.physical_percent:
        sentence = gettext("Belum dimulai.")
    elif row.physical_percent is None:
        sentence = gettext("Kemajuannya belum dicatat.")
    elif row.planned_percent is None and row.progress_date is None:
        sentence = gettext("Terlaksana %(done)s.", done=done)
    elif row.planned_percent is None:
        sentence = gettext("Terlaksana %(done)s per %(day)s.", done=done, day=day)
    elif row.progress_date is None:
        sentence = gettext("Terlaksana %(done)s dari rencana %(plan)s.", done=done, plan=plan)
    else:
        sentence = gettext("Terlaksana %(done)s dari rencana %(plan)s per %(day)s.", done=done, plan=plan, day=day)
    return sentence


def planned_and_done(row: ProjectRow) -> str | None:
    """Return the S-curve in one plain sentence, in whole percent; None where plan or progress is not known."""
    if row.planned_percent is None or row.physical_percent is None:
        return None
    language = current_language()
    values = {
        "plan": format_percent(row.planned_percent, language, 0),
        "done": format_percent(row.physical_percent, language, 0),
    }
    if row.progress_date is None:
        return str(gettext("Direncanakan %(plan)s, terlaksana %(done)s.", **values))
    day = format_day(row.progress_date, language)
    return str(gettext("Sampai %(day)s direncanakan %(plan)s, terlaksana %(done)s.", day=day, **values))


def whether_in_time(row: ProjectRow) -> str | None:
    """Return in one sentence whether the works are in time or why nothing moves; None where there is nothing to say."""
    if row.deviation_points is None:
        pace = None
    else:
        pace = gettext("Lebih cepat dari rencana.") if row.deviation_points > 0 else gettext("Sesuai rencana.")
    reasons: dict[str, str] = {
        "stopped": gettext("Dihentikan sementara."),
        "terminated": gettext("Kontraknya diputus."),
        "cancelled": gettext("Dibatalkan."),
        "failed_tender": gettext("Pemilihan penyedianya gagal."),
        "handed_over": gettext("Sudah diserahterimakan; kini masa pemeliharaan."),
        "maintenance": gettext("Sudah diserahterimakan; kini masa pemeliharaan."),
        "finished": gettext("Selesai."),
    }
    late: str = gettext("Terlambat, dalam penanganan.")
    return late if row.delay == "late_in_handling" else reasons.get(row.status, pace)


def duration_days(row: ProjectRow) -> int | None:
    """Return the execution period in calendar days, first and last day counted; None when a day is unknown."""
    return None if row.start_date is None or row.end_date is None else (row.end_date - row.start_date).days + 1
