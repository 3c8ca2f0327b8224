"""A file becomes rows of a layer: unpack, read, validate, transform, load; each step says what it changed."""
