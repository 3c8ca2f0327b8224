"""Smaller copies of published photos for the visitor's screen: AVIF and WebP, made when first asked for, then kept."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Literal

from flask import url_for
from PIL import Image, features

from app.photos.pictures import open_copy
from app.storage import Storage

Format = Literal["avif", "webp"]

WIDTHS_PX = (480, 960, 1600)  # a thumbnail, a phone, a desk
FORMATS: tuple[Format, ...] = ("avif", "webp") if features.check("avif") else ("webp",)  # the smallest first
QUALITY = {"avif": 55, "webp": 76}  # that look alike
AVIF_SPEED = 8  # of 0-10: a picture takes a third of a second, and is a tenth larger than at leisure
FOLDER = "photo-sizes"  # beside the stored files: can be made again, so that no backup holds it


@dataclass(frozen=True)
class Source:
    """What a browser may choose from in one format: `srcset` as HTML has it."""

    media_type: str
    srcset: str


def photo_sources(file_hash: str, width: int, height: int, *, longest_px: int) -> Sequence[Source]:
    """
    Return the copies that a browser may choose from, the format that is smallest first.

    Parameters
    ----------
    width, height
        Of the photo as it came (pixels).
    longest_px
        Longer side of the published copy, of which the others are made: none is wider.
    """
    widest = max(1, round(width * min(1, longest_px / max(width, height, 1))))
    reached = [one for at, one in enumerate(WIDTHS_PX) if at == 0 or WIDTHS_PX[at - 1] < widest]
    return [
        Source(
            f"image/{image}",
            ", ".join(
                f"{url_for('photos.public_size', file_hash=file_hash, width=one, image=image)} {min(one, widest)}w"
                for one in reached
            ),
        )
        for image in FORMATS
    ]


def sized_copy(storage: Storage, home: Path, file_hash: str, width: int, image: Format) -> Path:
    """
    Return where a smaller copy of a kept picture lies; made at the first call, whole or not at all.

    Parameters
    ----------
    storage
        Holds the picture that we published, under `file_hash`.
    width
        One of `WIDTHS_PX`; a picture that is narrower stays as wide as it is.
    """
    place = home / FOLDER / file_hash[:2] / f"{file_hash}-{width}.{image}"
    if not place.is_file():
        content = encode_size(open_copy(storage.read(file_hash)), width, image)
        place.parent.mkdir(parents=True, exist_ok=True)
        handle, draft = tempfile.mkstemp(dir=place.parent)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(draft).replace(place)
    return place


def encode_size(picture: Image.Image, width: int, image: Format) -> bytes:
    """Return an RGB picture at most `width` (pixels) wide, with nothing but the picture."""
    copy = picture.copy()
    copy.thumbnail((width, picture.height), Image.Resampling.LANCZOS, reducing_gap=3)
    copy.info = {}  # Pillow would write what the original said of itself
    stream = BytesIO()
    more = {"speed": AVIF_SPEED} if image == "avif" else {"method": 4}
    copy.save(stream, image.upper(), quality=QUALITY[image], **more)
    return stream.getvalue()
