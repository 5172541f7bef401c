"""The shared `MetaData`, and the care that each table and column must declare.

Personal data hides in columns that nobody thought about. So every column says, in its `info`, what it is for,
where it may lie, how long it is kept and how it is erased; `undeclared()` subtracts the declared from all, and
a test wants the empty set.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import MetaData

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


@dataclass(frozen=True, slots=True)
class Care:
    """How a column is handled. Each field is a short sentence for people.

    region: where it may lie; retention: how long it is kept; erasure: what removes it.
    keep_days: after so many days a job of the platform removes it (`privacy/retention`); None: no clock does.
    """

    region: str
    retention: str
    erasure: str
    keep_days: int | None = None

    def why(self, purpose: str) -> dict[str, Any]:
        """The `info` of a table or column that is handled this way and exists for `purpose`."""
        assert purpose, "a column without a purpose should not exist"
        return {"purpose": purpose, **asdict(self)}


PUBLIC = Care(region="anywhere", retention="while published", erasure="deleted with its item or creator")
"""Shown to everyone."""
PSEUDONYM = Care(region="home region", retention="until erased", erasure="deleted with the viewer")
"""Says what somebody did, under a pseudonym."""
PERSONAL = Care(region="home region", retention="while the account exists", erasure="deleted with the account")
"""Says who somebody is."""
OPERATIONAL = Care(region="where it runs", retention="while needed to run", erasure="overwritten or deleted by the job")
"""Keeps the machinery going; about nobody."""

DECLARED = frozenset({"purpose", "region", "retention", "erasure", "keep_days"})


def undeclared() -> Iterator[str]:
    """Each table and `table.column` whose `info` lacks a declaration."""
    for table in metadata.tables.values():
        if not table.info.keys() >= DECLARED:
            yield table.name
        for column in table.columns:
            if not column.info.keys() >= DECLARED:
                yield f"{table.name}.{column.name}"
