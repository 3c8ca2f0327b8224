"""The command line, `petakarya`: each subject brings its own commands, loaded when they are called."""

from __future__ import annotations

import errno
import importlib
import importlib.util
import logging
import sys
from collections.abc import Callable
from typing import Any

import click

from app.config import Settings, preferred_language
from app.console import say
from app.errors import PetaKaryaError, message_of
from gis.errors import GisError
from layers.errors import LayersError

FAILED = 1
DISK_FULL = "53100"  # PostgreSQL's SQLSTATE
CONNECTION_LOST = {"57P01", "57P02", "57P03", "08006", "08003"}
INTERRUPTED = 130  # as shells say it after Ctrl-C


def in_language(text_id: str, text_en: str) -> str:
    """Choose the help text of the terminal's language."""
    return text_en if preferred_language() == "en" else text_id


# Commands that live with their subject: module, and what `petakarya --help` says without loading it.
SUBJECTS: dict[str, tuple[str, str]] = {
    "import": ("app.imports.cli", in_language("Muat berkas ke sebuah lapisan.", "Load a file into a layer.")),
    "export": ("app.exports.cli", in_language("Tulis sebuah lapisan ke berkas.", "Write a layer to a file.")),
    "report": ("app.reports.cli", in_language("Hitung sebuah laporan.", "Compute a report.")),
    "user": ("app.auth.cli", in_language("Kelola akun pengguna.", "Manage people's accounts.")),
}


class SubjectGroup(click.Group):
    """A group that imports a subject's module only when its command is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Name our own commands and those of the subjects that are installed."""
        return sorted([*super().list_commands(ctx), *(name for name in SUBJECTS if _is_installed(SUBJECTS[name][0]))])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command's module and find the command of that name in it."""
        if cmd_name not in SUBJECTS or not _is_installed(SUBJECTS[cmd_name][0]):
            return super().get_command(ctx, cmd_name)
        module = importlib.import_module(SUBJECTS[cmd_name][0])
        commands = [item for item in vars(module).values() if isinstance(item, click.Command)]
        return next((command for command in commands if command.name == cmd_name), None)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without loading the subjects."""
        own = {name: command.get_short_help_str(80) for name, command in self.commands.items() if not command.hidden}
        others = {name: SUBJECTS[name][1] for name in self.list_commands(ctx) if name in SUBJECTS}
        with formatter.section(in_language("Perintah", "Commands")):
            formatter.write_dl(sorted({**own, **others}.items()))


@click.group(
    cls=SubjectGroup,
    help=in_language(
        "PetaKarya: peta pekerjaan umum dan tata ruang sebuah daerah.",
        "PetaKarya: the map of a region's public works and spatial plan.",
    ),
)
def cli() -> None:
    """Group all commands."""


@cli.command(
    help=in_language(
        "Jalankan semuanya: pangkalan data, web, dan pekerja; Ctrl-C menghentikannya.",
        "Run everything: database, web and worker; Ctrl-C stops it.",
    )
)
@click.option("--with-parent", is_flag=True, hidden=True, help="Stop when the calling process dies.")
def up(with_parent: bool) -> None:
    """Run everything until told to stop."""
    from app.supervise import run_everything

    sys.exit(run_everything(Settings.from_environment(), with_parent=with_parent))


@cli.command(help=in_language("Periksa apakah semuanya siap.", "Check whether everything is ready."))
def check() -> None:
    """Say of each part whether it is well."""
    from app.check import check_installation

    sys.exit(check_installation(Settings.from_environment()))


@cli.command(
    help=in_language(
        "Simpan pangkalan data dan berkas ke FILE (tar).", "Save the database and the files to FILE (a tar)."
    )
)
@click.argument("file", type=click.Path(dir_okay=False))
def backup(file: str) -> None:
    """Save everything to one file."""
    from app.backup import write_backup

    write_backup(Settings.from_environment(), file, say=say)


@cli.command(
    help=in_language(
        "Kembalikan pangkalan data dan berkas dari FILE; isi yang sekarang diganti.",
        "Bring back the database and the files from FILE; what is there now is replaced.",
    )
)
@click.argument("file", type=click.Path(dir_okay=False))
def restore(file: str) -> None:
    """Bring everything back from a file of `backup`."""
    from app.backup import read_backup

    read_backup(Settings.from_environment(), file, say=say)


def main() -> None:
    """Run a command; a person's mistake ends in a sentence and an exit code, never in a traceback."""
    sys.exit(run(lambda: cli.main(prog_name="petakarya", standalone_mode=False)))


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
        path.parent.mkdir(parents=True, exist_ok=True)
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


def _is_installed(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:
        return False


if __name__ == "__main__":
    main()
