"""Public pages of areas, roads, contractors and programmes."""
