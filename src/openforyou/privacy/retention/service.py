"""Removes what is over, once a day and by itself, and says in the public log how much of what that was.

Each piece is counted in the transaction that removes it, and the record is written at the end of a run: killed
meanwhile, the next takes the same run up, so that the log never says less than was done.
"""

from __future__ import annotations

from datetime import timedelta

from openforyou.core.clock import Clock
from openforyou.core.ids import new_id
from openforyou.events.log.store import enqueue
from openforyou.privacy.person.rules import retention_leaf
from openforyou.privacy.retention import store
from openforyou.privacy.retention.rules import RULES, Rule, periods
from openforyou.privacy.retention.store import UNSAID, Run
from openforyou.storage.database import Database

EVERY = timedelta(hours=23)
"""Between two runs; a little less than a day, so that it does not wander through it."""


class Retention:
    """On one database. `history_days` is an operator's choice for raw events and slates."""

    def __init__(self, database: Database, clock: Clock, history_days: int | None = None) -> None:
        self._database = database
        self._clock = clock
        self.periods = periods(history_days)
        """Days by table."""

    def last(self) -> Run | None:
        """The newest run."""
        with self._database.connect() as connection:
            return store.last(connection)

    def run_due(self) -> Run | None:
        """Run where the last was a day ago, or was broken off; None where there was no need to."""
        before = self.last()
        if before is not None and before.leaf_seq != UNSAID and self._clock.now() < before.at + EVERY:
            return None
        return self.run()

    def run(self) -> Run | None:
        """Remove what is over, now. None where another process does."""
        with self._database.connect() as connection:
            if not store.lock(connection):
                return None
            connection.commit()
            try:
                return self._run()
            finally:
                store.unlock(connection)
                connection.commit()

    def _run(self) -> Run:
        run = self.last()
        if run is None or run.leaf_seq != UNSAID:
            run = Run(new_id(), self._clock.now(), {}, UNSAID)
            with self._database.begin() as connection:
                store.begin(connection, run)
        for rule in RULES:
            while self._piece(rule, run):
                continue
        with self._database.begin() as connection:
            seq = enqueue(connection, [retention_leaf(run.removed, self.periods, run.at)])
            store.change(connection, run.id, leaf_seq=seq)
        return run._replace(leaf_seq=seq)

    def _piece(self, rule: Rule, run: Run) -> bool:
        """Whether there may be more."""
        with self._database.begin() as connection:
            count = store.remove_over(connection, rule, self.periods[rule.table], self._clock.now())
            if count:
                run.removed[rule.table] = run.removed.get(rule.table, 0) + count
                store.change(connection, run.id, removed=run.removed)
        return count == store.ROWS_AT_ONCE
