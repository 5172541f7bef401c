"""The move: counted, sealed anew person by person, counted again; then keys destroyed, files read, and certified.

Killed anywhere, the same call goes on: the journal says what is done, and each person moves in one transaction, with
their seals and the marks by which they are found. Event secrets keep their value, so that nobody counts twice.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC
from pathlib import Path
from typing import Any, Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from openforyou.core.clock import Clock
from openforyou.core.encoding import from_base64url, to_base64url
from openforyou.core.ids import encode_id, new_id
from openforyou.core.progress import Progress, silent
from openforyou.events.log.store import enqueue
from openforyou.ledger.keys import SigningKey
from openforyou.privacy.broker.client import ERRORS, Errors
from openforyou.privacy.person.store import rewrite
from openforyou.privacy.regions import rules, store
from openforyou.privacy.regions.errors import BadMove, Leftovers, NoQuorum, NotYet, Unequal
from openforyou.privacy.regions.journal import Journal, State
from openforyou.privacy.regions.sweeping import Sweep, needles_of, sweep
from openforyou.privacy.vault import crypto
from openforyou.privacy.vault.errors import RegionEnded
from openforyou.privacy.vault.types import Field, Keeper, Kind, Subject
from openforyou.storage.database import Database

CANARIES = 3
CERTIFICATE = "certificate"
AT_ONCE = 1_000
END_S = 60.0
_ENDING = {**ERRORS, NoQuorum.code: NoQuorum}
_NEEDLES = b"ofy-needles-1"
Step = Callable[[str], None]


class Broker(Keeper, Protocol):
    """A region's broker, as a move asks it."""

    def adopt(self, secrets: Mapping[int, bytes]) -> None:
        """See `LocalKeeper.adopt`."""
        ...

    def call(
        self,
        operation: str,
        arguments: Mapping[str, Any],
        *,
        timeout_s: float | None = None,
        errors: Errors = ...,
    ) -> dict[str, Any]:
        """See `BrokerClient.call`."""
        ...


class Moving:
    """One move, on one database and two brokers. `step` is told each step that is done, for tests of being killed."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        brokers: tuple[Broker, Broker],
        folder: Path,
        step: Step = lambda _: None,
    ) -> None:
        self._database = database
        self._clock = clock
        self._source, self._target = brokers
        self._folder = folder
        self._step = step

    # Moving

    def move(self, names: tuple[str, str], places: Sequence[Path], progress: Progress = silent) -> Journal:
        """Move everybody from the region `names[0]` to `names[1]`; answers the journal, with the word to be signed.

        `places` are looked at for the canaries, so that it is known that the scan can see them. Raises `BadMove`, and
        `Unequal` where what arrived is not what there was; then nothing is ever destroyed.
        """
        journal = Journal.read(self._folder) or self._begun(names)
        if (journal.source, journal.target) != names:
            raise BadMove(
                f"A move from {journal.source} to {journal.target} is not finished.", hint="Finish that one first."
            )
        if journal.state is State.BEGUN:
            self._count(journal, places, progress)
        if journal.state is State.COUNTED:
            self._carry(journal, progress)
        return journal

    def _begun(self, names: tuple[str, str]) -> Journal:
        if names[0] == names[1]:
            raise BadMove("A move leads from one region to another.", hint="Name another region with --to.")
        for broker, name in zip((self._source, self._target), names, strict=True):
            told = broker.call("about", {})["region"]
            if told != name:
                raise BadMove(f"The broker of {name} says that it keeps {told}.", hint="Look at OPENFORYOU_REGIONS.")
        journal = Journal(self._folder, secrets.token_hex(8), *names, key=crypto.new_key().hex())
        journal.canaries = [new_id() for _ in range(CANARIES)]
        journal.keep()
        return journal

    def _count(self, journal: Journal, places: Sequence[Path], progress: Progress) -> None:
        key = bytes.fromhex(journal.key)
        planted: list[bytes] = []
        with self._database.begin() as connection:
            for number, one in enumerate(journal.canaries):
                subject = Subject(Kind.ACCOUNT, one)
                email = rules.canary_email(key, number).encode()
                sealed = self._source.seal(subject, {Field.EMAIL: email})
                store.put(connection, subject, sealed)
                planted += [one[4 + one[1] : -2] for one in sealed.values()]  # a log of changes leaves out equal ends
        self._source.event_secrets(journal.canaries)
        self._step("planted")
        named = [[kind.value, one] for one in journal.canaries for kind in Kind]
        wrapped = [from_base64url(one) for one in self._source.call("regions.wrapped", {"subjects": named})["wrapped"]]
        told = json.dumps([to_base64url(one) for one in (*planted, *wrapped)]).encode()
        journal.needles = crypto.wrap(key, _NEEDLES, told).hex()
        journal.before = self._inventory(journal, self._source, journal.source)
        journal.keys = len(_subjects(self._source)) - 2 * CANARIES
        with self._database.connect() as connection, suppress(Exception):
            connection.exec_driver_sql("CHECKPOINT")
        journal.seen_before = self._sweep(journal, places, [], progress).found
        journal.state = State.COUNTED
        journal.keep()
        self._step("counted")

    def _carry(self, journal: Journal, progress: Progress) -> None:
        viewers = [one.id for one in _subjects(self._source) if one.kind is Kind.VIEWER]
        for part in _parts(viewers):
            self._target.adopt(self._source.event_secrets(part))
        self._step("secrets")
        with self._database.connect() as connection:
            waiting = store.subjects_of(connection, journal.source)
        for number, subject in enumerate(waiting):
            progress(number, len(waiting), "sealed anew")
            journal.marks += self._carry_one(subject, journal)
            self._step("one")
        journal.after = self._inventory(journal, self._target, journal.target)
        if journal.after != journal.before:
            raise Unequal(
                f"Before there were {journal.before['entries']} entries with the root {journal.before['root'][:16]}…, "
                f"and now {journal.after['entries']} with {journal.after['root'][:16]}….",
                hint="Nothing was destroyed. Stop the platform while people move; then put the database and both "
                "brokers back as they were, and begin anew.",
            )
        facts = self._source.call("regions.facts", {})
        told = {"move": journal.move, "to": journal.target, "root": journal.after["root"]}
        journal.word = rules.end_word(facts["broker"], facts["fingerprint"], told)
        journal.state = State.MOVED
        journal.keep()
        self._step("moved")

    def _carry_one(self, subject: Subject, journal: Journal) -> int:
        """One person, in one transaction; answers how many rows have new marks."""
        with self._database.begin() as connection:
            sealed = store.seals(connection, subject, journal.source)
            if not sealed:
                return 0
            values = self._source.open_own(subject, sealed)
            store.put(connection, subject, self._target.seal(subject, values))
            return store.remark(connection, self._marks(subject, values))

    def _marks(self, subject: Subject, values: Mapping[Field, bytes]) -> dict[bytes, bytes]:
        """The old mark of everything that a person is found by, and the new one."""
        if subject.kind is not Kind.ACCOUNT:
            return {}
        said = {name: values[name] for name in (Field.EMAIL, Field.VIEWER) if name in values}
        said[Field.GUARDIANS] = encode_id(subject.id).encode()
        return {
            self._source.mark(name, [value])[0]: self._target.mark(name, [value])[0] for name, value in said.items()
        }

    def _inventory(self, journal: Journal, broker: Broker, region: str) -> dict[str, Any]:
        """Of everybody whose key the old broker has, and everybody who has a seal of it."""
        key, entries = bytes.fromhex(journal.key), []
        known = _subjects(self._source)
        with self._database.connect() as connection:
            everybody = {*known, *store.subjects_of(connection, journal.source)}
            for subject in everybody:
                sealed = store.seals(connection, subject, region)
                values = broker.open_own(subject, sealed) if sealed else {}
                entries += [rules.entry(key, subject, name.value, value) for name, value in values.items()]
        viewers = sorted(one.id for one in everybody if one.kind is Kind.VIEWER)
        for part in _parts(viewers):
            found = broker.event_secrets(part)
            entries += [rules.entry(key, Subject(Kind.VIEWER, one), "secret", found[one]) for one in part]
        return {"entries": len(entries), "root": rules.root(entries).hex()}

    # Ending

    def agree(self, by: str, key: Ed25519PrivateKey) -> Journal:
        """Note an administrator's signature under the word. The broker alone judges it."""
        journal = self._standing()
        if journal.state is not State.MOVED:
            raise NotYet("There is nothing to be signed now.", hint="Run: openforyou regions list")
        journal.signatures[by] = to_base64url(key.sign(rules.end_bytes(journal.word)))
        journal.keep()
        return journal

    def certify(
        self, places: Sequence[Path], beside: Sequence[str], key: SigningKey, progress: Progress = silent
    ) -> str:
        """Destroy the old keys by quorum, look for old bytes in `places`, and sign. `beside` names what is elsewhere.

        Raises `NoQuorum` and then nothing was destroyed; `Leftovers` where something is found, by name: delete it, and
        call again.
        """
        journal = self._standing()
        if journal.state is State.CERTIFIED:
            return (self._folder / CERTIFICATE).read_text()
        if journal.state in (State.BEGUN, State.COUNTED):
            raise NotYet("Not everybody has moved.", hint="Run: openforyou regions move, which goes on.")
        if journal.state is State.MOVED:
            self._end(journal)
        with self._database.connect() as connection:
            left = store.subjects_of(connection, journal.source)
        if left:
            raise Unequal(
                f"{len(left)} people have seals of {journal.source} again, which open for nobody.",
                hint="Take those rows out: the database was put back, or written to, after the move.",
            )
        progress(0, 0, "the database writes its files anew")
        refused = store.part(self._database.engine) + rewrite(self._database.engine)
        self._step("rewritten")
        seen = self._sweep(journal, places, [*beside, *refused], progress)
        if seen.found:
            raise Leftovers(
                f"Old copies are left: {'; '.join(seen.places[:10])}.",
                hint="Delete them, and run the same command again.",
            )
        return self._signed(journal, seen, key)

    def _end(self, journal: Journal) -> None:
        asked = {"text": journal.word, "signatures": journal.signatures}
        by = sorted(journal.signatures)
        with suppress(RegionEnded):  # it was done, and the process was killed before it was noted
            by = list(self._source.call("regions.end", asked, errors=_ENDING, timeout_s=END_S)["by"])
        self._step("destroyed")
        journal.ended = {"region": journal.source, "by": by, "word": journal.word}
        journal.state = State.ENDED
        journal.keep()
        self._step("ended")

    def _signed(self, journal: Journal, seen: Sweep, key: SigningKey) -> str:
        journal.at = journal.at or self._clock.now().astimezone(UTC).isoformat(timespec="seconds")
        journal.keep()
        people = [Subject(kind, one) for one in journal.canaries for kind in Kind]
        with self._database.begin() as connection:
            store.remove(connection, people)
        self._target.destroy(people)
        scanned = {**seen.as_dict(), "seen_before": journal.seen_before}
        told = {"form": rules.FORM, "move": journal.move, "from": journal.source, "to": journal.target}
        body = {
            **told,
            "at": journal.at,
            "keys": journal.keys,
            "inventory": {"before": journal.before, "after": journal.after},
            "destroyed": journal.ended,
            "scan": scanned,
            "marks": journal.marks,
            "canaries": len(journal.canaries),
            "log": key.name,
        }
        text = rules.certify(body, key)
        (self._folder / CERTIFICATE).write_text(text)
        with self._database.begin() as connection:
            journal.leaf_seq = enqueue(connection, [rules.leaf(body, rules.digest_of(text))])
        journal.key, journal.needles, journal.state = "", "", State.CERTIFIED
        journal.keep()
        self._step("certified")
        return text

    def _standing(self) -> Journal:
        journal = Journal.read(self._folder)
        if journal is None:
            raise NotYet("No move was begun.", hint="Run: openforyou regions move --to REGION")
        return journal

    def _sweep(self, journal: Journal, places: Sequence[Path], beside: Sequence[str], progress: Progress) -> Sweep:
        key = bytes.fromhex(journal.key)
        told = json.loads(crypto.unwrap(key, _NEEDLES, bytes.fromhex(journal.needles)))
        emails = [rules.canary_email(key, number) for number in range(len(journal.canaries))]
        return sweep(places, needles_of(emails, [from_base64url(one) for one in told]), beside, progress)


def _subjects(broker: Broker) -> list[Subject]:
    found: list[Subject] = []
    after, more = 0, True
    while more:
        told = broker.call("regions.subjects", {"after": after})
        found += [Subject(Kind(kind), number) for kind, number in told["subjects"]]
        more = bool(told["more"]) and bool(told["subjects"])
        after = found[-1].id if found else 0
    return found


def _parts(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(ids), AT_ONCE):
        yield ids[start : start + AT_ONCE]
