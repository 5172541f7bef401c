"""How far one person reaches: for every statistic of the list, no further than it says."""

from __future__ import annotations

from sqlalchemy import Connection

from openforyou.accounts import store as accounts_store
from openforyou.privacy.statistics.lists import STATISTICS
from openforyou.privacy.statistics.rules import window_of
from openforyou.privacy.statistics.store import COUNTED, counted
from openforyou.privacy.statistics.types import Over, Statistic
from openforyou.storage.database import Database
from tests.conftest import NOW
from tests.privacy.statistics.people import DAY, MONTH, busy, crowd


def true_numbers(connection: Connection, statistic: Statistic) -> dict[str, int]:
    window = window_of(DAY if statistic.over is Over.DAY else MONTH, statistic.over, NOW, 730)
    if statistic.name == "sign_ups":
        return accounts_store.signed_up(connection, window.since, window.until)
    return counted(connection, statistic.name, window)


def test_one_person_with_a_hundred_thousand_events_changes_nothing_beyond_the_bound(database: Database) -> None:
    with database.begin() as connection:
        crowd(connection, 300, regions=("CH", "DE", "FR"))
        before = {one.name: true_numbers(connection, one) for one in STATISTICS}
        busy(connection, 100_000)
        after = {one.name: true_numbers(connection, one) for one in STATISTICS}
    for one in STATISTICS:
        was, now = before[one.name], after[one.name]
        changed = [by for group in was.keys() | now.keys() if (by := abs(now.get(group, 0) - was.get(group, 0)))]
        assert 1 <= len(changed) <= one.groups_each, one.name
        assert max(changed) <= one.most_each, one.name
    assert sum(after["active"].values()) == 301
    assert sum(after["active_by_region"].values()) == 301
    assert before["returning"] == {"new": 300}
    assert after["profiling"] == {"on": 300, "off": 1}
    assert sum(after["watched_by_region"].values()) == 300 * 4 + 600, "four minutes each, and ten hours at most"


def test_the_list_and_what_counts_it_agree() -> None:
    assert {one.name for one in STATISTICS} == {*COUNTED, "sign_ups"}
    for one in STATISTICS:
        assert one.reach / one.epsilon == one.scale, f"the noise of {one.name} is no whole number"
        assert (one.groups is None) == (one.delta > 0), "only what is named by the data costs delta"
