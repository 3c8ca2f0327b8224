"""Reports: figures computed from the layers, each of which can be opened."""
