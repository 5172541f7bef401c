"""A true platform passes; each lie is named, with what is shown, what is true, and where."""

from __future__ import annotations

import shutil
from pathlib import Path
from threading import Timer

import pytest

from openforyou.audit.stored import StoredShown
from openforyou.audit.types import ITEM_COUNTS
from openforyou.core.ids import encode_id
from openforyou.events.leaf import Action, Deed, encode_deed, encode_record
from openforyou.ledger.keys import Algorithm, SigningKey
from openforyou.ledger.source import FolderSource
from openforyou.ledger.writer import LogWriter
from tests.audit.conftest import CREATORS, ITEMS, Lived

EVERYTHING = ("log", "leaves", "counts", "policies")


def kinds(lived: Lived, **how: object) -> dict[str, int]:
    """What is found, by kind."""
    return dict(lived.check(**how).report.findings.found)  # type: ignore[arg-type]


def is_like(deed: Deed) -> bool:
    return deed.action is Action.LIKE and deed.value == 1


# True


def test_a_true_platform_passes(lived: Lived) -> None:
    report = lived.check().report
    assert report.findings.problems == []
    assert report.ok
    assert report.checked == EVERYTHING
    assert report.leaves == len(lived.leaves()) > 300
    assert (report.items, report.creators) == (len(ITEMS), len(CREATORS))
    assert report.log is not None
    assert report.log["shown_at"] == report.log["size"] == report.leaves
    assert report.log["key_from"] == "server"


def test_many_small_buckets_give_the_same(lived: Lived, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = lived.check().report
    monkeypatch.setattr("openforyou.audit.buckets.ROWS_A_BUCKET", 20)
    monkeypatch.setattr("openforyou.audit.buckets.PIECE_ROWS", 7)
    monkeypatch.setattr("openforyou.audit.tally.CHUNK_LEAVES", 64)
    parted = lived.check().report
    assert parted.findings.problems == []
    assert (parted.leaves, parted.items, parted.creators) == (whole.leaves, whole.items, whole.creators)
    lived.execute("UPDATE item_counts SET views = views + item_id")
    wrong = lived.check().report.findings.problems
    assert sorted(problem.shown - problem.true for problem in wrong) == list(ITEMS)


def test_more_leaves_of_one_nullifier_than_fit_into_memory_are_no_pass(
    lived: Lived, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("openforyou.audit.tally.ROWS_OF_A_BUCKET_MAX", 100)
    report = lived.check().report
    assert report.findings.found == {"overcrowded": 1}
    assert report.checked == ("log",)


def test_an_empty_platform_passes(lived: Lived) -> None:
    shutil.rmtree(lived.platform.settings.log_folder)
    lived.execute("TRUNCATE item_counts, creator_counts, log_batches, pending_leaves")
    lived.execute("UPDATE log_state SET queued = 0, folded = 0")
    lived.platform.log.close()
    lived.platform.log.step()
    report = lived.check().report
    assert (report.ok, report.leaves, report.checked) == (True, 0, EVERYTHING)


def test_the_log_alone_passes_and_says_that_it_is_alone(lived: Lived) -> None:
    from openforyou.audit.service import verify
    from openforyou.audit.trust import trusted

    trust = trusted(lived.source, vkey="", policy=None, remembered=None)
    report = verify(lived.source, trust, None, lived.platform.clock.now()).report
    assert report.ok
    assert report.checked == ("log", "leaves")
    assert report.items == len(ITEMS)


def test_what_was_refused_is_told_by_reason(lived: Lived) -> None:
    lived.put([encode_record("refused", {"since": "a", "until": "b", "by_reason": {"bad_time": 3}})])
    lived.put([encode_record("refused", {"since": "b", "until": "c", "by_reason": {"bad_time": 1, "bad_context": 2}})])
    report = lived.check().report
    assert report.ok
    assert report.refused == {"bad_context": 2, "bad_time": 4}


def test_a_log_that_grows_while_it_is_read_passes(lived: Lived) -> None:
    class Growing(FolderSource):
        fetched = 0

        def fetch(self, path: str, limit_bytes: int) -> bytes:
            self.fetched += 1
            if self.fetched % 2:
                lived.happen(20)
            return super().fetch(path, limit_bytes)

    source = Growing(lived.platform.settings.log_folder)
    report = lived.check(source=source).report
    assert report.findings.problems == []
    assert report.checked == EVERYTHING
    assert len(lived.leaves()) > report.leaves, "it grew past what was checked"


# Numbers


@pytest.mark.parametrize("name", ITEM_COUNTS)
def test_each_number_changed_in_the_database_is_named(lived: Lived, name: str) -> None:
    lived.execute(f"UPDATE item_counts SET {name} = {name} + 5 WHERE item_id = :item", item=ITEMS[0])
    [problem] = lived.check().report.findings.problems
    assert (problem.kind, problem.item, problem.count) == ("count", encode_id(ITEMS[0]), name)
    assert problem.shown == problem.true + 5


def test_followers_changed_in_the_database_are_named(lived: Lived) -> None:
    lived.execute(
        "UPDATE creator_counts SET followers = followers - 1 WHERE creator_id = :creator", creator=CREATORS[0]
    )
    [problem] = lived.check().report.findings.problems
    assert (problem.kind, problem.creator, problem.count) == ("count", encode_id(CREATORS[0]), "followers")
    assert problem.shown == problem.true - 1


def test_an_item_that_is_counted_and_not_in_the_log_is_named(lived: Lived) -> None:
    lived.execute("INSERT INTO item_counts (item_id, views) VALUES (999, 4000)")
    [problem] = lived.check().report.findings.problems
    assert (problem.item, problem.count, problem.shown, problem.true) == (encode_id(999), "views", 4000, 0)


def test_an_item_whose_numbers_were_taken_away_is_named(lived: Lived) -> None:
    lived.execute("DELETE FROM item_counts WHERE item_id = :item", item=ITEMS[3])
    problems = lived.check().report.findings.problems
    assert {problem.item for problem in problems} == {encode_id(ITEMS[3])}
    assert all(problem.shown == 0 and problem.true > 0 for problem in problems)
    assert "shown nowhere" in problems[0].says


def test_an_item_frozen_in_silence_is_named(lived: Lived) -> None:
    lived.execute(
        "UPDATE item_counts SET frozen_by = 'hidden', frozen = jsonb_build_object('views', 1) WHERE item_id = :item",
        item=ITEMS[1],
    )
    problems = lived.check().report.findings.problems
    assert [(problem.count, problem.shown) for problem in problems] == [("views", 1)]


def test_numbers_as_of_a_log_that_does_not_exist_are_named(lived: Lived) -> None:
    lived.execute("UPDATE log_state SET folded = folded + 1000")
    assert kinds(lived) == {"ahead": 1}


def test_numbers_that_are_a_moment_behind_are_waited_for(lived: Lived) -> None:
    lived.execute("UPDATE log_state SET folded = folded - 1")
    back = Timer(0.3, lambda: lived.execute("UPDATE log_state SET folded = folded + 1"))
    back.start()
    report = lived.check(shown=StoredShown(lived.platform.database, patience_s=60)).report
    back.join()
    assert report.findings.problems == []


def test_old_numbers_are_named(lived: Lived) -> None:
    lived.execute("UPDATE log_state SET folded = 0")
    lived.execute("TRUNCATE item_counts, creator_counts")
    assert kinds(lived) == {"stale": 1}


# Leaves


def test_a_doubled_like_is_named_and_counted_once(lived: Lived) -> None:
    index, deed = lived.deed(is_like)
    lived.put([encode_deed(deed)])
    report = lived.check().report
    assert report.findings.found == {"doubled": 1, "count": 1}
    doubled, count = report.findings.problems
    assert doubled.leaf == report.leaves - 1 > index
    assert doubled.item == count.item == encode_id(deed.subject)
    assert count.shown == count.true + 1


def test_a_replayed_batch_is_named(lived: Lived) -> None:
    again = [leaf for leaf in lived.leaves()[:60] if leaf[:1] == b"\x01"]
    lived.put(again)
    assert kinds(lived)["doubled"] == len(again)


def test_a_missing_retraction_is_named(lived: Lived) -> None:
    _, deed = lived.deed(is_like)
    lived.put([encode_deed(deed._replace(value=7))])
    found = kinds(lived)
    assert found["missing_turn"] == 1


def test_a_like_that_was_taken_back_in_secret_is_named(lived: Lived) -> None:
    """The retraction stands in the log, and the number was set as if it did not."""
    _, deed = lived.deed(lambda deed: deed.action is Action.LIKE and deed.value == 2)
    lived.execute("UPDATE item_counts SET likes = likes + 1 WHERE item_id = :item", item=deed.subject)
    assert kinds(lived) == {"count": 1}


def test_one_nullifier_for_two_items_is_named(lived: Lived) -> None:
    _, deed = lived.deed(is_like)
    other = next(item for item in ITEMS if item != deed.subject)
    lived.put([encode_deed(deed._replace(subject=other))])
    assert kinds(lived) == {"reused_nullifier": 1}


@pytest.mark.parametrize(
    ("action", "value"),
    [
        (Action.VIEW, 99_999),
        (Action.SERVED, 0),
        (Action.WATCH, 86_400_001),
        (Action.REPORT, 2),
        (Action.LIKE, 0),
    ],
)
def test_a_deed_that_cannot_be_is_named(lived: Lived, action: Action, value: int) -> None:
    lived.put([encode_deed(Deed(action, ITEMS[0], value, b"x" * 16))])
    problem = lived.check().report.findings.problems[0]
    assert problem.kind == "implausible"
    assert problem.leaf == len(lived.leaves()) - 1


@pytest.mark.parametrize(
    ("leaf", "kind"),
    [
        (b"\x02" + b"a" * 29, "format"),
        (b"\x01\x63" + b"a" * 28, "format"),
        (b"", "format"),
        (b'{"type": "refused"}', "format"),
        (b'{"a":NaN,"type":"refused"}', "format"),
        (b'{"a":"\\ud800","type":"refused"}', "format"),
        (b'{"a":' + b"[" * 60_000, "format"),
        (b'{"type":"something"}', "unknown_record"),
        (b'{"by_reason":{"x":-1},"type":"refused"}', "bad_record"),
        (b'{"digest":"0","type":"weights","values":{}}', "bad_record"),
    ],
)
def test_a_leaf_of_another_kind_is_named(lived: Lived, leaf: bytes, kind: str) -> None:
    """Written past the platform, which would not fold it."""
    folder = lived.platform.settings.log_folder
    lived.platform.log.close()
    with LogWriter.open(folder, lived.platform.settings.log_key()) as log:
        size = log.append([leaf])
        log.publish()
    report = lived.check().report
    assert (report.findings.problems[0].kind, report.findings.problems[0].leaf) == (kind, size - 1)


# The log itself


def test_a_rewritten_tile_is_named_by_its_path(lived: Lived) -> None:
    tile = lived.platform.settings.log_folder / "tile/0/000"
    data = bytearray(tile.read_bytes())
    data[40] ^= 1
    tile.write_bytes(data)
    [problem] = lived.check().report.findings.problems
    assert problem.kind == "bad_tile"
    assert "tile/0/000" in problem.says
    assert lived.check().report.log is None


def test_a_rewritten_like_is_named_by_its_bundle(lived: Lived) -> None:
    bundle = lived.platform.settings.log_folder / "tile/entries/000"
    data = bytearray(bundle.read_bytes())
    data[2 + 9] ^= 1
    bundle.write_bytes(data)
    [problem] = lived.check().report.findings.problems
    assert problem.kind == "bad_tile"
    assert "tile/entries/000" in problem.says


def test_a_missing_bundle_is_named(lived: Lived) -> None:
    (lived.platform.settings.log_folder / "tile/entries/000").unlink()
    [problem] = lived.check().report.findings.problems
    assert problem.kind == "missing"
    assert "tile/entries/000" in problem.says


def test_a_log_that_was_rolled_back_is_named(lived: Lived, tmp_path: Path) -> None:
    folder = lived.platform.settings.log_folder
    shutil.copytree(folder, tmp_path / "old")
    lived.happen(50)
    remembered = lived.check().verified
    report = lived.check(source=FolderSource(tmp_path / "old"), remembered=remembered).report
    [problem] = [problem for problem in report.findings.problems if problem.kind != "ahead"]
    assert problem.kind == "rolled_back"
    assert lived.check(remembered=remembered).report.ok


def forked(lived: Lived, folder: Path, size: int) -> FolderSource:
    """Another log by the same key, which differs from the true one from its first leaf on."""
    with LogWriter.open(folder, lived.platform.settings.log_key()) as log:
        log.append([encode_deed(Deed(Action.VIEW, ITEMS[0], 20_500, n.to_bytes(16, "big"))) for n in range(size)])
        log.publish()
    return FolderSource(folder)


def test_a_fork_shown_to_others_is_named(lived: Lived, tmp_path: Path) -> None:
    remembered = lived.check().verified
    for size in (len(lived.leaves()), len(lived.leaves()) + 300):
        source = forked(lived, tmp_path / f"fork-{size}", size)
        assert "forked" in kinds(lived, source=source, remembered=remembered)


def test_a_full_disk_is_no_pass(lived: Lived, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*told: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("openforyou.audit.buckets.Buckets.add", full)
    report = lived.check().report
    assert not report.ok
    assert "No space left" in report.findings.problems[0].says


def test_another_key_is_named(lived: Lived) -> None:
    known = SigningKey.generate("openforyou.example")
    [problem] = lived.check(vkey=known.vkey()).report.findings.problems
    assert problem.kind == "bad_signature"
    assert "openforyou.example" in problem.says


def test_a_quorum_that_is_missing_is_named(lived: Lived) -> None:
    witness = SigningKey.generate("witness.example", Algorithm.ED25519_COSIGNATURE)
    policy = f"log {lived.platform.settings.log_key().vkey()}\nwitness w {witness.vkey()}\nquorum w\n".encode()
    [problem] = lived.check(policy=policy).report.findings.problems
    assert problem.kind == "no_quorum"
    assert lived.check(policy=policy.replace(b"quorum w", b"quorum none")).report.ok
