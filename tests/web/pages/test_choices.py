"""What a viewer chooses of what comes: from a clip, where it holds for what waits in the page, too, and in settings."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.web.pages.clips import LOOKS
from tests.web.pages.conftest import CLIPS_A_LOOK, CURRENT, Visit

pytestmark = pytest.mark.browser
MakeVisit = Callable[..., Visit]
ALL = len(LOOKS) * CLIPS_A_LOOK


def press(page: Page, *names: str) -> None:
    """Through the menu of the current clip."""
    page.locator(f"{CURRENT} .more").click()
    for name in names:
        page.get_by_role("dialog").get_by_role("button", name=name).click()


def said(page: Page, words: str) -> Locator:
    """A message that says so."""
    message = page.get_by_role("status").filter(has_text=words)
    expect(message).to_be_visible()
    return message


def rest(visit: Visit) -> list[str]:
    """The titles of the current clip and of all that follow, to the end."""
    titles = [visit.title]
    while title := visit.next():
        titles.append(title)
    expect(visit.page.locator(CURRENT)).to_contain_text("You have seen everything here")
    return titles


def until_look(visit: Visit, look: str) -> None:
    while not visit.title.startswith(look):
        assert visit.next(), f"no {look} came"


def test_a_muted_creator_goes_at_once_from_what_waits_and_from_what_comes(visit: Visit) -> None:
    page = visit.open()
    look = visit.title.split()[0]
    press(page, "Show me none of", "This creator")
    said(page, f"Muted: @{look.lower()}.")
    expect(page.locator(f"{CURRENT} .title")).not_to_contain_text(look)
    expect(page.locator(CURRENT)).to_be_focused()
    titles = rest(visit)
    assert len(titles) == len(set(titles)) == ALL - CLIPS_A_LOOK
    assert not [title for title in titles if title.startswith(look)]
    visit.open("/settings")
    row = page.get_by_role("list", name="What you muted").get_by_role("listitem")
    expect(row).to_contain_text(f"@{look.lower()}")
    page.get_by_role("button", name=f"Take back @{look.lower()}").click()
    expect(row).to_have_count(0)
    expect(page.locator("#no-mutes")).to_be_visible()
    visit.open()
    assert rest(visit)[0].startswith(look), "nothing else is left, and now it may come"


def test_a_sound_and_a_topic_are_offered_and_can_be_taken_back_at_once(visit: Visit) -> None:
    page = visit.open()
    while page.locator(f"{CURRENT} .caption").inner_text().count("#") != 2:
        assert visit.next()
    press(page, "Show me none of")
    sheet = page.get_by_role("dialog", name="Show me none of…")
    expect(sheet.get_by_role("button", name="This sound")).to_be_visible()
    sheet.get_by_role("button", name="#wide").click()
    said(page, "Muted: #wide.").get_by_role("button", name="Take back").click()
    said(page, "Taken back.")
    visit.open("/settings")
    expect(page.locator("#no-mutes")).to_be_visible()


def test_the_keyboard_mutes_a_word_and_what_is_none_is_refused_beside_its_field(visit: Visit) -> None:
    page = visit.open()
    unwanted = next(look for look in LOOKS if not visit.title.startswith(look))
    page.locator(f"{CURRENT} .more").press("Enter")
    page.get_by_role("button", name="Show me none of").press("Enter")
    field = page.get_by_label("A word or a #topic")
    field.fill("…")
    field.press("Enter")
    expect(page.locator("dialog[open] #key-error")).to_contain_text("There is no word in it")
    expect(field).to_be_focused()
    field.fill(unwanted.upper())
    field.press("Enter")
    said(page, f"Muted: {unwanted.lower()}.")
    expect(page.locator(f"{CURRENT} .more")).to_be_focused()
    titles = rest(visit)
    assert len(titles) == ALL - CLIPS_A_LOOK
    assert not [title for title in titles if title.startswith(unwanted)]


def test_an_answer_that_was_on_its_way_is_not_shown_after_a_mute(visit: Visit) -> None:
    page = visit.open()
    held: list[Route] = []
    page.route("**/v1/feed?*", lambda route: route.continue_() if held else held.append(route))
    while not held:
        assert visit.next()
    stale = held[0].fetch()
    maker = stale.json()["items"][-1]["creator"]
    press(page, "Show me none of")
    page.get_by_label("A word or a #topic").fill(f"@{maker['handle']}")
    page.get_by_role("button", name="Mute", exact=True).click()
    said(page, f"Muted: @{maker['handle']}.")
    held[0].fulfill(response=stale)
    look = maker["name"].split()[0]
    assert not [title for title in rest(visit) if title.startswith(look)]


def test_more_like_this_shows_more_says_so_and_can_be_taken_back(visit: Visit) -> None:
    page = visit.open()
    wished = visit.title
    press(page, "More like this")
    said(page, "Understood: more like that.")
    visit.next()
    until_look(visit, wished.split()[0])
    expect(page.locator(f"{CURRENT} .reason")).to_have_text("You asked for more like this")
    page.keyboard.press("w")
    sheet = page.get_by_role("dialog", name="Why this clip?")
    expect(sheet).to_contain_text("You asked for more like this")
    expect(sheet.locator(".thumbs a")).to_have_text([wished])
    visit.open("/settings")
    expect(page.get_by_role("list", name="What you want more of").get_by_role("link")).to_have_text([wished])
    page.get_by_role("button", name=f"Take back {wished}").click()
    expect(page.locator("#no-wishes")).to_be_visible()


def test_languages_are_chosen_by_name_and_taken_out_again(visit: Visit) -> None:
    page = visit.open("/settings")
    choice = page.get_by_label("Language to add")
    assert choice.locator("option").nth(1).inner_text() == "English", "the device's own comes first"
    for name in ("Dutch", "Portuguese"):
        choice.select_option(label=name)
        with page.expect_response("**/v1/controls"):
            page.get_by_role("button", name="Add", exact=True).click()
    page.reload()
    chips = page.get_by_role("list", name="Languages").get_by_role("button")
    expect(chips).to_have_text(["Dutch", "Portuguese"])
    with page.expect_response("**/v1/controls"):
        page.get_by_role("button", name="Remove Dutch").click()
    expect(chips).to_be_focused()
    page.reload()
    expect(chips).to_have_text(["Portuguese"])


def test_a_pause_stands_after_a_reload_and_leaves_the_languages_alone(visit: Visit) -> None:
    page = visit.open("/settings")
    page.get_by_label("Language to add").select_option(label="Dutch")
    with page.expect_response("**/v1/controls"):
        page.get_by_role("button", name="Add", exact=True).click()
    pause = page.get_by_role("switch", name="Pause my history")
    expect(pause).not_to_be_checked()
    with page.expect_response("**/v1/controls"):
        pause.click()
    page.reload()
    expect(pause).to_be_checked()
    expect(page.get_by_role("list", name="Languages").get_by_role("button")).to_have_text(["Dutch"])


def test_words_topics_and_creators_are_muted_from_the_settings(visit: Visit) -> None:
    visit.expected.append("404")
    page = visit.open("/settings")
    field = page.get_by_label("Mute a word, a #topic or a @creator")
    for typed in ("New York", "#Wide", "@waves"):
        field.fill(typed)
        field.press("Enter")
        said(page, f"Muted: {typed.lower()}.")
    field.fill("@nobody.here")
    field.press("Enter")
    expect(page.locator("#key-error")).to_contain_text("There is no creator @nobody.here.")
    rows = page.get_by_role("list", name="What you muted").get_by_role("listitem")
    expect(rows.locator("> span")).to_have_text(["@wavesCreator", "#wideTopic", "new yorkWord"])
    page.get_by_role("button", name="Take back #wide").click()
    expect(page.get_by_role("button", name="Take back new york")).to_be_focused()
    expect(rows).to_have_count(2)
