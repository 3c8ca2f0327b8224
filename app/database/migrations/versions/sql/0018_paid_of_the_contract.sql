-- Run by migration 0018 as owner.
SET LOCAL lock_timeout = '30s';

-- What was paid of a package under the contract that app.project shows the value of (refresh_contract: the running, else the newest), now or
-- as recorded at a moment. A payment that names no contract is of the one signed last before its day (before the first, of the first). Without
-- any contract it is all that was paid. Financial progress is this by contract_value_idr; absorption is paid_idr by ceiling_idr.
CREATE FUNCTION app.contract_paid(project bigint, moment timestamptz DEFAULT NULL) RETURNS numeric LANGUAGE sql STABLE AS $$
    WITH contract AS (
        SELECT id, signed_on, state FROM app.contract WHERE project_id = project AND (moment IS NULL OR valid_from <= moment)
        UNION ALL
        SELECT id, signed_on, state FROM history.contract WHERE project_id = project AND valid_from <= moment AND valid_to > moment
    ), counted AS (
        SELECT id FROM contract ORDER BY state = 'running' DESC, signed_on DESC, id DESC LIMIT 1
    ), payment AS (
        SELECT contract_id, paid_on, amount_idr FROM app.payment WHERE project_id = project AND (moment IS NULL OR valid_from <= moment)
        UNION ALL
        SELECT contract_id, paid_on, amount_idr FROM history.payment WHERE project_id = project AND valid_from <= moment AND valid_to > moment
    )
    SELECT coalesce(sum(m.amount_idr), 0) FROM payment m
    WHERE NOT EXISTS (SELECT FROM counted) OR (SELECT id FROM counted) = coalesce(m.contract_id, (
        SELECT c.id FROM contract c
        ORDER BY (c.signed_on <= m.paid_on) DESC, abs(m.paid_on - c.signed_on), c.state = 'running' DESC, c.id DESC LIMIT 1
    ))
$$;
CREATE INDEX contract_project_idx ON history.contract (project_id);
CREATE INDEX payment_project_idx ON history.payment (project_id);
