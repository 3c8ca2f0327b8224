"""Reads the tokens of the style sheet as they are: name, value in light and in dark, and contrast on paper."""

from __future__ import annotations

import re
from dataclasses import dataclass

from app.config import ROOT

TOKENS = ROOT / "static" / "css" / "tokens.css"
DARK = re.compile(r"prefers-color-scheme: dark\)\s*{\s*:root\s*{(.*?)}", re.DOTALL)
LIGHT = re.compile(r"^:root\s*{(.*?)}", re.DOTALL | re.MULTILINE)
DECLARATION = re.compile(r"--([a-z-]+):\s*([^;]+);")
HEX = re.compile(r"#[0-9a-f]{6}")
LINEAR_BELOW = 0.04045  # of sRGB: WCAG's relative luminance


@dataclass(frozen=True)
class Token:
    """A custom property: its value in each theme, and for colours the contrast on paper (1-21)."""

    name: str
    light: str
    dark: str
    light_contrast: float | None = None
    dark_contrast: float | None = None

    @property
    def is_colour(self) -> bool:
        """Whether it is a colour."""
        return self.light.startswith(("#", "rgb"))


def read_tokens(css: str | None = None) -> list[Token]:
    """Return the tokens of the style sheet in its order; those without a dark value are alike in both themes."""
    css = TOKENS.read_text(encoding="utf-8") if css is None else css
    light, dark = _declared(LIGHT, css), _declared(DARK, css)
    papers = light.get("paper", ""), dark.get("paper", light.get("paper", ""))
    return [
        Token(
            name,
            value,
            dark.get(name, value),
            _contrast_or_none(value, papers[0]),
            _contrast_or_none(dark.get(name, value), papers[1]),
        )
        for name, value in light.items()
    ]


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours (#rrggbb) as WCAG has it, from 1 to 21."""
    high, low = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def _declared(block: re.Pattern[str], css: str) -> dict[str, str]:
    found = block.search(css)
    return dict(DECLARATION.findall(found[1])) if found else {}


def _contrast_or_none(one: str, paper: str) -> float | None:
    return contrast(one, paper) if HEX.fullmatch(one) and HEX.fullmatch(paper) else None


def _luminance(colour: str) -> float:
    shares = (int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5))
    red, green, blue = (s / 12.92 if s <= LINEAR_BELOW else ((s + 0.055) / 1.055) ** 2.4 for s in shares)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
