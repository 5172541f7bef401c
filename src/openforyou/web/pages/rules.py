"""The page of published rules: what each is about and what it did, in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from openforyou.app.platform import Platform
from openforyou.catalog.types import Creator, Item
from openforyou.core.ids import encode_id
from openforyou.moderation.rules import in_words
from openforyou.moderation.types import Effect, PolicyKind, Rule, ScopeKind, Standing

KINDS = {
    PolicyKind.CAP: "Cap",
    PolicyKind.BOOST: "Boost",
    PolicyKind.DEMOTE: "Demotion",
    PolicyKind.FREEZE: "Freeze",
    PolicyKind.CROSS_POST_LIMIT: "Cross-post limit",
}
STANDINGS = {
    Standing.WAITING: "On its way into the log; does nothing yet",
    Standing.TO_COME: "Published; begins later",
    Standing.IN_FORCE: "In force",
    Standing.ENDED: "Ended",
}
EFFECTS = {
    Effect.REMOVED: "left a clip out of a slate",
    Effect.DISPLACED: "pushed a clip out of a slate",
    Effect.DEMOTED: "put a clip lower in a slate",
    Effect.LIFTED: "put a clip higher in a slate",
}


@dataclass(frozen=True, slots=True)
class Shown:
    """One rule as the page draws it. `address` leads to what it is about, where that may be shown."""

    id: str
    kind: str
    name: str
    reason: str
    about: str
    address: str
    does: str
    standing: str
    has_ended: bool
    since: datetime
    until: datetime | None
    record: int | None
    end_reason: str
    end_record: int | None
    did: tuple[str, ...]


def shown(platform: Platform) -> list[Shown]:
    """What the log says, newest first; those that ended come last."""
    rules = [rule for rule in platform.policies.rules() if rule.standing in STANDINGS]
    named = {kind: [rule.policy.scope.id for rule in rules if rule.policy.scope.kind is kind] for kind in ScopeKind}
    items = platform.catalog.items([each for each in named[ScopeKind.ITEM] if each])
    creators = platform.catalog.creators([each for each in named[ScopeKind.CREATOR] if each])
    did = platform.policies.effects()
    rules.reverse()
    rules.sort(key=lambda rule: rule.standing is Standing.ENDED)
    return [_shown(rule, items, creators, _did(did.get(rule.policy.id, {}))) for rule in rules]


def _shown(rule: Rule, items: Mapping[int, Item], creators: Mapping[int, Creator], did: Sequence[str]) -> Shown:
    policy, ending = rule.policy, rule.ending
    about, address = _about(rule, items, creators)
    has_ended = rule.standing is Standing.ENDED
    return Shown(
        id=encode_id(policy.id),
        kind=KINDS[policy.kind],
        name=policy.name,
        reason=policy.reason,
        about=about,
        address=address,
        does=in_words(policy),
        standing=STANDINGS[rule.standing],
        has_ended=has_ended,
        since=policy.since,
        until=ending.at if has_ended and ending is not None else policy.until,
        record=rule.log_index,
        end_reason="" if ending is None else ending.reason,
        end_record=rule.ending_log_index,
        did=tuple(did),
    )


def _about(rule: Rule, items: Mapping[int, Item], creators: Mapping[int, Creator]) -> tuple[str, str]:
    """In words, and its address; a clip that may not be shown keeps its title to itself."""
    scope = rule.policy.scope
    if scope.id is None:
        return "Clips posted elsewhere before", ""
    if scope.kind is ScopeKind.CREATOR:
        creator = creators.get(scope.id)
        return ("A creator who left", "") if creator is None else (f"@{creator.handle}", f"/@{creator.handle}")
    item = items.get(scope.id)
    if item is None:
        return f"Clip {encode_id(scope.id)}, which is not shown", ""
    return f"“{item.title}”", f"/item/{encode_id(scope.id)}"


def _did(effects: Mapping[Effect, int]) -> list[str]:
    return [
        f"{words} {'once' if effects[effect] == 1 else f'{effects[effect]:,} times'}"
        for effect, words in EFFECTS.items()
        if effects.get(effect)
    ]
