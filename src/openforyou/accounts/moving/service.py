"""Seal what migration 0018 put aside. Runs at each start, and finds nothing to do after the first.

Each batch is one transaction: what it seals is stored, and what lay open is deleted, or neither. Wherever the process
ends, each account is either still put aside or sealed, and the next start goes on. Until all is sealed nothing is
served: without the keeper the start fails and says so.
"""

from __future__ import annotations

import logging

from sqlalchemy import Connection

from openforyou.accounts import seals
from openforyou.accounts import store as accounts_store
from openforyou.accounts.guardians import told_of
from openforyou.accounts.moving import store
from openforyou.accounts.moving.types import OpenGuardianship
from openforyou.accounts.seals import Seals
from openforyou.accounts.types import Guardianship, Ward
from openforyou.core.ids import encode_id
from openforyou.privacy.vault.types import Field, Keeper
from openforyou.storage.database import Database

BATCH = 200
_log = logging.getLogger(__name__)


def seal_what_lay_open(database: Database, keeper: Keeper) -> int:
    """Answers how many accounts were sealed. Raises `BrokerUnavailable`; what was sealed until then stays so."""
    with database.connect() as connection:
        if not store.is_waiting(connection):
            return 0
    sealing, count = Seals(keeper), 0
    with store.moving(database):
        with database.connect() as connection:
            if not store.is_waiting(connection):
                return 0  # another process did it meanwhile
        while _move_guardianships(database, sealing):
            pass
        while moved := _move_accounts(database, sealing):
            count += moved
        store.rewrite(database)
        with database.begin() as connection:
            store.drop(connection)
    _log.info("the personal fields of %d accounts were sealed", count)
    return count


def _move_guardianships(database: Database, sealing: Seals) -> int:
    with database.begin() as connection:
        found = store.open_guardianships(connection, BATCH)
        for one in found:
            _seal_guardianship(connection, sealing, one)
        store.moved_guardianships(connection, [one.id for one in found])
    return len(found)


def _seal_guardianship(connection: Connection, sealing: Seals, one: OpenGuardianship) -> None:
    ward_mark, guardian_mark = sealing.guardian_marks(one.ward_id, one.guardian_id)
    moved = Guardianship(one.id, ward_mark, guardian_mark, one.since, one.evidence, one.until)
    accounts_store.insert_guardianship(connection, moved)
    if one.until is None:
        noted = sealing.noted(connection, one.guardian_id, Field.GUARDIANS)
        told = told_of(Ward(one.ward_id, one.ward_viewer_id, one.ward_email))
        sealing.note(connection, one.guardian_id, Field.GUARDIANS, noted | {encode_id(one.id): told})


def _move_accounts(database: Database, sealing: Seals) -> int:
    with database.begin() as connection:
        found = store.open_accounts(connection, BATCH)
        emails = sealing.email_marks([one.email for one in found])
        viewers = sealing.viewer_marks([one.viewer_id for one in found])
        for one, email_mark, viewer_mark in zip(found, emails, viewers, strict=True):
            seals.put(connection, one.id, sealing.of_account(one, one.devices))
            store.set_marks(connection, one.id, email_mark, viewer_mark)
        store.moved_accounts(connection, [one.id for one in found])
    return len(found)
