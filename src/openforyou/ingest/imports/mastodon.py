"""Mastodon: an account's own archive, a gzipped tar or a zip of ActivityPub documents and the media beside them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from openforyou.ingest.imports.archive import Archive
from openforyou.ingest.imports.errors import BadArchive
from openforyou.ingest.imports.importer import ANOTHERS
from openforyou.ingest.imports.reading import (
    at,
    first,
    headline,
    host_of,
    is_picture,
    is_video,
    json_of,
    moment,
    objects,
    text,
    web_address,
    words_of,
)
from openforyou.ingest.imports.types import Entry, EntryKind, Owner, Privacy, Skipped

PROFILE = re.compile(r"/(?:@|users/)([^/@]+)")
"""Servers that write numbers there have them below another word."""
PUBLIC = ("https://www.w3.org/ns/activitystreams#Public", "as:Public", "Public")


class Mastodon:
    """Posts with media. Boosts are other people's, and posts of words alone are no items."""

    name = "mastodon"
    title = "Mastodon"
    hint = "Preferences → Import and export → Data export → Request your archive."

    def recognises(self, archive: Archive) -> bool:
        return any("orderedItems" in _object(archive, name) for name in archive.find("outbox.json"))

    def owner(self, archive: Archive) -> Owner:
        for name in archive.find("actor.json"):
            actor = _object(archive, name)
            handle, address = text(first(actor, "preferredUsername")), web_address(first(actor, "id", "url"))
            if handle and not _names_another(address, handle):
                return Owner(self.name, f"{handle}@{host_of(address)}".strip("@").casefold(), address)
        return Owner(self.name)

    def entries(self, archive: Archive) -> Iterator[Entry | Skipped]:
        owner = self.owner(archive)
        for document in archive.find("outbox.json"):
            for activity in objects(_object(archive, document).get("orderedItems")):
                if _is_anothers(activity, owner):
                    post = activity.get("object")
                    yield Skipped(headline(words_of(first(post, "content"))) or text(first(post, "id")), ANOTHERS)
                elif (found := _entry(archive, activity)) is not None:
                    yield found


def _is_anothers(activity: dict[str, Any], owner: Owner) -> bool:
    """Whether a post with files names somebody else, where it says whose it is, or in the addresses that it has."""
    post = activity.get("object")
    if not owner.is_known or not isinstance(post, dict) or not objects(post.get("attachment")):
        return False
    by = [first(activity, "actor"), first(post, "attributedTo")]
    named = {text(first(one, "id") if isinstance(one, dict) else one) for one in by if one} - {""}
    addresses = [address for key in ("id", "url") if (address := web_address(first(post, key)))]
    handle = owner.handle.partition("@")[0]
    return bool(named - {owner.id}) or any(
        host_of(one) != host_of(owner.id) or _names_another(one, handle) for one in addresses
    )


def _names_another(address: str, handle: str) -> bool:
    """Whether an address is that of a profile, or of something below one, which is not `handle`'s."""
    name = PROFILE.match(urlsplit(address).path)
    return name is not None and name[1].casefold() != handle.casefold()


def _entry(archive: Archive, activity: dict[str, Any]) -> Entry | Skipped | None:
    """None for what has no media: words alone, likes, follows."""
    post = activity.get("object")
    if text(activity.get("type")) == "Announce":
        return Skipped(text(post) or "A boost", "It is a boost of somebody else's post.", text(activity.get("id")))
    if not isinstance(post, dict):
        return None
    files = objects(post.get("attachment"))
    if not files:
        return None
    number = text(first(post, "id"))
    words = words_of(first(post, "content"))
    told = [text(first(file, "url")) for file in files]
    kinds = [text(first(file, "mediaType")) for file in files]
    names = [archive.resolve(one) for one in told]
    is_film = len(files) == 1 and (kinds[0].startswith("video/") or is_video(told[0]))
    what = headline(words) or number or "A post"
    if not number:
        return Skipped(what, "It has no id.")
    entry = Entry(
        kind=EntryKind.VIDEO if is_film else EntryKind.PHOTOS,
        external_id=number,
        title=headline(words, text(first(files[0], "name")), length_max=90),
        caption=words,
        created_at=moment(first(post, "published") or first(activity, "published")),
        privacy=_privacy(post, activity),
        media=tuple(name for name in names if name),
        source_url=web_address(first(post, "url")) or web_address(number),
        language=next(iter(at(post, "contentMap") or {}), ""),
        is_ai=None,
    )
    if not entry.media:
        return Skipped(what, f"Its file {told[0]} is not in the archive.", number, entry)
    if not is_film and not any(
        kind.startswith(("image/", "video/")) or is_picture(one) for kind, one in zip(kinds, told, strict=True)
    ):
        return Skipped(what, f"{told[0]} is neither a video nor a picture.", number, entry)
    return entry


def _privacy(post: dict[str, Any], activity: dict[str, Any]) -> Privacy:
    to, cc = (_addressed(post.get(key)) | _addressed(activity.get(key)) for key in ("to", "cc"))
    if to & set(PUBLIC):
        return Privacy.PUBLIC
    if cc & set(PUBLIC) or any(one.endswith("/followers") for one in to):
        return Privacy.LIMITED
    return Privacy.PRIVATE if to else Privacy.UNKNOWN


def _addressed(value: Any) -> set[str]:
    many = value if isinstance(value, list) else [value]
    return {one for one in many if isinstance(one, str)}


def _object(archive: Archive, name: str) -> dict[str, Any]:
    try:
        found = json_of(archive, name)
    except BadArchive:
        return {}
    return found if isinstance(found, dict) else {}
