"""What the pages of a package show: its form, what two people wrote differently, choices, warnings, photos."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import gettext
from sqlalchemy import Row

from app.extensions import db
from app.formats import format_number
from app.packages import words
from app.packages.contracts import COLUMNS as CONTRACT_COLUMNS
from app.packages.contracts import RuleWarning, warnings_of
from app.packages.queries import Package, list_companies, list_people, list_units, programme_choices
from app.photos.pages import card_of
from app.photos.queries import list_photos
from gis.figures import Rule

SHOWN_PHOTOS = 6
SPARE_ROWS = 3  # empty ones of the form of sources


@dataclass(frozen=True)
class Difference:
    """A field that two people wrote differently."""

    label: str
    mine: str
    theirs: str


def form_values(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return values as a form shows them: money with separators, other numbers without noise."""
    return {name: _form_value(name, value) for name, value in values.items()}


def _form_value(name: str, value: Any) -> Any:
    if value is not None and name.endswith("_idr"):
        return format_number(value, "id", 0 if value == int(value) else 2)
    if isinstance(value, Decimal | float):
        return int(value) if value == int(value) else float(value)
    return value


def differences(mine: Mapping[str, Any], theirs: Mapping[str, Any], labels: Mapping[str, str]) -> list[Difference]:
    """Return the fields of a form that differ from what is kept, both as people read them."""
    kept = form_values(theirs)
    found = []
    for name, label in labels.items():
        own, other = _text(mine.get(name)), _text(kept.get(name))
        if own != other:
            found.append(Difference(label, _worded(name, own), _worded(name, other)))
    return found


def _text(value: Any) -> str:
    return "" if value is None else str(value).replace("\r\n", "\n").strip()


def _worded(name: str, value: str) -> str:
    """Return a code or an id by its name."""
    if not value:
        return "–"
    names: dict[str, str] = {}
    if name in {"unit_id", "programme_id", "ppk_id", "officer_id", "company_id", "supervisor_id"}:
        names = {str(key): str(label) for key, label in _named(name)}
    elif name == "sector":
        names = words.listed("sector")
    elif name == "selection_method":
        names = {key: str(label) for key, label in words.METHODS.items()}
    elif name == "procurement_kind":
        names = {key: str(label) for key, label in words.PROCUREMENT_KINDS.items()}
    elif name == "kind":
        names = {key: str(label) for key, label in words.CONTRACT_KINDS.items()}
    return names.get(value, value)


def _named(name: str) -> list[tuple[int, str]]:
    if name == "unit_id":
        return unit_choices()
    if name == "programme_id":
        return programme_choices(db.session)
    if name in {"company_id", "supervisor_id"}:
        return company_choices()
    return list_people(db.session, "ppk" if name == "ppk_id" else "field_officer")


def unit_choices() -> list[tuple[int, str]]:
    """Return the units, parts under their agency."""
    return [
        (row.id, f"{row.parent_name} › {row.name}" if row.parent_name else row.name) for row in list_units(db.session)
    ]


def company_choices() -> list[tuple[int, str]]:
    """Return the companies by name."""
    return [(row.id, row.name) for row in list_companies(db.session, limit=5000)]


def package_choices() -> dict[str, Any]:
    """Return what the form of a package offers to choose from."""
    return {
        "sectors": words.choices(words.listed("sector")),
        "methods": words.choices(words.METHODS),
        "procurement_kinds": words.choices(words.PROCUREMENT_KINDS),
        "units": unit_choices(),
        "programmes": programme_choices(db.session),
        "ppks": list_people(db.session, "ppk"),
        "officers": list_people(db.session, "field_officer"),
    }


def contract_choices() -> dict[str, Any]:
    """Return what the form of a contract offers to choose from."""
    return {
        "kinds": words.choices(words.CONTRACT_KINDS),
        "companies": company_choices(),
        "fine_bases": words.choices(words.FINE_BASES),
    }


def package_form_labels() -> dict[str, str]:
    """Return what the fields of a package's form are called."""
    labels = words.package_labels()
    return {
        "code": labels["code"],
        "name": labels["name"],
        "sector": labels["sector_label"],
        "year": labels["year"],
        "unit_id": gettext("Unit kerja"),
        "programme_id": labels["programme_name"],
        "rup_code": labels["rup_code"],
        "tender_code": labels["tender_code"],
        "selection_method": labels["method_label"],
        "procurement_kind": labels["procurement_label"],
        "ceiling_idr": labels["ceiling_idr"],
        "owner_estimate_idr": labels["owner_estimate_idr"],
        "multi_year_approval": labels["multi_year_approval"],
        "volume": labels["volume_text"],
        "volume_unit": gettext("Satuan"),
        "ppk_id": labels["ppk_name"],
        "officer_id": labels["officer_name"],
        "notes": labels["notes"],
    }


def contract_form_labels() -> dict[str, str]:
    """Return what the fields of a contract's form are called."""
    return {
        "kind": gettext("Jenis"),
        "number": gettext("Nomor"),
        "signed_on": gettext("Tanggal tanda tangan"),
        "company_id": gettext("Penyedia"),
        "supervisor_id": gettext("Konsultan pengawas"),
        "value_idr": gettext("Nilai termasuk PPN (Rp)"),
        "vat_percent": gettext("PPN (%)"),
        "start_order_number": gettext("Nomor SPMK"),
        "start_date": gettext("Tanggal SPMK"),
        "duration_days": gettext("Masa pelaksanaan (hari kalender)"),
        "end_date": gettext("Tanggal selesai"),
        "advance_percent": gettext("Uang muka (%)"),
        "retention_percent": gettext("Retensi (%)"),
        "maintenance_days": gettext("Masa pemeliharaan (hari)"),
        "fine_base": gettext("Dasar denda"),
        "fine_part_idr": gettext("Nilai bagian sebelum PPN (Rp)"),
    }


def contract_values(contract: Row[Any], version: int) -> dict[str, Any]:
    """Return a contract as its form shows it."""
    return form_values({name: getattr(contract, name) for name in CONTRACT_COLUMNS} | {"version": version})


def fund_values(package: Package) -> dict[str, Any]:
    """Return the sources of a package as their form names them, with rows left empty for more."""
    values: dict[str, Any] = form_values({"version": package.row.version, "ceiling_idr": package.row.ceiling_idr})
    for number, row in enumerate(package.funds):
        values |= {f"rows.{number}.year": row.year, f"rows.{number}.source": row.source}
        values[f"rows.{number}.amount_idr"] = _form_value("amount_idr", row.amount_idr)
    for number in range(len(package.funds), len(package.funds) + SPARE_ROWS):
        values[f"rows.{number}.year"] = package.row.year
    return values


def fund_rows(values: Mapping[str, Any]) -> list[int]:
    """Return the numbers of the rows that a form of sources has."""
    parts = (name.split(".") for name in values)
    return sorted({int(part[1]) for part in parts if part[0] == "rows" and len(part) == 3 and part[1].isdecimal()})


def rule_warnings(package: Package, rules: Mapping[str, Rule]) -> list[RuleWarning]:
    """Return what rules say against the running contract of a package."""
    contract = package.contract
    if contract is None or contract.state != "running":
        return []
    return warnings_of(contract, contract.is_small, bool(package.row.multi_year_approval), dict(rules))


def newest_photos(package: Package, time_zone: str) -> list[Any]:
    """Return the newest photos of a package as cards."""
    photos = list_photos(db.session, package.row.id, limit=SHOWN_PHOTOS)
    return [card_of(photo, package.row.name, time_zone=ZoneInfo(time_zone)) for photo in photos]
