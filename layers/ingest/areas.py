"""Area codes: read them as written, or find them by the names of district and regency."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Literal

import numpy as np
import numpy.typing as npt

from gis.types import BoolArray
from layers.ingest.columns import similar_name
from layers.ingest.values import TextArray, fold

AreaLevel = Literal["regency", "district", "village"]
LEVEL_OF_LAYER: Mapping[str, AreaLevel] = {"districts": "district", "villages": "village"}

_DIGITS: Mapping[AreaLevel, int] = {"regency": 4, "district": 6, "village": 10}
_CUTS: Mapping[AreaLevel, tuple[int, ...]] = {"regency": (2, 4), "district": (2, 4, 6), "village": (2, 4, 6, 10)}
_CODE = re.compile(r"[\d. -]+")
_PREFIXES: Mapping[AreaLevel, re.Pattern[str]] = {
    "regency": re.compile(r"^(kabupaten|kota|kab\b\.?|kodya)\s*(administrasi|adm\b\.?)?\s*", re.IGNORECASE),
    "district": re.compile(r"^(kecamatan|kec\b\.?|distrik)\s*", re.IGNORECASE),
    "village": re.compile(r"^(desa|kelurahan|kel\b\.?|ds\b\.?|nagari|kampung|gampong)\s*", re.IGNORECASE),
}


@dataclass(frozen=True)
class Area:
    """One area of the national code list."""

    code: str
    name: str
    level: AreaLevel


@dataclass(frozen=True)
class NameMatch:
    """
    The codes found for names, None where none is sure.

    `ambiguous` marks names that several areas have; `suggestions` gives the most similar name for those that none has.
    """

    codes: TextArray
    ambiguous: BoolArray
    suggestions: Mapping[str, str]


@dataclass(frozen=True)
class AreaList:
    """Areas of the national code list, and which of them the region holds."""

    areas: tuple[Area, ...]
    region: str

    @cached_property
    def names(self) -> Mapping[str, str]:
        """Code → name."""
        return {area.code: area.name for area in self.areas}

    @cached_property
    def _by_name(self) -> Mapping[AreaLevel, Mapping[str, list[str]]]:
        """Level → folded name, with and without its title → codes."""
        found: dict[AreaLevel, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
        for area in self.areas:
            for key in dict.fromkeys(_keys(area.name, area.level)):
                found[area.level][key].append(area.code)
        return found

    def holds(self, codes: TextArray) -> BoolArray:
        """Tell for each code whether the region is it or holds it; false where missing."""
        return np.array([code is not None and is_within(code, self.region) for code in codes], dtype=bool)

    def districts_without(self, codes: npt.NDArray[np.str_]) -> int:
        """Count the region's districts that are not among these codes."""
        own = {area.code for area in self.areas if area.level == "district" and is_within(area.code, self.region)}
        return len(own - set(codes.tolist()))

    def find(
        self,
        level: AreaLevel,
        names: TextArray,
        *,
        regencies: TextArray | None = None,
        districts: TextArray | None = None,
    ) -> NameMatch:
        """
        Look areas up by name; case, accents, spaces and titles (Kecamatan, Kota Adm.) are forgiven.

        Parameters
        ----------
        names
            Of the areas looked for, None where missing.
        regencies, districts
            Names of the areas above, row by row, where the file has them: they tell apart areas of the same name. Else,
            where several have it, the only one of the region is taken.
        """
        count = len(names)
        regencies = np.full(count, None, dtype=object) if regencies is None else regencies
        districts = np.full(count, None, dtype=object) if districts is None else districts
        rows = list(zip(names, regencies, districts, strict=True))
        answers = {row: self._find_one(level, *row) for row in set(rows)}
        found = [answers[row] for row in rows]
        unknown = {str(row[0]) for row, (code, is_ambiguous) in answers.items() if code is None and not is_ambiguous}
        return NameMatch(
            np.array([code for code, _ in found], dtype=object).reshape(-1),
            np.array([is_ambiguous for _, is_ambiguous in found], dtype=bool),
            self._suggest(level, unknown),
        )

    def _find_one(
        self, level: AreaLevel, name: str | None, regency: str | None, district: str | None
    ) -> tuple[str | None, bool]:
        """Return the code, None when there is none or several, and whether there are several."""
        if name is None:
            return None, False
        candidates = self._candidates(level, name)
        parents: tuple[tuple[AreaLevel, str | None], ...] = (("regency", regency), ("district", district))
        for above_level, above in parents:
            if above is not None:
                above_codes = self._candidates(above_level, above)
                candidates = [code for code in candidates if any(is_within(code, one) for one in above_codes)]
        if len(candidates) > 1:
            candidates = [code for code in candidates if is_within(code, self.region)] or candidates
        return (candidates[0], False) if len(candidates) == 1 else (None, len(candidates) > 1)

    def _candidates(self, level: AreaLevel, name: str) -> list[str]:
        by_name = self._by_name[level]
        return next((by_name[key] for key in _keys(name, level) if key in by_name), [])

    def _suggest(self, level: AreaLevel, unknown: Iterable[str]) -> Mapping[str, str]:
        near = [area.name for area in self.areas if area.level == level and is_within(area.code, self.region)]
        pairs = {name: similar_name(name, near) for name in unknown}
        return {name: similar for name, similar in pairs.items() if similar is not None}


def is_within(code: str, area: str) -> bool:
    """Tell whether a code is that of an area or of something in it."""
    return code == area or code.startswith(f"{area}.")


def normalise_codes(codes: TextArray, level: AreaLevel) -> TextArray:
    """
    Bring area codes to the form of the Kemendagri list (`16.05.01.2001`); None where the number of digits is another.

    A code of BPS has another number of digits for a district, and the same for a village: whether it exists, and under
    which name, must be checked against the list.
    """
    return np.array([_normalise(code, level) for code in codes], dtype=object).reshape(-1)


def same_name(one: str, other: str, level: AreaLevel) -> bool:
    """Tell whether two names are the same but for case, accents, spaces and titles."""
    return not set(_keys(one, level)).isdisjoint(_keys(other, level))


def _normalise(code: str | None, level: AreaLevel) -> str | None:
    if code is None or not _CODE.fullmatch(code):
        return None
    digits = re.sub(r"\D", "", code)
    if len(digits) != _DIGITS[level]:
        return None
    cuts = (0, *_CUTS[level])
    return ".".join(digits[start:end] for start, end in pairwise(cuts))


def _keys(name: str, level: AreaLevel) -> list[str]:
    """Return what a name is compared by: whole, then without its title."""
    keys = [fold(name), fold(_PREFIXES[level].sub("", name.strip()))]
    return [key for key in keys if key]
