"""The only SQL of access by staff: a small SQLite file of the broker's own, which nobody's database password opens.

Entries are only ever added. Each bears the hash of the one before, so that none can be changed, taken out or put in
between without the chain telling. Beside the file lies `access.high`, which says how far it once was: a file put back
from an older copy falls short of it. (Who puts back both is found by the public log: `published.py`.)
"""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import tempfile
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_bytes, token_hex
from typing import Any

from openforyou.core.encoding import canonical_json
from openforyou.privacy.access.errors import Closed, Replayed
from openforyou.privacy.access.types import Act, Entry, Home, Logged, Seen
from openforyou.privacy.vault.types import Field, Subject

FILE, HIGH = "access.sqlite", "access.high"
GENESIS = bytes(32)
KEY_BYTES = SALT_BYTES = 32
BUSY_S = 10.0
LONG_AGO = datetime.min.replace(tzinfo=UTC)
_TABLES = """
CREATE TABLE IF NOT EXISTS entries (
  seq INTEGER PRIMARY KEY, at TEXT NOT NULL, doing TEXT NOT NULL, by TEXT NOT NULL, text TEXT NOT NULL,
  signature BLOB NOT NULL, nonce TEXT UNIQUE, outcome TEXT NOT NULL, before BLOB NOT NULL, hash BLOB NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS logged (
  seq INTEGER PRIMARY KEY REFERENCES entries (seq), leaf BLOB NOT NULL, since INTEGER NOT NULL, place INTEGER,
  queued INTEGER
) STRICT;
CREATE TABLE IF NOT EXISTS salts (
  request TEXT PRIMARY KEY, kind TEXT NOT NULL, person INTEGER NOT NULL, salt BLOB NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS own_openings (
  kind TEXT NOT NULL, person INTEGER NOT NULL, at TEXT NOT NULL, fields TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS own_openings_of ON own_openings (kind, person, at);
CREATE INDEX IF NOT EXISTS own_openings_at ON own_openings (at);
CREATE TABLE IF NOT EXISTS viewers_marked (hour TEXT PRIMARY KEY, count INTEGER NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT;
"""


class Store:
    """One file in the broker's folder. Its caller lets one thread in at a time; processes wait for each other."""

    def __init__(self, folder: Path, region: str) -> None:
        """Opens the file, or makes it. Raises `Closed` where it is of another region."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._high = folder / HIGH
        path = folder / FILE
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        self._connection = sqlite3.connect(path, timeout=BUSY_S, isolation_level=None, check_same_thread=False)
        for pragma in ("journal_mode=DELETE", "synchronous=FULL", "secure_delete=ON", "foreign_keys=ON"):
            self._connection.execute(f"PRAGMA {pragma}")
        self._connection.executescript(_TABLES)
        with self.writing():
            self._fact("region", region.encode())
            self._fact("id", token_hex(4).encode())
            self._fact("key", token_bytes(KEY_BYTES))
        kept = self.fact("region").decode()
        if kept != region:
            raise Closed.because(f"this broker's folder is of {kept}, and it was started for {region}.")
        self.home = Home(region, self.fact("id").decode(), self.fact("key"))

    def close(self) -> None:
        """No call may follow."""
        self._connection.close()

    @contextmanager
    def writing(self) -> Iterator[None]:
        """A transaction that no other process writes beside; durable when it ends."""
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")

    # Entries

    def add(self, doing: str, at: datetime, outcome: Mapping[str, Any], act: Act | None = None) -> Entry:
        """The next entry, within `writing`. Raises `Replayed` where its act has one already."""
        last = self._connection.execute("SELECT seq, hash FROM entries ORDER BY seq DESC LIMIT 1").fetchone()
        seq, before = (last[0] + 1, last[1]) if last else (1, GENESIS)
        by, text, nonce = (act.by, act.text, act.nonce) if act else ("", "", "")
        signature = act.signature if act else b""
        entry = Entry(seq, at, doing, by, text, signature, nonce, dict(outcome), before, b"")
        entry = replace(entry, hash=hash_of(entry))
        told = canonical_json(dict(outcome)).decode()
        try:
            self._connection.execute(
                "INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (seq, at.isoformat(), doing, by, text, signature, nonce or None, told, before, entry.hash),
            )
        except sqlite3.IntegrityError:
            raise Replayed.twice() from None
        return entry

    def entries(self, after: int = 0) -> list[Entry]:
        """Those behind number `after`, in order."""
        rows = self._connection.execute("SELECT * FROM entries WHERE seq > ? ORDER BY seq", (after,))
        return [_entry(row) for row in rows]

    def hash_at(self, seq: int) -> str:
        """The hash of one that there is, in hexadecimal digits."""
        row = self._connection.execute("SELECT hash FROM entries WHERE seq = ?", (seq,)).fetchone()
        return bytes(row[0]).hex()

    def has_nonce(self, nonce: str) -> bool:
        """Whether an act with it was done."""
        return self._connection.execute("SELECT 1 FROM entries WHERE nonce = ?", (nonce,)).fetchone() is not None

    def raise_high(self, entry: Entry) -> None:
        """Note outside the file how far it is, once the entry is durable."""
        handle, unfinished = tempfile.mkstemp(dir=self._high.parent, prefix=f".{HIGH}.")
        with os.fdopen(handle, "wb") as file:
            file.write(canonical_json({"seq": entry.seq, "hash": entry.hash.hex()}))
            file.flush()
            os.fsync(file.fileno())
        os.replace(unfinished, self._high)

    def problem(self, settled: int = 0) -> str:
        """What is wrong with the chain behind entry `settled`, or with its height; empty where nothing is."""
        before, hashes = GENESIS, {0: GENESIS}
        for number, entry in enumerate(self.entries(), 1):
            broken = entry.seq != number or entry.before != before or hash_of(entry) != entry.hash
            if broken and number > settled:
                return f"entry {number} of the broker's record is not what was written"
            before = hashes[number] = entry.hash
        if not self._high.exists():
            return "" if len(hashes) == 1 else f"{HIGH} is missing"
        try:
            high = json.loads(self._high.read_bytes())
            known = hashes.get(high["seq"])
            return (
                ""
                if known is not None and known.hex() == high["hash"]
                else "the broker's record was put back from an older copy"
            )
        except (ValueError, KeyError, TypeError):
            return f"{HIGH} cannot be read"

    # What of it is in the public log

    def add_logged(self, seq: int, leaf: bytes, since: int) -> None:
        """That an entry has a public record, which cannot stand before place `since`; within `writing`."""
        self._connection.execute("INSERT INTO logged (seq, leaf, since) VALUES (?, ?, ?)", (seq, leaf, since))

    def set_queued(self, seq: int, queued: int | None) -> None:
        """It is on its way; None: not any more."""
        self._connection.execute("UPDATE logged SET queued = ? WHERE seq = ?", (queued, seq))

    def carry_again(self, seq: int) -> None:
        """The log does not hold it, wherever it was seen before."""
        self._connection.execute("UPDATE logged SET place = NULL, queued = NULL, since = 0 WHERE seq = ?", (seq,))

    def set_place(self, seq: int, index: int) -> None:
        """It was seen there."""
        self._connection.execute("UPDATE logged SET place = ? WHERE seq = ?", (index, seq))

    def logged(self, seq: int | None = None, *, unplaced: bool = False) -> list[Logged]:
        """The record of one entry, or all, or those that nobody saw in the log yet."""
        rows = self._connection.execute(
            "SELECT seq, leaf, since, place, queued FROM logged "
            "WHERE (?1 IS NULL OR seq = ?1) AND (?2 = 0 OR place IS NULL) ORDER BY seq",
            (seq, unplaced),
        )
        return [Logged(*row) for row in rows]

    # Marks of persons

    def salt_for(self, request: str, subject: Subject) -> bytes:
        """(32,) bytes for that request, made the first time."""
        row = (request, subject.kind.value, subject.id, token_bytes(SALT_BYTES))
        self._connection.execute("INSERT INTO salts VALUES (?, ?, ?, ?) ON CONFLICT (request) DO NOTHING", row)
        return bytes(self._connection.execute("SELECT salt FROM salts WHERE request = ?", (request,)).fetchone()[0])

    def salts(self, subject: Subject) -> dict[str, bytes]:
        """By request, those about a person."""
        rows = self._connection.execute(
            "SELECT request, salt FROM salts WHERE kind = ? AND person = ?", (subject.kind.value, subject.id)
        )
        return dict(rows.fetchall())

    def forget_salts(self, subject: Subject) -> int:
        """After this no record in the public log can be shown to be about them; how many there were."""
        deleted = self._connection.execute(
            "DELETE FROM salts WHERE kind = ? AND person = ?", (subject.kind.value, subject.id)
        )
        return deleted.rowcount

    # What was opened for people themselves

    def note_own(self, subject: Subject, at: datetime, fields: Collection[Field]) -> None:
        """That somebody's seals are opened for them; durable when it returns. Never called within `writing`."""
        told = " ".join(sorted(one.value for one in fields))
        self._connection.execute(
            "INSERT INTO own_openings VALUES (?, ?, ?, ?)", (subject.kind.value, subject.id, at.isoformat(), told)
        )

    def own(self, subject: Subject, limit: int) -> list[tuple[datetime, list[str]]]:
        """When and which, newest first."""
        rows = self._connection.execute(
            "SELECT at, fields FROM own_openings WHERE kind = ? AND person = ? ORDER BY at DESC LIMIT ?",
            (subject.kind.value, subject.id, limit),
        )
        return [(datetime.fromisoformat(at), fields.split()) for at, fields in rows]

    def people_opened(self, since: datetime, until: datetime) -> int:
        """How many people's seals were opened for them from `since` to before `until`."""
        row = self._connection.execute(
            "SELECT count(*) FROM (SELECT DISTINCT kind, person FROM own_openings WHERE at >= ? AND at < ?)",
            (since.isoformat(), until.isoformat()),
        )
        return int(row.fetchone()[0])

    def drop_own(self, before: datetime, subject: Subject | None = None) -> None:
        """Forget those that are older, or a person's."""
        if subject is None:
            self._connection.execute("DELETE FROM own_openings WHERE at < ?", (before.isoformat(),))
        else:
            named = (subject.kind.value, subject.id)
            self._connection.execute("DELETE FROM own_openings WHERE kind = ? AND person = ?", named)

    # How many pseudonyms were marked

    def note_marked(self, hour: datetime, count: int, forget_before: datetime) -> None:
        """So many more within the hour that began then; older hours than that are forgotten. Within `writing`."""
        self._connection.execute(
            "INSERT INTO viewers_marked VALUES (?, ?) ON CONFLICT (hour) DO UPDATE SET count = count + excluded.count",
            (hour.isoformat(), count),
        )
        self._connection.execute("DELETE FROM viewers_marked WHERE hour < ?", (forget_before.isoformat(),))

    def marked(self, since: datetime, until: datetime) -> int:
        """The most within one of the hours that began from `since` to before `until`."""
        row = self._connection.execute(
            "SELECT coalesce(max(count), 0) FROM viewers_marked WHERE hour >= ? AND hour < ?",
            (since.isoformat(), until.isoformat()),
        )
        return int(row.fetchone()[0])

    # Single facts

    def fact(self, name: str) -> bytes:
        """Empty where it was never kept."""
        row = self._connection.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
        return b"" if row is None else bytes(row[0])

    def keep(self, name: str, value: bytes) -> None:
        """Keep a fact, in place of what it was."""
        self._connection.execute(
            "INSERT INTO facts VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value", (name, value)
        )

    def seen(self) -> Seen | None:
        """The newest checkpoint that was verified."""
        kept = self.fact("seen")
        return Seen(int.from_bytes(kept[:8]), kept[8:]) if kept else None

    def keep_seen(self, seen: Seen) -> None:
        """Keep it."""
        self.keep("seen", seen.size.to_bytes(8) + seen.root)

    def latest(self) -> tuple[int, datetime]:
        """The latest moment that was noted, and the number of the newest entry then."""
        seq, _, at = self.fact("latest").decode().partition(" ")
        return (int(seq), datetime.fromisoformat(at)) if at else (0, LONG_AGO)

    def keep_latest(self, seq: int, at: datetime) -> None:
        """Note it."""
        self.keep("latest", f"{seq} {at.isoformat()}".encode())

    def _fact(self, name: str, value: bytes) -> None:
        self._connection.execute("INSERT INTO facts VALUES (?, ?) ON CONFLICT (name) DO NOTHING", (name, value))


def hash_of(entry: Entry) -> bytes:
    """(32,) SHA-256 over all of an entry but its own hash."""
    told = {
        "seq": entry.seq,
        "at": entry.at.isoformat(),
        "doing": entry.doing,
        "by": entry.by,
        "text": entry.text,
        "signature": entry.signature.hex(),
        "nonce": entry.nonce,
        "outcome": entry.outcome,
        "before": entry.before.hex(),
    }
    return hashlib.sha256(canonical_json(told)).digest()


def _entry(row: tuple[Any, ...]) -> Entry:
    seq, at, doing, by, text, signature, nonce, outcome, before, hashed = row
    return Entry(
        seq,
        datetime.fromisoformat(at),
        doing,
        by,
        text,
        bytes(signature),
        nonce or "",
        json.loads(outcome),
        bytes(before),
        bytes(hashed),
    )
