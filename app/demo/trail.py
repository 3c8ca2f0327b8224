"""What the demonstration's people did of late: the trail of their changes, and the notices that they were sent."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import Connection, text

from app.demo.life import TODAY
from app.demo.rows import moment

DAYS = 60
LEFT_OUT = ("geom_3857", "anchor_3857", "search_text", "valid_from", "changed_by")
ADDED = ("contract", "addendum", "baseline", "payment", "photo", "show_cause_meeting", "critical_case")

ADDED_ROWS = """
    INSERT INTO app.audit (at, actor, subject, row_id, project_id, operation, new)
    SELECT t.valid_from, t.changed_by, :subject, t.id, (to_jsonb(t) ->> 'project_id')::bigint, 'insert',
        to_jsonb(t) - CAST(:left_out AS text[])
    FROM app.{table} t WHERE t.demo AND t.valid_from > :since
"""
REVIEWED = """
    INSERT INTO app.audit (at, actor, subject, row_id, project_id, operation, old, new)
    SELECT u.reviewed_at, u.reviewed_by, 'progress_update', u.id, u.project_id, 'update', '{"state": "submitted"}',
        jsonb_build_object('state', u.state, 'planned_percent', u.planned_percent, 'review_comment', u.review_comment)
    FROM app.progress_update u WHERE u.demo AND u.reviewed_at > :since
"""
SENT = """
    INSERT INTO app.audit (at, actor, subject, row_id, project_id, operation, new)
    SELECT u.submitted_at, u.author, 'progress_update', u.id, u.project_id, 'insert',
        jsonb_build_object('day', u.day, 'physical_percent', u.physical_percent, 'state', 'submitted')
    FROM app.progress_update u WHERE u.demo AND u.submitted_at > :since
"""
NOTICES = """
    INSERT INTO app.notice (account_id, kind, project_id, about, created_at, mailed_at)
    SELECT a.id, n.kind, n.project_id, n.about, n.at, n.at FROM (
        SELECT 'returned' AS kind, u.project_id, u.author AS email, u.reviewed_at AS at,
            jsonb_build_object('day', u.day, 'comment', u.review_comment, 'author', u.author) AS about
        FROM app.progress_update u WHERE u.demo AND u.state = 'returned'
        UNION ALL
        SELECT 'submitted', u.project_id, :reviewer, u.submitted_at, jsonb_build_object('day', u.day)
        FROM app.progress_update u WHERE u.demo AND u.state = 'submitted'
        UNION ALL
        SELECT 'critical', c.project_id, s.email, c.indicated_on + time '03:00' AT TIME ZONE 'UTC',
            jsonb_build_object('clause', c.clause)
        FROM app.critical_case c JOIN app.project p ON p.id = c.project_id JOIN app.account s ON s.id = p.ppk_id
        WHERE c.demo AND c.state = 'indicated' AND c.indicated_on > :recent
    ) n JOIN app.account a ON a.email = n.email
"""


def leave_trail(connection: Connection, reviewer: str) -> None:
    """
    Write the trail of the last weeks, oldest first, and the notices that still stand.

    Parameters
    ----------
    connection
        Of the owner role, after the rows of tracking are loaded.
    reviewer
        E-mail address of the account that reports wait for.
    """
    since = moment(TODAY) - dt.timedelta(days=DAYS)
    for table in ADDED:
        connection.execute(
            text(ADDED_ROWS.format(table=table)), {"subject": table, "left_out": list(LEFT_OUT), "since": since}
        )
    for statement in (SENT, REVIEWED):
        connection.execute(text(statement), {"since": since})
    connection.execute(text(RENUMBER))
    connection.execute(text(NOTICES), {"reviewer": reviewer, "recent": TODAY - dt.timedelta(days=30)})


# Pages show the trail by its numbers; so they follow the time. The count makes all rows leave before the first comes
# back: whether a number is still taken must not depend on how the database joins.
RENUMBER = """
    WITH drawn AS (
        SELECT a.id, row_number() OVER (ORDER BY a.id) AS place, row_number() OVER (ORDER BY a.at, a.id) AS turn
        FROM app.audit a JOIN app.project p ON p.id = a.project_id AND p.demo
    ), moved AS (
        DELETE FROM app.audit a USING drawn d WHERE a.id = d.id RETURNING a.*, d.turn
    )
    INSERT INTO app.audit (id, at, actor, subject, row_id, project_id, operation, old, new)
    SELECT places.id, m.at, m.actor, m.subject, m.row_id, m.project_id, m.operation, m.old, m.new
    FROM moved m JOIN drawn places ON places.place = m.turn
    WHERE (SELECT count(*) FROM moved) > 0
"""
