"""`openforyou models`: what each learned from, how it scores, which serves, and how far it has learned since."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from openforyou import __version__
from openforyou.app.platform import Platform
from openforyou.app.settings import Settings
from openforyou.cli.options import DataOption, JsonOption
from openforyou.core.ids import decode_id, encode_id
from openforyou.learn.forgetting.types import Stale
from openforyou.learn.manifest.checking import examine
from openforyou.learn.manifest.errors import BadManifest
from openforyou.learn.manifest.summary import summary as summary_of
from openforyou.learn.online_registry import Since
from openforyou.learn.types import Model, ModelId, ModelStatus

MINUTE_S, HOUR_S = 60, 3_600
app = typer.Typer(help="What each model learned from, how it scores, and which serves.", invoke_without_command=True)


@app.callback()
def models(context: typer.Context, data: DataOption = None, as_json: JsonOption = False) -> None:
    """List every model, newest first: what it learned from and under which right, how it scores, which serves."""
    if context.invoked_subcommand is not None:
        return
    with Platform(Settings.read(data)) as platform:
        models, now = platform.models, platform.clock.now()
        stale = models.forgetting.stale()
        found = [
            _Listed(model, Since.of(models.versions.of(model.id)), now, stale.get(model.id)) for model in models.list()
        ]
        serving, is_training = models.serving(), models.is_training()
    name = None if serving is None else serving.name
    told = [_told(one, name, is_training=is_training) for one in found]
    if as_json:
        typer.echo(json.dumps([one.as_dict(state) for one, state in zip(found, told, strict=True)], indent=2))
    elif found:
        _print(found, told)
    else:
        typer.echo("No model was trained yet. `openforyou train` trains one.")


@app.command()
def show(
    model: Annotated[str, typer.Argument(metavar="ID", help="As `openforyou models` lists it.")],
    data: DataOption = None,
) -> None:
    """One model's record as JSON: its data, rights, settings, seed, scores, and its signed manifest with the receipt of
    the log, as docs/models.md takes them apart."""
    model_id = ModelId(decode_id(model, "ID"))
    with Platform(Settings.read(data)) as platform:
        found = platform.models.get(model_id)
        told = as_dict(found)
        if found.signed:
            try:
                signed = platform.models.manifests.signed(found)
                told |= {"learned": dict(signed.body), "manifest_sha256": signed.digest}
                told |= {"signed": signed.text, "receipt": platform.asking.manifest(found)["receipt"]}
            except BadManifest as error:
                told |= {"learned": None, "manifest_is_bad": error.message, "signed": found.signed, "receipt": ""}
        typer.echo(json.dumps(told, indent=2))


@app.command()
def check(
    model: Annotated[str, typer.Argument(metavar="ID", help="As `openforyou models` lists it.")],
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Hold a model's manifest against everything: signature, registry, log, leaves, and each leaf against the rights.

    The rights are worked out anew from the words in the log, without the code that made the data set. Exit code 0 only
    when all of it holds.
    """
    model_id = ModelId(decode_id(model, "ID"))
    with Platform(Settings.read(data)) as platform:
        found = examine(platform.database, platform.models.manifests, platform.models.get(model_id))
    if as_json:
        ok = all(one.ok for one in found)
        typer.echo(json.dumps({"ok": ok, "model": model, "findings": [one.as_dict() for one in found]}, indent=2))
    else:
        console = Console()
        for one in found:
            console.print(f"[green]✓[/] {one.what}:" if one.ok else f"[red]✗[/] {one.what}:", escape(one.says))
    if not all(one.ok for one in found):
        raise typer.Exit(1)


@app.command()
def summary(data: DataOption = None, as_json: JsonOption = False) -> None:
    """What the models in service learned from, in public: by kind, source, region and right, with shares."""
    settings = Settings.read(data)
    with Platform(settings) as platform:
        told = summary_of(platform.asking.models(), settings.origin or settings.log_key().name, __version__)
    if as_json:
        typer.echo(json.dumps(told, indent=2))
        return
    console = Console()
    for one in told["models"]:
        table = Table(title=f"{one['id']}: {one['items']:,} items, {one['viewers']:,} viewers, {one['rows']:,} rows")
        for heading in ("of", "by", "group", "count", "share"):
            table.add_column(heading)
        for share in one["shares"]:
            group = escape(share["name"] or "not said")
            table.add_row(share["of"], share["by"], group, f"{share['count']:,}", f"{share['share']:.1%}")
        console.print(table)
    if not told["models"]:
        console.print("No model serves: nothing was learned from anybody.")


@dataclass(frozen=True, slots=True)
class _Listed:
    """A trained model and what was made of it since, as of `now`."""

    model: Model
    since: Since
    now: datetime
    stale: Stale | None

    def as_dict(self, state: str) -> dict[str, Any]:
        """As a program reads it."""
        newest = self.since.newest
        return as_dict(self.model) | {
            "state": state,
            "stale": self.stale and self.stale.as_dict(),
            "updates": {
                "count": self.since.count,
                "deeds": self.since.deeds,
                "newest": None if newest is None else as_dict(newest),
                "thrown_away": [one.reason for one in self.since.thrown_away],
            },
        }

    def must_go(self) -> str:
        """By when it is destroyed, and why; empty where nobody took a right back."""
        if self.stale is None:
            return ""
        left_s = (self.stale.deadline - self.now).total_seconds()
        when = f"in {_ago(left_s)}" if left_s > 0 else "now"
        return f"stale since {self.stale.since:%Y-%m-%d %H:%M}: {self.stale.in_words()}; destroyed {when} at the latest"

    def learned_since(self) -> str:
        """In words; empty where nothing was."""
        newest, thrown = self.since.newest, self.since.thrown_away
        told = []
        if newest is not None:
            ago_s = max((self.now - newest.created_at).total_seconds(), 0)
            count = "1 update" if self.since.count == 1 else f"{self.since.count:,} updates"
            told.append(f"updated {_ago(ago_s)} ago, {count} since trained, {self.since.deeds:,} deeds")
        if thrown:
            told.append(f"{len(thrown):,} thrown away, the last for {thrown[0].reason}")
        return "; ".join(told)


def _ago(seconds: float) -> str:
    if seconds < 2 * MINUTE_S:
        return f"{seconds:.0f} s"
    return f"{seconds / MINUTE_S:.0f} min" if seconds < 2 * HOUR_S else f"{seconds / HOUR_S:.0f} h"


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


def _told(listed: _Listed, serving: str | None, *, is_training: bool) -> str:
    """The status as it is now: of several in service one serves, by itself or as it was updated; a training whose
    process is gone was interrupted."""
    model = listed.model
    if model.status is ModelStatus.SERVING:
        versions = {encode_id(model.id), *(encode_id(one.id) for one in listed.since.in_service)}
        return "serves" if serving in versions else "stands by"
    if model.status is ModelStatus.TRAINING:
        return "training" if is_training else "interrupted"
    return model.status.value


def _print(found: list[_Listed], told: list[str]) -> None:
    table = Table()
    table.add_column("model", no_wrap=True)
    for heading in ("state", "learned from", "NDCG@10 (popularity's)", "trained at", "since"):
        table.add_column(heading)
    for one, state in zip(found, told, strict=True):
        model = one.model
        source = model.manifest["data"]
        gate = model.manifest.get("gate")
        table.add_row(
            encode_id(model.id),
            state,
            f"{source['viewers']:,} viewers, {source['items']:,} items, {source['rows']:,} rows",
            "" if gate is None else f"{gate['candidate']['ndcg@10']:.3f} ({gate['popularity']['ndcg@10']:.3f})",
            f"{model.created_at:%Y-%m-%d %H:%M}",
            "; ".join(filter(None, (model.reason, one.must_go(), one.learned_since()))),
        )
    Console().print(table)
