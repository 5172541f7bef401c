"""A witness's own keys, as files in its folder, and the log keys that it is told of.

    STATE/ed25519.key      PRIVATE+KEY+…, readable by its owner alone
    STATE/ml-dsa-44.key    likewise; absent where the witness signs with Ed25519 only
    STATE/vkey             the public halves, one a line: what is given to others
    STATE/pins/HASH        the key that a log's address gave at first contact; HASH is SHA-256(address)

A log given by its address is asked for its key once. From then on the pinned key holds, so that whoever controls the
address later cannot put another in its place.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
from collections.abc import Callable, Collection
from contextlib import suppress
from pathlib import Path

from openforyou.core.errors import BadInput
from openforyou.ledger.errors import BadKey
from openforyou.ledger.keys import Algorithm, SigningKey, VerifyingKey
from openforyou.ledger.witness import NAME_BYTES_MAX

KEY_FILES = {Algorithm.ED25519_COSIGNATURE: "ed25519.key", Algorithm.MLDSA44_COSIGNATURE: "ml-dsa-44.key"}
VKEY_FILE = "vkey"
VKEYS_BYTES_MAX = 1 << 16

_VKEY = re.compile(r"[^+\s]+\+[0-9a-f]{8}\+[A-Za-z0-9+/=]+")
_ADDRESS = re.compile(r"https?://\S+")


def make_keys(folder: Path, name: str, algorithms: Collection[Algorithm]) -> list[SigningKey]:
    """Make those of a witness's keys that are not there yet, and write `vkey`. Returns all of them.

    Raises `BadKey` for a name that cannot be, `BadInput` where the folder holds the keys of another.
    """
    VerifyingKey(name, Algorithm.ED25519_COSIGNATURE, bytes(32))  # looks at the name, before anything is written
    if len(name.encode()) > NAME_BYTES_MAX:
        raise BadKey(f"the name of a witness has {NAME_BYTES_MAX} bytes at most")
    folder.mkdir(parents=True, exist_ok=True)
    for algorithm in algorithms:
        if not (folder / KEY_FILES[algorithm]).exists():
            _require_name(folder, load_keys(folder), name)
            with suppress(FileExistsError):  # another process made it first: then that one holds
                SigningKey.generate(name, algorithm).save(folder / KEY_FILES[algorithm])
    keys = load_keys(folder)
    _require_name(folder, keys, name)
    _replace(folder / VKEY_FILE, "".join(f"{key.vkey()}\n" for key in keys).encode())
    return keys


def load_keys(folder: Path) -> list[SigningKey]:
    """The keys in a witness's folder, none where there are none. Raises `BadKey` naming the file that is damaged."""
    return [SigningKey.load(path) for name in KEY_FILES.values() if (path := folder / name).exists()]


def read_vkeys(given: str) -> list[VerifyingKey]:
    """The keys in a vkey, or in a file of them, one a line. Raises `BadInput` or `BadKey`."""
    if _VKEY.fullmatch(given):
        return [VerifyingKey.from_vkey(given)]
    try:
        with Path(given).open("rb") as file:
            data = file.read(VKEYS_BYTES_MAX + 1)
    except OSError as error:
        raise BadInput(
            f"{given[:200]!r} is neither a vkey nor a file that can be read: {error.strerror}.",
            hint="A vkey reads NAME+ID+KEY; quote it, since it may hold characters that a shell knows.",
        ) from error
    return parse_vkeys(data, given)


def parse_vkeys(data: bytes, whence: str) -> list[VerifyingKey]:
    """The keys in the bytes of such a file; `whence` is how errors call it. Raises `BadKey`."""
    if len(data) > VKEYS_BYTES_MAX:
        raise BadKey(f"{whence} is over {VKEYS_BYTES_MAX} bytes, which no list of keys is")
    lines = [line.strip() for line in data.decode("utf-8", "replace").splitlines()]
    try:
        keys = [VerifyingKey.from_vkey(line) for line in lines if line and not line.startswith("#")]
    except BadKey as error:
        raise BadKey(f"{whence}: {error.message}", hint=error.hint) from error
    if not keys:
        raise BadKey(f"{whence} holds no key")
    return keys


def log_keys(given: str, folder: Path, ask: Callable[[str], bytes]) -> list[VerifyingKey]:
    """The keys of a log that is given as a vkey, a file or an address.

    An address is asked, by `ask`, only where `folder` has no key pinned for it. Raises `BadInput` or `BadKey`, and what
    `ask` raises.
    """
    if not _ADDRESS.fullmatch(given):
        return read_vkeys(given)
    address = given.rstrip("/")
    pinned = folder / "pins" / hashlib.sha256(address.encode()).hexdigest()
    if not pinned.exists():
        keys = parse_vkeys(ask(address), f"{address}/vkey")
        pinned.parent.mkdir(parents=True, exist_ok=True)
        _replace(pinned, (f"# {address}\n" + "".join(f"{key.vkey()}\n" for key in keys)).encode())
    return read_vkeys(str(pinned))


def _require_name(folder: Path, keys: list[SigningKey], name: str) -> None:
    for key in keys:
        if key.name != name:
            raise BadInput(
                f"{folder} holds the key of {key.name}, not of {name}.",
                hint="A witness keeps its name. Choose another folder for another witness.",
                field="name",
            )


def _replace(path: Path, data: bytes) -> None:
    """Whole or not at all."""
    staged = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        with staged.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        staged.replace(path)
    finally:
        staged.unlink(missing_ok=True)
