"""What a person writes becomes one handle and the address of its profile, or is refused."""

from __future__ import annotations

import pytest

from openforyou.catalog.identities.platforms import PLACES, outside
from openforyou.core.errors import BadInput

READ = [
    ("web", "Ada.Example", "ada.example", "https://ada.example/"),
    ("web", "https://ada.example/about", "ada.example", "https://ada.example/"),
    ("web", "ada.example:8443", "ada.example:8443", "https://ada.example:8443/"),
    ("mastodon", "@Ada@social.example", "ada@social.example", "https://social.example/@ada"),
    ("mastodon", "https://social.example/@ada/", "ada@social.example", "https://social.example/@ada"),
    ("peertube", "https://video.example/a/ada", "ada@video.example", "https://video.example/a/ada"),
    ("bluesky", "@ada.example", "ada.example", "https://bsky.app/profile/ada.example"),
    ("bluesky", "https://bsky.app/profile/ada.example", "ada.example", "https://bsky.app/profile/ada.example"),
    ("tiktok", "https://www.tiktok.com/@Ada", "ada", "https://www.tiktok.com/@ada"),
    ("youtube", "@Ada", "ada", "https://www.youtube.com/@ada"),
    (
        "youtube",
        "https://www.youtube.com/channel/UCabcdefghijklmnopqrstuv",
        "UCabcdefghijklmnopqrstuv",
        "https://www.youtube.com/channel/UCabcdefghijklmnopqrstuv",
    ),
    ("instagram", "instagram.com/ada/", "ada", "https://www.instagram.com/ada/"),
    ("snapchat", "https://www.snapchat.com/add/ada", "ada", "https://www.snapchat.com/add/ada"),
]


@pytest.mark.parametrize(("platform", "text", "who", "url"), READ)
def test_it_is_read_in_one_form(platform: str, text: str, who: str, url: str) -> None:
    read = outside(platform, text)
    assert (read.who, read.url) == (who, url)
    assert outside(platform, who) == read
    assert outside(platform, url) == read


def test_every_platform_is_read() -> None:
    assert {platform for platform, *_ in READ} == set(PLACES)


@pytest.mark.parametrize("platform", sorted(PLACES))
@pytest.mark.parametrize(
    "text",
    [
        "",
        "@",
        "https://evil.example@tiktok.com/x",
        "https://evil.example/@ada/../../eve?x=tiktok.com",
        "a b",
        "../ada",
        "ada@127.0.0.1",
        "http://[::1]/@ada",
        "ada@localhost",
        "x" * 3_000,
        "ada@social.example/../@eve?",
        "ада@соціал.example/#",
    ],
)
def test_what_is_no_account_is_refused_with_an_example(platform: str, text: str) -> None:
    if platform == "web" and text.startswith("https://evil.example/"):
        assert outside(platform, text).url == "https://evil.example/"  # an address of a web site means the site
        return
    with pytest.raises(BadInput) as caught:
        outside(platform, text)
    assert PLACES[platform].example in caught.value.hint


@pytest.mark.parametrize("platform", ["web", "bluesky"])
@pytest.mark.parametrize("text", ["127.0.0.1", "localhost", "[::1]", "https://127.0.0.1/", "a..b", "-a.example", "x.1"])
def test_a_site_has_a_name(platform: str, text: str) -> None:
    with pytest.raises(BadInput):
        outside(platform, text)
