"""The PostGIS behind the application: the private cluster, its roles, and the migrations."""
