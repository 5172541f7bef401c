"""Who goes takes no number along: a check from outside finds all of them as they were, and the words on record too."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from openforyou.app.platform import Platform
from openforyou.audit.records import Records
from openforyou.audit.types import Findings
from openforyou.catalog.types import Right
from openforyou.core.clock import ManualClock
from openforyou.core.ids import ViewerId, decode_id, encode_id
from openforyou.events.leaf import decode_leaf, encode_record
from openforyou.events.log.errors import NotYetPublished
from openforyou.privacy.person.erasing import AGAIN_AFTER
from openforyou.privacy.person.rules import ERASURE, RETENTION, problem
from openforyou.privacy.person.types import Person, What
from openforyou.privacy.retention.service import Retention
from openforyou.privacy.vault.errors import Destroyed
from tests.audit.conftest import ITEMS, Lived
from tests.catalog.test_service import published

VIEWER = ViewerId(3)


def counts(platform: Platform) -> object:
    shown = {item: replace(each, log_size=0) for item, each in platform.events.counts(ITEMS).items()}
    return shown, platform.events.followers(7), platform.events.followers(8)


def test_counts_hold_words_agree_and_the_record_can_be_proven(platform: Platform, clock: ManualClock) -> None:
    lived = Lived(platform, random.Random(5))
    creator = platform.catalog.add_creator("ada", "Ada", account_id=None)
    published(platform, creator)
    platform.catalog.set_viewer_rights(VIEWER, {Right.LEARN}, "settings")
    lived.happen(300)
    before = counts(platform)
    receipt = platform.erasing.forget(Person(VIEWER, None, creator.id), What.EVERYTHING)
    with pytest.raises(NotYetPublished):
        platform.receipts.proof(receipt.leaf_seq, receipt.leaf)
    lived.happen(0)
    clock.advance(AGAIN_AFTER)
    assert platform.erasing.resume() == 1
    with pytest.raises(Destroyed):
        platform.events.accept([replace(lived.event(ITEMS[0]), viewer_id=VIEWER)])
    lived.gone = frozenset({VIEWER})
    lived.happen(100)
    assert lived.check().report.ok, lived.check().report.findings.problems
    verdict = platform.proving.check()
    assert (verdict.wrongs, verdict.erased > 0) == ([], True)
    assert before != counts(platform), "others go on"
    record = decode_leaf(receipt.leaf)
    assert record.type == ERASURE  # type: ignore[union-attr]
    assert str(VIEWER) not in receipt.leaf.decode().split('"mark"')[0].replace(encode_id(receipt.id), "")
    proof = platform.receipts.proof(receipt.leaf_seq, receipt.leaf)
    assert lived.leaves()[proof.index] == receipt.leaf


def test_the_numbers_of_the_moment_stay_as_they_were(platform: Platform, clock: ManualClock) -> None:
    lived = Lived(platform, random.Random(6))
    lived.happen(300)
    before = counts(platform)
    platform.erasing.forget(Person(VIEWER), What.EVERYTHING)
    clock.advance(AGAIN_AFTER)
    platform.erasing.resume()
    lived.happen(0)
    assert counts(platform) == before
    with platform.database.connect() as connection:
        for table in ("events", "viewer_items", "follows"):
            assert connection.scalar(text(f"SELECT count(*) FROM {table} WHERE viewer_id = 3")) == 0
            assert connection.scalar(text(f"SELECT count(*) FROM {table}")) > 0


def test_what_is_over_goes_by_itself_and_the_log_says_how_much(platform: Platform, clock: ManualClock) -> None:
    lived = Lived(platform, random.Random(7))
    lived.happen(100)
    with platform.database.begin() as connection:
        kept = connection.scalar(text("SELECT count(*) FROM events"))
        state = connection.scalar(text("SELECT count(*) FROM viewer_items"))
        # The database stamps what comes in; the test's clock is another.
        connection.execute(text("UPDATE events SET received_at = :at"), {"at": clock.now() - timedelta(days=729)})
    first = platform.retention.run_due()
    assert first is not None
    assert first.removed == {}
    assert platform.retention.run_due() is None, "once a day"
    clock.advance(timedelta(days=2))
    second = platform.retention.run_due()
    assert second is not None
    assert second.removed == {"events": kept}
    lived.happen(0)
    assert lived.check().report.ok
    with platform.database.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM viewer_items")) == state, "what feeds are made from stays"
    told = [decode_leaf(leaf) for leaf in lived.leaves() if b'"type":"retention"' in leaf]
    assert [one.body["removed"] for one in told] == [{}, {"events": kept}]  # type: ignore[union-attr]
    assert Retention(platform.database, clock, 30).periods["slates"] == 30


def test_a_run_that_was_broken_off_is_gone_on_with_and_told_whole(
    platform: Platform, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = platform.accounts.sign_up("ada@example.org", "a long enough one")
    platform.accounts.sessions.begin(ada)
    clock.advance(timedelta(days=400))

    def killed(*_: object) -> bytes:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("openforyou.privacy.retention.service.retention_leaf", killed)
        with pytest.raises(KeyboardInterrupt):
            platform.retention.run_due()
    done = platform.retention.run_due()
    assert done is not None
    assert done.removed == {"sessions": 1}
    last = platform.retention.last()
    assert last is not None
    assert (last.id, last.leaf_seq) == (done.id, done.leaf_seq)


@pytest.mark.parametrize(
    ("type_", "changed"),
    [
        (ERASURE, {"mark": "ab"}),
        (ERASURE, {"id": "x"}),
        (ERASURE, {"what": "some"}),
        (ERASURE, {"email": "ada@example.org"}),
        (ERASURE, {"v": 2}),
        (RETENTION, {"removed": {"events": -1}}),
        (RETENTION, {"at": "today"}),
        (RETENTION, {"who": "ada"}),
    ],
)
def test_a_record_that_says_more_or_other_is_named(type_: str, changed: dict[str, object]) -> None:
    at = "2026-05-01T12:00:00+00:00"
    sound: dict[str, object] = {"v": 1, "at": at}
    if type_ == ERASURE:
        sound |= {"id": encode_id(decode_id("11111111112")), "what": "history", "mark": "0" * 32}
    else:
        sound |= {"removed": {"events": 2}, "days": {"events": 730}}
    assert problem(type_, sound) == ""
    findings = Findings()
    records = Records(findings, today=20_600)
    records.take(0, encode_record(type_, sound))
    assert not findings.found
    records.take(1, encode_record(type_, sound | changed))
    assert [one.kind for one in findings.problems] == ["bad_record"]
