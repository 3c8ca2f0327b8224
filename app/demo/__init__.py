"""Demonstration data for any region: real names and codes, drawn geometry, made by a seeded generator."""
