"""Accounts over HTTP: in, out, and nothing told that should not be."""

from __future__ import annotations

from fastapi.testclient import TestClient

from openforyou.web.session import SESSION_COOKIE
from tests.web.conftest import EMAIL, PASSWORD, Browser, sign_up


def test_signing_up_signs_in(client: TestClient) -> None:
    told = sign_up(client)
    assert told["email"] == EMAIL
    assert told["role"] == "viewer"
    assert told["has_password"]
    assert told["creator"] is None
    assert told["passkeys"] == []
    assert told["sessions"] == 1
    assert client.get("/v1/account").json() == told


def test_nothing_of_a_password_is_ever_told(client: TestClient) -> None:
    sign_up(client)
    for answer in (
        client.get("/v1/account"),
        client.post("/v1/sessions", json={"email": EMAIL, "password": "wrong horse battery"}),
        client.put("/v1/account/password", json={"password": "short", "current_password": PASSWORD}),
    ):
        assert PASSWORD not in answer.text
        assert "wrong horse" not in answer.text
        assert "argon2" not in answer.text


def test_an_address_and_a_password_are_refused_by_their_field(client: TestClient) -> None:
    bad = client.post("/v1/accounts", json={"email": "nobody", "password": PASSWORD})
    assert (bad.status_code, bad.json()["field"]) == (422, "email")
    short = client.post("/v1/accounts", json={"email": EMAIL, "password": "short"})
    assert (short.status_code, short.json()["field"]) == (422, "password")
    long = client.post("/v1/accounts", json={"email": EMAIL, "password": "ab" * 1_000})
    assert (long.status_code, long.json()["field"]) == (413, "password")
    assert not client.cookies.get(SESSION_COOKIE)


def test_a_taken_address_says_so_and_signs_nobody_in(browser: Browser) -> None:
    sign_up(browser())
    other = browser()
    answer = other.post("/v1/accounts", json={"email": EMAIL.upper(), "password": "another password"})
    assert (answer.status_code, answer.json()["code"]) == (409, "email_taken")
    assert not other.cookies


def test_who_has_an_account_cannot_be_told_by_signing_in(browser: Browser) -> None:
    sign_up(browser())
    answers = [
        browser().post("/v1/sessions", json={"email": email, "password": "wrong horse"})
        for email in (EMAIL, "nobody@example.org")
    ]
    known, unknown = answers
    assert known.status_code == unknown.status_code == 401
    assert known.content == unknown.content
    assert sorted(known.headers) == sorted(unknown.headers)


def test_who_is_signed_in_signs_out_before_signing_up(client: TestClient) -> None:
    sign_up(client)
    answer = client.post("/v1/accounts", json={"email": "eve@example.org", "password": PASSWORD})
    assert (answer.status_code, answer.json()["code"]) == (409, "signed_in")


def test_changing_the_password_ends_the_other_sessions(browser: Browser) -> None:
    phone, desk = browser(), browser()
    sign_up(phone)
    desk.post("/v1/sessions", json={"email": EMAIL, "password": PASSWORD})
    wrong = phone.put("/v1/account/password", json={"password": "another password", "current_password": "wrong"})
    assert (wrong.status_code, wrong.json()["field"]) == (403, "current_password")
    assert desk.get("/v1/account").status_code == 200
    changed = phone.put("/v1/account/password", json={"password": "another password", "current_password": PASSWORD})
    assert changed.json() == {"ended": 1}
    assert phone.get("/v1/account").status_code == 200
    assert desk.get("/v1/account").status_code == 401
    assert desk.post("/v1/sessions", json={"email": EMAIL, "password": "another password"}).status_code == 201


def test_signing_out_twice_is_no_error(client: TestClient) -> None:
    sign_up(client)
    assert client.delete("/v1/sessions/current").status_code == 204
    assert client.delete("/v1/sessions/current").status_code == 204
    assert client.delete("/v1/sessions").status_code == 401
