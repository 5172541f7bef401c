"""`openforyou experiments`: what another policy would have earned."""

from __future__ import annotations

import json
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from openforyou.app.platform import Platform
from openforyou.app.settings import Settings
from openforyou.cli.options import DataOption, JsonOption
from openforyou.experiments import bandit
from openforyou.experiments.service import compared, explored

app = typer.Typer(help="What another policy would have earned, from what was logged.", no_args_is_help=True)


class Reward(StrEnum):
    """What a showing may lead to."""

    VIEW = "view"
    COMPLETE = "complete"
    LIKE = "like"
    SHARE = "share"


@app.callback()
def experiments() -> None:
    """What another policy would have earned, from what was logged."""


@app.command(name="off-policy")
def off_policy(
    folder: Annotated[
        Path | None,
        typer.Argument(metavar="FOLDER", help="Logs as the Open Bandit Dataset has them: a folder a policy."),
    ] = None,
    campaign: Annotated[str, typer.Option("--campaign", help="Which, where the folder has several.")] = "",
    reward: Annotated[Reward, typer.Option("--reward", help="Of our own slates: what counts as 1.")] = Reward.VIEW,
    days: Annotated[float, typer.Option("--days", min=0.01, max=3_650, help="Of our own slates: how far back.")] = 30.0,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Estimate what a policy would have earned from the log of another one that chose by lot, with 95 % intervals.

    With FOLDER: each policy's click rate from each other policy's log, by IPS, SNIPS and the doubly robust estimator,
    beside the one that it had itself. A mean weight away from 1, or suspect actions, say that propensities are wrong.

    Without: of this platform's own For You slates, what the clips that exploration drew by lot earned a showing, as
    they were drawn and had each been as likely, beside what stood there with certainty.
    """
    if folder is not None:
        told = compared(bandit.read(folder, campaign))
        typer.echo(json.dumps(told, indent=2)) if as_json else Console().print(_compared(told))
        return
    with Platform(Settings.read(data)) as platform:
        now = platform.clock.now()
        own = explored(platform.database, now - timedelta(days=days), now, reward.value)
    typer.echo(json.dumps(own, indent=2)) if as_json else Console().print(_explored(own))


def _compared(told: list[dict[str, Any]]) -> Table:
    table = Table(caption="suspect: actions whose propensities do not weigh up to 1")
    for heading in ("policy", "from the log of", "its own", "IPS", "SNIPS", "DR", "mean weight", "rows", "suspect"):
        table.add_column(heading)
    for one in told:
        figures = [_in_words(one[name]) for name in ("own", "ips", "snips", "dr", "mean_weight")]
        rows = f"{one['effective_rows']:,.0f} of {one['rows']:,}"
        suspect = ", ".join(map(str, one["suspect_actions"])) or "none"
        table.add_row(one["policy"], one["logged_by"], *figures, rows, suspect)
    return table


def _explored(told: dict[str, Any]) -> Table:
    table = Table(title=f"{told['reward']} a showing, {told['drawn']:,} clips by lot, {told['viewers']:,} viewers")
    table.add_column("")
    table.add_column("mean, 95 %")
    for name, said in (("as_drawn", "as they were drawn"), ("even", "had each been as likely"), ("certain", "certain")):
        if name in told:
            table.add_row(said, _in_words(told[name]))
    return table


def _in_words(estimate: dict[str, float]) -> str:
    return f"{estimate['value']:.4f} ({estimate['low']:.4f} … {estimate['high']:.4f})"
