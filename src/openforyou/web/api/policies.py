"""Published rules, in force and past, as programs and auditors read them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import AwareDatetime, BaseModel, Field

from openforyou.core.errors import NotFound
from openforyou.core.ids import encode_id
from openforyou.moderation.rules import in_words
from openforyou.moderation.types import Effect, Felt, PolicyKind, Rule, ScopeKind, Standing
from openforyou.web.reach import ThePlatform

router = APIRouter(tags=["policies"])
PAGE_MAX = 1_000


class ScopeCard(BaseModel):
    """What a rule is about."""

    kind: ScopeKind
    id: str | None = Field(description="Of the item or the creator; null for cross-posts.")


class EndCard(BaseModel):
    """How a rule was ended before its date."""

    reason: str
    at: AwareDatetime
    log_index: int | None = Field(description="Where the record of it stands in the log; null while it waits.")


class PolicyCard(BaseModel):
    """A published rule, as its record in the log says it."""

    id: str
    kind: PolicyKind
    name: str
    reason: str
    scope: ScopeCard
    limit: int | None = Field(description="Of a cap: views of an item. Of a cross-post limit: items in a slate.")
    factor: float | None = Field(description="By which the value of an item counts.")
    since: AwareDatetime
    until: AwareDatetime | None
    does: str = Field(description="What it does, in words.")
    standing: Standing
    log_index: int | None = Field(description="Where its record stands in the log; null while it waits. It acts then.")
    end: EndCard | None


class PoliciesPage(BaseModel):
    """Rules in the order of the log."""

    policies: list[PolicyCard]
    next: str = Field(description="Send it as `after` for what follows; empty where nothing does.")


class SlatesCard(BaseModel):
    """In how many slates a rule did what to an item, over the last days."""

    removed: int = Field(description="It was proposed, and a cap took it out.")
    displaced: int = Field(description="By its value it would have stood there, and did not.")
    demoted: int = Field(description="It stood there, its value behind others' by the rule.")
    lifted: int = Field(description="It stood there, its value before others' by the rule.")


class FeltCard(BaseModel):
    """What a rule means for one item."""

    policy: PolicyCard
    is_about: bool = Field(description="Whether it is about the item now.")
    views: int | None = Field(description="The item's views, where the rule is a cap that is about it now.")
    slates: SlatesCard


@router.get("/policies", summary="Published rules")
def policies(
    platform: ThePlatform,
    after: Annotated[str, Query(description="The last id of the page before; empty for the first page.")] = "",
    limit: Annotated[int, Query(ge=1, le=PAGE_MAX)] = PAGE_MAX,
) -> PoliciesPage:
    """All that can cap, move or freeze an item, in force and past. What is not here, and in the log, does nothing."""
    cards = [policy_card(rule) for rule in platform.policies.rules() if rule.standing is not Standing.REFUSED]
    if after:
        places = [place for place, card in enumerate(cards) if card.id == after]
        if not places:
            raise NotFound("There is no such rule.", hint="Ask for the first page again.", field="after")
        cards = cards[places[0] + 1 :]
    page = cards[:limit]
    return PoliciesPage(policies=page, next=page[-1].id if len(cards) > limit else "")


def policy_card(rule: Rule) -> PolicyCard:
    """A rule as a program reads it."""
    policy, ending = rule.policy, rule.ending
    return PolicyCard(
        id=encode_id(policy.id),
        kind=policy.kind,
        name=policy.name,
        reason=policy.reason,
        scope=ScopeCard(kind=policy.scope.kind, id=None if policy.scope.id is None else encode_id(policy.scope.id)),
        limit=policy.limit,
        factor=policy.factor,
        since=policy.since,
        until=policy.until,
        does=in_words(policy),
        standing=rule.standing,
        log_index=rule.log_index,
        end=None if ending is None else EndCard(reason=ending.reason, at=ending.at, log_index=rule.ending_log_index),
    )


def felt_card(felt: Felt) -> FeltCard:
    """What a rule means for an item, as its creator reads it."""
    slates = SlatesCard(**{effect.value: felt.slates.get(effect, 0) for effect in Effect})
    return FeltCard(policy=policy_card(felt.rule), is_about=felt.is_about, views=felt.views, slates=slates)
