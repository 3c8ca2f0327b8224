"""Packages: the register that staff work in, and everything that is recorded of one package."""
