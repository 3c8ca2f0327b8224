"""What tests of the map page do again and again."""

from __future__ import annotations

import warnings

import numpy as np
import numpy.typing as npt
import rasterio
from playwright.sync_api import Locator, Page
from rasterio.errors import NotGeoreferencedWarning

ROAD_COLOURS = {"good": (0x1B, 0x7F, 0x5C), "fair": (0xE3, 0xB1, 0x1F)}


def open_map(page: Page, address: str = "/") -> None:
    """Open the map page and wait until the map is drawn."""
    page.goto(address)
    wait_for_map(page)


def wait_for_map(page: Page) -> None:
    """Wait until the map has drawn all that it shows."""
    page.locator(".map-drawn").wait_for()


def suggestions(page: Page) -> Locator:
    """Return what the search box suggests."""
    return page.locator("#suggestions").get_by_role("option")


def map_pixels(page: Page) -> npt.NDArray[np.uint8]:
    """Return the map's picture as (height, width, 3)."""
    picture = page.locator("#map").screenshot()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)  # a screenshot lies nowhere on earth
        with rasterio.MemoryFile(picture) as file, file.open() as bands:
            pixels: npt.NDArray[np.uint8] = np.moveaxis(bands.read([1, 2, 3]), 0, -1)
            return pixels


def share_of_colour(pixels: npt.NDArray[np.uint8], colour: tuple[int, int, int], tolerance: int = 12) -> float:
    """Return the share (0-1) of pixels that have nearly this colour."""
    near = np.abs(pixels.astype(int) - np.array(colour)).max(axis=-1) <= tolerance
    return float(near.mean())
