"""A resident reports a problem: two steps, a receipt, a link; floods, machines and files that are no photos stay out."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import Connection, text

from app.errors import TooMany
from app.extensions import db
from app.feedback.limits import address_subject, refuse_too_many_reports
from tests.feedback.conftest import draft_of, fields, only_report, report_problem
from tests.helpers.factories import make_project, make_road, make_row
from tests.helpers.pictures import jpeg, png_bomb

SCRIPT = "<script>alert('x')</script> & \"kutip\""


def photo(content: bytes, name: str = "foto.jpg") -> tuple[BytesIO, str]:
    return BytesIO(content), name


def test_report_is_checked_then_sent_and_followed_without_account(visitor: FlaskClient, site: Flask) -> None:
    form = visitor.get("/report")
    assert form.status_code == 200
    assert "no-store" in form.headers["Cache-Control"]
    address = report_problem(visitor, contact="0812-3456-7890", photo=photo(jpeg(gps=(102.951, -3.151))))
    receipt = visitor.get(address)
    page = receipt.get_data(as_text=True)
    report = only_report(site)
    assert receipt.status_code == 200
    assert report.number in page
    assert report.number.startswith("L-20")
    assert "0812" not in page
    assert (report.state, report.follow_up) == ("received", "complaint")
    assert (report.lon, report.lat, report.place_from) == (102.95, -3.15, "typed")
    assert report.district_codes == ["16.05.09"]
    assert report.due_on.weekday() < 5
    assert report.contact == "0812-3456-7890"


def test_nothing_is_kept_of_what_was_only_checked_but_a_draft(visitor: FlaskClient, connection: Connection) -> None:
    visitor.post("/report", data=fields(visitor.application))
    assert connection.scalar(text("SELECT count(*) FROM app.feedback_report")) == 0
    assert connection.scalar(text("SELECT count(*) FROM app.feedback_draft")) == 1


def test_sending_twice_is_one_report(visitor: FlaskClient, connection: Connection) -> None:
    draft = draft_of(visitor.post("/report", data=fields(visitor.application)))
    first = visitor.post("/report/send", data={"draft": draft})
    second = visitor.post("/report/send", data={"draft": draft})
    assert first.status_code == second.status_code == 303
    assert first.headers["Location"].partition("?")[0] == second.headers["Location"]
    assert connection.scalar(text("SELECT count(*) FROM app.feedback_report")) == 1
    assert connection.scalar(text("SELECT count(*) FROM app.feedback_draft")) == 0


def test_going_back_keeps_what_was_typed_and_the_photo(visitor: FlaskClient, site: Flask) -> None:
    draft = draft_of(visitor.post("/report", data=fields(site, photo=photo(jpeg()))))
    again = visitor.post("/report/send", data={"draft": draft, "action": "edit"}).get_data(as_text=True)
    assert "Lubang besar" in again
    assert "-3.15000, 102.95000" in again
    checked = visitor.post("/report", data=fields(site, draft=draft, text="Lubang itu kini lebih besar lagi."))
    assert draft_of(checked) == draft
    visitor.post("/report/send", data={"draft": draft})
    report = only_report(site)
    assert report.photo_hash is not None
    assert report.body == "Lubang itu kini lebih besar lagi."


def test_photo_loses_its_exif_in_copies_and_tells_the_place_when_nothing_else_does(
    visitor: FlaskClient, site: Flask
) -> None:
    report_problem(visitor, coordinates=None, photo=photo(jpeg(gps=(102.96, -3.16), orientation=6)))
    report = only_report(site)
    assert (report.place_from, round(report.lon, 4), round(report.lat, 4)) == ("photo", 102.96, -3.16)
    home = site.config["SETTINGS"].home
    for name in (report.photo_view_hash, report.photo_thumbnail_hash):
        picture = Image.open(home / "files" / name[:2] / name)
        assert not picture.getexif()
        assert picture.height > picture.width


@pytest.mark.parametrize(
    "content", [b"%PDF-1.7 nothing", b"", b"\xff\xd8\xff\xe0 broken", b"<svg onload='x'/>", png_bomb()], ids=range(5)
)
def test_upload_that_is_no_photo_is_refused_in_a_sentence(
    visitor: FlaskClient, connection: Connection, content: bytes
) -> None:
    answer = visitor.post("/report", data=fields(visitor.application, photo=photo(content)))
    assert answer.status_code == 422
    assert 'id="field-photo-error"' in answer.get_data(as_text=True)
    assert "Lubang besar" in answer.get_data(as_text=True)
    assert connection.scalar(text("SELECT count(*) FROM app.feedback_draft")) == 0


def test_request_that_is_too_long_is_not_read(visitor: FlaskClient) -> None:
    answer = visitor.post("/report", data=fields(visitor.application, photo=photo(b"\xff\xd8\xff" + bytes(15_000_000))))
    assert answer.status_code == 413


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"category": "lainnya"}, "category"),
        ({"text": ""}, "text"),
        ({"text": "rusak"}, "text"),
        ({"text": "x" * 2001}, "text"),
        ({"contact": "siapa saja"}, "contact"),
        ({"contact": "<b>a@b.id</b>"}, "contact"),
        ({"coordinates": "di sana"}, "coordinates"),
        ({"coordinates": "-6.2, 106.8"}, "coordinates"),
        ({"coordinates": None}, "place"),
    ],
)
def test_wrong_field_is_said_beside_it_and_nothing_is_kept(
    visitor: FlaskClient, connection: Connection, wrong: dict[str, Any], field: str
) -> None:
    answer = visitor.post("/report", data=fields(visitor.application, **wrong))
    assert answer.status_code == 422
    assert f'id="field-{field}-error"' in answer.get_data(as_text=True)
    assert connection.scalar(text("SELECT count(*) FROM app.feedback_draft")) == 0


def test_script_in_every_field_is_shown_as_text(visitor: FlaskClient, connection: Connection) -> None:
    project = make_project(connection, code="P-X", name=f"Jalan {SCRIPT}")
    address = report_problem(visitor, text=f"{SCRIPT} {SCRIPT}", place=SCRIPT, project="P-X")
    checked = visitor.post(
        "/report",
        data=fields(visitor.application, text=f"{SCRIPT} lagi", place=SCRIPT, contact="a@b.id", project="P-X"),
    )
    pages = [visitor.get(address), checked, visitor.get("/report?project=P-X")]
    for page in pages:
        assert "<script>alert" not in page.get_data(as_text=True)
        assert "&lt;script&gt;alert" in page.get_data(as_text=True)
    assert project


def test_numbers_of_identity_cards_are_not_kept(visitor: FlaskClient, site: Flask) -> None:
    report_problem(visitor, text="Saya Budi, NIK 1605091234560001, melihat lubang.", place="KK 1605091234560002")
    report = only_report(site)
    assert report.body == "Saya Budi, NIK […], melihat lubang."
    assert report.place == "KK […]"


def test_machines_are_kept_out(visitor: FlaskClient, connection: Connection) -> None:
    app = visitor.application
    from tests.feedback.conftest import opened

    for more in ({"website": "http://x"}, {"opened": opened(app, 0)}, {"opened": None}, {"opened": "x.y"}):
        assert visitor.post("/report", data=fields(app, **more)).status_code == 422
    assert connection.scalar(text("SELECT count(*) FROM app.feedback_draft")) == 0


def test_flood_from_one_address_is_answered_429_and_others_are_unharmed(
    visitor: FlaskClient, site: Flask, connection: Connection
) -> None:
    flood = {"REMOTE_ADDR": "198.51.100.7"}
    codes = [
        visitor.post("/api/v1/feedback", json=report_json(), environ_overrides=flood).status_code for _ in range(60)
    ]
    assert codes.count(201) == 10
    assert set(codes[10:]) == {429}
    last = visitor.post("/report", data=fields(site), environ_overrides=flood)
    assert last.status_code == 429
    assert "coba lagi satu jam lagi" in last.get_data(as_text=True)
    assert report_problem(visitor)
    counted = connection.scalar(text("SELECT count(*) FROM app.feedback_attempt"))
    assert counted is not None
    assert counted < 80
    assert connection.scalar(text("SELECT bool_or(subject LIKE '%198.51%') FROM app.feedback_attempt")) is False
    assert address_subject("a", "x") != address_subject("b", "x")


def report_json(**more: Any) -> dict[str, Any]:
    return {"category": "danger", "text": "Galian tanpa rambu di tikungan.", "lon": 102.95, "lat": -3.15, **more}


def test_programs_report_with_photo_and_get_a_receipt_once(visitor: FlaskClient, site: Flask) -> None:
    sent = visitor.post("/api/v1/feedback", data={**report_json(), "photo": photo(jpeg())})
    assert sent.status_code == 201, sent.get_data(as_text=True)
    answer = sent.get_json()
    assert answer["number"] == only_report(site).number
    assert visitor.get(answer["follow_url"]).status_code == 200
    assert only_report(site).photo_view_hash
    again = visitor.post("/api/v1/feedback", json=report_json())
    assert [one["received_on"] for one in again.get_json()["similar"]]
    wrong = visitor.post("/api/v1/feedback", json=report_json(identity="1605"))
    assert wrong.status_code == 422
    assert wrong.get_json()["errors"]["identity"]


@pytest.mark.parametrize("token", ["x", "../../etc/passwd", "a" * 500, "%00", "L-2026-000001"])
def test_links_that_nobody_was_given_lead_nowhere(visitor: FlaskClient, token: str) -> None:
    report_problem(visitor)
    assert visitor.get(f"/report/{token}").status_code in {404, 400}


def test_report_is_about_a_project_a_road_or_a_park(visitor: FlaskClient, connection: Connection, site: Flask) -> None:
    make_project(connection, code="2026/JLN/001")
    make_road(connection, code="077", name="Simpang – Pasar")
    park = make_row(
        connection,
        "layers.parks",
        name="Taman Kota",
        ownership="public",
        geom="MULTIPOLYGON(((102.9 -3.1, 102.91 -3.1, 102.91 -3.11, 102.9 -3.1)))",
    )
    for query, name in (
        ("project=2026/JLN/001", "Peningkatan"),
        ("road=077", "Simpang"),
        (f"park={park}", "Taman Kota"),
    ):
        page = visitor.get(f"/report?{query}")
        assert page.status_code == 200
        assert name in page.get_data(as_text=True)
    report_problem(visitor, coordinates=None, project="2026/JLN/001")
    report = only_report(site)
    assert (report.project_code, report.place_from) == ("2026/JLN/001", "object")
    assert visitor.get("/report?project=nothing").status_code == 404
    assert visitor.get("/report?park=99999999999999999999").status_code == 422
    assert visitor.get("/report?lon=abc&lat=2").status_code == 422
    assert "-3.15000, 102.95000" in visitor.get("/report?lon=102.95&lat=-3.15").get_data(as_text=True)


def test_reports_nearby_are_shown_before_sending_and_tell_nothing_of_their_reporter(
    visitor: FlaskClient, site: Flask
) -> None:
    report_problem(visitor, text="Rahasia: lubang di depan rumah saya.", contact="budi@contoh.id")
    near = visitor.post("/report", data=fields(site, coordinates="-3.1508, 102.9502")).get_data(as_text=True)
    assert "Mungkin sudah dilaporkan" in near
    assert "sekitar 100 m" in near
    assert "Rahasia" not in near
    assert "budi" not in near
    for far in ({"coordinates": "-3.16, 102.95"}, {"category": "danger"}):
        page = visitor.post("/report", data=fields(site, **far)).get_data(as_text=True)
        assert "Mungkin sudah dilaporkan" not in page


@pytest.mark.parametrize(
    "query",
    [
        "project=%00",
        "road=%00",
        "park=-1",
        "park=1e9",
        "lon=nan&lat=1",
        "lon=1",
        "project=" + "x" * 3000,
        "lang=xx&lon=",
        "park=9223372036854775807",
    ],
)
def test_address_of_the_form_that_names_nothing_is_refused_without_failing(visitor: FlaskClient, query: str) -> None:
    assert visitor.get(f"/report?{query}").status_code in {200, 400, 404, 422}


@pytest.mark.parametrize(
    "query", ["after=99999999999999999999", "after=-1", "category=x", "state=%00", "after=a", "page=1"]
)
def test_public_list_takes_any_address(visitor: FlaskClient, query: str) -> None:
    assert visitor.get(f"/feedback/public?{query}").status_code in {200, 400}
    assert visitor.get(f"/api/v1/feedback?{query}").status_code in {200, 400}


def test_addresses_of_one_connection_are_counted_as_one() -> None:
    one, two = (address_subject("s", f"2001:db8:1:2::{end}") for end in ("1", "ffff:1"))
    assert one == two
    assert one != address_subject("s", "2001:db8:1:3::1")
    assert address_subject("s", None) == address_subject("s", "")


def test_reports_sent_at_once_are_counted_one_after_the_other(committed_app: Flask) -> None:
    limits = committed_app.config["SETTINGS"].feedback

    def attempt(_number: int) -> bool:
        with committed_app.app_context():
            try:
                refuse_too_many_reports(db.session, "address:x", limits)
                db.session.commit()
            except TooMany:
                return False
            return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(attempt, range(40))) == limits.reports_per_address
