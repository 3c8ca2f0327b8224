"""A short report of invented figures, which shows the frame that an administrator sets."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from app.reports.areas import ReportArea
from app.reports.report import Column, Report, Row, Table
from gis.figures import Figure, Finding

VALUES = (("roads.kemantapan", 61.25, "percent"), ("streets.length_km", 1234.567, "km"))


class NamedRegion(Protocol):
    """What the example reads of the region."""

    @property
    def code(self) -> str:
        """Kode wilayah."""

    @property
    def full_name(self) -> str:
        """With its kind: Kabupaten Musi Rawas."""

    @property
    def time_zone(self) -> str:
        """IANA name."""

    @property
    def district_term(self) -> str:
        """Kecamatan or Distrik."""

    @property
    def village_term(self) -> str:
        """The word for a village."""


def example_report(region: NamedRegion, *, now: datetime) -> Report:
    """Return the example, marked as one, for a region."""
    area = ReportArea(
        region.code, region.full_name, "regency", True, (), region.time_zone, region.district_term, region.village_term
    )
    columns = (
        Column("length_km", "Panjang", "Length", "km"),
        Column("kemantapan", "Kemantapan", "Stability", "percent"),
    )
    rows = tuple(
        Row(f"{region.code}.0{number}", (400.5 + number, 55.0 + number), f"{region.district_term} {letter}")
        for number, letter in enumerate("ABC", start=1)
    )
    return Report(
        name="coverage",
        area=area,
        year=now.year,
        as_of=now.replace(microsecond=0),
        is_past=False,
        demo=True,
        figures=tuple(Figure(name, region.code, value, unit) for name, value, unit in VALUES),
        tables=(Table("example", "Contoh tabel", "Example table", columns, rows, (1207.5, 57.0)),),
        findings=(
            Finding("info", "example", "Angka di halaman ini contoh.", "The figures of this page are examples."),
        ),
    )
