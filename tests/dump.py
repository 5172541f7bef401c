"""Everything that a copy of the database tells, as text."""

from __future__ import annotations

from sqlalchemy import inspect, text

from openforyou.storage.database import Database


def everything(database: Database) -> dict[str, str]:
    """Each table's rows by its name; bytes both in hexadecimal and as the letters that they are."""
    with database.connect() as connection:
        tables = inspect(connection).get_table_names()
        dumped = {}
        for table in tables:
            rows = connection.execute(text(f'SELECT * FROM "{table}"'))
            dumped[table] = "\n".join(sorted(" ".join(_text(value) for value in row) for row in rows))
    return dumped


def _text(value: object) -> str:
    if isinstance(value, bytes | memoryview):
        return f"{bytes(value).hex()} {bytes(value).decode('latin-1')}"
    return str(value)
