"""The register of projects as the public reads it: list, page, key figures."""
