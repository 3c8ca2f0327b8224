"""Accounts and roles, as Flask-Security reads them."""

from __future__ import annotations

from datetime import datetime

from flask_security import RoleMixin, UserMixin
from sqlalchemy import Column, ForeignKey, Identity, MetaData, Table, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


class Base(DeclarativeBase):
    """Base of the application's mapped classes: tables of schema `app`."""

    metadata = MetaData(schema="app")


account_role = Table(
    "account_role",
    Base.metadata,
    Column("account_id", ForeignKey("app.account.id"), primary_key=True),
    Column("role_id", ForeignKey("app.role.id"), primary_key=True),
)


class Role(Base, RoleMixin):
    """What an account may do."""

    __tablename__ = "role"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    name: Mapped[str] = mapped_column(Text, unique=True)
    description: Mapped[str | None] = mapped_column(Text)


class Account(Base, UserMixin):
    """A person who may sign in. `must_change_password` is set while the password is the one-time one."""

    __tablename__ = "account"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    email: Mapped[str] = mapped_column(Text, unique=True)
    password: Mapped[str | None] = mapped_column(Text)
    active: Mapped[bool] = mapped_column(default=True)
    fs_uniquifier: Mapped[str] = mapped_column(Text, unique=True)
    must_change_password: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(server_default="now()")
    roles: Mapped[list[Role]] = relationship(secondary=account_role)  # type: ignore[assignment]
