"""A move between two regions of its own, for each attack: three people, two administrators, a folder of backups."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from itertools import count
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from openforyou.app.broker import Reaching
from openforyou.app.keys import enrol_first
from openforyou.app.regions import check_certificate
from openforyou.app.settings import Settings
from openforyou.core.ids import new_id
from openforyou.drills.world import World
from openforyou.ledger.source import FolderSource
from openforyou.privacy.access import acts
from openforyou.privacy.regions.journal import Journal
from openforyou.privacy.regions.moving import Moving
from openforyou.privacy.vault import store
from openforyou.privacy.vault.types import Field, Kind, Subject

PEOPLE = 3
_numbers = count(1)


class Killed(BaseException):
    """The process ends where it stands."""


class Move:
    """From one region to the other, at the hands of whoever attacks."""

    def __init__(self, world: World, old: Settings, brokers: tuple[Reaching, Reaching]) -> None:
        self.world = world
        self.old = old
        self.source, self.target = brokers
        self.names = (old.region, f"{old.region}-new")
        self.backups = old.data / "backups"
        self.backups.mkdir(parents=True)
        self.keys = {}
        for name in ("root", "deputy"):
            key = Ed25519PrivateKey.generate()
            self.keys[enrol_first(old, name, acts.public_text(key))] = key
        self.people = [Subject(Kind.ACCOUNT, new_id()) for _ in range(PEOPLE)]
        with world.platform.database.begin() as connection:
            for number, one in enumerate(self.people):
                sealed = self.source.seal(one, {Field.EMAIL: f"moved{number}@drill.invalid".encode()})
                store.put(connection, one, sealed)

    @property
    def places(self) -> list[Path]:
        """What is looked at: the platform's folder, and the old region's with its backups."""
        return [self.world.data, self.old.data]

    def moving(self, kill_at: str = "") -> Moving:
        """As the command line has it; killed behind a step of that name."""

        def step(name: str) -> None:
            if name == kill_at:
                raise Killed

        platform = self.world.platform
        return Moving(platform.database, platform.clock, (self.source, self.target), self.old.data / "move", step)

    def move(self, kill_at: str = "") -> Journal:
        """Everybody."""
        return self.moving(kill_at).move(self.names, self.places)

    def agree(self, number: int = 2) -> None:
        """So many administrators sign."""
        for who, key in list(self.keys.items())[:number]:
            self.moving().agree(who, key)

    def certify(self, kill_at: str = "") -> str:
        """The certificate."""
        return self.moving(kill_at).certify(self.places, ["replicas: none runs"], self.world.settings.log_key())

    def back_up(self, name: str) -> Path:
        """The old region's keys and all seals, as a night's backup takes them."""
        folder = self.backups / name
        shutil.copytree(self.old.broker_folder, folder / "broker", ignore=shutil.ignore_patterns("*.sock", "lock"))
        rows = self.world.sql("SELECT sealed FROM sealed_fields WHERE region = %s", self.old.region)
        lines = [json.dumps({"sealed": bytes(row[0]).hex()}) for row in rows]
        (folder / "sealed_fields.dump").write_text("\n".join(lines))
        return folder

    def checked(self, certificate: str) -> dict[str, Any]:
        """What it says, to who checks it from outside, once its record is published."""
        self.world.settle()
        key = self.world.log_key().verifying
        return check_certificate(certificate, key, FolderSource(self.world.log_folder))


@contextmanager
def a_move(world: World) -> Iterator[Move]:
    """Cleaned up behind."""
    name = f"east-{next(_numbers)}"
    data = world.scratch(name)
    old = Settings.model_construct(data=data, region=name)
    new = Settings.model_construct(data=world.scratch(f"{name}-new"), region=f"{name}-new")
    with ExitStack() as stack:
        brokers = [stack.enter_context(closing(Reaching(each, world.platform.clock))) for each in (old, new)]
        made = Move(world, old, (brokers[0], brokers[1]))
        try:
            yield made
        finally:
            world.sql("DELETE FROM sealed_fields WHERE region LIKE 'east-%%'")


def killed_in(what: Callable[[], Any]) -> bool:
    """Whether it was killed."""
    try:
        what()
    except Killed:
        return True
    return False
