"""`bench events`: how many events a second are accepted, durable and counted once, beside a bare INSERT.

`count_age_max_s` is how old a number on a page was at the worst, under the HTTP load: the time from the acknowledgement
of an event to the moment at which the published log and the counts hold it.

The baseline is the least that any intake must do: `INSERT … ON CONFLICT DO NOTHING` of the same rows in the same
batches into the same PostgreSQL by one connection, committed per batch. It keeps no viewer state, no log and no counts.
"""

from __future__ import annotations

import http.client
import random
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter
from uuid import uuid4

import orjson
from sqlalchemy import text

from openforyou.app.children import Child
from openforyou.app.platform import Platform
from openforyou.app.settings import Settings
from openforyou.bench.age import CountAge, drain
from openforyou.bench.report import Report, free_port, percentile, spread, until_answered
from openforyou.core.errors import Unavailable
from openforyou.core.ids import CreatorId, ItemId, RequestId, ViewerId, encode_id
from openforyou.core.progress import Progress, silent
from openforyou.events.context import sign_context
from openforyou.events.types import Context, Event, EventType, Outcome
from openforyou.storage.database import Database
from openforyou.web.session import VIEWER_COOKIE, viewer_signer

MIX = (
    (EventType.IMPRESSION, 30),
    (EventType.VIEW, 20),
    (EventType.WATCH, 30),
    (EventType.COMPLETE, 8),
    (EventType.SKIP, 7),
    (EventType.LIKE, 5),
)
"""Out of 100 events: about what one pass over a slate makes."""
_BARE_TABLE = """
CREATE TABLE IF NOT EXISTS bench_bare (id uuid PRIMARY KEY, type text, viewer_id bigint, item_id bigint,
creator_id bigint, request_id bigint, occurred_at timestamptz, watch_ms int)
"""
_BARE_COLUMNS = ("id", "type", "viewer_id", "item_id", "creator_id", "request_id", "occurred_at", "watch_ms")
_BARE_INSERT = """
INSERT INTO bench_bare SELECT * FROM unnest(%b::uuid[], %b::text[], %b::bigint[], %b::bigint[], %b::bigint[],
%b::bigint[], %b::timestamptz[], %b::int[]) ON CONFLICT DO NOTHING
"""


@dataclass(frozen=True, slots=True)
class Load:
    """What is sent. `repeated` is the share of events that were sent before."""

    events: int = 40_000
    batch: int = 200
    clients: int = 4
    viewers: int = 500
    items: int = 5_000
    repeated: float = 0.2
    repeats: int = 3


def run(load: Load | None = None, progress: Progress = silent) -> Report:
    """Measure on a fresh embedded PostgreSQL; each of the repeats runs the three ways in turn."""
    load = load or Load()
    with tempfile.TemporaryDirectory(prefix="openforyou-bench-") as folder:
        settings = Settings(data=Path(folder))
        with Platform(settings) as platform:
            port = free_port()
            with Child(["serve", "--child", "--no-worker", "--data", folder, "--port", str(port)]):
                until_answered(port)
                return _measure(platform, settings, port, load, progress)


def _measure(platform: Platform, settings: Settings, port: int, load: Load, progress: Progress) -> Report:
    rng = random.Random(1)  # noqa: S311 - a load, not a secret
    bare: list[float] = []
    inproc: list[float] = []
    over_http: list[float] = []
    acks_ms: list[float] = []
    ages_s: list[float] = []
    for repeat in range(load.repeats):
        progress(repeat * 3, load.repeats * 3, "bare insert")
        bare.append(_bare(platform.database, _batches(load, rng)))
        progress(repeat * 3 + 1, load.repeats * 3, "in process")
        inproc.append(_in_process(platform, load, _batches(load, rng)))
        drain(platform.database)
        progress(repeat * 3 + 2, load.repeats * 3, "over HTTP")
        with CountAge(platform.database) as age:
            rate, latencies = _over_http(settings, port, load, _batches(load, rng), age)
            over_http.append(rate)
            acks_ms += latencies
            drain(platform.database)
        ages_s.append(age.oldest_s)
    ratios = [ours / theirs for ours, theirs in zip(inproc, bare, strict=True)]
    return Report(
        bench="events",
        settings=asdict(load),
        metrics={
            "accepted_per_s_http": spread(over_http)["median"],
            "accepted_per_s_inproc": spread(inproc)["median"],
            "ack_p99_ms": percentile(acks_ms, 0.99),
            "ratio_to_bare_insert": spread(ratios)["median"],
        },
        baseline={"name": "INSERT … ON CONFLICT DO NOTHING, one connection", "events_per_s": spread(bare)["median"]},
        detail={
            "accepted_per_s_http": spread(over_http),
            "accepted_per_s_inproc": spread(inproc),
            "ratio_to_bare_insert": spread(ratios),
            "ratio_http_to_bare_insert": spread([a / b for a, b in zip(over_http, bare, strict=True)]),
            "bare_per_s": spread(bare),
            "count_age_max_s": spread(ages_s),
        },
    )


def _batches(load: Load, rng: random.Random) -> list[list[Event]]:
    """Distinct events and repeats of them, one viewer a batch, as a client sends them."""
    types = rng.choices([kind for kind, _ in MIX], [weight for _, weight in MIX], k=load.events)
    now = datetime.now(UTC)
    sent: list[list[Event]] = []
    for start in range(0, load.events, load.batch):
        viewer = ViewerId(rng.randint(1, load.viewers))
        batch: list[Event] = []
        for kind in types[start : start + load.batch]:
            if batch and rng.random() < load.repeated:
                batch.append(rng.choice(batch))
                continue
            item = ItemId(rng.randint(1, load.items))
            watch_ms = 900 if kind is EventType.WATCH else 0
            batch.append(Event(uuid4(), kind, viewer, item, CreatorId(1), RequestId(1), now, watch_ms=watch_ms))
        sent.append(batch)
    return sent


def _bare(database: Database, batches: Sequence[Sequence[Event]]) -> float:
    with database.begin() as connection:
        connection.execute(text(_BARE_TABLE))
    start = perf_counter()
    with database.engine.connect() as connection:
        for batch in batches:
            columns = [
                [getattr(event, name) for event in batch]
                for name in (
                    "id",
                    "type",
                    "viewer_id",
                    "item_id",
                    "creator_id",
                    "request_id",
                    "occurred_at",
                    "watch_ms",
                )
            ]
            columns[1] = [kind.value for kind in columns[1]]
            connection.exec_driver_sql(_BARE_INSERT, tuple(columns))
            connection.commit()
    return _rate(batches, start)


def _in_process(platform: Platform, load: Load, batches: Sequence[Sequence[Event]]) -> float:
    start = perf_counter()
    with ThreadPoolExecutor(load.clients) as pool:
        accepted = sum(outcomes.count(Outcome.ACCEPTED) for outcomes in pool.map(platform.events.accept, batches))
    return accepted / (perf_counter() - start)


def _over_http(
    settings: Settings, port: int, load: Load, batches: Sequence[Sequence[Event]], age: CountAge
) -> tuple[float, list[float]]:
    key = settings.signing_key()
    signer = viewer_signer(key)
    requests = [
        (_body(key, batch), f"{VIEWER_COOKIE}={signer.sign(encode_id(batch[0].viewer_id)).decode()}")
        for batch in batches
    ]
    start = perf_counter()
    with ThreadPoolExecutor(load.clients) as pool:
        shares = [requests[number :: load.clients] for number in range(load.clients)]
        latencies = [ms for share in pool.map(lambda share: _send(port, share, age), shares) for ms in share]
    return age.accepted / (perf_counter() - start), latencies


def _body(key: bytes, batch: Sequence[Event]) -> bytes:
    """As a page sends it, of items that were served a minute ago."""
    served_at = batch[0].occurred_at - timedelta(minutes=1)
    written: list[dict[str, object]] = []
    for place, event in enumerate(batch):
        context = Context(event.request_id, event.viewer_id, event.item_id, event.creator_id, place % 50, served_at)
        told: dict[str, object] = {
            "id": str(event.id),
            "type": event.type.value,
            "feed_context": sign_context(key, context),
            "occurred_at": event.occurred_at,
        }
        written.append(told | ({"watch_ms": event.watch_ms} if event.watch_ms else {}))
    return orjson.dumps({"events": written})


def _send(port: int, requests: Sequence[tuple[bytes, str]], age: CountAge) -> list[float]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    latencies = []
    for body, cookie in requests:
        start = perf_counter()
        headers = {"Cookie": cookie, "Content-Type": "application/json", "Origin": f"http://127.0.0.1:{port}"}
        connection.request("POST", "/v1/events", body, headers)
        answer = connection.getresponse()
        said = answer.read()
        latencies.append((perf_counter() - start) * 1000)
        if answer.status != 200:
            raise Unavailable(
                f"The server answered {answer.status}: {said[:200]!r}", hint="This is a defect: report it."
            )
        age.acknowledged(orjson.loads(said)["accepted"])
    connection.close()
    return latencies


def _rate(batches: Sequence[Sequence[Event]], start: float) -> float:
    """Distinct events a second: a repeat is work, but no gain."""
    seconds = perf_counter() - start
    return len({event.id for batch in batches for event in batch}) / seconds
