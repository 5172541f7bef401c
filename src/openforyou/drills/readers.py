"""Somebody who checks from outside: `openforyou verify` over an address or a folder, as a function and as a command."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

import orjson

from openforyou.app.auditing import place
from openforyou.audit.remembered import Remembered
from openforyou.audit.service import verify
from openforyou.audit.trust import trusted
from openforyou.audit.types import Problem, Report
from openforyou.core.progress import silent
from openforyou.drills.errors import Broken

TIMEOUT_S = 20.0
COMMAND_TIMEOUT_S = 120.0
OURS = ("OPENFORYOU_", "DATABASE_URL")


class Verifier(Protocol):
    """Whoever checks what lies at an address or in a folder."""

    def __call__(self, where: str, *, policy: bytes | None = None, remember: Path | None = None) -> Report:
        """As `openforyou verify WHERE --policy … --remember …`."""
        ...


def check(where: str, *, policy: bytes | None = None, remember: Path | None = None) -> Report:
    """The check that the command makes, without starting a process for it."""
    remembered = None if remember is None else Remembered.load(remember)
    with place(where, TIMEOUT_S, silent) as found:
        trust = trusted(found.source, vkey="", policy=policy, remembered=remembered)
        outcome = verify(found.source, trust, found.shown, datetime.now(UTC), remembered=remembered)
    if remember is not None and outcome.verified is not None:
        outcome.verified.save(remember)
    return outcome.report


def command(where: str) -> tuple[int, list[str]]:
    """Exit code of `openforyou verify WHERE --json`, and what it says is wrong."""
    done = subprocess.run(  # noqa: S603 - our own command line
        [sys.executable, "-m", "openforyou", "verify", where, "--json"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=COMMAND_TIMEOUT_S,
        env=environment(),
        check=False,
    )
    try:
        return done.returncode, [str(problem["says"]) for problem in orjson.loads(done.stdout)["problems"]]
    except (orjson.JSONDecodeError, KeyError, TypeError) as error:
        raise Broken(f"openforyou verify said no JSON: {done.stderr.decode()[-300:]!r}") from error


def found(report: Report, kind: str, **named: object) -> Problem | None:
    """The problem of that kind about what is named (`item`, `count`, `shown`, `true`, `leaf` …), where there is one."""
    for problem in report.findings.problems:
        if problem.kind == kind and all(getattr(problem, name) == value for name, value in named.items()):
            return problem
    return None


def says(problem: Problem | None) -> str:
    """Its very words, as evidence."""
    return "verify names it" if problem is None else f"verify says: {problem.says}"


def environment(more: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment of a drill's processes: nothing in it leads to the operator's own database or folder."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
    return {**kept, "PYTHONUNBUFFERED": "1", **(more or {})}
