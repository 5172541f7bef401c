"""Learning while running: the model in service is made anew from what came in, several times a minute.

A look, each some seconds:

1. **Read** through the door what changed since the look before, up to a moment by the database's clock before which
   nothing will be stamped any more: so each event lies between two looks, once. What has lost its right by now is taken
   out of everything before anything else is done with it.
2. **Learn** what the look *before* brought: a few steps on the newest windows of those who did something, mixed with
   windows of others; co-counts as a full count gives them; identities for new items, none for those that are gone.
3. **Examine** the result by what *this* look brought, which it has not seen (`online_exam`).
4. **Publish** it as a version of its parent, or throw it away and go back to what serves (`online_registry`).

So each deed is first a question and then a lesson, and reaches the weights in service one look after it was read.

The manifest holds the moment up to which its weights have learned (`read_to`). Whoever starts, after whatever end of
the one before, reads the version in service and goes on from there: a deed is in its weights, or comes after it. A
training that ended meanwhile is such a version too, with the moment at which its data was frozen. The optimiser's state
alone is lost with the process; it is worth some dozen steps.

What must be taken out waits for no exam: where an update is thrown away, or nothing is to be learned, the network in
service is published without it. Deeds of an update that was thrown away are lessons no more, but the co-counts hold
them, and replays meet them. The weights of the blocks still carry what they once saw; that ends with the next full
training.
"""

from __future__ import annotations

import hashlib
import logging
import threading
from dataclasses import dataclass
from datetime import datetime
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from openforyou.core.clock import Clock
from openforyou.core.ids import encode_id
from openforyou.learn import dataset as door
from openforyou.learn.errors import Overtaken, TooLittle
from openforyou.learn.fitted import Fitted
from openforyou.learn.online_counts import Tally
from openforyou.learn.online_data import Later, Standing, row_numbers
from openforyou.learn.online_exam import Exam
from openforyou.learn.online_network import RATE_SHARE, Lesson, Trainee, is_finite
from openforyou.learn.service import Models
from openforyou.learn.settings import Settings, choose
from openforyou.learn.types import Dataset, Model
from openforyou.pipeline.lookup import positions
from openforyou.storage.database import Database

REST_SHARE = 0.3
"""Of the time between two looks that stays free at the least, for everybody else on the machine."""
_log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Course:
    """What is held between two looks."""

    parent: Model
    published: Fitted
    trainee: Trainee
    standing: Standing
    tally: Tally
    exam: Exam
    pending: NDArray[np.void]
    """Deeds of the look before, of PAIR: read and not yet learned."""
    is_first: bool = True
    """Nothing was published since the start: what serves may hold what lost its right meanwhile."""


class Learner:
    """One a database: whoever runs it holds the claim to learn. `step` is one look. Not for several threads."""

    def __init__(
        self, database: Database, models: Models, clock: Clock, *, rate_share: float = RATE_SHARE, seed: int = 0
    ) -> None:
        self._database = database
        self._models = models
        self._clock = clock
        self._rate_share = rate_share
        self._seed = seed
        self._course: _Course | None = None

    def run(self, stop: threading.Event, every_s: float) -> None:
        """Look each `every_s` until `stop`, or less often where a look takes longer than most of that.

        What goes wrong is logged, and the next look begins from what serves.
        """
        self._models.versions.sweep()
        took_s = 0.0
        while not stop.wait(max(every_s - took_s, every_s * REST_SHARE)):
            began = perf_counter()
            try:
                self.step()
            except Exception:
                _log.exception("an update did not come to its end; the next one begins from the model in service")
                self._course = None
            took_s = perf_counter() - began

    def step(self) -> Model | None:
        """One look; the version that it published, if any."""
        serving = self._models.serving_version()
        if serving is None:
            self._course = None
            return None
        if self._course is None or self._course.parent.id != serving[0].id:
            self._course = self._begun(*serving)
            return None
        course, self._course = self._course, None  # Should anything fail, the next look begins anew.
        try:
            made = self._look(course)
        except Overtaken as error:
            _log.info("an update was given up: %s", error)
            return None
        self._course = course
        return made

    def _begun(self, parent: Model, published: Fitted) -> _Course | None:
        """From the version in service; what came in since its cursor is the first lesson."""
        try:
            standing = door.opened(self._database, self._clock.now())
        except TooLittle:
            return None
        read_to = parent.manifest.get("read_to")
        since = standing.settled if read_to is None else datetime.fromisoformat(read_to)
        _log.info("learning goes on from model %s, with what came in since %s", encode_id(parent.id), since)
        return _Course(
            parent=parent,
            published=published,
            trainee=self._trainee(parent, published, standing.dataset),
            standing=standing,
            tally=Tally.of(standing.dataset),
            exam=Exam(standing.dataset),
            pending=door.done_since(self._database, standing, since),
        )

    def _look(self, course: _Course) -> Model | None:
        later = door.later(self._database, self._clock.now(), course.standing)
        tally = course.tally.moved(course.standing.dataset, later.before, later.thinned)
        must = course.is_first or bool(len(later.thinned)) or _holds_others(course.published, later.before)
        made = None
        if must or len(course.pending):
            made = self._updated(course, later, tally, must=must)
        fresh = _unseen(later)
        course.tally = tally.moved(later.before, later.after.dataset, later.read)
        course.standing, course.pending = later.after, later.deeds
        course.exam.take(fresh)
        return made

    def _updated(self, course: _Course, later: Later, tally: Tally, *, must: bool) -> Model | None:
        """Learn what is pending, examine, publish or throw away."""
        began = perf_counter()
        counts = tally.counts()
        lesson = _lesson(later.before, course.pending)
        course.trainee.regrow(later.before.item_ids)
        course.trainee.place_young(counts, tally.wanted.astype(np.int64))
        seed = self._seed + 1_000_003 * int(course.parent.manifest.get("number", 0))
        steps = course.trainee.learn(lesson, seed) if len(lesson.viewers) else 0
        candidate = course.trainee.fitted(counts)
        verdict = course.exam.judge(candidate, course.published, later.after.dataset, _unseen(later))
        told = self._told(course, later, steps) | {
            "seed": seed,
            "exam": verdict.as_dict(),
            "seconds": round(perf_counter() - began, 2),
        }
        if verdict.reason and (steps or not must):
            _log.warning("an update of model %s was thrown away: %s", encode_id(course.parent.id), verdict.reason)
            self._models.versions.throw_away(course.parent, told, verdict.reason)
            course.trainee = self._trainee(course.parent, course.published, later.before)
            if not must:
                return None
            course.trainee.regrow(later.before.item_ids)
            candidate, told = course.trainee.fitted(counts), told | {"deeds": 0, "steps": 0}
        assert is_finite(candidate), "a model in service that is not finite"
        course.parent = self._models.versions.publish(course.parent, candidate, told, later.before)
        course.published, course.is_first = candidate, False
        return course.parent

    def _told(self, course: _Course, later: Later, steps: int) -> dict[str, Any]:
        """What the manifest says of an update's data."""
        before = later.before
        gone = positions(before.item_ids, course.published.item_ids) < 0
        come = positions(course.published.item_ids, before.item_ids) < 0
        return {
            "read_to": course.standing.settled.isoformat(),
            "deeds": len(course.pending),
            "steps": steps,
            "data": {
                "digest": hashlib.sha256(course.pending.tobytes()).hexdigest(),
                "viewers": len(np.unique(course.pending["viewer"])),
                "items": len(before.item_ids),
                "items_come": int(come.sum()),
                "items_gone": int(gone.sum()),
                "viewers_thinned": len(later.thinned),
                "rights": None if before.rights is None else before.rights.as_dict(),
            },
        }

    def _trainee(self, parent: Model, fitted: Fitted, dataset: Dataset) -> Trainee:
        return Trainee(fitted, self._recipe(parent, dataset), self._rate_share)

    def _recipe(self, parent: Model, dataset: Dataset) -> Settings:
        """That of the full training that it goes back to; an older program's by the size of the data."""
        try:
            return Settings(**self._models.trained_as(parent)["settings"])
        except (TypeError, KeyError):
            return choose(dataset)


def _lesson(dataset: Dataset, pending: NDArray[np.void]) -> Lesson:
    """The viewers of pending deeds that may still be learned from, each from their first such row on."""
    rows = row_numbers(dataset, pending)
    rows = np.sort(rows[rows >= 0])
    viewers = np.searchsorted(dataset.sequences.starts, rows, side="right") - 1
    distinct, first = np.unique(viewers, return_index=True)
    return Lesson(dataset, distinct, rows[first])


def _unseen(later: Later) -> NDArray[np.void]:
    """Deeds with items that the data before this look does not show the viewer to have met."""
    return later.deeds[row_numbers(later.before, later.deeds) < 0]


def _holds_others(fitted: Fitted, dataset: Dataset) -> bool:
    """Whether a model has an identity for an item that is not in the data set any more."""
    return bool((positions(dataset.item_ids, fitted.item_ids) < 0).any())
