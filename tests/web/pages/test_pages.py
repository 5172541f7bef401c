"""Every page: without fault for whoever cannot see or point, without a word in the console, at its address."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import axe_playwright_python
import pytest
from playwright.sync_api import Page, expect

from tests.web.pages.clips import LOOKS
from tests.web.pages.conftest import CURRENT, PHONE, Visit

pytestmark = pytest.mark.browser
MakeVisit = Callable[..., Visit]
AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text()
SMALL_TARGETS = """() => [...document.querySelectorAll("button, a[href], input, select, textarea, summary")]
  .filter((node) => node.checkVisibility() && !node.closest("[inert], .unseen, p, h2, li, .steps"))
  .map((node) => [node.className || node.name, node.getBoundingClientRect()])
  .filter(([, box]) => box.width > 1 && (box.width < 24 || box.height < 24))
  .map(([name, box]) => `${name}: ${box.width} x ${box.height}`)"""
"""By name: what is less than 24 pixels wide or high (WCAG 2.2, 2.5.8), links in running text apart."""
ADDRESSES = (
    *("/", "/following", "/item/{item}", "/@waves", "/upload", "/uploads", "/signin", "/settings", "/about", "/rules"),
    "/statistics",
)


def violations(page: Page) -> list[str]:
    """What axe-core finds, dark and light: scheme, rule and place."""
    page.evaluate(AXE)
    told = []
    for scheme in ("dark", "light"):
        page.emulate_media(color_scheme=scheme)
        settled(page)
        rules = page.evaluate("async () => (await axe.run(document, { resultTypes: ['violations'] })).violations")
        told += [f"{scheme}, {rule['id']}: {', '.join(node['target'][0] for node in rule['nodes'])}" for rule in rules]
    return told


def settled(page: Page) -> None:
    """Wait until what the page asks for by itself is there, and nothing moves any more."""
    page.wait_for_function(
        """() => document.readyState === "complete" && !document.querySelector('[aria-busy="true"]')
          && [...document.images].every((picture) => picture.complete || picture.loading === "lazy")"""
    )
    # Asked again and again: what an animation promised is never kept once it began anew.
    page.wait_for_function("() => document.getAnimations().every(({ playState }) => playState !== 'running')")


def test_axe_finds_nothing_on_any_page(visit: Visit) -> None:
    visit.expected.append("404")
    found = {address: audit(visit, address) for address in (*ADDRESSES, "/nowhere")}
    assert {address: rules for address, rules in found.items() if rules} == {}


def test_axe_finds_nothing_on_the_pages_of_whoever_is_signed_in(make_visit: MakeVisit) -> None:
    visit = make_visit(viewport=PHONE, reduced_motion="reduce")
    visit.open("/about")
    visit.sign_up("axe@example.org", "axe")
    found = {address: audit(visit, address) for address in ("/", "/upload", "/uploads", "/settings")}
    assert {address: rules for address, rules in found.items() if rules} == {}


def audit(visit: Visit, address: str) -> list[str]:
    """What axe finds at an address, once all is there."""
    page = visit.open(address.format(item=visit.site.public_id("Waves 4")))
    settled(page)
    return violations(page)


def test_axe_finds_nothing_in_any_sheet(make_visit: MakeVisit) -> None:
    visit = make_visit(reduced_motion="reduce")
    page = visit.open()
    found = {}
    for name, open_sheet in {
        "why": lambda: page.keyboard.press("w"),
        "keys": lambda: page.keyboard.press("?"),
        "more": lambda: page.locator(f"{CURRENT} .more").click(),
        "none": lambda: page.locator('dialog[open] [data-do="none"]').click(),
        "report": lambda: page.locator('dialog[open] [data-do="report"]').click(),
    }.items():
        if name in ("more", "report"):
            page.keyboard.press("Escape")
        if name == "report":
            page.locator(f"{CURRENT} .more").click()
        open_sheet()
        expect(page.locator(f"#{name}")).to_be_visible()
        found[name] = violations(page)
        if name == "why":
            page.keyboard.press("Escape")
    assert {name: rules for name, rules in found.items() if rules} == {}


def test_nothing_is_wider_than_a_small_phone_nor_too_small_to_press(make_visit: MakeVisit) -> None:
    visit = make_visit(viewport={"width": 320, "height": 568}, has_touch=True)
    found = {}
    for address in ADDRESSES:
        page = visit.open(address.format(item=visit.site.public_id("Waves 4")))
        settled(page)
        found[address] = (page.evaluate("document.documentElement.scrollWidth"), page.evaluate(SMALL_TARGETS))
    assert found == {address: (320, []) for address in ADDRESSES}


def test_the_keyboard_reaches_everything_of_a_clip_and_sees_where_it_is(visit: Visit) -> None:
    page = visit.open()
    page.keyboard.press("Tab")
    expect(page.locator(":focus")).to_have_text("Skip to the content")
    page.keyboard.press("Enter")
    reached = []
    for _ in range(14):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement === document.body"):
            break  # A clip without a caption or a sound has fewer places.
        reached.append(page.evaluate("document.activeElement.className"))
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    sounds = {"sound"} if page.locator(f"{CURRENT} .sound").is_visible() else set()
    assert {"surface", "creator", "follow", "act like", "act pass-on", "act why"} | sounds <= set(reached)


def test_moving_on_with_the_focus_in_a_clip_takes_it_along(visit: Visit) -> None:
    page = visit.open()
    page.locator(f"{CURRENT} .follow").focus()
    visit.next()
    assert page.evaluate("current => document.activeElement === document.querySelector(current)", CURRENT)
    expect(page.locator("#said")).to_contain_text(visit.title)


def test_an_item_has_an_address_of_its_own_to_be_shared(visit: Visit) -> None:
    page = visit.open(f"/item/{visit.site.public_id('Waves 2')}")
    told = {
        node.get_attribute("property"): node.get_attribute("content") for node in page.locator("meta[property]").all()
    }
    assert told["og:title"] == "Waves 2"
    assert told["og:type"] == "video.other"
    for name in ("og:image", "og:video"):
        assert visit.context.request.get(told[name] or "").ok
    assert (int(told["og:video:width"] or 0), int(told["og:video:height"] or 0)) == (320, 180)
    visit.until("v && v.currentTime > 0")
    assert visit.video("v.videoWidth / v.videoHeight") == pytest.approx(320 / 180, abs=0.02)


def test_arrows_scroll_the_page_of_one_clip_as_any_page(make_visit: MakeVisit) -> None:
    visit = make_visit(viewport=PHONE, reduced_motion="reduce")
    page = visit.open(f"/item/{visit.site.public_id('Waves 4')}")
    page.keyboard.press("PageDown")
    page.wait_for_function("() => document.scrollingElement.scrollTop > 100 || document.body.scrollTop > 100")


def test_a_creators_page_shows_their_clips_and_can_be_followed(visit: Visit) -> None:
    page = visit.open(f"/@{LOOKS[1].lower()}")
    expect(page.get_by_role("heading", level=1)).to_have_text(f"{LOOKS[1]} Maker")
    expect(page.locator(".tile")).to_have_count(4)
    before = int(page.locator("#followers").inner_text())
    page.get_by_role("button", name="Follow").click()
    expect(page.get_by_role("button", name="Following")).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#followers")).to_have_text(str(before + 1))
    visit.delivered()
    page.reload()
    expect(page.get_by_role("button", name="Following")).to_be_visible()
    expect(page.locator("#followers")).to_have_text(str(before + 1))


def test_a_poster_moves_while_it_is_pointed_at(visit: Visit) -> None:
    page = visit.open("/@waves")
    page.locator(".tile").first.hover()
    page.wait_for_function("() => document.querySelector('.tile video')?.currentTime > 0")
    page.get_by_role("heading", level=1).hover()
    expect(page.locator(".tile video")).to_have_count(0)


@pytest.mark.parametrize("address", ["/nowhere", "/item/nothing", "/@nobody.here"])
def test_what_is_not_there_is_said_on_a_page(visit: Visit, address: str) -> None:
    visit.expected += ["404", "422"]
    page = visit.open(address)
    expect(page.get_by_role("heading", level=1)).not_to_be_empty()
    page.get_by_role("link", name="Go to For You").click()
    expect(page).to_have_url(f"{visit.site.origin}/")


def test_running_work_is_shown_until_it_is_done(visit: Visit) -> None:
    with visit.site.platform.tasks.running("demo.clips") as progress:
        page = visit.open("/about")
        expect(page.locator("#work")).to_be_visible()
        progress(43, 132)
        expect(page.locator("#work")).to_contain_text("43 of 132 clips")
    expect(page.locator("#work")).to_be_hidden()
    visit.site.platform.tasks.forget("demo.clips")
