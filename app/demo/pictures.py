"""Drawings of sites that stand for photos in the demonstration: seen to be drawn, each seed another view."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from random import Random

from PIL import Image, ImageDraw, ImageFont

Colour = tuple[int, int, int]

WIDTH, HEIGHT = 960, 640
HORIZON = 300
LABEL = "CONTOH"
SKIES: tuple[tuple[Colour, Colour], ...] = (
    ((112, 164, 206), (214, 229, 236)),
    ((140, 158, 176), (218, 220, 218)),
    ((96, 148, 198), (240, 222, 196)),
    ((158, 178, 190), (230, 232, 228)),
)
GROUNDS: tuple[Colour, ...] = ((132, 148, 92), (118, 138, 88), (150, 146, 100), (124, 142, 104))
SOIL, GRAVEL, ASPHALT, CONCRETE = (168, 122, 84), (176, 168, 154), (74, 76, 80), (198, 194, 184)
WATER: Colour = (128, 150, 150)
LEAVES: tuple[Colour, ...] = ((66, 104, 62), (84, 118, 66), (58, 92, 70), (98, 126, 70))
ROOFS: tuple[Colour, ...] = ((164, 84, 62), (110, 118, 128), (74, 108, 128), (150, 98, 70))
ORANGE: Colour = (232, 110, 36)
WHITE: Colour = (246, 246, 242)
QUALITY = 50


@dataclass(frozen=True)
class Site:
    """What is drawn: `done` from 0 to 1, and the seed's own chance, which repeats itself."""

    draw: ImageDraw.ImageDraw
    chance: Random
    done: float
    ground: Colour
    centre: int


def draw_site_picture(seed: int, sector: str, percent: float, view: int = 0) -> bytes:
    """
    Return a drawing of a site as JPEG of 960 × 640 pixels.

    Parameters
    ----------
    seed
        Of the package: the same seed and view show the same place, so that progress can be followed.
    sector
        A code of the list of sectors; what has no drawing of its own is shown as a building.
    percent
        Physical progress from 0 to 100, which the drawing shows.
    view
        Number of the viewpoint.
    """
    chance = Random(f"{seed} {sector} {view}")  # noqa: S311 - a drawing, no secret
    image = _backdrop(chance.randrange(len(SKIES))).copy()
    ground = chance.choice(GROUNDS)
    site = Site(ImageDraw.Draw(image), chance, min(100.0, max(0.0, percent)) / 100, ground, chance.randint(400, 560))
    _draw_land(site)
    DRAWINGS.get(sector, _draw_building)(site)
    _draw_label(image, site, percent)
    stream = BytesIO()
    image.save(stream, "JPEG", quality=QUALITY)
    return stream.getvalue()


@cache
def _backdrop(number: int) -> Image.Image:
    """Return the sky, from its top to the haze above the horizon."""
    top, low = SKIES[number]
    sky = Image.new("RGB", (1, HORIZON + 40))
    for y in range(sky.height):
        sky.putpixel((0, y), _between(top, low, y / sky.height))
    image = Image.new("RGB", (WIDTH, HEIGHT), low)
    image.paste(sky.resize((WIDTH, sky.height)), (0, 0))
    return image


def _draw_land(site: Site) -> None:
    """Draw clouds, hills, the ground and the trees at its far edge."""
    draw, chance = site.draw, site.chance
    for _ in range(chance.randint(2, 4)):
        x, y, wide = chance.randint(0, WIDTH), chance.randint(30, 170), chance.randint(60, 120)
        for part in (-0.6, 0.0, 0.55):
            size = wide * (0.5 if part else 0.7)
            draw.ellipse(
                (x + part * wide - size, y - size * 0.3, x + part * wide + size, y + size * 0.3), (236, 240, 240)
            )
    for tone, height in ((0.72, 95), (0.5, 58)):
        start, step = chance.uniform(0, 6), chance.uniform(0.006, 0.011)
        ridge = [
            (
                x,
                HORIZON
                - height * (0.45 + 0.35 * math.sin(start + x * step) + 0.2 * math.sin(start * 2 + x * step * 2.7)),
            )
            for x in range(0, WIDTH + 40, 40)
        ]
        colour = _between((70, 104, 88), (190, 208, 212), tone)
        draw.polygon([(0, HORIZON + 30), *ridge, (WIDTH, HORIZON + 30)], colour)
    for band in range(8):
        y = HORIZON + band * (HEIGHT - HORIZON) // 8
        draw.rectangle(
            (0, y, WIDTH, HEIGHT), _between(_between(site.ground, (220, 222, 200), 0.25), site.ground, band / 7)
        )
    for _ in range(chance.randint(16, 26)):
        _draw_tree(site, chance.randint(0, WIDTH), HORIZON + chance.randint(0, 14), chance.randint(16, 34))


def _draw_tree(site: Site, x: float, y: float, size: float) -> None:
    colour = site.chance.choice(LEAVES)
    site.draw.rectangle((x - size * 0.06, y - size * 0.6, x + size * 0.06, y), (92, 74, 58))
    if site.chance.random() < 0.35:  # a palm
        for angle in range(200, 345, 24):
            end = (
                x + size * 0.7 * math.cos(math.radians(angle)),
                y - size * 1.2 - size * 0.4 * math.sin(math.radians(angle)),
            )
            site.draw.line((x, y - size * 1.25, *end), colour, max(2, int(size / 9)))
        site.draw.line((x, y, x, y - size * 1.25), (112, 92, 70), max(2, int(size / 10)))
        return
    site.draw.ellipse((x - size * 0.5, y - size * 1.3, x + size * 0.5, y - size * 0.35), colour)


def _draw_road(site: Site) -> None:
    """Draw a road to the horizon: paved as far as it is done, gravel before that, soil where nothing is."""
    bend, wide = site.chance.randint(-90, 90), site.chance.randint(230, 300)
    finished, laid = site.done, min(1.0, site.done * 1.35 + 0.05)
    _draw_strip(site, bend, wide * 1.25, 0, 1, _between(site.ground, SOIL, 0.55))
    _draw_strip(site, bend, wide, 0, 1, SOIL)
    _draw_strip(site, bend, wide, 0, laid, GRAVEL)
    _draw_strip(site, bend, wide, 0, finished, ASPHALT)
    for number in range(24):
        start = 1 - 0.86**number
        if finished > 0.3 and start + 0.02 < finished * 0.97:
            _draw_strip(site, bend, wide * 0.024, start, start + (1 - start) * 0.07, WHITE)
    if finished > 0.85:
        for side in (-0.9, 0.9):
            _draw_strip(site, bend, wide * 0.02, 0, finished, WHITE, shift=side * wide)
    for number in range(5):
        _draw_side_tree(site, bend, wide, number)
    if finished < 1:
        _draw_cones(site, bend, wide)
        _draw_excavator(site, *_road_point(site, bend, min(0.62, 0.2 + finished * 0.5)), 1.25 - finished * 0.6)


def _draw_side_tree(site: Site, bend: int, wide: float, number: int) -> None:
    part = 0.82 - number * 0.15
    x, y = _road_point(site, bend, part)
    near = 1 - part
    side = -1 if number % 2 else 1
    _draw_tree(site, x + side * (wide * near * 1.5 + 60), y, 40 + 190 * near)


def _road_point(site: Site, bend: int, part: float) -> tuple[float, float]:
    """Return the middle of the road at a part of the way to the horizon (0 near, 1 far)."""
    y = HEIGHT - (HEIGHT - HORIZON) * part
    return site.centre + bend * part * part, y


def _draw_strip(
    site: Site, bend: int, wide: float, start: float, end: float, colour: Colour, *, shift: float = 0
) -> None:
    left, right = [], []
    for step in range(9):
        part = start + (end - start) * step / 8
        x, y = _road_point(site, bend, part)
        near = max(0.012, 1 - part)
        left.append((x + (shift - wide) * near, y))
        right.append((x + (shift + wide) * near, y))
    if end > start:
        site.draw.polygon([*left, *reversed(right)], colour)


def _draw_cones(site: Site, bend: int, wide: float) -> None:
    for number in range(5):
        part = 0.08 + number * 0.14
        x, y = _road_point(site, bend, part)
        size, x = 46 * (1 - part), x + wide * (1 - part) * 1.06
        site.draw.polygon([(x - size * 0.4, y), (x, y - size), (x + size * 0.4, y)], ORANGE)
        site.draw.line((x - size * 0.2, y - size * 0.45, x + size * 0.2, y - size * 0.45), WHITE, max(2, int(size / 7)))


def _draw_excavator(site: Site, x: float, y: float, scale: float) -> None:
    draw, u = site.draw, 30 * scale
    yellow, dark = (228, 174, 44), (58, 58, 60)
    draw.rounded_rectangle((x - 2 * u, y - 0.7 * u, x + 1.6 * u, y), 0.35 * u, dark)
    draw.rectangle((x - 1.7 * u, y - 1.9 * u, x + 1.1 * u, y - 0.7 * u), yellow)
    draw.rectangle((x - 0.3 * u, y - 3 * u, x + 1 * u, y - 1.9 * u), yellow)
    draw.rectangle((x - 0.1 * u, y - 2.8 * u, x + 0.7 * u, y - 2 * u), (170, 204, 216))
    draw.line(
        [(x + 0.9 * u, y - 2 * u), (x + 2.6 * u, y - 3.6 * u), (x + 4 * u, y - 1.7 * u)], yellow, max(3, int(0.4 * u))
    )
    draw.polygon(
        [(x + 3.7 * u, y - 1.8 * u), (x + 4.4 * u, y - 1.5 * u), (x + 4 * u, y - 0.6 * u), (x + 3.3 * u, y - 1 * u)],
        dark,
    )


def _draw_bridge(site: Site) -> None:
    """Draw a river with piers that rise, a deck that reaches across, and rails when it is nearly done."""
    draw, done = site.draw, site.done
    draw.polygon(
        [(0, HEIGHT), (150, 430), (330, HORIZON + 22), (640, HORIZON + 22), (830, 430), (WIDTH, HEIGHT)], WATER
    )
    for number in range(9):
        y = 345 + number * 32
        x = site.chance.randint(270, 560)
        draw.line((x, y, x + site.chance.randint(40, 150), y), _between(WATER, WHITE, 0.35), 3)
    top, left, right = site.chance.randint(345, 372), 60, 900
    piers, raised = (left + 60, 350, 610, right - 60), min(1.0, done / 0.5)
    for number, x in enumerate(piers):
        height = 120 * min(1.0, max(0.12, raised * 1.6 - number * 0.2))
        draw.rectangle((x - 24, top + 150 - height, x + 24, top + 150), CONCRETE)
        draw.rectangle((x + 8, top + 150 - height, x + 24, top + 150), _between(CONCRETE, ASPHALT, 0.25))
        if raised >= 1:
            draw.rectangle((x - 38, top + 20, x + 38, top + 36), CONCRETE)
        else:
            for bar in range(-16, 20, 8):
                draw.line((x + bar, top + 150 - height, x + bar, top + 128 - height), (120, 84, 64), 2)
    reach = left + (right - left) * max(0.0, (done - 0.45) / 0.5)
    if reach > left:
        reach = min(reach, right)
        draw.rectangle((left, top - 8, reach, top + 22), _between(CONCRETE, ASPHALT, 0.15))
        draw.rectangle((left, top - 14, reach, top - 6), CONCRETE)
    if done > 0.9:
        draw.line((left, top - 42, right, top - 42), WHITE, 5)
        for x in range(left, right + 1, 35):
            draw.line((x, top - 42, x, top - 12), WHITE, 4)
    for x in (0, right):
        draw.polygon([(x, top - 14), (x + 60, top - 14), (x + 60, top + 160), (x, top + 190)], SOIL)
    if done < 0.9:
        _draw_crane(site, 760 if done < 0.6 else 240, 470)


def _draw_crane(site: Site, x: float, y: float) -> None:
    draw = site.draw
    draw.line((x, y, x, y - 330), (214, 160, 40), 9)
    draw.line((x - 90, y - 318, x + 210, y - 330), (214, 160, 40), 7)
    draw.line([(x - 90, y - 318), (x, y - 370), (x + 210, y - 330)], (120, 110, 90), 2)
    draw.line((x + 150, y - 326, x + 150, y - 210), (70, 70, 70), 2)
    draw.rectangle((x + 138, y - 212, x + 162, y - 196), (90, 92, 96))
    draw.rectangle((x - 26, y - 8, x + 26, y + 10), (90, 92, 96))


def _draw_building(site: Site) -> None:
    """Draw a building from its foundation to its roof: columns, walls, windows, paint."""
    draw, done, chance = site.draw, site.done, site.chance
    storeys, bays = chance.randint(1, 3), chance.randint(4, 6)
    wide, tall = bays * 92, 92
    left, base = site.centre - wide // 2, 520
    wall = chance.choice(((232, 224, 204), (214, 222, 224), (236, 230, 220), (222, 212, 192)))
    draw.polygon(
        [(left - 90, base + 44), (left - 40, base - 12), (left + wide + 40, base - 12), (left + wide + 100, base + 44)],
        SOIL,
    )
    draw.rectangle((left - 12, base - 10, left + wide + 12, base + 14), CONCRETE)
    built = storeys * min(1.0, max(0.0, (done - 0.12) / 0.6))
    for storey in range(storeys):
        part = min(1.0, max(0.0, built - storey))
        floor = base - 10 - storey * tall
        if part:
            _draw_storey(site, left, floor, bays, part, wall if done > 0.8 else (186, 132, 104))
    if done < 0.8:
        for bay in range(bays + 1):  # the bars of the next columns
            x = left + bay * 92
            y = base - 10 - built * tall
            draw.line((x, y, x, y - 26), (120, 84, 64), 3)
    if built >= storeys and done > 0.74:
        top = base - 10 - storeys * tall
        colour = chance.choice(ROOFS)
        draw.polygon(
            [(left - 34, top), (left + 70, top - 84), (left + wide - 70, top - 84), (left + wide + 34, top)], colour
        )
        draw.line((left - 34, top, left + wide + 34, top), _between(colour, ASPHALT, 0.4), 6)
    elif done > 0.15:
        for x in range(left - 30, left + wide + 50, 70):  # scaffold
            draw.line((x, base + 10, x, base - 30 - built * tall), (150, 128, 92), 3)
        draw.line((left - 30, base - 20 - built * tall, left + wide + 40, base - 20 - built * tall), (150, 128, 92), 4)
    if done < 0.95:
        _draw_excavator(site, left + wide + 110, base + 60, 1.3)
    for x in (left - 150, left + wide + 190):
        _draw_tree(site, x, base + 6, chance.randint(120, 170))


def _draw_storey(site: Site, left: int, floor: float, bays: int, part: float, wall: Colour) -> None:
    """Draw one storey: its columns first, its walls and windows when it is nearly up."""
    draw, tall = site.draw, 92 * part
    if part > 0.75:
        draw.rectangle((left, floor - tall, left + bays * 92, floor), wall)
        for bay in range(bays):
            x = left + bay * 92 + 26
            draw.rectangle((x, floor - 70, x + 40, floor - 26), (124, 156, 168) if site.done > 0.8 else (72, 66, 62))
            draw.line((x + 20, floor - 70, x + 20, floor - 26), WHITE if site.done > 0.85 else (72, 66, 62), 3)
    for bay in range(bays + 1):
        x = left + bay * 92
        draw.rectangle((x - 7, floor - tall, x + 7, floor), CONCRETE)
    if part >= 1:
        draw.rectangle((left - 10, floor - 96, left + bays * 92 + 10, floor - 84), CONCRETE)


def _draw_channel(site: Site) -> None:
    """Draw a channel to the horizon: dug first, lined with stone as far as it is done, with water at the end."""
    bend, wide = site.chance.randint(-70, 70), site.chance.randint(190, 250)
    _draw_strip(site, bend, wide * 1.7, 0, 1, _between(site.ground, SOIL, 0.35))
    _draw_strip(site, bend, wide * 1.25, 0, 1, SOIL)
    _draw_strip(site, bend, wide * 1.25, 0, site.done, CONCRETE)
    _draw_strip(site, bend, wide * 0.85, 0, 1, (128, 92, 66))
    _draw_strip(site, bend, wide * 0.85, 0, site.done, (150, 148, 142))
    _draw_strip(site, bend, wide * 0.5, 0, 1, (104, 78, 58))
    if site.done > 0.2:
        _draw_strip(site, bend, wide * 0.5, 0, site.done, WATER)
    for number in range(16):
        part = 1 - 0.84**number
        if part < site.done:
            x, y = _road_point(site, bend, part)
            near = 1 - part
            for side in (-1, 1):
                ends = (x + side * wide * 0.87 * near, y, x + side * wide * 1.24 * near, y - 10 * near)
                site.draw.line(ends, (146, 142, 134), max(1, int(4 * near)))
    for number in range(4):
        _draw_side_tree(site, bend, wide * 1.2, number)
    if site.done < 1:
        x, y = _road_point(site, bend, 0.35)
        _draw_excavator(site, x + wide * 0.95, y, 1.1)


def _draw_park(site: Site) -> None:
    """Draw a park: paths first, then lawns, trees and benches."""
    draw, done, chance = site.draw, site.done, site.chance
    draw.polygon(
        [(0, HEIGHT), (60, 400), (900, 400), (WIDTH, HEIGHT)], _between(SOIL, (124, 158, 84), min(1.0, done * 1.2))
    )
    _draw_strip(
        site, chance.randint(-160, 160), 120, 0, 0.2 + 0.55 * min(1.0, done * 1.5), CONCRETE if done > 0.3 else GRAVEL
    )
    draw.ellipse((site.centre - 190, 440, site.centre + 190, 530), CONCRETE if done > 0.25 else GRAVEL)
    if done > 0.6:
        draw.ellipse((site.centre - 110, 458, site.centre + 110, 512), WATER)
        draw.line((site.centre, 485, site.centre, 420), WHITE, 6)
    for number in range(round(12 * done)):
        _draw_tree(site, 60 + (number * 173) % 860, 430 + (number * 67) % 150, 70 + (number * 29) % 60)
    if done > 0.7:
        for x in (170, 700):
            draw.rectangle((x, 556, x + 96, 566), (136, 96, 62))
            draw.line((x + 12, 566, x + 12, 586), (70, 70, 70), 5)
            draw.line((x + 84, 566, x + 84, 586), (70, 70, 70), 5)
    if done < 0.9:
        _draw_excavator(site, chance.randint(620, 760), 540, 1.2)


def _draw_label(image: Image.Image, site: Site, percent: float) -> None:
    """Say in the picture itself that it is a drawing."""
    draw = site.draw
    draw.rectangle((0, HEIGHT - 44, WIDTH, HEIGHT), (28, 37, 33))
    draw.text((20, HEIGHT - 38), f"{LABEL} · gambar buatan, bukan foto", WHITE, _font(24))
    draw.text((WIDTH - 20, HEIGHT - 38), f"{percent:.0f} %", WHITE, _font(24), anchor="ra")
    draw.rectangle((0, HEIGHT - 48, WIDTH * site.done, HEIGHT - 44), (95, 208, 176))


@cache
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


def _between(one: Colour, other: Colour, share: float) -> Colour:
    """Return the colour at a share (0-1) of the way from one to the other."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(one, other, strict=True))
    return red, green, blue


DRAWINGS: dict[str, Callable[[Site], None]] = {
    "roads": _draw_road,
    "settlements": _draw_road,
    "bridges": _draw_bridge,
    "drainage": _draw_channel,
    "water_resources": _draw_channel,
    "parks": _draw_park,
    "buildings": _draw_building,
}
