"""Bluesky: a repository as a CAR file (`com.atproto.sync.getRepo`). Files of videos are separate: they are found beside
it, named by their content id, where they were fetched into the same folder or zip.

The tree is walked from the root that the file names; what no commit leads to is not read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import libipld

from openforyou.ingest.imports.archive import Archive
from openforyou.ingest.imports.errors import BadArchive
from openforyou.ingest.imports.importer import ANOTHERS
from openforyou.ingest.imports.reading import at, first, headline, moment, objects, text
from openforyou.ingest.imports.types import Entry, EntryKind, Owner, Privacy, Skipped

POSTS, VIDEO, IMAGES = "app.bsky.feed.post", "app.bsky.embed.video", "app.bsky.embed.images"
WITH_QUOTE = "app.bsky.embed.recordWithMedia"
DEPTH_MAX = 64
"""Of the tree: each level holds a sixteenth of the keys below, so no real one comes near."""
HEADER = b"\xa2eroots"

Blocks = Mapping[bytes, Any]


class Bluesky:
    """Posts with a video or pictures; everything there is public."""

    name = "bluesky"
    title = "Bluesky"
    hint = "Settings → Account → Export my data (CAR); put the files of your videos beside it."

    def recognises(self, archive: Archive) -> bool:
        return bool(_repositories(archive))

    def owner(self, archive: Archive) -> Owner:
        for name in _repositories(archive):
            _, commit = _commit(archive, name)
            did = text(first(commit, "did"))
            if did.startswith("did:"):
                return Owner(self.name, id=did)
        return Owner(self.name)

    def entries(self, archive: Archive) -> Iterator[Entry | Skipped]:
        owner = self.owner(archive).id
        for name in _repositories(archive):
            blocks, commit = _commit(archive, name)
            did, root = text(first(commit, "did")), first(commit, "data")
            if did != owner:
                yield Skipped(f"{name}: the repository of {did or 'nobody'}", ANOTHERS)
                continue
            for key, record in _records(blocks, root):
                if key.startswith(f"{POSTS}/") and (found := _entry(archive, did, key, record)) is not None:
                    yield found


def _repositories(archive: Archive) -> list[str]:
    return [
        name
        for name in archive.names
        if (name.lower().endswith(".car") or len(archive.names) == 1) and HEADER in archive.head(name, 64)
    ]


def _commit(archive: Archive, name: str) -> tuple[Blocks, Any]:
    """Every block by its id, and the commit at the root. Raises `BadArchive`."""
    try:
        header, blocks = libipld.decode_car(archive.document(name))
    except (ValueError, OverflowError, RecursionError) as error:
        raise BadArchive(f"{archive.name}: {name}", "is no repository that can be read") from error
    commit = blocks.get(at(header, "roots", 0))
    if not isinstance(commit, dict):
        raise BadArchive(f"{archive.name}: {name}", "has no commit at its root")
    return blocks, commit


def _records(blocks: Blocks, root: Any) -> Iterator[tuple[str, Any]]:
    """Every key and record of a Merkle search tree (atproto.com/specs/repository), in order, without what is torn."""
    seen: set[bytes] = set()

    def walk(node_id: Any, depth: int) -> Iterator[tuple[str, Any]]:
        node = blocks.get(node_id) if isinstance(node_id, bytes) else None
        if not isinstance(node, dict) or depth > DEPTH_MAX or node_id in seen:
            return
        seen.add(node_id)
        yield from walk(node.get("l"), depth + 1)
        before = b""
        for entry in objects(node.get("e")):
            shared, rest = entry.get("p"), entry.get("k")
            if isinstance(shared, int) and isinstance(rest, bytes) and 0 <= shared <= len(before):
                before = before[:shared] + rest
                record = blocks.get(entry["v"]) if isinstance(entry.get("v"), bytes) else None
                yield before.decode("utf-8", "replace"), record
            yield from walk(entry.get("t"), depth + 1)

    yield from walk(root, 0)


def _entry(archive: Archive, did: str, key: str, record: Any) -> Entry | Skipped | None:
    """None for words alone."""
    embed = first(record, "embed")
    if at(embed, "$type") == WITH_QUOTE:
        embed = first(embed, "media")
    kind = at(embed, "$type")
    if kind not in (VIDEO, IMAGES):
        return None
    words, number = text(first(record, "text")), f"at://{did}/{key}"
    blobs = [at(embed, "video")] if kind == VIDEO else [at(each, "image") for each in objects(at(embed, "images"))]
    ids = [one for one in (_blob_id(blob) for blob in blobs) if one]
    names = [found for one in ids if (found := _file_of(archive, one))]
    alt = text(at(embed, "alt")) if kind == VIDEO else ""
    entry = Entry(
        kind=EntryKind.VIDEO if kind == VIDEO else EntryKind.PHOTOS,
        external_id=number,
        title=headline(words, alt, length_max=90),
        caption=words,
        created_at=moment(first(record, "createdAt")),
        privacy=Privacy.PUBLIC,
        media=tuple(names),
        source_url=f"https://bsky.app/profile/{did}/post/{key.rpartition('/')[2]}" if did else "",
        language=text(at(record, "langs", 0)),
    )
    what = headline(words) or number
    if not ids:
        return Skipped(what, "It names no file.", number, entry)
    if not names:
        why = f"Its file is not beside the repository: fetch the blob {ids[0]} and put it there under that name."
        return Skipped(what, why, number, entry)
    return entry


def _blob_id(blob: Any) -> str:
    """The content id of a blob, in its text form."""
    reference = first(blob, "ref")
    if isinstance(reference, bytes):
        try:
            return str(libipld.encode_cid(reference))
        except ValueError:
            return ""
    return text(at(reference, "$link")) or text(at(blob, "cid"))


def _file_of(archive: Archive, content_id: str) -> str:
    found = archive.find(f"{content_id}.*", content_id) if content_id.isalnum() else []
    return found[0] if found else ""
