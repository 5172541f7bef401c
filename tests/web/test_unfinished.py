"""Uploads on their way: nothing is lost that reached the disk, and nothing stays for ever."""

from __future__ import annotations

import errno
from collections import namedtuple
from io import FileIO
from pathlib import Path
from typing import Any

import pytest

from openforyou.core.clock import ManualClock
from openforyou.core.errors import NotFound
from openforyou.core.ids import AccountId, CreatorId, ItemId
from openforyou.web import unfinished as module
from openforyou.web.problems import Locked
from openforyou.web.unfinished import LIFE, UNFINISHED_MAX, NoSpace, TooManyUploads, Unfinished, Wanted, Writer

ADA, EVE = AccountId(5), AccountId(6)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "parts"


@pytest.fixture
def unfinished(folder: Path, clock: ManualClock) -> Unfinished:
    return Unfinished(folder, clock)


def wanted(account: AccountId = ADA, length: int = 10) -> Wanted:
    return Wanted(account, CreatorId(7), length, "a.mp4", "", "", ("show",), "", "filename YS5tcDQ=")


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_what_was_written_is_there_for_another_process(
    unfinished: Unfinished, folder: Path, clock: ManualClock
) -> None:
    begun = unfinished.begin(wanted())
    assert begun.received == 0
    with unfinished.writing(begun) as file:
        file.write(b"12345")
    found = Unfinished(folder, clock).find(begun.id, ADA)
    assert found.received == 5
    assert not found.is_whole
    assert found.wanted == wanted()


def test_a_write_that_breaks_off_keeps_what_came(unfinished: Unfinished) -> None:
    begun = unfinished.begin(wanted())

    def breaks_off() -> None:
        with unfinished.writing(begun) as file:
            file.write(b"123")
            raise ConnectionError

    with pytest.raises(ConnectionError):
        breaks_off()
    assert unfinished.find(begun.id, ADA).received == 3


def test_one_writes_at_a_time(unfinished: Unfinished) -> None:
    begun = unfinished.begin(wanted())
    with unfinished.writing(begun), pytest.raises(Locked), unfinished.writing(begun):
        pass
    with unfinished.writing(begun):
        pass


@pytest.mark.parametrize("name", ["", ".", "..", "../x", "0" * 31, "0" * 33, "g" * 32, "0" * 32 + "\n", "0" * 32])
def test_only_ones_own_are_found_and_only_by_their_names(unfinished: Unfinished, name: str) -> None:
    unfinished.begin(wanted())
    with pytest.raises(NotFound):
        unfinished.find(name, ADA)


def test_anothers_is_not_there(unfinished: Unfinished) -> None:
    begun = unfinished.begin(wanted())
    with pytest.raises(NotFound):
        unfinished.find(begun.id, EVE)
    assert unfinished.of_account(EVE) == []


def test_so_many_at_once_and_no_more(unfinished: Unfinished) -> None:
    begun = [unfinished.begin(wanted()) for _ in range(UNFINISHED_MAX)]
    with pytest.raises(TooManyUploads):
        unfinished.begin(wanted())
    unfinished.begin(wanted(EVE))
    unfinished.finish(begun[0], ItemId(9))
    unfinished.remove(begun[1])
    assert len(unfinished.of_account(ADA)) == UNFINISHED_MAX - 2
    unfinished.begin(wanted())


def test_a_full_disk_is_told_before_the_first_byte(unfinished: Unfinished, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(module.shutil, "disk_usage", lambda _: usage(0, 0, module.FREE_BYTES_MIN + 19))
    with pytest.raises(NoSpace):
        unfinished.begin(wanted(length=10))
    unfinished.begin(wanted(length=9))


def test_a_disk_that_fills_meanwhile_keeps_what_fitted(unfinished: Unfinished, clock: ManualClock) -> None:
    class Filling(FileIO):
        """Takes three bytes, then no more."""

        def write(self, data: Any) -> int:
            if self.tell() >= 3:
                raise OSError(errno.ENOSPC, "No space left on device")
            return super().write(bytes(data[:3]))

    begun = unfinished.begin(wanted())
    with Filling(begun.data, "a") as file, pytest.raises(NoSpace):
        Writer(file).write(b"123456")
    assert unfinished.find(begun.id, ADA).received == 3


def test_what_gets_no_byte_expires_and_what_does_lives_on(
    unfinished: Unfinished, folder: Path, clock: ManualClock
) -> None:
    idle, busy = unfinished.begin(wanted()), unfinished.begin(wanted())
    clock.advance(LIFE / 2)
    with unfinished.writing(busy) as file:
        file.write(b"1")
    clock.advance(LIFE / 2)
    with pytest.raises(NotFound):
        unfinished.find(idle.id, ADA)
    assert unfinished.find(busy.id, ADA).expires_at == clock.now() + LIFE / 2
    assert [upload.id for upload in unfinished.of_account(ADA)] == [busy.id]
    unfinished.sweep()
    assert len(files(folder)) == 2
    clock.advance(LIFE)
    unfinished.sweep()
    assert files(folder) == []


def test_a_handed_over_one_remembers_its_item_and_drops_its_bytes(unfinished: Unfinished) -> None:
    begun = unfinished.begin(wanted())
    with unfinished.writing(begun) as file:
        file.write(b"1234567890")
    whole = unfinished.find(begun.id, ADA)
    assert whole.is_whole
    assert not unfinished.begin_taking(whole)
    assert unfinished.begin_taking(whole), "it broke off half-way"
    unfinished.finish(whole, ItemId(9))
    taken = unfinished.find(begun.id, ADA)
    assert taken.taken_as == ItemId(9)
    assert taken.received == 10
    assert taken.data.stat().st_size == 0


def test_a_removal_while_it_is_written_harms_nothing(unfinished: Unfinished, folder: Path) -> None:
    begun = unfinished.begin(wanted())
    with unfinished.writing(begun) as file:
        file.write(b"1")
        unfinished.remove(begun)
    assert files(folder) == []
