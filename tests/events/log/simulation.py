"""The platform's way from an event to a number, in a world where everything fails, watched after every step.

Real are the rules, the intake's transaction, the sequencer, the writer, the checker, the witnesses and the database;
`simulated` are the disk, the network, the clock and the moment at which something breaks. What must hold is said once,
in `World.observe`, and needs no knowledge of how it is done.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from uuid import UUID

from sqlalchemy import Connection, Engine, text

from openforyou.core.ids import CreatorId, ItemId, RequestId, ViewerId
from openforyou.events.errors import BadTime
from openforyou.events.log import store
from openforyou.events.log.sequencer import Sequencer
from openforyou.events.rules import check_served, check_time
from openforyou.events.types import COUNT_NAMES, Event, EventType, Outcome, ServedSlate
from openforyou.ledger import cosignature, fsck
from openforyou.ledger.checkpoint import Checkpoint, parse_checkpoint
from openforyou.ledger.errors import LedgerError, Missing
from openforyou.ledger.keys import Algorithm, SigningKey
from openforyou.ledger.policy import Policy
from openforyou.ledger.recovery import DiskSource
from tests.events.log.model import Model, Wrong, recount, require, tree_root
from tests.events.log.simulated import (
    CHECKPOINT,
    ERROR,
    KILL,
    MEANWHILE,
    MOODS,
    PLACES,
    POWER,
    Crash,
    Desk,
    Fate,
    SimClock,
    SimDatabase,
    SimDisk,
    Witnesses,
)

KEY = SigningKey("log.test", Algorithm.ED25519, bytes(32))
KINDS = [kind.value for kind in EventType]
THEMES = (("like", "unlike"), ("follow", "unfollow"), ("view",), ("complete", "watch", "report"))
WHEN_S = (0, 0, 0, -1, -2, -60, -3_600, -86_000, 60, 119, 121)
"""When an event happened, by a clock that may be wrong."""
VIEWERS, ITEMS = 3, 2
MIDNIGHT, HALF_DAY_S = datetime(2026, 5, 2, 0, 0, tzinfo=UTC), 43_200


def secret_of(viewer: int) -> bytes:
    """Known beforehand, so that a run can be repeated to the byte."""
    return bytes([viewer]) * 32


class Folder:
    """Files as a source, for the checker."""

    def __init__(self, files: dict[str, bytes]) -> None:
        self._files = files

    def fetch(self, path: str, limit_bytes: int) -> bytes:
        if path not in self._files:
            raise Missing(path)
        return self._files[path]


class World:
    """One run, in one transaction of `connection`, which the caller rolls back."""

    def __init__(self, engine: Engine, connection: Connection, seed: int, witnessed: bool) -> None:
        self.fate, self.random = Fate(), Random(seed)
        self.clock = SimClock(MIDNIGHT - timedelta(seconds=self.random.randrange(HALF_DAY_S)))
        self.fate.meanwhile = self._meanwhile
        self._connection = connection
        self._database = SimDatabase(engine, connection, self.fate)
        self._disk = SimDisk(self.fate, self.random)
        self._disk.on_shown = self._shown
        self.witnesses = Witnesses(KEY, self.random) if witnessed else None
        self.policy = self.witnesses.policy if self.witnesses else Policy.single(KEY.vkey())
        self.model = Model(secret_of)
        self.unanswered: list[list[Event]] = []
        self.flying: list[list[Event]] = []
        self.sent: list[Event] = []
        self.leaves: list[bytes] = []
        self._checked = b""
        self._touched = True
        self._proved: dict[int, bytes] = {}
        self._next = 0
        self._start()

    def close(self) -> None:
        self.sequencer.close()
        self._database.claims.killed()
        if self.witnesses:
            self.witnesses.close()

    # What clients do

    def say(self, said: Sequence[tuple[str, int, int, int]], repeats: Sequence[int]) -> list[Event]:
        """New events (kind, viewer, item, seconds from now), and some old ones once more, as one batch to be sent."""
        batch = [self._event(*one) for one in said]
        batch += [self.sent[place % len(self.sent)] for place in repeats if self.sent]
        self.sent += batch[: len(said)]
        if batch:
            self.unanswered.append(batch)
        return batch

    def watch(self, leaves: int) -> None:
        """So many leaves, each by an event of its own."""
        self.fate.set(None)
        if leaves:
            self.deliver([self.say([("watch", 1, 1, 0)] * leaves, [])])

    def deliver(self, batches: Sequence[list[Event]], *, answered: bool = True, slates: Sequence[int] = ()) -> None:
        """These reach the server together. Unless `answered`, no client hears what it says."""
        if not batches and not slates:
            return
        self._touched = True
        now = self.clock.now()
        sound = [[event for event in batch if self._is_sound(event)] for batch in batches]
        told = [self._slate(number) for number in slates]
        for batch in sound:
            for event in batch:
                self.model.arrived(event, now)
        waiting = self.desk.hand_in(sound, told)
        try:
            self.desk.commit()
        except Crash as crash:
            self._hear(batches, sound, told, waiting if answered else [])
            self.crash(crash.kind)
            return
        self._hear(batches, sound, told, waiting if answered else [])

    def _hear(
        self,
        batches: Sequence[list[Event]],
        sound: Sequence[list[Event]],
        slates: Sequence[ServedSlate],
        waiting: Sequence[Future[list[Outcome]]],
    ) -> None:
        for place, done in enumerate(waiting):
            if not done.done() or done.exception() is not None:
                continue
            if place < len(sound):
                require(len(done.result()) == len(sound[place]), "one outcome an event")
                self.model.answer(sound[place])
                self.unanswered = [batch for batch in self.unanswered if batch is not batches[place]]
            else:
                self.model.slates_answered.add(slates[place - len(sound)].request_id)

    def _meanwhile(self) -> None:
        """What another thread may do between two steps of the one that runs."""
        self.deliver([self.say([("view", 2, 1, 0), ("unlike", 1, 1, 0), ("watch", 1, 1, 0)], [0, 1])])

    def _is_sound(self, event: Event) -> bool:
        try:
            check_time(event.occurred_at, self.clock.now())
            check_served(event, self.clock.now())
        except BadTime:
            return False
        return True

    def _event(self, kind: str, viewer: int, item: int, at_s: int) -> Event:
        self._next += 1
        watch_ms = 700 + self._next if kind == "watch" else 0
        at = self.clock.now() + timedelta(seconds=at_s)
        return Event(
            UUID(int=self._next),
            EventType(kind),
            ViewerId(viewer),
            ItemId(item),
            CreatorId(item + 10),
            RequestId(1),
            at,
            watch_ms=watch_ms,
            served_at=at - timedelta(seconds=2) if self._next % 3 == 0 else None,
        )

    def _slate(self, number: int) -> ServedSlate:
        self._next += 1
        items = (ItemId(1), ItemId(2))
        slate = ServedSlate(RequestId(self._next), ViewerId(1 + number % VIEWERS), self.clock.now(), "item", items, {})
        self.model.slate(slate)
        return slate

    # What the platform does, and what befalls it

    def step(self) -> None:
        """One round of the sequencer; afterwards everything accepted before it is published, unless it was hindered."""
        self._touched = True
        queued = store.state(self._connection).queued
        moody = bool(self.witnesses and self.witnesses.moods)
        try:
            size = self.sequencer.step()
        except Crash as crash:
            self.crash(crash.kind)
            return
        except Exception as error:
            hindered = self.fate.struck or moody
            require(hindered and not isinstance(error, AssertionError), f"the log stands still: {error!r}")
            return
        require(size >= queued, f"{queued} leaves were accepted, {size} published")
        head, _ = parse_checkpoint(self._disk.seen[CHECKPOINT])
        folded = store.state(self._connection).folded
        require(head.size == size == folded, f"{size} said, {head.size} published, {folded} folded")

    def crash(self, kind: str) -> None:
        """The process is gone, with the power or without it; another one starts."""
        self._touched = True
        self.fate.set(None)
        self._database.claims.killed()
        if kind == POWER:
            self._disk.power_cut()
        else:
            self._disk.killed()
        self._checked = b""
        self._start()

    def settle(self) -> None:
        """Nothing fails for a while: clients send again what was not answered, and all comes to its end."""
        self.fate.set(None)
        if self.witnesses:
            self.witnesses.moods.clear()
        for batch in list(self.unanswered):
            self.deliver([batch])
        require(not self.unanswered, "nothing fails, and clients are not answered")
        self.step()
        self._touched = True
        self.observe()
        require(len(self.leaves) == store.state(self._connection).queued, "something was accepted and not published")
        self._check_receipts()

    def _start(self) -> None:
        self.desk = Desk(self._database, self.clock, secret_of)
        cosign = self.witnesses.for_log(DiskSource(self._disk)) if self.witnesses else None
        self.sequencer = Sequencer(self._database, Path("log"), lambda: KEY, cosign, self._disk)

    # What must hold

    def observe(self) -> None:
        """Whatever happened: the log is whole and only grew, the numbers are its, and nothing answered is lost."""
        self.fate.set(None)
        if not self._touched:
            return
        self._touched = False
        shown = self._disk.seen.get(CHECKPOINT)
        if shown is not None and shown != self._checked:
            self._read_log(dict(self._disk.seen))
            self._checked = shown
        state = store.state(self._connection)
        require(state.folded <= len(self.leaves), f"{state.folded} folded of {len(self.leaves)} published")
        self._check_counts(self.leaves[: state.folded])
        waiting = store.pending(self._connection, state.folded, state.queued)
        require(len(waiting) == state.queued - state.folded, "a number without a leaf, or a leaf without a number")
        self.model.check(self.leaves[: state.folded] + waiting, complete=True)
        if state.folded < len(self.leaves):
            self.model.check(self.leaves, complete=False)
        if self.witnesses:
            for size, root in self.witnesses.cosigned.items() - self._proved.items():
                if size <= len(self.leaves):
                    require(tree_root(self.leaves[:size]) == root, f"the tree of {size} is not the one cosigned")
                    self._proved[size] = root

    def _shown(self, data: bytes) -> None:
        """A checkpoint appears: everything below it must be safe already, and vouched for."""
        head = self._read_log(self._disk.surely())
        if not self.witnesses:
            return
        _, note = parse_checkpoint(data)
        vouching = 0
        for key in self.witnesses.verifying():
            lines = [line for line in note.signatures if line.is_by(key)]
            vouching += any(cosignature.verify(head, line, key) for line in lines)
        require(vouching >= Witnesses.QUORUM, f"published with {vouching} cosignatures")

    def _read_log(self, files: dict[str, bytes]) -> Checkpoint:
        """Hold a log against its key, itself, and every log that was ever shown."""
        entries: list[bytes] = []
        try:
            report = fsck.check(Folder(files), self.policy, on_entries=lambda _, more: entries.extend(more))
        except LedgerError as error:
            raise Wrong(f"the log is not whole: {error}") from error
        head = report.checkpoint
        require(len(entries) == head.size and tree_root(entries) == head.root, "the root is of other leaves")
        common = min(len(entries), len(self.leaves))
        require(entries[:common] == self.leaves[:common], "the log was changed where it was published before")
        if len(entries) > len(self.leaves):
            self.leaves = entries
        return head

    def _check_counts(self, leaves: list[bytes]) -> None:
        items, followers = recount(leaves)
        rows = self._connection.execute(text(f"SELECT item_id, {', '.join(COUNT_NAMES)} FROM item_counts"))
        shown = {row[0]: dict(zip(COUNT_NAMES, row[1:], strict=True)) for row in rows}
        shown = {item: {name: n for name, n in told.items() if n} for item, told in shown.items()}
        shown = {item: told for item, told in shown.items() if told}
        require(shown == items, f"the numbers are {shown}, and the log says {items}")
        rows = self._connection.execute(text("SELECT creator_id, followers FROM creator_counts WHERE followers <> 0"))
        told = {row[0]: row[1] for row in rows}
        require(told == followers, f"the followers are {told}, and the log says {followers}")

    def _check_receipts(self) -> None:
        """Each batch lies in the order of its bytes, and holds the leaves that were numbered into it."""
        batches = self._connection.execute(text("SELECT start, stop FROM log_batches ORDER BY start")).all()
        require([0, *(stop for _, stop in batches)][:-1] == [start for start, _ in batches], "batches with a gap")
        for start, stop in batches:
            require(self.leaves[start:stop] == sorted(self.leaves[start:stop]), f"the batch at {start} has an order")
            held = self._connection.scalars(
                text("SELECT leaf FROM events WHERE leaf_seq >= :start AND leaf_seq < :stop"),
                {"start": start, "stop": stop},
            )
            missing = set(map(bytes, held)) - set(self.leaves[start:stop])
            require(not missing, f"{len(missing)} receipts lead to the batch at {start} and find nothing")


# What may happen next, and how likely it is


def act(world: World, random: Random) -> str:
    """One thing that clients, the platform, its machine or the network do; in words."""
    (action,) = random.choices(list(ACTIONS), list(ACTIONS.values()))
    return f"{action.__name__}{action(world, random) or ()}"


def _send(world: World, random: Random) -> tuple[object, ...]:
    said = [
        (random.choice(KINDS), random.randint(1, VIEWERS), random.randint(1, ITEMS), random.choice(WHEN_S))
        for _ in range(random.randint(0, 8))
    ]
    repeats = [random.randrange(500) for _ in range(random.randint(0, 3))]
    batch = world.say(said, repeats)
    lost = random.choice(["no", "no", "request", "answer", "late", "twice"])
    if lost in ("late", "twice"):
        world.flying.append(batch)
    fault = _writing(random)
    if batch and lost in ("no", "answer", "twice"):
        world.fate.set(fault)
        world.deliver([batch], answered=lost != "answer")
    return said, repeats, lost, fault


def _insist(world: World, random: Random) -> tuple[object, ...]:
    """One viewer says this and that of one item, at once and out of order."""
    pair = random.randint(1, VIEWERS), random.randint(1, ITEMS)
    kinds = random.choice(THEMES)
    words = [(random.choice(kinds), *pair, random.choice([0, -1, -86_000])) for _ in range(random.randint(3, 7))]
    world.deliver([world.say(words, [])])
    return tuple(words)


def _send_again(world: World, random: Random) -> tuple[object, ...]:
    waiting = list(world.unanswered)
    chosen = random.sample(waiting, random.randint(0, len(waiting)))
    fault = _writing(random)
    world.fate.set(fault)
    world.deliver(chosen)
    return len(chosen), fault


def _arrive_late(world: World, random: Random) -> None:
    if world.flying:
        world.deliver([world.flying.pop(random.randrange(len(world.flying)))], answered=False)


def _serve(world: World, random: Random) -> tuple[object, ...]:
    viewers, fault = [random.randrange(VIEWERS) for _ in range(random.randint(1, 3))], _writing(random)
    world.fate.set(fault)
    world.deliver([], slates=viewers)
    return viewers, fault


def _turn_the_clock(world: World, random: Random) -> tuple[object, ...]:
    seconds = random.choice([1, 10, 600, 3_600, 20_000, 86_400, 200_000, -1, -3_600])
    world.clock.turn(timedelta(seconds=seconds))
    return (seconds,)


def _fill_a_tile(world: World, random: Random) -> tuple[object, ...]:
    """Publish up to just below, onto or just behind the border of a tile, and begin anew from there."""
    beyond, kind = random.choice([-1, 0, 1]), random.choice([KILL, POWER])
    world.watch((beyond - len(world.leaves)) % 256)
    world.step()
    world.crash(kind)
    world.watch(1)
    return beyond, kind


def _step(world: World, random: Random) -> tuple[object, ...]:
    """Something is accepted, and hindered on its way; more is accepted, and it is tried again."""
    told: list[object] = []
    for most in (3, 2):
        leaves, fault = random.randint(0, most), _fault(random)
        moods = random.choices(MOODS, k=random.choice([0, 0, 3, 6]))
        world.watch(leaves)
        if world.witnesses:
            world.witnesses.moods = moods
        world.fate.set(fault)
        world.step()
        told += [leaves, fault, moods]
    return tuple(told)


def _crash(world: World, random: Random) -> tuple[object, ...]:
    kind = random.choice([KILL, POWER])
    world.crash(kind)
    return (kind,)


def _fault(random: Random) -> tuple[str, str, int] | None:
    place, times = random.choice([(place, times) for place, most in PLACES.items() for times in range(most)])
    return random.choice([None, *[(kind, place, times) for kind in (KILL, POWER, ERROR, MEANWHILE)]])


def _writing(random: Random) -> tuple[str, str, int] | None:
    kind, place = random.choice([KILL, ERROR, MEANWHILE]), random.choice(["begin", "commit", "committed"])
    return random.choice([None, None, (kind, place, 0)])


ACTIONS: dict[Callable[[World, Random], tuple[object, ...] | None], int] = {
    _send: 4,
    _insist: 3,
    _send_again: 3,
    _arrive_late: 1,
    _serve: 1,
    _turn_the_clock: 2,
    _fill_a_tile: 1,
    _step: 6,
    _crash: 2,
}
