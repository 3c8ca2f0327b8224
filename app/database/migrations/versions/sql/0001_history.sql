-- How the database keeps history, versions and areas by itself. Run by migration 0001 as the owner role.

CREATE SCHEMA IF NOT EXISTS app;
CREATE SCHEMA IF NOT EXISTS layers;
CREATE SCHEMA IF NOT EXISTS history;
CREATE SCHEMA IF NOT EXISTS generalised;

-- Who acts: the person the application named for this transaction, else the database role.
CREATE FUNCTION app.actor() RETURNS text LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT coalesce(nullif(current_setting('petakarya.actor', true), ''), session_user::text)
$$;

-- Text as search compares it: without accents and case.
CREATE FUNCTION app.fold(text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT lower(public.unaccent('public.unaccent'::regdictionary, $1))
$$;

-- The newest version of each layer, and where on the map each version changed something; a change without a box shows nowhere.
CREATE TABLE app.layer_versions (
    layer text PRIMARY KEY,
    version bigint NOT NULL DEFAULT 1,
    changed_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE app.layer_changes (
    layer text NOT NULL,
    version bigint NOT NULL,
    box geometry(Polygon, 3857)
);
CREATE INDEX layer_changes_idx ON app.layer_changes (layer, version);

-- BEFORE UPDATE of each row: a new version begins now, and never at the same instant as the one it ends. What the owner derives again
-- from other rows (area codes after new boundaries) is no edit of a person and ends no version; only the owner's own procedures may say so.
CREATE FUNCTION app.stamp_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('petakarya.derived', true) = 'on'
        AND current_user = (SELECT pg_catalog.pg_get_userbyid(relowner) FROM pg_catalog.pg_class WHERE oid = TG_RELID)
    THEN
        RETURN NEW;
    END IF;
    NEW.valid_from := greatest(now(), OLD.valid_from + interval '1 microsecond');
    NEW.changed_by := app.actor();
    RETURN NEW;
END
$$;

-- AFTER UPDATE or DELETE, once a statement: the versions that ended go to history. Runs as the owner, so that the application's own
-- role can never write there.
CREATE FUNCTION app.keep_old_versions() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    kept text := (
        SELECT string_agg(format('o.%I', attname), ', ' ORDER BY attnum)
        FROM pg_attribute
        WHERE attrelid = format('history.%I', TG_TABLE_NAME)::regclass AND attnum > 0 AND NOT attisdropped
          AND attname NOT IN ('valid_to', 'operation', 'ended_by')
    );
BEGIN
    IF TG_OP = 'UPDATE' THEN
        EXECUTE format(
            'INSERT INTO history.%I (%s, valid_to, operation, ended_by)
             SELECT %s, n.valid_from, ''update'', app.actor() FROM old_rows o JOIN new_rows n ON %s
             WHERE n.valid_from > o.valid_from',
            TG_TABLE_NAME, replace(kept, 'o.', ''), kept, TG_ARGV[0]);
    ELSE
        EXECUTE format(
            'INSERT INTO history.%I (%s, valid_to, operation, ended_by)
             SELECT %s, greatest(now(), o.valid_from + interval ''1 microsecond''), ''delete'', app.actor() FROM old_rows o',
            TG_TABLE_NAME, replace(kept, 'o.', ''), kept);
    END IF;
    RETURN NULL;
END
$$;

-- Give a table its history: history.<table> and the triggers that fill it. `key` joins two versions of a row, e.g. 'o.id = n.id'.
CREATE PROCEDURE app.add_history(target regclass, key text DEFAULT 'o.id = n.id') LANGUAGE plpgsql AS $$
DECLARE
    name text := (SELECT relname FROM pg_class WHERE oid = target);
BEGIN
    EXECUTE format('CREATE TABLE history.%I (LIKE %s, valid_to timestamptz NOT NULL, operation text NOT NULL, ended_by text NOT NULL)', name, target);
    EXECUTE format('CREATE INDEX ON history.%I (valid_to, valid_from)', name);
    IF EXISTS (SELECT FROM pg_attribute WHERE attrelid = target AND attname = 'geom_3857') THEN
        EXECUTE format('CREATE INDEX ON history.%I USING gist (geom_3857)', name);
    END IF;
    IF EXISTS (SELECT FROM pg_attribute WHERE attrelid = target AND attname = 'id') THEN
        EXECUTE format('CREATE INDEX ON history.%I (id, valid_from)', name);
    END IF;
    EXECUTE format('CREATE TRIGGER b_stamp_version BEFORE UPDATE ON %s FOR EACH ROW EXECUTE FUNCTION app.stamp_version()', target);
    EXECUTE format('CREATE TRIGGER keep_updated AFTER UPDATE ON %s REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
        FOR EACH STATEMENT EXECUTE FUNCTION app.keep_old_versions(%L)', target, key);
    EXECUTE format('CREATE TRIGGER keep_deleted AFTER DELETE ON %s REFERENCING OLD TABLE AS old_rows
        FOR EACH STATEMENT EXECUTE FUNCTION app.keep_old_versions(%L)', target, key);
END
$$;

-- AFTER any change of a layer, once a statement: a new version, and the boxes it touched (one per row of a small edit, else the extent).
CREATE FUNCTION app.note_change() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    few CONSTANT int := 64; -- more boxes than that cost more to compare than the tiles they save
    source text := CASE TG_OP
        WHEN 'INSERT' THEN 'SELECT geom_3857 FROM new_rows'
        WHEN 'DELETE' THEN 'SELECT geom_3857 FROM old_rows'
        ELSE 'SELECT geom_3857 FROM new_rows UNION ALL SELECT geom_3857 FROM old_rows'
    END;
    changed bigint;
    extent box2d;
    new_version bigint;
BEGIN
    EXECUTE format('SELECT count(*), ST_Extent(geom_3857) FROM (%s) rows', source) INTO changed, extent;
    IF changed = 0 THEN
        RETURN NULL;
    END IF;
    INSERT INTO app.layer_versions AS v (layer) VALUES (TG_ARGV[0])
    ON CONFLICT (layer) DO UPDATE SET version = v.version + 1, changed_at = greatest(v.changed_at, now())
    RETURNING version INTO new_version;
    IF extent IS NULL THEN
        INSERT INTO app.layer_changes VALUES (TG_ARGV[0], new_version, NULL);
    ELSIF changed <= few THEN
        EXECUTE format(
            'INSERT INTO app.layer_changes
             SELECT $1, $2, ST_Envelope(ST_Expand(geom_3857, 1)) FROM (%s) rows WHERE geom_3857 IS NOT NULL', source)
        USING TG_ARGV[0], new_version;
    ELSE
        INSERT INTO app.layer_changes
        VALUES (TG_ARGV[0], new_version, ST_Envelope(ST_Expand(ST_SetSRID(extent::geometry, 3857), 1)));
    END IF;
    RETURN NULL;
END
$$;

-- Let a table bump the version of a layer on every edit.
CREATE PROCEDURE app.add_versions(target regclass, layer text) LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('CREATE TRIGGER note_inserted AFTER INSERT ON %s REFERENCING NEW TABLE AS new_rows
        FOR EACH STATEMENT EXECUTE FUNCTION app.note_change(%L)', target, layer);
    EXECUTE format('CREATE TRIGGER note_updated AFTER UPDATE ON %s REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
        FOR EACH STATEMENT EXECUTE FUNCTION app.note_change(%L)', target, layer);
    EXECUTE format('CREATE TRIGGER note_deleted AFTER DELETE ON %s REFERENCING OLD TABLE AS old_rows
        FOR EACH STATEMENT EXECUTE FUNCTION app.note_change(%L)', target, layer);
    INSERT INTO app.layer_versions (layer) VALUES (layer) ON CONFLICT DO NOTHING;
END
$$;

-- BEFORE INSERT, or UPDATE of geom: the districts and villages a feature touches, unless the loader has said so.
CREATE FUNCTION layers.set_area_codes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.district_codes := ARRAY(SELECT code FROM layers.districts d WHERE ST_Intersects(d.geom, NEW.geom) ORDER BY code);
    NEW.village_codes := ARRAY(SELECT code FROM layers.villages v WHERE ST_Intersects(v.geom, NEW.geom) ORDER BY code);
    RETURN NEW;
END
$$;

CREATE PROCEDURE app.add_area_codes(target regclass) LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('CREATE TRIGGER a_area_codes_inserted BEFORE INSERT ON %s FOR EACH ROW
        WHEN (NEW.district_codes IS NULL OR NEW.village_codes IS NULL) EXECUTE FUNCTION layers.set_area_codes()', target);
    EXECUTE format('CREATE TRIGGER a_area_codes_moved BEFORE UPDATE OF geom ON %s FOR EACH ROW
        WHEN (NEW.geom IS DISTINCT FROM OLD.geom) EXECUTE FUNCTION layers.set_area_codes()', target);
END
$$;

-- After districts or villages have changed: every layer's area codes anew; only rows that differ are written. The join lets each boundary
-- be prepared once and meet the features by their index on geom.
CREATE PROCEDURE layers.reassign_area_codes() LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    target regclass;
    areas text;
    codes text;
BEGIN
    PERFORM set_config('petakarya.derived', 'on', true);
    FOR target, areas, codes IN
        SELECT DISTINCT tgrelid::regclass, kind.areas, kind.codes
        FROM pg_trigger, (VALUES ('districts', 'district_codes'), ('villages', 'village_codes')) AS kind(areas, codes)
        WHERE tgname = 'a_area_codes_inserted'
    LOOP
        EXECUTE format($sql$
            WITH found AS MATERIALIZED (
                SELECT t.id, array_agg(a.code ORDER BY a.code) AS codes
                FROM layers.%1$I a JOIN %2$s t ON ST_Intersects(a.geom, t.geom) GROUP BY t.id
            ), wanted AS (
                SELECT t.id, coalesce(f.codes, '{}') AS codes FROM %2$s t LEFT JOIN found f USING (id)
            )
            UPDATE %2$s t SET %3$I = w.codes FROM wanted w WHERE t.id = w.id AND t.%3$I IS DISTINCT FROM w.codes
        $sql$, areas, target, codes);
    END LOOP;
    PERFORM set_config('petakarya.derived', 'off', true);
END
$$;

-- Whoever may execute a trigger function may put it on a table of his own, and would be lent the owner's rights.
REVOKE EXECUTE ON FUNCTION app.keep_old_versions(), app.note_change() FROM PUBLIC;
REVOKE EXECUTE ON PROCEDURE layers.reassign_area_codes() FROM PUBLIC;
