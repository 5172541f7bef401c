"""Under which secret a viewer's marks in the log are made: asked of whoever keeps it, and remembered for a while.

Events know no keys. Whoever wires them hands in a `Secrets`; in service that is the broker, which may be down.
"""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Collection, Iterable
from time import monotonic
from typing import NamedTuple, Protocol

from openforyou.core.errors import OpenForYouError, Unavailable
from openforyou.events.leaf import SECRET_BYTES

VIEWERS_MAX = 100_000
"""Remembered at most; one takes about 300 bytes."""
FRESH_S = 60.0
"""Who keeps them is asked again after so long, so that a secret that was destroyed is not used for longer."""
QUIET_S = 15.0
"""How long nobody is asked again about what is remembered, after there was no answer."""


class Secrets(Protocol):
    """Keeps the secret of each viewer. Safe for several threads."""

    def event_secrets(self, viewers: Collection[int]) -> dict[int, bytes]:
        """(32,) bytes for each viewer, made where there was none, and the same for ever. Raises `Unavailable`, and any
        other error of ours where a viewer's was destroyed."""
        ...


class KeyedSecrets:
    """Secrets that follow from one key, where nobody is ever forgotten: for measurements and tests."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def event_secrets(self, viewers: Collection[int]) -> dict[int, bytes]:
        """(32,) bytes each, from the key and the number."""
        return {
            one: hashlib.blake2b(one.to_bytes(8, "big"), digest_size=SECRET_BYTES, key=self._key).digest()
            for one in viewers
        }


class _Known(NamedTuple):
    secret: bytes
    since: float


class KnownSecrets:
    """Secrets in memory: the viewers of late, and at most `viewers_max` of them."""

    def __init__(self, keeper: Secrets, *, viewers_max: int = VIEWERS_MAX, fresh_s: float = FRESH_S) -> None:
        self._keeper = keeper
        self._viewers_max = viewers_max
        self._fresh_s = fresh_s
        self._lock = threading.Lock()
        self._known: OrderedDict[int, _Known] = OrderedDict()
        self._quiet_until = 0.0
        self._is_down = False
        self._asking = threading.Lock()

    def at_hand(self, viewers: Iterable[int]) -> dict[int, bytes] | None:
        """The secret of each; None where one would have to be asked for."""
        now = monotonic()
        found = {}
        with self._lock:
            for one in viewers:
                held = self._known.get(one)
                if held is None or self._is_stale(held, now):
                    return None
                self._known.move_to_end(one)
                found[one] = held.secret
        return found

    def of(self, viewers: Collection[int]) -> dict[int, bytes]:
        """The secret of each. Never call it with a lock or a transaction held.

        Raises `Unavailable` where one is not known and nobody answers, and what the keeper raises for a destroyed one.
        """
        found = self.at_hand(viewers)
        if found is not None:
            return found
        now = monotonic()
        with self._lock:
            held = {one: self._known[one] for one in viewers if one in self._known}
        wanted = [one for one in set(viewers) if one not in held or self._is_stale(held[one], now)]
        try:
            asked = self._ask(wanted)
        except Unavailable:
            if any(one not in held for one in viewers):
                raise
            asked = {}
        except OpenForYouError:
            self.forget(wanted)
            raise
        self._remember(asked)
        return {one: asked[one] if one in asked else held[one].secret for one in viewers}

    def forget(self, viewers: Iterable[int]) -> None:
        """These are asked for anew."""
        with self._lock:
            for one in viewers:
                self._known.pop(one, None)

    def _ask(self, viewers: Collection[int]) -> dict[int, bytes]:
        """While nobody answers, one caller at a time tries again, and the others need not wait for it."""
        alone = self._is_down
        if alone and not self._asking.acquire(blocking=False):
            raise Unavailable(
                "Whoever keeps the viewers' secrets does not answer.", hint="Send the same again in a minute."
            )
        try:
            found = self._keeper.event_secrets(viewers)
        except Unavailable:
            self._is_down = True
            self._quiet_until = monotonic() + QUIET_S
            raise
        except OpenForYouError:
            self._is_down = False
            raise
        finally:
            if alone:
                self._asking.release()
        self._is_down = False
        return found

    def _remember(self, secrets: dict[int, bytes]) -> None:
        now = monotonic()
        with self._lock:
            for one, secret in secrets.items():
                assert len(secret) == SECRET_BYTES, "a viewer's secret has 32 bytes"
                self._known[one] = _Known(secret, now)
                self._known.move_to_end(one)
            while len(self._known) > self._viewers_max:
                self._known.popitem(last=False)

    def _is_stale(self, held: _Known, now: float) -> bool:
        return now - held.since > self._fresh_s and now >= self._quiet_until
