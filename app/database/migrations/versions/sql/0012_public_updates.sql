-- The words of updates that the public reads, once a reviewer has published them. Obstacles and whose fault they are stay with the staff:
-- they may become evidence between the parties of a contract. Nothing of authors, workers or positions.

SET LOCAL lock_timeout = '30s';

CREATE VIEW app.public_update WITH (security_barrier) AS
    SELECT id, project_id, day, physical_percent, planned_percent, weather, note, published_at, demo
    FROM app.progress_update WHERE state = 'published';
