"""Authorities and signers of our own, and files that they sign as a camera, an editor or a generator would."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import av
import c2pa
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

from openforyou.ingest.credentials.containers import media_type
from openforyou.ingest.credentials.library import context

SOURCE_TYPE = "http://cv.iptc.org/newscodes/digitalsourcetype/"
CLAIM_SIGNING = ObjectIdentifier("1.3.6.1.4.1.62558.2.1")
PEM = serialization.Encoding.PEM


def _name(common: str) -> x509.Name:
    organization = x509.NameAttribute(NameOID.ORGANIZATION_NAME, f"{common} Inc.")
    return x509.Name([organization, x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _usage(authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(not authority, False, False, False, False, authority, authority, False, False)


@dataclass
class Authority:
    """Gives signers their certificates. `days` is how long they are good; below zero they have run out."""

    name: str
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def __post_init__(self) -> None:
        self.certificate = self._certified(self.name, self.key.public_key(), None, 3_650)

    @property
    def pem(self) -> str:
        """As it stands in a trust list."""
        return self.certificate.public_bytes(PEM).decode()

    def signer(
        self, name: str, *, purpose: ObjectIdentifier = ExtendedKeyUsageOID.EMAIL_PROTECTION, days: int = 365
    ) -> TestSigner:
        """Somebody who signs."""
        key = ec.generate_private_key(ec.SECP256R1())
        leaf = self._certified(name, key.public_key(), purpose, days)
        plain = key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        return TestSigner(name, leaf.public_bytes(PEM).decode() + self.pem, plain.decode())

    def _certified(
        self, name: str, key: ec.EllipticCurvePublicKey, purpose: ObjectIdentifier | None, days: int
    ) -> x509.Certificate:
        now, is_authority = datetime.now(UTC), purpose is None
        builder = (
            x509.CertificateBuilder()
            .subject_name(_name(name))
            .issuer_name(_name(self.name))
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=400))
            .not_valid_after(now + timedelta(days=days))
            .add_extension(x509.BasicConstraints(is_authority, 0 if is_authority else None), True)
            .add_extension(_usage(is_authority), True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), False)
        )
        if purpose is not None:
            builder = builder.add_extension(x509.ExtendedKeyUsage([purpose]), False)
        return builder.sign(self.key, hashes.SHA256())


@dataclass
class TestSigner:
    """Signs files with whatever manifest a test wants."""

    __test__ = False
    name: str
    chain: str
    key: str

    def sign(self, source: Path, target: Path, *assertions: dict[str, Any], **how: Any) -> Path:
        """Write `source`, signed, to `target`. `parents` are files that it was made from, `remote` an address for the
        manifest instead of the file, `source_type` what kind of picture it is, `thumbnails` whether to add them."""
        kind = SOURCE_TYPE + how.get("source_type", "digitalCapture")
        action = {"action": "c2pa.created", "when": "2026-01-02T03:04:05Z", "digitalSourceType": kind}
        parents: Sequence[Path] = how.get("parents", ())
        if parents:
            action = {"action": "c2pa.opened", "parameters": {"ingredientIds": ["parent"]}}
        manifest = {
            "claim_generator_info": [{"name": "Test Camera", "version": "1.2"}],
            "title": how.get("title", "IMG_0001"),
            "assertions": [{"label": "c2pa.actions.v2", "data": {"actions": [action]}}, *assertions],
        }
        builder = c2pa.Builder.from_json(json.dumps(manifest), how.get("context") or context())
        for parent in parents:
            with parent.open("rb") as file:
                told = {"title": parent.name, "relationship": "parentOf", "label": "parent"}
                builder.add_ingredient(json.dumps(told), media_type(parent), file)
        if "remote" in how:
            builder.set_no_embed()
            builder.set_remote_url(how["remote"])
        info = c2pa.C2paSignerInfo("es256", self.chain.encode(), self.key.encode(), None)
        with source.open("rb") as read, target.open("w+b") as written, c2pa.Signer.from_info(info) as signer:
            builder.sign(signer, media_type(source), read, written)
        return target


def mining(label: str = "cawg.training-mining", **uses: Any) -> dict[str, Any]:
    """A training and data mining assertion: `ai_training="notAllowed"`, or an entry of its own as a dictionary."""
    prefix = label.partition(".")[0]
    entries = {f"{prefix}.{purpose}": use if isinstance(use, dict) else {"use": use} for purpose, use in uses.items()}
    return {"label": label, "data": {"entries": entries}}


def flipped(path: Path, target: Path, unsigned: Path) -> Path:
    """A copy of a signed file with one bit of its picture or sound changed: in the middle of what was signed."""
    content, before = bytearray(path.read_bytes()), unsigned.read_bytes()
    middle = len(before) // 2
    content[content.index(before[middle : middle + 24])] ^= 1
    target.write_bytes(content)
    return target


def stream_copy(path: Path, target: Path) -> Path:
    """The same pictures and sound in a container of their own, as converters make it."""
    with av.open(str(path)) as source, av.open(str(target), "w") as copy:
        streams = {stream: copy.add_stream_from_template(stream) for stream in source.streams}
        for packet in source.demux():
            if packet.dts is not None:
                packet.stream = streams[packet.stream]
                copy.mux(packet)
    return target
