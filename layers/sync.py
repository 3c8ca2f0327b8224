"""
What the database derives from the definitions: band tables kept in step with every edit, search indexes, rights.

`synchronise` runs at every start, as the owner role. It is idempotent and cheap when nothing changed: each derived
object carries the hash of the SQL that made it as its comment.
"""

from __future__ import annotations

from hashlib import sha256

from sqlalchemy import Column, Connection, text
from sqlalchemy.dialects import postgresql

from layers.catalogue import Catalogue, built_in_catalogue
from layers.definition import Band, LayerDefinition
from layers.identifiers import quote, quote_literal
from layers.search import search_expression
from layers.tables import check_against_definitions, table_of

GENERATED_BY_HISTORY = ("valid_from", "changed_by")  # columns that only the database writes
SERVER_TABLES = ("layer_versions", "alembic_version", "audit")  # tables of schema app that the application only reads
JOURNALS = ("imports", "status_change", "period_unlock")  # tables of schema app that the application only adds to
PUBLIC_APP_TABLES = (
    "region",
    "areas",
    "layer_versions",
    "layer_changes",
    "public_photo",
    "public_update",
    "public_status",
    "public_document",
    "public_office",
    "baseline_point",
    "public_feedback",
    "public_feedback_count",
)
PUBLIC_COLUMNS = {  # of tables that are no layers, now and past; who changed a row is not the public's
    "app.project_location": ("id", "project_id", "kind", "accuracy_m", "demo", "valid_from", "geom"),
    "app.baseline": (
        *("id", "project_id", "contract_id", "addendum_id", "sequence", "in_force_from", "step", "demo", "valid_from"),
    ),
    "app.public_progress": (
        *("id", "project_id", "contract_id", "day", "physical_percent", "planned_percent", "demo", "valid_from"),
    ),
    "app.public_photo": ("id", "project_id", "valid_from"),
    "app.public_document": ("id", "project_id", "valid_from"),
    "app.public_update": ("id", "project_id", "valid_from"),
    "app.public_package": (
        *("id", "unit_id", "programme_id", "rup_code", "tender_code", "selection_method", "procurement_kind"),
        *("owner_estimate_idr", "volume", "volume_unit", "maintenance_until", "demo", "valid_from"),
    ),
    # What the board at the site says, and what reports weigh: never who decided, why, tax numbers or numbers of SP2D.
    "app.project": ("id", "unit_id", "programme_id", "valid_from"),
    "app.unit": ("id", "code", "name", "parent_id", "demo", "valid_from"),
    "app.programme": ("id", "code", "version", "level", "name", "parent_id", "demo", "valid_from"),
    "app.company": ("id", "name", "demo", "valid_from"),
    "app.contract": (
        *("id", "project_id", "kind", "number", "signed_on", "company_id", "supervisor_id", "value_idr"),
        *("start_order_number", "start_date", "duration_days", "end_date", "maintenance_days", "state", "demo"),
        "valid_from",
    ),
    "app.addendum": (
        *("id", "contract_id", "sequence", "number", "signed_on", "value_idr", "end_date", "demo", "valid_from"),
    ),
    "app.fund": ("id", "project_id", "year", "source", "amount_idr", "demo", "valid_from"),
    "app.payment": ("id", "project_id", "contract_id", "paid_on", "amount_idr", "demo", "valid_from"),
    "app.raster": (
        *("id", "name", "title", "kind", "year", "source", "file_hash", "bytes", "crs", "west", "south", "east"),
        *("north", "width", "height", "bands", "dtype", "nodata", "resolution_m", "value_min", "value_max"),
        *("value_low", "value_high", "valid_share", "covered_share", "classes", "demo", "valid_from"),
    ),
    "app.rules": (
        *("code", "version", "title_id", "title_en", "value", "unit", "legal_basis", "status"),
        *("in_force_from", "in_force_until", "valid_from"),
    ),
    "layers.plans": (
        *("code", "name", "kind", "scale", "legal_basis", "in_force_from", "in_force_until", "activity_matrix"),
        *("demo", "source", "valid_from"),
    ),
    "layers.population": (
        *("area_code", "year", "population", "households", "male", "female"),
        *("demo", "source", "valid_from"),
    ),
}
PUBLIC_ROW_COLUMNS = (
    *("id", "geom", "geom_3857", "anchor_3857", "district_codes", "village_codes", "demo", "valid_from"),
    "search_text",
)
_DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]


def synchronise(connection: Connection, catalogue: Catalogue | None = None) -> None:
    """
    Make band tables, search indexes and rights as the definitions want them.

    Parameters
    ----------
    connection
        Of the owner role, in a transaction that the caller commits.
    catalogue
        The layers; the built-in ones when not given.

    Raises
    ------
    InvalidDefinition
        When a definition and its table differ.
    """
    catalogue = catalogue or built_in_catalogue()
    check_against_definitions(catalogue)
    _drop_unknown_bands(connection, catalogue)
    for definition in catalogue:
        connection.execute(
            text("INSERT INTO app.layer_versions (layer) VALUES (:layer) ON CONFLICT DO NOTHING"),
            {"layer": definition.id},
        )
        if definition.bands:
            _make_bands(connection, definition)
        if definition.search:
            _make_search_index(connection, definition)
    _grant_rights(connection, catalogue)


def band_table(definition: LayerDefinition, band: Band) -> str:
    """Return the name of a band's table in schema `generalised`."""
    return f"{definition.id}_{band.zooms[0]}_{band.zooms[1]}"


def base_table(definition: LayerDefinition) -> str:
    """Return the quoted table that holds a layer's rows; for `projects`, whose layer is a view, the register."""
    return 'app."project"' if definition.id == "projects" else f"layers.{quote(definition.id)}"


def _make_bands(connection: Connection, definition: LayerDefinition) -> None:
    """Make the band tables of a layer, fill them, and let triggers keep them; nothing when they are as wanted."""
    statements = [statement for band in definition.bands for statement in _band_statements(definition, band)]
    statements += _keeper_statements(definition)
    wanted = _hash(statements)
    function = f"generalised.{quote('keep_' + definition.id)}"
    present = connection.scalar(
        text("SELECT obj_description(to_regprocedure(:function)::oid, 'pg_proc')"), {"function": f"{function}()"}
    )
    if present == wanted:
        return
    for statement in statements:
        connection.exec_driver_sql(statement)
    connection.exec_driver_sql(f"COMMENT ON FUNCTION {function}() IS {quote_literal(wanted)}")


def _band_statements(definition: LayerDefinition, band: Band) -> list[str]:
    """Return the SQL that makes and fills one band table."""
    name = f"generalised.{quote(band_table(definition, band))}"
    columns = table_of(definition.id).columns
    fields = [f"{quote(field.name)} {_type(columns[field.name])}" for field in definition.tile_fields(band.zooms[1])]
    anchor = ["anchor_3857 geometry(Point, 3857)"] if definition.anchor else []
    wanted = ", ".join(["id bigint PRIMARY KEY", *fields, *anchor, "geom_3857 geometry NOT NULL"])
    return [
        f"DROP TABLE IF EXISTS {name}",
        f"CREATE TABLE {name} ({wanted})",
        f"{_fill_statement(definition, band, base_table(definition))}",
        f"CREATE INDEX ON {name} USING gist (geom_3857)",
        f"ANALYZE {name}",
    ]


def band_conditions(band: Band) -> list[str]:
    """Return the SQL conditions that a feature meets to be drawn in a band."""
    conditions = []
    for field, codes in band.keep.items():
        conditions.append(f"{quote(field)} IN ({', '.join(quote_literal(code) for code in codes)})")
    for field, lengths in band.shortest_m.items():
        for code, length_m in lengths.items():
            conditions.append(
                f"({quote(field)} IS DISTINCT FROM {quote_literal(code)} OR ST_Length(geom_3857) >= {length_m})"
            )
    if band.min_area_m2 is not None:
        conditions.append(f"ST_Area(geom_3857) >= {band.min_area_m2}")
    return conditions


def _fill_statement(definition: LayerDefinition, band: Band, source: str) -> str:
    """Return the SQL that generalises the rows of `source` into a band table."""
    columns = ["id", *(quote(field.name) for field in definition.tile_fields(band.zooms[1]))]
    columns += ["anchor_3857"] if definition.anchor else []
    conditions = ["geom_3857 IS NOT NULL", *band_conditions(band)]
    # Lines may be simplified freely; polygons must not fall apart. What would vanish is kept as a few points.
    simplified = {
        "point": "geom_3857",
        "line": f"ST_Simplify(geom_3857, {band.tolerance_m}, true)",
    }.get(definition.geometry, f"ST_SimplifyPreserveTopology(geom_3857, {band.tolerance_m})")
    return (
        f"INSERT INTO generalised.{quote(band_table(definition, band))} ({', '.join(columns)}, geom_3857) "
        f"SELECT {', '.join(columns)}, {simplified} FROM {source} WHERE {' AND '.join(conditions)}"
    )


def _keeper_statements(definition: LayerDefinition) -> list[str]:
    """Return the trigger function and the triggers that repeat every edit of a layer in its band tables."""
    function = f"generalised.{quote('keep_' + definition.id)}"
    deletes = "".join(
        f"DELETE FROM generalised.{quote(band_table(definition, band))} WHERE id IN (SELECT id FROM old_rows);\n"
        for band in definition.bands
    )
    inserts = "".join(f"{_fill_statement(definition, band, 'new_rows')};\n" for band in definition.bands)
    statements = [
        f"""CREATE OR REPLACE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
        SET search_path = pg_catalog, public, pg_temp AS $keep$
        BEGIN
            IF TG_OP <> 'INSERT' THEN {deletes} END IF;
            IF TG_OP <> 'DELETE' THEN {inserts} END IF;
            RETURN NULL;
        END $keep$"""
    ]
    referencing = {"INSERT": "NEW TABLE AS new_rows", "DELETE": "OLD TABLE AS old_rows"}
    for operation in ("INSERT", "UPDATE", "DELETE"):
        tables = referencing.get(operation, "OLD TABLE AS old_rows NEW TABLE AS new_rows")
        trigger = f"generalise_{operation.lower()}"
        statements.append(f"DROP TRIGGER IF EXISTS {trigger} ON {base_table(definition)}")
        statements.append(
            f"CREATE TRIGGER {trigger} AFTER {operation} ON {base_table(definition)} "
            f"REFERENCING {tables} FOR EACH STATEMENT EXECUTE FUNCTION {function}()"
        )
    return statements


def _drop_unknown_bands(connection: Connection, catalogue: Catalogue) -> None:
    """Drop band tables that no definition asks for any more."""
    wanted = {band_table(definition, band) for definition in catalogue for band in definition.bands}
    present = connection.scalars(text("SELECT tablename FROM pg_tables WHERE schemaname = 'generalised'")).all()
    for name in set(present) - wanted:
        connection.exec_driver_sql(f"DROP TABLE generalised.{quote(name)}")


def _make_search_index(connection: Connection, definition: LayerDefinition) -> None:
    """Make the trigram index of a layer's searchable text; nothing when it is as wanted."""
    table = base_table(definition)
    schema = table.split(".")[0]
    name = f"{definition.id}_search_idx"
    statement = f"CREATE INDEX {quote(name)} ON {table} USING gin ({search_expression(definition)} gin_trgm_ops)"
    present = connection.scalar(
        text("SELECT obj_description(to_regclass(:index)::oid, 'pg_class')"), {"index": f"{schema}.{name}"}
    )
    if present == _hash([statement]):
        return
    connection.exec_driver_sql(f"DROP INDEX IF EXISTS {schema}.{quote(name)}")
    connection.exec_driver_sql(statement)
    connection.exec_driver_sql(f"COMMENT ON INDEX {schema}.{quote(name)} IS {quote_literal(_hash([statement]))}")


def _grant_rights(connection: Connection, catalogue: Catalogue) -> None:
    """Give the application and the public exactly what they need: first nothing, then column by column."""
    prefix = str(connection.scalar(text("SELECT regexp_replace(current_user, '_owner$', '')")))
    app, reader = quote(f"{prefix}_app"), quote(f"{prefix}_reader")
    statements = [
        f"GRANT USAGE ON SCHEMA app, layers, history, generalised TO {app}, {reader}",
        f"REVOKE ALL ON ALL TABLES IN SCHEMA app, layers, history, generalised FROM {app}, {reader}",
        f"GRANT SELECT ON ALL TABLES IN SCHEMA app, layers, history, generalised TO {app}",
        f"GRANT SELECT ON ALL TABLES IN SCHEMA generalised TO {reader}",
        f"GRANT SELECT ON {', '.join(f'app.{quote(name)}' for name in PUBLIC_APP_TABLES)} TO {reader}",
        f"GRANT EXECUTE ON PROCEDURE layers.reassign_area_codes() TO {app}",
    ]
    # They run as the owner: whoever may execute them could put them on a table of their own.
    keepers = (f"generalised.{quote('keep_' + definition.id)}()" for definition in catalogue if definition.bands)
    statements += [f"REVOKE EXECUTE ON FUNCTION {keeper} FROM PUBLIC" for keeper in keepers]
    statements += _application_grants(connection, app)
    for table, columns in PUBLIC_COLUMNS.items():
        names = ", ".join(quote(name) for name in columns)
        statements.append(f"GRANT SELECT ({names}) ON {table} TO {reader}")
        statements.append(f"GRANT SELECT ({names}, valid_to) ON history.{table.partition('.')[2]} TO {reader}")
    for definition in catalogue:
        statements += _public_grants(definition, reader)
    wanted = _hash(statements)
    if connection.scalar(text("SELECT obj_description('layers'::regnamespace::oid, 'pg_namespace')")) == wanted:
        return
    for statement in statements:
        connection.exec_driver_sql(statement)
    connection.exec_driver_sql(f"COMMENT ON SCHEMA layers IS {quote_literal(wanted)}")


def _application_grants(connection: Connection, app: str) -> list[str]:
    """
    Return the grants by which the application writes every table of its own, but no column history rests on.

    What identifies a row never changes where history is kept: it joins the row's versions.
    """
    rows = connection.execute(
        text("""
            SELECT c.table_schema, c.table_name, array_agg(c.column_name::text ORDER BY c.ordinal_position) AS columns,
                CASE WHEN to_regclass(format('history.%I', c.table_name)) IS NULL THEN '{}' ELSE ARRAY(
                    SELECT k.column_name::text FROM information_schema.key_column_usage k
                    JOIN information_schema.table_constraints o USING (constraint_schema, constraint_name)
                    WHERE o.constraint_type = 'PRIMARY KEY'
                        AND (o.table_schema, o.table_name) = (c.table_schema, c.table_name)
                ) END AS keys
            FROM information_schema.columns c JOIN information_schema.tables t USING (table_schema, table_name)
            WHERE c.table_schema IN ('app', 'layers') AND t.table_type = 'BASE TABLE' AND c.is_generated = 'NEVER'
            GROUP BY c.table_schema, c.table_name ORDER BY c.table_schema, c.table_name
        """)
    ).all()
    statements = []
    for schema, table, columns, keys in rows:
        if schema == "app" and table in SERVER_TABLES:
            continue
        writable = [name for name in columns if name not in GENERATED_BY_HISTORY]
        inserted = ", ".join(quote(name) for name in writable)
        if schema == "app" and table in JOURNALS:
            statements.append(f"GRANT INSERT ({inserted}) ON app.{quote(table)} TO {app}")
            continue
        updated = ", ".join(quote(name) for name in writable if name not in keys)
        statements.append(f"GRANT INSERT ({inserted}), UPDATE ({updated}), DELETE ON {schema}.{quote(table)} TO {app}")
    return statements


def _public_grants(definition: LayerDefinition, reader: str) -> list[str]:
    """Return the grants that let the public read a layer's public fields, now and in its history."""
    if definition.access != "public":
        return []
    present = table_of(definition.id).columns.keys()
    fields = [field.name for field in definition.fields_for("public")]
    columns = ", ".join(quote(name) for name in [*fields, *PUBLIC_ROW_COLUMNS] if name in present)
    layer = quote(definition.id)
    return [
        f"GRANT SELECT ({columns}) ON layers.{layer} TO {reader}",
        f"GRANT SELECT ({columns}, valid_to) ON history.{layer} TO {reader}",
    ]


def _type(column: Column[object]) -> str:
    return str(column.type.compile(dialect=_DIALECT))


def _hash(statements: list[str]) -> str:
    return sha256("\n".join(statements).encode()).hexdigest()[:16]
