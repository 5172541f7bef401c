"""What the broker does, without the socket: keys made, used and destroyed in one folder.

No key is kept in memory between two calls: each is read, unwrapped, used and let go, so that one that was destroyed is
destroyed for every process at once.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from openforyou.core.clock import Clock, SystemClock
from openforyou.core.errors import TooLarge
from openforyou.core.ids import MAX_ID, encode_id
from openforyou.privacy.broker.store import FILE, MARK_CHARACTERS, Held, Keystore
from openforyou.privacy.vault import crypto
from openforyou.privacy.vault.custody import KEY_FILE, Custody, FileCustody
from openforyou.privacy.vault.errors import BadKeyFile, Destroyed, RegionEnded, SecretHeld, Unopened, WrongRegion
from openforyou.privacy.vault.types import Field, Kind, Subject

SECRET_BYTES = 32
HOME = "home"
ENDED = "ended"
_MARKS, _FINGERPRINT, _REGION = "mark_key", "fingerprint", "region"
_MARKS_BOUND = b"ofy-mark-key-1 "
_log = logging.getLogger(__name__)


class LocalKeeper:
    """A `Keeper` on a folder of this machine, with what a broker does beside. Close it after use.

    Safe for several threads, and for several processes on one folder.
    """

    def __init__(self, keystore: Keystore, custody: Custody, clock: Clock, *, accept_loss: bool = False) -> None:
        """Raises `BadKeyFile` where the custody's key is not the one that the keystore was made with, `OldKeystore`
        where an older keystore was put back (`accept_loss`: go on with it)."""
        self._keystore = keystore
        self._custody = custody
        self._clock = clock
        bound = _MARKS_BOUND + custody.region.encode()
        if keystore.about(_FINGERPRINT) is None:
            made = custody.wrap(bound, crypto.new_key())
            keystore.begin({_FINGERPRINT: custody.fingerprint.encode(), _REGION: custody.region.encode(), _MARKS: made})
        if keystore.about(_FINGERPRINT) != custody.fingerprint.encode():
            raise BadKeyFile(
                f"The region's key is another than the one that the keystore in {keystore.folder} was made with.",
                hint="Put the right key back. Nothing in that keystore opens with this one.",
            )
        try:
            self._marks = custody.unwrap(bound, keystore.about(_MARKS) or b"")
        except Unopened as error:
            raise BadKeyFile(
                f"The keystore in {keystore.folder} is damaged: its key of marks does not open.",
                hint="Put the newest copy of the folder back.",
            ) from error
        keystore.require_newest(accept_loss=accept_loss)
        self._destroy_again()

    @classmethod
    def open(
        cls, folder: Path, region: str = HOME, clock: Clock | None = None, *, accept_loss: bool = False
    ) -> LocalKeeper:
        """On a folder, made with a new key where there is no keystore yet. Raises `BadKeyFile` and `OldKeystore`; a
        missing key is never made anew beside a keystore."""
        began = (folder / FILE).exists()
        keystore = Keystore(folder)
        try:
            if keystore.about(ENDED) is not None:
                _finish_end(folder)
                raise _ended(region)
            load = FileCustody.load if began and not keystore.is_empty() else FileCustody.make
            return cls(keystore, load(folder, region), clock or SystemClock(), accept_loss=accept_loss)
        except BaseException:
            keystore.close()
            raise

    @property
    def region(self) -> str:
        """Whose keys these are."""
        return self._custody.region

    @property
    def folder(self) -> Path:
        """Where the keystore lies."""
        return self._keystore.folder

    @property
    def fingerprint(self) -> str:
        """Says which region's key it is, and nothing about it."""
        return (self._keystore.about(_FINGERPRINT) or b"").decode()

    # What `Keeper` promises

    def seal(self, subject: Subject, values: Mapping[Field, bytes]) -> dict[Field, bytes]:
        for field, value in values.items():
            if len(value) > crypto.VALUE_BYTES_MAX:
                raise TooLarge(
                    f"{field.value} has {len(value)} bytes.",
                    hint=f"At most {crypto.VALUE_BYTES_MAX} are sealed.",
                    field=field.value,
                )
        key = self._made([subject])[subject]
        return {field: crypto.seal(key, subject, field, self.region, value) for field, value in values.items()}

    def open_own(self, subject: Subject, sealed: Mapping[Field, bytes]) -> dict[Field, bytes]:
        for value in sealed.values():
            crypto.require_region(value, self.region)
        key = self._known(subject)
        return {field: crypto.open_sealed(key, subject, field, self.region, value) for field, value in sealed.items()}

    def mark(self, field: Field, values: Sequence[bytes]) -> list[bytes]:
        if not self._marks:
            raise _ended(self.region)
        return [crypto.mark(self._marks, field.value, value) for value in values]

    def event_secrets(self, viewers: Collection[int]) -> dict[int, bytes]:
        subjects = [Subject(Kind.VIEWER, one) for one in sorted(set(viewers))]
        keys = self._made(subjects)
        adopted = {one: row.secret for one, row in self._keystore.held(subjects).items() if row.secret is not None}
        found = {}
        for one, key in keys.items():
            secret = adopted.get(one)
            found[one.id] = (
                crypto.event_secret(key)
                if secret is None
                else crypto.open_sealed(key, one, Field.EVENT_SECRET, self.region, secret)
            )
        return found

    def destroy(self, subjects: Sequence[Subject]) -> int:
        if not subjects:
            return 0
        return self._keystore.remove({one: self._tombstone(one) for one in subjects}, self._now())

    # What a broker does beside

    def adopt(self, secrets: Mapping[int, bytes]) -> None:
        """Keep event secrets that were made before there was a keystore, for good: (32,) bytes by viewer.

        Durable when it returns, and may be called again. Those whose key was destroyed are passed over. Raises
        `SecretHeld` where a viewer has another one, and then none was adopted.
        """
        wanted = {Subject(Kind.VIEWER, viewer): secret for viewer, secret in secrets.items()}
        assert all(len(secret) == SECRET_BYTES for secret in wanted.values())
        with self._keystore.changing():
            gone = self._gone(wanted)
            rows = {}
            for one, secret in wanted.items():
                if one not in gone:
                    key = crypto.new_key()
                    rows[one] = self._wrapped(one, key, secret)
            self._keystore.add(rows, self._now())
            held = self.event_secrets([one.id for one in rows])
            if any(held[one.id] != wanted[one] for one in rows):
                raise SecretHeld(
                    "A viewer's event secret is not the one that the database has, and marks were made under both.",
                    hint="Put back the broker's folder that belongs to this database.",
                )

    # The end of a region

    def subjects(self) -> list[Subject]:
        """Everybody whose key is kept here."""
        return self._keystore.subjects()

    def wrapped(self, subjects: Sequence[Subject]) -> list[bytes]:
        """The wrapped keys of those who have one, as the keystore's file holds them."""
        return [row.wrapped for row in self._keystore.held(subjects).values()]

    def end_region(self) -> int:
        """Destroy every key here and the region's, for good; answers how many people had one. May be called again.

        Whoever calls has seen that two agreed: `privacy.regions.operations`.
        """
        count = self._keystore.end(ENDED, self._now())
        self._custody.destroy()
        self._marks = b""
        return count

    # Keys

    def _made(self, subjects: Collection[Subject]) -> dict[Subject, bytes]:
        """The key of each, made where there is none. Raises `Destroyed`, `WrongRegion`."""
        for one in subjects:
            assert 0 < one.id <= MAX_ID, "callers check ids"
        held = self._keystore.held(subjects)
        missing = [one for one in subjects if one not in held]
        if missing:
            self._require_region()
            with self._keystore.changing():
                gone = self._gone(missing)
                if gone:
                    raise _destroyed(gone)
                self._keystore.add({one: self._wrapped(one, crypto.new_key()) for one in missing}, self._now())
                held |= self._keystore.held(missing)
        return {one: self._unwrapped(one, held[one]) for one in subjects}

    def _known(self, subject: Subject) -> bytes:
        """A key that there is. Raises `Destroyed`, `Unopened` where there never was any, `WrongRegion`."""
        held = self._keystore.held([subject]).get(subject)
        if held is not None:
            return self._unwrapped(subject, held)
        self._require_region()
        if self._gone([subject]):
            raise _destroyed([subject])
        raise Unopened(
            f"The {subject.kind.value} {encode_id(subject.id)} has no key here.",
            hint="Put the newest copy of the broker's folder back.",
        )

    def _require_region(self) -> None:
        if self._keystore.about(ENDED) is not None:
            raise _ended(self.region)

    def _wrapped(self, subject: Subject, key: bytes, secret: bytes | None = None) -> Held:
        bound = crypto.binding(subject, self.region)
        sealed = None if secret is None else crypto.seal(key, subject, Field.EVENT_SECRET, self.region, secret)
        return Held(self._custody.wrap(bound, key), self.region, sealed)

    def _unwrapped(self, subject: Subject, held: Held) -> bytes:
        if held.region != self.region:
            raise WrongRegion(
                f"The {subject.kind.value} {encode_id(subject.id)} is at home in the region {held.region}.",
                hint=f"Ask the broker of {held.region}.",
            )
        return self._custody.unwrap(crypto.binding(subject, held.region), held.wrapped)

    # Destroyed ones

    def _tombstone(self, subject: Subject) -> str:
        """Says to whoever has the key of marks that this one was destroyed, and to nobody else whom it was."""
        told = crypto.mark(self._marks, "destroyed", crypto.binding(subject, "", "destroyed"))
        return told.hex()[:MARK_CHARACTERS]

    def _gone(self, subjects: Collection[Subject]) -> list[Subject]:
        marks = {self._tombstone(one): one for one in subjects}
        return [marks[mark] for mark in sorted(self._keystore.destroyed(marks))]

    def _destroy_again(self) -> None:
        """An older keystore that was put back holds keys that were destroyed since: they go again, before any call."""
        noted = self._keystore.noted_destroyed()
        if noted == self._keystore.destroyed(noted):
            return
        back = {one: mark for one in self._keystore.subjects() if (mark := self._tombstone(one)) in noted}
        count = self._keystore.remove(back, self._now())
        self._keystore.bury(noted, self._now())
        if count:
            _log.warning("the keystore is an older copy: %d keys that were destroyed since are destroyed again", count)

    def _now(self) -> str:
        return self._clock.now().isoformat(timespec="seconds")

    def close(self) -> None:
        """Let go of the folder. May be called twice."""
        self._keystore.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _destroyed(subjects: Sequence[Subject]) -> Destroyed:
    first = subjects[0]
    return Destroyed(
        f"The key of the {first.kind.value} {encode_id(first.id)} was destroyed, and with it what was sealed under it.",
        hint="Nothing brings it back. Whoever comes again begins anew.",
    )


def _finish_end(folder: Path) -> None:
    """An end that was cut off before its key was written over."""
    path = folder / KEY_FILE
    if path.exists():
        path.write_bytes(bytes(path.stat().st_size))
        path.unlink()


def _ended(region: str) -> RegionEnded:
    return RegionEnded(
        f"The keys of the region {region} were destroyed, as two administrators signed.",
        hint="Set OPENFORYOU_REGION and OPENFORYOU_BROKER to the region where they are at home now.",
    )
