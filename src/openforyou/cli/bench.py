"""`openforyou bench NAME`: each speed claim, as a table or as JSON."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, TypeVar

import orjson
import typer
from rich.console import Console

from openforyou.bench import access as bench_access
from openforyou.bench import events as bench_events
from openforyou.bench import feed as bench_feed
from openforyou.bench import freshness as bench_freshness
from openforyou.bench import search as bench_search
from openforyou.bench import verify as bench_verify
from openforyou.bench.copies import benchmark as bench_copies
from openforyou.bench.detection import benchmark as bench_detection
from openforyou.bench.ingest import benchmark as bench_ingest
from openforyou.bench.report import Report
from openforyou.bench.satisfaction import benchmark as bench_satisfaction
from openforyou.bench.satisfaction.world import Setting
from openforyou.cli.options import JsonOption, RectoolsOption
from openforyou.cli.terminal import progress_bar
from openforyou.core.progress import Progress

Load = TypeVar("Load")
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
    _show("events", bench_events.run, load, as_json)


@app.command()
def access(
    viewers: Annotated[int, typer.Option("--viewers", min=50, max=100_000, help="People who are signed in.")] = 300,
    rounds: Annotated[int, typer.Option("--rounds", min=1, max=100, help="How often each asks for a feed.")] = 3,
    staff: Annotated[int, typer.Option("--staff", min=1, max=32, help="Who asks for access at the same time.")] = 4,
    events: Annotated[int, typer.Option("--events", min=1, max=5_000, help="Events a second meanwhile.")] = 200,
    as_json: JsonOption = False,
) -> None:
    """What it costs that people are sealed, in the feed and at the broker; and how fast staff can act."""
    load = bench_access.Load(viewers=viewers, rounds=rounds, staff=staff, events_per_s=events)
    _show("access", bench_access.run, load, as_json)


@app.command()
def feed(
    items: Annotated[int, typer.Option("--items", min=100, max=2_000_000, help="Items in the catalogue.")] = 100_000,
    viewers: Annotated[int, typer.Option("--viewers", min=10, max=1_000_000, help="Viewers with a history.")] = 10_000,
    rate: Annotated[float, typer.Option("--rate", min=1, max=10_000, help="Slates asked for a second.")] = 50.0,
    seconds: Annotated[float, typer.Option("--seconds", min=1, max=3_600, help="How long, in each repeat.")] = 10.0,
    servers: Annotated[int, typer.Option("--servers", min=1, max=64, help="Feed servers, a process each.")] = 2,
    feeds: Annotated[int, typer.Option("--feeds", min=10, max=100_000, help="Slates to find the greatest rate.")] = 300,
    clients: Annotated[int, typer.Option("--clients", min=1, max=64, help="Askers of each server at a time.")] = 4,
    repeats: Annotated[int, typer.Option("--repeats", min=1, max=100, help="How often, for the spread.")] = 2,
    as_json: JsonOption = False,
) -> None:
    """Milliseconds a slate at a stated rate over a large catalogue, beside a plain SQL query that orders by likes."""
    load = bench_feed.Load(
        items=items,
        viewers=viewers,
        rate=rate,
        seconds=seconds,
        servers=servers,
        feeds=feeds,
        clients=clients,
        repeats=repeats,
    )
    _show("feed", bench_feed.run, load, as_json)


@app.command()
def freshness(
    items: Annotated[int, typer.Option("--items", min=200, max=200_000, help="Items in the catalogue.")] = 2_000,
    viewers: Annotated[int, typer.Option("--viewers", min=20, max=100_000, help="Viewers with a history.")] = 500,
    probes: Annotated[int, typer.Option("--probes", min=1, max=1_000, help="Viewers who do something.")] = 30,
    uploads: Annotated[int, typer.Option("--uploads", min=1, max=100, help="Clips uploaded.")] = 3,
    rate: Annotated[float, typer.Option("--rate", min=0.1, max=100, help="Slates asked for a second.")] = 10.0,
    update_s: Annotated[int, typer.Option("--update", min=1, max=20, help="Seconds between two looks.")] = 10,
    as_json: JsonOption = False,
) -> None:
    """From an event to the slate and the weights that know it, and from an upload to its first impression."""
    load = bench_freshness.Load(
        items=items, viewers=viewers, probes=probes, uploads=uploads, rate=rate, update_s=update_s
    )
    _show("freshness", bench_freshness.run, load, as_json)


@app.command()
def forget(
    data: Annotated[
        Path | None, typer.Option("--data", metavar="FILE", help="Interactions to attack; else the platform's own.")
    ] = None,
    viewers: Annotated[int, typer.Option("--viewers", min=70, max=100_000, help="Viewers with a history.")] = 400,
    withdrawals: Annotated[int, typer.Option("--withdrawals", min=1, max=100, help="Items taken back.")] = 5,
    rate: Annotated[float, typer.Option("--rate", min=1, max=100, help="Slates asked for a second.")] = 10.0,
    hours: Annotated[float, typer.Option("--hours", min=0.01, max=720, help="The promise, as the setting.")] = 0.1,
    preset: Annotated[str, typer.Option("--preset", help="Of the attacked models; by the data when left out.")] = "",
    epochs: Annotated[int, typer.Option("--epochs", min=0, max=1_000, help="Of the attacked; 0: the preset's.")] = 0,
    shards: Annotated[int, typer.Option("--shards", min=0, max=64, help="Train so many shards, too; 0: none.")] = 0,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of every draw.")] = 1,
    quick: Annotated[
        bool, typer.Option("--quick", help="A small platform and few epochs: to see that it runs.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """From a right taken back to gone from every slate and every model, and whether an attack can tell afterwards."""
    from openforyou.bench.forget import benchmark as bench_forget  # Torch takes over a second to import.

    load = bench_forget.Load(
        viewers=viewers,
        withdrawals=withdrawals,
        rate=rate,
        forget_hours=hours,
        data=data,
        preset=preset,
        attack_epochs=epochs,
        shards=shards,
        seed=seed,
    )
    _show("forget", bench_forget.run, bench_forget.quick(load) if quick else load, as_json)


@app.command()
def satisfaction(
    viewers: Annotated[int, typer.Option("--viewers", min=4, max=10_000, help="Simulated viewers of each world.")] = 64,
    items: Annotated[int, typer.Option("--items", min=32, max=100_000, help="Clips, six of ten from the start.")] = 384,
    impressions: Annotated[int, typer.Option("--impressions", min=16, max=5_000, help="Clips a viewer watches.")] = 96,
    worlds: Annotated[int, typer.Option("--worlds", min=2, max=100, help="Repeats, for the interval.")] = 4,
    setting: Annotated[
        Setting, typer.Option("--setting", help="How well content tells what a clip is about, and how tastes move.")
    ] = Setting.CLEAR,
    as_json: JsonOption = False,
) -> None:
    """How much simulated viewers with hidden tastes enjoy the feed over days, beside five other feeds.

    Every feed shows the same viewers the same number of clips, and sees only what they do. Takes minutes a world.
    What the worlds are made of, and what was measured: docs/simulation.md.
    """
    load = bench_satisfaction.Load(
        viewers=viewers, items=items, impressions=impressions, worlds=worlds, setting=setting
    )
    _show("satisfaction", bench_satisfaction.run, load, as_json)


@app.command()
def detection(
    seeds: Annotated[int, typer.Option("--seeds", min=1, max=90, help="Simulated years, for the spread.")] = 6,
    first_seed: Annotated[int, typer.Option("--first-seed", min=0, help="Of the seeds; not one of tuning.")] = 1,
    budget: Annotated[int, typer.Option("--budget", min=1, max=100, help="Alarms that reviewers get a week.")] = 5,
    fit: Annotated[
        bool, typer.Option("--fit", help="Measure nothing; fit the scale of surprise anew on the tuning seeds.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """How much planted misuse is found among a simulated year of staff work, and how much is raised in vain.

    Eight scenarios at three strengths lie among some 25,000 requests a year. Takes about a minute of one core a seed.
    What it finds and misses: docs/access.md.
    """
    load = bench_detection.Load(seeds=seeds, first_seed=first_seed, budget=budget, fit=fit)
    _show("detection", bench_detection.run, load, as_json)


@app.command()
def search(
    items: Annotated[int, typer.Option("--items", min=1_000, max=10_000_000, help="Items.")] = 200_000,
    dim: Annotated[int, typer.Option("--dim", min=2, max=2_048, help="Dimensions of each.")] = 64,
    queries: Annotated[int, typer.Option("--queries", min=10, max=100_000, help="Queries of each way.")] = 200,
    nearest: Annotated[int, typer.Option("--nearest", min=1, max=1_000, help="Items wanted of each query.")] = 200,
    as_json: JsonOption = False,
) -> None:
    """Recall, milliseconds, build and memory of approximate search, beside comparing everything."""
    load = bench_search.Load(items=items, dim=dim, queries=queries, k=nearest)
    _show("search", bench_search.run, load, as_json)


@app.command()
def copies(
    films: Annotated[int, typer.Option("--films", min=2, max=500, help="Clips that are altered.")] = 10,
    each: Annotated[int, typer.Option("--each", min=1, max=500, help="Clips on which each way is tried.")] = 6,
    combined: Annotated[int, typer.Option("--combined", min=1, max=10_000, help="Cases of two or three ways.")] = 60,
    catalogue: Annotated[int, typer.Option("--catalogue", min=0, max=1_000_000, help="Other items.")] = 20_000,
    sounds: Annotated[int, typer.Option("--sounds", min=2, max=2_000, help="Pieces of music.")] = 60,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of every draw.")] = 11,
    as_json: JsonOption = False,
) -> None:
    """How many altered copies are found, what is wrongly blocked, and music under speech, beside plain PDQ.

    Takes two to three seconds of one core a case, and needs real clips beside the repository for its hardest cases.
    """
    load = bench_copies.Load(films=films, each=each, combined=combined, catalogue=catalogue, sounds=sounds, seed=seed)
    _show("copies", bench_copies.run, load, as_json)


@app.command()
def ingest(
    catalogue: Annotated[
        int, typer.Option("--catalogue", min=100, max=1_000_000, help="Items that copies are looked for in.")
    ] = 100_000,
    clips: Annotated[int, typer.Option("--clips", min=1, max=1_000, help="Clips of each kind in each repeat.")] = 4,
    repeats: Annotated[int, typer.Option("--repeats", min=1, max=100, help="How often, for the spread.")] = 3,
    workers: Annotated[int, typer.Option("--workers", min=1, max=64, help="Workers, a core each.")] = 2,
    seconds: Annotated[float, typer.Option("--seconds", min=2, max=120, help="Length of a clip.")] = 15.0,
    as_json: JsonOption = False,
) -> None:
    """Clips of 720×1280 taken in a day with everything on, beside decoding and encoding them and nothing else.

    Compliant clips, whose picture is handed on as it is, are told apart from those that are encoded. Makes its clips
    and its catalogue first, which takes longer than the measuring: about ten minutes on two cores.
    """
    load = bench_ingest.Load(catalogue=catalogue, clips=clips, repeats=repeats, workers=workers, seconds=seconds)
    _show("ingest", bench_ingest.run, load, as_json)


@app.command()
def rights(
    data: Annotated[Path, typer.Argument(metavar="FILE", help="Interactions, known by their form.")],
    repeats: Annotated[int, typer.Option("--repeats", min=1, max=100, help="How often, for the spread.")] = 3,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of every draw.")] = 1,
    as_json: JsonOption = False,
) -> None:
    """What comes through the door when everybody said something else about being learned from, counted three ways."""
    from openforyou.bench import rights as bench_rights  # Torch takes over a second to import.

    _show("rights", bench_rights.run, bench_rights.Load(data=data, repeats=repeats, seed=seed), as_json)


@app.command()
def train(
    data: Annotated[Path, typer.Argument(metavar="FILE", help="Interactions, known by their form.")],
    rectools: RectoolsOption = None,
    width: Annotated[int, typer.Option("--width", min=8, max=1_024, help="Of both networks.")] = 64,
    blocks: Annotated[int, typer.Option("--blocks", min=1, max=32, help="Of both networks.")] = 2,
    heads: Annotated[int, typer.Option("--heads", min=1, max=32, help="Of both; they divide the width.")] = 2,
    length: Annotated[int, typer.Option("--length", min=2, max=2_000, help="Items of a history that are read.")] = 200,
    batch: Annotated[int, typer.Option("--batch", min=1, max=4_096, help="Histories a step.")] = 128,
    negatives: Annotated[
        int, typer.Option("--negatives", min=0, max=100_000, help="Drawn for the loss; 0: the whole catalogue.")
    ] = 256,
    steps: Annotated[int, typer.Option("--steps", min=1, max=10_000, help="Of theirs, timed in each repeat.")] = 8,
    repeats: Annotated[int, typer.Option("--repeats", min=1, max=100, help="How often, for the spread.")] = 3,
    as_json: JsonOption = False,
) -> None:
    """Histories learned from a second, beside RecTools' SASRec of the same size on the same rows."""
    from openforyou.bench import train as bench_train  # Torch takes over a second to import.

    load = bench_train.Load(
        data=data,
        rectools=rectools,
        width=width,
        blocks=blocks,
        heads=heads,
        length=length,
        batch=batch,
        negatives=negatives,
        steps=steps,
        repeats=repeats,
    )
    _show("train", bench_train.run, load, as_json)


@app.command()
def verify(
    leaves: Annotated[int, typer.Option("--leaves", min=10_000, max=50_000_000, help="Leaves in the log.")] = 1_000_000,
    repeats: Annotated[int, typer.Option("--repeats", min=1, max=100, help="How often, for the spread.")] = 3,
    as_json: JsonOption = False,
) -> None:
    """Seconds and memory to check a log and every number on one core, beside hashing the same leaves."""
    load = bench_verify.Load(leaves=leaves, repeats=repeats)
    _show("verify", bench_verify.run, load, as_json)


def _show(name: str, measure: Callable[[Load, Progress], Report], load: Load, as_json: bool) -> None:
    """Measure with a bar, then print."""
    with progress_bar(f"bench {name}") as progress:
        report = measure(load, progress)
    if as_json:
        typer.echo(orjson.dumps(report.as_dict(), option=orjson.OPT_INDENT_2).decode())
    else:
        report.print(Console())
