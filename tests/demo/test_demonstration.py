"""The loaded demonstration: complete, of one piece, with real names, marked as an example, and with a past."""

from __future__ import annotations

import csv

import geopandas as gpd
import numpy as np
import pytest
import shapely
from pyproj import Geod
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components

from app.admin.areas import code_list_folder
from app.admin.region import centre_of
from layers.catalogue import built_in_catalogue
from layers.tables import LAYER_TABLES
from tests.demo.conftest import Loaded

OWN_ROADS = "status IN ('regency', 'city')"


def listed(file_name: str, prefix: str) -> dict[str, str]:
    """Codes and names that the national list has under a prefix."""
    with (code_list_folder() / file_name).open(encoding="utf-8", newline="") as file:
        return {row["code"]: row["name"] for row in csv.DictReader(file) if row["code"].startswith(f"{prefix}.")}


def test_every_layer_has_something_all_marked_as_demonstration(loaded: Loaded) -> None:
    for table in [
        *(f"layers.{name}" for name in LAYER_TABLES),
        "layers.plans",
        "layers.population",
        "app.project",
        "app.project_location",
    ]:
        total, real = loaded.rows(f"SELECT count(*), count(*) FILTER (WHERE NOT demo) FROM {table}")[0]
        assert total > 0, table
        assert real == 0, table


def test_names_and_codes_are_the_real_ones(loaded: Loaded) -> None:
    assert dict(loaded.rows("SELECT code, name FROM layers.districts")) == listed("districts.csv", loaded.code)
    assert dict(loaded.rows("SELECT code, name FROM layers.villages")) == listed("villages.csv", loaded.code)


def test_villages_tile_their_districts_and_districts_the_region(loaded: Loaded) -> None:
    villages = loaded.frame("SELECT district_code, geom FROM layers.villages ORDER BY code")
    districts = loaded.frame("SELECT code, geom FROM layers.districts ORDER BY code")
    assert villages.is_valid.all()
    assert districts.is_valid.all()
    assert shapely.coverage_is_valid(villages.geometry.to_numpy())  # neighbours share every corner: no gap, no overlap
    assert shapely.coverage_is_valid(districts.geometry.to_numpy())
    for district in districts.itertuples():
        own = villages.geometry[villages["district_code"] == district.code].to_numpy()
        assert shapely.coverage_union_all(own).symmetric_difference(district.geom).area < 1e-12


def test_region_has_its_size_and_place(loaded: Loaded) -> None:
    centre = centre_of(loaded.code)
    area_km2 = loaded.scalar("SELECT sum(area_m2) / 1e6 FROM layers.districts")
    assert area_km2 == pytest.approx(centre.area_km2, rel=0.12)
    found = loaded.rows("SELECT ST_X(centre), ST_Y(centre), boundary_is_real FROM app.region")[0]
    reach_deg = 0.4 if loaded.code == "31" else 0.2  # the islands pull the box of 31 to the north
    assert abs(found[0] - centre.lon) < reach_deg
    assert abs(found[1] - centre.lat) < reach_deg
    assert found[2] is False


def test_districts_and_villages_differ_in_size(loaded: Loaded) -> None:
    for table in ("districts", "villages"):
        sizes = np.array(loaded.connection.exec_driver_sql(f"SELECT area_m2 FROM layers.{table}").scalars().all())
        assert sizes.max() > 1.8 * sizes.min() > 0


def test_codes_of_codes_lists_only(loaded: Loaded) -> None:
    catalogue = built_in_catalogue()
    for layer in catalogue:
        for field in layer.fields:
            if field.codes is None:
                continue
            allowed = {code.code for code in catalogue.codes[field.codes]}
            used = set(
                loaded.connection.exec_driver_sql(f'SELECT DISTINCT "{field.name}" FROM layers."{layer.id}"').scalars()
            )
            assert used - {None} <= allowed, (layer.id, field.name)


def test_area_codes_are_what_the_database_would_find(loaded: Loaded) -> None:
    for table in ("roads", "parks", "facilities", "plan_zones", "water", "bridges"):
        differing = loaded.scalar(
            f"""
            SELECT count(*) FROM layers.{table} t
            WHERE t.district_codes <> ARRAY(
                    SELECT code FROM layers.districts d WHERE ST_Intersects(d.geom, t.geom) ORDER BY code)
                OR t.village_codes <> ARRAY(
                    SELECT code FROM layers.villages v WHERE ST_Intersects(v.geom, t.geom) ORDER BY code)
            """
        )
        assert differing <= 2, table  # a corner exactly on a border may fall either way


def test_road_network_holds_together_on_each_island(loaded: Loaded) -> None:
    roads = loaded.frame("SELECT geom FROM layers.roads")
    parts = np.unique(network_parts(roads))
    land = loaded.frame("SELECT ST_Union(geom) AS geom FROM layers.districts").geometry.iloc[0]
    assert len(parts) == len(shapely.get_parts(land))


def network_parts(roads: gpd.GeoDataFrame) -> np.ndarray:
    """Number the connected parts of roads that share a corner."""
    corners, road = shapely.get_coordinates(roads.geometry.to_numpy(), return_index=True)
    corner = np.unique(np.round(corners * 1e6).astype(np.int64), axis=0, return_inverse=True)[1].ravel()
    size = len(roads) + corner.max() + 1
    links = csr_matrix((np.ones(len(road)), (road, corner + len(roads))), shape=(size, size))
    return connected_components(links, directed=False)[1][: len(roads)]


def test_roads_lie_inside_the_region(loaded: Loaded) -> None:
    outside_m = loaded.scalar(
        """
        WITH land AS (SELECT ST_Union(geom) AS geom FROM layers.districts)
        SELECT sum(ST_Length(ST_Difference(r.geom, land.geom)::geography)) FROM layers.roads r, land
        WHERE NOT ST_Covers(land.geom, r.geom)
        """
    )
    total_m = loaded.scalar("SELECT sum(length_m) FROM layers.roads")
    assert (outside_m or 0) < 0.03 * total_m


def test_legal_length_is_near_the_measured_one(loaded: Loaded) -> None:
    ratios = np.array(
        loaded.connection.exec_driver_sql("SELECT length_sk_m / length_m FROM layers.roads").scalars().all()
    )
    assert np.abs(ratios - 1).max() <= 0.0151 + 0.5 / 150  # whole metres of a short road
    assert ratios.std() > 0.001


def test_segments_cover_the_legal_length_without_gap_or_overlap(loaded: Loaded) -> None:
    wrong = loaded.rows(
        """
        WITH ordered AS (
            SELECT s.road_code, s.survey_year, s.sta_from_m, s.sta_to_m, r.length_sk_m,
                lag(s.sta_to_m, 1, 0.0) OVER road AS before,
                lead(s.sta_from_m) OVER road AS after
            FROM layers.road_segments s JOIN layers.roads r ON r.code = s.road_code
            WINDOW road AS (PARTITION BY s.road_code, s.survey_year ORDER BY s.sta_from_m)
        )
        SELECT * FROM ordered
        WHERE sta_from_m <> before OR sta_to_m - sta_from_m > 100 OR (after IS NULL AND sta_to_m <> length_sk_m)
        """
    )
    assert wrong == []
    assert loaded.scalar("SELECT count(DISTINCT survey_year) FROM layers.road_segments") == 2
    assert (
        loaded.scalar(
            "SELECT count(*) FROM layers.road_segments WHERE NOT EXISTS (SELECT FROM layers.roads WHERE code = road_code)"
        )
        == 0
    )


def test_segments_lie_on_their_road_and_add_up_to_it(loaded: Loaded) -> None:
    segments = loaded.frame(
        """
        SELECT s.road_code, s.geom FROM layers.road_segments s
        WHERE s.road_code IN (SELECT road_code FROM layers.road_segments ORDER BY md5(road_code) LIMIT 25) AND s.survey_year = 2025
        """
    )
    roads = loaded.frame("SELECT code, geom FROM layers.roads").set_index("code")
    geod = Geod(ellps="WGS84")
    for code, pieces in segments.groupby("road_code"):
        road = roads.geometry[code]
        total = sum(geod.geometry_length(piece) for piece in pieces.geometry)
        assert total == pytest.approx(geod.geometry_length(road), rel=2e-4)
        assert max(road.hausdorff_distance(piece.union(road)) for piece in pieces.geometry[:3]) < 2e-6


def test_some_roads_were_not_surveyed(loaded: Loaded) -> None:
    missing = loaded.scalar(
        "SELECT count(*) FROM layers.roads r "
        "WHERE NOT EXISTS (SELECT FROM layers.road_segments s WHERE s.road_code = r.code AND s.survey_year = 2025)"
    )
    assert 0 < missing < 0.2 * loaded.scalar("SELECT count(*) FROM layers.roads")


def test_condition_is_alike_along_a_road(loaded: Loaded) -> None:
    same = loaded.scalar(
        """
        WITH pairs AS (
            SELECT condition, lead(condition) OVER (PARTITION BY road_code, survey_year ORDER BY sta_from_m) AS next
            FROM layers.road_segments
        )
        SELECT avg((condition = next)::int) FROM pairs WHERE next IS NOT NULL
        """
    )
    by_chance = loaded.scalar(
        "SELECT sum(share * share) FROM (SELECT count(*)::float / sum(count(*)) OVER () AS share "
        "FROM layers.road_segments GROUP BY condition) shares"
    )
    assert float(same) > by_chance + 0.15


def test_prevailing_condition_is_what_the_database_would_find(loaded: Loaded) -> None:
    with loaded.connection.begin_nested() as savepoint:
        before = loaded.rows("SELECT code, condition FROM layers.roads ORDER BY code")
        loaded.connection.exec_driver_sql("SELECT layers.refresh_road_condition(array(SELECT code FROM layers.roads))")
        assert loaded.rows("SELECT code, condition FROM layers.roads ORDER BY code") == before
        savepoint.rollback()


def test_statuses_suit_the_kind_of_region(loaded: Loaded) -> None:
    statuses = dict(loaded.rows("SELECT status, count(*) FROM layers.roads GROUP BY status"))
    assert {"national", "provincial"} <= set(statuses)
    if loaded.code == "16.05":
        assert 250 <= statuses["regency"] <= 400
        assert "city" not in statuses
        length_km = loaded.scalar("SELECT sum(length_sk_m) / 1000 FROM layers.roads WHERE status = 'regency'")
        assert 1_000 <= length_km <= 1_600
    elif loaded.code == "35.77":
        assert "regency" not in statuses
        assert statuses["city"] > 100
    else:
        assert statuses["city"] > statuses["regency"] > 0


def test_bridges_stand_where_a_road_crosses_water(loaded: Loaded) -> None:
    stray = loaded.scalar(
        """
        SELECT count(*) FROM layers.bridges b JOIN layers.roads r ON r.code = b.road_code
        WHERE ST_Distance(b.geom, r.geom) > 2e-6
            OR NOT EXISTS (SELECT FROM layers.water w WHERE w.kind IN ('river', 'stream') AND ST_DWithin(w.geom, b.geom, 2e-6))
            OR b.sta_m NOT BETWEEN 0 AND r.length_sk_m
        """
    )
    assert stray == 0


def test_parks_do_not_overlap_and_lie_in_urban_areas(loaded: Loaded) -> None:
    parks = loaded.frame("SELECT geom FROM layers.parks").geometry.to_numpy()
    first, second = shapely.STRtree(parks).query(parks, predicate="intersects")
    mine = first < second
    overlap = shapely.area(shapely.intersection(parks[first[mine]], parks[second[mine]])).sum()
    assert overlap < 1e-4 * shapely.area(parks).sum()  # rounding where two green belts meet
    urban = loaded.frame("SELECT ST_Union(geom) AS geom FROM layers.urban_areas").geometry.iloc[0]
    assert shapely.area(shapely.difference(parks, urban)).sum() < 0.001 * shapely.area(parks).sum()


def test_green_space_leaves_something_to_be_done(loaded: Loaded) -> None:
    public, total, urban = loaded.rows(
        """
        SELECT (SELECT sum(area_m2) FROM layers.parks WHERE ownership = 'public'), (SELECT sum(area_m2) FROM layers.parks),
            (SELECT sum(area_m2) FROM layers.urban_areas)
        """
    )[0]
    assert 0.03 < public / urban < 0.2
    assert public < total < 0.35 * urban


def test_urban_areas_are_towns_in_a_regency_and_the_whole_of_a_city(loaded: Loaded) -> None:
    urban, whole = loaded.rows(
        "SELECT (SELECT sum(area_m2) FROM layers.urban_areas), (SELECT sum(area_m2) FROM layers.districts)"
    )[0]
    least, most = {"16.05": (0.0005, 0.02), "35.77": (1 - 1e-6, 1 + 1e-6), "31": (0.97, 1)}[loaded.code]
    assert least <= urban / whole <= most


def test_zones_cover_the_region_once(loaded: Loaded) -> None:
    region, zones, overlap = loaded.rows(
        """
        SELECT (SELECT sum(area_m2) FROM layers.districts), (SELECT sum(area_m2) FROM layers.plan_zones),
            (SELECT sum(area_m2) FROM layers.plan_zones) - (SELECT ST_Area(ST_Union(geom)::geography) FROM layers.plan_zones)
        """
    )[0]
    assert zones == pytest.approx(region, rel=1e-4)
    assert abs(overlap) < 1e-4 * region
    assert loaded.scalar("SELECT count(*) FROM layers.plan_zones WHERE NOT ST_IsValid(geom)") == 0


def test_population_of_districts_is_that_of_their_villages(loaded: Loaded) -> None:
    years = (
        loaded.connection.exec_driver_sql("SELECT DISTINCT year FROM layers.population ORDER BY year").scalars().all()
    )
    assert years == [2020, 2025]
    differing = loaded.scalar(
        """
        SELECT count(*) FROM layers.population d
        WHERE length(d.area_code) = 8 AND d.population <> (
            SELECT sum(v.population) FROM layers.population v
            WHERE length(v.area_code) = 13 AND v.year = d.year AND v.area_code LIKE d.area_code || '.%')
        """
    )
    assert differing == 0


def test_projects_have_places_states_and_sane_figures(loaded: Loaded) -> None:
    assert loaded.scalar("SELECT count(*) FROM app.project") == 400
    assert {row[0] for row in loaded.rows("SELECT DISTINCT year FROM app.project")} == {2023, 2024, 2025, 2026}
    assert (
        loaded.scalar("SELECT count(*) FROM app.project WHERE contract_value_idr > ceiling_idr OR ceiling_idr <= 0")
        == 0
    )
    assert loaded.scalar("SELECT count(*) FROM app.project WHERE geom IS NULL OR cardinality(district_codes) = 0") == 0
    assert loaded.scalar("SELECT count(*) FROM app.project WHERE contractor NOT LIKE '%(contoh)'") == 0
    stages = dict(loaded.rows("SELECT stage, count(*) FROM layers.projects GROUP BY stage"))
    assert set(stages) == {"preparation", "construction", "late", "maintenance", "finished", "stopped"}
    assert stages["late"] >= 8
    shapes = {row[0] for row in loaded.rows("SELECT DISTINCT GeometryType(geom) FROM app.project")}
    assert {"POINT", "LINESTRING", "POLYGON"} <= shapes


def test_locations_grow_more_exact_from_plan_to_built(loaded: Loaded) -> None:
    accuracy = dict(loaded.rows("SELECT kind, avg(accuracy_m) FROM app.project_location GROUP BY kind"))
    assert accuracy["planned"] > accuracy["contracted"] > accuracy["built"] > 0
    built = loaded.scalar(
        "SELECT count(*) FROM app.project p JOIN app.project_location l ON l.project_id = p.id AND l.kind = 'built' "
        "WHERE p.status NOT IN ('handed_over', 'maintenance', 'finished')"
    )
    assert built == 0


def test_map_shows_the_best_known_location(loaded: Loaded) -> None:
    with loaded.connection.begin_nested() as savepoint:
        before = loaded.rows("SELECT id, ST_AsEWKB(geom) FROM app.project ORDER BY id")
        loaded.connection.exec_driver_sql("SELECT app.refresh_project_geometry(array(SELECT id FROM app.project))")
        assert loaded.rows("SELECT id, ST_AsEWKB(geom) FROM app.project ORDER BY id") == before
        savepoint.rollback()


def test_history_has_a_past_without_holes(loaded: Loaded) -> None:
    for table in ("project", "roads", "parks"):
        assert loaded.scalar(f"SELECT count(*) FROM history.{table}") > 0
        assert (
            loaded.scalar(f"SELECT count(*) FROM history.{table} WHERE valid_to <= valid_from OR geom_3857 IS NULL")
            == 0
        )
    for current in ("app.project", "layers.roads", "layers.parks"):
        broken = loaded.scalar(
            f"""
            WITH versions AS (
                SELECT id, valid_from, valid_to, operation FROM history.{current.partition(".")[2]}
                UNION ALL SELECT id, valid_from, NULL, NULL FROM {current}
            ), ordered AS (
                SELECT *, lead(valid_from) OVER (PARTITION BY id ORDER BY valid_from, valid_to) AS next FROM versions
            )
            SELECT count(*) FROM ordered WHERE operation IS DISTINCT FROM 'delete' AND valid_to IS DISTINCT FROM next
            """
        )
        assert broken == 0, current
    assert loaded.scalar("SELECT max(valid_from) < now() FROM app.project")
    assert loaded.scalar("SELECT min(valid_from)::date FROM history.project").year == 2023


def test_progress_was_less_in_the_past(loaded: Loaded) -> None:
    def underway(day: str) -> tuple[int, float]:
        found = loaded.rows(
            """
            SELECT count(*), sum(physical_percent) FROM (
                SELECT physical_percent, valid_from, NULL AS valid_to FROM app.project
                UNION ALL SELECT physical_percent, valid_from, valid_to FROM history.project
            ) versions WHERE valid_from <= CAST(:day AS timestamptz) AND (valid_to IS NULL OR valid_to > CAST(:day AS timestamptz))
            """,
            day=day,
        )[0]
        return found[0], found[1] or 0.0

    early, middle, late = underway("2023-06-30"), underway("2024-12-31"), underway("2026-11-21")
    assert early[0] < middle[0] < late[0] == 400
    assert early[1] < middle[1] < late[1]
