"""What kinds of grants, evidence and sources there are, in the words that a manifest and a summary count by. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from openforyou.catalog.rights import rules as rights
from openforyou.catalog.rights.types import RightEvent
from openforyou.catalog.types import Right
from openforyou.core.encoding import digest

EVIDENCE = (
    ("ticked", "own choice"),
    ("chosen", "own choice"),
    ("proof", "proven identity"),
    ("proven", "proven identity"),
    ("licen", "licence"),
    ("credential", "credential"),
    ("contract", "contract"),
    ("given by the operator", "operator's word"),
)
"""How a text of evidence begins, and its kind."""
OTHER = "other"
FEW = 10
"""A group of fewer viewers is not told by itself: it goes to those without a region."""


class Granted(NamedTuple):
    """A grant that held."""

    id: int
    kind: str
    subject: int
    by: str
    """As what whoever gave it spoke: creator, viewer, guardian, operator …"""
    evidence: str
    since: datetime
    until: datetime | None


def evidence(text: str) -> str:
    """The kind of evidence."""
    plain = text.lower()
    return next((kind for begins, kind in EVIDENCE if plain.startswith(begins)), OTHER)


def standing(events: Iterable[RightEvent], at: datetime, right: Right = Right.LEARN) -> dict[tuple[str, int], Granted]:
    """The grant of `right` that each subject stands on at a moment, after all of the events: of several the first."""
    found: dict[tuple[str, int], Granted] = {}
    for event in sorted(rights.standing(events), key=lambda one: one.seq):
        said = event.decision
        if said.right is right and rights.holds(said, at):
            grant = Granted(
                event.id, said.subject_kind, said.subject_id, said.by.value, said.evidence, said.since, said.until
            )
            found.setdefault((grant.kind, grant.subject), grant)
    return found


def snapshot(held: Iterable[Granted], at: datetime, regions: Mapping[tuple[str, int], str]) -> dict[str, Any]:
    """Grants by subject, grantor, evidence and region, and a digest over each one of them."""
    held = sorted(held, key=lambda grant: (grant.kind, grant.subject))
    groups: Counter[tuple[str, str, str, str]] = Counter()
    for grant in held:
        region = regions.get((grant.kind, grant.subject), "")
        groups[grant.kind, grant.by, evidence(grant.evidence), region] += 1
    return {
        "right": "learn",
        "at": at.isoformat(),
        "by": [
            {"subject": kind, "grantor": who, "evidence": how, "region": region, "count": count}
            for (kind, who, how, region), count in sorted(_without_few(groups).items())
        ],
        "digest": digest([[grant.kind, grant.subject, grant.id, grant.since.isoformat()] for grant in held]),
    }


def tallied(values: Iterable[str]) -> dict[str, int]:
    """How often each occurs."""
    return dict(sorted(Counter(values).items()))


def _without_few(groups: Counter[tuple[str, str, str, str]]) -> Counter[tuple[str, str, str, str]]:
    told: Counter[tuple[str, str, str, str]] = Counter()
    for (kind, who, how, region), count in groups.items():
        told[kind, who, how, region if kind == "item" or count >= FEW else ""] += count
    return told
