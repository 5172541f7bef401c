"""Access by staff on a whole platform whose broker is killed, and whose database is put back from an older copy."""

from __future__ import annotations

import os
import shutil
import signal
import threading
import time
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, text

from openforyou.app import broker
from openforyou.app.access import AccessRelay
from openforyou.app.platform import Platform
from openforyou.app.settings import Settings
from openforyou.core.errors import OpenForYouError
from openforyou.events.log.errors import LogBehind
from openforyou.privacy.access.errors import Closed, NotDurable
from openforyou.privacy.access.published import Published
from openforyou.privacy.access.types import Doing
from openforyou.privacy.vault.errors import BrokerUnavailable
from tests.privacy.access.staffing import Office

WITHIN_S = 30
SETTLED = {"words": "The machine was put back from last night's backup."}


class Copies:
    """Copies of a platform's database, made and put back as an operator would."""

    def __init__(self, platform: Platform, url: str) -> None:
        self._platform = platform
        self._name = str(make_url(url).database)
        server = make_url(url).set(drivername="postgresql+psycopg", database="postgres")
        self._engine = create_engine(server, isolation_level="AUTOCOMMIT")

    def take(self) -> None:
        self._run(f"CREATE DATABASE {self._name}_copy TEMPLATE {self._name}")

    def put_back(self) -> None:
        self._run(f"DROP DATABASE {self._name}", f"ALTER DATABASE {self._name}_copy RENAME TO {self._name}")

    def _run(self, *statements: str) -> None:
        self._platform.log.close()
        self._platform.database.engine.dispose()
        with self._engine.connect() as connection:
            for statement in statements:
                connection.execute(text(statement))
        self._engine.dispose()


@pytest.fixture(autouse=True)
def is_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """The log is awaited for less than the ten seconds."""
    defaults = Published.__init__.__kwdefaults__
    assert defaults is not None
    monkeypatch.setitem(defaults, "wait_s", 1.0)


@pytest.fixture
def copies(platform: Platform, database_url: str) -> Copies:
    return Copies(platform, database_url)


def test_a_record_that_went_with_the_database_is_carried_again(platform: Platform, copies: Copies) -> None:
    office = Office(platform)
    ada = platform.accounts.sign_up("ada@example.org", "a long enough one")
    request = office.ask("sue", ada)
    platform.publish()
    copies.take()
    office._relay = AccessRelay(platform.database, platform.keeper, lambda: None)  # nobody writes the log
    with pytest.raises(NotDurable):
        office.do("gil", Doing.GRANT, request=request)
    copies.put_back()
    office._relay = platform.access
    assert office.leaves("access") == []
    with pytest.raises(NotDurable):
        office.do("sue", Doing.READ, request=request)
    platform.access.tick()
    assert len(office.leaves("access")) == 1
    assert office.do("sue", Doing.READ, request=request)["values"]
    (look,) = platform.access.looks_at(platform.person(ada.viewer_id, ada))
    assert [one["entry"] for one in office.leaves("access")] == [look["entry"]]


def test_a_database_and_log_put_back_together_close_access_until_the_log_has_it_all(
    platform: Platform, copies: Copies, tmp_path: Path
) -> None:
    office = Office(platform)
    ada = platform.accounts.sign_up("ada@example.org", "a long enough one")
    platform.publish()
    copies.take()
    shutil.copytree(platform.settings.log_folder, tmp_path / "log")
    request = office.ask("sue", ada)
    office.do("gil", Doing.GRANT, request=request)
    office.do("sue", Doing.READ, request=request)
    before = office.leaves("access")
    copies.put_back()
    shutil.rmtree(platform.settings.log_folder)
    shutil.copytree(tmp_path / "log", platform.settings.log_folder)
    with pytest.raises(Closed, match=r"had \d+ leaves and shows \d+"):
        office.do("sue", Doing.READ, request=request)
    with pytest.raises(Closed):
        office.ask("sue", ada)
    for who in ("root", "deputy"):
        office.do(who, Doing.SETTLE, **SETTLED)
    platform.access.carry()
    assert office.leaves("access") == before, "the log holds again what it lost"
    (look,) = platform.access.looks_at(platform.person(ada.viewer_id, ada))
    assert (look["entry"], len(look["reads"]), look["standing"]) == (before[0]["entry"], 1, "revoked")


def test_a_database_older_than_the_log_opens_nothing_new(platform: Platform, copies: Copies) -> None:
    office = Office(platform)
    ada = platform.accounts.sign_up("ada@example.org", "a long enough one")
    platform.publish()
    copies.take()
    request = office.ask("sue", ada)
    office.do("gil", Doing.GRANT, request=request)
    copies.put_back()
    other = office.ask("sue", ada, case="S-2")
    with pytest.raises(NotDurable):
        office.do("gil", Doing.GRANT, request=other)
    with pytest.raises(NotDurable):
        office.do("sue", Doing.READ, request=other)
    with pytest.raises(LogBehind, match="restore a newer backup"):
        platform.log.step()
    assert len(office.leaves("access")) == 1


def test_a_broker_that_is_killed_while_a_grant_waits_goes_on_from_there(database_url: str, tmp_path: Path) -> None:
    settings = Settings(data=tmp_path / "data")
    with (
        broker.running(settings),
        Platform(settings, database_url=database_url) as platform,
    ):
        office = Office(platform)
        ada = platform.accounts.sign_up("ada@example.org", "a long enough one")
        request = office.ask("sue", ada)
        text_, signature = office.signed("gil", Doing.GRANT, request=request)
        unheard = AccessRelay(platform.database, platform.keeper, lambda: None)
        came: list[OpenForYouError] = []

        def grant() -> None:
            try:
                unheard.do(text_, signature)
            except OpenForYouError as error:
                came.append(error)

        waiting = threading.Thread(target=grant)
        waiting.start()
        watch = next(one for one in threading.enumerate() if isinstance(one, broker._Watch))
        assert watch._child is not None
        killed = watch._child.pid
        until = time.monotonic() + WITHIN_S
        while not queued(platform):
            assert time.monotonic() < until
            time.sleep(0.05)
        os.kill(killed, signal.SIGKILL)
        waiting.join()
        assert [type(one) for one in came] == [BrokerUnavailable], "whether it was done cannot be known"
        while watch._child is None or watch._child.pid == killed or not watch._answers():
            assert time.monotonic() < until
            time.sleep(0.05)
        platform.access.tick()
        platform.publish()
        with pytest.raises(OpenForYouError, match="done before"):
            platform.access.do(text_, signature)
        assert office.do("sue", Doing.READ, request=request)["values"]
        (look,) = platform.access.looks_at(platform.person(ada.viewer_id, ada))
        assert {one["entry"] for one in office.leaves("access")} == {look["entry"]}


def queued(platform: Platform) -> int:
    """Leaves that were accepted and are not published."""
    with platform.database.connect() as connection:
        return int(connection.execute(text("SELECT count(*) FROM pending_leaves")).scalar_one())
