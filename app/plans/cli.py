"""The commands `petakarya plan set` and `plan list`."""

from __future__ import annotations

import getpass
from datetime import datetime
from pathlib import Path

import click
from sqlalchemy import create_engine, pool, text

from app.config import Settings
from app.console import in_language, say
from app.database.prepare import needs_database
from app.plans.service import KINDS, PlanInput, SavedPlan, save_plan
from gis.figures import Finding
from layers.catalogue import built_in_catalogue

SEVERITIES = {"error": ("Galat", "Error"), "warning": ("Peringatan", "Warning"), "info": ("Catatan", "Note")}
DAY = click.DateTime(formats=["%Y-%m-%d"])


@click.group("plan", help=in_language("Daftarkan rencana tata ruang (RTRW, RDTR).", "Register spatial plans."))
def plan() -> None:
    """Group the commands of plans."""


@plan.command(
    "set",
    help=in_language(
        "Daftarkan rencana CODE, atau ubah yang disebut saja pada rencana yang sudah ada. "
        "Kode keluar: 0 tersimpan; selain itu tidak ada yang berubah dan alasannya ditulis.",
        "Register the plan CODE, or change what is said of one that exists. "
        "Exit code: 0 saved; else nothing has changed and the reason is printed.",
    ),
)
@click.argument("code")
@click.option("--name", help=in_language("Nama rencana.", "Name of the plan."))
@click.option("--kind", type=click.Choice(KINDS), help=in_language("Jenis rencana.", "Kind of plan."))
@click.option(
    "--scale",
    type=click.IntRange(100, 5_000_000),
    metavar="N",
    help=in_language("Skala petanya: 50000 untuk 1:50.000.", "Scale of its map: 50000 for 1:50 000."),
)
@click.option("--basis", help=in_language("Dasar hukum: perda atau perbup.", "Legal basis."))
@click.option("--from", "begins", type=DAY, metavar="DATE", help=in_language("Berlaku sejak.", "In force from."))
@click.option("--until", "ends", type=DAY, metavar="DATE", help=in_language("Berlaku sampai.", "In force until."))
@click.option(
    "--matrix",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help=in_language(
        "Matriks kegiatan (CSV, XLSX): baris kegiatan, kolom kode zona, isi I, T, B, atau X.",
        "Activity matrix (CSV, XLSX): a row an activity, a column a zone code, cells of I, T, B or X.",
    ),
)
@click.option(
    "--take-zones",
    is_flag=True,
    help=in_language("Beri rencana ini zona yang belum berencana.", "Give this plan the zones that have none."),
)
def set_plan(
    code: str,
    name: str | None,
    kind: str | None,
    scale: int | None,
    basis: str | None,
    begins: datetime | None,
    ends: datetime | None,
    matrix: Path | None,
    take_zones: bool,
) -> None:
    """Save one plan and say what became of it."""
    from app.imports.cli import work_folder
    from layers.ingest.plan_matrix import read_matrix

    settings = Settings.from_environment()
    cells = None
    if matrix is not None:
        with work_folder(settings.home) as work:
            read = read_matrix(matrix, built_in_catalogue().code_list("projects", "sector"), work)
        _tell_findings(read.findings)
        cells = read.cells
    wanted = PlanInput(
        code, name, kind, scale, basis, begins.date() if begins else None, ends.date() if ends else None, cells
    )
    with needs_database(settings, say=say) as urls:
        engine = create_engine(urls.app, poolclass=pool.NullPool)
        with engine.begin() as connection:
            connection.execute(text("SELECT set_config('petakarya.actor', :actor, true)"), {"actor": getpass.getuser()})
            saved = save_plan(connection, wanted, take_zones=take_zones)
    _tell(saved)


@plan.command("list", help=in_language("Sebutkan rencana yang terdaftar.", "List the registered plans."))
def list_plans() -> None:
    """List every plan with its scale, its time in force, and how many zones it has, one a line."""
    settings = Settings.from_environment()
    with needs_database(settings, say=say) as urls:
        engine = create_engine(urls.reader, poolclass=pool.NullPool)
        with engine.connect() as connection:
            rows = connection.execute(
                text(
                    """
                    SELECT code, kind, scale, in_force_from, in_force_until, name,
                        (SELECT count(*) FROM layers.plan_zones z WHERE z.plan_code = p.code) AS zones
                    FROM layers.plans p ORDER BY code
                    """
                )
            ).all()
    if not rows:
        say(
            "Belum ada rencana. Daftarkan dengan petakarya plan set.",
            "There is no plan. Register one with petakarya plan set.",
        )
    for row in rows:
        span = f"{row.in_force_from or '…'} – {row.in_force_until or '…'}"
        click.echo(f"{row.code}\t{row.kind}\t1:{row.scale}\t{span}\t{row.zones}\t{row.name}")


def _tell(saved: SavedPlan) -> None:
    _tell_findings(saved.findings)
    taken_id = f", {saved.taken} di antaranya baru" if saved.taken else ""
    taken_en = f", {saved.taken} of them taken over now" if saved.taken else ""
    say(
        f"{'Terdaftar' if saved.is_new else 'Diubah'}: {saved.code}, {saved.zones} zona{taken_id}.",
        f"{'Registered' if saved.is_new else 'Changed'}: {saved.code}, {saved.zones} zones{taken_en}.",
    )


def _tell_findings(findings: tuple[Finding, ...]) -> None:
    for one in findings:
        label_id, label_en = SEVERITIES[one.severity]
        say(f"{label_id}: {one.message_id}", f"{label_en}: {one.message_en}")
