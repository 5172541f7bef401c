"""Two whole journeys: a creator moves in and is found in the feed; somebody with another's clip is told whose it is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import av
import av.filter
import cv2
import numpy as np
import pytest
from playwright.sync_api import Page, expect

from openforyou.bench.copies.films import Film, painted, write
from openforyou.catalog.sounds.types import Sound
from openforyou.catalog.types import ITEM_RIGHTS, ItemStatus
from openforyou.core.ids import encode_id
from openforyou.drills.elsewhere import Elsewhere
from tests.ingest.imports.builders import mastodon, zipped
from tests.web.pages.clips import write_clip
from tests.web.pages.conftest import PATIENCE_MS, PHONE, Site, Visit
from tests.web.pages.there import HOST, write_bio

pytestmark = pytest.mark.browser
PASSWORD = "a sentence is good"
WHY = "I painted this film myself, and have every layer of it."


def join(visit: Visit, who: str, after: str) -> Page:
    """Sign up and choose a handle by hand, as anybody would, and go on to `after`."""
    page = visit.open("/signin?next=/upload#new")
    expect(page.get_by_role("heading", name="Create an account")).to_be_visible()
    page.get_by_label("E-mail").fill(f"{who}@example.org")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Create the account").click()
    page.get_by_label("Handle").fill(who)
    page.get_by_label("Name").fill(who.title())
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_label("Choose a clip")).to_be_attached()
    return visit.open(after)


def work(site: Site) -> None:
    """As the worker does."""
    while site.platform.archives.work_next() or site.platform.ingest.process_next() is not None:
        continue
    site.platform.imports.settle_all()
    site.platform.feed.refresh()


def found(visit: Visit, title: str) -> bool:
    """Whether somebody who watches on comes upon a clip."""
    visit.open("/")
    seen = visit.title
    while seen and seen != title:
        seen = visit.next()
    return seen == title


def feed_of(visit: Visit) -> set[str]:
    """The titles of everything that the feed has for somebody."""
    told = visit.context.request.get(f"{visit.site.origin}/v1/feed?size=50").json()
    return {card["title"] for card in told["items"]}


def archive(folder: Path, there: Elsewhere) -> Path:
    """Of ada at the server elsewhere, with two films."""
    files = {
        name: content.replace(b"m.example.org", there.at(HOST).encode())
        for name, content in mastodon(write_clip(folder / "1.mp4", "Checkers", 31).read_bytes()).items()
    }
    files["media_attachments/files/2.mp4"] = write_clip(folder / "2.mp4", "Waves", 32).read_bytes()
    return zipped(folder / "archive.zip", files)


def test_a_creator_moves_in_and_is_found_in_the_feed(
    make_visit: Callable[..., Visit], there: Elsewhere, site: Site, song: Sound, pictures: list[Path], tmp_path: Path
) -> None:
    visit = make_visit()
    page = join(visit, "moves", "/import")
    page.get_by_label("Choose your export").set_input_files(archive(tmp_path, there))
    run = page.locator(".run")
    expect(run).to_contain_text("being looked through")
    work(site)
    who = f"ada@{there.at(HOST)}"
    expect(run).to_contain_text(f"the archive of {who}")
    expect(run.locator(".notice")).to_contain_text(f"not proven that {who}")
    for right in ("Show it", "Recommend it"):
        run.get_by_role("checkbox", name=right).check()
    run.get_by_role("button", name="Take it in").click()
    expect(run).to_contain_text("Being taken in")
    work(site)
    expect(run).to_contain_text("2 posts are here.")
    visitor = make_visit(viewport=PHONE)
    expect(visitor.open("/@moves").get_by_text("Hello & world")).to_have_count(0)

    page = visit.open("/identities")
    page.get_by_label("Where").select_option("mastodon")
    page.get_by_label("How").select_option("code")
    page.get_by_label("Which account").fill(who)
    page.get_by_role("button", name="Show me what to do").click()
    todo = page.locator("#challenges > li")
    write_bio(there, "ada", f"I film. {todo.locator('code').first.inner_text()}")
    todo.get_by_role("button", name="Check now").click()
    expect(page.locator("#proven > li")).to_contain_text(who)
    work(site)

    page = visit.open("/studio")
    page.locator("#files").set_input_files(pictures)
    expect(page.locator(".shot")).to_have_count(2)
    for row in page.locator(".shot").all():
        row.locator(".seconds").fill("0.8")
    page.get_by_label("Sound", exact=True).select_option(encode_id(song.id))
    page.get_by_role("button", name="Render it").click()
    expect(page.get_by_role("heading", name="It is rendered")).to_be_visible(timeout=4 * PATIENCE_MS)
    page.get_by_label("Title").fill("Moved in")
    for right in ("Show it", "Recommend it"):
        page.locator("#publishing").get_by_role("checkbox", name=right).check()
    page.get_by_role("button", name="Publish it").click()
    expect(page.locator("#finished")).to_be_visible()
    work(site)

    assert found(visitor, "Moved in")
    fed = feed_of(make_visit())
    assert {"Moved in", "Hello & world"} <= fed
    assert "For followers" not in fed, "what was not public there"
    page = visitor.open("/@moves")
    expect(page.get_by_label("Proven accounts elsewhere")).to_contain_text(who)
    page.get_by_role("link", name="Hello & world").first.click()
    expect(page.locator(".details .elsewhere")).to_contain_text("Posted elsewhere on 5 April 2024")


def altered(source: Path, path: Path) -> Path:
    """Mirrored, cropped off centre, smaller, and compressed hard."""
    with av.open(str(source)) as given, av.open(str(path), "w") as made:
        shown = given.streams.video[0]
        graph = av.filter.Graph()
        steps = [
            graph.add_buffer(template=shown),
            graph.add("hflip"),
            graph.add("crop", "iw*0.86:ih*0.88:iw*0.10:ih*0.03"),
            graph.add("scale", "180:320"),
            graph.add("buffersink"),
        ]
        graph.link_nodes(*steps).configure()
        out = made.add_stream("libx264", rate=24, options={"preset": "veryfast", "crf": "32"})
        out.width, out.height, out.pix_fmt = 180, 320, "yuv420p"
        for frame in given.decode(shown):
            graph.push(frame)
            changed = graph.pull()
            assert isinstance(changed, av.VideoFrame)
            made.mux(out.encode(changed))
        made.mux(out.encode(None))
    return path


def test_who_posts_somebodys_altered_clip_is_told_whose_it_is_and_disputes_it(
    make_visit: Callable[..., Visit], site: Site, tmp_path: Path
) -> None:
    film = painted("koi", 11, 3.0)
    small = np.stack([cv2.resize(one, (216, 384), interpolation=cv2.INTER_AREA) for one in film.frames])
    original = write(Film(small, film.per_s), tmp_path / "original.mp4")
    owner = make_visit()
    owner.sign_up("painter@example.org", "painter")
    creator = site.platform.catalog.creator("painter")
    item_id = site.platform.ingest.take_in(
        original, creator.id, title="My koi", rights=frozenset(ITEM_RIGHTS), evidence="for a test"
    )
    assert site.platform.ingest.finish(item_id).status is ItemStatus.PUBLISHED

    visit = make_visit(viewport=PHONE)
    page = join(visit, "copies", "/upload")
    page.get_by_label("Choose a clip").set_input_files(altered(original, tmp_path / "found.mp4"))
    page.get_by_label("Title").fill("Found it")
    page.get_by_role("checkbox", name="Show it").check()
    page.get_by_role("button", name="Upload", exact=True).click()
    expect(page.locator("#far")).to_contain_text("made ready")
    work(site)
    told = page.locator("#file-error")
    expect(told).to_contain_text("This is a clip of @painter")
    expect(told).to_contain_text("mirrored")
    theirs = page.get_by_role("link", name="See the other clip")
    expect(theirs).to_have_attribute("href", f"/item/{encode_id(item_id)}")
    page.get_by_role("link", name="Dispute").click()

    expect(page.get_by_role("heading", name="Dispute", level=1)).to_be_visible()
    expect(page.locator("main")).to_contain_text("“Found it” was taken for a copy of “My koi”")
    page.get_by_label("Why is it your own work").fill(WHY)
    page.get_by_role("button", name="Send the claim").click()
    page.wait_for_url("**/claims#*")
    expect(page.get_by_text(WHY)).to_be_visible()
    theirs_to_answer = owner.open("/claims")
    expect(theirs_to_answer.get_by_text(WHY)).to_be_visible()
    expect(theirs_to_answer.get_by_text("Answer", exact=True)).to_be_visible()
    visit.open("/uploads")
    row = page.locator(".own").filter(has_text="Found it")
    expect(row).to_contain_text("Not published")
    expect(row.get_by_role("link", name="Dispute")).to_be_visible()
    site.platform.feed.refresh()
    assert "Found it" not in feed_of(visit)
