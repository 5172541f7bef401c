"""`openforyou drill NAME|all`: the reported attacks, carried out against a platform that is started for them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Annotated

import orjson
import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from openforyou.cli.options import JsonOption
from openforyou.cli.terminal import progress_bar
from openforyou.drills.attack import Outcome, Result, attacks_of, drills
from openforyou.drills.running import carry_out

ALL = "all"
COLOURS = {Outcome.PREVENTED: "green", Outcome.DETECTED: "cyan", Outcome.FAILED: "bold red"}


def drill(
    name: Annotated[str, typer.Argument(metavar="NAME|all", help="One of docs/drills.md, or all of them.")],
    as_json: JsonOption = False,
    keep: Annotated[
        bool, typer.Option("--keep", help="Keep the folder of the attacked platform, and say where it is.")
    ] = False,
) -> None:
    """Attack a live OpenForYou, made for it and thrown away, and tell what came of each attack.

    Each attack must prove that it did what it meant to do; then it counts as *prevented*, as *detected* with the words
    that named it, or as *failed*. Yours is never touched: neither $DATABASE_URL nor your data folder is read.

    Exit code 0 only when no attack failed.
    """
    names = drills() if name == ALL else [name]
    for one in names:
        attacks_of(one)  # a wrong name is said before anything is started
    results: list[Result] = []
    with progress_bar("drill") as progress:
        for one in names:
            found, folder = carry_out(one, progress, keep=keep)
            results += found
            if keep:
                typer.echo(f"The platform of {one} lies in {folder}", err=True)
    if as_json:
        typer.echo(orjson.dumps([result.as_dict() for result in results], option=orjson.OPT_INDENT_2).decode())
    else:
        _print(results)
    if any(result.outcome is Outcome.FAILED for result in results):
        raise typer.Exit(1)


def _print(results: Sequence[Result]) -> None:
    table = Table(show_lines=True)
    for heading in ("drill", "attack", "seat", "outcome", "evidence"):
        table.add_column(heading, overflow="fold")
    for result in results:
        colour = COLOURS[result.outcome]
        outcome = f"[{colour}]{result.outcome.value}[/]\n[dim]{result.seconds:.1f} s[/]"
        table.add_row(result.drill, result.attack, result.seat.value, outcome, escape(result.evidence))
    console = Console()
    console.print(table)
    came = Counter(result.outcome for result in results)
    told = ", ".join(f"{came[outcome]} {outcome.value}" for outcome in Outcome)
    console.print(f"{len(results)} attacks: {told}.", highlight=False)
