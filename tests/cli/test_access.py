"""`openforyou access`: a case from the first administrators to the look, and what is refused in words that help."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from openforyou.app.platform import Platform
from openforyou.cli import access
from openforyou.cli.commands import app
from openforyou.core.clock import Clock, SystemClock
from openforyou.core.errors import BadInput, OpenForYouError
from openforyou.core.ids import encode_id
from openforyou.privacy.access import acts
from openforyou.privacy.access.errors import BadAct, NotAsked, NotOpen, SameHand, WrongDuty

Do = Callable[..., Any]
WHY = "They wrote to support and cannot sign in any more."


@pytest.fixture
def clock() -> Clock:
    return SystemClock()  # the command's own


@pytest.fixture
def do(platform: Platform, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Do:
    """Runs a command as somebody, whose key and id are kept; answers what it printed as JSON."""
    monkeypatch.setenv("DATABASE_URL", database_url)
    platform.log.close()  # the commands write it themselves
    ids: dict[str, str] = {"stranger": ""}

    def invoke(who: str, *arguments: str) -> Any:
        signed = ["--key", str(tmp_path / who), "--me", ids[who]] if who else []
        signed = signed[:2] if arguments[0] == "whoami" else signed
        told = CliRunner().invoke(
            app,
            ["access", *arguments, *signed, "--json", "--data", str(platform.settings.data)],
            catch_exceptions=False,
        )
        assert told.exit_code == 0, told.output
        return json.loads(told.stdout)

    def public(who: str) -> str:
        told = CliRunner().invoke(app, ["access", "key", str(tmp_path / who), "--json"], catch_exceptions=False)
        return str(json.loads(told.stdout)["public"])

    for who in ("root", "deputy"):
        ids[who] = invoke("", "first", who, "--public", public(who))["staff"]
    for who, duties in (("sue", ("support", "granter")), ("gil", ("granter",)), ("rae", ("reviewer",))):
        named = [word for duty in duties for word in ("--duty", duty)]
        proposed = invoke("root", "enrol", "--name", who, *named, "--public", public(who))
        ids[who] = invoke("deputy", "agree", proposed["proposal"])["staff"]
    return invoke


def test_a_case_from_asking_to_the_look(do: Do, platform: Platform) -> None:
    ada = platform.accounts.sign_up("ada@post.mail.example.org", "a long enough one")
    wanted = ("--purpose", "account_recovery", "--field", "email", "--case", "S-1", "--words", WHY)
    request = do("sue", "ask", "ada@post.mail.example.org", *wanted)["request"]
    (waits,) = do("gil", "list")["waiting"]
    assert (waits["request"], waits["subject"]) == (request, f"account:{encode_id(ada.id)}")
    refused: list[tuple[type[OpenForYouError], tuple[str, ...]]] = [
        (NotOpen, ("sue", "read", request)),
        (SameHand, ("sue", "grant", request)),
        (WrongDuty, ("gil", "ask", "ada@post.mail.example.org", *wanted)),
        (NotAsked, ("sue", "ask", "ada@post.mail.example.org", *wanted[:2], "--field", "viewer", *wanted[4:])),
    ]
    for kind, arguments in refused:
        with pytest.raises(kind) as error:
            do(*arguments)
        assert error.value.hint
    assert do("gil", "grant", request)["standing"] == "granted"
    told = do("sue", "read", request)
    assert list(told["values"]) == ["email"]
    assert "ada" in "".join(letter for letter in told["values"]["email"] if letter.isascii()).lower()
    me = do("sue", "whoami")
    assert (me["name"], me["duties"], me["regions"]) == ("sue", ["granter", "support"], ["home"])
    assert me["keys"] == [me["key"]]
    assert me["key"].startswith("SHA256:")
    assert [one["request"] for one in me["open"]] == [request]
    assert [one["name"] for one in me["circle"]["granted_to_me"]] == ["gil"]
    assert [one["name"] for one in do("gil", "whoami")["circle"]["granted_by_me"]] == ["sue"]
    leaked = ("trace", told["values"]["email"], "--words", "It stood in a forum on the third of May.")
    with pytest.raises(WrongDuty, match="reviewer"):
        do("gil", *leaked)
    with pytest.raises(BadInput, match="bears no mark"):
        do("rae", "trace", "somebody", *leaked[2:])
    with pytest.raises(BadInput, match="10 bits, which tells nobody"):
        do("rae", "trace", "ada@eXAmPle.org", *leaked[2:])
    found = do("rae", *leaked)
    assert (request, "sue") in [(one["request"], one["name"]) for one in found["found"]]
    assert (found["bits"], found["read"]) == (18, 1)
    assert do("gil", "revoke", request, "--words", "They can sign in again; it is done.")["standing"] == "revoked"
    with pytest.raises(NotOpen):
        do("sue", "read", request)
    looks = platform.access.looks_at(platform.person(ada.viewer_id, ada))
    assert [one["standing"] for one in looks].count("revoked") == 1
    assert sum(len(one["reads"]) for one in looks) == 1
    assert {one["name"] for one in do("", "purposes")["purposes"]} >= {"account_recovery", "danger_to_life"}


def test_a_proposal_tells_the_key_by_its_fingerprint_and_what_changes(do: Do, tmp_path: Path) -> None:
    made = CliRunner().invoke(app, ["access", "key", str(tmp_path / "new"), "--json"], catch_exceptions=False)
    key = json.loads(made.stdout)
    (sue,) = (one["staff"] for one in do("deputy", "list")["staff"] if one["name"] == "sue")
    before = do("sue", "whoami")["key"]
    proposed = do("root", "enrol", "--staff", sue, "--duty", "support", "--public", key["public"])
    (told,) = do("deputy", "list")["proposals"]
    assert proposed["fingerprint"] == key["fingerprint"] == acts.fingerprint(key["public"])
    assert (told["keys"], told["is_new"]) == ([key["fingerprint"]], False)
    assert told["changes"] == {
        "duties": [["granter", "support"], ["support"]],
        "keys": [[before], [key["fingerprint"]]],
    }
    assert f"keys: {before} → {key['fingerprint']}" in access._proposed(told)
    do("deputy", "agree", proposed["proposal"])
    do("root", "enrol", "--staff", sue, "--name", "Susan")
    (told,) = do("deputy", "list")["proposals"]
    assert access._proposed(told) == [f"key: {key['fingerprint']}, as before", "name: sue → Susan"]


def test_whose_key_it_is_somebody_elses_is_not_told(do: Do, tmp_path: Path) -> None:
    access.key(tmp_path / "stranger")
    with pytest.raises(BadAct, match="Nobody of the staff here has that key"):
        do("stranger", "whoami")


def test_a_key_that_is_none_and_a_file_that_is_there(tmp_path: Path) -> None:
    (tmp_path / "note").write_text("no key")
    with pytest.raises(BadInput, match="no key"):
        access._key(tmp_path / "note")
    with pytest.raises(BadInput, match="cannot be made"):
        access.key(tmp_path / "note")
