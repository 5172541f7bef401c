"""The only door to training data.

From the platform it opens with a snapshot of rights: an item enters with `learn` from its creator, a viewer's history
with `learn` from the viewer, both as of one moment, and what lacks either is never read. From a file it opens because
somebody named the file. What comes through is frozen, and its digest goes into the model's manifest.

What came through from the platform is remembered while it lives (`is_admitted`). A data set from anywhere else, a
file's and an altered copy among them, can be evaluated on and never becomes a model that serves.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection

from openforyou.catalog import store as catalog_store
from openforyou.catalog.listing import store as listing_store
from openforyou.catalog.rights import store as rights_store
from openforyou.catalog.rights.types import ITEM_SUBJECT, VIEWER_SUBJECT
from openforyou.catalog.types import Right
from openforyou.core.encoding import canonical_json, digest
from openforyou.events import store as events_store
from openforyou.events.log import store as log_store
from openforyou.ingest.encoders import CONTENT_DIM, CONTENT_ENCODER
from openforyou.learn import readers
from openforyou.learn.errors import TooLittle
from openforyou.learn.online_data import (
    PAIR,
    ROW,
    Later,
    Standing,
    moved,
    pairs_of,
    restricted,
    row_numbers,
    rows_by_viewer,
    sequences_of,
)
from openforyou.learn.rules import did_of, watched_share
from openforyou.learn.serving import Floats
from openforyou.learn.types import Dataset, Ids, RightsSnapshot, Sequences
from openforyou.pipeline.lookup import positions
from openforyou.storage.database import Database

_EVERYTHING = datetime(1970, 1, 1, tzinfo=UTC)
_admitted: WeakValueDictionary[int, Dataset] = WeakValueDictionary()
"""By their place in memory: what was altered is another object, and is not among them."""


def is_admitted(dataset: Dataset) -> bool:
    """Whether it is the very data set that the door let through, rights held."""
    return _admitted.get(id(dataset)) is dataset


def from_events(database: Database, at: datetime) -> Dataset:
    """What may be learned from at the moment `at`. Raises `TooLittle` when that is nothing."""
    return opened(database, at).dataset


def opened(database: Database, at: datetime) -> Standing:
    """The same, ready to be looked at again by `later`.

    One read-only transaction at repeatable read, so that rights, items and rows are of one state.
    """
    with _reading(database) as connection:
        settled, log = events_store.settled_at(connection), log_store.state(connection)
        allowed = rights_store.subjects_with(connection, ITEM_SUBJECT, Right.LEARN, at)
        viewers = _viewers(connection, at)
        catalogue = _lengths(connection, allowed, at, _EVERYTHING)
        duration_ms = dict(catalogue)
        item_ids = np.array(sorted(duration_ms), dtype=np.int64)
        rows = _read(connection, viewers, duration_ms)
        vectors = catalog_store.feature_rows(connection, CONTENT_ENCODER)
    if not len(rows):
        raise TooLittle(
            "There is nothing to learn from yet.",
            hint="Somebody must have watched clips, and both they and the clips' creators must allow learning.",
        )
    content = _content(item_ids, vectors)
    rights = RightsSnapshot(at, len(item_ids), len(viewers), log.folded, log.queued)
    dataset = _let_through(_frozen("events", item_ids, content, sequences_of(rows, item_ids), rights))
    durations = np.array([duration_ms[item] for item in item_ids.tolist()], dtype=np.int64)
    return Standing(dataset, durations, viewers, settled)


def later(database: Database, at: datetime, before: Standing) -> Later:
    """What may be learned from at `at`, read as what has changed since the look before.

    Who did something since is read anew whole, and so is who allows learning only now, or watched an item that may be
    learned from only now. What lost its right is taken out, and not read either.
    """
    held = before.dataset
    with _reading(database) as connection:
        settled = max(events_store.settled_at(connection), before.settled)
        log = log_store.state(connection)
        allowed = rights_store.subjects_with(connection, ITEM_SUBJECT, Right.LEARN, at)
        viewers = _viewers(connection, at)
        duration_ms = dict(zip(held.item_ids.tolist(), before.durations_ms.tolist(), strict=True))
        duration_ms = {item: length for item, length in duration_ms.items() if item in allowed}
        changed = _lengths(connection, allowed, at, before.settled)
        duration_ms |= changed
        if len(duration_ms) < len(allowed):  # A right that began later than it was given.
            changed = _lengths(connection, allowed, at, _EVERYTHING)
            duration_ms |= changed
        item_ids = np.array(sorted(duration_ms), dtype=np.int64)
        kept, thinned = restricted(held, item_ids, viewers)
        deeds = _among(events_store.deeds_between(connection, before.settled, settled), item_ids, viewers)
        newcomers = np.setdiff1d(viewers, before.viewers, assume_unique=True)
        new_items = np.setdiff1d(item_ids, held.item_ids, assume_unique=True)
        back = _viewers_of(connection, viewers, new_items)
        read = np.unique(np.concatenate([deeds["viewer"], newcomers, back]))
        rows = _read(connection, read, duration_ms, kept, _EVERYTHING if len(newcomers) + len(back) else before.settled)
        vectors = catalog_store.feature_rows(connection, CONTENT_ENCODER, list(changed)) if changed else []
    content = _moved_content(held, item_ids, vectors)
    rights = RightsSnapshot(at, len(item_ids), len(viewers), log.folded, log.queued)
    kept = _let_through(replace(kept, rights=rights))
    dataset = _let_through(moved(kept, item_ids, content, read, rows, rights))
    durations = np.fromiter((duration_ms[item] for item in item_ids.tolist()), np.int64, len(item_ids))
    deeds = _with_rows(dataset, deeds)
    return Later(kept, Standing(dataset, durations, viewers, settled), thinned, read, deeds)


def done_since(database: Database, standing: Standing, since: datetime) -> NDArray[np.void]:
    """Deeds in a data set that came in from `since` until it was read: (M,) of PAIR."""
    with _reading(database) as connection:
        deeds = events_store.deeds_between(connection, since, standing.settled)
    return _with_rows(standing.dataset, _among(deeds, standing.dataset.item_ids, standing.viewers))


def from_file(path: Path) -> Dataset:
    """The interactions of a file. Raises `BadInteractions`."""
    columns = readers.read(path)
    rows = np.empty(len(columns.viewers), dtype=ROW)
    rows["viewer"], rows["item"] = columns.viewers, columns.items
    rows["at_s"], rows["watched"] = columns.at_s, columns.watched()
    rows["did"], rows["followed"] = columns.did, columns.followed()
    item_ids = np.unique(columns.items)
    content = np.zeros((len(item_ids), 0), dtype=np.float32)
    if columns.content is not None:
        described, vectors = columns.content
        content = vectors[np.searchsorted(described, item_ids)]
    frozen = _frozen(
        path.resolve().name, item_ids, content, sequences_of(rows, item_ids), None, encoder=path.resolve().name
    )
    if columns.ordered and columns.parts is None:
        return frozen
    told = digest([frozen.digest, columns.ordered, None if columns.parts is None else columns.parts.tolist()])
    return replace(frozen, ordered=columns.ordered, parts=columns.parts, digest=told)


def without(dataset: Dataset, *, times: bool = True, content: bool = True) -> Dataset:
    """The same, with times or content withheld where they are False: what a model makes of less."""
    sequences, vectors = dataset.sequences, dataset.content
    if not times:
        sequences = replace(sequences, at_s=np.zeros_like(sequences.at_s))
    if not content:
        vectors = np.zeros((len(vectors), 0), dtype=np.float32)
    told = digest([dataset.digest, times, content])
    return replace(dataset, sequences=sequences, content=vectors, encoder=dataset.encoder * content, digest=told)


def save(dataset: Dataset, path: Path) -> None:
    """Keep the frozen arrays beside a training's checkpoint. The caller deletes them when it ends."""
    held = dataset.sequences
    arrays = {name: getattr(held, name) for name in Sequences.__dataclass_fields__}
    with path.open("wb") as file:
        np.savez(file, item_ids=dataset.item_ids, content=dataset.content, **arrays)


def load(path: Path, told: dict[str, Any]) -> Dataset | None:
    """What `save` kept, for a training whose manifest said `told` of its data; None when it is not that."""
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            sequences = Sequences(**{name: arrays[name] for name in Sequences.__dataclass_fields__})
            item_ids, content = arrays["item_ids"], arrays["content"]
    except (OSError, ValueError, KeyError, EOFError, AssertionError, BadZipFile, zlib.error):
        return None
    given = told["rights"]
    rights = given and RightsSnapshot(
        datetime.fromisoformat(given["at"]),
        given["items"],
        given["viewers"],
        given.get("log_size", 0),
        given.get("words", 0),
    )
    dataset = _frozen(told["name"], item_ids, content, sequences, rights)
    return _let_through(dataset) if dataset.digest == told["digest"] else None


def still_allowed(database: Database, dataset: Dataset, at: datetime) -> bool:
    """Whether every item and viewer of `dataset` still carries `learn`: a later moment may have fewer rights."""
    with database.connect() as connection:
        items = rights_store.subjects_with(connection, ITEM_SUBJECT, Right.LEARN, at)
        viewers = rights_store.subjects_with(connection, VIEWER_SUBJECT, Right.LEARN, at)
    return items.issuperset(dataset.item_ids.tolist()) and viewers.issuperset(dataset.sequences.viewer_ids.tolist())


def _let_through(dataset: Dataset) -> Dataset:
    _admitted[id(dataset)] = dataset
    return dataset


@contextmanager
def _reading(database: Database) -> Iterator[Connection]:
    with database.connect() as connection:
        yield connection.execution_options(isolation_level="REPEATABLE READ")


def _viewers(connection: Connection, at: datetime) -> Ids:
    """All who allow learning, ascending."""
    found = rights_store.subjects_with(connection, VIEWER_SUBJECT, Right.LEARN, at)
    return np.array(sorted(found), dtype=np.int64)


def _lengths(connection: Connection, allowed: set[int], at: datetime, since: datetime) -> dict[int, int]:
    """Milliseconds by item, of those allowed that changed at or after `since`."""
    catalogue = listing_store.feed_rows(connection, at=at, changed_since=since)
    lengths = zip(catalogue["id"].tolist(), catalogue["duration_ms"].tolist(), strict=True)
    return {item: length for item, length in lengths if item in allowed}


def _viewers_of(connection: Connection, viewers: Ids, items: Ids) -> Ids:
    """Who of `viewers` did anything with `items`."""
    if not len(items):
        return np.empty(0, np.int64)
    found = events_store.training_rows(connection, viewers.tolist(), items.tolist())
    return np.unique(np.fromiter((row.viewer_id for row in found), np.int64))


def _among(deeds: NDArray[np.int64], items: Ids, viewers: Ids) -> NDArray[np.void]:
    """(M, 2) deeds → those of allowed viewers with allowed items, of PAIR."""
    pairs = np.empty(len(deeds), dtype=PAIR)
    pairs["viewer"], pairs["item"] = deeds[:, 0], deeds[:, 1]
    return pairs[np.isin(pairs["viewer"], viewers) & np.isin(pairs["item"], items)]


def _with_rows(dataset: Dataset, deeds: NDArray[np.void]) -> NDArray[np.void]:
    """Without those that left no row: a like taken back, what was done while the history was paused."""
    return deeds[row_numbers(dataset, deeds) >= 0]


def _read(
    connection: Connection,
    viewers: Ids,
    duration_ms: dict[int, int],
    held: Dataset | None = None,
    follows_since: datetime = _EVERYTHING,
) -> NDArray[np.void]:
    """Rows of those viewers with those items, of ROW. Who followed whom before `follows_since` is known from `held`."""
    if not len(viewers):
        return np.empty(0, dtype=ROW)
    listed = viewers.tolist()
    found = events_store.follow_rows(connection, listed, duration_ms, follows_since)
    follows = {(row.viewer_id, row.item_id) for row in found}
    if held is not None:
        rows = rows_by_viewer(held.sequences, viewers)
        pairs = pairs_of(held, rows[held.sequences.followed[rows]])
        follows.update(zip(pairs["viewer"].tolist(), pairs["item"].tolist(), strict=True))
    return _rows(events_store.training_rows(connection, listed, duration_ms), duration_ms, follows)


def _rows(found: Iterable[Any], duration_ms: dict[int, int], follows: set[tuple[int, int]]) -> NDArray[np.void]:
    """Viewer state as columns. What was merely on screen says nothing, in service neither."""

    def told() -> Iterable[tuple[int, int, float, float, int, bool]]:
        for row in found:
            did = did_of(
                views=row.views,
                completions=row.completions,
                liked=row.liked,
                shares=row.shares,
                skips=row.skips,
                refused=row.not_interested or row.reported,
            )
            share = watched_share(row.watch_ms, duration_ms[row.item_id], did)
            followed = (row.viewer_id, row.item_id) in follows
            if did or share or followed:
                yield row.viewer_id, row.item_id, row.first_at.timestamp(), share, int(did), followed

    return np.fromiter(told(), dtype=ROW)


def _content(item_ids: Ids, found: Iterable[Any]) -> Floats:
    """(N, C); what has no vector, or a vector that is not finite or of another length, has a zero row."""
    content = np.zeros((len(item_ids), CONTENT_DIM), dtype=np.float32)
    position = {item: row for row, item in enumerate(item_ids.tolist())}
    for row in found:
        vector = np.frombuffer(row.vector, dtype="<f4")
        if row.item_id in position and vector.shape == (CONTENT_DIM,) and np.isfinite(vector).all():
            content[position[row.item_id]] = vector
    return content


def _moved_content(held: Dataset, item_ids: Ids, found: Iterable[Any]) -> Floats:
    """(N, C) of `item_ids`: what was read now, else what is held."""
    content = _content(item_ids, found)
    known = positions(held.item_ids, item_ids)
    ours = np.flatnonzero((known >= 0) & ~content.any(axis=1))
    content[ours] = held.content[known[ours]]
    return content


def _frozen(
    name: str,
    item_ids: Ids,
    content: Floats,
    sequences: Sequences,
    rights: RightsSnapshot | None,
    *,
    encoder: str = CONTENT_ENCODER,
) -> Dataset:
    """Read-only arrays, and the digest over them, the encoder's name and the rights."""
    encoder = encoder if content.shape[1] else ""
    arrays: dict[str, NDArray[Any]] = {"item_ids": item_ids, "content": content}
    arrays |= {column: getattr(sequences, column) for column in Sequences.__dataclass_fields__}
    head = {"encoder": encoder, "rights": None if rights is None else rights.as_dict()}
    sha256 = hashlib.sha256(canonical_json(head))
    for column, array in arrays.items():
        array.flags.writeable = False
        sha256.update(f"\n{column} {array.dtype.str} {array.shape}\n".encode())
        sha256.update(np.ascontiguousarray(array).tobytes())
    return Dataset(name, item_ids, content, encoder, sequences, rights, sha256.hexdigest())
