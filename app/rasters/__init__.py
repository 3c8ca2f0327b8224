"""Rasters: registered from the command line, shown on the map as tiles, read by reports."""
