"""Statistics over HTTP: the same for everybody, and the page says how sure each number is."""

from __future__ import annotations

from fastapi.testclient import TestClient

from openforyou.app.platform import Platform
from openforyou.privacy.statistics.lists import STATISTICS
from tests.privacy.statistics.people import DAY, MONTH, crowd
from tests.web.conftest import Browser


def test_every_answer_is_for_everybody_with_its_price_and_its_place_in_the_log(
    platform: Platform, browser: Browser
) -> None:
    with platform.database.begin() as connection:
        crowd(connection, 2_000)
    platform.statistics.ask("active", DAY)
    platform.statistics.ask("watch_time", MONTH)
    told = browser().get("/v1/statistics").json()
    assert told == browser().get("/v1/statistics").json(), "whoever asks"
    assert [one["name"] for one in told["statistics"]] == [one.name for one in STATISTICS]
    assert (told["budget"]["epsilon"], told["left"]["epsilon"]) == ("4", "3.7")
    assert told["renews"] == "2026-06-01T00:00:00Z"
    newest, first = told["answers"]
    assert (first["statistic"], first["window"], first["by"], first["log_index"]) == ("active", DAY, "operator", 0)
    assert abs(first["groups"]["all"] - 2_000) < 400
    assert "over_40_h" in newest["held_back"]
    assert "over_40_h" not in newest["groups"]

    page = browser().get("/statistics")
    assert page.status_code == 200
    assert f"{first['groups']['all']:,}" in page.text
    assert f"Not shown: under {newest['threshold']:,}, or nobody" in page.text
    assert "<b>3.7</b> of 4" in page.text


def test_nothing_asked_yet_and_no_way_to_ask_from_the_web(client: TestClient) -> None:
    assert client.get("/v1/statistics").json()["answers"] == []
    assert "Nothing was asked yet" in client.get("/statistics").text
    assert client.post("/v1/statistics", json={"statistic": "active", "window": DAY}).status_code == 405


def test_a_log_that_cannot_be_read_is_told_in_words(platform: Platform, client: TestClient) -> None:
    platform.statistics.ask("active", DAY)
    (platform.settings.log_folder / "checkpoint").write_text("nothing of ours\n")
    answer = client.get("/v1/statistics")
    assert (answer.status_code, answer.json()["code"]) == (503, "log_unreadable")
