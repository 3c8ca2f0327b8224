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


class RasterRefused(GisError):
    """A raster that cannot be used as it is; commands end with 2."""

    exit_code = 2


class NotARaster(RasterRefused):
    """A file that is no raster, or of a format that is not read here."""


class BrokenRaster(RasterRefused):
    """A raster whose cells cannot be read: cut short or damaged."""


class RasterTooLarge(RasterRefused):
    """A raster of more cells than the settings allow."""


class RasterWithoutPlace(RasterRefused):
    """A raster that does not say where on earth its cells lie, or in which coordinate system."""


class EmptyRaster(RasterRefused):
    """A raster in which every cell is nodata."""


class NotClasses(RasterRefused):
    """Values that are measurements, where classes are needed."""
