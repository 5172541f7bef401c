"""The broker behind its socket: what it answers, whom it hears, and what a client believes."""

from __future__ import annotations

import os
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from openforyou.core.errors import BadInput, TooLarge
from openforyou.privacy.broker.address import SOCKET, Address, Tls, bound, bound_port, server_context
from openforyou.privacy.broker.client import BrokerClient
from openforyou.privacy.broker.frames import FRAME_BYTES_MAX
from openforyou.privacy.broker.keeper import LocalKeeper
from openforyou.privacy.broker.operations import Peer, keeper_operations
from openforyou.privacy.broker.server import Running, Server, alone
from openforyou.privacy.vault.errors import BrokerUnavailable, Destroyed, Unopened
from openforyou.privacy.vault.types import Field, Kind, Subject

ONE, OTHER = Subject(Kind.ACCOUNT, 1), Subject(Kind.ACCOUNT, 2)
EMAIL = {Field.EMAIL: b"a@example.org"}
WITHIN_S = 20.0


@pytest.fixture
def keeper(tmp_path: Path) -> Iterator[LocalKeeper]:
    with LocalKeeper.open(tmp_path / "broker") as opened:
        yield opened


@pytest.fixture
def client(keeper: LocalKeeper) -> Iterator[BrokerClient]:
    with Server(bound(keeper.folder / SOCKET, 0o600), keeper_operations(keeper)), asking(keeper.folder) as opened:
        yield opened


def asking(folder: Path, timeout_s: float = 5.0) -> BrokerClient:
    return BrokerClient(Address(path=folder / SOCKET), timeout_s=timeout_s)


def test_a_client_gets_what_the_keeper_gives(client: BrokerClient, keeper: LocalKeeper) -> None:
    sealed = client.seal(ONE, {**EMAIL, Field.MINOR: b"0"})
    assert client.open_own(ONE, sealed) == keeper.open_own(ONE, sealed) == {**EMAIL, Field.MINOR: b"0"}
    assert client.mark(Field.EMAIL, [b"x", b"y"]) == keeper.mark(Field.EMAIL, [b"x", b"y"])
    assert client.event_secrets(range(1, 4_500)) == keeper.event_secrets(range(1, 4_500))
    client.adopt({9_000: b"s" * 32})
    assert client.event_secrets([9_000]) == {9_000: b"s" * 32}
    assert client.about() == "home"
    with pytest.raises(Unopened):
        client.open_own(OTHER, sealed)
    assert client.destroy([ONE]) == 1
    with pytest.raises(Destroyed, match="Nothing brings it back"):
        client.open_own(ONE, sealed)
    assert client.seal(OTHER, {}) == client.open_own(OTHER, {}) == {}


def test_many_threads_share_its_lines(client: BrokerClient) -> None:
    def ask(number: int) -> bool:
        subject = Subject(Kind.ACCOUNT, 1 + number % 7)
        value = {Field.EMAIL: b"%d" % number}
        return client.open_own(subject, client.seal(subject, value)) == value

    with ThreadPoolExecutor(24) as pool:
        assert all(pool.map(ask, range(240)))


def test_other_rooms_add_operations_and_their_errors_travel(keeper: LocalKeeper) -> None:
    seen: list[Peer] = []

    class Asleep(BadInput):
        code = "asleep"

    def wake(arguments: Mapping[str, Any], peer: Peer) -> Mapping[str, Any]:
        seen.append(peer)
        if arguments.get("how") == "shout":
            raise Asleep("It sleeps.", hint="Softly.", field="how")
        return {"up": arguments["how"]}

    operations = {**keeper_operations(keeper), "wake": wake}
    with Server(bound(keeper.folder / SOCKET, 0o600), operations), asking(keeper.folder) as client:
        assert client.call("wake", {"how": "softly"}) == {"up": "softly"}
        with pytest.raises(Asleep, match="Softly") as raised:
            client.call("wake", {"how": "shout"}, errors={"asleep": Asleep})
        assert raised.value.field == "how"
        with pytest.raises(BrokerUnavailable, match="failed at this"):
            client.call("wake", {})
        with pytest.raises(BadInput, match="no such operation"):
            client.call("sleep", {})
    assert seen[0] == Peer(uid=os.getuid())


def test_a_question_that_cannot_be_is_refused(client: BrokerClient) -> None:
    for operation, arguments in (
        ("seal", {"kind": "cat", "id": 1, "values": {}}),
        ("seal", {"kind": "account", "id": "1", "values": {}}),
        ("seal", {"kind": "account", "id": 0, "values": {}}),
        ("seal", {"kind": "account", "id": 1, "values": {"shoe": "eA"}}),
        ("seal", {"kind": "account", "id": 1, "values": {"email": "+++"}}),
        ("open_own", {"kind": "account", "id": 1}),
        ("event_secrets", {"viewers": [True]}),
        ("event_secrets", {"viewers": list(range(1, 4_002))}),
        ("destroy", {"subjects": [["account"]]}),
        ("adopt", {"viewers": [1], "secrets": ["eA"]}),
    ):
        with pytest.raises(BadInput):
            client.call(operation, arguments)
    with pytest.raises(TooLarge):
        client.seal(ONE, {Field.EMAIL: bytes(70_000)})
    with pytest.raises(BrokerUnavailable, match="message to or from"):
        client.call("mark", {"field": "email", "values": ["A" * FRAME_BYTES_MAX]})


@pytest.mark.parametrize("frame", [b"\xff\xff\xff\xff", b"\x00\x00\x00\x02{]", b"\x00\x00\x00\x02{}", b"\x00\x00"])
def test_what_is_no_frame_ends_its_line_and_no_other(client: BrokerClient, keeper: LocalKeeper, frame: bytes) -> None:
    with socket.socket(socket.AF_UNIX) as rude:
        rude.settimeout(WITHIN_S)
        rude.connect(str(keeper.folder / SOCKET))
        rude.sendall(frame)
        rude.shutdown(socket.SHUT_WR)
        assert rude.recv(1) == b""
    assert client.about() == "home"


def test_it_hears_only_its_own_users_and_no_more_than_it_can(keeper: LocalKeeper) -> None:
    path = keeper.folder / SOCKET
    for_another = Server(bound(path, 0o600), {}, peers=[os.getuid() + 1])
    with for_another, asking(keeper.folder) as stranger, pytest.raises(BrokerUnavailable):
        stranger.about()
    operations = keeper_operations(keeper)
    with Server(bound(path, 0o600), operations, connections_max=1), asking(keeper.folder) as first:
        assert first.about() == "home"
        with (
            asking(keeper.folder) as second,
            pytest.raises(BrokerUnavailable, match=r"too many connections|ended the connection"),
        ):
            second.about()
        assert first.about() == "home"


def test_one_broker_a_folder(keeper: LocalKeeper) -> None:
    with alone(keeper.folder), pytest.raises(Running), alone(keeper.folder):
        pass
    with alone(keeper.folder):
        pass


def test_a_folder_may_lie_deep(tmp_path: Path) -> None:
    folder = tmp_path / ("deep" * 30) / "broker"
    with LocalKeeper.open(folder) as keeper:
        operations = keeper_operations(keeper)
        server = Server(bound(folder / SOCKET, 0o600), operations)
        with server, asking(folder) as client:
            assert client.about() == "home"


# A broker that is down, slow, or lies


@contextmanager
def liar(folder: Path, answer: Callable[[dict[str, Any]], Any]) -> Iterator[None]:
    """Answers a question with what `answer` makes of it: bytes as they are, an object as a frame, None never; no bytes
    at all end the line."""
    folder.mkdir(exist_ok=True)
    with bound(folder / SOCKET, 0o600) as listener:

        def serve() -> None:
            while True:
                try:
                    line, _ = listener.accept()
                except OSError:
                    return
                threading.Thread(target=one, args=(line,), daemon=True).start()

        def one(line: socket.socket) -> None:
            with line, line.makefile("rb") as lines:
                while head := lines.read(4):
                    told = answer(orjson.loads(lines.read(struct.unpack(">I", head)[0])))
                    if told == b"":
                        return
                    body = told if isinstance(told, bytes) else orjson.dumps(told)
                    if told is not None:
                        with suppress(OSError):  # who asked may have left
                            line.sendall(body if isinstance(told, bytes) else struct.pack(">I", len(body)) + body)

        threading.Thread(target=serve, daemon=True).start()
        yield
        listener.shutdown(socket.SHUT_RDWR)


def said(question: dict[str, Any], ok: Any) -> dict[str, Any]:
    return {"v": 1, "id": question["id"], "ok": ok}


SECRET = "A" * 43
LIES: dict[str, Callable[[dict[str, Any]], Any]] = {
    "never": lambda question: None,
    "another's": lambda question: {"v": 1, "id": "0" * 16, "ok": {"secrets": [SECRET]}},
    "too many": lambda question: said(question, {"secrets": [SECRET, SECRET]}),
    "too few": lambda question: said(question, {"secrets": []}),
    "too short": lambda question: said(question, {"secrets": ["AAAA"]}),
    "no text": lambda question: said(question, {"secrets": [7]}),
    "none": lambda question: said(question, {}),
    "no object": lambda question: said(question, [SECRET]),
    "more": lambda question: {**said(question, {"secrets": [SECRET]}), "also": 1},
    "another version": lambda question: {**said(question, {"secrets": [SECRET]}), "v": 2},
    "too large": lambda question: b"\xff\xff\xff\xff",
    "cut off": lambda question: b"\x00\x00\x00\x09{",
    "error without words": lambda question: {"v": 1, "id": question["id"], "error": 5},
    "unknown error": lambda question: {"v": 1, "id": question["id"], "error": {"code": "odd", "error": "Odd."}},
}


@pytest.mark.parametrize("lie", LIES)
def test_a_wrong_answer_is_not_used(tmp_path: Path, lie: str) -> None:
    client = asking(tmp_path / "b", timeout_s=0.3)
    with liar(tmp_path / "b", LIES[lie]), client, pytest.raises(BrokerUnavailable):
        client.event_secrets([5])


def test_other_fields_than_were_asked_are_not_used(tmp_path: Path) -> None:
    answers: Any = {"values": {"minor": "MQ"}}
    with liar(tmp_path / "b", lambda question: said(question, answers)), asking(tmp_path / "b") as client:
        with pytest.raises(BrokerUnavailable, match="other fields"):
            client.open_own(ONE, {Field.EMAIL: b"x" * 80})
        answers = {"sealed": {"email": "YUBleGFtcGxlLm9yZw"}}
        with pytest.raises(BrokerUnavailable, match="a seal that is none"):
            client.seal(ONE, EMAIL)


def test_a_late_answer_is_nobodys(tmp_path: Path) -> None:
    """The first question is answered after its time; the second must not take that answer for its own."""
    waits = [0.5, 0.0]

    def answer(question: dict[str, Any]) -> Any:
        time.sleep(waits.pop(0) if waits else 0.0)
        return said(question, {"region": question["args"]["say"]})

    with liar(tmp_path / "b", answer), asking(tmp_path / "b") as client:
        with pytest.raises(BrokerUnavailable, match="in time"):
            client.call("about", {"say": "first"}, timeout_s=0.1, repeatable=True)
        assert client.call("about", {"say": "second"}, repeatable=True) == {"region": "second"}


def test_only_what_may_be_done_twice_is_asked_twice(tmp_path: Path) -> None:
    asked: list[str] = []

    def answer(question: dict[str, Any]) -> Any:
        asked.append(question["op"])
        if len(asked) == 1:
            return b""
        return said(question, {})

    with liar(tmp_path / "b", answer), asking(tmp_path / "b") as client:
        assert client.call("may", {}, repeatable=True) == {}
        asked.clear()
        with pytest.raises(BrokerUnavailable, match="ended the connection"):
            client.call("may not", {})
    assert asked == ["may not"]


def test_a_broker_that_comes_back_is_asked_again(keeper: LocalKeeper) -> None:
    path, operations = keeper.folder / SOCKET, keeper_operations(keeper)
    with asking(keeper.folder) as client:
        with Server(bound(path, 0o600), operations):
            sealed = client.seal(ONE, EMAIL)
        with pytest.raises(BrokerUnavailable, match="does not answer"):
            client.open_own(ONE, sealed)
        with Server(bound(path, 0o600), operations):
            assert client.open_own(ONE, sealed) == EMAIL


# Over a port


def certified(
    folder: Path, name: str, issuer: tuple[x509.Certificate, ec.EllipticCurvePrivateKey] | None = None
) -> Any:
    """A certificate and key in `folder/NAME.{pem,key}`, by `issuer` or by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer[0].subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    if issuer:
        about = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer[1].public_key())
        builder = builder.add_extension(about, critical=False)
    made = builder.sign(issuer[1] if issuer else key, hashes.SHA256())
    (folder / f"{name}.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    form = serialization.PrivateFormat.PKCS8
    secret = key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
    (folder / f"{name}.key").write_bytes(secret)
    return made, key


def test_over_a_port_both_sides_show_a_certificate(keeper: LocalKeeper, tmp_path: Path) -> None:
    authority = certified(tmp_path, "authority")
    for name in ("broker", "web"):
        certified(tmp_path, name, authority)
    certified(tmp_path, "stranger", certified(tmp_path, "other"))

    def files(name: str, ca: str = "authority") -> Tls:
        return Tls(*(str(tmp_path / file) for file in (f"{name}.pem", f"{name}.key", f"{ca}.pem")))

    seen: list[Peer] = []

    def who(arguments: Mapping[str, Any], peer: Peer) -> Mapping[str, Any]:
        seen.append(peer)
        return {}

    listener = bound_port("127.0.0.1", 0)
    address = Address(host="localhost", port=listener.getsockname()[1])
    operations = {**keeper_operations(keeper), "who": who}
    with Server(listener, operations, tls=server_context(files("broker"))):
        with BrokerClient(address, files("web")) as client:
            assert client.open_own(ONE, client.seal(ONE, EMAIL)) == EMAIL
            client.call("who", {})
        for wrong in (files("stranger"), files("web", "other")):
            with BrokerClient(address, wrong) as client, pytest.raises(BrokerUnavailable):
                client.about()
    assert seen == [Peer(name="web")]
    with pytest.raises(BadInput, match="none are set"):
        BrokerClient(address)


@pytest.mark.parametrize("text", ["", "unix:broker.sock", "tls://host", "http://host:1", "tls://host:1/x", "tls://h:x"])
def test_an_address_that_is_none_is_told(text: str) -> None:
    with pytest.raises(BadInput, match="OPENFORYOU_BROKER"):
        Address.read(text)


def test_an_address_reads_as_it_is_written() -> None:
    for text in ("unix:/run/ofy/broker.sock", "tls://broker.example.org:8443"):
        assert str(Address.read(text)) == text


# The process


def test_the_command_serves_a_folder_and_leaves_with_its_parent(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "openforyou", "broker", "--data", str(tmp_path), "--child"]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as process, asking(tmp_path / "broker") as client:
        until = time.monotonic() + WITHIN_S
        while not (tmp_path / "broker" / SOCKET).exists():
            assert time.monotonic() < until
            time.sleep(0.02)
        sealed = client.seal(ONE, EMAIL)
        done = subprocess.run(command[:-1], capture_output=True, text=True, timeout=WITHIN_S, check=False)
        assert (done.returncode, done.stdout) == (1, "")
        assert "serves" in done.stderr
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(WITHIN_S) == 0
    with LocalKeeper.open(tmp_path / "broker") as keeper:
        assert keeper.open_own(ONE, sealed) == EMAIL
