"""The budget stands in the log: answered once, spent once, whoever deletes what."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import text

from openforyou.app.platform import statistics
from openforyou.app.settings import Settings
from openforyou.audit.deeds import day_number
from openforyou.audit.records import Records
from openforyou.audit.types import Findings
from openforyou.core.clock import ManualClock
from openforyou.events.log.sequencer import Sequencer
from openforyou.events.log.store import enqueue
from openforyou.ledger.reader import Log
from openforyou.ledger.source import FolderSource
from openforyou.privacy.statistics import store
from openforyou.privacy.statistics.errors import (
    BadWindow,
    BeingAsked,
    BudgetSpent,
    ClockBehind,
    NoSuchStatistic,
    NotPublished,
)
from openforyou.privacy.statistics.lists import BY_NAME
from openforyou.privacy.statistics.rules import leaf, read_leaf
from openforyou.privacy.statistics.service import Statistics
from openforyou.privacy.statistics.types import Answer, Budget
from openforyou.storage.database import Database
from tests.privacy.statistics.people import DAY, MONTH, crowd, gone

Opened = Callable[[], Statistics]
MONTH_OF_ASKING = "2026-05"
EVERYTHING = "TRUNCATE events, slates, accounts, viewer_items, pending_leaves, log_batches CASCADE"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data=tmp_path / "data", statistics_epsilon=Decimal("0.6"))


@pytest.fixture
def log(settings: Settings, database: Database) -> Iterator[Sequencer]:
    sequencer = Sequencer(database, settings.log_folder, settings.log_key)
    yield sequencer
    sequencer.close()


@pytest.fixture
def opened(settings: Settings, database: Database, clock: ManualClock, log: Sequencer) -> Opened:
    """A process of the platform that begins anew and remembers nothing."""
    with database.begin() as connection:
        crowd(connection, 500)
    return lambda: statistics(settings, database, clock, lambda: log.step() and None)


def published(settings: Settings, log: Sequencer) -> list[bytes]:
    size = log.step()
    return [one for part in Log(FolderSource(settings.log_folder)).entries(0, size, size) for one in part]


def test_an_answer_stands_in_the_log_before_it_is_given_and_is_near_the_truth(
    opened: Opened, settings: Settings, log: Sequencer
) -> None:
    answer = opened().ask("active", DAY)
    assert abs(answer.noised.groups["all"] - 500) <= 15 * answer.scale
    assert answer.index is not None
    assert published(settings, log)[answer.index] == leaf(answer)
    low, high = answer.between("all")
    assert high - low == 2 * answer.noised.within


def test_whoever_asks_before_and_after_somebody_leaves_learns_nothing_by_it(opened: Opened, database: Database) -> None:
    before = opened().ask("active", DAY)
    with database.begin() as connection:
        gone(connection, 7)
    assert opened().ask("active", DAY) == before, "the same answer, and no second draw"
    assert opened().left().epsilon == Decimal("0.55"), "paid once"


def test_the_budget_refuses_and_a_superuser_who_deletes_everything_opens_nothing(
    opened: Opened, database: Database, clock: ManualClock
) -> None:
    process = opened()
    first = process.ask("profiling", MONTH)
    process.ask("surfaces", MONTH)
    with database.begin() as connection:
        connection.execute(text(EVERYTHING))
    for again in (process, opened()):
        with pytest.raises(BudgetSpent) as refused:
            again.ask("watch_time", MONTH)
        assert "0.1 is left" in refused.value.message
        assert "2026-06-01" in refused.value.hint
        assert again.ask("profiling", MONTH) == first, "what was answered stands"
    clock.advance(timedelta(days=31))
    assert opened().left().epsilon == Decimal("0.6"), "a new month"


def test_what_was_paid_before_a_crash_is_paid_once_and_given_by_the_next(
    opened: Opened, settings: Settings, database: Database, clock: ManualClock, log: Sequencer
) -> None:
    log.step()
    cut = statistics(settings, database, clock, lambda: None)
    cut._published._wait_s = 0.0
    with pytest.raises(NotPublished):
        cut.ask("profiling", MONTH)
    with pytest.raises(NotPublished):
        cut.ask("profiling", MONTH)
    with database.connect() as connection:
        waiting = connection.execute(text("SELECT leaf FROM pending_leaves")).scalars().all()
    assert len(waiting) == 1, "asked twice, drawn once"
    drawn = read_leaf(bytes(waiting[0]))
    assert drawn is not None
    assert replace(opened().ask("profiling", MONTH), index=None) == drawn
    assert opened().left().epsilon == Decimal("0.35")


def test_a_clock_that_goes_back_over_the_turn_of_a_month_opens_no_budget_twice(
    opened: Opened, settings: Settings, database: Database, clock: ManualClock
) -> None:
    opened().ask("active", DAY)
    back = statistics(settings, database, ManualClock(clock.now() - timedelta(hours=13)), lambda: None)
    with pytest.raises(ClockBehind):
        back.ask("profiling", "2026-03")


def test_what_a_clock_far_ahead_spent_is_spent_of_its_month_and_stops_nobody_before(
    opened: Opened, settings: Settings, database: Database, clock: ManualClock, log: Sequencer
) -> None:
    right = statistics(settings, database, ManualClock(clock.now()), lambda: log.step() and None)
    clock.advance(timedelta(days=40))
    opened().ask("active", DAY)
    assert right.ask("profiling", MONTH).month == MONTH_OF_ASKING
    assert right.left().epsilon == Decimal("0.35")
    assert opened().left().epsilon == Decimal("0.55")


@pytest.mark.parametrize(
    ("name", "window", "error"),
    [
        ("active", "2026-05-01", BadWindow),
        ("active", "2026-04", BadWindow),
        ("profiling", "2026-05", BadWindow),
        ("profiling", "2026-13", BadWindow),
        ("profiling", "2019-01", BadWindow),
        ("viewers_by_name", "2026-04", NoSuchStatistic),
    ],
)
def test_what_cannot_be_asked(opened: Opened, name: str, window: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        opened().ask(name, window)


def test_one_asks_at_a_time(opened: Opened, database: Database) -> None:
    refused: list[BaseException] = []

    def ask() -> None:
        try:
            opened().ask("active", DAY)
        except BeingAsked as error:
            refused.append(error)

    with store.alone(database):
        other = threading.Thread(target=ask)
        other.start()
        other.join()
    assert refused
    assert opened().ask("active", DAY).index is not None


def test_the_check_from_outside_names_a_second_draw_and_a_budget_that_was_overspent(
    opened: Opened, settings: Settings, database: Database, clock: ManualClock, log: Sequencer
) -> None:
    answer = opened().ask("profiling", MONTH)
    later = answer.at + timedelta(minutes=1)
    with database.begin() as connection:
        enqueue(connection, [leaf(replace(answer, at=later)), leaf(unlike(answer, "returning", later))])
    findings = Findings()
    records = Records(findings, day_number(clock.now()))
    for index, entry in enumerate(published(settings, log)):
        records.take(index, entry)
    says = " ".join(problem.says for problem in findings.problems)
    assert findings.found == {"statistics_overspent": 2}
    assert "a second time" in says
    assert "more than its budget" in says
    assert opened().ask("profiling", MONTH) == answer, "the first answer is the one that stands"


def unlike(answer: Answer, name: str, at: datetime) -> Answer:
    """Of another statistic with two groups, of which nothing is shown."""
    nothing = answer.noised._replace(groups={}, held_back=tuple(BY_NAME[name].groups or ()))
    return replace(answer, statistic=name, at=at, noised=nothing)


def test_false_records_cost_and_neither_answer_nor_stop_anything(
    opened: Opened, settings: Settings, database: Database, clock: ManualClock, log: Sequencer
) -> None:
    true = opened().ask("active", DAY)
    cheap = Budget(Decimal("0.000001"), Decimal(0))
    false = (
        replace(true, at=clock.now() + timedelta(days=300), window="2026-03"),
        replace(true, statistic="returning", window=MONTH, cost=cheap, scale=1_000_000),
        replace(true, window=MONTH),
    )
    with database.begin() as connection:
        enqueue(connection, [leaf(one) for one in false])
    findings = Findings()
    records = Records(findings, day_number(clock.now()))
    for index, entry in enumerate(published(settings, log)):
        records.take(index, entry)
    assert findings.found == {"statistics_overspent": len(false)}
    statistics = opened()
    assert [one.window for one in statistics.answers()] == [DAY]
    answer = statistics.ask("returning", MONTH)
    assert answer.scale == BY_NAME["returning"].scale, "drawn anew, as the list has it"
    assert {"9999-12", "9999-12-31"}.isdisjoint({one.window for one in statistics.answers()})
    for window in ("9999-12-31", "2027-06-01"):
        with pytest.raises(BadWindow):
            statistics.ask("active", window)


def test_a_record_that_says_what_none_can_say_is_none(opened: Opened) -> None:
    good = leaf(opened().ask("active", DAY))
    assert read_leaf(good) is not None
    for was, now in (
        (b'"epsilon":"0.05","groups"', b'"epsilon":"0.01","groups"'),
        (b'"by":"operator"', b'"by":"somebody"'),
        (b'"all":', b'"all":1,"some":'),
        (b"+00:00", b"+01:00"),
        (DAY.encode(), b"2026-04-31"),
        (DAY.encode(), b"2027-04-30"),
        (b'"held_back":[]', b'"held_back":"abc"'),
    ):
        assert was in good
        assert read_leaf(good.replace(was, now)) is None, now
