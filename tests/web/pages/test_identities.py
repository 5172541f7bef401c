"""Proving an account elsewhere, in a browser: step by step, with what was seen instead, and then shown to everybody."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from openforyou.drills.elsewhere import Elsewhere
from tests.web.pages.conftest import PHONE, Visit
from tests.web.pages.test_pages import violations
from tests.web.pages.there import write_bio

pytestmark = pytest.mark.browser


def test_an_account_is_proven_step_by_step(make_visit: Callable[..., Visit], there: Elsewhere) -> None:
    visit = make_visit(permissions=["clipboard-read", "clipboard-write"])
    visit.expected.append("422")
    visit.sign_up("prover@example.org", "prover")
    write_bio(there, "prover", "I film the sea.")
    page = visit.open("/identities")
    expect(page.get_by_text("Nothing yet.")).to_be_visible()
    page.get_by_label("Where").select_option("mastodon")
    page.get_by_label("How").select_option("code")
    page.get_by_label("Which account").fill("no account")
    page.get_by_role("button", name="Show me what to do").click()
    expect(page.locator("#who-error")).to_contain_text("Write as ada@social.example")
    who = f"prover@{there.at('social.example')}"
    page.get_by_label("Which account").fill(who)
    page.get_by_role("button", name="Show me what to do").press("Enter")
    todo = page.locator("#challenges > li")
    expect(todo).to_contain_text("Put this code into the description of your profile")
    todo.get_by_role("button", name="Copy").first.click()
    expect(page.locator("#toasts")).to_contain_text("Copied.")
    code = page.evaluate("() => navigator.clipboard.readText()")
    assert code.startswith("openforyou-")
    todo.get_by_role("button", name="Check now").click()
    expect(todo.get_by_role("alert")).to_contain_text("reads “I film the sea.”")
    assert violations(page) == []
    write_bio(there, "prover", f"I film the sea. {code}")
    todo.get_by_role("button", name="Check now").click()
    proven = page.locator("#proven > li")
    expect(proven).to_contain_text(who)
    expect(proven).to_contain_text("Mastodon · by a code in your bio")
    expect(page.locator("#begun")).to_be_hidden()
    visitor = make_visit(viewport=PHONE).open("/@prover")
    mark = visitor.get_by_label("Proven accounts elsewhere").get_by_role("listitem")
    expect(mark).to_contain_text("Mastodon, proven by a code in your bio on")
    expect(mark.get_by_role("link")).to_have_attribute("rel", "me noopener")
    page.get_by_role("button", name=f"Withdraw {who}").click()
    expect(page.get_by_text("Nothing yet.")).to_be_visible()
    visitor.reload()
    expect(visitor.get_by_label("Proven accounts elsewhere")).to_have_count(0)


def test_it_fits_a_phone_and_is_offered_to_those_who_may(make_visit: Callable[..., Visit], there: Elsewhere) -> None:
    visit = make_visit(viewport=PHONE, color_scheme="dark")
    page = visit.open("/identities")
    page.get_by_role("link", name="Sign in").last.click()
    expect(page).to_have_url(f"{visit.site.origin}/signin?next=/identities")
    visit.sign_up("phone@example.org")
    page = visit.open("/identities")
    expect(page.get_by_role("link", name="Choose a handle")).to_be_visible()
    visit._post("/v1/creators", {"handle": "phone", "name": "Phone"})
    page = visit.open("/settings")
    page.get_by_role("link", name="Your accounts elsewhere").click()
    page.get_by_label("Which account").fill(there.at("social.example"))
    page.get_by_role("button", name="Show me what to do").click()
    expect(page.locator("#challenges > li")).to_contain_text("add a TXT record")
    assert page.evaluate("() => document.documentElement.scrollWidth") <= PHONE["width"]
    assert violations(page) == []
    page.locator("#challenges").get_by_role("button", name="Give up").click()
    expect(page.locator("#begun")).to_be_hidden()
