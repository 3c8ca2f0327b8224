"""JSON for programs: projects, search, versions, region."""
