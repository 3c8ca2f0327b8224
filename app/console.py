"""What commands say to the person at the terminal: on stderr, in the language of the locale, and never a traceback."""

from __future__ import annotations

import errno
import logging
import sys
from collections.abc import Callable
from typing import Any

import click

from app.config import Settings, preferred_language
from app.errors import PetaKaryaError, message_of
from gis.errors import GisError
from layers.errors import LayersError

FAILED = 1
DISK_FULL = "53100"  # PostgreSQL's SQLSTATE
CONNECTION_LOST = {"57P01", "57P02", "57P03", "08006", "08003"}
INTERRUPTED = 130  # as shells say it after Ctrl-C

Say = Callable[[str, str], None]  # the sentence in Indonesian, and in English


def say(message_id: str, message_en: str) -> None:
    """Print one sentence on stderr, in English when the locale is English, else in Indonesian."""
    click.echo(message_en if preferred_language() == "en" else message_id, err=True)


def say_nothing(message_id: str, message_en: str) -> None:
    """Swallow what would be said; for callers that are themselves quiet."""


def in_language(text_id: str, text_en: str) -> str:
    """Choose the help text of the terminal's language."""
    return text_en if preferred_language() == "en" else text_id


def run(command: Callable[[], Any]) -> int:
    """
    Call a command and return its exit code, having said what went wrong.

    Returns
    -------
    exit_code
        0 done, 1 failed, 2 refused or misused, 130 interrupted.
    """
    try:
        result = command()
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else FAILED if stop.code else 0
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        say("Dibatalkan.", "Cancelled.")
        return INTERRUPTED
    except BrokenPipeError:  # the reader of our output, such as `head`, has gone
        sys.stderr.close()
        return FAILED
    except Exception as error:
        return _explain(error)
    return result if isinstance(result, int) else 0


def _explain(error: Exception) -> int:
    if isinstance(error, (PetaKaryaError, LayersError, GisError)):
        click.echo(message_of(error, preferred_language()), err=True)
        statements = getattr(error, "sql", None)
        if statements:
            click.echo(statements)
        return int(getattr(error, "exit_code", FAILED))
    sqlstate = getattr(getattr(error, "orig", error), "sqlstate", None)  # SQLAlchemy wraps psycopg's errors
    if sqlstate == DISK_FULL or (isinstance(error, OSError) and error.errno == errno.ENOSPC):
        say("Cakram penuh. Kosongkan ruang, lalu ulangi.", "The disk is full. Make room, then try again.")
        return FAILED
    if isinstance(error, OSError) and error.filename is not None:
        say(f"{error.filename}: {error.strerror}.", f"{error.filename}: {error.strerror}.")
        return FAILED
    if sqlstate in CONNECTION_LOST:
        say(
            "Sambungan ke pangkalan data terputus. Tidak ada yang berubah; ulangi sebentar lagi.",
            "The connection to the database was lost. Nothing has changed; try again in a moment.",
        )
        return FAILED
    return _explain_unexpected(error)


def _explain_unexpected(error: Exception) -> int:
    try:
        path = Settings.from_environment().home / "logs" / "petakarya.log"
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handler: logging.Handler = logging.FileHandler(path, encoding="utf-8")
    except (OSError, PetaKaryaError):
        path, handler = None, logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    log = logging.getLogger("petakarya.command")
    log.addHandler(handler)
    log.propagate = False
    log.error("unexpected error in: %s", " ".join(sys.argv), exc_info=error)
    where = path or "stderr"
    say(
        f"Ada kesalahan yang tidak terduga ({type(error).__name__}). Rinciannya di {where}.",
        f"Something unexpected went wrong ({type(error).__name__}). Details are in {where}.",
    )
    return FAILED
