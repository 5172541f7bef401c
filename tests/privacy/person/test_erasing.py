"""Somebody goes: nothing of theirs is left in any table or file, all of others' is, and the numbers hold."""

from __future__ import annotations

import io
import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from sqlalchemy import text

from openforyou.app.leaving import Leaving
from openforyou.app.platform import Platform
from openforyou.core.clock import ManualClock
from openforyou.core.ids import encode_id
from openforyou.privacy.person.erasing import AGAIN_AFTER, Erasing
from openforyou.privacy.person.errors import ErasureNotFound
from openforyou.privacy.person.places import PLACES
from openforyou.privacy.person.types import Person, State, What
from openforyou.privacy.vault import store as vault_store
from openforyou.privacy.vault.errors import Destroyed
from openforyou.privacy.vault.types import Field, Kind, Subject
from tests.privacy.planting import PASSWORD, Planted, dump, holding, plant

STEPS = ("loosen", "files", "rows", "keys", "again")
WORD = re.compile(r"adatag-[a-z_]+-[a-z_0-9]+")
SHARED = {"copy_matches", "guardians"}
"""Rows with both in them go with either."""


class Street:
    """Two neighbours, each with a row in every place and files in every folder."""

    def __init__(self, platform: Platform, folder: Path) -> None:
        self.platform = platform
        self.bo = plant(platform, "botag")
        self.ada = plant(platform, "adatag", self.bo)
        for one in (self.bo, self.ada):
            for key in (
                f"items/{encode_id(one.item)}/720p.mp4",
                f"uploads/{encode_id(one.item)}-17",
                f"sounds/{encode_id(one.sound)}/sound.m4a",
                f"{one.tag}-import_runs-blob_key",
            ):
                path = folder / "blob"
                path.write_bytes(one.tag.encode())
                platform.blobs.put(key, path)
            desk = platform.settings.data / "studio" / encode_id(one.person.account_id or 0) / "x"
            desk.mkdir(parents=True)
            (desk / "data").write_bytes(one.tag.encode())

    def rows(self, *words: str) -> dict[str, list[str]]:
        with self.platform.database.connect() as connection:
            return holding(dump(connection), *words)

    def files(self, tag: str) -> list[str]:
        every = [path for path in self.platform.settings.data.rglob("*") if path.is_file()]
        return sorted(str(path) for path in every if tag.encode() in path.read_bytes())

    def marks_of(self, one: Planted) -> tuple[str, ...]:
        assert one.person.account_id is not None
        return (one.tag, *(str(n) for n in (one.person.viewer_id, one.person.account_id)))


@pytest.fixture
def street(platform: Platform, tmp_path: Path) -> Street:
    return Street(platform, tmp_path)


def test_nothing_of_them_is_left_and_all_of_the_other_is(street: Street, clock: ManualClock) -> None:
    platform, ada, bo = street.platform, street.ada.person, street.bo
    keeper, erasing = platform.keeper, platform.erasing
    before, files = street.rows(bo.tag), street.files(bo.tag)
    subject = Subject(Kind.VIEWER, ada.viewer_id)
    sealed = keeper.seal(subject, {Field.EVENT_SECRET: b"x" * 32})
    assert street.files(street.ada.tag), "there is something to remove"

    receipt = erasing.forget(ada, What.EVERYTHING)
    assert (receipt.state, receipt.waits) == (State.LOOKING, ())
    assert receipt.removed["files"] == 5
    by_others = {"sessions", "copy_prints"}  # went when they were loosened
    assert set(receipt.removed) - {"files"} == {one.table for one in PLACES if one.fate != "stays"} - by_others
    assert erasing.forget(ada, What.EVERYTHING).id == receipt.id, "asked again while it runs"
    with platform.database.begin() as connection:  # what was on its way meanwhile
        connection.execute(text("INSERT INTO viewer_secrets VALUES (:viewer, '\\x00')"), {"viewer": ada.viewer_id})
    clock.advance(AGAIN_AFTER)
    assert erasing.resume() == 1
    done = erasing.receipt(receipt.id)
    assert (done.state, done.finished_at) == (State.DONE, clock.now())

    assert street.rows(*street.marks_of(street.ada)) == {}
    assert street.files(street.ada.tag) == []
    with pytest.raises(Destroyed):
        keeper.open_own(subject, sealed)
    after = street.rows(bo.tag)
    assert {name: rows for name, rows in after.items() if name not in SHARED} == {
        name: rows for name, rows in before.items() if name not in SHARED
    }
    assert street.files(bo.tag) == files
    assert erasing.forget(ada, What.EVERYTHING) == done, "a repeat answers the same"
    with pytest.raises(ErasureNotFound):
        erasing.receipt(5)


@pytest.mark.parametrize("at", STEPS)
def test_killed_at_any_step_it_is_gone_on_with(street: Street, clock: ManualClock, at: str) -> None:
    platform, ada = street.platform, street.ada.person

    def killed(_done: int, _total: int, message: str = "") -> None:
        if message == at:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        platform.erasing.forget(ada, What.EVERYTHING, killed)
    platform.erasing.resume()
    clock.advance(AGAIN_AFTER)
    assert platform.erasing.resume() == 1
    assert street.rows(*street.marks_of(street.ada)) == {}
    assert street.files(street.ada.tag) == []


def test_killed_amid_the_rows_it_counts_each_once(street: Street, clock: ManualClock) -> None:
    class Dying(Leaving):
        calls = 0

        def contested(self, person: Person) -> Any:
            Dying.calls += 1
            if Dying.calls == 3:  # after the rows, before the keys
                raise OSError("the disk is gone")
            return super().contested(person)

    platform, ada = street.platform, street.ada.person
    erasing = Erasing(platform.database, clock, Dying(platform), platform.keeper)
    with pytest.raises(OSError, match="gone"):
        erasing.forget(ada, What.EVERYTHING)
    once = erasing.forget(ada, What.EVERYTHING)
    assert once.removed["events"] == once.removed["accounts"] == 1
    assert once.removed["rights"] <= 4


def test_the_history_alone_goes_and_the_account_watches_on_as_somebody_new(street: Street, clock: ManualClock) -> None:
    platform, ada = street.platform, street.ada.person
    assert ada.account_id is not None
    receipt = platform.erasing.forget(ada, What.HISTORY)
    clock.advance(AGAIN_AFTER)
    platform.erasing.resume()
    assert platform.erasing.receipt(receipt.id).state is State.DONE
    left = street.rows(str(ada.viewer_id))
    assert left == {}
    with platform.database.connect() as connection:
        seals = vault_store.get(connection, Subject(Kind.VIEWER, ada.viewer_id))
    assert seals == {}, "of the pseudonym that went"
    moved = platform.accounts.sign_in(street.ada.email, PASSWORD)
    viewer = moved.viewer_id
    assert viewer != ada.viewer_id
    held = street.rows(street.ada.tag)
    assert {"passkeys", "creators", "items", "viewer_controls", "muted", "renditions"} <= held.keys()
    assert not {"events", "slates", "viewer_secrets", "asked_for_more"} & held.keys()
    again = platform.erasing.forget(platform.person(viewer, moved), What.EVERYTHING)
    assert again.id != receipt.id
    clock.advance(AGAIN_AFTER)
    platform.erasing.resume()
    assert street.rows(street.ada.tag, str(viewer)) == {}


def test_an_anonymous_viewer_leaves_whole_whatever_was_asked(street: Street, clock: ManualClock) -> None:
    receipt = street.platform.erasing.forget(Person(street.ada.person.viewer_id), What.HISTORY)
    assert receipt.what is What.EVERYTHING
    assert not {"events", "muted"} & street.rows(str(street.ada.person.viewer_id)).keys()


def test_what_an_open_claim_is_about_waits_and_is_said(street: Street, clock: ManualClock) -> None:
    platform, ada = street.platform, street.ada
    with platform.database.begin() as connection:
        opened = text("UPDATE claims SET state = 'open', item_id = :item WHERE respondent_id = :creator")
        connection.execute(opened, {"item": ada.item, "creator": ada.person.creator_id})
    receipt = platform.erasing.forget(ada.person, What.EVERYTHING)
    assert "Until it is closed these stay" in receipt.waits[0]
    clock.advance(AGAIN_AFTER)
    assert platform.erasing.resume() == 0
    assert platform.erasing.receipt(receipt.id).state is State.WAITING
    held = street.rows(*street.marks_of(ada))
    assert {"items", "claim_steps", "identities", "erasures"} <= held.keys()
    assert not {"accounts", "events", "viewer_items", "viewer_secrets", "imported_entries"} & held.keys()
    assert any("items" in path for path in street.files(ada.tag))
    with platform.database.begin() as connection:
        connection.execute(text("UPDATE claims SET state = 'closed'"))
    clock.advance(timedelta(days=1))
    assert platform.erasing.resume() == 1
    assert street.rows(*street.marks_of(ada)) == {}
    assert street.files(ada.tag) == []


# The copy


def exported(platform: Platform, person: Person) -> ZipFile:
    file = io.BytesIO()
    platform.export.write(person, file)
    return ZipFile(file)


def test_the_copy_holds_every_word_and_nothing_of_others(street: Street) -> None:
    ada = street.ada
    archive = exported(street.platform, ada.person)
    told = "\n".join(archive.read(name).decode() for name in archive.namelist())
    hidden = {f"{place.table}-{name}" for place in PLACES for name in place.hidden}
    planted = {one for rows in street.rows(ada.tag).values() for row in rows for one in WORD.findall(row)}
    wanted = {one for one in planted if one.removeprefix(f"{ada.tag}-") not in hidden}
    assert len(wanted) > 90
    assert sorted(one for one in wanted if one not in told and one.encode().hex() not in told) == []
    assert ada.email in told
    assert encode_id(ada.item) in told
    assert street.bo.tag not in told
    assert str(ada.person.viewer_id) not in told, "ids are in their public form"


def test_its_files_say_what_they_are_and_who_looked_is_no_empty_claim(street: Street) -> None:
    archive = exported(street.platform, street.ada.person)
    shape = json.loads(archive.read("shape.json"))
    for one in shape["files"]:
        document = json.loads(archive.read(one["file"]))
        assert len(document["rows"]) == one["rows"]
        assert document["title"]
        assert document["what"]
        for row in document["rows"]:
            assert set(row) <= set(one["columns"]) or one["file"] in {"interests.json", "learned_from_you.json"}
    looked = json.loads(archive.read("who_looked.json"))
    assert (looked["rows"], "public log" in looked["note"]) == ([], True)
    page = archive.read("index.html").decode()
    assert "What you did" in page
    assert "<script" not in page
    assert "http" not in page.replace("https://", "")


def test_what_is_inferred_is_told_by_the_feeds_own_numbers(platform: Platform) -> None:
    assert exported(platform, Person(5)).testzip() is None
    empty = json.loads(exported(platform, Person(5)).read("interests.json"))
    assert empty["rows"] == []
    assert "as for your next feed" in empty["note"]


# Who else it touches


def test_a_guardian_who_goes_leaves_everything_of_theirs_private_again(platform: Platform, clock: ManualClock) -> None:
    accounts, minors = platform.accounts, platform.minors
    child = accounts.sign_up("child@example.org", "a long enough one", is_minor=True)
    minors.declare(child)
    parent = accounts.sign_up("parent@example.org", "a long enough one")
    tie = minors.guardians.accept(minors.guardians.invite(child), parent)
    minors.choose_learning(parent, tie.id, learn=True)
    platform.erasing.forget(platform.person(parent.viewer_id, parent), What.EVERYTHING)
    assert minors.guardians.of_ward(child.id) == []
    assert platform.catalog.rights.of_viewer(child.viewer_id) == frozenset()
    assert minors.is_guarded(child.viewer_id)
    assert minors.check() == []
    platform.erasing.forget(platform.person(child.viewer_id, child), What.HISTORY)
    child = accounts.sign_in("child@example.org", "a long enough one")
    assert minors.is_guarded(child.viewer_id), "under the new pseudonym, from its first moment"
    assert minors.check() == []
    platform.log.step()
    assert platform.proving.check().wrongs == []


def test_others_are_not_told_the_name_of_who_left(street: Street) -> None:
    platform, ada, bo = street.platform, street.ada, street.bo
    with platform.database.begin() as connection:
        handle = "adatag-creators-handle"
        connection.execute(
            text("UPDATE items SET reason = :reason WHERE id = :item"),
            {"reason": f"This is a clip of @{handle} (/item/x), and not of @{handle}.too.", "item": bo.item},
        )
        connection.execute(
            text("UPDATE item_sounds SET sound_id = :sound WHERE item_id = :item"),
            {"sound": ada.sound, "item": bo.item},
        )
        connection.execute(
            text("UPDATE rights SET subject_id = :sound, \"right\" = 'audio' WHERE given_to = :bo"),
            {"sound": ada.sound, "bo": bo.person.creator_id},
        )
    before = platform.sounds.search("adatag")
    platform.erasing.forget(ada.person, What.EVERYTHING)
    with platform.database.connect() as connection:
        row = connection.execute(text("SELECT status, reason FROM items WHERE id = :i"), {"i": bo.item}).one()
    assert row.status == "needs_sound"
    assert row.reason.startswith("The owner of a sound in it left")
    assert (len(before), platform.sounds.search("")) == (1, [one for one in platform.sounds.search("") if one.title])
