"""`openforyou statistics`: what may be asked about people, asking it, and every answer that was given."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from openforyou.app.platform import Platform
from openforyou.app.settings import Settings
from openforyou.cli.options import DataOption, JsonOption
from openforyou.privacy.statistics.lists import BY_NAME, STATISTICS
from openforyou.privacy.statistics.rules import amounts, told
from openforyou.privacy.statistics.types import Answer

app = typer.Typer(
    help="Statistics about people: from a published list, with noise, each answer for everybody to read.",
    no_args_is_help=True,
)


@app.command(name="list")
def list_(data: DataOption = None, as_json: JsonOption = False) -> None:
    """Show what may be asked, what each costs, and what is left of this month's budget."""
    with Platform(Settings.read(data)) as platform:
        left, budget = platform.statistics.left(), platform.statistics.terms.budget
    if as_json:
        offered = [
            {"name": one.name, "words": one.words, "over": one.over.value, "unit": one.unit}
            | amounts(one.cost)
            | {"groups": None if one.groups is None else dict(one.groups), "scale": one.scale}
            for one in STATISTICS
        ]
        typer.echo(json.dumps({"statistics": offered, "budget": amounts(budget), "left": amounts(left)}, indent=2))
        return
    table = Table("statistic", "of one", "epsilon", "delta", "noise", "what", box=None, padding=(0, 2, 0, 0))
    for one in STATISTICS:
        table.add_row(one.name, one.over.value, f"{one.epsilon:f}", f"{one.delta:f}", str(one.scale), one.words)
    Console().print(table)
    typer.echo(
        f"Left this month: epsilon {left.epsilon:f} of {budget.epsilon:f}, delta {left.delta:f} of {budget.delta:f}."
    )


@app.command()
def ask(
    statistic: Annotated[str, typer.Argument(metavar="STATISTIC", help="As `openforyou statistics list` names it.")],
    window: Annotated[str, typer.Argument(metavar="DAY|MONTH", help="One that is over, as 2026-11-03 or 2026-11.")],
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Ask one. The answer is published in the log before it is shown here; asked again, it is the same."""
    with Platform(Settings.read(data)) as platform:
        _tell([platform.statistics.ask(statistic, window)], as_json=as_json)


@app.command()
def show(
    statistic: Annotated[str, typer.Argument(metavar="STATISTIC", help="One alone. [default: all]")] = "",
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show every answer that was ever given, newest first, as the public log holds them."""
    with Platform(Settings.read(data)) as platform:
        found = [one for one in platform.statistics.answers() if statistic in ("", one.statistic)]
    _tell(found, as_json=as_json)


def _tell(answers: list[Answer], *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps([told(one) for one in answers], indent=2))
        return
    for answer in answers:
        typer.echo("\n".join(_lines(answer)))
    if not answers:
        typer.echo("No such statistic was answered yet.")


def _lines(answer: Answer) -> Iterator[str]:
    known = BY_NAME.get(answer.statistic)
    words = dict(known.groups or {}) if known else {}
    yield f"{answer.statistic} of {answer.window}, record {answer.index}, epsilon {answer.cost.epsilon:f}"
    for group, value in answer.noised.groups.items():
        low, high = answer.between(group)
        yield f"  {words.get(group, group)}: about {value:,} (in 95 of 100 draws the truth is {low:,} to {high:,})"
    for group in answer.noised.held_back:
        yield f"  {words.get(group, group)}: not shown, under {answer.noised.threshold:,} with noise, or nobody"
    if known is not None and known.groups is None:
        yield f"  Groups under {answer.noised.threshold:,} with noise are not named."
