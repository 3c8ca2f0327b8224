"""Photos over HTTP: receipts, who may see and decide what, and the pages."""

from __future__ import annotations

import datetime as dt
import json
import re
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import Connection, Row, create_engine, text
from sqlalchemy.pool import NullPool

from app.database.roles import DatabaseUrls
from app.photos.sizes import FORMATS, encode_size, photo_sources
from layers.rules import seed_rules
from tests.helpers.factories import make_project, make_region, make_row
from tests.helpers.people import make_account, sign_in
from tests.helpers.pictures import HEIC, jpeg, picture, png_bomb

ON_SITE = {"lon": "102.955", "lat": "-3.145", "accuracy_m": "8"}


@pytest.fixture
def project(connection: Connection) -> Row[Any]:
    make_region(connection)
    seed_rules(connection)
    project_id = make_project(connection, code="2026-JLN-001", name="Peningkatan Jalan Merdeka")
    return connection.execute(text("SELECT id, code, name FROM app.project WHERE id = :id"), {"id": project_id}).one()


@pytest.fixture
def officer(app: Flask, connection: Connection) -> FlaskClient:
    return sign_in(app.test_client(), make_account(connection, "field_officer"))


@pytest.fixture
def reviewer(app: Flask, connection: Connection) -> FlaskClient:
    return sign_in(app.test_client(), make_account(connection, "reviewer"))


def make_update(connection: Connection, project_id: int) -> UUID:
    client_id = uuid4()
    make_row(
        connection,
        "app.progress_update",
        project_id=project_id,
        client_id=client_id,
        day=dt.datetime.now(dt.UTC).date(),
        physical_percent=40,
    )
    return client_id


def send(client: FlaskClient, update: UUID, photo: UUID, content: bytes, **fields: str) -> Any:
    return client.put(
        f"/api/v1/updates/{update}/photos/{photo}",
        data={"file": (BytesIO(content), "foto.jpg"), **fields},
        content_type="multipart/form-data",
    )


def sent_photo(connection: Connection, officer: FlaskClient, project: Row[Any], content: bytes | None = None) -> UUID:
    client_id = uuid4()
    answer = send(officer, make_update(connection, project.id), client_id, content or jpeg())
    assert answer.status_code == 201, answer.get_data(as_text=True)
    return client_id


def row(connection: Connection, client_id: UUID) -> Row[Any]:
    return connection.execute(text("SELECT * FROM app.photo WHERE client_id = :id"), {"id": client_id}).one()


def test_receipt_then_the_same_receipt_then_conflict(
    connection: Connection, officer: FlaskClient, project: Row[Any]
) -> None:
    update, photo, content = make_update(connection, project.id), uuid4(), jpeg()
    taken = dt.datetime.now(dt.UTC).isoformat()
    first = send(officer, update, photo, content, **ON_SITE, taken_at=taken)
    assert first.status_code == 201, first.get_data(as_text=True)
    again = send(officer, update, photo, content, **ON_SITE, taken_at=taken)
    assert (again.status_code, again.json) == (200, first.json)
    assert send(officer, update, photo, jpeg(seed=9)).status_code == 409
    kept = row(connection, photo)
    assert first.json == {"client_id": str(photo), "hash": kept.original_hash, "bytes": len(content)}
    assert kept.grade == "consistent"
    assert kept.author.startswith("field_officer")


def test_photo_of_an_update_that_has_not_arrived_is_not_found(officer: FlaskClient, project: Row[Any]) -> None:
    answer = send(officer, uuid4(), uuid4(), jpeg())
    assert answer.status_code == 404
    assert "Kirim laporannya dahulu" in answer.json["detail"]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"bukan foto", "bukan foto yang dapat dibaca"),
        (png_bomb(), "lebih dari 80 juta piksel"),
        (jpeg() + bytes(60_000_000), "60 MB; paling besar 25 MB"),
        (jpeg()[:3000], "rusak atau tidak lengkap"),
    ],
    ids=["text", "bomb", "60 MB", "torn"],
)
def test_bad_files_are_refused_beside_the_field(
    connection: Connection, officer: FlaskClient, project: Row[Any], content: bytes, sentence: str
) -> None:
    answer = send(officer, make_update(connection, project.id), uuid4(), content)
    assert answer.status_code == 422
    assert sentence in answer.json["errors"]["file"]
    assert connection.scalar(text("SELECT count(*) FROM app.photo")) == 0


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"lon": "200", "lat": "-3"}, "lon"),
        ({"lon": "102"}, ""),
        ({"taken_at": "kemarin"}, "taken_at"),
        ({"taken_at": "2026-11-20T09:00:00"}, "taken_at"),
        ({"accuracy_m": "-1"}, "accuracy_m"),
        ({"moment": "later"}, "moment"),
        ({"state": "published"}, "state"),
    ],
)
def test_bad_fields_are_named(
    connection: Connection, officer: FlaskClient, project: Row[Any], fields: dict[str, str], wrong: str
) -> None:
    answer = send(officer, make_update(connection, project.id), uuid4(), jpeg(), **fields)
    assert answer.status_code == 422
    assert set(answer.json["errors"]) == {wrong}


def test_who_may_do_what(
    app: Flask, connection: Connection, officer: FlaskClient, reviewer: FlaskClient, project: Row[Any]
) -> None:
    photo = sent_photo(connection, officer, project)
    outsider = sign_in(app.test_client(), make_account(connection, "field_officer", area="16.06"))
    public = app.test_client()
    update = make_update(connection, project.id)
    assert send(public, update, uuid4(), jpeg()).status_code == 401
    assert send(outsider, update, uuid4(), jpeg()).status_code == 403
    assert send(reviewer, update, uuid4(), jpeg()).status_code == 403
    for kind in ("thumbnail", "view", "original"):
        assert officer.get(f"/photos/{photo}/{kind}").status_code == 200
        assert outsider.get(f"/photos/{photo}/{kind}").status_code == 403
        assert public.get(f"/photos/{photo}/{kind}").status_code in {302, 401}
    assert officer.get(f"/photos/{photo}/review").status_code == 403
    assert officer.post(f"/api/v1/photos/{photo}/publish", json={"version": 1}).status_code == 403
    assert officer.patch(f"/api/v1/photos/{photo}", json={"version": 1, "blur": []}).status_code == 403
    assert officer.patch(f"/api/v1/photos/{photo}", json={"version": 1, "caption": "Galian"}).status_code == 200
    assert reviewer.post(f"/api/v1/photos/{photo}/publish", json={"version": 2}).status_code == 200
    assert officer.patch(f"/api/v1/photos/{photo}", json={"version": 3, "caption": "Lain"}).status_code == 403


def test_original_is_a_download_and_is_not_cached(
    connection: Connection, officer: FlaskClient, project: Row[Any]
) -> None:
    photo = sent_photo(connection, officer, project, HEIC)
    answer = officer.get(f"/photos/{photo}/original")
    assert answer.data == HEIC
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{photo}.heic"'
    assert "private" in answer.headers["Cache-Control"]
    view = officer.get(f"/photos/{photo}/view")
    assert (view.mimetype, Image.open(BytesIO(view.data)).size) == ("image/jpeg", (64, 96))
    assert officer.get(f"/photos/{photo}/view", headers={"If-None-Match": view.headers["ETag"]}).status_code == 304


def test_public_sees_a_photo_while_it_is_published_and_no_other_file(
    app: Flask, connection: Connection, officer: FlaskClient, reviewer: FlaskClient, project: Row[Any]
) -> None:
    photo, public = sent_photo(connection, officer, project), app.test_client()
    pending = row(connection, photo)
    for file_hash in (
        pending.original_hash,
        pending.view_hash,
        pending.thumbnail_hash,
        "0" * 64,
        "..",
        "%2e%2e%2fsecret_key",
    ):
        assert public.get(f"/photos/public/{file_hash}.jpg").status_code == 404
    assert public.get(f"/api/v1/projects/{project.code}/photos").json == {"photos": []}
    assert "Foto pekerjaan" not in public.get(f"/projects/{project.code}").get_data(as_text=True)

    blurred = reviewer.patch(f"/api/v1/photos/{photo}", json={"version": 1, "blur": [[0.1, 0.1, 0.5, 0.5]]})
    assert (
        reviewer.post(f"/api/v1/photos/{photo}/publish", json={"version": blurred.json["version"]}).status_code == 200
    )
    listed = public.get(f"/api/v1/projects/{project.code}/photos").json["photos"]
    assert [set(one) for one in listed] == [
        {"moment", "viewpoint", "caption", "taken_at", "width", "height", "picture", "thumbnail"}
    ]
    answer = public.get(listed[0]["picture"])
    assert (answer.status_code, answer.mimetype) == (200, "image/jpeg")
    assert "public" in answer.headers["Cache-Control"]
    assert "immutable" in answer.headers["Cache-Control"]
    assert public.get(row(connection, photo).original_hash).status_code == 404
    page = public.get(f"/projects/{project.code}").get_data(as_text=True)
    assert listed[0]["picture"].removeprefix("http://localhost") in page or listed[0]["thumbnail"] in page

    version = row(connection, photo).version
    assert reviewer.post(f"/api/v1/photos/{photo}/withhold", json={"version": version}).status_code == 200
    assert public.get(listed[0]["picture"]).status_code == 404
    assert "Foto pekerjaan" not in public.get(f"/projects/{project.code}").get_data(as_text=True)


def test_stale_version_is_answered_with_the_current_state(
    connection: Connection, officer: FlaskClient, reviewer: FlaskClient, project: Row[Any]
) -> None:
    photo = sent_photo(connection, officer, project)
    assert reviewer.patch(f"/api/v1/photos/{photo}", json={"version": 1, "caption": "Satu"}).status_code == 200
    answer = reviewer.patch(f"/api/v1/photos/{photo}", json={"version": 1, "caption": "Dua"})
    assert answer.status_code == 409
    assert (answer.json["current"]["caption"], answer.json["current"]["version"]) == ("Satu", 2)


@pytest.mark.parametrize(
    "blur",
    [[[0.5, 0.5, 0, 0.1]], [[-0.1, 0, 0.5, 0.5]], [[0, 0, 2, 1]], [[0, 0, 1]], [["a", 0, 1, 1]], [[0, 0, 1, 1]] * 61],
)
def test_impossible_boxes_are_refused(
    connection: Connection, officer: FlaskClient, reviewer: FlaskClient, project: Row[Any], blur: Any
) -> None:
    photo = sent_photo(connection, officer, project)
    assert reviewer.patch(f"/api/v1/photos/{photo}", json={"version": 1, "blur": blur}).status_code == 422
    assert row(connection, photo).version == 1


def test_review_page_works_without_scripts(
    connection: Connection, officer: FlaskClient, reviewer: FlaskClient, project: Row[Any]
) -> None:
    photo = sent_photo(connection, officer, project)
    page = reviewer.get(f"/photos/{photo}/review").get_data(as_text=True)
    assert f"/photos/{photo}/view" in page
    assert page.count('name="blur_left"') == 3
    form = {
        "version": "1",
        "action": "publish",
        "moment": "before",
        "caption": "Sebelum digali",
        "viewpoint_name": "Dari simpang",
        "blur_left": ["10", "", ""],
        "blur_top": ["20,5", "", ""],
        "blur_width": ["30", "", ""],
        "blur_height": ["40", "", ""],
    }
    answer = reviewer.post(f"/photos/{photo}/review", data=form)
    assert answer.status_code == 302
    kept = row(connection, photo)
    assert (kept.state, kept.moment, kept.caption) == ("published", "before", "Sebelum digali")
    assert kept.blur == [[0.1, 0.205, 0.3, 0.4]]
    assert kept.viewpoint_id is not None


def test_decision_leads_to_the_next_photo_that_waits(
    connection: Connection, officer: FlaskClient, reviewer: FlaskClient, project: Row[Any]
) -> None:
    first, second = (sent_photo(connection, officer, project, jpeg(seed=seed)) for seed in (41, 42))
    form = {"version": "1", "moment": "during", "action": "publish"}
    answer = reviewer.post(f"/photos/{first}/review", data=form)
    assert answer.headers["Location"] == f"/photos/{second}/review"
    answer = reviewer.post(f"/photos/{second}/review", data=form | {"action": "withhold"})
    assert answer.headers["Location"] == f"/packages/{project.code}/photos"
    assert row(connection, second).state == "withheld"


def test_review_form_keeps_what_was_typed_when_it_is_wrong_or_late(
    connection: Connection, officer: FlaskClient, reviewer: FlaskClient, project: Row[Any]
) -> None:
    photo = sent_photo(connection, officer, project)
    form: dict[str, Any] = {"version": "1", "action": "save", "moment": "during", "caption": "Tulisan saya"}
    wrong = reviewer.post(
        f"/photos/{photo}/review",
        data=form | {"blur_left": "10", "blur_top": "20", "blur_width": "", "blur_height": "40"},
    )
    assert wrong.status_code == 422
    text_of = wrong.get_data(as_text=True)
    assert "Isi keempat angka" in text_of
    assert 'value="Tulisan saya"' in text_of
    assert 'name="blur_left" type="number" min="0" max="100" step="any" inputmode="decimal" value="10"' in text_of

    reviewer.patch(f"/api/v1/photos/{photo}", json={"version": 1, "caption": "Orang lain"})
    late = reviewer.post(f"/photos/{photo}/review", data=form)
    assert late.status_code == 409
    text_of = late.get_data(as_text=True)
    assert "Orang lain sudah mengubah foto ini" in text_of
    assert "<dd>Orang lain</dd>" in text_of
    assert 'value="Tulisan saya"' in text_of
    assert 'name="version" value="2"' in text_of
    assert reviewer.post(f"/photos/{photo}/review", data=form | {"version": "2"}).status_code == 302
    assert row(connection, photo).caption == "Tulisan saya"


def test_package_page_takes_several_photos_at_once_and_all_or_none(
    connection: Connection, officer: FlaskClient, project: Row[Any]
) -> None:
    page = officer.get(f"/packages/{project.code}/photos").get_data(as_text=True)
    form_id = re.search(r'name="client_id" value="([0-9a-f-]{36})"', page).group(1)  # type: ignore[union-attr]

    def upload(*contents: bytes) -> Any:
        files = [(BytesIO(content), f"{number}.jpg") for number, content in enumerate(contents)]
        return officer.post(
            f"/packages/{project.code}/photos",
            data={"client_id": form_id, "moment": "before", "viewpoint_name": "Dari simpang", "files": files},
            content_type="multipart/form-data",
        )

    refused = upload(jpeg(seed=1), b"bukan foto")
    assert refused.status_code == 422
    assert "1.jpg: Berkas ini bukan foto" in refused.get_data(as_text=True)
    assert 'value="Dari simpang"' in refused.get_data(as_text=True)
    assert connection.scalar(text("SELECT count(*) FROM app.photo")) == 0
    for _ in range(2):
        assert upload(jpeg(seed=1), jpeg(seed=2)).status_code == 302
    assert connection.scalar(text("SELECT count(*) FROM app.photo")) == 2
    shown = officer.get(f"/packages/{project.code}/photos").get_data(as_text=True)
    assert "Dari simpang" in shown
    assert shown.count('class="photo-card"') == 2
    assert "data-comparison" in shown
    assert upload().status_code == 422


def test_duplicates_stand_side_by_side_with_the_reason(
    connection: Connection, officer: FlaskClient, project: Row[Any]
) -> None:
    first = sent_photo(connection, officer, project, jpeg(seed=4))
    sent_photo(connection, officer, project, jpeg(seed=4, quality=60))
    page = officer.get(f"/packages/{project.code}/photos").get_data(as_text=True)
    assert "Mirip foto yang lebih dahulu pada paket 2026-JLN-001" in page
    assert f'/photos/{first}/thumbnail" alt="Foto yang lebih dahulu' in page


def test_public_page_compares_photos_from_one_spot(
    app: Flask, connection: Connection, officer: FlaskClient, reviewer: FlaskClient, project: Row[Any]
) -> None:
    for seed, moment in enumerate(("before", "after")):
        photo = sent_photo(connection, officer, project, jpeg(seed=seed + 20))
        form = {"version": "1", "action": "publish", "moment": moment, "viewpoint_name": "Dari simpang"}
        assert reviewer.post(f"/photos/{photo}/review", data=form).status_code == 302
    page = app.test_client().get(f"/projects/{project.code}").get_data(as_text=True)
    assert page.count("data-comparison") == 1
    assert page.count("data-frame=") == 2
    assert "photo-slider" in page
    assert "/photos/public/" in page
    assert "Sebelum" in page


def test_code_that_no_package_has_is_not_found(app: Flask, officer: FlaskClient, project: Row[Any]) -> None:
    assert officer.get("/packages/X-1/photos").status_code == 404
    assert app.test_client().get("/api/v1/projects/X-1/photos").status_code == 404
    assert officer.get(f"/photos/{uuid4()}/view").status_code == 404
    assert officer.get(f"/photos/{uuid4()}/secret").status_code == 404


def test_same_photo_sent_twice_at_once_is_one_photo(committed_app: Flask, committed_database: DatabaseUrls) -> None:
    """Two requests of a phone whose first answer was lost: both get the receipt, one row and one file are kept."""
    engine = create_engine(committed_database.owner, poolclass=NullPool)
    with engine.begin() as connection:
        make_region(connection)
        seed_rules(connection)
        update = make_update(connection, make_project(connection))
        account = make_account(connection, "field_officer")
    photo, content = uuid4(), jpeg(seed=33)
    clients = [sign_in(committed_app.test_client(), account) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda client: send(client, update, photo, content), clients))
    assert sorted(answer.status_code for answer in answers) == [200, 200, 200, 201]
    assert len({json.dumps(answer.json, sort_keys=True) for answer in answers}) == 1
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM app.photo")) == 1


def test_public_takes_a_size_that_fits_its_screen(
    app: Flask, connection: Connection, officer: FlaskClient, reviewer: FlaskClient, project: Row[Any]
) -> None:
    taken = dt.datetime(2026, 5, 3, tzinfo=dt.UTC)
    photo = sent_photo(connection, officer, project, jpeg(1200, 900, seed=51, gps=(102.9, -3.1), taken=taken))
    assert reviewer.post(f"/api/v1/photos/{photo}/publish", json={"version": 1}).status_code == 200
    public, file_hash = app.test_client(), row(connection, photo).public_hash
    page = public.get(f"/projects/{project.code}").get_data(as_text=True)
    sets = dict(re.findall(r'<source type="image/(\w+)" srcset="([^"]+)"', page))
    assert list(sets) == list(FORMATS)
    picture_bytes = len(public.get(f"/photos/public/{file_hash}.jpg").data)
    for image, srcset in sets.items():
        offered = dict(part.split() for part in srcset.split(", "))
        assert list(offered.values()) == ["480w", "960w", "1200w"]
        for address, width in offered.items():
            answer = public.get(address)
            assert (answer.status_code, answer.mimetype) == (200, f"image/{image}")
            assert "immutable" in answer.headers["Cache-Control"]
            shown = Image.open(BytesIO(answer.data))
            assert (shown.format, f"{shown.width}w") == (image.upper(), width)
            assert shown.width * 3 == shown.height * 4
            assert not shown.getexif()
            assert b"Kamera" not in answer.data
            assert len(answer.data) < picture_bytes
            again = public.get(address, headers={"If-None-Match": answer.headers["ETag"]})
            assert again.status_code == 304

    for refused in (
        f"{file_hash}-481.webp",
        f"{file_hash}-999999999999.webp",
        f"{file_hash}-480.gif",
        f"{row(connection, photo).view_hash[::-1]}-480.webp",
        f"{row(connection, photo).original_hash}-480.webp",
        "..%2f..%2fsecret_key-480.webp",
    ):
        assert public.get(f"/photos/public/{refused}").status_code == 404
    assert reviewer.post(f"/api/v1/photos/{photo}/withhold", json={"version": row(connection, photo).version}).json
    for srcset in sets.values():
        assert public.get(srcset.split()[0]).status_code == 404


def test_narrow_photo_is_not_made_wider(app: Flask) -> None:
    with app.test_request_context():
        assert [one.srcset.count(",") for one in photo_sources("a" * 64, 300, 4000, longest_px=2048)] == [0] * len(
            FORMATS
        )
        assert photo_sources("a" * 64, 3000, 4000, longest_px=2048)[-1].srcset.endswith(" 1536w")
    wide = encode_size(picture(200, 100), 480, "webp")
    assert Image.open(BytesIO(wide)).size == (200, 100)
