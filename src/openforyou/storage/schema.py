"""The shared `MetaData`, and the care that each table and column must declare.

Personal data hides in columns that nobody thought about. So every column says, in its `info`, what it is for,
where it may lie, how long it is kept, how it is erased and what a copy of it would tell; `undeclared()` subtracts the
declared from all, and a test wants the empty set.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from enum import StrEnum
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


class Nature(StrEnum):
    """What a copy of a column would tell."""

    PUBLIC = "public"
    """What everybody may see."""
    PSEUDONYM = "pseudonym"
    """Something about a person under a number that leads to nobody without a seal."""
    PERSONAL = "personal"
    """Something that says who a person is, and lies open. `tests/test_walk.py` lists each such column and why."""
    SEALED = "sealed"
    """Bytes that open with a key that the database does not have."""
    MARK = "mark"
    """A keyed digest: the same for the same value, with no way back without the key."""
    OPERATIONAL = "operational"
    """Nothing about any person."""


@dataclass(frozen=True, slots=True)
class Care:
    """How a column is handled. The first three fields are short sentences for people.

    region: where it may lie; retention: how long it is kept; erasure: what removes it; nature: what a copy tells;
    keep_days: after so many days a job of the platform removes it (`privacy/retention`); None: no clock does.
    """

    region: str
    retention: str
    erasure: str
    nature: Nature
    keep_days: int | None = None

    def why(self, purpose: str, nature: Nature | None = None) -> dict[str, Any]:
        """The `info` of a table or column that is handled this way and exists for `purpose`.

        `nature`, where it is another than that of the rest of its table.
        """
        assert purpose, "a column without a purpose should not exist"
        return {"purpose": purpose, **asdict(self), "nature": nature or self.nature}


PUBLIC = Care(
    region="anywhere",
    retention="while published",
    erasure="deleted with its item or creator",
    nature=Nature.PUBLIC,
)
"""Shown to everyone."""
PSEUDONYM = Care(
    region="home region",
    retention="until erased",
    erasure="deleted with the viewer",
    nature=Nature.PSEUDONYM,
)
"""Says what somebody did, under a pseudonym."""
ACCOUNT = Care(
    region="home region",
    retention="while the account exists",
    erasure="deleted with the account",
    nature=Nature.PSEUDONYM,
)
"""Says something about an account by its number; whose it is, is sealed."""
PERSONAL = Care(
    region="home region",
    retention="while the account exists",
    erasure="deleted with the account",
    nature=Nature.PERSONAL,
)
"""Says who somebody is, and lies open: an exception that the walk names, with its reason."""
MARK = Care(
    region="home region",
    retention="while the account exists",
    erasure="deleted with the account",
    nature=Nature.MARK,
)
"""A keyed digest by which somebody is found who says who they are."""
SEALED = Care(
    region="home region",
    retention="until erased",
    erasure="its person's key is destroyed in the broker's keystore",
    nature=Nature.SEALED,
)
"""Says who somebody is, and nobody can read it without the broker."""
OPERATIONAL = Care(
    region="where it runs",
    retention="while needed to run",
    erasure="overwritten or deleted by the job",
    nature=Nature.OPERATIONAL,
)
"""Keeps the machinery going; about nobody."""

DECLARED = frozenset({"purpose", "region", "retention", "erasure", "nature", "keep_days"})


def undeclared() -> Iterator[str]:
    """Each table and `table.column` whose `info` lacks a declaration."""
    for table in metadata.tables.values():
        if not table.info.keys() >= DECLARED:
            yield table.name
        for column in table.columns:
            if not column.info.keys() >= DECLARED:
                yield f"{table.name}.{column.name}"
