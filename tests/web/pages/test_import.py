"""Bringing an archive in, in a real browser: chosen, looked through, decided about, and private under My clips."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from openforyou.catalog.types import ITEM_RIGHTS
from openforyou.ingest.imports.service import Source
from openforyou.ingest.imports.types import Asked
from tests.ingest.imports.builders import instagram, rss, zipped
from tests.web.pages.clips import write_clip
from tests.web.pages.conftest import CURRENT, Visit

pytestmark = pytest.mark.browser


def begin(visit: Visit, who: str) -> Page:
    visit.open("/about")
    visit.sign_up(f"{who}@example.org", who)
    return visit.open("/import")


def archive(folder: Path) -> Path:
    """Instagram's, with three real clips that differ."""
    files = instagram()
    for number, name in enumerate(name for name in files if name.endswith(".mp4")):
        files[name] = write_clip(folder / f"{number}.mp4", "Waves", 20 + number).read_bytes()
    return zipped(folder / "instagram-export.zip", files)


def work(visit: Visit) -> None:
    """As the worker does."""
    platform = visit.site.platform
    while platform.archives.work_next() or platform.ingest.process_next() is not None:
        continue


def test_an_archive_is_looked_through_decided_about_and_private(visit: Visit, tmp_path: Path) -> None:
    visit.expected += ["404"]  # Posters that nobody may be shown.
    page = begin(visit, "imports")
    page.get_by_label("Choose your export").set_input_files(archive(tmp_path))
    run = page.locator(".run")
    expect(run).to_contain_text("being looked through")
    work(visit)
    expect(run).to_contain_text("From Instagram, the archive of ada.films.")
    expect(run.get_by_text("Comes in (3)")).to_be_visible()
    run.get_by_text("Does not come in, and why (2)").click()
    expect(run).to_contain_text("make one of them in the studio")
    expect(run).to_contain_text("gone.mp4 is not in the archive")
    expect(run.locator(".notice")).to_contain_text(
        "you have not proven that ada.films on instagram is you", ignore_case=True
    )
    boxes = run.get_by_role("checkbox")
    assert [box.is_checked() for box in boxes.all()] == [False] * 4
    run.get_by_role("checkbox", name="Show it").check()
    run.get_by_role("button", name="Take it in").click()
    expect(run).to_contain_text("Being taken in")
    work(visit)
    expect(run).to_contain_text("3 posts are here.")
    expect(run).to_contain_text("private")
    run.get_by_role("link", name="See them under My clips").click()
    own = page.locator(".own")
    expect(own).to_have_count(3)
    first = own.filter(has_text="Köln am Rhein")
    expect(first).to_contain_text("Published")
    expect(first).to_contain_text("posted elsewhere before")
    expect(first).to_contain_text("Private to you: it was imported as a post of ada.films on instagram.")
    first.get_by_text("What may be done with it").click()
    box = first.get_by_role("checkbox", name="Recommend it")
    expect(box).not_to_be_checked()
    visit.expected += ["403"]
    box.click()
    expect(page.locator(".toast")).to_contain_text("cannot be given")
    creator = visit.site.platform.catalog.creator("imports")
    assert visit.site.platform.catalog.items_of(creator.id) == []


def test_what_is_no_export_says_what_to_do(visit: Visit, tmp_path: Path) -> None:
    page = begin(visit, "noexport")
    page.get_by_label("Choose your export").set_input_files(zipped(tmp_path / "holiday.zip", {"a.txt": b"words"}))
    expect(page.locator(".run")).to_contain_text("being looked through")
    work(visit)
    expect(page.locator(".run")).to_contain_text("holiday.zip is no export that is known here.")
    expect(page.locator(".run")).to_contain_text("Instagram, TikTok")
    page.get_by_role("button", name="Clear this away").click()
    expect(page.locator(".run")).to_have_count(0)


def test_an_article_is_read_in_the_feed_and_on_its_page(visit: Visit, tmp_path: Path) -> None:
    platform = visit.site.platform
    creator = platform.catalog.add_creator("writes", "Writes")
    feed = tmp_path / "feed.xml"
    feed.write_bytes(rss())
    platform.imports.fetcher = None
    asked = Asked(frozenset(ITEM_RIGHTS), licence="my own words")
    platform.imports.bring_in(creator.id, Source(feed), asked)
    (item,) = platform.catalog.items_of(creator.id)
    visit.site.clips["An article"] = item.id
    platform.feed.refresh()
    before = visit.counts("An article")
    page = visit.open("/")
    titles = [visit.title]
    while titles[-1] and titles[-1] != "An article":
        titles.append(visit.next())
    assert titles[-1] == "An article", titles
    expect(page.locator(f"{CURRENT}.article .caption")).to_contain_text("Long words about the sea")
    expect(page.locator(f"{CURRENT} .source")).to_have_attribute("href", "https://ada.example.org/article")
    page.wait_for_timeout(2_500)
    visit.delivered()
    after = visit.counts("An article")
    assert (after.impressions - before.impressions, after.views - before.views) == (1, 1)
    page.locator(f"{CURRENT} .read").click()
    expect(page.locator(".reading")).to_contain_text("Long words about the sea")
    answer = page.request.get(f"{visit.site.origin}/v1/items/{visit.site.public_id('An article')}")
    card = answer.json()["items"][0]
    assert (card["kind"], card["media_url"], card["source_url"]) == ("article", "", "https://ada.example.org/article")
