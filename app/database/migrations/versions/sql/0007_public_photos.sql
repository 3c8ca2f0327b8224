-- The photos that the public sees, as it sees them: blurred copies without metadata, nothing of originals, authors or positions.

SET LOCAL lock_timeout = '30s';

CREATE VIEW app.public_photo WITH (security_barrier) AS
    SELECT f.id, f.project_id, f.viewpoint_id, v.name AS viewpoint, f.moment, f.caption, f.public_hash, f.public_thumbnail_hash,
        f.width, f.height, coalesce(f.taken_at, f.exif_taken_at) AS taken_at, f.demo
    FROM app.photo f LEFT JOIN app.viewpoint v ON v.id = f.viewpoint_id
    WHERE f.state = 'published' AND f.public_hash IS NOT NULL AND f.public_thumbnail_hash IS NOT NULL;

CREATE INDEX photo_public_hash_idx ON app.photo (public_hash) WHERE state = 'published';
CREATE INDEX photo_public_thumbnail_hash_idx ON app.photo (public_thumbnail_hash) WHERE state = 'published';
CREATE INDEX photo_viewpoint_idx ON app.photo (viewpoint_id) WHERE viewpoint_id IS NOT NULL;
