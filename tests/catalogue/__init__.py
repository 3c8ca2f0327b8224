"""Tests of app.catalogue."""
