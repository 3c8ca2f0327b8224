"""After a backup has come back, no version names two states of the data."""

from __future__ import annotations

import psycopg

from app.backup import go_beyond_versions, layer_versions
from app.database.roles import DatabaseUrls, libpq_url


def test_versions_after_a_restore_are_new_to_every_visitor(committed_database: DatabaseUrls) -> None:
    before = layer_versions(committed_database.owner) | {
        "roads": 57
    }  # seen before the backup of an earlier day came back
    changed = "SELECT max(changed_at) FROM app.layer_versions"
    with psycopg.connect(libpq_url(committed_database.owner)) as connection:
        connection.execute("UPDATE app.layer_versions SET version = 9 WHERE layer = 'parks'")
        day = connection.execute(changed).fetchone()
        connection.commit()
        go_beyond_versions(committed_database.owner, before)
        assert connection.execute(changed).fetchone() == day, "a restore is no edit"
    after = layer_versions(committed_database.owner)
    assert (after["roads"], after["parks"]) == (58, 10)
    assert all(after[layer] > version for layer, version in before.items())
