"""What an import may do, as pure functions: whose it is, which rights can be given, how entries become items."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import PurePosixPath

from openforyou.catalog.types import CAPTION_LENGTH_MAX, TITLE_LENGTH_MAX, Right
from openforyou.core.errors import BadInput
from openforyou.core.languages import primary_tag
from openforyou.ingest.imports.errors import NotYours
from openforyou.ingest.imports.reading import headline
from openforyou.ingest.imports.types import Asked, Entry, EntryKind, Owner, Privacy, Standing
from openforyou.ingest.rules import checked_name

NOT_PUBLIC = frozenset({Privacy.LIMITED, Privacy.PRIVATE})
PHOTOS = "Photos become a slideshow: make one of them in the studio, set to a sound."
UNTITLED = "Untitled"


def proves(owner: Owner, proven: Collection[tuple[str, str]]) -> bool:
    """Whether one of the proven accounts is the archive's."""
    told = {_plain(one) for one in (owner.handle, owner.id) if one}
    return any(platform == owner.platform and _plain(key) in told for platform, key in proven)


def standing(owner: Owner, proven: Collection[tuple[str, str]], word: str) -> Standing:
    """Whether rights can be given to what comes from this owner's archive.

    `word` is an operator's, that the rights are held. Raises `NotYours` where another account on the same platform is
    the proven one: then this archive is somebody else's.
    """
    if word:
        return Standing(True, f"rights held by the operator's word: {word}")
    if proves(owner, proven):
        return Standing(True, f"the account {owner.shown} is proven, and this is from its archive")
    others = sorted({key for platform, key in proven if platform == owner.platform})
    if owner.is_known and others:
        raise NotYours(owner.shown, f"the account that you have proven there is {others[0]}")
    if not owner.is_known:
        return Standing(False, why="the archive does not say whose it is, so that no proof can cover it")
    return Standing(False, why=f"you have not proven that {owner.shown} is you")


def asked_for(asked: Asked, privacy: Privacy) -> frozenset[Right]:
    """Of the rights asked for, those that go to an entry: none to what was not public elsewhere, unless explicitly."""
    return frozenset() if privacy in NOT_PUBLIC and not asked.show_private else asked.rights


def why_not(entry: Entry, *, can_fetch: bool) -> str:
    """Why an entry does not come in as an item; empty where it does."""
    if entry.kind is EntryKind.PHOTOS:
        return PHOTOS
    if entry.kind is EntryKind.VIDEO and not entry.media and not (entry.link and can_fetch):
        return "The export has only a link to it, and nothing is fetched here."
    return ""


def file_name(entry: Entry, platform: str) -> str:
    """A name for the file of an entry: its own, or one made up."""
    told = entry.media[0] if entry.media else entry.link.partition("?")[0]
    try:
        return checked_name(PurePosixPath(told).name)
    except BadInput:
        return f"{platform} video.mp4"


def title(entry: Entry) -> str:
    """Its title, or the beginning of its words."""
    return headline(entry.title, entry.caption, length_max=TITLE_LENGTH_MAX) or UNTITLED


def cut(words: str, length_max: int = CAPTION_LENGTH_MAX) -> str:
    """As much as fits, to the end of a word."""
    if len(words) <= length_max:
        return words
    return words[: length_max - 1].rsplit(None, 1)[0][: length_max - 1].rstrip() + "…"


def language(told: str) -> str:
    """Its primary tag; empty where it is none."""
    try:
        return primary_tag(told)
    except BadInput:
        return ""


def _plain(key: str) -> str:
    return key.strip().casefold().removeprefix("@").rstrip("/")
