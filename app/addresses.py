"""What a part of an address can be: any text that a database can hold."""

from __future__ import annotations

from werkzeug.routing import BaseConverter, PathConverter


class Path(PathConverter):
    """Text that may hold slashes, as codes of packages do, but not the zero byte, which PostgreSQL has no place for."""

    regex = r"[^/\x00][^\x00]*?"


CONVERTERS: dict[str, type[BaseConverter]] = {"path": Path}
