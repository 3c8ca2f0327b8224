"""The feed of what happens to projects: valid, stable, short when nothing is new, and never more than is public."""

from __future__ import annotations

from datetime import date, datetime
from urllib.parse import quote
from xml.etree import ElementTree as ET

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Connection, text

from app.feeds.atom import ATOM, GEORSS
from app.feeds.scope import read_area
from tests.helpers.factories import make_district, make_region, make_road, make_row, make_village
from tests.helpers.tracking import contract_of, make_addendum, make_approved, make_tracked_project

NS = {"a": ATOM, "g": GEORSS}


@pytest.fixture(autouse=True)
def region(connection: Connection) -> None:
    make_region(connection)
    make_district(connection)
    make_village(connection)


@pytest.fixture
def project(connection: Connection) -> int:
    """A package with one of each event, beside a draft, an approved update and reasons that are not the public's."""
    project = make_tracked_project(
        connection, code="P-1", name="Jalan <A> & B", sector="roads", geom="LINESTRING(102.95 -3.15, 102.96 -3.14)"
    )
    make_approved(
        connection, project, date(2026, 11, 13), 48.2, state="published", planned_percent=62.0,
        note="Lapis pondasi ]]> selesai", obstacles="rahasia7", published_at=datetime(2026, 11, 14, 3).astimezone(),
    )  # fmt: skip
    make_approved(connection, project, date(2026, 11, 20), 50.0, note="rahasia7")
    make_addendum(connection, contract_of(connection, project), reason="rahasia7", value_idr=1_200_000_000)
    make_row(
        connection, "app.status_change", project_id=project, to_status="construction", on_day=date(2026, 5, 1),
        reason="rahasia7",
    )  # fmt: skip
    return project


def feed(client: FlaskClient, query: str = "") -> ET.Element:
    answer = client.get(f"/feeds/projects.atom{query}")
    assert answer.status_code == 200, answer.text
    assert answer.content_type == "application/atom+xml; charset=utf-8"
    root = ET.fromstring(answer.data)
    check(root)
    return root


def check(root: ET.Element) -> None:
    """Check what RFC 4287 asks of a feed and of each entry."""
    assert root.tag == f"{{{ATOM}}}feed"
    ids = [one.text for one in root.findall("a:entry/a:id", NS)]
    assert len(set(ids)) == len(ids)
    for element in [root, *root.findall("a:entry", NS)]:
        for name in ("id", "title", "updated"):
            assert len(element.findall(f"a:{name}", NS)) == 1, name
        assert element.findtext("a:id", "", NS).startswith("tag:localhost,2026:16.05/")
        assert datetime.fromisoformat(element.findtext("a:updated", "", NS)).tzinfo is not None
        kinds = [(link.get("rel"), link.get("type"), link.get("hreflang")) for link in element.findall("a:link", NS)]
        assert len(set(kinds)) == len(kinds)
        assert all(link.get("href", "").startswith("http") for link in element.findall("a:link", NS))
    assert root.find("a:author/a:name", NS) is not None
    assert root.find("a:link[@rel='self']", NS) is not None
    assert root.find("a:link[@rel='alternate']", NS) is not None


def titles(root: ET.Element) -> list[str]:
    return [one.findtext("a:title", "", NS) for one in root.findall("a:entry", NS)]


@pytest.mark.usefixtures("project")
def test_feed_tells_what_the_public_may_know(client: FlaskClient) -> None:
    root = feed(client)

    told = {one.find("a:category", NS).get("term"): one for one in root.findall("a:entry", NS)}  # type: ignore[union-attr]
    assert set(told) == {"update", "state", "contract", "addendum"}
    update = told["update"]
    assert update.findtext("a:title", "", NS) == "Jalan <A> & B: Terlaksana 48,2% per 13 November 2026"
    assert update.findtext("a:summary", "", NS) == "Rencana untuk hari itu 62,0%. Lapis pondasi ]]> selesai"
    assert update.findtext("g:point", "", NS).startswith("-3.1")
    assert update.find("a:link", NS).get("href") == "http://localhost/projects/P-1"  # type: ignore[union-attr]
    assert "Rp1.200.000.000" in told["addendum"].findtext("a:summary", "", NS)
    assert "Rp1.110.000.000" in told["contract"].findtext("a:summary", "", NS)
    assert "rahasia7" not in ET.tostring(root, encoding="unicode")


@pytest.mark.usefixtures("project")
def test_feed_is_short_when_nothing_is_new(client: FlaskClient, connection: Connection) -> None:
    first = client.get("/feeds/projects.atom?project=P-1")
    again = client.get("/feeds/projects.atom?project=P-1", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    connection.execute(text("UPDATE app.progress_update SET note = 'lain' WHERE state = 'published'"))
    assert client.get("/feeds/projects.atom?project=P-1").headers["ETag"] != first.headers["ETag"]


@pytest.mark.usefixtures("project")
def test_entries_keep_their_name_when_the_project_is_renamed(client: FlaskClient, connection: Connection) -> None:
    before = [one.text for one in feed(client).findall("a:entry/a:id", NS)]
    connection.execute(text("UPDATE app.project SET name = 'Lain', code = 'P-9'"))
    connection.execute(text("UPDATE app.contract SET state = 'finished', ended_on = '2026-11-24'"))
    assert sorted(map(str, before)) == sorted(str(one.text) for one in feed(client).findall("a:entry/a:id", NS))


def encoded(*points: tuple[float, float]) -> str:
    """Write points (lon, lat) as an encoded polyline, as its description says."""
    written, before = "", [0, 0]
    for lon, lat in points:
        for place, degrees in enumerate((lat, lon)):
            whole = round(degrees * 1e5)
            number, before[place] = (whole - before[place]) << 1, whole
            number = ~number if number < 0 else number
            while number >= 0x20:
                written += chr((number & 0x1F | 0x20) + 63)
                number >>= 5
            written += chr(number + 63)
    return written


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize(("query", "found"), [
    ("?sector=roads&year=2026", True),
    ("?sector=bridges", False),
    ("?district=16.05.09", True),
    ("?village=16.05.09.1003", True),
    ("?district=16.05.01", False),
    ("?q=jalan", True),
    ("?bbox=102.9,-3.2,103,-3.1", True),
    ("?as_of=2020-01-01", False),
    ("?within=" + quote("POLYGON((102.9 -3.2, 103 -3.2, 103 -3.1, 102.9 -3.1, 102.9 -3.2))"), True),
    ("?within=" + quote("POLYGON((102.1 -3.2, 102.2 -3.2, 102.2 -3.1))"), False),
    ("?within=" + quote(encoded((102.9, -3.2), (103, -3.2), (103, -3.1), (102.9, -3.1))), True),
    ("?within=" + quote(encoded((102.1, -3.2), (102.2, -3.2), (102.2, -3.1))), False),
])  # fmt: skip
def test_filters_of_the_list_narrow_the_feed(client: FlaskClient, query: str, found: bool) -> None:
    assert bool(titles(feed(client, query))) is found


@pytest.mark.usefixtures("project")
def test_road_has_the_works_along_it(client: FlaskClient, connection: Connection) -> None:
    make_road(connection, code="R1", geom="MULTILINESTRING((102.95 -3.15, 102.97 -3.13))")
    make_road(connection, code="R2", geom="MULTILINESTRING((102.96 -3.15, 102.95 -3.14))")
    assert titles(feed(client, "?road=R1"))
    assert not titles(feed(client, "?road=R2"))  # which only crosses it


@pytest.mark.parametrize("query", [
    "?within=" + quote("POLYGON((0 0, 1 1, 1 0, 0 1, 0 0))"),
    "?within=" + quote("POLYGON((0 0, 0 1))"),
    "?within=" + quote("POLYGON((0 0, 1e999 1, 1 1))"),
    "?within=" + quote("POLYGON((" + ", ".join(f"{i / 10} {i % 2}" for i in range(250)) + "))"),
    "?within=" + "z" * 100,
    "?within=" + "_" * 9000,
    "?within=" + quote("POINT(0 0)'; DROP TABLE app.project; --"),
    "?limit=0", "?limit=x", "?stage=zzz", "?bbox=1,2", "?apa=1", "?project=" + "x" * 500, "?as_of=kemarin",
])  # fmt: skip
def test_what_cannot_be_followed_is_refused_with_a_sentence(client: FlaskClient, query: str) -> None:
    assert client.get(f"/feeds/projects.atom{query}").status_code == 400


@pytest.mark.parametrize("query", ["?project=tidak-ada", "?road=tidak-ada"])
def test_unknown_project_or_road_has_no_feed(client: FlaskClient, query: str) -> None:
    assert client.get(f"/feeds/projects.atom{query}").status_code == 404


@pytest.mark.usefixtures("project")
def test_limit_and_language(client: FlaskClient) -> None:
    assert len(titles(feed(client, "?limit=2"))) == 2
    english = feed(client, "?lang=en")
    assert english.get("{http://www.w3.org/XML/1998/namespace}lang") == "en"


@pytest.mark.usefixtures("project")
def test_pages_name_their_feed(client: FlaskClient) -> None:
    for page, address in (
        ("/projects?sector=roads&as_of=2026-11-24", "/feeds/projects.atom?sector=roads"),
        ("/projects/P-1", "/feeds/projects.atom?project=P-1"),
        ("/?year=2026", "/feeds/projects.atom?year=2026"),
    ):
        html = client.get(page).text
        assert 'type="application/atom+xml"' in html
        assert f'href="{address}"' in html, page


def test_encoded_polyline_is_the_area_of_its_points() -> None:
    # The example of the format's own description, closed: (38.5, -120.2), (40.7, -120.95), (43.252, -126.453).
    area = read_area("_p~iF~ps|U_ulLnnqC_mqNvxq`@")
    assert area.exterior.coords[:3] == [(-120.2, 38.5), (-120.95, 40.7), (-126.453, 43.252)]
