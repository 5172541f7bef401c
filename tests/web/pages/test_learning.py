"""The feed learns while one watches: three clips of one look to the end, the others skipped, and the look is there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext

from openforyou.app.platform import Platform
from openforyou.app.settings import Settings
from openforyou.catalog.types import ITEM_RIGHTS
from openforyou.core.ids import ItemId
from openforyou.demo.film import Format, shoot
from tests.web.pages.conftest import DESKTOP, PATIENCE_MS, Site, Visit, fresh_database, serving

LOOKS = ("aurora", "dusk", "fireflies", "gears", "kaleidoscope", "lava", "nebula", "stripes")
CLIPS_A_LOOK = 12
SECONDS = 1.2
SMALL = Format(90, 160, 8)
SLATE = 10
STRANGERS = 8
"""Each gets a slate drawn by lot; what comes to somebody unknown is their mean."""


@pytest.fixture(scope="module")
def town(server_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Twelve clips of each of eight looks, by six creators who each have some of every look."""
    folder = tmp_path_factory.mktemp("town")
    with fresh_database(server_url, "town") as url, Platform(Settings(data=folder), database_url=url) as platform:
        makers = [platform.catalog.add_creator(f"maker{number}", f"Maker {number}") for number in range(6)]
        clips: dict[str, ItemId] = {}
        for number in range(len(LOOKS) * CLIPS_A_LOOK):
            look = LOOKS[number % len(LOOKS)]
            path = folder / f"{look}-{number}.mp4"
            shoot(path, look, (1, number), SECONDS, SMALL)
            item_id = platform.ingest.take_in(
                path, makers[number % 6].id, title=path.stem, rights=frozenset(ITEM_RIGHTS), evidence="for a test"
            )
            assert platform.ingest.process_next(item_id) is not None
            clips[path.stem] = item_id
        platform.feed.refresh()
        with serving(platform) as port:
            yield Site(f"http://localhost:{port}", platform, clips, folder)


@pytest.fixture
def newcomer(town: Site, chromium: Browser) -> Iterator[Visit]:
    context = chromium.new_context(viewport=DESKTOP)
    context.set_default_timeout(PATIENCE_MS)
    visit = Visit(town, context, context.new_page())
    visit.listen()
    yield visit
    context.close()
    assert visit.wrong == []


def look_of(item: dict[str, Any]) -> str:
    look, _, _ = item["title"].partition("-")
    return str(look)


def next_slate(context: BrowserContext, site: Site) -> dict[str, Any]:
    """What this visitor would be shown next."""
    slate: dict[str, Any] = context.request.get(f"{site.origin}/v1/feed?size={SLATE}").json()
    return slate


def to_strangers(chromium: Browser, site: Site) -> Counter[str]:
    """Clips by look in the first slates of people whom the platform has never seen, all together."""
    looks: Counter[str] = Counter()
    for _ in range(STRANGERS):
        nobody = chromium.new_context()
        looks.update(look_of(item) for item in next_slate(nobody, site)["items"])
        nobody.close()
    return looks


def watch(visit: Visit, wanted: int) -> tuple[str, list[str]]:
    """Stay for `wanted` clips of the first look that comes, leave the others; the look, and what was watched."""
    title = visit.title
    look = title.split("-")[0]
    watched: list[str] = []
    for _ in range(len(visit.site.clips)):
        if title.startswith(look):
            watched.append(title)
            while not visit.counts(title).completions:
                visit.page.wait_for_timeout(100)
        if len(watched) == wanted:
            break
        title = visit.next()  # "" on a card between two clips
        visit.page.wait_for_timeout(100)
    return look, watched


def test_three_clips_of_one_look_at_least_double_it_and_why_names_them(newcomer: Visit, chromium: Browser) -> None:
    before = to_strangers(chromium, newcomer.site)
    newcomer.open()
    look, watched = watch(newcomer, 3)
    newcomer.delivered()
    assert len(watched) == 3

    slate = next_slate(newcomer.context, newcomer.site)
    after = Counter(look_of(item) for item in slate["items"])
    assert after.total() == SLATE
    assert after[look] >= 2 * max(before[look] / STRANGERS, SLATE / len(LOOKS)), (look, before, after)

    one = next(item for item in slate["items"] if look_of(item) == look)
    asked = f"/v1/why?request_id={slate['request_id']}&item_id={one['id']}"
    told = newcomer.context.request.get(newcomer.site.origin + asked).text()
    assert any(title in told for title in watched), told
