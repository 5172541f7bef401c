"""What a viewer chooses, and takes back."""

from __future__ import annotations

from fastapi.testclient import TestClient

from openforyou.core.clock import ManualClock
from tests.web.conftest import Browser


def test_choices_are_kept_and_another_viewers_are_not_touched(browser: Browser) -> None:
    client, other = browser(), browser()
    client.get("/v1/feed")
    other.get("/v1/feed")
    defaults = {
        "profiling": True,
        "autoplay": True,
        "break_minutes": 20,
        "region": "",
        "languages": [],
        "paused": False,
    }
    defaults = {**defaults, "reset_at": None}
    assert client.get("/v1/controls").json() == defaults
    chosen = {"profiling": False, "autoplay": False, "break_minutes": 0, "region": "CH"}
    chosen = {**chosen, "languages": ["nl", "pt"], "paused": True}
    assert client.put("/v1/controls", json=chosen).json() == {**chosen, "reset_at": None}
    assert client.get("/v1/controls").json() == {**chosen, "reset_at": None}
    assert other.get("/v1/controls").json() == defaults


def test_languages_are_kept_in_one_form_and_what_is_left_out_stays(client: TestClient) -> None:
    client.get("/v1/feed")
    chosen = {"profiling": True, "autoplay": True, "break_minutes": 20, "region": ""}
    told = client.put("/v1/controls", json={**chosen, "languages": ["PT-br", "nl", "pt", ""], "paused": True}).json()
    assert told["languages"] == ["nl", "pt"]
    kept = client.put("/v1/controls", json=chosen).json()
    assert (kept["languages"], kept["paused"]) == (["nl", "pt"], True)
    assert client.put("/v1/controls", json={**chosen, "languages": []}).json()["languages"] == []


def test_beginning_anew_keeps_the_choices(client: TestClient, clock: ManualClock) -> None:
    client.get("/v1/feed")
    chosen = {"profiling": True, "autoplay": False, "break_minutes": 5, "region": ""}
    client.put("/v1/controls", json=chosen)
    told = client.post("/v1/controls/reset").json()
    assert told["reset_at"].startswith(clock.now().date().isoformat())
    assert told["break_minutes"] == 5
    assert client.put("/v1/controls", json=chosen).json()["reset_at"] == told["reset_at"]


def test_a_choice_that_cannot_be_is_refused_by_name(client: TestClient) -> None:
    client.get("/v1/feed")
    chosen = {"profiling": True, "autoplay": True, "break_minutes": 20, "region": ""}
    wrong = [
        *(
            ("break_minutes", -1),
            ("break_minutes", 9_999),
            ("region", "Atlantis"),
            ("region", "c\n"),
            ("paused", "soon"),
        ),
        *(("languages", ["Elvish"]), ("languages", "nl"), ("languages", ["aa", "bb"] * 200)),
        ("languages", [f"{one}{other}" for one in "abcde" for other in "abcde"]),
    ]
    for field, value in wrong:
        answer = client.put("/v1/controls", json={**chosen, field: value})
        assert (answer.status_code, answer.json()["field"]) == (422, field)
    assert client.put("/v1/controls", json={"autoplay": True}).json()["field"] == "profiling"


def test_the_right_to_learn_is_given_and_taken_back(client: TestClient) -> None:
    client.get("/v1/feed")
    assert client.get("/v1/rights").json() == {"learn": False}
    assert client.put("/v1/rights", json={"learn": True}).json() == {"learn": True}
    assert client.get("/v1/rights").json() == {"learn": True}
    assert client.put("/v1/rights", json={"learn": False}).json() == {"learn": False}
    said = client.get("/v1/rights/history").json()
    assert [one["act"] for one in said] == ["withdraw", "grant"], "both words stay on record"
