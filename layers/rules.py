"""The agencies' thresholds: seeded from rules.yml into `app.rules`, edited there, given to `gis` as in force."""

from __future__ import annotations

import datetime as dt
import json
from functools import cache
from pathlib import Path

import yaml
from pydantic import ValidationError
from sqlalchemy import Connection, text

from gis.figures import Rule
from layers.definition import Strict, Text
from layers.errors import InvalidDefinition

FILE = Path(__file__).parent / "rules.yml"


class SeedRule(Strict):
    """One threshold of rules.yml."""

    code: str
    value: float | tuple[float, ...]
    unit: str
    status: str
    legal_basis: str
    title: Text


class RuleSeed(Strict):
    """The whole of rules.yml: one version of every threshold."""

    version: str
    in_force_from: dt.date
    rules: tuple[SeedRule, ...]


@cache
def read_rules(path: Path = FILE) -> RuleSeed:
    """
    Read the thresholds that a new installation begins with.

    Raises
    ------
    InvalidDefinition
        When the file is not as it must be, or says a code twice.
    """
    try:
        seed = RuleSeed.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (yaml.YAMLError, ValidationError) as error:
        raise InvalidDefinition(f"{path.name}: {error}", f"{path.name}: {error}") from error
    codes = [rule.code for rule in seed.rules]
    if len(codes) != len(set(codes)):
        raise InvalidDefinition(f"{path.name} menyebut satu kode dua kali.", f"{path.name} says a code twice.")
    return seed


def seed_rules(connection: Connection, seed: RuleSeed | None = None) -> int:
    """
    Insert the thresholds that `app.rules` does not have in their version; what is there, edited or not, stays.

    Parameters
    ----------
    connection
        Of the owner or app role, in a transaction that the caller commits.
    seed
        What to insert; rules.yml when not given.

    Returns
    -------
    inserted
        How many were new.
    """
    seed = seed or read_rules()
    statement = text(
        """
        INSERT INTO app.rules (code, version, title_id, title_en, value, unit, legal_basis, status, in_force_from)
        VALUES (:code, :version, :title_id, :title_en, CAST(:value AS jsonb), :unit, :legal_basis, :status,
            :in_force_from)
        ON CONFLICT (code, version) DO NOTHING
        """
    )
    present = {
        row.code
        for row in connection.execute(
            text("SELECT code FROM app.rules WHERE version = :version"), {"version": seed.version}
        )
    }
    missing = [rule for rule in seed.rules if rule.code not in present]
    for rule in missing:
        connection.execute(
            statement,
            {
                "code": rule.code,
                "version": seed.version,
                "title_id": rule.title.id,
                "title_en": rule.title.en,
                "value": json.dumps(rule.value),
                "unit": rule.unit,
                "legal_basis": rule.legal_basis,
                "status": rule.status,
                "in_force_from": seed.in_force_from,
            },
        )
    return len(missing)


def rules_in_force(connection: Connection, on: dt.date) -> dict[str, Rule]:
    """
    Return the thresholds in force on a day, by code.

    A threshold with several values is given value by value: `KUMUH_KELAS_1`, `KUMUH_KELAS_2` and so on. Before the
    first version of a threshold its first version counts, so that figures of earlier years can be computed.

    Parameters
    ----------
    connection
        Of any role that reads `app.rules`.
    on
        The day, in the region's time zone.
    """
    rows = connection.execute(
        text(
            """
            SELECT DISTINCT ON (code) code, value, unit, legal_basis, version, status, in_force_from, in_force_until
            FROM app.rules
            WHERE in_force_until IS NULL OR in_force_until >= :on
            ORDER BY code, in_force_from <= :on DESC, CASE WHEN in_force_from <= :on THEN :on - in_force_from
                ELSE in_force_from - :on END, version DESC
            """
        ),
        {"on": on},
    )
    rules: dict[str, Rule] = {}
    for row in rows:
        values = row.value if isinstance(row.value, list) else [row.value]
        for number, value in enumerate(values, start=1):
            code = f"{row.code}_{number}" if isinstance(row.value, list) else row.code
            rules[code] = Rule(
                code=row.code,
                value=float(value),
                unit=row.unit,
                legal_basis=row.legal_basis,
                version=row.version,
                status=row.status,
                valid_from=row.in_force_from,
                valid_to=row.in_force_until,
            )
    return rules
