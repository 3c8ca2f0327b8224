"""The search box: what is found, in which order, and how much is forgiven."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.orm import Session

from app.errors import InvalidRequest
from app.search.queries import count_groups, district_at, search_features, search_groups, search_statement
from app.search.words import MAX_QUERY_CHARACTERS, read_words
from tests.helpers.application import connection_beside, use_role
from tests.helpers.factories import make_district, make_project, make_road, make_row, make_street, make_village
from tests.helpers.tracking import make_company, make_tracked_project


@pytest.fixture
def reader(connection: Connection) -> Session:
    """A session of the public's role, on a small Musi Rawas."""
    make_district(connection)
    make_district(
        connection, code="16.05.01", name="Tugumulyo",
        geom="MULTIPOLYGON(((102.5 -3.3, 102.8 -3.3, 102.8 -3.0, 102.5 -3.3)))",
    )  # fmt: skip
    make_village(connection)
    make_road(connection, code="017", name="Simpang Semambang – Muara Beliti")
    make_project(connection, code="PKT-2026/017", name="Peningkatan Jalan Muara Beliti")
    for shift in range(4):
        make_street(
            connection, name="Jalan Merdeka", geom=f"MULTILINESTRING((102.9 {-3.1 - shift / 100}, 102.91 -3.1))"
        )
    make_street(connection, name="Jalan Raden Mas Said Ali")
    make_row(connection, "layers.parks", name="Taman Merdeka", ownership="public",
             geom="MULTIPOLYGON(((103 -3, 103.01 -3, 103.01 -3.01, 103 -3)))")  # fmt: skip
    make_row(connection, "layers.facilities", name="SD Negeri 1 Pérdana", kind="primary_school", geom="POINT(103 -3)")
    make_row(connection, "layers.places", name="Muara Kelingi", kind="district_capital", geom="POINT(103.1 -3)")
    session = Session(bind=connection_beside(connection, "reader"))
    use_role(connection, "owner")
    return session


def labels(session: Session, typed: str) -> list[tuple[str, str]]:
    return [(hit.layer, hit.label) for hit in search_features(session, typed, limit=12)]


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("muara beliti", ("districts", "Muara Beliti")),
        ("MUARA BELITI", ("districts", "Muara Beliti")),
        ("múara béliti", ("districts", "Muara Beliti")),
        ("muara belity", ("districts", "Muara Beliti")),
        ("muarabeliti", ("districts", "Muara Beliti")),
        ("kec. muara beliti", ("districts", "Muara Beliti")),
        ("kecamatan Muara Beliti", ("districts", "Muara Beliti")),
        ("tugumulio", ("districts", "Tugumulyo")),
        ("tugu", ("districts", "Tugumulyo")),
        ("kel. pasar muara beliti", ("villages", "Pasar Muara Beliti")),
        ("16.05.09.1003", ("villages", "Pasar Muara Beliti")),
        ("16.05.09", ("districts", "Muara Beliti")),
        ("jln merdeka", ("streets", "Jalan Merdeka")),
        ("jl. merdeka", ("streets", "Jalan Merdeka")),
        ("merdeka", ("parks", "Taman Merdeka")),
        ("taman merdeka", ("parks", "Taman Merdeka")),
        ("raden mas said", ("streets", "Jalan Raden Mas Said Ali")),
        ("jalan sudirmann", None),
        ("simpang semambang", ("roads", "Simpang Semambang – Muara Beliti")),
        ("ruas muara beliti", ("roads", "Simpang Semambang – Muara Beliti")),
        ("PKT-2026/017", ("projects", "Peningkatan Jalan Muara Beliti")),
        ("peningkatan jalan", ("projects", "Peningkatan Jalan Muara Beliti")),
        ("sd negeri perdana", ("facilities", "SD Negeri 1 Pérdana")),
        ("muara kelngi", ("places", "Muara Kelingi")),
    ],
)
def test_best_answer(reader: Session, typed: str, expected: tuple[str, str] | None) -> None:
    found = labels(reader, typed)
    assert (found[0] if found else None) == expected


def test_a_street_in_pieces_is_found_once_and_with_its_whole_extent(reader: Session) -> None:
    (street,) = [hit for hit in search_features(reader, "jalan merdeka", limit=12) if hit.layer == "streets"]
    assert street.bbox == pytest.approx((102.9, -3.13, 102.91, -3.1))
    assert street.place == "Muara Beliti"


def test_answer_says_where_it_lies(reader: Session) -> None:
    (village,) = [hit for hit in search_features(reader, "pasar muara beliti", limit=12) if hit.layer == "villages"]
    assert village.place == "Muara Beliti"
    assert village.bbox == pytest.approx((102.9, -3.2, 103.0, -3.1))
    assert village.point is not None
    assert 102.9 < village.point[0] < 103.0
    assert -3.2 < village.point[1] < -3.1


def test_project_without_location_is_found(connection: Connection, reader: Session) -> None:
    make_project(connection, name="Kajian Drainase", geom=None)
    (found,) = search_features(reader, "kajian drainase", limit=12)
    assert (found.bbox, found.point, found.place) == (None, None, None)


@pytest.mark.parametrize(
    "typed",
    ["", " ", "a", "%", "_%_", "\\", "'", '"; drop table app.project; --', "\x00", "\x00muara\x00", "∖", "½", "((((", "a" * 200,
     "e\u0301" * 60, "💧" * 50, "\ud800", "muara " * 30, "word " * 40, "%(x)s :y ${z}", "<script>alert(1)</script>"],
)  # fmt: skip
def test_hostile_text_does_no_harm(reader: Session, typed: str) -> None:
    assert len(search_features(reader, typed, limit=12)) <= 12


def test_text_longer_than_anyone_types_is_refused(reader: Session) -> None:
    with pytest.raises(InvalidRequest):
        search_features(reader, "a" * (MAX_QUERY_CHARACTERS + 1), limit=12)


def test_words_of_a_text() -> None:
    assert read_words("Jln. Merdeka no. 5, Kec. Muara-Beliti") == [
        "jalan",
        "Merdeka",
        "no",
        "5",
        "kecamatan",
        "Muara-Beliti",
    ]
    assert read_words("16.05.09 PKT-2026/017 100% a_b") == ["16.05.09", "PKT-2026/017", "100", "a", "b"]


def test_limit(connection: Connection, reader: Session) -> None:
    for number in range(20):
        make_village(connection, code=f"16.05.09.{2000 + number}", name=f"Sukamaju {number}")
    assert len(search_features(reader, "sukamaju", limit=12)) == 12


def test_district_at(reader: Session) -> None:
    assert district_at(reader, 103.0, -3.0) == "Muara Beliti"
    assert district_at(reader, 110.0, 10.0) is None


@pytest.mark.parametrize("layer", ["streets", "facilities"])
def test_search_relies_on_the_index_of_a_large_layer(connection: Connection, reader: Session, layer: str) -> None:
    other = "kind" if layer == "facilities" else "class"
    line = (
        "ST_MakePoint(103, -3)"
        if layer == "facilities"
        else "ST_Multi(ST_MakeLine(ST_MakePoint(103, -3), ST_MakePoint(103.1, -3)))"
    )
    connection.execute(
        text(
            f"INSERT INTO layers.{layer} (name, {other}, geom, district_codes, village_codes) "
            f"SELECT 'Jalan ' || md5(n::text), 'other', ST_SetSRID({line}, 4326), '{{}}', '{{}}' FROM generate_series(1, 30000) n"
        )
    )
    connection.execute(text(f"ANALYZE layers.{layer}"))
    parameters = {
        "word0": "raden",
        "word1": "said",
        "phrase": "raden said",
        "candidates": 500,
        "wanted": 12,
        "most": 12,
    }
    parameters |= {
        f"weight_{name}": 0.1
        for name in (
            "districts",
            "villages",
            "places",
            "roads",
            "streets",
            "projects",
            "parks",
            "bridges",
            "facilities",
        )
    }
    plan = "\n".join(connection.execute(text(f"EXPLAIN {search_statement((3, 3))}"), parameters).scalars())
    assert f"{layer}_search_idx" in plan, plan
    assert labels(reader, "raden said")[0] == ("streets", "Jalan Raden Mas Said Ali")


def test_package_is_found_by_the_number_of_its_contract(connection: Connection, reader: Session) -> None:
    use_role(connection, "owner")
    make_tracked_project(connection, contract={"number": "620/12.b/SPK/PUPR/2026"}, name="Drainase Pasar")
    make_tracked_project(connection, contract={"number": "620/13.b/SPK/PUPR/2026"}, name="Trotoar Kantor")
    (found,) = search_features(reader, "620/12.b/spk", limit=12)
    assert (found.layer, found.label, found.place) == ("projects", "Drainase Pasar", "620/12.b/SPK/PUPR/2026")
    assert labels(reader, "620/99.b/spk") == []


def test_contractor_is_found_with_a_misspelling_and_leads_to_its_page(connection: Connection, reader: Session) -> None:
    use_role(connection, "owner")
    company = make_company(connection, name="PT Sriwijaya Bangun Nusa")
    make_company(connection, name="PT Sriwijaya Tanpa Kontrak")
    make_tracked_project(connection, contract={"company_id": company})
    found = [hit for hit in search_features(reader, "sriwijya bangun", limit=12) if hit.layer == "contractors"]
    assert [(hit.id, hit.label) for hit in found] == [(company, "PT Sriwijaya Bangun Nusa")]
    assert [hit.layer for hit in search_features(reader, "tanpa kontrak", limit=12)] == []


def test_groups_count_all_and_show_the_best(connection: Connection, reader: Session) -> None:
    for number in range(20):
        make_village(connection, code=f"16.05.09.{2000 + number}", name=f"Merdeka {number}")
    groups = search_groups(reader, "merdeka", shown=3)
    counts = {group.layer: (group.count, len(group.hits)) for group in groups}
    assert counts == {"villages": (20, 3), "streets": (1, 1), "parks": (1, 1)}
    assert count_groups(reader, "merdeka") == {"villages": 20, "streets": 1, "parks": 1}
    assert count_groups(reader, "kecamatan muara beliti")["districts"] == 1
    assert (search_groups(reader, "%", shown=3), count_groups(reader, "")) == ([], {})
