"""The only SQL about credentials."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, select

from openforyou.catalog.credentials.tables import credentials, opt_outs
from openforyou.catalog.credentials.types import Credentials, OptOut
from openforyou.catalog.rights import store as rights_store
from openforyou.catalog.rights.rules import EVIDENCE_LENGTH_MAX
from openforyou.catalog.rights.types import ITEM_SUBJECT, Act, Decision, Party
from openforyou.catalog.types import Right
from openforyou.core.ids import ItemId, new_id

C2PA = "c2pa"
NAME_LENGTH_MAX = 200


def put(connection: Connection, item_id: ItemId, found: Credentials, at: datetime) -> None:
    """Keep what was read of an item's source, and let its refusals hold."""
    connection.execute(delete(credentials).where(credentials.c.item_id == item_id))  # made anew: read anew
    connection.execute(delete(opt_outs).where(opt_outs.c.item_id == item_id, opt_outs.c.kind == C2PA))
    row = {"item_id": item_id, "told": found.as_dict(), "read_at": at}
    connection.execute(insert(credentials).values(row))
    refuse_learning(
        connection,
        item_id,
        [OptOut(C2PA, one.manifest, one.label, one.text, found.state.value, at) for one in found.refusals],
    )


def refuse_learning(connection: Connection, item_id: ItemId, refusals: Collection[OptOut]) -> None:
    """Keep refusals, and let them end the right `learn`; only an operator, on evidence, can open it again."""
    if not refusals:
        return
    rows: list[dict[str, Any]] = [
        {
            "id": new_id(),
            "item_id": item_id,
            "kind": one.kind,
            "source": one.source,
            "label": one.label,
            "said": one.said,
            "state": one.state,
            "at": one.at,
        }
        for one in refusals
    ]
    connection.execute(insert(opt_outs), rows)
    said = [
        Decision(
            act=Act.REFUSE,
            right=Right.LEARN,
            subject_kind=ITEM_SUBJECT,
            subject_id=item_id,
            by=Party.CREDENTIAL,
            granted_by=f"{one.kind}:{one.label}"[:NAME_LENGTH_MAX],
            evidence=f"{one.source}: {one.said}"[:EVIDENCE_LENGTH_MAX],
            since=one.at,
        )
        for one in refusals
    ]
    rights_store.record(connection, said, max(one.at for one in refusals))


def credentials_of(connection: Connection, item_id: int) -> tuple[Credentials, datetime] | None:
    """What was read, and when; None for an item that nothing was read of."""
    row = connection.execute(
        select(credentials.c.told, credentials.c.read_at).where(credentials.c.item_id == item_id)
    ).one_or_none()
    return None if row is None else (Credentials.from_dict(row.told), row.read_at)


def opt_outs_of(connection: Connection, ids: Collection[int]) -> dict[int, list[OptOut]]:
    """The refusals that came with items, by item, oldest first; only those that have any."""
    rows = connection.execute(
        select(opt_outs).where(opt_outs.c.item_id.in_(list(ids))).order_by(opt_outs.c.at, opt_outs.c.id)
    )
    found: dict[int, list[OptOut]] = {}
    for row in rows:
        one = OptOut(row.kind, row.source, row.label, row.said, row.state, row.at)
        found.setdefault(row.item_id, []).append(one)
    return found
