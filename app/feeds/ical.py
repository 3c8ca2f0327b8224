"""Calendars as RFC 5545 has them: whole days with a name, which every phone can subscribe to."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

PRODUCT = "-//PetaKarya//PetaKarya//ID"
LINE_OCTETS = 75  # of a line, without its end; the standard asks to fold what is longer
REFRESH = "P1D"  # how often programs that subscribe may ask again
NOT_TEXT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


@dataclass(frozen=True)
class CalendarEvent:
    """
    Something that happens on a whole day.

    `uid` stays the same while the event is the same one, also when its day moves; `changed_at` carries a time zone.
    """

    uid: str
    day: date
    summary: str
    changed_at: datetime
    description: str = ""
    location: str = ""
    url: str = ""


def calendar(events: Iterable[CalendarEvent], name: str) -> str:
    """
    Return a calendar (text/calendar; UTF-8) of events.

    Parameters
    ----------
    events
        In the order in which they are written; two with the same `uid` are the caller's mistake.
    name
        What programs show as the calendar's name.
    """
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        f"PRODID:{PRODUCT}",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
        f"NAME:{escape_text(name)}",
        f"X-WR-CALNAME:{escape_text(name)}",
        f"REFRESH-INTERVAL;VALUE=DURATION:{REFRESH}",
        f"X-PUBLISHED-TTL:{REFRESH}",
    ]
    for event in events:
        lines.extend(_event_lines(event))
    lines.append("END:VCALENDAR")
    return "".join(f"{fold_line(line)}\r\n" for line in lines)


def _event_lines(event: CalendarEvent) -> list[str]:
    texts = (("SUMMARY", event.summary), ("DESCRIPTION", event.description), ("LOCATION", event.location))
    return [
        "BEGIN:VEVENT",
        f"UID:{escape_text(event.uid)}",
        f"DTSTAMP:{event.changed_at.astimezone(UTC):%Y%m%dT%H%M%SZ}",
        f"DTSTART;VALUE=DATE:{event.day:%Y%m%d}",
        f"DTEND;VALUE=DATE:{event.day + timedelta(days=1):%Y%m%d}",
        *(f"{name}:{escape_text(value)}" for name, value in texts if value),
        *([f"URL:{_one_line(event.url)}"] if event.url else []),
        "TRANSP:TRANSPARENT",
        "END:VEVENT",
    ]


def escape_text(value: str) -> str:
    """Return a text as a property may hold it: nothing in it can end the line or begin another property."""
    plain = NOT_TEXT.sub("", value.replace("\r\n", "\n").replace("\r", "\n"))
    return plain.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n")


def fold_line(line: str) -> str:
    """Break a line into parts of at most 75 octets, never inside a character; each further part begins with a space."""
    parts: list[str] = []
    part, octets, room = "", 0, LINE_OCTETS
    for character in line:
        size = len(character.encode())
        if octets + size > room:
            parts.append(part)
            part, octets, room = "", 0, LINE_OCTETS - 1  # the space counts
        part += character
        octets += size
    return "\r\n ".join([*parts, part])


def _one_line(value: str) -> str:
    return "".join(value.split())
