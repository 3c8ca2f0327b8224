"""Addresses that pages give to search engines."""

from __future__ import annotations

from urllib.parse import urlencode

from flask import request

from app.extensions import LANGUAGES

OWN_PAGES = frozenset({"as_of"})  # parameters that make another page of it, rather than another view of the same


def canonical_url(*kept: str) -> str:
    """
    Return the one address of this page, without what only sorts, pages or filters it.

    Parameters
    ----------
    kept
        Further parameters that make it a page of its own.
    """
    names = {*OWN_PAGES, *kept}
    args = [(key, value) for key, value in request.args.items(multi=True) if key in names and value]
    if request.args.get("lang") in LANGUAGES:
        args.append(("lang", request.args["lang"]))
    return request.base_url + (f"?{urlencode(args)}" if args else "")
