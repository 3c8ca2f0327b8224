"""Pages of contractors and programmes: their packages and money against SQL, and nothing that is not the public's."""

from __future__ import annotations

from datetime import date
from xml.etree import ElementTree

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Connection, text

from tests.helpers.factories import make_project, make_row
from tests.helpers.queries import counted_queries
from tests.helpers.tracking import contract_of, make_company, make_contract, make_tracked_project
from tests.places.places import OWN, cells, make_places, page, section

SECRET = "rahasia7"
TAX_NUMBER = "713131313131313"


@pytest.fixture(autouse=True)
def places(connection: Connection) -> None:
    make_places(connection)


@pytest.fixture
def company(connection: Connection) -> int:
    """A company whose tax number and address only staff may read."""
    return make_company(connection, name="PT Karya <Jaya>", tax_number=TAX_NUMBER, address=SECRET)


@pytest.fixture
def tree(connection: Connection) -> dict[str, int]:
    """A programme with an activity and two sub-activities of one version, and its namesake of another."""
    nodes: dict[str, int] = {}
    for code, level, parent in (
        ("1.03.10", "programme", None),
        ("1.03.10.2.01", "activity", "1.03.10"),
        ("1.03.10.2.01.0032", "sub_activity", "1.03.10.2.01"),
        ("1.03.10.2.01.0033", "sub_activity", "1.03.10.2.01"),
    ):
        nodes[code] = make_row(
            connection, "app.programme", code=code, version="Baru", level=level, name=f"Nama {code}",
            parent_id=nodes.get(parent or ""),
        )  # fmt: skip
    nodes["other"] = make_row(
        connection, "app.programme", code="1.03.10", version="Lama", level="programme", name="Nama lama"
    )
    return nodes


def hold(connection: Connection, company: int, **values: object) -> int:
    """Make a package whose running contract is the company's."""
    return make_tracked_project(connection, contract={"company_id": company}, **values)


def test_contractor_shows_its_packages_by_year(client: FlaskClient, connection: Connection, company: int) -> None:
    hold(connection, company, code="A", year=2025, physical_percent=100, planned_percent=100, contract_value_idr=10**9)
    hold(connection, company, code="B", physical_percent=30, planned_percent=60, ceiling_idr=3 * 10**9)
    hold(connection, company, code="C", physical_percent=90, planned_percent=60, ceiling_idr=10**9)
    make_tracked_project(connection, code="OTHER")
    html = page(client, f"/contractors/{company}")
    assert "<h1>PT Karya &lt;Jaya&gt;</h1>" in html
    years = section(html, "years-title")
    value = connection.scalar(text("SELECT sum(contract_value_idr) FROM app.project WHERE code IN ('B', 'C')"))
    done = (30 * 3 + 90 * 1) / 4
    row = cells(years, "2026")
    assert row[1:] == ["2", f"Rp{value / 10**9:.2f} miliar".replace(".", ","), f"{done:.1f}%".replace(".", ","), "1"]
    assert 'href="/projects/B"' in section(html, "late-title")
    assert "/projects/OTHER" not in html
    listed = page(client, "/contractors")
    assert cells(listed, "PT Karya")[1] == "3"
    assert cells(listed, "PT Karya")[3:] == ["1", "2026"]


def test_nothing_of_a_company_but_its_name_is_public(client: FlaskClient, connection: Connection, company: int) -> None:
    project = hold(connection, company, code="A", notes=SECRET)
    connection.execute(
        text("UPDATE app.project SET critical_state = 'declared', critical_case = 'a' WHERE id = :id"), {"id": project}
    )
    for address in (f"/contractors/{company}", "/contractors", "/contractors?q=karya", "/projects/A", f"/areas/{OWN}"):
        html = page(client, address)
        for secret in (TAX_NUMBER, SECRET, "713.131", "kritis"):
            assert secret not in html, (address, secret)


def test_contract_that_ended_is_no_progress_of_its_company(
    client: FlaskClient, connection: Connection, company: int
) -> None:
    project = hold(connection, company, code="A", name="Jembatan")
    connection.execute(
        text("""
            UPDATE app.contract SET state = 'terminated', ended_on = '2026-08-01', end_reason = :secret,
                value_idr = 2000000000 WHERE id = :id
        """),
        {"id": contract_of(connection, project), "secret": SECRET},
    )
    other = make_company(connection, name="CV Penerus")
    make_contract(connection, project, company_id=other, signed_on=date(2026, 9, 1))
    html = page(client, f"/contractors/{company}")
    assert "Rp2 miliar" in section(html, "ended-title")
    assert 'aria-labelledby="years-title"' not in html
    assert SECRET not in html
    assert cells(section(page(client, f"/contractors/{other}"), "years-title"), "2026")[1] == "1"


def test_supervisor_has_what_it_supervises(client: FlaskClient, connection: Connection, company: int) -> None:
    supervisor = make_company(connection, name="CV Pengawas")
    make_tracked_project(connection, code="A", contract={"company_id": company, "supervisor_id": supervisor})
    html = page(client, f"/contractors/{supervisor}")
    assert "/projects/A" in section(html, "supervised-title")
    assert "CV Pengawas" not in page(client, "/contractors")  # it builds nothing


@pytest.mark.parametrize(
    "address",
    [
        "/contractors/999999",
        "/contractors/99999999999999999999",
        "/contractors/x",
        "/programs/9.99",
        "/programs/%3Cb%3E",
        "/programs/1.03.10?version=Tua",
    ],
)
def test_unknown_ones_are_not_found(client: FlaskClient, tree: dict[str, int], address: str) -> None:
    assert client.get(address).status_code == 404


def test_company_without_contract_has_no_page(client: FlaskClient, company: int) -> None:
    assert client.get(f"/contractors/{company}").status_code == 404


def test_list_of_contractors_is_searched_and_paged(client: FlaskClient, connection: Connection) -> None:
    for number in range(60):
        hold(connection, make_company(connection, name=f"CV Nomor {number:02d}"))
    first = page(client, "/contractors")
    assert "CV Nomor 49" in first
    assert "CV Nomor 50" not in first
    following = first.split('" rel="next">Penyedia')[0].rpartition('href="')[2].replace("&amp;", "&")
    second = page(client, following)
    assert "CV Nomor 50" in second
    assert "CV Nomor 49" not in second
    assert "CV Nomor 07" in page(client, "/contractors?q=nomor+07")
    assert "Tidak ada penyedia yang cocok" in page(client, "/contractors?q=tidakada")


def test_past_moment_shows_who_had_the_contract_then(client: FlaskClient, connection: Connection, company: int) -> None:
    hold(connection, company, code="A")
    assert client.get(f"/contractors/{company}?as_of=2020-01-01").status_code == 404
    assert "/projects/A" in page(client, f"/contractors/{company}?as_of=2100-01-01")


def test_programme_sums_what_is_below_it(client: FlaskClient, connection: Connection, tree: dict[str, int]) -> None:
    under = {"A": "1.03.10.2.01.0032", "B": "1.03.10.2.01.0033", "C": "1.03.10.2.01"}
    for number, (code, node) in enumerate(under.items(), start=1):
        make_project(
            connection, code=code, programme_id=tree[node], ceiling_idr=number * 10**9, physical_percent=20 * number,
            paid_idr=number * 10**8,
        )  # fmt: skip
    make_project(connection, code="GONE", programme_id=tree["1.03.10.2.01"], status="cancelled", ceiling_idr=9 * 10**9)
    make_project(connection, code="OLD", programme_id=tree["1.03.10.2.01"], year=2024)
    row = connection.execute(
        text("""
            SELECT sum(ceiling_idr) / 1e9 AS ceiling, 100 * sum(paid_idr) / sum(ceiling_idr) AS paid,
                sum(physical_percent * ceiling_idr) / sum(ceiling_idr) AS done
            FROM app.project WHERE year = 2026 AND status <> 'cancelled'
        """)
    ).one()
    listed = cells(page(client, "/programs?year=2026"), "1.03.10 ")
    percents = [f"{float(one):.1f}%".replace(".", ",") for one in (row.paid, row.done)]
    assert listed[1:] == ["4", f"Rp{row.ceiling:.0f} miliar", "Rp600 juta", *percents]
    html = page(client, "/programs/1.03.10.2.01?year=2026")
    assert cells(section(html, "children-title"), "1.03.10.2.01.0033")[1] == "1"
    works = section(html, "works-title")
    assert all(f"/projects/{code}" in works for code in ("A", "B", "C", "GONE"))
    assert "/projects/OLD" not in works
    assert cells(section(html, "years-title"), "2024")[1] == "1"
    assert 'href="/programs/1.03.10?version=Baru&amp;year=2026"' in html
    assert "Nama lama" not in page(client, "/programs")  # the other version has no packages


def test_programmes_without_packages_say_so(client: FlaskClient, tree: dict[str, int]) -> None:
    assert "Tidak ada pekerjaan dengan program" in page(client, "/programs")


def test_pages_ask_the_database_little(
    client: FlaskClient, connection: Connection, company: int, tree: dict[str, int]
) -> None:
    for _ in range(20):
        hold(connection, company, programme_id=tree["1.03.10.2.01.0032"])
    for address in (f"/contractors/{company}", "/contractors", "/programs", "/programs/1.03.10"):
        client.get(address)
        with counted_queries(connection) as queries:
            page(client, address)
        assert len(queries) <= 9, (address, queries)


def test_project_leads_to_its_places(
    client: FlaskClient, connection: Connection, company: int, tree: dict[str, int]
) -> None:
    make_row(
        connection, "layers.roads", code="007", name="Pasar – Simpang", status="regency", length_sk_m=5_000,
        geom="MULTILINESTRING((102.95 -3.15, 102.96 -3.14))",
    )  # fmt: skip
    hold(connection, company, code="A", programme_id=tree["1.03.10.2.01.0032"])
    html = page(client, "/projects/A")
    links = section(html, "belongs-title")
    for address in (f"/areas/{OWN}", "/areas/16.05.09.1003", "/roads/007", f"/contractors/{company}"):
        assert f'href="{address}"' in links
        assert client.get(address).status_code == 200
    assert "/programs/1.03.10.2.01.0032?version=Baru" in links
    assert 'href="/roads/007?as_of=2100-01-01"' in page(client, "/projects/A?as_of=2100-01-01")


def test_sitemap_search_and_data_pages_lead_to_places(
    client: FlaskClient, connection: Connection, company: int, tree: dict[str, int]
) -> None:
    hold(connection, company, code="A", programme_id=tree["1.03.10.2.01.0032"])
    road = make_row(
        connection, "layers.roads", code="K.1/II", name="Pasar – Simpang", status="regency", length_sk_m=5_000,
        geom="MULTILINESTRING((102.95 -3.15, 102.96 -3.14))",
    )  # fmt: skip
    sitemap = ElementTree.fromstring(client.get("/sitemap.xml").data)
    found = {str(node.text) for node in sitemap.iter("{http://www.sitemaps.org/schemas/sitemap/0.9}loc")}
    wanted = ("areas/16.05", f"areas/{OWN}", "roads/K.1/II", f"contractors/{company}", "programs/1.03.10.2.01.0032")
    for path in wanted:
        assert f"http://localhost/{path}" in found
        assert client.get(f"/{path}").status_code == 200
    hits = client.get("/api/v1/search?q=simpang").get_json()["results"]
    assert hits[0]["href"] == "/roads/K.1/II"
    assert 'href="/roads/K.1/II"' in page(client, f"/data/roads/{road}")
    district = connection.scalar(text("SELECT id FROM layers.districts WHERE code = :code"), {"code": OWN})
    assert f'href="/areas/{OWN}"' in page(client, f"/data/districts/{district}")
