"""Which role may read which columns and rows. Derived from each column's declared nature, so that a new column is
closed to people until somebody says what it tells.

    openforyou_service   the platform's own processes: rows of every table; no schema, no roles, no files of the server
    openforyou_analyst   people who count: columns that are public or about nobody, of what is published
    openforyou_auditor   people who check: beside these, words about rights over clips and sounds, and how claims went
    openforyou_backup    a dump of everything: what is sealed stays sealed in it

What is sealed, marks, secrets, sessions and every row of a viewer are open to neither analyst nor auditor. None of this
is what keeps secrets: a superuser walks past all of it, and finds ciphertexts. It narrows what a stolen password opens.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from openforyou.storage.schema import Nature

if TYPE_CHECKING:
    from sqlalchemy import MetaData, Table


class Role(StrEnum):
    """A role that logins are put into. Roles are of the whole server, so their names are long."""

    SERVICE = "openforyou_service"
    ANALYST = "openforyou_analyst"
    AUDITOR = "openforyou_auditor"
    BACKUP = "openforyou_backup"


PEOPLE = (Role.ANALYST, Role.AUDITOR)
OPEN = frozenset({Nature.PUBLIC, Nature.OPERATIONAL})
NEVER = frozenset({Nature.SEALED, Nature.MARK, Nature.PERSONAL})
SECRETS = frozenset({"viewer_secrets", "subject_secrets"})
"""Hold what makes marks in the log, until the broker has taken it in."""
CHECKED = frozenset({"rights", "right_events", "claims"})
"""Tables of pseudonyms whose other columns an auditor reads, and no analyst."""


@dataclass(frozen=True, slots=True)
class Grant:
    """What a role may read of a table."""

    role: Role
    table: str
    columns: tuple[str, ...]


def readable(metadata: MetaData) -> Iterator[Grant]:
    """Every grant to people, by table and role; tables of which they see nothing are left out."""
    for table in sorted(metadata.tables.values(), key=lambda one: one.name):
        for role in PEOPLE:
            columns = tuple(column.name for column in table.columns if _may_read(role, table, column.info["nature"]))
            if columns and not _is_bare(table, columns):
                yield Grant(role, table.name, columns)


def _may_read(role: Role, table: Table, nature: Nature) -> bool:
    if nature in NEVER or table.name in SECRETS:
        return False
    return nature in OPEN or (role is Role.AUDITOR and table.name in CHECKED)


def _is_bare(table: Table, columns: tuple[str, ...]) -> bool:
    """Whether what is left of a table about people says nothing without what was taken out."""
    keys = {column.name for column in table.primary_key.columns}
    return not keys <= set(columns)
