"""What counts on a page, and what anybody could have written there."""

from __future__ import annotations

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from openforyou.catalog.identities.pages import read_page
from openforyou.outside.types import Answer


def page(body: str | bytes, content_type: str = "text/html; charset=utf-8") -> Answer:
    raw = body if isinstance(body, bytes) else body.encode()
    return Answer("https://ada.example/", 200, httpx.Headers({"Content-Type": content_type}), raw)


@pytest.mark.parametrize(
    "body",
    [
        '<a rel="me" href="https://x.example/">x</a>',
        "<A REL='nofollow ME noopener' HREF=https://x.example/>",
        '<link rel=me href="https://x.example/"/>',
        '<a href="https://x.example/" rel="&#109;e">',
        '<!-- c --><p><a\nrel="me"\nhref=" https://x.example/ ">',
    ],
)
def test_links_that_say_me(body: str) -> None:
    assert read_page(page(body)).me == ["https://x.example/"]


@pytest.mark.parametrize(
    "body",
    [
        '<a href="https://x.example/">x</a>',
        '<a rel="menu" href="https://x.example/">',
        '<!-- <a rel="me" href="https://x.example/"> -->',
        '<script>"<a rel=me href=https://x.example/>"</script>',
        '<style><a rel="me" href="https://x.example/"></style>',
        '<textarea><a rel="me" href="https://x.example/"></textarea>',
        '<title><a rel="me" href="https://x.example/"></title>',
        '<template><div><template></template><a rel="me" href="https://x.example/"></div></template>',
        '<iframe srcdoc=""><a rel="me" href="https://x.example/"></iframe>',
        '<noscript><a rel="me" href="https://x.example/"></noscript>',
        '&lt;a rel="me" href="https://x.example/"&gt;',
        '<p title=\'<a rel="me" href="https://x.example/">\'>',
        '<a rel="nofollow" rel="me" href="https://x.example/">',
        '<a rel="me">',
    ],
)
def test_links_that_do_not(body: str) -> None:
    assert read_page(page(body)).me == []


def test_what_an_account_says_of_itself() -> None:
    body = (
        '<meta name="description" content="one"><meta property="og:description" content="two">'
        '<div class="p-note big">th<b>re</b>e<br>! <img></div> after'
        '<p itemprop="description">four</p><p class="comment">five</p><meta name="keywords" content="six">'
    )
    assert read_page(page(body)).says == ["one", "two", "three! ", "four"]


def test_charsets_and_rubbish() -> None:
    latin = '<meta name="description" content="Zoë">'.encode("latin-1")
    assert read_page(page(latin, "text/html; charset=iso-8859-1")).says == ["Zoë"]
    assert read_page(page('<meta name="description" content="x">', "text/html; charset=nonsense")).says == ["x"]
    assert read_page(page(b"\x00\xff<" * 1_000)).me == []


@given(st.text(alphabet="<>/=\"'!-ame reltxid&#;\n", max_size=200))
def test_no_page_breaks_it(body: str) -> None:
    read_page(page(body))
