"""`openforyou copies`: what a file is a copy of, and what waits for a person to decide."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from openforyou.app.platform import Platform
from openforyou.app.settings import Settings
from openforyou.cli.options import DataOption, JsonOption
from openforyou.cli.terminal import progress_bar
from openforyou.core.errors import BadInput
from openforyou.core.ids import ItemId, decode_id, encode_id
from openforyou.ingest.copies.types import Comparison
from openforyou.ingest.copies.words import clock

app = typer.Typer(help="Copies of what is published: check a file, decide what waits.", no_args_is_help=True)
ItemArgument = Annotated[str, typer.Argument(metavar="ID", help="As `openforyou copies list` names it.")]

REASON_LENGTH_MAX = 500


@app.command()
def check(
    path: Annotated[Path, typer.Argument(metavar="FILE", help="A video file.")],
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say what a file matches, of all that is published or waits, without taking it in."""
    with Platform(Settings.read(data)) as platform:
        with progress_bar("copies check") as progress:
            found = platform.ingest.check(path, progress)
        rows = [as_dict(platform, one) for one in found]
    _print(rows, as_json, "It matches nothing that is here.")


@app.command(name="list")
def list_(data: DataOption = None, as_json: JsonOption = False) -> None:
    """List what shows the same scene as somebody else's clip, and waits for a person."""
    with Platform(Settings.read(data)) as platform:
        waiting = platform.copies.held()
        rows = [{"id": encode_id(one.item_id), **as_dict(platform, one.comparison)} for one in waiting]
    _print(rows, as_json, "Nothing waits.")


@app.command()
def release(item: ItemArgument, data: DataOption = None) -> None:
    """Publish what waits: it is no copy."""
    with Platform(Settings.read(data)) as platform:
        platform.copies.release(ItemId(decode_id(item, "ID")))
    typer.echo(f"{item}  is published.")


@app.command()
def refuse(
    item: ItemArgument,
    reason: Annotated[str, typer.Option("--reason", help="Why, in a sentence for its creator.")],
    data: DataOption = None,
) -> None:
    """Refuse what waits, with a reason that its creator reads."""
    if not reason.strip() or len(reason) > REASON_LENGTH_MAX:
        raise BadInput(
            f"A reason has 1 to {REASON_LENGTH_MAX} characters.", hint="Say in a sentence why.", field="--reason"
        )
    with Platform(Settings.read(data)) as platform:
        platform.copies.refuse(ItemId(decode_id(item, "ID")), reason.strip())
    typer.echo(f"{item}  is refused.")


def as_dict(platform: Platform, found: Comparison) -> dict[str, Any]:
    """A comparison as a program reads it."""
    spans = found.spans
    return {
        "verdict": found.verdict.value,
        "other": encode_id(found.other_id),
        "creator": platform.copies.handle_of(found.other_id),
        "from_ms": spans.clip_from_ms,
        "to_ms": spans.clip_to_ms,
        "other_from_ms": spans.other_from_ms,
        "other_to_ms": spans.other_to_ms,
        "alteration": found.alteration,
        "evidence": found.evidence,
    }


def _print(rows: list[dict[str, Any]], as_json: bool, none: str) -> None:
    if as_json:
        typer.echo(json.dumps(rows, indent=2, ensure_ascii=False))
        return
    if not rows:
        typer.echo(none)
        return
    waits = ["waits"] if "id" in rows[0] else []
    table = Table(*waits, "verdict", "of", "by", "span", "of theirs", "alteration")
    for row in rows:
        spans = [f"{clock(row[f'{whose}from_ms'])}–{clock(row[f'{whose}to_ms'])}" for whose in ("", "other_")]
        creator = f"@{row['creator']}"
        first = [row["id"]] if waits else []
        table.add_row(*first, row["verdict"], row["other"], creator, *spans, row["alteration"])
    Console().print(table)
