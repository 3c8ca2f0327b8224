-- The plan of a package on a day: of the contract signed last before it (before the first, of the first), by that contract's version in force
-- on the day; linear by calendar day between two points, 0 before the first, 100 after the last; NULL where that contract has no curve.
-- gis.progress.planned_percent and app.progress.curve say the same of one contract, and a test holds them equal.
SET LOCAL lock_timeout = '30s';

CREATE OR REPLACE FUNCTION app.planned_percent(project bigint, on_day date) RETURNS double precision LANGUAGE sql STABLE AS $$
    WITH held AS (
        SELECT c.id FROM app.contract c WHERE c.project_id = project
        ORDER BY (c.signed_on <= on_day) DESC, CASE WHEN c.signed_on <= on_day THEN on_day - c.signed_on ELSE c.signed_on - on_day END,
            (c.state = 'running') DESC, c.id DESC
        LIMIT 1
    ), curve AS (
        SELECT b.id FROM app.baseline b WHERE b.contract_id = (SELECT id FROM held)
        ORDER BY (b.in_force_from <= on_day) DESC, CASE WHEN b.in_force_from <= on_day THEN on_day - b.in_force_from ELSE b.in_force_from - on_day END,
            b.sequence DESC, b.id DESC
        LIMIT 1
    ), before AS (
        SELECT day, percent FROM app.baseline_point WHERE baseline_id = (SELECT id FROM curve) AND day <= on_day ORDER BY day DESC LIMIT 1
    ), after AS (
        SELECT day, percent FROM app.baseline_point WHERE baseline_id = (SELECT id FROM curve) AND day > on_day ORDER BY day LIMIT 1
    )
    SELECT CASE
        WHEN NOT EXISTS (SELECT FROM curve) THEN NULL
        WHEN (SELECT day FROM before) IS NULL THEN 0
        WHEN (SELECT day FROM after) IS NULL THEN (SELECT percent FROM before)
        ELSE (SELECT b.percent + (a.percent - b.percent) * (on_day - b.day) / (a.day - b.day) FROM before b, after a)
    END
$$;
