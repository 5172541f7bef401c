"""`openforyou models`: what each learned from, how it scores, and which serves."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from openforyou.app.platform import Platform
from openforyou.app.settings import Settings
from openforyou.cli.options import DataOption, JsonOption
from openforyou.core.ids import decode_id, encode_id
from openforyou.learn.types import Model, ModelId, ModelStatus

app = typer.Typer(help="What each model learned from, how it scores, and which serves.", invoke_without_command=True)


@app.callback()
def models(context: typer.Context, data: DataOption = None, as_json: JsonOption = False) -> None:
    """List every model, newest first: what it learned from and under which right, how it scores, which serves."""
    if context.invoked_subcommand is not None:
        return
    with Platform(Settings.read(data)) as platform:
        found = platform.models.list()
        serving = platform.models.serving()
        is_training = platform.models.is_training()
    name = None if serving is None else serving.name
    told = [_told(model, name, is_training=is_training) for model in found]
    if as_json:
        typer.echo(
            json.dumps([as_dict(model) | {"state": state} for model, state in zip(found, told, strict=True)], indent=2)
        )
    elif found:
        _print(found, told)
    else:
        typer.echo("No model was trained yet. `openforyou train` trains one.")


@app.command()
def show(
    model: Annotated[str, typer.Argument(metavar="ID", help="As `openforyou models` lists it.")],
    data: DataOption = None,
) -> None:
    """One model's record as JSON: its manifest with data, rights, settings, seed, scores and code version."""
    model_id = ModelId(decode_id(model, "ID"))
    with Platform(Settings.read(data)) as platform:
        typer.echo(json.dumps(as_dict(platform.models.get(model_id)), indent=2))


def as_dict(model: Model) -> dict[str, Any]:
    """A model's record as a program reads it."""
    return {
        "id": encode_id(model.id),
        "status": model.status.value,
        "reason": model.reason,
        "created_at": model.created_at.isoformat(),
        "promoted_at": None if model.promoted_at is None else model.promoted_at.isoformat(),
        "weights_sha256": model.weights_sha256,
        "manifest": dict(model.manifest),
    }


def _told(model: Model, serving: str | None, *, is_training: bool) -> str:
    """The status as it is now: of several in service one serves; a training whose process is gone was interrupted."""
    if model.status is ModelStatus.SERVING:
        return "serves" if encode_id(model.id) == serving else "stands by"
    if model.status is ModelStatus.TRAINING:
        return "training" if is_training else "interrupted"
    return model.status.value


def _print(found: list[Model], told: list[str]) -> None:
    table = Table()
    for heading in ("model", "state", "learned from", "NDCG@10", "popularity's", "trained at", ""):
        table.add_column(heading)
    for model, state in zip(found, told, strict=True):
        source = model.manifest["data"]
        gate = model.manifest.get("gate")
        table.add_row(
            encode_id(model.id),
            state,
            f"{source['viewers']:,} viewers, {source['items']:,} items, {source['rows']:,} rows",
            "" if gate is None else f"{gate['candidate']['ndcg@10']:.3f}",
            "" if gate is None else f"{gate['popularity']['ndcg@10']:.3f}",
            f"{model.created_at:%Y-%m-%d %H:%M}",
            model.reason,
        )
    Console().print(table)
