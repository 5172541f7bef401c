"""The writer: what lies on the disk at each moment, what a crash leaves, and which damage it refuses to continue."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openforyou.ledger import fsck
from openforyou.ledger.checkpoint import Checkpoint, open_checkpoint, sign
from openforyou.ledger.disk import LogInUse, RealDisk
from openforyou.ledger.errors import BadEntry, BadKey, BadSignature, LogDamaged, NoQuorum
from openforyou.ledger.keys import Algorithm, SigningKey
from openforyou.ledger.merkle import EMPTY_ROOT, Frontier, leaf_hashes
from openforyou.ledger.recovery import DiskSource
from openforyou.ledger.source import FolderSource
from openforyou.ledger.tiles import bundle_places, tile_places
from openforyou.ledger.writer import LogWriter, WriterStopped
from tests.ledger.disks import CrashingDisk, PowerFailed
from tests.ledger.logs import KEY, OTHER_KEY, POLICY, entries, files, write_log


def root_of(size: int, branch: str = "") -> bytes:
    frontier = Frontier()
    frontier.extend(leaf_hashes(entries(size, branch=branch)))
    return frontier.root()


def read_back(folder: Path) -> list[bytes]:
    found: list[bytes] = []
    fsck.check(FolderSource(folder), POLICY, on_entries=lambda start, part: found.extend(part))
    return found


def test_a_new_log_is_an_empty_tree_that_anyone_can_check(tmp_path: Path) -> None:
    with LogWriter.open(tmp_path / "deep" / "log", KEY) as writer:
        assert (writer.size, writer.published_size, writer.root) == (0, 0, EMPTY_ROOT)
    assert set(files(tmp_path / "deep" / "log")) == {"vkey", "checkpoint", "checkpoint.signed"}
    assert (tmp_path / "deep" / "log" / "vkey").read_text() == KEY.vkey() + "\n"
    assert fsck.check(FolderSource(tmp_path / "deep" / "log"), POLICY).leaves == 0


def test_the_files_are_those_that_the_format_names_for_this_size(tmp_path: Path) -> None:
    """The example of C2SP tlog-tiles."""
    write_log(tmp_path, 70_000)
    names = [name for name in files(tmp_path) if name.startswith("tile/")]
    assert sorted(names) == sorted(place.path for place in (*tile_places(70_000), *bundle_places(70_000)))
    assert sum(name.startswith("tile/0/") and ".p/" not in name for name in names) == 273
    partial = {"tile/0/273.p/112", "tile/1/001.p/17", "tile/2/000.p/1", "tile/entries/273.p/112"}
    assert partial == {name for name in names if ".p/" in name}


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 700), max_size=6), st.booleans())
def test_however_it_is_cut_into_batches_the_log_is_the_same(steps: list[int], reopened: bool) -> None:
    disk = CrashingDisk(lambda stop: 0)
    writer = LogWriter.open(Path("log"), KEY, disk)
    for step in steps:
        assert writer.append(entries(writer.size + step, writer.size)) == writer.size
        writer.publish()
        if reopened:
            writer.close()
            writer = LogWriter.open(Path("log"), KEY, disk)
        assert writer.root == root_of(writer.size)
        assert open_checkpoint(writer.checkpoint, KEY.verifying) == Checkpoint(KEY.name, writer.size, writer.root)
    writer.close()
    found: list[bytes] = []
    fsck.check(DiskSource(disk), POLICY, on_entries=lambda start, part: found.extend(part))
    assert found == entries(sum(steps))


def test_nothing_is_visible_before_it_is_published(tmp_path: Path) -> None:
    write_log(tmp_path, 300)
    with LogWriter.open(tmp_path, KEY) as writer:
        assert writer.append(entries(100_000, 300)) == 100_000
        assert writer.published_size == 300
        assert read_back(tmp_path) == entries(300)
    with LogWriter.open(tmp_path, KEY) as writer:
        assert writer.size == 300


def test_entries_that_were_never_published_give_way_to_others(tmp_path: Path) -> None:
    write_log(tmp_path, 300)
    with LogWriter.open(tmp_path, KEY) as writer:
        writer.append(entries(100_000, 300, branch="lost"))
    write_log(tmp_path, 2_000)
    assert read_back(tmp_path) == entries(2_000)


def test_partial_tiles_go_when_the_full_one_is_published(tmp_path: Path) -> None:
    write_log(tmp_path, *range(5, 256, 5))
    assert len(list((tmp_path / "tile/0/000.p").iterdir())) == 51, "each checkpoint's own"
    write_log(tmp_path, 256)
    assert {name for name in files(tmp_path) if name.startswith("tile/")} == {
        "tile/0/000",
        "tile/entries/000",
        "tile/1/000.p/1",
    }


def test_partial_tiles_that_a_stopped_writer_left_go_at_the_next_opening(tmp_path: Path) -> None:
    write_log(tmp_path, 100)
    shutil.copytree(tmp_path / "tile/0/000.p", tmp_path / "kept")
    write_log(tmp_path, 600)
    (tmp_path / "kept").rename(tmp_path / "tile/0/000.p")
    write_log(tmp_path)
    assert not (tmp_path / "tile/0/000.p").exists()
    assert (tmp_path / "tile/0/002.p/88").exists()


def test_a_second_writer_is_refused_until_the_first_has_closed(tmp_path: Path) -> None:
    with LogWriter.open(tmp_path, KEY), pytest.raises(LogInUse, match=str(tmp_path)):
        LogWriter.open(tmp_path, KEY)
    LogWriter.open(tmp_path, KEY).close()


def test_a_closed_writer_writes_no_more(tmp_path: Path) -> None:
    writer = LogWriter.open(tmp_path, KEY)
    writer.close()
    writer.close()
    with pytest.raises(WriterStopped, match="closed"):
        writer.append([b"late"])
    with pytest.raises(WriterStopped, match="closed"):
        writer.publish()


def test_an_entry_over_the_formats_limit_is_refused_with_its_whole_batch(tmp_path: Path) -> None:
    with LogWriter.open(tmp_path, KEY) as writer:
        with pytest.raises(BadEntry, match="entry 1 has 65536 bytes"):
            writer.append([b"good", bytes(65_536)])
        assert writer.size == 0
        writer.append([bytes(65_535)] * 300)
        writer.publish()
    assert read_back(tmp_path) == [bytes(65_535)] * 300


def test_a_log_is_begun_with_a_plain_ed25519_key(tmp_path: Path) -> None:
    with pytest.raises(BadKey, match=r"log\.example"):
        LogWriter.open(tmp_path, SigningKey.generate("log.example", Algorithm.ED25519_COSIGNATURE))


# Damage


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def resign(path: Path, key: SigningKey, origin: str = KEY.name) -> None:
    head = open_checkpoint(path.read_bytes(), KEY.verifying)
    path.write_bytes(sign(Checkpoint(origin, head.size, head.root), key))


DAMAGE: dict[str, tuple[str, Callable[[Path], None]]] = {
    "a truncated tile": ("tile/0/273.p/112", truncate),
    "a tile of the second level": ("tile/1/001.p/17", flip),
    "a missing tile": ("tile/2/000.p/1", Path.unlink),
    "a truncated bundle": ("tile/entries/273.p/112", truncate),
    "an entry": ("tile/entries/273.p/112", flip),
    "a missing bundle": ("tile/entries/273.p/112", Path.unlink),
    "no checkpoint": ("checkpoint", Path.unlink),
    "a torn checkpoint": ("checkpoint", truncate),
    "an empty checkpoint": ("checkpoint", lambda path: path.write_bytes(b"")),
    "a torn signed root": ("checkpoint.signed", truncate),
    "a checkpoint by another key": ("checkpoint", lambda path: resign(path, OTHER_KEY)),
    "a checkpoint of another log": (
        "checkpoint",
        lambda path: resign(path, SigningKey("log.example/other", Algorithm.ED25519, bytes(32)), "log.example/other"),
    ),
    "another root of the same size": (
        "checkpoint",
        lambda path: path.write_bytes(sign(Checkpoint(KEY.name, 70_000, bytes(32)), KEY)),
    ),
    "another log's key": ("vkey", lambda path: path.write_text(OTHER_KEY.vkey() + "\n")),
}


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sound") / "log"
    write_log(folder, 70_000)
    return folder


@pytest.mark.parametrize("kind", DAMAGE)
def test_damage_is_named_and_never_repaired(sound: Path, tmp_path: Path, kind: str) -> None:
    name, damage = DAMAGE[kind]
    folder = tmp_path / "log"
    shutil.copytree(sound, folder)
    damage(folder / name)
    lying = files(folder)
    with pytest.raises(LogDamaged, match=r"right edge|" + name.replace(".", r"\.")) as caught:
        LogWriter.open(folder, KEY)
    assert caught.value.hint
    assert files(folder) == lying
    LogWriter.open(tmp_path / "another", KEY).close()


def test_a_damaged_log_can_be_opened_once_it_is_put_back(sound: Path, tmp_path: Path) -> None:
    folder = tmp_path / "log"
    shutil.copytree(sound, folder)
    truncate(folder / "tile/0/273.p/112")
    with pytest.raises(LogDamaged):
        LogWriter.open(folder, KEY)
    shutil.copy(sound / "tile/0/273.p/112", folder / "tile/0/273.p/112")
    write_log(folder, 70_100)
    assert read_back(folder) == entries(70_100)


def test_a_log_that_went_back_behind_what_its_caller_knows_is_refused(tmp_path: Path) -> None:
    write_log(tmp_path / "log", 100)
    shutil.copytree(tmp_path / "log", tmp_path / "old")
    write_log(tmp_path / "log", 300)
    LogWriter.open(tmp_path / "log", KEY, at_least=300).close()
    with pytest.raises(LogDamaged, match="100 leaves, but 300 had been published"):
        LogWriter.open(tmp_path / "old", KEY, at_least=300)


def test_an_old_checkpoint_alone_does_not_make_the_log_smaller(tmp_path: Path) -> None:
    old = write_log(tmp_path, 100)
    write_log(tmp_path, 300)
    (tmp_path / "checkpoint").write_bytes(old)
    with LogWriter.open(tmp_path, KEY) as writer:
        assert writer.size == writer.published_size == 300


def test_a_checkpoint_that_somebody_else_changed_stops_the_writer(tmp_path: Path) -> None:
    old = write_log(tmp_path, 100)
    with LogWriter.open(tmp_path, KEY) as writer:
        writer.append(entries(200, 100))
        writer.publish()
        (tmp_path / "checkpoint").write_bytes(old)
        writer.append(entries(300, 200))
        with pytest.raises(LogDamaged, match="checkpoint was changed"):
            writer.publish()
        with pytest.raises(WriterStopped):
            writer.append([b"more"])
    assert (tmp_path / "checkpoint").read_bytes() == old


# Witnesses


def test_witnesses_are_shown_a_root_only_after_all_of_it_is_readable(tmp_path: Path) -> None:
    asked = []

    def cosign(signed: bytes, old_size: int) -> bytes:
        copy = tmp_path / f"copy-{len(asked)}"
        shutil.copytree(tmp_path / "log", copy)
        (copy / "checkpoint").write_bytes(signed)
        asked.append((fsck.check(FolderSource(copy), POLICY).leaves, old_size))
        return signed + b"\xe2\x80\x94 witness AAAAAAA=\n"

    with LogWriter.open(tmp_path / "log", KEY, cosign=cosign) as writer:
        for size in (10, 700, 701):
            writer.append(entries(size, writer.size))
            published = writer.publish(cosign)
            assert published.endswith(b"witness AAAAAAA=\n")
            assert (tmp_path / "log" / "checkpoint").read_bytes() == published == writer.checkpoint
    assert asked == [(0, 0), (10, 0), (700, 10), (701, 700)]


def absent(signed: bytes, old_size: int) -> bytes:
    raise NoQuorum("no witness answers")


def test_without_a_quorum_the_published_tree_stays_and_the_next_try_goes_on(tmp_path: Path) -> None:
    old = write_log(tmp_path, 100)
    with LogWriter.open(tmp_path, KEY) as writer:
        writer.append(entries(200, 100))
        with pytest.raises(NoQuorum):
            writer.publish(absent)
        assert (tmp_path / "checkpoint").read_bytes() == writer.checkpoint == old
        assert (writer.published_size, writer.size) == (100, 200)
        writer.append(entries(600, 200))
        writer.publish(lambda signed, _: signed)
    assert read_back(tmp_path) == entries(600)


def test_a_root_that_a_witness_may_have_seen_is_never_given_up(tmp_path: Path) -> None:
    """Or the witness would hold proof of a fork against an honest log."""
    write_log(tmp_path, 100)
    with LogWriter.open(tmp_path, KEY) as writer:
        writer.append(entries(300, 100))
        with pytest.raises(NoQuorum):
            writer.publish(absent)
    with pytest.raises(NoQuorum):
        LogWriter.open(tmp_path, KEY, cosign=absent)
    with LogWriter.open(tmp_path, KEY, cosign=lambda signed, _: signed) as writer:
        assert (writer.published_size, writer.size) == (300, 300)
    assert read_back(tmp_path) == entries(300)


def test_what_witnesses_return_must_be_the_same_checkpoint(tmp_path: Path) -> None:
    with LogWriter.open(tmp_path, KEY) as writer:
        empty = writer.checkpoint
        writer.append(entries(5))
        with pytest.raises(BadSignature, match="another checkpoint"):
            writer.publish(lambda signed, _: empty)
        assert writer.checkpoint == empty
        writer.publish()
    assert read_back(tmp_path) == entries(5)


# Failing disks


class FullDisk(RealDisk):
    """Fails its n-th commit, before or after it took effect."""

    def __init__(self, folder: Path, failing: int, late: bool) -> None:
        super().__init__(folder)
        self.left, self.late = failing, late

    def commit(self, *stages, shown=None) -> None:  # type: ignore[no-untyped-def]
        self.left -= 1
        if self.left == 0 and not self.late:
            raise OSError(28, "No space left on device")
        super().commit(*stages, shown=shown)
        if self.left == 0:
            raise OSError(5, "Input/output error")


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("failing", [1, 2, 3, 4, 5])
def test_a_disk_that_fails_stops_the_writer_and_a_new_one_goes_on(tmp_path: Path, failing: int, late: bool) -> None:
    opened: list[LogWriter] = []

    def write() -> None:
        opened.append(LogWriter.open(tmp_path, KEY, FullDisk(tmp_path, failing, late)))
        for size in (300, 500, 900):
            opened[0].append(entries(size, opened[0].size))
            opened[0].publish()

    with pytest.raises(WriterStopped, match="disk failed") as stopped:
        write()
    assert stopped.value.hint
    for writer in opened:
        with pytest.raises(WriterStopped):
            writer.append([b"more"])
        with pytest.raises(WriterStopped):
            writer.publish()
        writer.close()
    write_log(tmp_path, 1_000)
    assert read_back(tmp_path) == entries(1_000)


class InterruptedDisk(RealDisk):
    """Somebody presses Ctrl-C in the middle of it."""

    def commit(self, *stages, shown=None) -> None:  # type: ignore[no-untyped-def]
        super().commit(*stages[:1])
        raise KeyboardInterrupt


def test_a_writer_that_was_interrupted_amid_a_change_does_not_go_on_from_half_of_it(tmp_path: Path) -> None:
    write_log(tmp_path, 300)
    writer = LogWriter.open(tmp_path, KEY)
    writer._disk = InterruptedDisk(tmp_path)
    writer.append(entries(500, 300))
    with pytest.raises(KeyboardInterrupt):
        writer.publish()
    with pytest.raises(WriterStopped, match="interrupted"):
        writer.publish()
    writer.close()
    write_log(tmp_path, 1_000)
    assert read_back(tmp_path) == entries(1_000)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_power_may_fail_at_any_stage_any_number_of_times(data: st.DataObject) -> None:
    """After each failure: what a reader saw published is there, as a beginning of what comes; and the log goes on."""
    disk = CrashingDisk(lambda stop: data.draw(st.integers(0, stop), label="fate"))
    seen: dict[int, bytes] = {}
    branch = 0
    for _ in range(data.draw(st.integers(1, 4), label="lives")):
        disk.live()
        try:
            with LogWriter.open(Path("log"), KEY, disk) as writer:
                for size in data.draw(st.lists(st.integers(1, 600), min_size=1, max_size=3), label="batches"):
                    branch += 1  # after a crash, other entries may come than those that were lost
                    writer.append(entries(writer.size + size, writer.size, branch=f"/{branch}"))
                    writer.publish()
        except PowerFailed:
            pass
        for signed in disk.shown:
            head = open_checkpoint(signed, KEY.verifying)
            assert seen.setdefault(head.size, head.root) == head.root, "two histories"
        disk.sure()
        with LogWriter.open(Path("log"), KEY, disk):
            pass
        for signed in disk.shown:
            fsck.check(DiskSource(disk), POLICY, remembered=signed)
