"""What the page tells the server: the rules of one showing, and a queue that loses nothing and repeats nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.web.pages.conftest import CURRENT, Site, Visit

pytestmark = pytest.mark.browser

SHOWING = """async ([durationMs, steps]) => {
  const { Showing } = await import("/static/js/showing.js");
  let now = 0;
  const told = [];
  const showing = new Showing(durationMs, (type, extra) => told.push([type, extra.watch_ms ?? 0]), () => now);
  for (const [name, argument] of steps) {
    if (name !== "wait") showing[name](argument);
    else for (let left = argument; left > 0; left -= 250) {
      now += Math.min(left, 250);
      showing.tick();
    }
  }
  return told;
}"""


def told(page: Page, duration_ms: int, *steps: tuple[str, Any]) -> list[tuple[str, int]]:
    """The events of one showing, each with its `watch_ms`."""
    return [tuple(event) for event in page.evaluate(SHOWING, [duration_ms, [list(step) for step in steps]])]


@pytest.fixture(scope="module")
def page(chromium: Browser, site: Site) -> Iterator[Page]:
    """A page of the site that does nothing by itself, to import modules in."""
    context = chromium.new_context()
    opened = context.new_page()
    opened.goto(site.origin + "/about")
    yield opened
    context.close()


def test_a_view_is_two_seconds_without_a_break(page: Page) -> None:
    broken = [("seen", None), ("run", True), ("wait", 1_900), ("run", False), ("run", True), ("wait", 1_900)]
    assert "view" not in dict(told(page, 60_000, *broken))
    whole = [("seen", None), ("run", True), ("wait", 2_000)]
    assert [name for name, _ in told(page, 60_000, *whole)] == ["impression", "view"]


def test_watch_time_is_told_in_pieces_that_add_up(page: Page) -> None:
    steps = [
        ("seen", None),
        ("run", True),
        ("wait", 12_300),
        ("run", False),
        ("wait", 5_000),
        ("run", True),
        ("wait", 700),
    ]
    events = told(page, 60_000, *steps, ("end", False))
    pieces = [watch_ms for name, watch_ms in events if name == "watch"]
    assert len(pieces) == 4
    assert sum(pieces) == 13_000


@pytest.mark.parametrize(
    ("duration_ms", "watched_ms", "skipped"),
    [(6_000, 1_900, True), (6_000, 2_000, False), (60_000, 2_900, True), (60_000, 3_000, False), (600, 0, True)],
)
def test_a_skip_is_before_a_third_and_before_three_seconds(
    page: Page, duration_ms: int, watched_ms: int, skipped: bool
) -> None:
    events = told(page, duration_ms, ("seen", None), ("run", True), ("wait", watched_ms), ("end", True))
    assert ("skip" in dict(events)) is skipped


@pytest.mark.parametrize(
    "steps",
    [
        [("seen", None), ("run", True), ("wait", 500), ("end", False)],
        [("seen", None), ("run", True), ("wait", 500), ("acted", None), ("end", True)],
        [("run", True), ("wait", 500), ("end", True)],
    ],
    ids=["turned back", "did something with it", "never on screen"],
)
def test_leaving_early_is_no_skip_when(page: Page, steps: list[tuple[str, Any]]) -> None:
    assert "skip" not in dict(told(page, 60_000, *steps))


def test_each_but_watch_is_told_once_a_showing(page: Page) -> None:
    again = [("seen", None), ("run", True), ("wait", 3_000), ("finished", None), ("run", False)] * 3
    names = [name for name, _ in told(page, 3_000, *again)]
    assert sorted(name for name in names if name != "watch") == ["complete", "impression", "view"]


def test_watching_reaches_the_server(visit: Visit) -> None:
    visit.open()
    title = visit.title
    before = visit.counts(title)
    visit.until("JSON.parse(sessionStorage.getItem('openforyou.events') ?? '[]').some(({ type }) => type === 'view')")
    visit.next()
    visit.delivered()
    after = visit.counts(title)
    assert (after.impressions, after.views) == (before.impressions + 1, before.views + 1)
    assert after.watch_ms - before.watch_ms >= 2_000
    assert after.skips == before.skips


def test_a_lost_connection_repeats_the_same_ids_and_counts_once(visit: Visit) -> None:
    page = visit.open()
    title = visit.title
    before = visit.counts(title)
    sent: list[str] = []
    page.on(
        "request",
        lambda request: (
            sent.extend(event["id"] for event in request.post_data_json["events"] if event["type"] == "like")
            if request.url.endswith("/v1/events")
            else None
        ),
    )
    mend = visit.fail("**/v1/events")
    page.keyboard.press("l")
    page.wait_for_event("requestfailed")
    mend()
    page.evaluate("dispatchEvent(new Event('online'))")
    visit.delivered()
    assert len(sent) >= 2
    assert len(set(sent)) == 1
    assert visit.counts(title).likes == before.likes + 1


def test_what_the_server_never_heard_waits_for_the_next_page(visit: Visit) -> None:
    page = visit.open()
    title = visit.title
    before = visit.counts(title)
    mend = visit.fail("**/v1/events")
    page.keyboard.press("l")
    page.goto(visit.site.origin + "/about")
    mend()
    item = visit.site.public_id(title)
    visit.open(f"/item/{item}")
    expect(page.locator(f"{CURRENT} .like")).to_have_attribute("aria-pressed", "true")
    visit.delivered()
    assert visit.counts(title).likes == before.likes + 1


def test_a_refused_deed_is_told_and_not_sent_again(visit: Visit) -> None:
    visit.expected.append("422")
    page = visit.open()
    page.evaluate(
        """async () => {
          const { queue } = await import("/static/js/events.js");
          queue.add("like", { id: "x", creator: { id: "y" }, feed_context: "forged" });
          await queue.flush();
        }"""
    )
    expect(page.get_by_role("status").filter(has_text="feed_context was not made by this server")).to_be_visible()
    assert "forged" not in page.evaluate("sessionStorage.getItem('openforyou.events')")


def test_ids_are_uuids_where_the_page_is_no_secure_context(page: Page) -> None:
    made = page.evaluate(
        """async () => {
          const { newId } = await import("/static/js/events.js");
          Object.defineProperty(crypto, "randomUUID", { value: undefined });
          return [newId(), newId()];
        }"""
    )
    assert made[0] != made[1]
    assert [UUID(text).version for text in made] == [4, 4]
