"""Fixed numbers of the tile matrix and of the ellipsoid; the agencies' thresholds are rules, never constants."""

ELLIPSOID = "WGS84"
WGS84_SRID = 4326
WGS84_SEMI_MAJOR_M = 6_378_137.0
WGS84_FLATTENING = 1 / 298.257_223_563

WEB_MERCATOR_HALF_M = 20_037_508.342_789_244
"""Half the width of the Web Mercator square (metres): pi times the semi-major axis."""

WEB_MERCATOR_MAX_LATITUDE = 85.051_128_779_806_59
"""Latitude (degrees) where the Web Mercator square ends."""

TILE_EXTENT = 4096
"""Units along the side of a vector tile."""

TILE_BUFFER = 64
"""Margin around a vector tile (tile units), so that lines and labels are not cut at its edges."""

TILE_SIZE_PX = 256
"""Pixels along the side of a tile at its own zoom, on a screen of ordinary density."""

MAX_ZOOM = 22

M_PER_KM = 1_000.0
M2_PER_KM2 = 1_000_000.0
M2_PER_HA = 10_000.0
