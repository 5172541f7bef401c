"""Films the clips of the demo world and takes them in, like anybody's upload.

Filming is done by processes, which do nothing else; taking in by threads, since the coders let go of the
interpreter. A thread has one clip at a time, so that little waits in between and the first clips are public
within seconds.
"""

from __future__ import annotations

import logging
import shutil
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from types import TracebackType
from typing import Self

from openforyou.app.platform import Platform
from openforyou.catalog.errors import AlreadyTaken, CreatorNotFound
from openforyou.catalog.types import ITEM_RIGHTS, Creator, Item, ItemStatus
from openforyou.core.errors import BadMedia
from openforyou.core.ids import ItemId
from openforyou.core.progress import Progress
from openforyou.demo.cast import CAST, Role
from openforyou.demo.errors import Stopped
from openforyou.demo.film import Format, shoot, start_worker
from openforyou.demo.world import Clip

EVIDENCE = "demo world"
_log = logging.getLogger(__name__)
LIVING = frozenset({ItemStatus.QUEUED, ItemStatus.PROCESSING, ItemStatus.HELD, ItemStatus.PUBLISHED})


@dataclass(frozen=True, slots=True)
class Studio:
    """How clips are filmed. `seconds`: the longest a clip may be; 0 leaves each as planned."""

    form: Format = field(default_factory=Format)
    processes: int = 2
    seconds: float = 0.0


def creators(platform: Platform) -> dict[str, Creator]:
    """Every creator of the demo world, by handle; made where they are not here yet."""
    return {role.handle: _creator(platform, role) for role in CAST}


def items_here(platform: Platform, cast: dict[str, Creator]) -> dict[tuple[str, str], Item]:
    """What of the demo world is here, published or on its way, by (handle, title)."""
    return {
        (handle, item.title): item
        for handle, creator in cast.items()
        for item in platform.catalog.items_of(creator.id, everything=True)
        if item.status in LIVING
    }


def make_clips(
    platform: Platform, clips: Sequence[Clip], studio: Studio, stop: threading.Event, progress: Progress
) -> None:
    """Film and publish every clip that is not here yet. Raises `Stopped`, or `BadMedia` when one was refused."""
    cast = creators(platform)
    here = items_here(platform, cast)
    missing = [
        clip
        for clip in clips
        if (item := here.get((clip.creator.handle, clip.title))) is None or item.status is not ItemStatus.PUBLISHED
    ]
    done = len(clips) - len(missing)
    progress(done, len(clips), "Making clips")
    if not missing:
        return
    folder = platform.settings.data / "demo"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        with _Crew(platform, studio, folder, stop) as crew:
            for _ in crew.make(missing, cast, here):
                done += 1
                progress(done, len(clips), "Making clips")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class _Crew:
    """The processes that film and the threads that take in; a context manager."""

    def __init__(self, platform: Platform, studio: Studio, folder: Path, stop: threading.Event) -> None:
        self._platform, self._studio, self._folder, self._stop = platform, studio, folder, stop
        self._film = ProcessPoolExecutor(studio.processes, get_context("spawn"), start_worker)
        self._threads = ThreadPoolExecutor(studio.processes + 1, "demo-clip")

    def make(
        self, clips: Sequence[Clip], cast: dict[str, Creator], here: dict[tuple[str, str], Item]
    ) -> Iterator[Clip]:
        """Each clip once it is public, as they get ready."""
        handed_out = {
            self._threads.submit(
                self._bring, clip, cast[clip.creator.handle], here.get((clip.creator.handle, clip.title))
            ): clip
            for clip in clips
        }
        for ready in as_completed(handed_out):
            ready.result()
            yield handed_out[ready]

    def _bring(self, clip: Clip, creator: Creator, waiting: Item | None) -> None:
        if self._stop.is_set():
            raise Stopped
        ended = self._platform.ingest.finish(self._taken_in(clip, creator) if waiting is None else waiting.id)
        if ended.status is ItemStatus.HELD:
            self._platform.copies.release(ended.item_id)  # All of them are ours.
        elif self._platform.copies.stopping([ended.item_id]):
            _log.warning("“%s” is left out: %s", clip.title, ended.error)
        elif ended.status in (ItemStatus.REFUSED, ItemStatus.FAILED):
            raise BadMedia(ended.error, hint=ended.hint, field=clip.file_name)

    def _taken_in(self, clip: Clip, creator: Creator) -> ItemId:
        path = self._folder / clip.file_name
        seconds = min(clip.seconds, self._studio.seconds or clip.seconds)
        self._film.submit(shoot, path, clip.look, clip.seed, seconds, self._studio.form).result()
        try:
            return self._platform.ingest.take_in(
                path,
                creator.id,
                title=clip.title,
                caption=clip.caption,
                rights=frozenset(ITEM_RIGHTS),
                evidence=EVIDENCE,
            )
        except AlreadyTaken as error:  # Another process makes the same world.
            return ItemId(error.item_id)
        finally:
            path.unlink(missing_ok=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._film.shutdown(wait=False, cancel_futures=True)
        self._threads.shutdown(wait=True, cancel_futures=True)
        self._film.shutdown(wait=True)


def _creator(platform: Platform, role: Role) -> Creator:
    try:
        return platform.catalog.creator(role.handle)
    except CreatorNotFound:
        return platform.catalog.add_creator(role.handle, role.name, bio=role.bio)
