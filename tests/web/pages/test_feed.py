"""The feed as somebody watches it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.web.pages.clips import LOOKS
from tests.web.pages.conftest import CLIPS_A_LOOK, CURRENT, PHONE, Visit

pytestmark = pytest.mark.browser
MakeVisit = Callable[..., Visit]
WATCH_FOR_HEARTS = """() => {
  globalThis.hearts = [];
  const note = ({ className, style }) => className === "burst" && hearts.push([style.left, style.top]);
  const watcher = new MutationObserver((changes) => changes.forEach(({ addedNodes }) => addedNodes.forEach(note)));
  watcher.observe(document.getElementById("stage"), { childList: true, subtree: true });
}"""
TAP_TWICE = """(surface, [clientX, clientY]) => {
  for (const detail of [1, 2]) surface.dispatchEvent(new MouseEvent("click", { clientX, clientY, detail }));
}"""


def test_the_first_clip_plays_by_itself_and_without_sound(visit: Visit) -> None:
    visit.open()
    visit.until("v?.currentTime > 0.3")
    assert visit.video("v.muted") is True
    assert visit.video("v.videoWidth > 0 && v.videoHeight > 0") is True


def test_the_first_posters_and_words_need_no_script(make_visit: MakeVisit) -> None:
    visit = make_visit(java_script_enabled=False)
    page = visit.open()
    first = page.locator(".clip").first
    assert first.locator(".title").inner_text() in visit.site.clips
    assert first.locator("img.poster").evaluate("picture => picture.complete") is not None
    assert first.locator(".title a").get_attribute("href").startswith("/item/")


def test_arrows_and_letters_move_and_space_pauses(visit: Visit) -> None:
    page = visit.open()
    first = visit.title
    second = visit.next()
    assert second != first
    page.keyboard.press("k")
    expect(page.locator(f"{CURRENT} .title")).to_have_text(first)
    page.keyboard.press("j")
    expect(page.locator(f"{CURRENT} .title")).to_have_text(second)
    visit.until("v && !v.paused")
    page.keyboard.press("Space")
    visit.until("v.paused")
    page.keyboard.press("Space")
    visit.until("!v.paused")


def test_a_clip_that_stands_askew_is_put_right(visit: Visit) -> None:
    page = visit.open()
    visit.next()
    askew = "stage => { stage.style.scrollSnapType = 'none'; stage.scrollTop += 12; return stage.scrollTop % 640; }"
    assert page.locator("#stage").evaluate(askew) == 12
    page.wait_for_function("now => Math.abs(document.querySelector(now).getBoundingClientRect().top) < 2", arg=CURRENT)


def test_letters_can_be_turned_off_while_arrows_stay(visit: Visit) -> None:
    page = visit.open()
    page.keyboard.press("?")
    page.get_by_role("switch", name="Letter keys").click()
    page.keyboard.press("Escape")
    page.keyboard.press("l")
    visit.next()
    assert page.locator('.like[aria-pressed="true"]').count() == 0


def test_a_tap_pauses_and_two_like_with_a_heart_where_the_finger_was(make_visit: MakeVisit) -> None:
    visit = make_visit(viewport=PHONE, has_touch=True)
    page = visit.open()
    visit.until("v && !v.paused")
    surface = page.locator(f"{CURRENT} .surface")
    surface.tap(position={"x": 150, "y": 200})
    visit.until("v.paused")
    surface.tap(position={"x": 150, "y": 200})
    visit.until("!v.paused")
    page.evaluate(WATCH_FOR_HEARTS)
    surface.evaluate(TAP_TWICE, [150, 300])
    expect(page.locator(f"{CURRENT} .like")).to_have_attribute("aria-pressed", "true")
    assert page.evaluate("hearts") == [["150px", "300px"]]
    assert visit.video("v.paused") is False


def test_a_like_shows_at_once_and_survives_a_reload(visit: Visit) -> None:
    page = visit.open()
    title = visit.title
    before = visit.counts(title).likes
    page.keyboard.press("l")
    like = page.locator(f"{CURRENT} .like")
    expect(like).to_have_attribute("aria-pressed", "true")
    expect(like.locator(".count")).to_have_text(str(before + 1))
    item = page.locator(CURRENT).get_attribute("data-id")
    page.goto(f"{visit.site.origin}/item/{item}")
    expect(page.locator(f"{CURRENT} .like")).to_have_attribute("aria-pressed", "true")
    visit.delivered()
    page.reload()
    expect(page.locator(f"{CURRENT} .like")).to_have_attribute("aria-pressed", "true")
    assert visit.counts(title).likes == before + 1
    page.locator(f"{CURRENT} .like").click()
    expect(page.locator(f"{CURRENT} .like .count")).to_have_text(str(before))
    visit.delivered()
    assert visit.counts(title).likes == before


def test_sound_is_off_until_asked_and_then_on_for_the_session(visit: Visit) -> None:
    page = visit.open()
    visit.until("v && !v.paused && v.muted")
    page.keyboard.press("m")
    visit.until("!v.muted")
    visit.next()
    visit.until("v && !v.paused && !v.muted")
    page.goto(visit.site.origin + "/")
    visit.next()  # A browser may want a first touch of each page before it lets it be heard.
    visit.until("v && !v.paused && !v.muted")


def test_no_clip_comes_twice_and_the_end_says_so(visit: Visit) -> None:
    page = visit.open()
    seen = [visit.title]
    while title := visit.next():
        seen.append(title)
        assert page.locator("#stage > article").count() <= 17
        assert page.locator("#stage video").count() <= 4
    assert sorted(seen) == sorted(visit.site.clips)
    expect(page.locator(CURRENT)).to_contain_text("You have seen everything here")
    page.keyboard.press("ArrowUp")
    expect(page.locator(f"{CURRENT} .title")).to_have_text(seen[-1])


def test_wide_and_square_clips_are_shown_whole_on_their_own_blurred_poster(make_visit: MakeVisit) -> None:
    visit = make_visit(viewport=PHONE)
    page = visit.open()
    shapes = {"wide", "square"}
    while shapes:
        kind = next((name for name in shapes if name in page.locator(CURRENT).get_attribute("class").split()), None)
        if kind:
            shapes.remove(kind)
            assert page.locator(f"{CURRENT} video").evaluate("v => getComputedStyle(v).objectFit") == "contain"
            assert "blur" in page.locator(f"{CURRENT} .backdrop").evaluate("p => getComputedStyle(p).filter")
        if shapes:
            assert visit.next(), f"no {shapes} among the clips"


def test_the_sound_control_is_there_only_where_there_is_sound(visit: Visit) -> None:
    visit.open(f"/item/{visit.site.public_id('Waves 3')}")
    assert not visit.page.locator(f"{CURRENT} .sound").is_visible()
    visit.open(f"/item/{visit.site.public_id('Waves 1')}")
    assert visit.page.locator(f"{CURRENT} .sound").is_visible()


@pytest.mark.parametrize("how", ["setting", "motion"])
def test_posters_stand_until_asked_where_clips_must_not_start_by_themselves(make_visit: MakeVisit, how: str) -> None:
    visit = make_visit(reduced_motion="reduce" if how == "motion" else "no-preference")
    page = visit.open("/settings")
    if how == "setting":
        page.get_by_role("switch", name="Play by itself").click()
        expect(page.get_by_role("status").filter(has_text="Saved.")).to_be_visible()
    visit.open()
    expect(page.locator(f"{CURRENT} .pause-mark")).to_be_visible()
    page.wait_for_load_state("networkidle")
    assert page.locator("#stage video").count() == 0
    page.keyboard.press("Space")
    visit.until("v && !v.paused && v.currentTime > 0")


def test_a_failed_request_says_so_and_loses_nothing(visit: Visit) -> None:
    page = visit.open()
    mend_feed, mend_events = visit.fail("**/v1/feed?*"), visit.fail("**/v1/events")
    liked = visit.title
    before = visit.counts(liked).likes
    page.keyboard.press("l")
    while visit.next():
        pass
    expect(page.locator(CURRENT)).to_contain_text("The next clips do not come")
    mend_feed(), mend_events()
    page.get_by_role("button", name="Try again").click()
    visit.until("v && !v.paused && v.currentTime > 0")
    visit.delivered()
    assert visit.counts(liked).likes == before + 1


def test_a_break_is_offered_between_clips_and_can_be_declined(visit: Visit) -> None:
    visit.context.add_init_script("sessionStorage.setItem('openforyou.watched', String(21 * 60_000))")
    page = visit.open()
    assert visit.next() == ""
    expect(page.locator(CURRENT)).to_contain_text("You watched for 21 minutes")
    page.get_by_role("button", name="Keep watching").click()
    expect(page.locator(f"{CURRENT} .title")).to_be_visible()
    visit.until("v && !v.paused")


def test_enough_for_now_stops_everything(visit: Visit) -> None:
    visit.context.add_init_script("sessionStorage.setItem('openforyou.watched', String(21 * 60_000))")
    page = visit.open()
    visit.next()
    page.get_by_role("button", name="Enough for now").click()
    expect(page.locator(CURRENT)).to_contain_text("See you another time")
    assert page.evaluate("[...document.querySelectorAll('video')].every((video) => video.paused)")


def test_breaks_set_to_never_do_not_come(visit: Visit) -> None:
    page = visit.open("/settings")
    page.get_by_label("Offer a break").select_option("0")
    expect(page.get_by_role("status").filter(has_text="Saved.")).to_be_visible()
    visit.context.add_init_script("sessionStorage.setItem('openforyou.watched', String(500 * 60_000))")
    visit.open()
    assert visit.next()


def test_a_series_of_slates_has_an_end_too(visit: Visit) -> None:
    page = visit.open("/about")
    due = """async ([minutes, ...asked]) => {
      const { Breaks } = await import("/static/js/breaks.js");
      const breaks = new Breaks(minutes);
      return asked.map(([slates, clips]) => breaks.due(slates, clips)?.clips ?? null);
    }"""
    assert page.evaluate(due, [20, [4, 24], [5, 30], [9, 54], [10, 60]]) == [None, 30, None, 60]
    assert page.evaluate(due, [0, [50, 300]]) == [None]


def test_why_this_names_the_clips_that_caused_it(visit: Visit) -> None:
    page = visit.open()
    look = LOOKS[0]
    liked = []
    while len(liked) < 2:
        if visit.title.startswith(look):
            page.keyboard.press("l")
            liked.append(visit.title)
        if len(liked) < 2:
            assert visit.next()
    visit.delivered()
    visit.open()
    while not visit.title.startswith(look):
        assert visit.next()
    page.keyboard.press("w")
    sheet = page.get_by_role("dialog", name="Why this clip?")
    expect(sheet).to_contain_text("You liked clips like this one")
    causes = sheet.locator(".thumbs a")
    assert set(causes.all_inner_texts()) & set(liked)
    assert causes.first.get_attribute("href").startswith("/item/")
    visit.until("[...document.querySelectorAll('.thumbs img')].every((p) => p.complete && p.naturalWidth > 0)")
    assert visit.video("v.paused") is True
    page.keyboard.press("Escape")
    expect(sheet).to_be_hidden()
    visit.until("!v.paused")


def test_profiling_can_be_turned_off_from_why(visit: Visit) -> None:
    page = visit.open()
    page.keyboard.press("w")
    page.get_by_role("button", name="Turn profiling off").click()
    expect(page.get_by_role("status").filter(has_text="Profiling is off")).to_be_visible()
    visit.open("/settings")
    expect(page.get_by_role("switch", name="Use what I do to choose clips")).not_to_be_checked()


def test_not_interested_takes_the_clip_away_for_good(visit: Visit) -> None:
    page = visit.open()
    unwanted = visit.title
    before = visit.counts(unwanted).not_interested
    page.locator(f"{CURRENT} .more").click()
    page.get_by_role("dialog").get_by_role("button", name="Not interested").click()
    expect(page.locator(f"{CURRENT} .title")).not_to_have_text(unwanted)
    visit.delivered()
    assert visit.counts(unwanted).not_interested == before + 1
    seen = [visit.title]
    while title := visit.next():
        seen.append(title)
    assert unwanted not in seen
    assert len(seen) == CLIPS_A_LOOK * len(LOOKS) - 1


def test_a_report_carries_the_words_of_whoever_reports(visit: Visit) -> None:
    page = visit.open()
    title = visit.title
    before = visit.counts(title).reports
    page.locator(f"{CURRENT} .more").click()
    page.get_by_role("dialog").get_by_role("button", name="Report").click()
    sheet = page.get_by_role("dialog", name="Report this clip")
    sheet.get_by_label("It is spam, or it misleads").check()
    sheet.get_by_label("In your own words").fill("The same as yesterday")
    with page.expect_request(
        lambda sent: sent.url.endswith("/v1/events") and '"report"' in (sent.post_data or "")
    ) as sent:
        sheet.get_by_role("button", name="Send the report").click()
    reports = [event for event in sent.value.post_data_json["events"] if event["type"] == "report"]
    assert [event["detail"] for event in reports] == ["It is spam, or it misleads: The same as yesterday"]
    visit.delivered()
    assert visit.counts(title).reports == before + 1


def test_following_from_a_clip_fills_the_following_page(visit: Visit) -> None:
    page = visit.open("/following")
    expect(page.locator(CURRENT)).to_contain_text("Nothing here yet")
    visit.open()
    maker = page.locator(f"{CURRENT} .by b").inner_text()
    page.locator(f"{CURRENT} .follow").click()
    expect(page.locator(f"{CURRENT} .follow")).to_have_text("Following")
    visit.delivered()
    visit.open("/following")
    seen = [page.locator(f"{CURRENT} .by b").inner_text()]
    while visit.next():
        seen.append(page.locator(f"{CURRENT} .by b").inner_text())
    assert seen == [maker] * CLIPS_A_LOOK
    expect(page.locator(CURRENT)).to_contain_text("You are up to date")


def test_sharing_copies_the_address_of_the_clips_page(visit: Visit) -> None:
    visit.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = visit.open()
    item = page.locator(CURRENT).get_attribute("data-id")
    before = visit.counts(visit.title).shares
    page.locator(f"{CURRENT} .pass-on").click()
    expect(page.get_by_role("status").filter(has_text="The link is copied.")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == f"{visit.site.origin}/item/{item}"
    expect(page.locator(f"{CURRENT} .pass-on .count")).to_have_text(str(before + 1))
