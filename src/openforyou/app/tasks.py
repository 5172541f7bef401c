"""How far long work is, written where every process can read it: the demo world, a training, a batch of clips."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert as upsert

from openforyou.app.tables import tasks
from openforyou.core.progress import Progress
from openforyou.storage.database import Database

WRITE_EVERY_S = 0.5
DEAD_AFTER = timedelta(minutes=2)
"""A running task that was not heard of for so long has lost its process."""


@dataclass(frozen=True, slots=True)
class Task:
    """One piece of long work. `state` is running, done, failed, or lost when its process is gone."""

    name: str
    done: int
    total: int
    message: str
    state: str
    updated_at: datetime


class Tasks:
    """The table of running work on one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @contextmanager
    def running(self, name: str) -> Iterator[Progress]:
        """Write the progress of the body under `name`; afterwards it is done, or failed when the body raised."""
        latest = (0, 0, "")
        written_at = 0.0

        def progress(done: int, total: int, message: str = "") -> None:
            nonlocal latest, written_at
            latest = (done, total, message)
            if monotonic() - written_at >= WRITE_EVERY_S:
                written_at = monotonic()
                self._write(name, "running", *latest)

        self._write(name, "running", *latest)
        try:
            yield progress
        except BaseException as error:
            self._write(name, "failed", latest[0], latest[1], str(error)[:500])
            raise
        self._write(name, "done", *latest)

    def list(self) -> list[Task]:
        """Every task, by name."""
        with self._database.connect() as connection:
            now = connection.scalar(select(func.now()))
            rows = connection.execute(select(tasks).order_by(tasks.c.name)).all()
        assert now is not None, "a database knows the time"
        return [
            Task(row.name, row.done, row.total, row.message, _state(row.state, now - row.updated_at), row.updated_at)
            for row in rows
        ]

    def forget(self, name: str) -> None:
        """Remove a task from the list."""
        with self._database.begin() as connection:
            connection.execute(delete(tasks).where(tasks.c.name == name))

    def _write(self, name: str, state: str, done: int, total: int, message: str) -> None:
        row = {"done": done, "total": total, "message": message, "state": state, "updated_at": func.now()}
        with self._database.begin() as connection:
            connection.execute(
                upsert(tasks).values(name=name, **row).on_conflict_do_update(index_elements=["name"], set_=row)
            )


def _state(state: str, silent_for: timedelta) -> str:
    return "lost" if state == "running" and silent_for > DEAD_AFTER else state
