"""What an administrator sets for printed reports: head, place, signatories, closing words and emblem."""

from __future__ import annotations

from dataclasses import dataclass, field

BLANK = "……………………"


@dataclass(frozen=True)
class Signatory:
    """Who signs: in which office, under which name, rank and number; what is not known stays a dotted line."""

    position: str
    name: str = BLANK
    rank: str = ""
    nip: str = ""
    heading: str = ""  # over the position: `Mengetahui,`


@dataclass(frozen=True)
class ReportTemplate:
    """
    The frame of every printed report.

    `emblem` is a PNG that we wrote ourselves; None shows the neutral mark. `closing` stands before the signatures.
    """

    government: str = ""
    office: str = ""
    address: str = ""
    place: str = BLANK
    closing: str = ""
    signatories: tuple[Signatory, ...] = field(default_factory=lambda: (Signatory(BLANK),))
    emblem: bytes | None = field(default=None, repr=False)
