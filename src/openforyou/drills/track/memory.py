"""Who reads the memory of the process that serves: a debugger, a core dump, a machine that was paged out."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from mmap import PAGESIZE as PAGE_BYTES
from pathlib import Path
from time import perf_counter
from typing import IO

import numpy as np

from openforyou.core.encoding import from_base64url
from openforyou.drills.attack import Case, Outcome, Seat, attack
from openforyou.drills.errors import Broken
from openforyou.drills.track.newsroom import PASSWORD, newsroom
from openforyou.drills.viewers import Viewer
from openforyou.drills.world import World
from openforyou.privacy.vault.custody import KEY_FILE

CHUNK_BYTES = 16 << 20
OTHERS = 30
"""Visits of others after somebody has left, as a busy platform has within a second."""
NELL, HERE = "nell", "/v1/account"
"""Who is signed in, and what must be found where the right memory is read."""
_LINE = re.compile(r"([0-9a-f]+)-([0-9a-f]+) rw")
"""What a process may write to: its heaps and stacks, and not the programs that it runs."""


@attack(Seat.MEMORY)
def reads_the_servers_memory(world: World, case: Case) -> Outcome:
    """Every page that the serving process can write to, while one journalist is signed in and the others are not."""
    newsroom(world)
    key = from_base64url((world.settings.broker_folder / KEY_FILE).read_text().split()[2])
    others = {name: f"{name}@press.invalid".encode() for name in ("nora", "ned")} | {"the region's key": key}
    needles = {**others, NELL: f"{NELL}@press.invalid".encode(), "password": PASSWORD.encode(), HERE: HERE.encode()}
    nell = world.stranger()
    case.did(_signed_in(nell, NELL), "nell is signed in, and goes from page to page")
    with _asking(nell):
        began = perf_counter()
        found, size = _counted(world.serving_pid, needles)
        took = perf_counter() - began
    case.did(found[HERE] > 0, f"{size / 1e6:.0f} MB of the server's memory are read meanwhile, in {took:.1f} s")
    case.stood(not any(found[name] for name in others), f"nothing of {', '.join(others)}: none of them has been here")
    case.note(f"nell's e-mail stands in it {found[NELL]} times, her password {found['password']} times")
    nell.http.delete("/v1/sessions/current")
    for _ in range(OTHERS):
        world.ask("/v1/progress")
    left, _ = _counted(world.serving_pid, needles)
    case.stood(
        not any(left[name] for name in others), f"after she left: e-mail {left[NELL]}, password {left['password']}"
    )
    return Outcome.PREVENTED


@contextmanager
def _asking(viewer: Viewer) -> Iterator[None]:
    """Somebody asks for a page that shows who they are, again and again."""
    done = threading.Event()

    def ask() -> None:
        while not done.is_set():
            viewer.ask("/v1/account")

    thread = threading.Thread(target=ask, name="asking", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def _signed_in(viewer: Viewer, name: str) -> bool:
    viewer.ask("/v1/progress")
    answer = viewer.http.post("/v1/sessions", json={"email": f"{name}@press.invalid", "password": PASSWORD})
    return answer.status_code in (200, 201)


def _counted(pid: int, needles: Mapping[str, bytes]) -> tuple[dict[str, int], int]:
    """How often each is found in a process of ours, and how many bytes were read. Raises `Broken`."""
    found, size = dict.fromkeys(needles, 0), 0
    longest = max(map(len, needles.values()))
    for piece in _pages(pid, longest - 1):
        size += len(piece)
        for name, needle in needles.items():
            found[name] += piece.count(needle)
    if not size:
        raise Broken(f"the memory of process {pid} cannot be read here")
    return found, size


def _pages(pid: int, overlap: int) -> Iterator[bytes]:
    """What lies in it, piece by piece; each begins with the end of the one before. Raises `Broken`."""
    place = Path(f"/proc/{pid}")
    try:
        lines = (place / "maps").read_text().splitlines()
        memory, table = ((place / name).open("rb", buffering=0) for name in ("mem", "pagemap"))
    except OSError as error:
        raise Broken(f"the memory of process {pid} cannot be read here: {error.strerror}") from error
    with memory, table:
        for match in filter(None, map(_LINE.match, lines)):
            for start, end in _held(table, int(match[1], 16), int(match[2], 16)):
                at, kept = start, b""
                with suppress(OSError):  # gone meanwhile
                    while at < end:
                        memory.seek(at)
                        piece = memory.read(min(CHUNK_BYTES, end - at))
                        if not piece:
                            break
                        yield kept + piece
                        at, kept = at + len(piece), piece[-overlap:]


def _held(table: IO[bytes], start: int, end: int) -> Iterator[tuple[int, int]]:
    """Which parts of a span the process has ever filled; the table of pages says so in the two highest bits of each."""
    table.seek(start // PAGE_BYTES * 8)
    pages = np.frombuffer(table.read((end - start) // PAGE_BYTES * 8), np.uint64) >> np.uint64(62)
    edges = np.flatnonzero(np.diff(np.concatenate(([0], pages != 0, [0]))))
    for first, last in edges.reshape(-1, 2).tolist():
        yield start + first * PAGE_BYTES, start + last * PAGE_BYTES
