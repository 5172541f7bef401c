"""A program that writes a log and says on its standard output what it has published, to be broken from outside.

    python -m tests.ledger.writing FOLDER BATCHES      sizes of batches, separated by commas, or `for-ever`

It waits for a line before it opens the log. It leaves with 3 where the writer refused to go on, and with 4 where the
system did.
"""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Iterator
from itertools import count
from pathlib import Path

from openforyou.ledger.errors import LedgerError
from openforyou.ledger.writer import LogWriter
from tests.ledger.logs import KEY, entries

PR_SET_PTRACER, ANY = 0x59616D61, -1


def batches(said: str) -> Iterator[int]:
    if said != "for-ever":
        yield from map(int, said.split(","))
        return
    for number in count():
        yield (1, 300, 7, 256, 700, 40)[number % 6]


def write(folder: Path, sizes: Iterator[int]) -> None:
    with LogWriter.open(folder, KEY) as writer:
        for size in sizes:
            writer.append(entries(writer.size + size, writer.size))
            writer.publish()
            os.write(1, f"{writer.published_size}\n".encode())


def complain(error: Exception) -> None:
    """A fault is injected once in each thread: this write may be the one that it meets in this thread."""
    said = f"{error}\n".encode()
    try:
        os.write(2, said)
    except OSError:
        os.write(2, said)


def main(folder: str, said: str) -> int:
    ctypes.CDLL(None).prctl(PR_SET_PTRACER, ANY, 0, 0, 0)  # some systems let only a parent trace
    os.write(1, b"ready\n")
    sys.stdin.readline()
    try:
        write(Path(folder), batches(said))
    except LedgerError as error:
        complain(error)
        return 3
    except OSError as error:
        complain(error)
        return 4
    return 0


if __name__ == "__main__":
    os._exit(main(*sys.argv[1:]))
