"""Pictures are read by their content, within limits, upright; their copies carry nothing but the picture."""

from __future__ import annotations

import datetime as dt
from io import BytesIO
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from PIL import Image

from app.config import PhotoLimits
from app.photos.exif import read_witness
from app.photos.pictures import (
    MOSAIC_CELLS,
    PhotoRefused,
    Picture,
    blur_boxes,
    differing_bits,
    encode_jpeg,
    perceptual_hash,
    read_picture,
)
from tests.helpers.pictures import HEIC, jpeg, picture, png_bomb

LIMITS = PhotoLimits()
ZONE = ZoneInfo("Asia/Jakarta")
PLACE = (102.95, -3.15)
MORNING = dt.datetime(2026, 11, 20, 9, 15, tzinfo=ZONE)


def read(content: bytes, limits: PhotoLimits = LIMITS) -> Picture:
    return read_picture(content, limits, ZONE)


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    stream = BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


@pytest.mark.parametrize(("kind", "media_type"), [("JPEG", "image/jpeg"), ("PNG", "image/png"), ("WEBP", "image/webp")])
def test_formats_are_told_by_content(kind: str, media_type: str) -> None:
    found = read(saved(picture(300, 200), kind))
    assert (found.media_type, found.width, found.height) == (media_type, 300, 200)


def test_heic_is_turned_once_and_its_block_is_read() -> None:
    found = read(HEIC)
    assert (found.media_type, found.width, found.height) == ("image/heic", 64, 96)
    red, _, blue = found.view.getpixel((32, 5))  # type: ignore[misc]
    assert red > 150 > blue  # what was left is on top after a quarter to the right
    assert found.witness.position == pytest.approx((102.9, -3.075))
    assert found.witness.taken_at == MORNING
    assert found.witness.camera == "Contoh Ponsel HEIC"


@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_stands_upright(orientation: int) -> None:
    """The corner that EXIF calls the first row and first column, by the table of its standard."""
    image = Image.new("RGB", (80, 40), "black")
    image.paste("white", (0, 0, 20, 10))  # stored top left
    exif = Image.Exif()
    exif[0x0112] = orientation
    view = read(saved(image, "JPEG", exif=exif, quality=95)).view
    assert view.size == ((80, 40) if orientation <= 4 else (40, 80))
    corners = {"top left": (3, 3), "top right": (-4, 3), "bottom right": (-4, -4), "bottom left": (3, -4)}
    where = {1: "top left", 2: "top right", 3: "bottom right", 4: "bottom left"}
    where |= {5: "top left", 6: "top right", 7: "bottom right", 8: "bottom left"}
    pixels = np.asarray(view.convert("L"))
    assert [name for name, (x, y) in corners.items() if pixels[y, x] > 128] == [where[orientation]]


def test_sixty_megabytes_are_refused_with_both_numbers() -> None:
    with pytest.raises(PhotoRefused) as caught:
        read(jpeg() + bytes(60_000_000))
    assert caught.value.message_id == "Foto ini 60 MB; paling besar 25 MB. Perkecil dahulu."


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not a picture",
        b"GIF89a" + bytes(50),
        b"%PDF-1.7 " + bytes(50),
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
    ],
    ids=["empty", "text", "gif", "pdf", "svg"],
)
def test_what_is_no_photo_is_refused(content: bytes) -> None:
    with pytest.raises(PhotoRefused, match="no photo"):
        read(content)


def test_bomb_is_refused_without_being_unpacked() -> None:
    bomb = png_bomb()
    assert len(bomb) < 2_000_000
    with pytest.raises(PhotoRefused, match="80 million"):
        read(bomb)


def test_limit_of_pixels_holds_at_its_edge() -> None:
    content = jpeg(100, 80)
    assert read(content, PhotoLimits(pixels=8000)).width == 100
    with pytest.raises(PhotoRefused, match="million"):
        read(content, PhotoLimits(pixels=7999))


@pytest.mark.parametrize("share", [0.05, 0.4, 0.9])
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_incomplete_file_is_refused(kind: str, share: float) -> None:
    content = saved(picture(400, 300), kind)
    with pytest.raises(PhotoRefused):
        read(content[: int(len(content) * share)])


def test_cut_heic_is_refused() -> None:
    with pytest.raises(PhotoRefused):
        read(HEIC[:500])


def test_other_modes_become_rgb() -> None:
    transparent = Image.new("RGBA", (40, 40), (255, 0, 0, 0))
    assert read(saved(transparent, "PNG")).view.getpixel((5, 5)) == (255, 255, 255)
    deep = Image.fromarray(np.full((40, 40), 32768, dtype=np.uint16))
    assert read(saved(deep, "PNG")).view.getpixel((5, 5)) == pytest.approx((128, 128, 128), abs=1)
    assert read(saved(picture().convert("CMYK"), "JPEG")).view.mode == "RGB"
    assert read(saved(picture().convert("P"), "PNG")).view.mode == "RGB"


@pytest.mark.parametrize("name", ["empty_gps_ifd.jpg", "exif_gps.jpg", "exif_gps_typeerror.jpg"])
def test_real_broken_blocks_lose_no_photo(shared_data: Path, name: str) -> None:
    found = read((shared_data / "photos_tracks" / name).read_bytes())
    assert found.witness.position is None
    assert found.view.mode == "RGB"


def test_real_phone_block_is_read_though_its_picture_is_cut_off(shared_data: Path) -> None:
    """30°37'39.54" N 119°44'19.56" E, 01:32:09 UTC by the satellites: 09:32:09 at +08:00, a minute before the clock's."""
    content = (shared_data / "photos_tracks" / "gps_ultrahdr.jpg").read_bytes()
    witness = read_witness(Image.open(BytesIO(content)), ZONE)
    assert witness.position == pytest.approx((119 + 44 / 60 + 19.56 / 3600, 30 + 37 / 60 + 39.54 / 3600))
    assert witness.taken_at == dt.datetime(2024, 5, 7, 1, 32, 9, tzinfo=dt.UTC)
    with pytest.raises(PhotoRefused, match="incomplete"):
        read(content)


def test_position_and_time_of_the_block() -> None:
    witness = read(jpeg(gps=PLACE, taken=MORNING)).witness
    assert witness.position == pytest.approx(PLACE, abs=1e-6)
    assert witness.taken_at == MORNING
    unzoned = read(jpeg(taken=MORNING.replace(tzinfo=None))).witness
    assert unzoned.taken_at == MORNING  # a clock without zone is the region's


def test_copies_carry_nothing_but_the_picture() -> None:
    content = jpeg(3000, 2000, gps=PLACE, taken=MORNING)
    assert b"Exif" in content
    view = read(content).view
    for longest in (LIMITS.view_px, LIMITS.thumbnail_px):
        copy = encode_jpeg(view, longest_px=longest, quality=80)
        image = Image.open(BytesIO(copy))
        assert max(image.size) == longest
        assert not image.getexif()
        assert not {"exif", "comment", "icc_profile", "xmp"} & set(image.info)
        for word in (b"Exif", b"Contoh", b"made in a test", b"http://ns.adobe.com"):
            assert word not in copy


def test_perceptual_hash_survives_reduction_and_tells_pictures_apart() -> None:
    first = picture(1600, 1200, seed=1)
    again = Image.open(BytesIO(saved(first.resize((640, 480)), "JPEG", quality=40)))
    assert differing_bits(perceptual_hash(first), perceptual_hash(again)) <= 4
    others = [perceptual_hash(picture(seed=seed)) for seed in range(2, 12)]
    assert min(differing_bits(perceptual_hash(first), other) for other in others) > 10
    assert -(2**63) <= perceptual_hash(first) < 2**63


def test_differing_bits_by_hand() -> None:
    assert differing_bits(0, 0) == 0
    assert differing_bits(0b1011, 0b0001) == 2
    assert differing_bits(-1, 0) == 64
    assert differing_bits(-1, 2**62) == 63


def test_blurred_area_is_changed_and_the_rest_is_not() -> None:
    image = picture(400, 300, seed=3)
    noise = np.random.default_rng(1).integers(0, 256, (300, 400, 3), dtype=np.uint8)
    image = Image.blend(image, Image.fromarray(noise), 0.5)
    blurred = np.asarray(blur_boxes(image, [(0.25, 0.2, 0.3, 0.4)])).astype(int)
    before = np.asarray(image).astype(int)
    inside = np.zeros((300, 400), bool)
    inside[60:180, 100:220] = True
    assert (blurred[~inside] == before[~inside]).all()
    assert np.abs(blurred - before)[inside].mean() > 20


def test_blurring_cannot_be_undone_two_different_faces_become_one_picture() -> None:
    """What has equal averages in the cells is equal afterwards: nothing of the details is left to restore."""
    cell = 120 // MOSAIC_CELLS
    checks = (np.indices((120, 120)).sum(axis=0) // (cell // 4)) % 2 * 255
    one = Image.fromarray(np.repeat(checks[..., None], 3, axis=2).astype(np.uint8))
    other = Image.fromarray(255 - np.asarray(one))
    whole = [(0.0, 0.0, 1.0, 1.0)]
    first, second = (np.asarray(blur_boxes(image, whole)).astype(int) for image in (one, other))
    assert np.abs(np.asarray(one).astype(int) - np.asarray(other)).mean() == 255
    assert np.abs(first - second).max() <= 2


def test_box_beyond_the_picture_is_cut_off() -> None:
    image = picture(100, 100)
    assert blur_boxes(image, [(0.9, 0.9, 0.5, 0.5), (1.0, 0.0, 0.5, 0.5)]).size == (100, 100)
