"""Journalists with accounts, and the staff of the platform that they write on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from weakref import WeakKeyDictionary

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from openforyou.accounts.types import Account
from openforyou.app.keys import enrol_first
from openforyou.core.errors import OpenForYouError
from openforyou.core.ids import encode_id
from openforyou.drills.world import World
from openforyou.privacy.access import acts
from openforyou.privacy.access.types import Doing, Duty

WHY = "They wrote to support and cannot sign in any more."
STAFF: Mapping[str, frozenset[Duty]] = {
    "sue": frozenset({Duty.SUPPORT, Duty.GRANTER}),
    "sid": frozenset({Duty.SUPPORT}),
    "sam": frozenset({Duty.SUPPORT}),
    "sol": frozenset({Duty.SUPPORT}),
    "mo": frozenset({Duty.SUPPORT}),
    "tom": frozenset({Duty.TRUST}),
    "gil": frozenset({Duty.GRANTER}),
    "rae": frozenset({Duty.REVIEWER}),
    "ann": frozenset({Duty.AUDITOR}),
}


class Newsroom:
    """`journalists` by name, each with an account; `staff` act with keys of their own."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._keys: dict[str, Ed25519PrivateKey] = {}
        self._ids: dict[str, str] = {}
        platform = world.platform
        self.journalists: dict[str, Account] = {
            name: platform.accounts.sign_up(f"{name}@press.invalid", "a long enough password")
            for name in ("nora", "ned", "nell")
        }
        for name in ("root", "deputy"):
            self._ids[name] = enrol_first(world.settings, name, self.public(name))
        platform.access.carry()
        for name, duties in STAFF.items():
            proposed = self.do("root", Doing.ENROL, name=name, duties=sorted(duties), key=self.public(name))
            self._ids[name] = self.do("deputy", Doing.AGREE, proposal=proposed["proposal"])["staff"]

    def id_of(self, name: str) -> str:
        """By which they stand in the public log."""
        return self._ids[name]

    def public(self, name: str) -> str:
        """Of a new key for somebody."""
        self._keys[name] = Ed25519PrivateKey.generate()
        return acts.public_text(self._keys[name])

    def do(self, who: str, doing: Doing, **body: Any) -> dict[str, Any]:
        """An act of theirs."""
        return self.world.platform.access.do(*self.signed(who, doing, **body))

    def signed(self, who: str, doing: Doing, **body: Any) -> tuple[str, bytes]:
        """Its text and signature."""
        platform = self.world.platform
        text = acts.write(doing, self._ids[who], str(platform.access.facts()["broker"]), body, platform.clock.now())
        return text, acts.sign(text, self._keys[who])

    def refused(self, who: str, doing: Doing, **body: Any) -> OpenForYouError | None:
        """How an act is refused; None: it was not."""
        try:
            self.do(who, doing, **body)
        except OpenForYouError as error:
            return error
        return None

    def about(self, name: str) -> str:
        """A journalist as acts name them."""
        return f"account:{encode_id(self.journalists[name].id)}"

    def wish(self, name: str, **more: Any) -> dict[str, Any]:
        """What a support agent may ask."""
        told = {"subject": self.about(name), "purpose": "account_recovery", "case": "S-1", "fields": ["email"]}
        return {**told, "minutes": 30, "words": WHY, **more}

    def looks(self, name: str) -> list[dict[str, Any]]:
        """What stands on a journalist's own page."""
        account = self.journalists[name]
        return self.world.platform.access.looks_at(self.world.platform.person(account.viewer_id, account))


_OF: WeakKeyDictionary[World, Newsroom] = WeakKeyDictionary()


def newsroom(world: World) -> Newsroom:
    """The one of a world: a broker has two first administrators, once."""
    if world not in _OF:
        _OF[world] = Newsroom(world)
    return _OF[world]
