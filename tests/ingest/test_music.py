"""No soundtrack is published with a registered work without its right: held, then muted or set to another sound."""

from __future__ import annotations

from pathlib import Path

import av
import pytest

from openforyou.app.platform import Platform
from openforyou.catalog.sounds.errors import NotHeld, SoundKnown, SoundNotAllowed
from openforyou.catalog.sounds.types import About, Access, Audience, Licence, Sound
from openforyou.catalog.types import ITEM_RIGHTS, MUTED, Creator, Item, ItemStatus, SoundChoice, SoundSource
from openforyou.core.errors import BadInput
from openforyou.core.ids import CreatorId, ItemId
from openforyou.drills.music.songs import Samples, song, under, voice
from openforyou.ingest.service import Ingest
from openforyou.ingest.types import Processed
from tests.ingest.films import Film
from tests.ingest.tunes import write_wav
from tests.ingest.voiced import film_with

NOBODY, EVERYONE = Access(Audience.NOBODY), Access(Audience.EVERYONE)
SONG, OTHER = song(1, 30), song(2, 30)
RATE = 16_000


def register(
    platform: Platform, folder: Path, samples: Samples = SONG, access: Access = NOBODY, title: str = "Song"
) -> Sound:
    about = About(title, "A. Composer", Licence.LICENSED, evidence="contract of 1 May")
    return platform.library.add(write_wav(folder / f"{title}.wav", samples), about, access, "operator")


def bring(ingest: Ingest, creator: Creator, path: Path, **said: object) -> Processed:
    item_id = ingest.take_in(path, creator.id, rights=frozenset(ITEM_RIGHTS), evidence="test", **said)  # type: ignore[arg-type]
    ended = ingest.process_next(item_id)
    assert ended is not None
    return ended


def own(platform: Platform, creator: Creator, item_id: ItemId) -> Item:
    return platform.catalog.own_item(item_id, creator.id)


def has_sound(platform: Platform, item: Item) -> bool:
    path = platform.blobs.local_path(item.renditions[0].key)
    assert path is not None
    with av.open(str(path)) as file:
        return bool(file.streams.audio)


def test_a_song_under_speech_is_held_and_named_and_then_published_muted(
    platform: Platform, ingest: Ingest, creator: Creator, tmp_path: Path
) -> None:
    register(platform, tmp_path)
    told = voice(3, 12)
    told[4 * RATE : 9 * RATE] = under(SONG[6 * RATE : 11 * RATE], told[4 * RATE : 9 * RATE], 6)
    ended = bring(ingest, creator, film_with(tmp_path / "a.mp4", told))
    assert ended.status is ItemStatus.NEEDS_SOUND
    assert "“Song” by A. Composer is heard from 0:0" in ended.error
    assert "muted or with another sound" in ended.hint
    use = platform.sounds.heard_in([ended.item_id])[ended.item_id][0]
    assert abs(use.from_ms - 4_000) <= 2_000
    assert abs(use.until_ms - 9_000) <= 2_000
    assert platform.catalog.items([ended.item_id]) == {}
    ingest.sound_again(ended.item_id, creator.id, MUTED)
    assert ingest.finish(ended.item_id).status is ItemStatus.PUBLISHED
    item = own(platform, creator, ended.item_id)
    assert not item.has_sound
    assert not has_sound(platform, item)
    assert platform.sounds.heard_in([item.id]) == {}


def test_speech_and_other_music_are_let_through(
    platform: Platform, ingest: Ingest, creator: Creator, tmp_path: Path
) -> None:
    register(platform, tmp_path)
    for name, samples in (("speech", voice(4, 8)), ("other", OTHER[: 8 * RATE])):
        ended = bring(ingest, creator, film_with(tmp_path / f"{name}.mp4", samples))
        assert ended.status is ItemStatus.PUBLISHED, (name, ended.error)


def test_with_the_right_it_is_published_and_set_to_the_sound(
    platform: Platform, ingest: Ingest, creator: Creator, tmp_path: Path
) -> None:
    sound = register(platform, tmp_path, access=Access(Audience.CREATORS, frozenset({creator.id})))
    path = film_with(tmp_path / "a.mp4", SONG[3 * RATE : 9 * RATE])
    ended = bring(ingest, creator, path)
    assert ended.status is ItemStatus.PUBLISHED
    assert own(platform, creator, ended.item_id).sound_id == sound.id
    assert platform.sounds.users(sound.id) == [ended.item_id]
    other = platform.catalog.add_creator("other", "Other")
    assert bring(ingest, other, path).status is ItemStatus.NEEDS_SOUND
    with pytest.raises(SoundNotAllowed):
        platform.sounds.usable(sound.id, other.id)


def test_a_held_item_cannot_be_made_loud_again(
    platform: Platform, ingest: Ingest, creator: Creator, tmp_path: Path
) -> None:
    sound = register(platform, tmp_path)
    ended = bring(ingest, creator, film_with(tmp_path / "a.mp4", SONG[: 6 * RATE]))
    with pytest.raises(SoundNotAllowed):
        ingest.sound_again(ended.item_id, creator.id, SoundChoice(SoundSource.LIBRARY, sound.id))
    ingest.sound_again(ended.item_id, creator.id, SoundChoice())
    assert ingest.finish(ended.item_id).status is ItemStatus.NEEDS_SOUND
    ingest.sound_again(ended.item_id, creator.id, MUTED)
    ingest.finish(ended.item_id)
    with pytest.raises(NotHeld):
        ingest.sound_again(ended.item_id, creator.id, SoundChoice())


def test_another_sound_is_put_in_its_place(
    platform: Platform, ingest: Ingest, creator: Creator, tmp_path: Path
) -> None:
    register(platform, tmp_path)
    free = register(platform, tmp_path, OTHER, EVERYONE, "Free")
    ended = bring(ingest, creator, film_with(tmp_path / "a.mp4", SONG[: 6 * RATE]))
    ingest.sound_again(ended.item_id, creator.id, SoundChoice(SoundSource.LIBRARY, free.id, 2_000))
    assert ingest.finish(ended.item_id).status is ItemStatus.PUBLISHED
    item = own(platform, creator, ended.item_id)
    assert item.sound_id == free.id
    path = platform.blobs.local_path(item.renditions[0].key)
    assert path is not None
    with av.open(str(path)) as file:
        assert abs(float(file.duration or 0) / 1e6 - 6) < 0.1
    assert [use.is_chosen for use in platform.sounds.heard_in([item.id])[item.id]] == [True]


def test_a_right_that_is_withdrawn_takes_the_items_out_at_once_until_they_are_mute(
    platform: Platform, ingest: Ingest, creator: Creator, tmp_path: Path
) -> None:
    sound = register(platform, tmp_path, access=EVERYONE)
    ended = bring(ingest, creator, film_with(tmp_path / "a.mp4", SONG[: 6 * RATE]))
    before = own(platform, creator, ended.item_id)
    assert platform.sounds.give(sound.id, NOBODY, "operator") == [ended.item_id]
    assert platform.catalog.items([ended.item_id]) == {}
    held = own(platform, creator, ended.item_id)
    assert held.status is ItemStatus.NEEDS_SOUND
    assert "was withdrawn" in held.reason
    ingest.sound_again(ended.item_id, creator.id, MUTED)
    assert ingest.finish(ended.item_id).status is ItemStatus.PUBLISHED
    after = own(platform, creator, ended.item_id)
    assert after.published_at == before.published_at
    assert after.reason == ""
    assert {file.key for file in after.renditions}.isdisjoint(file.key for file in before.renditions)
    assert not has_sound(platform, after)
    assert platform.blobs.local_path(before.renditions[0].key) is None


def test_nobody_registers_somebody_elses_work_as_their_own(platform: Platform, tmp_path: Path) -> None:
    register(platform, tmp_path)
    about = About("Mine", "Thief", Licence.OWN_WORK, CreatorId(7))
    with pytest.raises(SoundKnown, match=r"“Song” by A\. Composer"):
        platform.library.add(write_wav(tmp_path / "cut.wav", SONG[5 * RATE : 15 * RATE]), about, EVERYONE, "thief")


def test_a_licence_says_who_may(platform: Platform, tmp_path: Path) -> None:
    path = write_wav(tmp_path / "x.wav", OTHER)
    with pytest.raises(BadInput, match="evidence"):
        platform.library.add(path, About("X", "Y", Licence.LICENSED), NOBODY, "operator")
    with pytest.raises(BadInput, match="reserved"):
        platform.library.add(path, About("X", "Y", Licence.ALL_RIGHTS_RESERVED), EVERYONE, "operator")
    assert platform.sounds.search() == []


@pytest.mark.parametrize("content", [b"", b"no sound at all", b"RIFF\x00\x00\x00\x00WAVEfmt "])
def test_what_is_no_sound_is_refused(platform: Platform, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.wav"
    path.write_bytes(content)
    with pytest.raises(BadInput, match=r"x\.wav"):
        platform.library.add(path, About("X", "Y", Licence.CC0), EVERYONE, "operator")
    silent = Film(sound=None).make(tmp_path / "silent.mp4")
    with pytest.raises(BadInput, match="has no sound"):
        platform.library.add(silent, About("X", "Y", Licence.CC0), EVERYONE, "operator")
