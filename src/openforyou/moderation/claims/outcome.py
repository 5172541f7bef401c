"""What a decision does: begun when it is made, undone when an appeal turns it, settled when it stands.

kind            begun                                   undone                          settled
copy            the claimant may publish it             no more                         -
theft           the clip is suspended: nobody sees it   it is back as it was            withdrawn, its rights end
impersonation   the handle changes hands                it changes back                 -
"""

from __future__ import annotations

import secrets
from datetime import datetime

from sqlalchemy import Connection

from openforyou.catalog import store as catalog_store
from openforyou.catalog.standing import store as standing
from openforyou.catalog.types import ItemStatus
from openforyou.core.ids import encode_id
from openforyou.moderation.claims import store
from openforyou.moderation.claims.types import Claim, ClaimKind

FORMERLY = "formerly.{}"
"""The handle of whoever gave theirs away; they may choose another."""


def begin(connection: Connection, claim: Claim, at: datetime) -> None:
    """A claim was upheld."""
    about = claim.about
    if about.kind is ClaimKind.COPY:
        store.clear(connection, claim, at)
    elif about.kind is ClaimKind.THEFT:
        assert about.item_id is not None, "a theft of nothing"
        reason = f"Suspended by claim {encode_id(claim.id)}, which says that it belongs to somebody else."
        standing.suspend(connection, about.item_id, reason)
    else:
        handed = catalog_store.creators_by_id(connection, [about.respondent])[about.respondent].handle
        store.change(connection, claim.id, handle=handed)
        _swap(connection, claim, handed)


def undo(connection: Connection, claim: Claim, at: datetime) -> None:
    """An appeal turned it."""
    about = claim.about
    if about.kind is ClaimKind.COPY:
        store.end_clearance(connection, claim.id, at)
    elif about.kind is ClaimKind.THEFT:
        assert about.item_id is not None, "a theft of nothing"
        standing.reinstate(connection, about.item_id)
    else:
        _swap_back(connection, claim)


def settle(connection: Connection, claim: Claim, at: datetime) -> None:
    """It stands for good."""
    if claim.about.kind is ClaimKind.THEFT:
        assert claim.about.item_id is not None, "a theft of nothing"
        reason = f"Taken down by claim {encode_id(claim.id)}."
        standing.withdraw(connection, claim.about.item_id, at, reason, from_status=ItemStatus.SUSPENDED)


def _swap(connection: Connection, claim: Claim, handle: str) -> None:
    """The claimant gets the handle; whoever had it gets one that says nothing."""
    catalog_store.rename(connection, claim.about.respondent, FORMERLY.format(secrets.token_hex(4)))
    catalog_store.rename(connection, claim.claimant, handle)


def _swap_back(connection: Connection, claim: Claim) -> None:
    """As it was, as far as the claimant still has it; their own old handle is free, and theirs to choose again."""
    handle = store.handle_of(connection, claim.id)
    claimant = catalog_store.creators_by_id(connection, [claim.claimant]).get(claim.claimant)
    if handle is None or claimant is None or claimant.handle != handle:
        return
    catalog_store.rename(connection, claim.claimant, FORMERLY.format(secrets.token_hex(4)))
    catalog_store.rename(connection, claim.about.respondent, handle)
