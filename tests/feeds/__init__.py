"""Tests of app.feeds."""
