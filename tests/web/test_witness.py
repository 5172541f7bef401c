"""A witness over HTTP: each status that tlog-witness names, with the body that it names."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from openforyou.ledger.disk import Files, RealDisk
from openforyou.ledger.keys import Algorithm, SigningKey
from openforyou.ledger.note import parse_signatures
from openforyou.ledger.submission import SUBMISSION_BYTES_MAX, Submission
from openforyou.ledger.witness import Witness, origin_hash
from openforyou.web import witness as web_witness
from tests.ledger.growing import NOW_S, GrowingLog, Tree, witness_keys

KEYS = witness_keys()
LOG = GrowingLog()
FORK = Tree("fork", fork_at=5)


class BreakableDisk(RealDisk):
    """Fails once it is told to."""

    broken = False

    def commit(self, *stages: Files, shown: Files | None = None) -> None:
        if self.broken:
            raise OSError(28, "No space left on device")
        super().commit(*stages, shown=shown)


@pytest.fixture
def disk(tmp_path: Path) -> BreakableDisk:
    return BreakableDisk(tmp_path / "witness")


@pytest.fixture
def client(disk: BreakableDisk) -> Iterator[TestClient]:
    witness = Witness(disk, KEYS, [LOG.key.verifying], lambda: NOW_S)
    with TestClient(web_witness.create_app(witness)) as client:
        yield client
    witness.close()


def test_200_with_a_line_of_each_key(client: TestClient) -> None:
    answer = client.post("/add-checkpoint", content=LOG.submission(0, 8))
    assert answer.status_code == 200
    assert answer.text.startswith("\N{EM DASH} w.example ")
    assert answer.text.endswith("\n")
    assert [line.key_id for line in parse_signatures(answer.content)] == [key.key_id for key in KEYS]


STRANGE = GrowingLog()
STRANGE.key = SigningKey("log.example", Algorithm.ED25519, bytes(32))


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (400, b""),
        (400, b"old x\n\n"),
        (400, b"old 8\n\nno checkpoint"),
        (400, Submission(14, (), LOG.signed(13)).format()),
        (404, GrowingLog("other.example").submission(8, 13)),
        (403, STRANGE.submission(8, 13)),
        (409, LOG.submission(0, 13)),
        (409, LOG.submission(4, 4)),
        (409, LOG.submission(8, 8, FORK)),
        (422, LOG.submission(8, 13, FORK)),
        (422, Submission(8, (), LOG.signed(13)).format()),
        (413, b"old 8\n\n" + b"x" * SUBMISSION_BYTES_MAX),
    ],
)
def test_each_refusal_has_its_status(client: TestClient, status: int, body: bytes) -> None:
    client.post("/add-checkpoint", content=LOG.submission(0, 8))
    answer = client.post("/add-checkpoint", content=body)
    assert answer.status_code == status
    if status == 409:
        assert answer.headers["content-type"] == "text/x.tlog.size"
        assert answer.content == b"8\n"
    else:
        assert answer.headers["content-type"] == "text/plain; charset=utf-8"
        assert answer.text.endswith("\n")
    assert client.post("/add-checkpoint", content=LOG.submission(8, 9)).status_code == 200


def test_409_says_0_before_the_first_checkpoint(client: TestClient) -> None:
    answer = client.post("/add-checkpoint", content=LOG.submission(3, 8))
    assert (answer.status_code, answer.content) == (409, b"0\n")


def test_503_where_it_could_not_be_kept_and_nothing_is_signed(client: TestClient, disk: BreakableDisk) -> None:
    disk.broken = True
    answer = client.post("/add-checkpoint", content=LOG.submission(0, 8))
    assert answer.status_code == 503
    assert "\N{EM DASH}" not in answer.text
    disk.broken = False
    assert client.post("/add-checkpoint", content=LOG.submission(0, 8)).status_code == 200


def test_what_was_cosigned_last_can_be_read_by_anyone(client: TestClient) -> None:
    address = f"/{origin_hash('log.example')}/checkpoint"
    assert client.get(address).status_code == 404
    lines = client.post("/add-checkpoint", content=LOG.submission(0, 8)).content
    assert client.get(address).content == LOG.signed(8) + lines
    assert client.get(f"/{origin_hash('other.example')}/checkpoint").status_code == 404


def test_it_says_who_it_is(client: TestClient) -> None:
    client.post("/add-checkpoint", content=LOG.submission(0, 8))
    told = client.get("/").text
    assert all(key.vkey() in told for key in KEYS)
    assert "log.example 8\n" in told


@pytest.mark.parametrize(("method", "path"), [("GET", "/add-checkpoint"), ("PUT", "/"), ("POST", "/elsewhere")])
def test_nothing_else_is_there(client: TestClient, method: str, path: str) -> None:
    assert client.request(method, path).status_code in (404, 405)


def test_a_body_that_does_not_end_is_not_waited_for(monkeypatch: pytest.MonkeyPatch, disk: BreakableDisk) -> None:
    monkeypatch.setattr(web_witness, "BODY_WITHIN_S", 0.2)
    witness = Witness(disk, KEYS, [LOG.key.verifying])
    app = web_witness.create_app(witness)
    sent = []

    async def receive() -> dict[str, object]:
        await asyncio.sleep(0.01)
        return {"type": "http.request", "body": b"x", "more_body": True}

    async def send(message: dict[str, object]) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": "/add-checkpoint", "headers": [], "query_string": b""}
    asyncio.run(app(scope, receive, send))  # type: ignore[arg-type]
    assert sent[0]["status"] == 408
    witness.close()
