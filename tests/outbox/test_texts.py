"""The scripts that write updates find every sentence that they ask for, and no sentence is left over."""

from __future__ import annotations

import re
from pathlib import Path

from app.config import ROOT
from app.outbox import texts


def test_scripts_know_every_text_they_ask_for() -> None:
    known = set(re.findall(r'"(outbox\.[a-z_]+)":', Path(texts.__file__).read_text(encoding="utf-8")))
    sources = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "static" / "src").rglob("*.ts"))
    asked = set(re.findall(r'"(outbox\.[a-z_]+)"', sources))
    assert asked == known
    assert len(known) > 40
