"""Claims where people meet them: from a clip's page to both sides' own pages."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Route, expect

from tests.web.pages.conftest import PHONE, Site, Visit
from tests.web.pages.test_pages import violations

pytestmark = pytest.mark.browser
WHY = "I filmed this in my own kitchen and have the raw file."


def test_a_clip_is_claimed_answered_and_taken_back(make_visit: Callable[..., Visit], site: Site) -> None:
    claimant = make_visit(viewport=PHONE)
    claimant.sign_up("claims@example.org", "claims")
    claimant.expected.append("422")  # A statement of five characters.
    title = next(iter(site.clips))
    page = claimant.open(f"/item/{site.public_id(title)}")
    page.get_by_role("link", name="This is mine").click()
    assert violations(page) == []
    page.get_by_role("button", name="Send the claim").click()
    expect(page.locator("#statement-error")).to_contain_text("Say why")
    page.get_by_label("Why is it your own work").fill("Mine.")
    page.get_by_role("button", name="Send the claim").click()
    expect(page.locator("#statement-error")).to_contain_text("characters")
    page.get_by_label("Why is it your own work").fill(WHY)
    page.get_by_role("button", name="Send the claim").click()
    page.wait_for_url("**/claims#*")
    expect(page.get_by_role("heading", name=f"“{title}” belongs to you")).to_be_visible()
    expect(page.get_by_text(WHY)).to_be_visible()
    assert violations(page) == []
    page.get_by_text("Say more").click()
    page.get_by_label("Your words").fill("And here is more of what I know about it.")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_text("And here is more")).to_be_visible()
    page.get_by_role("button", name="Take it back").click()
    expect(page.get_by_text("taken back", exact=True)).to_be_visible()
    expect(page.get_by_role("button", name="Take it back")).to_have_count(0)


def test_what_is_sent_before_the_script_is_there_waits_for_it(site: Site, make_visit: Callable[..., Visit]) -> None:
    claimant = make_visit()
    claimant.sign_up("early@example.org", "early")
    page = claimant.open(f"/item/{site.public_id(next(iter(site.clips)))}")
    page.get_by_role("link", name="This is mine").click()
    page.get_by_label("Why is it your own work").fill(WHY)
    page.get_by_role("button", name="Send the claim").click()
    page.wait_for_url("**/claims#*")
    late: list[Route] = []
    page.route("**/js/claims.js*", lambda route: late.append(route), times=1)
    page.goto(site.origin + "/claims", wait_until="commit")
    page.get_by_role("button", name="Take it back").click()
    page.get_by_role("button", name="Take it back").click()
    assert len(late) == 1, "the script is not there yet, and the page was not sent without it"
    late[0].continue_()
    expect(page.get_by_text("taken back", exact=True)).to_be_visible()


def test_the_other_side_is_told_and_answers(make_visit: Callable[..., Visit]) -> None:
    respondent = make_visit()
    respondent.sign_up("respondent@example.org", "respondent")
    claimant = make_visit()
    claimant.sign_up("another@example.org", "another")
    page = claimant.open("/@respondent")
    page.get_by_role("link", name="Poses as me").click()
    page.get_by_label("Why is it you").fill(WHY)
    page.get_by_role("button", name="Send the claim").click()
    page.wait_for_url("**/claims#*")
    page = respondent.open("/uploads")
    page.get_by_role("link", name="Claims").click()
    expect(page.get_by_role("heading", name="@respondent poses as @another")).to_be_visible()
    page.get_by_text("Answer", exact=True).click()
    page.get_by_label("Your words").fill("My own name for years; I pose as nobody.")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_text("I pose as nobody")).to_be_visible()
