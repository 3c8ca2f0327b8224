"""What can go wrong with a layer; each error says it in Indonesian and English, for people."""

from __future__ import annotations


class LayersError(Exception):
    """
    Base of the errors of this package.

    Parameters
    ----------
    message_id, message_en
        One sentence for people: what happened, where, and what to do.
    """

    def __init__(self, message_id: str, message_en: str) -> None:
        super().__init__(message_en)
        self.message_id = message_id
        self.message_en = message_en


class LayerNotFound(LayersError):
    """No layer has this id."""


class InvalidDefinition(LayersError):
    """A layer's YAML file does not say what a definition must say, or disagrees with its table."""


class InvalidFilter(LayersError):
    """A filter names a field that the layer does not offer, or a value of another type."""


class UnknownAsset(LayersError):
    """A standalone map asks for a script or style sheet that we do not have."""
