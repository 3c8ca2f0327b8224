"""What a part of an address can be: any text that a database can hold."""

from __future__ import annotations

from typing import Any

from werkzeug.routing import BaseConverter, Map, PathConverter, UnicodeConverter


class Text(UnicodeConverter):
    """Text without a slash, and without the zero byte that PostgreSQL has no place for: no such page."""

    def __init__(self, addresses: Map, *args: Any, **kwargs: Any) -> None:
        super().__init__(addresses, *args, **kwargs)
        self.regex = self.regex.replace("[^/]", r"[^/\x00]")


class Path(PathConverter):
    """Text that may hold slashes, as codes of packages do, but not the zero byte."""

    regex = r"[^/\x00][^\x00]*?"


CONVERTERS: dict[str, type[BaseConverter]] = {"default": Text, "string": Text, "path": Path}
