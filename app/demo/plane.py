"""The flat plane on which the demonstration is drawn: metres east and north of the region's centre."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely

from gis.types import FloatArray, GeometryArray

M_PER_DEGREE_LAT = 110_574.0
M_PER_DEGREE_LON_EQUATOR = 111_320.0
DECIMALS = 6  # of degrees: 0.1 m; the same corner gives the same digits wherever it is used


@dataclass(frozen=True)
class Plane:
    """An equirectangular plane around a centre (degrees); good enough to draw on, not to measure."""

    lon: float
    lat: float

    @property
    def m_per_degree_lon(self) -> float:
        """Metres of a degree of longitude at the centre."""
        return float(M_PER_DEGREE_LON_EQUATOR * np.cos(np.radians(self.lat)))

    def to_metres(self, lonlat: FloatArray) -> FloatArray:
        """Turn an (n, 2) array of degrees into metres."""
        scale = np.array([self.m_per_degree_lon, M_PER_DEGREE_LAT])
        metres: FloatArray = (np.asarray(lonlat, float) - (self.lon, self.lat)) * scale
        return metres

    def to_degrees(self, metres: FloatArray) -> FloatArray:
        """Turn an (n, 2) array of metres into degrees, rounded."""
        scale = np.array([self.m_per_degree_lon, M_PER_DEGREE_LAT])
        degrees: FloatArray = np.round(np.asarray(metres, float) / scale + (self.lon, self.lat), DECIMALS)
        return degrees

    def geometries(self, drawn: GeometryArray) -> GeometryArray:
        """Turn drawn geometries (metres) into EPSG:4326."""
        return shapely.set_srid(shapely.transform(np.asarray(drawn, dtype=object), self.to_degrees), 4326)
