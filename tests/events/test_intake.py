"""The one writer: many callers, one commit; a bad submission takes no other with it; closing loses nothing."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from uuid import UUID, uuid4

import pytest

from openforyou.core.clock import ManualClock
from openforyou.core.errors import Unavailable
from openforyou.core.ids import CreatorId, ItemId, RequestId, ViewerId
from openforyou.events import store
from openforyou.events.intake import Intake
from openforyou.events.leaf import Action, Deed, decode_leaf
from openforyou.events.log import store as log_store
from openforyou.events.secrets import KeyedSecrets
from openforyou.events.types import Event, EventType, Outcome, ServedSlate
from openforyou.storage.database import Database
from tests.conftest import NOW

SECRETS = KeyedSecrets(b"k")


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
    intake = Intake(database, ManualClock(NOW), SECRETS)
    batches = [[like(viewer, event_id=UUID(int=viewer * 10 + n)) for n in range(3)] for viewer in range(1, 41)]
    with ThreadPoolExecutor(8) as pool:
        outcomes = [one for batch in pool.map(intake.accept, batches + batches) for one in batch]
    intake.close()
    assert outcomes.count(Outcome.ACCEPTED) == 40, "one viewer likes an item once"
    assert outcomes.count(Outcome.REPEATED) == 200
    with database.connect() as connection:
        assert log_store.state(connection).queued == 40
        assert len(set(log_store.pending(connection, 0, 40))) == 40


def test_slates_wait_for_company_until_somebody_asks_for_them(database: Database) -> None:
    intake = Intake(database, ManualClock(NOW), SECRETS, slates_wait_s=60)
    waits = intake.record(ServedSlate(RequestId(7), ViewerId(1), NOW, "for_you", (ItemId(1),), {}))
    assert not waits.done()
    intake.settle()
    assert waits.done()
    intake.close()


def test_one_that_cannot_be_written_takes_no_other_with_it(database: Database) -> None:
    intake = Intake(database, ManualClock(NOW), SECRETS)
    with ThreadPoolExecutor(8) as pool:
        good = [pool.submit(intake.accept, [like(viewer)]) for viewer in range(1, 20)]
        bad = pool.submit(intake.accept, [like(99, detail="nul \x00 byte")])
        assert [one.result() for one in good] == [[Outcome.ACCEPTED]] * 19
        with pytest.raises(Unavailable, match="did not take"):
            bad.result()
    assert intake.accept([like(50)]) == [Outcome.ACCEPTED]
    intake.close()


def test_a_slate_is_recorded_and_counted_as_served(database: Database) -> None:
    intake = Intake(database, ManualClock(NOW), SECRETS)
    slate = ServedSlate(RequestId(7), ViewerId(1), NOW, "for_you", (ItemId(1), ItemId(2)), {"why": ["because"]})
    intake.record(slate).result(10)
    intake.close()
    with database.connect() as connection:
        assert store.slate(connection, RequestId(7)) == slate
        told = [decode_leaf(leaf) for leaf in log_store.pending(connection, 0, 2)]
        assert [(deed.action, deed.subject) for deed in told if isinstance(deed, Deed)] == [
            (Action.SERVED, 1),
            (Action.SERVED, 2),
        ]
        recalled = store.recall(connection, ViewerId(1), served_since=NOW, history_max=1)
        assert recalled.served["item_id"].tolist() == [1, 2]


def test_closing_writes_what_waits_and_then_takes_nothing(database: Database) -> None:
    intake = Intake(database, ManualClock(NOW), SECRETS)
    waiting = [intake.record(ServedSlate(RequestId(n), ViewerId(1), NOW, "item", (), {})) for n in range(1, 50)]
    intake.close()
    intake.close()
    assert all(one.done() for one in waiting)
    with pytest.raises(Unavailable, match="shutting down"):
        intake.accept([like(1)])


def test_refusals_are_counted_by_their_reason(database: Database) -> None:
    intake = Intake(database, ManualClock(NOW), SECRETS)
    for _ in range(3):
        intake.refuse({"bad_time": 2, "bad_context": 1}).result(10)
    intake.close()
    with database.begin() as connection:
        assert log_store.take_refusals(connection, older_than_s=3600) is None, "not due yet"
        told = log_store.take_refusals(connection, older_than_s=0)
        assert told is not None
        assert told[2] == {"bad_time": 6, "bad_context": 3}
        assert log_store.take_refusals(connection, older_than_s=0) is None, "told once"
