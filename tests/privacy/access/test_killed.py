"""The broker killed with SIGKILL before and behind each of its steps, in the middle of an act, and started again.

Never data without a prior entry whose record is in the log, never an entry lost; what was being done is done, or can be
done again.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from types import FrameType
from typing import Any

import pytest

from openforyou.privacy.access import acts
from openforyou.privacy.access.errors import Closed, NotDurable, NotNow, Replayed
from openforyou.privacy.access.types import Beside, Doing, Standing
from openforyou.privacy.vault.types import Field, Subject
from tests.privacy.access.conftest import ADA, BEA, WHY, Vault, World, named, seals
from tests.privacy.access.conftest import world as the_world
from tests.privacy.access.test_access import leaves

BEFORE = frozenset({"add_logged", "raise_high", "until_found", "holds", "open_sealed"})
BEHIND = frozenset({"writing", "raise_high", "salt_for", "open_sealed"})
"""Functions that write or open something, or wait for the log, and when they are cut off: `writing` ends twice, as its
transaction begins and when it is durable. Who is killed between two of these left the same behind."""
STEPS_MAX = 120
ALIVE = 0
OURS = ("openforyou/privacy/access", "tests/privacy/access")
MEMORY = Path("/dev/shm")


class Telling(Vault):
    """Leaves a note where something of a person is handed out, which outlives the process."""

    def __init__(self, note: Path) -> None:
        super().__init__()
        self.note = note

    def open_sealed(self, subject: Subject, sealed: Any) -> dict[Field, bytes]:
        if Field.EMAIL in sealed:
            self.note.touch()
        return super().open_sealed(subject, sealed)


@dataclass(frozen=True)
class Office:
    """A broker's folder and log as they lie before the act, and the act."""

    world: World
    states: Path
    request: str
    grant: tuple[str, bytes]
    read: tuple[str, bytes]
    emergency: tuple[str, bytes]

    def copy(self, to: Path, *, of: str) -> World:
        """All of it in a place of its own. `of`: the folder's state."""
        shutil.copytree(self.states / of, to)
        old = self.world
        made = World(to / "broker", to / "log", old.clock, Telling(to / "shown"), old.keys, old.ids)
        made.open()
        return made


@pytest.fixture(scope="module")
def place() -> Iterator[Path]:
    """In memory, where there is a folder that lies there: what is killed here is the process and not the machine."""
    with TemporaryDirectory(prefix="openforyou-", dir=MEMORY if MEMORY.is_dir() else None) as folder:
        yield Path(folder)


@pytest.fixture(scope="module")
def office(place: Path) -> Iterator[Office]:
    for world in the_world.__wrapped__(place / "live"):  # type: ignore[attr-defined]
        home = world.folder.parent
        request = world.ask()
        emergency = {"subject": named(BEA), "purpose": "danger_to_life", "fields": ["email"], "minutes": 30}
        told = [
            (one, acts.sign(one, world.keys[who]))
            for who, one in (
                ("gil", world.text("gil", Doing.GRANT, request=request)),
                ("sue", world.text("sue", Doing.READ, request=request)),
                ("sue", world.text("sue", Doing.EMERGENCY, words=WHY, **emergency)),
            )
        ]
        world.carry()
        world.store.close()
        shutil.copytree(home, home.with_name("asked"))
        world.open()
        world.do("gil", Doing.GRANT, request=request)
        world.store.close()
        shutil.copytree(home, home.with_name("granted"))
        world.open()
        yield Office(world, home.parent, request, *told)


def killed_at(number: int, world: World, act: tuple[str, bytes], beside: Beside) -> bool:
    """In a process of its own the act is begun, and killed at its step of that number; False: it had no so many."""
    child = os.fork()
    if child == 0:  # pragma: no cover - it dies
        seen = 0

        def step(frame: FrameType, event: str, _: Any) -> None:
            nonlocal seen
            code = frame.f_code
            is_step = code.co_name in {"call": BEFORE, "return": BEHIND}.get(event, ())
            if is_step and any(place in code.co_filename for place in OURS):
                seen += 1
                if seen == number:
                    os.kill(os.getpid(), signal.SIGKILL)

        try:
            world.open()
            sys.setprofile(step)
            world.access.do(*act, beside)
            world.carry()
        finally:
            sys.setprofile(None)
            os._exit(ALIVE if sys.exc_info()[0] is None else 1)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == ALIVE, "the act failed by itself"
    return os.WIFSIGNALED(status)


def each_kill(office: Office, place: Path, of: str, act: tuple[str, bytes], about: Subject = ADA) -> Iterator[World]:
    """The world as a broker finds it that is started after each kill, with what always holds; the act done again."""
    beside = Beside(seals(about))
    for number in range(1, STEPS_MAX):
        world = office.copy(place / str(number), of=of)
        world.store.close()
        if not killed_at(number, world, act, beside):
            assert number > 8, "the steps are counted"
            return
        world.open()
        assert world.store.problem() == ""
        was_shown = world.vault.note.exists()  # type: ignore[attr-defined]
        entries = world.store.entries()
        assert not was_shown or entries[-1].doing == Doing.READ, "noted before anything opened"
        before = {one.leaf for one in world.store.logged()}
        with suppress(Replayed, NotNow):
            world.access.do(*act, beside)
        world.access.tick()
        world.carry()
        assert [entry.hash for entry in world.store.entries()][: len(entries)] == [entry.hash for entry in entries]
        assert before <= {one.leaf for one in world.store.logged()}
        places = [one.index for one in world.store.logged() if one.index is None and one.queued is None]
        assert not places, "each record is on its way"
        yield world
        world.store.close()
    pytest.fail("it has no end")


def in_the_log(world: World) -> list[str]:
    """The entries of the accesses that the published log holds; a record that was carried twice stands there twice."""
    return sorted({str(one["entry"]) for one in leaves(world) if one["type"] == "access"})


def test_a_grant_is_done_once_or_can_be_given_again(office: Office, place: Path) -> None:
    for world in each_kill(office, place / "grant", "asked", office.grant):
        request = world.access._desk.book.request(office.request)
        assert request.standing is Standing.GRANTED
        assert world.read(office.request)["values"]
        (looked,) = world.access.looked_at(ADA)
        assert in_the_log(world) == [looked.entry]


def test_a_look_is_entered_before_it_opens(office: Office, place: Path) -> None:
    shown = 0
    for world in each_kill(office, place / "look", "granted", office.read):
        shown += world.vault.note.exists()  # type: ignore[attr-defined]
        (looked,) = world.access.looked_at(ADA)
        assert len(looked.reads) == 1, "the same look, once"
        assert in_the_log(world) == [looked.entry]
        assert world.read(office.request)["values"]
    assert shown > 0


def test_the_reviewers_are_told_of_an_emergency_whatever_happens(office: Office, place: Path) -> None:
    for world in each_kill(office, place / "emergency", "asked", office.emergency, BEA):
        (request,) = [one for one in world.access._desk.book.requests.values() if one.is_emergency]
        alarms = [one for one in world.do("rae", Doing.LOOK)["alarms"] if one["kind"] == "emergency"]
        assert [one["requests"] for one in alarms] == [[request.id]], "told once"
        assert world.read(request.id, subject=BEA)["values"]


def test_who_settles_while_the_log_cannot_be_read_has_opened_nothing(world: World) -> None:
    request = world.ask()
    world.do("gil", Doing.GRANT, request=request)
    shutil.rmtree(world.log)
    with pytest.raises(Closed, match="is gone"):
        world.read(request)
    words = {"words": "The disk of the log was lost, and it begins anew."}
    world.do("root", Doing.SETTLE, **words)
    with pytest.raises(NotDurable, match="vkey is missing"):
        world.do("deputy", Doing.SETTLE, **words)
    with pytest.raises(Closed, match="is gone"):
        world.ask()
    world.carry()  # which begins it anew
    for who in ("root", "deputy"):
        world.do(who, Doing.SETTLE, **words)
    assert world.ask()
