"""What our own manifests say: pure, as the library's definition of a manifest."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from openforyou import __version__
from openforyou.catalog.credentials.types import ALLOWED, Mining

PARENT = "parent"
MINING_LABEL = "cawg.training-mining"
PURPOSES = ("data_mining", "ai_inference", "ai_training", "ai_generative_training")
CONSTRAINED, REFUSED = "constrained", "notAllowed"
SOURCE_TYPE = "http://cv.iptc.org/newscodes/digitalsourcetype/"
REDACTED_BECAUSE = "c2pa.PII.present"
TELLING = ("exif", "gps", "tiff", "location", "city", "address", "serial", "place")
"""In the name of a field: it says where or with which device something was made."""


def ingredient(title: str, relation: str, label: str) -> dict[str, Any]:
    """Something that a file was made from. `label` is how its manifest's actions name it."""
    return {"title": title, "relationship": relation, "label": label}


class Composed(NamedTuple):
    """What the studio made. `labels` are its ingredients as actions name them."""

    title: str
    creator: str
    labels: tuple[str, ...]
    has_ai: bool


def transcoded(title: str, mining: Sequence[Mining], redacted: Sequence[str], at: datetime) -> dict[str, Any]:
    """Of a rendition: its parent opened, what tells of people left out of that, and brought to another size or codec.

    What the source says about training and mining goes along, so that a rendition is no way around it.
    """
    opened = _action("c2pa.opened", at, parameters={"ingredientIds": [PARENT]})
    actions = [opened, *_left_out(redacted, at), _action("c2pa.transcoded", at)]
    return _manifest(title, actions, _carried(mining), redacted)


def composed(made: Composed, mining: Sequence[Mining], redacted: Sequence[str], at: datetime) -> dict[str, Any]:
    """Of what the studio makes: created here, with each ingredient placed in it; what those refuse goes along."""
    kind = "compositeWithTrainedAlgorithmicMedia" if made.has_ai else "composite"
    created = _action("c2pa.created", at, digitalSourceType=SOURCE_TYPE + kind)
    placed = [_action("c2pa.placed", at, parameters={"ingredientIds": [label]}) for label in made.labels]
    context = {"dc": "http://purl.org/dc/elements/1.1/"}
    credit = {"label": "cawg.metadata", "data": {"@context": context, "dc:creator": [made.creator]}}
    actions = [created, *_left_out(redacted, at), *placed]
    return _manifest(made.title, actions, [credit, *_carried(mining)], redacted)


def _action(name: str, at: datetime, **told: Any) -> dict[str, Any]:
    return {"action": name, "when": at.isoformat(timespec="seconds"), **told}


def _left_out(redacted: Sequence[str], at: datetime) -> list[dict[str, Any]]:
    return [_action("c2pa.redacted", at, reason=REDACTED_BECAUSE, parameters={"redacted": uri}) for uri in redacted]


def _manifest(
    title: str, actions: list[dict[str, Any]], others: Iterable[dict[str, Any]], redacted: Sequence[str]
) -> dict[str, Any]:
    """The actions are this platform's word (`created`); the rest is passed on as others said it."""
    return {
        **({"redactions": list(redacted)} if redacted else {}),
        "claim_generator_info": [{"name": "OpenForYou", "version": __version__}],
        "title": title,
        "assertions": [{"label": "c2pa.actions.v2", "data": {"actions": actions}, "created": True}, *others],
    }


def _carried(mining: Sequence[Mining]) -> list[dict[str, Any]]:
    """One assertion of all, each purpose as its strictest said; none where there was none."""
    entries: dict[str, Any] = {}
    for purpose in PURPOSES:
        said = [
            (_use(one, purpose), one.terms.get(purpose, "")) for one in mining if purpose in one.uses or not one.uses
        ]
        for wanted in (REFUSED, CONSTRAINED, ALLOWED):
            if found := [terms for use, terms in said if use == wanted]:
                terms = {"constraint_info": found[0]} if wanted == CONSTRAINED and found[0] else {}
                entries[f"cawg.{purpose}"] = {"use": wanted, **terms}
                break
    return [{"label": MINING_LABEL, "data": {"entries": entries}}] if entries else []


def _use(one: Mining, purpose: str) -> str:
    """Words that nobody here understands are passed on as a refusal."""
    said = one.uses.get(purpose, REFUSED)
    return said if said in (ALLOWED, CONSTRAINED) else REFUSED


def telling(report: Mapping[str, Any]) -> list[str]:
    """The assertions of a source's manifests that stay out of a public rendition, as URIs that can be redacted.

    Those that say where or with which device it was made, and thumbnails of earlier states: the picture itself is
    published, and it may have been cropped for a reason.
    """
    found: list[str] = []
    for label, manifest in report.get("manifests", {}).items():
        base = f"self#jumbf=/c2pa/{label}/c2pa.assertions/"
        found += [base + each["label"] for each in manifest.get("assertions", []) if _tells(each)]
        thumbnail = (manifest.get("thumbnail") or {}).get("identifier", "")
        if thumbnail.startswith(base):
            found.append(thumbnail)
    return found


def _tells(assertion: Mapping[str, Any]) -> bool:
    label = str(assertion.get("label"))
    is_about = label.startswith("stds.") or label.split("__")[0].endswith(".metadata")
    return is_about and (
        "exif" in label or any(word in key for key in _keys(assertion.get("data")) for word in TELLING)
    )


def _keys(data: object) -> Iterable[str]:
    """Every field's name, at every depth, in small letters; without the names of vocabularies."""
    if isinstance(data, dict):
        for key, value in data.items():
            if key != "@context":
                yield str(key).lower()
                yield from _keys(value)
    elif isinstance(data, list):
        for value in data:
            yield from _keys(value)
