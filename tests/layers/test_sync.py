"""Band tables follow every edit; indexes and rights are as the definitions say."""

import pytest
from sqlalchemy import Connection, text

from app.database.roles import DATABASE_NAME, role_name
from layers.catalogue import built_in_catalogue
from layers.search import search_expression
from layers.sync import band_table, synchronise

APP = role_name(DATABASE_NAME, "app")
LINE = "ST_Multi(ST_MakeLine(ST_Point(103, -3.1, 4326), ST_Point(103.1, -3.15, 4326)))"


def add_road(connection: Connection, code: str, function: str) -> None:
    connection.execute(
        text(
            f"INSERT INTO layers.roads (code, name, length_sk_m, status, function, geom) VALUES (:code, 'Jalan', 1000, 'regency', :function, {LINE})"
        ),
        {"code": code, "function": function},
    )


def codes_in(connection: Connection, first_zoom: int) -> set[int]:
    definition = built_in_catalogue().layer("roads")
    band = definition.band(first_zoom)
    assert band is not None
    return set(connection.scalars(text(f"SELECT id FROM generalised.{band_table(definition, band)}")))


def ids(connection: Connection) -> dict[str, int]:
    return {row.code: row.id for row in connection.execute(text("SELECT code, id FROM layers.roads"))}


def test_band_keeps_only_its_classes(connection: Connection) -> None:
    add_road(connection, "A", "arterial")
    add_road(connection, "L", "local")
    add_road(connection, "N", "neighbourhood")
    road = ids(connection)
    assert codes_in(connection, 6) >= {road["A"]}
    assert not codes_in(connection, 6) & {road["L"], road["N"]}
    assert codes_in(connection, 8) & set(road.values()) == {road["A"], road["L"]}
    assert codes_in(connection, 12) >= set(road.values())


def test_band_follows_update_and_delete(connection: Connection) -> None:
    add_road(connection, "A", "arterial")
    road = ids(connection)["A"]
    connection.execute(text("UPDATE layers.roads SET function = 'local' WHERE code = 'A'"))
    assert road not in codes_in(connection, 6)
    assert road in codes_in(connection, 8)
    connection.execute(
        text("UPDATE layers.roads SET function = 'arterial', geom = ST_Translate(geom, 1, 0) WHERE code = 'A'")
    )
    moved = connection.scalar(text("SELECT ST_XMin(geom_3857) FROM generalised.roads_6_7 WHERE id = :id"), {"id": road})
    assert moved == pytest.approx(104 * 111319.49079, abs=1)
    connection.execute(text("DELETE FROM layers.roads WHERE code = 'A'"))
    assert all(road not in codes_in(connection, zoom) for zoom in (6, 8, 10, 12))


def test_road_shows_the_prevailing_condition_of_its_newest_survey(connection: Connection) -> None:
    add_road(connection, "A", "local")
    segment = text("""
        INSERT INTO layers.road_segments (road_code, sta_from_m, sta_to_m, survey_year, condition, geom)
        SELECT 'A', :sta, :sta + 100, :year, :condition, geom FROM layers.roads WHERE code = 'A'
    """)
    condition = text("SELECT condition FROM layers.roads WHERE code = 'A'")
    assert connection.scalar(condition) == "unsurveyed"
    for sta, year, value in ((0, 2024, "good"), (0, 2025, "heavy_damage"), (100, 2025, "fair"), (200, 2025, "fair")):
        connection.execute(segment, {"sta": sta, "year": year, "condition": value})
    assert connection.scalar(condition) == "fair"
    assert (
        connection.scalar(
            text(
                "SELECT condition FROM generalised.roads_12_13 WHERE id = (SELECT id FROM layers.roads WHERE code = 'A')"
            )
        )
        == "fair"
    )
    connection.execute(text("DELETE FROM layers.road_segments WHERE survey_year = 2025"))
    assert connection.scalar(condition) == "good"


def test_synchronise_twice_changes_nothing(connection: Connection) -> None:
    oids = text(
        "SELECT relname, oid FROM pg_class WHERE relnamespace IN ('generalised'::regnamespace, 'layers'::regnamespace) ORDER BY 1"
    )
    synchronise(connection)
    before = connection.execute(oids).all()
    synchronise(connection)
    assert connection.execute(oids).all() == before


def test_changed_band_is_made_anew_and_filled(connection: Connection) -> None:
    add_road(connection, "L", "local")
    catalogue = built_in_catalogue()
    roads = catalogue.layer("roads")
    bands = tuple(band.model_copy(update={"keep": {}}) for band in roads.bands)
    changed = type(catalogue)({**catalogue.layers, "roads": roads.model_copy(update={"bands": bands})}, catalogue.codes)
    synchronise(connection, changed)
    assert ids(connection)["L"] in codes_in(connection, 6)


def test_public_reads_just_the_public_columns(connection: Connection) -> None:
    granted = text("""
        SELECT column_name FROM information_schema.column_privileges
        WHERE table_schema = 'layers' AND table_name = :table AND grantee LIKE '%\\_reader' AND privilege_type = 'SELECT'
    """)
    for definition in built_in_catalogue():
        columns = set(connection.scalars(granted, {"table": definition.id}))
        hidden = {field.name for field in definition.fields if field.access == "staff"} | {"changed_by", "source"}
        assert {field.name for field in definition.fields_for("public")} <= columns, definition.id
        assert not columns & hidden, definition.id


def test_search_uses_its_index(connection: Connection) -> None:
    connection.execute(
        text(f"""
        INSERT INTO layers.streets (name, geom) SELECT md5(i::text), {LINE} FROM generate_series(1, 5000) i
    """)
    )
    connection.execute(text("ANALYZE layers.streets"))
    expression = search_expression(built_in_catalogue().layer("streets"), "s")
    plan = connection.scalars(text(f"EXPLAIN SELECT id FROM layers.streets s WHERE {expression} LIKE '%c81e728d9d%'"))
    assert "streets_search_idx" in "\n".join(plan)


def test_search_text_forgives_accents_and_case(connection: Connection) -> None:
    assert connection.scalar(text("SELECT app.fold('Désa ÉLOK')")) == "desa elok"


def test_application_adds_to_the_journal_of_imports_and_never_changes_it(connection: Connection) -> None:
    allowed = {
        privilege: connection.scalar(
            text(f"SELECT has_any_column_privilege(:role, 'app.imports', '{privilege}')"), {"role": APP}
        )
        for privilege in ("SELECT", "INSERT", "UPDATE")
    }
    assert allowed == {"SELECT": True, "INSERT": True, "UPDATE": False}
    assert connection.scalar(text("SELECT has_table_privilege(:role, 'app.imports', 'DELETE')"), {"role": APP}) is False
