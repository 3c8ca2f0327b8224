"""Photos arrive once, with a receipt, are judged against the works and earlier photos, and published without secrets."""

from __future__ import annotations

import datetime as dt
import hashlib
import time
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from PIL import Image
from sqlalchemy import Connection, Engine, Row, create_engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from app.config import PhotoLimits
from app.database.migrate import MIGRATIONS
from app.database.roles import DatabaseUrls
from app.errors import InvalidRequest, KeyUsedBefore, VersionConflict
from app.photos.forms import PhotoChange, PhotoInput
from app.photos.pictures import PhotoRefused, differing_bits
from app.photos.queries import find_similar, get_package_of, get_photo, measure_distances, public_photos
from app.photos.service import Receipt, add_viewpoint, change_photo, publish_photo, receive_photo, withhold_photo
from app.storage import Storage
from layers.rules import seed_rules
from tests.helpers.factories import make_location, make_project, make_region, make_row
from tests.helpers.pictures import jpeg

LIMITS = PhotoLimits()
ZONE = ZoneInfo("Asia/Jakarta")
MORNING = dt.datetime(2026, 11, 20, 9, 15, tzinfo=ZONE)
RECEIVED = dt.datetime(2026, 11, 20, 5, 0, tzinfo=dt.UTC)
ON_SITE = (102.955, -3.145)  # on the line of `make_project`


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    return Storage(tmp_path)


@pytest.fixture(autouse=True)
def rules(connection: Connection) -> None:
    seed_rules(connection)


@pytest.fixture
def package(connection: Connection, session: Session) -> Row[Any]:
    return get_package_of(session, make_project(connection))


def make_update(connection: Connection, project_id: int, day: str = "2026-11-20") -> Row[Any]:
    update_id = make_row(connection, "app.progress_update", project_id=project_id, day=day, physical_percent=40)
    return connection.execute(
        text("SELECT id, project_id, client_id, day, author FROM app.progress_update WHERE id = :id"), {"id": update_id}
    ).one()


def receive(session: Session, storage: Storage, project: Any, content: bytes, **options: Any) -> Receipt:
    note = PhotoInput.model_validate(options.pop("note", {}))
    client_id: UUID = options.pop("client_id", None) or uuid4()
    update = options.pop("update", None)
    return receive_photo(
        session,
        storage,
        project,
        update,
        client_id,
        content,
        note,
        limits=LIMITS,
        time_zone=ZONE,
        received_at=options.pop("received_at", RECEIVED),
        **options,
    )


def count(session: Session) -> int:
    return int(session.scalar(text("SELECT count(*) FROM app.photo")) or 0)


def test_receipt_names_the_bytes_that_were_received(session: Session, storage: Storage, package: Row[Any]) -> None:
    content = jpeg(gps=ON_SITE, taken=MORNING)
    receipt = receive(session, storage, package, content)
    assert (receipt.hash, receipt.bytes, receipt.is_new) == (hashlib.sha256(content).hexdigest(), len(content), True)
    photo = get_photo(session, receipt.client_id)
    assert storage.read(photo.original_hash) == content
    assert Image.open(BytesIO(storage.read(photo.view_hash))).size == (640, 480)
    assert Image.open(BytesIO(storage.read(photo.thumbnail_hash))).size == (480, 360)
    assert (photo.state, photo.width, photo.height, photo.media_type) == ("pending", 640, 480, "image/jpeg")


def test_sent_again_it_is_one_photo_with_the_same_receipt(
    session: Session, storage: Storage, package: Row[Any]
) -> None:
    content, client_id = jpeg(), uuid4()
    first = receive(session, storage, package, content, client_id=client_id)
    again = receive(session, storage, package, content, client_id=client_id)
    assert (again.hash, again.bytes, again.is_new) == (first.hash, first.bytes, False)
    assert count(session) == 1


def test_other_bytes_under_a_used_id_are_refused_and_the_first_photo_stays(
    session: Session, storage: Storage, package: Row[Any]
) -> None:
    client_id = uuid4()
    first = receive(session, storage, package, jpeg(seed=1), client_id=client_id)
    with pytest.raises(KeyUsedBefore):
        receive(session, storage, package, jpeg(seed=2), client_id=client_id)
    assert get_photo(session, client_id).original_hash == first.hash


def test_id_used_by_another_package_is_refused(
    connection: Connection, session: Session, storage: Storage, package: Row[Any]
) -> None:
    client_id, other = uuid4(), get_package_of(session, make_project(connection))
    receive(session, storage, package, jpeg(), client_id=client_id)
    with pytest.raises(KeyUsedBefore):
        receive(session, storage, other, jpeg(), client_id=client_id)


def test_refused_content_leaves_neither_row_nor_file(session: Session, tmp_path: Path, package: Row[Any]) -> None:
    with pytest.raises(PhotoRefused):
        receive(session, Storage(tmp_path), package, b"not a photo")
    assert count(session) == 0
    assert not list(tmp_path.rglob("*"))


def test_two_witnesses_at_the_works_on_the_day_prove(
    connection: Connection, session: Session, storage: Storage, package: Row[Any]
) -> None:
    receipt = receive(
        session,
        storage,
        package,
        jpeg(gps=ON_SITE, taken=MORNING),
        update=make_update(connection, package.id),
        note={"lon": ON_SITE[0], "lat": ON_SITE[1], "accuracy_m": 8, "taken_at": MORNING},
    )
    photo = get_photo(session, receipt.client_id)
    assert photo.grade == "proven"
    assert photo.distance_m < 1
    assert photo.exif_camera == "Contoh Kamera 1"


def test_far_away_is_unproven_and_says_how_far(session: Session, storage: Storage, package: Row[Any]) -> None:
    """One degree of latitude is 110.6 km here (WGS 84, 3° S); the nearest end of the works lies on -3.15."""
    receipt = receive(
        session,
        storage,
        package,
        jpeg(),
        note={"lon": 102.95, "lat": -4.15, "accuracy_m": 8, "taken_at": MORNING},
    )
    photo = get_photo(session, receipt.client_id)
    assert photo.grade == "unproven"
    assert photo.distance_m == pytest.approx(110_580, rel=0.001)
    assert photo.grade_reasons[0]["code"] == "far"


def test_distance_is_to_the_nearest_of_all_places(connection: Connection, session: Session, package: Row[Any]) -> None:
    make_location(connection, package.id, "built", "POINT(103.5 -3.0)")
    distances = measure_distances(session, package.id, (103.5, -3.0), (103.5, -3.001))
    assert distances.page_m == pytest.approx(0, abs=0.01)
    assert distances.file_m == pytest.approx(110.6, abs=0.1)
    assert distances.apart_m == pytest.approx(110.6, abs=0.1)


def test_package_without_a_place_has_no_distance(connection: Connection, session: Session, storage: Storage) -> None:
    project = get_package_of(session, make_project(connection, geom=None))
    receipt = receive(session, storage, project, jpeg(gps=ON_SITE, taken=MORNING))
    photo = get_photo(session, receipt.client_id)
    assert (photo.distance_m, photo.grade) == (None, "unproven")
    assert "works_not_located" in {reason["code"] for reason in photo.grade_reasons}


def test_photo_used_for_another_package_is_found_and_doubted(
    connection: Connection, session: Session, storage: Storage, package: Row[Any]
) -> None:
    other = get_package_of(session, make_project(connection))
    first = receive(session, storage, other, jpeg(seed=5, gps=ON_SITE, taken=MORNING))
    saved_anew = jpeg(320, 240, seed=5, gps=ON_SITE, taken=MORNING, quality=50)
    again = get_photo(session, receive(session, storage, package, saved_anew).client_id)
    assert again.original_hash != first.hash
    assert (again.similar_client_id, again.similar_code) == (first.client_id, other.code)
    assert again.grade == "unproven"
    assert "reused" in {reason["code"] for reason in again.grade_reasons}


def test_two_alike_in_one_report_are_noted_but_not_doubted(
    connection: Connection, session: Session, storage: Storage, package: Row[Any]
) -> None:
    update = make_update(connection, package.id)
    note = {"lon": ON_SITE[0], "lat": ON_SITE[1], "accuracy_m": 8, "taken_at": MORNING}
    receive(session, storage, package, jpeg(seed=6), update=update, note=note)
    second = receive(session, storage, package, jpeg(seed=6, quality=60), update=update, note=note)
    photo = get_photo(session, second.client_id)
    assert photo.similar_client_id is not None
    assert photo.grade == "consistent"


def test_database_counts_differing_bits_as_python_does(session: Session, storage: Storage, package: Row[Any]) -> None:
    photo = get_photo(session, receive(session, storage, package, jpeg(seed=7)).client_id)
    for flipped in (0, 1, 2**62, -(2**63), 0b1010101, -1):
        asked = photo.perceptual_hash ^ flipped
        found = find_similar(session, asked, bits=64)
        assert found is not None
        assert found.bits == differing_bits(photo.perceptual_hash, asked)
    assert find_similar(session, photo.perceptual_hash ^ 0b1111111, bits=6) is None


def test_public_copy_is_blurred_where_said_and_has_no_block(
    session: Session, storage: Storage, package: Row[Any]
) -> None:
    client_id = receive(session, storage, package, jpeg(seed=8, gps=ON_SITE, taken=MORNING)).client_id
    photo = get_photo(session, client_id)
    change_photo(session, photo, PhotoChange(version=photo.version, blur=[(0.5, 0.0, 0.5, 1.0)]))
    photo = get_photo(session, client_id)
    public, thumbnail = publish_photo(session, storage, photo, version=photo.version, limits=LIMITS)
    content = storage.read(public.hash)
    assert not [word for word in (b"Exif", b"Contoh", b"made in") if word in content]
    assert not Image.open(BytesIO(content)).getexif()
    before = np.asarray(Image.open(BytesIO(storage.read(photo.view_hash)))).astype(int)
    after = np.asarray(Image.open(BytesIO(content))).astype(int)
    assert np.abs(after - before)[:, 340:].mean() > 15
    assert np.abs(after - before)[:, :300].mean() < 2  # JPEG written twice
    small = np.asarray(Image.open(BytesIO(storage.read(thumbnail.hash))).resize((640, 480))).astype(int)
    assert np.abs(small - after).mean() < 6  # the thumbnail is of the blurred picture


def test_stale_reviewer_sees_the_other_ones_change(session: Session, storage: Storage, package: Row[Any]) -> None:
    photo = get_photo(session, receive(session, storage, package, jpeg()).client_id)
    change_photo(session, photo, PhotoChange(version=photo.version, caption="Galian selesai"))
    now = get_photo(session, photo.client_id)
    for change in (
        lambda: change_photo(session, now, PhotoChange(version=photo.version, caption="Lain")),
        lambda: publish_photo(session, storage, now, version=photo.version, limits=LIMITS),
        lambda: withhold_photo(session, now, version=photo.version),
    ):
        with pytest.raises(VersionConflict) as caught:
            change()
        assert caught.value.current["caption"] == "Galian selesai"
    assert get_photo(session, photo.client_id).state == "pending"


def test_blurring_a_public_photo_takes_it_back_until_it_is_published_again(
    session: Session, storage: Storage, package: Row[Any]
) -> None:
    client_id = receive(session, storage, package, jpeg()).client_id
    first, _ = publish_photo(session, storage, get_photo(session, client_id), version=1, limits=LIMITS)
    photo = get_photo(session, client_id)
    change_photo(session, photo, PhotoChange(version=photo.version, blur=[(0.1, 0.1, 0.2, 0.2)]))
    photo = get_photo(session, client_id)
    assert (photo.state, photo.public_hash) == ("pending", None)
    second, _ = publish_photo(session, storage, photo, version=photo.version, limits=LIMITS)
    assert second.hash != first.hash


def test_viewpoint_of_another_package_is_refused(
    connection: Connection, session: Session, storage: Storage, package: Row[Any]
) -> None:
    other = add_viewpoint(session, make_project(connection), "Dari jembatan")
    with pytest.raises(InvalidRequest):
        receive(session, storage, package, jpeg(), note={"viewpoint_id": other})
    mine = add_viewpoint(session, package.id, "Dari jembatan")
    assert add_viewpoint(session, package.id, "dari JEMBATAN") == mine != other


def test_one_name_made_twice_at_once_is_one_viewpoint(committed_database: DatabaseUrls) -> None:
    engine = create_engine(committed_database.app, poolclass=NullPool)
    owner = create_engine(committed_database.owner, poolclass=NullPool)
    with owner.begin() as connection:
        make_region(connection)
        package = make_project(connection)
    with Session(engine) as first, Session(engine) as second, ThreadPoolExecutor(1) as pool:
        found = add_viewpoint(first, package, "Dari jembatan")
        waits = pool.submit(add_viewpoint, second, package, "DARI jembatan")
        wait_until_blocked(owner)
        first.commit()
        assert waits.result(timeout=20) == found
        second.commit()


def test_names_made_twice_before_are_one_after_the_migration(connection: Connection, package: Row[Any]) -> None:
    connection.execute(text("DROP INDEX app.viewpoint_name_idx"))
    connection.execute(text("CREATE INDEX viewpoint_project_idx ON app.viewpoint (project_id)"))
    names = ("Dari jembatan", "dari Jembatan", "Dari simpang")
    spots = [make_row(connection, "app.viewpoint", project_id=package.id, name=name) for name in names]
    hashes = {"original_hash": "a" * 64, "view_hash": "b" * 64, "thumbnail_hash": "c" * 64}
    about = {"media_type": "image/jpeg", "bytes": 1, "width": 1, "height": 1, "perceptual_hash": 0, **hashes}
    for spot in spots:
        make_row(connection, "app.photo", project_id=package.id, viewpoint_id=spot, **about)
    migration = MIGRATIONS / "versions/sql/0019_viewpoint_names.sql"
    connection.exec_driver_sql(migration.read_text(encoding="utf-8"))
    photos = connection.scalars(text("SELECT viewpoint_id FROM app.photo ORDER BY id")).all()
    assert photos == [spots[0], spots[0], spots[2]]
    assert connection.scalars(text("SELECT id FROM app.viewpoint ORDER BY id")).all() == [spots[0], spots[2]]


def wait_until_blocked(engine: Engine) -> None:
    """Return once a connection waits for another's transaction, or after two seconds in which none does."""
    statement = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
    for _ in range(40):
        with engine.connect() as connection:
            if connection.scalar(statement):
                return
        time.sleep(0.05)


def test_reader_sees_published_photos_and_nothing_else_of_any(
    app: Any, connection: Connection, session: Session, storage: Storage, package: Row[Any]
) -> None:
    from app.extensions import reader_session

    shown, hidden, back = (receive(session, storage, package, jpeg(seed=seed)).client_id for seed in (1, 2, 3))
    for client_id in (shown, back):
        publish_photo(session, storage, get_photo(session, client_id), version=1, limits=LIMITS)
    withhold_photo(session, get_photo(session, back), version=2)
    session.commit()
    with app.test_request_context():
        photos = public_photos(reader_session(), package.id, limit=10)
        assert [photo.hash for photo in photos] == [get_photo(session, shown).public_hash]
        assert get_photo(session, hidden).view_hash not in {photo.hash for photo in photos}
        for statement in ("SELECT id FROM app.photo", "SELECT id FROM history.photo", "SELECT id FROM app.viewpoint"):
            with pytest.raises(DBAPIError, match="permission denied"):
                reader_session().execute(text(statement))
