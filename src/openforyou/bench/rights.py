"""`bench rights`: a data set whose viewers and items said all sorts of things of being learned from, and who is left.

The rows of a file become the history of a platform. Each viewer, and each item of a drawn fifth, is given a story of
words about the right `learn`: granted, refused, nothing, withdrawn, over, not begun, taken back and given again; the
other items are granted. What each story comes to is known here by how it was drawn, and by nothing else. Then the door
opens, and three look at what came through: this bench, by the stories; the recount that goes before every manifest, by
the words that the published log holds; and the recount once more, with a row planted that nobody said.

The baseline is the same reading of the same rows with no right asked for.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import text

from openforyou.bench.bulk import copy_rows, int8, listed, moments, vacuum
from openforyou.bench.report import Report, spread
from openforyou.catalog.rights import store as rights_store
from openforyou.catalog.rights.types import ITEM_SUBJECT, VIEWER_SUBJECT, Act, Decision, Party
from openforyou.catalog.types import Right
from openforyou.core.clock import SystemClock
from openforyou.core.errors import OpenForYouError
from openforyou.core.progress import Progress, silent
from openforyou.events.log.sequencer import Sequencer
from openforyou.events.store import ROWS_AT_ONCE
from openforyou.learn import dataset as door
from openforyou.learn.manifest.errors import NotAllowed
from openforyou.learn.manifest.service import Manifests
from openforyou.learn.online_data import pairs_of
from openforyou.learn.types import Dataset
from openforyou.ledger.keys import SigningKey
from openforyou.storage.blobs import FsspecBlobs
from openforyou.storage.database import Database
from openforyou.storage.embedded import EmbeddedPostgres

ITEMS_DRAWN = 0.2
WORDS_AT_ONCE = 2_000
EVERY_ROW = text("SELECT * FROM viewer_items ORDER BY viewer_id, first_at, item_id")
CREATOR = 1
DURATION_MS = 30_000


class Story(StrEnum):
    """What was said, oldest first; `HOLDING` are those at whose end there is a right."""

    GRANTED = "granted"
    SILENT = "silent"
    REFUSED = "refused"
    WITHDRAWN = "granted, withdrawn"
    OVER = "granted until yesterday"
    NOT_BEGUN = "granted from tomorrow on"
    AGAIN = "granted, withdrawn, granted"
    CHANGED_MIND = "refused, granted"


HOLDING = frozenset({Story.GRANTED, Story.AGAIN, Story.CHANGED_MIND})
STORIES = tuple(Story)
Stories = Mapping[int, Story]
"""By subject."""


@dataclass(frozen=True, slots=True)
class Load:
    """`data`: whose rows; `repeats`: how often the door is opened and the rights are counted."""

    data: Path
    repeats: int = 3
    seed: int = 1


class NotRight(OpenForYouError):
    """Something came through without a right, or did not with one: a defect, and no figure."""


def run(load: Load, progress: Progress = silent) -> Report:
    """Raises `NotRight` where what came through is not what was said."""
    progress(0, 1, "reading")
    given = door.from_file(load.data)
    with (
        tempfile.TemporaryDirectory(prefix="openforyou-bench-") as folder,
        EmbeddedPostgres(Path(folder) / "postgres") as server,
        closing(Database.open(server.url)) as database,
    ):
        database.migrate()
        bench = _Bench(database, Path(folder), given, load)
        bench.fill(progress)
        return bench.measured(progress)


class _Bench:
    def __init__(self, database: Database, folder: Path, given: Dataset, load: Load) -> None:
        self._database, self._given, self._load = database, given, load
        self._now = SystemClock().now()
        key = SigningKey.generate("bench.example")
        self._sequencer = Sequencer(database, folder / "log", lambda: key)
        blobs = FsspecBlobs(str(folder / "blobs"))
        self._manifests = Manifests(database, blobs, folder / "log", lambda: key, self._sequencer.step)
        self._items = given.item_ids
        self._viewers = given.sequences.viewer_ids
        rng = np.random.default_rng(load.seed)
        self._of_viewers = _drawn(self._viewers, np.ones(len(self._viewers), dtype=bool), rng)
        self._of_items = _drawn(self._items, rng.random(len(self._items)) < ITEMS_DRAWN, rng)

    def fill(self, progress: Progress) -> None:
        """Catalogue, history and words, and the log that holds them."""
        ids, now = self._items, self._now
        progress(0, 1, "writing the history")
        copy_rows(self._database, "creators", {"id": int8(np.array([CREATOR])), "handle": b"maker", "name": b"Maker"})
        copy_rows(self._database, "items", _items(ids, now))
        for place, right in enumerate((b"show", b"recommend")):
            copy_rows(self._database, "rights", listed(ids, right, now, 1 + place * len(ids)))
        copy_rows(self._database, "viewer_items", _history(self._given, now))
        for kind, stories in ((VIEWER_SUBJECT, self._of_viewers), (ITEM_SUBJECT, self._of_items)):
            said = [word for subject, story in stories.items() for word in _words(kind, subject, story, now)]
            for start in range(0, len(said), WORDS_AT_ONCE):
                progress(start, len(said), f"saying what {kind}s allow")
                with self._database.begin() as connection:
                    rights_store.record(connection, said[start : start + WORDS_AT_ONCE], now)
        progress(0, 1, "publishing the log")
        self._sequencer.step()
        self._sequencer.close()
        vacuum(self._database)

    def measured(self, progress: Progress) -> Report:
        """Open the door, look at what came through, and count."""
        opened: list[float] = []
        counted: list[float] = []
        plain: list[float] = []
        told: Mapping[str, Any] = {}
        rows = 0
        for number in range(self._load.repeats):
            progress(number, self._load.repeats, "reading with rights, and without")
            found, took = _timed(partial(door.from_events, self._database, self._now))
            opened.append(took)
            rows = self._require_true(found)
            drawn, took = _timed(partial(self._manifests.draw, found))
            counted.append(took)
            told = drawn.told
            plain.append(_timed(self._read_all)[1])
        caught = self._plant()
        metrics = {
            "viewers": len(self._viewers),
            "items": len(self._items),
            "rows": len(self._given.sequences.items),
            "viewers_allowed": told["dataset"]["viewers"],
            "items_allowed": told["dataset"]["items"],
            "rows_allowed": rows,
            "words": told["rights"]["words"],
            "rows_without_right": 0,
            "planted_caught": caught,
            "door_s": float(np.median(opened)),
            "recount_s": float(np.median(counted)),
        }
        baseline = {
            "name": "the same rows, read with no right asked for",
            "seconds": float(np.median(plain)),
            "ratio_door": float(np.median(opened) / np.median(plain)),
        }
        detail = {
            "door_s": spread(opened),
            "recount_s": spread(counted),
            "viewers_by_story": _tally(self._of_viewers),
            "items_by_story": _tally(self._of_items),
        }
        settings = {"data": self._given.name, "repeats": self._load.repeats, "seed": self._load.seed}
        return Report("rights", settings, metrics, baseline, detail)

    def _require_true(self, found: Dataset) -> int:
        """How many rows came through. Raises `NotRight` unless they are those of the stories, all and no other."""
        viewers = np.array([one for one in self._viewers.tolist() if self._of_viewers[one] in HOLDING], np.int64)
        items = np.array([one for one in self._items.tolist() if self._of_items[one] in HOLDING], np.int64)
        expected = _pairs(self._given, viewers, items)
        came = _pairs(found, found.sequences.viewer_ids, found.item_ids)
        if not np.array_equal(expected, came):
            wrong, missing = len(np.setdiff1d(came, expected)), len(np.setdiff1d(expected, came))
            raise NotRight(f"{wrong:,} rows came through without a right, and {missing:,} with one did not.")
        return len(came)

    def _read_all(self) -> None:
        with self._database.connect() as connection:
            for _ in connection.execution_options(stream_results=True, yield_per=ROWS_AT_ONCE).execute(EVERY_ROW):
                continue

    def _plant(self) -> int:
        """Forge a right for one of each kind that has none: how many of the two the recount names."""
        caught = 0
        for place, (kind, stories) in enumerate(((VIEWER_SUBJECT, self._of_viewers), (ITEM_SUBJECT, self._of_items))):
            subject = next(one for one, story in stories.items() if story is Story.REFUSED)
            forged = listed(np.array([subject]), b"learn", self._now, 2**50 + place)
            copy_rows(self._database, "rights", {**forged, "subject_kind": kind.encode()})
            found = door.from_events(self._database, self._now)
            among = found.sequences.viewer_ids if kind == VIEWER_SUBJECT else found.item_ids
            if subject not in among:
                raise NotRight(f"The planted {kind} did not come through the door, so that nothing was tried.")
            try:
                self._manifests.draw(found)
            except NotAllowed:
                caught += 1
            with self._database.begin() as connection:
                connection.execute(text("DELETE FROM rights WHERE id = :id"), {"id": 2**50 + place})
        return caught


def _drawn(ids: NDArray[np.int64], among: NDArray[np.bool_], rng: np.random.Generator) -> Stories:
    """A story for each: any of them for those `among`, granted for the others."""
    numbers = np.where(among, rng.integers(0, len(STORIES), len(ids)), STORIES.index(Story.GRANTED))
    return {one: STORIES[number] for one, number in zip(ids.tolist(), numbers.tolist(), strict=True)}


def _words(kind: str, subject: int, story: Story, now: datetime) -> list[Decision]:
    """What was said, in its order, all of it before `now`."""
    by = Party.VIEWER if kind == VIEWER_SUBJECT else Party.CREATOR
    before, day = now - timedelta(days=30), timedelta(days=1)

    def say(act: Act, since: datetime = before, until: datetime | None = None) -> Decision:
        return Decision(act, Right.LEARN, kind, subject, by, by.value, "drawn", since, until)

    given, no, back = say(Act.GRANT), say(Act.REFUSE), say(Act.WITHDRAW)
    return {
        Story.GRANTED: [given],
        Story.SILENT: [],
        Story.REFUSED: [no],
        Story.WITHDRAWN: [given, back],
        Story.OVER: [say(Act.GRANT, before, now - day)],
        Story.NOT_BEGUN: [say(Act.GRANT, now + day)],
        Story.AGAIN: [given, back, say(Act.GRANT, before + day)],
        Story.CHANGED_MIND: [no, given],
    }[story]


def _items(ids: NDArray[np.int64], now: datetime) -> dict[str, NDArray[np.generic] | bytes]:
    return {
        "id": int8(ids),
        "creator_id": int8(np.full(len(ids), CREATOR)),
        "kind": b"video",
        "status": b"published",
        "title": b"Clip",
        "duration_ms": np.full(len(ids), DURATION_MS, dtype=">i4"),
        "source_name": b"clip.mp4",
        "source_sha256": np.array([b"%019d" % one for one in ids.tolist()]),
        "published_at": moments(now, np.full(len(ids), 90 * 86_400.0)),
    }


def _history(given: Dataset, now: datetime) -> dict[str, NDArray[np.generic] | bytes]:
    """Each viewer's first row with each item, watched to the end, in its order."""
    pairs, first = np.unique(_all_pairs(given), return_index=True)
    pairs = pairs[np.argsort(first)]
    rows = len(pairs)
    at = moments(now, 86_400.0 + np.arange(rows, 0, -1, dtype=np.float64))
    one, none = np.ones(rows, ">i4"), np.zeros(rows, ">i4")
    return {
        "viewer_id": int8(pairs["viewer"]),
        "item_id": int8(pairs["item"]),
        "first_at": at,
        "last_at": at,
        "impressions": one,
        "views": one,
        "watch_ms": np.full(rows, DURATION_MS, ">i4"),
        "completions": one,
        "skips": none,
        "shares": none,
        "liked": none.astype(">u1"),
        "not_interested": none.astype(">u1"),
        "reported": none.astype(">u1"),
    }


def _all_pairs(dataset: Dataset) -> NDArray[np.void]:
    """(R,) viewer and item of each row."""
    return pairs_of(dataset, np.arange(len(dataset.sequences.items)))


def _pairs(dataset: Dataset, viewers: NDArray[np.int64], items: NDArray[np.int64]) -> NDArray[np.void]:
    """(M,) viewer and item of the rows of those viewers with those items, each pair once, ascending."""
    pairs = _all_pairs(dataset)
    return np.unique(pairs[np.isin(pairs["viewer"], viewers) & np.isin(pairs["item"], items)])


def _timed(work: Callable[[], Any]) -> tuple[Any, float]:
    began = perf_counter()
    answer = work()
    return answer, perf_counter() - began


def _tally(stories: Stories) -> dict[str, int]:
    said: Sequence[Story] = list(stories.values())
    return {story.value: said.count(story) for story in STORIES}
