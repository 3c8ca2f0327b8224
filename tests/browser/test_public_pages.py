"""Every public page: no axe violation in both languages and themes, narrow and wide, and nothing wider than a phone."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from uuid import uuid4

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.pool import NullPool

from app import create_app
from app.auth.permissions import PUBLIC_ENDPOINTS, SIGN_IN_ENDPOINTS
from app.config import Settings
from app.database.roles import DatabaseUrls
from app.design.tokens import contrast, read_tokens
from tests.browser.conftest import NewPage, serving
from tests.browser.test_accessibility import AXE
from tests.helpers.application import everything_closed
from tests.helpers.chromium import PATIENCE_MS

Sample = Callable[[Connection], str]


def found(address: str, query: str) -> Sample:
    """Return what finds an address: the answer of a query, put into it."""
    return lambda connection: address.format(connection.execute(text(query)).scalar_one())


def receipt(connection: Connection) -> str:
    """Keep two reports of residents, one of them published; return the address at which the other is followed."""
    connection.execute(
        text("""
            INSERT INTO app.feedback_report (number, token_hash, category, follow_up, body, geom, published, topic)
            SELECT number, encode(sha256(token::bytea), 'hex'), 'road_damage', 'complaint', 'Lubang besar.',
                ST_PointOnSurface(geom), topic IS NOT NULL, topic
            FROM (SELECT geom FROM layers.districts LIMIT 1) d, (VALUES
                ('L-AXE-1', CAST(:token AS text), NULL), ('L-AXE-2', 'another', 'Lubang di tengah jalan')
            ) reports (number, token, topic)
        """),
        {"token": TOKEN},
    )
    return f"/report/{TOKEN}"


TOKEN = "link-of-a-report-for-the-tests-of-public-pages"
LONG_CODE = "SELECT code FROM layers.projects ORDER BY length(name) DESC, id LIMIT 1"
WITH_PHOTOS = """
    SELECT p.code FROM layers.projects p JOIN app.public_photo f ON f.project_id = p.id
    GROUP BY p.code ORDER BY count(*) DESC, p.code LIMIT 1
"""

# Pages of people, by endpoint: an address, or what finds one in the demonstration.
PAGES: dict[str, tuple[str | Sample, ...]] = {
    "maps.home": ("/", "/?q=tidak-ada-yang-begini"),
    "maps.search": ("/search?q=jalan", "/search?q=tidak-ada-yang-begini"),
    "maps.near": ("/near?place=tidak-ada-yang-begini",),
    "maps.light": ("/light",),
    "reports.gallery": ("/reports",),
    "reports.page": ("/reports/s_curve",),
    "projects.table": ("/projects", "/projects?q=tidak-ada-yang-begini"),
    "projects.page": (found("/projects/{}", WITH_PHOTOS), found("/projects/{}", LONG_CODE)),
    "catalogue.layers": ("/data",),
    "catalogue.feature": (found("/data/parks/{}", "SELECT id FROM layers.parks ORDER BY id LIMIT 1"),),
    "places.areas": ("/areas",),
    "places.area": (
        found("/areas/{}", "SELECT code FROM layers.districts ORDER BY code LIMIT 1"),
        found("/areas/{}", "SELECT code FROM layers.villages ORDER BY code LIMIT 1"),
    ),
    "places.roads": ("/roads",),
    "places.road": (found("/roads/{}", "SELECT code FROM layers.roads ORDER BY code LIMIT 1"),),
    "places.contractors": ("/contractors",),
    "places.contractor": (
        found(
            "/contractors/{}",
            "SELECT company_id FROM app.contract WHERE company_id IS NOT NULL ORDER BY id DESC LIMIT 1",
        ),
    ),
    "places.programmes": ("/programs",),
    "places.programme": (found("/programs/{}", "SELECT code FROM app.programme ORDER BY code LIMIT 1"),),
    "feedback.published": ("/feedback/public",),
    "feedback.form": ("/report", found("/report?project={}", LONG_CODE)),
    "feedback.follow": (receipt,),
    "digest.form": ("/follow", found("/follow?project={}", LONG_CODE)),
    "digest.confirm_page": ("/follow/confirm/used-up",),
    "digest.leave_page": ("/follow/leave/used-up",),
    "embed.page": ("/embed",),
    "security.login": ("/login",),
    "account.forgotten": ("/password/forgotten",),
    "account.accept": (lambda _connection: f"/invitation/{uuid4()}",),
    "account.new_password": (lambda _connection: f"/password/{uuid4()}",),
}
NOT_FOUND = {  # pages that say so
    "account.accept",
    "account.new_password",
    "account.forgotten",
    "maps.near",
    "digest.confirm_page",
    "digest.leave_page",
}
# What answers machines, pictures and files; parts of pages that the pages above hold; and what leads elsewhere.
NO_PAGES = frozenset({
    "maps.panel", "maps.feature_panel", "maps.panel_ids", "maps.panel_years", "maps.style", "maps.tilejson", "maps.legend",
    "maps.symbols", "maps.plate", "tiles.tile", "rasters.tile", "rasters.rasters",
    "ogc.landing", "ogc.conformance", "ogc.collections", "ogc.collection", "ogc.items", "ogc.item",
    "reports.as_json", "reports.origin", "reports.as_document", "reports.job", "reports.job_file",
    "report_schema.schema",
    "projects.picture", "projects.short", "projects.board_pdf", "projects.share_picture", "projects.calendar",
    "catalogue.picture", "places.area_picture", "places.road_picture", "places.area_works", "exports.projects", "feeds.atom", "feeds.calendar",
    "embed.picture", "embed.map_file", "embed.oembed",
    "api.projects", "api.project", "api.search", "api.versions", "api.region", "api.openapi",
    "schedule.get_curve", "schedule.public_picture", "photos.package_photos", "photos.public_copy", "photos.public_size",
    "feedback.list_published", "feedback.photo", "packages.document", "outbox.manifest", "outbox.service_worker",
    "design.components",  # of demonstrations alone: below
    "health.healthz", "health.readyz", "crawlers.robots", "crawlers.sitemap", "security.static",
    # Pages of those who are signed in, which test_staff_pages.py opens.
    "security.change_password", "security.verify", "security.two_factor_setup",
    "security.two_factor_token_validation", "security.mf_recovery", "security.mf_recovery_codes",
})  # fmt: skip
WHERE = "{ include: document, exclude: ['.leaflet-overlay-pane'] }"  # thousands of lines, which take a minute
OF_COLOURS = ("color-contrast", "link-in-text-block")  # the rules that a theme can break
NARROW, WIDE = {"width": 360, "height": 740}, {"width": 1280, "height": 800}
NARROWEST = {"width": 320, "height": 256}  # 1280 × 1024 at 400 %
OVERFLOW = """() => {
    const wide = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth <= wide) return [];
    const inside = (one) => { for (let up = one.parentElement; up; up = up.parentElement)
        if (getComputedStyle(up).overflowX !== 'visible') return up !== document.body && up !== document.documentElement; };
    return [...document.querySelectorAll('body *')]
        .filter((one) => one.getBoundingClientRect().right > wide + 1 && !inside(one))
        .map((one) => `${one.tagName.toLowerCase()}.${one.className} ${Math.round(one.getBoundingClientRect().right)}`);
}"""


@pytest.fixture(scope="module")
def addresses(demonstration: DatabaseUrls) -> Iterator[dict[str, list[str]]]:
    """The addresses of all samples; what had to be made for them goes again."""
    engine = create_engine(demonstration.owner, poolclass=NullPool)
    with engine.begin() as connection:
        connection.execute(text("SELECT set_config('petakarya.actor', 'persiapan', true)"))
        found_now = {
            name: [one if isinstance(one, str) else one(connection) for one in samples]
            for name, samples in PAGES.items()
        }
    yield found_now
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM app.feedback_report WHERE number IN ('L-AXE-1', 'L-AXE-2')"))
    engine.dispose()


@pytest.fixture(scope="module")
def page(browser: Browser, live_server: str) -> Iterator[Page]:
    """One page for all: nothing that it keeps changes what the next shows."""
    context = browser.new_context(base_url=live_server, bypass_csp=True, reduced_motion="reduce")
    context.set_default_timeout(PATIENCE_MS)
    yield context.new_page()
    context.close()


def test_every_public_address_is_known(live_app: Flask) -> None:
    def is_public(endpoint: str) -> bool:
        view = live_app.view_functions[endpoint]
        return endpoint in PUBLIC_ENDPOINTS | SIGN_IN_ENDPOINTS or getattr(view, "is_public", False)

    asked = {rule.endpoint for rule in live_app.url_map.iter_rules() if "GET" in (rule.methods or ())}
    public = {endpoint for endpoint in asked if is_public(endpoint)} - {"security.logout"}
    unknown = public - NO_PAGES - set(PAGES)
    assert not unknown, f"give a sample of these pages in PAGES, or name them in NO_PAGES: {sorted(unknown)}"
    assert set(PAGES) <= public, "samples of pages that are not public any more"


@pytest.mark.parametrize("name", PAGES)
def test_page_is_for_everybody(page: Page, addresses: dict[str, list[str]], name: str) -> None:
    """Indonesian is looked at in both themes; English differs by its words, which colours do not hear of."""
    expected = 404 if name in NOT_FOUND else 200
    for address in addresses[name]:
        look_at(page, in_language(address, "id"), expected, schemes=("light", "dark"))
        look_at(page, in_language(address, "en"), expected, schemes=("light",))


def test_components_are_for_everybody(
    page: Page, live_app: Flask, settings: Settings, demonstration: DatabaseUrls
) -> None:
    assert live_app.test_client().get("/design").status_code == 404
    app = create_app(replace(settings, demo=True), demonstration)
    with everything_closed(app), serving(app) as address:
        look_at(page, f"{address}/design?lang=id", 200, schemes=("light", "dark"))
        look_at(page, f"{address}/design?lang=en", 200, schemes=("light",))
        for token in read_tokens():
            expect(page.get_by_text(f"--{token.name}", exact=True)).to_have_count(1)


def test_journey_by_keyboard(new_page: NewPage) -> None:
    """From the first page by its search to a project, to the project on the map, and back, without a pointer."""
    page = new_page(reduced_motion="reduce")
    page.goto("/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Langsung ke isi")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()
    page.goto("/projects")  # whose search works before any script
    tab_to(page, "#search-input")
    page.keyboard.type("jalan")
    page.keyboard.press("Enter")
    page.wait_for_url("**/projects?*q=jalan*")
    tab_to(page, "main a[href^='/projects/']")
    name = page.evaluate("() => document.activeElement.getAttribute('href')")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{name}")
    tab_to(page, "main a[href*='show=projects/']")
    page.keyboard.press("Enter")
    expect(page.locator("#card-title")).to_be_visible()
    page.go_back()
    page.wait_for_url(f"**{name}")
    expect(page.locator("h1")).to_be_visible()


def tab_to(page: Page, selector: str) -> None:
    """Press Tab until what is wanted has the focus; each stop on the way shows where it is."""
    for _ in range(80):
        page.keyboard.press("Tab")
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            assert page.evaluate("() => document.activeElement.matches(':focus-visible')")
            return
    raise AssertionError(f"{selector} cannot be reached by Tab")


def test_contrast_is_wcags() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)
    texts = {"ink", "quiet-ink", "accent", "caution", "danger"}
    for token in read_tokens():
        if token.name in texts:
            assert min(token.light_contrast or 0, token.dark_contrast or 0) >= 4.5, token


def look_at(page: Page, address: str, expected: int, *, schemes: Sequence[str]) -> None:
    """Open a page and look at it wide and narrow, in these themes, and enlarged four times."""
    page.set_viewport_size(WIDE)
    page.emulate_media(color_scheme="light")
    answer = page.goto(address)
    assert answer is not None
    assert answer.status == expected, address
    page.evaluate(AXE)
    for size in (WIDE, NARROW):
        page.set_viewport_size(size)
        for scheme in schemes:
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            rules = OF_COLOURS if scheme == "dark" else ()
            assert violations(page, *rules) == [], f"{address}, {size['width']} px, {scheme}"
    page.set_viewport_size(NARROWEST)
    assert page.evaluate(OVERFLOW) == [], f"{address} scrolls sideways at 400 %"


def in_language(address: str, language: str) -> str:
    """Return an address of a page in a language."""
    return f"{address}{'&' if '?' in address else '?'}lang={language}"


def violations(page: Page, *rules: str) -> list[str]:
    """Return what axe-core finds on a page that holds it: by all its rules, or by those that look at colours."""
    only = {"runOnly": {"type": "rule", "values": rules}} if rules else {}
    found: list[str] = page.evaluate(f"""async () => {{
        const found = (await axe.run({WHERE}, {json.dumps({"resultTypes": ["violations"], **only})})).violations;
        return found.flatMap((one) => one.nodes.map((node) => `${{one.id}}: ${{node.target}} ${{node.failureSummary}}`));
    }}""")
    return found
