"""What one nullifier may do, against a slow and plain reading of the same rules."""

from __future__ import annotations

from collections import Counter, defaultdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openforyou.audit.deeds import ROW, Rows
from openforyou.audit.marks import settle
from openforyou.audit.types import Findings
from openforyou.events.counts import COLUMN
from openforyou.events.leaf import RETRACTABLE, Action

ITEM, OTHER = 11, 12
Told = tuple[Action, int, int, int]
"""(action, subject, value, nullifier)"""


def rows_of(deeds: list[Told]) -> Rows:
    """Rows at the places 0, 1, 2 …"""
    rows = np.zeros(len(deeds), dtype=ROW)
    for index, (action, subject, value, mark) in enumerate(deeds):
        rows[index] = (index, action, subject, value, mark % 3, mark)  # so that halves alone do not tell them apart
    return rows


def counted(deeds: list[Told], upto: int) -> dict[tuple[int, str], int]:
    """The numbers by the gains, of the first `upto` leaves."""
    gains = settle(rows_of(deeds), Findings())
    total: Counter[tuple[int, str]] = Counter()
    for gain in gains[gains["index"] < upto]:
        total[int(gain["subject"]), COLUMN[Action(int(gain["column"]) + 1)]] += int(gain["gain"])
    return {key: number for key, number in total.items() if number}


def plainly(deeds: list[Told], upto: int) -> dict[tuple[int, str], int]:
    """The numbers by the rules as `docs/counts.md` has them, one nullifier after the other."""
    seen: dict[tuple[int, Action, int], list[int]] = defaultdict(list)
    for action, subject, value, mark in deeds[:upto]:
        seen[mark, action, subject].append(value)
    total: Counter[tuple[int, str]] = Counter()
    for (_, action, subject), values in seen.items():
        if action in RETRACTABLE:
            total[subject, COLUMN[action]] += max(values) % 2
        else:
            total[subject, COLUMN[action]] += values[0] if action is Action.WATCH else 1
    return {key: number for key, number in total.items() if number}


@given(
    st.lists(
        st.tuples(
            st.sampled_from(sorted(Action)), st.sampled_from([ITEM, OTHER]), st.integers(1, 5), st.integers(0, 9)
        ),
        max_size=40,
    ),
    st.integers(0, 40),
)
@settings(max_examples=300, deadline=None)
def test_whatever_the_leaves_the_numbers_are_those_of_the_rules(deeds: list[Told], upto: int) -> None:
    assert counted(deeds, upto) == plainly(deeds, upto)


@given(st.lists(st.tuples(st.sampled_from([Action.LIKE, Action.VIEW]), st.integers(1, 4), st.integers(0, 5))))
@settings(max_examples=300, deadline=None)
def test_it_complains_exactly_where_a_nullifier_did_what_it_must_not(drawn: list[tuple[Action, int, int]]) -> None:
    deeds: list[Told] = [(action, ITEM, value, mark) for action, value, mark in drawn]
    findings = Findings()
    settle(rows_of(deeds), findings)
    by_mark: dict[int, dict[Action, list[int]]] = defaultdict(lambda: defaultdict(list))
    for action, _, value, mark in deeds:
        by_mark[mark][action].append(value)
    reused = sum(len(actions) - 1 for actions in by_mark.values())
    turns = [values for actions in by_mark.values() for action, values in actions.items() if action is Action.LIKE]
    dated = [values for actions in by_mark.values() for action, values in actions.items() if action is Action.VIEW]
    doubled = sum(len(v) - len(set(v)) for v in turns) + sum(len(v) - 1 for v in dated)
    gaps = sum(len([turn for turn in set(v) if turn > 1 and turn - 1 not in v]) for v in turns)
    told = {"reused_nullifier": reused, "doubled": doubled, "missing_turn": gaps}
    assert dict(findings.found) == {kind: number for kind, number in told.items() if number}


@pytest.mark.parametrize(
    ("deeds", "kind", "leaf"),
    [
        ([(Action.LIKE, ITEM, 1, 1), (Action.LIKE, ITEM, 1, 1)], "doubled", 1),
        ([(Action.VIEW, ITEM, 20_500, 1), (Action.VIEW, ITEM, 20_501, 1)], "doubled", 1),
        ([(Action.LIKE, ITEM, 2, 1)], "missing_turn", 0),
        ([(Action.LIKE, ITEM, 1, 1), (Action.LIKE, ITEM, 3, 1)], "missing_turn", 1),
        ([(Action.FOLLOW, ITEM, 1, 1), (Action.FOLLOW, ITEM, 4, 1)], "missing_turn", 1),
        ([(Action.LIKE, ITEM, 1, 1), (Action.LIKE, OTHER, 1, 1)], "reused_nullifier", 1),
        ([(Action.LIKE, ITEM, 1, 1), (Action.SHARE, ITEM, 20_500, 1)], "reused_nullifier", 1),
    ],
)
def test_each_breach_names_its_leaf(deeds: list[Told], kind: str, leaf: int) -> None:
    findings = Findings()
    settle(rows_of(deeds), findings)
    assert [(problem.kind, problem.leaf) for problem in findings.problems] == [(kind, leaf)]
    assert f"Leaf {leaf}" in findings.problems[0].says


def test_a_like_given_taken_back_and_given_again_is_one_like_and_no_breach() -> None:
    deeds: list[Told] = [(Action.LIKE, ITEM, turn, 1) for turn in (1, 2, 3)]
    findings = Findings()
    settle(rows_of(deeds), findings)
    assert not findings.found
    assert [counted(deeds, upto) for upto in range(4)] == [{}, {(ITEM, "likes"): 1}, {}, {(ITEM, "likes"): 1}]


def test_a_flood_of_breaches_is_counted_and_not_kept() -> None:
    findings = Findings()
    settle(rows_of([(Action.LIKE, ITEM, 1, 1)] * 5_000), findings)
    assert findings.found == {"doubled": 4_999}
    assert len(findings.problems) == 100
