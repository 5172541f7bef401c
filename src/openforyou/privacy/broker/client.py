"""The broker, as other processes see it: asked over a line, believed only where the answer can be one.

A call ends before its deadline, retries included. Only what may be done twice is asked twice. A line on which something
went wrong is closed and never used again, so that a late answer is nobody's. Whatever is amiss is `BrokerUnavailable`,
and nothing of such an answer is used.
"""

from __future__ import annotations

import secrets
import socket
import ssl
import threading
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from time import monotonic
from types import TracebackType
from typing import Any, Self

from openforyou.core.encoding import from_base64url, to_base64url
from openforyou.core.errors import (
    BadInput,
    Conflict,
    NotAllowed,
    NotFound,
    NotSignedIn,
    OpenForYouError,
    TooLarge,
    Unavailable,
)
from openforyou.privacy.broker.address import Address, Tls, client_context, short_path
from openforyou.privacy.broker.frames import VERSION, Line, LineEnded
from openforyou.privacy.broker.keeper import SECRET_BYTES
from openforyou.privacy.broker.operations import AT_ONCE_MAX, told
from openforyou.privacy.vault import crypto
from openforyou.privacy.vault.errors import (
    BadKeyFile,
    BrokerUnavailable,
    Destroyed,
    OldKeystore,
    RegionEnded,
    SecretHeld,
    Unopened,
    WrongRegion,
)
from openforyou.privacy.vault.types import Field, Subject

TIMEOUT_S = 5.0
LINES_MAX = 32
IDLE_LINES_MAX = 8
RESTED_S = 60.0
"""A line that rested longer is not used again; the broker closes it after some minutes."""
ATTEMPTS_MAX = 2
BATCH = 2_000
assert BATCH <= AT_ONCE_MAX

Errors = Mapping[str, type[OpenForYouError]]
_KINDS: tuple[type[OpenForYouError], ...] = (
    BadInput,
    TooLarge,
    NotAllowed,
    NotFound,
    NotSignedIn,
    Conflict,
    Unavailable,
    BrokerUnavailable,
    BadKeyFile,
    Destroyed,
    OldKeystore,
    RegionEnded,
    SecretHeld,
    Unopened,
    WrongRegion,
)
ERRORS: Errors = {kind.code: kind for kind in _KINDS}
"""What a broker may answer; each is made of a message, a hint and a field."""


class BrokerClient:
    """A `Keeper` behind an address. Safe for several threads. Close it after use."""

    def __init__(self, address: Address, tls: Tls | None = None, *, timeout_s: float = TIMEOUT_S) -> None:
        """Nothing is asked yet. Raises `BadInput` where certificates cannot be used, or are missing."""
        if address.path is None and tls is None:
            raise BadInput(
                f"The broker at {address} is asked with certificates, and none are set.",
                hint="Set OPENFORYOU_BROKER_CERT, OPENFORYOU_BROKER_KEY and OPENFORYOU_BROKER_CA.",
                field="OPENFORYOU_BROKER",
            )
        self.address = address
        self._tls: ssl.SSLContext | None = client_context(tls) if tls is not None and address.path is None else None
        self._timeout_s = timeout_s
        self._lock = threading.Lock()
        self._slots = threading.BoundedSemaphore(LINES_MAX)
        self._idle: list[tuple[float, Line]] = []
        self._closed = False

    # What `Keeper` promises

    def seal(self, subject: Subject, values: Mapping[Field, bytes]) -> dict[Field, bytes]:
        if not values:
            return {}
        answer = self.call("seal", {**_named(subject), "values": told(values)}, repeatable=True)
        sealed = _fields(answer, "sealed", values)
        for field, value in sealed.items():
            try:
                crypto.region_of(value)
            except Unopened:
                raise _wrong("a seal that is none") from None
            if len(value) <= len(values[field]):
                raise _wrong("a seal that is too short")
        return sealed

    def open_own(self, subject: Subject, sealed: Mapping[Field, bytes]) -> dict[Field, bytes]:
        if not sealed:
            return {}
        answer = self.call("open_own", {**_named(subject), "sealed": told(sealed)}, repeatable=True)
        values = _fields(answer, "values", sealed)
        if any(len(value) >= len(sealed[field]) for field, value in values.items()):
            raise _wrong("a value longer than its seal")
        return values

    def mark(self, field: Field, values: Sequence[bytes]) -> list[bytes]:
        marks: list[bytes] = []
        for start in range(0, len(values), BATCH):
            part = [to_base64url(one) for one in values[start : start + BATCH]]
            answer = self.call("mark", {"field": field.value, "values": part}, repeatable=True)
            marks += _many(answer, "marks", len(part))
        return marks

    def event_secrets(self, viewers: Collection[int]) -> dict[int, bytes]:
        """As promised; each batch of `BATCH` viewers has the whole time."""
        wanted = sorted(set(viewers))
        found: dict[int, bytes] = {}
        for start in range(0, len(wanted), BATCH):
            part = wanted[start : start + BATCH]
            answer = self.call("event_secrets", {"viewers": part}, repeatable=True)
            found |= zip(part, _many(answer, "secrets", len(part)), strict=True)
        if len(set(found.values())) != len(found):
            raise _wrong("one secret for two viewers")
        return found

    def destroy(self, subjects: Sequence[Subject]) -> int:
        count = 0
        for start in range(0, len(subjects), BATCH):
            part = [[one.kind.value, one.id] for one in subjects[start : start + BATCH]]
            answer = self.call("destroy", {"subjects": part}, repeatable=True)
            told_ = answer.get("count")
            if type(told_) is not int or not 0 <= told_ <= len(part):
                raise _wrong("no count")
            count += told_
        return count

    # What a broker does beside

    def adopt(self, secrets_: Mapping[int, bytes]) -> None:
        """As `LocalKeeper.adopt`, in batches."""
        pairs = sorted(secrets_.items())
        for start in range(0, len(pairs), BATCH):
            part = pairs[start : start + BATCH]
            arguments = {"viewers": [one for one, _ in part], "secrets": [to_base64url(one) for _, one in part]}
            self.call("adopt", arguments, repeatable=True)

    def about(self, *, timeout_s: float | None = None) -> str:
        """The region whose keys it holds: shows that it answers."""
        region = self.call("about", {}, repeatable=True, timeout_s=timeout_s).get("region")
        if not isinstance(region, str) or crypto.REGION.fullmatch(region) is None:
            raise _wrong("no region")
        return region

    def call(
        self,
        operation: str,
        arguments: Mapping[str, Any],
        *,
        repeatable: bool = False,
        timeout_s: float | None = None,
        errors: Errors = ERRORS,
    ) -> dict[str, Any]:
        """The answer to any operation of the registry; who asks checks what is in it.

        Raises what the broker answered, by its code in `errors`, and `BrokerUnavailable` where no answer came: the
        operation may then have been done, unless it was never sent. Asked once more only where it is `repeatable`.
        """
        until = monotonic() + (self._timeout_s if timeout_s is None else timeout_s)
        if not self._slots.acquire(timeout=max(0.0, until - monotonic())):
            raise BrokerUnavailable(f"Too many wait for the broker at {self.address}.")
        try:
            for attempt in range(1, ATTEMPTS_MAX + 1):
                try:
                    return self._ask(operation, arguments, until, fresh=attempt > 1 or not repeatable, errors=errors)
                except LineEnded as error:
                    if attempt == ATTEMPTS_MAX or not repeatable:
                        raise self._silent(f"it ended the connection ({error})") from error
            raise AssertionError("the last attempt returns or raises")
        finally:
            self._slots.release()

    def close(self) -> None:
        """End the connections that rest; others end with their call. May be called twice."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for _, line in idle:
            line.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # The line

    def _ask(
        self, operation: str, arguments: Mapping[str, Any], until: float, *, fresh: bool, errors: Errors
    ) -> dict[str, Any]:
        line = (None if fresh else self._rested()) or self._connected(until)
        asked = secrets.token_hex(8)
        try:
            line.send({"v": VERSION, "id": asked, "op": operation, "args": arguments}, until)
            answer = line.receive(until)
            if answer is None:
                raise LineEnded("closed before the answer")
            if "error" in answer and answer.get("id") in (asked, ""):
                told_ = answer["error"]
            elif answer.get("id") != asked or set(answer) != {"v", "id", "ok"}:
                raise _wrong("something else than what was asked")
            else:
                told_ = None
        except TimeoutError:
            line.close()
            raise self._silent("it gave no answer in time") from None
        except TooLarge as error:
            line.close()
            raise self._silent(error.message) from error
        except BadInput as error:
            line.close()
            raise _wrong("no answer of its kind") from error
        except BaseException:
            line.close()
            raise
        self._rest(line, whole=answer.get("id") == asked)
        if told_ is not None:
            raise _raised(told_, errors)
        ok = answer["ok"]
        if not isinstance(ok, dict):
            raise _wrong("no object")
        return ok

    def _rested(self) -> Line | None:
        with self._lock:
            while self._idle:
                since, line = self._idle.pop()
                if monotonic() - since < RESTED_S:
                    return line
                line.close()
        return None

    def _rest(self, line: Line, *, whole: bool) -> None:
        with self._lock:
            if whole and not self._closed and len(self._idle) < IDLE_LINES_MAX:
                self._idle.append((monotonic(), line))
                return
        line.close()

    def _connected(self, until: float) -> Line:
        """A new connection. Raises `BrokerUnavailable`: nothing was asked."""
        left = until - monotonic()
        if left <= 0:
            raise self._silent("the time was over")
        try:
            if self.address.path is not None:
                return Line(_at_path(self.address, left))
            plain = socket.create_connection((self.address.host, self.address.port), timeout=left)
            try:
                assert self._tls is not None, "a port is asked with certificates"
                plain.settimeout(max(0.001, until - monotonic()))
                return Line(self._tls.wrap_socket(plain, server_hostname=self.address.host))
            except BaseException:
                plain.close()
                raise
        except TimeoutError:
            raise self._silent("it took no connection in time") from None
        except ssl.SSLError as error:
            raise self._silent(f"the certificates do not fit ({error.reason or error})") from error
        except OSError as error:
            raise self._silent(error.strerror or str(error)) from error

    def _silent(self, why: str) -> BrokerUnavailable:
        return BrokerUnavailable(f"The broker at {self.address} does not answer: {why}.")


def _at_path(address: Address, timeout_s: float) -> socket.socket:
    assert address.path is not None
    connected = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connected.settimeout(timeout_s)
        with short_path(address.path) as name:
            connected.connect(name)
    except BaseException:
        connected.close()
        raise
    return connected


def _named(subject: Subject) -> dict[str, Any]:
    return {"kind": subject.kind.value, "id": subject.id}


def _raised(error: Any, errors: Errors) -> OpenForYouError:
    """The broker's error in its own words."""
    if not isinstance(error, dict):
        return _wrong("an error without words")
    words = {name: error.get(name, "") for name in ("code", "error", "hint", "field")}
    if not all(isinstance(word, str) for word in words.values()):
        return _wrong("an error without words")
    kind = errors.get(words["code"]) or ERRORS.get(words["code"]) or BrokerUnavailable
    return kind(words["error"], hint=words["hint"], field=words["field"])


def _fields(answer: Mapping[str, Any], name: str, wanted: Collection[Field]) -> dict[Field, bytes]:
    """Bytes for exactly the wanted fields."""
    given = answer.get(name)
    if not isinstance(given, dict) or set(given) != {field.value for field in wanted}:
        raise _wrong("other fields than were asked")
    return {field: _bytes(given[field.value]) for field in wanted}


def _many(answer: Mapping[str, Any], name: str, count: int) -> list[bytes]:
    """Exactly so many, of (32,) bytes each."""
    given = answer.get(name)
    if not isinstance(given, list) or len(given) != count:
        raise _wrong("more or fewer than were asked")
    values = [_bytes(one) for one in given]
    if any(len(one) != SECRET_BYTES for one in values):
        raise _wrong("bytes of another length")
    return values


def _bytes(value: Any) -> bytes:
    with suppress(ValueError, TypeError, AttributeError):
        return from_base64url(value)
    raise _wrong("what is not base 64")


def _wrong(what: str) -> BrokerUnavailable:
    return BrokerUnavailable(
        f"The broker answered wrongly, with {what}.",
        hint="Nothing of it was used. Run the same OpenForYou on both sides.",
    )
