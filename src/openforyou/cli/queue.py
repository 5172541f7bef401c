"""`openforyou queue`: what waits to be made ready, and what was given up."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from openforyou.app.platform import Platform
from openforyou.app.settings import Settings
from openforyou.catalog.queue.types import Entry
from openforyou.cli.options import DataOption, JsonOption
from openforyou.core.errors import BadInput
from openforyou.core.ids import CreatorId, ItemId, decode_id, encode_id

app = typer.Typer(help="What waits to be made ready, and what was given up.", no_args_is_help=True)
Named = Annotated[str, typer.Argument(metavar="[ID]", help="As `openforyou queue list --failed` names it.")]


@app.command(name="list")
def list_(
    failed: Annotated[bool, typer.Option("--failed", help="What was given up, with the reason of each.")] = False,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """List what waits, in the order in which it is taken: creators take turns."""
    with Platform(Settings.read(data)) as platform:
        entries = platform.queue.failed() if failed else platform.queue.waiting()
        sizes = platform.queue.sizes()
        names = {
            one.id: one.handle for one in platform.catalog.creators({each.creator_id for each in entries}).values()
        }
    if as_json:
        told = {
            "sizes": {status.value: count for status, count in sizes.items()},
            "entries": [_as_dict(entry, names) for entry in entries],
        }
        typer.echo(json.dumps(told, indent=2, ensure_ascii=False))
        return
    typer.echo(", ".join(f"{count:,} {status.value}" for status, count in sizes.items()))
    if entries:
        table = Table(
            "item", "creator", "file", "state", "tries", "again from", "failure", box=None, padding=(0, 2, 0, 0)
        )
        for entry in entries:
            table.add_row(*(escape(str(value or "")) for value in _as_dict(entry, names).values()))
        Console().print(table)


@app.command()
def retry(
    item: Named = "",
    everything: Annotated[bool, typer.Option("--all", help="Everything that was given up.")] = False,
    data: DataOption = None,
) -> None:
    """Try again what was given up, or at once what is put off, as if it had just come."""
    with Platform(Settings.read(data)) as platform:
        chosen = _chosen(platform, item, everything=everything)
        for item_id in chosen:
            platform.queue.try_again(item_id)
    typer.echo(f"{len(chosen):,} wait again; a running `openforyou serve` takes them.")


@app.command()
def drop(
    item: Named = "",
    everything: Annotated[bool, typer.Option("--all", help="Everything that was given up.")] = False,
    data: DataOption = None,
) -> None:
    """Refuse for good what was given up, and delete its files."""
    with Platform(Settings.read(data)) as platform:
        chosen = _chosen(platform, item, everything=everything)
        for item_id in chosen:
            platform.queue.drop(item_id, "It could not be made ready here. Upload it again, or in another format.")
        platform.ingest.sweep()
    typer.echo(f"{len(chosen):,} dropped.")


def _chosen(platform: Platform, item: str, *, everything: bool) -> list[ItemId]:
    if bool(item) == everything:
        raise BadInput("Which ones?", hint="Give an ID, or --all.", field="ID")
    return [entry.item_id for entry in platform.queue.failed()] if everything else [ItemId(decode_id(item, "ID"))]


def _as_dict(entry: Entry, names: Mapping[CreatorId, str]) -> dict[str, str | int | None]:
    return {
        "id": encode_id(entry.item_id),
        "creator": f"@{names[entry.creator_id]}" if entry.creator_id in names else "",
        "file": entry.source_name,
        "status": entry.status.value,
        "attempts": entry.attempts,
        "not_before": None if entry.not_before is None else entry.not_before.isoformat(timespec="seconds"),
        "failure": entry.failure,
    }
