"""Exports built like the real ones, in several layouts a platform: names, keys and labels as public parsers have
them."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import tarfile
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import libipld

FILM = b"film"
"""Stands for a video where nobody looks into it."""
Files = dict[str, bytes]


@dataclass(frozen=True)
class Layout:
    """One export: its files, whose it is, and how many posts of each kind are in it with their files."""

    name: str
    files: Files
    owner: str
    films: int
    photos: int = 0
    articles: int = 0


def as_json(value: Any) -> bytes:
    return json.dumps(value).encode()


def as_csv(*rows: list[str]) -> bytes:
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    return out.getvalue().encode()


def zipped(path: Path, files: Mapping[str, bytes], under: str = "") -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(f"{under}{name}", content)
    return path


def tarred(path: Path, files: Mapping[str, bytes], mode: str = "w:gz") -> Path:
    with tarfile.open(path, mode) as archive:  # type: ignore[call-overload]
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return path


def folded(path: Path, files: Mapping[str, bytes]) -> Path:
    for name, content in files.items():
        file = path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    return path


def mangled(words: str) -> str:
    """As Instagram stores it: UTF-8 read as latin-1."""
    return words.encode().decode("latin-1")


# Instagram


def instagram(
    film: bytes = FILM,
    place: str = "your_instagram_activity/media",
    label: str = "Username",
    handle: str = "ada.films",
    private: tuple[str, str] | None = None,
) -> Files:
    told = {label: {"value": handle}}
    if private:
        told[private[0]] = {"value": private[1]}
    words = mangled("Köln am Rhein 🌇\nSchön war's")
    posts = [
        {
            "media": [{"uri": "media/posts/202301/one.mp4", "creation_timestamp": 1_673_778_600, "title": words}],
        },
        {
            "media": [
                {"uri": "media/posts/202302/a.jpg", "creation_timestamp": 1_675_000_000, "title": ""},
                {"uri": "media/posts/202302/b.jpg", "creation_timestamp": 1_675_000_000, "title": ""},
            ],
            "title": "Two pictures",
            "creation_timestamp": 1_675_000_000,
        },
        {"media": [{"uri": "media/posts/202303/gone.mp4", "creation_timestamp": 1_678_000_000, "title": "Gone"}]},
    ]
    reels = {"ig_reels_media": [{"media": [{"uri": "media/reels/r1.mp4", "creation_timestamp": 1_690_000_000,
                                           "title": "A reel"}]}]}  # fmt: skip
    stories = {"ig_stories": [{"uri": "media/stories/s1.mp4", "creation_timestamp": 1_691_000_000, "title": ""}]}
    return {
        "personal_information/personal_information/personal_information.json": as_json(
            {"profile_user": [{"string_map_data": told}]}
        ),
        f"{place}/posts_1.json": as_json(posts),
        f"{place}/reels.json": as_json(reels),
        f"{place}/stories.json": as_json(stories),
        "media/posts/202301/one.mp4": film,
        "media/posts/202302/a.jpg": b"picture",
        "media/posts/202302/b.jpg": b"picture",
        "media/reels/r1.mp4": film + b"\0" if film == FILM else film,
        "media/stories/s1.mp4": film + b"\0\0" if film == FILM else film,
    }


def _instagram() -> list[Layout]:
    old = instagram(place="content", label=mangled("Nom d’utilisateur"))
    old["personal_information/personal_information.json"] = old.pop(
        "personal_information/personal_information/personal_information.json"
    )
    single = instagram(
        place="your_instagram_activity/content", label="Benutzername", private=("Privates Konto", "True")
    )
    return [
        Layout("instagram 2024", instagram(), "ada.films", films=3, photos=1),
        Layout("instagram 2021, French", old, "ada.films", films=3, photos=1),
        Layout("instagram 2023, German, private account", single, "ada.films", films=3, photos=1),
    ]


# TikTok


def tiktok(room: str = "Post", shelf: str = "Posts", profile: str = "Profile Info", count: int = 3) -> dict[str, Any]:
    posts = [
        {
            "Date": f"2024-0{1 + number % 9}-15 10:30:0{number % 10}",
            "Link": f"https://video.example.org/v/?item_id=73010000000000{number:05}&signature=x",
            "Likes": "1,234",
            "Title": f"Clip {number} 🎬",
            "Sound": "original sound",
            "WhoCanView": ("Public", "Friends", "Private")[number % 3],
            "AllowDuets": "Yes",
            "AIGeneratedContent": "Yes" if number == 1 else "No",
        }
        for number in range(count)
    ]
    return {"Profile": {profile: {"ProfileMap": {"userName": "ada.t"}}}, room: {shelf: {"VideoList": posts}}}


def _tiktok() -> list[Layout]:
    with_files = {"user_data_tiktok.json": as_json(tiktok())}
    with_files |= {f"TikTok/videos/73010000000000{number:05}.mp4": FILM for number in range(3)}
    return [
        Layout("tiktok 2024, links alone", {"user_data_tiktok.json": as_json(tiktok())}, "ada.t", films=3),
        Layout(
            "tiktok 2022",
            {"user_data.json": as_json(tiktok("Video", "Videos", "Profile Information"))},
            "ada.t",
            films=3,
        ),
        Layout("tiktok with files", with_files, "ada.t", films=3),
    ]


# Snapchat


def snapchat(*, with_files: bool) -> Files:
    ids = ["aaaa-1111", "bbbb-2222"]
    rows = [
        {
            "Date": f"2024-03-0{1 + number} 12:00:00 UTC",
            "Media Type": kind,
            "Location": "Latitude, Longitude: 52.1, 4.3",
            "Download Link": f"https://app.example.org/dmd/memories?uid=x&sid={ids[number]}&mid={ids[number]}",
            "Media Download Url": f"https://cdn.example.org/{ids[number]}",
        }
        for number, kind in enumerate(("Video", "Image"))
    ]
    files = {
        "json/memories_history.json": as_json({"Saved Media": rows}),
        "json/account.json": as_json({"Basic Information": {"Username": "ada_snap", "Name": "Ada"}}),
    }
    if with_files:
        files["memories/2024-03-01_aaaa-1111-main.mp4"] = FILM
        files["memories/2024-03-01_aaaa-1111-overlay.png"] = b"overlay"
        files["memories/2024-03-02_bbbb-2222-main.jpg"] = b"picture"
        files["memories/2024-03-09_cccc-3333-main.mp4"] = FILM + b"2"
    return files


def _snapchat() -> list[Layout]:
    return [
        Layout("snapchat, links", snapchat(with_files=False), "ada_snap", films=1, photos=1),
        Layout("snapchat, files", snapchat(with_files=True), "ada_snap", films=2, photos=1),
    ]


# YouTube

CHANNEL = "UCabcdefghijklmnopqrstuv"
ENGLISH = ["Video ID", "Approx Duration (ms)", "Video Audio Language", "Video Category",
           "Video Description (Original)", "Channel ID", "Video Title (Original)", "Privacy", "Video State",
           "Video Create Timestamp", "Video Publish Timestamp"]  # fmt: skip
GERMAN = ["Video-ID", "Ungefähre Dauer (ms)", "Audiosprache des Videos", "Videokategorie",
          "Videobeschreibung (Original)", "Kanal-ID", "Videotitel (Original)", "Datenschutz", "Videostatus",
          "Zeitstempel der Videoerstellung", "Zeitstempel der Veröffentlichung des Videos"]  # fmt: skip


def youtube(head: list[str] = ENGLISH, folder: str = "YouTube and YouTube Music", privacy: str = "Public") -> Files:
    stamp = "2023-05-06T07:08:09+00:00"
    rows = [
        [
            "abcdefghij1",
            "15000",
            "en",
            "People",
            "About it",
            CHANNEL,
            "Demo: part 1",
            privacy,
            "Processed",
            stamp,
            stamp,
        ],
        [
            "abcdefghij2",
            "15000",
            "en",
            "People",
            "",
            CHANNEL,
            "A title / with signs?",
            "Unlisted",
            "Processed",
            stamp,
            "",
        ],
        ["abcdefghij3", "15000", "en", "People", "", CHANNEL, "Lost", "Private", "Processed", stamp, ""],
    ]
    return {
        f"Takeout/{folder}/video metadata/videos.csv": as_csv(head, *rows),
        f"Takeout/{folder}/channels/channel.csv": as_csv(["Channel ID", "Channel Title"], [CHANNEL, "Ada"]),
        f"Takeout/{folder}/videos/Demo_ part 1.mp4": FILM,
        f"Takeout/{folder}/videos/A title _ with signs_.mp4": FILM + b"2",
    }


def _youtube() -> list[Layout]:
    shouted = [name.upper() for name in ENGLISH]
    return [
        Layout("youtube, English", youtube(), CHANNEL, films=2),
        Layout("youtube, German", youtube(GERMAN, "YouTube und YouTube Music", "Öffentlich"), CHANNEL, films=2),
        Layout("youtube, other case", youtube(shouted), CHANNEL, films=2),
    ]


# PeerTube


def peertube(*, objects: bool = False) -> Files:
    def video(number: int, privacy: int, file: str | None) -> dict[str, Any]:
        return {
            "uuid": f"uuid-{number}",
            "name": f"Video {number}",
            "description": "About it",
            "licence": {"id": 2, "label": "CC BY-SA"} if objects else 2,
            "language": {"id": "fr", "label": "French"} if objects else "fr",
            "privacy": {"id": privacy} if objects else privacy,
            "tags": ["nature", "birds"],
            "publishedAt": "2024-01-02T03:04:05.000Z",
            "originallyPublishedAt": "2020-01-02T03:04:05.000Z",
            "isLive": False,
            "url": f"https://tube.example.org/videos/watch/uuid-{number}",
            "views": 40,
            "likes": 4,
            "channel": {"name": "ada_channel"},
            "source": {"inputFilename": "x.mp4"},
            "archiveFiles": {"videoFile": file, "thumbnail": None, "captions": {}},
        }

    folder = "../files/videos/video-files"
    videos = [
        video(1, 1, f"{folder}/uuid-1.mp4"),
        video(2, 3, f"{folder}/uuid-2.mp4"),
        video(3, 1, f"{folder}/uuid-3.mp4"),
        video(4, 1, None),
    ]
    account = {"url": "https://tube.example.org/accounts/ada", "name": "ada", "displayName": "Ada"}
    return {
        "peertube/videos.json": as_json({"videos": videos}),
        "peertube/account.json": as_json(account),
        "activity-pub/outbox.json": as_json({"orderedItems": []}),
        "files/videos/video-files/uuid-1.mp4": FILM,
        "files/videos/video-files/uuid-2.mp4": FILM + b"2",
    }


def _peertube() -> list[Layout]:
    return [
        Layout("peertube 6", peertube(), "ada@tube.example.org", films=2),
        Layout("peertube, objects", peertube(objects=True), "ada@tube.example.org", films=2),
    ]


# Mastodon


def mastodon(film: bytes = FILM) -> Files:
    public, followers = "https://www.w3.org/ns/activitystreams#Public", "https://m.example.org/users/ada/followers"

    def note(number: int, to: str, cc: str, attachments: list[dict[str, Any]], words: str) -> dict[str, Any]:
        return {
            "type": "Create",
            "published": "2024-04-05T06:07:08Z",
            "object": {
                "id": f"https://m.example.org/users/ada/statuses/{number}",
                "url": f"https://m.example.org/@ada/{number}",
                "type": "Note",
                "content": words,
                "published": "2024-04-05T06:07:08Z",
                "to": [to],
                "cc": [cc],
                "attachment": attachments,
                "contentMap": {"nl": words},
            },
        }

    def media(name: str, kind: str) -> dict[str, Any]:
        return {"type": "Document", "mediaType": kind, "url": f"/media_attachments/files/{name}", "name": None}

    items = [
        note(1, public, followers, [media("1.mp4", "video/mp4")], "<p>Hello &amp; <a href='x'>world</a></p>"),
        note(2, followers, "", [media("2.mp4", "video/mp4")], "<p>For followers</p>"),
        note(3, public, followers, [media("3.jpg", "image/jpeg")], "<p>Picture</p>"),
        note(4, public, followers, [], "<p>Words alone</p>"),
        note(5, public, followers, [media("gone.mp4", "video/mp4")], "<p>Gone</p>"),
        {"type": "Announce", "id": "boost-1", "object": "https://elsewhere.example.org/notes/9"},
    ]
    actor = {"id": "https://m.example.org/users/ada", "type": "Person", "preferredUsername": "Ada", "name": "Ada"}
    return {
        "actor.json": as_json(actor),
        "outbox.json": as_json({"type": "OrderedCollection", "orderedItems": items}),
        "likes.json": as_json({"orderedItems": []}),
        "media_attachments/files/1.mp4": film,
        "media_attachments/files/2.mp4": film + b"2" if film == FILM else film,
        "media_attachments/files/3.jpg": b"picture",
    }


def _mastodon() -> list[Layout]:
    return [Layout("mastodon", mastodon(), "ada@m.example.org", films=2, photos=1)]


# Bluesky

DID = "did:plc:abcdefghijklmnopqrstuvwx"


def block(value: Any, codec: int = 0x71) -> tuple[bytes, bytes]:
    """A DAG-CBOR block and its content id (version 1, sha2-256)."""
    data = value if isinstance(value, bytes) else libipld.encode_dag_cbor(value)
    return bytes([1, codec, 0x12, 0x20]) + hashlib.sha256(data).digest(), data


def varint(number: int) -> bytes:
    out = b""
    while number >= 0x80:
        out += bytes([number & 0x7F | 0x80])
        number >>= 7
    return out + bytes([number])


def car(root: bytes, blocks: list[tuple[bytes, bytes]]) -> bytes:
    header = libipld.encode_dag_cbor({"version": 1, "roots": [root]})
    parts = [header, *(number + data for number, data in blocks)]
    return b"".join(varint(len(part)) + part for part in parts)


def blob(content: bytes) -> tuple[bytes, dict[str, Any]]:
    number = bytes([1, 0x55, 0x12, 0x20]) + hashlib.sha256(content).digest()
    return number, {"$type": "blob", "ref": number, "mimeType": "video/mp4", "size": len(content)}


def bluesky(film: bytes = FILM) -> Files:
    """A repository whose tree has a left branch and keys that share a beginning."""
    number, reference = blob(film)
    _, lost = blob(b"lost")
    video = {
        "$type": "app.bsky.feed.post",
        "text": "A film from the sky",
        "createdAt": "2025-01-02T03:04:05.678Z",
        "langs": ["en-GB"],
        "embed": {"$type": "app.bsky.embed.video", "video": reference, "alt": "A sky"},
    }
    records = [
        block(video),
        block({**video, "text": "Lost", "embed": {"$type": "app.bsky.embed.video", "video": lost}}),
        block({"$type": "app.bsky.feed.post", "text": "Words alone", "createdAt": "2025-01-02T03:04:05Z"}),
    ]
    left = block({"l": None, "e": [{"p": 0, "k": b"app.bsky.feed.post/3kaaa", "v": records[0][0], "t": None}]})
    entries = [
        {"p": 0, "k": b"app.bsky.feed.post/3kbbb", "v": records[1][0], "t": None},
        {"p": 21, "k": b"ccc", "v": records[2][0], "t": None},
    ]
    tree = block({"l": left[0], "e": entries})
    commit = block({"did": DID, "version": 3, "data": tree[0], "rev": "3k", "prev": None, "sig": b"\0" * 64})
    repository = car(commit[0], [commit, tree, left, *records])
    return {"repo.car": repository, f"blobs/{libipld.encode_cid(number)}.mp4": film}


def _bluesky() -> list[Layout]:
    alone = {"repo.car": bluesky()["repo.car"]}
    return [
        Layout("bluesky with blobs", bluesky(), DID, films=1),
        Layout("bluesky alone", alone, DID, films=0),
    ]


# Feeds

LONG = "<p>" + "Long words about the sea and its birds. " * 8 + "</p>"


def rss(film: str = "https://media.example.org/one.mp4", picture: str = "https://media.example.org/one.jpg") -> bytes:
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0" xmlns:media="http://search.yahoo.com/mrss/" xmlns:content="http://purl.org/rss/1.0/modules/content/"
     xmlns:creativeCommons="http://backend.userland.com/creativeCommonsRssModule">
<channel><title>Ada</title><link>https://ada.example.org/</link><copyright>All rights with Ada</copyright>
<item><title>A film</title><link>https://ada.example.org/film</link><guid>film-1</guid>
  <pubDate>Mon, 06 May 2024 10:00:00 +0200</pubDate><description>About it</description>
  <media:content url="{film}" type="video/mp4" medium="video"/>
  <media:license type="text/html" href="https://creativecommons.org/licenses/by/4.0/">CC BY 4.0</media:license>
</item>
<item><title>An article</title><link>https://ada.example.org/article</link><guid>article-1</guid>
  <content:encoded><![CDATA[{LONG}<script>alert(1)</script><img src="x" onerror="alert(2)">]]></content:encoded>
  <media:thumbnail url="{picture}"/>
</item>
<item><title>A note</title><guid>note-1</guid><description>Short.</description></item>
</channel></rss>""".encode()


def atom() -> bytes:
    return f"""<?xml version="1.0" encoding="utf-8"?>
<feed xmlns="http://www.w3.org/2005/Atom"><title>Ada</title><link href="https://ada.example.org/"/>
<id>urn:ada</id><updated>2024-05-06T10:00:00Z</updated>
<entry><title>An article</title><id>urn:1</id><link href="https://ada.example.org/1"/>
<updated>2024-05-06T10:00:00Z</updated><content type="html"><![CDATA[{LONG}]]></content></entry>
<entry><title>A film</title><id>urn:2</id><link href="https://ada.example.org/2"/>
<link rel="enclosure" type="video/mp4" href="https://media.example.org/two.mp4"/>
<updated>2024-05-06T11:00:00Z</updated></entry>
</feed>""".encode()


def _feed() -> list[Layout]:
    broken = rss().replace(b"</channel></rss>", b"")
    return [
        Layout("Media RSS", {"feed.xml": rss()}, "ada.example.org", films=1, articles=1),
        Layout("Atom", {"atom.xml": atom()}, "ada.example.org", films=1, articles=1),
        Layout("RSS, cut", {"feed.rss": broken}, "ada.example.org", films=1, articles=1),
    ]


LAYOUTS: Mapping[str, Callable[[], list[Layout]]] = {
    "instagram": _instagram,
    "tiktok": _tiktok,
    "snapchat": _snapchat,
    "youtube": _youtube,
    "peertube": _peertube,
    "mastodon": _mastodon,
    "bluesky": _bluesky,
    "web": _feed,
}
"""By the importer's name: whoever adds one adds layouts here, and the conformance suite does the rest."""
