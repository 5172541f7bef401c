"""Another region beside the one that is attacked: a broker of its own, with staff, on the same database and log."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from openforyou.app.access import AccessRelay
from openforyou.app.broker import Reaching
from openforyou.app.keys import enrol_first
from openforyou.app.settings import Settings
from openforyou.core.errors import OpenForYouError
from openforyou.drills.errors import Broken
from openforyou.drills.world import World
from openforyou.privacy.access import acts
from openforyou.privacy.access.types import Doing, Duty
from openforyou.privacy.vault import store as vault_store
from openforyou.privacy.vault.types import Field, Kind, Subject

NORTH = "north"
EMAIL = "maker@drill.invalid"


class Abroad:
    """The region north: two administrators, and whoever they enrol."""

    def __init__(self, world: World, settings: Settings, broker: Reaching) -> None:
        self.world = world
        self.broker = broker
        platform = world.platform
        self.relay = AccessRelay(platform.database, broker, lambda: None)
        self.keys: dict[str, Ed25519PrivateKey] = {}
        self.ids: dict[str, str] = {}
        for name in ("root", "deputy"):
            self.keys[name] = Ed25519PrivateKey.generate()
            self.ids[name] = enrol_first(settings, name, acts.public_text(self.keys[name]))

    def enrol(self, name: str, *duties: Duty) -> None:
        """By both administrators."""
        self.keys[name] = Ed25519PrivateKey.generate()
        body = {"name": name, "duties": sorted(duties), "key": acts.public_text(self.keys[name])}
        proposed = self.do("root", Doing.ENROL, body)
        self.ids[name] = self.do("deputy", Doing.AGREE, {"proposal": proposed["proposal"]})["staff"]

    def do(self, who: str, doing: Doing, body: Mapping[str, Any]) -> dict[str, Any]:
        """An act at this region's broker."""
        return self.relay.do(*self.signed(who, doing, body))

    def signed(self, who: str, doing: Doing, body: Mapping[str, Any]) -> tuple[str, bytes]:
        """An act for this region's broker, and its signature."""
        broker = self.relay.facts()["broker"]
        text = acts.write(doing, self.ids[who], broker, body, self.world.platform.clock.now())
        return text, acts.sign(text, self.keys[who])


@contextmanager
def abroad(world: World, region: str = NORTH) -> Iterator[Abroad]:
    """A region of that name, in a folder of its own, that reads the same log."""
    data = world.scratch(region)
    data.mkdir()
    (data / "log").symlink_to(world.log_folder.resolve())
    settings = Settings.model_construct(data=data, region=region)
    with closing(Reaching(settings, world.platform.clock)) as broker:
        yield Abroad(world, settings, broker)


def maker(world: World) -> tuple[Subject, dict[Field, bytes]]:
    """Somebody at home, and their e-mail's seal as the database has it."""
    found = world.sql("SELECT subject_id FROM sealed_fields WHERE kind = 'account' AND field = 'email' LIMIT 1")
    if not found:
        raise Broken("nobody has an account")
    subject = Subject(Kind.ACCOUNT, int(found[0][0]))
    with world.platform.database.connect() as connection:
        return subject, vault_store.get(connection, subject, [Field.EMAIL])


def refusal(what: Any, *arguments: Any) -> OpenForYouError | None:
    """How a call is refused; None: it was not."""
    try:
        what(*arguments)
    except OpenForYouError as error:
        return error
    return None
