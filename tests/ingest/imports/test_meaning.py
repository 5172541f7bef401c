"""What importers make of text, privacy, licences and marks, and what is left of hostile HTML and pictures."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from openforyou.ingest.imports.archive import ArchiveLimits
from openforyou.ingest.imports.articles import excerpt, poster_of, reading_ms, safe_html
from openforyou.ingest.imports.containers import opened
from openforyou.ingest.imports.importer import ANOTHERS
from openforyou.ingest.imports.reading import headline, moment, number, repaired, web_address, words_of
from openforyou.ingest.imports.types import Entry, Found, Privacy
from openforyou.ingest.imports.working import found_in
from tests.ingest.imports.builders import (
    DID,
    LAYOUTS,
    Files,
    as_json,
    bluesky,
    instagram,
    mangled,
    mastodon,
    peertube,
    rss,
    tiktok,
    youtube,
    zipped,
)


def read(files: Files, tmp_path: Path) -> Found:
    with ExitStack() as stack:
        path = zipped(tmp_path / "a.zip", files)
        return found_in(stack.enter_context(opened(path, "a.zip", ArchiveLimits(), tmp_path)))


def titled(found: Found, title: str) -> Entry:
    (entry,) = [one for one in found.entries if one.title == title]
    return entry


@pytest.mark.parametrize("words", ["Köln 🌇", "日本語", "Привет", "naïve café", "plain", "İstanbul'da 🎉"])
def test_instagrams_text_is_repaired_and_other_text_left_alone(words: str) -> None:
    assert repaired(mangled(words)) == words
    assert repaired(words) == words


def test_a_private_account_was_not_public_and_an_archived_post_was_private(tmp_path: Path) -> None:
    open_account = read(instagram(), tmp_path)
    assert titled(open_account, "A reel").privacy is Privacy.UNKNOWN
    closed = read(instagram(label="Benutzername", private=("Privates Konto", "True")), tmp_path)
    assert titled(closed, "A reel").privacy is Privacy.LIMITED
    files = instagram()
    files["your_instagram_activity/media/archived_posts.json"] = files.pop("your_instagram_activity/media/reels.json")
    assert titled(read(files, tmp_path), "A reel").privacy is Privacy.PRIVATE


def test_tiktok_says_who_saw_it_and_whether_a_machine_made_it(tmp_path: Path) -> None:
    entries = read({"user_data_tiktok.json": as_json(tiktok())}, tmp_path).entries
    assert [entry.privacy for entry in entries] == [Privacy.PUBLIC, Privacy.LIMITED, Privacy.PRIVATE]
    assert [entry.is_ai for entry in entries] == [False, True, False]
    assert [entry.history for entry in entries] == [{"likes": 1_234}] * 3
    assert entries[0].created_at == datetime(2024, 1, 15, 10, 30, tzinfo=UTC)
    assert entries[0].external_id == "7301000000000000000"


def test_youtubes_privacy_is_read_in_other_languages_and_an_unknown_word_is_read_carefully(tmp_path: Path) -> None:
    german = read(youtube(privacy="Öffentlich"), tmp_path)
    assert titled(german, "Demo: part 1").privacy is Privacy.PUBLIC
    assert titled(read(youtube(privacy="Rhyngrwyd"), tmp_path), "Demo: part 1").privacy is Privacy.LIMITED
    assert titled(german, "A title / with signs?").privacy is Privacy.LIMITED


@pytest.mark.parametrize("objects", [False, True])
def test_peertube_brings_licence_language_and_the_first_date(tmp_path: Path, objects: bool) -> None:
    entry = titled(read(peertube(objects=objects), tmp_path), "Video 1")
    assert (entry.licence, entry.language, entry.privacy) == ("CC BY-SA 4.0", "fr", Privacy.PUBLIC)
    assert entry.created_at == datetime(2020, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert entry.caption.endswith("#nature #birds")
    assert entry.history == {"views": 40, "likes": 4}


def test_a_feeds_licence_is_kept_and_else_its_rights(tmp_path: Path) -> None:
    found = read({"feed.xml": rss()}, tmp_path)
    assert titled(found, "A film").licence == "https://creativecommons.org/licenses/by/4.0/"
    assert titled(found, "An article").licence == "All rights with Ada"
    assert titled(found, "A film").created_at == datetime(2024, 5, 6, 8, tzinfo=UTC)
    assert titled(found, "An article").picture == "https://media.example.org/one.jpg"


def test_blueskys_tree_is_walked_whole(tmp_path: Path) -> None:
    found = read(LAYOUTS["bluesky"]()[0].files, tmp_path)
    (film,) = found.entries
    assert film.external_id.endswith("/app.bsky.feed.post/3kaaa")
    assert (film.caption, film.language) == ("A film from the sky", "en-GB")
    (lost,) = found.skipped
    assert lost.external_id.endswith("/app.bsky.feed.post/3kbbb")
    assert "fetch the blob bafkrei" in lost.reason


@pytest.mark.parametrize(
    ("told", "meant"),
    [
        (1_673_778_600, datetime(2023, 1, 15, 10, 30, tzinfo=UTC)),
        (1_673_778_600_000, datetime(2023, 1, 15, 10, 30, tzinfo=UTC)),
        ("2023-01-15 10:30:00", datetime(2023, 1, 15, 10, 30, tzinfo=UTC)),
        ("2023-01-15 10:30:00 UTC", datetime(2023, 1, 15, 10, 30, tzinfo=UTC)),
        ("2023-01-15T12:30:00+02:00", datetime(2023, 1, 15, 10, 30, tzinfo=UTC)),
        ("0001-01-01", None),
        ("soon", None),
        (float("nan"), None),
        (10**30, None),
        (True, None),
        ({}, None),
    ],
)
def test_moments(told: object, meant: datetime | None) -> None:
    assert moment(told) == meant


def test_numbers_headlines_and_addresses() -> None:
    assert [number(one) for one in ("1,234", 7)] == [1_234, 7]
    assert [number(one) for one in ("-1", True, "many", 10**40, None, float("nan"))] == [None] * 6
    assert headline("", "  First line  \nsecond") == "First line"
    assert len(headline("word " * 100, length_max=50)) <= 50
    assert web_address("javascript:alert(1)") == ""
    assert web_address("https://a b") == ""
    assert words_of("<p>One &amp; two</p><script>x</script><p>three</p>") == "One & two\nthree"


HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<a href='javascript:alert(1)'>x</a>",
    "<a href='data:text/html,x'>x</a>",
    "<svg><script>alert(1)</script></svg>",
    "<iframe src='https://evil.example'></iframe>",
    "<p style='position:fixed' onclick='x()'>p</p>",
    "<style>*{display:none}</style>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
    "<form action='https://evil.example'><input></form>",
    "<p>" * 50_000,
]


@pytest.mark.parametrize("html", HOSTILE, ids=range(len(HOSTILE)))
def test_nothing_that_acts_is_left_of_hostile_html(html: str) -> None:
    left = safe_html(f"<p>Before</p>{html}<p>After</p>").casefold()
    assert not any(bad in left for bad in ("<script", "<img", "<svg", "<iframe", "<style", "<form", "<math", "<input"))
    assert not any(bad in left for bad in ("javascript:", "data:", "onerror", "onclick", "style="))
    assert "before" in left


def test_links_stay_and_tell_nobody_where_they_were_pressed() -> None:
    left = safe_html('<h1>Head</h1><p><a href="https://a.example/x" target="_top">x</a></p>')
    assert left.startswith("<h2>Head</h2>")
    assert 'href="https://a.example/x"' in left
    assert "noopener" in left
    assert "noreferrer" in left
    assert "target" not in left


def test_a_text_has_an_excerpt_and_a_length() -> None:
    html = "<p>" + "word " * 460 + "</p>"
    assert len(excerpt(html)) <= 321
    assert excerpt(html).endswith("…")
    assert reading_ms(html) == 120_000
    assert reading_ms("<p>日本" + "語" * 998 + "</p>") == 120_000
    assert reading_ms("<p>Hi</p>") == 3_000


def picture(folder: Path, size: tuple[int, int], kind: str = "JPEG") -> Path:
    out = BytesIO()
    image = Image.new("RGB", size, (200, 30, 30))
    exif = Image.Exif()
    exif[0x0112] = 6  # Lies on its side.
    exif[0x010F] = "A camera"
    image.save(out, kind, exif=exif)
    path = folder / "picture"
    path.write_bytes(out.getvalue())
    return path


def test_a_picture_becomes_a_poster_upright_and_without_what_the_camera_wrote(tmp_path: Path) -> None:
    made = poster_of(picture(tmp_path, (2_400, 1_200)), "x", tmp_path)
    assert (made.width, made.height) == (960, 1_920)
    with Image.open(made.path) as poster:
        assert poster.format == "JPEG"
        assert not poster.getexif()
    assert max(made.small.shape) == 160


@pytest.mark.parametrize("content", [b"", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"<svg/>", b"\xff\xd8\xff\xe0" + b"x" * 100])
def test_a_picture_that_cannot_be_read_becomes_a_plain_poster(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "picture"
    path.write_bytes(content)
    made = poster_of(path, "x", tmp_path)
    assert (made.width, made.height) == (720, 1_280)


def test_a_picture_that_is_a_bomb_is_not_unpacked(tmp_path: Path) -> None:
    out = BytesIO()
    Image.new("1", (20_000, 20_000)).save(out, "PNG")
    path = tmp_path / "picture"
    path.write_bytes(out.getvalue())
    assert path.stat().st_size < 1_000_000
    assert poster_of(path, "x", tmp_path).width == 720


def test_posts_that_name_another_account_are_left_out(tmp_path: Path) -> None:
    eves = {name: content.replace(b"users/ada", b"users/eve") for name, content in mastodon().items()}
    eves["actor.json"] = eves["actor.json"].replace(b'"Ada"', b'"Eve"')
    profile = read(eves, tmp_path)
    assert (profile.owner.handle, profile.entries) == ("eve@m.example.org", ()), "their pages are still below /@ada"
    for name in ("users/ada", "@ada"):
        for key in eves:
            eves[key] = eves[key].replace(name.encode(), name.replace("ada", "eve").encode())
    assert len(read(eves, tmp_path).entries) == 3, "of her own all come in"
    outbox = eves["outbox.json"]
    eves["outbox.json"] = outbox.replace(b"m.example.org", b"other.example.org")
    assert read(eves, tmp_path).entries == (), "posts of another server"
    eves["outbox.json"] = outbox.replace(b'"Note"', b'"Note", "attributedTo": "https://m.example.org/users/ada"')
    found = read(eves, tmp_path)
    assert found.entries == ()
    assert {one.reason for one in found.skipped} == {ANOTHERS, "It is a boost of somebody else's post."}
    eves["actor.json"] = eves["actor.json"].replace(b"users/eve", b"users/ada")
    assert not read(eves, tmp_path).owner.is_known, "an actor whose name and address differ is nobody's"

    videos = peertube()["peertube/videos.json"].replace(b"tube.example.org", b"other.example.org")
    assert read(peertube() | {"peertube/videos.json": videos}, tmp_path).entries == ()
    two = bluesky() | {"another.car": bluesky()["repo.car"].replace(DID.encode(), DID.replace("a", "b").encode())}
    assert [one.what for one in read(two, tmp_path).skipped if one.reason == ANOTHERS] != []
