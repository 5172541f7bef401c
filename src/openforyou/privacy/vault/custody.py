"""Who holds the region's key: a file, or a key service behind the same three words.

Whoever has the region's key and the keystore can open everything of everybody at home there. So a key service (KMS,
HSM) may hold it instead of a file: it implements `Custody`, wraps and unwraps keys of 32 bytes, and never hands the key
itself out. `docs/vault.md` says what one must promise.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from pathlib import Path
from typing import Protocol

from openforyou.core.encoding import from_base64url, to_base64url
from openforyou.privacy.vault import crypto
from openforyou.privacy.vault.errors import BadKeyFile

KEY_FILE = "region.key"
_FORMAT = "ofy-region-key-1"
_FILE_BYTES_MAX = 512


class Custody(Protocol):
    """Holds one region's key. Safe for several threads; raises `BrokerUnavailable` where the key cannot be reached."""

    @property
    def region(self) -> str:
        """Whose key it is: lower-case letters, digits and hyphens."""
        ...

    @property
    def fingerprint(self) -> str:
        """16 hexadecimal digits that say which key it is, and nothing about it."""
        ...

    def wrap(self, bound: bytes, key: bytes) -> bytes:
        """`key` under the region's key, bound to `bound`."""
        ...

    def unwrap(self, bound: bytes, wrapped: bytes) -> bytes:
        """What `wrap` was given. Raises `Unopened` where it was altered, or bound to something else."""
        ...

    def destroy(self) -> None:
        """Destroy the region's key for good. May be called again."""
        ...


class FileCustody:
    """The region's key in `FOLDER/region.key`, readable by its owner alone: one line of format, region, key, check."""

    def __init__(self, region: str, key: bytes, path: Path | None = None) -> None:
        assert len(key) == crypto.KEY_BYTES, "a region's key has 32 bytes"
        assert crypto.REGION.fullmatch(region), "callers check the name"
        self._region = region
        self._key = key
        self._path = path

    @classmethod
    def load(cls, folder: Path, region: str) -> FileCustody:
        """The key in the folder. Raises `BadKeyFile` where it is missing, damaged, open to others or another one."""
        path = folder / KEY_FILE
        try:
            content = path.read_bytes()[:_FILE_BYTES_MAX]
            open_to_others = bool(path.stat().st_mode & 0o077)
        except FileNotFoundError:
            raise BadKeyFile(
                f"{path} is missing, and without it nothing that was sealed opens.",
                hint="Put it back from its backup. Where nothing of it matters any more, move the whole folder away.",
            ) from None
        except OSError as error:
            raise BadKeyFile(f"{path} cannot be read: {error.strerror}.", hint="Check whose file it is.") from error
        if open_to_others:
            raise BadKeyFile(f"{path} can be read by others than its owner.", hint=f"Run: chmod 600 {path}")
        named, key = _read(path, content)
        if named != region:
            raise BadKeyFile(
                f"{path} is the key of the region {named}, and OPENFORYOU_REGION says {region}.",
                hint="Set OPENFORYOU_REGION to the key's region, or give the broker the folder of the other one.",
                field="OPENFORYOU_REGION",
            )
        return cls(region, key, path)

    @classmethod
    def make(cls, folder: Path, region: str) -> FileCustody:
        """A new key where there is none, whole and durable or not at all; else the one that is there."""
        path = folder / KEY_FILE
        if not path.exists():
            _write_once(path, _line(region, crypto.new_key()))
        return cls.load(folder, region)

    @property
    def region(self) -> str:
        return self._region

    @property
    def fingerprint(self) -> str:
        return crypto.derived(self._key, "fingerprint-1")[:8].hex()

    def wrap(self, bound: bytes, key: bytes) -> bytes:
        return crypto.wrap(self._key, bound, key)

    def unwrap(self, bound: bytes, wrapped: bytes) -> bytes:
        return crypto.unwrap(self._key, bound, wrapped)

    def destroy(self) -> None:
        """Written over where it lies, made durable, and deleted; let go of in memory."""
        self._key = bytes(crypto.KEY_BYTES)
        if self._path is None or not self._path.exists():
            return
        with self._path.open("r+b") as file:
            file.write(bytes(self._path.stat().st_size))
            file.flush()
            os.fsync(file.fileno())
        self._path.unlink()
        _sync(self._path.parent)

    def __repr__(self) -> str:
        return f"FileCustody({self._region!r}, {self.fingerprint})"


def _line(region: str, key: bytes) -> bytes:
    said = f"{_FORMAT} {region} {to_base64url(key)}"
    return f"{said} {_check(said)}\n".encode()


def _read(path: Path, content: bytes) -> tuple[str, bytes]:
    try:
        said, check = content.decode("ascii").removesuffix("\n").rsplit(" ", 1)
        form, region, text = said.split(" ")
        key = from_base64url(text)
        if form != _FORMAT or check != _check(said) or len(key) != crypto.KEY_BYTES:
            raise ValueError("it does not check")
        if crypto.REGION.fullmatch(region) is None:
            raise ValueError("it names no region")
    except ValueError as error:
        raise BadKeyFile(
            f"{path} is damaged: it is not the line that was written there.",
            hint="Put it back from its backup. A new key would open nothing.",
        ) from error
    return region, key


def _check(said: str) -> str:
    """Tells a damaged line; no protection against somebody who writes another."""
    return hashlib.sha256(said.encode()).hexdigest()[:16]


def _write_once(path: Path, content: bytes) -> None:
    """Whole, durable, for its owner alone, unless somebody does so first: then that one holds."""
    staged = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(staged, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(staged, path)
        except FileExistsError:
            return
    finally:
        staged.unlink()
    _sync(path.parent)


def _sync(path: Path) -> None:
    folder = os.open(path, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
