"""Who takes part: people with an account and a handle here, and their profiles on servers elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from openforyou.catalog.identities.rules import CODE_PREFIX
from openforyou.drills.attack import Case
from openforyou.drills.elsewhere import html
from openforyou.drills.errors import Broken
from openforyou.drills.viewers import Told, Viewer
from openforyou.drills.world import World

IDENTITIES = "/v1/identities"
MASTODON = "social.example"


@dataclass(frozen=True, slots=True)
class Said:
    """What the platform answered."""

    status: int
    body: Told

    @property
    def words(self) -> str:
        """Its error."""
        return f"{self.body.get('code')}: {self.body.get('error')}"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody signed in here who publishes as `handle`."""

    handle: str
    browser: Viewer

    def begin(self, platform: str, who: str = "", method: str = "") -> Said:
        """Claim an account elsewhere."""
        return self._send("POST", IDENTITIES, {"platform": platform, "who": who, "method": method})

    def must_begin(self, platform: str, who: str = "", method: str = "") -> Told:
        """The same, where it has to be possible."""
        said = self.begin(platform, who, method)
        if said.status != 201:
            raise Broken(f"@{self.handle} cannot begin: {said.words}")
        return said.body

    def check(self, challenge: str) -> Said:
        """Have it looked at."""
        return self._send("POST", f"{IDENTITIES}/challenges/{challenge}/check")

    def must_prove(self, challenge: str) -> Told:
        """The same, where it has to succeed."""
        said = self.check(challenge)
        if said.status != 200:
            raise Broken(f"@{self.handle} cannot prove what is theirs: {said.words}")
        return said.body

    def shown(self) -> list[str]:
        """The accounts that everybody is shown as proven."""
        return [one["who"] for one in self.browser.ask(f"/v1/creators/{self.handle}")["identities"]]

    def own(self) -> Told:
        """What its owner sees."""
        return self.browser.ask(IDENTITIES)

    def page(self, path: str) -> str:
        """A page as it is drawn for them."""
        return self.browser.http.get(path, follow_redirects=True).text

    def clear(self) -> None:
        """Withdraw and give up everything."""
        told = self.own()
        for one in told["proven"]:
            self._send("DELETE", f"{IDENTITIES}/{one['id']}")
        for one in told["challenges"]:
            self._send("DELETE", f"{IDENTITIES}/challenges/{one['id']}")

    def _send(self, method: str, path: str, body: Any = None) -> Said:
        answer = self.browser.http.request(method, path, json=body)
        return Said(answer.status_code, answer.json() if answer.content else {})


@contextmanager
def two(world: World) -> Iterator[tuple[Person, Person]]:
    """The owner of the accounts, and the impostor. Nothing of what they did stays."""
    owner, impostor = person(world, "ada"), person(world, "eve")
    try:
        yield owner, impostor
    finally:
        owner.clear()
        impostor.clear()
        world.elsewhere.pages.clear()
        world.elsewhere.texts.clear()


def person(world: World, handle: str, *, name: str = "", bio: str = "") -> Person:
    """Somebody with that handle; the same one each time."""
    if handle not in world.people:
        browser = world.stranger()
        browser.ask("/v1/progress")
        for path, body in (
            ("/v1/accounts", {"email": f"{handle}@drill.invalid", "password": "of no worth at all"}),
            ("/v1/creators", {"handle": handle, "name": name or handle.title(), "bio": bio}),
        ):
            answer = browser.http.post(path, json=body)
            if answer.status_code != 201:
                raise Broken(f"POST {path} answers {answer.status_code}: {answer.text[:200]}")
        world.people[handle] = browser
    return Person(handle, world.people[handle])


def bio(world: World, name: str, text: str, *, more: str = "") -> None:
    """Write a profile on the server elsewhere: its description, and whatever else stands on the page."""
    page = html(f'<meta name="description" content="{text}"><main>{more}</main>')
    world.elsewhere.pages[MASTODON, f"/@{name}"] = page


def account(world: World, name: str) -> str:
    """A handle on the server elsewhere."""
    return f"{name}@{world.elsewhere.at(MASTODON)}"


def code_of(challenge: Told) -> str:
    """What is to be put there."""
    texts = [str(step["copy_text"]).rpartition("=")[2] for step in challenge["steps"]]
    return next(text for text in texts if text.startswith(CODE_PREFIX))


def refused(case: Case, said: Said, code: str, whose: Person) -> None:
    """It must have been refused for that reason, and nothing be shown."""
    case.stood(said.status >= 400 and said.body.get("code") == code, f"it is refused, {said.words}")
    case.stood(whose.shown() == [], f"@{whose.handle}'s page shows nothing as proven")


def signed_in_elsewhere(world: World, challenge: Told) -> str:
    """Follow the link to the provider as a browser does; where it sends the browser back to, without the host."""
    sent = world.platform.outside.get_alone(challenge["steps"][0]["link"])
    back = urlsplit(sent.headers["location"])
    return f"{back.path}?{back.query}"
