"""Published rules where people meet them: their own page, "why this?", and a creator's clips."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
from playwright.sync_api import expect

from openforyou.catalog.types import ITEM_RIGHTS
from openforyou.core.ids import encode_id
from openforyou.moderation.types import Policy, Proposal, Scope, ScopeKind
from tests.web.pages.clips import LOOKS, write_clip
from tests.web.pages.conftest import CURRENT, PATIENCE_MS, PHONE, Site, Visit
from tests.web.pages.test_pages import audit

pytestmark = pytest.mark.browser
REASON = "So that the tests have something to read."


@pytest.fixture
def publish(site: Site) -> Iterator[Callable[..., Policy]]:
    """Publishes rules that the feed follows; all of them end with the test."""
    policies, made = site.platform.policies, []

    def step() -> None:
        site.platform.log.step()
        site.platform.feed.refresh()

    def one(kind: str, scope: Scope, name: str, **said: Any) -> Policy:
        made.append(policies.publish(Proposal(kind, name, REASON, scope, **said)))
        step()
        return made[-1]

    yield one
    for rule in policies.rules():
        if rule.policy in made and rule.ending is None:
            policies.end(rule.policy.id, "The test is over.")
    step()


def of(site: Site, title: str) -> Scope:
    return Scope(ScopeKind.ITEM, site.clips[title])


def test_a_rule_stands_on_its_page_with_reason_dates_and_record_and_moves_down_when_it_ends(
    visit: Visit, publish: Callable[..., Policy]
) -> None:
    policies = visit.site.platform.policies
    cap = publish("cap", of(visit.site, "Waves 3"), "Waves have their day", limit=1_000)
    over = publish("demote", Scope(ScopeKind.CROSS_POSTS), "Only for a while", factor=0.5)
    page = visit.open("/about")
    page.locator("main").get_by_role("link", name="published rule").click()
    first = page.get_by_role("article", name="Waves have their day")
    expect(first).to_contain_text("In force")
    expect(first).to_contain_text("“Waves 3”: recommended in the For You feed until 1,000 views, and then no more.")
    expect(first).to_contain_text(REASON)
    index = next(rule.log_index for rule in policies.rules() if rule.policy == cap)
    expect(first).to_contain_text(f"Record {index:,}")
    first.get_by_role("link", name="Waves 3").click()
    expect(page).to_have_url(f"{visit.site.origin}/item/{visit.site.public_id('Waves 3')}")
    policies.end(over.id, "The week is over.")
    visit.site.platform.log.step()
    page = visit.open(f"/rules#{encode_id(over.id)}")
    ended = page.get_by_role("article", name="Only for a while")
    expect(ended).to_contain_text("Why it ended: The week is over.")
    assert page.get_by_role("article").all_inner_texts()[-1] == ended.inner_text()


def test_why_this_leads_to_the_rule_that_lifted_a_clip(visit: Visit, publish: Callable[..., Policy]) -> None:
    makers = [visit.site.platform.catalog.creator(look.lower()) for look in LOOKS]
    boosts = [publish("boost", Scope(ScopeKind.CREATOR, one.id), f"For {one.handle}", factor=2.0) for one in makers]
    page = visit.open()
    page.locator(f"{CURRENT} .why").click()
    rule = page.get_by_role("dialog").get_by_role("link", name="For ")
    expect(rule).to_be_visible()
    rule.click()
    page.wait_for_url("**/rules#*")
    assert page.url.rpartition("#")[2] in {encode_id(boost.id) for boost in boosts}


def test_a_creator_reads_what_limits_a_clip_and_that_nothing_limits_another(
    make_visit: Callable[..., Visit], publish: Callable[..., Policy], tmp_path: Path
) -> None:
    visit = make_visit(viewport=PHONE, reduced_motion="reduce")
    visit.open("/about")
    visit.sign_up("limited@example.org", "limited")
    platform = visit.site.platform
    creator = platform.catalog.creator("limited")
    items = {}
    for number, title in enumerate(("Held back", "As any other")):
        path = write_clip(tmp_path / f"{title}.mp4", "Checkers", 20 + number)
        items[title] = platform.ingest.take_in(
            path, creator.id, title=title, rights=frozenset(ITEM_RIGHTS), evidence="for a test"
        )
        platform.ingest.process_next(items[title])
    cap = publish("cap", Scope(ScopeKind.ITEM, items["Held back"]), "Not in the feed", limit=0)
    page = visit.open("/")  # a slate from which the clip is left out, kept behind the answer
    deadline = monotonic() + PATIENCE_MS / 1_000
    while cap.id not in platform.policies.effects() and monotonic() < deadline:
        page.wait_for_timeout(50)
    page = visit.open("/uploads")
    row = page.get_by_role("listitem").filter(has=page.get_by_role("heading", name="Held back"))
    row.get_by_text("What limited or lifted it (1)").click()
    expect(row).to_contain_text("This clip: not recommended in the For You feed.")
    expect(row).to_contain_text("left out of 1 slate")
    other = page.get_by_role("listitem").filter(has=page.get_by_role("heading", name="As any other"))
    other.get_by_text("What limited or lifted it").click()
    expect(other).to_contain_text("no published rule is about this clip")
    assert audit(visit, "/uploads") == []
    for item_id in items.values():
        platform.catalog.withdraw(item_id, creator.id)


def test_axe_finds_nothing_where_there_are_rules(visit: Visit, publish: Callable[..., Policy]) -> None:
    publish("cap", of(visit.site, "Waves 3"), "Waves have their day", limit=1_000)
    publish("freeze", of(visit.site, "Waves 2"), "Numbers under review")
    assert audit(visit, "/rules") == []
