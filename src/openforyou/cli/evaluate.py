"""`openforyou evaluate`: the recommender on a data set, protocol by name, baselines beside it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from openforyou.cli.options import JsonOption
from openforyou.cli.terminal import progress_bar

if TYPE_CHECKING:
    from openforyou.learn.study import Report

COLUMNS = {"ndcg@10": "NDCG@10", "hr@10": "HR@10", "ndcg@50": "NDCG@50", "hr@50": "HR@50"}


def evaluate(
    data: Annotated[Path, typer.Argument(metavar="DATA", help="A file of interactions; its form is recognised.")],
    protocol: Annotated[
        str, typer.Option("--protocol", help="leave-one-out: a viewer's last item is sought, the one before validates.")
    ] = "leave-one-out",
    preset: Annotated[
        str, typer.Option("--preset", help="tiny, small or medium; by the size of the data when left out.")
    ] = "",
    epochs: Annotated[
        int, typer.Option("--epochs", min=0, max=10_000, help="Passes over the data at the most; 0: the preset's.")
    ] = 0,
    seed: Annotated[int, typer.Option("--seed", min=0, help="The same seed gives the same figures.")] = 0,
    as_json: JsonOption = False,
) -> None:
    """Train on a data set and say how well the next item is foretold, beside popularity, Markov and sequence-kNN.

    Every item of the catalogue is ranked for each viewer, those that they have left out; nothing is sampled. Whatever
    is chosen is chosen on validation, and the test is looked at once. Intervals are a bootstrap over viewers.

    Read are `viewer item` a line (ml-1m.txt), `viewer item item …` a line (beauty.txt), RecBole's .inter and
    MovieLens' ratings.csv.
    """
    # Torch takes over a second to import, which `openforyou --help` should not wait for.
    from openforyou.learn import dataset
    from openforyou.learn.settings import choose
    from openforyou.learn.study import Study

    with progress_bar("reading") as progress:
        read = dataset.from_file(data)
        study = Study(read, protocol, choose(read, preset, epochs), seed)
        trained = study.train(None, progress, lambda cost: typer.echo(str(cost), err=True))
        report = study.report(trained, progress)
    if as_json:
        typer.echo(json.dumps(report.as_dict(), indent=2))
    else:
        print_report(report, Console())


def print_report(report: Report, console: Console) -> None:
    """The figures as a table, ours first."""
    viewers = report.metrics["viewers"]
    table = Table(
        title=f"{report.data}, {report.protocol}, {viewers:,} viewers",
        caption=f"preset {report.preset}, seed {report.seed}, trained in {report.train_s:,.0f} s",
    )
    table.add_column("")
    for heading in (*COLUMNS.values(), "NDCG@10, 95 %"):
        table.add_column(heading, justify="right")
    low, high = report.metrics["ndcg@10_ci95"]
    table.add_row("model", *_cells(report.metrics), f"{low:.4f} … {high:.4f}", style="bold")
    for name, figures in report.baselines.items():
        table.add_row(name, *_cells(figures), "")
    console.print(table)


def _cells(figures: dict[str, float]) -> list[str]:
    return [f"{figures[name]:.4f}" for name in COLUMNS]
