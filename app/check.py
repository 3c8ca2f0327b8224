"""`petakarya check`: say of each part whether it is well."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass

import psycopg

from app.config import ROOT, Settings, preferred_language
from app.console import say
from app.database.installation import require_installation
from app.database.migrate import current_revision, newest_revision
from app.database.prepare import needs_database
from app.database.roles import DatabaseUrls, libpq_url
from app.errors import PetaKaryaError, message_of

LEAST_FREE_BYTES = 1024**3


@dataclass(frozen=True)
class Part:
    """One line of the answer."""

    name_id: str
    name_en: str
    is_well: bool
    note: str = ""


def check_installation(settings: Settings) -> int:
    """
    Look at each part and say how it is; the database is started for it when it is stopped.

    Returns
    -------
    exit_code
        0 when all is well, else 1.
    """
    parts = list(_parts(settings))
    for part in parts:
        mark = "✓" if part.is_well else "✗"
        say(f"{mark} {part.name_id}  {part.note}".rstrip(), f"{mark} {part.name_en}  {part.note}".rstrip())
    return 0 if all(part.is_well for part in parts) else 1


def _parts(settings: Settings) -> Iterator[Part]:
    if settings.database_url is None:
        yield _attempt("PostgreSQL dengan PostGIS", "PostgreSQL with PostGIS", lambda: str(require_installation().bin))
    pages = ROOT / "static" / "dist"
    yield Part("halaman sudah dibangun", "pages are built", pages.is_dir(), "" if pages.is_dir() else "make build")
    try:
        with needs_database(settings) as urls:
            yield Part("pangkalan data", "database", True, _versions(urls))
            revision, newest = current_revision(urls.owner), newest_revision()
            yield Part("skema", "schema", revision == newest, f"{revision} / {newest}")
    except PetaKaryaError as error:
        yield Part("pangkalan data", "database", False, message_of(error, preferred_language()))
    with suppress(OSError):
        free = shutil.disk_usage(settings.home).free
        yield Part("ruang cakram", "disk space", free > LEAST_FREE_BYTES, f"{free / 1024**3:.1f} GiB")
    yield Part("folder data", "data folder", os.access(settings.home, os.W_OK), str(settings.home))


def _attempt(name_id: str, name_en: str, look: Callable[[], str]) -> Part:
    try:
        return Part(name_id, name_en, True, look())
    except PetaKaryaError as error:
        return Part(name_id, name_en, False, message_of(error, preferred_language()))


def _versions(urls: DatabaseUrls) -> str:
    with psycopg.connect(libpq_url(urls.reader)) as connection:
        row = connection.execute("SELECT current_setting('server_version'), postgis_lib_version()").fetchone()
        assert row is not None
        return f"PostgreSQL {row[0]}, PostGIS {row[1]}"
