"""A real Chromium on a real server: the platform with a few small clips, taken in as any upload would be."""

from __future__ import annotations

import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from argon2 import PasswordHasher
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Route, expect, sync_playwright
from sqlalchemy import create_engine, make_url, text

from openforyou.accounts.passwords import Passwords
from openforyou.accounts.service import Accounts
from openforyou.app.platform import Platform
from openforyou.app.settings import Settings
from openforyou.catalog.rights import store as rights_store
from openforyou.catalog.rights.types import VIEWER_SUBJECT
from openforyou.catalog.sounds.types import About, Access, Audience, Licence, Sound
from openforyou.catalog.types import ITEM_RIGHTS, Right
from openforyou.core.ids import ItemId, encode_id
from openforyou.drills.elsewhere import Elsewhere
from openforyou.drills.music import songs
from openforyou.events.types import Counts
from openforyou.web.application import create_app
from openforyou.web.rates import Rates
from tests.ingest.tunes import write_wav
from tests.web.pages.clips import LOOKS, write_clip
from tests.web.pages.there import elsewhere

HOW_TO_GET_CHROMIUM = "needs Chromium: apt-get install chromium, or a `chromium` on the PATH by other means"
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
CLIPS_A_LOOK = 4
CAPTIONS = {1: "Seen from afar. #{look} #wide", 3: "A caption that goes on. " * 12}
"""Of the second and the last clip of a look."""
DESKTOP, PHONE = {"width": 1024, "height": 640}, {"width": 390, "height": 844}
PATIENCE_MS = 20_000
"""Past this something is broken, and not merely slow on busy cores."""
expect.set_options(timeout=PATIENCE_MS)
CURRENT = "#stage > article:not([inert])"


@dataclass(frozen=True)
class Site:
    """A running server, and the platform behind it."""

    origin: str
    platform: Platform
    clips: dict[str, ItemId]
    """By title."""

    folder: Path
    """To write in."""

    def viewers_with(self, right: Right) -> set[int]:
        """Who gave a right over their history."""
        with self.platform.database.connect() as connection:
            return rights_store.subjects_with(connection, VIEWER_SUBJECT, right, self.platform.clock.now())

    def public_id(self, title: str) -> str:
        """As it stands in addresses."""
        return encode_id(self.clips[title])


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """Where the browser is. Where nobody could install one these tests are skipped; in CI that is a failure."""
    found = next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)
    if found is None and os.environ.get("CI") == "true":
        pytest.fail(HOW_TO_GET_CHROMIUM)
    if found is None:
        pytest.skip(HOW_TO_GET_CHROMIUM)
    return found


@pytest.fixture(scope="package")
def chromium(chromium_path: str) -> Iterator[Browser]:
    """One browser for these tests. Not for the session: its event loop would stand in the way of other tests'."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def site(server_url: str, chromium_path: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The whole thing on 127.0.0.1, with four clips of each look."""
    folder = tmp_path_factory.mktemp("site")
    with (
        fresh_database(server_url, "pages") as url,
        Platform(Settings(data=folder / "data"), database_url=url) as platform,
    ):
        weak_and_quick = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
        platform.accounts = Accounts(platform.database, platform.clock, platform.keeper, weak_and_quick)
        clips = _publish(platform, folder)
        platform.feed.refresh()
        with serving(platform) as port:
            yield Site(f"http://localhost:{port}", platform, clips, folder)


@contextmanager
def fresh_database(server_url: str, name: str) -> Iterator[str]:
    """A migrated database named `name`, gone afterwards."""
    engine = create_engine(make_url(server_url).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE template"))
        try:
            yield make_url(server_url).set(database=name).render_as_string(hide_password=False)
        finally:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    engine.dispose()


def _publish(platform: Platform, folder: Path) -> dict[str, ItemId]:
    """Of each look four clips, one of them wide, one square and without sound, by a creator of its own."""
    published = {}
    for look in LOOKS:
        creator = platform.catalog.add_creator(look.lower(), f"{look} Maker", bio=f"{look}, all day long.")
        for variant in range(CLIPS_A_LOOK):
            shape = {1: "wide", 2: "square"}.get(variant, "tall")
            path = write_clip(folder / f"{look}-{variant}.mp4", look, variant, shape, sound=variant != 2)
            title = f"{look} {variant + 1}"
            caption = CAPTIONS.get(variant, "").format(look=look.lower())
            rights = frozenset(ITEM_RIGHTS)
            item_id = platform.ingest.take_in(
                path, creator.id, title=title, caption=caption, rights=rights, evidence="for a test"
            )
            assert platform.ingest.process_next(item_id) is not None
            published[title] = item_id
    return published


@contextmanager
def serving(platform: Platform) -> Iterator[int]:
    """A server in a thread, on a port that was free."""
    config = uvicorn.Config(create_app(platform, rates=Rates(1_000)), host="127.0.0.1", port=0, log_level="warning")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, name="site")
    thread.start()
    while not server.started:
        assert thread.is_alive(), "the server did not start"
        time.sleep(0.01)
    try:
        port: int = server.servers[0].sockets[0].getsockname()[1]
        yield port
    finally:
        server.should_exit = True
        thread.join()


@dataclass
class Visit:
    """One visitor in one window. At the end nothing may have gone wrong in it that the test did not expect."""

    site: Site
    context: BrowserContext
    page: Page
    expected: list[str] = field(default_factory=list)
    """Parts of console errors that belong to the test: Chromium reports each failed request there."""
    wrong: list[str] = field(default_factory=list)

    def open(self, path: str = "/") -> Page:
        """Go to an address of the site, whose numbers are those of everything that other visits did."""
        self.site.platform.log.step()
        self.page.goto(self.site.origin + path)
        return self.page

    @property
    def title(self) -> str:
        """Of the clip that is current."""
        return self.page.locator(f"{CURRENT} .title").inner_text()

    def video(self, expression: str) -> Any:
        """What an expression over the current clip's video `v` comes to."""
        return self.page.locator(f"{CURRENT} video").evaluate(f"v => {expression}")

    def until(self, expression: str) -> None:
        """Wait until an expression over the page is true. Over a video: `v` is the current clip's."""
        found = f"document.querySelector({CURRENT + ' video'!r})"
        self.page.wait_for_function(f"() => {{ const v = {found}; return {expression}; }}")

    def next(self) -> str:
        """Move on, and answer with the title of what came, or "" on a card."""
        before = self.page.locator(CURRENT).get_attribute("aria-posinset")
        self.page.keyboard.press("ArrowDown")
        self.page.wait_for_function(
            "([now, before]) => document.querySelector(now)?.getAttribute('aria-posinset') !== before",
            arg=[CURRENT, before],
        )
        self.page.wait_for_function(
            "now => Math.abs(document.querySelector(now).getBoundingClientRect().top) < 2", arg=CURRENT
        )
        return self.title if self.page.locator(f"{CURRENT} .title").count() else ""

    def delivered(self) -> None:
        """Wait until the server has answered for every event so far, and the log holds them."""
        self.page.evaluate("() => new Promise((done) => setTimeout(done, 300))")  # The queue is stored within 250 ms.
        self.page.wait_for_function("() => (sessionStorage.getItem('openforyou.events') ?? '[]') === '[]'")
        self.site.platform.log.step()

    def counts(self, title: str) -> Counts:
        """What the server counts of a clip. Other visits count too: compare with before."""
        item_id = self.site.clips[title]
        self.site.platform.log.step()
        return self.site.platform.events.counts([item_id])[item_id]

    def sign_up(self, email: str, handle: str = "") -> None:
        """Make an account through the API, as this visitor, and with `handle` a creator."""
        self._post("/v1/accounts", {"email": email, "password": "a long enough one"})
        if handle:
            self._post("/v1/creators", {"handle": handle, "name": handle.title()})

    def _post(self, path: str, body: dict[str, str]) -> None:
        headers = {"Origin": self.site.origin}
        answer = self.context.request.post(self.site.origin + path, data=body, headers=headers)
        assert answer.ok, answer.text()

    def fail(self, pattern: str) -> Callable[[], None]:
        """Let requests to `pattern` fail as without a connection; the answer ends that."""
        self.expected.append("ERR_INTERNET_DISCONNECTED")

        def abort(route: Route) -> None:
            route.abort("internetdisconnected")

        self.page.route(pattern, abort)
        return lambda: self.page.unroute(pattern, abort)

    def listen(self) -> None:
        """Note what goes wrong from here on."""
        self.page.on("console", self._on_console)
        self.page.on("pageerror", lambda error: self.wrong.append(f"uncaught: {error}"))

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not any(part in message.text for part in self.expected):
            self.wrong.append(f"{message.type}: {message.text} ({message.location.get('url')})")


@pytest.fixture
def make_visit(chromium: Browser, site: Site) -> Iterator[Callable[..., Visit]]:
    """Makes visits; each is somebody new. Takes what `Browser.new_context` takes."""
    visits: list[Visit] = []

    def make(**how: Any) -> Visit:
        context = chromium.new_context(**{"viewport": DESKTOP, "locale": "en-GB", **how})
        context.set_default_timeout(PATIENCE_MS)
        visit = Visit(site, context, context.new_page())
        visit.listen()
        visits.append(visit)
        return visit

    yield make
    for visit in visits:
        visit.context.close()
    assert [wrong for visit in visits for wrong in visit.wrong] == []


@pytest.fixture
def visit(make_visit: Callable[..., Visit]) -> Visit:
    """Somebody new, at a desk."""
    return make_visit()


@pytest.fixture
def there(site: Site, tmp_path: Path) -> Iterator[Elsewhere]:
    """A Mastodon server elsewhere, which the site may ask."""
    with elsewhere(site.platform, site.origin, tmp_path) as opened:
        yield opened


@pytest.fixture(scope="package")
def song(site: Site) -> Sound:
    """In the library, for everybody, with a beat."""
    about = About("Plucked", "A. Composer", Licence.CC_BY)
    path = write_wav(site.folder / "plucked.wav", songs.song(21, 12, beat_s=0.5))
    return site.platform.library.add(path, about, Access(Audience.EVERYONE), "operator")


@pytest.fixture(scope="package")
def pictures(site: Site) -> list[Path]:
    """Two photos, a red and a blue one."""
    made = []
    for name, colour in (("first", (200, 60, 40)), ("second", (40, 90, 200))):
        path = site.folder / f"{name}.jpg"
        Image.new("RGB", (640, 480), colour).save(path)
        made.append(path)
    return made
