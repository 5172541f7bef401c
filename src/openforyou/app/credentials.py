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
    """Reads and signs as the settings say. Raises `BadInput` naming the variable that cannot be used.

    What is signed by a self-made identity is known again: its authority has vouched for that one signer, and cannot
    for any other. An operator's authority vouches for others as well, so it is on the trust list or it is not.
    """
    own = _identity(settings)
    return Keeping(reader(settings, "" if settings.c2pa_cert else own.authority), Signer(own), clock)


def reader(settings: Settings, also: str = "") -> Reader:
    """Reads against the settings' trust list, and the certificates `also`."""
    listed = _content(settings.c2pa_trust, "OPENFORYOU_C2PA_TRUST").decode("ascii", "replace")
    Reader(listed)  # A list that is none must not hide behind a good one.
    return Reader("\n".join(part for part in (listed, also) if part))


def _identity(settings: Settings) -> Identity:
    """The operator's; else one made once and kept in `DATA/c2pa.pem`, readable by its owner alone.

    It is made by the real time, for verifiers go by theirs.
    """
    cert, key = settings.c2pa_cert, settings.c2pa_key
    if cert and key:
        return identity(_content(cert, "OPENFORYOU_C2PA_CERT"), _content(key, "OPENFORYOU_C2PA_KEY"))
    if cert or key:
        raise BadIdentity("one of the two is not set")
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
