"""The studio's desk: what a creator laid on it, what is rendered there, and what came of it.

A folder an account under `DATA/studio`; whatever lies there for a day is thrown away. One slideshow is rendered at a
time in this process, in a thread: coders and filters let go of the interpreter. A restart loses what was being
rendered and nothing else: the files stay, and it is begun again.
"""

from __future__ import annotations

import logging
import os
import re
import secrets
import shutil
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from time import time

import orjson

from openforyou.catalog.types import OWN_SOUND, ItemKind, SoundChoice
from openforyou.core.errors import Conflict, NotFound, OpenForYouError, TooLarge, Unavailable
from openforyou.core.ids import AccountId, encode_id
from openforyou.core.progress import Progress
from openforyou.ingest.studio.render import Sources, render
from openforyou.ingest.studio.storyboard import Storyboard
from openforyou.storage.blobs import Blobs, local_copy

LIFE_S = 24 * 3_600
FILES_MAX = 80
FILE_BYTES_MAX = 200_000_000
FREE_BYTES_MIN = 1 << 30
COPIES = "copies"
"""Beside the accounts' folders, whose names are longer."""
_ID = re.compile(r"[0-9a-f]{32}")
_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Job:
    """Something that is made, or was. `state`: waiting, running, done, failed or cancelled."""

    id: str
    kind: ItemKind
    sound: SoundChoice = OWN_SOUND
    state: str = "waiting"
    done: int = 0
    total: int = 0
    error: str = ""
    hint: str = ""
    stop: threading.Event = field(default_factory=threading.Event)


class _CancelledError(BaseException):
    """Unwinds a rendering whose owner changed their mind."""


class Desk:
    """Safe from several threads."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._jobs: dict[tuple[int, str], Job] = {}
        self._pool = ThreadPoolExecutor(1, "studio")

    def close(self) -> None:
        """Stop what is being rendered."""
        for job in self._jobs.values():
            job.stop.set()
        self._pool.shutdown(wait=True, cancel_futures=True)

    # Files

    def new_file(self, account_id: AccountId, name: str) -> tuple[str, Path]:
        """Room for a file: its id, and where to write it. Raises `Conflict`, `Unavailable`."""
        self._sweep()
        own = self._own(account_id)
        own.mkdir(parents=True, exist_ok=True, mode=0o700)
        if sum(1 for _ in own.iterdir()) >= FILES_MAX:
            raise Conflict(f"{FILES_MAX} files lie on your desk.", hint="Take some away, or wait a day.")
        if shutil.disk_usage(own).free < FREE_BYTES_MIN:
            raise Unavailable("The disk is full.", hint="Try again later.")
        file_id = secrets.token_hex(16)
        folder = own / file_id
        folder.mkdir(mode=0o700)
        (folder / "about.json").write_bytes(orjson.dumps({"name": name}))
        return file_id, folder / "data"

    def file(self, account_id: AccountId, file_id: str) -> tuple[str, Path]:
        """The name and the place of a file of one's own. Raises `NotFound`."""
        folder = self._own(account_id) / file_id
        if not _ID.fullmatch(file_id) or not (folder / "data").is_file():
            raise NotFound("There is no such file on your desk.", hint="Hand it in again.", field="file")
        return str(orjson.loads((folder / "about.json").read_bytes())["name"]), folder / "data"

    def remove(self, account_id: AccountId, file_id: str) -> None:
        """Take a file away. No error where there is none."""
        if _ID.fullmatch(file_id):
            shutil.rmtree(self._own(account_id) / file_id, ignore_errors=True)

    def copy_of(self, blobs: Blobs, key: str) -> Path:
        """A blob as a file of this machine that stays for a day at least: where it lies, or a copy made once.

        Raises `NotFound`.
        """
        local = blobs.local_path(key)
        if local is not None:
            return local
        folder = self._folder / COPIES / key.replace("/", "-")
        kept = folder / "data"
        if not kept.is_file():
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            with TemporaryDirectory(dir=folder) as staging:  # Two at once: each sees a whole file, or none.
                local_copy(blobs, key, Path(staging) / "data").replace(kept)
        os.utime(folder)
        return kept

    # Making

    def begin(self, account_id: AccountId, board: Storyboard, sound: tuple[SoundChoice, Path | None]) -> Job:
        """Have a storyboard rendered, whose shots name files on the desk. Raises `NotFound`, `Conflict`."""
        found = {shot.file: self.file(account_id, shot.file) for shot in board.shots}
        if any(job.state in {"waiting", "running"} for (own, _), job in self._jobs.items() if own == account_id):
            raise Conflict("Another of your slideshows is being rendered.", hint="Wait for it, or cancel it.")
        job_id, out = self.new_file(account_id, "slideshow.mp4")
        job = Job(job_id, ItemKind.SLIDESHOW, sound[0])
        self._jobs[account_id, job_id] = job
        sources = Sources(
            files={name: path for name, (_, path) in found.items()},
            sound=sound[1],
            threads=2,
            names={name: called for name, (called, _) in found.items()},
        )
        self._pool.submit(self._run, job, lambda: render(board, sources, out, _follower(job)))
        return job

    def keep_take(self, account_id: AccountId, take_id: str, sound: SoundChoice) -> Job:
        """A file on the desk that is a lip-sync take: ready to be published with its sound."""
        job = Job(take_id, ItemKind.VIDEO, sound, "done", 1, 1)
        self._jobs[account_id, take_id] = job
        return job

    def job(self, account_id: AccountId, job_id: str) -> Job:
        """One of an account's own. Raises `NotFound`."""
        job = self._jobs.get((account_id, job_id))
        if job is None:
            raise NotFound("Nothing of yours is made under that id.", hint="Render it again.")
        return job

    def cancel(self, account_id: AccountId, job_id: str) -> None:
        """Stop it, and throw away what was made. Raises `NotFound`."""
        job = self.job(account_id, job_id)
        job.stop.set()
        if job.state in {"waiting", "done", "failed"}:
            job.state = "cancelled"
        self.remove(account_id, job_id)

    def made(self, account_id: AccountId, job_id: str) -> Path:
        """The file that was made. Raises `NotFound`, `Conflict`."""
        job = self.job(account_id, job_id)
        if job.state != "done":
            raise Conflict(f"It is {job.state}.", hint=job.error or "Wait until it is done.")
        return self.file(account_id, job_id)[1]

    def _run(self, job: Job, make: Callable[[], None]) -> None:
        if job.stop.is_set():
            job.state = "cancelled"
            return
        job.state = "running"
        try:
            make()
            job.state = "done"
        except _CancelledError:
            job.state = "cancelled"
        except OpenForYouError as error:
            job.error, job.hint, job.state = error.message, error.hint, "failed"
        except Exception:
            _log.exception("a slideshow could not be rendered")
            job.error, job.hint, job.state = "It could not be rendered.", "Try again.", "failed"

    def _own(self, account_id: AccountId) -> Path:
        return self._folder / encode_id(account_id)

    def _sweep(self) -> None:
        for folder in self._folder.glob("*/*"):
            if folder.is_dir() and folder.stat().st_mtime < time() - LIFE_S:
                shutil.rmtree(folder, ignore_errors=True)


def _follower(job: Job) -> Progress:
    def follow(done: int, total: int, message: str = "") -> None:  # noqa: ARG001 - the share says it
        if job.stop.is_set():
            raise _CancelledError
        job.done, job.total = done, total

    return follow


def too_large() -> TooLarge:
    """Of a file that is over the limit of the desk."""
    megabytes = FILE_BYTES_MAX // 1_000_000
    return TooLarge(f"It has more than {megabytes} MB.", hint="Make it smaller, or shorter.", field="file")
