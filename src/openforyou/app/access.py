"""Access by staff, as the platform carries it: acts to the broker, the broker's records to the public log.

Nothing here decides anything. An act is what somebody signed; the broker verifies it, has its record carried to the log
by us, sees for itself that it stands there, and only then opens. A platform that carries nothing opens nothing.
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Protocol

from openforyou.catalog import store as catalog_store
from openforyou.core.encoding import from_base64url, to_base64url
from openforyou.core.errors import BadInput, NotFound, OpenForYouError
from openforyou.core.ids import AccountId, decode_id
from openforyou.events.log.store import enqueue
from openforyou.moderation.claims import store as claims_store
from openforyou.moderation.claims.types import ClaimId
from openforyou.privacy.access.errors import ERRORS
from openforyou.privacy.access.operations import sealed_told
from openforyou.privacy.access.published import WAIT_S
from openforyou.privacy.access.types import Doing
from openforyou.privacy.broker.client import ERRORS as BROKER_ERRORS
from openforyou.privacy.broker.client import Errors
from openforyou.privacy.person.types import Person
from openforyou.privacy.vault import store as vault_store
from openforyou.privacy.vault.types import Field, Kind, Subject
from openforyou.storage.database import Database

CARRY_EVERY_S = 0.2
ACT_S = WAIT_S + 10
"""The broker itself waits for the log in that time."""
_KNOWN: Errors = {**BROKER_ERRORS, **ERRORS}
_log = logging.getLogger(__name__)


class Broker(Protocol):
    """Whoever answers the broker's operations."""

    def call(
        self,
        operation: str,
        arguments: Mapping[str, Any],
        *,
        repeatable: bool = False,
        timeout_s: float | None = None,
        errors: Errors = ...,
    ) -> dict[str, Any]: ...


class AccessRelay:
    """On one database and one broker. `publish` writes what waits for the log, where nobody else does."""

    def __init__(self, database: Database, broker: Broker, publish: Callable[[], None]) -> None:
        self._database = database
        self._broker = broker
        self._publish = publish

    # Staff

    def facts(self) -> dict[str, Any]:
        """`broker`, the name that acts must bear, and `purposes`, the published list. Raises `BrokerUnavailable`."""
        return self._call("access.facts", {}, repeatable=True)

    def do(self, text: str, signature: bytes) -> dict[str, Any]:
        """An act that somebody of the staff signed, and what came of it. Its records are carried meanwhile.

        Raises what `privacy.access.errors` lists, and `BrokerUnavailable`; an act counts once, so it is never sent
        twice.
        """
        sealed, fits = self._beside(text)
        arguments = {"text": text, "signature": to_base64url(signature), "sealed": sealed_told(sealed)}
        with self._carrying():
            return self._call("access.do", arguments | {"case_fits": fits}, timeout_s=ACT_S)

    # The person

    def looks_at(self, person: Person) -> list[dict[str, Any]]:
        """Who looked at somebody, or asked to, newest first; as the account and as the viewer that they are."""
        found = [
            one
            for subject in person.subjects
            for one in self._call("access.looked_at", _named(subject), repeatable=True)["looks"]
        ]
        return sorted(found, key=lambda one: str(one["asked_at"]), reverse=True)

    def own_openings(self, person: Person) -> list[dict[str, Any]]:
        """`at` and `fields` of each time that what is sealed of somebody was opened for themselves, newest first."""
        found = [
            one
            for subject in person.subjects
            for one in self._call("access.own", _named(subject), repeatable=True)["openings"]
        ]
        return sorted(found, key=lambda one: str(one["at"]), reverse=True)

    def choose_protection(self, person: Person, *, on: bool) -> None:
        """That access to them needs two grants, or no longer by their own wish."""
        for subject in person.subjects:
            self._call("access.choose", {**_named(subject), "on": on}, repeatable=True)

    def has_chosen_protection(self, person: Person) -> bool:
        """Whether they did."""
        return any(self._call("access.chosen", _named(subject), repeatable=True)["on"] for subject in person.subjects)

    def forget(self, person: Person) -> None:
        """Destroy what ties public records to somebody who goes."""
        for subject in person.subjects:
            self._call("access.forget", _named(subject), repeatable=True)

    # The records

    def tick(self) -> None:
        """What time does at the broker; then carry what came of it. About once a minute."""
        self._call("access.tick", {}, repeatable=True)
        self.carry()

    def carry(self) -> int:
        """Put the broker's waiting records on their way into the log; answers how many. Twice there does no harm."""
        waiting = self._call("access.outbox", {}, repeatable=True)["leaves"]
        if not waiting:
            return 0
        leaves = [from_base64url(leaf) for _, leaf in waiting]
        with self._database.begin() as connection:
            enqueue(connection, leaves)
        self._call("access.carried", {"seqs": [seq for seq, _ in waiting]}, repeatable=True)
        self._publish()
        return len(leaves)

    @contextmanager
    def _carrying(self) -> Iterator[None]:
        """Records are carried while this lasts, and once more at its end."""
        done = threading.Event()

        def carry() -> None:
            while True:
                is_last = done.is_set()
                try:
                    self.carry()
                except OpenForYouError as error:
                    _log.warning("records of access wait: %s", error)
                if is_last:
                    return
                done.wait(CARRY_EVERY_S)

        carrier = threading.Thread(target=carry, name="carry", daemon=True)
        carrier.start()
        try:
            yield
        finally:
            done.set()
            carrier.join()

    # What goes beside an act

    def _beside(self, text: str) -> tuple[dict[Field, bytes], bool | None]:
        """The seals that an act is about, and whether its case fits. What cannot be read is left to the broker, and so
        is a request that is not there: who signed nothing learns not even that."""
        try:
            told = json.loads(text)
            doing, body = Doing(told["act"]), dict(told["body"])
            if doing is Doing.READ:
                whom = self._call("access.whom", {"request": str(body["request"])}, repeatable=True)
                subject = Subject(Kind(whom["kind"]), int(whom["id"]))
                return self._seals(subject, [Field(one) for one in whom["fields"]]), None
            if doing in (Doing.REQUEST, Doing.EMERGENCY):
                subject = _subject(str(body["subject"]))
                return self._seals(subject, [Field.MINOR]), self._fits(subject, body)
        except (ValueError, KeyError, TypeError, RecursionError, BadInput, NotFound):
            pass
        return {}, None

    def _seals(self, subject: Subject, fields: list[Field]) -> dict[Field, bytes]:
        with self._database.connect() as connection:
            return vault_store.get(connection, subject, fields)

    def _fits(self, subject: Subject, body: Mapping[str, Any]) -> bool | None:
        """Whether the claim that is named is open and about that person; None for cases that are not kept here."""
        if body.get("purpose") != "claim" or subject.kind is not Kind.ACCOUNT:
            return None
        try:
            claim_id = ClaimId(decode_id(str(body.get("case"))))
        except BadInput:
            return False
        with self._database.connect() as connection:
            creator = catalog_store.find_creator(connection, account_id=AccountId(subject.id))
            claim = claims_store.claim(connection, claim_id)
        return claim is not None and creator is not None and claim.is_living and claim.side_of(creator.id) is not None

    def _call(self, operation: str, arguments: Mapping[str, Any], **how: Any) -> dict[str, Any]:
        return self._broker.call(operation, arguments, errors=_KNOWN, **how)


def _named(subject: Subject) -> dict[str, Any]:
    return {"kind": subject.kind.value, "id": subject.id}


def _subject(told: str) -> Subject:
    """As acts name a person. Raises `ValueError`, `BadInput`."""
    kind, _, public = told.partition(":")
    return Subject(Kind(kind), decode_id(public))
