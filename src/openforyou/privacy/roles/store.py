"""The only SQL of roles: made by whoever owns the schema, made again at any time with the same result."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sqlalchemy import Connection, MetaData, text

from openforyou.privacy.roles.rules import PEOPLE, Grant, Role, readable

ALL = "openforyou_rows"
"""The policy of roles that see every row."""
UNGUARDED = "NOT guarded"
"""A minor's account is private."""
PUBLISHED = "status = 'published' AND EXISTS (SELECT FROM creators c WHERE c.id = creator_id)"
"""The creators that the reader sees, that is."""
ABOUT_PUBLISHED = "EXISTS (SELECT FROM items i WHERE i.id = item_id)"
OF_THINGS = "subject_kind IN ('item', 'sound')"
ROWS: Mapping[str, str] = {
    "creators": UNGUARDED,
    "items": PUBLISHED,
    "rights": OF_THINGS,
    "right_events": OF_THINGS,
    **dict.fromkeys(
        (
            "articles",
            "copy_matches",
            "copy_prints",
            "credentials",
            "features",
            "item_counts",
            "item_sounds",
            "policy_effects",
            "renditions",
            "signals",
        ),
        ABOUT_PUBLISHED,
    ),
}
"""Rows that people see, where it is not all of them."""


def statements(metadata: MetaData) -> Iterator[str]:
    """Everything, in order. Nothing of it touches a row."""
    for role in Role:
        yield (
            f"DO $$ BEGIN CREATE ROLE {role} NOLOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE;"
            " EXCEPTION WHEN duplicate_object THEN NULL; END $$"
        )
    everybody = ", ".join(Role)
    yield "REVOKE ALL ON SCHEMA public FROM PUBLIC"
    yield f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM PUBLIC, {everybody}"
    yield f"REVOKE ALL ON ALL SEQUENCES IN SCHEMA public FROM PUBLIC, {everybody}"
    yield f"GRANT USAGE ON SCHEMA public TO {everybody}"
    yield f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {Role.SERVICE}"
    yield f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {Role.SERVICE}"
    yield f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {Role.BACKUP}"
    yield f"GRANT SELECT ON ALL SEQUENCES IN SCHEMA public TO {Role.BACKUP}"
    for table in sorted(metadata.tables):
        yield f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY"
        yield f"DROP POLICY IF EXISTS {ALL} ON {table}"
        yield f"CREATE POLICY {ALL} ON {table} TO {Role.SERVICE}, {Role.BACKUP} USING (true) WITH CHECK (true)"
        for role in PEOPLE:
            yield f"DROP POLICY IF EXISTS {role}_rows ON {table}"
    for grant in readable(metadata):
        yield from _granted(grant)


def apply(connection: Connection, metadata: MetaData) -> None:
    """In the caller's transaction: all of it or nothing."""
    for statement in statements(metadata):
        connection.execute(text(statement.replace(":", r"\:")))


def missing(connection: Connection, metadata: MetaData) -> list[str]:
    """What differs on the server: tables without row security, grants that are missing or too many."""
    wanted = {(one.role.value, one.table, column) for one in readable(metadata) for column in one.columns}
    held = connection.execute(
        text(
            "SELECT grantee, table_name, column_name FROM information_schema.column_privileges"
            " WHERE table_schema = 'public' AND grantee = ANY(:people) AND privilege_type = 'SELECT'"
        ),
        {"people": [role.value for role in PEOPLE]},
    )
    found = {(row[0], row[1], row[2]) for row in held}
    told = [f"{role} may not read {table}.{column}, and should" for role, table, column in sorted(wanted - found)]
    told += [f"{role} may read {table}.{column}, and should not" for role, table, column in sorted(found - wanted)]
    bare = connection.scalars(
        text("SELECT relname FROM pg_class WHERE relkind = 'r' AND relname = ANY(:tables) AND NOT relrowsecurity"),
        {"tables": sorted(metadata.tables)},
    )
    return told + [f"{table} has no row security" for table in sorted(bare)]


def _granted(grant: Grant) -> Iterator[str]:
    columns = ", ".join(f'"{one}"' for one in grant.columns)
    yield f"GRANT SELECT ({columns}) ON {grant.table} TO {grant.role}"
    condition = ROWS.get(grant.table, "true")
    yield f"CREATE POLICY {grant.role}_rows ON {grant.table} FOR SELECT TO {grant.role} USING ({condition})"
