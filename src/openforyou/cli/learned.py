"""`openforyou learned-from`: which models learned from an item, a creator or a viewer, with proof."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from openforyou.app.platform import Platform
from openforyou.app.settings import Settings
from openforyou.cli.options import DataOption, JsonOption
from openforyou.core.errors import BadInput, NotFound
from openforyou.core.ids import decode_id
from openforyou.learn.manifest.asking import Answers, Subject


def learned_from(
    who: Annotated[str, typer.Argument(metavar="WHO", help="An item, @creator (all their items), or a viewer.")],
    proof: Annotated[
        Path | None,
        typer.Option(
            "--proof", metavar="FILE", help="Write the proofs here, for `openforyou verify --proof`. It holds a secret."
        ),
    ] = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Which models learned from somebody: since when, by what right, with a proof for yes and for no.

    Asked are all models with a manifest, in service or not. The file of proofs is checked from outside, with the key of
    the log alone; it is for whom it is about, for it holds the secret under which theirs is found.
    """
    with Platform(Settings.read(data)) as platform:
        told = platform.asking.learned_from(_subjects(platform, who))
        proofs = None if proof is None else platform.asking.file(told)
    if proof is not None:
        try:
            proof.write_text(json.dumps(proofs, indent=1) + "\n")
            proof.chmod(0o600)
        except OSError as error:
            raise BadInput(f"{proof} cannot be written: {error.strerror}.", hint="Choose another place.") from error
    if as_json:
        typer.echo(json.dumps(told.as_dict(), indent=2))
    else:
        _print(told)


def _subjects(platform: Platform, who: str) -> list[Subject]:
    if not who.startswith("@"):
        return [platform.asking.subject(decode_id(who, "WHO"))]
    found = platform.asking.items_of(platform.catalog.creator(who).id)
    if not found:
        raise NotFound(f"{who} has handed in nothing.", hint="Ask for a creator with clips, an item, or a viewer.")
    return found


def _print(told: Answers) -> None:
    if not told.answers:
        typer.echo("No model has a manifest yet: nothing was learned from anybody.")
        return
    table = Table()
    for heading in ("whose", "model", "state", "learned from it", "since", "right"):
        table.add_column(heading)
    for answer in told.answers:
        said = answer.as_dict()
        right = said["right"]
        table.add_row(
            f"{said['kind']} {said['id']}",
            said["model"],
            said["status"],
            "no" if not answer.learned else "yes" if answer.holds_rows else "an earlier version did",
            "" if answer.since is None else f"{answer.since:%Y-%m-%d %H:%M}",
            "" if right is None else f"learn, by the {right['grantor']}, {right['evidence']}",
        )
    Console().print(table)
