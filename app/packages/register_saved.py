"""Saved views: the address of a list, kept by an account under a name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode

from flask_babel import gettext
from pydantic import Field
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.errors import InvalidInput, NotFound
from app.forms import Input, Line

REGISTER = "register"  # the page whose views these are
MOST_VIEWS = 50  # of an account and page: beyond it nobody finds any
LONGEST_QUERY = 2000
OWN = "SELECT id, name, query FROM app.saved_view WHERE account_id = :account AND page = :page"


class SavedViewInput(Input):
    """A view to be saved: its name, and the part of the address after the question mark."""

    name: Line = Field(max_length=80)
    query: str = Field(default="", max_length=LONGEST_QUERY)


class ViewNameInput(Input):
    """Another name of a saved view."""

    name: Line = Field(max_length=80)


@dataclass(frozen=True)
class SavedView:
    """A saved view."""

    id: int
    name: str
    query: str


def clean_query(query: str, known: Iterable[str]) -> str:
    """Return the part of an address that makes a view: known parameters that have a value, each once."""
    names = set(known)
    pairs = [(name, value) for name, value in parse_qsl(query.lstrip("?")) if name in names and value.strip()]
    return urlencode(list(dict.fromkeys(pairs)), safe=",")


def list_views(session: Session, account_id: int, page: str = REGISTER) -> list[SavedView]:
    """Return an account's views of a page, by name."""
    rows = session.execute(
        text(
            "SELECT id, name, query FROM app.saved_view WHERE account_id = :account AND page = :page ORDER BY name, id"
        ),
        {"account": account_id, "page": page},
    )
    return [SavedView(**row) for row in rows.mappings()]


def save_view(
    session: Session, account_id: int, data: SavedViewInput, known: Sequence[str], page: str = REGISTER
) -> SavedView:
    """
    Keep a view under a name; one of the same name is replaced.

    Raises
    ------
    InvalidInput
        When the account has as many as anyone can look through.
    """
    present = {view.name for view in list_views(session, account_id, page)}
    if len(present) >= MOST_VIEWS and data.name not in present:
        sentence = gettext("Sudah ada %(most)s tampilan tersimpan. Hapus yang tidak dipakai lagi.", most=MOST_VIEWS)
        raise InvalidInput({"name": sentence})
    row = session.execute(
        text("""
            INSERT INTO app.saved_view (account_id, page, name, query) VALUES (:account, :page, :name, :query)
            ON CONFLICT (account_id, page, name) DO UPDATE SET query = excluded.query RETURNING id, name, query
        """),
        {"account": account_id, "page": page, "name": data.name, "query": clean_query(data.query, known)},
    )
    return SavedView(**row.mappings().one())


def rename_view(session: Session, account_id: int, view_id: int, name: str) -> SavedView:
    """
    Give a view another name.

    Raises
    ------
    NotFound
        When the account has no such view.
    InvalidInput
        When another of its views has the name.
    """
    view = own_view(session, account_id, view_id)
    if any(other.name == name and other.id != view.id for other in list_views(session, account_id)):
        raise InvalidInput({"name": gettext("Nama ini sudah dipakai tampilan lain. Pilih nama yang berbeda.")})
    session.execute(text("UPDATE app.saved_view SET name = :name WHERE id = :id"), {"name": name, "id": view.id})
    return SavedView(view.id, name, view.query)


def delete_view(session: Session, account_id: int, view_id: int) -> SavedView:
    """Forget a view and return what it was; `NotFound` when the account has no such view."""
    view = own_view(session, account_id, view_id)
    session.execute(text("DELETE FROM app.saved_view WHERE id = :id"), {"id": view.id})
    return view


def own_view(session: Session, account_id: int, view_id: int) -> SavedView:
    """Return a view of the account; `NotFound` for one that is not there, or another's."""
    row = (
        session.execute(
            text(
                "SELECT id, name, query FROM app.saved_view WHERE id = :id AND account_id = :account AND page = :page"
            ),
            {"id": view_id, "account": account_id, "page": REGISTER},
        )
        .mappings()
        .one_or_none()
    )
    if row is None:
        raise NotFound("Tampilan tersimpan ini tidak ada.", "There is no such saved view.")
    return SavedView(**row)
