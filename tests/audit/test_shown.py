"""What a server shows, read without believing it: pages without end, rows out of order, and a server that hangs."""

from __future__ import annotations

import time
from typing import Any

import pytest

from openforyou.audit import shown as shown_module
from openforyou.audit.errors import ShownFailed
from openforyou.audit.shown import ServerShown
from openforyou.audit.types import ITEM_COUNTS
from openforyou.core.ids import decode_id, encode_id
from openforyou.ledger.source import HttpSource
from tests.audit.conftest import CREATORS, ITEMS, Lived
from tests.audit.servers import answering, dripping
from tests.web.pages.conftest import serving

HANGING_S = 0.6


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody here catches up."""
    monkeypatch.setattr(shown_module, "CURRENT_WITHIN_S", 0.6)


def row(item: int, **numbers: Any) -> dict[str, Any]:
    return {"id": encode_id(item), **dict.fromkeys(ITEM_COUNTS, 0), **numbers}


def read(url: str, timeout_s: float = 20.0) -> list[int]:
    """The ids of all items that a server shows."""
    return [int(item) for page in ServerShown(url, timeout_s).items(0) for item in page.ids]


# A true server


def test_a_true_server_passes(lived: Lived, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shown_module, "PAGE_ROWS", 5)
    with serving(lived.platform) as port, HttpSource(f"http://127.0.0.1:{port}/log") as source:
        url = f"http://127.0.0.1:{port}"
        pages = list(ServerShown(url).items(0))
        report = lived.check(source=source, shown=ServerShown(url)).report
        lived.execute("UPDATE item_counts SET likes = likes + 1 WHERE item_id = :item", item=ITEMS[7])
        [problem] = lived.check(source=source, shown=ServerShown(url)).report.findings.problems
    assert [len(page.ids) for page in pages] == [5, 5, 2]
    assert [page.upto for page in pages] == [ITEMS[4], ITEMS[9], None]
    assert report.findings.problems == []
    assert report.checked == ("log", "leaves", "counts", "policies")
    assert (report.items, report.creators) == (len(ITEMS), len(CREATORS))
    assert (problem.item, problem.shown) == (encode_id(ITEMS[7]), problem.true + 1)


def test_pages_may_each_hold_at_another_size(lived: Lived, monkeypatch: pytest.MonkeyPatch) -> None:
    """A platform that never rests moves on between two pages."""
    monkeypatch.setattr(shown_module, "PAGE_ROWS", 2)

    class Restless(ServerShown):
        def items(self, at_least: int) -> Any:
            for page in super().items(at_least):
                yield page
                lived.happen(30)

    with serving(lived.platform) as port:
        restless = Restless(f"http://127.0.0.1:{port}")
        report = lived.check(shown=restless).report
        sizes = {page.log_size for page in restless.items(0)}
    assert report.findings.problems == []
    assert len(sizes) > 3


def test_a_page_that_is_a_moment_behind_is_asked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shown_module, "CURRENT_WITHIN_S", 60)
    sizes = iter([5, 5, 9])
    with answering(lambda path, query: {"log_size": next(sizes), "items": [], "next": ""}) as url:
        [page] = ServerShown(url).items(8)
    assert page.log_size == 9


def test_a_page_that_stays_behind_is_taken_as_it_is() -> None:
    with answering(lambda path, query: {"log_size": 5, "items": [], "next": ""}) as url:
        [page] = ServerShown(url).items(8)
    assert page.log_size == 5


def test_a_server_without_rules_hides_them(lived: Lived) -> None:
    with serving(lived.platform) as port:
        true = ServerShown(f"http://127.0.0.1:{port}")
        monkey = ServerShown(f"http://127.0.0.1:{port}/nowhere")
        true.policies = monkey.policies  # type: ignore[method-assign]
        report = lived.check(shown=true).report
    assert report.findings.found == {"hidden_rule": 1}
    assert "policies" not in report.checked


# A false one


@pytest.mark.parametrize(
    "answer",
    [
        b"no json",
        [],
        {"log_size": "7", "items": [], "next": ""},
        {"log_size": True, "items": [], "next": ""},
        {"log_size": -1, "items": [], "next": ""},
        {"log_size": 1, "items": {}, "next": ""},
        {"log_size": 1, "items": [{"id": encode_id(1)}], "next": ""},
        {"log_size": 1, "items": [row(1, likes=1.5)], "next": ""},
        {"log_size": 1, "items": [row(1, likes=2**70)], "next": ""},
        {"log_size": 1, "items": [{**row(1), "id": "x"}], "next": ""},
        {"log_size": 1, "items": [], "next": "x"},
    ],
)
def test_what_is_no_page_is_refused_with_the_address(answer: Any) -> None:
    with answering(lambda path, query: answer) as url, pytest.raises(ShownFailed) as refused:
        read(url)
    assert url in str(refused.value)


@pytest.mark.parametrize(
    "answer",
    [
        {"log_size": 1, "items": [row(2), row(1)], "next": ""},
        {"log_size": 1, "items": [row(2), row(2)], "next": ""},
        {"log_size": 1, "items": [row(5)], "next": encode_id(4)},
    ],
)
def test_rows_out_of_order_are_a_problem(lived: Lived, answer: Any) -> None:
    with answering(lambda path, query: answer if path == "/v1/counts" else {"policies": [], "next": ""}) as url:
        report = lived.check(shown=ServerShown(url)).report
    assert report.findings.found["shown_failed"] == 1
    assert "counts" not in report.checked
    assert "leaves" in report.checked, "the log is checked all the same"


def test_pages_that_lead_back_end() -> None:
    def answer(path: str, query: dict[str, str]) -> Any:
        return {"log_size": 1, "items": [row(n) for n in range(1, 201)], "next": query.get("after", encode_id(200))}

    with answering(answer) as url, pytest.raises(ShownFailed, match="leads back"):
        read(url)


def test_pages_with_next_to_nothing_end() -> None:
    with (
        answering(lambda path, query: {"log_size": 1, "items": [row(1)], "next": encode_id(1)}) as url,
        pytest.raises(ShownFailed, match="for ever"),
    ):
        read(url)


def test_pages_without_end_end(lived: Lived, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("openforyou.audit.board.ROWS_SPARE", 40)
    monkeypatch.setattr(shown_module, "PAGE_ROWS", 9)

    def answer(path: str, query: dict[str, str]) -> Any:
        if path == "/v1/policies":
            return {"policies": [], "next": ""}
        first = decode_id(query["after"]) + 1 if "after" in query else 1
        return {"log_size": 1, "items": [row(first + n) for n in range(9)], "next": encode_id(first + 8)}

    with answering(answer) as url:
        report = lived.check(shown=ServerShown(url)).report
    assert "not so many leaves" in report.findings.problems[0].says


def test_rules_that_repeat_themselves_end() -> None:
    rule = {
        "id": encode_id(3),
        "kind": "cap",
        "name": "n",
        "reason": "r",
        "scope": {"kind": "cross_posts", "id": None},
        "limit": 1,
        "factor": None,
        "since": "2026-05-01T12:00:00Z",
        "until": None,
        "standing": "in_force",
        "log_index": 4,
        "end": None,
    }
    for page, said in (
        ({"policies": [rule], "next": rule["id"]}, "twice"),
        ({"policies": [{**rule, "since": 7}], "next": ""}, "cannot be read"),
    ):
        with answering(lambda path, query, page=page: page) as url, pytest.raises(ShownFailed, match=said):  # type: ignore[misc]
            ServerShown(url).policies()


@pytest.mark.parametrize(
    "first",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nX-",
        b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n{",
        b"HTTP/1.1 200 OK\r\n\r\n{",
    ],
    ids=["silent", "drips headers", "drips a body", "drips a body without end"],
)
def test_a_server_that_hangs_ends_with_its_address(first: bytes) -> None:
    began = time.monotonic()
    with dripping(first) as url, pytest.raises(ShownFailed) as refused:
        read(url, HANGING_S)
    assert time.monotonic() - began < 10, "the deadline of 0.6 s, with room for a busy machine"
    assert f"{url}/v1/counts" in str(refused.value)
    assert "did not answer" in str(refused.value)


def test_a_server_that_is_not_there_is_named() -> None:
    with answering(lambda path, query: None) as url:
        pass
    with pytest.raises(ShownFailed) as refused:
        read(url)
    assert url in str(refused.value)
