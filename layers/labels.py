"""Greedy placement of labels on a picture: the important first, none over another, symbols left free where possible."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Box = tuple[float, float, float, float]
"""(left, top, right, bottom), pixels."""

LabelKind = Literal["area", "place", "work", "line", "zone"]

LETTER_WIDTH = 0.54  # mean width of a letter of a humanist sans, in font sizes
CAPITAL_WIDTH = 0.66
LINE_HEIGHT = 1.15
CLEARANCE_PX = 2.0
REPEAT_PX = 200.0


@dataclass(frozen=True)
class Label:
    """
    A text that wants a place.

    `radius` is the free space around the point: 0 for the name of an area, written over it; else the name of a
    symbol, written beside it. `angle` turns a name along its line (degrees, clockwise).
    """

    text: str
    x: float
    y: float
    size: float
    rank: float  # low is placed first
    kind: LabelKind
    radius: float = 0.0
    angle: float = 0.0
    spacing: float = 0.0  # between letters, in font sizes


@dataclass(frozen=True)
class PlacedLabel:
    """A label with the middle of its text."""

    label: Label
    x: float
    y: float


def text_width(text: str, size: float, spacing: float = 0.0) -> float:
    """Estimate the width (pixels) of a text; generous, since nobody tells us the font's metrics."""
    letters = sum(CAPITAL_WIDTH if letter.isupper() else LETTER_WIDTH for letter in text)
    return (letters + spacing * len(text)) * size


def place_labels(labels: Iterable[Label], *, frame: Box, symbols: Iterable[Box] = ()) -> list[PlacedLabel]:
    """
    Find a place for each label, or leave it out.

    Parameters
    ----------
    labels
        In any order; those of lower rank choose first.
    frame
        The picture: no label leaves it.
    symbols
        Boxes that labels avoid where they have the choice.

    Returns
    -------
    placed
        Labels that found a place; their boxes do not touch. A name that stands near already is not written again.
    """
    taken: list[Box] = []
    obstacles = tuple(symbols)
    placed: list[PlacedLabel] = []
    for label in sorted(labels, key=lambda one: one.rank):
        if any(_repeats(label, other) for other in placed):
            continue
        free = [
            (spot, box)
            for spot in _spots(label)
            if _is_within(box := _box(label, *spot), frame) and not any(_touch(box, other) for other in taken)
        ]
        if not free:
            continue
        spot, box = min(free, key=lambda one: sum(_touch(one[1], other) for other in obstacles))
        taken.append(box)
        placed.append(PlacedLabel(label, *spot))
    return placed


def _repeats(label: Label, other: PlacedLabel) -> bool:
    """Whether the same name stands near already: a village and its main settlement need only one."""
    return label.text == other.label.text and math.hypot(label.x - other.x, label.y - other.y) < REPEAT_PX


def _spots(label: Label) -> list[tuple[float, float]]:
    """Middles of the text that would do, best first."""
    x, y, size = label.x, label.y, label.size
    if label.kind in {"line", "zone"}:
        return [(x, y)]
    if label.radius == 0:
        return [(x, y + shift * size) for shift in (0, -1.2, 1.2, -2.4, 2.4)]
    side = label.radius + text_width(label.text, size, label.spacing) / 2 + 1
    above = label.radius + size * LINE_HEIGHT / 2
    return [(x + side, y), (x - side, y), (x, y - above), (x, y + above)]


def _box(label: Label, x: float, y: float) -> Box:
    half_width = text_width(label.text, label.size, label.spacing) / 2 + CLEARANCE_PX
    half_height = label.size * LINE_HEIGHT / 2 + CLEARANCE_PX / 2
    if label.kind == "line":  # turned: the square that holds it at any angle, narrowed a little
        half_height = max(half_height, half_width * abs(label.angle) / 90)
    return x - half_width, y - half_height, x + half_width, y + half_height


def _touch(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _is_within(box: Box, frame: Box) -> bool:
    return box[0] >= frame[0] and box[1] >= frame[1] and box[2] <= frame[2] and box[3] <= frame[3]
