"""Progress that every process can read; work whose process is gone says so."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, update

from openforyou.app.tables import tasks
from openforyou.app.tasks import Tasks
from openforyou.storage.database import Database


def test_work_is_shown_while_it_runs_and_done_afterwards(database: Database) -> None:
    board = Tasks(database)
    with board.running("demo.clips") as progress:
        assert [task.state for task in board.list()] == ["running"]
        progress(3, 10, "making clips")
    (task,) = board.list()
    assert (task.name, task.done, task.total, task.message, task.state) == ("demo.clips", 3, 10, "making clips", "done")
    board.forget("demo.clips")
    assert board.list() == []


def test_work_that_failed_says_why(database: Database) -> None:
    board = Tasks(database)

    def fail() -> None:
        with board.running("training"):
            raise RuntimeError("no room on the disk")

    with pytest.raises(RuntimeError):
        fail()
    assert [(task.state, task.message) for task in board.list()] == [("failed", "no room on the disk")]


def test_work_that_was_not_heard_of_is_lost(database: Database) -> None:
    board = Tasks(database)
    with board.running("demo") as _:
        with database.begin() as connection:
            connection.execute(update(tasks).values(updated_at=func.now() - timedelta(minutes=5)))
        assert [task.state for task in board.list()] == ["lost"]
