"""Clips found by their codes, while the catalogue grows."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from openforyou.events.types import MUTED
from openforyou.recommend.snapshot.postings import Postings

PAIRS = st.lists(st.tuples(st.integers(1, 6), st.integers(1, 9)), max_size=12)


def grown(batches: list[list[tuple[int, int]]]) -> tuple[Postings, dict[int, set[int]]]:
    postings, plain = Postings(), {}
    for batch in batches:
        told = np.array(batch, dtype=np.int64).reshape(-1, 2)
        postings = postings.with_items(told[:, 0], told[:, 1])
        for code, item in batch:
            plain.setdefault(code, set()).add(item)
    return postings, plain


@given(batches=st.lists(PAIRS, max_size=6))
def test_each_code_finds_its_items_however_they_came(batches: list[list[tuple[int, int]]]) -> None:
    postings, plain = grown(batches)
    for code in range(8):
        assert postings.carrying(code).tolist() == sorted(plain.get(code, ()))


@given(batches=st.lists(PAIRS, max_size=4), mutes=st.lists(st.sets(st.integers(1, 7), min_size=1), max_size=4))
def test_a_group_finds_what_carries_all_of_it(batches: list[list[tuple[int, int]]], mutes: list[set[int]]) -> None:
    postings, plain = grown(batches)
    rows = [(number, code) for number, codes in enumerate(mutes) for code in codes]
    wanted = np.array(rows, dtype=MUTED.newbyteorder("="))
    expected = {item for codes in mutes for item in set.intersection(*(plain.get(code, set()) for code in codes))}
    assert set(postings.carrying_all(wanted).tolist()) == expected


def test_nothing_written_into_one_is_seen_in_another() -> None:
    first, _ = grown([[(1, 1)]])
    second = first.with_items(np.array([1]), np.array([2]))
    assert first.carrying(1).tolist() == [1]
    assert second.carrying(1).tolist() == [1, 2]
    assert first.with_items(np.empty(0, np.int64), np.empty(0, np.int64)) is first
