"""The drill `fake-accounts`, carried out for real by the command, as an operator runs it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from openforyou.drills.attack import attacks_of


@pytest.fixture(scope="module")
def place() -> Iterator[Path]:
    """Where temporary folders are made."""
    with tempfile.TemporaryDirectory(prefix="ofy-") as folder:
        yield Path(folder)


@pytest.fixture(scope="module")
def done(place: Path) -> subprocess.CompletedProcess[str]:
    """With an operator's own settings around, which must lead nowhere."""
    own = {"OPENFORYOU_DATA": str(place / "own"), "OPENFORYOU_OUTSIDE_DNS": "nowhere", "OPENFORYOU_ORIGIN": "x"}
    return subprocess.run(
        [sys.executable, "-m", "openforyou", "drill", "fake-accounts", "--json"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "TMPDIR": str(place), **own},
    )


def test_no_attack_succeeds(done: subprocess.CompletedProcess[str]) -> None:
    results = json.loads(done.stdout)
    failed = [result["evidence"] for result in results if result["outcome"] not in ("prevented", "detected")]
    assert (failed, done.returncode) == ([], 0), done.stderr[-2000:]
    names = [result["evidence"].partition(":")[0] for result in results]
    assert names == [one.name for one in attacks_of("fake-accounts")]
    assert {result["drill"] for result in results} == {"fake-accounts"}


def test_the_evidence_holds_the_words_that_were_seen(done: subprocess.CompletedProcess[str]) -> None:
    evidence = {(told := one["evidence"]).partition(":")[0]: told for one in json.loads(done.stdout)}
    assert "already proven by @ada" in evidence["race with the owner"]
    assert "no public address" in evidence["name that leads inside"]
    assert "leads on to https://eve.example" in evidence["redirected profile"]
    assert "lapsed at once" in evidence["handle sold"]
    assert "refused before anything is taken in" in evidence["archive of another account"]
    assert "nothing proves that this is you" in evidence["archive brought in before the proof"]
    assert "of another account" in evidence["posts of another in ones own archive"]
    assert "mine again" in evidence["account lost"]


def test_it_leaves_nothing_behind(done: subprocess.CompletedProcess[str], place: Path) -> None:
    assert "stolen challenge" in done.stdout
    assert [path.name for path in place.iterdir() if path.name.startswith(("openforyou-drill-", "own"))] == []
