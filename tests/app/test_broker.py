"""The platform and its broker: started, started again, reached, and given what lay in the database before."""

from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path

import pytest
from sqlalchemy import text

from openforyou.app import broker
from openforyou.app.platform import Platform
from openforyou.app.settings import Settings
from openforyou.core.errors import BadInput
from openforyou.privacy.broker.keeper import LocalKeeper
from openforyou.privacy.vault.errors import BrokerUnavailable

SECRETS = {viewer: bytes([viewer]) * 32 for viewer in range(1, 40)}


def test_secrets_of_the_database_keep_their_value_and_leave_it(database_url: str, tmp_path: Path) -> None:
    settings = Settings(data=tmp_path / "data")
    with Platform(settings, database_url=database_url) as platform, platform.database.begin() as connection:
        rows = [{"viewer": viewer, "secret": secret} for viewer, secret in SECRETS.items()]
        connection.execute(text("INSERT INTO viewer_secrets VALUES (:viewer, :secret)"), rows)
    with pytest.raises(BrokerUnavailable):  # rather than a second secret for each
        Platform(settings, database_url=database_url, keeper=broker.client(settings))
    with Platform(settings, database_url=database_url) as platform, platform.database.connect() as connection:
        assert platform.keeper.event_secrets(list(SECRETS)) == SECRETS
        assert connection.scalar(text("SELECT count(*) FROM viewer_secrets")) == 0
        assert connection.scalar(text("SELECT pg_relation_size('viewer_secrets')")) == 0, "the file is gone"
    with Platform(settings, database_url=database_url) as platform:
        assert platform.keeper.event_secrets([7]) == {7: SECRETS[7]}


def test_a_broker_that_is_killed_is_started_again_and_leaves_at_the_end(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path)
    with broker.running(settings), broker.client(settings) as asked, broker.Reaching(settings) as reaching:
        first = asked.event_secrets([1])
        assert reaching.event_secrets([1]) == first
        watch = next(one for one in threading.enumerate() if isinstance(one, broker._Watch))
        assert watch._child is not None
        killed = watch._child.pid
        os.kill(killed, signal.SIGKILL)
        until = time.monotonic() + 30
        while watch._child is None or watch._child.pid == killed or not watch._answers():
            assert time.monotonic() < until
            time.sleep(0.05)
        assert asked.event_secrets([1]) == first
    with broker.client(settings) as asked, pytest.raises(BrokerUnavailable):
        asked.about()
    with broker.Reaching(settings) as reaching:
        assert reaching.event_secrets([1]) == first, "the folder itself, where nobody listens"


def test_where_a_broker_is_named_no_other_is_asked(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path, broker=f"unix:{tmp_path}/elsewhere.sock")
    with LocalKeeper.open(settings.broker_folder) as keeper:
        keeper.event_secrets([1])
    with broker.Reaching(settings) as reaching, pytest.raises(BrokerUnavailable, match="elsewhere"):
        reaching.event_secrets([1])
    with pytest.raises(BrokerUnavailable), broker.running(settings):
        pass
    with pytest.raises(BadInput, match="one of them is not set"):
        broker.client(Settings(data=tmp_path, broker="tls://broker.example.org:1", broker_cert="web.pem"))
