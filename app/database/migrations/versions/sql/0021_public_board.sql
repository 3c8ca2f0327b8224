-- What the board of a package says beside the register, to the public. Run by migration 0021 as owner.

SET LOCAL lock_timeout = '30s';

-- The owner's estimate (HPS) is told once the package was announced. Nothing of people, notes, alarm or forecast.
CREATE VIEW app.public_package WITH (security_barrier) AS
    SELECT id, unit_id, programme_id, rup_code, tender_code, selection_method, procurement_kind,
        CASE WHEN status <> 'planned' THEN owner_estimate_idr END AS owner_estimate_idr, volume, volume_unit, maintenance_until,
        demo, valid_from
    FROM app.project;

CREATE VIEW history.public_package WITH (security_barrier) AS
    SELECT id, unit_id, programme_id, rup_code, tender_code, selection_method, procurement_kind,
        CASE WHEN status <> 'planned' THEN owner_estimate_idr END AS owner_estimate_idr, volume, volume_unit, maintenance_until,
        demo, valid_from, valid_to
    FROM history.project;

-- The states that a package went through; reasons and letters stay with the staff.
CREATE VIEW app.public_status WITH (security_barrier) AS
    SELECT id, project_id, to_status, on_day, recorded_at, demo FROM app.status_change;

-- Documents that the package's staff gave to the public; at a moment those that were public then and still are.
CREATE VIEW app.public_document WITH (security_barrier) AS
    SELECT id, project_id, kind, title, number, dated, media_type, bytes, demo, valid_from FROM app.document WHERE is_public;

CREATE VIEW history.public_document WITH (security_barrier) AS
    SELECT id, project_id, valid_from, valid_to FROM history.document WHERE is_public;

-- The words of updates at a moment, by the same rule.
CREATE OR REPLACE VIEW app.public_update WITH (security_barrier) AS
    SELECT id, project_id, day, physical_percent, planned_percent, weather, note, published_at, demo, valid_from
    FROM app.progress_update WHERE state = 'published';

CREATE VIEW history.public_update WITH (security_barrier) AS
    SELECT id, project_id, valid_from, valid_to FROM history.progress_update WHERE state = 'published';

-- Whom to ask: the head of printed reports.
CREATE VIEW app.public_office WITH (security_barrier) AS
    SELECT government, office, address, emblem_hash FROM app.report_template WHERE report = '';
