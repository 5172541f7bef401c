"""Every column of every table says what a copy of it would tell; what tells who somebody is, is sealed or named here.

Walked twice: as the code declares the tables, and as they lie in a migrated database.
"""

from __future__ import annotations

import pkgutil
import re
from collections.abc import Iterable
from importlib import import_module

from sqlalchemy import BigInteger, Column, LargeBinary, MetaData, Table, Text, text

import openforyou
from openforyou.storage.database import Database
from openforyou.storage.schema import MARK, OPERATIONAL, PERSONAL, PSEUDONYM, Nature, metadata

for _module in pkgutil.walk_packages(openforyou.__path__, "openforyou."):
    if _module.name.endswith(".tables"):
        import_module(_module.name)

OPEN: dict[str, tuple[str, str]] = {
    "creators": ("account_id guarded", "which account publishes, whose owner is sealed; each upload asks both"),
    "identity_challenges": (
        "id creator_id platform who url method code secrets created_at expires_at tries",
        "an account elsewhere that is yet to be proven, for a day",
    ),
    "identities": (
        "id creator_id platform who url subject method code evidence proven_at checked_at expires_at look_at"
        " failing_since failure ended_at end_reason",
        "proofs are shown on their page and looked at again by a job, while nobody is signed in",
    ),
    "identity_checks": (
        "id creator_id platform who method result saw url sha256 at",
        "looks at those, as evidence where two people dispute an account",
    ),
    "imported_entries": (
        "creator_id platform external_id owner_handle owner_id kind title outcome reason item_id asked word given"
        " posted_at privacy source_url sound licence is_ai history files",
        "what somebody posted elsewhere, also in private: a job takes it in while they are away",
    ),
    "import_runs": (
        "creator_id name platform owner_handle owner_id rights show_private lines counts",
        "an archive on its way in, which a job works on while they are away",
    ),
    "events": ("detail", "the words of a report, which whoever moderates reads; they may name anybody"),
    "claims": ("handle", "a name that was handed over, to be given back by an appeal"),
    "erasures": ("person", "the numbers of who goes, for the minute that it takes; emptied with the last step"),
    "claim_steps": ("words by", "what two sides said to each other and who of the staff decided"),
}
"""By table: columns that tell who somebody is and lie open, and why. It only shrinks: what is sealed is taken out."""

NAMES = re.compile(
    r"(?:^|_)(?:e_?mail|phone|birth\w*|age|street|address|ip|user_agent|device\w*|password|contact|minor|is_minor|ward_id"
    r"|guardian_id|latitude|longitude|viewer_email)(?:$|_)"
)
"""Columns with such a name tell who somebody is, whatever they are declared to be."""
BYTES = {Nature.SEALED, Nature.MARK}
ELSEWHERE = {"alembic_version.version_num"}
"""Kept by the migrations' own tool."""


def amiss(tables: MetaData, allowed: Iterable[str]) -> list[str]:
    """Each column that is not classified, or tells who somebody is without a seal, a mark, or leave to."""
    found, used = [], set()
    for table in tables.tables.values():
        for column in table.columns:
            name, nature = f"{table.name}.{column.name}", column.info.get("nature")
            if not isinstance(nature, Nature):
                found.append(f"{name}: unclassified")
            elif nature is Nature.PERSONAL:
                used.add(name)
            elif nature in BYTES and not isinstance(column.type, LargeBinary):
                found.append(f"{name}: {nature} holds bytes")
            elif nature not in BYTES and NAMES.search(column.name) and name != "accounts.password_hash":
                found.append(f"{name}: its name is a person's, and it is declared {nature}")
    found += [f"{name}: lies open" for name in sorted(used - set(allowed))]
    found += [f"{name}: is listed, and does not lie open any more" for name in sorted(set(allowed) - used)]
    return found


def unknown(database: Database, tables: MetaData) -> list[str]:
    """Columns of the live database that no code declares."""
    with database.connect() as connection:
        rows = connection.execute(
            text(
                "SELECT table_name, column_name FROM information_schema.columns "
                "WHERE table_schema NOT IN ('pg_catalog', 'information_schema')"
            )
        )
        live = {f"{row.table_name}.{row.column_name}" for row in rows}
    declared = {f"{table.name}.{column.name}" for table in tables.tables.values() for column in table.columns}
    assert declared <= live
    return sorted(live - declared - ELSEWHERE)


def allowed() -> list[str]:
    return [f"{table}.{column}" for table, (columns, _) in OPEN.items() for column in columns.split()]


def test_what_tells_who_somebody_is_is_sealed_or_named_here() -> None:
    assert len(metadata.tables) > 40
    assert amiss(metadata, allowed()) == []
    assert all(why for _, why in OPEN.values())


def test_the_live_database_has_no_column_that_nobody_declared(database: Database) -> None:
    assert unknown(database, metadata) == []


def test_the_walk_finds_what_is_wrong(database: Database) -> None:
    bad = MetaData()
    Table(
        "planted",
        bad,
        Column("id", BigInteger, primary_key=True, info=PSEUDONYM.why("x")),
        Column("hobby", Text, info=PERSONAL.why("x")),
        Column("home_address", Text, info=OPERATIONAL.why("x")),
        Column("name_mark", Text, info=MARK.why("x")),
        Column("shoe_size", Text, info={"purpose": "x"}),
    )
    assert amiss(bad, ["planted.sealed_since"]) == [
        "planted.home_address: its name is a person's, and it is declared operational",
        "planted.name_mark: mark holds bytes",
        "planted.shoe_size: unclassified",
        "planted.hobby: lies open",
        "planted.sealed_since: is listed, and does not lie open any more",
    ]
    with database.begin() as connection:
        connection.execute(text("ALTER TABLE accounts ADD COLUMN nickname text; CREATE TABLE beside (x int)"))
    assert unknown(database, metadata) == ["accounts.nickname", "beside.x"]
