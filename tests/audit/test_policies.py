"""Rules: what is shown of them beside their records, and numbers under a freeze."""

from __future__ import annotations

from typing import Any

import pytest

from openforyou.audit.policies import compare, orphans
from openforyou.audit.records import Records
from openforyou.audit.types import Findings, Problem, ShownPolicy, ShownRecord
from openforyou.catalog.types import Draft
from openforyou.core.ids import ItemId, encode_id
from openforyou.events.leaf import encode_record
from openforyou.events.types import EventType
from openforyou.moderation.types import Policy, Proposal, Scope, ScopeKind
from tests.audit.conftest import ITEMS, Lived

REASON = "So that the tests have something to read."
CAP: dict[str, Any] = {
    "id": encode_id(5),
    "kind": "cap",
    "limit": 9,
    "name": "A cap",
    "reason": REASON,
    "scope": {"kind": "item", "id": encode_id(ITEMS[0])},
    "since": "2026-05-01T12:00:00Z",
}
END = {"id": CAP["id"], "reason": "It has served its end.", "at": "2026-05-02T12:00:00Z"}


def found(shown: list[ShownPolicy], leaves: list[bytes], at_least: int = 10) -> list[Problem]:
    findings = Findings()
    records = Records(findings, today=20_600)
    for index, leaf in enumerate(leaves):
        records.take(index, leaf)
    orphans(records, findings)
    compare(shown, records, at_least, findings)
    return findings.problems


RECORDS = [encode_record("policy", CAP), encode_record("policy_end", END)]


def shown(**how: Any) -> list[ShownPolicy]:
    return [ShownPolicy(CAP["id"], ShownRecord(CAP, 0, **how), ShownRecord(END, 1, **how))]


def test_what_is_shown_as_it_was_published_is_right() -> None:
    assert found(shown(), RECORDS) == []


def test_a_rule_without_a_record_is_named() -> None:
    [one] = found([ShownPolicy(CAP["id"], ShownRecord(CAP, 3), None)], [])
    assert (one.kind, one.policy) == ("unpublished_rule", CAP["id"])
    assert found([ShownPolicy(CAP["id"], ShownRecord(CAP, waits=True), None)], []) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [("limit", 8), ("name", "Another"), ("scope", {"kind": "cross_posts"}), ("until", "2026-06-01T00:00:00Z")],
)
def test_each_field_that_is_shown_otherwise_is_named(name: str, value: Any) -> None:
    [one] = found([ShownPolicy(CAP["id"], ShownRecord({**CAP, name: value}, 0), ShownRecord(END, 1))], RECORDS)
    assert (one.kind, one.shown, one.true, one.leaf) == ("altered_rule", value, CAP.get(name), 0)


def test_a_record_that_is_not_shown_is_named_unless_it_is_newer_than_the_question() -> None:
    kinds = [(one.kind, one.leaf) for one in found([], RECORDS)]
    assert kinds == [("hidden_rule", 0), ("hidden_rule", 1)]
    assert found([], RECORDS, at_least=0) == []
    unended = [ShownPolicy(CAP["id"], ShownRecord(CAP, 0), None)]
    assert [(one.kind, one.leaf) for one in found(unended, RECORDS)] == [("hidden_rule", 1)]


def test_a_place_that_is_another_is_named() -> None:
    [one] = found([ShownPolicy(CAP["id"], ShownRecord(CAP, 4), ShownRecord(END, 1))], RECORDS)
    assert (one.kind, one.shown, one.true) == ("altered_rule", 4, 0)


def test_records_that_no_rule_can_have_are_named() -> None:
    assert found([], [encode_record("policy_end", END)], at_least=0)[0].kind == "bad_record"
    assert found(shown(), [*RECORDS, RECORDS[0]])[0].kind == "bad_record"
    assert found([], [encode_record("policy", {**CAP, "limit": -1})])[0].kind == "bad_record"
    assert found([], [encode_record("policy", {**CAP, "kind": "freeze"})])[0].kind == "bad_record"


# On a platform


@pytest.fixture
def item(lived: Lived) -> ItemId:
    """An item of the catalogue on which something happened: rules are about nothing else."""
    item_id = ItemId(ITEMS[0])
    creator = lived.platform.catalog.add_creator("maker", "Maker")
    lived.platform.catalog.queue(item_id, creator.id, Draft("A clip", "", frozenset(), "a.mp4", "0" * 64), "", "a test")
    return item_id


def published(lived: Lived, kind: str, item: ItemId, **said: Any) -> Policy:
    proposal = Proposal(kind, "A rule", REASON, Scope(ScopeKind.ITEM, item), **said)
    policy = lived.platform.policies.publish(proposal)
    lived.platform.log.step()
    return policy


def test_numbers_under_a_freeze_are_those_from_before_it(lived: Lived, item: ItemId) -> None:
    freeze = published(lived, "freeze", item)
    lived.happen(200)
    assert lived.check().report.findings.problems == []
    lived.execute("UPDATE item_counts SET frozen = NULL WHERE item_id = :item", item=item)
    problems = lived.check().report.findings.problems
    assert {problem.item for problem in problems} == {encode_id(item)}
    assert all(problem.shown != problem.true for problem in problems)
    lived.platform.policies.end(freeze.id, REASON)
    lived.happen(1)
    assert lived.check().report.findings.problems == []


def test_an_item_that_is_frozen_before_anything_happened_shows_nothing(lived: Lived, item: ItemId) -> None:
    fresh = ItemId(4_242)
    creator = lived.platform.catalog.creator("maker")
    lived.platform.catalog.queue(fresh, creator.id, Draft("New", "", frozenset(), "b.mp4", "1" * 64), "", "a test")
    published(lived, "freeze", fresh)
    lived.platform.events.accept([lived.event(fresh, EventType.VIEW)])
    lived.platform.log.step()
    assert lived.check().report.findings.problems == []


def test_rules_that_come_and_go_are_right(lived: Lived, item: ItemId) -> None:
    cap = published(lived, "cap", item, limit=3)
    published(lived, "boost", item, factor=2.0)
    lived.platform.policies.end(cap.id, REASON)
    assert lived.check().report.findings.problems == [], "an end that waits is not held against anybody"
    lived.platform.log.step()
    report = lived.check().report
    assert report.findings.problems == []
    assert report.policies == 2


def test_a_cap_that_was_changed_in_the_database_is_named(lived: Lived, item: ItemId) -> None:
    cap = published(lived, "cap", item, limit=3)
    lived.execute('UPDATE policies SET "limit" = 1')
    [problem] = lived.check().report.findings.problems
    assert (problem.kind, problem.policy) == ("altered_rule", encode_id(cap.id))
    assert (problem.shown, problem.true) == (1, 3)


def test_a_cap_that_was_taken_out_of_the_database_is_named(lived: Lived, item: ItemId) -> None:
    published(lived, "cap", item, limit=3)
    lived.execute("DELETE FROM policies")
    [problem] = lived.check().report.findings.problems
    assert problem.kind == "hidden_rule"


def test_a_cap_that_was_never_published_is_named(lived: Lived, item: ItemId) -> None:
    published(lived, "cap", item, limit=3)
    lived.execute(
        'INSERT INTO policies (id, kind, name, reason, scope_kind, scope_id, since, "limit", seq) '
        "SELECT id + 1, kind, name, reason, scope_kind, scope_id, since, 0, 0 FROM policies"
    )
    [problem] = lived.check().report.findings.problems
    assert problem.kind == "unpublished_rule"
