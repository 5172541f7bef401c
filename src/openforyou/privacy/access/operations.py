"""What a broker answers about access by staff, for its registry of operations, and how whoever asks says it.

An act travels as the text that was signed, so that the broker verifies what the person signed and nothing that was made
of it on the way. What is read here is what the keys' side promises; nothing of an argument is a permission.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from openforyou.core.encoding import to_base64url
from openforyou.core.errors import OpenForYouError
from openforyou.privacy.access.service import Access
from openforyou.privacy.access.types import Beside, Looked
from openforyou.privacy.broker.keeper import LocalKeeper
from openforyou.privacy.broker.operations import (
    Operation,
    Operations,
    Peer,
    argument,
    bytes_of,
    listed,
    subject_of,
    told,
    values_of,
)
from openforyou.privacy.vault.types import Field, Subject


class KeeperVault:
    """A `Vault` on the broker's own keeper."""

    def __init__(self, keeper: LocalKeeper) -> None:
        self._keeper = keeper

    def holds(self, subject: Subject) -> bool:
        """Whether the person's key opens here."""
        try:
            self._keeper.open_own(subject, {})
        except OpenForYouError:
            return False
        return True

    def open_sealed(self, subject: Subject, sealed: Mapping[Field, bytes]) -> dict[Field, bytes]:
        """As the keeper opens for the person themself; here a grant stands behind it."""
        return self._keeper.open_own(subject, sealed)


def access_operations(access: Access, mark: Operation) -> Operations:
    """By name. `open_own` and `mark` are the keeper's, noted and counted; brokers have them and not the bare ones."""
    on = _Access(access, mark)
    return {
        "access.do": on.do,
        "access.facts": on.facts,
        "access.whom": on.whom,
        "access.outbox": on.outbox,
        "access.carried": on.carried,
        "access.looked_at": on.looked_at,
        "access.choose": on.choose,
        "access.chosen": on.chosen,
        "access.forget": on.forget,
        "access.own": on.own,
        "open_own": on.open_own,
        "mark": on.mark,
        "access.tick": on.tick,
    }


def looked_told(one: Looked) -> dict[str, Any]:
    """As it travels and as a person's copy has it."""
    return {
        **asdict(one),
        "asked_at": one.asked_at.isoformat(),
        "granted_at": one.granted_at.isoformat() if one.granted_at else None,
        "until": one.until.isoformat() if one.until else None,
        "reads": [at.isoformat() for at in one.reads],
        "fields": [name.value for name in one.fields],
        "role": one.role.value,
    }


class _Access:
    """Each operation: arguments taken apart, the service asked, the answer put together."""

    def __init__(self, access: Access, mark: Operation) -> None:
        self._access = access
        self._mark = mark

    def do(self, arguments: Mapping[str, Any], peer: Peer) -> dict[str, Any]:  # noqa: ARG002 - an operation's form
        fits = arguments.get("case_fits")
        beside = Beside(values_of(arguments, "sealed"), fits if type(fits) is bool else None)
        signature = bytes_of(argument(arguments, "signature", str), "signature")
        return self._access.do(argument(arguments, "text", str), signature, beside)

    def facts(self, arguments: Mapping[str, Any], peer: Peer) -> dict[str, Any]:  # noqa: ARG002
        return self._access.facts()

    def whom(self, arguments: Mapping[str, Any], peer: Peer) -> dict[str, Any]:  # noqa: ARG002
        subject, fields = self._access.whom(argument(arguments, "request", str))
        return {"kind": subject.kind.value, "id": subject.id, "fields": [name.value for name in fields]}

    def outbox(self, arguments: Mapping[str, Any], peer: Peer) -> dict[str, Any]:  # noqa: ARG002
        return {"leaves": [[seq, to_base64url(leaf)] for seq, leaf in self._access.outbox()]}

    def carried(self, arguments: Mapping[str, Any], peer: Peer) -> dict[str, Any]:  # noqa: ARG002
        self._access.carried([int(one) for one in listed(arguments, "seqs")])
        return {}

    def looked_at(self, arguments: Mapping[str, Any], peer: Peer) -> dict[str, Any]:  # noqa: ARG002
        return {"looks": [looked_told(one) for one in self._access.looked_at(_subject(arguments))]}

    def choose(self, arguments: Mapping[str, Any], peer: Peer) -> dict[str, Any]:  # noqa: ARG002
        self._access.choose_protection(_subject(arguments), on=argument(arguments, "on", bool))
        return {}

    def chosen(self, arguments: Mapping[str, Any], peer: Peer) -> dict[str, Any]:  # noqa: ARG002
        return {"on": self._access.has_chosen_protection(_subject(arguments))}

    def forget(self, arguments: Mapping[str, Any], peer: Peer) -> dict[str, Any]:  # noqa: ARG002
        return {"count": self._access.forget(_subject(arguments))}

    def own(self, arguments: Mapping[str, Any], peer: Peer) -> dict[str, Any]:  # noqa: ARG002
        found = self._access.opened_for_owner(_subject(arguments))
        return {"openings": [{"at": at.isoformat(), "fields": fields} for at, fields in found]}

    def open_own(self, arguments: Mapping[str, Any], peer: Peer) -> dict[str, Any]:  # noqa: ARG002
        opened = self._access.open_for_owner(_subject(arguments), values_of(arguments, "sealed"))
        return {"values": told(opened)}

    def mark(self, arguments: Mapping[str, Any], peer: Peer) -> Mapping[str, Any]:
        answer = self._mark(arguments, peer)
        if arguments["field"] == Field.VIEWER:
            self._access.marks.note(len(answer["marks"]))
        return answer

    def tick(self, arguments: Mapping[str, Any], peer: Peer) -> dict[str, Any]:  # noqa: ARG002
        self._access.tick()
        return {}


def _subject(arguments: Mapping[str, Any]) -> Subject:
    return subject_of(arguments.get("kind"), arguments.get("id"))


def sealed_told(sealed: Mapping[Field, bytes]) -> dict[str, str]:
    """Seals as they travel with an act."""
    return told(sealed)
