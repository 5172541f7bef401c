"""Real logs in folders, for the tests of what writes and reads them."""

from __future__ import annotations

from pathlib import Path

from openforyou.ledger.keys import Algorithm, SigningKey
from openforyou.ledger.policy import Policy
from openforyou.ledger.writer import LogWriter

KEY = SigningKey("log.example/main", Algorithm.ED25519, b"key of the log".ljust(32))
OTHER_KEY = SigningKey("log.example/main", Algorithm.ED25519, b"key of another".ljust(32))
POLICY = Policy.single(KEY.vkey())


def entries(stop: int, start: int = 0, branch: str = "") -> list[bytes]:
    """Entry n, the same in every test; of many lengths, 0 among them."""
    return [f"{number}{branch}".encode() * (number % 5) for number in range(start, stop)]


def write_log(folder: Path, *sizes: int, branch: str = "") -> bytes:
    """The log of `entries`, grown and published at each of these sizes; the last checkpoint."""
    with LogWriter.open(folder, KEY) as writer:
        for size in sizes:
            writer.append(entries(size, writer.size, branch))
            writer.publish()
        return writer.checkpoint


def files(folder: Path) -> dict[str, bytes]:
    """What lies in a log's folder, without the lock and what was being written."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.relative_to(folder).parts[0].startswith(".")
    }
