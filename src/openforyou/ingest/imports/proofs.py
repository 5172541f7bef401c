"""Who has proven to own which account elsewhere, as imports ask for it. A zip can be forged; a live check cannot."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

from openforyou.catalog.identities.service import Identities
from openforyou.core.ids import CreatorId


class Proofs(Protocol):
    """The accounts elsewhere that a creator has proven, and whose proof stands now."""

    def proven(self, creator_id: CreatorId) -> Collection[tuple[str, str]]:
        """Each as its platform (as `Importer.name`) and its handle or id; an account may stand under both."""
        ...


class Checked:
    """The proofs that `identities` holds, each under its handle and its lasting id."""

    def __init__(self, identities: Identities) -> None:
        self._identities = identities

    def proven(self, creator_id: CreatorId) -> Collection[tuple[str, str]]:
        """What counts now."""
        found = self._identities.proven(creator_id)
        return [(one.outside.platform, key) for one in found for key in (one.outside.who, one.subject) if key]


class NothingProven:
    """The strict answer where nobody checks: then every import stays private to its owner."""

    def proven(self, creator_id: CreatorId) -> Collection[tuple[str, str]]:  # noqa: ARG002 - nobody has
        """Nothing."""
        return ()
