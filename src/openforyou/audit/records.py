"""What the platform itself says in the log: rules and their ends, refused events, weights, words about rights, models,
who left, what was removed by age, statistics about people; held to their form."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from openforyou.audit.freezes import Freezes
from openforyou.audit.types import Findings, Problem
from openforyou.catalog.rights import rules as rights
from openforyou.core.encoding import digest
from openforyou.core.errors import BadInput
from openforyou.events.leaf import BadLeaf, Record, decode_leaf
from openforyou.learn.forgetting.rules import MODEL_END, end_problem, late_s
from openforyou.learn.manifest.signing import MODEL, RECORD_FIELDS
from openforyou.moderation.rules import POLICY, POLICY_END, WEIGHTS, read_leaf
from openforyou.privacy.access import records as access
from openforyou.privacy.person import rules as persons
from openforyou.privacy.regions import rules as regions
from openforyou.privacy.statistics import rules as statistics

REFUSED = "refused"
PERSONS = frozenset({persons.ERASURE, persons.RETENTION})
KNOWN = frozenset(
    {POLICY, POLICY_END, WEIGHTS, REFUSED, rights.RIGHT, MODEL, MODEL_END, *PERSONS, *access.FORMS}
    | {regions.MOVE, statistics.STATISTICS}
)
"""Every type of record that this version can judge. A log with others cannot be said to be right."""
RULES_MAX = MODELS_MAX = 100_000
LATE_S = 600.0
"""So long after a deadline the end may come: the worker looks each few seconds, and less often with many viewers."""
REASONS_MAX = 1_000


@dataclass(frozen=True, slots=True)
class Said:
    """A record and where it stands."""

    leaf: int
    body: dict[str, Any]


@dataclass(slots=True)
class Records:
    """The records of a log, taken in order. What is wrong with one by itself goes to `findings`."""

    findings: Findings
    today: int
    """In days since 1970, by the clock of who checks."""
    freezes: Freezes = field(default_factory=Freezes)
    policies: dict[str, Said] = field(default_factory=dict)
    """By the rule's id."""
    endings: dict[str, Said] = field(default_factory=dict)
    refused: Counter[str] = field(default_factory=Counter)
    rights: dict[str, int] = field(default_factory=dict)
    """What was said about rights, by its commitment: the leaf."""
    model_ends: dict[str, Said] = field(default_factory=dict)
    """By the model's id."""
    spending: statistics.Spending = field(default_factory=statistics.Spending)

    def take(self, index: int, leaf: bytes) -> None:
        """Look at a leaf that is not a deed of thirty bytes."""
        try:
            told = decode_leaf(leaf)
        except (BadLeaf, RecursionError, ValueError) as error:  # the last two for what no canonical form exists of
            self._wrong("format", index, str(error))
            return
        if not isinstance(told, Record):
            raise TypeError("deeds are looked at as columns")
        if told.type in (POLICY, POLICY_END):
            self._rule(index, leaf, told)
        elif told.type == REFUSED:
            self._refused(index, told.body)
        elif told.type == WEIGHTS:
            self._weights(index, told.body)
        elif told.type == MODEL:
            self._model(index, told.body)
        elif told.type == rights.RIGHT:
            self._right(index, told.body)
        elif told.type == MODEL_END:
            self._model_end(index, told.body)
        elif told.type in PERSONS:
            problem = persons.problem(told.type, told.body)
            if problem:
                self._wrong("bad_record", index, problem)
        elif told.type in access.FORMS:
            if not access.is_sound(told.type, told.body):
                self._wrong("bad_record", index, f"this {told.type} says what none can say, or in another form")
        elif told.type == regions.MOVE:
            if not regions.is_sound(told.body):
                self._wrong("bad_record", index, "this record of a move between regions says what none can say")
        elif told.type == statistics.STATISTICS:
            self._statistic(index, leaf)
        else:
            self._wrong("unknown_record", index, f"a record of the type {told.type[:40]!r} is none that is known here")

    def _rule(self, index: int, leaf: bytes, record: Record) -> None:
        try:
            self.freezes.take(index, record)
        except BadInput as error:
            self._wrong("bad_record", index, error.message)
            return
        if read_leaf(leaf) is None:
            self._wrong(
                "bad_record", index, f"this {record.type} says what no rule can say, or says it in another form"
            )
            return
        known = self.policies if record.type == POLICY else self.endings
        name = str(record.body["id"])
        if name in known:
            self._wrong("bad_record", index, f"the rule {name} has the same record at leaf {known[name].leaf}", name)
        elif len(known) < RULES_MAX:
            known[name] = Said(index, dict(record.body))
        else:
            self._wrong("bad_record", index, f"the log has more than {RULES_MAX} rules")

    def _refused(self, index: int, body: Any) -> None:
        counts = body.get("by_reason")
        sound = isinstance(counts, dict) and all(type(count) is int and count > 0 for count in counts.values())
        if not sound or len(self.refused.keys() | counts.keys()) > REASONS_MAX:
            self._wrong("bad_record", index, "this record of refused events has no count by reason")
            return
        self.refused.update(counts)

    def _weights(self, index: int, body: Any) -> None:
        if body.get("digest") != digest(body.get("values")):
            self._wrong("bad_record", index, "the digest of these ranking weights is another one")

    def _model(self, index: int, body: Any) -> None:
        hashes = [body.get(name) for name in ("manifest", "dataset", "weights")]
        sound = all(isinstance(one, str) and re.fullmatch("[0-9a-f]{64}", one) for one in hashes)
        if not sound or body.keys() != RECORD_FIELDS or type(body["size"]) is not int or body["size"] < 0:
            self._wrong(
                "bad_record", index, "this record of a model does not name its manifest, its data and its weights"
            )

    def _right(self, index: int, body: Any) -> None:
        """What it is about nobody can see from outside; that each is said once, and in the one form, everybody can."""
        if not rights.is_sound(body):
            self._wrong("bad_record", index, "this record of a right says what none can say")
            return
        first = self.rights.setdefault(body["commitment"], index)
        if first != index:
            self._wrong("bad_record", index, f"this word about a right stands at leaf {first} too")

    def _model_end(self, index: int, body: Any) -> None:
        """Weights are destroyed once, and by the deadline where somebody had taken a right back."""
        problem = end_problem(body)
        if problem:
            self._wrong("bad_record", index, problem)
        elif body["id"] in self.model_ends:
            at = self.model_ends[body["id"]].leaf
            self._wrong("bad_record", index, f"the model {body['id']} has come to its end already, at leaf {at}")
        else:
            if late_s(body) > LATE_S:
                self._wrong(
                    "late_forgetting",
                    index,
                    f"the model {body['id']} was destroyed {late_s(body):.0f} s after its deadline",
                )
            if len(self.model_ends) < MODELS_MAX:
                self.model_ends[body["id"]] = Said(index, dict(body))

    def _statistic(self, index: int, leaf: bytes) -> None:
        """Each question is answered once, and a month's answers cost no more than its budget."""
        answer = statistics.read_leaf(leaf, index)
        if answer is None:
            self._wrong("bad_record", index, "this record of a statistic says what none can say")
            return
        problem = self.spending.take(answer, datetime.fromtimestamp(self.today * 86_400, UTC))
        if problem:
            self._wrong("statistics_overspent", index, problem)

    def _wrong(self, kind: str, index: int, words: str, policy: str = "") -> None:
        self.findings.add(Problem(kind, f"Leaf {index}: {words.rstrip('.')}.", leaf=index, policy=policy))
