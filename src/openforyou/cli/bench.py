"""`openforyou bench NAME`: each speed claim, as a table or as JSON."""

from __future__ import annotations

from typing import Annotated

import orjson
import typer
from rich.console import Console

from openforyou.bench import events as bench_events
from openforyou.bench import feed as bench_feed
from openforyou.bench import verify as bench_verify
from openforyou.bench.report import Report
from openforyou.cli.options import JsonOption
from openforyou.cli.terminal import progress_bar

app = typer.Typer(help="Measure each speed claim on this machine, beside a named baseline.", no_args_is_help=True)


@app.command()
def events(
    count: Annotated[int, typer.Option("--events", min=1_000, max=5_000_000, help="Events in each run.")] = 20_000,
    batch: Annotated[int, typer.Option("--batch", min=1, max=500, help="Events in each request.")] = 200,
    clients: Annotated[int, typer.Option("--clients", min=1, max=64, help="Connections at the same time.")] = 4,
    repeats: Annotated[int, typer.Option("--repeats", min=1, max=100, help="How often, for the spread.")] = 3,
    as_json: JsonOption = False,
) -> None:
    """Accepted events a second, over HTTP and in process, beside a bare INSERT into the same PostgreSQL."""
    load = bench_events.Load(events=count, batch=batch, clients=clients, repeats=repeats)
    with progress_bar("bench events") as progress:
        report = bench_events.run(load, progress)
    _print(report, as_json)


@app.command()
def feed(
    items: Annotated[int, typer.Option("--items", min=100, max=2_000_000, help="Items in the catalogue.")] = 100_000,
    viewers: Annotated[int, typer.Option("--viewers", min=10, max=1_000_000, help="Viewers with a history.")] = 10_000,
    feeds: Annotated[int, typer.Option("--feeds", min=10, max=100_000, help="Slates in each repeat.")] = 300,
    clients: Annotated[int, typer.Option("--clients", min=1, max=64, help="Askers at the same time.")] = 4,
    repeats: Annotated[int, typer.Option("--repeats", min=1, max=100, help="How often, for the spread.")] = 3,
    as_json: JsonOption = False,
) -> None:
    """Milliseconds a feed over a large catalogue, beside the plain SQL query that orders by popularity."""
    load = bench_feed.Load(items=items, viewers=viewers, feeds=feeds, clients=clients, repeats=repeats)
    with progress_bar("bench feed") as progress:
        report = bench_feed.run(load, progress)
    _print(report, as_json)


@app.command()
def verify(
    leaves: Annotated[int, typer.Option("--leaves", min=10_000, max=50_000_000, help="Leaves in the log.")] = 1_000_000,
    repeats: Annotated[int, typer.Option("--repeats", min=1, max=100, help="How often, for the spread.")] = 3,
    as_json: JsonOption = False,
) -> None:
    """Seconds and memory to check a log and every number on one core, beside hashing the same leaves."""
    load = bench_verify.Load(leaves=leaves, repeats=repeats)
    with progress_bar("bench verify") as progress:
        report = bench_verify.run(load, progress)
    _print(report, as_json)


def _print(report: Report, as_json: bool) -> None:
    if as_json:
        typer.echo(orjson.dumps(report.as_dict(), option=orjson.OPT_INDENT_2).decode())
    else:
        report.print(Console())
