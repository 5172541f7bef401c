"""The checkpoint that was verified last time, in a file: by it a log that takes something back is caught.

The first line is the key of the log, the rest the checkpoint as it was fetched: a signed note, good as evidence.
"""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from openforyou.audit.errors import BadMemory
from openforyou.ledger.checkpoint import open_checkpoint
from openforyou.ledger.errors import LedgerError
from openforyou.ledger.keys import VerifyingKey
from openforyou.ledger.note import NOTE_BYTES_MAX


@dataclass(frozen=True, slots=True)
class Remembered:
    """What was verified, and by which key."""

    key: VerifyingKey
    checkpoint: bytes

    @classmethod
    def load(cls, path: Path) -> Remembered | None:
        """What `save` wrote; None where nothing was yet. Raises `BadMemory`."""
        try:
            with path.open("rb") as file:
                data = file.read(2 * NOTE_BYTES_MAX)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise BadMemory(f"{path} cannot be read: {error.strerror}.") from error
        vkey, _, checkpoint = data.partition(b"\n")
        try:
            key = VerifyingKey.from_vkey(vkey.decode())
            open_checkpoint(checkpoint, key)
        except (LedgerError, UnicodeDecodeError) as error:
            raise BadMemory(
                f"{path} is no remembered checkpoint: {error}",
                hint="Restore it; without it nothing that was taken back since can be seen.",
            ) from error
        return cls(key, checkpoint)

    def save(self, path: Path) -> None:
        """Write it in place of what was there, whole or not at all. Raises `BadMemory`."""
        try:
            handle, unfinished = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(self.key.vkey().encode() + b"\n" + self.checkpoint)
                    file.flush()
                    os.fsync(file.fileno())
                os.replace(unfinished, path)
            except BaseException:
                Path(unfinished).unlink(missing_ok=True)
                raise
        except OSError as error:
            raise BadMemory(f"{path} cannot be written: {error.strerror}.") from error
