"""A secret for each item and each viewer, under which things are said of them in the open.

A mark made under it is the same wherever its owner looks for it, and noise to everybody else. It is never changed: what
the log holds under it binds the platform to it. Destroyed with its subject, and then nothing leads back.
"""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection

SUBJECT_SECRET_BYTES = 32
# The database's generator gives 122 random bits in each UUID: two of them, hashed together.
_MAKE = """
INSERT INTO subject_secrets (kind, id, secret)
SELECT %b::text, id, sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()))
FROM unnest(%b::bigint[]) AS given (id) ORDER BY id ON CONFLICT (kind, id) DO NOTHING
"""
_READ = "SELECT id, secret FROM subject_secrets WHERE kind = %b AND id = ANY(%b::bigint[])"


def secrets_for(connection: Connection, kind: str, ids: Collection[int]) -> dict[int, bytes]:
    """The secret of each of those subjects, (32,) bytes, made where there was none. Writes: give a transaction."""
    wanted = sorted(set(ids))
    held = _held(connection, kind, wanted)
    missing = [one for one in wanted if one not in held]
    if missing:
        connection.exec_driver_sql(_MAKE, (kind, missing))
        held |= _held(connection, kind, missing)
    assert len(held) == len(wanted), "each subject has a secret by now"
    return held


def known_secrets(connection: Connection, kind: str, ids: Collection[int]) -> dict[int, bytes]:
    """Those that there are. One that never had any was never learned from."""
    return _held(connection, kind, sorted(set(ids)))


def _held(connection: Connection, kind: str, ids: list[int]) -> dict[int, bytes]:
    return {row[0]: bytes(row[1]) for row in connection.exec_driver_sql(_READ, (kind, ids))} if ids else {}
