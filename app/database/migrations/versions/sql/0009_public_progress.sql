-- The progress that the public sees: approved figures with the plan of their day; nothing of authors, notes, workers or positions.

SET LOCAL lock_timeout = '30s';

CREATE VIEW app.public_progress WITH (security_barrier) AS
    SELECT id, project_id, contract_id, day, physical_percent, planned_percent, demo, valid_from
    FROM app.progress_update WHERE state IN ('approved', 'published');

CREATE VIEW history.public_progress WITH (security_barrier) AS
    SELECT id, project_id, contract_id, day, physical_percent, planned_percent, demo, valid_from, valid_to
    FROM history.progress_update WHERE state IN ('approved', 'published');

CREATE INDEX progress_update_project_idx ON history.progress_update (project_id);
