"""Spatial plans: their scale, time in force, and activity matrix (ITBX)."""
