"""The register as a list: what it is narrowed to, in which order, and what it amounts to."""

from __future__ import annotations

from decimal import Decimal

import pytest
from sqlalchemy import Connection, select, text
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from app.errors import InvalidRequest
from app.projects.filters import ProjectFilter
from app.projects.queries import (
    SORTS,
    count_by,
    count_facets,
    get_project,
    key_figures,
    list_projects,
    matches,
    project_geometries,
    project_source,
)
from app.search.words import forgive_misspelling
from layers.errors import InvalidFilter
from tests.helpers.application import connection_beside, use_role
from tests.helpers.factories import make_district, make_location, make_project


def criteria(address: str = "") -> ProjectFilter:
    pairs = [part.split("=", 1) for part in address.split("&") if part]
    return ProjectFilter.from_args(MultiDict((key, value) for key, value in pairs), time_zone="Asia/Jakarta")


def codes(session: Session, address: str = "", **options: object) -> list[str]:
    return [row.code for row in list_projects(session, criteria(address), **{"limit": 100, **options}).rows]  # type: ignore[arg-type]


@pytest.fixture
def reader(connection: Connection) -> Session:
    """A session of the public's role on the test's transaction."""
    session = Session(bind=connection_beside(connection, "reader"))
    use_role(connection, "owner")
    return session


def test_newest_year_first_then_code(connection: Connection, reader: Session) -> None:
    for code, year in (("B", 2025), ("A", 2025), ("C", 2026)):
        make_project(connection, code=code, year=year)
    assert codes(reader) == ["C", "A", "B"]


def test_row_says_where_and_how_far(connection: Connection, reader: Session) -> None:
    make_district(connection)
    make_project(connection, code="X", planned_percent=62, physical_percent=48.2, geom="POINT(103 -3)")
    row = get_project(reader, "X", criteria())
    assert row is not None
    assert (row.stage, row.delay) == ("late", "late_in_handling")
    assert row.deviation_points == pytest.approx(-13.8)
    assert (row.lon, row.lat) == (pytest.approx(103), pytest.approx(-3))
    assert row.district_codes == ["16.05.09"]
    assert get_project(reader, "Y", criteria()) is None


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("stage=late", {"LATE"}),
        ("stage=late,finished", {"LATE", "DONE"}),
        ("stage=late&stage=finished", {"LATE", "DONE"}),
        ("status=finished", {"DONE"}),
        ("delay=late_in_handling", {"LATE"}),
        ("sector=bridges", {"DONE"}),
        ("year=2024", {"DONE"}),
        ("year=2024&sector=roads", set()),
        ("district=16.05.09", {"LATE", "PLAN"}),
        ("district=16.05.01", set()),
        ("bbox=102.9,-3.2,103.0,-3.1", {"LATE"}),
        ("bbox=103.2,-3.0,103.4,-2.8", {"DONE"}),
        ("q=jembatan", {"DONE"}),
        ("q=JEMBATAN KÉLINGI", {"DONE"}),
        ("q=jbt", {"DONE"}),
        ("q=jembatn kelngi", {"DONE"}),
        ("q=DONE", {"DONE"}),
        ("q=%25", set()),
        ("q=_", set()),
        ("q='; drop table app.project; --", set()),
        ("q=\x00", set()),
        ("q=   ", {"LATE", "DONE", "PLAN"}),
    ],
)
def test_filter(connection: Connection, reader: Session, address: str, expected: set[str]) -> None:
    make_district(connection)
    make_project(connection, code="LATE", planned_percent=60, physical_percent=50, geom="POINT(102.95 -3.15)")
    make_project(connection, code="PLAN", status="planned", physical_percent=None, geom="POINT(103.1 -3.0)")
    make_project(
        connection, code="DONE", name="Jembatan Kelingi", sector="bridges", year=2024, status="finished",
        geom="POINT(103.3 -2.9)",
    )  # fmt: skip
    assert set(codes(reader, address)) == expected


@pytest.mark.parametrize(
    "address",
    [
        "stage=unknown", "status=late", "sector=roads,ROADS", "delay=critical", "year=20266", "year=abc", "year=٢٠٢٦",
        "district=16.05", "district=' or 1=1", "village=16.05.09", "bbox=1,2,3", "bbox=a,b,c,d", "bbox=103,-3,102,-2",
        "bbox=nan,nan,nan,nan", "bbox=-200,-3,103,-2", "bbox=1e999,0,1,1", f"q={'a' * 10_000}",
    ],
)  # fmt: skip
def test_value_that_projects_cannot_have_is_refused_in_a_sentence(address: str) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        criteria(address)
    assert refusal.value.message_id.endswith(".")
    assert refusal.value.message_en.endswith(".")


def test_as_of_that_is_no_date_is_refused() -> None:
    with pytest.raises(InvalidFilter):
        criteria("as_of=kemarin")


@pytest.mark.parametrize("sort", [prefix + field for field in SORTS for prefix in ("", "-")])
def test_parts_make_up_the_whole_list_once_in_every_order(connection: Connection, reader: Session, sort: str) -> None:
    for number in range(23):
        make_project(
            connection,
            code=f"K-{number:02d}",
            name=f"Pekerjaan {number % 5}",
            year=2024 + number % 3,
            ceiling_idr=None if number % 4 == 0 else number % 7 * 1_000_000,
            contract_value_idr=None if number % 3 == 0 else Decimal("0.1") * (number % 2),
            physical_percent=None if number % 5 == 0 else number % 4 / 3,
        )
    address = "near=-3.15,102.95" if sort.endswith("distance_m") else ""  # without a place there is no distance
    whole = codes(reader, address, sort=sort)
    assert len(set(whole)) == 23
    parts: list[str] = []
    after = None
    while True:
        page = list_projects(reader, criteria(address), limit=5, after=after, sort=sort)
        assert page.total == 23
        parts += [row.code for row in page.rows]
        after = page.next
        if after is None:
            break
    assert parts == whole
    rows = list_projects(reader, criteria(address), limit=100, sort=sort).rows
    field = sort.removeprefix("-")
    values = [getattr(row, field) for row in rows]
    given = [value for value in values if value is not None]
    assert values[len(given) :] == [None] * (23 - len(given)), "rows without a value come last"
    assert given == sorted(given, reverse=sort.startswith("-"))


@pytest.mark.parametrize(
    "after",
    ["", "x", "!!!", "eyJhIjogMX0", "WzEsMl0", "WyJhIiwiYiJd", "W251bGwsIG51bGxd", "WyJuYW4iLCAiYSJd", "WyIyMDI2IiwgIlx1MDAwMCJd", "Wzk5OTk5OTk5OTk5OTk5OTk5OTk5LCAiYSJd", "é"],
)  # fmt: skip
def test_cursor_that_is_not_ours_is_refused(reader: Session, after: str) -> None:
    with pytest.raises(InvalidRequest):
        list_projects(reader, criteria(), limit=5, after=after)


def test_unknown_sort_is_refused(reader: Session) -> None:
    with pytest.raises(InvalidRequest):
        list_projects(reader, criteria(), limit=5, sort="name; drop table x")


def test_list_as_of_a_moment_shows_what_was_recorded_then(connection: Connection, reader: Session) -> None:
    project = make_project(connection, code="OLD", name="Nama lama", valid_from="2026-01-10T00:00:00+07:00")
    connection.execute(text("UPDATE app.project SET name = 'Nama baru' WHERE id = :id"), {"id": project})
    (old,) = list_projects(reader, criteria("as_of=2026-02-01"), limit=9).rows
    assert old.name == "Nama lama"
    assert list_projects(reader, criteria("as_of=2026-01-09"), limit=9).rows == []
    assert [row.name for row in list_projects(reader, criteria("q=lama&as_of=2026-02-01"), limit=9).rows] == [
        "Nama lama"
    ]
    assert [row.name for row in list_projects(reader, criteria(), limit=9).rows] == ["Nama baru"]
    assert count_by(reader, criteria("as_of=2026-01-09"), "year") == {}
    assert key_figures(reader, criteria("as_of=2026-02-01")).packages == 1


def test_chips_count_what_choosing_them_would_show(connection: Connection, reader: Session) -> None:
    make_district(connection)
    make_project(connection, sector="roads", year=2026)
    make_project(connection, sector="roads", year=2025, planned_percent=90)
    make_project(connection, sector="bridges", year=2026, geom="POINT(103.3 -2.9)")
    chosen = criteria("sector=roads&year=2026")
    counts = count_facets(reader, chosen)
    assert counts["sector"] == {"roads": 1, "bridges": 1}
    assert counts["year"] == {2026: 1, 2025: 1}
    assert counts["stage"] == {"construction": 1}
    assert counts["district"] == {"16.05.09": 1}
    assert count_by(reader, chosen, "sector") == counts["sector"]
    for sector, number in counts["sector"].items():
        assert len(codes(reader, f"sector={sector}&year=2026")) == number


def test_progress_is_weighted_by_the_ceiling(connection: Connection, reader: Session) -> None:
    """T10 of the domain reference: 1 M done and 9 M untouched make 10 %, not 50 %."""
    make_project(connection, ceiling_idr=1_000_000, physical_percent=100, planned_percent=100, contract_value_idr=7)
    make_project(connection, ceiling_idr=9_000_000, physical_percent=0, planned_percent=0, contract_value_idr=None)
    figures = key_figures(reader, criteria())
    assert figures.weighted_physical == pytest.approx(10)
    assert (figures.packages, figures.contract_value_idr, figures.late) == (2, 7, 0)


def test_not_begun_counts_as_nothing_built_and_given_up_does_not_count(connection: Connection, reader: Session) -> None:
    make_project(connection, ceiling_idr=100, physical_percent=50, planned_percent=60)
    make_project(connection, ceiling_idr=100, physical_percent=None, planned_percent=None, status="tender")
    make_project(connection, ceiling_idr=800, physical_percent=10, status="cancelled")
    make_project(connection, ceiling_idr=800, physical_percent=None, status="construction")
    figures = key_figures(reader, criteria())
    assert figures.weighted_physical == pytest.approx(25)
    assert figures.late == 1


def test_without_weights_progress_is_unknown_not_zero(connection: Connection, reader: Session) -> None:
    assert key_figures(reader, criteria()).weighted_physical is None
    make_project(connection, ceiling_idr=None, physical_percent=50)
    assert key_figures(reader, criteria()).weighted_physical is None
    make_project(connection, ceiling_idr=0, physical_percent=50)
    assert key_figures(reader, criteria()).weighted_physical is None


def test_map_location_is_the_built_one_when_there_is_one(connection: Connection, reader: Session) -> None:
    project = make_project(connection, geom=None)
    assert project_geometries(reader, [project], criteria()) == {}
    make_location(connection, project, "planned", "POINT(103 -3)")
    make_location(connection, project, "built", "LINESTRING(103 -3, 103.1 -3)")
    assert project_geometries(reader, [project], criteria()) == {
        project: {"type": "LineString", "coordinates": [[103, -3], [103.1, -3]]}
    }


def test_filter_survives_the_way_through_an_address() -> None:
    chosen = criteria(
        "q=jalan a&stage=late,stopped&year=2026&district=16.05.09&bbox=102.5,-3.5,103.25,-2.75&as_of=2026-11-01"
    )
    flat = [
        (key, part)
        for key, value in chosen.to_args().items()
        for part in (value if isinstance(value, list) else [value])
    ]
    again = ProjectFilter.from_args(MultiDict((key, str(value)) for key, value in flat), time_zone="Asia/Jakarta")
    assert again == chosen


def test_a_word_is_not_taken_for_another_that_only_begins_alike(connection: Connection, reader: Session) -> None:
    make_project(connection, code="1", name="Rehabilitasi Jembatan Air Sukamenang (Mangan Jaya)")
    make_project(connection, code="2", name="Peningkatan Jalan Merdeka")
    assert codes(reader, "q=jalan") == ["2"]
    assert codes(reader, "q=mangan jay") == ["1"]
    assert codes(reader, "q=air") == ["1"]
    assert codes(reader, "q=ai") == ["1"]
    assert codes(reader, "q=ya") == []


def test_search_uses_its_index(connection: Connection, reader: Session) -> None:
    connection.execute(
        text(
            "INSERT INTO app.project (code, name, year, district_codes, village_codes) "
            "SELECT 'N-' || n, 'Pekerjaan ' || md5(n::text), 2026, '{}', '{}' FROM generate_series(1, 20000) n"
        )
    )
    make_project(connection, code="ONE", name="Rehabilitasi Jembatan Kelingi")
    connection.execute(text("ANALYZE app.project"))
    for q in ("jembatan kelingi", "jembatn kelngi"):
        chosen = criteria(f"q={q}")
        source = project_source(chosen)
        forgive_misspelling(reader, q)  # as every list does before it searches
        statement = select(source.c.code).where(matches(source, chosen))
        compiled = statement.compile(reader.get_bind(), compile_kwargs={"render_postcompile": True})
        plan = reader.connection().exec_driver_sql(f"EXPLAIN {compiled}", dict(compiled.params)).scalars().all()
        assert any("projects_search_idx" in line for line in plan), "\n".join(plan)
        assert codes(reader, f"q={q}") == ["ONE"]
