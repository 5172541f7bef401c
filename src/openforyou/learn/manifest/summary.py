"""What the models in service learned from, in public: sums by kind, source, right, region and share, and no name.

Its sections follow the European Commission's template for the public summary of training content of general-purpose AI
models (July 2025): general information, data sources, data processing. Ours is a recommender and no such model; where a
question of the template does not apply, the answer says so. All figures are the signed manifests' own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from openforyou.core.ids import encode_id
from openforyou.learn.manifest.asking import Asked

FORM = "openforyou-training-summary-1"


@dataclass(frozen=True, slots=True)
class Share:
    """One group among items or viewers."""

    of: str
    """items or viewers."""
    by: str
    """kind, source, region or right."""
    name: str
    count: int
    share: float

    def as_dict(self) -> dict[str, Any]:
        """As JSON."""
        return {"of": self.of, "by": self.by, "name": self.name, "count": self.count, "share": round(self.share, 4)}


def shares(body: Mapping[str, Any]) -> list[Share]:
    """All groups that a manifest tells of, in the order: items by kind, source, region, right; viewers by region,
    right."""
    found = []
    for of, kind in (("items", "item"), ("viewers", "viewer")):
        groups = {by: dict(counts) for by, counts in body["sources"][of].items()}
        granted: dict[str, int] = {}
        for one in body["rights"]["by"]:
            if one["subject"] == kind:
                name = f"learn, by the word of the {one['grantor']}, evidence: {one['evidence']}"
                granted[name] = granted.get(name, 0) + one["count"]
        total = int(body["dataset"][of])
        for by, counts in (*groups.items(), ("right", granted)):
            for name, count in sorted(counts.items(), key=lambda one: (-one[1], one[0])):
                found.append(Share(of, by, name, count, count / total if total else 0.0))
    return found


def summary(asked: Sequence[Asked], provider: str, code_version: str) -> dict[str, Any]:
    """The summary of the models in service, newest first. `asked` are all that have a manifest."""
    serving = sorted((one for one in asked if one.is_in_service), key=_promoted, reverse=True)
    return {
        "form": FORM,
        "general": {
            "provider": provider,
            "software": f"OpenForYou {code_version}",
            "purpose": "Chooses which short clips a viewer is offered, and in which order. It makes no text, image or"
            " sound.",
            "foundation": "Trained from nothing on this platform; no model of anybody else's is part of it.",
            "modalities": "What viewers did with clips; numbers that tell picture, motion, sound and words of a clip.",
        },
        "models": [_model(one) for one in serving],
        "sources": {
            "public data sets": "none",
            "data licensed from third parties": "none",
            "crawled or scraped from the web": "none",
            "user data": "all of it: clips and histories of those who allow it, each by a word of their own on record",
            "made by another model to train with": "none; a clip that says it was made with such a model is a clip like"
            " others",
        },
        "processing": {
            "rights": "An item enters by its creator's word, a viewer's history by the viewer's. Nothing"
            " is ticked beforehand, and a refusal costs no other function.",
            "reservations": "What a file, its Content Credentials or the page that it came from says against being"
            " learned from is honoured as a refusal, and outranks a grant.",
            "withdrawal": "What lost its right is in no data set from then on, and the models that learned from it are"
            " destroyed by a deadline, which the public log tells.",
            "biometrics": "No encoder that recognises people is run.",
            "illegal content": "What was refused, suspended or withdrawn is not learned from.",
            "checking": "Each manifest is signed and in the public log; docs/models.md says how anybody checks it.",
        },
    }


def _promoted(one: Asked) -> Any:
    return one.model.promoted_at or one.model.created_at


def _model(one: Asked) -> dict[str, Any]:
    body = one.signed.body
    data = body["dataset"]
    return {
        "id": encode_id(one.model.id),
        "kind": body["kind"],
        "base": body["base"],
        "since": None if one.model.promoted_at is None else one.model.promoted_at.isoformat(),
        "rights_read_at": body["rights"]["at"],
        "items": data["items"],
        "viewers": data["viewers"],
        "rows": data["rows"],
        "from_earlier_versions_alone": data["carried"],
        "encoders": body["encoders"],
        "manifest_sha256": one.signed.digest,
        "shares": [share.as_dict() for share in shares(body)],
    }
