"""Tests of app.embed."""
