"""Features as GeoJSON at the addresses of OGC API Features."""
