"""PeerTube: an account's own export, a zip with the files, licences and privacy of each video."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from openforyou.ingest.imports.archive import Archive
from openforyou.ingest.imports.errors import BadArchive
from openforyou.ingest.imports.importer import ANOTHERS
from openforyou.ingest.imports.reading import (
    at,
    counts,
    first,
    headline,
    host_of,
    json_of,
    moment,
    objects,
    text,
    web_address,
)
from openforyou.ingest.imports.types import Entry, EntryKind, Owner, Privacy, Skipped

VIDEOS, ACCOUNT = ("peertube/videos.json", "videos.json"), ("peertube/account.json", "account.json")
PRIVACY = {1: Privacy.PUBLIC, 2: Privacy.LIMITED, 3: Privacy.PRIVATE, 4: Privacy.LIMITED, 5: Privacy.LIMITED}
"""Public, unlisted, private, internal, by password."""
LICENCES = {
    1: "CC BY 4.0", 2: "CC BY-SA 4.0", 3: "CC BY-ND 4.0", 4: "CC BY-NC 4.0", 5: "CC BY-NC-SA 4.0",
    6: "CC BY-NC-ND 4.0", 7: "CC0 1.0",
}  # fmt: skip


class PeerTube:
    """Videos of all channels of an account."""

    name = "peertube"
    title = "PeerTube"
    hint = "My library → My account → Export, with video files."

    def recognises(self, archive: Archive) -> bool:
        return any(isinstance(at(_quiet(archive, name), "videos"), list) for name in archive.find(*VIDEOS))

    def owner(self, archive: Archive) -> Owner:
        for name in archive.find(*ACCOUNT):
            account = _quiet(archive, name)
            address = web_address(first(account, "url", "id"))
            handle = text(first(account, "name", "preferredUsername"))
            if handle:
                return Owner(self.name, f"{handle}@{host_of(address)}".strip("@").casefold(), address)
        return Owner(self.name)

    def entries(self, archive: Archive) -> Iterator[Entry | Skipped]:
        home = host_of(self.owner(archive).id)
        for document in archive.find(*VIDEOS):
            try:
                videos = objects(at(json_of(archive, document), "videos"))
            except BadArchive as error:
                yield Skipped(document, str(error))
                continue
            for video in videos:
                stands_at = host_of(web_address(first(video, "url")))
                if home and stands_at and stands_at != home:
                    yield Skipped(headline(text(first(video, "name", "title"))) or "A video", ANOTHERS)
                else:
                    yield _entry(archive, video)


def _entry(archive: Archive, video: dict[str, Any]) -> Entry | Skipped:
    uuid, title = text(first(video, "uuid")), text(first(video, "name", "title"))
    what = headline(title) or uuid or "A video"
    if not uuid:
        return Skipped(what, "It has no id.")
    if first(video, "isLive") is True:
        return Skipped(what, "It is a live stream.", uuid)
    told = text(at(video, "archiveFiles", "videoFile"))
    name = archive.resolve(told) if told else ""
    tags = " ".join(f"#{text(tag)}" for tag in video.get("tags") or [] if isinstance(tag, str) and text(tag))
    caption = text(first(video, "description"))
    licence, privacy = first(video, "licence", "license"), first(video, "privacy")
    entry = Entry(
        kind=EntryKind.VIDEO,
        external_id=uuid,
        title=headline(title),
        caption=f"{caption}\n{tags}".strip(),
        created_at=moment(first(video, "originallyPublishedAt")) or moment(first(video, "publishedAt", "createdAt")),
        privacy=PRIVACY.get(_id(privacy), Privacy.LIMITED if privacy is not None else Privacy.UNKNOWN),
        media=(name,) if name else (),
        source_url=web_address(first(video, "url")),
        licence=LICENCES.get(_id(licence), ""),
        language=text(at(video, "language", "id") or first(video, "language")),
        history=counts(views=first(video, "views"), likes=first(video, "likes"), dislikes=first(video, "dislikes")),
    )
    if not name:
        why = "The export was made without video files." if not told else f"Its file {told} is not in the archive."
        return Skipped(what, why, uuid, entry)
    return entry


def _id(value: Any) -> int:
    """The number of a licence or a privacy, by itself or in an object; 0 where there is none."""
    inside = first(value, "id") if isinstance(value, dict) else value
    return inside if isinstance(inside, int) and not isinstance(inside, bool) else 0


def _quiet(archive: Archive, name: str) -> Any:
    try:
        return json_of(archive, name)
    except BadArchive:
        return None
