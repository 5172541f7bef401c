"""The house stands: imports go down only, types hold, the linter is content, the pins are complete."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def run(*command: str) -> str:
    done = subprocess.run([sys.executable, "-m", *command], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_imports_go_down_only() -> None:
    code = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(cache_dir=None))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_linter_and_the_formatter_are_content() -> None:
    run("ruff", "check", "--no-cache", ".")
    run("ruff", "format", "--no-cache", "--check", ".")


def test_types_hold() -> None:
    run("mypy")


def test_every_dependency_is_pinned_and_no_index_is_named() -> None:
    pins = (ROOT / "constraints.txt").read_text()
    assert "://" not in pins
    pinned = {re.split("[=<>~]", line)[0].lower().replace("_", "-") for line in pins.splitlines() if line}
    project = (ROOT / "pyproject.toml").read_text()
    wanted = re.findall(r'^  "([A-Za-z0-9_.-]+)(?:\[[a-z]+\])?[><=]', project, re.M)
    assert wanted
    assert {name.lower().replace("_", "-") for name in wanted} <= pinned
    assert "torch==2.13.0\n" in pins
