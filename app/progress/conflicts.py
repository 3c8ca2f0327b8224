"""Two people edited one update: what each wrote, field by field, so that either can be kept and nothing is lost."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext

from app.progress.queries_updates import Item
from app.progress.update_forms import CAUSES, WEATHER


@dataclass(frozen=True)
class Difference:
    """A part of the form that two people wrote differently; `fields` hold what this person typed, to be sent again."""

    name: str  # as it is picked: one field, `items` or `position`
    label: str
    mine: str
    theirs: str
    fields: Mapping[str, str]
    is_text: bool = False  # a text that can be merged by hand


def differences(mine: Mapping[str, str], theirs: Mapping[str, Any], items: Iterable[Item]) -> list[Difference]:
    """
    Return what differs between a form that was sent and the update as it is kept.

    Parameters
    ----------
    mine, theirs
        Values by the names of the form's fields.
    items
        The work items that `items.<id>` name.
    """
    labels = _labels()
    found = []
    for name, label in labels.items():
        own, other = _plain(mine.get(name)), _plain(theirs.get(name))
        if own != other:
            found.append(
                Difference(
                    name,
                    label,
                    _worded(name, own),
                    _worded(name, other),
                    {name: own},
                    is_text=name in {"obstacles", "note", "correction_note"},
                )
            )
    names = {f"items.{item.id}": item for item in items}
    changed = [name for name in names if _plain(mine.get(name)) != _plain(theirs.get(name))]
    if changed:
        found.append(
            Difference(
                "items",
                gettext("Volume butir pekerjaan"),
                _listed(changed, names, mine),
                _listed(changed, names, theirs),
                {name: _plain(mine.get(name)) for name in names if name in mine},
            )
        )
    places = ("position.lon", "position.lat", "position.accuracy_m", "position.at")
    if any(_plain(mine.get(name)) != _plain(theirs.get(name)) for name in places[:2]):
        found.append(
            Difference(
                "position",
                gettext("Posisi"),
                _place(mine),
                _place(theirs),
                {name: _plain(mine.get(name)) for name in places},
            )
        )
    return found


def _labels() -> dict[str, str]:
    return {
        "day": gettext("Tanggal"),
        "physical_percent": gettext("Realisasi fisik (%)"),
        "weather": gettext("Cuaca"),
        "workers": gettext("Pekerja"),
        "obstacles": gettext("Kendala"),
        "obstacle_cause": gettext("Penyebab kendala"),
        "note": gettext("Catatan"),
        "correction_note": gettext("Catatan koreksi"),
    }


def _plain(value: Any) -> str:
    """Return a value as it compares: browsers send the ends of lines in their own way."""
    return "" if value is None else str(value).replace("\r\n", "\n").strip()


def _worded(name: str, value: str) -> str:
    words = {"weather": WEATHER, "obstacle_cause": CAUSES}.get(name, {})
    return str(words[value]) if value in words else value


def _listed(names: list[str], items: Mapping[str, Item], values: Mapping[str, Any]) -> str:
    return "; ".join(f"{items[name].name}: {_plain(values.get(name)) or '–'} {items[name].unit}" for name in names)


def _place(values: Mapping[str, Any]) -> str:
    lon, lat = _plain(values.get("position.lon")), _plain(values.get("position.lat"))
    return f"{lat}; {lon}" if lon and lat else ""
