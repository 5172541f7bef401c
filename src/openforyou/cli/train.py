"""`openforyou train`: a model from what viewers did on the platform, or from a file of interactions."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from openforyou.app.platform import Platform
from openforyou.app.settings import Settings
from openforyou.cli.evaluate import print_report
from openforyou.cli.models import as_dict
from openforyou.cli.options import DataOption, JsonOption
from openforyou.cli.terminal import progress_bar
from openforyou.core.errors import BadInput
from openforyou.core.ids import encode_id
from openforyou.learn.types import ModelStatus, Options

if TYPE_CHECKING:
    from openforyou.learn.train import Cost

PresetOption = Annotated[
    str, typer.Option("--preset", help="tiny, small or medium; by the size of the data when left out.")
]
EpochsOption = Annotated[
    int, typer.Option("--epochs", min=0, max=10_000, help="Passes over the data at the most; 0: the preset's.")
]
SeedOption = Annotated[
    int, typer.Option("--seed", min=0, help="The same seed gives the same model, on the same machine.")
]


def train(
    interactions: Annotated[
        Path | None,
        typer.Option("--interactions", metavar="FILE", help="Train on this file instead of the platform's events."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="With --interactions: keep the model in this file.")
    ] = None,
    preset: PresetOption = "",
    epochs: EpochsOption = 0,
    seed: SeedOption = 0,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Train a model and bring it into service.

    It learns from what viewers did, as far as they and the clips' creators allow learning, and goes into service when
    it is not worse than the model that serves now and than plain popularity. Exit code 0 only when it serves.

    With --interactions it learns from a file instead (`viewer item` a line as in ml-1m.txt, `viewer item item …` as in
    beauty.txt, RecBole's .inter, or MovieLens' ratings.csv), holds each viewer's last item back, and prints how well it
    foretells it. Nothing goes into service.

    Stopped or killed, the same command goes on from the last checkpoint.
    """
    options = Options(preset, epochs, seed)
    if interactions is not None:
        _from_file(interactions, out, options, data, as_json=as_json)
        return
    if out is not None:
        raise BadInput(
            "--out belongs to --interactions.", hint="`openforyou models` shows what was trained.", field="out"
        )
    with Platform(Settings.read(data)) as platform, progress_bar("training") as progress:
        model = platform.models.train_from_events(options, progress, _announce)
    if as_json:
        typer.echo(json.dumps(as_dict(model), indent=2))
    elif model.status is ModelStatus.SERVING:
        verdict = model.manifest["gate"]
        typer.echo(
            f"Model {encode_id(model.id)} serves: NDCG@10 {verdict['candidate']['ndcg@10']:.3f} "
            f"(popularity {verdict['popularity']['ndcg@10']:.3f}), {model.manifest['train_s']:.0f} s."
        )
    else:
        typer.echo(f"Model {encode_id(model.id)} is kept and does not serve: {model.reason}.", err=True)
    if model.status is not ModelStatus.SERVING:
        raise typer.Exit(1)


def _from_file(path: Path, out: Path | None, options: Options, data: Path | None, *, as_json: bool) -> None:
    # Torch takes over a second to import, which `openforyou --help` should not wait for.
    from openforyou.learn import dataset, weights
    from openforyou.learn.settings import choose
    from openforyou.learn.study import Study

    _check_out(out)
    settings = Settings.read(data)
    with progress_bar("reading") as progress:
        read = dataset.from_file(path)
        study = Study(read, "", choose(read, options.preset, options.epochs), options.seed)
        checkpoint = study.checkpoint(settings.data / "training" / "files")
        trained = study.train(checkpoint, progress, _announce, threads=settings.threads)
        report = study.report(trained, progress)
    if out is not None:
        weights.write(trained.fitted, out)
    checkpoint.clear()
    if as_json:
        told = {"out": None if out is None else str(out), "was_resumed": trained.was_resumed}
        typer.echo(json.dumps({**report.as_dict(), **told}, indent=2))
    else:
        print_report(report, Console())
        if out is not None:
            typer.echo(f"The model is in {out}.")


def _check_out(out: Path | None) -> None:
    """Before the training, not after it."""
    if out is not None and (out.is_dir() or not out.absolute().parent.is_dir()):
        raise BadInput(f"{out} cannot be written.", hint="Name a file in a folder that exists.", field="out")


def _announce(cost: Cost) -> None:
    typer.echo(str(cost), err=True)
