"""Geodata as plain functions: frames and arrays in, new ones out; nothing of the web and nothing of ours."""
