"""Uploads on their way: a folder each under `DATA/uploads-part/ACCOUNT`, until all bytes are here.

The file's own length is the offset, so that nothing has to be kept in step: killed at any point, an upload goes
on from what reached the disk. One writer at a time holds a lock on the file, which the kernel drops with its
process. Names that people gave are text in a JSON file and never part of a path.

They lie on this machine's disk: with several web servers, a load balancer must send an upload's requests to one.
"""

from __future__ import annotations

import errno
import fcntl
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from io import FileIO
from pathlib import Path
from time import monotonic

import orjson

from openforyou.core.clock import Clock
from openforyou.core.errors import Conflict, NotFound, Unavailable
from openforyou.core.ids import AccountId, CreatorId, encode_id
from openforyou.web.problems import Locked

LIFE = timedelta(hours=24)
"""An upload that gets no byte for so long is deleted."""
UNFINISHED_MAX = 10
SWEEP_EVERY_S = 600.0
FREE_BYTES_MIN = 512 * 1024 * 1024
_ID = re.compile(r"[0-9a-f]{32}")
_ABOUT, _DATA, _TAKING, _TAKEN = "about.json", "data", "taking", "taken.json"


class NoSpace(Unavailable):
    """The disk is too full to begin, or to go on."""

    code = "no_space"

    def __init__(self) -> None:
        super().__init__("The disk is full.", hint="Try again later; the operator has to free some space.")


class TooManyUploads(Conflict):
    """Somebody began more than they may at once."""

    code = "too_many_uploads"

    def __init__(self) -> None:
        super().__init__(
            f"You have {UNFINISHED_MAX} uploads on their way.", hint="Finish one, or cancel it on your uploads page."
        )


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody is about to send. `length` in bytes; `metadata` is the header as it came."""

    account_id: AccountId
    creator_id: CreatorId
    length: int
    filename: str
    title: str
    caption: str
    rights: tuple[str, ...]
    region: str
    metadata: str
    cross_post: bool = False
    language: str = ""
    purpose: str = ""
    """`import`: an archive from elsewhere; else a clip."""


@dataclass(frozen=True, slots=True)
class Upload:
    """One that was begun, as it stood when it was looked at."""

    id: str
    folder: Path
    wanted: Wanted
    received: int
    """Bytes that are here."""
    touched_at: datetime
    taken_as: int | None = None
    """The item that was made of it, once it was handed over; of an archive the import."""

    @property
    def data(self) -> Path:
        """The bytes so far."""
        return self.folder / _DATA

    @property
    def is_whole(self) -> bool:
        """Whether all bytes are here."""
        return self.received == self.wanted.length

    @property
    def expires_at(self) -> datetime:
        """When it is deleted, unless more comes before."""
        return self.touched_at + LIFE


class Writer:
    """Appends to an upload; nothing is held back, so that a full disk shows where it is met."""

    def __init__(self, file: FileIO) -> None:
        self._file = file

    def write(self, data: bytes) -> None:
        """All of it. Raises `NoSpace`; what fitted is kept."""
        view = memoryview(data)
        try:
            while view:
                view = view[self._file.write(view) :]
        except OSError as error:
            if error.errno == errno.ENOSPC:
                raise NoSpace from error
            raise


class Unfinished:
    """The folder of them all, with a folder an account in it."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        self._folder = folder
        self._clock = clock
        self._swept_at = -SWEEP_EVERY_S

    def begin(self, wanted: Wanted) -> Upload:
        """A new, empty upload. Raises `TooManyUploads`, `NoSpace`."""
        if monotonic() - self._swept_at >= SWEEP_EVERY_S:
            self.sweep()
        own = self._own(wanted.account_id)
        own.mkdir(parents=True, exist_ok=True, mode=0o700)
        if len(self.of_account(wanted.account_id)) >= UNFINISHED_MAX:
            raise TooManyUploads
        # Twice: once here, and once in the blob store, which may be on the same disk.
        if shutil.disk_usage(own).free < 2 * wanted.length + FREE_BYTES_MIN:
            raise NoSpace
        name = secrets.token_hex(16)
        staged = own / f".{name}"
        staged.mkdir(mode=0o700)
        (staged / _ABOUT).write_bytes(orjson.dumps(asdict(wanted)))
        (staged / _DATA).touch(mode=0o600)
        self._touch(staged / _DATA)
        staged.rename(own / name)
        return self.find(name, wanted.account_id)

    def find(self, upload_id: str, account_id: AccountId) -> Upload:
        """One of an account's own. Raises `NotFound`, also for somebody else's or an expired one."""
        upload = _read(self._own(account_id) / upload_id) if _ID.fullmatch(upload_id) else None
        if upload is None or upload.expires_at <= self._clock.now():
            raise NotFound("There is no such upload.", hint="It was cancelled or has expired; begin a new one.")
        return upload

    def of_account(self, account_id: AccountId) -> list[Upload]:
        """An account's that are not handed over, by when they expire."""
        now = self._clock.now()
        found = [
            upload for upload in _all(self._own(account_id)) if upload.taken_as is None and upload.expires_at > now
        ]
        return sorted(found, key=lambda upload: upload.expires_at)

    @contextmanager
    def writing(self, upload: Upload) -> Iterator[Writer]:
        """Its writer; what was written is durable on leaving. Raises `Locked` while another request writes."""
        with upload.data.open("ab", buffering=0) as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise Locked("This upload is being written to.", hint="Wait for the other request to end.") from None
            try:
                yield Writer(file)
            finally:
                os.fsync(file.fileno())
                self._touch(file.fileno())

    def begin_taking(self, upload: Upload) -> bool:
        """Note that the file is handed over. True when that was noted before: then it broke off half-way."""
        marker = upload.folder / _TAKING
        was_begun = marker.exists()
        marker.touch()
        return was_begun

    def finish(self, upload: Upload, taken_as: int) -> None:
        """Remember what became of it until it expires, for a client that missed the answer; drop the bytes."""
        staged = upload.folder / f".{_TAKEN}"
        staged.write_bytes(orjson.dumps({"item_id": taken_as}))
        staged.rename(upload.folder / _TAKEN)
        os.truncate(upload.data, 0)
        self._touch(upload.data)

    def remove(self, upload: Upload) -> None:
        """Delete it with all its bytes."""
        shutil.rmtree(upload.folder, ignore_errors=True)

    def sweep(self) -> None:
        """Delete what has expired, and what broke off before it had begun."""
        self._swept_at = monotonic()
        now = self._clock.now()
        for own in _folders(self._folder):
            for upload in _all(own):
                if upload.expires_at <= now:
                    self.remove(upload)
            for staged in own.glob(".*"):
                if datetime.fromtimestamp(staged.stat().st_mtime, UTC) + LIFE <= now:
                    shutil.rmtree(staged, ignore_errors=True)

    def _own(self, account_id: AccountId) -> Path:
        return self._folder / encode_id(account_id)

    def _touch(self, file: Path | int) -> None:
        now = self._clock.now().timestamp()
        os.utime(file, (now, now))


def _folders(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if folder.is_dir() else []


def _all(own: Path) -> Iterator[Upload]:
    for folder in _folders(own):
        upload = _read(folder) if _ID.fullmatch(folder.name) else None
        if upload is not None:
            yield upload


def _read(folder: Path) -> Upload | None:
    """As it stands; None where there is none (any more)."""
    try:
        told = orjson.loads((folder / _ABOUT).read_bytes())
        data = (folder / _DATA).stat()
    except FileNotFoundError:
        return None
    wanted = Wanted(**{**told, "rights": tuple(told["rights"])})
    try:
        taken_as = int(orjson.loads((folder / _TAKEN).read_bytes())["item_id"])
    except FileNotFoundError:
        taken_as = None
    return Upload(
        id=folder.name,
        folder=folder,
        wanted=wanted,
        received=data.st_size if taken_as is None else wanted.length,
        touched_at=datetime.fromtimestamp(data.st_mtime, UTC),
        taken_as=taken_as,
    )
