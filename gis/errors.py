"""What can be wrong with geodata, said in Indonesian and in English."""

from __future__ import annotations


class GisError(Exception):
    """Something that a calculation with geodata refuses; both messages may be shown to a person."""

    def __init__(self, message_id: str, message_en: str) -> None:
        super().__init__(message_en)
        self.message_id = message_id
        self.message_en = message_en


class MissingCrs(GisError):
    """Nothing says where on earth the coordinates lie."""


class UnprojectedGeometry(GisError):
    """Degrees, Web Mercator or feet where true metres are needed."""


class ProjectedGeometry(GisError):
    """Metres or feet where longitude and latitude are needed."""


class EmptyBoundary(GisError):
    """A boundary without any place in it."""


class BoundaryTooWide(GisError):
    """A boundary that no single metric CRS fits."""


class TileOutsideMatrix(GisError):
    """A tile address that does not exist."""


class InvalidStation(GisError):
    """A STA that is not kilometre+metre."""


class InvalidMeasure(GisError):
    """A length, share or threshold that cannot be."""


class MissingColumn(GisError):
    """A frame without a column that the calculation reads."""


class InvalidCurve(GisError):
    """A plan that falls, does not reach 100, or does not end with its contract."""
