"""From a file to a published item: all of it or nothing, once, and with a reason when not."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import IO

import numpy as np
import pytest

from openforyou.app.platform import Platform
from openforyou.catalog import store
from openforyou.catalog.errors import AlreadyTaken, ItemNotFound
from openforyou.catalog.types import Creator, Item, ItemStatus, Right
from openforyou.core.clock import ManualClock
from openforyou.core.errors import BadInput, BadMedia, TooLarge
from openforyou.core.ids import ItemId, encode_id
from openforyou.ingest.encoders import BLOCKS, CONTENT_DIM, CONTENT_ENCODER
from openforyou.ingest.service import Ingest
from openforyou.ingest.types import Limits
from openforyou.storage.blobs import Blobs, FsspecBlobs
from tests.ingest.films import Film

SMALL = Film(size=(96, 160), seconds=0.6)


class Breaking:
    """A blob store that fails at a given call, as a full disk or a lost connection would."""

    def __init__(self, inner: Blobs, fails: dict[str, int]) -> None:
        self._inner, self.fails = inner, fails

    def _maybe(self, key: str) -> None:
        for part, times in self.fails.items():
            if part in key and times:
                self.fails[part] = times - 1
                raise OSError(28, "No space left on device")

    def put(self, key: str, source: Path) -> None:
        self._maybe(key)
        self._inner.put(key, source)

    def open(self, key: str) -> IO[bytes]:
        return self._inner.open(key)

    def size(self, key: str) -> int:
        return self._inner.size(key)

    def delete(self, key: str) -> None:
        self._inner.delete(key)

    def keys(self, prefix: str = "") -> Iterator[str]:
        return self._inner.keys(prefix)

    def local_path(self, key: str) -> Path | None:
        return self._inner.local_path(key)


def own(platform: Platform, item_id: ItemId, creator: Creator) -> Item:
    return platform.catalog.own_item(item_id, creator.id)


@pytest.fixture
def film(tmp_path: Path) -> Path:
    return SMALL.make(tmp_path / "my_first-clip.mp4")


def test_a_file_becomes_an_item_that_plays(ingest: Ingest, platform: Platform, creator: Creator, film: Path) -> None:
    item_id = ingest.take_in(
        film, creator.id, rights={Right.SHOW, Right.LEARN}, region="DE", language="nl-BE", evidence="ticked"
    )
    assert own(platform, item_id, creator).status is ItemStatus.QUEUED
    assert list(platform.blobs.keys("items/")) == []
    said: list[tuple[int, int]] = []
    done = ingest.process_next(progress=lambda done, total, message="": said.append((done, total)))
    assert done is not None
    assert (done.item_id, done.status, done.width, done.height) == (item_id, ItemStatus.PUBLISHED, 96, 160)
    assert done.has_sound
    assert 600 <= done.duration_ms <= 640
    item = platform.catalog.item(item_id)
    assert (item.title, item.region, item.duration_ms) == ("my first clip", "DE", done.duration_ms)
    assert item.language == "nl"
    assert item.published_at == platform.clock.now()
    assert platform.catalog.item_rights(item_id) == {Right.SHOW, Right.LEARN}
    keys = {item.poster_key, item.preview_key, *(rendition.key for rendition in item.renditions)}
    assert set(platform.blobs.keys()) == keys, "the source is gone, and nothing else lies about"
    assert [rendition.size_bytes for rendition in item.renditions] == [platform.blobs.size(item.renditions[0].key)]
    assert said == sorted(said)
    assert said[-1][0] <= said[-1][1]
    assert ingest.process_next() is None


def test_its_content_features_are_stored_with_it(
    ingest: Ingest, platform: Platform, creator: Creator, film: Path
) -> None:
    item_id = ingest.take_in(film, creator.id, title="Four colours", evidence="ticked")
    ingest.process_next()
    with platform.database.connect() as connection:
        for name, dim in ((CONTENT_ENCODER, CONTENT_DIM), *((encoder.name, encoder.dim) for encoder, _ in BLOCKS)):
            ((found, vector),) = store.feature_rows(connection, name)
            assert found == item_id
            numbers = np.frombuffer(vector, dtype="<f4")
            assert numbers.shape == (dim,)
            assert float(np.linalg.norm(numbers)) == pytest.approx(1, abs=1e-5)


def test_the_same_file_is_taken_once_but_again_after_a_refusal(
    ingest: Ingest, platform: Platform, creator: Creator, film: Path
) -> None:
    item_id = ingest.take_in(film, creator.id, evidence="ticked")
    with pytest.raises(AlreadyTaken) as caught:
        ingest.take_in(film, creator.id, evidence="ticked")
    assert caught.value.item_id == item_id
    assert len(list(platform.blobs.keys("uploads/"))) == 1
    other = platform.catalog.add_creator("bob", "Bob")
    assert ingest.take_in(film, other.id, evidence="ticked") != item_id
    with platform.database.begin() as connection:
        store.set_status(connection, item_id, ItemStatus.REFUSED, "tried out")
    assert ingest.take_in(film, creator.id, evidence="ticked") != item_id


@pytest.mark.parametrize(
    ("name", "field"),
    [("../../etc/passwd", "name"), ("a\nb.mp4", "name"), ("C:\\x.mp4", "name"), ("x\u202e.mp4", "name")],
)
def test_a_name_that_is_more_than_a_name_is_refused(
    name: str, field: str, ingest: Ingest, creator: Creator, film: Path
) -> None:
    with pytest.raises(BadInput) as caught:
        ingest.take_in(film, creator.id, name=name, evidence="ticked")
    assert caught.value.field == field


@pytest.mark.parametrize(("data", "kind"), [(b"", BadMedia), (b"just text" * 99, BadMedia)])
def test_what_is_no_clip_leaves_nothing_behind(
    data: bytes, kind: type[BadInput], ingest: Ingest, platform: Platform, creator: Creator, tmp_path: Path
) -> None:
    path = tmp_path / "bad.mp4"
    path.write_bytes(data)
    with pytest.raises(kind, match=r"bad\.mp4"):
        ingest.take_in(path, creator.id, evidence="ticked")
    assert list(platform.blobs.keys()) == []
    assert platform.catalog.items_of(creator.id, everything=True) == []


def test_a_title_or_caption_that_does_not_fit_is_refused_before_any_work(
    ingest: Ingest, platform: Platform, creator: Creator, film: Path
) -> None:
    with pytest.raises(TooLarge):
        ingest.take_in(film, creator.id, title="t" * 200, evidence="ticked")
    with pytest.raises(BadInput):
        ingest.take_in(film, creator.id, caption="bell\x07", evidence="ticked")
    assert list(platform.blobs.keys()) == []


def test_what_turns_out_bad_while_decoding_is_refused_with_its_reason(
    platform: Platform, creator: Creator, film: Path
) -> None:
    tight = Limits(decoded_px_max=5 * 96 * 160)
    ingest = Ingest(platform.catalog, platform.database, platform.blobs, platform.clock, tight)
    item_id = ingest.take_in(film, creator.id, evidence="ticked")
    done = ingest.process_next()
    assert done is not None
    assert done.status is ItemStatus.REFUSED
    assert "too many frames" in done.error
    assert done.hint
    item = own(platform, item_id, creator)
    assert (item.status, item.reason) == (ItemStatus.REFUSED, f"{done.error} {done.hint}")
    assert list(platform.blobs.keys()) == []
    assert ingest.process_next() is None


def test_a_fault_that_is_not_the_files_lets_it_wait_and_leaves_nothing_half_published(
    platform: Platform, creator: Creator, film: Path
) -> None:
    blobs = Breaking(platform.blobs, {"poster": 1})
    ingest = Ingest(platform.catalog, platform.database, blobs, platform.clock)
    item_id = ingest.take_in(film, creator.id, evidence="ticked")
    with pytest.raises(OSError, match="No space"):
        ingest.process_next()
    assert platform.catalog.items([item_id]) == {}
    assert own(platform, item_id, creator).renditions == ()
    assert ingest.process_next() is None
    done = ingest.process_next(item_id)  # Whoever asks for this very one need not wait.
    assert done is not None
    assert done.status is ItemStatus.PUBLISHED


def failing(platform: Platform) -> Ingest:
    return Ingest(platform.catalog, platform.database, Breaking(platform.blobs, {"preview": 99}), platform.clock)


def test_what_failed_waits_a_while_and_after_three_attempts_it_is_given_up_with_its_file(
    platform: Platform, creator: Creator, film: Path, clock: ManualClock
) -> None:
    ingest = failing(platform)
    item_id = ingest.take_in(film, creator.id, evidence="ticked")
    for wait_s in (30, 120, 0):
        with pytest.raises(OSError, match="No space"):
            ingest.process_next()
        assert ingest.process_next() is None
        clock.advance(timedelta(seconds=max(wait_s - 1, 0)))
        assert ingest.process_next() is None
        clock.advance(timedelta(seconds=1))
    told = own(platform, item_id, creator)
    assert told.status is ItemStatus.FAILED
    assert "3 attempts" in told.reason
    assert "No space" not in told.reason
    (entry,) = platform.queue.failed()
    assert (entry.item_id, entry.attempts) == (item_id, 3)
    assert "No space" in entry.failure
    ingest.sweep()
    assert [key.partition("/")[0] for key in platform.blobs.keys()] == ["uploads"]  # noqa: SIM118 - not a dict
    platform.queue.try_again(item_id)
    done = platform.ingest.process_next()
    assert done is not None
    assert (done.item_id, done.status) == (item_id, ItemStatus.PUBLISHED)
    assert own(platform, item_id, creator).reason == ""


def test_what_was_given_up_can_be_dropped_and_takes_its_file_along(
    platform: Platform, creator: Creator, film: Path, clock: ManualClock
) -> None:
    ingest = failing(platform)
    item_id = ingest.take_in(film, creator.id, evidence="ticked")
    with pytest.raises(ItemNotFound):
        platform.queue.drop(item_id, "No.")
    for _ in range(3):
        with pytest.raises(OSError, match="No space"):
            ingest.process_next()
        clock.advance(timedelta(hours=1))
    platform.queue.drop(item_id, "It cannot be done.")
    ingest.sweep()
    assert own(platform, item_id, creator).status is ItemStatus.REFUSED
    assert list(platform.blobs.keys()) == []


def test_a_failed_taking_in_leaves_no_blob(platform: Platform, creator: Creator, film: Path) -> None:
    ingest = Ingest(platform.catalog, platform.database, Breaking(platform.blobs, {"uploads": 1}), platform.clock)
    with pytest.raises(OSError, match="No space"):
        ingest.take_in(film, creator.id, evidence="ticked")
    assert list(platform.blobs.keys()) == []
    ingest.take_in(film, creator.id, evidence="ticked")


def test_an_item_withdrawn_on_its_way_is_not_published(
    ingest: Ingest, platform: Platform, creator: Creator, film: Path
) -> None:
    item_id = ingest.take_in(film, creator.id, evidence="ticked")
    withdrawn = threading.Event()

    def withdraw(done: int, total: int, message: str = "") -> None:
        if not withdrawn.is_set():
            platform.catalog.withdraw(item_id, creator.id)
            withdrawn.set()

    done = ingest.process_next(progress=withdraw)
    assert done is not None
    assert done.status is ItemStatus.WITHDRAWN
    assert list(platform.blobs.keys()) == []
    with pytest.raises(ItemNotFound):
        platform.catalog.item(item_id)


def test_an_item_is_processed_by_one_at_a_time(
    ingest: Ingest, platform: Platform, creator: Creator, film: Path
) -> None:
    item_id = ingest.take_in(film, creator.id, evidence="ticked")
    inside: list[object] = []
    ingest.process_next(item_id, progress=lambda *_: inside.append(ingest.process_next()) if not inside else None)
    assert inside == [None]


def test_who_waits_for_an_item_gets_how_it_ended(
    ingest: Ingest, platform: Platform, creator: Creator, film: Path
) -> None:
    item_id = ingest.take_in(film, creator.id, evidence="ticked")
    begun, ended = threading.Event(), []
    worker = threading.Thread(target=lambda: ingest.process_next(progress=lambda *_: begun.set()))
    worker.start()
    assert begun.wait(30)
    ended.append(ingest.finish(item_id))
    worker.join()
    assert ended[0].status is ItemStatus.PUBLISHED
    assert ended[0].width == 96
    assert ingest.finish(item_id) == ended[0]
    with pytest.raises(ItemNotFound):
        ingest.finish(ItemId(1))


def test_items_are_taken_in_the_order_they_came(
    ingest: Ingest, platform: Platform, creator: Creator, tmp_path: Path
) -> None:
    first = ingest.take_in(SMALL.make(tmp_path / "a.mp4"), creator.id, evidence="ticked")
    second = ingest.take_in(SMALL.but(sound=None).make(tmp_path / "b.mp4"), creator.id, evidence="ticked")
    ended = [ingest.process_next(), ingest.process_next()]
    assert [done.item_id for done in ended if done is not None] == [first, second]


def test_clips_set_to_one_sound_share_it(
    ingest: Ingest, platform: Platform, creator: Creator, tmp_path: Path, clock: ManualClock
) -> None:
    films = (SMALL, SMALL.but(size=(96, 96)), SMALL.but(sound=None))
    taken = [
        ingest.take_in(film.make(tmp_path / f"{number}.mp4"), creator.id, rights={Right.SHOW}, evidence="ticked")
        for number, film in enumerate(films)
    ]
    for _ in taken:
        ingest.process_next()
        clock.advance(timedelta(seconds=1))
    one, same, none = (platform.catalog.item(item).sound_id for item in taken)
    assert one == same
    assert one is not None
    assert none is None
    assert platform.catalog.titles_of_sounds([one]) == {one: "0"}


def test_a_language_that_is_none_is_named_before_anything_is_kept(
    ingest: Ingest, platform: Platform, creator: Creator, film: Path
) -> None:
    with pytest.raises(BadInput, match="not the tag of a language"):
        ingest.take_in(film, creator.id, language="english", evidence="ticked")
    assert list(platform.blobs.keys()) == []


def test_a_blob_store_that_is_elsewhere(platform: Platform, creator: Creator, film: Path) -> None:
    """As with S3: no blob is a file of this machine."""
    blobs = FsspecBlobs(f"memory://{encode_id(creator.id)}")
    ingest = Ingest(platform.catalog, platform.database, blobs, platform.clock)
    item_id = ingest.take_in(film, creator.id, evidence="ticked")
    done = ingest.process_next()
    assert done is not None
    assert done.status is ItemStatus.PUBLISHED
    assert len(list(blobs.keys(f"items/{encode_id(item_id)}/"))) == 3
    assert list(blobs.keys("uploads/")) == []


def test_an_upload_that_vanished_is_refused_and_says_so(
    ingest: Ingest, platform: Platform, creator: Creator, film: Path
) -> None:
    ingest.take_in(film, creator.id, evidence="ticked")
    (key,) = platform.blobs.keys("uploads/")
    platform.blobs.delete(key)
    done = ingest.process_next()
    assert done is not None
    assert (done.status, done.hint) == (ItemStatus.REFUSED, "Upload it again.")


def test_sweeping_removes_only_what_nobody_needs(
    ingest: Ingest, platform: Platform, creator: Creator, film: Path, clock: ManualClock
) -> None:
    waiting = ingest.take_in(film, creator.id, evidence="ticked")
    (source,) = platform.blobs.keys("uploads/")
    orphan = f"uploads/{encode_id(77)}-{int(clock.now().timestamp())}"
    foreign = "uploads/somebody-elses"
    for key in (orphan, foreign):
        platform.blobs.put(key, film)
    assert ingest.sweep() == 0, "an upload may be on its way to being queued"
    clock.advance(timedelta(hours=2))
    assert ingest.sweep() == 1
    assert set(platform.blobs.keys()) == {source, foreign}
    ingest.process_next(waiting)
    published = set(platform.blobs.keys("items/"))
    platform.blobs.put(source, film)
    assert ingest.sweep() == 1
    assert set(platform.blobs.keys()) == {foreign, *published}, "a published item keeps its files"
    platform.catalog.withdraw(waiting, creator.id)
    platform.blobs.put(source, film)
    assert ingest.sweep() == 1
    assert set(platform.blobs.keys()) == {foreign}
