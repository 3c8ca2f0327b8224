"""Short addresses of projects: their id in Crockford's base 32, which people can read out and type."""

from __future__ import annotations

DIGITS = "0123456789abcdefghjkmnpqrstvwxyz"  # without i, l, o and u
MISREAD = str.maketrans({"i": "1", "l": "1", "o": "0"})
LONGEST = 13  # of a 64-bit number
GREATEST = 2**63 - 1


def short_code(identifier: int) -> str:
    """Return the short code of an id, 1 or more: 1 is `1`, 1000 is `z8`."""
    digits = ""
    while identifier:
        identifier, rest = divmod(identifier, len(DIGITS))
        digits = DIGITS[rest] + digits
    return digits or DIGITS[0]


def read_short_code(code: str) -> int | None:
    """Return the id that a short code stands for, whatever case it is in; None when it cannot be one."""
    written = code.lower().translate(MISREAD)
    if not 1 <= len(written) <= LONGEST or any(digit not in DIGITS for digit in written):
        return None
    identifier = 0
    for digit in written:
        identifier = identifier * len(DIGITS) + DIGITS.index(digit)
    return identifier if 1 <= identifier <= GREATEST else None
