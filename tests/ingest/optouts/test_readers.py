"""Each way of saying no is heard, and rubbish says nothing and breaks nothing."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime

import httpx
import pytest
from hypothesis import given as drawn
from hypothesis import strategies as st

from openforyou.ingest.optouts.readers import PAGE, readers
from openforyou.ingest.optouts.readers.licence import of_licence
from openforyou.ingest.optouts.rules import forbids_learning, matches
from openforyou.ingest.optouts.types import Says, Signal, Signals
from openforyou.outside.types import Answer

URL = "https://news.example/films/cat?x=1"
NO, MAYBE, YES = Says.FORBIDDEN, Says.CONSTRAINED, Says.ALLOWED
RSL = '<rsl xmlns="https://rslstandard.org/rsl"><content url="{}"><license>{}</license></content></rsl>'


def answer(body: str | bytes = b"", status: int = 200, **headers: str) -> Answer:
    raw = body if isinstance(body, bytes) else body.encode()
    return Answer(URL, status, httpx.Headers({name.replace("_", "-"): value for name, value in headers.items()}), raw)


def meta(name: str, content: str) -> Answer:
    return answer(f'<head><meta name="{name}" content="{content}"></head>', content_type="text/html")


CASES = [
    ("tdmrep", "/.well-known/tdmrep.json", answer('[{"location": "/", "tdm-reservation": 1}]'), NO),
    ("tdmrep", "/.well-known/tdmrep.json", answer('[{"location": "/films/*", "tdm-reservation": "0"}]'), YES),
    (
        "tdmrep",
        "/.well-known/tdmrep.json",
        answer('[{"location": "/films/", "tdm-reservation": 1, "tdm-policy": "x"}]'),
        MAYBE,
    ),
    (
        "tdmrep",
        "/.well-known/tdmrep.json",
        answer('[{"location": "/", "tdm-reservation": 0}, {"location": "/films/*$", "tdm-reservation": 1}]'),
        NO,
    ),
    ("tdmrep", "/.well-known/tdmrep.json", answer('[{"location": "/texts/", "tdm-reservation": 1}]'), None),
    ("tdmrep", "/.well-known/tdmrep.json", answer('[{"location": "/", "tdm-reservation": 1}]', 404), None),
    ("tdmrep", PAGE, answer(tdm_reservation="1"), NO),
    ("tdmrep", PAGE, answer(tdm_reservation="1", tdm_policy="https://news.example/p.json"), MAYBE),
    ("tdmrep", PAGE, answer(tdm_reservation="0"), YES),
    ("tdmrep", PAGE, meta("TDM-Reservation", "1"), NO),
    ("tdmrep", PAGE, meta("tdm-reservation", "yes"), None),
    ("robots", "/robots.txt", answer("User-agent: *\nDisallow: /films/"), NO),
    ("robots", "/robots.txt", answer("User-agent: openforyou\nDisallow: /\n\nUser-agent: *\nDisallow:"), NO),
    ("robots", "/robots.txt", answer("User-agent: GPTBot\nDisallow: /\n\nUser-agent: *\nAllow: /"), None),
    ("robots", "/robots.txt", answer("User-agent: *\nDisallow: /texts/"), None),
    ("robots", "/robots.txt", answer("", 404), None),
    ("robots", "/robots.txt", answer("", 403), NO),
    ("robots", "/robots.txt", answer("", 503), NO),
    ("robots", PAGE, answer(x_robots_tag="noindex, noai"), NO),
    ("robots", PAGE, meta("robots", "index, noimageai"), NO),
    ("robots", PAGE, meta("robots", "index, follow"), None),
    ("aipref", PAGE, answer(content_usage="train-ai=n"), NO),
    ("aipref", PAGE, answer(content_usage="search=y, train-ai=n;x=1"), NO),
    ("aipref", PAGE, answer(content_usage="train-ai=y, search=n"), None),
    ("aipref", "/robots.txt", answer("User-agent: *\nContent-Usage: train-ai=n"), NO),
    ("aipref", "/robots.txt", answer("User-Agent: *\nContent-Usage: /films/ train-ai=n\nAllow: /"), NO),
    (
        "aipref",
        "/robots.txt",
        answer("User-Agent: *\nContent-Usage: train-ai=n\nContent-Usage: /films/ train-ai=y"),
        None,
    ),
    ("aipref", "/robots.txt", answer("User-Agent: a\nUser-Agent: *\nDisallow: /x\nContent-Usage: ai=n # no"), NO),
    ("aipref", "/robots.txt", answer("User-Agent: other\nContent-Usage: train-ai=n"), None),
    (
        "aipref",
        "/robots.txt",
        answer("User-Agent: *\nContent-Usage: train-ai=n\n\nUser-Agent: OpenForYou\nAllow: /"),
        None,
    ),
    ("licence", PAGE, answer('<link rel="license" href="https://creativecommons.org/licenses/by/4.0/">'), YES),
    ("licence", PAGE, answer('<a rel="license" href="//creativecommons.org/licenses/by-nc-nd/4.0/">'), MAYBE),
    ("licence", PAGE, answer(link='<https://creativecommons.org/publicdomain/zero/1.0/>; rel="license"'), YES),
    ("licence", PAGE, answer('<link rel="license" href="https://news.example/terms">'), None),
]
DOCUMENTS = [
    (RSL.format("/", '<prohibits type="usage">ai-train</prohibits>'), NO),
    (RSL.format("/films/*", '<permits type="usage">search</permits>'), NO),
    (RSL.format("/", '<permits type="usage">search ai-train</permits>'), YES),
    (RSL.format("/", '<permits type="usage">all</permits><payment type="free"/>'), YES),
    (RSL.format("/", '<permits type="usage">ai-all</permits><payment type="purchase"/>'), MAYBE),
    (RSL.format("/", '<permits type="usage">all</permits><permits type="user">education</permits>'), MAYBE),
    (RSL.format("/", '<permits type="usage">all</permits><prohibits type="usage">ai-all</prohibits>'), NO),
    (RSL.format("https://news.example/films/*", '<prohibits type="usage">all</prohibits>'), NO),
    (RSL.format("https://other.example/", '<prohibits type="usage">all</prohibits>'), None),
    (RSL.format("/texts/", '<prohibits type="usage">all</prohibits>'), None),
    (RSL.format("/", ""), None),
    ("<rsl>", MAYBE),
    ('<!DOCTYPE rsl [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]><rsl>&b;</rsl>', MAYBE),
    ('<!DOCTYPE rsl SYSTEM "file:///etc/passwd"><rsl/>', MAYBE),
]


@pytest.mark.parametrize(("name", "place", "given", "says"), CASES)
def test_it_is_heard(name: str, place: str, given: Answer, says: Says | None) -> None:
    found = readers()[name].read(place, given, URL)
    assert [one.says for one in found] == ([] if says is None else [says])
    assert all(one.kind == name and one.evidence for one in found)


@pytest.mark.parametrize(("xml", "says"), DOCUMENTS)
def test_a_licence_document_is_read(xml: str, says: Says | None) -> None:
    found = readers()["rsl"].document(answer(xml), URL)
    assert [one.says for one in found] == ([] if says is None else [says])


def test_where_licence_documents_are_named() -> None:
    rsl = readers()["rsl"]
    assert rsl.leads_to(
        "/robots.txt", answer("User-agent: *\nLicense: https://news.example/l.xml\nlicense:/m.xml")
    ) == [
        "https://news.example/l.xml",
        "/m.xml",
    ]
    link = '<https://news.example/l.xml>; rel="license"; type="application/rsl+xml", <x>; rel=next'
    assert rsl.leads_to(PAGE, answer(link=link)) == ["https://news.example/l.xml"]
    page = answer('<link rel="license" type="application/rsl+xml" href="/l.xml"><link rel="license" href="/other">')
    assert rsl.leads_to(PAGE, page) == ["/l.xml"]


def test_every_reader_is_tried() -> None:
    assert {name for name, *_ in CASES} | {"rsl"} == set(readers())


RUBBISH = [b"", b"\x00\xff" * 500, b"[" * 100_000, b"{}", b"<" * 10_000, gzip.compress(b"x"), b"User-agent:\n:\n" * 99]


@pytest.mark.parametrize("name", sorted(readers()))
@pytest.mark.parametrize("body", RUBBISH, ids=range(len(RUBBISH)))
def test_rubbish_says_nothing(name: str, body: bytes) -> None:
    reader = readers()[name]
    for place in reader.places:
        for given in (answer(body), answer(body, content_type="text/html"), answer(body, content_type="text/plain")):
            assert list(reader.read(place, given, URL)) == []
            assert list(reader.leads_to(place, given)) == []
    assert all(one.says is not YES for one in reader.document(answer(body), URL))


@pytest.mark.parametrize("name", sorted(readers()))
@drawn(text=st.text(max_size=300))
def test_no_text_breaks_it(name: str, text: str) -> None:
    reader = readers()[name]
    for place in reader.places:
        reader.read(place, answer(text), URL)
        reader.leads_to(place, answer(text))
    reader.document(answer(text), URL)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("CC BY 4.0", YES),
        ("CC-BY-SA-4.0", YES),
        ("CC0", YES),
        ("Creative Commons Attribution 4.0", YES),
        ("Creative Commons Attribution-NonCommercial 4.0", MAYBE),
        ("CC BY-NC", MAYBE),
        ("© 2026 The News. All rights reserved.", NO),
        ("MIT", None),
        ("", None),
    ],
)
def test_licences_of_feeds(text: str, says: Says | None) -> None:
    found = of_licence(text)
    assert (None if found is None else found.says) == says


@pytest.mark.parametrize(
    ("pattern", "target", "does"),
    [
        ("/", "/x", True),
        ("/a*c", "/abbc/d", True),
        ("/a*c$", "/abbc/d", False),
        ("/a.c", "/abc", False),
        ("/*.mp4$", "/x/y.mp4", True),
        ("/**********a", "/" + "b" * 5_000, False),
    ],
)
def test_patterns(pattern: str, target: str, does: bool) -> None:
    assert matches(pattern, target) is does


def test_one_no_outweighs_every_yes_and_a_condition_is_a_no() -> None:
    at = datetime(2026, 5, 1, tzinfo=UTC)
    yes, maybe, no = (Signal("x", says, "w", URL, at) for says in (YES, MAYBE, NO))
    assert forbids_learning(Signals(URL, ())) is None
    assert forbids_learning(Signals(URL, (yes, yes))) is None
    assert forbids_learning(Signals(URL, (yes, maybe))) is maybe
    assert forbids_learning(Signals(URL, (yes, no, maybe))) is no
