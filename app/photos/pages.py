"""What the pages of photos show: a grid by viewpoint and date, comparisons from one spot, the evidence of each."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from flask import url_for
from flask_babel import gettext
from sqlalchemy import Row
from sqlalchemy.orm import Session

from app.config import PhotoLimits
from app.extensions import current_language
from app.formats import format_day
from app.photos.queries import PublicPhoto, public_photos
from app.photos.sentences import GRADES, MOMENTS, STATES, reason_sentences, similar_sentence
from app.photos.sizes import Source, photo_sources

MOMENT_ORDER = ("before", "during", "after")
NEVER = dt.datetime.min.replace(tzinfo=dt.UTC)


@dataclass(frozen=True)
class Frame:
    """One picture of a comparison or gallery: where its copies are, and what it shows."""

    source: str
    thumbnail: str
    width: int
    height: int
    moment: str
    label: str  # when: "Sebelum, 3 Mei 2026"
    text: str  # what, for those who do not see it
    sources: Sequence[Source] = ()  # smaller copies that a browser may take instead


@dataclass(frozen=True)
class Comparison:
    """Photos from one spot, the oldest first; two or more."""

    name: str
    frames: Sequence[Frame]


@dataclass(frozen=True)
class Gallery:
    """A package's photos for the public: comparisons, and those that stand alone."""

    comparisons: Sequence[Comparison] = ()
    singles: Sequence[Frame] = ()


@dataclass(frozen=True)
class Card:
    """A photo in the grid of a package."""

    photo: Row[Any]
    frame: Frame
    grade: str
    state: str
    reasons: Sequence[str]
    similar: str | None
    similar_thumbnail: str | None = None


@dataclass(frozen=True)
class Group:
    """The photos of one viewpoint, by date; `comparison` when there are two or more."""

    name: str | None
    cards: Sequence[Card]
    comparison: Comparison | None = field(default=None)


def public_gallery(
    session: Session,
    project_id: int,
    project_name: str,
    *,
    limit: int,
    time_zone: dt.tzinfo,
    view_px: int = PhotoLimits.view_px,
    as_of: dt.datetime | None = None,
) -> Gallery:
    """
    Return what the public sees of a package.

    Parameters
    ----------
    session
        Of the public's role.
    limit
        Greatest number of photos, the newest.
    time_zone
        In which moments become days.
    view_px
        Longer side of the published copies (pixels).
    as_of
        Those that were published at this moment and still are; None for now.
    """
    photos = public_photos(session, project_id, limit=limit, as_of=as_of)
    comparisons, singles = [], []
    by_spot = sorted(
        photos, key=lambda photo: (photo.viewpoint_id is None, photo.viewpoint or "", photo.viewpoint_id or 0)
    )
    for spot, found in groupby(by_spot, key=lambda photo: photo.viewpoint_id):
        shown = sorted(found, key=lambda photo: (MOMENT_ORDER.index(photo.moment), photo.taken_at or NEVER))
        frames = [_public_frame(photo, project_name, time_zone, view_px) for photo in shown]
        if spot is not None and len(frames) > 1:
            comparisons.append(Comparison(shown[0].viewpoint or "", frames))
        else:
            singles += frames
    return Gallery(comparisons, singles)


def groups_of(photos: Iterable[Row[Any]], project_name: str, *, time_zone: dt.tzinfo) -> list[Group]:
    """Return the photos of a package by viewpoint, as `list_photos` orders them."""
    groups = []
    for (spot, name), found in groupby(photos, key=lambda photo: (photo.viewpoint_id, photo.viewpoint)):
        cards = [card_of(photo, project_name, time_zone=time_zone) for photo in found]
        comparison = None
        if spot is not None and len(cards) > 1:
            frames = [card.frame for card in cards]
            comparison = Comparison(name, sorted(frames, key=lambda frame: MOMENT_ORDER.index(frame.moment)))
        groups.append(Group(name, cards, comparison))
    return groups


def card_of(photo: Row[Any], project_name: str, *, time_zone: dt.tzinfo) -> Card:
    """Return a photo with its grade and reasons in the visitor's language."""
    similar = None
    if photo.similar_code is not None:
        similar = similar_sentence(photo.similar_code, photo.similarity_bits or 0)
    return Card(
        photo=photo,
        frame=_staff_frame(photo, project_name, time_zone),
        grade=str(GRADES[photo.grade]),
        state=str(STATES[photo.state]),
        reasons=reason_sentences(photo.grade_reasons),
        similar=similar,
        similar_thumbnail=copy_url(photo.similar_client_id, "thumbnail") if similar else None,
    )


def copy_url(client_id: Any, kind: str) -> str:
    """Return the address of a copy for staff: thumbnail, view or original."""
    return url_for("photos.copy", client_id=client_id, kind=kind)


def public_url(file_hash: str) -> str:
    """Return the address of a published copy."""
    return url_for("photos.public_copy", file_hash=file_hash)


def _public_frame(photo: PublicPhoto, project_name: str, time_zone: dt.tzinfo, view_px: int) -> Frame:
    return Frame(
        source=public_url(photo.hash),
        thumbnail=public_url(photo.thumbnail_hash),
        width=photo.width,
        height=photo.height,
        moment=photo.moment,
        label=_label(photo.moment, photo.taken_at, time_zone),
        text=_text(photo.caption, photo.viewpoint, project_name),
        sources=photo_sources(photo.hash, photo.width, photo.height, longest_px=view_px),
    )


def _staff_frame(photo: Row[Any], project_name: str, time_zone: dt.tzinfo) -> Frame:
    return Frame(
        source=copy_url(photo.client_id, "view"),
        thumbnail=copy_url(photo.client_id, "thumbnail"),
        width=photo.width,
        height=photo.height,
        moment=photo.moment,
        label=_label(photo.moment, photo.shown_at, time_zone),
        text=_text(photo.caption, photo.viewpoint, project_name),
    )


def _label(moment: str, taken_at: dt.datetime | None, time_zone: dt.tzinfo) -> str:
    """Return when a photo is from: before, during or after, and the day."""
    if taken_at is None:
        return str(MOMENTS[moment])
    return f"{MOMENTS[moment]}, {format_day(taken_at.astimezone(time_zone).date(), current_language())}"


def _text(caption: str | None, viewpoint: str | None, project_name: str) -> str:
    if caption:
        return caption
    if viewpoint:
        return str(gettext("Foto %(project)s dari %(spot)s", project=project_name, spot=viewpoint))
    return str(gettext("Foto %(project)s", project=project_name))
