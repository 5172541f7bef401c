"""Reads a file's Content Credentials. Nothing in a file makes this fail, and nothing makes it ask the network."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import c2pa
from cryptography import x509

from openforyou.catalog.credentials.types import Credentials, CredentialState, Mining
from openforyou.ingest.credentials import containers, manifests, rules
from openforyou.ingest.credentials.errors import BadTrustList
from openforyou.ingest.credentials.library import context

GONE = (c2pa.C2paError.ManifestNotFound, c2pa.C2paError.NotSupported)
RAW_LABEL = "training-mining"


class Look(NamedTuple):
    """What a file says, and the assertions in it that are not for the public, as `manifests.telling` finds them."""

    found: Credentials
    telling: tuple[str, ...] = ()


class Reader:
    """Reads against one trust list. Use from any number of threads."""

    def __init__(self, trusted: str = "") -> None:
        """`trusted`: certificates as PEM that signers may lead to; empty: nobody is known. Raises `BadTrustList`."""
        if trusted:
            _check_certificates(trusted)
        self._context = context(trusted)

    def read(self, path: Path) -> Credentials:
        """What `path` says of itself, and how far that holds."""
        return self.look(path).found

    def look(self, path: Path) -> Look:
        """As `read`, with what has to stay out when it is passed on."""
        if not containers.media_type(path):
            return Look(Credentials())
        if not containers.fits(path):
            return Look(_unreadable(path, "manifest.tooLarge"))
        try:
            with path.open("rb") as file, c2pa.Reader(None, file, context=self._context) as reader:
                report, details = json.loads(reader.json()), json.loads(reader.crjson())
        except c2pa.C2paError as error:
            return Look(_without(path, error))
        return Look(rules.credentials(report, _certificates(details)), tuple(manifests.telling(report)))


def _check_certificates(trusted: str) -> None:
    """The library skips what is none, and would then trust nobody without a word."""
    try:
        x509.load_pem_x509_certificates(trusted.encode())
    except ValueError as error:
        raise BadTrustList(str(error).splitlines()[0]) from error


def _without(path: Path, error: Exception) -> Credentials:
    """Of a file out of which the library gets no manifest."""
    if not containers.traces(path):
        return Credentials()
    if isinstance(error, GONE) or str(error).startswith("Remote"):
        return Credentials(CredentialState.STRIPPED)
    return _unreadable(path, rules.text(str(error)))


def _unreadable(path: Path, problem: str) -> Credentials:
    """A refusal needs no proof: where its words stand in what cannot be read, it counts."""
    refusal = Mining("", RAW_LABEL, {}, "Its words stand in a manifest that cannot be read.")
    mining = (refusal,) if containers.reads_as_refusal(path) else ()
    return Credentials(CredentialState.UNREADABLE, mining=mining, problems=(problem,))


def _certificates(details: Mapping[str, Any]) -> dict[str, Any]:
    """The signer's certificate of each manifest, by label, out of the library's `crjson`."""
    found = {}
    for one in details.get("manifests") or []:
        signature = one.get("signature")
        if isinstance(signature, dict):
            found[str(one.get("label"))] = signature.get("certificateInfo")
    return found
