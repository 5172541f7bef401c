"""Journalists with accounts, and the staff of the platform that they write on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from weakref import WeakKeyDictionary

from openforyou.accounts.types import Account
from openforyou.core.errors import OpenForYouError
from openforyou.core.ids import encode_id
from openforyou.demo.office import Office
from openforyou.drills.errors import refusal
from openforyou.drills.world import World
from openforyou.privacy.access.types import Doing, Duty

PASSWORD = "a long enough password"  # noqa: S105 - of the drill's own people
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


class Newsroom(Office):
    """`journalists` by name, each with an account; the staff of `STAFF` beside two administrators."""

    def __init__(self, world: World) -> None:
        platform = self._platform = world.platform
        super().__init__(world.settings, platform.access, platform.clock)
        self.journalists: dict[str, Account] = {
            name: platform.accounts.sign_up(f"{name}@press.invalid", PASSWORD) for name in ("nora", "ned", "nell")
        }
        for name, duties in STAFF.items():
            self.enrol(name, *duties)

    def refused(self, who: str, doing: Doing, **body: Any) -> OpenForYouError | None:
        """How an act is refused; None: it was not."""
        return refusal(self.do, who, doing, **body)

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
        return self._platform.access.looks_at(self._platform.person(account.viewer_id, account))


_OF: WeakKeyDictionary[World, Newsroom] = WeakKeyDictionary()


def newsroom(world: World) -> Newsroom:
    """The one of a world: a broker has two first administrators, once."""
    if world not in _OF:
        _OF[world] = Newsroom(world)
    return _OF[world]
