"""The three roles of the database: owner (migrations), app (reads and writes), reader (the public's)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from app.config import Settings
from app.database.cluster import PORT, SUPERUSER, Cluster
from app.database.installation import EXTENSIONS, OLDEST_POSTGIS, OLDEST_POSTGRESQL
from app.database.passwords import Passwords, read_passwords
from app.errors import DatabaseUnavailable, InvalidSetting

DATABASE_NAME = "petakarya"
ROLES = ("owner", "app", "reader")
CONNECT_SECONDS = 5
SEARCH_PATH = "app, layers, public"

# What each role's sessions start with. Parallel plans make tiles 15–19 % larger, and the public never writes.
ROLE_SETTINGS: dict[str, dict[str, str]] = {
    "owner": {"search_path": SEARCH_PATH},
    "app": {"search_path": SEARCH_PATH},
    "reader": {
        "search_path": SEARCH_PATH,
        "default_transaction_read_only": "on",
        "max_parallel_workers_per_gather": "0",
    },
}


class DatabaseWithoutPostgis(DatabaseUnavailable):
    """The server has no PostGIS to create, or one that is too old."""


class DatabaseRightsMissing(DatabaseUnavailable):
    """
    The user of DATABASE_URL may not do what is needed; `sql` holds what someone else must run.

    Passwords stand in it as SCRAM verifiers, which let nobody sign in.
    """

    def __init__(self, statements: list[str], reason: str) -> None:
        super().__init__(
            "Pengguna pada DATABASE_URL tidak berhak menyiapkan pangkalan data "
            f"({reason}). Minta pengelola menjalankan SQL di bawah ini di pangkalan data itu, lalu ulangi.",
            "The user of DATABASE_URL may not prepare the database "
            f"({reason}). Ask its administrator to run the SQL below in that database, then try again.",
        )
        self.sql = "".join(f"{statement};\n" for statement in statements)


@dataclass(frozen=True)
class DatabaseUrls:
    """SQLAlchemy's addresses of the database (psycopg 3), one for each role."""

    owner: str
    app: str
    reader: str


@dataclass(frozen=True)
class Target:
    """Where the database is: what libpq needs to connect, without user and password."""

    parameters: dict[str, Any]
    name: str
    is_private: bool

    def conninfo(self, user: str, password: str, *, database: str | None = None) -> str:
        """Return libpq's connection string for a user; `database` names another one on the same server."""
        parameters = {**self.parameters, "user": user, "password": password, "dbname": database or self.name}
        return make_conninfo(**{"connect_timeout": CONNECT_SECONDS, "application_name": "petakarya", **parameters})

    def url(self, user: str, password: str, *, database: str | None = None) -> str:
        """Return SQLAlchemy's address for a user."""
        query = urlencode({"application_name": "petakarya", **self.parameters})
        return (
            f"postgresql+psycopg://{quote(user, '')}:{quote(password, '')}@/{quote(database or self.name, '')}?{query}"
        )


def libpq_url(url: str) -> str:
    """Turn SQLAlchemy's address into the one that psycopg and PostgreSQL's own programs take."""
    return url.replace("postgresql+psycopg://", "postgresql://", 1)


def private_cluster(settings: Settings, *, durable: bool = True, **options: Any) -> Cluster:
    """Return the private cluster of a home; it is not started."""
    return Cluster(settings.home, read_passwords(settings.home).superuser, durable=durable, **options)


def target_of(settings: Settings) -> Target:
    """
    Say where the database of these settings is.

    Raises
    ------
    InvalidSetting
        When DATABASE_URL cannot be read.
    """
    if settings.database_url is None:
        socket_folder = private_cluster(settings).socket_folder
        return Target({"host": str(socket_folder), "port": PORT}, DATABASE_NAME, is_private=True)
    parameters = _url_parameters(settings.database_url)
    return Target(
        {key: value for key, value in parameters.items() if key not in {"user", "password", "dbname"}},
        str(parameters["dbname"]),
        is_private=False,
    )


def role_name(database: str, role: str) -> str:
    """Return the full name of one of `ROLES`, such as `petakarya_reader`."""
    return f"{database}_{role}"


def database_urls(settings: Settings, *, database: str | None = None) -> DatabaseUrls:
    """
    Return the addresses of the three roles; nothing is started or asked.

    Parameters
    ----------
    settings
        Name the home and, if it is not the private cluster, DATABASE_URL.
    database
        Another database on the same server that was copied from ours and so has the same roles.
    """
    target, passwords = target_of(settings), read_passwords(settings.home)
    return DatabaseUrls(
        **{
            role: target.url(role_name(target.name, role), getattr(passwords, role), database=database)
            for role in ROLES
        }
    )


def ensure_roles(settings: Settings) -> None:
    """
    Make the database, its three roles and its extensions where they are missing.

    Raises
    ------
    DatabaseUnavailable
        When the server cannot be reached, is too old or has no PostGIS.
    DatabaseRightsMissing
        When the user of DATABASE_URL may not; the error carries the SQL for the person who may.
    """
    target, passwords = target_of(settings), read_passwords(settings.home)
    if _is_complete(target, passwords):
        return
    if target.is_private:
        admin = target.conninfo(SUPERUSER, passwords.superuser)
        _create_private_database(target.conninfo(SUPERUSER, passwords.superuser, database="postgres"), target.name)
    else:
        given = _url_parameters(settings.database_url or "")
        admin = make_conninfo(**{"connect_timeout": CONNECT_SECONDS, **given})
    with connect(admin) as connection:
        _check_server(connection)
        statements = _missing_statements(connection, target, passwords)
        _execute_all(connection, statements)


@contextmanager
def connect(conninfo: str, *, autocommit: bool = False) -> Iterator[psycopg.Connection[Any]]:
    """
    Open a psycopg connection, committed at the end and rolled back on an error.

    Raises
    ------
    DatabaseUnavailable
        When the server cannot be reached or refuses the user.
    """
    try:
        connection = psycopg.connect(conninfo, autocommit=autocommit)
    except psycopg.OperationalError as error:
        raise _unreachable(conninfo, error) from error
    with connection:
        yield connection


def _is_complete(target: Target, passwords: Passwords) -> bool:
    """Tell cheaply, at every start, whether there is nothing to do."""
    try:
        for role in ("app", "reader"):
            psycopg.connect(target.conninfo(role_name(target.name, role), getattr(passwords, role))).close()
        with psycopg.connect(target.conninfo(role_name(target.name, "owner"), passwords.owner)) as connection:
            _check_server(connection)
            return not _missing_extensions(connection) and not _missing_settings(connection, target.name)
    except psycopg.OperationalError:
        return False


def _create_private_database(conninfo: str, name: str) -> None:
    owner = role_name(name, "owner")
    with connect(conninfo, autocommit=True) as connection:
        if connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [owner]).fetchone() is None:
            connection.execute(_sql("CREATE ROLE {} LOGIN NOINHERIT", sql.Identifier(owner)))
        if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone() is None:
            connection.execute(
                _sql("CREATE DATABASE {} OWNER {} TEMPLATE template0", sql.Identifier(name), sql.Identifier(owner))
            )
        connection.execute(_sql("REVOKE ALL ON DATABASE {} FROM PUBLIC", sql.Identifier(name)))


def _check_server(connection: psycopg.Connection[Any]) -> None:
    if connection.info.server_version < OLDEST_POSTGRESQL * 10_000:
        version = connection.info.server_version // 10_000
        raise DatabaseUnavailable(
            f"Peladen pangkalan data ini PostgreSQL {version}; yang diperlukan {OLDEST_POSTGRESQL} atau lebih baru.",
            f"This database server is PostgreSQL {version}; {OLDEST_POSTGRESQL} or newer is needed.",
        )
    row = connection.execute(
        "SELECT coalesce(installed_version, default_version) FROM pg_available_extensions WHERE name = 'postgis'"
    ).fetchone()
    if row is None or tuple(int(part) for part in row[0].split(".")[:2]) < OLDEST_POSTGIS:
        wanted = ".".join(str(part) for part in OLDEST_POSTGIS)
        raise DatabaseWithoutPostgis(
            f"Peladen pangkalan data ini tidak memiliki PostGIS {wanted} atau lebih baru. Pasang di sana.",
            f"This database server has no PostGIS {wanted} or newer. Install it there.",
        )


def _missing_extensions(connection: psycopg.Connection[Any]) -> list[str]:
    present = {row[0] for row in connection.execute("SELECT extname FROM pg_extension")}
    return [name for name in EXTENSIONS if name not in present]


def _missing_settings(connection: psycopg.Connection[Any], database: str) -> list[tuple[str, str, str]]:
    """List role, setting and value of what the roles' sessions do not start with yet."""
    rows = connection.execute("SELECT rolname, coalesce(rolconfig, '{}') FROM pg_roles")
    kept = {name: dict(item.split("=", 1) for item in config) for name, config in rows}
    return [
        (role_name(database, role), setting, value)
        for role, wanted in ROLE_SETTINGS.items()
        for setting, value in wanted.items()
        if kept.get(role_name(database, role), {}).get(setting) != value
    ]


def _missing_statements(connection: psycopg.Connection[Any], target: Target, passwords: Passwords) -> list[str]:
    """List, in order, the SQL that makes what is missing; safe to run twice but for CREATE ROLE."""
    existing = {row[0] for row in connection.execute("SELECT rolname FROM pg_roles")}
    owner, app, reader = (sql.Identifier(role_name(target.name, role)) for role in ROLES)
    database = sql.Identifier(target.name)
    parts = []
    for role in ROLES:
        name, password = role_name(target.name, role), getattr(passwords, role)
        if name not in existing:
            parts.append(_sql("CREATE ROLE {} LOGIN NOINHERIT", sql.Identifier(name)))
        if not _can_sign_in(target, name, password):
            verifier = connection.pgconn.encrypt_password(password.encode(), name.encode(), b"scram-sha-256")
            parts.append(_sql("ALTER ROLE {} LOGIN PASSWORD {}", sql.Identifier(name), sql.Literal(verifier.decode())))
    for name, setting, value in _missing_settings(connection, target.name):
        # search_path is a list of names, each of them plain: as one quoted string it would be a single schema.
        parts.append(_sql("ALTER ROLE {} SET {} = {}", sql.Identifier(name), sql.Identifier(setting), sql.SQL(value)))
    parts.append(_sql("GRANT CONNECT, CREATE, TEMPORARY ON DATABASE {} TO {}", database, owner))
    parts.append(_sql("GRANT CONNECT, TEMPORARY ON DATABASE {} TO {}, {}", database, app, reader))
    parts.append(_sql("GRANT USAGE, CREATE ON SCHEMA public TO {}", owner))
    for extension in _missing_extensions(connection):
        parts.append(_sql("CREATE EXTENSION IF NOT EXISTS {} SCHEMA public", sql.Identifier(extension)))
    return [part.as_string(connection) for part in parts]


def _execute_all(connection: psycopg.Connection[Any], statements: list[str]) -> None:
    try:
        for statement in statements:
            connection.execute(statement.encode())
    except psycopg.errors.InsufficientPrivilege as error:
        connection.rollback()
        raise DatabaseRightsMissing(statements, error.diag.message_primary or "?") from error


def _can_sign_in(target: Target, name: str, password: str) -> bool:
    try:
        psycopg.connect(target.conninfo(name, password)).close()
    except psycopg.OperationalError:
        return False
    return True


def _url_parameters(url: str) -> dict[str, Any]:
    try:
        parameters = conninfo_to_dict(libpq_url(url))
        ports = [int(port) for port in str(parameters.get("port") or PORT).split(",")]
        if not all(0 < port < 65536 for port in ports):
            raise ValueError("no such port")
    except (psycopg.ProgrammingError, ValueError) as error:
        raise InvalidSetting(
            "DATABASE_URL tidak dapat dibaca. Contoh: postgresql://pengguna:sandi@peladen:5432/pangkalan_data",
            "DATABASE_URL cannot be read. For example: postgresql://user:password@server:5432/database",
        ) from error
    if not parameters.get("dbname"):
        raise InvalidSetting(
            "DATABASE_URL tidak menyebut nama pangkalan data. Contoh: postgresql://pengguna:sandi@peladen:5432/petakarya",
            "DATABASE_URL names no database. For example: postgresql://user:password@server:5432/petakarya",
        )
    return dict(parameters)


def _unreachable(conninfo: str, error: psycopg.OperationalError) -> DatabaseUnavailable:
    parameters = conninfo_to_dict(conninfo)
    where = f"{parameters.get('host') or 'localhost'}:{parameters.get('port') or PORT}/{parameters.get('dbname')}"
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    reason = (lines[0] if lines else type(error).__name__).rpartition("failed: ")[2]
    return DatabaseUnavailable(
        f"Pangkalan data {where} tidak dapat dihubungi ({reason}). Periksa DATABASE_URL dan apakah peladennya hidup.",
        f"The database {where} cannot be reached ({reason}). Check DATABASE_URL and whether its server is up.",
    )


def _sql(template: str, *parts: sql.Composable) -> sql.Composed:
    return sql.SQL(template).format(*parts)
