"""`openforyou database`: roles of PostgreSQL for processes and people that should not own what they read."""

from __future__ import annotations

import json
from typing import Annotated

import typer
from sqlalchemy.exc import ProgrammingError

from openforyou.app.platform import Platform
from openforyou.app.settings import Settings
from openforyou.cli.options import DataOption, JsonOption
from openforyou.core.errors import NotAllowed
from openforyou.privacy.roles import store
from openforyou.storage.schema import metadata

app = typer.Typer(help="The database as a second wall: who may read what of it.", no_args_is_help=True)


@app.command()
def roles(
    check: Annotated[bool, typer.Option("--check", help="Change nothing; exit code 1 where it differs.")] = False,
    sql: Annotated[bool, typer.Option("--sql", help="Print the statements, and run none.")] = False,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make four roles, and give each what it may see: by column, and by row.

    openforyou_service for the platform's own processes (put the login of DATABASE_URL into it), openforyou_analyst and
    openforyou_auditor for people, openforyou_backup for pg_dump. docs/vault.md says what each sees. Run it again after
    an upgrade, as who owns the tables and may create roles.
    """
    if sql:
        typer.echo(";\n".join(store.statements(metadata)) + ";")
        return
    with Platform(Settings.read(data)) as platform:
        try:
            if not check:
                with platform.database.begin() as connection:
                    store.apply(connection, metadata)
        except ProgrammingError as error:
            raise NotAllowed(
                f"PostgreSQL refused it: {str(error.orig).splitlines()[0]}.",
                hint="Set DATABASE_URL to who owns the tables and may create roles, this once.",
            ) from error
        with platform.database.connect() as connection:
            wrong = store.missing(connection, metadata)
    if as_json:
        typer.echo(json.dumps({"differs": wrong}, indent=2))
    else:
        typer.echo("\n".join(wrong) if wrong else "The roles hold what they should.")
    if wrong:
        raise typer.Exit(1)
