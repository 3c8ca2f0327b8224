"""The form of the reports' frame."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from app.forms import Input, Paragraph
from app.reports.template import BLANK, Signatory
from app.reports.template_service import MOST_SIGNATORIES, TEXTS


def _one_line(value: str) -> str:
    return " ".join(value.split())


Words = Annotated[str, AfterValidator(_one_line), Field(max_length=200)]


class TemplateInput(Input):
    """What an administrator sets; signatories are numbered as they stand from left to right."""

    government: Words = ""
    office: Words = ""
    address: Words = ""
    place: Words = ""
    closing: Paragraph | None = None
    heading_1: Words = ""
    position_1: Words = ""
    name_1: Words = ""
    rank_1: Words = ""
    nip_1: Words = ""
    heading_2: Words = ""
    position_2: Words = ""
    name_2: Words = ""
    rank_2: Words = ""
    nip_2: Words = ""
    heading_3: Words = ""
    position_3: Words = ""
    name_3: Words = ""
    rank_3: Words = ""
    nip_3: Words = ""
    remove_emblem: bool = False

    def texts(self) -> dict[str, str]:
        """Return the texts of the head and of the closing."""
        return {one: getattr(self, one) or "" for one in TEXTS}

    def signatories(self) -> tuple[Signatory, ...]:
        """Return who signs: those with a position or a name."""
        found = []
        for number in range(1, MOST_SIGNATORIES + 1):
            heading, position, name, rank, nip = (
                getattr(self, f"{one}_{number}") for one in ("heading", "position", "name", "rank", "nip")
            )
            if position or name:
                found.append(Signatory(position or BLANK, name or BLANK, rank, nip, heading))
        return tuple(found)
