"""The region's own words for its areas: nagari where others have desa, distrik where others have kecamatan."""

from __future__ import annotations

import re
from functools import cache
from types import MappingProxyType
from typing import Protocol

from layers.catalogue import Catalogue, built_in_catalogue
from layers.definition import LayerDefinition, Text

USUAL = re.compile(r"\b(kecamatan|desa)\b", re.IGNORECASE)


class Terms(Protocol):
    """What a region calls its districts and villages."""

    @property
    def district_term(self) -> str:
        """Kecamatan or Distrik."""

    @property
    def village_term(self) -> str:
        """The word for a village: desa, nagari, kampung or gampong."""


def in_own_words(sentence: object, region: Terms | None) -> str:
    """
    Say a sentence of this program in the words of the region.

    Parameters
    ----------
    sentence
        As it is for most of Indonesia, with kecamatan and desa, or its translation, which has neither.
    region
        Whose words to use; without one the sentence stays as it is.
    """
    if region is None:
        return str(sentence)
    return _reworded(str(sentence), region.district_term, region.village_term)


def catalogue_in_own_words(region: Terms | None) -> Catalogue:
    """Return the built-in layers as the region calls them and their fields; codes and their labels are nationwide."""
    if region is None:
        return built_in_catalogue()
    return _reworded_catalogue(region.district_term, region.village_term)


def _reworded(sentence: str, district: str, village: str) -> str:
    def own(match: re.Match[str]) -> str:
        word = match[0]
        term = (district if word.lower() == "kecamatan" else village).lower()
        return term.capitalize() if word[0].isupper() else term

    return USUAL.sub(own, sentence)


@cache
def _reworded_catalogue(district: str, village: str) -> Catalogue:
    def own(text: Text) -> Text:
        return Text(id=_reworded(text.id, district, village), en=_reworded(text.en, district, village))

    def layer(definition: LayerDefinition) -> LayerDefinition:
        fields = tuple(field.model_copy(update={"label": own(field.label)}) for field in definition.fields)
        titles = {"title": own(definition.title), "description": own(definition.description)}
        return definition.model_copy(update={**titles, "fields": fields})

    usual = built_in_catalogue()
    return Catalogue(MappingProxyType({one.id: layer(one) for one in usual}), usual.codes)
