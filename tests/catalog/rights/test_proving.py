"""Each word stands in the log and binds us; what somebody writes into the database is named; and any checkpoint's
state can be rebuilt."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import timedelta

import pytest
from alembic import command
from sqlalchemy import event, text

from openforyou.app.platform import Platform
from openforyou.audit.service import verify
from openforyou.audit.stored import StoredShown
from openforyou.audit.trust import trusted
from openforyou.catalog.errors import LearningRefused
from openforyou.catalog.rights import rules, store
from openforyou.catalog.rights.errors import NotAtSize, RightRefused
from openforyou.catalog.rights.secrets import known_secrets
from openforyou.catalog.rights.types import ITEM_SUBJECT, VIEWER_SUBJECT, Act, Decision, Party, RightEvent, Voice
from openforyou.catalog.types import ITEM_RIGHTS, Creator, Right
from openforyou.core.clock import ManualClock
from openforyou.core.encoding import canonical_json
from openforyou.core.ids import ItemId, ViewerId, encode_id, new_id
from openforyou.events.log import store as log_store
from openforyou.ledger.reader import Log
from openforyou.ledger.source import FolderSource
from openforyou.storage.database import Database, migration_config
from tests.catalog.test_service import published

VIEWER = ViewerId(41)
Write = Callable[..., None]


@pytest.fixture
def creator(platform: Platform) -> Creator:
    return platform.catalog.add_creator("ada", "Ada")


@pytest.fixture
def item(platform: Platform, creator: Creator) -> ItemId:
    """With every right; and a viewer who let models learn and took it back. Three checkpoints."""
    made = published(platform, creator)
    platform.log.step()
    platform.catalog.set_viewer_rights(VIEWER, {Right.LEARN}, "settings page")
    platform.log.step()
    platform.catalog.set_viewer_rights(VIEWER, set(), "settings page")
    platform.log.step()
    return made


@pytest.fixture
def write(platform: Platform) -> Write:
    """As a database superuser."""

    def run(statement: str, **values: object) -> None:
        with platform.database.begin() as connection:
            connection.execute(text(statement), values)

    return run


def record_at(platform: Platform, index: int) -> dict[str, object]:
    log = Log(FolderSource(platform.settings.log_folder))
    size = int(log.checkpoint_bytes().split(b"\n")[1])
    ((leaf,),) = log.entries(index, index + 1, size)
    told: dict[str, object] = json.loads(leaf)
    return told


def test_the_owner_finds_each_word_in_the_log_with_the_secret_alone(platform: Platform, item: ItemId) -> None:
    told = platform.catalog.rights.told(ITEM_SUBJECT, [item], platform.proving.places)
    assert [one.placed.event.decision.right for one in told] == sorted(ITEM_RIGHTS, reverse=True)
    for one in told:
        assert one.placed.index is not None
        assert one.secret is not None
        assert one.has_effect
        said = b"ofy-right-1\n" + canonical_json(rules.words_of(one.placed.event))
        record = record_at(platform, one.placed.index)
        assert record["commitment"] == hmac.new(one.secret, said, hashlib.sha256).hexdigest()
        assert set(record) == {"v", "type", "act", "right", "kind", "commitment"}
    platform.catalog.set_viewer_rights(VIEWER, {Right.LEARN}, "again")
    newest, *_ = platform.catalog.rights.told(VIEWER_SUBJECT, [VIEWER], platform.proving.places)
    assert newest.placed.index is None, "on its way"
    assert platform.proving.check().waiting == 1


def test_any_checkpoint_s_state_is_rebuilt_and_a_size_between_is_refused(platform: Platform, item: ItemId) -> None:
    sizes = [3, 4, 5]
    then = [platform.proving.at(VIEWER_SUBJECT, [VIEWER], size) for size in sizes]
    assert [one.subjects[0].holds for one in then] == [frozenset(), {Right.LEARN}, frozenset()]
    assert platform.proving.at(ITEM_SUBJECT, [item], 3).subjects[0].holds == frozenset(ITEM_RIGHTS)
    for size in (2, 0, 6):
        with pytest.raises(NotAtSize):
            platform.proving.at(ITEM_SUBJECT, [item], size)
    assert platform.proving.at(ITEM_SUBJECT, [item], None).size == 5
    root = Log(FolderSource(platform.settings.log_folder)).root(4, 5)
    assert then[1].root == root


def test_whoever_checks_the_log_from_outside_accepts_the_records_and_refuses_bad_ones(
    platform: Platform, item: ItemId
) -> None:
    def problems() -> list[str]:
        source = FolderSource(platform.settings.log_folder)
        shown = StoredShown(platform.database, patience_s=0.3)
        found = verify(
            source, trusted(source, vkey="", policy=None, remembered=None), shown, platform.clock.now()
        ).report.findings.problems
        return [f"{one.kind} {one.leaf}" for one in found]

    assert problems() == []
    sound = record_at(platform, 0)
    bad = [
        sound | {"commitment": "ab"},
        sound | {"act": "take"},
        sound | {"right": "own"},
        sound | {"kind": "creator", "commitment": "0" * 64},
        sound | {"v": True, "commitment": "1" * 64},
        sound | {"viewer": encode_id(VIEWER), "commitment": "2" * 64},
        sound,
    ]
    with platform.database.begin() as connection:
        log_store.enqueue(connection, [canonical_json(one) for one in bad])
    platform.log.step()
    assert problems() == [f"bad_record {leaf}" for leaf in range(5, 12)]


@pytest.mark.parametrize(
    ("statement", "kinds"),
    [
        ("UPDATE rights SET until = NULL, evidence = 'bought' WHERE \"right\" = 'learn'", ["projection"]),
        ("DELETE FROM rights WHERE \"right\" = 'show'", ["projection"]),
        (
            'INSERT INTO rights (id, "right", subject_kind, subject_id, granted_by, evidence, since) '
            "VALUES (9, 'learn', 'viewer', 41, 'viewer:x', 'trust me', now())",
            ["projection"],
        ),
        ("UPDATE right_events SET evidence = 'bought' WHERE \"right\" = 'learn' AND subject_kind = 'item'", ["forged"]),
        ("UPDATE right_events SET act = 'grant' WHERE act = 'withdraw'", ["forged"]),
        ("DELETE FROM right_events WHERE act = 'withdraw'", ["no_event", "projection"]),
        ("UPDATE right_events SET by_kind = 'mother' WHERE act = 'withdraw'", ["unreadable", "no_event", "projection"]),
        (
            "INSERT INTO right_events SELECT 9, 1000, act, \"right\", 'viewer', 41, by_kind, granted_by, given_to, "
            "evidence, since, until, region, at, commitment FROM right_events WHERE \"right\" = 'learn' AND "
            "act = 'grant' AND subject_kind = 'item'",
            ["forged"],
        ),
        ("UPDATE subject_secrets SET secret = sha256('x') WHERE kind = 'viewer'", ["forged", "forged"]),
    ],
)
def test_what_is_written_by_hand_is_named(
    platform: Platform, item: ItemId, write: Write, statement: str, kinds: list[str]
) -> None:
    assert platform.proving.check().wrongs == []
    write(statement)
    found = [one.kind for one in platform.proving.check().wrongs]
    assert [one for one in found if one in kinds][: len(kinds)] == kinds
    assert set(found) <= {*kinds, "projection"}


def test_the_order_of_words_cannot_be_turned_round_in_the_database(
    platform: Platform, creator: Creator, write: Write
) -> None:
    made = published(platform, creator, rights=frozenset())
    for wanted in ({Right.SHOW}, set[Right]()):
        platform.catalog.set_item_rights(made, creator.id, wanted, "changed my mind")
    platform.log.step()  # one batch: the log alone does not say which came first
    write("UPDATE right_events SET seq = CASE act WHEN 'grant' THEN -1 ELSE 0 END")
    write("UPDATE right_events SET seq = 1 WHERE act = 'grant'")
    assert [one.kind for one in platform.proving.check().wrongs] == ["forged", "forged"]


def test_an_erased_subject_s_words_are_counted_and_give_nothing(platform: Platform, item: ItemId, write: Write) -> None:
    platform.catalog.rights.choose(ITEM_SUBJECT, {item: ()}, Voice(Party.CREATOR, "creator", "before it is erased"))
    platform.log.step()
    write("DELETE FROM subject_secrets WHERE kind = 'item'")
    write("UPDATE right_events SET granted_by = '', evidence = '' WHERE subject_kind = 'item'")
    verdict = platform.proving.check()
    assert (verdict.wrongs, verdict.erased, verdict.events) == ([], 6, 8)
    assert platform.proving.at(ITEM_SUBJECT, [item], 3).subjects[0].events == ()


def test_a_clock_that_jumps_back_brings_nothing_back(platform: Platform, creator: Creator, clock: ManualClock) -> None:
    made = published(platform, creator, rights=frozenset())
    clock.advance(timedelta(days=1))
    platform.catalog.set_item_rights(made, creator.id, {Right.SHOW}, "yes")
    platform.catalog.set_viewer_rights(VIEWER, {Right.LEARN}, "yes")
    clock.advance(timedelta(hours=1))
    platform.catalog.set_viewer_rights(VIEWER, set(), "no")
    clock._now -= timedelta(minutes=30)  # to where the grant held
    assert platform.catalog.viewer_rights(VIEWER) == frozenset()
    clock._now -= timedelta(days=9)  # before either was given
    assert platform.catalog.item_rights(made) == frozenset()
    platform.catalog.set_item_rights(made, creator.id, set(), "no, before it began")
    clock.advance(timedelta(days=30))
    assert platform.catalog.item_rights(made) == frozenset()


def test_a_refusal_in_the_file_binds_its_creator_until_an_operator_lifts_it(
    platform: Platform, creator: Creator, item: ItemId
) -> None:
    rights = platform.catalog.rights
    now = platform.clock.now()

    def says(act: Act, by: Party, evidence: str) -> list[RightEvent]:
        return rights.decide([Decision(act, Right.LEARN, ITEM_SUBJECT, item, by, by.value, evidence, now)])

    says(Act.REFUSE, Party.CREDENTIAL, "it says so")
    assert rights.of_item(item) == {Right.SHOW, Right.RECOMMEND}
    with pytest.raises((RightRefused, LearningRefused)):
        rights.choose_for_item(item, creator.id, ITEM_RIGHTS, "ticked again")
    assert rights.of_item(item) == {Right.SHOW, Right.RECOMMEND}, "nothing half done"
    says(Act.GRANT, Party.OPERATOR, "a contract of 1 May")
    assert Right.LEARN in rights.of_item(item)


def test_hundreds_of_grants_are_one_transaction_of_few_statements(platform: Platform) -> None:
    seen: list[str] = []
    listen = lambda *told: seen.append(told[2])  # noqa: E731
    now = platform.clock.now()
    ids = [new_id() for _ in range(300)]
    said = Voice(Party.OPERATOR, "operator", "a contract").says(Act.GRANT, Right.SHOW, ITEM_SUBJECT, ids, now)
    event.listen(platform.database.engine, "before_cursor_execute", listen)
    try:
        platform.catalog.rights.decide(said)
    finally:
        event.remove(platform.database.engine, "before_cursor_execute", listen)
    assert len(seen) <= 15
    assert set(platform.catalog.rights.of_items(ids).values()) == {frozenset({Right.SHOW})}


def test_what_was_allowed_before_words_were_kept_is_carried_over_with_its_evidence(database: Database) -> None:
    with database.connect() as connection:
        command.downgrade(migration_config(connection), "0011")
        connection.commit()
        connection.execute(
            text(
                "INSERT INTO creators (id, handle, name) VALUES (1, 'ann', 'Ann');"
                "INSERT INTO items (id, creator_id, kind, status, title, source_name, source_sha256)"
                " VALUES (5, 1, 'video', 'published', 'A Cat', 'a.mp4', 'x');"
                "INSERT INTO opt_outs VALUES (3, 5, 'c2pa', 'm', 'cawg', 'notAllowed', 'trusted', '2026-01-03Z');"
                'INSERT INTO rights (id, "right", subject_kind, subject_id, granted_by, evidence, since, until) VALUES'
                " (11, 'show', 'item', 5, 'creator:a', 'own upload', '2026-01-01Z', NULL),"
                " (12, 'learn', 'item', 5, 'creator:a', 'own upload', '2026-01-01Z', '2026-01-01Z'),"
                " (13, 'audio', 'sound', 6, 'operator', 'contract 1', '2026-01-01Z', '2026-01-02Z'),"
                " (14, 'audio', 'sound', 6, 'creator:b', 'contract 2', '2026-01-02Z', NULL)"
            )
        )
        connection.commit()
    database.migrate()
    with database.connect() as connection:
        events, _ = store.all_events(connection)
        rows = store.all_projected(connection)
        secrets = {kind: known_secrets(connection, kind, [5, 6]) for kind in ("item", "sound")}
        leaves = log_store.pending(connection, 0, 99)
    assert {row["id"] for row in rows} == {11, 14}
    assert {one.id: store.projected(one) for one in rules.standing(events)} == {row["id"]: row for row in rows}
    assert leaves == [rules.leaf(one) for one in events]
    assert all(
        rules.commitment(secrets[one.decision.subject_kind][one.decision.subject_id], one) == one.commitment
        for one in events
    )
    assert {one.decision.evidence for one in events} >= {"own upload", "contract 1", "contract 2", "m: notAllowed"}
