"""`bench access`: what it costs that people are sealed, and how fast staff can act while the log is under load.

Three things, on one platform with a broker of its own process and a sequencer that writes the log:

    a feed   of somebody signed in: the session's envelope opened, the slate recorded under a secret of the broker's.
             The baseline is the same feed with the session's row read and nothing opened, and secrets made from one
             key; asked in pairs, in turn first, each viewer once a round in each way
    a field  opened for its owner at the broker, noted first. The baseline is reading its ciphertext from PostgreSQL
    acts     asked for by several of the staff at a time, and granted, which waits for the public log, while events
             come in at a stated rate
"""

from __future__ import annotations

import hashlib
import tempfile
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from time import perf_counter
from typing import Any
from uuid import uuid4

import numpy as np

from openforyou.accounts import store as accounts_store
from openforyou.accounts.enrolment import enrolling, insert_new, new_account
from openforyou.app.children import Child
from openforyou.app.platform import Platform
from openforyou.app.settings import Settings
from openforyou.bench.bulk import Crowd, fill
from openforyou.bench.report import Report, free_port, percentile, spread, until_answered
from openforyou.core.clock import SystemClock
from openforyou.core.ids import AccountId, CreatorId, ItemId, RequestId, ViewerId, encode_id, new_id
from openforyou.core.progress import Progress, silent
from openforyou.demo.office import Office
from openforyou.events.intake import Intake
from openforyou.events.secrets import KeyedSecrets
from openforyou.events.service import Events
from openforyou.events.types import Event, EventType
from openforyou.privacy.access.types import Doing, Duty
from openforyou.privacy.vault import store as vault_store
from openforyou.privacy.vault.types import Field, Kind, Subject
from openforyou.recommend.service import Feed

BATCH = 20
WHY = "Written to support: cannot sign in any more since the phone was lost."


@dataclass(frozen=True, slots=True)
class Load:
    """`asks`: requests of each of the `staff`, who ask at the same time; `grants`: how many of them are granted."""

    items: int = 5_000
    viewers: int = 300
    rounds: int = 3
    fields: int = 500
    staff: int = 4
    asks: int = 12
    grants: int = 20
    events_per_s: int = 200
    seed: int = 1


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody with an account who is signed in."""

    account: AccountId
    viewer: ViewerId
    token: str


def run(load: Load | None = None, progress: Progress = silent) -> Report:
    """Measure on a fresh embedded PostgreSQL."""
    load = load or Load()
    with tempfile.TemporaryDirectory(prefix="openforyou-bench-") as folder:
        settings, port = Settings(data=Path(folder)), free_port()
        with (
            Child(["serve", "--child", "--no-worker", "--data", folder, "--port", str(port)]),
            _answering(port),
            Platform(settings) as platform,
        ):
            progress(0, 1, "writing a catalogue and signing people in")
            viewers = fill(platform.database, Crowd(load.items, load.viewers, 20, load.seed), SystemClock().now())
            members = [_member(platform, ViewerId(int(one))) for one in viewers]
            feeds = _feeds(platform, members, load, progress)
            fields = _fields(platform, members, load, progress)
            office = _acts(platform, members, load, progress)
    return Report(
        bench="access",
        settings=asdict(load),
        metrics={
            "feed_p99_ratio": spread(feeds["ratio_p99"])["median"],
            "feed_p99_ms": spread(feeds["vault_p99_ms"])["median"],
            "unseal_p50_ms": percentile(fields["broker"], 0.5),
            "unseal_p99_ms": percentile(fields["broker"], 0.99),
            "requests_per_s": office["requests_per_s"],
            "grant_p50_s": percentile(office["grants_s"], 0.5),
            "grant_p99_s": percentile(office["grants_s"], 0.99),
        },
        baseline={
            "name": "sessions read and not opened, secrets from one key; a ciphertext read",
            "feed_p99_ms": spread(feeds["bare_p99_ms"])["median"],
            "read_p50_ms": percentile(fields["row"], 0.5),
            "read_p99_ms": percentile(fields["row"], 0.99),
        },
        detail={
            **{name: spread(values) for name, values in feeds.items()},
            "events_per_s": office["events_per_s"],
        },
    )


@contextmanager
def _answering(port: int) -> Iterator[None]:
    until_answered(port)
    yield


def _member(platform: Platform, viewer: ViewerId) -> Member:
    """Signed up without a password, which would take most of the time, and signed in."""
    account_id, now = AccountId(new_id()), platform.clock.now()
    account = new_account(account_id, f"{encode_id(account_id)}@bench.invalid".lower(), viewer, now)
    with enrolling(platform.database, platform.accounts.seals, account) as one, platform.database.begin() as connection:
        account = insert_new(connection, one)
    return Member(account.id, account.viewer_id, platform.accounts.sessions.begin(account).token)


def _feeds(platform: Platform, members: Sequence[Member], load: Load, progress: Progress) -> dict[str, list[float]]:
    """By round, in milliseconds: p50 and p99 of both ways, and their ratios."""
    database, clock, rng = platform.database, platform.clock, np.random.default_rng(load.seed)
    names = ("vault_p50_ms", "vault_p99_ms", "bare_p50_ms", "bare_p99_ms", "ratio_p50", "ratio_p99")
    found: dict[str, list[float]] = {name: [] for name in names}
    with closing(Intake(database, clock, KeyedSecrets(bytes(32)), beside=platform.policies.keep_effects)) as intake:
        events = Events(database, intake, clock, platform.settings.signing_key())
        with closing(Feed(database, platform.catalog, events, platform.models, clock, platform.policies)) as bare:
            for feed in (platform.feed, bare):
                feed.refresh()

            def with_vault(one: Member) -> None:
                session = platform.accounts.sessions.find(one.token)
                assert session is not None, "they are signed in"
                platform.feed.for_you(session.account.viewer_id, size=10)

            def without(one: Member) -> None:
                with database.glance() as connection:
                    row = accounts_store.find_session(
                        connection, hashlib.sha256(one.token.encode()).digest(), clock.now()
                    )
                assert row is not None, "they are signed in"
                bare.for_you(one.viewer, size=10)

            for number in range(load.rounds):
                progress(number, load.rounds, "feeds, with the vault and without")
                took: dict[str, list[float]] = {"vault": [], "bare": []}
                for turn, place in enumerate(rng.permutation(len(members))):
                    ways = [("vault", with_vault), ("bare", without)]
                    for name, ask in ways if (turn + number) % 2 else ways[::-1]:
                        began = perf_counter()
                        ask(members[place])
                        took[name].append(1_000 * (perf_counter() - began))
                for name, values in took.items():
                    found[f"{name}_p50_ms"].append(percentile(values, 0.5))
                    found[f"{name}_p99_ms"].append(percentile(values, 0.99))
                for which in ("p50", "p99"):
                    found[f"ratio_{which}"].append(found[f"vault_{which}_ms"][-1] / found[f"bare_{which}_ms"][-1])
    return found


def _fields(platform: Platform, members: Sequence[Member], load: Load, progress: Progress) -> dict[str, list[float]]:
    """Milliseconds, each of a field opened and of its row read."""
    progress(0, 1, "opening fields")
    took: dict[str, list[float]] = {"row": [], "broker": []}
    for number in range(load.fields):
        subject = Subject(Kind.ACCOUNT, members[number % len(members)].account)
        began = perf_counter()
        with platform.database.connect() as connection:
            sealed = vault_store.get(connection, subject, [Field.EMAIL])
        read = perf_counter()
        platform.keeper.open_own(subject, sealed)
        took["row"].append(1_000 * (read - began))
        took["broker"].append(1_000 * (perf_counter() - read))
    return took


def _acts(platform: Platform, members: Sequence[Member], load: Load, progress: Progress) -> dict[str, Any]:
    """Requests a second, seconds a grant, and what came in meanwhile."""
    progress(0, 1, "staff ask and grant, while events come in")
    office = Office(platform.settings, platform.access, platform.clock)
    for number in range(load.staff):
        office.enrol(f"agent {number}", Duty.SUPPORT)
    office.enrol("granter", Duty.GRANTER)

    def ask(number: int) -> list[str]:
        made = []
        for turn in range(load.asks):
            subject = f"account:{encode_id(members[(number * load.asks + turn) % len(members)].account)}"
            body: dict[str, Any] = {
                "subject": subject,
                "purpose": "account_recovery",
                "case": f"B-{number}-{turn}",
                "fields": ["email"],
            }
            made.append(str(office.do(f"agent {number}", Doing.REQUEST, minutes=30, words=WHY, **body)["request"]))
        return made

    with _stream(platform, members, load) as sent:
        began = perf_counter()
        with ThreadPoolExecutor(load.staff) as pool:
            requests = [one for made in pool.map(ask, range(load.staff)) for one in made]
        asked_s = perf_counter() - began
        grants_s = []
        for request in requests[: load.grants]:
            at = perf_counter()
            office.do("granter", Doing.GRANT, request=request)
            grants_s.append(perf_counter() - at)
        streamed_s = perf_counter() - began
    return {
        "requests_per_s": len(requests) / asked_s,
        "grants_s": grants_s,
        "events_per_s": round(sum(sent) / streamed_s, 1),
    }


@contextmanager
def _stream(platform: Platform, members: Sequence[Member], load: Load) -> Iterator[list[int]]:
    """Events at the stated rate, as far as the platform takes them, until this ends; the list grows by each batch."""
    done, sent, rng = threading.Event(), list[int](), np.random.default_rng(load.seed)

    def send() -> None:
        while not done.wait(BATCH / load.events_per_s):
            viewer = members[int(rng.integers(len(members)))].viewer
            now = platform.clock.now()
            batch = [
                Event(uuid4(), EventType.VIEW, viewer, ItemId(int(item)), CreatorId(1), RequestId(1), now)
                for item in rng.integers(1, 2**40, BATCH)
            ]
            platform.events.accept(batch)
            sent.append(len(batch))

    thread = threading.Thread(target=send, name="stream", daemon=True)
    thread.start()
    try:
        yield sent
    finally:
        done.set()
        thread.join()
