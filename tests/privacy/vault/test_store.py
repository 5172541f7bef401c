"""Seals lie in the database by person and field, replaced and deleted; what is no seal does not get in."""

from __future__ import annotations

import pytest

from openforyou.privacy.vault import crypto, store
from openforyou.privacy.vault.errors import Unopened
from openforyou.privacy.vault.types import Field, Kind, Subject
from openforyou.storage.database import Database

ONE, OTHER = Subject(Kind.ACCOUNT, 1), Subject(Kind.ACCOUNT, 2)


def test_put_get_remove(database: Database) -> None:
    def sealed(subject: Subject, field: Field, value: bytes) -> bytes:
        return crypto.seal(bytes(32), subject, field, "home", value)

    first = {field: sealed(ONE, field, b"1") for field in (Field.EMAIL, Field.MINOR)}
    newer = {Field.EMAIL: sealed(ONE, Field.EMAIL, b"2")}
    others = {Field.EMAIL: sealed(OTHER, Field.EMAIL, b"3")}
    with database.begin() as connection:
        store.put(connection, ONE, first)
        store.put(connection, OTHER, others)
        store.put(connection, ONE, newer)
        assert store.get(connection, ONE) == {**first, **newer}
        assert store.get(connection, ONE, [Field.MINOR]) == {Field.MINOR: first[Field.MINOR]}
        assert store.get(connection, Subject(Kind.VIEWER, 1)) == {}
        assert store.get(connection, OTHER) == others
        assert store.remove(connection, ONE, [Field.EMAIL]) == 1
        assert store.get(connection, ONE) == {Field.MINOR: first[Field.MINOR]}
        assert store.remove(connection, ONE) == 1
        assert store.get(connection, OTHER) == others
        with pytest.raises(Unopened):
            store.put(connection, ONE, {Field.EMAIL: b"a@example.org"})
