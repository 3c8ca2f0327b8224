"""Feeds as RFC 4287 has them, written by the XML library so that no text of a project can break out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from xml.etree import ElementTree as ET

ATOM = "http://www.w3.org/2005/Atom"
GEORSS = "http://www.georss.org/georss"
XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
MEDIA_TYPE = "application/atom+xml"
NOT_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True)
class FeedEntry:
    """
    One entry of a feed.

    `id` is an IRI that never changes, `link` the page of what it tells of, `category` a term and what it is called,
    `point` longitude and latitude.
    """

    id: str
    title: str
    summary: str
    link: str
    updated: datetime
    published: datetime
    category: tuple[str, str]
    point: tuple[float, float] | None = None


@dataclass(frozen=True)
class Feed:
    """What a feed says of itself; `link` is the page that shows the same to people."""

    id: str
    title: str
    subtitle: str
    language: str
    author: str
    rights: str
    link: str
    self_link: str
    updated: datetime
    entries: Sequence[FeedEntry]


def write_feed(feed: Feed) -> bytes:
    """Return a feed as XML in UTF-8."""
    ET.register_namespace("", ATOM)
    ET.register_namespace("georss", GEORSS)
    root = ET.Element(f"{{{ATOM}}}feed", {XML_LANG: feed.language})
    _add(root, "id", feed.id)
    _add(root, "title", feed.title)
    _add(root, "subtitle", feed.subtitle)
    _add(root, "updated", _moment(feed.updated))
    _add(root, "rights", feed.rights)
    _add(root, "generator", "PetaKarya")
    _add(ET.SubElement(root, f"{{{ATOM}}}author"), "name", feed.author)
    _add(root, "link", None, rel="self", type=MEDIA_TYPE, href=feed.self_link)
    _add(root, "link", None, rel="alternate", type="text/html", hreflang=feed.language, href=feed.link)
    for entry in feed.entries:
        _add_entry(root, entry)
    written: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return written


def _add_entry(root: ET.Element, entry: FeedEntry) -> None:
    element = ET.SubElement(root, f"{{{ATOM}}}entry")
    _add(element, "id", entry.id)
    _add(element, "title", entry.title)
    _add(element, "updated", _moment(entry.updated))
    _add(element, "published", _moment(entry.published))
    _add(element, "link", None, rel="alternate", type="text/html", href=entry.link)
    term, label = entry.category
    _add(element, "category", None, term=term, label=label)
    _add(element, "summary", entry.summary)
    if entry.point is not None:
        lon, lat = entry.point
        ET.SubElement(element, f"{{{GEORSS}}}point").text = f"{lat:.6f} {lon:.6f}"


def _add(parent: ET.Element, name: str, content: str | None, **attributes: str) -> None:
    element = ET.SubElement(parent, f"{{{ATOM}}}{name}", {key: plain(value) for key, value in attributes.items()})
    if content is not None:
        element.text = plain(content)


def plain(value: str) -> str:
    """Return a text without what XML cannot hold."""
    return NOT_XML.sub("", value)


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
