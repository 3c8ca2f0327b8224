"""Positions as people type them."""

import pytest

from gis.coordinates import read_coordinates

MUSI_RAWAS = (102.1, -3.7, 103.8, -2.3)
JAYAPURA = (139.0, -4.0, 141.0, -2.0)


@pytest.mark.parametrize(
    "typed",
    [
        "-3.1, 103.2",
        "-3.1,103.2",
        "-3.1 103.2",
        "103.2, -3.1",
        "103.2 -3.1",
        "  -3.1 ;  103.2 ",
        "-3,1 103,2",
        "-3,1; 103,2",
        "-3,1, 103,2",
        "−3.1, 103.2",
        "3°06'00\"S 103°12'00\"E",
        "3° 6' 0\" LS, 103° 12' 0\" BT",
        "3 06 00 S, 103 12 00 E",
        "3°6′S 103°12′E",
        "3.1°S, 103.2°E",
        "3,1° ls 103,2° bt",
    ],
)
def test_ways_to_write_one_place(typed: str) -> None:
    assert read_coordinates(typed, MUSI_RAWAS) == pytest.approx((103.2, -3.1), abs=1e-9)


def test_metres_of_utm_and_tm3() -> None:
    """T23 of the domain reference and its UTM twin."""
    for typed in ("166655.88, 1157245.95", "299963.27, 9657183.53", "299963 9657184", "299963,27 9657183,53"):
        assert read_coordinates(typed, MUSI_RAWAS) == pytest.approx((103.2, -3.1), abs=1e-5)


def test_metres_that_lie_in_no_zone_of_the_region() -> None:
    assert read_coordinates("299963, 9000000", MUSI_RAWAS) is None


def test_the_same_metres_mean_another_place_in_another_zone() -> None:
    """TM-3 zone 54.1 lies 36° east of zone 48.1."""
    assert read_coordinates("166655.88, 1157245.95", JAYAPURA) == pytest.approx((139.2, -3.1), abs=1e-5)


def test_longitude_first_is_told_by_the_region() -> None:
    """Both numbers could be a latitude; the one that lies near the region is meant."""
    acheh = (95.0, 4.0, 96.5, 6.0)
    assert read_coordinates("5.5, 95.3", acheh) == (95.3, 5.5)
    assert read_coordinates("95.3, 5.5", acheh) == (95.3, 5.5)


@pytest.mark.parametrize(
    "typed",
    ["", "3.1", "muara beliti", "jalan 12 34", "-3.1, 103.2, 5", "200, 300", "3 103", "017 018", "3°75'S 103°12'E", "16.05.09", "1e5, 3", "1,2,3,4",
     "-" * 5000, "9" * 5000 + ", 1", "103.2, -3.1; drop table x", "nan, nan"],
)  # fmt: skip
def test_what_is_no_position(typed: str) -> None:
    assert read_coordinates(typed, MUSI_RAWAS) is None
