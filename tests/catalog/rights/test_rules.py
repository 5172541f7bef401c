"""What holds follows from the order of words alone, whatever the clock says; held against a second reading of the
rules, and the table that every query uses against the fold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from openforyou.catalog.rights import rules, store
from openforyou.catalog.rights.errors import BadRight
from openforyou.catalog.rights.types import ITEM_SUBJECT, VIEWER_SUBJECT, Act, Decision, Party, RightEvent
from openforyou.catalog.types import Right
from openforyou.core.ids import new_id
from openforyou.storage.database import Database

START = datetime(2026, 5, 1, tzinfo=UTC)
SUBJECT = 77
HOURS = st.integers(0, 6).map(lambda hours: START + timedelta(hours=hours))


@st.composite
def decisions(draw: st.DrawFn) -> Decision:
    """Anything anybody can say of three rights over two items, at moments in any order."""
    act = draw(st.sampled_from(Act))
    since = draw(HOURS)
    until = draw(st.none() | HOURS.filter(lambda end: end >= since)) if act is Act.GRANT else None
    return Decision(
        act=act,
        right=draw(st.sampled_from([Right.SHOW, Right.RECOMMEND, Right.LEARN])),
        subject_kind=ITEM_SUBJECT,
        subject_id=draw(st.sampled_from([SUBJECT, SUBJECT + 1])),
        by=draw(st.sampled_from(Party)),
        granted_by="somebody",
        evidence="said so",
        since=since,
        until=until,
        region=draw(st.sampled_from(["", "", "CH"])) if act is Act.GRANT else "",
    )


def on_record(said: Sequence[Decision]) -> list[RightEvent]:
    return [RightEvent(number + 1, number, START, one) for number, one in enumerate(said)]


def stands(said: Sequence[Decision], number: int) -> bool:
    """The rules read anew, of one grant: no later no, and no earlier no of more weight that nobody lifted."""
    grant = said[number]
    same = [
        (place, one) for place, one in enumerate(said) if (one.right, one.subject_id) == (grant.right, grant.subject_id)
    ]
    if any(place > number and one.act is not Act.GRANT for place, one in same):
        return False
    before = [one for place, one in same if place < number]
    for place, one in enumerate(before):
        if one.act is Act.GRANT or one.by.rank <= grant.by.rank:
            continue
        # What binds is the greatest no since the last lifting; a grant of its weight lifts it.
        weight = one.by.rank
        for later in before[place + 1 :]:
            weight = 0 if later.act is Act.GRANT and later.by.rank >= weight else weight
            if later.act is not Act.GRANT:
                weight = max(weight, later.by.rank)
        if weight > grant.by.rank:
            return False
    return grant.until is None or grant.until > grant.since


@given(st.lists(decisions(), max_size=12))
def test_the_fold_is_the_rules_read_grant_by_grant_in_whatever_order_it_is_given(said: list[Decision]) -> None:
    events = on_record(said)
    wanted = {one.id for one in events if one.decision.act is Act.GRANT and stands(said, one.seq)}
    assert {one.id for one in rules.standing(events)} == wanted
    assert {one.id for one in rules.standing(reversed(events))} == wanted


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(decisions(), min_size=1, max_size=4), max_size=4), HOURS)
def test_the_table_is_the_fold_after_any_sequence(
    database: Database, groups: list[list[Decision]], at: datetime
) -> None:
    subject = new_id()
    for group in groups:
        with database.begin() as connection:
            store.record(connection, [replace(one, subject_id=subject) for one in group], START)
    with database.connect() as connection:
        events = store.events_of(connection, ITEM_SUBJECT, [subject])
        rows = [row for row in store.all_projected(connection) if row["subject_id"] == subject]
        held = store.rights_of(connection, ITEM_SUBJECT, subject, at)
    assert sorted(row["id"] for row in rows) == sorted(
        one.id for one in rules.standing(events) if not one.decision.region
    )
    assert held == rules.state(events, at)


def word(act: Act, by: Party, *, hours: float = 0, until: float | None = None) -> Decision:
    end = None if until is None else START + timedelta(hours=until)
    since = START + timedelta(hours=hours)
    return Decision(act, Right.LEARN, ITEM_SUBJECT, SUBJECT, by, by.value, "said so", since, end)


@pytest.mark.parametrize(
    ("said", "holds"),
    [
        ([word(Act.GRANT, Party.CREATOR)], True),
        ([word(Act.GRANT, Party.CREATOR), word(Act.WITHDRAW, Party.CREATOR, hours=-9)], False),
        ([word(Act.GRANT, Party.CREATOR, until=1), word(Act.GRANT, Party.OPERATOR, until=3)], True),
        ([word(Act.GRANT, Party.CREATOR, until=1)], False),
        ([word(Act.GRANT, Party.CREATOR, hours=5)], False),
        ([word(Act.REFUSE, Party.CREDENTIAL), word(Act.GRANT, Party.CREATOR)], False),
        ([word(Act.REFUSE, Party.CREDENTIAL), word(Act.GRANT, Party.GUARDIAN)], False),
        ([word(Act.REFUSE, Party.CREDENTIAL), word(Act.GRANT, Party.OPERATOR)], True),
        ([word(Act.REFUSE, Party.GUARDIAN), word(Act.WITHDRAW, Party.CREATOR), word(Act.GRANT, Party.CREATOR)], False),
        (
            [
                word(Act.WITHDRAW, Party.GUARDIAN),
                word(Act.GRANT, Party.GUARDIAN, until=0),
                word(Act.GRANT, Party.CREATOR),
            ],
            True,
        ),
    ],
)
def test_whose_word_counts(said: list[Decision], holds: bool) -> None:
    assert (Right.LEARN in rules.state(on_record(said), START + timedelta(hours=2))) is holds


@pytest.mark.parametrize(
    ("field", "change"),
    [
        ("until", {"until": START - timedelta(hours=1)}),
        ("evidence", {"evidence": "  "}),
        ("evidence", {"evidence": "x" * 2_001}),
        ("right", {"right": Right.AUDIO}),
        ("right", {"subject_kind": VIEWER_SUBJECT, "right": Right.SHOW}),
        ("kind", {"subject_kind": "creator"}),
        ("since", {"since": START.replace(tzinfo=None)}),
        ("act", {"act": Act.WITHDRAW, "region": "CH"}),
    ],
)
def test_what_nobody_can_say_is_refused_before_anything_is_written(
    database: Database, field: str, change: dict[str, object]
) -> None:
    sound = word(Act.GRANT, Party.CREATOR)
    bad = replace(sound, **change)  # type: ignore[arg-type]
    with pytest.raises(BadRight) as refused, database.begin() as connection:
        store.record(connection, [replace(sound, subject_kind=bad.subject_kind), bad], START)
    assert refused.value.field in (field, "right", "kind")
    with database.connect() as connection:
        assert store.all_events(connection) == ([], [])


def test_a_commitment_binds_every_word_and_tells_nothing_without_the_secret() -> None:
    event = on_record([word(Act.GRANT, Party.CREATOR)])[0]
    secret = bytes(range(32))
    bound = rules.commitment(secret, event)
    others = [
        replace(event, seq=1),
        replace(event, id=2),
        replace(event, at=START + timedelta(seconds=1)),
        *(
            replace(event, decision=replace(event.decision, **change))
            for change in (
                {"act": Act.REFUSE},
                {"right": Right.SHOW},
                {"subject_id": 78},
                {"by": Party.OPERATOR},
                {"granted_by": "creator:x"},
                {"given_to": 5},
                {"evidence": "said nothing"},
                {"since": START - timedelta(days=1)},
                {"until": START + timedelta(days=1)},
                {"region": "CH"},
            )
        ),
    ]
    assert len({bound, *(rules.commitment(secret, one) for one in others)}) == len(others) + 1
    leaf = rules.leaf(replace(event, commitment=bound)).decode()
    assert all(word not in leaf for word in ("said so", "creator", "2026"))
    assert rules.commitment(bytes(32), event) != bound
