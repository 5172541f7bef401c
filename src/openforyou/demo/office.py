"""Staff for benches and drills: two administrators, and whoever they enrol, each with a key of their own."""

from __future__ import annotations

from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from openforyou.app.access import AccessRelay
from openforyou.app.keys import enrol_first
from openforyou.app.settings import Settings
from openforyou.core.clock import Clock
from openforyou.privacy.access import acts
from openforyou.privacy.access.types import Doing, Duty

ADMINISTRATORS = ("root", "deputy")


class Office:
    """At the broker of `settings`, which `relay` asks. A broker has two first administrators, so one office alone."""

    def __init__(self, settings: Settings, relay: AccessRelay, clock: Clock) -> None:
        self._relay = relay
        self._clock = clock
        self._keys: dict[str, Ed25519PrivateKey] = {}
        self.ids: dict[str, str] = {}
        """By which they stand in the public log."""
        for name in ADMINISTRATORS:
            self.ids[name] = enrol_first(settings, name, self.public(name), clock=clock)
        relay.carry()

    def public(self, name: str) -> str:
        """Of a key for somebody, made the first time."""
        return acts.public_text(self._keys.setdefault(name, Ed25519PrivateKey.generate()))

    def enrol(self, name: str, *duties: Duty, **more: Any) -> None:
        """By both administrators."""
        first, second = ADMINISTRATORS
        proposed = self.do(first, Doing.ENROL, name=name, duties=sorted(duties), key=self.public(name), **more)
        self.ids[name] = self.do(second, Doing.AGREE, proposal=proposed["proposal"])["staff"]

    def do(self, who: str, doing: Doing, **body: Any) -> dict[str, Any]:
        """An act of theirs, signed now."""
        return self._relay.do(*self.signed(who, doing, **body))

    def signed(self, who: str, doing: Doing, **body: Any) -> tuple[str, bytes]:
        """Its text and signature."""
        text = acts.write(doing, self.ids[who], str(self._relay.facts()["broker"]), body, self._clock.now())
        return text, acts.sign(text, self._keys[who])
