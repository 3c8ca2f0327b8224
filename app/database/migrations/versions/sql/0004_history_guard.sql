-- Nobody but the owner decides what history holds. Run by migration 0004 as the owner role.
--
-- A session's own temporary tables and types are found before all others unless pg_temp stands last, and a trigger may be put on
-- a table of one's own by whoever may execute its function: either way the owner's rights would be lent to whoever asks.

ALTER FUNCTION app.keep_old_versions() SET search_path = pg_catalog, public, pg_temp;
ALTER FUNCTION app.note_change() SET search_path = pg_catalog, public, pg_temp;
ALTER PROCEDURE layers.reassign_area_codes() SET search_path = pg_catalog, public, pg_temp;

REVOKE EXECUTE ON FUNCTION app.keep_old_versions(), app.note_change() FROM PUBLIC;
REVOKE EXECUTE ON PROCEDURE layers.reassign_area_codes() FROM PUBLIC;

-- As in 0001, but who owns a table is asked of the catalogue, never of a temporary table that is called the same.
CREATE OR REPLACE FUNCTION app.stamp_version() RETURNS trigger LANGUAGE plpgsql AS $$
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
