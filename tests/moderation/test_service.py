"""Publishing, ending, listing rules, and what is kept of what they did."""

from __future__ import annotations

from contextlib import closing
from datetime import timedelta

import pytest

from openforyou.catalog.errors import CreatorNotFound, ItemNotFound
from openforyou.catalog.types import Item
from openforyou.core.clock import ManualClock
from openforyou.core.encoding import digest
from openforyou.core.errors import BadInput, Conflict
from openforyou.core.ids import ItemId, RequestId, ViewerId, encode_id
from openforyou.events.intake import Intake
from openforyou.events.leaf import Record, decode_leaf
from openforyou.events.types import ServedSlate
from openforyou.ledger.reader import Log
from openforyou.ledger.source import FolderSource
from openforyou.moderation.effects import Acted, recorded, told
from openforyou.moderation.errors import PolicyEnded, PolicyNotFound
from openforyou.moderation.rules import policy_leaf, weights_leaf
from openforyou.moderation.types import Effect, Policy, PolicyId, Scope, ScopeKind, Standing
from tests.moderation.conftest import REASON, Office


def leaves(office: Office) -> list[bytes]:
    size = office.platform.log.step()
    log = Log(FolderSource(office.platform.settings.log_folder))
    return [leaf for part in log.entries(0, size, size) for leaf in part] if size else []


def test_publishing_puts_one_record_into_the_log(office: Office) -> None:
    policy = office.publish(name="Ten at most", limit=10)
    assert leaves(office) == [policy_leaf(policy)]


def test_a_proposal_that_is_refused_leaves_no_trace(office: Office) -> None:
    with pytest.raises(BadInput):
        office.publish(name="")
    with pytest.raises(ItemNotFound):
        office.publish(scope=Scope(ScopeKind.ITEM, 12345))
    with pytest.raises(CreatorNotFound):
        office.publish(scope=Scope(ScopeKind.CREATOR, 12345))
    assert office.policies.rules() == []
    assert leaves(office) == []


def test_a_scope_may_be_an_item_in_any_state_a_creator_or_all_cross_posts(office: Office) -> None:
    for scope in (office.scope, Scope(ScopeKind.CREATOR, office.creator.id), Scope(ScopeKind.CROSS_POSTS)):
        office.publish(scope=scope)
    office.platform.log.step()
    assert len(office.policies.acting()) == 3


def test_a_rule_has_its_days(office: Office, clock: ManualClock) -> None:
    policy = office.publish(since=office.now + timedelta(days=1), until=office.now + timedelta(days=2))
    office.platform.log.step()
    for days, standing in ((0, Standing.TO_COME), (1, Standing.IN_FORCE), (1, Standing.ENDED)):
        clock.advance(timedelta(days=days))
        assert office.standing(policy) is standing
        assert office.policies.acting() == ((policy,) if standing is Standing.IN_FORCE else ())


def test_a_rule_ends_once(office: Office) -> None:
    policy = office.publish()
    with pytest.raises(BadInput):
        office.policies.end(policy.id, "no")
    office.policies.end(policy.id, "It was only for a while.")
    with pytest.raises(PolicyEnded):
        office.policies.end(policy.id, "It was only for a while.")
    with pytest.raises(PolicyNotFound):
        office.policies.end(PolicyId(5), "There is none such, is there?")
    assert len(leaves(office)) == 2


def test_an_item_is_frozen_by_one_rule_at_a_time(office: Office) -> None:
    first = office.publish("freeze")
    with pytest.raises(Conflict, match="frozen"):
        office.publish("freeze")
    office.publish("freeze", scope=Scope(ScopeKind.ITEM, office.add_item()))
    office.policies.end(first.id, "The numbers were looked into.")
    office.publish("freeze")


def test_weights_are_published_when_they_change_and_not_again(office: Office) -> None:
    one, other = {"value_like": 3.0}, {"value_like": 4.0}
    assert office.policies.announce_weights(one)
    assert not office.policies.announce_weights(one), "while it waits"
    office.platform.log.step()
    assert not office.another_process().announce_weights(one), "and once it stands there"
    assert office.policies.announce_weights(other)
    office.platform.log.step()
    assert office.policies.announce_weights(one), "back to what was before is a change too"
    assert leaves(office) == [weights_leaf(one), weights_leaf(other), weights_leaf(one)]


def test_a_row_that_claims_the_weights_were_published_is_not_believed(office: Office) -> None:
    values = {"value_like": 3.0}
    office.published()
    for seq in (0, 5):
        claim = "INSERT INTO weights_records (seq, digest) VALUES (:seq, :digest)"
        office.superuser("DELETE FROM weights_records")
        office.superuser(claim, seq=seq, digest=digest(values))
        assert office.policies.announce_weights(values)
    told = decode_leaf(leaves(office)[-1])
    assert isinstance(told, Record)
    assert told.type == "weights"


# What rules did


def serve(office: Office, number: int, *acted: Acted) -> None:
    """Record a slate in which rules did that, as the feed does, and wait until it is kept."""
    record = {"v": 1, "policies": recorded(acted), "items": {}}
    slate = ServedSlate(RequestId(1 + number), ViewerId(9), office.now, "for_you", (office.item_id,), record)
    platform = office.platform
    with closing(
        Intake(platform.database, platform.clock, platform.keeper, beside=office.policies.keep_effects)
    ) as intake:
        intake.record(slate).result()


def the_item(office: Office) -> Item:
    return office.platform.catalog.own_item(office.item_id, office.creator.id)


def test_effects_are_counted_with_the_slates_by_day_and_told_by_item(office: Office, clock: ManualClock) -> None:
    cap, boost = office.published(), office.published("boost", factor=2.0)
    other = ItemId(4711)
    for number in range(3):
        serve(office, number, Acted(cap, removed=[office.item_id]), Acted(boost, moved={office.item_id: -2, other: 0}))
    clock.advance(timedelta(days=1))
    serve(office, 9, Acted(cap, displaced=[office.item_id, other]))
    felt = office.policies.felt_by([the_item(office)], {office.item_id: 4})[office.item_id]
    assert [(one.rule.policy, dict(one.slates), one.views) for one in felt] == [
        (cap, {Effect.REMOVED: 3, Effect.DISPLACED: 1}, 4),
        (boost, {Effect.LIFTED: 3}, None),
    ]
    assert office.policies.effects() == {
        cap.id: {Effect.REMOVED: 3, Effect.DISPLACED: 2},
        boost.id: {Effect.LIFTED: 3},
    }
    clock.advance(timedelta(days=6))
    assert office.policies.effects() == {cap.id: {Effect.DISPLACED: 2}}, "the first day is a week ago"


def test_a_slate_that_no_rule_touched_counts_nothing(office: Office) -> None:
    serve(office, 1)
    assert office.policies.effects() == {}


def test_an_item_feels_the_rules_about_it_and_those_that_moved_it(office: Office) -> None:
    mine = office.published()
    cross_posts = office.published("demote", scope=Scope(ScopeKind.CROSS_POSTS), factor=0.5)
    plain, marked = (
        the_item(office),
        office.platform.catalog.own_item(office.add_item(cross_post=True), office.creator.id),
    )

    def felt(item: Item) -> list[Policy]:
        return [one.rule.policy for one in office.policies.felt_by([item], {})[item.id]]

    assert felt(plain) == [mine]
    assert felt(marked) == [cross_posts]
    serve(office, 1, Acted(cross_posts, displaced=[plain.id]))
    assert felt(plain) == [mine, cross_posts]
    office.policies.end(mine.id, "It was only for a while.")
    office.platform.log.step()
    assert felt(plain) == [cross_posts], "ended, and it did nothing"


def test_the_record_of_a_slate_tells_what_bore_on_an_item_that_stands_there(office: Office) -> None:
    boost = office.publish("boost", name="Launch week", factor=2.0)
    record = {"policies": recorded([Acted(boost, moved={5: -3, 6: 1, 7: 0}, displaced=[8])])}
    assert [one.text.rpartition(": ")[2] for item in (5, 6, 7) for one in told(record, item)] == [
        "here 3 places up",
        "here 1 place down",
        "here that changed no place",
    ]
    (said,) = told(record, 5)
    assert (said.policy_id, said.name) == (encode_id(boost.id), "Launch week")
    assert "2 times" in said.text
    assert told(record, 8) == []
    assert told({}, 5) == []
    assert REASON not in str(record), "the reason stands in the log; a slate only names the rule"
