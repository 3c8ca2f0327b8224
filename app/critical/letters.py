"""Warning letters and minutes as drafts in PDF, filled in from the record; what is not recorded stays a dotted line."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from babel.dates import format_date

from app.critical.fines import Fine
from app.critical.queries import Case, Meeting, Package
from app.critical.service import roman
from app.errors import NotFound
from app.formats import format_day, format_idr, format_number
from app.progress.queries_updates import Item

TEMPLATES = Path(__file__).parent / "letters"
BLANK = "……………………"
KIND = re.compile(
    r"(?P<name>reprimand|declaration|extra-time|invitation|minutes|inspection|warning)(?:-(?P<stage>[1-9]))?"
)
STAGED = frozenset({"invitation", "minutes", "inspection", "warning"})
LANGUAGE = "id"  # letters of the government are in Indonesian, whoever reads the page
TITLES = {
    "reprimand": "Surat Teguran Keterlambatan Pelaksanaan Pekerjaan",
    "declaration": "Penetapan Kontrak Kritis",
    "invitation": "Undangan Rapat Pembuktian (Show Cause Meeting) Tahap {stage}",
    "minutes": "Berita Acara Rapat Pembuktian (Show Cause Meeting) Tahap {stage}",
    "inspection": "Berita Acara Pemeriksaan Lapangan, Uji Coba Tahap {stage}",
    "warning": "Surat Peringatan Kontrak Kritis {stage}",
    "extra-time": "Pemberian Kesempatan Menyelesaikan Pekerjaan",
}
ONES = ("nol", "satu", "dua", "tiga", "empat", "lima", "enam", "tujuh", "delapan", "sembilan", "sepuluh", "sebelas")
SCALES = ((10**12, "triliun"), (10**9, "miliar"), (10**6, "juta"), (1000, "ribu"), (100, "ratus"))


@dataclass(frozen=True)
class LetterKind:
    """Which letter: its name, and the stage of the meeting it belongs to, if any."""

    name: str
    stage: int | None

    @property
    def slug(self) -> str:
        """The kind as addresses write it: `warning-2`."""
        return self.name if self.stage is None else f"{self.name}-{self.stage}"

    @property
    def title(self) -> str:
        """What stands at the head of the letter."""
        return TITLES[self.name].format(stage=roman(self.stage or 0))


def letter_kind(written: str) -> LetterKind:
    """
    Read a kind of letter from an address: `reprimand`, `minutes-1`, `warning-3`.

    Raises
    ------
    NotFound
        When there is no such letter.
    """
    found = KIND.fullmatch(written)
    if not found or (found["stage"] is not None) != (found["name"] in STAGED):
        raise NotFound(f"Surat {written} tidak ada.", f"There is no letter {written}.")
    return LetterKind(found["name"], int(found["stage"]) if found["stage"] else None)


def available_letters(
    package: Package, case: Case | None, meetings: list[Meeting], *, most: int, is_behind: bool
) -> list[LetterKind]:
    """
    Return the letters that the record has the numbers for, in the order they are written.

    Parameters
    ----------
    case, meetings
        The open case, or the newest closed one, with its meetings.
    most
        Greatest stage: rule SCM_TAHAP_MAKS.
    is_behind
        Whether the newest approved progress lies behind its plan, which alone allows a reprimand.
    """
    kinds = [LetterKind("reprimand", None)] if case or is_behind else []
    if case:
        kinds.append(LetterKind("declaration", None))
    if case and case.declared_on:
        for stage in range(1, min(len(meetings) + 1, most) + 1):
            meeting = meetings[stage - 1] if stage <= len(meetings) else None
            before = meetings[stage - 2] if stage > 1 else None
            if meeting is None and (case.state == "closed" or (before and before.outcome != "failed")):
                break
            kinds.append(LetterKind("invitation", stage))
            if meeting:
                kinds.append(LetterKind("minutes", stage))
                kinds.append(LetterKind("inspection", stage))
            if meeting and meeting.outcome == "failed":
                kinds.append(LetterKind("warning", stage))
    if package.extra_time_until:
        kinds.append(LetterKind("extra-time", None))
    return kinds


def letter_data(
    kind: LetterKind,
    package: Package,
    *,
    region_name: str,
    evidence: dict[str, Any],
    case: Case | None,
    meetings: list[Meeting],
    fine: Fine | None,
    most: int,
    today: dt.date,
    items: Sequence[Item] = (),
) -> dict[str, Any]:
    """
    Return what a letter is filled with: every number and date as it is printed, in Indonesian.

    Parameters
    ----------
    region_name
        In full: `Kabupaten Musi Rawas`.
    evidence
        The numbers that decided, as the case keeps them, or those of today when there is no case.
    fine
        Of one day, for the sentence that warns of it.
    items
        The bill of quantities with what approved updates say is installed (`before`), for the inspection.
    """
    meeting = next((one for one in meetings if one.stage == kind.stage), None)
    before = next((one for one in meetings if kind.stage and one.stage == kind.stage - 1), None)
    number, dated = _number(kind, case, meeting)
    return {
        "title": kind.title,
        "header": {
            "government": f"Pemerintah {region_name}".upper(),
            "agency": (package.agency_name or package.unit_name or BLANK).upper(),
            "unit": package.unit_name if package.agency_name else None,
        },
        "number": number or BLANK,
        "date": _day(dated),
        "drafted": format_day(today, LANGUAGE),
        "package": {
            "name": package.name,
            "code": package.code,
            "year": str(package.year),
            "fund_source": (package.fund_source or BLANK).replace("_", " "),
        },
        "contract": _contract(package),
        "company": package.company_name or BLANK,
        "address": package.company_address or "Tempat",
        "supervisor": package.supervisor_name or BLANK,
        "figures": _figures(evidence),
        "case": {
            "letter_number": (case.letter_number if case else None) or BLANK,
            "letter_date": _day(case.letter_date if case else None),
            "declared_on": _day(case.declared_on if case else None),
        },
        "stage": roman(kind.stage) if kind.stage else None,
        "next_stage": roman(kind.stage + 1) if kind.stage else None,
        "is_last": kind.stage is not None and kind.stage >= most,
        "meeting": _meeting(meeting),
        "before": _meeting(before),
        "fine": _fine(fine),
        "extra_time": _extra_time(package),
        "items": [_item(item) for item in items],
    }


def render_letter(kind: LetterKind, data: dict[str, Any]) -> bytes:
    """Return a letter as tagged PDF (PDF/UA-1); the data reach the template as JSON, never as part of its text."""
    import typst

    pdf: bytes = typst.compile(
        str(TEMPLATES / f"{kind.name}.typ"),
        root=str(TEMPLATES),
        sys_inputs={"data": json.dumps(data, ensure_ascii=False)},
        ignore_system_fonts=True,  # so that every machine draws the same: Typst's own fonts
        pdf_standards=["ua-1"],
    )
    return pdf


def _number(kind: LetterKind, case: Case | None, meeting: Meeting | None) -> tuple[str | None, dt.date | None]:
    """Return number and date of a letter where the record has them already."""
    if kind.name == "declaration" and case:
        return case.letter_number, case.letter_date
    if meeting is None:
        return None, None
    if kind.name == "warning":
        return meeting.warning_number, meeting.warning_date
    return (meeting.minutes_number, meeting.held_on) if kind.name == "minutes" else (meeting.invitation_number, None)


def _contract(package: Package) -> dict[str, str]:
    value = package.contract_value_idr
    days = (package.end_date - package.start_date).days + 1 if package.start_date and package.end_date else None
    return {
        "number": package.contract_number or BLANK,
        "signed_on": _day(package.signed_on),
        "value": BLANK if value is None else format_idr(value, LANGUAGE),
        "value_words": BLANK if value is None else idr_in_words(value),
        "start_order": package.start_order_number or BLANK,
        "start_date": _day(package.start_date),
        "end_date": _day(package.end_date),
        "days": BLANK if days is None else str(days),
    }


def _figures(evidence: dict[str, Any]) -> dict[str, Any]:
    rule = evidence.get("rule") or {}
    finish = evidence.get("finish")
    return {
        "day": _iso_day(evidence.get("day")),
        "planned": _percent(evidence.get("planned_percent")),
        "physical": _percent(evidence.get("physical_percent")),
        "lag": _points(evidence.get("lag_points")),
        "clause": evidence.get("clause"),
        "sentence": (evidence.get("sentence") or {}).get("id"),
        "legal_basis": rule.get("legal_basis"),
        "unverified": str(rule.get("status", "")).startswith("R"),
        "finish": _iso_day(finish) if finish else None,
        "overruns_year": bool(evidence.get("overruns_year")),
        "year": str(evidence.get("year", "")),
    }


def _meeting(meeting: Meeting | None) -> dict[str, Any]:
    """Return a meeting's numbers; dotted lines where it has not been held."""
    return {
        "held_on": _day(meeting.held_on if meeting else None),
        "held_on_weekday": _weekday(meeting.held_on if meeting else None),
        "target": _percent(meeting.target_percent if meeting else None),
        "due_on": _day(meeting.due_on if meeting else None),
        "reached": _percent(meeting.reached_percent if meeting else None),
        "outcome_on": _day(meeting.outcome_on if meeting else None),
        "outcome_on_weekday": _weekday(meeting.outcome_on if meeting else None),
        "outcome": meeting.outcome if meeting else "pending",
        "days": str((meeting.due_on - meeting.held_on).days) if meeting else BLANK,
        "minutes_number": (meeting.minutes_number if meeting else None) or BLANK,
        "invitation_number": (meeting.invitation_number if meeting else None) or BLANK,
        "note": meeting.note if meeting else None,
    }


def _item(item: Item) -> dict[str, str]:
    """Return a work item as the inspection lists it."""
    return {
        "name": item.name,
        "unit": item.unit,
        "quantity": format_number(item.quantity, LANGUAGE, 2),
        "installed": "–" if item.before is None else format_number(item.before, LANGUAGE, 2),
        "weight": _percent(item.weight_percent),
    }


def _fine(fine: Fine | None) -> dict[str, str] | None:
    if fine is None:
        return None
    return {
        "share": f"{format_number(fine.rule.value, LANGUAGE)}/1000",
        "base": format_idr(fine.base_idr, LANGUAGE),
        "base_name": "nilai kontrak" if fine.base_kind == "contract" else "nilai bagian kontrak yang terlambat",
        "per_day": format_idr(fine.per_day_idr, LANGUAGE),
        "per_day_words": idr_in_words(fine.per_day_idr),
        "legal_basis": fine.rule.legal_basis,
    }


def _extra_time(package: Package) -> dict[str, str] | None:
    until, end = package.extra_time_until, package.end_date
    if until is None or end is None:
        return None
    return {
        "from": format_day(end + dt.timedelta(days=1), LANGUAGE),
        "until": _day(until),
        "days": str((until - end).days),
    }


def idr_in_words(amount: Decimal | int) -> str:
    """Return rupiah in words, as letters repeat an amount: `sepuluh juta rupiah`."""
    whole, cents = divmod(int(round(Decimal(amount), 2) * 100), 100)
    words = f"{number_in_words(whole)} rupiah"
    return f"{words} {number_in_words(cents)} sen" if cents else words


def number_in_words(number: int) -> str:
    """Return a whole number from 0 to below 10¹⁵ in Indonesian words."""
    if number < len(ONES):
        return ONES[number]
    if number < 20:
        return f"{ONES[number - 10]} belas"
    if number < 100:
        tens, rest = divmod(number, 10)
        return _joined(f"{ONES[tens]} puluh", rest)
    size, word = next(scale for scale in SCALES if number >= scale[0])
    count, rest = divmod(number, size)
    head = f"se{word}" if count == 1 and word in {"ribu", "ratus"} else f"{number_in_words(count)} {word}"
    return _joined(head, rest)


def _joined(head: str, rest: int) -> str:
    return f"{head} {number_in_words(rest)}" if rest else head


def _percent(value: float | None) -> str:
    """Return a percentage with two decimals, as the contract's thresholds are compared."""
    return BLANK if value is None else f"{format_number(value, LANGUAGE, 2)}%"


def _points(value: float | None) -> str:
    return BLANK if value is None else format_number(value, LANGUAGE, 2)


def _day(day: dt.date | None) -> str:
    return BLANK if day is None else format_day(day, LANGUAGE)


def _weekday(day: dt.date | None) -> str:
    """Return a day with its name: `Selasa, 19 Agustus 2025`."""
    return BLANK if day is None else f"{format_date(day, 'EEEE', locale=LANGUAGE)}, {format_day(day, LANGUAGE)}"


def _iso_day(day: str | None) -> str:
    return _day(dt.date.fromisoformat(day) if day else None)
