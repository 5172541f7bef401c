"""What the pages say of the log, without a browser."""

from __future__ import annotations

import pytest

from openforyou.app.platform import Platform
from openforyou.core.errors import Unavailable
from openforyou.core.ids import ItemId, encode_id
from openforyou.events.leaf import Action, Deed, encode_deed, encode_record
from openforyou.events.log import store as log_store
from openforyou.ledger.keys import Algorithm, SigningKey
from openforyou.ledger.policy import Policy
from openforyou.web.pages import logbook
from openforyou.web.pages.logbook import Logbook

WITNESSES = [SigningKey.generate(f"w{number}.example", Algorithm.ED25519_COSIGNATURE) for number in range(3)]


def put(platform: Platform, *leaves: bytes) -> None:
    with platform.database.begin() as connection:
        log_store.enqueue(connection, leaves)
    platform.log.step()


def refused(**by_reason: int) -> bytes:
    return encode_record("refused", {"since": "", "until": "", "by_reason": by_reason})


def test_a_log_that_has_not_begun(platform: Platform) -> None:
    assert Logbook(platform).facts().size == -1


def test_a_log_that_cannot_be_read_is_said(platform: Platform) -> None:
    put(platform)
    (platform.settings.log_folder / "checkpoint").write_text("nonsense")
    with pytest.raises(Unavailable, match="cannot be read"):
        Logbook(platform).facts()


def test_refusals_are_summed_also_over_several_visits(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logbook, "LEAVES_AT_ONCE", 2)
    book = Logbook(platform)
    put(platform, encode_deed(Deed(Action.VIEW, 5, 20_500, b"a" * 16)), refused(bad_time=2), refused(bad_context=1))
    put(platform, refused(bad_time=3))
    assert [(dict(facts.refused), facts.refused_upto) for facts in (book.facts(), book.facts(), book.facts())] == [
        ({"bad_context": 1}, 2),
        ({"bad_context": 1, "bad_time": 5}, 4),
        ({"bad_context": 1, "bad_time": 5}, 4),
    ]


def test_the_witnesses_that_are_asked_are_named(platform: Platform) -> None:
    put(platform)
    lines = "".join(f"witness w{number} {key.vkey()}\n" for number, key in enumerate(WITNESSES))
    policy = Policy.parse(f"{lines}group most 2 w0 w1 w2\nquorum most\n")
    book = Logbook(platform, policy)
    assert book.facts().quorum == "2 of w0, w1, w2"
    assert book.counted(ItemId(5))["witnesses"] == [key.vkey() for key in WITNESSES]
    assert Logbook(platform, Policy.parse(f"{lines}quorum w1\n")).facts().quorum == "w1"
    assert Logbook(platform).facts().quorum == ""


def test_the_numbers_of_an_item_say_where_they_hold(platform: Platform) -> None:
    put(platform, encode_deed(Deed(Action.LIKE, 5, 1, b"a" * 16)))
    told = Logbook(platform).counted(ItemId(5))
    assert (told["id"], told["log_size"], told["counts"]["likes"]) == (encode_id(5), 1, 1)
    assert Logbook(platform).counted(ItemId(6))["counts"]["likes"] == 0
