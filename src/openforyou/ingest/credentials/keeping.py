"""Keeps Content Credentials from what comes in to what goes out: read, then signed anew after transcoding.

Transcoding copies pictures and sound and leaves the manifest behind. So each rendition gets one of this platform's own,
whose parent is the source with the source's own manifest, as far as that can be passed on.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from openforyou.catalog.credentials.types import Credentials, CredentialState
from openforyou.core.clock import Clock, SystemClock
from openforyou.ingest.credentials import manifests
from openforyou.ingest.credentials.errors import NotSigned
from openforyou.ingest.credentials.reading import Look, Reader
from openforyou.ingest.credentials.signing import Part, Signer

PASSED_ON = frozenset({CredentialState.TRUSTED, CredentialState.UNTRUSTED, CredentialState.BROKEN})
"""States in which there is a manifest to pass on; a broken one is passed on as broken."""
_log = logging.getLogger(__name__)


class Placed(NamedTuple):
    """A file that another is made from, and how that one calls it."""

    path: Path
    title: str


class Keeping:
    """Reads with one trust list, signs as one identity, or not at all without a signer. Use from any thread."""

    def __init__(self, reader: Reader, signer: Signer | None = None, clock: Clock | None = None) -> None:
        self.reader = reader
        self._signer = signer
        self._clock = clock or SystemClock()

    def keep(self, source: Path, renditions: Iterable[Path], title: str) -> Credentials:
        """What `source` says of itself; its `renditions` are signed in place, with the source as their parent.

        A platform that cannot sign, because its certificate expired say, still publishes: `kept` then stays False.
        """
        look = self.reader.look(source)
        if self._signer is None:
            return look.found
        try:
            for path in renditions:
                self._sign_rendition(self._signer, path, Placed(source, title), look)
        except NotSigned as error:
            _log.error("%s It is published without Content Credentials.", error)
            return look.found
        return replace(look.found, kept=True)

    def sign_made(self, path: Path, title: str, placed: Sequence[Placed], creator: str) -> None:
        """Sign what was made here of other files, in place: created now, by `creator`, a composite of those.

        What they refuse for training and mining is passed on. Without a signer it stays unsigned. Raises `NotSigned`.
        """
        if self._signer is None:
            return
        looks = [self.reader.look(each.path) for each in placed]
        has_ai = any(look.found.ai_made for look in looks)
        told = [manifests.ingredient(each.title, "componentOf", f"part{number}") for number, each in enumerate(placed)]
        parts = [
            Part(each.path, words, is_named=look.found.state not in PASSED_ON)
            for each, words, look in zip(placed, told, looks, strict=True)
        ]
        made = manifests.Composed(title, creator, tuple(str(words["label"]) for words in told), has_ai)
        mining = [one for look in looks for one in look.found.mining]
        at = self._clock.now()
        telling = list(dict.fromkeys(uri for look in looks for uri in look.telling))
        try:
            self._signer.sign(path, manifests.composed(made, mining, telling, at), parts)
        except NotSigned:
            parts = [replace(part, is_named=True) for part in parts]
            self._signer.sign(path, manifests.composed(made, mining, (), at), parts)

    def _sign_rendition(self, signer: Signer, path: Path, source: Placed, look: Look) -> None:
        """With the source's own manifest inside; where it has none, or one too large or too odd, naming it only."""
        told = manifests.ingredient(source.title, "parentOf", manifests.PARENT)
        mining, at = look.found.mining, self._clock.now()
        if look.found.state in PASSED_ON:
            manifest = manifests.transcoded(source.title, mining, look.telling, at)
            try:
                signer.sign(path, manifest, [Part(source.path, told)])
                return
            except NotSigned as error:
                _log.info("%s Its source is named only.", error)
        plain = manifests.transcoded(source.title, mining, (), at)
        signer.sign(path, plain, [Part(source.path, told, is_named=True)])
