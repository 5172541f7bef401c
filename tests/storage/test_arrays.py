"""Packed columns arrive as what they were."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from openforyou.storage import arrays
from openforyou.storage.database import Database

MOMENTS = st.integers(86_400_000_000, 4_102_444_800_000_000).map(
    lambda us: datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=us)
)


def there_and_back(database: Database, type_: str, column: Any) -> list[Any]:
    with database.connect() as connection:
        found = connection.exec_driver_sql(f"SELECT %b::{type_}[]", (column,)).scalar_one()
        return list(found)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    bigs=st.lists(st.integers(-(2**63), 2**63 - 1)),
    ints=st.lists(st.integers(-(2**31), 2**31 - 1)),
    bools=st.lists(st.booleans()),
    moments=st.lists(MOMENTS),
    uuids=st.lists(st.uuids()),
    blobs=st.lists(st.binary(max_size=40)) | st.lists(st.binary(min_size=30, max_size=30)),
)
def test_what_goes_in_comes_out(
    database: Database,
    bigs: list[int],
    ints: list[int],
    bools: list[bool],
    moments: list[datetime],
    uuids: list[UUID],
    blobs: list[bytes],
) -> None:
    assert there_and_back(database, "bigint", arrays.int8s(bigs)) == bigs
    assert there_and_back(database, "int", arrays.int4s(ints)) == ints
    assert there_and_back(database, "bool", arrays.bools(bools)) == bools
    assert there_and_back(database, "timestamptz", arrays.moments(moments)) == moments
    assert there_and_back(database, "uuid", arrays.uuids(uuids)) == uuids
    assert [bytes(blob) for blob in there_and_back(database, "bytea", arrays.byteas(blobs))] == blobs


def test_no_moment_is_minus_infinity(database: Database) -> None:
    now = datetime(2026, 5, 1, 12, tzinfo=UTC) + timedelta(microseconds=1)
    with database.connect() as connection:
        rows = connection.exec_driver_sql(
            "SELECT nullif(at, '-infinity') FROM unnest(%b::timestamptz[]) AS given (at)",
            (arrays.moments([None, now]),),
        )
        assert [row[0] for row in rows] == [None, now]


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(OverflowError):
        arrays.int4s([2**31])
