"""Tests of app.projects."""
