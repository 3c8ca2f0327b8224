"""The HTML document: one file, no network, readable without scripts, accessible."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from app.config import ROOT
from app.reports.render import render
from app.reports.report import Picture, Words
from app.reports.template import ReportTemplate
from tests.helpers.chromium import CHROMIUM
from tests.reports.sample import HOSTILE, make_report, without_content
from tests.reports.test_report_template import picture

AXE = ROOT / "static" / "node_modules" / "axe-core" / "axe.min.js"
TEMPLATE = ReportTemplate(government="Pemerintah <b>", office='Dinas "PU"', emblem=picture("PNG", (40, 40)))


class Tags(HTMLParser):
    """Elements with their attributes, and the text between them."""

    def __init__(self, content: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(content)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture(scope="module")
def content() -> str:
    return render(make_report(), "html", language="id", template=TEMPLATE).decode()


def test_same_report_is_the_same_bytes(content: str) -> None:
    assert render(make_report(), "html", language="id", template=TEMPLATE).decode() == content


def test_no_other_file_and_no_other_host(content: str) -> None:
    tags = Tags(re.sub(r"<template>.*?</template>", "", content, flags=re.DOTALL)).tags
    for tag, attributes in tags:
        for name in ("src", "href"):
            value = attributes.get(name)
            assert value is None or value.startswith(("data:", "#")), (tag, value)
    assert not [one for one in tags if one[0] in {"link", "object", "embed"}]


def test_names_are_shown_as_they_are(content: str) -> None:
    text = Tags(content).text
    for name in HOSTILE:
        assert name in text, name
    assert "<script>alert(1)</script>" not in content
    assert "Pemerintah <b>" in text


def test_figures_open_to_their_origin(content: str) -> None:
    tags = Tags(content).tags
    ids = {attributes.get("id") for _, attributes in tags}
    links = [attributes["href"] for tag, attributes in tags if tag == "a"]
    assert "#note-roads.kemantapan" in links
    assert all((link or "").removeprefix("#") in ids for link in links)
    assert len(ids - {None}) == len([one for _, one in tags if one.get("id")])


def test_photos_are_in_the_file() -> None:
    report = replace(make_report(), pictures=(Picture("ab", Words("Foto <i>", "Photo <i>")),))
    content = render(report, "html", language="id", picture={"ab": picture("JPEG", (30, 20))}.__getitem__).decode()
    found = [one for tag, one in Tags(content).tags if tag == "img"]
    assert found[0]["alt"] == "Foto <i>"
    assert (found[0]["src"] or "").startswith("data:image/jpeg;base64,")


def test_nothing_in_the_area_is_still_a_document() -> None:
    text = Tags(render(without_content(make_report()), "html", language="id").decode()).text
    assert "Tidak ada yang dapat didaftar." in text


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed; `make test` installs the distribution's")
@pytest.mark.parametrize("scripts", [True, False])
def test_document_opens_from_disk_without_network(browser: Any, content: str, tmp_path: Path, scripts: bool) -> None:
    path = tmp_path / "laporan.html"
    path.write_text(content, encoding="utf-8")
    context = browser.new_context(java_script_enabled=scripts, offline=True)
    page = context.new_page()
    asked: list[str] = []
    wrong: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.goto(path.as_uri())
    figure = page.locator(".map-box").first
    figure.scroll_into_view_if_needed()
    if scripts:
        frame = figure.frame_locator("iframe")
        frame.locator("path.leaflet-interactive").first.wait_for(state="visible")
        place = frame.locator("path.leaflet-interactive").first.bounding_box()
        assert place is not None
        assert place["width"] > 40  # the map shows the region, not the world
        assert not figure.locator("> svg").is_visible()
        page.get_by_role("button").first.press("Enter")
    assert figure.locator("> svg").is_visible()
    assert not wrong
    assert {one.partition(":")[0] for one in asked} <= {"file", "data"}
    if scripts:
        page.add_script_tag(path=AXE)
        found = page.evaluate("() => axe.run(document, {iframes: false})")
        assert [one["id"] for one in found["violations"]] == []
    context.close()
