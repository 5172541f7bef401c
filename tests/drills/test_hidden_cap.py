"""The drill `hidden-cap`, carried out for real by the command, as an operator runs it."""

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


def drill(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "openforyou", "drill", *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **environment},
    )


@pytest.fixture(scope="module")
def place() -> Iterator[Path]:
    """Where temporary folders are made."""
    with tempfile.TemporaryDirectory(prefix="ofy-") as folder:
        yield Path(folder)


@pytest.fixture(scope="module")
def done(place: Path) -> subprocess.CompletedProcess[str]:
    """With an operator's own settings around: their folder, and a database that nobody may open."""
    dead = "postgresql://nobody@127.0.0.1:1/none"
    own = {"OPENFORYOU_DATA": str(place / "own"), "OPENFORYOU_WITNESS_POLICY": "/nowhere", "DATABASE_URL": dead}
    return drill("hidden-cap", "--json", TMPDIR=str(place), **own)


def test_it_prints_one_result_an_attack_and_ends_well(done: subprocess.CompletedProcess[str]) -> None:
    results = json.loads(done.stdout)
    failed = [result["evidence"] for result in results if result["outcome"] not in ("prevented", "detected")]
    assert (failed, done.returncode) == ([], 0), done.stderr[-2000:]
    assert [result["evidence"].partition(":")[0] for result in results] == [
        one.name for one in attacks_of("hidden-cap")
    ]
    assert all(set(result) == {"drill", "seat", "outcome", "evidence", "seconds"} for result in results)
    assert {result["drill"] for result in results} == {"hidden-cap"}


def test_the_evidence_holds_the_words_that_were_seen(done: subprocess.CompletedProcess[str]) -> None:
    evidence = {(told := one["evidence"]).partition(":")[0]: told for one in json.loads(done.stdout)}
    assert "unpublished rule refused" in evidence["unpublished rules"]
    assert "was altered in the database" in evidence["published cap lowered"]
    assert "stands in the log at leaf" in evidence["rule withheld"]
    assert "its creator reads" in evidence["cap that nobody mentions"]
    assert "are shown as" in evidence["frozen without record"]


def test_it_leaves_nothing_behind_and_touches_nothing_of_the_operator(
    done: subprocess.CompletedProcess[str], place: Path
) -> None:
    assert "rule withheld" in done.stdout
    assert [path.name for path in place.iterdir() if path.name.startswith(("openforyou-drill-", "own"))] == []


def test_a_wrong_name_is_said_before_anything_starts() -> None:
    ran = drill("inflation")
    assert ran.returncode == 1
    assert "There is no drill 'inflation'" in ran.stderr
    assert "hidden-cap" in ran.stderr
