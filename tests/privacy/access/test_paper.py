"""The page for staff names every purpose as it is, every record and every act."""

from __future__ import annotations

from pathlib import Path

from openforyou.privacy.access.purposes import PURPOSES
from openforyou.privacy.access.records import FORMS
from openforyou.privacy.access.types import Doing

PAPER = (Path(__file__).parents[3] / "docs" / "access.md").read_text()


def test_every_purpose_and_record_is_explained() -> None:
    _, _, after = PAPER.partition("## Purposes\n")
    rows = {line.split("`")[1]: line for line in after.partition("\n## ")[0].splitlines() if line.startswith("| `")}
    assert set(rows) == {one.name for one in PURPOSES}
    for one in PURPOSES:
        cells = [cell.strip() for cell in rows[one.name].strip("|").split("|")]
        assert set(cells[1].split(", ")) == {name.value for name in one.fields}
        assert cells[2] == f"{int(one.longest.total_seconds() // 3600)} h"
        assert set(cells[3].split(", ")) == {duty.value for duty in one.may_ask}
    assert [name for name in FORMS if f"`{name}`" not in PAPER] == []


def test_every_act_is_listed() -> None:
    (row,) = (line for line in PAPER.splitlines() if line.startswith("| `act` |"))
    assert set(row.split("|")[2].strip().split()) == {f"`{one.value}`" for one in Doing}
