"""JSON schemas of what others may rely on, and the check against them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

HERE = Path(__file__).parent


def check(name: str, content: Any) -> None:
    """
    Fail when JSON is not what its schema in this folder says.

    Parameters
    ----------
    name
        Of the schema's file, without its ending.
    """
    schema = json.loads((HERE / f"{name}.schema.json").read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema).validate(content)
