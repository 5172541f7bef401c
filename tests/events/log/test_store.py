"""The intake and the sequencer write the same rows, and must not wait for each other."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import text

from openforyou.events.log import store
from openforyou.storage.database import Database

WAITS = text("SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'advisory'")


def test_telling_of_refusals_waits_for_the_intake_and_not_it_for_us(database: Database) -> None:
    """Both take the writer's lock before the rows: in two orders, one of them would be shot as a deadlock."""
    with database.begin() as connection:
        store.add_refusals(connection, {"bad_time": 3})

    def tell() -> int:
        with database.begin() as connection:
            told = store.take_refusals(connection, older_than_s=0.0)
            assert told is not None
            store.enqueue(connection, [b"{}"])
            return sum(told[2].values())

    with ThreadPoolExecutor(1) as pool:
        with database.begin() as intake:
            store.lock_writer(intake)
            telling = pool.submit(tell)
            deadline = time.monotonic() + 20
            while not intake.scalar(WAITS):
                assert time.monotonic() < deadline, "nobody waits"
            store.add_refusals(intake, {"bad_time": 1})
        assert telling.result(20) == 4
