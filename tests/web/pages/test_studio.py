"""The studio in a real browser: a slideshow is made, published and found; sounds; what a held clip can become."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from openforyou.catalog.sounds.types import About, Access, Audience, Licence, Sound
from openforyou.catalog.types import ItemKind, ItemStatus, Right
from openforyou.core.ids import ItemId, decode_id, encode_id
from openforyou.drills.music.songs import RATE, song
from openforyou.ingest.studio.storyboard import read
from openforyou.ingest.studio.timeline import timeline
from tests.ingest.tunes import write_wav
from tests.ingest.voiced import film_with
from tests.web.pages.conftest import ARGUMENTS, PHONE, Site, Visit
from tests.web.pages.test_pages import violations

pytestmark = pytest.mark.browser
MakeVisit = Callable[..., Visit]


def test_a_slideshow_with_music_is_made_published_and_found(visit: Visit, song: Sound, pictures: list[Path]) -> None:
    visit.open("/about")
    visit.sign_up("slides@example.org", "slides")
    page = visit.open("/studio")
    page.locator("#files").set_input_files(pictures)
    rows = page.locator(".shot")
    expect(rows).to_have_count(2)
    rows.nth(1).locator(".caption").fill("A caption")
    rows.nth(1).get_by_role("button", name="Earlier").click()
    expect(rows.nth(0).locator(".name")).to_have_text("second.jpg")
    for row in rows.all():
        row.locator(".seconds").fill("1")
    page.get_by_label("Sound", exact=True).select_option(encode_id(song.id))
    middle = page.locator("#canvas").evaluate("c => [...c.getContext('2d').getImageData(180, 320, 1, 1).data]")
    assert middle[2] > middle[0]
    page.get_by_role("button", name="Render it").click()
    expect(page.get_by_role("heading", name="It is rendered")).to_be_visible()
    assert page.locator('#publishing [name="rights"]:checked').count() == 0
    page.get_by_label("Title").fill("Two colours")
    for right in ("Show it", "Recommend it"):
        page.locator("#publishing").get_by_role("checkbox", name=right).check()
    page.get_by_role("button", name="Publish it").click()
    page.wait_for_function("() => !document.getElementById('finished').hidden")
    ended = visit.site.platform.ingest.process_next()
    assert ended is not None
    assert (ended.status, ended.error) == (ItemStatus.PUBLISHED, "")
    page.get_by_role("link", name="Watch it").click()
    expect(page.get_by_role("heading", name="Two colours", level=1)).to_be_visible()
    expect(page.locator(".details")).to_contain_text("Slideshow")
    expect(page.locator("#stage .credit")).to_have_text("Plucked · A. Composer")
    item = visit.site.platform.catalog.item(ended.item_id)
    assert (item.kind, item.sound_id, item.has_sound) == (ItemKind.SLIDESHOW, song.id, True)
    visit.site.platform.feed.refresh()
    told = visit.context.request.get(f"{visit.site.origin}/v1/feed?size=50").json()
    assert "Two colours" in [card["title"] for card in told["items"]]
    visit.open("/uploads")
    expect(page.locator(".own")).to_contain_text("slideshow")
    visit.open(f"/sounds/{encode_id(song.id)}")
    expect(page.locator(".grid")).to_contain_text("Two colours")
    expect(page.locator(".facts")).to_contain_text("“Plucked” by A. Composer, CC BY")


def test_the_preview_does_the_sums_of_the_renderer(visit: Visit) -> None:
    shots = [{"file": "a", "duration_ms": ms, "transition": how} for ms, how in ((900, "cut"), (1_200, "slide"))]
    told = {"shots": [*shots, {"file": "a", "duration_ms": 700}], "beats_ms": [0, 980, 2_050, 2_700]}
    visit.open("/about")
    body = """async (given) => {
      const { Timeline, camera } = await import("/static/js/studio/timeline.js");
      const times = new Timeline(given);
      return [times.cuts, times.fades, [0, 700, 1000, 1100, 1990, 2600].map((ms) => times.at(ms)), camera("left", 0.1)];
    }"""
    cuts, fades, moments, _ = visit.page.evaluate(body, told)
    ours = timeline(read(told))
    assert (tuple(cuts), tuple(fades)) == (ours.cuts_ms, ours.fades_ms)
    for moment, ms in zip(moments, (0, 700, 1_000, 1_100, 1_990, 2_600), strict=True):
        here = ours.at(ms)
        assert (moment["index"], moment["before"]) == (here.index, here.before)
        assert moment["mix"] == pytest.approx(here.mix)
        assert moment["progress"] == pytest.approx(here.progress)


def test_a_held_clip_is_muted_on_the_page(visit: Visit, site: Site) -> None:
    other = song(33, 12)
    about = About("Reserved", "B. Owner", Licence.ALL_RIGHTS_RESERVED)
    site.platform.library.add(write_wav(site.folder / "r.wav", other), about, Access(Audience.NOBODY), "operator")
    visit.open("/about")
    visit.sign_up("held@example.org", "heldback")
    creator = site.platform.catalog.creator("heldback")
    path = film_with(site.folder / "held.mp4", other[: 6 * RATE])
    rights = frozenset({Right.SHOW})
    item_id = site.platform.ingest.take_in(path, creator.id, title="Song of mine", rights=rights, evidence="test")
    site.platform.ingest.process_next(item_id)
    page = visit.open("/uploads")
    expect(page.locator(".own")).to_contain_text("“Reserved” by B. Owner is heard from 0:00")
    page.get_by_role("button", name="Publish it muted").click()
    expect(page.locator(".own .state")).to_contain_text("Waiting")
    assert site.platform.ingest.process_next(item_id) is not None
    expect(page.locator(".own .state")).to_contain_text("Published")
    assert not site.platform.catalog.item(item_id).has_sound


@pytest.fixture(scope="module")
def cameraman(chromium_path: str, chromium: Browser) -> Iterator[Browser]:
    """A browser with a camera and a microphone that are not real."""
    fake = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
    browser = chromium.browser_type.launch(executable_path=chromium_path, args=[*ARGUMENTS, *fake])
    yield browser
    browser.close()


def test_a_take_is_recorded_to_a_sound_and_published_with_it(cameraman: Browser, site: Site, song: Sound) -> None:
    context = cameraman.new_context(permissions=["camera", "microphone"])
    visit = Visit(site, context, context.new_page())
    visit.listen()
    visit.open("/about")
    visit.sign_up("sings@example.org", "sings")
    page = visit.open(f"/lipsync?sound={encode_id(song.id)}")
    page.get_by_label("Begin at second").fill("1")
    page.get_by_role("button", name="Record").click()
    expect(page.locator("#far")).to_have_text("Recording…")
    page.wait_for_timeout(2_000)
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_role("heading", name="Your take")).to_be_visible()
    expect(page.locator("#placed")).to_contain_text("into the sound")
    page.get_by_label("Title").fill("My take")
    page.get_by_role("checkbox", name="Show it", exact=False).check()
    with page.expect_response("**/publish") as answer:
        page.get_by_role("button", name="Publish it").click()
    item_id = ItemId(decode_id(json.loads(answer.value.text())["item_id"]))
    ended = site.platform.ingest.process_next(item_id)
    assert ended is not None
    assert (ended.status, ended.has_sound) == (ItemStatus.PUBLISHED, True)
    assert site.platform.catalog.item(item_id).sound_id == song.id
    context.close()
    assert visit.wrong == []


def test_a_sound_of_ones_own_is_added_and_given_on_the_pages(visit: Visit, site: Site) -> None:
    visit.expected += ["422", "404"]
    path = write_wav(site.folder / "mine.wav", song(57, 3))
    visit.open("/about")
    visit.sign_up("composes@example.org", "composes")
    page = visit.open("/sounds")
    page.get_by_text("Add a sound of yours").click()
    page.get_by_role("button", name="Add it").click()
    expect(page.locator("#file-error")).to_contain_text("Choose the file.")
    page.get_by_label("The file").set_input_files(path)
    page.get_by_label("Title", exact=True).fill("My own tune")
    page.get_by_label("Licence", exact=True).select_option("licensed")
    page.get_by_role("button", name="Add it").click()
    expect(page.locator("#evidence-error")).to_contain_text("A licence needs evidence.")
    page.get_by_label("Licence", exact=True).select_option("own_work")
    assert violations(page) == []
    page.get_by_role("button", name="Add it").click()
    expect(page.get_by_role("heading", name="My own tune", level=1)).to_be_visible()
    expect(page.locator(".facts")).to_contain_text("nobody but its owner")
    page.get_by_label("The right to use it goes to").select_option("creators")
    page.get_by_label("Their handles").fill("@nobody.here")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#access")).to_contain_text("nobody.here")
    page.get_by_label("Their handles").fill("@waves, embers")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#toasts")).to_contain_text("Saved.")
    page.reload()
    expect(page.get_by_label("Their handles")).to_have_value("@embers @waves")
    expect(page.locator(".facts")).to_contain_text("named creators")
    assert violations(page) == []


@pytest.mark.parametrize("path", ["/studio", "/sounds", "/lipsync"])
@pytest.mark.parametrize("how", [{"viewport": PHONE, "color_scheme": "dark"}, {"color_scheme": "light"}])
def test_the_pages_can_be_used_by_everybody(
    make_visit: MakeVisit, song: Sound, path: str, how: dict[str, object]
) -> None:
    visit = make_visit(**how)
    visit.open("/about")
    visit.sign_up(f"{path[1:]}{len(str(how))}@example.org", f"{path[1:]}{len(str(how))}")
    page = visit.open(path)
    page.wait_for_load_state("networkidle")
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
