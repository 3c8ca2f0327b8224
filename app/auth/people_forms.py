"""What the pages about people and accounts take in."""

from __future__ import annotations

from typing import Annotated, Any

from flask_babel import gettext
from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints
from pydantic_core import PydanticCustomError

from app.auth.permissions import ROLES, Permission
from app.auth.service import AREA, SHORTEST_PASSWORD, read_address
from app.errors import InvalidRequest
from app.forms import Input, Line


def _address(value: str) -> str:
    try:
        return read_address(value)
    except InvalidRequest:
        raise _wrong(gettext("Alamat surel tidak dapat dibaca.")) from None


def _area(value: str) -> str:
    if not AREA.fullmatch(value):
        raise _wrong(gettext("Tulis kode wilayah, misalnya 16.05.09 untuk satu kecamatan."))
    return value


def _roles(values: list[str]) -> list[str]:
    if not values:
        raise _wrong(gettext("Pilih sedikitnya satu peran."))
    if not set(values) <= set(ROLES):
        raise _wrong(gettext("Pilih salah satu yang tersedia."))
    return sorted(set(values))


def _long_enough(value: str) -> str:
    if len(value) < SHORTEST_PASSWORD:
        raise _wrong(gettext("Kata sandi paling sedikit %(length)s huruf atau angka.", length=SHORTEST_PASSWORD))
    return value


def _nothing(value: Any) -> Any:
    return None if isinstance(value, str) and not value.strip() else value


def _wrong(sentence: str) -> PydanticCustomError:
    return PydanticCustomError("sentence", "{text}", {"text": sentence})


Address = Annotated[str, Field(max_length=200), AfterValidator(_address)]
Area = Annotated[str | None, BeforeValidator(_nothing), AfterValidator(lambda v: v if v is None else _area(v))]
Roles = Annotated[list[str], AfterValidator(_roles)]
UnitId = Annotated[int | None, BeforeValidator(_nothing), Field(ge=1, le=2**62)]
Password = Annotated[str, StringConstraints(strip_whitespace=False, max_length=200), AfterValidator(_long_enough)]


class PersonInput(Input):
    """What an administrator says of a person."""

    name: Line
    roles: Roles = Field(default=[], validate_default=True)
    unit_id: UnitId = None
    area_prefix: Area = None


class InvitationInput(PersonInput):
    """An invitation; without an e-mail address, whoever accepts says his own."""

    email: Annotated[Address | None, BeforeValidator(_nothing)] = None


class AcceptInput(Input):
    """What the person who accepts an invitation says."""

    email: Annotated[Address | None, BeforeValidator(_nothing)] = None
    name: Line
    password: Password
    password_again: Annotated[str, StringConstraints(strip_whitespace=False, max_length=200)] = ""


class NewPasswordInput(Input):
    """A new password, twice."""

    password: Password
    password_again: Annotated[str, StringConstraints(strip_whitespace=False, max_length=200)] = ""


class ForgottenInput(Input):
    """Whose password is forgotten."""

    email: Address


class TokenInput(Input):
    """A token for a person's own scripts; without permissions, it holds what the account holds."""

    name: Annotated[Line, Field(max_length=80)]
    permissions: list[Permission] = []
    days: int = Field(default=90, ge=1, le=365)
