-- The public's search reads the folded text that each package keeps, instead of folding it at every question. Run by migration 0011 as owner.
SET LOCAL lock_timeout = '30s';

-- Its index is made by layers.sync, as those of every layer.
DROP INDEX IF EXISTS app.project_search_text_idx;

CREATE OR REPLACE VIEW layers.projects AS
SELECT id, code, name, sector, year, status, app.stage(status, is_late) AS stage,
    CASE WHEN is_late THEN 'late_in_handling' ELSE 'none' END AS delay,
    ceiling_idr, contract_value_idr, contractor, fund_source, planned_percent, physical_percent,
    physical_percent - planned_percent AS deviation_points, progress_date, start_date, end_date,
    district_codes, village_codes, demo, source, valid_from, changed_by, geom, geom_3857, anchor_3857,
    paid_idr, this_year_ceiling_idr, search_text
FROM app.project;

CREATE OR REPLACE VIEW history.projects AS
SELECT id, code, name, sector, year, status, app.stage(status, is_late) AS stage,
    CASE WHEN is_late THEN 'late_in_handling' ELSE 'none' END AS delay,
    ceiling_idr, contract_value_idr, contractor, fund_source, planned_percent, physical_percent,
    physical_percent - planned_percent AS deviation_points, progress_date, start_date, end_date,
    district_codes, village_codes, demo, source, valid_from, changed_by, geom, geom_3857, anchor_3857,
    valid_to, operation, ended_by, paid_idr, this_year_ceiling_idr,
    app.fold(name || ' ' || code || ' ' || coalesce(contractor, '') || ' ' || coalesce(rup_code, '')) AS search_text
FROM history.project;
