"""The platform that `bench freshness` asks: a crowd with histories, a model trained from them, served as for users.

A server with its sequencer, worker and learner runs in processes of its own on an embedded PostgreSQL; what is sent and
asked goes over HTTP. What the environment says of another database or folder is not heard.
"""

from __future__ import annotations

import http.client
import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic, perf_counter, sleep
from types import TracebackType
from typing import Any, Self
from uuid import uuid4

import orjson
import psutil
from sqlalchemy import text

from openforyou.app.children import Child
from openforyou.app.platform import Platform
from openforyou.app.settings import Settings
from openforyou.bench.bulk import Crowd, fill
from openforyou.bench.report import free_port, until_answered
from openforyou.catalog.rights import store as rights_store
from openforyou.catalog.rights.types import ITEM_SUBJECT, VIEWER_SUBJECT
from openforyou.catalog.types import Grant, Right
from openforyou.core.errors import Unavailable
from openforyou.core.ids import ItemId, RequestId, ViewerId, decode_id, encode_id
from openforyou.core.progress import Progress
from openforyou.events.types import EventType
from openforyou.learn.forgetting.service import FORGET_HOURS
from openforyou.learn.types import Model, ModelStatus, Options
from openforyou.web.session import VIEWER_COOKIE, viewer_signer

EVIDENCE = "made up"
WITHIN_S = 180.0
"""What is waited for happens in this time, or the benchmark gives up."""
POLL_S = 0.02
_OWN = {"database_url": "", "blobs": "", "origin": "", "witness_policy": ""}
_FOREIGN = ("OPENFORYOU_", "DATABASE_URL")


@dataclass(frozen=True, slots=True)
class Slate:
    """As it was served over HTTP: items in order, each with the word that its events carry."""

    request_id: RequestId
    contexts: dict[int, str]


class Viewer:
    """One viewer with a connection of their own, which leaving the block closes. Not for several threads."""

    def __init__(self, number: int, port: int, cookie: str) -> None:
        self.number = ViewerId(number)
        self._headers = {"Cookie": cookie, "Content-Type": "application/json", "Origin": f"http://127.0.0.1:{port}"}
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()

    def slate(self, size: int = 10) -> Slate:
        """The next one, of so many items."""
        told = self._asked("GET", f"/v1/feed?size={size}")
        contexts = {decode_id(card["id"]): card["feed_context"] for card in told["items"]}
        return Slate(RequestId(decode_id(told["request_id"])), contexts)

    def does(self, context: str, *kinds: EventType) -> None:
        """Durable once it returns."""
        now = datetime.now(UTC).isoformat()
        events = [
            {"id": str(uuid4()), "type": kind.value, "feed_context": context, "occurred_at": now} for kind in kinds
        ]
        told = self._asked("POST", "/v1/events", orjson.dumps({"events": events}))
        if told["accepted"] != len(kinds):
            raise Unavailable(f"Events were not taken: {told}", hint="This is a defect: report it.")

    def _asked(self, method: str, path: str, body: bytes | None = None) -> Any:
        self._connection.request(method, path, body, self._headers)
        answer = self._connection.getresponse()
        said = answer.read()
        if answer.status != 200:
            raise Unavailable(f"{path} answered {answer.status}: {said[:200]!r}", hint="This is a defect: report it.")
        return orjson.loads(said)


@dataclass(frozen=True, slots=True)
class World:
    """The running platform. `platform` reads its database beside it; `base` is the model that was trained."""

    platform: Platform
    port: int
    viewers: Sequence[int]
    base: Model
    trained_s: float

    def viewer(self, number: int) -> Viewer:
        """A new connection for one of `viewers`."""
        signed = viewer_signer(self.platform.settings.signing_key()).sign(encode_id(number)).decode()
        return Viewer(number, self.port, f"{VIEWER_COOKIE}={signed}")

    def record(self, request_id: RequestId, viewer: ViewerId) -> dict[str, Any]:
        """What decided a slate. It is written soon after the slate was answered; this waits for it."""
        found = (self.platform.events.slate(request_id, viewer) for _ in looks())
        return dict(next(slate.record for slate in found if slate is not None))

    def versions(self) -> list[Model]:
        """Updates of the trained model so far, oldest first, those that were thrown away among them."""
        return self.platform.models.versions.of(self.base.id)[::-1]

    def stamped(self, viewer: ViewerId) -> datetime:
        """When the database took in what a viewer did last."""
        with self.platform.database.connect() as connection:
            newest = text("SELECT max(received_at) FROM events WHERE viewer_id = :viewer")
            stamp = connection.execute(newest, {"viewer": viewer}).scalar_one()
        assert isinstance(stamp, datetime)
        return stamp


@contextmanager
def running(
    crowd: Crowd, epochs: int, update_s: int, progress: Progress, forget_hours: float = FORGET_HOURS
) -> Iterator[World]:
    """Fill, train, serve; ready once the learner has brought its first version into service.

    Raises `Unavailable` when that does not come about.
    """
    with tempfile.TemporaryDirectory(prefix="openforyou-bench-") as folder:
        settings = Settings(data=Path(folder)).model_copy(update=_OWN)
        with Platform(settings) as platform:
            progress(0, 1, f"writing {crowd.items:,} items")
            viewers = fill(platform.database, crowd, platform.clock.now()).tolist()
            _allow_learning(platform, viewers)
            progress(0, 1, "training")
            began = perf_counter()
            base = platform.models.train_from_events(Options(epochs=epochs))
            trained_s = perf_counter() - began
            if base.status is not ModelStatus.SERVING:
                raise Unavailable(f"The model does not serve: {base.reason}", hint="Ask for more viewers.")
            port = free_port()
            command = ["serve", "--child", "--data", folder, "--port", str(port)]
            with closing(_Family(Child(command, environment=_environment(update_s, forget_hours)))):
                progress(0, 1, "starting the platform")
                until_answered(port)
                world = World(platform, port, viewers, base, trained_s)
                next(one for _ in looks() for one in world.versions())
                yield world


@dataclass(frozen=True, slots=True)
class _Family:
    """A server and whom it started."""

    server: Child

    def close(self) -> None:
        """Until the last of them is gone, and nobody reads the folder any more."""
        started = []
        with suppress(psutil.NoSuchProcess):
            started = psutil.Process(self.server.pid).children(recursive=True)
        self.server.close()
        psutil.wait_procs(started, WITHIN_S)


def looks() -> Iterator[None]:
    """Again and again, a moment apart. Raises `Unavailable` when it has taken too long."""
    end = monotonic() + WITHIN_S
    while monotonic() < end:
        yield
        sleep(POLL_S)
    raise Unavailable("The platform does not come to it.", hint="Run `openforyou serve` and read what it says.")


def _allow_learning(platform: Platform, viewers: Sequence[int]) -> None:
    with platform.database.begin() as connection:
        items = connection.scalars(text("SELECT id FROM items")).all()
        now = platform.clock.now()
        for kind, subjects in (
            (ITEM_SUBJECT, [ItemId(item) for item in items]),
            (VIEWER_SUBJECT, [ViewerId(viewer) for viewer in viewers]),
        ):
            grants = [Grant(Right.LEARN, subject, EVIDENCE, EVIDENCE, now, None) for subject in subjects]
            rights_store.insert_grants(connection, kind, grants)


def _environment(update_s: int, forget_hours: float) -> dict[str, str]:
    """The user's, without what would send the server to a platform of theirs."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_FOREIGN)}
    return kept | {"OPENFORYOU_UPDATE_S": str(update_s), "OPENFORYOU_FORGET_HOURS": str(forget_hours)}
