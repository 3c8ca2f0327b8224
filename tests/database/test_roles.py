"""The three roles, in the private cluster and in a PostGIS that someone else keeps."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from app.config import Settings
from app.database.roles import ensure_roles
from tests.helpers.database import as_role, superuser


@pytest.mark.parametrize("fixture", ["connection", "app_connection", "reader_connection"])
def test_every_role_finds_postgis_without_schema(fixture: str, request: pytest.FixtureRequest) -> None:
    connection: Connection = request.getfixturevalue(fixture)
    assert connection.scalar(text("SELECT ST_AsText(ST_Point(1, 2))")) == "POINT(1 2)"
    assert connection.scalar(text("SHOW search_path")) == "app, layers, public"


def test_reader_cannot_write_and_draws_tiles_without_parallel_plans(reader_connection: Connection) -> None:
    assert reader_connection.scalar(text("SHOW max_parallel_workers_per_gather")) == "0"
    with pytest.raises(DBAPIError, match="read-only"):
        reader_connection.execute(text("CREATE TABLE public.graffiti (id int)"))


def test_app_cannot_make_tables(app_connection: Connection) -> None:
    with pytest.raises(DBAPIError, match="permission denied"):
        app_connection.execute(text("CREATE TABLE public.graffiti (id int)"))


def test_owner_owns_the_database_but_is_no_superuser(connection: Connection) -> None:
    row = connection.execute(
        text(
            "SELECT pg_get_userbyid(datdba), rolsuper, rolcreaterole FROM pg_database "
            "JOIN pg_roles ON rolname = current_user WHERE datname = current_database()"
        )
    ).one()
    assert tuple(row) == ("petakarya_owner", False, False)


def test_as_role_has_that_roles_rights_alone(connection: Connection) -> None:
    with as_role(connection, "reader"):
        assert connection.scalar(text("SELECT current_user")) == "petakarya_reader"
    assert connection.scalar(text("SELECT current_user")) == "petakarya_owner"


@pytest.mark.usefixtures("database")
def test_ensuring_roles_again_repairs_what_was_changed(settings: Settings) -> None:
    with superuser(settings) as connection:
        connection.execute("ALTER ROLE petakarya_reader PASSWORD 'changed'")
        connection.execute("ALTER ROLE petakarya_reader RESET search_path")
        connection.execute("ALTER ROLE petakarya_app NOLOGIN")
    ensure_roles(settings)
    with superuser(settings) as connection:
        rows = connection.execute("SELECT rolcanlogin, rolconfig FROM pg_roles WHERE rolname LIKE 'petakarya%'")
        assert all(can and "search_path=app, layers, public" in config for can, config in rows)
