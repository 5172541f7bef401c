"""Rights taken back on a running platform, while viewers ask for slates: to the last slate, and to the last weights.

Items that stand in many slates now are withdrawn by their creators, one after the other, and last a viewer takes back
that their history is learned from. An item's time runs from the call that withdraws it to the last answer that still
had it, or where none had, to the return of the call. The models' time runs from the first withdrawal until slates are
answered by a model that learned from none of them, and every older one is destroyed and its end logged.
"""

from __future__ import annotations

import threading
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import cycle
from time import monotonic, perf_counter, sleep

from openforyou.bench.freshness_platform import World
from openforyou.core.errors import Unavailable
from openforyou.core.ids import ItemId, RequestId, ViewerId, decode_id
from openforyou.core.progress import Progress
from openforyou.learn.forgetting import store as forgetting_store
from openforyou.learn.online_registry import base_of
from openforyou.learn.types import ModelId, ModelStatus

SEEN_IN_S, AFTER_S = 3.0, 3.0
"""An item is chosen by the slates of the last so many seconds, and looked for in those of so many after it went."""
LOOK_EVERY_S = 0.5
GIVE_UP_S = 1_800.0
EVIDENCE = "bench forget"


@dataclass(frozen=True, slots=True)
class Answer:
    """A slate: when it was asked for and answered, and what stood in it."""

    asked_s: float
    answered_s: float
    request_id: RequestId
    viewer: ViewerId
    items: frozenset[int]


@dataclass(frozen=True, slots=True)
class Gone:
    """One item: seconds until the last slate with it was answered, and how many had it just before and since."""

    seconds: float
    slates_before: int
    slates_since: int


@dataclass(frozen=True, slots=True)
class Replaced:
    """Seconds from the first withdrawal until each step was seen, and what the new model's training took."""

    stale_s: float
    served_s: float
    destroyed_s: float
    training_s: float

    @property
    def seconds(self) -> float:
        """Until all of it."""
        return max(self.served_s, self.destroyed_s)


@dataclass(slots=True)
class Asking:
    """What was answered lately, newest last."""

    answers: deque[Answer] = field(default_factory=lambda: deque(maxlen=5_000))
    count: int = 0
    failed: BaseException | None = None


@contextmanager
def asking(world: World, rate: float) -> Iterator[Asking]:
    """`rate` slates a second are asked for in a thread. Raises at the end what asking raised."""
    state, done = Asking(), threading.Event()
    thread = threading.Thread(target=_ask, args=(world, rate, state, done), name="ask", daemon=True)
    thread.start()
    try:
        yield state
    finally:
        done.set()
        thread.join()
    if state.failed is not None:
        raise state.failed


def withdrawn(world: World, state: Asking, count: int, progress: Progress) -> tuple[list[Gone], list[int], float]:
    """So many items withdrawn, and one viewer; what became of the items, their ids, and when the first was."""
    gone: list[Gone] = []
    items: list[int] = []
    first_s = 0.0
    for number in range(count):
        progress(number, count, "withdrawing what is in many slates")
        item, before = _favourite(state, items)
        creator = world.platform.catalog.item(ItemId(item)).creator_id
        began_s = perf_counter()
        world.platform.catalog.withdraw(ItemId(item), creator)
        returned_s = perf_counter()
        first_s = first_s or began_s
        sleep(AFTER_S)
        since = [one for one in list(state.answers) if one.answered_s > began_s and item in one.items]
        last_s = max([returned_s, *(one.answered_s for one in since)])
        gone.append(Gone(last_s - began_s, before, len([one for one in since if one.answered_s > returned_s])))
        items.append(item)
    world.platform.catalog.set_viewer_rights(ViewerId(world.viewers[0]), set(), EVIDENCE)
    return gone, items, first_s


def replaced(world: World, state: Asking, items: list[int], first_s: float, progress: Progress) -> Replaced:
    """Wait until no model is there that learned from what was withdrawn. Raises `Unavailable` after half an hour."""
    models, end = world.platform.models, monotonic() + GIVE_UP_S
    viewer, stale_s, served_s = world.viewers[0], 0.0, 0.0
    while monotonic() < end:
        if state.failed is not None:
            raise state.failed
        passed_s = perf_counter() - first_s
        progress(0, 0, f"waiting for another model, {passed_s:.0f} s")
        stale = models.forgetting.stale()
        stale_s = stale_s or (passed_s if stale else 0.0)
        if not served_s and state.answers and _answers_without(world, state.answers[-1], items, viewer):
            served_s = state.answers[-1].answered_s - first_s
        ended = models.get(world.base.id).status is ModelStatus.RETIRED and world.base.id not in stale
        if served_s and ended and not world.platform.blobs.local_path(world.base.blob_key):
            new = next(model for model in models.list() if model.status is ModelStatus.SERVING)
            return Replaced(stale_s, served_s, perf_counter() - first_s, float(new.manifest["train_s"]))
        sleep(LOOK_EVERY_S)
    raise Unavailable("No other model came into service.", hint="Ask for more viewers, or for more epochs.")


def _answers_without(world: World, answer: Answer, items: list[int], viewer: int) -> bool:
    """Whether the model that answered a slate learned from none of them."""
    named = world.record(answer.request_id, answer.viewer)["model"]
    if not named:
        return False
    base = ModelId(decode_id(base_of(world.platform.models.get(ModelId(decode_id(named, "model")))), "model"))
    with world.platform.database.connect() as connection:
        told = forgetting_store.learned_from(connection, base)
    return told is not None and viewer not in told.viewers and not set(items) & set(told.items.tolist())


def _favourite(state: Asking, gone: list[int]) -> tuple[int, int]:
    """The item in most slates of the last seconds, and how many those are."""
    end = monotonic() + 60
    while monotonic() < end and state.failed is None:
        since_s = perf_counter() - SEEN_IN_S
        seen = Counter(item for one in list(state.answers) if one.answered_s > since_s for item in one.items)
        found = [(item, times) for item, times in seen.most_common(len(gone) + 1) if item not in gone]
        if found and found[0][1] > 1:
            return found[0]
        sleep(LOOK_EVERY_S)
    raise state.failed or Unavailable("No clip stands in two slates.", hint="Ask for more slates a second.")


def _ask(world: World, rate: float, state: Asking, done: threading.Event) -> None:
    began, number = perf_counter(), 0
    try:
        for viewer in cycle(world.viewers[1:]):
            if done.wait(max(began + number / rate - perf_counter(), 0)):
                return
            number += 1
            with world.viewer(viewer) as one:
                asked_s = perf_counter()
                slate = one.slate()
                answer = Answer(asked_s, perf_counter(), slate.request_id, one.number, frozenset(slate.contexts))
            state.answers.append(answer)
            state.count += 1
    except Exception as error:
        state.failed = error
