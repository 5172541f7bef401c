"""Yes and no, in a browser: separate questions, two answers of one size, none chosen beforehand; and a guardian."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from openforyou.catalog.types import ITEM_RIGHTS, Creator, Right
from openforyou.core.ids import ItemId, encode_id
from tests.catalog.test_service import published
from tests.web.pages.conftest import PHONE, Site, Visit
from tests.web.pages.test_pages import violations

pytestmark = pytest.mark.browser


@pytest.fixture
def upload(site: Site) -> Iterator[Callable[[str, frozenset[Right]], ItemId]]:
    """Publishes a clip without files, with the rights that its creator ticks; it is withdrawn afterwards."""
    made: list[tuple[ItemId, Creator]] = []

    def publish(handle: str, rights: frozenset[Right]) -> ItemId:
        creator = site.platform.catalog.creator(handle)
        made.append((published(site.platform, creator, rights=rights), creator))
        return made[-1][0]

    yield publish
    for item, creator in made:
        site.platform.catalog.withdraw(item, creator.id)


def answer(page: Page, question: str, words: str) -> None:
    with page.expect_navigation():
        page.get_by_role("group", name=question, exact=True).get_by_role("button", name=words).click()


def test_a_creator_answers_each_question_by_itself_and_takes_all_back(
    make_visit: Callable[..., Visit], site: Site, upload: Callable[..., ItemId], tmp_path: Path
) -> None:
    visit = make_visit()
    visit.sign_up("decider@example.org", "decider")
    item = upload("decider", frozenset())
    rights = site.platform.catalog.rights
    page = visit.open("/rights")
    assert page.locator('[aria-pressed="true"]').count() == 0, "nothing is chosen beforehand"
    page.locator(".clip-rights summary").click()
    sizes = {
        tuple(round(box[side]) for side in ("width", "height"))
        for one in page.locator(".answers button").all()
        if (box := one.bounding_box()) is not None
    }
    assert len(sizes) == 1, "no is as near as yes"
    answer(page, "Show it: A title", "Yes")
    assert rights.of_item(item) == {Right.SHOW}
    answer(page, "Learn from it: A title", "Yes")
    assert rights.of_item(item) == {Right.SHOW, Right.LEARN}
    answer(page, "Learn from what I watch", "No")
    answer(page, "Learn from it: all clips", "No")
    assert rights.of_item(item) == {Right.SHOW}
    site.platform.log.step()
    page = visit.open("/rights")
    words = page.locator(".words > li")
    expect(words.first).to_contain_text("A title: learn taken back by its creator")
    words.first.get_by_text("Proof: leaf").click()
    expect(words.first.locator("dd").first).to_be_visible()
    assert violations(page) == []
    page.screenshot(path=tmp_path / "rights-desktop.png", full_page=True)
    page.set_viewport_size(PHONE)
    page.locator(".clip-rights summary").click()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.screenshot(path=tmp_path / "rights-phone.png", full_page=True)


def test_older_clips_are_a_page_further_and_none_is_left_out(
    make_visit: Callable[..., Visit], upload: Callable[..., ItemId], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("openforyou.web.pages.rights.PAGE_ITEMS", 2)
    visit = make_visit()
    visit.sign_up("many@example.org", "many")
    made = [f"clip-{encode_id(upload('many', frozenset()))}" for _ in range(3)]
    page = visit.open("/rights")
    first = page.locator(".clip-rights").evaluate_all("all => all.map((one) => one.id)")
    assert first == made[:0:-1]
    page.get_by_role("link", name="Older clips").click()
    expect(page.locator(f"#{made[0]}")).to_be_visible()
    expect(page.locator(".clip-rights")).to_have_count(1)
    expect(page.get_by_role("link", name="Older clips")).to_have_count(0)
    page.locator(".clip-rights summary").click()
    answer(page, "Show it: A title", "Yes")
    expect(page.locator(f"#{made[0]} .mark").first).to_have_text("show: yes")


def test_a_minor_signs_up_in_plain_words_and_a_guardian_decides(
    make_visit: Callable[..., Visit], site: Site, upload: Callable[..., ItemId], tmp_path: Path
) -> None:
    child, parent = make_visit(viewport=PHONE), make_visit()
    page = child.open("/signin?next=/guardian#new")
    page.get_by_label("E-mail").fill("kid@example.org")
    page.get_by_label("Password").fill("a long enough one")
    assert not page.get_by_label("I am under 16").is_checked()
    page.get_by_label("I am under 16").check()
    page.screenshot(path=tmp_path / "signup-phone.png", full_page=True)
    page.get_by_role("button", name="Create the account", exact=True).click()
    expect(page.get_by_text("Nobody yet.")).to_be_visible()
    child._post("/v1/creators", {"handle": "kiddo", "name": "Kiddo"})
    item = upload("kiddo", frozenset(ITEM_RIGHTS))
    rights = site.platform.catalog.rights
    assert rights.of_item(item) == frozenset()
    page.get_by_role("button", name="Get a code").click()
    expect(page.locator("#code")).to_be_visible()
    code = page.locator("#code").inner_text()
    page.screenshot(path=tmp_path / "ward-phone.png", full_page=True)
    page = child.open("/settings")
    expect(page.locator('[name="profiling"]')).to_be_disabled()
    expect(page.locator('[name="learn"]')).to_be_disabled()

    parent.expected.append("403")
    parent.sign_up("parent@example.org")
    page = parent.open("/guardian")
    page.get_by_label("The code").fill("no such code")
    page.get_by_role("button", name="Accept").click()
    expect(page.locator("#code-error")).to_contain_text("opens nothing")
    page.get_by_label("The code").fill(code)
    with page.expect_navigation():
        page.get_by_role("button", name="Accept").click()
    expect(page.get_by_role("heading", name="@kiddo")).to_be_visible()
    answer(page, "Learn from what they watch: @kiddo", "Yes")
    viewer = site.platform.accounts.sign_in("kid@example.org", "a long enough one").viewer_id
    assert rights.of_viewer(viewer) == {Right.LEARN}
    answer(page, "Learn from what they watch: @kiddo", "No")
    assert rights.of_viewer(viewer) == frozenset()
    page.locator(".clip-rights summary").click()
    answer(page, "Show it: A title", "Yes")
    assert rights.of_item(item) == {Right.SHOW}
    assert violations(page) == []
    page.screenshot(path=tmp_path / "guardian-desktop.png", full_page=True)
    page.on("dialog", lambda asked: asked.accept())
    with page.expect_navigation():
        page.get_by_role("button", name="They are of age").click()
    expect(page.get_by_role("heading", name="@kiddo")).to_have_count(0)
    assert rights.of_item(item) == frozenset()
