"""TikTok: "Download your data" as JSON. Posts are links that expire; some exports hold the files too."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

from openforyou.ingest.imports.archive import Archive
from openforyou.ingest.imports.errors import BadArchive
from openforyou.ingest.imports.reading import (
    counts,
    first,
    headline,
    is_picture,
    is_video,
    json_of,
    moment,
    objects,
    text,
    web_address,
    yes,
)
from openforyou.ingest.imports.types import Entry, EntryKind, Owner, Privacy, Skipped

DOCUMENTS = ("user_data_tiktok.json", "user_data.json", "user_data*.json")
PRIVACY = {
    "public": Privacy.PUBLIC,
    "everyone": Privacy.PUBLIC,
    "friends": Privacy.LIMITED,
    "followers": Privacy.LIMITED,
    "private": Privacy.PRIVATE,
    "only me": Privacy.PRIVATE,
    "only you": Privacy.PRIVATE,
}
_NUMBER = re.compile(r"\d{15,20}")


class TikTok:
    """Posts, by `Post` or, before 2024, `Video`."""

    name = "tiktok"
    title = "TikTok"
    hint = "Settings and privacy → Account → Download your data → all data, JSON."

    def recognises(self, archive: Archive) -> bool:
        return any(_profile(data) or _posts(data) for data in _documents(archive))

    def owner(self, archive: Archive) -> Owner:
        for data in _documents(archive):
            handle = text(first(_profile(data), "userName", "username")).removeprefix("@").casefold()
            if handle:
                return Owner(self.name, handle)
        return Owner(self.name)

    def entries(self, archive: Archive) -> Iterator[Entry | Skipped]:
        files = {found[0]: name for name in archive.names if is_video(name) and (found := _NUMBER.findall(name))} or {
            _stamp(name): name for name in archive.names if is_video(name) and _stamp(name)
        }
        for data in _documents(archive):
            for post in _posts(data):
                yield _entry(post, files)


def _entry(post: dict[str, Any], files: dict[str, str]) -> Entry | Skipped:
    link = web_address(first(post, "Link", "VideoLink"))
    date = text(first(post, "Date", "CreateTime"))
    words = text(first(post, "Title", "Desc", "Description"))
    what = headline(words, date, link) or "A post"
    number = _number_of(link)
    if not (number or link or date):
        return Skipped(what, "It has neither a date nor a link.")
    media = files.get(number) or files.get(_stamp(date)) or ""
    seen_by = text(first(post, "WhoCanView", "Who can view", "Privacy")).casefold()
    entry = Entry(
        kind=EntryKind.PHOTOS if is_picture(urlsplit(link).path) or "/photo/" in link else EntryKind.VIDEO,
        external_id=number or f"{date}|{words[:80]}",
        title=headline(words, length_max=90),
        caption=words,
        created_at=moment(date),
        privacy=PRIVACY.get(seen_by, Privacy.LIMITED if seen_by else Privacy.UNKNOWN),
        media=(media,) if media else (),
        link="" if media else link,
        sound=text(first(post, "Sound", "Music")),
        is_ai=yes(first(post, "AIGeneratedContent", "AI generated content")),
        history=counts(likes=first(post, "Likes"), views=first(post, "Views"), comments=first(post, "Comments")),
    )
    if not media and not link:
        return Skipped(what, "The export has neither its file nor a link to it.", entry.external_id, entry)
    return entry


def _documents(archive: Archive) -> Iterator[Any]:
    for name in archive.find(*DOCUMENTS):
        try:
            data = json_of(archive, name)
        except BadArchive:
            continue
        if isinstance(data, dict):
            yield data


def _profile(data: Any) -> Any:
    about = first(data, "Profile", "Profile And Settings")
    told = first(about, "Profile Info", "Profile Information", "ProfileInfo")
    return first(told, "ProfileMap")


def _posts(data: Any) -> list[dict[str, Any]]:
    for room in ("Post", "Video", "Posts"):
        inside = first(data, room)
        shelf = first(inside, "Posts", "Videos", "Posts Summary") or inside
        found = objects(first(shelf, "VideoList", "PostList"))
        if found:
            return found
    return []


def _number_of(link: str) -> str:
    """The post's number in its address: `…/video/7301…`, or `item_id` of a link to the file."""
    if not link:
        return ""
    parts = urlsplit(link)
    asked = parse_qs(parts.query)
    for key in ("item_id", "video_id", "id"):
        for value in asked.get(key, []):
            if _NUMBER.fullmatch(value):
                return value
    found = _NUMBER.findall(parts.path)
    return found[-1] if found else ""


def _stamp(words: str) -> str:
    """A moment's digits, as in names of files: 20230115103000."""
    found = re.search(r"(\d{4})\D?(\d{2})\D?(\d{2})\D?(\d{2})\D?(\d{2})\D?(\d{2})", words)
    return "".join(found.groups()) if found else ""
