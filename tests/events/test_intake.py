"""The one writer: many callers, one commit; a bad submission takes no other with it; closing loses nothing."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from uuid import UUID, uuid4

import pytest

from openforyou.core.errors import Unavailable
from openforyou.core.ids import CreatorId, ItemId, RequestId, ViewerId
from openforyou.events import store
from openforyou.events.intake import Intake
from openforyou.events.types import Event, EventType, Outcome, ServedSlate
from openforyou.storage.database import Database
from tests.conftest import NOW


def like(viewer: int, item: int = 1, event_id: UUID | None = None, detail: str = "") -> Event:
    return Event(
        event_id or uuid4(),
        EventType.LIKE,
        ViewerId(viewer),
        ItemId(item),
        CreatorId(1),
        RequestId(1),
        NOW,
        detail=detail,
    )


def test_many_threads_with_repeats_are_counted_once_each(database: Database) -> None:
    intake = Intake(database)
    batches = [[like(viewer, event_id=UUID(int=viewer * 10 + n)) for n in range(3)] for viewer in range(1, 41)]
    with ThreadPoolExecutor(8) as pool:
        outcomes = [one for batch in pool.map(intake.accept, batches + batches) for one in batch]
    intake.close()
    assert outcomes.count(Outcome.ACCEPTED) == 120
    assert outcomes.count(Outcome.REPEATED) == 120
    with database.connect() as connection:
        assert store.counts(connection, [1])[1].likes == 40


def test_one_that_cannot_be_written_takes_no_other_with_it(database: Database) -> None:
    intake = Intake(database)
    with ThreadPoolExecutor(8) as pool:
        good = [pool.submit(intake.accept, [like(viewer)]) for viewer in range(1, 20)]
        bad = pool.submit(intake.accept, [like(99, detail="nul \x00 byte")])
        assert [one.result() for one in good] == [[Outcome.ACCEPTED]] * 19
        with pytest.raises(Unavailable, match="did not take"):
            bad.result()
    assert intake.accept([like(50)]) == [Outcome.ACCEPTED]
    intake.close()


def test_a_slate_is_recorded_and_counted_as_served(database: Database) -> None:
    intake = Intake(database)
    slate = ServedSlate(RequestId(7), ViewerId(1), NOW, "for_you", (ItemId(1), ItemId(2)), {"why": ["because"]})
    intake.record(slate).result(10)
    intake.close()
    with database.connect() as connection:
        assert store.slate(connection, RequestId(7)) == slate
        assert store.counts(connection, [1, 2])[2].served == 1
        recalled = store.recall(connection, ViewerId(1), served_since=NOW, history_max=1)
        assert recalled.served["item_id"].tolist() == [1, 2]


def test_closing_writes_what_waits_and_then_takes_nothing(database: Database) -> None:
    intake = Intake(database)
    waiting = [intake.record(ServedSlate(RequestId(n), ViewerId(1), NOW, "item", (), {})) for n in range(1, 50)]
    intake.close()
    intake.close()
    assert all(one.done() for one in waiting)
    with pytest.raises(Unavailable, match="shutting down"):
        intake.accept([like(1)])
