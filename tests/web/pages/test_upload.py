"""Uploading: from the disk to a page, interrupted and taken up again; what cannot be used is told where it stands."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from openforyou.catalog.types import ITEM_RIGHTS, Right
from openforyou.core.ids import ItemId, decode_id
from openforyou.ingest.types import Said
from tests.web.pages.clips import write_clip
from tests.web.pages.conftest import CURRENT, Visit

pytestmark = pytest.mark.browser


def begin(visit: Visit, who: str) -> Page:
    """Somebody signed in, with a handle, on the upload page."""
    visit.open("/about")
    visit.sign_up(f"{who}@example.org", who)
    return visit.open("/upload")


def tick(page: Page, *rights: str) -> None:
    for name in rights:
        page.get_by_role("checkbox", name=name).check()


def test_no_right_is_ticked_beforehand(visit: Visit) -> None:
    page = begin(visit, "unticked")
    boxes = page.get_by_role("checkbox")
    expect(boxes).to_have_count(4)
    assert [boxes.nth(number).is_checked() for number in range(4)] == [False] * 4


def test_a_clip_is_uploaded_made_ready_and_watched(visit: Visit, tmp_path: Path) -> None:
    page = begin(visit, "uploads")
    page.get_by_label("Choose a clip").set_input_files(write_clip(tmp_path / "mine.mp4", "Embers", 7))
    page.get_by_label("Title").fill("Uploaded by hand")
    page.get_by_label("Language").select_option(label="Dutch")
    tick(page, "Show it", "Recommend it", "posted this elsewhere before")
    page.get_by_role("button", name="Upload", exact=True).click()
    expect(page.locator("#far")).to_contain_text("made ready")
    done = visit.site.platform.ingest.process_next()
    assert done is not None
    expect(page.get_by_role("heading", name="“Uploaded by hand” is ready")).to_be_visible()
    assert visit.site.platform.catalog.item_rights(done.item_id) == {Right.SHOW, Right.RECOMMEND}
    assert visit.site.platform.catalog.item(done.item_id).cross_post
    assert visit.site.platform.catalog.item(done.item_id).language == "nl"
    page.get_by_role("link", name="Watch it").click()
    visit.until("v && v.currentTime > 0")
    expect(page.locator(f"{CURRENT} .by b")).to_have_text("Uploads")


def test_an_upload_that_broke_off_goes_on_after_a_reload(visit: Visit, tmp_path: Path) -> None:
    page = begin(visit, "resumes")
    file = tmp_path / "long.mp4"
    clip = write_clip(tmp_path / "clip.mp4", "Waves", 8).read_bytes()
    padding = 5_000_000  # Past one part: an MP4 box that players skip.
    file.write_bytes(clip + (padding + 8).to_bytes(4, "big") + b"free" + bytes(padding))
    sent: list[int] = []

    def cut(route: Route) -> None:
        sent.append(int(route.request.headers["upload-offset"]))
        if len(sent) == 1:
            route.continue_()
        else:
            route.abort("internetdisconnected")

    visit.expected += ["ERR_INTERNET_DISCONNECTED"]
    page.route("**/v1/uploads/*", lambda route: cut(route) if route.request.method == "PATCH" else route.continue_())
    page.get_by_label("Choose a clip").set_input_files(file)
    page.get_by_label("Title").fill("Broke off")
    page.get_by_label("Language").select_option(label="Dutch")
    tick(page, "Show it")
    page.get_by_role("button", name="Upload", exact=True).click()
    page.wait_for_event("requestfailed", lambda request: request.method == "PATCH")
    page.get_by_role("button", name="Pause").click()
    page.unroute_all()
    page.reload()
    page.get_by_label("Choose a clip").set_input_files(file)
    expect(page.get_by_label("Title")).to_have_value("Broke off")
    expect(page.get_by_label("Language")).to_have_value("nl")
    assert page.get_by_role("checkbox", name="Show it").is_checked()
    with page.expect_request(lambda request: request.method == "PATCH") as first:
        page.get_by_role("button", name="Go on uploading").click()
    assert int(first.value.headers["upload-offset"]) == 4 * 1024 * 1024
    expect(page.locator("#far")).to_contain_text("made ready")
    assert visit.site.platform.ingest.process_next() is not None
    expect(page.get_by_role("heading", name="“Broke off” is ready")).to_be_visible()


def test_an_upload_can_be_paused_gone_on_with_and_cancelled(visit: Visit, tmp_path: Path) -> None:
    page = begin(visit, "pauses")
    file = tmp_path / "any.mp4"
    file.write_bytes(bytes(9_000_000))
    held: list[Route] = []
    page.route(
        "**/v1/uploads/*", lambda route: held.append(route) if route.request.method == "PATCH" else route.continue_()
    )
    page.get_by_label("Choose a clip").set_input_files(file)
    page.get_by_role("button", name="Upload", exact=True).click()
    expect(page.get_by_role("progressbar")).to_be_visible()
    page.get_by_role("button", name="Pause").click()
    expect(page.locator("#far")).to_contain_text("Paused at")
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    with page.expect_response(lambda answer: answer.request.method == "DELETE") as gone:
        page.get_by_role("button", name="Cancel").click()
    assert gone.value.status == 204
    expect(page.get_by_role("button", name="Upload", exact=True)).to_be_visible()


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("empty.mp4", b"", "The file is empty"),
        ("words.mp4", b"These are words, not pictures. " * 400, "words.mp4"),
    ],
    ids=["empty", "text named mp4"],
)
def test_what_is_no_clip_is_refused_beside_the_file(
    visit: Visit, tmp_path: Path, name: str, content: bytes, words: str
) -> None:
    visit.expected += ["422"]
    page = begin(visit, f"bad{len(content)}")
    (tmp_path / name).write_bytes(content)
    page.get_by_label("Choose a clip").set_input_files(tmp_path / name)
    if content:
        page.get_by_role("button", name="Upload", exact=True).click()
    error = page.locator("#file-error")
    expect(error).to_contain_text(words)
    assert len(error.inner_text()) > len(words) + 20, "an error says what to do next"
    expect(page.get_by_role("button", name="Upload", exact=True)).to_be_enabled()


def test_a_handle_is_chosen_once_and_a_taken_one_is_told(visit: Visit) -> None:
    visit.expected += ["409", "422"]
    visit.open("/about")
    visit.sign_up("handle@example.org")
    page = visit.open("/upload")
    page.get_by_label("Handle").fill("waves")
    page.get_by_label("Name").fill("Me")
    page.get_by_role("button", name="Go on").click()
    expect(page.locator("#handle-error")).to_contain_text("@waves is taken")
    page.get_by_label("Handle").fill("not a handle")
    page.get_by_role("button", name="Go on").click()
    expect(page.locator("#handle-error")).to_contain_text("cannot be a handle")
    page.get_by_label("Handle").fill("chosen.one")
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_label("Choose a clip")).to_be_attached()


def test_ones_own_clips_show_their_rights_and_can_be_withdrawn(visit: Visit, tmp_path: Path) -> None:
    page = begin(visit, "owner")
    platform = visit.site.platform
    creator = platform.catalog.creator("owner")
    path = write_clip(tmp_path / "own.mp4", "Checkers", 9)
    said: Said = {"title": "My own", "rights": frozenset(ITEM_RIGHTS), "evidence": "for a test", "language": "nl"}
    item_id = platform.ingest.take_in(path, creator.id, **said)
    platform.ingest.process_next(item_id)
    visit.open("/uploads")
    row = page.get_by_role("listitem").filter(has_text="My own")
    expect(row).to_contain_text("Published")
    expect(row).to_contain_text("Dutch")
    row.get_by_text("What may be done with it").click()
    learn = row.get_by_role("checkbox", name="Learn from it")
    expect(learn).to_be_checked()
    learn.uncheck()
    expect(page.get_by_role("status").filter(has_text="Saved.")).to_be_visible()
    assert platform.catalog.item_rights(item_id) == {Right.SHOW, Right.RECOMMEND}
    row.get_by_role("button", name="Withdraw").click()
    page.get_by_role("dialog").get_by_role("button", name="Withdraw it").click()
    expect(row).to_contain_text("Withdrawn")
    assert platform.catalog.item_rights(item_id) == frozenset()


def test_a_refused_clip_says_why_in_ones_own_list(visit: Visit, tmp_path: Path) -> None:
    page = begin(visit, "refused")
    platform = visit.site.platform
    whole = write_clip(tmp_path / "whole.mp4", "Waves", 3).read_bytes()
    (tmp_path / "half.mp4").write_bytes(whole)
    creator = platform.catalog.creator("refused")
    item_id = platform.ingest.take_in(tmp_path / "half.mp4", creator.id, title="Half of it", evidence="for a test")
    spoil(visit, item_id)
    platform.ingest.process_next(item_id)
    visit.open("/uploads")
    row = page.get_by_role("listitem").filter(has_text="Half of it")
    expect(row).to_contain_text("Not published")
    assert len(row.inner_text()) > len("Half of it") + len("Not published") + 20


def spoil(visit: Visit, item_id: ItemId) -> None:
    """Lose half of an upload between its arrival and its processing."""
    blobs = visit.site.platform.blobs
    key = next(key for key in blobs.keys("uploads/") if decode_id(key.removeprefix("uploads/")[:11]) == item_id)
    with blobs.open(key) as file:
        content = file.read()
    half = Path(str(visit.site.folder / "half"))
    half.write_bytes(content[: len(content) // 2])
    blobs.put(key, half)
