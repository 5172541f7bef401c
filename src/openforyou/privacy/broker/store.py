"""The keystore: a small SQLite file, and beside it what tells whether the file is the newest.

The only SQL of the broker's keys.

    keys.sqlite   a row a person: their key wrapped by the region's, their adopted event secret sealed under that key
    destroyed     a line for each key that was destroyed: a keyed mark, so that it names nobody. Read at every start, so
                  that no older keystore brings a destroyed key back
    height        how many changes were ever made. A keystore that had fewer is an older one

What is deleted is overwritten with zeros in the file (`secure_delete`), and the rollback journal, which has the old
bytes until a change is durable, is gone after each. SQLite's own locks order several processes on one file.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
import threading
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from openforyou.privacy.vault.errors import BadKeyFile, BrokerUnavailable, OldKeystore
from openforyou.privacy.vault.types import Kind, Subject

FILE = "keys.sqlite"
DESTROYED = "destroyed"
HEIGHT = "height"
HEIGHT_DIGITS = 20
# ruff: noqa: S608 - only question marks are put into these statements.
BUSY_S = 10.0
ASKED_AT_ONCE = 400
"""SQLite takes a limited number of values in one statement."""
MARK_CHARACTERS = 32
_SCHEMA = """
CREATE TABLE IF NOT EXISTS keystore (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS subject_keys (
  kind TEXT NOT NULL, id INTEGER NOT NULL, region TEXT NOT NULL, wrapped BLOB NOT NULL, secret BLOB,
  created TEXT NOT NULL,
  PRIMARY KEY (kind, id)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS destroyed (mark TEXT PRIMARY KEY, at TEXT NOT NULL) WITHOUT ROWID;
"""


class Held(NamedTuple):
    """A person's row. `secret`: an event secret from before there was a keystore, sealed under their key; or None."""

    wrapped: bytes
    region: str
    secret: bytes | None


class Keystore:
    """One folder's keystore. Safe for several threads and, by SQLite's locks, for several processes."""

    def __init__(self, folder: Path) -> None:
        """Opens it, or makes an empty one. Raises `BadKeyFile` where the file is damaged."""
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)
        self.folder = folder
        self._path = folder / FILE
        self._lock = threading.RLock()
        os.close(os.open(self._path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))
        self._connection = sqlite3.connect(
            self._path, timeout=BUSY_S, isolation_level=None, check_same_thread=False, cached_statements=64
        )
        try:
            with self._damage_told():
                for setting in (
                    "secure_delete = ON",
                    "journal_mode = DELETE",
                    "synchronous = FULL",
                    "trusted_schema = OFF",
                ):
                    self._connection.execute(f"PRAGMA {setting}")
                self._connection.execute("BEGIN IMMEDIATE")
                for statement in _SCHEMA.split(";"):
                    self._connection.execute(statement)
                self._connection.execute("COMMIT")
        except BaseException:
            self._connection.close()
            raise

    def close(self) -> None:
        """Let go of the file. May be called twice."""
        with self._lock:
            self._connection.close()

    # What it is about

    def is_empty(self) -> bool:
        """Whether it never held anything."""
        with self._reading() as connection:
            return connection.execute("SELECT 1 FROM keystore LIMIT 1").fetchone() is None

    def about(self, name: str) -> bytes | None:
        """A value about the whole keystore."""
        with self._reading() as connection:
            row = connection.execute("SELECT value FROM keystore WHERE name = ?", (name,)).fetchone()
        return None if row is None else bytes(row[0])

    def begin(self, values: Mapping[str, bytes]) -> None:
        """Set what the whole keystore is about, unless another process did so first: then that holds."""
        with self.changing() as connection:
            connection.executemany("INSERT OR IGNORE INTO keystore VALUES (?, ?)", list(values.items()))

    # Reading

    def held(self, subjects: Collection[Subject]) -> dict[Subject, Held]:
        """The rows of those who have one."""
        found: dict[Subject, Held] = {}
        with self._reading() as connection:
            for kind in Kind:
                ids = [one.id for one in subjects if one.kind is kind]
                for part in _parts(ids):
                    rows = connection.execute(
                        "SELECT id, wrapped, region, secret FROM subject_keys "
                        f"WHERE kind = ? AND id IN ({_places(part)})",
                        (kind.value, *part),
                    )
                    found |= {Subject(kind, row[0]): Held(row[1], row[2], row[3]) for row in rows}
        return found

    def destroyed(self, marks: Collection[str]) -> set[str]:
        """Which of these marks are of keys that were destroyed."""
        found: set[str] = set()
        with self._reading() as connection:
            for part in _parts(list(marks)):
                rows = connection.execute(
                    f"SELECT mark FROM destroyed WHERE mark IN ({_places(part)})",
                    part,
                )
                found |= {row[0] for row in rows}
        return found

    def subjects(self) -> list[Subject]:
        """Everybody who has a key."""
        with self._reading() as connection:
            rows = connection.execute("SELECT kind, id FROM subject_keys").fetchall()
        return [Subject(Kind(kind), number) for kind, number in rows]

    # Writing

    @contextmanager
    def changing(self) -> Iterator[sqlite3.Connection]:
        """A change, whole and durable or not at all; nobody else changes anything meanwhile."""
        with self._lock, self._damage_told():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute(
                    "INSERT INTO keystore VALUES ('height', 1) ON CONFLICT (name) DO UPDATE SET value = value + 1"
                )
                height = int(self._connection.execute("SELECT value FROM keystore WHERE name = 'height'").fetchone()[0])
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise
            self._raise_height(height)

    def add(self, rows: Mapping[Subject, Held], at: str) -> None:
        """Give keys to those who have none yet; call within `changing`."""
        self._connection.executemany(
            "INSERT OR IGNORE INTO subject_keys (kind, id, region, wrapped, secret, created) VALUES (?, ?, ?, ?, ?, ?)",
            [(one.kind.value, one.id, row.region, row.wrapped, row.secret, at) for one, row in rows.items()],
        )

    def remove(self, subjects: Mapping[Subject, str], at: str) -> int:
        """Destroy their keys, by person and mark. Answers how many there were."""
        self._note_destroyed(subjects.values())
        with self.changing() as connection:
            before = connection.total_changes
            connection.executemany(
                "DELETE FROM subject_keys WHERE kind = ? AND id = ?", [(one.kind.value, one.id) for one in subjects]
            )
            count = connection.total_changes - before
            connection.executemany(
                "INSERT OR IGNORE INTO destroyed VALUES (?, ?)", [(mark, at) for mark in subjects.values()]
            )
        return count

    def end(self, name: str, at: str) -> int:
        """Delete every key, and what the keystore's own are; note under `name` how many there were, once."""
        with self.changing() as connection:
            row = connection.execute("SELECT value FROM keystore WHERE name = ?", (name,)).fetchone()
            if row is not None:
                return int(bytes(row[0]).split(b" ")[0])
            count = int(connection.execute("SELECT count(*) FROM subject_keys").fetchone()[0])
            connection.execute("DELETE FROM subject_keys")
            connection.execute("DELETE FROM keystore WHERE name = 'mark_key'")
            connection.execute("INSERT INTO keystore VALUES (?, ?)", (name, f"{count} {at}".encode()))
        return count

    def bury(self, marks: Collection[str], at: str) -> None:
        """Take over marks of keys that were destroyed."""
        with self.changing() as connection:
            connection.executemany("INSERT OR IGNORE INTO destroyed VALUES (?, ?)", [(mark, at) for mark in marks])

    # Whether it is the newest

    def noted_destroyed(self) -> set[str]:
        """The marks that the file `destroyed` holds, and the keystore's own. The file is brought up to the keystore."""
        own = self._own_marks()
        noted = _read_marks(self.folder / DESTROYED)
        self._note_destroyed(own - noted)
        return own | noted

    def require_newest(self, *, accept_loss: bool = False) -> None:
        """Raises `OldKeystore` where the folder knows of changes that this keystore has not; `accept_loss`: go on."""
        own = self._own_height()
        path = self.folder / HEIGHT
        try:
            said = path.read_bytes()
        except FileNotFoundError:
            said = b""
        if not said and own > 1 and not accept_loss:  # the first change may have been cut off before it was noted
            raise OldKeystore(
                f"{path} is missing or empty, so that nobody can tell whether the keystore beside it is the newest.",
                hint="Put the whole folder back as it was, or run once: openforyou broker --accept-loss",
            )
        if said and not said.strip().isdigit() and not accept_loss:
            raise BadKeyFile(f"{path} is damaged.", hint="Put it back, or run once: openforyou broker --accept-loss")
        height = int(said) if said.strip().isdigit() else 0
        if own < height and not accept_loss:
            raise OldKeystore(
                f"The keystore in {self.folder} is an older one: {height - own} of its {height} changes are missing.",
                hint="Put the newest copy back. If there is none, run once: openforyou broker --accept-loss. What was "
                "sealed for the people whose keys are missing then never opens again.",
            )
        self._raise_height(own, lower=accept_loss)

    def _own_height(self) -> int:
        with self._reading() as connection:
            row = connection.execute("SELECT value FROM keystore WHERE name = 'height'").fetchone()
        return 0 if row is None else int(row[0])

    def _own_marks(self) -> set[str]:
        with self._reading() as connection:
            return {row[0] for row in connection.execute("SELECT mark FROM destroyed")}

    def _raise_height(self, height: int, *, lower: bool = False) -> None:
        """Note that so many changes were made. Written over in place: fewer digits than a disk writes at once."""
        descriptor = os.open(self.folder / HEIGHT, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            held = os.pread(descriptor, HEIGHT_DIGITS + 1, 0).strip()
            if lower or not held.isdigit() or int(held) < height:
                os.pwrite(descriptor, b"%0*d\n" % (HEIGHT_DIGITS, height), 0)
            if not held:
                os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def _note_destroyed(self, marks: Iterable[str]) -> None:
        """Durable before the key is gone: an older keystore put back later is told."""
        lines = "".join(f"{mark}\n" for mark in sorted(marks)).encode()
        if not lines:
            return
        descriptor = os.open(self.folder / DESTROYED, os.O_CREAT | os.O_RDWR | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            end = os.fstat(descriptor).st_size
            if end and os.pread(descriptor, 1, end - 1) != b"\n":
                lines = b"\n" + lines  # a line that a crash cut off stays by itself
            os.write(descriptor, lines)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        with self._lock, self._damage_told():
            yield self._connection

    @contextmanager
    def _damage_told(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.OperationalError as error:
            raise BrokerUnavailable(
                f"The keystore {self._path} cannot be used now: {error}.",
                hint="Look whether the disk is full, and whose file it is.",
            ) from error
        except sqlite3.ProgrammingError as error:
            raise BrokerUnavailable(f"The keystore {self._path} is closed.") from error
        except sqlite3.DatabaseError as error:
            raise BadKeyFile(
                f"The keystore {self._path} is damaged: {error}.", hint="Put the newest copy of the folder back."
            ) from error


def _read_marks(path: Path) -> set[str]:
    try:
        lines = path.read_text("ascii", "replace").split("\n")
    except FileNotFoundError:
        return set()
    return {line for line in lines if len(line) == MARK_CHARACTERS and set(line) <= set("0123456789abcdef")}


def _parts(values: Sequence[int | str]) -> Iterator[Sequence[int | str]]:
    for start in range(0, len(values), ASKED_AT_ONCE):
        yield values[start : start + ASKED_AT_ONCE]


def _places(part: Sequence[int | str]) -> str:
    return ", ".join("?" * len(part))
