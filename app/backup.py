"""`petakarya backup` and `restore`: the database and the stored files in one tar file."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from app.config import Settings
from app.console import Say, say_nothing
from app.database.installation import require_installation
from app.database.locks import UP_LOCK, open_lock, try_lock
from app.database.migrate import current_revision, newest_revision
from app.database.prepare import forget_done, needs_database, prepare_schema
from app.database.roles import DatabaseUrls, connect, libpq_url, target_of
from app.errors import PetaKaryaError

FORMAT = 1
DUMP = "database.dump"
ABOUT = "petakarya.json"
FILES = "files"  # the folder under the home that `app.storage` keeps
# pg_dump empties the search path, and then `geom IS DISTINCT FROM geom` in a trigger finds no operator of PostGIS.
EMPTY_SEARCH_PATH = b"SELECT pg_catalog.set_config('search_path', '', false);\n"
USABLE_SEARCH_PATH = b"SELECT pg_catalog.set_config('search_path', 'pg_catalog, public', false);\n"
SCHEMAS = ("app", "layers", "history", "generalised")


class BackupFailed(PetaKaryaError):
    """The backup could not be written."""


class NotABackup(PetaKaryaError):
    """The file was not written by `petakarya backup`, or is damaged."""


class HomeInUse(PetaKaryaError):
    """The application is running and would see the database vanish."""


def write_backup(settings: Settings, file: str, *, say: Say = say_nothing) -> None:
    """
    Save the database and the stored files to one tar file, whole or not at all.

    Parameters
    ----------
    file
        Where to write; an existing file is replaced when the new one is complete.

    Raises
    ------
    BackupFailed
        When the folder cannot be written or pg_dump fails.
    """
    target = Path(file).absolute()
    if not target.parent.is_dir():
        raise BackupFailed(f"Folder {target.parent} tidak ada.", f"The folder {target.parent} does not exist.")
    draft = target.with_name(f".{target.name}.part")
    try:
        with needs_database(settings, say=say) as urls, TemporaryDirectory(dir=target.parent) as folder:
            dump = Path(folder) / DUMP
            _postgres_program("pg_dump", urls, "--format=custom", "--no-owner", f"--file={dump}", *_schema_options())
            about = {
                "format": FORMAT,
                "revision": current_revision(urls.owner),
                "database": target_of(settings).name,
                "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
            }
            draft.unlink(missing_ok=True)
            draft.touch(mode=0o600)  # it holds people's accounts
            with tarfile.open(draft, "w") as archive:
                _add_text(archive, ABOUT, json.dumps(about))
                archive.add(dump, DUMP)
                if (settings.home / FILES).is_dir():
                    archive.add(settings.home / FILES, FILES)
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)
    size = target.stat().st_size / 1024**2
    say(f"Tersimpan di {target} ({size:.1f} MiB).", f"Saved to {target} ({size:.1f} MiB).")


def read_backup(settings: Settings, file: str, *, say: Say = say_nothing) -> None:
    """
    Replace the database and the stored files by those of a backup.

    The database is replaced in one transaction: when anything fails, it stays as it was.

    Raises
    ------
    NotABackup
        When the file is not one of ours.
    HomeInUse
        When the application is running.
    """
    with _stopped(settings), _open_backup(file) as archive, TemporaryDirectory(dir=settings.home) as folder:
        archive.extractall(folder, filter="data")
        about = json.loads((Path(folder) / ABOUT).read_text(encoding="utf-8"))
        _check_origin(about, settings)
        with needs_database(settings, say=say) as urls:
            before = layer_versions(urls.owner)
            _replace_database(urls, Path(folder) / DUMP)
            forget_done(settings)
            prepare_schema(settings)
            go_beyond_versions(urls.owner, before)
        _replace_files(settings, Path(folder) / FILES)
    say(f"Dikembalikan dari {file} ({about['made_at']}).", f"Restored from {file} ({about['made_at']}).")


def layer_versions(owner_url: str) -> dict[str, int]:
    """Return the newest version of each layer."""
    with connect(libpq_url(owner_url)) as connection:
        return dict(connection.execute("SELECT layer, version FROM app.layer_versions").fetchall())


def go_beyond_versions(owner_url: str, before: dict[str, int]) -> None:
    """Give every layer a version that no visitor has seen: tiles kept for ever under the old ones show other data."""
    with connect(libpq_url(owner_url)) as connection:
        connection.cursor().executemany(
            "UPDATE app.layer_versions SET version = greatest(version, %s) + 1 WHERE layer = %s",
            [(version, layer) for layer, version in before.items()],
        )


def _replace_database(urls: DatabaseUrls, dump: Path) -> None:
    """Empty the schemas and fill them from the dump, in one transaction of psql."""
    plain, script = dump.with_suffix(".plain.sql"), dump.with_suffix(".sql")
    _postgres_program("pg_restore", None, "--no-owner", f"--file={plain}", str(dump))
    drop = sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE;\n").format(sql.SQL(", ").join(map(sql.Identifier, SCHEMAS)))
    with plain.open("rb") as source, script.open("wb") as target:
        target.write(drop.as_string(None).encode())
        for line in source:
            if line == EMPTY_SEARCH_PATH:
                target.write(USABLE_SEARCH_PATH)
                break
            target.write(line)
        shutil.copyfileobj(source, target)
    plain.unlink()
    options = ("--single-transaction", "--set=ON_ERROR_STOP=1", "--quiet", "--no-psqlrc", "--output=/dev/null")
    _postgres_program("psql", urls, *options, f"--file={script}")


def _replace_files(settings: Settings, restored: Path) -> None:
    kept = settings.home / FILES
    if restored.is_dir():
        before = kept.with_name(f"{FILES}.before-restore")
        if kept.is_dir():
            kept.rename(before)
        shutil.move(restored, kept)
        shutil.rmtree(before, ignore_errors=True)


def _postgres_program(name: str, urls: DatabaseUrls | None, *options: str) -> None:
    """Run one of PostgreSQL's programs; the password goes by the environment, where no other user sees it."""
    command = [str(require_installation().bin / name), *options]
    environment = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}
    if urls is not None:
        parameters: dict[str, Any] = dict(conninfo_to_dict(libpq_url(urls.owner)))
        environment |= {"PGPASSWORD": str(parameters.pop("password"))}
        command.append("--dbname=" + make_conninfo(**parameters))
    answer = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if answer.returncode != 0:
        lines = [line for line in answer.stderr.splitlines() if "error" in line.lower()] or ["?"]
        raise BackupFailed(f"{name} gagal: {lines[0]}", f"{name} failed: {lines[0]}")


def _schema_options() -> list[str]:
    return [f"--schema={schema}" for schema in SCHEMAS]


def _open_backup(file: str) -> tarfile.TarFile:
    try:
        archive = tarfile.open(file)  # noqa: SIM115 - the caller closes it
        names = archive.getnames()
    except FileNotFoundError as error:
        raise NotABackup(f"Berkas {file} tidak ada.", f"The file {file} does not exist.") from error
    except (tarfile.TarError, OSError, EOFError) as error:
        raise NotABackup(f"Berkas {file} bukan cadangan PetaKarya.", f"{file} is not a backup of PetaKarya.") from error
    if ABOUT not in names or DUMP not in names:
        raise NotABackup(f"Berkas {file} bukan cadangan PetaKarya.", f"{file} is not a backup of PetaKarya.")
    return archive


def _check_origin(about: dict[str, Any], settings: Settings) -> None:
    if about.get("format") != FORMAT or str(about.get("revision")) > str(newest_revision()):
        raise NotABackup(
            "Cadangan ini dari PetaKarya yang lebih baru. Perbarui PetaKarya dahulu.",
            "This backup comes from a newer PetaKarya. Update PetaKarya first.",
        )
    name, wanted = about.get("database"), target_of(settings).name
    if name != wanted:  # rights are given to roles that carry the database's name
        raise NotABackup(
            f"Cadangan ini dari pangkalan data {name}, bukan {wanted}. Beri pangkalan data tujuan nama {name}.",
            f"This backup comes from a database {name}, not {wanted}. Name the database to restore to {name}.",
        )


@contextmanager
def _stopped(settings: Settings) -> Iterator[None]:
    """Keep `petakarya up` from starting, having made sure that it is not running."""
    lock = open_lock(settings.home, UP_LOCK)
    try:
        if not try_lock(lock):
            raise HomeInUse(
                "PetaKarya sedang berjalan. Hentikan dahulu, lalu ulangi.",
                "PetaKarya is running. Stop it first, then try again.",
            )
        yield
    finally:
        os.close(lock)


def _add_text(archive: tarfile.TarFile, name: str, text: str) -> None:
    info = tarfile.TarInfo(name)
    body = text.encode()
    info.size = len(body)
    archive.addfile(info, BytesIO(body))
