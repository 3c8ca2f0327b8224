-- One name is one viewpoint of a package. Run by migration 0019 as owner.
SET LOCAL lock_timeout = '30s';

-- Photos of a spot that two requests made at once go to the one made first.
UPDATE app.photo f SET viewpoint_id = (
    SELECT min(k.id) FROM app.viewpoint k WHERE k.project_id = v.project_id AND lower(k.name) = lower(v.name)
)
FROM app.viewpoint v
WHERE v.id = f.viewpoint_id
    AND EXISTS (SELECT FROM app.viewpoint k WHERE k.project_id = v.project_id AND lower(k.name) = lower(v.name) AND k.id < v.id);
DELETE FROM app.viewpoint v
WHERE EXISTS (SELECT FROM app.viewpoint k WHERE k.project_id = v.project_id AND lower(k.name) = lower(v.name) AND k.id < v.id);
CREATE UNIQUE INDEX viewpoint_name_idx ON app.viewpoint (project_id, lower(name));
DROP INDEX app.viewpoint_project_idx;  -- the other serves what it did
