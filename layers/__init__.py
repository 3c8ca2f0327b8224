"""Describes what is on the map and how it got there; imports `gis`, knows nothing of the web."""
