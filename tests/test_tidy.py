"""The style is a test: sizes, names, docstrings, and what must not be in the repository."""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path
from statistics import median

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "openforyou"
MODULES = sorted(path for path in PACKAGE.rglob("*.py") if "versions" not in path.parts)
VAGUE = {"utils", "util", "common", "helpers", "helper", "misc", "manager", "base", "shared"}
MODULE_LINES_MAX, MODULE_LINES_90, MODULE_LINES_MEDIAN = 500, 350, 150
FUNCTION_LINES_MAX, FUNCTION_LINES_95 = 70, 40
ARGUMENTS_MAX = 6
TEXT = {".py", ".md", ".toml", ".txt", ".js", ".css", ".html", ".svg", ".mako", ""}


def functions() -> list[tuple[Path, ast.FunctionDef | ast.AsyncFunctionDef]]:
    return [
        (path, node)
        for path in MODULES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]


def length(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines without the docstring."""
    assert node.end_lineno is not None
    body = node.body[0]
    is_docstring = isinstance(body, ast.Expr) and isinstance(body.value, ast.Constant)
    docstring = (body.end_lineno or 0) - body.lineno + 1 if is_docstring else 0
    return node.end_lineno - node.lineno + 1 - docstring


def test_modules_are_small() -> None:
    lines = {path: len(path.read_text().splitlines()) for path in MODULES}
    assert {str(p): n for p, n in lines.items() if n > MODULE_LINES_MAX} == {}
    long = [str(path) for path, count in lines.items() if count > MODULE_LINES_90]
    assert len(long) <= len(MODULES) * 0.1, long
    assert median(lines.values()) <= MODULE_LINES_MEDIAN


def test_functions_are_short_and_take_few_arguments() -> None:
    found = functions()
    lengths = [length(node) for _, node in found]
    assert [f"{p}:{n.name}" for p, n in found if length(n) > FUNCTION_LINES_MAX] == []
    assert sum(count <= FUNCTION_LINES_95 for count in lengths) >= 0.95 * len(lengths)
    crowded = [
        f"{path.relative_to(ROOT)}:{node.name}"
        for path, node in found
        if len([a for a in (*node.args.posonlyargs, *node.args.args) if a.arg not in ("self", "cls")])
        + len(node.args.kwonlyargs)
        > ARGUMENTS_MAX
        # A command's or an endpoint's parameters are its options, not arguments that a caller lines up.
        and not {"cli", "web"} & set(path.relative_to(PACKAGE).parts)
    ]
    assert crowded == []


def test_every_module_says_why_and_every_public_name_what() -> None:
    silent = []
    for path in MODULES:
        tree = ast.parse(path.read_text())
        if not ast.get_docstring(tree):
            silent.append(str(path.relative_to(ROOT)))
        silent += [
            f"{path.relative_to(ROOT)}:{node.name}"
            for node in tree.body
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
            and not node.name.startswith("_")
            and not ast.get_docstring(node)
        ]
    assert silent == []


def test_no_module_has_a_vague_name() -> None:
    assert [str(path) for path in MODULES if path.stem in VAGUE] == []


def test_only_stores_run_sql() -> None:
    """`store.py`, the tables themselves, and the few named places that keep their own tiny table."""
    own_table = {"app/tasks.py"}
    loud = [
        str(path.relative_to(PACKAGE))
        for path in MODULES
        if re.search(r"^from sqlalchemy import|^import sqlalchemy", path.read_text(), re.M)
        and path.name not in {"store.py", "tables.py"}
        and path.relative_to(PACKAGE).parts[0] not in {"storage", "bench"}
        and str(path.relative_to(PACKAGE)) not in own_table
        and not re.fullmatch(
            r"from sqlalchemy import Connection", "\n".join(re.findall(r"^from sqlalchemy.*$", path.read_text(), re.M))
        )
    ]
    assert loud == []


def tracked() -> list[Path]:
    try:
        listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True).stdout
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("needs a git checkout")
    return [path for name in listed.split("\0") if name and (path := ROOT / name).is_file()]


def test_the_repository_holds_no_large_file_and_no_path_of_one_machine() -> None:
    files = tracked()
    assert [str(path) for path in files if path.stat().st_size > 500_000] == []
    foreign = re.compile(r"(?<![\w.])/(?:home|Users|root|work)/\w|bash_jobs|https?://\S*(?:pypi|simple)/")
    named = [
        f"{path.relative_to(ROOT)}: {match.group()}"
        for path in files
        if path.suffix in TEXT and path.name != "test_tidy.py" and (match := foreign.search(path.read_text()))
    ]
    assert named == []


def test_nothing_is_left_to_do_in_silence() -> None:
    words = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
    assert [
        f"{path.relative_to(ROOT)}:{number}"
        for path in MODULES
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if words.search(line)
    ] == []
