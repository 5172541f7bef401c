"""The only door to training data.

From the platform it opens with a snapshot of rights: an item enters with `learn` from its creator, a viewer's history
with `learn` from the viewer, both as of one moment, and what lacks either is never read. From a file it opens because
somebody named the file. What comes through is frozen, and its digest goes into the model's manifest.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from openforyou.catalog import store as catalog_store
from openforyou.catalog.types import Right
from openforyou.core.encoding import canonical_json, digest
from openforyou.events import store as events_store
from openforyou.ingest.encoders import CONTENT_DIM, CONTENT_ENCODER
from openforyou.learn import readers
from openforyou.learn.errors import TooLittle
from openforyou.learn.rules import did_of, watched_share
from openforyou.learn.serving import Floats
from openforyou.learn.types import Dataset, Ids, RightsSnapshot, Sequences
from openforyou.storage.database import Database

_EVERYTHING = datetime(1970, 1, 1, tzinfo=UTC)
_ROW = np.dtype([("viewer", "i8"), ("item", "i8"), ("at_s", "f8"), ("watched", "f4"), ("did", "u1"), ("followed", "?")])


def from_events(database: Database, at: datetime) -> Dataset:
    """What may be learned from at the moment `at`. Raises `TooLittle` when that is nothing.

    One read-only transaction at repeatable read, so that rights, items and rows are of one state.
    """
    with database.connect() as opened:
        connection = opened.execution_options(isolation_level="REPEATABLE READ")
        allowed = catalog_store.subjects_with(connection, catalog_store.ITEM_SUBJECT, Right.LEARN, at)
        viewers = catalog_store.subjects_with(connection, catalog_store.VIEWER_SUBJECT, Right.LEARN, at)
        catalogue = catalog_store.feed_rows(connection, at=at, changed_since=_EVERYTHING)
        duration_ms = {row.id: row.duration_ms for row in catalogue if row.id in allowed}
        follows = {(row.viewer_id, row.item_id) for row in events_store.follow_rows(connection, viewers, duration_ms)}
        rows = _rows(events_store.training_rows(connection, viewers, duration_ms), duration_ms, follows)
        vectors = catalog_store.feature_rows(connection, CONTENT_ENCODER)
    if not len(rows):
        raise TooLittle(
            "There is nothing to learn from yet.",
            hint="Somebody must have watched clips, and both they and the clips' creators must allow learning.",
        )
    item_ids = np.array(sorted(duration_ms), dtype=np.int64)
    content = _content(item_ids, vectors)
    rights = RightsSnapshot(at, len(item_ids), len(viewers))
    return _frozen("events", item_ids, content, _sequences(rows, item_ids), rights)


def from_file(path: Path) -> Dataset:
    """The interactions of a file. Raises `BadInteractions`."""
    columns = readers.read(path)
    rows = np.empty(len(columns.viewers), dtype=_ROW)
    rows["viewer"], rows["item"] = columns.viewers, columns.items
    rows["at_s"], rows["watched"] = columns.at_s, columns.watched()
    rows["did"], rows["followed"] = columns.did, False
    item_ids = np.unique(columns.items)
    content = np.zeros((len(item_ids), 0), dtype=np.float32)
    if columns.content is not None:
        described, vectors = columns.content
        content = vectors[np.searchsorted(described, item_ids)]
    name = path.resolve().name
    frozen = _frozen(name, item_ids, content, _sequences(rows, item_ids), None, encoder=name)
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
    rights = given and RightsSnapshot(datetime.fromisoformat(given["at"]), given["items"], given["viewers"])
    dataset = _frozen(told["name"], item_ids, content, sequences, rights)
    return dataset if dataset.digest == told["digest"] else None


def still_allowed(database: Database, dataset: Dataset, at: datetime) -> bool:
    """Whether every item and viewer of `dataset` still carries `learn`: a later moment may have fewer rights."""
    with database.connect() as connection:
        items = catalog_store.subjects_with(connection, catalog_store.ITEM_SUBJECT, Right.LEARN, at)
        viewers = catalog_store.subjects_with(connection, catalog_store.VIEWER_SUBJECT, Right.LEARN, at)
    return items.issuperset(dataset.item_ids.tolist()) and viewers.issuperset(dataset.sequences.viewer_ids.tolist())


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

    return np.fromiter(told(), dtype=_ROW)


def _sequences(rows: NDArray[np.void], item_ids: Ids) -> Sequences:
    """Rows by viewer in order, as columns."""
    viewer_ids, first = np.unique(rows["viewer"], return_index=True)
    return Sequences(
        viewer_ids=viewer_ids,
        starts=np.append(first, len(rows)).astype(np.int64),
        items=np.searchsorted(item_ids, rows["item"]).astype(np.int32),
        did=np.ascontiguousarray(rows["did"]),
        followed=np.ascontiguousarray(rows["followed"]),
        watched=np.ascontiguousarray(rows["watched"]),
        at_s=np.ascontiguousarray(rows["at_s"]),
    )


def _content(item_ids: Ids, found: Iterable[Any]) -> Floats:
    """(N, C); what has no vector, or a vector that is not finite or of another length, has a zero row."""
    content = np.zeros((len(item_ids), CONTENT_DIM), dtype=np.float32)
    position = {item: row for row, item in enumerate(item_ids.tolist())}
    for row in found:
        vector = np.frombuffer(row.vector, dtype="<f4")
        if row.item_id in position and vector.shape == (CONTENT_DIM,) and np.isfinite(vector).all():
            content[position[row.item_id]] = vector
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
