"""The docs keep up with the code: pages made from it are as made, links lead somewhere, every word is explained."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from openforyou.cli.docs import PAGES
from openforyou.events.counts import COLUMN
from openforyou.events.leaf import Action
from openforyou.events.types import EventType

ROOT = Path(__file__).parents[1]
PAPERS = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]


@pytest.mark.parametrize("name", PAGES)
def test_a_page_made_from_code_is_as_the_code_says(name: str) -> None:
    assert (ROOT / "docs" / name).read_text() == PAGES[name](), "run: make docs"


@pytest.mark.parametrize("paper", PAPERS, ids=lambda paper: paper.name)
def test_every_link_leads_somewhere(paper: Path) -> None:
    targets = re.findall(r"\]\((?!https?:|#|mailto:)([^)#]+)", paper.read_text())
    assert [target for target in targets if not (paper.parent / target).exists()] == []


def test_every_event_type_is_explained() -> None:
    api = (ROOT / "docs" / "api.md").read_text()
    assert [kind.value for kind in EventType if f"`{kind.value}`" not in api] == []


def test_every_rule_that_makes_a_number_is_explained() -> None:
    paper = (ROOT / "docs" / "counts.md").read_text()
    assert [action for action in Action if f"{action.value} `{action.name.lower()}`" not in paper] == []
    assert [name for name in COLUMN.values() if f"`{name}`" not in paper] == []


def test_every_page_of_docs_can_be_reached_from_the_readme() -> None:
    readme = (ROOT / "README.md").read_text()
    assert [paper.name for paper in (ROOT / "docs").glob("*.md") if f"docs/{paper.name}" not in readme] == []


def test_the_two_commands_of_the_readme_exist() -> None:
    makefile = (ROOT / "Makefile").read_text()
    named = set(re.findall(r"^make ([a-z]+)", (ROOT / "README.md").read_text(), re.M))
    assert {"demo", "test"} <= named
    assert [name for name in named if f"\n{name}:" not in makefile] == []
