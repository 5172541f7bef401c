"""The shield: every answer is dressed, no other site acts in somebody's name, nobody sends more than they may."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from openforyou.web import security
from openforyou.web.security import BODY_BYTES_MAX, BODY_BYTES_OF, CONTENT_SECURITY_POLICY
from tests.web.conftest import EMAIL, PASSWORD, Browser, World, sign_up

EVERYWHERE = ("/", "/nowhere", "/v1/feed", "/v1/nowhere", "/v1/account", "/media/nothing.mp4", "/static/nothing.js")


def test_every_answer_is_dressed(client: TestClient) -> None:
    for path in EVERYWHERE:
        headers = client.get(path).headers
        assert headers["content-security-policy"] == CONTENT_SECURITY_POLICY, path
        assert headers["x-content-type-options"] == "nosniff", path
        assert headers["referrer-policy"] == "same-origin", path
        assert headers["cross-origin-opener-policy"] == "same-origin", path
        assert headers["cross-origin-resource-policy"] == "same-origin", path
        assert "camera=()" in headers["permissions-policy"], path
        assert "strict-transport-security" not in headers, path
        assert "server" not in headers, path


def test_the_policy_allows_nothing_inline_and_nothing_foreign() -> None:
    rules = dict(rule.split(" ", 1) for rule in CONTENT_SECURITY_POLICY.split("; "))
    assert rules["default-src"] == "'none'"
    assert rules["script-src"] == rules["style-src"] == rules["connect-src"] == rules["form-action"] == "'self'"
    assert rules["frame-ancestors"] == rules["base-uri"] == "'none'"
    assert not {"'unsafe-inline'", "'unsafe-eval'", "*", "http:", "https:", "data:"} & set(
        CONTENT_SECURITY_POLICY.split()
    )


def test_https_is_made_to_stay(browser: Browser) -> None:
    answer = browser("https://clips.example.org").get("/")
    assert "max-age=31536000" in answer.headers["strict-transport-security"]


def test_answers_about_people_are_not_kept(client: TestClient) -> None:
    assert client.get("/v1/feed").headers["cache-control"] == "no-store"
    assert client.get("/").headers["cache-control"].startswith("private")
    assert client.get("/v1/account").headers["cache-control"] == "no-store"


# Cross-site request forgery


WHO_ASKS = [
    ({"Sec-Fetch-Site": "same-origin"}, True),
    ({"Sec-Fetch-Site": "none"}, True),
    ({"Sec-Fetch-Site": "same-site"}, False),
    ({"Sec-Fetch-Site": "cross-site"}, False),
    ({"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost:8000"}, False),
    ({"Sec-Fetch-Site": ""}, False),
    ({"Origin": "http://localhost:8000"}, True),
    ({"Origin": "http://localhost:8001"}, False),
    ({"Origin": "http://localhost.evil.example:8000"}, False),
    ({"Origin": "null"}, False),
    ({"Origin": ""}, False),
    ({}, False),
]


def test_a_change_with_a_cookie_comes_from_our_own_page(browser: Browser, app: FastAPI) -> None:
    somebody = browser()
    somebody.get("/v1/feed")
    cookie = "; ".join(f"{name}={value}" for name, value in somebody.cookies.items())
    plain = TestClient(app, base_url="http://localhost:8000")
    for headers, allowed in WHO_ASKS:
        chosen = {"profiling": allowed, "autoplay": True, "break_minutes": 20, "region": ""}
        answer = plain.put("/v1/controls", json=chosen, headers={"Cookie": cookie, **headers})
        assert answer.status_code == (200 if allowed else 403), headers
        assert allowed or answer.json()["code"] == "foreign_origin"
        read = plain.get("/v1/controls", headers={"Cookie": cookie, **headers})
        assert read.status_code == 200, "reading changes nothing, and another site cannot see the answer"
        assert read.json()["profiling"], headers


def test_a_program_without_cookies_may_sign_up_and_another_sites_page_may_not(app: FastAPI) -> None:
    plain = TestClient(app, base_url="http://localhost:8000")
    credentials = {"email": EMAIL, "password": PASSWORD}
    foreign = plain.post("/v1/accounts", json=credentials, headers={"Origin": "https://evil.example"})
    assert foreign.status_code == 403
    assert plain.post("/v1/accounts", json=credentials).status_code == 201
    bare = plain.post("/v1/controls/reset")
    assert bare.status_code == 403, "now it carries a cookie"
    assert plain.post("/v1/controls/reset", headers={"Origin": "http://localhost:8000"}).status_code == 200


def test_a_form_cannot_speak_for_a_script(client: TestClient) -> None:
    body = b'{"email": "ada@example.org", "password": "correct horse"}'
    answer = client.post("/v1/accounts", content=body, headers={"Content-Type": "text/plain"})
    assert answer.status_code == 422


# Hosts


def test_a_name_that_is_none_is_refused(client: TestClient) -> None:
    for host in ("", "a b", "evil.example/..", "x" * 300, "[::1", "evil.example:99999999"):
        answer = client.get("/v1/feed", headers={"Host": host})
        assert answer.status_code == 421, host
        assert answer.json()["field"] == "Host"


def test_a_null_byte_is_nowhere(client: TestClient) -> None:
    client.get("/v1/feed")
    for path in ("/v1/creators/%00", "/@%00", "/item/a%00", "/media/%00", "/static/%00", "/v1/uploads/%00"):
        answer = client.get(path)
        assert answer.status_code == 404, path


# Sizes


@pytest.mark.parametrize(
    ("path", "most"), [("/v1/accounts", BODY_BYTES_MAX), ("/v1/events", BODY_BYTES_OF["/v1/events"])]
)
def test_a_body_is_bounded_by_what_it_says_and_by_what_it_is(
    client: TestClient, app: FastAPI, path: str, most: int
) -> None:
    client.get("/v1/feed")
    said = client.post(
        path, content=b"{}", headers={"Content-Type": "application/json", "Content-Length": str(most + 1)}
    )
    assert said.status_code == 413
    cookie = "; ".join(f"{name}={value}" for name, value in client.cookies.items())
    pieces = [b"[" * 65_536] * (most // 65_536 + 1)
    status, body, taken = asyncio.run(drive(app, path, pieces, cookie))
    assert status == 413
    assert b"too_large" in body
    assert taken <= most + 65_536, "the rest is not even read"
    status, body, _ = asyncio.run(drive(app, path, [b" " * 100], cookie))
    assert status in (400, 422), "a small one is read"


def test_a_body_that_does_not_come_is_not_waited_for(app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(security, "BODY_WAIT_S", 0.05)
    status, body, _ = asyncio.run(drive(app, "/v1/accounts", [b"{"], stalls=True))
    assert status == 503
    assert b"too slowly" in body


async def drive(
    app: FastAPI, path: str, pieces: list[bytes], cookie: str = "", *, stalls: bool = False
) -> tuple[int, bytes, int]:
    """POST without a Content-Length; answers status, body, and how many bytes were taken."""
    taken = 0
    coming: Iterator[bytes] = iter(pieces)
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        nonlocal taken
        piece = next(coming, None)
        if piece is None:
            if stalls:
                await asyncio.sleep(60)
            return {"type": "http.request", "body": b"", "more_body": False}
        taken += len(piece)
        return {"type": "http.request", "body": piece, "more_body": True}

    async def send(message: Any) -> None:
        sent.append(message)

    headers = {
        "host": "localhost:8000",
        "content-type": "application/json",
        "sec-fetch-site": "same-origin",
        "cookie": cookie,
    }
    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items() if value],
        "client": ("203.0.113.9", 1234),
        "server": ("localhost", 8000),
    }
    await app(scope, receive, send)
    return sent[0]["status"], b"".join(message.get("body", b"") for message in sent[1:]), taken


# Errors


def test_what_nobody_foresaw_has_a_reference_and_no_trace(
    app: FastAPI, client: TestClient, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("a secret detail")

    monkeypatch.setattr(app.state.platform.feed, "for_you", broken)
    with caplog.at_level(logging.ERROR):
        answer = client.get("/v1/feed")
    assert answer.status_code == 500
    told = answer.json()
    assert told["code"] == "unforeseen"
    assert "secret" not in answer.text
    assert "Traceback" not in answer.text
    assert answer.headers["content-security-policy"] == CONTENT_SECURITY_POLICY
    assert told["reference"] in caplog.text
    assert "a secret detail" in caplog.text
    assert "testclient" not in caplog.text, "no address stands in the log"


def test_people_get_a_page_and_programs_get_json(client: TestClient) -> None:
    page = client.get("/nowhere")
    assert page.status_code == 404
    assert page.headers["content-type"].startswith("text/html")
    told = client.get("/v1/nowhere")
    assert told.status_code == 404
    assert told.json()["code"] == "not_found"
    assert client.delete("/v1/feed").status_code == 405


def test_a_bad_body_names_its_field_and_is_not_repeated(client: TestClient) -> None:
    answer = client.post("/v1/accounts", json={"email": ["a secret"], "password": "correct horse"})
    assert answer.status_code == 422
    assert answer.json()["field"] == "email"
    assert "a secret" not in answer.text
    assert client.post("/v1/accounts", json={"email": EMAIL}).json()["field"] == "password"
    broken = client.post("/v1/accounts", content=b"{", headers={"Content-Type": "application/json"})
    assert (broken.status_code, broken.json()["code"]) == (400, "malformed")


def test_no_address_is_kept_anywhere(client: TestClient, world: World, caplog: pytest.LogCaptureFixture) -> None:
    """Neither the database nor the log holds the address of whoever asked."""
    with caplog.at_level(logging.DEBUG):
        world.item(world.creator())
        client.get("/v1/feed")
        sign_up(client)
        client.post("/v1/sessions", json={"email": EMAIL, "password": "wrong horse"})
    assert "testclient" not in caplog.text
    with world.platform.database.connect() as connection:
        names = (
            connection.exec_driver_sql("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").scalars().all()
        )
        for name in names:
            rows = connection.exec_driver_sql(f'SELECT * FROM "{name}"').all()
            assert "testclient" not in str(rows), name
