"""What can be sent of a package: its fields, money, contract, addenda, state, documents, payments, lists."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any, Literal, Self

from flask_babel import gettext
from pydantic import AfterValidator, BeforeValidator, Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from app.forms import Count, Day, Input, Line, Number, Paragraph, Percent, Rupiah, read_number
from layers.catalogue import built_in_catalogue

Identifier = Annotated[int, BeforeValidator(read_number), Field(ge=1, le=2**63 - 1)]
Short = Annotated[Line, Field(max_length=60)]
Year = Annotated[int, Field(ge=1945, le=2199)]
Version = Annotated[int, Field(ge=1, le=2**31 - 1)]
SelectionMethod = Literal["tender", "direct_procurement", "direct_appointment", "e_purchasing", "self_managed"]
ProcurementKind = Literal["works", "goods", "consultancy", "other_services"]
CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")  # it is part of addresses
Status = Literal[
    "planned", "announced", "tender", "contract", "construction", "handed_over", "maintenance", "finished",
    "stopped", "terminated", "cancelled", "failed_tender",
]  # fmt: skip


def wrong(sentence: str) -> PydanticCustomError:
    """Return what a validator of ours raises: a sentence in the visitor's language."""
    return PydanticCustomError("sentence", "{text}", {"text": sentence})


def _of_list(name: str, value: str) -> str:
    if value not in {one.code for one in built_in_catalogue().codes[name]}:
        raise wrong(gettext("Pilih salah satu yang tersedia."))
    return value


def _positive(value: Decimal) -> Decimal:
    if value <= 0:
        raise wrong(gettext("Jumlahnya harus lebih dari nol."))
    return value


def _tax_number(value: str) -> str:
    digits = "".join(one for one in value if one.isdigit())
    if len(digits) not in {15, 16} or any(not (one.isdigit() or one in ".- ") for one in value):
        raise wrong(gettext("NPWP terdiri atas 15 atau 16 angka."))
    return digits


def _code(value: str) -> str:
    if not CODE.fullmatch(value):
        raise wrong(gettext("Kode paket hanya memuat huruf, angka, titik, garis bawah, dan tanda hubung."))
    if value.lower() == "new":
        raise wrong(gettext("Kode ini dipakai oleh alamat halaman. Pilih kode lain."))
    return value


FundSource = Annotated[Short, AfterValidator(lambda value: _of_list("fund_source", value))]
DocumentKind = Annotated[Short, AfterValidator(lambda value: _of_list("document_kind", value))]
Sector = Annotated[Short, AfterValidator(lambda value: _of_list("sector", value))]
Paid = Annotated[Rupiah, AfterValidator(_positive)]
Code = Annotated[Line, Field(max_length=60), AfterValidator(_code)]


class PackageInput(Input):
    """A package without its money by source, contract and places, which have forms of their own."""

    code: Code | None = None  # None: made from the year and a number
    name: Line
    sector: Sector = "other"
    year: Year
    unit_id: Identifier | None = None
    programme_id: Identifier | None = None
    rup_code: Short | None = None
    tender_code: Short | None = None
    selection_method: SelectionMethod | None = None
    procurement_kind: ProcurementKind | None = None
    ceiling_idr: Rupiah | None = None
    owner_estimate_idr: Rupiah | None = None
    multi_year_approval: Line | None = None
    volume: Annotated[Number, Field(ge=0)] | None = None
    volume_unit: Annotated[Line, Field(max_length=20)] | None = None
    ppk_id: Identifier | None = None
    officer_id: Identifier | None = None
    notes: Paragraph | None = None

    @field_validator("owner_estimate_idr")
    @classmethod
    def within_ceiling(cls, value: Decimal | None, info: Any) -> Decimal | None:
        """An owner's estimate is at most the ceiling."""
        ceiling = info.data.get("ceiling_idr")
        if value is not None and ceiling is not None and value > ceiling:
            raise wrong(gettext("HPS tidak boleh melebihi pagu."))
        return value


class PackageChange(PackageInput):
    """A package as it should be, and the version that was edited."""

    version: Version


class FundRow(Input):
    """A source in a year."""

    year: Year
    source: FundSource
    amount_idr: Paid


class FundsInput(Input):
    """Every source of a package by year; they sum up to the ceiling, which can be changed with them."""

    version: Version
    ceiling_idr: Rupiah
    rows: Annotated[list[FundRow], Field(max_length=60)]


class ContractInput(Input):
    """A contract, an SPK, or the approved decision of self-managed work, which has no company."""

    kind: Literal["contract", "work_order", "self_managed"] = "contract"
    number: Line
    signed_on: Day
    company_id: Identifier | None = None
    supervisor_id: Identifier | None = None
    value_idr: Rupiah
    vat_percent: Percent = 11
    start_order_number: Line | None = None
    start_date: Day | None = None
    duration_days: Annotated[Count, Field(ge=1, le=5000)] | None = None
    end_date: Day | None = None
    advance_percent: Percent | None = None
    retention_percent: Percent | None = None
    maintenance_days: Annotated[Count, Field(le=5000)] | None = None
    fine_base: Literal["contract", "part"] = "contract"
    fine_part_idr: Rupiah | None = None

    @field_validator("start_date")
    @classmethod
    def after_signature(cls, value: dt.date | None, info: Any) -> dt.date | None:
        """Nothing starts before it is signed."""
        signed = info.data.get("signed_on")
        if value is not None and signed is not None and value < signed:
            raise wrong(gettext("Tanggal SPMK tidak boleh sebelum tanggal tanda tangan."))
        return value

    @field_validator("end_date")
    @classmethod
    def after_start(cls, value: dt.date | None, info: Any) -> dt.date | None:
        """The end lies after the start, as many days as are given: start + days - 1."""
        start, days = info.data.get("start_date"), info.data.get("duration_days")
        begins = start or info.data.get("signed_on")
        if value is not None and begins is not None and value < begins:
            raise wrong(gettext("Tanggal selesai tidak boleh sebelum tanggal mulai."))
        if value is not None and start is not None and days is not None and value != last_day(start, days):
            sentence = gettext(
                "Tidak cocok dengan %(days)s hari sejak SPMK, yang selesai %(end)s. Kosongkan salah satunya.",
                days=days,
                end=last_day(start, days).isoformat(),
            )
            raise wrong(sentence)
        return value

    @model_validator(mode="after")
    def completed(self) -> Self:
        """Days follow from the dates, or the end from the days."""
        if self.start_date and self.duration_days and not self.end_date:
            self.end_date = last_day(self.start_date, self.duration_days)
        elif self.start_date and self.end_date and not self.duration_days:
            self.duration_days = (self.end_date - self.start_date).days + 1
        return self


class ContractChange(ContractInput):
    """A contract as it should be, and the version of its package that was edited."""

    version: Version


class AddendumInput(Input):
    """A change of value, of the end, or of both; with neither, of the schedule alone."""

    number: Line
    signed_on: Day
    value_idr: Rupiah | None = None
    end_date: Day | None = None
    reason: Paragraph


class TerminationInput(Input):
    """The end of a contract before its work was done."""

    ended_on: Day
    reason: Paragraph
    document_number: Line | None = None


class StatusInput(Input):
    """A package's next state."""

    to: Status
    on_day: Day
    reason: Paragraph | None = None
    document_number: Line | None = None


class DocumentInput(Input):
    """What is said of a file."""

    kind: DocumentKind
    title: Line
    number: Line | None = None
    dated: Day | None = None
    contract_id: Identifier | None = None
    is_public: bool = False


class PaymentInput(Input):
    """A disbursement order (SP2D)."""

    number: Line
    paid_on: Day
    kind: Literal["advance", "instalment", "monthly", "final", "retention", "other"]
    amount_idr: Paid
    note: Line | None = None
    contract_id: Identifier | None = None  # None: of the contract that runs, or ran last


class CompanyInput(Input):
    """A company, never a person."""

    name: Line
    tax_number: Annotated[Line, AfterValidator(_tax_number)] | None = None
    is_small: bool | None = None
    address: Line | None = None


class UnitInput(Input):
    """An agency, or a part of it."""

    code: Annotated[Line, Field(max_length=60)]
    name: Line
    parent_id: Identifier | None = None


class LinkInput(Input):
    """The design or supervision package of a construction package."""

    code: Short
    kind: Literal["design", "supervision"]


class ListInput(Input):
    """Which list of programmes a file is."""

    version: Short


def last_day(start: dt.date, days: int) -> dt.date:
    """Return the last of so many calendar days, the first of which is `start`."""
    return start + dt.timedelta(days=days - 1)


def funds_content(form: Mapping[str, str]) -> dict[str, Any]:
    """Return what the form of funds sends, whose rows are named `rows.<n>.<field>`; rows left empty are none."""
    rows: dict[int, dict[str, str]] = {}
    for name, value in form.items():
        start, _, rest = name.partition(".")
        number, _, field = rest.partition(".")
        if start == "rows" and number.isdecimal() and len(number) < 4 and value.strip():
            rows.setdefault(int(number), {})[field] = value
    filled = [row for _number, row in sorted(rows.items()) if row.get("amount_idr") or row.get("source")]
    content: dict[str, Any] = {name: form[name] for name in ("version", "ceiling_idr") if form.get(name, "").strip()}
    return {**content, "rows": filled}
