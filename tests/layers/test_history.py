"""The database writes history itself; as-of sources read it; nobody but the owner can alter it."""

from datetime import UTC, datetime

import psycopg
import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import ProgrammingError

from layers.errors import InvalidFilter
from layers.history import as_of_source, read_as_of
from layers.tables import LAYER_TABLES
from tests.helpers.database import as_role

SQUARE = "ST_Multi(ST_MakeEnvelope(103, -3.2, 103.1, -3.1, 4326))"


def add_park(connection: Connection, name: str = "Taman Lama") -> int:
    statement = f"INSERT INTO layers.parks (name, ownership, geom) VALUES (:name, 'public', {SQUARE}) RETURNING id"
    return int(connection.scalar(text(statement), {"name": name}) or 0)


def backdate(connection: Connection, table: str, row: int, moment: str) -> None:
    """Let a row have begun earlier; only the owner can, and only past the trigger."""
    connection.execute(text(f"ALTER TABLE layers.{table} DISABLE TRIGGER USER"))
    connection.execute(
        text(f"UPDATE layers.{table} SET valid_from = :moment WHERE id = :row"), {"moment": moment, "row": row}
    )
    connection.execute(text(f"ALTER TABLE layers.{table} ENABLE TRIGGER USER"))


def names_as_of(connection: Connection, moment: datetime | str) -> list[str]:
    source = as_of_source("parks", ["name"], ":moment")
    return list(connection.scalars(text(f"SELECT name FROM {source} s ORDER BY name"), {"moment": moment}))


def test_update_keeps_the_old_version_with_its_end(connection: Connection) -> None:
    park = add_park(connection)
    backdate(connection, "parks", park, "2024-01-01T00:00Z")
    connection.execute(text("SET LOCAL petakarya.actor = 'siti'"))
    connection.execute(text("UPDATE layers.parks SET name = 'Taman Baru' WHERE id = :id"), {"id": park})
    old = connection.execute(
        text("SELECT name, operation, ended_by, valid_to FROM history.parks WHERE id = :id"), {"id": park}
    ).one()
    new = connection.execute(text("SELECT changed_by, valid_from FROM layers.parks WHERE id = :id"), {"id": park}).one()
    assert (old.name, old.operation, old.ended_by) == ("Taman Lama", "update", "siti")
    assert new.changed_by == "siti"
    assert old.valid_to == new.valid_from


def test_as_of_shows_what_was_recorded_by_then(connection: Connection) -> None:
    park = add_park(connection)
    backdate(connection, "parks", park, "2024-01-01T00:00Z")
    connection.execute(text("UPDATE layers.parks SET name = 'Taman Baru' WHERE id = :id"), {"id": park})
    assert names_as_of(connection, "2023-12-31T23:59Z") == []
    assert names_as_of(connection, "2024-06-01T00:00Z") == ["Taman Lama"]
    assert names_as_of(connection, datetime(2100, 1, 1, tzinfo=UTC)) == ["Taman Baru"]


def test_deleted_row_is_still_there_as_of_before(connection: Connection) -> None:
    park = add_park(connection)
    backdate(connection, "parks", park, "2024-01-01T00:00Z")
    connection.execute(text("DELETE FROM layers.parks WHERE id = :id"), {"id": park})
    assert names_as_of(connection, "2024-06-01T00:00Z") == ["Taman Lama"]
    assert names_as_of(connection, datetime(2100, 1, 1, tzinfo=UTC)) == []


def test_two_updates_in_one_transaction_lose_no_version(connection: Connection) -> None:
    park = add_park(connection)
    for name in ("Kedua", "Ketiga"):
        connection.execute(text("UPDATE layers.parks SET name = :name WHERE id = :id"), {"name": name, "id": park})
    rows = connection.execute(
        text("SELECT name, valid_from, valid_to FROM history.parks WHERE id = :id ORDER BY valid_from"), {"id": park}
    ).all()
    assert [row.name for row in rows] == ["Taman Lama", "Kedua"]
    assert rows[0].valid_from < rows[0].valid_to == rows[1].valid_from < rows[1].valid_to


def test_application_can_edit_but_not_forge_or_erase_history(connection: Connection) -> None:
    park = add_park(connection)
    connection.execute(text("UPDATE layers.parks SET name = 'Kedua' WHERE id = :id"), {"id": park})
    with as_role(connection, "app") as app:
        app.execute(text("UPDATE layers.parks SET name = 'Ketiga' WHERE id = :id"), {"id": park})
    for forgery in (
        "UPDATE history.parks SET name = 'lain'",
        "DELETE FROM history.parks",
        "INSERT INTO history.parks SELECT * FROM history.parks",
        "TRUNCATE history.parks",
        "UPDATE layers.parks SET valid_from = '2020-01-01'",
        "UPDATE layers.parks SET changed_by = 'orang lain'",
        "UPDATE layers.parks SET id = id + 1000000",  # whose old version no key would find
        "UPDATE layers.plans SET code = 'lain'",
        "UPDATE app.layer_versions SET version = 1",
        "ALTER TABLE layers.parks DISABLE TRIGGER USER",
    ):
        with as_role(connection, "app") as app, pytest.raises(ProgrammingError) as error, connection.begin_nested():
            app.execute(text(forgery))
        assert isinstance(error.value.orig, psycopg.errors.InsufficientPrivilege), forgery


@pytest.mark.parametrize("role", ["app", "reader"])
@pytest.mark.parametrize(
    "function",
    ["app.keep_old_versions('true; DROP TABLE history.parks --')", "app.note_change()", "generalised.keep_roads()"],
)
def test_nobody_puts_the_owners_triggers_on_a_table_of_their_own(
    connection: Connection, role: str, function: str
) -> None:
    statement = (
        "CREATE TRIGGER forger AFTER DELETE ON pg_temp.parks REFERENCING OLD TABLE AS old_rows"
        f" FOR EACH STATEMENT EXECUTE FUNCTION {function}"
    )
    with as_role(connection, role) as other:
        other.execute(text("CREATE TEMPORARY TABLE parks (id bigint) ON COMMIT DROP"))
        with pytest.raises(ProgrammingError) as error, connection.begin_nested():
            other.execute(text(statement))
    assert isinstance(error.value.orig, psycopg.errors.InsufficientPrivilege)


def test_public_cannot_call_what_runs_as_the_owner(connection: Connection) -> None:
    with as_role(connection, "reader") as reader, pytest.raises(ProgrammingError), connection.begin_nested():
        reader.execute(text("CALL layers.reassign_area_codes()"))
    open_to_all = text("""
        SELECT p.oid::regprocedure::text FROM pg_proc p
        WHERE prosecdef AND pronamespace = ANY (ARRAY['app', 'layers', 'history', 'generalised']::regnamespace[])
            AND (has_function_privilege('public', oid, 'EXECUTE')
                OR 'search_path=pg_catalog, public, pg_temp' <> ALL (coalesce(proconfig, '{}')))
    """)
    assert list(connection.scalars(open_to_all)) == []


def test_application_cannot_leave_history_out_by_a_temporary_catalogue(connection: Connection) -> None:
    park = add_park(connection)
    with as_role(connection, "app") as app:
        app.execute(
            text("CREATE TEMPORARY TABLE pg_class ON COMMIT DROP AS SELECT oid, relowner FROM pg_catalog.pg_class")
        )
        app.execute(
            text("UPDATE pg_temp.pg_class SET relowner = (SELECT oid FROM pg_roles WHERE rolname = current_user)")
        )
        app.execute(text("SET LOCAL petakarya.derived = 'on'"))
        app.execute(text("UPDATE layers.parks SET name = 'Tanpa jejak' WHERE id = :id"), {"id": park})
        app.execute(text("DROP TABLE pg_temp.pg_class"))
    kept = text("SELECT count(*) FROM history.parks WHERE id = :id")
    assert connection.scalar(kept, {"id": park}) == 1


def test_public_cannot_write(connection: Connection) -> None:
    park = add_park(connection)
    for statement in (
        "UPDATE layers.parks SET name = 'x'",
        "DELETE FROM layers.parks",
        "SELECT changed_by FROM layers.parks",
        "SELECT changed_by FROM app.rules",
        "SELECT changed_by FROM layers.plans",
        "SELECT changed_by FROM layers.population",
        "SELECT ended_by FROM history.parks",
    ):
        with as_role(connection, "reader") as reader, pytest.raises(ProgrammingError), connection.begin_nested():
            reader.execute(text(statement))
    with as_role(connection, "reader") as reader:
        assert reader.scalar(text("SELECT name FROM layers.parks WHERE id = :id"), {"id": park}) == "Taman Lama"


@pytest.mark.parametrize("table", [*LAYER_TABLES, "plans", "population"])
def test_history_table_has_every_column_of_its_table(connection: Connection, table: str) -> None:
    columns = text(
        "SELECT column_name FROM information_schema.columns WHERE table_schema = :schema AND table_name = :table"
    )
    now = set(connection.scalars(columns, {"schema": "layers", "table": table}))
    then = set(connection.scalars(columns, {"schema": "history", "table": table}))
    assert now
    assert then == now | {"valid_to", "operation", "ended_by"}


def test_date_means_the_end_of_that_day_in_the_region() -> None:
    assert read_as_of("2026-11-24", "Asia/Jakarta") == datetime(2026, 11, 24, 16, 59, 59, 999999, tzinfo=UTC)
    assert read_as_of("2026-11-24", "Asia/Makassar") == datetime(2026, 11, 24, 15, 59, 59, 999999, tzinfo=UTC)


@pytest.mark.parametrize(
    "value",
    [
        *("kemarin", "2026-13-01", "9999-12-31", "2026-11-24T10:00:00", "", "2026-11-24'; drop"),
        *("9999-12-31T23:59:59+00:00", "0001-01-01T00:00:00+14:00", "0001-01-01"),  # which no time zone can show
    ],
)
def test_what_is_no_date_is_refused_with_a_sentence(value: str) -> None:
    with pytest.raises(InvalidFilter, match="2026-11-24"):
        read_as_of(value, "Asia/Jakarta")


def test_every_edit_makes_a_new_version_with_the_boxes_it_touched(connection: Connection) -> None:
    version = text("SELECT version FROM app.layer_versions WHERE layer = 'parks'")
    before = connection.scalar(version) or 0
    park = add_park(connection)
    connection.execute(text("UPDATE layers.parks SET name = 'Kedua' WHERE id = :id"), {"id": park})
    assert connection.scalar(version) == before + 2
    found = connection.execute(
        text("""
            SELECT c.version, ST_Covers(c.box, p.geom_3857) AS covers, ST_Area(c.box) / ST_Area(p.geom_3857) AS ratio
            FROM app.layer_changes c, layers.parks p WHERE c.layer = 'parks' AND c.version > :before AND p.id = :id
        """),
        {"before": before, "id": park},
    ).all()
    assert {row.version for row in found} == {before + 1, before + 2}
    assert all(row.covers and row.ratio < 1.01 for row in found)


def test_statement_that_changes_nothing_makes_no_version(connection: Connection) -> None:
    version = text("SELECT version FROM app.layer_versions WHERE layer = 'parks'")
    before = connection.scalar(version)
    connection.execute(text("DELETE FROM layers.parks WHERE id = -1"))
    assert connection.scalar(version) == before


def test_area_codes_follow_new_boundaries_without_a_new_version(connection: Connection) -> None:
    """What follows from other rows is no edit of a person; nobody but the owner's procedure may leave history out."""
    park = add_park(connection)
    row = text("SELECT district_codes, valid_from FROM layers.parks WHERE id = :id")
    before = connection.execute(row, {"id": park}).one()
    assert before.district_codes == []
    connection.execute(text(f"INSERT INTO layers.districts (code, name, geom) VALUES ('99.99.01', 'Uji', {SQUARE})"))
    with as_role(connection, "app") as app:
        app.execute(text("CALL layers.reassign_area_codes()"))
    after = connection.execute(row, {"id": park}).one()
    assert after.district_codes == ["99.99.01"]
    assert after.valid_from == before.valid_from
    with as_role(connection, "app") as app:
        app.execute(text("SET LOCAL petakarya.derived = 'on'"))
        app.execute(text("UPDATE layers.parks SET name = 'Diam-diam' WHERE id = :id"), {"id": park})
    assert connection.scalar(text("SELECT name FROM history.parks WHERE id = :id"), {"id": park}) == "Taman Lama"
