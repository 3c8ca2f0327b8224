"""What a reader of the coverage report must know about its data."""

from __future__ import annotations

from collections.abc import Sequence

from app.reports.areas import ReportArea
from app.reports.subject import Subject
from gis.constants import M2_PER_KM2
from gis.figures import Finding
from gis.streets import StreetLengths

NAMED_DISTRICTS = 5  # that a finding names before it says "and so on"


def missing_rules(subject: Subject, codes: Sequence[str]) -> tuple[Finding, ...]:
    """Say which of the rules that figures need are not in force; nothing when all are."""
    missing = subject.missing(codes)
    if not missing:
        return ()
    names = ", ".join(missing)
    return (
        Finding(
            "error",
            "rule_missing",
            f"Ketentuan {names} tidak ada atau sudah tidak berlaku, jadi angka yang memakainya tidak dapat dihitung.",
            f"The rule {names} is missing or no longer in force, so the figures that use it cannot be computed.",
            len(missing),
        ),
    )


def rule_findings(subject: Subject) -> list[Finding]:
    """Say which rules were applied to a day before they began, since nothing older is recorded."""
    day = subject.day
    early = [one.rule for one in subject.used_rules.values() if one.rule.valid_from and one.rule.valid_from > day]
    if not early:
        return []
    names = ", ".join(sorted(rule.code for rule in early))
    return [
        Finding(
            "info",
            "rules_from_later",
            f"Ketentuan {names} tercatat berlaku setelah {day.isoformat()}; versi pertamanya yang dipakai.",
            f"The rules {names} are recorded as in force after {day.isoformat()}; their first version was used.",
            len(early),
        )
    ]


def boundary_findings(subject: Subject) -> list[Finding]:
    """Say which districts of the national list are not drawn, when others are."""
    missing = [code for code in subject.area.districts if code not in subject.drawn]
    if not missing or not subject.drawn:
        return []
    named = ", ".join(missing[:NAMED_DISTRICTS]) + (", …" if len(missing) > NAMED_DISTRICTS else "")
    return [
        Finding(
            "warning",
            "districts_without_boundary",
            f"{len(missing)} kecamatan ({named}) belum memiliki batas, jadi angkanya tidak dapat dihitung.",
            f"{len(missing)} districts ({named}) have no boundary yet, so their figures cannot be computed.",
            len(missing),
        )
    ]


def no_boundary(area: ReportArea) -> Finding:
    """Say that nothing of the area is drawn."""
    return Finding(
        "warning",
        "no_boundary",
        f"{area.name} belum memiliki batas kecamatan, jadi panjang, luas, dan bagiannya tidak dapat dihitung. "
        "Impor batas ke lapisan districts.",
        f"{area.name} has no district boundaries yet, so lengths, areas and shares cannot be computed. "
        "Import boundaries into the layer districts.",
    )


def density_area(subject: Subject, lengths: StreetLengths) -> tuple[Finding, ...]:
    """Say which area densities rest on: there are several official ones."""
    km2 = lengths.total_m2 / M2_PER_KM2
    if subject.area.level == "district":
        km2 = float(lengths.square_metres[subject.area.code]) / M2_PER_KM2
    legal = subject.within["legal_area_km2"].dropna().astype(float)
    legal_id = legal_en = ""
    if len(legal) == len(subject.within):
        sources = ", ".join(sorted({str(one) for one in subject.within["legal_area_source"].dropna()}))
        quoted = f" ({sources})" if sources else ""
        legal_id = f"; luas menurut dokumen {_number_id(legal.sum())} km²{quoted} tidak dipakai"
        legal_en = f"; the legal area of {legal.sum():,.2f} km²{quoted} was not used"
    return (
        Finding(
            "info",
            "density_area",
            f"Kerapatan dihitung atas luas terukur di elipsoid, {_number_id(km2)} km²{legal_id}.",
            f"Densities rest on the area measured on the ellipsoid, {km2:,.2f} km²{legal_en}.",
            len(subject.drawn),
        ),
    )


def _number_id(value: float) -> str:
    return f"{value:,.2f}".translate(str.maketrans(",.", ".,"))
