"""Keys in a folder: made once, the same for every process, destroyed for good, and never made anew in silence."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from openforyou.privacy.broker.keeper import LocalKeeper
from openforyou.privacy.broker.store import DESTROYED, FILE, HEIGHT
from openforyou.privacy.vault.custody import KEY_FILE
from openforyou.privacy.vault.errors import (
    BadKeyFile,
    Destroyed,
    OldKeystore,
    SecretHeld,
    Unopened,
    WrongRegion,
)
from openforyou.privacy.vault.types import Field, Kind, Subject

ONE, OTHER = Subject(Kind.ACCOUNT, 1), Subject(Kind.ACCOUNT, 2)
EMAIL = {Field.EMAIL: b"a@example.org"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "broker"


@pytest.fixture
def keeper(folder: Path) -> Iterator[LocalKeeper]:
    with LocalKeeper.open(folder) as opened:
        yield opened


def wrapped_key(keeper: LocalKeeper, subject: Subject) -> bytes:
    return keeper._keystore.held([subject])[subject].wrapped


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_what_is_sealed_opens_for_its_owner_in_every_process(keeper: LocalKeeper, folder: Path) -> None:
    sealed = keeper.seal(ONE, EMAIL)
    keeper.seal(OTHER, EMAIL)
    assert keeper.open_own(ONE, sealed) == EMAIL
    with LocalKeeper.open(folder) as beside:
        assert beside.open_own(ONE, sealed) == EMAIL
        assert beside.mark(Field.EMAIL, [b"x"]) == keeper.mark(Field.EMAIL, [b"x"])
        assert beside.event_secrets([5]) == keeper.event_secrets([5])
    with pytest.raises(Unopened):
        keeper.open_own(OTHER, sealed)
    with pytest.raises(Unopened, match="has no key"):
        keeper.open_own(Subject(Kind.ACCOUNT, 3), sealed)


def test_everything_is_readable_by_its_owner_alone(keeper: LocalKeeper, folder: Path) -> None:
    keeper.seal(ONE, EMAIL)
    keeper.destroy([ONE])
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.name: path.stat().st_mode & 0o077 for path in folder.iterdir()} == dict.fromkeys(files(folder), 0)


def test_a_destroyed_key_is_gone_from_every_byte_of_the_folder(keeper: LocalKeeper, folder: Path) -> None:
    for number in range(1, 60):  # rows before and behind it, over several pages
        keeper.seal(Subject(Kind.ACCOUNT, number), EMAIL)
    keeper.adopt({7: b"s" * 32})
    sealed = keeper.seal(Subject(Kind.ACCOUNT, 30), EMAIL)
    row = keeper._keystore.held([Subject(Kind.VIEWER, 7)])[Subject(Kind.VIEWER, 7)]
    gone = [wrapped_key(keeper, Subject(Kind.ACCOUNT, 30)), row.wrapped, row.secret or b"?"]
    assert all(any(key in content for content in files(folder).values()) for key in gone), "the scan can find them"
    assert keeper.destroy([Subject(Kind.ACCOUNT, 30), Subject(Kind.VIEWER, 7)]) == 2
    for key in gone:
        for start in range(0, len(key) - 8, 8):
            assert not any(key[start : start + 8] in content for content in files(folder).values())
    with pytest.raises(Destroyed):
        keeper.open_own(Subject(Kind.ACCOUNT, 30), sealed)
    assert keeper.open_own(Subject(Kind.ACCOUNT, 31), keeper.seal(Subject(Kind.ACCOUNT, 31), EMAIL)) == EMAIL


def test_a_destroyed_key_is_never_made_anew(keeper: LocalKeeper, folder: Path) -> None:
    keeper.event_secrets([4])
    assert keeper.destroy([Subject(Kind.VIEWER, 4), ONE]) == 1, "the other never had one"
    assert keeper.destroy([Subject(Kind.VIEWER, 4)]) == 0
    for again in (keeper, LocalKeeper.open(folder)):
        with pytest.raises(Destroyed):
            again.event_secrets([3, 4])
        with pytest.raises(Destroyed):
            again.seal(ONE, EMAIL)
        again.adopt({4: bytes(32)})
        with pytest.raises(Destroyed):
            again.event_secrets([4])
        again.close()


def test_an_older_keystore_does_not_bring_back_what_was_destroyed(keeper: LocalKeeper, folder: Path) -> None:
    sealed = keeper.seal(ONE, EMAIL)
    keeper.close()
    old = (folder / FILE).read_bytes()
    with LocalKeeper.open(folder) as later:
        later.destroy([ONE])
    (folder / FILE).write_bytes(old)
    with pytest.raises(OldKeystore, match="1 of its 3 changes are missing"):
        LocalKeeper.open(folder)
    with LocalKeeper.open(folder, accept_loss=True) as accepted, pytest.raises(Destroyed):
        accepted.open_own(ONE, sealed)
    with LocalKeeper.open(folder) as after, pytest.raises(Destroyed):
        after.seal(ONE, EMAIL)


def test_a_keystore_without_what_tells_its_age_is_not_believed(keeper: LocalKeeper, folder: Path) -> None:
    keeper.seal(ONE, EMAIL)
    keeper.close()
    (folder / HEIGHT).unlink()
    with pytest.raises(OldKeystore, match="missing or empty"):
        LocalKeeper.open(folder)
    (folder / HEIGHT).write_bytes(b"many")
    with pytest.raises(BadKeyFile, match="damaged"):
        LocalKeeper.open(folder)


def test_the_notes_of_the_destroyed_name_nobody_and_outlive_a_cut(keeper: LocalKeeper, folder: Path) -> None:
    keeper.destroy([ONE])
    noted = (folder / DESTROYED).read_bytes()
    assert len(noted) == 33
    assert b"account" not in noted
    keeper.close()
    (folder / DESTROYED).write_bytes(noted[:20])
    with LocalKeeper.open(folder) as again, pytest.raises(Destroyed):
        again.seal(ONE, EMAIL)
    assert (folder / DESTROYED).read_bytes().endswith(b"\n" + noted)


def test_a_missing_or_damaged_or_foreign_key_is_an_error_and_no_new_key(keeper: LocalKeeper, folder: Path) -> None:
    keeper.seal(ONE, EMAIL)
    keeper.close()
    key = (folder / KEY_FILE).read_bytes()
    with pytest.raises(BadKeyFile, match="OPENFORYOU_REGION says away"):
        LocalKeeper.open(folder, "away")
    for content, words in ((key[:-9], "damaged"), (key.replace(b"home", b"away"), "damaged"), (b"", "damaged")):
        (folder / KEY_FILE).write_bytes(content)
        with pytest.raises(BadKeyFile, match=words):
            LocalKeeper.open(folder)
    (folder / KEY_FILE).unlink()
    with pytest.raises(BadKeyFile, match="is missing"):
        LocalKeeper.open(folder)
    assert not (folder / KEY_FILE).exists()
    LocalKeeper.open(folder.with_name("another")).close()
    shutil.copy(folder.with_name("another") / KEY_FILE, folder / KEY_FILE)
    with pytest.raises(BadKeyFile, match="another than the one"):
        LocalKeeper.open(folder)
    (folder / KEY_FILE).write_bytes(key)
    (folder / KEY_FILE).chmod(0o644)
    with pytest.raises(BadKeyFile, match="chmod 600"):
        LocalKeeper.open(folder)


def test_a_damaged_keystore_is_told(keeper: LocalKeeper, folder: Path) -> None:
    keeper.close()
    (folder / FILE).write_bytes(b"no database" * 500)
    with pytest.raises(BadKeyFile, match="is damaged"):
        LocalKeeper.open(folder)


def test_another_region_is_refused_by_the_missing_key(keeper: LocalKeeper, folder: Path) -> None:
    with LocalKeeper.open(folder.with_name("abroad"), "abroad") as abroad:
        sealed = abroad.seal(ONE, EMAIL)
        with pytest.raises(WrongRegion, match="Ask the broker of abroad"):
            keeper.open_own(ONE, sealed)


def test_adopted_secrets_stay_what_they_were(keeper: LocalKeeper, folder: Path) -> None:
    given = {viewer: bytes([viewer]) * 32 for viewer in range(1, 30)}
    keeper.adopt(given)
    keeper.adopt(given)
    assert keeper.event_secrets([*given, 99])[7] == bytes([7]) * 32
    assert not any(bytes([7]) * 32 in content for content in files(folder).values()), "they lie there sealed"
    with pytest.raises(SecretHeld):
        keeper.adopt({99: bytes(32), 100: bytes(32)})
    assert keeper.event_secrets([100])[100] != bytes(32), "none of a refused batch is kept"


def test_many_threads_of_two_processes_see_one_secret_each(keeper: LocalKeeper, folder: Path) -> None:
    with LocalKeeper.open(folder) as beside, ThreadPoolExecutor(8) as pool:
        asked = [pool.submit((keeper, beside)[n % 2].event_secrets, range(1 + n % 5, 20)) for n in range(40)]
        found = [one.result() for one in asked]
    assert all(one[viewer] == found[0][viewer] for one in found for viewer in one)
    assert int((folder / HEIGHT).read_bytes()) == keeper._keystore._own_height()
