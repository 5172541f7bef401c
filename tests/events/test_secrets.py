"""Whoever keeps the secrets may be down: known viewers go on, others' events come back, slates wait."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection
from concurrent.futures import Future

import pytest

from openforyou.core.clock import ManualClock
from openforyou.core.errors import NotFound, Unavailable
from openforyou.core.ids import ItemId, RequestId, ViewerId
from openforyou.events import waiting
from openforyou.events.intake import Intake
from openforyou.events.secrets import KeyedSecrets, KnownSecrets
from openforyou.events.types import Outcome, ServedSlate
from openforyou.events.waiting import Waiter, WaitingSlates
from openforyou.storage.database import Database
from tests.conftest import NOW
from tests.events.test_intake import like


class Moody:
    """Keeps secrets; is down when told so, and has forgotten some viewers."""

    def __init__(self) -> None:
        self.is_down = False
        self.gone: set[int] = set()
        self.asked: list[set[int]] = []

    def event_secrets(self, viewers: Collection[int]) -> dict[int, bytes]:
        self.asked.append(set(viewers))
        if self.is_down:
            raise Unavailable("down")
        if self.gone & set(viewers):
            raise NotFound("forgotten")
        return KeyedSecrets(b"k").event_secrets(viewers)


def slate(viewer: int, request: int = 1) -> ServedSlate:
    return ServedSlate(RequestId(request), ViewerId(viewer), NOW, "for_you", (ItemId(1),), {})


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_known_viewers_go_on_while_the_keeper_is_down(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "ASK_AGAIN_S", 0.02)
    keeper = Moody()
    intake = Intake(database, ManualClock(NOW), keeper)
    assert intake.accept([like(1)]) == [Outcome.ACCEPTED]
    keeper.is_down = True
    assert intake.accept([like(1, item=2)]) == [Outcome.ACCEPTED]
    intake.record(slate(1)).result(20)
    late = like(2)
    with pytest.raises(Unavailable):
        intake.accept([late])
    waits = intake.record(slate(2, 2))
    intake.settle()
    assert not waits.done()
    keeper.is_down = False
    assert intake.accept([late]) == [Outcome.ACCEPTED]
    waits.result(20)
    keeper.gone = {3}
    with pytest.raises(NotFound):
        intake.accept([like(3)])
    with pytest.raises(NotFound):
        intake.record(slate(3, 3)).result(20)
    keeper.is_down = True
    lost = intake.record(slate(4, 4))
    intake.close()
    with pytest.raises(Unavailable, match="not recorded"):
        lost.result(0)


def test_one_who_is_gone_takes_no_other_slate_along_and_the_oldest_gives_way() -> None:
    keeper = Moody()
    keeper.gone, keeper.is_down = {2}, True
    handed: list[Waiter] = []
    room = WaitingSlates(KnownSecrets(keeper), lambda waiter, secrets: handed.append(waiter), slates_max=3)
    waiters = [Waiter(slate(viewer), Future()) for viewer in (1, 2, 3, 4)]
    for waiter in waiters:
        room.add(waiter)
    with pytest.raises(Unavailable):
        waiters[0].done.result(20)
    keeper.is_down = False
    room.settle()
    assert handed == waiters[2:]
    with pytest.raises(NotFound):
        waiters[1].done.result(0)
    room.close()


def test_what_is_remembered_is_bounded_and_asked_again_after_a_while() -> None:
    keeper = Moody()
    known = KnownSecrets(keeper, viewers_max=3, fresh_s=0)
    given = known.of([1, 2, 3])
    known.of([4])
    known.of([1, 4])
    assert keeper.asked[-1] == {1, 4}
    keeper.is_down = True
    assert known.of([1]) == {1: given[1]}, "stale, and nobody else to ask"
    asked = len(keeper.asked)
    assert known.of([1]) == {1: given[1]}
    assert len(keeper.asked) == asked, "not with each event while it is down"
    with pytest.raises(Unavailable):
        known.of([1, 99])
    known.forget([1])
    with pytest.raises(Unavailable):
        known.of([1])


def test_while_it_is_silent_one_caller_waits_and_no_other() -> None:
    entered, leave = threading.Event(), threading.Event()

    class Silent(Moody):
        def event_secrets(self, viewers: Collection[int]) -> dict[int, bytes]:
            if self.is_down and self.asked:
                entered.set()
                leave.wait(20)
            return super().event_secrets(viewers)

    keeper = Silent()
    keeper.is_down = True
    known = KnownSecrets(keeper)
    with pytest.raises(Unavailable):
        known.of([1])

    def probing() -> None:
        with pytest.raises(Unavailable):
            known.of([1])

    probe = threading.Thread(target=probing)
    probe.start()
    assert entered.wait(20)
    with pytest.raises(Unavailable, match="does not answer"):
        known.of([2])
    leave.set()
    probe.join()
