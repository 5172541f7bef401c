"""Who this platform trusts about Content Credentials, and as whom it signs: from the settings."""

from __future__ import annotations

from pathlib import Path

from openforyou.app.settings import Settings, write_once
from openforyou.core.clock import Clock, SystemClock
from openforyou.core.errors import BadInput
from openforyou.ingest.credentials.errors import BadIdentity
from openforyou.ingest.credentials.identity import Identity, identity, self_made
from openforyou.ingest.credentials.keeping import Keeping
from openforyou.ingest.credentials.reading import Reader
from openforyou.ingest.credentials.signing import Signer


def keeping(settings: Settings, clock: Clock) -> Keeping:
    """Reads and signs as the settings say. Raises `BadInput` naming the variable that cannot be used."""
    return Keeping(reader(settings), signer(settings), clock)


def reader(settings: Settings) -> Reader:
    """Reads against the settings' trust list."""
    return Reader(_content(settings.c2pa_trust, "OPENFORYOU_C2PA_TRUST").decode("ascii", "replace"))


def signer(settings: Settings) -> Signer:
    """Signs as the operator, whose files are checked at once, or as a self-made identity, made when first needed."""
    if not settings.c2pa_cert and not settings.c2pa_key:
        return Signer(lambda: _self_made(settings))
    if not settings.c2pa_cert or not settings.c2pa_key:
        raise BadIdentity("one of the two is not set")
    known = identity(
        _content(settings.c2pa_cert, "OPENFORYOU_C2PA_CERT"), _content(settings.c2pa_key, "OPENFORYOU_C2PA_KEY")
    )
    return Signer(lambda: known)


def _self_made(settings: Settings) -> Identity:
    """Made once, kept in `DATA/c2pa.pem`, readable by its owner alone. By the real time: verifiers go by theirs."""
    path = settings.data / "c2pa.pem"
    if not path.exists():
        write_once(path, self_made(SystemClock().now()))
    content = path.read_bytes()
    return identity(content, content)


def _content(path: str, variable: str) -> bytes:
    """Of a file that a setting names; nothing where it names none."""
    try:
        return Path(path).read_bytes() if path else b""
    except OSError as error:
        reason = error.strerror or str(error)
        raise BadInput(f"{variable}: {path}: {reason}.", hint="Check the path.", field=variable) from error
