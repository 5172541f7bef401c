"""How often one may ask, and that nobody's address is needed for it."""

from __future__ import annotations

import pytest

from openforyou.core.errors import TooMany
from openforyou.web.rates import EVENTS, SIGN_IN, SIGN_IN_TO, Rate, Rates, network_of
from tests.web.conftest import EMAIL, PASSWORD, Browser, sign_up

FEW = Rate("tries", "3 per hour")


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.77", "203.0.113.0/24"),
        ("203.0.113.1", "203.0.113.0/24"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1::/48"),
        ("fe80::1%eth0", "fe80::/48"),
        ("::ffff:203.0.113.77", "203.0.113.0/24"),
        ("testclient", ""),
        ("", ""),
    ],
)
def test_an_address_is_cut_to_its_network(address: str, network: str) -> None:
    assert network_of(address) == network


def test_past_the_limit_it_says_when_to_come_back() -> None:
    rates = Rates()
    for _ in range(3):
        rates.check(FEW, "a")
    with pytest.raises(TooMany) as refused:
        rates.check(FEW, "a")
    assert 3_500 < refused.value.retry_after_s <= 3_601
    rates.check(FEW, "b")
    rates.check(Rate("others", "3 per hour"), "a")


def test_a_factor_widens() -> None:
    rates = Rates(factor=2)
    for _ in range(6):
        rates.check(FEW, "a")
    with pytest.raises(TooMany):
        rates.check(FEW, "a")


def test_a_name_for_a_network_is_another_in_each_process() -> None:
    assert Rates().hidden("203.0.113.0/24") != Rates().hidden("203.0.113.0/24")
    assert "203.0.113" not in Rates().hidden("203.0.113.0/24")


def test_guessing_a_password_comes_to_an_end(browser: Browser) -> None:
    sign_up(browser())
    most = int(SIGN_IN.limit.split()[0])
    guess = {"email": EMAIL, "password": "wrong horse"}
    answers = [browser().post("/v1/sessions", json=guess) for _ in range(most)]
    assert {answer.status_code for answer in answers} == {401}
    refused = browser().post("/v1/sessions", json={"email": EMAIL, "password": PASSWORD})
    assert refused.status_code == 429
    assert int(refused.headers["retry-after"]) > 0
    assert refused.json()["code"] == "too_many"


def test_guessing_at_one_account_is_limited_from_wherever() -> None:
    assert int(SIGN_IN_TO.limit.split()[0]) <= 30


def test_a_viewers_batches_are_limited_and_anothers_are_not(browser: Browser) -> None:
    busy, calm = browser(), browser()
    busy.get("/v1/feed")
    calm.get("/v1/feed")
    most = int(EVENTS.limit.split()[0])
    codes = [busy.post("/v1/events", json={"events": []}).status_code for _ in range(most + 1)]
    assert codes == [200] * most + [429]
    assert calm.post("/v1/events", json={"events": []}).status_code == 200
