"""Put rows into a layer's table: in the caller's transaction, by COPY, all or none."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import psycopg
import shapely
from psycopg import sql
from sqlalchemy import Connection, Table, text

from gis.types import BoolArray
from layers.definition import LayerDefinition
from layers.ingest.areas import LEVEL_OF_LAYER
from layers.ingest.errors import ImportFailed, ImportRefused, keeping
from layers.ingest.findings import RowFinding, Sentence, examples, finding, nothing_left
from layers.ingest.rows import Rows
from layers.ingest.values import TextArray, is_null
from layers.tables import stored_table

Mode = Literal["append", "replace", "update"]
Progress = Callable[[int], None]

COPY_ROWS = 10_000  # sent at once: the database works on one part while the next is written
INCOMING = "petakarya_incoming"

# What the file says of a package's place is its location at the stage it has reached; one that an earlier import gave
# gives way. Of this transaction's rows only, whose place differs from what the register knows.
PLACE_PACKAGES = """
    WITH incoming AS (
        SELECT p.id, p.source, p.geom, CASE
            WHEN p.status IN ('handed_over', 'maintenance', 'finished') THEN 'built'
            WHEN p.status IN ('planned', 'announced', 'tender', 'cancelled', 'failed_tender') THEN 'planned'
            ELSE 'contracted' END AS kind
        FROM app.project p
        WHERE p.valid_from = now() AND p.geom IS NOT NULL AND NOT EXISTS (
            SELECT FROM app.project_location l WHERE l.project_id = p.id AND ST_Equals(l.geom, p.geom))
    ), gone AS (
        DELETE FROM app.project_location l USING incoming i
        WHERE l.project_id = i.id AND l.kind = i.kind AND l.method = 'imported'
    )
    INSERT INTO app.project_location (project_id, kind, method, source, geom)
    SELECT id, kind, 'imported', source, geom FROM incoming
"""

_NEEDS_ESCAPE = str.maketrans({"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"})


@dataclass(frozen=True)
class Loaded:
    """What was done to the table."""

    inserted: int
    updated: int
    removed: int
    removed_demo: int
    sentence: Sentence
    findings: tuple[RowFinding, ...]


def load(
    rows: Rows,
    definition: LayerDefinition,
    connection: Connection,
    *,
    mode: Mode = "append",
    key: str | None = None,
    source: str,
    progress: Progress | None = None,
) -> Loaded:
    """
    Put rows into the layer's table; its demonstration rows give way.

    Parameters
    ----------
    rows
        Placed rows in EPSG:4326.
    connection
        In the caller's transaction. What fails leaves the table as it was: a savepoint is put around the whole.
    mode
        `append` adds; `replace` first removes every row of the layer; `update` changes the rows of the same `key` and
        adds the others. Fields that the file does not have keep their value in an update.
    key
        The field that tells rows apart; needed for `update`.
    source
        Name of the file, kept with each row.
    progress
        Called with the number of rows sent since the last call.

    Raises
    ------
    ImportRefused
        When the key is unusable, no row is left, or the database finds two rows that exclude each other.
    ImportFailed
        When the database cannot take the rows: its disk is full, or the connection was lost.
    """
    table = stored_table(definition.id)
    cursor = _cursor(connection)
    findings: list[RowFinding] = []
    with keeping(findings), explained(), connection.begin_nested():
        removed_demo = _delete(cursor, table, "WHERE demo")
        removed = _delete(cursor, table, "WHERE NOT demo") if mode == "replace" else 0
        rows = _check_keys(rows, table, cursor, mode, key, findings)
        rows = _check_plans(rows, cursor, findings)
        if not len(rows):
            raise ImportRefused(nothing_left())
        rows = rows.with_column("source", np.full(len(rows), source, dtype=object))
        if mode == "update":
            assert key is not None
            updated, inserted = _update(cursor, table, rows, key, progress)
        else:
            copy_rows(cursor, _name(table), rows, progress)
            updated, inserted = 0, len(rows)
        if definition.id == "projects":
            cursor.execute(PLACE_PACKAGES)
    return Loaded(
        inserted, updated, removed, removed_demo, _sentence(inserted, updated, removed, removed_demo), tuple(findings)
    )


def wait_for_turn(connection: Connection, definition: LayerDefinition) -> None:
    """
    Let one import of a layer wait for another, until the transaction ends.

    An import of districts or villages waits for all others and they for it, since their rows carry its codes.
    """
    areas = "pg_advisory_xact_lock" if definition.id in LEVEL_OF_LAYER else "pg_advisory_xact_lock_shared"
    key = "hashtextextended('petakarya.import.' || :name, 0)"
    connection.execute(text(f"SELECT {areas}({key})"), {"name": "areas"})
    connection.execute(text(f"SELECT pg_advisory_xact_lock({key})"), {"name": definition.id})


def copy_rows(
    cursor: psycopg.Cursor[Any], target: sql.Composable, rows: Rows, progress: Progress | None = None
) -> None:
    """Send rows to a table by COPY, in parts, so that the database works while the next part is being written."""
    names = [*rows.columns, "geom"]
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(target, sql.SQL(", ").join(map(sql.Identifier, names)))
    columns = {name: _escaped(values) for name, values in rows.columns.items()}
    with cursor.copy(statement) as copy:
        for start in range(0, len(rows), COPY_ROWS):
            part = slice(start, start + COPY_ROWS)
            texts = [values[part].tolist() for values in columns.values()]
            geometries = [
                "\\N" if wkb is None else wkb.hex() for wkb in shapely.to_wkb(rows.geometries[part], byte_order=1)
            ]
            copy.write("\n".join(map("\t".join, zip(*texts, geometries, strict=True))) + "\n")
            if progress is not None:
                progress(len(geometries))


def _escaped(values: TextArray) -> TextArray:
    r"""Write a column as COPY reads it: NULL as `\N`, and each different text escaped once."""
    written: dict[str | None, str] = {None: "\\N"}
    for value in set(values.tolist()) - {None}:
        written[value] = value.translate(_NEEDS_ESCAPE)
    return np.array([written[value] for value in values.tolist()], dtype=object).reshape(-1)


def _update(
    cursor: psycopg.Cursor[Any], table: Table, rows: Rows, key: str, progress: Progress | None
) -> tuple[int, int]:
    """Change the rows that have the same key, add the others; rows that are the same already are not touched."""
    incoming = sql.Identifier(INCOMING)
    names = [*rows.columns, "geom"]
    columns = sql.SQL(", ").join(map(sql.Identifier, names))
    cursor.execute(sql.SQL("DROP TABLE IF EXISTS pg_temp.{}").format(incoming))
    cursor.execute(
        sql.SQL("CREATE TEMPORARY TABLE {} ON COMMIT DROP AS SELECT {} FROM {} WITH NO DATA").format(
            incoming, columns, _name(table)
        )
    )
    copy_rows(cursor, incoming, rows, progress)
    cursor.execute(sql.SQL("ANALYZE {}").format(incoming))
    own = [name for name in names if name not in {"source", key}]
    cursor.execute(
        sql.SQL(
            "UPDATE {table} t SET {sets} FROM {incoming} i WHERE t.{key} = i.{key} AND ({old}) IS DISTINCT FROM ({new})"
        ).format(
            table=_name(table),
            sets=sql.SQL(", ").join(
                sql.SQL("{0} = i.{0}").format(sql.Identifier(name)) for name in names if name != key
            ),
            incoming=incoming,
            key=sql.Identifier(key),
            old=sql.SQL(", ").join(sql.SQL("t.{}").format(sql.Identifier(name)) for name in own),
            new=sql.SQL(", ").join(sql.SQL("i.{}").format(sql.Identifier(name)) for name in own),
        )
    )
    updated = cursor.rowcount
    cursor.execute(
        sql.SQL(
            "INSERT INTO {table} ({columns}) SELECT {columns} FROM {incoming} i "
            "WHERE NOT EXISTS (SELECT FROM {table} t WHERE t.{key} = i.{key})"
        ).format(table=_name(table), columns=columns, incoming=incoming, key=sql.Identifier(key))
    )
    return updated, cursor.rowcount


def _check_keys(
    rows: Rows, table: Table, cursor: psycopg.Cursor[Any], mode: Mode, key: str | None, findings: list[RowFinding]
) -> Rows:
    """Leave out rows whose key is missing, repeated in the file, or (when they are added) in the table already."""
    unique = [column.name for column in table.columns if column.unique]
    wanted = key if mode == "update" else unique[0] if unique else None
    if wanted is None:
        return rows
    if wanted not in rows.columns:
        raise ImportRefused(_key_missing(wanted))
    values = rows.columns[wanted]
    if mode == "update":
        rows = _without(rows, is_null(values), "key_missing", wanted, findings)
        values = rows.columns[wanted]
    counts: dict[str | None, int] = {}
    for value in values:
        counts[value] = counts.get(value, 0) + 1
    repeated = np.array([value is not None and counts[value] > 1 for value in values], dtype=bool)
    rows = _without(rows, repeated, "key_repeated", wanted, findings)
    if mode == "update" and wanted not in unique:
        statement = sql.SQL(
            "SELECT {0}::text FROM {1} WHERE {0}::text = ANY(%s) GROUP BY {0} HAVING count(*) > 1"
        ).format(sql.Identifier(wanted), _name(table))
        several = {row[0] for row in cursor.execute(statement, [rows.columns[wanted].tolist()])}
        shared = np.array([value in several for value in rows.columns[wanted]], dtype=bool)
        rows = _without(rows, shared, "key_shared", wanted, findings)
    if mode == "append":
        statement = sql.SQL("SELECT {0}::text FROM {1} WHERE {0}::text = ANY(%s)").format(
            sql.Identifier(wanted), _name(table)
        )
        present = {row[0] for row in cursor.execute(statement, [rows.columns[wanted].tolist()])}
        there = np.array([value in present for value in rows.columns[wanted]], dtype=bool)
        rows = _without(rows, there, "key_present", wanted, findings)
    return rows


_KEY_REASONS = {
    "key_missing": ("tanpa {}", "have no {}"),
    "key_repeated": ("{}-nya sama dengan baris lain di berkas ini", "have the same {} as another row of the file"),
    "key_shared": (
        "beberapa baris lapisan memiliki {} itu, jadi tidak jelas mana yang diperbarui",
        "have a {} of several rows of the layer, so it is not clear which to change",
    ),
    "key_present": (
        "{}-nya sudah ada di lapisan; perbarui dengan --mode update --key {}",
        "have a {} that is in the layer already; change them with --mode update --key {}",
    ),
}  # fmt: skip


def _without(rows: Rows, mask: BoolArray, code: str, key: str, findings: list[RowFinding]) -> Rows:
    if not mask.any():
        return rows
    count, which = int(mask.sum()), examples(rows.columns[key], mask)
    reason_id, reason_en = (reason.format(key, key) for reason in _KEY_REASONS[code])
    findings.append(
        finding(
            "error",
            code,
            f"Baris tidak dimuat: {count}, karena {reason_id} ({which}).",
            f"Rows left out: {count}, since they {reason_en} ({which}).",
            rows.rows[mask],
        )
    )
    return rows.select(~mask)


def _check_plans(rows: Rows, cursor: psycopg.Cursor[Any], findings: list[RowFinding]) -> Rows:
    """Leave out zones of a plan that is not known."""
    if "plan_code" not in rows.columns:
        return rows
    known = {row[0] for row in cursor.execute("SELECT code FROM layers.plans")}
    codes = rows.columns["plan_code"]
    unknown = np.array([code is not None and code not in known for code in codes], dtype=bool)
    if not unknown.any():
        return rows
    which = examples(codes, unknown)
    findings.append(
        finding(
            "error",
            "plan_unknown",
            f"Baris tidak dimuat: {int(unknown.sum())}, karena rencananya belum terdaftar ({which}).",
            f"Rows left out: {int(unknown.sum())}, since their plan is not registered ({which}).",
            rows.rows[unknown],
        )
    )
    return rows.select(~unknown)


def _key_missing(key: str) -> RowFinding:
    return finding(
        "error",
        "key_missing",
        f"Field kunci {key} tidak ada di berkas. Sebutkan kolomnya dengan --map KOLOM={key}.",
        f"The key field {key} is not in the file. Name its column with --map COLUMN={key}.",
    )


def _delete(cursor: psycopg.Cursor[Any], table: Table, condition: Literal["WHERE demo", "WHERE NOT demo"]) -> int:
    cursor.execute(sql.SQL("DELETE FROM {} {}").format(_name(table), sql.SQL(condition)))
    return cursor.rowcount


def _name(table: Table) -> sql.Composable:
    return sql.Identifier(str(table.schema), table.name)


def _cursor(connection: Connection) -> psycopg.Cursor[Any]:
    driver: Any = connection.connection.driver_connection
    cursor: psycopg.Cursor[Any] = driver.cursor()
    return cursor


@contextmanager
def explained() -> Iterator[None]:
    """Say in a sentence why the database did not take the rows."""
    try:
        yield
    except psycopg.errors.DiskFull as error:
        raise ImportFailed(
            "Cakram pangkalan data penuh di tengah pemuatan; tidak ada yang berubah. Kosongkan ruang, lalu ulangi.",
            "The database's disk became full while loading; nothing has changed. Make room, then try again.",
        ) from error
    except (psycopg.IntegrityError, psycopg.DataError) as error:
        detail = error.diag.message_primary or type(error).__name__
        raise ImportRefused(
            finding(
                "error",
                "database_refused",
                f"Pangkalan data menolak baris-barisnya, tidak ada yang berubah: {detail}.",
                f"The database refused the rows, nothing has changed: {detail}.",
            )
        ) from error
    except psycopg.Error as error:
        detail = getattr(error.diag, "message_primary", None) or str(error).strip().split("\n")[0]
        raise ImportFailed(
            f"Pemuatan gagal di pangkalan data; tidak ada yang berubah. ({detail})",
            f"Loading failed in the database; nothing has changed. ({detail})",
        ) from error


def _sentence(inserted: int, updated: int, removed: int, removed_demo: int) -> Sentence:
    parts_id, parts_en = [f"Memuat {inserted} baris baru"], [f"Loaded {inserted} new rows"]
    if updated:
        parts_id.append(f"memperbarui {updated}")
        parts_en.append(f"changed {updated}")
    if removed:
        parts_id.append(f"menghapus {removed} baris lama")
        parts_en.append(f"removed {removed} old rows")
    if removed_demo:
        parts_id.append(f"menghapus {removed_demo} baris contoh")
        parts_en.append(f"removed {removed_demo} demonstration rows")
    return Sentence("load", ", ".join(parts_id) + ".", ", ".join(parts_en) + ".")
