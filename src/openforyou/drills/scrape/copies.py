"""Somebody's work posted again from another account, altered so that it passes for new."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from openforyou.catalog.errors import HandleTaken
from openforyou.catalog.types import ITEM_RIGHTS, Creator, ItemStatus
from openforyou.core.ids import ItemId, encode_id
from openforyou.drills.attack import Case, Outcome, Seat, attack
from openforyou.drills.errors import Broken
from openforyou.drills.scrape.films import altered, film, filtered, mark_cut, mirrored_under_a_bar, resized
from openforyou.drills.world import World
from openforyou.ingest.types import Processed

EVERYTHING = frozenset(ITEM_RIGHTS)
OWNER, SCRAPER = "ada", "best_of_clips"


def creator(world: World, handle: str) -> Creator:
    """Somebody who publishes here."""
    with suppress(HandleTaken):
        return world.platform.catalog.add_creator(handle, handle)
    return world.platform.catalog.creator(handle)


def published(world: World, seed: int) -> ItemId:
    """A film of the owner's, here and recommended."""
    folder = world.scratch("owner")
    folder.mkdir()
    path = film(folder / f"film-{seed}.mp4", seed)
    ended = handed_in(world, OWNER, path)
    if ended.status is not ItemStatus.PUBLISHED:
        raise Broken(f"the owner's own film is {ended.status.value}: {ended.error}")
    return ended.item_id


def handed_in(world: World, handle: str, path: object) -> Processed:
    """Through the door that every upload takes, to its end."""
    who, ingest = creator(world, handle), world.platform.ingest
    item = ingest.take_in(path, who.id, rights=EVERYTHING, evidence="ticked by whoever uploaded it")  # type: ignore[arg-type]
    return ingest.finish(item)


def _posted_again(world: World, case: Case, seed: int, alter: Callable[..., object], every: int = 1) -> Outcome:
    item = published(world, seed)
    folder = world.scratch("scraped")
    folder.mkdir()
    (source,) = (world.folder / "").glob(f"owner-*/film-{seed}.mp4")
    copy = altered(source, folder / "found.mp4", alter, every)  # type: ignore[arg-type]
    case.did(copy.stat().st_size > 0 and copy.read_bytes() != source.read_bytes(), "the file is another one")
    ended = handed_in(world, SCRAPER, copy)
    case.stood(ended.status is ItemStatus.REFUSED, f"@{SCRAPER}'s upload is {ended.status.value}")
    case.stood(f"@{OWNER}" in ended.error and encode_id(item) in ended.error, f"it is told whose it is: {ended.error}")
    taken_for = world.platform.copies.stopping([ended.item_id]).get(ended.item_id)
    case.stood(taken_for == item, "My clips leads to a dispute with that very clip")
    case.stood(ended.item_id not in world.platform.catalog.items([ended.item_id]), "nobody is shown it")
    return Outcome.PREVENTED


@attack(Seat.IMPOSTOR)
def resized_and_encoded_anew(world: World, case: Case) -> Outcome:
    """Posts somebody's film again, smaller and encoded anew."""
    return _posted_again(world, case, 101, resized)


@attack(Seat.IMPOSTOR)
def watermark_cut_off(world: World, case: Case) -> Outcome:
    """Cuts off the strip with the mark, and some of one side, so that nothing lies where it lay."""
    return _posted_again(world, case, 102, mark_cut)


@attack(Seat.IMPOSTOR)
def mirrored_under_a_caption(world: World, case: Case) -> Outcome:
    """Mirrors the film, and puts a bar with words over it."""
    return _posted_again(world, case, 103, mirrored_under_a_bar)


@attack(Seat.IMPOSTOR)
def filter_and_smaller(world: World, case: Case) -> Outcome:
    """Gives it other colours, and makes it smaller as well."""
    return _posted_again(world, case, 104, lambda picture: resized(filtered(picture)))


@attack(Seat.IMPOSTOR)
def somebody_elses_new_work_is_left_alone(world: World, case: Case) -> Outcome:
    """Complains that everything is a copy: floods the owner's page with films alike, to have others' work refused."""
    published(world, 105)
    folder = world.scratch("new")
    folder.mkdir()
    ended = handed_in(world, "carla", film(folder / "own.mp4", 905))
    case.did(ended.item_id > 0, "a film of the same look, by somebody else, is handed in")
    case.stood(ended.status is ItemStatus.PUBLISHED, f"it is {ended.status.value}: alike is no copy")
    return Outcome.PREVENTED
