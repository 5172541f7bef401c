"""Instagram: "Download your information" as JSON. Its text is UTF-8 stored as if it were latin-1, its labels are in the
language of whoever asked, and its folders moved in 2023 (`content/` to `your_instagram_activity/`)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from openforyou.ingest.imports.archive import Archive
from openforyou.ingest.imports.errors import BadArchive
from openforyou.ingest.imports.reading import (
    at,
    first,
    headline,
    is_picture,
    is_video,
    json_of,
    listed,
    moment,
    objects,
    repaired,
    yes,
)
from openforyou.ingest.imports.types import Entry, EntryKind, Owner, Privacy, Skipped

POSTS = {
    "posts_*.json": Privacy.UNKNOWN,
    "reels.json": Privacy.UNKNOWN,
    "reels_*.json": Privacy.UNKNOWN,
    "igtv_videos.json": Privacy.UNKNOWN,
    "stories.json": Privacy.LIMITED,
    "stories_*.json": Privacy.LIMITED,
    "archived_posts.json": Privacy.PRIVATE,
}
"""Which files hold posts, and who saw them: stories were gone after a day, and not meant to stay."""
PLACES = ("your_instagram_activity/media", "your_instagram_activity/content", "content", "media")
PROFILE = ("personal_information/personal_information.json", "account_information/personal_information.json")
USERNAME = ("Username", "Benutzername", "Nom d’utilisateur", "Nom d'utilisateur", "Nombre de usuario", "Nome utente",
            "Nome de usuário", "Gebruikersnaam", "Nazwa użytkownika", "Имя пользователя", "Kullanıcı Adı",
            "ユーザーネーム", "사용자 이름", "用户名", "使用者名稱")  # fmt: skip
PRIVATE_ACCOUNT = ("Private Account", "Privates Konto", "Compte privé", "Cuenta privada", "Account privato",
                   "Conta privada", "Privéaccount")  # fmt: skip
TITLE_LETTERS = 90


class Instagram:
    """Posts, reels, stories and archived posts."""

    name = "instagram"
    title = "Instagram"
    hint = "Accounts Centre → Your information and permissions → Download your information → JSON."

    def recognises(self, archive: Archive) -> bool:
        return bool(_documents(archive)) or any(
            at(_quiet(archive, name), "profile_user") is not None for name in archive.find(*PROFILE)
        )

    def owner(self, archive: Archive) -> Owner:
        return Owner(self.name, repaired(_label(archive, USERNAME)).removeprefix("@").casefold())

    def entries(self, archive: Archive) -> Iterator[Entry | Skipped]:
        is_private = yes(_label(archive, PRIVATE_ACCOUNT)) is True
        for document, meant in _documents(archive):
            privacy = Privacy.LIMITED if is_private and meant is Privacy.UNKNOWN else meant
            try:
                posts = listed(json_of(archive, document))
            except BadArchive as error:
                yield Skipped(document, str(error))
                continue
            for post in posts:
                yield _entry(archive, document, post, privacy)


def _documents(archive: Archive) -> list[tuple[str, Privacy]]:
    found: dict[str, Privacy] = {}
    for pattern, privacy in POSTS.items():
        for name in archive.find(*(f"{place}/{pattern}" for place in PLACES)):
            found.setdefault(name, privacy)
    return list(found.items())


def _entry(archive: Archive, document: str, post: dict[str, Any], privacy: Privacy) -> Entry | Skipped:
    media = objects(post.get("media")) or [post]
    told = [repaired(first(each, "uri")) for each in media]
    names = [archive.resolve(uri) for uri in told if uri]
    words = repaired(first(post, "title")) or next((w for each in media if (w := repaired(first(each, "title")))), "")
    dates = (moment(first(each, "creation_timestamp", "taken_at")) for each in (post, *media))
    created_at = next((date for date in dates if date is not None), None)
    what = headline(words, length_max=TITLE_LETTERS) or next((uri for uri in told if uri), document)
    if not any(told):
        return Skipped(what, "It names no file.")
    entry = Entry(
        kind=EntryKind.VIDEO if len(told) == 1 and is_video(told[0]) else EntryKind.PHOTOS,
        external_id=next(uri for uri in told if uri),
        title=headline(words, length_max=TITLE_LETTERS),
        caption=words,
        created_at=created_at,
        privacy=privacy,
        media=tuple(name for name in names if name),
        sound=repaired(at(media[0], "media_metadata", "video_metadata", "music_title")),
        is_ai=yes(first(post, "is_ai_generated", "ai_generated_content")),
    )
    if not entry.media:
        return Skipped(what, f"Its file {told[0]} is not in the archive.", entry.external_id, entry)
    if entry.kind is EntryKind.PHOTOS and not all(is_picture(uri) or is_video(uri) for uri in told if uri):
        return Skipped(what, f"{told[0]} is neither a video nor a picture.", entry.external_id, entry)
    return entry


def _label(archive: Archive, labels: tuple[str, ...]) -> str:
    """A value of the profile by its label, in whichever language."""
    for name in archive.find(*PROFILE):
        for profile in objects(at(_quiet(archive, name), "profile_user")):
            told = at(profile, "string_map_data")
            if isinstance(told, dict):
                plain = {repaired(label): value for label, value in told.items()}
                found = at(first(plain, *labels), "value")
                if found:
                    return str(found)
    return ""


def _quiet(archive: Archive, name: str) -> Any:
    try:
        return json_of(archive, name)
    except BadArchive:
        return None
