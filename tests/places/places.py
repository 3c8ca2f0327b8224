"""A small region for the pages of places: two districts side by side, a village in one, a road, people and works."""

from __future__ import annotations

import re

from flask.testing import FlaskClient
from sqlalchemy import Connection, text

from layers.rules import seed_rules
from tests.helpers.factories import box_wkt, make_district, make_region, make_village

OWN, BESIDE, FAR, VILLAGE = "16.05.09", "16.05.01", "16.05.02", "16.05.09.1003"
BESIDE_BOX = (103.2, -3.3, 103.5, -2.9)  # shares the eastern border of Muara Beliti
FAR_BOX = (102.41, -2.5, 102.5, -2.4)


def make_places(connection: Connection, **region: str) -> None:
    """Make the region with its districts and its village."""
    make_region(connection, **region)
    seed_rules(connection)
    make_district(connection)
    make_district(connection, code=BESIDE, name="Tugumulyo", geom=box_wkt(BESIDE_BOX))
    make_district(connection, code=FAR, name="Selangit", geom=box_wkt(FAR_BOX))
    make_village(connection, kind="kelurahan")


def make_people(connection: Connection, code: str, persons: int, year: int = 2025) -> None:
    """Count the residents of an area in a year."""
    connection.execute(
        text("INSERT INTO layers.population (area_code, year, population) VALUES (:code, :year, :persons)"),
        {"code": code, "year": year, "persons": persons},
    )


def page(client: FlaskClient, address: str, status: int = 200) -> str:
    """Return a page as one line of HTML."""
    answer = client.get(address)
    assert answer.status_code == status, answer.text
    assert answer.mimetype == "text/html"
    return re.sub(r"\s+", " ", answer.text)


def section(html: str, title_id: str) -> str:
    """Return the part of a page under the heading of this id."""
    found = re.search(rf'<section aria-labelledby="{title_id}">(.*?)</section>', html)
    assert found, title_id
    return found[1]


def cells(html: str, name: str) -> list[str]:
    """Return the texts of the row of a table whose heading begins with a name."""
    for row in re.findall(r"<tr[^>]*>(.*?)</tr>", html):
        texts = [re.sub(r"<[^>]+>", "", cell).strip() for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row)]
        if texts and texts[0].startswith(name):
            return texts
    raise AssertionError(f"no row {name}")
