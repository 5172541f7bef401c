"""Asking for a statistic, and reading what was answered. What was spent is read from the public log and nowhere else.

    budget and past answers (log) ─► true numbers ─► noise ─► record on its way ─► seen in the log ─► given

No table keeps what was spent: whoever writes into the database can neither lower it nor raise it. The record is the
spending and the answer in one, so a crash leaves either none of both, and nobody saw a thing, or both, and who asks
again is given what stands there. An answer goes to everybody at once; nobody has a statistic for themselves.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC

from sqlalchemy import Connection

from openforyou.core.clock import Clock
from openforyou.events.log import store as log_store
from openforyou.ledger.errors import LedgerError
from openforyou.ledger.source import Source
from openforyou.privacy.access.errors import NotDurable
from openforyou.privacy.access.published import Published
from openforyou.privacy.access.types import Logged, Seen
from openforyou.privacy.statistics import store
from openforyou.privacy.statistics.errors import BudgetSpent, ClockBehind, LogUnreadable, NotPublished
from openforyou.privacy.statistics.lists import statistic_named
from openforyou.privacy.statistics.noise import noised
from openforyou.privacy.statistics.rules import (
    OPERATOR,
    STATISTICS,
    Spending,
    leaf,
    left_of,
    next_month,
    read_leaf,
    window_of,
)
from openforyou.privacy.statistics.types import Answer, Budget, Statistic, Terms, Window
from openforyou.storage.database import Database

Counted = Callable[[Connection, Window], dict[str, int]]
"""True numbers by group; each person bounded as the list says."""


class Statistics:
    """Of one platform. `publish` writes what waits for the log, where nobody else does; `beside` counts what is kept in
    rooms above this one, by statistic."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        source: Source,
        terms: Terms,
        publish: Callable[[], None],
        beside: Mapping[str, Counted],
    ) -> None:
        self._database = database
        self._clock = clock
        self._published = Published(source)
        self._publish = publish
        self._beside = beside
        self.terms = terms
        self._looking = threading.Lock()
        self._seen: Seen | None = None
        self._spending = Spending()

    def answers(self) -> list[Answer]:
        """Every answer that the log holds, newest first. Raises `LogUnreadable`."""
        return sorted(self._look().answers.values(), key=lambda one: one.index or 0, reverse=True)

    def left(self) -> Budget:
        """What can still be spent this month. Raises `LogUnreadable`."""
        return left_of(self.terms.budget, self._look().of(f"{self._clock.now().astimezone(UTC):%Y-%m}"))

    def ask(self, name: str, window: str) -> Answer:
        """The answer that stands in the log, or a new one, paid and published before it is given.

        Raises `NoSuchStatistic`, `BadWindow`, `BudgetSpent`, `BeingAsked`, `ClockBehind`, `NotPublished`,
        `LogUnreadable`.
        """
        statistic = statistic_named(name)
        given = self._look().answers.get((name, window))
        if given is not None:
            return given
        over = window_of(window, statistic.over, self._clock.now(), self.terms.keep_days)
        with store.alone(self._database):
            return self._answered(statistic, over)

    def _answered(self, statistic: Statistic, window: Window) -> Answer:
        since = self._since()
        with self._database.connect() as connection:  # before the log: what leaves the queue is in the log by then
            waiting = log_store.waiting_records(connection, STATISTICS)
        spending = self._look()
        on_their_way = [one for entry in waiting if (one := read_leaf(entry)) is not None]
        for one in on_their_way:
            if (one.statistic, one.window) not in spending.answers:
                spending.take(one, self._clock.now())
        found = spending.answers.get((statistic.name, window.name))
        if found is None:
            found = self._drawn(statistic, window, spending)
            with self._database.begin() as connection:
                log_store.enqueue(connection, [leaf(found)])
        elif found.index is not None:
            return found
        return self._shown(found, since)

    def _drawn(self, statistic: Statistic, window: Window, spending: Spending) -> Answer:
        """A new answer, if the budget bears it."""
        now = self._clock.now().astimezone(UTC).replace(microsecond=0)
        month, cost = f"{now:%Y-%m}", statistic.cost
        if month < spending.newest:
            raise ClockBehind(spending.newest)
        left = left_of(self.terms.budget, spending.of(month))
        if not left.holds(cost):
            renews = next_month(now)
            wait_s = int((renews - now).total_seconds())
            raise BudgetSpent(cost, left, renews=f"{renews:%Y-%m-%d}", retry_after_s=wait_s)
        with self._database.connect() as connection:
            beside = self._beside.get(statistic.name)
            if beside is not None:
                counted = beside(connection, window)
            else:
                counted = store.counted(connection, statistic.name, window)
        return Answer(
            statistic=statistic.name,
            window=window.name,
            by=OPERATOR,
            at=now,
            cost=cost,
            budget=self.terms.budget,
            groups_each=statistic.groups_each,
            most_each=statistic.most_each,
            scale=statistic.scale,
            noised=noised(statistic, counted),
        )

    def _shown(self, answer: Answer, since: int) -> Answer:
        """Once the log holds it."""
        self._publish()
        try:
            index, _ = self._published.until_found(Logged(seq=0, leaf=leaf(answer), since=since), self._seen)
        except NotDurable as error:
            raise NotPublished(error.message.partition(": ")[2]) from error
        except LedgerError as error:
            raise LogUnreadable(error.message) from error
        return replace(answer, index=index)

    def _since(self) -> int:
        """Up to where the log was read."""
        return 0 if self._seen is None else self._seen.size

    def _look(self) -> Spending:
        """What the log tells as of now: read on from the last look, each record proven under the checkpoint."""
        with self._looking:
            try:
                self._read_on()
            except LedgerError as error:
                raise LogUnreadable(error.message) from error
            return self._spending.copy()

    def _read_on(self) -> None:
        head = self._published.checkpoint(self._seen)
        if head is None:
            return
        found = []
        for index, entry in self._published.records(self._since(), head):
            answer = read_leaf(entry, index)
            if answer is not None and not self._published.holds(index, entry, head):
                raise LedgerError(f"record {index} does not lie under the checkpoint")
            found += [] if answer is None else [answer]
        for answer in found:
            self._spending.take(answer, self._clock.now())
        self._seen = Seen(head.size, head.root)
