"""Whether the rules shown are the rules in the log: each shown has its record, unaltered, and each record is shown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from openforyou.audit.records import Records, Said
from openforyou.audit.types import Findings, Problem, ShownPolicy, ShownRecord


def compare(shown: Sequence[ShownPolicy], records: Records, at_least: int, findings: Findings) -> None:
    """Name each rule that is shown otherwise than its record says, or not shown although its record stands among the
    first `at_least` leaves: those were published before it was asked what is shown.
    """
    by_id = {one.id: one for one in shown}
    for one in shown:
        _hold(one.id, one.policy, records.policies.get(one.id), "rule", findings)
        if one.ending is not None:
            _hold(one.id, one.ending, records.endings.get(one.id), "end of the rule", findings)
    for known, what in ((records.policies, "rule"), (records.endings, "end of the rule")):
        for name, said in known.items():
            one_shown = by_id.get(name)
            is_shown = one_shown is not None and (what == "rule" or one_shown.ending is not None)
            if said.leaf < at_least and not is_shown:
                words = f"The {what} {name} stands in the log at leaf {said.leaf}, and is not shown."
                findings.add(Problem("hidden_rule", words, policy=name, true=said.body, leaf=said.leaf))


def orphans(records: Records, findings: Findings) -> None:
    """Name each end of a rule that the log does not have."""
    for name, said in records.endings.items():
        if name not in records.policies:
            words = f"Leaf {said.leaf} ends the rule {name}, which no record published."
            findings.add(Problem("bad_record", words, policy=name, leaf=said.leaf))


def _hold(name: str, shown: ShownRecord, said: Said | None, what: str, findings: Findings) -> None:
    if said is None:
        if not shown.waits:
            words = f"The {what} {name} is shown and stands in no record of the log."
            findings.add(Problem("unpublished_rule", words, policy=name, shown=shown.body))
        return
    differs = sorted(key for key in shown.body.keys() | said.body.keys() if not _same(shown.body, said.body, key))
    for key in differs:
        told, true = shown.body.get(key), said.body.get(key)
        words = f"The {key} of the {what} {name} is shown as {told!r}; its record says {true!r}."
        findings.add(Problem("altered_rule", words, policy=name, shown=told, true=true, leaf=said.leaf))
    if shown.leaf is not None and shown.leaf != said.leaf:
        words = f"The {what} {name} is said to stand at leaf {shown.leaf}; it stands at leaf {said.leaf}."
        findings.add(Problem("altered_rule", words, policy=name, shown=shown.leaf, true=said.leaf, leaf=said.leaf))


def _same(one: dict[str, Any], other: dict[str, Any], key: str) -> bool:
    """Whether both have the same value. 1 is 1.0."""
    return key in one and key in other and one[key] == other[key]
