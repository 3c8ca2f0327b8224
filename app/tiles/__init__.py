"""Vector tiles: made by the database, kept in memory while they are true."""
