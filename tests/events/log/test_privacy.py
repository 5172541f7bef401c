"""No personal data in the public log, ever: every byte of it is looked at, for every spelling of what is personal.

The search itself is tried on logs into which somebody's data was planted, so that finding nothing means something.
"""

from __future__ import annotations

import base64
import hashlib
import itertools
import json
import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote
from uuid import UUID, uuid4

import pytest
from argon2 import PasswordHasher
from fastapi.testclient import TestClient
from sqlalchemy import text

from openforyou.accounts.passwords import Passwords
from openforyou.accounts.service import Accounts
from openforyou.app.platform import Platform
from openforyou.core.clock import ManualClock
from openforyou.core.ids import decode_id, encode_id
from openforyou.events.leaf import Action, encode_record
from openforyou.events.log import store
from openforyou.ledger import fsck
from openforyou.ledger.policy import Policy
from openforyou.ledger.source import FolderSource
from openforyou.moderation.types import Proposal, Scope, ScopeKind
from openforyou.web.application import create_app
from tests.events.log.model import FOLLOW, LIKE, nullifier, read_leaf
from tests.web.conftest import ORIGIN, World, event

EMAIL, PASSWORD, HANDLE = "rosalind.f@example.org", "photo fifty-one!", "rosalind_f"
ADDRESS, AGENT, DETAIL = "203.0.113.77", "Quillfeather/41.7 (Lyrebird)", "he lives at Gartenweg 12"
LANGUAGE = "de-CH, de;q=0.8"
KINDS = ("impression", "view", "watch", "complete", "skip", "like", "share", "not_interested", "report", "follow")
RECORD_KEYS = {
    "policy": {"id", "kind", "name", "reason", "scope", "limit", "factor", "since", "until"},
    "policy_end": {"id", "reason", "at"},
    "refused": {"since", "until", "by_reason"},
    "weights": {"digest", "values"},
    "right": {"v", "act", "right", "kind", "commitment"},
}
SHORTEST = 6
"""Spellings of fewer bytes stand in any noise."""


class Someone:
    """A signed-in viewer, and everything about them that nobody else is to learn."""

    def __init__(self, world: World, clock: ManualClock) -> None:
        self.world, self._clock = world, clock
        self.personal: dict[str, str | int | bytes] = {
            "e-mail": EMAIL,
            "password": PASSWORD,
            "handle": HANDLE,
            "address": ADDRESS,
            "address as a number": str(int.from_bytes(map(int, ADDRESS.split(".")), "big")),
            "browser": AGENT,
            "language": LANGUAGE,
            "words of a report": DETAIL,
        }
        self._client = TestClient(
            create_app(world.platform),
            base_url=ORIGIN,
            headers={"Sec-Fetch-Site": "same-origin", "User-Agent": AGENT, "Accept-Language": LANGUAGE},
            client=(ADDRESS, 50_123),
        )

    def live(self) -> None:
        """Sign up, choose a handle, watch and say everything that there is to say; be refused once."""
        with self._client as client:
            assert client.post("/v1/accounts", json={"email": EMAIL, "password": PASSWORD}).status_code == 201
            answer = client.post("/v1/creators", json={"handle": HANDLE, "name": HANDLE.title()})
            assert answer.status_code in (200, 201), answer.text
            self._clock.advance(timedelta(seconds=1))
            cards = client.get("/v1/feed").json()["items"]
            assert cards
            self._clock.advance(timedelta(seconds=3))
            told = [
                event(kind, card, self._clock.now(), **({"watch_ms": 1_717} if kind == "watch" else {}))
                for card in cards
                for kind in KINDS
            ]
            for one in told:
                if one["type"] == "report":
                    one["detail"] = DETAIL
            outcomes = client.post("/v1/events", json={"events": told}).json()
            assert outcomes["refused"] == 0, outcomes
            assert client.put("/v1/rights", json={"learn": True}).status_code == 200
            assert client.post("/v1/events", json={"events": [{**told[0], "feed_context": "AAAA"}]}).status_code == 422
            self._note(told, cards, client)

    def _note(self, told: list[dict[str, object]], cards: list[dict[str, object]], client: TestClient) -> None:
        for number, one in enumerate(told):
            self.personal[f"event id {number}"] = UUID(str(one["id"])).bytes
            self.personal[f"event id {number} as text"] = str(one["id"])
        for number, card in enumerate(cards):
            self.personal[f"context {number}"] = str(card["feed_context"])
        for name, value in client.cookies.items():
            self.personal[f"cookie {name}"] = value
        account = self.world.platform.accounts.sign_in(EMAIL, PASSWORD)
        self.viewer = account.viewer_id
        with self.world.platform.database.connect() as connection:
            hashed = connection.scalar(text("SELECT password_hash FROM accounts WHERE id = :id"), {"id": account.id})
            self.personal |= {"account id": account.id, "viewer id": self.viewer, "password hash": str(hashed)}
            self.secret = store_secret(self.world.platform, self.viewer)
            requests = connection.scalars(text("SELECT request_id FROM slates"))
            self.personal |= {f"request {number}": int(request) for number, request in enumerate(requests)}
        for start in range(0, len(self.secret), 8):
            self.personal[f"secret from byte {start}"] = self.secret[start : start + 8]


def store_secret(platform: Platform, viewer: int) -> bytes:
    return platform.keeper.event_secrets([viewer])[viewer]


def spellings(value: str | int | bytes) -> Iterator[tuple[str, bytes]]:
    """Each way in which a value may stand in a file, hashes without a key among them: they can be guessed."""
    if isinstance(value, int):
        yield "decimal", str(value).encode()
        yield "hexadecimal", f"{value:x}".encode()
        yield "public id", encode_id(value).encode()
        yield from _of_bytes("big-endian", value.to_bytes(8, "big"))
        yield from _of_bytes("little-endian", value.to_bytes(8, "little"))
        yield from _hashes(str(value).encode())
    elif isinstance(value, bytes):
        yield from _of_bytes("bytes", value)
        yield "decimal", str(int.from_bytes(value, "big")).encode()
        yield from _hashes(value)
    else:
        yield from _of_bytes("text", value.encode())
        yield "percent-encoded", quote(value, safe="").encode()
        yield "JSON", json.dumps(value)[1:-1].encode()
        yield "UTF-16", value.encode("utf-16-le")
        yield from _hashes(value.encode())


def _of_bytes(name: str, data: bytes) -> Iterator[tuple[str, bytes]]:
    yield name, data
    yield f"{name}, reversed", data[::-1]
    yield f"{name} in hexadecimal", data.hex().encode()
    for shift in range(3):  # wherever it stands in what was encoded
        whole = base64.b64encode(bytes(shift) + data)
        middle = whole[-(-shift * 8 // 6) : (shift + len(data)) * 8 // 6]
        yield f"{name} in base 64 at {shift}", middle
        yield f"{name} in base 64 for URLs at {shift}", middle.translate(bytes.maketrans(b"+/", b"-_"))


def _hashes(data: bytes) -> Iterator[tuple[str, bytes]]:
    for name in ("md5", "sha1", "sha256", "blake2b"):
        digest = hashlib.new(name, data).digest()
        yield f"{name}, cut to a nullifier's length", digest[:16]
        yield f"{name} in hexadecimal", digest.hex()[:32].encode()


def leaks(folder: Path, personal: dict[str, str | int | bytes]) -> list[str]:
    """What of somebody stands in the files, by name, spelling and file."""
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    contents = {path: path.read_bytes().lower() for path in files}
    assert any(contents.values())
    found = []
    for name, value in personal.items():
        for spelling, data in spellings(value):
            if len(data) < SHORTEST:
                continue
            for path, content in contents.items():
                if data.lower() in content:
                    found.append(f"{name} as {spelling} in {path.relative_to(folder)}")
    return found


@pytest.fixture
def someone(platform: Platform, tmp_path: Path, clock: ManualClock) -> Someone:
    passwords = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    platform.accounts = Accounts(platform.database, platform.clock, platform.keeper, passwords)
    world = World(platform, tmp_path)
    creator = world.creator("filmmaker")
    for number in range(6):
        world.item(creator, f"Clip {number}")
    return Someone(world, clock)


def entries(platform: Platform) -> list[bytes]:
    found: list[bytes] = []
    policy = Policy.single(platform.settings.log_key().vkey())
    fsck.check(FolderSource(platform.settings.log_folder), policy, on_entries=lambda _, more: found.extend(more))
    return found


def publish_everything(someone: Someone, monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    platform = someone.world.platform
    someone.live()
    monkeypatch.setattr("openforyou.events.log.sequencer.REFUSALS_EVERY_S", 0.0)
    item = next(leaf.subject for data in waiting(platform) if (leaf := read_leaf(data)).action == LIKE)
    policy = platform.policies.publish(Proposal("cap", "A cap", "It was copied.", Scope(ScopeKind.ITEM, item), limit=9))
    platform.log.step()
    platform.policies.end(policy.id, "It was not copied.")
    platform.log.step()
    return entries(platform)


def waiting(platform: Platform) -> list[bytes]:
    with platform.database.connect() as connection:
        state = store.state(connection)
        return [leaf for leaf in store.pending(connection, state.folded, state.queued) if leaf[:1] != b"{"]


def test_nobody_is_found_in_the_log(someone: Someone, monkeypatch: pytest.MonkeyPatch) -> None:
    leaves = publish_everything(someone, monkeypatch)
    deeds = [read_leaf(leaf) for leaf in leaves if leaf[:1] != b"{"]
    assert {deed.action for deed in deeds} == {int(action) for action in Action}, "all of it was done, and is told"
    records = [json.loads(leaf) for leaf in leaves if leaf[:1] == b"{"]
    assert {record["type"] for record in records} >= {"policy", "policy_end", "refused", "right"}
    assert len(someone.personal) > 80
    assert leaks(someone.world.platform.settings.log_folder, someone.personal) == []


def test_a_leaf_has_no_room_for_more_than_the_deed(someone: Someone, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each byte of each leaf is accounted for: subject, day, turn or sum, and a keyed hash."""
    leaves = publish_everything(someone, monkeypatch)
    with someone.world.platform.database.connect() as connection:
        items = set(connection.scalars(text("SELECT id FROM items")))
        creators = set(connection.scalars(text("SELECT id FROM creators")))
    day = someone.world.platform.clock.now().date().toordinal() - 719_163
    for data in leaves:
        if data[:1] == b"{":
            record = json.loads(data)
            assert record.keys() - {"type"} <= RECORD_KEYS[record["type"]]
            continue
        leaf = read_leaf(data)
        assert leaf.subject in (creators if leaf.action == FOLLOW else items)
        assert leaf.value in {1, day, 1_717}


def test_two_likes_of_one_viewer_have_nothing_in_common(someone: Someone, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither a beginning nor a difference; and without the secret nobody can tell whose they are."""
    leaves = publish_everything(someone, monkeypatch)
    marks = [read_leaf(leaf).nullifier for leaf in leaves if leaf[:1] != b"{"]
    assert len(marks) == len(set(marks)) > 60
    for one, other in itertools.combinations(marks, 2):
        assert one[:5] != other[:5]
        assert one[-5:] != other[-5:]
    differences = [bytes(a ^ b for a, b in zip(one, other, strict=True)) for one, other in itertools.pairwise(marks)]
    assert len(set(differences)) == len(differences)
    like = next(leaf for data in leaves if data[:1] != b"{" and (leaf := read_leaf(data)).action == LIKE)
    assert nullifier(someone.secret, LIKE, like.subject) == like.nullifier
    assert nullifier(bytes(32), LIKE, like.subject) != like.nullifier


def test_the_order_of_a_batch_tells_nothing(someone: Someone, monkeypatch: pytest.MonkeyPatch) -> None:
    leaves = publish_everything(someone, monkeypatch)
    with someone.world.platform.database.connect() as connection:
        batches = [(row[0], row[1]) for row in connection.execute(text("SELECT start, stop FROM log_batches"))]
        accepted = [bytes(leaf) for leaf in connection.scalars(text("SELECT leaf FROM events ORDER BY leaf_seq"))]
    assert sum(stop - start for start, stop in batches) == len(leaves)
    for start, stop in batches:
        assert leaves[start:stop] == sorted(leaves[start:stop])
    assert accepted != sorted(accepted), "they did not come in that order"


# What is planted must be found


def test_every_spelling_of_everything_would_be_found(tmp_path: Path) -> None:
    personal: dict[str, str | int | bytes] = {"e-mail": EMAIL, "viewer": 5_512_345_678_901_234_567, "id": uuid4().bytes}
    for name, value in personal.items():
        for spelling, data in spellings(value):
            (tmp_path / "leaf").write_bytes(os.urandom(40) + data + os.urandom(40))
            assert any(found.startswith(f"{name} as ") for found in leaks(tmp_path, personal)), f"{name} as {spelling}"
    for shift in range(9):
        (tmp_path / "leaf").write_bytes(base64.b64encode(b"?" * shift + EMAIL.encode() + b"!!!!"))
        assert leaks(tmp_path, personal), f"base 64, {shift} bytes behind its beginning"
    (tmp_path / "leaf").write_bytes(os.urandom(5_000))
    assert leaks(tmp_path, personal) == []


def test_a_name_in_a_record_would_be_found(someone: Someone, monkeypatch: pytest.MonkeyPatch) -> None:
    platform = someone.world.platform
    publish_everything(someone, monkeypatch)
    with platform.database.begin() as connection:
        store.enqueue(connection, [encode_record("weights", {"digest": encode_id(someone.viewer), "values": {}})])
    platform.log.step()
    (found,) = leaks(platform.settings.log_folder, {"viewer id": someone.viewer})
    assert found.startswith("viewer id as public id in tile/entries/")
    assert decode_id(encode_id(someone.viewer)) == someone.viewer


def test_a_nullifier_that_shows_the_secret_would_be_found(someone: Someone, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("openforyou.events.intake.nullifier", lambda secret, action, subject, scope=b"": secret[:16])
    someone.live()
    someone.world.platform.log.step()
    found = leaks(someone.world.platform.settings.log_folder, someone.personal)
    assert any(one.startswith("secret from byte 0 as bytes") for one in found)
