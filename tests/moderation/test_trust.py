"""One that was not published cannot act: a row in the database is no rule, whoever wrote it."""

from __future__ import annotations

import shutil

import pytest

from openforyou.core.ids import encode_id
from openforyou.moderation.types import Standing
from tests.moderation.conftest import REASON, Office


def test_a_rule_acts_only_once_its_record_stands_in_the_published_log(office: Office) -> None:
    policy = office.publish()
    assert office.policies.acting() == ()
    assert office.standing(policy) is Standing.WAITING
    size = office.platform.log.step()
    assert office.policies.acting() == (policy,)
    assert office.rule(policy).log_index == size - 1


def test_records_are_found_in_a_batch_among_deeds_and_other_records(office: Office) -> None:
    for number in range(3):
        office.platform.log.step()
        for name in range(number + 1):
            office.publish(name=f"Rule {number} {name}")
    office.platform.log.step()
    acting = office.another_process().acting()
    assert sorted(policy.name for policy in acting) == [f"Rule {n} {m}" for n in range(3) for m in range(n + 1)]
    assert [rule.log_index for rule in office.policies.rules()] == list(range(6))


def test_an_ended_rule_stops_once_its_end_is_published(office: Office) -> None:
    policy = office.publish()
    office.platform.log.step()
    office.policies.end(policy.id, "It was only for a while.")
    assert office.policies.acting() == (policy,), "the end waits for the log as the beginning did"
    office.platform.log.step()
    for process in (office.policies, office.another_process()):
        assert process.acting() == ()
        ended = office.rule(policy, process)
        assert ended.standing is Standing.ENDED
        assert ended.ending is not None
        assert ended.ending.reason == "It was only for a while."
        assert (ended.log_index, ended.ending_log_index) == (0, 1)


@pytest.mark.parametrize("seq", [-1, 0, 5, 2**62, 2**63 - 1])
def test_a_row_written_by_hand_is_refused_aloud(office: Office, caplog: pytest.LogCaptureFixture, seq: int) -> None:
    """Whatever number it claims: none, that of another rule's record, one that comes later."""
    honest = office.publish(limit=7)
    office.platform.log.step()
    number = office.insert_row(seq)
    for process in (office.policies, office.another_process()):
        caplog.clear()
        assert process.acting() == (honest,)
        told = [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]
        assert len(told) == 1
        assert "unpublished rule refused" in told[0]
        assert encode_id(number) in told[0]
        caplog.clear()
        process.acting()
        assert caplog.records == [], "said once"
        assert [rule.standing for rule in process.rules() if rule.policy.id == number] == [Standing.REFUSED]


def test_a_copy_of_a_published_row_under_another_id_is_refused(office: Office) -> None:
    policy = office.publish()
    office.platform.log.step()
    office.insert_row(0, name=policy.name, limit=policy.limit)
    assert office.another_process().acting() == (policy,)


@pytest.mark.parametrize(
    "change",
    [
        '"limit" = 0',
        "name = 'Another'",
        "reason = 'Another one entirely.'",
        "kind = 'demote', factor = 0.05",
        "kind = 'nonsense'",
        "scope_kind = 'cross_posts', scope_id = NULL",
        "since = since - interval '1 day'",
        "until = since",
    ],
)
def test_a_row_that_was_altered_changes_nothing_and_is_said(
    office: Office, caplog: pytest.LogCaptureFixture, change: str
) -> None:
    policy = office.publish()
    office.platform.log.step()
    office.superuser(f"UPDATE policies SET {change}")
    for process in (office.policies, office.another_process()):
        caplog.clear()
        assert process.acting() == (policy,), "what was published acts"
        assert "unpublished rule refused" in caplog.text
        assert "altered" in caplog.text


def test_an_unpublished_end_ends_nothing(office: Office, caplog: pytest.LogCaptureFixture) -> None:
    policy = office.publish()
    office.platform.log.step()
    office.superuser("UPDATE policies SET ended_at = since, end_reason = :reason, end_seq = 0", reason=REASON)
    assert office.policies.acting() == (policy,)
    assert "the rule goes on" in caplog.text


def test_an_end_cannot_be_taken_back_under_a_process_that_knows_it(office: Office) -> None:
    policy = office.publish()
    office.policies.end(policy.id, "It was only for a while.")
    office.platform.log.step()
    assert office.policies.acting() == ()
    office.superuser("UPDATE policies SET ended_at = NULL, end_reason = NULL, end_seq = NULL")
    assert office.policies.acting() == ()


def test_a_rule_that_is_taken_out_of_the_database_stays_for_who_knows_it(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    policy = office.publish()
    office.platform.log.step()
    assert office.policies.acting() == (policy,)
    office.superuser("DELETE FROM policies")
    assert office.policies.acting() == (policy,)
    assert "taken out of the database" in caplog.text


def test_without_the_log_what_was_proven_stays_and_what_is_new_waits(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    old = office.publish()
    office.platform.log.step()
    assert office.policies.acting() == (old,)
    new = office.publish(name="The new one")
    office.platform.log.step()
    folder = office.platform.settings.log_folder
    folder.rename(folder.with_name("elsewhere"))
    assert office.policies.acting() == (old,)
    assert office.standing(new) is Standing.WAITING
    assert office.another_process().acting() == ()
    assert "the log cannot be read" in caplog.text
    folder.with_name("elsewhere").rename(folder)
    assert office.policies.acting() == (old, new)


@pytest.mark.parametrize("broken", ["checkpoint", "vkey", "tile/entries/000.p/1", "tile/0/000.p/1"])
def test_a_log_that_was_tampered_with_gives_no_rule(office: Office, broken: str) -> None:
    office.publish()
    office.platform.log.step()
    path = office.platform.settings.log_folder / broken
    spoilt = bytearray(path.read_bytes())
    spoilt[len(spoilt) // 2] ^= 1
    path.unlink()
    path.write_bytes(bytes(spoilt))
    assert office.another_process().acting() == ()


def test_another_log_with_the_same_record_is_not_believed_without_its_signature(office: Office) -> None:
    """The record is there, and the checkpoint is of a smaller tree: what is not under the signature does not count."""
    office.platform.policies.announce_weights({"x": 1.0})
    office.platform.log.step()
    folder = office.platform.settings.log_folder
    shutil.copy(folder / "checkpoint", folder.parent / "old")
    office.publish()
    office.platform.log.step()
    shutil.copy(folder.parent / "old", folder / "checkpoint")
    assert office.another_process().acting() == ()
