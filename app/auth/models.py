"""Accounts and roles, as Flask-Security reads them."""

from __future__ import annotations

from datetime import datetime

from flask_security import RoleMixin, UserMixin
from sqlalchemy import Column, ForeignKey, Identity, MetaData, Table, Text, func
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.mutable import MutableList
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
    """
    A person who may sign in, and where: in a unit and an area, or in all when these are empty.

    `must_change_password` is set while the password is the one-time one.
    """

    __tablename__ = "account"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    email: Mapped[str] = mapped_column(Text, unique=True)
    password: Mapped[str | None] = mapped_column(Text)
    active: Mapped[bool] = mapped_column(default=True)
    fs_uniquifier: Mapped[str] = mapped_column(Text, unique=True)
    must_change_password: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    name: Mapped[str | None] = mapped_column(Text)
    unit_id: Mapped[int | None]
    area_prefix: Mapped[str | None] = mapped_column(Text)
    demo: Mapped[bool] = mapped_column(default=False)
    tf_primary_method: Mapped[str | None] = mapped_column(Text)
    tf_totp_secret: Mapped[str | None] = mapped_column(Text)
    mf_recovery_codes: Mapped[list[str] | None] = mapped_column(MutableList.as_mutable(ARRAY(Text)))
    roles: Mapped[list[Role]] = relationship(secondary=account_role, lazy="selectin")  # type: ignore[assignment]

    def check_tf_required(
        self, tf_setup_methods: list[tuple[str, str]], tf_fresh: bool
    ) -> tuple[bool, list[tuple[str, str]]]:
        """Tell Flask-Security whether to ask for the second factor now: when it must be there, or is."""
        return self.check_tf_required_setup() or bool(tf_setup_methods), tf_setup_methods

    def check_tf_required_setup(self) -> bool:
        """Tell whether this account must have a second factor."""
        from app.auth.second_factor import is_required

        return is_required(self)

    @property
    def shown_name(self) -> str:
        """What pages call the person."""
        return self.name or self.email
