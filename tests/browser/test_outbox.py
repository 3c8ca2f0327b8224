"""Updates written without signal: kept on the phone, sent once when the network is back, photo by photo."""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Dialog, Locator, Page, Playwright, expect
from sqlalchemy import Connection, Engine, Row, create_engine, text
from sqlalchemy.pool import NullPool

from app import create_app
from app.config import ROOT, Settings
from app.database.roles import DatabaseUrls
from layers.rules import seed_rules
from tests.browser.conftest import serving
from tests.helpers.application import everything_closed
from tests.helpers.chromium import CHROMIUM, PATIENCE_MS, QUIET
from tests.helpers.database import copied_database
from tests.helpers.factories import make_region
from tests.helpers.people import make_account, sign_in
from tests.helpers.pictures import jpeg
from tests.helpers.tracking import make_tracked_project

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

CODE = "JLN/2026/77"  # codes may hold a slash
FORM = f"/packages/{CODE}/updates/new"
CAMERA = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")
PLACE = {"latitude": -3.1, "longitude": 103.2, "accuracy": 8}
AXE = ROOT / "static" / "node_modules" / "axe-core" / "axe.min.js"
PHONE = {"width": 390, "height": 844}


@dataclass
class Wire:
    """Stands before the application: notes what is sent to it, and can keep a request waiting or change the worker."""

    app: WSGIApplication
    worker_version: str = ""
    sent: list[tuple[str, str]] = field(default_factory=list)
    photos: list[str] = field(default_factory=list)
    hold_photo: int = 0  # the number of the photo that gets no answer; 0: none
    held: threading.Event = field(default_factory=threading.Event)
    released: threading.Event = field(default_factory=threading.Event)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer as the application does."""
        method, path = str(environ["REQUEST_METHOD"]), str(environ["PATH_INFO"])
        if method != "GET":
            self.sent.append((method, path))
        if method == "PUT":
            self.photos.append(path)
            if len(self.photos) == self.hold_photo:
                self.held.set()
                self.released.wait(20)
        if path != "/sw.js":
            return self.app(environ, start_response)

        def start(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            return start_response(status, [one for one in headers if one[0] != "Content-Length"], *rest)

        return [*self.app(environ, start), f"\n// {self.worker_version}".encode()]


@dataclass(frozen=True)
class Site:
    """A server with one package, and the officer who writes its updates."""

    address: str
    wire: Wire
    app: Flask
    engine: Engine
    officer: Row[Any]

    def rows(self, query: str) -> list[Any]:
        """Return what the database holds now."""
        with self.engine.connect() as connection:
            return list(connection.execute(text(query)))

    def add(self, role: str) -> Row[Any]:
        """Make another account."""
        with self.engine.begin() as connection:
            return make_account(connection, role)


@pytest.fixture
def site(settings: Settings, database: DatabaseUrls) -> Iterator[Site]:
    """The real application on a database of its own."""
    with copied_database(settings, f"petakarya_outbox_{os.getpid()}") as urls:
        engine = create_engine(urls.owner, poolclass=NullPool)
        with engine.begin() as connection:
            officer = _populate(connection)
        app = create_app(settings, urls)
        with everything_closed(app):
            wire = Wire(app)
            with serving(wire) as address:
                yield Site(address, wire, app, engine, officer)
        engine.dispose()


def _populate(connection: Connection) -> Row[Any]:
    seed_rules(connection)
    make_region(connection)
    make_tracked_project(connection, code=CODE, name="Peningkatan Jalan Talang Ubi", status="construction")
    return make_account(connection, "field_officer")


@pytest.fixture(scope="module")
def phone_browser(playwright: Playwright) -> Iterator[Browser]:
    """Chromium with a camera that shows a moving test picture."""
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*QUIET, *CAMERA])
    yield browser
    browser.close()


@pytest.fixture
def phone(phone_browser: Browser, site: Site) -> Iterator[BrowserContext]:
    """A phone whose owner is signed in and lets pages use camera and position."""
    context = phone_browser.new_context(
        viewport=PHONE,  # type: ignore[arg-type]
        has_touch=True,
        base_url=site.address,
        permissions=["geolocation", "camera"],
        geolocation=PLACE,  # type: ignore[arg-type]
    )
    context.set_default_timeout(PATIENCE_MS / 2)
    give_session(context, site, site.officer)
    yield context
    context.close()


def give_session(context: BrowserContext, site: Site, account: Row[Any]) -> None:
    """Sign an account in, as if on the page to sign in."""
    cookie = sign_in(site.app.test_client(), account).get_cookie("session")
    assert cookie is not None
    context.add_cookies([{"name": "session", "value": cookie.value, "url": site.address}])


def open_form(phone: BrowserContext, *, kept: bool = False) -> Page:
    """Open the form; `kept`: and wait until it would open without network too."""
    page = phone.new_page()
    page.goto(FORM)
    page.get_by_role("button", name="Buka kamera").wait_for()
    if kept:
        page.evaluate(
            """async (path) => {
                await navigator.serviceWorker.ready;
                const until = Date.now() + 20000;
                while (!(await caches.match(path)) || !(await caches.match('/outbox'))) {
                    if (Date.now() > until) throw new Error('not kept');
                    await new Promise((resolve) => setTimeout(resolve, 50));
                }
            }""",
            FORM,
        )
    return page


def write(page: Page, percent: str = "48,2") -> None:
    """Fill in what a weekly update needs."""
    page.locator("[name=physical_percent]").fill(percent)
    page.locator("[name=note]").fill("Lapis pondasi selesai sampai STA 1+200.")


def take_photos(page: Page, number: int) -> None:
    """Take photos with the camera in the page."""
    page.get_by_role("button", name="Buka kamera").click()
    page.wait_for_function("() => document.querySelector('.shutter-view').videoWidth > 0")
    for taken in range(number):
        page.get_by_role("button", name="Ambil foto").click()
        expect(page.locator(".shelf-photo")).to_have_count(taken + 1)
    page.get_by_role("button", name="Tutup kamera").click()


def hand_in(page: Page) -> None:
    """Press the button that hands the update to the reviewer."""
    page.locator("button[name=submit][value=true]").click()


def items(page: Page) -> Locator:
    """Return the rows of the outbox."""
    return page.locator(".outbox-item")


def hashes_on_phone(page: Page) -> list[str]:
    """Return the hashes of the bytes that the phone holds, computed anew."""
    found: list[str] = page.evaluate(
        """async () => {
            const database = await new Promise((resolve) => {
                const request = indexedDB.open('petakarya-outbox');
                request.onsuccess = () => resolve(request.result);
            });
            const photos = await new Promise((resolve) => {
                const request = database.transaction('photos').objectStore('photos').getAll();
                request.onsuccess = () => resolve(request.result);
            });
            database.close();
            const found = [];
            for (const photo of photos.filter((one) => one.content)) {
                const digest = await crypto.subtle.digest('SHA-256', await photo.content.arrayBuffer());
                found.push(Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join(''));
            }
            return found.sort();
        }"""
    )
    return found


def test_an_update_waits_without_network_and_is_sent_once(phone: BrowserContext, site: Site) -> None:
    page = open_form(phone, kept=True)
    phone.set_offline(True)
    write(page)
    take_photos(page, 2)
    page.locator(".shelf-photo").first.get_by_label("Saat foto").select_option("after")
    hand_in(page)
    expect(items(page)).to_have_attribute("data-state", "waiting")
    expect(items(page)).to_contain_text("tersimpan di ponsel")
    expect(items(page)).not_to_contain_text("2026-")  # days are written as people write them
    on_phone = hashes_on_phone(page)
    assert len(set(on_phone)) == 2

    page.reload()  # from the service worker
    expect(page.locator(".kept-note")).to_contain_text("Tanpa sambungan")
    expect(items(page)).to_contain_text("0 dari 2 foto terkirim")
    expect(page.locator("[name=physical_percent]")).to_have_value("")
    assert hashes_on_phone(page) == on_phone
    assert site.wire.sent == []

    phone.set_offline(False)
    expect(items(page)).to_have_attribute("data-state", "sent")
    expect(items(page)).to_contain_text("terkirim")
    assert hashes_on_phone(page) == []
    update = site.rows(
        "SELECT client_id, state, physical_percent, note, ST_X(position) AS lon, accuracy_m, author FROM app.progress_update"
    )
    assert [tuple(row)[1:] for row in update] == [
        ("submitted", 48.2, "Lapis pondasi selesai sampai STA 1+200.", 103.2, 8, site.officer.email)
    ]
    photos = site.rows(
        "SELECT original_hash, ST_X(position) AS lon, ST_Y(position) AS lat, accuracy_m, taken_at, moment FROM app.photo"
    )
    assert sorted(row.original_hash for row in photos) == on_phone
    assert sorted(row.moment for row in photos) == ["after", "during"]
    assert {(row.lon, row.lat, row.accuracy_m) for row in photos} == {(103.2, -3.1, 8)}
    assert all(row.taken_at is not None for row in photos)
    root = f"/api/v1/updates/{update[0].client_id}"
    assert site.wire.sent[0][1] == f"/api/v1/projects/{CODE}/updates"
    assert [method for method, _path in site.wire.sent] == ["POST", "PUT", "PUT", "POST"]
    assert site.wire.sent[-1] == ("POST", f"{root}/submit")

    page.reload()
    expect(items(page)).to_have_attribute("data-state", "sent")
    page.wait_for_timeout(1000)
    assert len(site.wire.sent) == 4


def test_a_new_version_of_the_site_keeps_the_outbox(phone: BrowserContext, site: Site) -> None:
    page = open_form(phone, kept=True)
    phone.set_offline(True)
    write(page)
    take_photos(page, 1)
    hand_in(page)
    expect(items(page)).to_have_attribute("data-state", "waiting")
    on_phone = hashes_on_phone(page)
    give_session_away(phone)
    phone.set_offline(False)
    site.wire.worker_version = "another version"
    page.evaluate(
        """async () => {
            const registration = await navigator.serviceWorker.ready;
            const before = registration.active;
            await registration.update();
            const until = Date.now() + 20000;
            while (registration.active === before || registration.active.state !== 'activated') {
                if (Date.now() > until) throw new Error('no new version');
                await new Promise((resolve) => setTimeout(resolve, 50));
            }
        }"""
    )
    # A script of tomorrow brings a newer schema, and this one must still find its rows.
    page.evaluate(
        """() => new Promise((resolve, reject) => {
            const request = indexedDB.open('petakarya-outbox', 99);
            request.onupgradeneeded = () => request.result.createObjectStore('of-tomorrow');
            request.onsuccess = () => { request.result.close(); resolve(); };
            request.onerror = () => reject(request.error);
        })"""
    )
    assert hashes_on_phone(page) == on_phone
    assert page.evaluate("async (path) => Boolean(await caches.match(path))", FORM)
    give_session(phone, site, site.officer)
    page.reload()
    expect(items(page)).to_have_attribute("data-state", "sent")
    assert [row.original_hash for row in site.rows("SELECT original_hash FROM app.photo")] == on_phone


def give_session_away(context: BrowserContext) -> None:
    """Sign out behind the page's back, as an ended session does."""
    context.clear_cookies()


def test_killed_between_two_photos_it_goes_on_without_duplicates(phone: BrowserContext, site: Site) -> None:
    page = open_form(phone, kept=True)
    write(page)
    take_photos(page, 3)
    on_phone = hashes_on_phone(page)
    site.wire.hold_photo = 2
    hand_in(page)
    assert site.wire.held.wait(20)
    page.close()
    site.wire.released.set()  # the answer comes to nobody
    site.wire.hold_photo = 0

    page = open_form(phone)
    expect(items(page)).to_have_attribute("data-state", "sent")
    assert sorted(row.original_hash for row in site.rows("SELECT original_hash FROM app.photo")) == on_phone
    assert len(site.rows("SELECT 1 FROM app.progress_update")) == 1
    assert len(site.wire.photos) == 4  # the second twice, for want of its receipt
    assert len(set(site.wire.photos)) == 3
    assert sum(path.endswith("/updates") for _method, path in site.wire.sent) == 1


def test_an_ended_session_keeps_everything_and_asks_to_sign_in(phone: BrowserContext, site: Site) -> None:
    page = open_form(phone)
    write(page)
    take_photos(page, 1)
    give_session_away(phone)
    hand_in(page)
    expect(page.locator(".outbox-notice")).to_contain_text("Anda perlu masuk lagi")
    expect(items(page)).to_have_attribute("data-state", "waiting")
    assert len(hashes_on_phone(page)) == 1
    assert site.wire.sent == []

    give_session(phone, site, site.add("field_officer"))  # somebody else's phone now
    page.reload()
    expect(page.locator(".outbox")).to_contain_text("Ada 1 laporan akun lain")
    expect(items(page)).to_have_count(0)
    assert site.wire.sent == []

    give_session(phone, site, site.officer)
    page.reload()
    expect(items(page)).to_have_attribute("data-state", "sent")


def test_what_the_server_refuses_can_be_corrected(phone: BrowserContext, site: Site) -> None:
    page = open_form(phone)
    write(page, percent="148")
    take_photos(page, 1)
    hand_in(page)
    expect(items(page)).to_have_attribute("data-state", "refused")
    expect(items(page)).to_contain_text("Paling banyak 100")
    assert len(hashes_on_phone(page)) == 1
    items(page).get_by_role("button", name="Perbaiki").click()
    expect(page.locator("[name=physical_percent]")).to_have_value("148")
    expect(page.locator(".shelf-photo")).to_have_count(1)
    page.locator("[name=physical_percent]").fill("48")
    hand_in(page)
    expect(items(page)).to_have_attribute("data-state", "sent")
    assert [row.physical_percent for row in site.rows("SELECT physical_percent FROM app.progress_update")] == [48]


def test_what_was_begun_is_there_after_the_page_is_killed(phone: BrowserContext, site: Site) -> None:
    page = open_form(phone)
    write(page)
    take_photos(page, 1)
    page.locator("[name=note]").fill("Hujan sejak pagi.")
    page.wait_for_timeout(1000)
    page.close()
    page = open_form(phone)
    expect(page.locator(".shelf-photo")).to_have_count(1)
    expect(page.locator("[name=note]")).to_have_value("Hujan sejak pagi.")
    page.once("dialog", Dialog.accept)
    items(page).get_by_role("button", name="Buang").click()
    expect(items(page)).to_have_count(0)
    assert hashes_on_phone(page) == []
    assert site.wire.sent == []


def test_a_large_photo_is_made_smaller_and_keeps_its_exif(phone: BrowserContext, site: Site, tmp_path: Path) -> None:
    from datetime import UTC, datetime

    from PIL import Image
    from PIL.ExifTags import IFD, Base

    large, small = tmp_path / "besar.jpg", tmp_path / "kecil.jpg"
    large.write_bytes(jpeg(4000, 3000, seed=1, taken=datetime(2026, 11, 20, 2, 15, tzinfo=UTC), orientation=6))
    small.write_bytes(jpeg(1200, 900, seed=2))
    old = datetime(2026, 11, 20, 2, 15, tzinfo=UTC).timestamp()
    os.utime(small, (old, old))
    page = open_form(phone)
    write(page)
    page.locator("[data-part=pick-photo]").set_input_files([large, small])
    expect(page.locator(".shelf-photo")).to_have_count(2)
    expect(page.locator(".shelf-photo").first).to_contain_text("dikecilkan dari 3000 × 4000 piksel")
    expect(page.locator(".shelf-photo").last).to_contain_text("Tanpa posisi.")
    hand_in(page)
    expect(items(page)).to_have_attribute("data-state", "sent")
    rows = site.rows("SELECT original_hash, width, height, exif_taken_at FROM app.photo ORDER BY width DESC")
    assert [(row.width, row.height) for row in rows] == [(1920, 2560), (1200, 900)]
    assert rows[0].exif_taken_at == datetime(2026, 11, 20, 2, 15, tzinfo=UTC)
    assert rows[1].original_hash == hashlib.sha256(small.read_bytes()).hexdigest()
    with Image.open(large) as picture:
        assert picture.getexif()[Base.Orientation] == 6
        assert picture.getexif().get_ifd(IFD.Exif)


def test_pages_of_others_are_forgotten_at_sign_out(phone: BrowserContext, site: Site) -> None:
    page = open_form(phone, kept=True)
    write(page)
    page.wait_for_timeout(1000)
    token = page.locator("meta[name=csrf-token]").get_attribute("content")
    page.evaluate(
        """(token) => {
            const form = document.createElement('form');
            form.method = 'post';
            form.action = '/logout';
            const field = document.createElement('input');
            field.name = 'csrf_token';
            field.value = token;
            form.append(field);
            document.body.append(form);
            form.submit();
        }""",
        token,
    )
    page.wait_for_url("**/")
    kept = page.evaluate("""async () => {
        const stores = await Promise.all((await caches.keys()).map((name) => caches.open(name)));
        const requests = (await Promise.all(stores.map((store) => store.keys()))).flat();
        return requests.map((request) => new URL(request.url).pathname);
    }""")
    assert FORM not in kept
    assert "/outbox" not in kept
    databases = page.evaluate("indexedDB.databases()")
    assert "petakarya-outbox" in {one["name"] for one in databases}


def test_other_pages_open_the_outbox_without_network_and_the_badge_counts(phone: BrowserContext, site: Site) -> None:
    page = open_form(phone, kept=True)
    phone.set_offline(True)
    write(page)
    hand_in(page)
    expect(page.locator("[data-part=outbox-badge]")).to_have_text("1 laporan belum terkirim")
    page.goto("/packages/BELUM-PERNAH/updates/new")
    expect(page.locator(".outbox-notice")).to_contain_text("belum pernah dibuka di ponsel ini")
    expect(items(page)).to_have_attribute("data-state", "waiting")
    expect(page.locator("[data-part=kept-pages] a")).to_have_attribute("href", FORM)
    page.locator("[data-part=kept-pages] a").click()
    page.get_by_role("button", name="Buka kamera").wait_for()


def test_form_and_outbox_are_accessible(phone: BrowserContext, site: Site, screenshots: Path) -> None:
    page = open_form(phone, kept=True)
    phone.set_offline(True)
    for number, scheme in enumerate(("light", "dark"), start=1):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        write(page, percent="50")
        take_photos(page, 1)
        assert violations(page) == []
        page.screenshot(path=screenshots / f"update-form-{scheme}.png", full_page=True)
        hand_in(page)
        waiting = page.locator(".outbox-item[data-state=waiting]")
        expect(waiting).to_have_count(number)  # the one handed over just now too, before the page is left
        page.goto("/outbox")
        expect(waiting).to_have_count(number)
        assert violations(page) == []
        page.screenshot(path=screenshots / f"outbox-{scheme}.png", full_page=True)
        page.goto(FORM)
        page.get_by_role("button", name="Buka kamera").wait_for()


def violations(page: Page) -> list[str]:
    """Return what axe finds wrong with a page."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found: list[str] = page.evaluate(
        "async () => (await axe.run()).violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.html)}`)"
    )
    return found
