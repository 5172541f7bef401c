"""One door: nothing outside `learn.dataset` reads what may be learned from, and one recipe gives one set of weights."""

from __future__ import annotations

import ast
from dataclasses import replace
from pathlib import Path

import openforyou
from openforyou.learn import weights
from openforyou.learn.split import leave_out
from openforyou.learn.train import Job, fit
from tests.learn.worlds import markov, quick

PACKAGE = Path(openforyou.__file__).parent
DOOR = PACKAGE / "learn" / "dataset.py"
READS = {"training_rows", "follow_rows", "deeds_between", "done_since"}
"""What viewers did, of many at once: `store.training_rows` and its like."""
BEHIND = {"online.py": {"done_since"}}
"""Who asks the door itself for it."""
OWN = {"learn/counts.py", "learn/study.py", "learn/baselines.py", "learn/peers/foreign.py"}
"""`counts.training_rows` of a data set at hand has the same name and reads nothing."""
TABLES = {"viewer_items", "events", "follows"}


def modules() -> list[Path]:
    return [path for path in PACKAGE.rglob("*.py") if "versions" not in path.parts]


def names_used(path: Path) -> set[str]:
    """Every name and attribute that a module speaks of, and what it imports."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Attribute):
            found.add(node.attr)
        elif isinstance(node, ast.Name):
            found.add(node.id)
        elif isinstance(node, ast.ImportFrom):
            found.update(alias.name for alias in node.names)
    return found


def past_the_door(paths: list[Path]) -> list[str]:
    told = []
    for path in paths:
        inside = str(path.relative_to(PACKAGE)) if path.is_relative_to(PACKAGE) else path.name
        if path == DOOR or inside.startswith("events/") or inside in OWN:
            continue
        used = names_used(path) & READS - BEHIND.get(path.name, set())
        told += [f"{inside}: {name}" for name in sorted(used)]
    return told


def tables_of_deeds(paths: list[Path]) -> list[str]:
    """Modules of `learn` that speak of the tables of deeds, as SQL or as objects."""
    told = []
    for path in paths:
        text = path.read_text()
        wanted = [f"FROM {name}" for name in TABLES] + ["openforyou.events.tables"]
        told += [f"{path.name}: {words}" for words in wanted if words in text]
    return told


def test_nobody_but_the_door_reads_what_is_learned_from(tmp_path: Path) -> None:
    assert past_the_door(modules()) == []
    assert tables_of_deeds([path for path in modules() if path.is_relative_to(PACKAGE / "learn")]) == []
    assert READS - {"done_since"} <= names_used(DOOR), "the rule knows what the door calls"
    planted = tmp_path / "planted.py"
    planted.write_text(
        "from openforyou.events.store import training_rows as rows\n\nsql = 'SELECT * FROM viewer_items'\n"
    )
    assert past_the_door([planted]) == ["planted.py: training_rows"]
    assert tables_of_deeds([planted]) == ["planted.py: FROM viewer_items"]


def test_the_same_data_settings_and_seed_give_the_same_weights(tmp_path: Path) -> None:
    data = markov(items=40, viewers=30, length=8)
    job = Job(data, leave_out(data, 1), quick(epochs=1), seed=3, threads=1)
    first = weights.write(fit(job).fitted, tmp_path / "first.pt")
    assert weights.write(fit(job).fitted, tmp_path / "second.pt") == first
    assert weights.write(fit(replace(job, seed=4)).fitted, tmp_path / "other.pt") != first
