"""What was accepted stands in the log once, in no order that tells who, and the numbers are what the log says."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import text

from openforyou.app.platform import Platform
from openforyou.core.clock import ManualClock
from openforyou.core.ids import CreatorId, ItemId, RequestId, ViewerId, encode_id
from openforyou.events.leaf import Action, Deed, Record, decode_leaf, encode_deed, encode_record
from openforyou.events.log import store
from openforyou.events.log.errors import LogBehind, LogBusy, LogGap, NoReceipt, NotInLog, NotYetPublished
from openforyou.events.log.sequencer import Sequencer
from openforyou.events.types import Event, EventType, Outcome, ServedSlate
from openforyou.ledger import fsck
from openforyou.ledger.errors import LogDamaged, NoQuorum
from openforyou.ledger.policy import Policy
from openforyou.ledger.source import FolderSource

ITEM, OTHER, CREATOR = ItemId(7), ItemId(8), CreatorId(9)


def event(kind: EventType, clock: ManualClock, viewer: int = 1, item: int = ITEM, watch_ms: int = 0) -> Event:
    at = clock.now()
    return Event(uuid4(), kind, ViewerId(viewer), ItemId(item), CREATOR, RequestId(1), at, watch_ms=watch_ms)


def leaves(platform: Platform) -> list[bytes]:
    """Everything in the published log, after it was checked whole."""
    found: list[bytes] = []
    policy = Policy.single(platform.settings.log_key().vkey())
    with_entries = lambda _, entries: found.extend(entries)  # noqa: E731
    report = fsck.check(FolderSource(platform.settings.log_folder), policy, on_entries=with_entries)
    assert report.leaves == len(found)
    return found


def deeds(platform: Platform) -> list[Deed]:
    return [told for leaf in leaves(platform) if isinstance(told := decode_leaf(leaf), Deed)]


def test_what_was_accepted_is_in_the_log_and_counted(platform: Platform, clock: ManualClock) -> None:
    events = [event(kind, clock, viewer) for viewer in (1, 2) for kind in (EventType.IMPRESSION, EventType.LIKE)]
    events += [event(EventType.WATCH, clock, 1, watch_ms=700), event(EventType.WATCH, clock, 1, watch_ms=800)]
    assert platform.events.accept(events) == [Outcome.ACCEPTED] * 6
    assert platform.events.counts([ITEM])[ITEM].likes == 0, "not before it is published"
    assert platform.log.step() == 6
    shown = platform.events.counts([ITEM, OTHER])
    assert (shown[ITEM].likes, shown[ITEM].impressions, shown[ITEM].watch_ms, shown[ITEM].log_size) == (2, 2, 1500, 6)
    assert (shown[OTHER].likes, shown[OTHER].log_size) == (0, 6)
    assert sorted(deed.action for deed in deeds(platform)) == sorted([2, 2, 7, 7, 4, 4])
    assert platform.log.step() == 6, "nothing new, nothing written"


def test_a_batch_is_a_set_that_does_not_tell_in_which_order_it_came(platform: Platform, clock: ManualClock) -> None:
    """Two viewers' deeds, one after the other, come to lie in the order of their bytes."""
    for viewer in (1, 2):
        platform.events.accept([event(EventType.LIKE, clock, viewer, item) for item in range(1, 30)])
    platform.log.step()
    held = leaves(platform)
    assert len(held) == 58
    assert held == sorted(held)


def test_a_like_has_turns_and_stands_while_they_are_odd(platform: Platform, clock: ManualClock) -> None:
    for kind, likes in ((EventType.LIKE, 1), (EventType.UNLIKE, 0), (EventType.LIKE, 1)):
        clock.advance(timedelta(seconds=1))
        platform.events.accept([event(kind, clock)])
        platform.log.step()
        assert platform.events.counts([ITEM])[ITEM].likes == likes
    told = deeds(platform)
    assert [deed.value for deed in told] == [1, 2, 3]
    assert len({deed.nullifier for deed in told}) == 1


def test_served_is_counted_by_slate(platform: Platform, clock: ManualClock) -> None:
    for number in (1, 2):
        slate = ServedSlate(RequestId(number), ViewerId(1), clock.now(), "for_you", (ITEM, OTHER), {})
        platform.events.record(slate)
    platform.events.accept([event(EventType.LIKE, clock)])  # behind them in the queue
    platform.log.step()
    assert platform.events.counts([ITEM])[ITEM].served == 2
    assert len({deed.nullifier for deed in deeds(platform) if deed.action is Action.SERVED}) == 4


def test_refusals_come_into_the_open(platform: Platform, monkeypatch: pytest.MonkeyPatch, clock: ManualClock) -> None:
    monkeypatch.setattr("openforyou.events.log.sequencer.REFUSALS_EVERY_S", 0.0)
    platform.events.refuse({"bad_time": 3})
    platform.events.accept([event(EventType.LIKE, clock)])
    platform.log.step()
    records = [told for leaf in leaves(platform) if isinstance(told := decode_leaf(leaf), Record)]
    assert [(record.type, record.body["by_reason"]) for record in records] == [("refused", {"bad_time": 3})]


def test_a_freeze_holds_the_shown_numbers_and_counts_on(platform: Platform, clock: ManualClock) -> None:
    def say(type_: str, **body: object) -> None:
        with platform.database.begin() as connection:
            store.enqueue(connection, [encode_record(type_, body)])

    def likes(viewer: int) -> int:
        platform.events.accept([event(EventType.LIKE, clock, viewer)])
        platform.log.step()
        return platform.events.counts([ITEM])[ITEM].likes

    assert likes(1) == 1
    say("policy", kind="freeze", id="p1", scope={"kind": "item", "id": encode_id(ITEM)})
    assert likes(2) == 2, "what came in the same batch is counted before the freeze"
    assert likes(3) == 2
    say("policy_end", id="p1")
    assert likes(4) == 4


class Killed(BaseException):
    """Stands for SIGKILL between two steps."""


@pytest.fixture
def killable(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Kills the sequencer where a named function of its is called."""

    def kill(name: str) -> None:
        def die(*_: object, **__: object) -> None:
            raise Killed(name)

        monkeypatch.setattr(f"openforyou.{name}", die)

    yield kill
    monkeypatch.undo()


WHERE = (
    "events.log.store.decide_batch",
    "events.log.store.pending",
    "ledger.writer.LogWriter.append",
    "ledger.writer.LogWriter.publish",
    "events.log.store.fold",
)


@pytest.mark.parametrize("where", WHERE)
def test_killed_between_any_two_steps_the_next_goes_on(
    platform: Platform, clock: ManualClock, killable: Callable[[str], None], monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    platform.events.accept([event(EventType.LIKE, clock, viewer) for viewer in range(1, 300)])
    platform.log.step()
    platform.events.accept([event(EventType.LIKE, clock, viewer) for viewer in range(300, 600)])
    killable(where)
    with pytest.raises(Killed):
        platform.log.step()
    monkeypatch.undo()
    platform.events.accept([event(EventType.LIKE, clock, 600)])
    assert platform.log.step() == 600
    assert platform.events.counts([ITEM])[ITEM].likes == 600
    assert len(set(leaves(platform))) == 600


def test_without_a_quorum_nothing_is_published_and_nothing_lost(platform: Platform, clock: ManualClock) -> None:
    answers = [False, False, True, True]

    def cosign(signed: bytes, old_size: int) -> bytes:
        if answers.pop(0):
            return signed
        raise NoQuorum("nobody answers")

    log = Sequencer(platform.database, platform.settings.log_folder, platform.settings.log_key, cosign)
    platform.events.accept([event(EventType.LIKE, clock, 1)])
    for _ in range(2):
        with pytest.raises(NoQuorum):
            log.step()
        assert platform.events.counts([ITEM])[ITEM].likes == 0
    platform.events.accept([event(EventType.LIKE, clock, 2)])
    assert log.step() == 2
    log.close()
    assert platform.events.counts([ITEM])[ITEM].likes == 2
    assert len(leaves(platform)) == 2


def test_a_second_sequencer_stands_by(platform: Platform, clock: ManualClock) -> None:
    platform.log.step()
    second = Sequencer(platform.database, platform.settings.log_folder, platform.settings.log_key)
    with pytest.raises(LogBusy):
        second.step()
    platform.log.close()
    platform.events.accept([event(EventType.LIKE, clock)])
    assert second.step() == 1
    second.close()


def test_a_log_that_lost_its_end_is_not_made_anew_in_silence(
    platform: Platform, clock: ManualClock, tmp_path: Path
) -> None:
    platform.events.accept([event(EventType.LIKE, clock)])
    platform.log.step()
    platform.log.close()
    platform.settings.log_folder.rename(tmp_path / "lost")
    with pytest.raises(LogDamaged, match="0 leaves, but 1 had been published"):
        platform.log.step()
    assert not (platform.settings.log_folder / "checkpoint").exists(), "nobody is shown an empty log"


def test_a_database_older_than_the_log_is_refused(platform: Platform, clock: ManualClock) -> None:
    platform.events.accept([event(EventType.LIKE, clock)])
    platform.log.step()
    platform.log.close()
    with platform.database.begin() as connection:
        connection.execute(text("UPDATE log_state SET queued = 0, folded = 0"))
    with pytest.raises(LogBehind, match="accepted only 0"):
        platform.log.step()


def test_a_database_that_was_set_back_and_went_on_is_refused(platform: Platform, clock: ManualClock) -> None:
    platform.events.accept([event(EventType.LIKE, clock)])
    platform.log.step()
    platform.log.close()
    with platform.database.begin() as connection:
        connection.execute(text("UPDATE log_state SET folded = 0"))
        connection.execute(text("DELETE FROM log_batches"))
    with pytest.raises(LogBehind, match="no batch from 0"):
        platform.log.step()


def test_nothing_is_published_over_a_gap_in_the_queue(platform: Platform, clock: ManualClock) -> None:
    platform.events.accept([event(EventType.LIKE, clock, viewer) for viewer in (1, 2, 3)])
    with platform.database.begin() as connection:
        connection.execute(text("DELETE FROM pending_leaves WHERE seq = 1"))
    for _ in range(2):
        with pytest.raises(LogGap, match=r"0 to 2 that were accepted, 1 are gone"):
            platform.log.step()
    assert platform.events.counts([ITEM])[ITEM].likes == 0


def test_whose_event_was_left_out_is_told_so(platform: Platform, clock: ManualClock) -> None:
    like = event(EventType.LIKE, clock)
    platform.events.accept([like])
    with platform.database.begin() as connection:
        forged = encode_deed(Deed(Action.LIKE, OTHER, 1, bytes(16)))
        connection.execute(text("UPDATE pending_leaves SET leaf = :leaf"), {"leaf": forged})
    platform.log.step()
    with pytest.raises(NotInLog, match="tampered"):
        platform.receipts.receipt(ViewerId(1), like.id)


def test_a_receipt_is_good_without_us(platform: Platform, clock: ManualClock) -> None:
    like = event(EventType.LIKE, clock, 1)
    platform.events.accept([event(EventType.LIKE, clock, viewer) for viewer in range(2, 400)])
    platform.events.accept([like])
    with pytest.raises(NotYetPublished):
        platform.receipts.receipt(ViewerId(1), like.id)
    platform.log.step()
    leaf, proof = platform.receipts.receipt(ViewerId(1), like.id)
    verified = proof.verify(leaf, Policy.single(platform.settings.log_key().vkey()))
    assert verified.checkpoint.size == 399
    told = decode_leaf(leaf)
    assert isinstance(told, Deed)
    assert (told.action, told.subject, told.value) == (Action.LIKE, ITEM, 1)
    for viewer, wanted in ((2, like.id), (1, uuid4())):
        with pytest.raises(NoReceipt):
            platform.receipts.receipt(ViewerId(viewer), wanted)
