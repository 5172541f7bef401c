"""Other servers, on the loopback address: names, certificates and web pages that a drill or a test makes up.

One authority, one TLS server for all hosts, one name server. What they answer may be changed while they run.
"""

from __future__ import annotations

import json
import socket
import ssl
import threading
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

LOOPBACK = "127.0.0.1"
POLL_S = 0.02


class Authority:
    """Signs certificates for names."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._certificate = self._signed("authority", self._key.public_key(), ())

    def pem(self) -> str:
        """Its own certificate, to be believed."""
        return self._certificate.public_bytes(serialization.Encoding.PEM).decode()

    def trust(self) -> ssl.SSLContext:
        """Believes this authority and no other."""
        return ssl.create_default_context(cadata=self.pem())

    def server(self, folder: Path, hosts: Sequence[str]) -> ssl.SSLContext:
        """For a server that is these hosts; the key is left in `folder`."""
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = self._signed(hosts[0], key.public_key(), hosts)
        file = folder / f"{hosts[0]}.pem"
        secret = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        file.write_bytes(secret + certificate.public_bytes(serialization.Encoding.PEM))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        return context

    def _signed(self, name: str, key: ec.EllipticCurvePublicKey, hosts: Sequence[str]) -> x509.Certificate:
        now = datetime.now(UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(_name(name))
            .issuer_name(_name("authority"))
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(hours=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=not hosts, path_length=None), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False)
        )
        if hosts:
            names = x509.SubjectAlternativeName([x509.DNSName(host) for host in hosts])
            builder = builder.add_extension(names, critical=False)
        return builder.sign(self._key, hashes.SHA256())


@dataclass(frozen=True, slots=True)
class Request:
    """What a page is asked with."""

    host: str
    path: str
    query: dict[str, str]
    form: dict[str, str]
    headers: dict[str, str]


@dataclass(frozen=True, slots=True)
class Reply:
    """What a page answers."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


Page = Reply | Callable[[Request], Reply]


def html(body: str) -> Reply:
    """A web page."""
    return Reply(f"<!doctype html><meta charset=utf-8>{body}".encode(), 200, {"Content-Type": "text/html"})


def as_json(value: Any, status: int = 200) -> Reply:
    """A JSON value."""
    return Reply(json.dumps(value).encode(), status, {"Content-Type": "application/json"})


def moved(to: str) -> Reply:
    """A redirect."""
    return Reply(b"", 302, {"Location": to})


class Elsewhere:
    """A context manager. `pages` by (host, path without query); `texts` are TXT records by name; each host of `hosts`
    has the loopback address, unless `addresses` says another. Hosts are reached at `port`, under https."""

    def __init__(self, folder: Path, hosts: Sequence[str]) -> None:
        self.authority = Authority()
        self.pages: dict[tuple[str, str], Page] = {}
        self.texts: dict[str, list[str]] = {}
        self.addresses = dict.fromkeys(hosts, LOOPBACK)
        self.asked: list[tuple[str, str]] = []
        self._context = self.authority.server(folder, hosts)
        self._open = ExitStack()
        self.port = 0
        self.name_server = ""

    def __enter__(self) -> Self:
        self._serve()
        names = self._open.enter_context(closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)))
        names.bind((LOOPBACK, 0))
        names.settimeout(POLL_S)
        self.name_server = f"{LOOPBACK}:{names.getsockname()[1]}"
        over = threading.Event()
        thread = threading.Thread(target=self._answer_names, args=(names, over), daemon=True)
        thread.start()
        self._open.callback(thread.join)
        self._open.callback(over.set)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

    def at(self, host: str) -> str:
        """A host with its port, as it is written in handles and addresses."""
        return f"{host}:{self.port}"

    def _serve(self) -> None:
        pages, asked = self.pages, self.asked

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                """Answer by the pages."""
                parts = urlsplit(self.path)
                host = self.headers.get("Host", "").partition(":")[0]
                length = int(self.headers.get("Content-Length") or 0)
                asked.append((host, self.path))
                form = dict(parse_qsl(self.rfile.read(length).decode()))
                request = Request(host, parts.path, dict(parse_qsl(parts.query)), form, dict(self.headers))
                page = pages.get((host, parts.path), Reply(b"nothing here", 404))
                reply = page if isinstance(page, Reply) else page(request)
                self.send_response(reply.status)
                for name, value in {**reply.headers, "Content-Length": str(len(reply.body))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(reply.body)

            do_POST = do_GET  # noqa: N815 - the name is the protocol's

            def log_message(self, *told: Any) -> None:
                """Nothing."""

        server = self._open.enter_context(_Server((LOOPBACK, 0), Handler))
        server.daemon_threads = True
        server.socket = self._context.wrap_socket(server.socket, server_side=True)
        self.port = server.server_port
        thread = threading.Thread(target=server.serve_forever, args=(POLL_S,), daemon=True)
        thread.start()
        self._open.callback(thread.join)
        self._open.callback(server.shutdown)

    def _answer_names(self, names: socket.socket, over: threading.Event) -> None:
        while not over.is_set():
            try:
                asked, whom = names.recvfrom(4_096)
            except TimeoutError:
                continue
            names.sendto(self._answer(dns.message.from_wire(asked)).to_wire(), whom)

    def _answer(self, asked: dns.message.Message) -> dns.message.Message:
        answer = dns.message.make_response(asked)
        answer.flags |= dns.flags.RA
        question = asked.question[0]
        name = question.name.to_text(omit_final_dot=True).lower()
        if question.rdtype == dns.rdatatype.TXT:
            found = [json.dumps(text) for text in self.texts.get(name, ())]
        else:
            found = [self.addresses[name]] if name in self.addresses and question.rdtype == dns.rdatatype.A else []
        if found:
            answer.answer.append(dns.rrset.from_text(question.name, 0, question.rdclass, question.rdtype, *found))
        elif name not in self.addresses and name not in self.texts:
            answer.set_rcode(dns.rcode.NXDOMAIN)
        return answer


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that breaks off is often what is wanted."""


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])
