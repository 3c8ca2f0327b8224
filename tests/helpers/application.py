"""The Flask application on one transaction: each of its database roles keeps its own rights, and nothing stays."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import psycopg
from flask import Flask
from psycopg.pq import TransactionStatus
from sqlalchemy import Connection, event
from sqlalchemy.engine import ExceptionContext

from app import create_app
from app.config import Settings
from app.database.roles import DATABASE_NAME, DatabaseUrls, role_name
from app.extensions import db


def use_role(connection: Connection, role: str) -> None:
    """Run every statement of a connection in a role, whatever other connections on its transaction do between."""
    statement = f'SET LOCAL ROLE "{role_name(DATABASE_NAME, role)}"'.encode()

    def set_role(_connection: Connection, cursor: psycopg.Cursor[Any], *_rest: Any) -> None:
        # After an error nothing may run but ROLLBACK, so the role is set again by the statement after that.
        if cursor.connection.info.transaction_status != TransactionStatus.INERROR:
            cursor.connection.execute(statement)

    event.listen(connection, "before_cursor_execute", set_role)


def connection_beside(connection: Connection, role: str) -> Connection:
    """Return a second SQLAlchemy connection on the same transaction, acting in another role."""
    beside = Connection(connection.engine, connection=connection.connection)
    use_role(beside, role)
    beside.begin()  # never ended: the first connection rolls everything back
    return beside


@contextmanager
def errors_forgiven(connection: Connection) -> Iterator[None]:
    """Put a savepoint around each statement, since a session that joins without savepoints cannot undo an error."""

    def before(_connection: Connection, cursor: psycopg.Cursor[Any], *_rest: Any) -> None:
        cursor.connection.execute("SAVEPOINT forgiven")

    def after(_connection: Connection, cursor: psycopg.Cursor[Any], *_rest: Any) -> None:
        cursor.connection.execute("RELEASE SAVEPOINT forgiven")

    def undo(context: ExceptionContext) -> None:
        if context.connection is connection:
            driver: Any = connection.connection.driver_connection
            driver.execute("ROLLBACK TO SAVEPOINT forgiven")

    event.listen(connection, "before_cursor_execute", before)
    event.listen(connection, "after_cursor_execute", after)
    event.listen(connection.engine, "handle_error", undo)
    try:
        yield
    finally:
        event.remove(connection.engine, "handle_error", undo)


class PoolOfOne:
    """Stands in for the psycopg pool of tiles: its connection is the test's own, in the reader's role."""

    def __init__(self, connection: Connection) -> None:
        driver: Any = connection.connection.driver_connection
        self._connection: psycopg.Connection[Any] = driver

    def open(self, *_args: Any, **_options: Any) -> None:
        """Do nothing: the connection is open."""

    def close(self, *_args: Any) -> None:
        """Do nothing: the test closes its connection."""

    @contextmanager
    def connection(self, *_args: Any, **_options: Any) -> Iterator[psycopg.Connection[Any]]:
        """Lend the connection as the reader, inside a savepoint so that an error spoils nothing."""
        with self._connection.transaction():
            self._connection.execute(f'SET LOCAL ROLE "{role_name(DATABASE_NAME, "reader")}"'.encode())
            yield self._connection


@contextmanager
def application_on(connection: Connection, settings: Settings, urls: DatabaseUrls) -> Iterator[Flask]:
    """
    Make the application so that all its database work happens in the transaction of `connection`.

    Commits end in savepoints. The application's sessions act in the role app, `reader_session` and tiles in the
    role reader, and `connection` itself as the owner.
    """
    app = create_app(settings, urls)
    app.testing = True
    app.config["WTF_CSRF_ENABLED"] = False
    with app.app_context():
        state = db._get_state()  # flask-sqlalchemy-lite offers `test_isolation`, but for one role a connection only
        for engine in state.engines.values():
            engine.dispose()
        bound: dict[str, Any] = {
            "default": connection_beside(connection, "app"),
            "reader": connection_beside(connection, "reader"),
        }
        state.engines.update(bound)
        state.sessionmaker.configure(bind=bound["default"], join_transaction_mode="create_savepoint")
    app.extensions["petakarya.tile_pool"] = PoolOfOne(connection)
    use_role(connection, "owner")
    with errors_forgiven(bound["reader"]):
        yield app


@contextmanager
def everything_closed(app: Flask) -> Iterator[Flask]:
    """Close the engines and the pool of an application that has its own connections."""
    with ExitStack() as stack:
        yield app
        with app.app_context():
            for engine in db.engines.values():
                stack.callback(engine.dispose)
        stack.callback(app.extensions["petakarya.tile_pool"].close)
