"""Weekly progress through the JSON API and the pages: what counts, what is refused, and that nothing is lost."""

from __future__ import annotations

import re
import time
from datetime import date, timedelta
from io import BytesIO
from typing import Any
from uuid import uuid4

import mapbox_vector_tile
import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_security import hash_password
from sqlalchemy import Connection, text
from sqlalchemy.exc import ProgrammingError
from werkzeug.datastructures import MultiDict

from app.progress.periods import last_open_day
from tests.helpers.factories import make_row
from tests.helpers.people import bearer, make_account, sign_in
from tests.helpers.pictures import jpeg
from tests.helpers.tracking import contract_of, make_approved
from tests.progress.conftest import TODAY, Site


def body(**values: Any) -> dict[str, Any]:
    return {"client_id": str(uuid4()), "day": "2026-11-20", "physical_percent": 60.5, **values}


def send(client: FlaskClient, site: Site, **values: Any) -> Any:
    return client.post(f"/api/v1/projects/{site.code}/updates", json=body(**values))


def approve(client: FlaskClient, client_id: str, **values: Any) -> Any:
    return client.post(f"/api/v1/updates/{client_id}/approve", json=values)


def project_of(client: FlaskClient, code: str) -> dict[str, Any]:
    found: dict[str, Any] = client.get(f"/api/v1/projects/{code}").json["properties"]
    return found


# What counts


def test_approved_update_is_on_the_public_map_at_once(app: Flask, site: Site) -> None:
    visitor = app.test_client()
    sent = send(site.at_officer, site, submit=True)
    assert sent.status_code == 201, sent.json
    assert sent.json["state"] == "submitted"
    assert project_of(visitor, site.code)["physical_percent"] is None, "the public sees no figure that nobody approved"
    before = visitor.get("/api/v1/versions").json["projects"]

    approved = approve(site.at_reviewer, sent.json["client_id"])
    assert approved.status_code == 200, approved.json
    seen = project_of(visitor, site.code)
    assert seen["physical_percent"] == 60.5
    assert seen["progress_date"] == "2026-11-20"
    # 1 May is day 1 of 229; by 20 November 204 have passed.
    assert seen["planned_percent"] == pytest.approx(100 * 204 / 229)
    assert seen["delay"] == "late_in_handling", "the public never reads the word critical"
    assert visitor.get("/api/v1/versions").json["projects"] > before, "tiles are asked for anew"


def test_approval_proposes_the_critical_case_in_the_same_breath(site: Site, connection: Connection) -> None:
    sent = send(site.at_officer, site, submit=True)  # plan 89.1, actual 60.5: 28.6 points behind in period II
    approve(site.at_reviewer, sent.json["client_id"])
    found = connection.execute(
        text("SELECT clause, state, indicated_on FROM app.critical_case WHERE project_id = :id"), {"id": site.id}
    ).all()
    assert [tuple(row) for row in found] == [("b", "indicated", TODAY)]


def test_every_step_tells_those_concerned(site: Site, connection: Connection) -> None:
    sent = send(site.at_officer, site, submit=True)
    site.at_reviewer.post(f"/api/v1/updates/{sent.json['client_id']}/return", json={"comment": "Foto kurang"})
    told = connection.execute(text("SELECT account_id, kind, about ->> 'comment' FROM app.notice ORDER BY id")).all()
    assert (site.reviewer.id, "submitted", None) in [tuple(row) for row in told]
    assert (site.officer.id, "returned", "Foto kurang") in [tuple(row) for row in told]


def test_returned_update_is_corrected_and_counts_after_all(site: Site) -> None:
    client_id = send(site.at_officer, site, submit=True).json["client_id"]
    returned = site.at_reviewer.post(f"/api/v1/updates/{client_id}/return", json={"comment": "Periksa lagi"})
    assert (returned.json["state"], returned.json["review_comment"]) == ("returned", "Periksa lagi")
    assert approve(site.at_reviewer, client_id).status_code == 409
    corrected = site.at_officer.patch(
        f"/api/v1/updates/{client_id}",
        json={"version": returned.json["version"], "physical_percent": "58,25", "submit": True},
    )
    assert (corrected.json["state"], corrected.json["physical_percent"]) == ("submitted", 58.25)
    assert approve(site.at_reviewer, client_id).json["state"] == "approved"
    published = site.at_reviewer.post(f"/api/v1/updates/{client_id}/publish")
    assert published.json["state"] == "published"
    again = site.at_reviewer.post(f"/api/v1/updates/{client_id}/publish")
    assert again.json["version"] == published.json["version"]


def test_return_needs_words(site: Site) -> None:
    client_id = send(site.at_officer, site, submit=True).json["client_id"]
    answer = site.at_reviewer.post(f"/api/v1/updates/{client_id}/return", json={"comment": "  "})
    assert answer.status_code == 422
    assert "comment" in answer.json["errors"]


def test_percent_is_computed_from_work_items(site: Site, connection: Connection) -> None:
    contract = contract_of(connection, site.id)
    items = [
        make_row(connection, "app.work_item", project_id=site.id, contract_id=contract, position=n, name=name, unit="m3",
                 quantity=quantity, weight_percent=weight)
        for n, (name, quantity, weight) in enumerate([("Galian", 200, 25.0), ("Lapis", 50, 75.0)], 1)
    ]  # fmt: skip
    first = send(
        site.at_officer, site, day="2026-11-10", physical_percent=None, submit=True,
        items=[{"item_id": items[0], "installed": 100}, {"item_id": items[1], "installed": "12,5"}],
    )  # fmt: skip
    assert first.json["physical_percent"] == pytest.approx(25 * 100 / 200 + 75 * 12.5 / 50)  # 31.25
    approve(site.at_reviewer, first.json["client_id"])
    # An item that is not named stays as approved; more than the contract's volume is no more than all of it.
    second = send(site.at_officer, site, physical_percent=None, items=[{"item_id": items[0], "installed": 999}])
    assert second.json["physical_percent"] == pytest.approx(25 + 75 * 12.5 / 50)
    assert {item["item_id"]: item["installed"] for item in second.json["items"]} == {items[0]: 999, items[1]: 12.5}


def test_items_of_another_contract_and_two_answers_are_refused(site: Site, connection: Connection) -> None:
    contract = contract_of(connection, site.id)
    item = make_row(connection, "app.work_item", project_id=site.id, contract_id=contract, position=1, name="Galian",
                    unit="m3", quantity=10, weight_percent=100)  # fmt: skip
    foreign = send(site.at_officer, site, physical_percent=None, items=[{"item_id": item + 999, "installed": 1}])
    assert "items" in foreign.json["errors"]
    both = send(site.at_officer, site, physical_percent=50, items=[{"item_id": item, "installed": 1}])
    assert "10,00%" in both.json["errors"]["physical_percent"]
    twice = send(site.at_officer, site, items=[{"item_id": item, "installed": 1}, {"item_id": item, "installed": 2}])
    assert twice.status_code == 422
    negative = send(site.at_officer, site, physical_percent=None, items=[{"item_id": item, "installed": -1}])
    assert "items.0.installed" in negative.json["errors"]


# What is refused


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"physical_percent": 100.5}, "physical_percent"),
        ({"physical_percent": -1}, "physical_percent"),
        ({"physical_percent": "NaN"}, "physical_percent"),
        ({"physical_percent": None}, "physical_percent"),
        ({"physical_percent": "separuh"}, "physical_percent"),
        ({"day": "2026-11-25"}, "day"),  # tomorrow
        ({"day": "2026-04-30"}, "day"),  # the day before the works began
        ({"day": "2026-10-31"}, "day"),  # of a closed month
        ({"day": "31/02/2026"}, "day"),
        ({"day": None}, "day"),
        ({"workers": -3}, "workers"),
        ({"weather": "salju"}, "weather"),
        ({"obstacle_cause": "cuaca"}, "obstacle_cause"),
        ({"position": {"lon": 181, "lat": 0}}, "position.lon"),
        ({"position": {"lon": 102.9, "lat": -3.1, "at": "0001-01-01T00:00:00+14:00"}}, "position.at"),
        ({"written_at": "9999-12-31T23:59:59-12:00"}, "written_at"),
        ({"written_at": "2026-11-20T08:00:00"}, "written_at"),  # without its zone
        ({"items": "semua"}, "items"),
        ({"client_id": "satu"}, "client_id"),
        ({"position": {"lon": 102.9, "lat": -3.1, "accuracy_m": -5}}, "position.accuracy_m"),
        ({"note": "a\u0000b"}, "note"),
        ({"note": "x" * 5001}, "note"),
        ({"state": "approved"}, "state"),
        ({"obstacles": "Hujan", "submit": True}, "obstacle_cause"),
        ({"obstacle_cause": "contractor", "submit": True}, "obstacles"),
    ],
)
def test_what_cannot_be_is_refused_beside_its_field(
    site: Site, connection: Connection, values: dict[str, Any], field: str
) -> None:
    answer = send(site.at_officer, site, **values)
    assert answer.status_code == 422, answer.json
    assert field in answer.json["errors"], answer.json
    assert answer.json["errors"][field].strip()
    assert connection.scalar(text("SELECT count(*) FROM app.progress_update")) == 0, "nothing is half-saved"


@pytest.mark.parametrize(
    "status", ["planned", "tender", "handed_over", "finished", "terminated", "cancelled", "stopped"]
)
def test_only_a_contract_that_runs_is_reported_on(site: Site, connection: Connection, status: str) -> None:
    connection.execute(text("UPDATE app.project SET status = :s WHERE id = :id"), {"s": status, "id": site.id})
    answer = send(site.at_officer, site)
    assert answer.status_code == 422
    assert "selama kontrak berjalan" in answer.json["detail"]


def test_progress_may_not_fall_without_a_note(site: Site, connection: Connection) -> None:
    make_approved(connection, site.id, date(2026, 11, 13), 62.0, planned_percent=80.0)
    fallen = send(site.at_officer, site, submit=True)
    assert fallen.status_code == 422
    assert "62,00%" in fallen.json["errors"]["physical_percent"]
    noted = send(site.at_officer, site, submit=True, correction_note="Pengukuran ulang bersama konsultan")
    assert noted.status_code == 201
    assert approve(site.at_reviewer, noted.json["client_id"]).status_code == 200
    # From here on the corrected figure is what the next one is held to.
    assert send(site.at_officer, site, day="2026-11-22", physical_percent=61, submit=True).status_code == 201


def test_earlier_day_may_not_exceed_a_later_one(site: Site, connection: Connection) -> None:
    make_approved(connection, site.id, date(2026, 11, 22), 60.0, planned_percent=80.0)
    assert "22 November 2026" in send(site.at_officer, site, submit=True).json["errors"]["physical_percent"]
    assert send(site.at_officer, site, physical_percent=60.0, submit=True).status_code == 201


def test_figure_that_was_imported_counts_as_an_earlier_one(site: Site, connection: Connection) -> None:
    connection.execute(
        text("UPDATE app.project SET physical_percent = 70, progress_date = '2026-11-15' WHERE id = :id"),
        {"id": site.id},
    )
    assert "70,00%" in send(site.at_officer, site, submit=True).json["errors"]["physical_percent"]
    assert "day" in send(site.at_officer, site, day="2026-11-14", physical_percent=71, submit=True).json["errors"]
    assert send(site.at_officer, site, physical_percent=71, submit=True).status_code == 201


def test_fall_that_came_about_meanwhile_is_found_at_approval(site: Site) -> None:
    low = send(site.at_officer, site, physical_percent=50, submit=True).json["client_id"]
    high = send(site.at_colleague, site, day="2026-11-19", physical_percent=55, submit=True).json["client_id"]
    assert approve(site.at_reviewer, high).status_code == 200
    refused = approve(site.at_reviewer, low)
    assert refused.status_code == 422
    assert "catatan koreksi" in refused.json["detail"]


def test_day_is_approved_once(site: Site) -> None:
    first, second = (
        send(client, site, submit=True).json["client_id"] for client in (site.at_officer, site.at_colleague)
    )
    assert approve(site.at_reviewer, first).status_code == 200
    assert "sudah ada laporan" in approve(site.at_reviewer, second).json["detail"]
    assert approve(site.at_reviewer, first).status_code == 409


def test_nobody_approves_what_he_wrote_or_corrected(app: Flask, site: Site, connection: Connection) -> None:
    both = make_account(connection, "reviewer")
    connection.execute(
        text("INSERT INTO app.account_role SELECT :id, id FROM app.role WHERE name = 'field_officer'"), {"id": both.id}
    )
    client = sign_in(app.test_client(), both)
    own = send(client, site, submit=True).json["client_id"]
    assert approve(client, own).status_code == 403
    others = send(site.at_officer, site, day="2026-11-21", submit=True).json
    client.patch(f"/api/v1/updates/{others['client_id']}", json={"version": 2, "physical_percent": 61})
    assert approve(client, others["client_id"]).status_code == 403
    assert approve(site.at_reviewer, others["client_id"]).status_code == 200


@pytest.mark.parametrize(
    "role", ["field_officer", "ppk", "treasurer", "leader", "planner", "gis_operator", "administrator"]
)
def test_only_reviewers_approve(app: Flask, site: Site, connection: Connection, role: str) -> None:
    client_id = send(site.at_officer, site, submit=True).json["client_id"]
    other = sign_in(app.test_client(), make_account(connection, role))
    assert approve(other, client_id).status_code == 403
    assert approve(app.test_client(), client_id).status_code == 401


def test_officer_of_another_area_reports_nothing_here(app: Flask, site: Site, connection: Connection) -> None:
    stranger = sign_in(app.test_client(), make_account(connection, "field_officer", area="16.05.99"))
    assert send(stranger, site).status_code == 403
    client_id = send(site.at_officer, site).json["client_id"]
    assert stranger.get(f"/api/v1/updates/{client_id}").status_code == 403
    assert stranger.get(f"/updates/{client_id}").status_code == 403


def test_unknown_package_and_update_are_not_found(site: Site) -> None:
    assert site.at_officer.post("/api/v1/projects/tidak-ada/updates", json=body()).status_code == 404
    assert site.at_officer.get(f"/api/v1/updates/{uuid4()}").status_code == 404
    assert site.at_officer.get("/packages/tidak-ada/updates/new").status_code == 404


# Months


@pytest.mark.parametrize(
    ("day", "cutoff", "closes"),
    [
        (date(2026, 10, 31), 5, date(2026, 11, 5)),
        (date(2026, 12, 1), 5, date(2027, 1, 5)),
        (date(2027, 1, 31), 31, date(2027, 2, 28)),
    ],
)
def test_month_closes_after_the_cut_off_day_of_the_next(day: date, cutoff: int, closes: date) -> None:
    assert last_open_day(day, cutoff=cutoff) == closes


def test_month_is_open_on_the_cut_off_day_and_closed_after_it(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    from app.progress import update_routes

    for now, status in ((date(2026, 12, 5), 201), (date(2026, 12, 6), 422)):
        monkeypatch.setattr(update_routes, "today_in", lambda _zone, now=now: now)
        assert send(site.at_officer, site, day="2026-11-30").status_code == status


def test_closed_month_opens_again_only_by_an_administrator_and_on_record(
    app: Flask, site: Site, connection: Connection
) -> None:
    wanted = {"month": "2026-10", "reason": "Berita acara terlambat", "until": "2099-01-01T00:00", "project": site.code}
    assert site.at_reviewer.post("/api/v1/periods/unlock", json=wanted).status_code == 403
    admin = make_account(connection, "administrator")
    at_admin = sign_in(app.test_client(), admin)
    assert at_admin.post("/api/v1/periods/unlock", json={**wanted, "reason": " "}).status_code == 422
    assert at_admin.post("/api/v1/periods/unlock", json={**wanted, "month": "2026-11"}).status_code == 422
    for until in ("2020-01-01T00:00", "9999-12-31T23:59-12:00", "besok"):
        assert at_admin.post("/api/v1/periods/unlock", json={**wanted, "until": until}).status_code == 422
    made = at_admin.post("/api/v1/periods/unlock", json=wanted)
    assert (made.status_code, made.json["actor"], made.json["month"]) == (201, admin.email, "2026-10")

    late = send(site.at_officer, site, day="2026-10-30", submit=True)
    assert late.status_code == 201, late.json
    assert approve(site.at_reviewer, late.json["client_id"]).status_code == 200
    assert made.json["reason"] in at_admin.get("/periods").text
    assert connection.scalar(text("SELECT count(*) FROM app.audit WHERE subject = 'period_unlock'")) == 1


def test_approval_and_correction_in_a_closed_month_are_refused(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    from app.progress import update_routes

    sent = send(site.at_officer, site, submit=True).json
    monkeypatch.setattr(update_routes, "today_in", lambda _zone: date(2026, 12, 6))
    refused = approve(site.at_reviewer, sent["client_id"])
    assert refused.status_code == 422
    assert "ditutup" in refused.json["detail"]
    moved = {"version": sent["version"], "day": "2026-12-01"}  # out of the closed month is a change of it too
    assert site.at_officer.patch(f"/api/v1/updates/{sent['client_id']}", json=moved).status_code == 422


# Twice, and two at once


def test_same_update_sent_twice_is_one(site: Site, connection: Connection) -> None:
    content = body(submit=True, note="Pengaspalan", position={"lon": 102.95, "lat": -3.15, "accuracy_m": 8})
    address = f"/api/v1/projects/{site.code}/updates"
    first, second = (site.at_officer.post(address, json=content) for _ in range(2))
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json == second.json
    approve(site.at_reviewer, content["client_id"])
    assert site.at_officer.post(address, json=content).json["state"] == "approved", "the phone learns that it arrived"
    other = site.at_officer.post(address, json={**content, "note": "Lain"})
    assert other.status_code == 409
    assert other.json["current"]["note"] == "Pengaspalan"
    assert site.at_colleague.post(address, json=content).status_code == 422, "the name is taken by another's update"
    assert connection.scalar(text("SELECT count(*) FROM app.progress_update")) == 1


def test_idempotency_key_answers_alike_without_client_id(site: Site, connection: Connection) -> None:
    content = {"day": "2026-11-20", "physical_percent": 40}
    address, headers = f"/api/v1/projects/{site.code}/updates", {"Idempotency-Key": "sekali-saja"}
    first, second = (site.at_officer.post(address, json=content, headers=headers) for _ in range(2))
    assert first.json == second.json
    assert connection.scalar(text("SELECT count(*) FROM app.progress_update")) == 1


def test_two_editors_at_once_lose_nothing(site: Site, connection: Connection) -> None:
    draft = send(site.at_officer, site, note="Awal").json
    address = f"/api/v1/updates/{draft['client_id']}"
    assert site.at_officer.patch(address, json={"version": 1, "note": "Dari petugas"}).status_code == 200
    late = site.at_colleague.patch(address, json={"version": 1, "note": "Dari rekan"})
    assert late.status_code == 409
    assert late.json["current"]["note"] == "Dari petugas"
    assert late.json["current"]["version"] == 2
    kept = connection.scalar(text("SELECT note FROM app.progress_update"))
    assert kept == "Dari petugas"
    assert connection.scalar(text("SELECT note FROM history.progress_update")) == "Awal"


def test_conflict_page_shows_both_texts_and_keeps_what_is_picked(site: Site) -> None:
    draft = send(site.at_officer, site, note="Awal", workers=10).json
    page = f"/updates/{draft['client_id']}"
    form = form_of(site.at_colleague.get(page).text)
    mine = {**form, "note": "Dari rekan <b>", "workers": "25"}
    site.at_officer.patch(f"/api/v1{page}", json={"version": 1, "note": "Dari petugas", "workers": 12})
    clash = site.at_colleague.post(page, data={**mine, "submit": "false"})
    assert clash.status_code == 409
    assert "Dari petugas" in clash.text
    assert "Dari rekan &lt;b&gt;" in clash.text

    again = form_of(clash.text)
    merged = site.at_colleague.post(
        page,
        data={
            **again,
            "note": "Dari petugas dan rekan",
            "pick.note": "mine",
            "pick.workers": "theirs",
            "submit": "true",
        },
    )
    assert merged.status_code == 303, merged.text
    kept = site.at_officer.get(f"/api/v1{page}").json
    assert (kept["note"], kept["workers"], kept["state"]) == ("Dari petugas dan rekan", 12, "submitted")
    assert (kept["physical_percent"], kept["edited_by"]) == (60.5, site.colleague.email)


def test_reviewer_decides_only_on_the_text_he_saw(site: Site) -> None:
    sent = send(site.at_officer, site, submit=True).json
    site.at_officer.patch(f"/api/v1/updates/{sent['client_id']}", json={"version": 2, "physical_percent": 61})
    assert approve(site.at_reviewer, sent["client_id"], version=2).status_code == 409
    page = site.at_reviewer.post(f"/review/{sent['client_id']}/approve", data={"version": "2"})
    assert page.status_code == 409
    assert "61,00%" in page.text
    assert site.at_reviewer.post(f"/review/{sent['client_id']}/approve", data={"version": "3"}).status_code == 303


# Pages


TEXTAREA = re.compile(r'<textarea[^>]* name="([^"]+)"[^>]*>([^<]*)</textarea>')


def form_of(page: str) -> dict[str, str]:
    """Return the fields of a page's only form as a browser would send them, without radios and buttons."""
    form = page[page.index("<form", page.index("staff-links")) :]
    fields: dict[str, str] = {}
    for tag in re.findall(r"<input [^>]+>", form):
        kind, name, value = (re.search(rf'\b{part}="([^"]*)"', tag) for part in ("type", "name", "value"))
        if name and (kind is None or kind[1] not in {"radio", "file", "checkbox"}):
            fields[name[1]] = value[1] if value else ""
        elif name and kind and kind[1] == "radio" and " checked" in tag and value:
            fields[name[1]] = value[1]
    fields |= dict(TEXTAREA.findall(form))
    fields.pop("q", None)
    return fields


def test_plain_form_sends_an_update_with_its_photos(site: Site, connection: Connection) -> None:
    page = f"/packages/{site.code}/updates/new"
    shown = site.at_officer.get(page)
    assert 'id="update-form"' in shown.text
    assert 'data-project-code="JLN-7"' in shown.text
    for part in ("photos", "position", "outbox"):
        assert f'data-part="{part}"' in shown.text
    form = MultiDict({**form_of(shown.text), "physical_percent": "48,2", "weather": "rain", "submit": "true"})
    form["position.lon"], form["position.lat"], form["position.accuracy_m"] = "102.955", "-3.145", "6"
    spot = connection.scalar(
        text("INSERT INTO app.viewpoint (project_id, name) SELECT id, 'Ujung jembatan' FROM app.project RETURNING id")
    )
    assert "Ujung jembatan" in site.at_officer.get(page).text
    form["photos.moment"], form["photos.viewpoint_id"] = "after", str(spot)
    form.setlist("photos", [(BytesIO(jpeg(seed=n)), f"foto{n}.jpg") for n in (1, 2)])
    sent = site.at_officer.post(page, data=form, content_type="multipart/form-data")
    assert sent.status_code == 303, sent.text
    kept = connection.execute(
        text("SELECT physical_percent, weather, state, ST_X(position), accuracy_m FROM app.progress_update")
    ).one()
    assert tuple(kept) == (48.2, "rain", "submitted", 102.955, 6)
    photos = connection.execute(text("SELECT ST_Y(position), accuracy_m, moment, viewpoint_id FROM app.photo")).all()
    assert [tuple(row) for row in photos] == [(-3.145, 6, "after", spot), (-3.145, 6, "after", spot)]
    assert "menunggu pemeriksaan" in site.at_officer.get(sent.headers["Location"]).text
    review = site.at_reviewer.get("/review").text
    assert "48,20%" in review
    one = site.at_reviewer.get(sent.headers["Location"].replace("/updates/", "/review/")).text
    assert one.count("/thumbnail") == 2


@pytest.mark.parametrize("content", [b"bukan foto", b"", b"\xff\xd8\xff\xe0rusak"])
def test_bad_photo_saves_nothing_and_keeps_the_text(site: Site, connection: Connection, content: bytes) -> None:
    page = f"/packages/{site.code}/updates/new"
    form = MultiDict({**form_of(site.at_officer.get(page).text), "physical_percent": "48,2", "note": "Panjang sekali"})
    form.setlist("photos", [(BytesIO(jpeg(seed=1)), "baik.jpg"), (BytesIO(content), "rusak.jpg")])
    answer = site.at_officer.post(page, data=form, content_type="multipart/form-data")
    assert answer.status_code == 422
    assert "rusak.jpg" in answer.text
    assert "Panjang sekali" in answer.text
    assert 'value="48,2"' in answer.text
    assert connection.scalar(text("SELECT count(*) FROM app.progress_update")) == 0
    assert connection.scalar(text("SELECT count(*) FROM app.photo")) == 0


def test_photo_of_60_mb_loses_no_text(site: Site) -> None:
    page = f"/packages/{site.code}/updates/new"
    form = MultiDict({**form_of(site.at_officer.get(page).text), "physical_percent": "48,2", "note": "Panjang sekali"})
    form["photos"] = (BytesIO(b"\xff\xd8" + bytes(70 * 1024 * 1024)), "besar.jpg")
    answer = site.at_officer.post(page, data=form, content_type="multipart/form-data")
    assert answer.status_code == 422
    assert "besar.jpg" in answer.text
    assert "Panjang sekali" in answer.text


def test_wrong_form_comes_back_filled_with_the_sentence_beside_its_field(site: Site) -> None:
    page = f"/packages/{site.code}/updates/new"
    form = {
        **form_of(site.at_officer.get(page).text),
        "physical_percent": "148",
        "note": "Tetap ada",
        "weather": "clear",
    }
    answer = site.at_officer.post(page, data=form)
    assert answer.status_code == 422
    assert 'id="field-physical_percent-error"' in answer.text
    assert "Tetap ada" in answer.text
    assert re.search(r'value="clear" checked', answer.text)


def test_page_of_an_approved_update_is_no_form(site: Site) -> None:
    sent = send(site.at_officer, site, submit=True).json
    assert "update-form" in site.at_officer.get(f"/updates/{sent['client_id']}").text
    approve(site.at_reviewer, sent["client_id"])
    page = site.at_officer.get(f"/updates/{sent['client_id']}")
    assert "update-form" not in page.text
    assert "60,50%" in page.text
    assert site.at_officer.post(f"/updates/{sent['client_id']}", data={"version": "3", "note": "x"}).status_code == 409
    assert "Disetujui" in site.at_officer.get(f"/packages/{site.code}/updates").text


def test_review_leads_from_one_to_the_next_oldest_first(site: Site) -> None:
    first = send(site.at_officer, site, day="2026-11-19", submit=True).json["client_id"]
    second = send(site.at_officer, site, submit=True).json["client_id"]
    listed = site.at_reviewer.get("/review").text
    assert listed.index(first) < listed.index(second)
    after = site.at_reviewer.post(f"/review/{first}/approve", data={"comment": ""})
    assert after.headers["Location"].endswith(second)
    returned = site.at_reviewer.post(f"/review/{second}/return", data={"comment": ""})
    assert returned.status_code == 422
    assert site.at_officer.get("/review").status_code == 403


# A session that ends in the middle of the form


def test_text_outlives_the_session_and_comes_back_to_its_writer_alone(
    app: Flask, site: Site, connection: Connection
) -> None:
    page = f"/packages/{site.code}/updates/new"
    client = site.at_officer
    form = form_of(client.get(page).text)
    assert form["kept_ticket"]
    typed = {**form, "physical_percent": "51,7", "note": "Dua jam menulis", "obstacles": "Hujan", "weather": "rain"}
    with client.session_transaction() as session:
        session.clear()
    answer = client.post(page, data=typed)
    assert answer.status_code == 303
    assert answer.headers["Location"].startswith("/login?next=")
    assert connection.scalar(text("SELECT count(*) FROM app.progress_update")) == 0
    assert "Isian Anda disimpan" in client.get(answer.headers["Location"]).text

    assert "Dua jam menulis" not in site.at_colleague.get(page).text
    back = sign_in(client, site.officer).get(page).text
    restored = form_of(back)
    for name in ("physical_percent", "note", "obstacles", "weather", "client_id"):
        assert restored[name] == typed[name]
    sent = client.post(page, data={**restored, "obstacle_cause": "force_majeure", "submit": "true"})
    assert sent.status_code == 303
    assert "Dua jam menulis" not in client.get(page).text, "what was sent is kept no longer"
    assert connection.scalar(text("SELECT count(*) FROM app.kept_form")) == 0


def test_forged_ticket_keeps_nothing(app: Flask, site: Site, connection: Connection) -> None:
    for ticket in ("", "1.x.y", "WzEsIi8iXQ.abc.def"):
        answer = app.test_client().post(f"/packages/{site.code}/updates/new", data={"note": "x", "kept_ticket": ticket})
        assert answer.status_code == 401
    assert connection.scalar(text("SELECT count(*) FROM app.kept_form")) == 0


def test_token_of_an_earlier_session_loses_no_text(app: Flask, site: Site) -> None:
    app.config["WTF_CSRF_ENABLED"] = True
    page = f"/packages/{site.code}/updates/new"
    form = {**form_of(site.at_officer.get(page).text), "note": "Tab kedua", "physical_percent": "10"}
    with site.at_officer.session_transaction() as session:
        session.pop("csrf_token")
    answer = site.at_officer.post(page, data=form)
    assert (answer.status_code, answer.headers["Location"]) == (303, page)
    shown = site.at_officer.get(page).text
    assert "Sesi Anda telah berganti" in shown
    assert "Tab kedua" in shown
    assert site.at_officer.post(page, data=form_of(shown)).status_code == 303


def test_scripts_with_a_token_of_their_own_report_too(app: Flask, site: Site, connection: Connection) -> None:
    client, headers = app.test_client(), bearer(connection, site.officer)
    answer = client.post(f"/api/v1/projects/{site.code}/updates", json=body(), headers=headers)
    assert (answer.status_code, answer.json["author"]) == (201, site.officer.email)


def test_two_years_of_weeks_are_listed_without_a_query_each(site: Site, connection: Connection) -> None:
    for week in range(20):
        make_approved(connection, site.id, date(2026, 5, 2) + timedelta(weeks=week), float(week), planned_percent=week)
    page = site.at_officer.get(f"/packages/{site.code}/updates").text
    assert page.count("update-state-approved") == 20


def test_person_signs_in_with_password_and_finds_the_text_again(app: Flask, site: Site, connection: Connection) -> None:
    """The whole way, without scripts: the session lies idle too long, the form is sent, the person signs in, the text is there."""
    with app.app_context(), app.test_request_context():
        hashed = hash_password("kata sandi petugas lapangan")
    connection.execute(
        text("UPDATE app.account SET password = :hash, must_change_password = false WHERE id = :id"),
        {"hash": hashed, "id": site.officer.id},
    )
    page = f"/packages/{site.code}/updates/new"
    typed = {**form_of(site.at_officer.get(page).text), "physical_percent": "51,7", "note": "Dua jam menulis"}
    connection.execute(text("UPDATE app.sign_in SET seen_at = now() - interval '3 days' WHERE account_id = :id"),
                       {"id": site.officer.id})  # fmt: skip
    answer = site.at_officer.post(page, data=typed)
    login = answer.headers["Location"]
    assert (answer.status_code, login.startswith("/login?next=")) == (303, True)
    signed_in = site.at_officer.post(
        login, data={"email": site.officer.email, "password": "kata sandi petugas lapangan"}
    )
    assert (signed_in.status_code, signed_in.headers["Location"]) == (302, page)
    assert form_of(site.at_officer.get(page).text)["note"] == "Dua jam menulis"


def test_new_percent_is_in_the_tile_within_a_second(app: Flask, site: Site) -> None:
    visitor = app.test_client()
    sent = send(site.at_officer, site, physical_percent=73.25, submit=True).json
    began = time.perf_counter()
    approve(site.at_reviewer, sent["client_id"])
    tile = visitor.get("/tiles/projects/14/12877/8335.mvt").data
    assert time.perf_counter() - began < 1
    (feature,) = mapbox_vector_tile.decode(tile)["projects"]["features"]
    assert feature["properties"]["physical_percent"] == 73.25


def test_any_form_of_the_staff_outlives_its_session(app: Flask, site: Site, connection: Connection) -> None:
    admin = make_account(connection, "administrator")
    client = sign_in(app.test_client(), admin)
    page = "/periods?month=2026-10"
    typed = {**form_of(client.get(page).text), "reason": "Hujan sebulan penuh", "project": site.code}
    with client.session_transaction() as session:
        session.clear()
    assert client.post("/periods", data=typed).headers["Location"] == "/login?next=/periods?month%3D2026-10"
    back = form_of(sign_in(client, admin).get(page).text)
    assert (back["reason"], back["project"], back["month"]) == ("Hujan sebulan penuh", site.code, "2026-10")
    assert client.post("/periods", data=back).status_code == 303
    assert connection.scalar(text("SELECT count(*) FROM app.kept_form")) == 0


def test_words_are_public_only_once_published_and_obstacles_never(
    app: Flask, site: Site, reader_connection: Connection
) -> None:
    visitor, page = app.test_client(), f"/projects/{site.code}"
    sent = send(site.at_officer, site, submit=True, weather="rain", note="Laston <i>STA</i> 0+400", workers=14,
                obstacles="Lahan belum bebas", obstacle_cause="employer").json  # fmt: skip
    approve(site.at_reviewer, sent["client_id"])
    approved = visitor.get(page).text
    assert "60,5%" in approved
    assert "Laston" not in approved
    site.at_reviewer.post(f"/api/v1/updates/{sent['client_id']}/publish")
    published = visitor.get(page).text
    assert "Laston &lt;i&gt;STA&lt;/i&gt; 0+400" in published
    for hidden in ("Lahan belum bebas", site.officer.email):
        assert hidden not in published
    for statement in ("SELECT obstacles FROM app.public_update", "SELECT note FROM app.progress_update"):
        with pytest.raises(ProgrammingError), reader_connection.begin_nested():
            reader_connection.execute(text(statement))


def test_who_corrected_it_before_another_did_does_not_approve_it(
    app: Flask, connection: Connection, site: Site
) -> None:
    both = make_account(connection, "reviewer")
    connection.execute(
        text("INSERT INTO app.account_role SELECT :id, id FROM app.role WHERE name = 'field_officer'"), {"id": both.id}
    )
    at_both = sign_in(app.test_client(), both)
    sent = {"day": "2026-11-20", "physical_percent": 40, "submit": True}
    made = site.at_officer.post(f"/api/v1/projects/{site.code}/updates", json=sent).json
    address = f"/api/v1/updates/{made['client_id']}"
    version = made["version"]
    for client, percent in ((at_both, 80), (site.at_officer, 79)):
        changed = client.patch(address, json={"version": version, "physical_percent": percent})
        assert changed.status_code == 200, changed.json
        version = changed.json["version"]
    assert at_both.post(f"{address}/approve").status_code == 403
    assert site.at_reviewer.post(f"{address}/approve").status_code == 200


def test_month_of_all_packages_is_opened_by_nobody_with_limits(app: Flask, connection: Connection, site: Site) -> None:
    limited = sign_in(app.test_client(), make_account(connection, "administrator", area="16.05.09"))
    sent = {"month": "2026-09", "reason": "Koreksi", "until": "2026-12-31T00:00"}
    assert limited.post("/api/v1/periods/unlock", json=sent).status_code == 403
    assert limited.post("/api/v1/periods/unlock", json={**sent, "project": site.code}).status_code == 201
