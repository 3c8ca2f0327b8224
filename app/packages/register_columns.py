"""The columns that the staff register can show, sort by and export."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Literal

from flask_babel import lazy_gettext
from werkzeug.datastructures import MultiDict

from app.errors import InvalidRequest
from app.projects.filters import codes_of, values_of

Kind = Literal["text", "name", "code", "money", "percent", "points", "date", "year", "districts", "critical", "number"]
NUMERIC = frozenset({"money", "percent", "points", "year", "number"})
CHANGING = frozenset({"money", "percent", "points"})  # kinds whose change between two dates is a number


@dataclass(frozen=True)
class Column:
    """
    One column.

    `sql` speaks of the package as `{p}`, of its unit as `u`, programme `g`, PPK `k` and field officer `f`. `sort_sql`
    stands for it in orders, where these differ. `codes` names the field of projects, or the list, of its codes.
    """

    key: str
    label: Any  # lazy text
    kind: Kind
    sql: str
    shown: bool = False
    codes: str = ""
    sort_sql: str = ""
    greatest_first: bool = False
    hint: Any = ""
    compares: bool = True  # whether the package alone decides it, so that it can be read of an earlier moment

    def value_sql(self, alias: str = "p") -> str:
        """Return the SQL of its value, of the package under an alias."""
        return self.sql.replace("{p}", alias)

    @property
    def order_sql(self) -> str:
        """The SQL that orders by it."""
        return (self.sort_sql or self.sql).replace("{p}", "p")

    @property
    def is_numeric(self) -> bool:
        """Whether its figures stand right-aligned."""
        return self.kind in NUMERIC

    @property
    def changes(self) -> bool:
        """Whether the change between two dates can be shown."""
        return self.kind in CHANGING and self.compares


def _in_order(field: str) -> str:
    """Return the SQL that orders a coded column by its code list."""
    codes = ", ".join(f"'{code}'" for code in codes_of(field))
    value = "app.stage({p}.status, {p}.is_late)" if field == "stage" else f"{{p}}.{field}"
    return f"array_position(ARRAY[{codes}], {value})"


def _all_columns() -> list[Column]:
    _ = lazy_gettext
    return [
        Column("name", _("Paket"), "name", "{p}.name", shown=True),
        Column("code", _("Kode paket"), "text", "{p}.code"),
        Column("rup_code", _("Kode RUP"), "text", "{p}.rup_code"),
        Column("tender_code", _("Kode tender"), "text", "{p}.tender_code"),
        Column("sector", _("Bidang"), "code", "{p}.sector", codes="sector", sort_sql=_in_order("sector")),
        Column("year", _("Tahun anggaran"), "year", "{p}.year", greatest_first=True),
        Column(
            "district", _("Kecamatan"), "districts", "{p}.district_codes", shown=True,
            sort_sql="{p}.district_codes[1]",
        ),
        Column("unit", _("Unit kerja"), "text", "u.name", compares=False),
        Column("programme_code", _("Kode program"), "text", "g.code", compares=False),
        Column("programme", _("Program atau sub kegiatan"), "text", "g.name", compares=False),
        Column("fund_source", _("Sumber dana"), "text", "{p}.fund_source"),
        Column("method", _("Metode pemilihan"), "code", "{p}.selection_method", codes="selection_method"),
        Column("status", _("Status"), "code", "{p}.status", codes="status", sort_sql=_in_order("status")),
        Column(
            "stage", _("Tahap"), "code", "app.stage({p}.status, {p}.is_late)", shown=True, codes="stage",
            sort_sql=_in_order("stage"),
        ),
        Column(
            "critical", _("Kritis"), "critical", "{p}.critical_state", sort_sql=
            "array_position(ARRAY['none', 'indicated', 'declared'], {p}.critical_state)", greatest_first=True,
        ),
        Column("ceiling_idr", _("Pagu"), "money", "{p}.ceiling_idr", shown=True, greatest_first=True),
        Column(
            "this_year_ceiling_idr", _("Pagu tahun ini"), "money",
            "coalesce({p}.this_year_ceiling_idr, {p}.ceiling_idr)", greatest_first=True,
            hint=_("Bagian pagu yang jatuh pada tahun anggaran paket; bobot kemajuan tertimbang."),
        ),
        Column("owner_estimate_idr", _("HPS"), "money", "{p}.owner_estimate_idr", greatest_first=True),
        Column(
            "contract_value_idr", _("Nilai kontrak"), "money", "{p}.contract_value_idr", shown=True,
            greatest_first=True,
        ),
        Column("paid_idr", _("SP2D terbayar"), "money", "{p}.paid_idr", shown=True, greatest_first=True),
        Column(
            "financial_percent", _("Realisasi keuangan"), "percent",
            "({p}.contract_paid_idr * 100 / nullif({p}.contract_value_idr, 0))::double precision", greatest_first=True,
            hint=_("SP2D dibagi nilai kontrak."),  # of the contract that counts
        ),
        Column(
            "absorption_percent", _("Serapan"), "percent",
            "({p}.paid_idr * 100 / nullif({p}.ceiling_idr, 0))::double precision", greatest_first=True,
            hint=_("SP2D dibagi pagu."),
        ),
        Column("planned_percent", _("Rencana fisik"), "percent", "{p}.planned_percent", greatest_first=True),
        Column(
            "physical_percent", _("Realisasi fisik"), "percent", "{p}.physical_percent", shown=True,
            greatest_first=True,
        ),
        Column(
            "deviation_points", _("Deviasi"), "points", "({p}.physical_percent - {p}.planned_percent)", shown=True,
            hint=_("Realisasi dikurangi rencana, dalam poin persen; negatif berarti terlambat."),
        ),
        Column("progress_date", _("Laporan terakhir"), "date", "{p}.progress_date", shown=True, greatest_first=True),
        Column("start_date", _("Mulai (SPMK)"), "date", "{p}.start_date", greatest_first=True),
        Column("end_date", _("Selesai kontrak"), "date", "{p}.end_date"),
        Column("forecast_finish", _("Perkiraan selesai"), "date", "{p}.forecast_finish", greatest_first=True),
        Column("extra_time_until", _("Kesempatan sampai"), "date", "{p}.extra_time_until"),
        Column("maintenance_until", _("Pemeliharaan sampai"), "date", "{p}.maintenance_until"),
        Column("contractor", _("Penyedia"), "text", "{p}.contractor"),
        Column("ppk", _("PPK"), "text", "coalesce(k.name, k.email)", compares=False),
        Column("officer", _("Petugas lapangan"), "text", "coalesce(f.name, f.email)", compares=False),
        Column("volume", _("Volume"), "number", "{p}.volume", greatest_first=True),
        Column("volume_unit", _("Satuan"), "text", "{p}.volume_unit"),
    ]  # fmt: skip


COLUMNS: Mapping[str, Column] = MappingProxyType({column.key: column for column in _all_columns()})
DEFAULT_COLUMNS = tuple(key for key, column in COLUMNS.items() if column.shown)
DEFAULT_SORT = "deviation_points"  # what lags most stands first
CRITICAL_COLUMNS = frozenset({"critical"})

# How the text of a cursor is read back, and the type that the database compares as.
CURSOR_TYPES: Mapping[Kind, tuple[Callable[[str], Any], str]] = MappingProxyType({
    "text": (str, "text"),
    "name": (str, "text"),
    "districts": (str, "text"),
    "code": (int, "integer"),
    "critical": (int, "integer"),
    "year": (int, "integer"),
    "money": (Decimal, "numeric"),
    "number": (Decimal, "numeric"),
    "percent": (float, "double precision"),
    "points": (float, "double precision"),
    "date": (dt.date.fromisoformat, "date"),
})  # fmt: skip


def cursor_type(column: Column) -> tuple[Callable[[str], Any], str]:
    """Return how a cursor's text is read for a column, and the database's type of it."""
    if column.kind == "code" and not column.sort_sql:
        return str, "text"
    return CURSOR_TYPES[column.kind]


def read_columns(args: MultiDict[str, str]) -> tuple[str, ...]:
    """
    Return the columns that an address asks for, in our order, the name of the package always among them.

    Raises
    ------
    InvalidRequest
        For a column that is not ours.
    """
    asked = values_of(args, "columns")
    if not asked:
        return DEFAULT_COLUMNS
    for key in asked:
        if key not in COLUMNS:
            raise InvalidRequest(
                f"columns={key[:40]} tidak dikenal. Pilih dari: {', '.join(COLUMNS)}.",
                f"columns={key[:40]} is unknown. Choose from: {', '.join(COLUMNS)}.",
            )
    return tuple(key for key in COLUMNS if key in {"name", *asked})


def read_sort(sort: str) -> tuple[Column, bool]:
    """Return the column to sort by and whether the greatest comes first; `InvalidRequest` for an unknown one."""
    column = COLUMNS.get(sort.removeprefix("-"))
    if column is None:
        raise InvalidRequest(
            f"sort={sort[:40]} tidak dikenal. Pilih dari: {', '.join(COLUMNS)}; tanda - di depan membalik urutan.",
            f"sort={sort[:40]} is unknown. Choose from: {', '.join(COLUMNS)}; a - before it turns the order.",
        )
    return column, sort.startswith("-")


def columns_args(keys: Sequence[str]) -> dict[str, str]:
    """Return the parameter of an address that keeps a choice of columns; none for the usual ones."""
    return {} if tuple(keys) == DEFAULT_COLUMNS else {"columns": ",".join(keys)}
