-- Which photos the public could see at a moment: no more than that, since what was taken back since stays away.

SET LOCAL lock_timeout = '30s';

CREATE OR REPLACE VIEW app.public_photo WITH (security_barrier) AS
    SELECT f.id, f.project_id, f.viewpoint_id, v.name AS viewpoint, f.moment, f.caption, f.public_hash, f.public_thumbnail_hash,
        f.width, f.height, coalesce(f.taken_at, f.exif_taken_at) AS taken_at, f.demo, f.valid_from
    FROM app.photo f LEFT JOIN app.viewpoint v ON v.id = f.viewpoint_id
    WHERE f.state = 'published' AND f.public_hash IS NOT NULL AND f.public_thumbnail_hash IS NOT NULL;

CREATE VIEW history.public_photo WITH (security_barrier) AS
    SELECT id, project_id, valid_from, valid_to FROM history.photo
    WHERE state = 'published' AND public_hash IS NOT NULL AND public_thumbnail_hash IS NOT NULL;

CREATE INDEX photo_project_idx ON history.photo (project_id) WHERE state = 'published';
