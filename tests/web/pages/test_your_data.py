"""Your data, in a browser: a copy that opens by itself, and going, which says what stays and asks once more."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from zipfile import ZipFile

import pytest
from playwright.sync_api import expect

from tests.web.pages.conftest import DESKTOP, PHONE, Visit
from tests.web.pages.test_pages import audit, violations

pytestmark = pytest.mark.browser
PASSWORD = "a long enough one"


def test_somebody_takes_their_data_along_and_goes(make_visit: Callable[..., Visit], tmp_path: Path) -> None:
    visit = make_visit(viewport=PHONE, reduced_motion="reduce")
    visit.sign_up("leaver@example.org", "leaver")
    assert audit(visit, "/your-data") == []
    page = visit.page
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    page.screenshot(path=tmp_path / "phone.png", full_page=True)
    with page.expect_download() as taken:
        page.get_by_role("link", name="Download my data").click()
    archive = ZipFile(taken.value.path())
    assert "leaver@example.org" in archive.read("opened.json").decode()

    page.get_by_role("button", name="Forget me…").click()
    sheet = page.get_by_role("dialog", name="Forget me?")
    expect(sheet.get_by_text("Views and likes as numbers")).to_be_visible()
    assert violations(page) == []
    page.screenshot(path=tmp_path / "sheet.png")
    sheet.get_by_role("button", name="Forget me").click()
    expect(sheet.get_by_text("Tick the box first.")).to_be_visible()
    sheet.get_by_label("I mean it").check()
    sheet.get_by_label("Your password").fill("a wrong password")
    visit.expected.append("403")
    sheet.get_by_role("button", name="Forget me").click()
    expect(sheet.get_by_text("That is not your password.")).to_be_visible()
    sheet.get_by_label("Your password").fill(PASSWORD)
    sheet.get_by_role("button", name="Forget me").click()
    page.wait_for_url("**/forgotten/*")
    expect(page.get_by_role("heading", name="Your receipt")).to_be_visible()
    expect(page.get_by_text("Gone. One more look follows")).to_be_visible()
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    page.screenshot(path=tmp_path / "receipt.png", full_page=True)
    visit.open("/settings")
    expect(page.get_by_text("You watch without an account.")).to_be_visible()


def test_who_looked_is_a_page_and_protects_whoever_asks(make_visit: Callable[..., Visit], tmp_path: Path) -> None:
    visit = make_visit(viewport=PHONE, color_scheme="dark", reduced_motion="reduce")
    visit.sign_up("watched@example.org", "watched")
    assert audit(visit, "/who-looked") == []
    page = visit.page
    expect(page.get_by_role("heading", name="Nobody looked")).to_be_visible()
    page.get_by_role("button", name="Protect me").click()
    expect(page.get_by_role("button", name="You are protected. End it")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert violations(page) == []
    page.screenshot(path=tmp_path / "who-looked.png", full_page=True)


def test_the_page_of_the_copy_opens_without_a_network(make_visit: Callable[..., Visit], tmp_path: Path) -> None:
    visit = make_visit(viewport=DESKTOP, color_scheme="dark")
    visit.open("/")
    visit.delivered()
    page = visit.open("/your-data")
    page.get_by_text("What is in it").click()
    page.screenshot(path=tmp_path / "dark.png", full_page=True)
    with page.expect_download() as taken:
        page.get_by_role("link", name="Download my data").click()
    ZipFile(taken.value.path()).extractall(tmp_path)
    visit.context.set_offline(True)
    page.goto(f"file://{tmp_path / 'index.html'}")
    expect(page.get_by_role("heading", name="What you were shown, and why")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= DESKTOP["width"]
    page.screenshot(path=tmp_path / "copy.png")
    page.get_by_role("link", name="slates.json").click()
    visit.context.set_offline(False)
