"""Tests of app.digest."""
