"""Pictures as such: what is one, upright, its smaller copies without metadata, what it resembles, and blurring."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from io import BytesIO
from threading import BoundedSemaphore
from zoneinfo import ZoneInfo

import imagehash
import pi_heif
from PIL import Image, ImageCms, ImageFilter

from app.config import PhotoLimits
from app.errors import PetaKaryaError
from app.photos.exif import FileWitness, read_orientation, read_witness

pi_heif.register_heif_opener(thumbnails=False)

Box = tuple[float, float, float, float]
"""Left, top, width, height as shares (0-1) of the upright picture."""

HEIC_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"mif1"}
TURNS = {
    2: (Image.Transpose.FLIP_LEFT_RIGHT,),
    3: (Image.Transpose.ROTATE_180,),
    4: (Image.Transpose.FLIP_TOP_BOTTOM,),
    5: (Image.Transpose.TRANSPOSE,),
    6: (Image.Transpose.ROTATE_270,),
    7: (Image.Transpose.TRANSVERSE,),
    8: (Image.Transpose.ROTATE_90,),
}
MOSAIC_CELLS = 6  # along the longer side of a blurred box: a face or a number plate of six cells tells nothing
DECODING = BoundedSemaphore(2)  # of one process: a picture of the greatest size needs a quarter of a gigabyte


class PhotoRefused(PetaKaryaError):
    """What was sent cannot be kept as a photo."""


@dataclass(frozen=True)
class Picture:
    """A photo that was read: `view` is upright RGB without metadata; width and height are of the whole, upright."""

    view: Image.Image
    media_type: str
    width: int
    height: int
    perceptual_hash: int
    witness: FileWitness


def read_picture(content: bytes, limits: PhotoLimits, time_zone: ZoneInfo) -> Picture:
    """
    Read a photo: check by content what it is, turn it upright, reduce it, and ask its EXIF block.

    Parameters
    ----------
    content
        The bytes as they came.
    limits
        What a photo may be; the size in pixels is checked before any of them is unpacked.
    time_zone
        That of a camera clock which names none.

    Raises
    ------
    PhotoRefused
        When it is too large, no JPEG, PNG, WebP or HEIC, or damaged.
    """
    if len(content) > limits.bytes:
        raise too_large(len(content), limits)
    media_type, formats = _kind(content)
    with DECODING, _damage_refused(limits):
        image = Image.open(BytesIO(content), formats=formats)
        width, height = image.size
        if width * height > limits.pixels:
            raise _too_many_pixels(limits)
        witness, turn = read_witness(image, time_zone), read_orientation(image)
        view = _upright(image, turn, limits.view_px)
    if turn >= 5:
        width, height = height, width
    return Picture(view, media_type, width, height, perceptual_hash(view), witness)


def too_large(length: int, limits: PhotoLimits) -> PhotoRefused:
    """Return the error for a file of so many bytes."""
    most = limits.bytes // 1_000_000
    return PhotoRefused(
        f"Foto ini {length / 1e6:.0f} MB; paling besar {most} MB. Perkecil dahulu.",
        f"This photo has {length / 1e6:.0f} MB; at most {most} MB. Make it smaller first.",
    )


def open_copy(content: bytes) -> Image.Image:
    """Return a copy that we made ourselves, ready to be worked on."""
    with DECODING:
        return Image.open(BytesIO(content), formats=("JPEG",)).convert("RGB")


def encode_jpeg(image: Image.Image, *, longest_px: int, quality: int) -> bytes:
    """Return an RGB picture as JPEG, at most `longest_px` (pixels) on its longer side, with nothing but the picture."""
    copy = image.copy()
    copy.thumbnail((longest_px, longest_px), Image.Resampling.LANCZOS, reducing_gap=3)
    copy.info = {}  # Pillow would write comments kept there
    stream = BytesIO()
    copy.save(stream, "JPEG", quality=quality, optimize=True, progressive=True)
    return stream.getvalue()


def perceptual_hash(image: Image.Image) -> int:
    """Return 64 bits that stay nearly the same when a picture is reduced or saved anew, as a signed number."""
    bits = imagehash.phash(image).hash.flatten()
    number = int("".join("1" if bit else "0" for bit in bits), 2)
    return number - 2**64 if number >= 2**63 else number


def differing_bits(one: int, other: int) -> int:
    """Return in how many of 64 bits two perceptual hashes differ; the database counts alike."""
    return ((one ^ other) & (2**64 - 1)).bit_count()


def blur_boxes(image: Image.Image, boxes: Sequence[Box]) -> Image.Image:
    """
    Return a copy in which boxes cannot be recognised any more, nor restored.

    Each box is averaged into a few cells, which throws its details away, and the cells are softened.

    Parameters
    ----------
    image
        Upright, RGB.
    boxes
        What to make unrecognisable; what reaches beyond the picture is cut off.
    """
    blurred = image.copy()
    for box in boxes:
        left, top, right, bottom = _pixels(box, image.size)
        if right <= left or bottom <= top:
            continue
        part = blurred.crop((left, top, right, bottom))
        cell = max(part.width, part.height) / MOSAIC_CELLS
        cells = (max(1, round(part.width / cell)), max(1, round(part.height / cell)))
        mosaic = part.resize(cells, Image.Resampling.BOX).resize(part.size, Image.Resampling.NEAREST)
        blurred.paste(mosaic.filter(ImageFilter.GaussianBlur(cell / 3)), (left, top))
    return blurred


def _kind(content: bytes) -> tuple[str, tuple[str, ...]]:
    """Return the media type that the first bytes tell, and Pillow's name of it."""
    if content.startswith(b"\xff\xd8\xff"):
        return "image/jpeg", ("JPEG",)
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png", ("PNG",)
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp", ("WEBP",)
    if content[4:8] == b"ftyp" and content[8:12] in HEIC_BRANDS:
        return "image/heic", ("HEIF",)
    raise PhotoRefused(
        "Berkas ini bukan foto yang dapat dibaca. Kirim JPEG, PNG, WebP, atau HEIC.",
        "This file is no photo that can be read. Send JPEG, PNG, WebP or HEIC.",
    )


@contextmanager
def _damage_refused(limits: PhotoLimits) -> Iterator[None]:
    """Say what is wrong with a picture that Pillow cannot unpack, or will not."""
    try:
        yield
    except PhotoRefused:
        raise
    except Image.DecompressionBombError as error:
        raise _too_many_pixels(limits) from error
    except MemoryError as error:
        raise _too_many_pixels(limits) from error
    except Exception as error:  # each format's reader has errors of its own for damaged files
        raise PhotoRefused(
            "Foto ini rusak atau tidak lengkap. Kirim sekali lagi dari ponsel atau kamera.",
            "This photo is damaged or incomplete. Send it again from the phone or camera.",
        ) from error


def _too_many_pixels(limits: PhotoLimits) -> PhotoRefused:
    millions = limits.pixels // 1_000_000
    return PhotoRefused(
        f"Gambar ini berukuran lebih dari {millions} juta piksel. Perkecil dahulu, lalu kirim lagi.",
        f"This picture has more than {millions} million pixels. Make it smaller first, then send it again.",
    )


def _upright(image: Image.Image, turn: int, longest_px: int) -> Image.Image:
    """Return the picture reduced, in sRGB, on white where it is transparent, and turned upright."""
    image.draft("RGB", (longest_px, longest_px))  # lets JPEG unpack no more than is needed
    image.load()
    profile = image.info.get("icc_profile")
    reduced = _in_eight_bits(image)
    reduced.thumbnail((longest_px, longest_px), Image.Resampling.LANCZOS, reducing_gap=3)
    rgb = _on_white(_in_srgb(reduced, profile))
    for step in TURNS.get(turn, ()):
        rgb = rgb.transpose(step)
    rgb.info = {}
    return rgb


def _in_eight_bits(image: Image.Image) -> Image.Image:
    """Return the picture in a mode that can be reduced well: RGB, RGBA or L."""
    if image.mode.startswith("I;16") or image.mode == "I":
        return image.convert("I").point(lambda value: value / 256).convert("L")
    if image.mode == "P" or "transparency" in image.info:
        return image.convert("RGBA")
    if image.mode in {"LA", "PA", "La", "RGBa"}:
        return image.convert("RGBA")
    return image if image.mode in {"RGB", "RGBA", "L"} else image.convert("RGB")


def _in_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """Return the picture in the colours of the web; as it is when its profile says nothing or is broken."""
    if not profile or image.mode not in {"RGB", "RGBA"}:
        return image
    with suppress(ImageCms.PyCMSError, OSError, ValueError, TypeError):
        converted = ImageCms.profileToProfile(
            image, ImageCms.ImageCmsProfile(BytesIO(profile)), ImageCms.createProfile("sRGB"), outputMode=image.mode
        )
        return converted if converted is not None else image
    return image


def _on_white(image: Image.Image) -> Image.Image:
    if image.mode != "RGBA":
        return image.convert("RGB")
    ground = Image.new("RGB", image.size, "white")
    ground.paste(image, mask=image.getchannel("A"))
    return ground


def _pixels(box: Box, size: tuple[int, int]) -> tuple[int, int, int, int]:
    """Return a box as whole pixels: left, top, right, bottom; never smaller than what was drawn."""
    left, top, width, height = box
    across, down = size
    return (
        max(0, math.floor(round(left * across, 6))),
        max(0, math.floor(round(top * down, 6))),
        min(across, math.ceil(round((left + width) * across, 6))),
        min(down, math.ceil(round((top + height) * down, 6))),
    )
