"""A platform with a few items, and somebody who publishes rules about them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text

from openforyou.app.platform import Platform
from openforyou.catalog.types import Creator, Draft
from openforyou.core.ids import ItemId, new_id
from openforyou.ledger.source import FolderSource
from openforyou.moderation.service import Policies
from openforyou.moderation.types import Policy, Proposal, Rule, Scope, ScopeKind, Standing

REASON = "So that the tests have something to read."


@dataclass
class Office:
    """Publishes, and does what a database superuser can."""

    platform: Platform
    creator: Creator
    item_id: ItemId

    @property
    def policies(self) -> Policies:
        return self.platform.policies

    @property
    def scope(self) -> Scope:
        return Scope(ScopeKind.ITEM, self.item_id)

    def publish(self, kind: str = "cap", **said: Any) -> Policy:
        """A cap of 5 views on the item, unless said otherwise."""
        told = {"name": "A rule", "reason": REASON, "scope": self.scope, **said}
        if kind in ("cap", "cross_post_limit"):
            told.setdefault("limit", 5)
        return self.policies.publish(Proposal(kind, **told))

    def published(self, kind: str = "cap", **said: Any) -> Policy:
        """One whose record stands in the log, behind those before it."""
        policy = self.publish(kind, **said)
        self.platform.log.step()
        return policy

    def another_process(self) -> Policies:
        """One that has proven nothing yet."""
        return Policies(self.platform.database, self.platform.clock, FolderSource(self.platform.settings.log_folder))

    def rule(self, policy: Policy, by: Policies | None = None) -> Rule:
        return next(rule for rule in (by or self.policies).rules() if rule.policy.id == policy.id)

    def standing(self, policy: Policy, by: Policies | None = None) -> Standing:
        return self.rule(policy, by).standing

    def superuser(self, statement: str, **values: Any) -> None:
        with self.platform.database.begin() as connection:
            connection.execute(text(statement), values)

    def insert_row(self, seq: int, **said: Any) -> int:
        """A cap written straight into the table. Answers its id."""
        row = {
            "id": new_id(),
            "kind": "cap",
            "name": "By hand",
            "reason": REASON,
            "scope_kind": "item",
            "scope_id": self.item_id,
            "since": self.now,
            "limit": 0,
            "seq": seq,
            **said,
        }
        names = ", ".join(f'"{name}"' for name in row)
        self.superuser(f"INSERT INTO policies ({names}) VALUES ({', '.join(f':{name}' for name in row)})", **row)
        number: int = row["id"]
        return number

    @property
    def now(self) -> datetime:
        return self.platform.clock.now()

    def add_item(self, *, cross_post: bool = False) -> ItemId:
        item_id = ItemId(new_id())
        draft = Draft("A clip", "", frozenset(), "a.mp4", uuid4().hex, cross_post=cross_post)
        self.platform.catalog.queue(item_id, self.creator.id, draft, "", "for a test")
        return item_id


@pytest.fixture
def office(platform: Platform) -> Office:
    creator = platform.catalog.add_creator("maker", "Maker")
    made = Office(platform, creator, ItemId(0))
    made.item_id = made.add_item()
    return made
