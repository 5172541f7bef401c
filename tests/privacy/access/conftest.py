"""A broker of access with staff, people, and a real log that is written while it waits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from openforyou.core.ids import encode_id
from openforyou.ledger.keys import SigningKey
from openforyou.ledger.source import FolderSource
from openforyou.ledger.writer import LogWriter
from openforyou.privacy.access import acts
from openforyou.privacy.access.integrity import VKEY
from openforyou.privacy.access.published import Published
from openforyou.privacy.access.service import Access
from openforyou.privacy.access.store import Store
from openforyou.privacy.access.types import Beside, Doing, Duty
from openforyou.privacy.vault.errors import Unopened
from openforyou.privacy.vault.types import Field, Kind, Subject

NOW = datetime(2026, 5, 4, 9, 0, tzinfo=UTC)
WHY = "They wrote to support and cannot sign in any more."
ADA, BEA = Subject(Kind.ACCOUNT, 11), Subject(Kind.ACCOUNT, 12)
KEY = SigningKey.generate("log.example")


class Hands:
    """A clock that can be set to anything."""

    def __init__(self) -> None:
        self.at = NOW

    def now(self) -> datetime:
        return self.at


class Vault:
    """Holds two people; a seal is the value behind the person's own name."""

    def __init__(self) -> None:
        self.opened: list[tuple[Subject, tuple[Field, ...]]] = []

    def holds(self, subject: Subject) -> bool:
        return subject in (ADA, BEA)

    def open_sealed(self, subject: Subject, sealed: Mapping[Field, bytes]) -> dict[Field, bytes]:
        named = f"{subject.id}:".encode()
        if not all(value.startswith(named) for value in sealed.values()):
            raise Unopened("This seal is somebody else's.")
        if set(sealed) != {Field.MINOR}:
            self.opened.append((subject, tuple(sealed)))
        return {name: value.removeprefix(named) for name, value in sealed.items()}


def seals(subject: Subject, minor: str = "0") -> dict[Field, bytes]:
    values = {Field.EMAIL: "ada@post.mail.example.org", Field.DEVICES: "my phone", Field.MINOR: minor}
    return {name: f"{subject.id}:{value}".encode() for name, value in values.items()}


@dataclass
class World:
    """`is_dead`: nobody carries records to the log."""

    folder: Path
    log: Path
    clock: Hands = field(default_factory=Hands)
    vault: Vault = field(default_factory=Vault)
    keys: dict[str, Ed25519PrivateKey] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)
    is_dead: bool = False

    def open(self) -> None:
        self.store = Store(self.folder, "home")
        met = self.store.fact(VKEY).decode()
        published = Published(FolderSource(self.log), met, wait_s=0.05, pause=lambda _: self.carry())
        self.access = Access(self.store, published, self.vault, self.clock)

    def reopen(self) -> None:
        self.store.close()
        self.open()

    def carry(self) -> None:
        waiting = [] if self.is_dead else self.access.outbox()
        if waiting:
            with LogWriter.open(self.log, KEY) as writer:
                writer.append([leaf for _, leaf in waiting])
                writer.publish()
            self.access.carried([seq for seq, _ in waiting])

    def text(self, who: str, doing: Doing, **body: Any) -> str:
        return acts.write(doing, self.ids[who], self.access.facts()["broker"], body, self.clock.at)

    def do(self, who: str, doing: Doing, *, beside: Beside | None = None, **body: Any) -> dict[str, Any]:
        text = self.text(who, doing, **body)
        return self.access.do(text, acts.sign(text, self.keys[who]), beside)

    def staff(self, name: str, *duties: Duty, account: str = "") -> None:
        self.keys[name] = Ed25519PrivateKey.generate()
        body = {"name": name, "duties": sorted(duties), "key": acts.public_text(self.keys[name])}
        made = self.do("root", Doing.ENROL, **body, **({"account": account} if account else {}))
        self.ids[name] = self.do("deputy", Doing.AGREE, proposal=made["proposal"])["staff"]

    def ask(self, who: str = "sue", subject: Any = ADA, minor: str = "0", **more: Any) -> str:
        is_one = isinstance(subject, Subject)
        body = {
            "subject": named(subject) if is_one else subject,
            "purpose": "account_recovery",
            "case": "S-1",
            "fields": ["email"],
        }
        body |= {"minutes": 30, "words": WHY} | more
        doing = more.pop("doing", Doing.REQUEST)
        body.pop("doing", None)
        beside = Beside(seals(subject, minor) if is_one else {})
        return str(self.do(who, doing, beside=beside, **body)["request"])

    def read(self, request: str, who: str = "sue", subject: Subject = ADA) -> dict[str, Any]:
        return self.do(who, Doing.READ, beside=Beside(seals(subject)), request=request)

    def later(self, **span: float) -> None:
        self.clock.at += timedelta(**span)


def named(subject: Subject) -> str:
    return f"{subject.kind.value}:{encode_id(subject.id)}"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path / "broker", tmp_path / "log")
    made.open()
    for name in ("root", "deputy"):
        made.keys[name] = Ed25519PrivateKey.generate()
        made.ids[name] = made.access.first(name, acts.public_text(made.keys[name]))["staff"]
    for name, duties in {
        "sue": {Duty.SUPPORT, Duty.GRANTER},
        "tom": {Duty.TRUST, Duty.GRANTER},
        "gil": {Duty.GRANTER},
        "rae": {Duty.REVIEWER},
        "ray": {Duty.REVIEWER},
        "lea": {Duty.LEGAL},
    }.items():
        made.staff(name, *duties)
    yield made
    made.store.close()
