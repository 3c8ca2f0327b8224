"""The command line, `petakarya`: each subject brings its own commands, loaded when they are called."""

from __future__ import annotations

import importlib
import importlib.util
import sys

import click

from app.config import Settings
from app.console import in_language, run, say

# Commands that live with their subject: module, and what `petakarya --help` says without loading it.
SUBJECTS: dict[str, tuple[str, str]] = {
    "import": ("app.imports.cli", in_language("Muat berkas ke sebuah lapisan.", "Load a file into a layer.")),
    "export": ("app.exports.cli", in_language("Tulis sebuah lapisan ke berkas.", "Write a layer to a file.")),
    "plan": ("app.plans.cli", in_language("Daftarkan rencana tata ruang.", "Register spatial plans.")),
    "report": ("app.reports.cli", in_language("Hitung sebuah laporan.", "Compute a report.")),
    "raster": (
        "app.rasters.cli",
        in_language(
            "Daftarkan raster: elevasi, tutupan lahan, penduduk.",
            "Register rasters: elevation, land cover, population.",
        ),
    ),
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


def _is_installed(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:
        return False


if __name__ == "__main__":
    main()
