"""Another region beside the one that is attacked: a broker of its own, with staff, on the same database and log."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager

from openforyou.app.access import AccessRelay
from openforyou.app.broker import Reaching
from openforyou.app.settings import Settings
from openforyou.demo.office import Office
from openforyou.drills.errors import Broken
from openforyou.drills.world import World
from openforyou.privacy.vault import store as vault_store
from openforyou.privacy.vault.types import Field, Kind, Subject

NORTH = "north"
EMAIL = "maker@drill.invalid"


class Abroad(Office):
    """The region north: two administrators, and whoever they enrol."""

    def __init__(self, world: World, settings: Settings, broker: Reaching) -> None:
        self.broker = broker
        self.relay = AccessRelay(world.platform.database, broker, lambda: None)
        super().__init__(settings, self.relay, world.platform.clock)


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
