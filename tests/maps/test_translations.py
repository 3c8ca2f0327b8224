"""Every text for people has its English; none is left from before."""

from __future__ import annotations

import re
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po

from app.config import ROOT
from app.maps import texts

APP = ROOT / "app"
KEYWORDS = {**DEFAULT_KEYWORDS, "lazy_gettext": None}  # which Babel does not know by itself
PO = APP / "translations" / "en" / "LC_MESSAGES" / "messages.po"


def texts_in_code() -> set[str]:
    with (APP / "translations" / "babel.cfg").open(encoding="utf-8") as file:
        methods, options = parse_mapping_cfg(file)
    found = extract_from_dir(APP, methods, options, KEYWORDS)
    return {str(message) for _file, _line, message, _comments, _context in found}


def english() -> Catalog:
    with PO.open("rb") as file:
        return read_po(file)


def test_every_text_is_translated() -> None:
    translated = {str(message.id) for message in english() if message.id and message.string and not message.fuzzy}
    assert sorted(texts_in_code() - translated) == []


def test_no_translation_is_left_from_before() -> None:
    assert sorted({str(message.id) for message in english() if message.id} - texts_in_code()) == []


def test_translations_keep_the_places_to_fill() -> None:
    errors = [str(error) for message in english() if message.id for error in message.check(english())]
    assert errors == []


def test_scripts_know_every_text_they_ask_for() -> None:
    known = set(re.findall(r'"([a-z_]+\.[a-z_]+)":', Path(texts.__file__).read_text(encoding="utf-8")))
    sources = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "static" / "src").rglob("*.ts"))
    prefixes = "|".join(sorted({name.split(".")[0] for name in known}))
    asked = set(re.findall(rf'"((?:{prefixes})\.[a-z_]+)"', sources))
    assert asked - known == set()
    dynamic = {f"layers.{group}" for group in ("works", "plan", "raster", "base")}
    assert known - asked - dynamic == set()
