"""From the outside: a creator uploads what sounds like a registered song, in the ways in which people do."""

from __future__ import annotations

from openforyou.drills.attack import Case, Outcome, Seat, attack
from openforyou.drills.music.bringing import is_out, registered, uploaded
from openforyou.drills.music.songs import RATE, Samples, faster, song, under, voice
from openforyou.drills.world import World


@attack(Seat.CREATOR)
def whole_song(world: World, case: Case) -> Outcome:
    """Uploads the song as it is, without the right to it."""
    work = song(101, 20)
    registered(world, "Whole", work)
    return _held(world, case, work[2 * RATE : 12 * RATE], "Whole")


@attack(Seat.CREATOR)
def song_under_speech(world: World, case: Case) -> Outcome:
    """Talks over the song, which is six decibels quieter."""
    work = song(102, 20)
    registered(world, "Under", work)
    return _held(world, case, under(work[3 * RATE : 13 * RATE], voice(1, 10), 6), "Under")


@attack(Seat.CREATOR)
def five_seconds_of_it(world: World, case: Case) -> Outcome:
    """Uses five seconds of the song in the middle of speech."""
    work = song(103, 20)
    registered(world, "Excerpt", work)
    told = voice(2, 15)
    told[5 * RATE : 10 * RATE] = under(work[7 * RATE : 12 * RATE], told[5 * RATE : 10 * RATE], 0)
    return _held(world, case, told, "Excerpt")


@attack(Seat.CREATOR)
def played_a_little_faster(world: World, case: Case) -> Outcome:
    """Plays the song three parts in a hundred faster, and so higher."""
    work = song(104, 20)
    registered(world, "Faster", work)
    return _held(world, case, faster(work[2 * RATE : 14 * RATE], 1.03), "Faster")


@attack(Seat.CREATOR)
def two_songs_at_once(world: World, case: Case) -> Outcome:
    """Lays two songs over each other."""
    first, second = song(105, 20), song(106, 20)
    registered(world, "Left", first)
    registered(world, "Right", second)
    return _held(world, case, under(first[RATE : 11 * RATE], second[4 * RATE : 14 * RATE], 0), "Left", "Right")


def _held(world: World, case: Case, samples: Samples, *titles: str) -> Outcome:
    """That a clip with that sound arrives, and is held with every work in it by name."""
    item = uploaded(world, samples, f"With {titles[0]}")
    case.did(item["status"] != "queued", f"a clip of {len(samples) / RATE:.0f} s with it was sent as {item['id']}")
    for title in titles:
        case.stood(f"“{title}” by A. Composer is heard from" in item["reason"], f"its creator reads: {item['reason']}")
    case.stood(item["status"] == "needs_sound", f"its status is {item['status']}")
    case.stood(not is_out(world, item["id"]), "nobody is shown it")
    return Outcome.PREVENTED
