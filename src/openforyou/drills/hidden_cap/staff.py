"""What an operator does in the open, and what everybody and a creator sees of it."""

from __future__ import annotations

from time import sleep
from typing import Any

from openforyou.core.ids import decode_id, encode_id
from openforyou.drills.errors import Broken
from openforyou.drills.viewers import Told, Viewer
from openforyou.drills.world import World
from openforyou.moderation.types import PolicyId, PolicyKind, Proposal, Scope, ScopeKind

ASK_EVERY_S = 1.0
"""Somebody new is asked for each time, and first visits are limited."""


def published(world: World, kind: PolicyKind, item: str, **said: Any) -> str:
    """Publish a rule about an item as `openforyou policy publish` does; its id, once it is in force."""
    scope = Scope(ScopeKind.ITEM, decode_id(item))
    proposal = Proposal(kind, "Drill", "published for a drill, in the open", scope, **said)
    rule = encode_id(world.platform.policies.publish(proposal).id)
    in_force(world, rule)
    return rule


def in_force(world: World, rule: str) -> Told:
    """The rule as it is shown, once it is in force. Raises `Broken` where it does not come to that."""

    def look() -> Told | None:
        shown = rules_shown(world).get(rule)
        return shown if shown is not None and shown["standing"] == "in_force" else None

    told: Told = world.wait_for(look, f"the rule {rule} is shown as in force")
    return told


def ended(world: World, rule: str) -> None:
    """End a rule as `openforyou policy end` does, and wait until it is shown as ended."""
    world.platform.policies.end(PolicyId(decode_id(rule)), "the drill is over")
    world.wait_for(lambda: rules_shown(world)[rule]["standing"] == "ended", f"the rule {rule} is shown as ended")


def rules_shown(world: World) -> dict[str, Told]:
    """The rules at /v1/policies, by id."""
    rules: list[Told] = world.ask("/v1/policies")["policies"]
    return {rule["id"]: rule for rule in rules}


def is_recommended(world: World, item: str) -> bool:
    """Whether somebody new finds the item in a slate that has room for all."""
    return item in world.viewer().cards


def wait_recommended(world: World, item: str, *, is_so: bool) -> Viewer:
    """The first viewer to whom it is so. Raises `Broken` where it does not become so."""

    def look() -> Viewer | None:
        viewer = world.viewer()
        return viewer if (item in viewer.cards) == is_so else None

    words = f"{item} is {'' if is_so else 'not '}recommended"
    viewer: Viewer = world.wait_for(look, words, every_s=ASK_EVERY_S)
    return viewer


def why(world: World, item: str) -> Told:
    """Why the item stands in the slate of somebody new, as recorded with it."""
    viewer = world.viewer()
    query = {"request_id": viewer.request_id, "item_id": item}
    # The record of a slate is written some moments after it was served.
    told: Told = world.wait_for(lambda: _found(viewer, query), f"a slate with {item} is recorded")
    return told


def _found(viewer: Viewer, query: dict[str, str]) -> Told | None:
    answer = viewer.http.get("/v1/why", params=query)
    return dict(answer.json()) if answer.status_code == 200 else None


def told_to_creator(world: World, item: str, rule: str) -> Told:
    """What its creator reads of a rule and an item, on the page of their uploads. Raises `Broken` for none."""
    for own in world.maker.ask("/v1/uploads")["items"]:
        for felt in own["rules"]:
            if own["id"] == item and felt["policy"]["id"] == rule:
                told: Told = felt
                return told
    raise Broken(f"the creator is told nothing of {rule} and {item}")


def felt_by_creator(world: World, item: str, rule: str) -> Told:
    """The same, once a slate that was served without the item is recorded. Raises `Broken` where none is."""

    def look() -> Told | None:
        told = told_to_creator(world, item, rule)
        return told if told["slates"]["removed"] else None

    felt: Told = world.wait_for(look, f"the creator of {item} is told of what {rule} did", every_s=ASK_EVERY_S)
    return felt


def until(seconds: float) -> bool:
    """Wait; always true."""
    sleep(seconds)
    return True
