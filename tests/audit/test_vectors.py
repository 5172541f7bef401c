"""The vectors that the browser's modules are held against, held against ours: both read one file."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from openforyou.audit.deeds import day_number
from openforyou.audit.tally import Tally
from openforyou.audit.types import ITEM_COUNTS, Findings, Page
from openforyou.core.ids import decode_id
from openforyou.events.leaf import BadLeaf, Deed, Record, decode_leaf
from openforyou.ledger.merkle import Frontier, leaf_hash

VECTORS: dict[str, Any] = json.loads((Path(__file__).parent / "vectors.json").read_text())
LEAVES = [bytes.fromhex(leaf["hex"]) for leaf in VECTORS["leaves"]]


def test_roots() -> None:
    tree = Frontier()
    roots = [tree.root().hex()]
    for entry in VECTORS["tree"]["entries"]:
        tree.append(leaf_hash(bytes.fromhex(entry)))
        roots.append(tree.root().hex())
    assert roots == VECTORS["tree"]["roots"]


@pytest.mark.parametrize("told", VECTORS["leaves"])
def test_leaves(told: dict[str, Any]) -> None:
    leaf = decode_leaf(bytes.fromhex(told["hex"]))
    if isinstance(leaf, Record):
        assert leaf.type == told["record"]
    else:
        subject, nullifier = leaf.subject.to_bytes(8, "big").hex(), leaf.nullifier.hex()
        assert (leaf.action, subject, leaf.value, nullifier) == tuple(
            told[name] for name in ("action", "subject", "value", "nullifier")
        )


@pytest.mark.parametrize("text", VECTORS["not_leaves"])
def test_what_is_no_leaf(text: str) -> None:
    with pytest.raises(BadLeaf):
        decode_leaf(bytes.fromhex(text))


@pytest.mark.parametrize("told", VECTORS["numbers"], ids=lambda told: f"at {told['size']}")
def test_numbers(told: dict[str, Any], tmp_path: Path) -> None:
    """They pass as they are, and each of them changed does not."""
    for name in ("", *ITEM_COUNTS):
        folder = tmp_path / (name or "true")
        folder.mkdir()
        findings = compared(told["size"], {**told["numbers"], **({name: 4_000} if name else {})}, folder)
        counts = {problem.count: problem for problem in findings.problems if problem.kind == "count"}
        assert list(counts) == ([name] if name else [])
        if name:
            assert (counts[name].shown, counts[name].true) == (4_000, told["numbers"][name])


def test_wrong_leaves(tmp_path: Path) -> None:
    findings = compared(len(LEAVES), VECTORS["numbers"][-1]["numbers"], tmp_path)
    assert sorted(problem.leaf or 0 for problem in findings.problems) == VECTORS["wrong_leaves"]


def compared(size: int, numbers: dict[str, int], folder: Path) -> Findings:
    """What is wrong where the item of the vectors is shown with those numbers at that size."""
    findings = Findings()
    tally = Tally(folder, len(LEAVES), day_number(datetime.fromisoformat(VECTORS["now"])), findings)
    items, _ = tally.boards(folder)
    item = decode_id(VECTORS["item"])
    other = next(leaf.subject for leaf in map(decode_leaf, LEAVES) if isinstance(leaf, Deed) and leaf.subject != item)
    ids = np.array([other, item])
    rows = np.array([[0] * len(ITEM_COUNTS), [numbers[name] for name in ITEM_COUNTS]])
    rows[0, ITEM_COUNTS.index("likes")] = int(size > 5)
    items.add(Page(0, None, size, ids, rows))
    tally.take(0, LEAVES)
    tally.settle()
    assert tally.compare(items) == 2
    return findings
