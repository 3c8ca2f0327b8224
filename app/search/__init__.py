"""Find what people type: places, roads, projects, coordinates; accents, case and small misspellings forgiven."""
