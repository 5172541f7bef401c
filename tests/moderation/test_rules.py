"""What a rule may say, and its one form in the log."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openforyou.core.encoding import canonical_json
from openforyou.core.errors import BadInput
from openforyou.core.ids import encode_id
from openforyou.events.counts import frozen_item, gains
from openforyou.events.leaf import Record, decode_leaf
from openforyou.moderation.rules import (
    CROSS_POSTS_MAX,
    FACTORS,
    LIMITS,
    SCOPES,
    checked,
    checked_reason,
    ending_leaf,
    in_words,
    is_about,
    policy_leaf,
    read_leaf,
)
from openforyou.moderation.types import Ending, Policy, PolicyId, PolicyKind, Proposal, Scope, ScopeKind

NOW = datetime(2026, 5, 1, 12, 0, 0, 250_000, tzinfo=UTC)
ID = PolicyId(77)
ITEM = Scope(ScopeKind.ITEM, 5)
CAP = Proposal("cap", "A cap", "So that one clip does not fill the feed.", ITEM, limit=100)


def proposed(**changes: Any) -> Proposal:
    return replace(CAP, **changes)


def test_a_sound_proposal_becomes_a_rule_in_whole_seconds() -> None:
    until = NOW + timedelta(days=3)
    policy = checked(proposed(name="  A cap ", until=until), ID, NOW)
    assert policy.name == "A cap"
    assert policy.since == NOW.replace(microsecond=0)
    assert policy.until == until.replace(microsecond=0)
    assert (policy.kind, policy.limit, policy.factor) == (PolicyKind.CAP, 100, None)


BAD: list[tuple[str, dict[str, Any]]] = [
    ("kind", {"kind": "hide"}),
    ("name", {"name": "  "}),
    ("name", {"name": "x" * 81}),
    ("name", {"name": "two\nlines"}),
    ("reason", {"reason": "because"}),
    ("reason", {"reason": "x" * 1_001}),
    ("reason", {"reason": "a bell \a that rings"}),
    ("scope", {"scope": Scope(ScopeKind.ITEM)}),
    ("scope", {"scope": Scope(ScopeKind.CROSS_POSTS, 5)}),
    ("scope", {"kind": "freeze", "limit": None, "scope": Scope(ScopeKind.CREATOR, 5)}),
    ("scope", {"kind": "cross_post_limit", "limit": 2}),
    ("limit", {"limit": None}),
    ("limit", {"limit": -1}),
    ("limit", {"limit": 10**12 + 1}),
    ("limit", {"kind": "cross_post_limit", "scope": Scope(ScopeKind.CROSS_POSTS), "limit": CROSS_POSTS_MAX + 1}),
    ("limit", {"kind": "boost", "factor": 2.0}),
    ("limit", {"kind": "freeze"}),
    ("factor", {"factor": 0.5}),
    ("factor", {"kind": "boost", "limit": None}),
    ("factor", {"kind": "boost", "limit": None, "factor": 1.0}),
    ("factor", {"kind": "boost", "limit": None, "factor": 5.01}),
    ("factor", {"kind": "demote", "limit": None, "factor": 0.0}),
    ("factor", {"kind": "demote", "limit": None, "factor": 0.96}),
    ("factor", {"kind": "demote", "limit": None, "factor": float("nan")}),
    ("since", {"since": NOW - timedelta(seconds=2)}),
    ("since", {"since": NOW.replace(tzinfo=None)}),
    ("until", {"until": NOW}),
    ("until", {"since": NOW + timedelta(days=2), "until": NOW + timedelta(days=1)}),
    ("until", {"until": (NOW + timedelta(days=1)).replace(tzinfo=None)}),
    ("since", {"kind": "freeze", "limit": None, "since": NOW + timedelta(days=1)}),
    ("until", {"kind": "freeze", "limit": None, "until": NOW + timedelta(days=1)}),
]


@pytest.mark.parametrize(("field", "changes"), BAD, ids=[f"{field}-{number}" for number, (field, _) in enumerate(BAD)])
def test_bad_input_names_its_field_and_says_what_to_do(field: str, changes: dict[str, Any]) -> None:
    with pytest.raises(BadInput) as refused:
        checked(proposed(**changes), ID, NOW)
    assert refused.value.field == field
    assert refused.value.hint


def test_the_end_of_a_rule_has_a_reason_too() -> None:
    assert checked_reason(" The week is over. ") == "The week is over."
    with pytest.raises(BadInput):
        checked_reason("")


def test_the_record_is_canonical_and_has_the_form_that_others_read() -> None:
    policy = checked(proposed(until=NOW + timedelta(days=1)), ID, NOW)
    assert policy_leaf(policy) == canonical_json(
        {
            "type": "policy",
            "id": encode_id(77),
            "kind": "cap",
            "name": "A cap",
            "reason": "So that one clip does not fill the feed.",
            "scope": {"kind": "item", "id": encode_id(5)},
            "limit": 100,
            "since": "2026-05-01T12:00:00Z",
            "until": "2026-05-02T12:00:00Z",
        }
    )
    assert b'"factor":2,' in policy_leaf(checked(proposed(kind="boost", limit=None, factor=2.0), ID, NOW))
    ending = Ending(ID, "It was only for a while.", NOW.replace(microsecond=0))
    assert ending_leaf(ending) == canonical_json(
        {"type": "policy_end", "id": encode_id(77), "reason": "It was only for a while.", "at": "2026-05-01T12:00:00Z"}
    )


def test_a_freeze_is_what_the_counts_read_as_one() -> None:
    freeze = checked(proposed(kind="freeze", limit=None), ID, NOW)
    told = decode_leaf(policy_leaf(freeze))
    assert isinstance(told, Record)
    assert frozen_item(told) == 5
    over = ending_leaf(Ending(ID, "It was only for a while.", NOW))
    assert gains([policy_leaf(freeze), over]).freed == {encode_id(77)}


def policies() -> st.SearchStrategy[Policy]:
    moments = st.integers(0, 4_000_000_000).map(lambda second: datetime.fromtimestamp(second, UTC))

    def of(kind: PolicyKind) -> st.SearchStrategy[Policy]:
        low, high = FACTORS.get(kind, (0.0, 0.0))
        scopes = st.sampled_from(sorted(SCOPES[kind])).flatmap(
            lambda scope: (
                st.just(Scope(scope))
                if scope is ScopeKind.CROSS_POSTS
                else st.integers(1, 2**63 - 1).map(lambda number: Scope(scope, number))
            )
        )
        return st.builds(
            Policy,
            id=st.integers(1, 2**63 - 1).map(PolicyId),
            kind=st.just(kind),
            name=st.text(min_size=1, max_size=80),
            reason=st.text(min_size=1, max_size=200),
            scope=scopes,
            since=moments,
            until=st.none() | moments,
            limit=st.integers(0, LIMITS[kind]) if kind in LIMITS else st.none(),
            factor=st.floats(low, high) if kind in FACTORS else st.none(),
        )

    return st.sampled_from(PolicyKind).flatmap(of)


@given(policies())
def test_a_record_reads_back_as_the_rule_that_it_was(policy: Policy) -> None:
    assert read_leaf(policy_leaf(policy)) == policy


GOOD = {
    "type": "policy",
    "id": encode_id(77),
    "kind": "cap",
    "name": "A cap",
    "reason": "So that one clip does not fill the feed.",
    "scope": {"kind": "item", "id": encode_id(5)},
    "limit": 100,
    "since": "2026-05-01T12:00:00Z",
}


@pytest.mark.parametrize(
    "changes",
    [
        {"limit": True},
        {"limit": 1.5},
        {"limit": "100"},
        {"limit": -1},
        {"kind": "hide"},
        {"kind": "boost", "factor": 9},
        {"factor": 2},
        {"since": "2026-05-01"},
        {"since": None},
        {"scope": {"kind": "item", "id": 5}},
        {"scope": {"kind": "everybody"}},
        {"scope": "item"},
        {"id": "x"},
        {"more": "than we write"},
        {"type": "policies"},
    ],
    ids=str,
)
def test_what_this_version_would_not_have_written_is_no_rule(changes: dict[str, Any]) -> None:
    assert isinstance(read_leaf(canonical_json(GOOD)), Policy)
    assert read_leaf(canonical_json({**GOOD, **changes})) is None


def test_deeds_and_noise_are_no_rules() -> None:
    for leaf in (b"", b"\x01" * 30, b"{", b"{}", b'{"type": "policy"}', canonical_json(GOOD)[:-1]):
        assert read_leaf(leaf) is None


def test_a_scope_holds_its_items_alone() -> None:
    assert is_about(ITEM, 5, 1, cross_post=False)
    assert not is_about(ITEM, 6, 1, cross_post=True)
    assert is_about(Scope(ScopeKind.CREATOR, 1), 6, 1, cross_post=False)
    assert not is_about(Scope(ScopeKind.CREATOR, 1), 1, 2, cross_post=False)
    assert is_about(Scope(ScopeKind.CROSS_POSTS), 6, 1, cross_post=True)
    assert not is_about(Scope(ScopeKind.CROSS_POSTS), 6, 1, cross_post=False)


@given(policies())
def test_every_rule_has_words_with_its_number_in_them(policy: Policy) -> None:
    words = in_words(policy)
    assert words
    if policy.limit and policy.limit > 1:
        assert f"{policy.limit:,}" in words
    if policy.factor is not None:
        assert f"{policy.factor:g}" in words
