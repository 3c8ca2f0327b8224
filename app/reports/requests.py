"""What is asked for: the report, its area, year and moment and its settings, as people wrote them."""

from __future__ import annotations

from dataclasses import dataclass

from app.errors import InvalidRequest

YEARS = range(1945, 2200)
SHOWN = 20  # characters of a refused value that the answer repeats


@dataclass(frozen=True)
class ReportRequest:
    """Parameters as people wrote them; empty or None means the usual: whole region, newest year, newest record."""

    area: str | None = None
    year: str | None = None
    as_of: str | None = None
    name: str = "coverage"
    settings: tuple[tuple[str, str], ...] = ()


def read_year(text: str) -> int:
    """
    Read a survey year.

    Raises
    ------
    InvalidRequest
        When it is not one.
    """
    year = int(text) if text.isascii() and text.isdigit() and len(text) == len("2026") else 0
    if year not in YEARS:
        raise InvalidRequest(
            f"year={text[:SHOWN]} bukan tahun survei. Isi seperti 2026.",
            f"year={text[:SHOWN]} is not a survey year. Write it like 2026.",
        )
    return year
