"""What pages and programs are shown of the alarm: flag and numbers, case, meetings, excuses, fine, letters."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict, dataclass
from typing import Any

from flask_babel import gettext
from sqlalchemy.orm import Session

from app.critical.decision import Decision, decide, rule_json, unverified
from app.critical.fines import Fine, counted_until, fine_of
from app.critical.flags import FinancialFlag, financial_flags
from app.critical.letters import LetterKind, available_letters
from app.critical.queries import (
    Case,
    Excuse,
    Meeting,
    Package,
    RuleBook,
    read_cases,
    read_excuses,
    read_meetings,
    read_package,
    read_standings,
)
from app.critical.service import roman
from app.errors import InvalidInput
from app.extensions import current_language
from gis.figures import Rule


@dataclass(frozen=True)
class Alarm:
    """All of the alarm of one package, on one day."""

    package: Package
    decision: Decision
    cases: list[Case]
    meetings: dict[int, list[Meeting]]
    excuses: list[Excuse]
    fine: Fine | None
    fine_missing: str | None
    rules: dict[str, Rule]
    today: dt.date

    @property
    def case(self) -> Case | None:
        """The open case."""
        return self.cases[0] if self.cases and self.cases[0].state != "closed" else None

    @property
    def shown_case(self) -> Case | None:
        """The open case, else the newest closed one: that letters are written of."""
        return self.cases[0] if self.cases else None

    @property
    def case_meetings(self) -> list[Meeting]:
        """Meetings of the open case."""
        return self.meetings[self.case.id] if self.case else []

    @property
    def most_stages(self) -> int:
        """Greatest stage of show cause meetings (rule SCM_TAHAP_MAKS)."""
        return int(self.rules["SCM_TAHAP_MAKS"].value)

    @property
    def pending(self) -> Meeting | None:
        """The meeting whose test still runs."""
        return next((one for one in self.case_meetings if one.outcome == "pending"), None)

    @property
    def next_stage(self) -> int | None:
        """Stage of the meeting to be held next; None when none may be."""
        if not self.case or self.case.state != "declared" or self.pending:
            return None
        stage = len(self.case_meetings) + 1
        return stage if stage <= self.most_stages else None

    @property
    def may_terminate(self) -> bool:
        """Whether the last test has failed, after which the PPK may terminate the contract."""
        meetings = self.case_meetings
        return bool(meetings) and meetings[-1].outcome == "failed" and len(meetings) >= self.most_stages

    @property
    def evidence(self) -> dict[str, Any]:
        """The numbers of the case that letters are written of, else those of today."""
        return self.shown_case.evidence if self.shown_case else self.decision.evidence

    @property
    def money_flags(self) -> tuple[FinancialFlag, ...]:
        """Where payment and works have drifted apart."""
        package = self.package
        value, advance = package.contract_value_idr, package.advance_percent
        return financial_flags(
            paid_idr=float(package.contract_paid_idr),
            contract_value_idr=None if value is None else float(value),
            physical_percent=package.physical_percent,
            advance_percent=None if advance is None else float(advance),
            rules=self.rules,
        )

    @property
    def letters(self) -> list[LetterKind]:
        """Letters that the record has the numbers for."""
        case = self.shown_case
        meetings = self.meetings[case.id] if case else []
        lag = self.decision.evidence["lag_points"]
        return available_letters(self.package, case, meetings, most=self.most_stages, is_behind=bool(lag and lag > 0))


def read_alarm(session: Session, package: Package, *, today: dt.date, as_of: dt.datetime | None = None) -> Alarm:
    """Return all of the alarm of one package, with few questions; `as_of`: as recorded at that moment, of that day."""
    book = RuleBook(session.connection())
    standing = read_standings(session, [package.id], as_of)[0]
    cases = read_cases(session, package.id, as_of)
    fine, missing = None, None
    try:
        fine = fine_of(package, book.on(counted_until(package, today))["DENDA_PERMIL"], today=today)
    except InvalidInput as error:
        missing = error.errors[""]
    return Alarm(
        package=package,
        decision=decide(standing, book.on(standing.day or today), today=today),
        cases=cases,
        meetings=read_meetings(session, [case.id for case in cases], as_of),
        excuses=read_excuses(session, package.id, as_of),
        fine=fine,
        fine_missing=missing,
        rules=book.on(today),
        today=today,
    )


def alarm_json(alarm: Alarm) -> dict[str, Any]:
    """Give the alarm for programs: today's indication, the open case, history, meetings, excuses, fine."""
    decision = alarm.decision
    return {
        "code": alarm.package.code,
        "indication": {
            "is_critical": decision.indication is not None,
            "is_settled": decision.is_settled,
            "is_excused": decision.is_excused,
            **decision.evidence,
            "verified": not unverified(decision.evidence["rules"]),
        },
        "state": alarm.case.state if alarm.case else "none",
        "case": _case_json(alarm.case) if alarm.case else None,
        "meetings": [_plain(asdict(one)) for one in alarm.case_meetings],
        "next_stage": alarm.next_stage,
        "most_stages": alarm.most_stages,
        "may_terminate": alarm.may_terminate,
        "history": [
            {**_case_json(case), "meetings": [_plain(asdict(one)) for one in alarm.meetings[case.id]]}
            for case in alarm.cases
            if case.state == "closed"
        ],
        "excuses": [_plain(asdict(one)) for one in alarm.excuses],
        "extra_time_until": alarm.package.extra_time_until.isoformat() if alarm.package.extra_time_until else None,
        "extra_time_rule": rule_json(alarm.rules["KESEMPATAN_HARI"]),
        "fines": alarm.fine.to_json() if alarm.fine else None,
        "money_flags": [
            {**{name: value for name, value in asdict(flag).items() if name != "rule"}, "rule": rule_json(flag.rule)}
            for flag in alarm.money_flags
        ],
        "letters": [kind.slug for kind in alarm.letters],
    }


def _case_json(case: Case) -> dict[str, Any]:
    return _plain(asdict(case))


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    return {key: value.isoformat() if isinstance(value, dt.date) else value for key, value in values.items()}


def critical_box(session: Session, package_code: str, *, today: dt.date) -> dict[str, Any]:
    """Return what `critical_box(values)` of macros/critical.html shows on a package's page."""
    return alarm_values(read_alarm(session, read_package(session, package_code), today=today))


def alarm_values(alarm: Alarm) -> dict[str, Any]:
    """Return what templates show: the alarm, its sentences in the visitor's language, the words for codes."""
    return {
        "alarm": alarm,
        "package": alarm.package,
        "evidence": alarm.case.evidence if alarm.case else alarm.decision.evidence,
        "is_flagged": alarm.case is not None or alarm.decision.is_flagged,
        "roman": roman,
        "unverified": unverified,
        "iso_day": lambda day: dt.date.fromisoformat(day) if day else None,
        "language": current_language(),
        "closed_words": {
            "recovered": gettext("Kemajuan mengejar rencana"),
            "test_passed": gettext("Uji coba berhasil"),
            "excused": gettext("Bukan kesalahan penyedia"),
            "terminated": gettext("Kontrak diputus"),
            "finished": gettext("Pekerjaan selesai"),
        },
        "cause_words": {
            "employer": gettext("Disebabkan pemberi kerja"),
            "force_majeure": gettext("Keadaan kahar"),
        },
        "clause_words": {
            "a": gettext("Periode I: keterlambatan melebihi batas"),
            "b": gettext("Periode II: keterlambatan melebihi batas"),
            "c": gettext("Periode II: terlambat dan akan melampaui tahun anggaran"),
        },
        "outcome_words": {
            "pending": gettext("menunggu hasil"),
            "passed": gettext("berhasil"),
            "failed": gettext("gagal"),
        },
    }


def letter_label(kind: LetterKind) -> str:
    """Return what a letter is called in the visitor's language."""
    stage = roman(kind.stage or 0)
    labels = {
        "reprimand": gettext("Surat teguran"),
        "declaration": gettext("Penetapan kontrak kritis"),
        "invitation": gettext("Undangan SCM %(stage)s", stage=stage),
        "minutes": gettext("Berita acara SCM %(stage)s", stage=stage),
        "inspection": gettext("Berita acara pemeriksaan lapangan, uji coba %(stage)s", stage=stage),
        "warning": gettext("Surat peringatan kontrak kritis %(stage)s", stage=stage),
        "extra-time": gettext("Pemberian kesempatan"),
    }
    return str(labels[kind.name])
