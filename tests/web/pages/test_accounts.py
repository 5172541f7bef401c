"""Signing up, in and out; passkeys with a virtual authenticator; what one chooses in the settings."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from openforyou.catalog.types import Right
from tests.web.pages.conftest import CURRENT, Visit

pytestmark = pytest.mark.browser
PASSWORD = "a long enough one"
MakeVisit = Callable[..., Visit]


def sign_up(page: Page, email: str) -> None:
    """On the open sign-in page."""
    page.get_by_role("button", name="Create an account").click()
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Create the account").click()


def saved(page: Page) -> None:
    """Wait for the word that it is."""
    expect(page.get_by_role("status").filter(has_text="Saved.")).to_be_visible()


def test_signing_up_keeps_what_was_liked_and_goes_back_to_where_one_came_from(visit: Visit) -> None:
    page = visit.open()
    item = page.locator(CURRENT).get_attribute("data-id")
    page.keyboard.press("l")
    visit.delivered()
    visit.open("/signin?next=/settings")
    sign_up(page, "keeps@example.org")
    expect(page).to_have_url(f"{visit.site.origin}/settings")
    expect(page.locator(".rail")).to_contain_text("keeps@example.org")
    visit.open(f"/item/{item}")
    expect(page.locator(f"{CURRENT} .like")).to_have_attribute("aria-pressed", "true")


def test_signing_out_and_in_again(visit: Visit) -> None:
    page = visit.open("/signin")
    sign_up(page, "again@example.org")
    expect(page).to_have_url(f"{visit.site.origin}/")
    visit.open("/settings")
    page.get_by_role("button", name="Sign out", exact=True).click()
    expect(page).to_have_url(f"{visit.site.origin}/signin")
    page.get_by_label("E-mail").fill("again@example.org")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page).to_have_url(f"{visit.site.origin}/")
    expect(page.locator(".rail")).to_contain_text("again@example.org")


def test_wrong_words_are_told_where_they_stand(visit: Visit) -> None:
    visit.expected += ["401", "422", "403"]
    page = visit.open("/signin")
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.locator("#email-error")).to_have_text("Type your e-mail.")
    page.get_by_label("E-mail").fill("nobody@example.org")
    page.get_by_label("Password").fill("not the password")
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("alert").filter(visible=True)).not_to_be_empty()
    page.get_by_role("button", name="Create an account").click()
    page.get_by_label("Password").fill("short")
    page.get_by_role("button", name="Create the account").click()
    expect(page.locator("#password-error")).to_be_visible()
    expect(page.get_by_label("Password")).to_have_attribute("aria-invalid", "true")


def test_nobody_is_sent_to_another_site_after_signing_in(visit: Visit) -> None:
    page = visit.open("/signin?next=//example.org/")
    sign_up(page, "stays@example.org")
    expect(page).to_have_url(f"{visit.site.origin}/")


def test_whoever_is_signed_in_needs_no_sign_in_page(visit: Visit) -> None:
    visit.open("/about")
    visit.sign_up("in.already@example.org")
    page = visit.open("/signin?next=/settings")
    assert page.url == f"{visit.site.origin}/settings"


def add_authenticator(visit: Visit) -> None:
    """A virtual one that says yes at once."""
    devtools = visit.context.new_cdp_session(visit.page)
    devtools.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})


def test_a_passkey_signs_up_and_in_again(visit: Visit) -> None:
    page = visit.open("/signin")
    add_authenticator(visit)
    page.get_by_role("button", name="Create an account").click()
    page.get_by_label("E-mail").fill("key@example.org")
    page.get_by_role("button", name="Create it with a passkey").click()
    expect(page).to_have_url(f"{visit.site.origin}/")
    visit.open("/settings")
    expect(page.locator("#passkeys li")).to_have_count(1)
    page.get_by_role("button", name="Sign out", exact=True).click()
    expect(page).to_have_url(f"{visit.site.origin}/signin")
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page).to_have_url(f"{visit.site.origin}/")
    expect(page.locator(".rail")).to_contain_text("key@example.org")


def test_a_passkey_is_added_and_removed_in_the_settings(visit: Visit) -> None:
    visit.open("/about")
    visit.sign_up("adds@example.org")
    page = visit.open("/settings")
    add_authenticator(visit)
    page.get_by_role("button", name="Add a passkey").click()
    expect(page.locator("#passkeys li")).to_have_count(1)
    page.locator("#passkeys").get_by_role("button", name="Remove").click()
    expect(page.locator("#passkeys li")).to_have_count(0)


def test_a_new_password_opens_the_account(visit: Visit) -> None:
    visit.expected.append("401")
    visit.open("/about")
    visit.sign_up("changes@example.org")
    accounts = visit.site.platform.accounts
    accounts.sessions.begin(accounts.sign_in("changes@example.org", PASSWORD))
    page = visit.open("/settings")
    expect(page.locator("#places")).to_contain_text("signed in at 2 places")
    page.get_by_text("Change the password").click()
    page.get_by_label("Present password").fill(PASSWORD)
    page.get_by_label("New password").fill("quite another one")
    page.get_by_role("button", name="Save the password").click()
    expect(page.get_by_role("status").filter(has_text="The password is saved")).to_be_visible()
    page.get_by_role("button", name="Sign out everywhere").click()
    expect(page).to_have_url(f"{visit.site.origin}/signin")
    page.get_by_label("E-mail").fill("changes@example.org")
    page.get_by_label("Password").fill("quite another one")
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page).to_have_url(f"{visit.site.origin}/")


def test_each_choice_is_saved_at_once_and_stands_after_a_reload(visit: Visit) -> None:
    page = visit.open("/settings")
    for name in ("Play by itself", "Use what I do to choose clips", "Let models learn from my watching"):
        switch = page.get_by_role("switch", name=name)
        was = switch.is_checked()
        with page.expect_response(lambda answer: answer.request.method == "PUT"):
            switch.click()
        page.reload()
        expect(page.get_by_role("switch", name=name)).to_be_checked(checked=not was)
    with page.expect_response("**/v1/controls"):
        page.get_by_label("Offer a break").select_option("45")
    with page.expect_response("**/v1/controls"):
        page.get_by_label("Region").fill("ch")
        page.get_by_label("Region").blur()
    page.reload()
    expect(page.get_by_label("Offer a break")).to_have_value("45")
    expect(page.get_by_label("Region")).to_have_value("CH")


def test_no_model_learns_from_a_viewer_who_did_not_say_so(visit: Visit) -> None:
    page = visit.open("/settings")
    switch = page.get_by_role("switch", name="Let models learn from my watching")
    expect(switch).not_to_be_checked()
    viewers = visit.site.viewers_with(Right.LEARN)
    switch.click()
    saved(page)
    assert len(visit.site.viewers_with(Right.LEARN) - viewers) == 1
    switch.click()
    expect(switch).not_to_be_checked()
    visit.page.wait_for_load_state("networkidle")
    assert visit.site.viewers_with(Right.LEARN) == viewers


def test_a_region_that_is_none_is_refused_beside_its_field(visit: Visit) -> None:
    page = visit.open("/settings")
    page.get_by_label("Region").fill("???")
    page.get_by_label("Region").blur()
    expect(page.locator("#region-error")).to_contain_text("Write the two letters of a country")


def test_beginning_anew_is_asked_about_first(visit: Visit) -> None:
    page = visit.open("/settings")
    page.get_by_role("button", name="Begin anew…").click()
    dialog = page.get_by_role("dialog", name="Begin anew?")
    dialog.get_by_role("button", name="Begin anew").click()
    expect(page.get_by_role("status").filter(has_text="The feed begins anew")).to_be_visible()
    page.reload()
    expect(page.locator("main")).to_contain_text("Last done on")
