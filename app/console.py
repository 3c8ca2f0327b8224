"""What commands say to the person at the terminal: on stderr, in the language of the locale."""

from __future__ import annotations

from collections.abc import Callable

import click

from app.config import preferred_language

Say = Callable[[str, str], None]  # the sentence in Indonesian, and in English


def say(message_id: str, message_en: str) -> None:
    """Print one sentence on stderr, in English when the locale is English, else in Indonesian."""
    click.echo(message_en if preferred_language() == "en" else message_id, err=True)


def say_nothing(message_id: str, message_en: str) -> None:
    """Swallow what would be said; for callers that are themselves quiet."""
