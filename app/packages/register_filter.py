"""What the staff register may be narrowed by: read from an address, and written back into one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import TypeAdapter, ValidationError
from werkzeug.datastructures import MultiDict

from app.errors import InvalidRequest
from app.forms import Rupiah
from app.projects.filters import DISTRICT_CODE, codes_of, read_area_codes, read_codes, read_year, values_of
from app.search.words import read_words
from layers.errors import InvalidFilter
from layers.history import read_as_of

CRITICAL_STATES = ("indicated", "declared")
SELECTION_METHODS = ("tender", "direct_procurement", "direct_appointment", "e_purchasing", "self_managed")
YES, NO = "yes", "no"
GREATEST_ID = 2**63 - 1
LONGEST_SOURCE = 60

_RUPIAH = TypeAdapter(Rupiah)


@dataclass(frozen=True)
class RegisterFilter:
    """Which packages are wanted; empty means all. Of one criterion any value will do; all criteria must hold."""

    q: str = ""
    status: tuple[str, ...] = ()
    stage: tuple[str, ...] = ()
    sector: tuple[str, ...] = ()
    late: bool = False
    critical: tuple[str, ...] = ()
    stale: bool = False
    located: str = ""  # yes, no; empty: both
    unit: tuple[int, ...] = ()  # ids, each with those below it
    programme: tuple[int, ...] = ()
    source: tuple[str, ...] = ()
    year: tuple[int, ...] = ()
    district: tuple[str, ...] = ()
    company: tuple[int, ...] = ()
    ppk: tuple[int, ...] = ()
    method: tuple[str, ...] = ()
    amount_from: Decimal | None = None  # rupiah, of the contract, or of the ceiling while there is none
    amount_to: Decimal | None = None
    as_of: dt.datetime | None = None
    compare: dt.datetime | None = None  # the earlier moment of the two
    as_of_text: str = ""
    compare_text: str = ""

    @classmethod
    def from_args(cls, args: MultiDict[str, str], *, time_zone: str) -> RegisterFilter:
        """
        Read the criteria of an address; other parameters are left alone.

        Parameters
        ----------
        time_zone
            IANA name of the region's; a date in `as_of` or `compare` means the end of that day there.

        Raises
        ------
        InvalidRequest, InvalidFilter
            When a value is not one that packages can have; the sentence names the parameter.
        """
        as_of, compare = args.get("as_of", "").strip(), args.get("compare", "").strip()
        return cls(
            q=args.get("q", "").strip(),
            status=read_codes(args, "status", codes_of("status")),
            stage=read_codes(args, "stage", codes_of("stage")),
            sector=read_codes(args, "sector", codes_of("sector")),
            late=_read_one(args, "late", (YES,)) == YES,
            critical=read_codes(args, "critical", CRITICAL_STATES),
            stale=_read_one(args, "stale", (YES,)) == YES,
            located=_read_one(args, "located", (YES, NO)),
            unit=_read_ids(args, "unit"),
            programme=_read_ids(args, "programme"),
            source=tuple(_read_source(value) for value in values_of(args, "source")),
            year=tuple(read_year(value) for value in values_of(args, "year")),
            district=read_area_codes(args, "district", DISTRICT_CODE, "16.05.09"),
            company=_read_ids(args, "company"),
            ppk=_read_ids(args, "ppk"),
            method=read_codes(args, "method", SELECTION_METHODS),
            amount_from=_read_amount(args, "amount_from"),
            amount_to=_read_amount(args, "amount_to"),
            as_of=read_as_of(as_of, time_zone) if as_of else None,
            compare=_named("compare", lambda: read_as_of(compare, time_zone)) if compare else None,
            as_of_text=as_of,
            compare_text=compare,
        ).checked()

    def checked(self) -> RegisterFilter:
        """Return the filter itself; `InvalidRequest` when its parts contradict each other."""
        read_words(self.q)
        if self.amount_from is not None and self.amount_to is not None and self.amount_from > self.amount_to:
            raise InvalidRequest(
                "Nilai paling kecil (amount_from) lebih besar daripada nilai paling besar (amount_to).",
                "The least amount (amount_from) is above the greatest (amount_to).",
            )
        if self.compare is not None and self.compare >= (self.as_of or dt.datetime.now(dt.UTC)):
            raise InvalidRequest(
                "Tanggal pembanding (compare) harus sebelum tanggal keadaan yang ditampilkan.",
                "The date to compare with (compare) must lie before the date that is shown.",
            )
        return self

    def to_args(self) -> dict[str, Any]:
        """Return the criteria as parameters of an address; empty ones are left out."""
        args: dict[str, Any] = {}
        for field in fields(self):
            value = getattr(self, field.name)
            if field.name in {"as_of", "compare"} or value in ((), "", None, False):
                continue
            name = field.name.removesuffix("_text")
            if isinstance(value, tuple):
                args[name] = list(value)
            elif isinstance(value, Decimal):
                args[name] = f"{value.normalize():f}"
            else:
                args[name] = YES if value is True else value
        return args

    def without(self, *criteria: str) -> RegisterFilter:
        """Return the filter without some of its criteria; a date goes with its text."""
        names = {*criteria, *(f"{name}_text" for name in criteria if name in {"as_of", "compare"})}
        return replace(self, **{name: getattr(NOTHING_ASKED, name) for name in names})

    def day(self, time_zone: str) -> dt.date:
        """Return the day that it is, where the region is, at the moment shown."""
        return (self.as_of or dt.datetime.now(dt.UTC)).astimezone(ZoneInfo(time_zone)).date()

    @property
    def cleared(self) -> RegisterFilter:
        """The filter with nothing left but the dates."""
        dates = {name: getattr(self, name) for name in ("as_of", "as_of_text", "compare", "compare_text")}
        return replace(NOTHING_ASKED, **dates)

    @property
    def is_empty(self) -> bool:
        """Whether it lets every package through."""
        return self.without("as_of", "compare") == NOTHING_ASKED


NOTHING_ASKED = RegisterFilter()
FILTER_PARAMETERS = tuple(field.name for field in fields(RegisterFilter) if not field.name.endswith("_text"))


def _read_one(args: MultiDict[str, str], parameter: str, known: tuple[str, ...]) -> str:
    """Return the only value of a parameter, or nothing; `1` means yes, as people write it."""
    value = args.get(parameter, "").strip()
    value = YES if value == "1" and YES in known else value
    if value and value not in known:
        raise InvalidRequest(
            f"{parameter}={value[:40]} tidak dikenal. Pilih dari: {', '.join(known)}.",
            f"{parameter}={value[:40]} is unknown. Choose from: {', '.join(known)}.",
        )
    return value


def _read_ids(args: MultiDict[str, str], parameter: str) -> tuple[int, ...]:
    values = values_of(args, parameter)
    for value in values:
        if not (value.isascii() and value.isdigit() and len(value) < 20 and int(value) <= GREATEST_ID):
            raise InvalidRequest(
                f"{parameter}={value[:40]} bukan nomor. Pilih dari daftar di halaman register.",
                f"{parameter}={value[:40]} is not a number. Choose from the list on the register's page.",
            )
    return tuple(int(value) for value in values)


def _read_source(value: str) -> str:
    if len(value) > LONGEST_SOURCE or not value.isprintable():
        raise InvalidRequest(
            f"source={value[:40]} bukan sumber dana. Tulis seperti DAU.",
            f"source={value[:40]} is not a fund source. Write it like DAU.",
        )
    return value


def _read_amount(args: MultiDict[str, str], parameter: str) -> Decimal | None:
    written = args.get(parameter, "").strip()
    if not written:
        return None
    try:
        return _RUPIAH.validate_python(written)
    except ValidationError:
        raise InvalidRequest(
            f"{parameter}={written[:40]} bukan jumlah rupiah. Tulis seperti 1.250.000.000.",
            f"{parameter}={written[:40]} is not an amount of rupiah. Write it like 1250000000.",
        ) from None


def _named(parameter: str, read: Callable[[], dt.datetime]) -> dt.datetime:
    """Read a moment, and let the sentence of what is wrong name its own parameter."""
    try:
        return read()
    except InvalidFilter as error:
        sentences = (error.message_id, error.message_en)
        raise InvalidRequest(*(sentence.replace("as_of=", f"{parameter}=", 1) for sentence in sentences)) from None
