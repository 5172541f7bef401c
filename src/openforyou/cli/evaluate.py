"""`openforyou evaluate`: the recommender on a data set, protocol by name, baselines beside it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from openforyou.cli.options import JsonOption, RectoolsOption
from openforyou.cli.terminal import progress_bar
from openforyou.core.errors import BadInput

if TYPE_CHECKING:
    from openforyou.learn.study import Report

PROTOCOLS = (
    "leave-one-out: a viewer's last item is sought; temporal: what comes after one moment for all; "
    "given: the split that the data brings. Left out: given where there is one, else leave-one-out."
)
SHOWN = ("ndcg@10", "hr@10", "ndcg@20", "hr@20", "coverage@10")
HEADINGS = ("NDCG@10", "HR@10", "NDCG@20", "HR@20", "coverage")


def evaluate(
    data: Annotated[Path, typer.Argument(metavar="DATA", help="A file or folder of interactions, known by its form.")],
    protocol: Annotated[str, typer.Option("--protocol", help=PROTOCOLS)] = "",
    preset: Annotated[
        str, typer.Option("--preset", help="tiny, small or medium; by the size of the data when left out.")
    ] = "",
    epochs: Annotated[
        int, typer.Option("--epochs", min=0, max=10_000, help="Passes over the data at the most; 0: the preset's.")
    ] = 0,
    seed: Annotated[int, typer.Option("--seed", min=0, help="The same seed gives the same figures.")] = 0,
    seeds: Annotated[
        int, typer.Option("--seeds", min=1, max=100, help="Train so often, with seeds from --seed on.")
    ] = 1,
    times: Annotated[bool, typer.Option("--times/--no-times", help="Whether models are told when things were.")] = True,
    content: Annotated[
        bool, typer.Option("--content/--no-content", help="Whether models are told what items are like.")
    ] = True,
    per_viewer: Annotated[
        Path | None,
        typer.Option("--per-viewer", metavar="FILE", help="Write each viewer's rank by each method as CSV."),
    ] = None,
    baselines: Annotated[
        bool, typer.Option("--baselines/--no-baselines", help="Whether others are trained beside ours.")
    ] = True,
    rectools: RectoolsOption = None,
    rectools_minutes: Annotated[
        float, typer.Option("--rectools-minutes", min=0.1, max=10_000, help="What each of them may take.")
    ] = 90.0,
    rights: Annotated[
        float | None,
        typer.Option(
            "--rights", min=0.01, max=1, help="The price of the door instead: this share of viewers allow it."
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Train on a data set and say how well the next item is foretold, beside popularity, Markov, sequence-kNN,
    EASE and ALS, and beside RecTools' SASRec, eSASRec and HSTU.

    Every item of the catalogue is ranked for each viewer, those that they have left out; nothing is sampled. Whatever
    is chosen is chosen on validation, and the test is looked at once. Intervals are a bootstrap over viewers.

    Read are `viewer item` a line (ml-1m.txt), `viewer item item …` a line (beauty.txt), RecBole's .inter,
    MovieLens' ratings.csv, ratings.dat and u.data, Amazon reviews (ratings as CSV, or whole as JSON lines), KuaiRand's
    logs, KuaiRec's big_matrix.csv, MicroLens' *_pairs.csv, each also packed with gzip; and a folder with train.txt,
    valid.txt, test.txt and *_feat.npy (DiffMM's tiktok).

    ALS needs the library implicit: pip install 'openforyou[evaluate]'. RecTools needs an interpreter of its own:
    python3 -m venv DIR && DIR/bin/pip install torch==2.13.0 'rectools[torch]==0.19.0'.
    """
    # Torch takes over a second to import, which `openforyou --help` should not wait for.
    import torch

    from openforyou.learn import dataset
    from openforyou.learn.baselines import BASELINES
    from openforyou.learn.peers.foreign import Foreign, peers
    from openforyou.learn.settings import choose
    from openforyou.learn.study import Study

    if per_viewer is not None and (per_viewer.is_dir() or not per_viewer.absolute().parent.is_dir()):
        raise BadInput(f"{per_viewer} cannot be written.", hint="Name a file in a folder there is.", field="per-viewer")
    if rights is not None:
        _price(data, rights, preset, epochs, seed, as_json=as_json)
        return
    foreign = None if rectools is None else Foreign(rectools, rectools_minutes, torch.get_num_threads())
    beside = {**BASELINES, **peers(foreign)} if baselines else {}
    reports: list[Report] = []
    with progress_bar("reading") as progress:
        read = dataset.from_file(data)
        for number in range(seed, seed + seeds):
            study = Study(read, protocol, choose(read, preset, epochs), number, times, content)
            trained = study.train(None, progress, lambda cost: typer.echo(str(cost), err=True))
            reports.append(study.report(trained, progress, baselines={} if reports else beside))
    if per_viewer is not None:
        reports[0].write_viewers(per_viewer)
    _print(reports, as_json=as_json)


def _price(data: Path, share: float, preset: str, epochs: int, seed: int, *, as_json: bool) -> None:
    """What it costs that a part of the viewers and a fifth of the items may not be learned from."""
    from openforyou.learn import dataset
    from openforyou.learn.forgetting.price import price
    from openforyou.learn.settings import choose

    with progress_bar("reading") as progress:
        read = dataset.from_file(data)
        told = price(read, choose(read, preset, epochs), share, seed, progress).as_dict()
    if as_json:
        typer.echo(json.dumps(told, indent=2))
        return
    table = Table(title=f"the price of the door on {read.name}", title_justify="left")
    for heading in ("", "without the door", "with it", "viewers asked"):
        table.add_column(heading)
    table.add_row("rows", f"{told['rows']['without']:,}", f"{told['rows']['with']:,}", "")
    table.add_row("training, s", str(told["train_s"]["without"]), str(told["train_s"]["with"]), "")
    for name, figures in told["ndcg@10"].items():
        row = f"{figures['without']:.4f}", f"{figures['with']:.4f}", f"{figures['viewers']:,}"
        table.add_row(f"NDCG@10, {name}", *row)
    Console().print(table)


def _print(reports: Sequence[Report], *, as_json: bool) -> None:
    """The first training's report, and what the seeds say together where there are several."""
    seeds = over_seeds(reports) if len(reports) > 1 else {}
    if as_json:
        typer.echo(json.dumps(reports[0].as_dict() | ({"seeds": seeds} if seeds else {}), indent=2))
        return
    print_report(reports[0], Console())
    for name, figures in seeds.items():
        each = "  ".join(f"{value:.4f}" for value in figures["each"])
        typer.echo(f"{name} over {len(reports)} seeds: {figures['mean']:.4f} ± {figures['ci95']:.4f}   ({each})")


def over_seeds(reports: Sequence[Report]) -> dict[str, dict[str, Any]]:
    """Mean of several trainings, each, and half the width of its 95 % interval (Student's t over the trainings)."""
    import numpy as np

    told: dict[str, dict[str, Any]] = {}
    for name in SHOWN[:4]:
        each = np.array([report.metrics[name] for report in reports])
        error = float(each.std(ddof=1) / len(each) ** 0.5)
        t = STUDENT_T[len(each) - 2] if len(each) - 2 < len(STUDENT_T) else NORMAL
        told[name] = {
            "mean": round(float(each.mean()), 5),
            "ci95": round(t * error, 5),
            "each": [float(one) for one in each],
        }
    return told


STUDENT_T = (12.71, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262)
"""97.5 % quantiles of Student's t with 1, 2, … degrees of freedom."""
NORMAL = 1.96


def print_report(report: Report, console: Console) -> None:
    """The figures as a table, ours first."""
    viewers = report.metrics["viewers"]
    low, high = report.metrics["ndcg@10_ci95"]
    notes = [f"NDCG@10 of the model, 95 %: {low:.4f} … {high:.4f}"]
    notes += [f"without {what}" for what in report.withheld]
    if "sought_at_a_shared_moment" in report.metrics:
        shared = report.metrics["sought_at_a_shared_moment"]
        notes.append(
            f"{shared:,} sought rows share their moment with another of the viewer's: the file's order decides"
        )
    for reason in dict.fromkeys(report.missing.values()):
        absent = ", ".join(name for name, why in report.missing.items() if why == reason)
        notes.append(f"no {absent}: {reason}")
    for name, figures in report.baselines.items():
        chosen = figures.get("chosen", {})
        if chosen.get("stopped_by") == "minutes":
            notes.append(f"{name} ran out of time after {chosen['epochs']} epochs: it may have become better")
    table = Table(
        title=f"{report.data}, {report.protocol}, {viewers:,} viewers",
        caption="\n".join([f"preset {report.preset}, seed {report.seed}, trained in {report.train_s:,.0f} s", *notes]),
    )
    table.add_column("")
    for heading in HEADINGS:
        table.add_column(heading, justify="right")
    table.add_row("model", *_cells(report.metrics), style="bold")
    for name, figures in report.baselines.items():
        table.add_row(name, *_cells(figures))
    console.print(table)


def _cells(figures: dict[str, float]) -> list[str]:
    return [f"{figures[name]:.4f}" for name in SHOWN]
