"""`openforyou credentials`: what a file says of where it comes from, without a platform."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from openforyou.app.credentials import reader
from openforyou.app.settings import Settings
from openforyou.catalog.credentials.rules import AI_MADE, words
from openforyou.catalog.credentials.types import Credentials, Mining
from openforyou.cli.options import JsonOption
from openforyou.core.errors import BadInput


def credentials(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A picture, a sound or a video.")],
    as_json: JsonOption = False,
) -> None:
    """Read the Content Credentials (C2PA) of any file.

    Says whether it has any, whether it was changed since it was signed, by
    whom, what was done to it, what it was made from, and whether it may be
    trained on. Nothing is asked of the network. Signers are known by the
    certificates in the file that OPENFORYOU_C2PA_TRUST names; without it
    nobody is known.

    Exit code 0 whatever is found, 1 when the file cannot be read at all.
    """
    try:
        found = reader(Settings.read()).read(file)
    except OSError as error:
        raise BadInput(f"{file}: {error.strerror or error}.", hint="Check the path.", field="FILE") from error
    if as_json:
        refused = bool(found.refusals)
        typer.echo(json.dumps(found.as_dict() | {"refuses_learning": refused}, indent=2, ensure_ascii=False))
    else:
        _print(found)


def _print(found: Credentials) -> None:
    typer.echo(f"{found.state.value}: {words(found.state, found.signed_by) or 'No Content Credentials came with it.'}")
    if found.ai_made:
        typer.echo(f"{AI_MADE}.")
    if found.refusals:
        typer.echo("Nothing may be trained on it: no right to learn can be given.")
    certificate = f"{found.signer}, {found.organization}".strip(", ")
    facts = {
        "title": found.title,
        "signer": certificate + (f" (certified by {found.issuer})" if found.issuer else ""),
        "made with": found.generator,
        "when": found.signed_at,
        "actions": ", ".join(f"{one.name} {one.source_type}".strip() for one in found.actions),
        "made from": ", ".join(f"{one.title or 'untitled'} ({one.relation})" for one in found.ingredients),
        "training": "; ".join(_mining(one) for one in found.mining),
        "problems": ", ".join(found.problems),
        "manifest": found.manifest,
    }
    for name, value in facts.items():
        if value:
            typer.echo(f"  {name:<10} {value}")


def _mining(one: Mining) -> str:
    said = ", ".join(f"{purpose} {use}" for purpose, use in one.uses.items())
    return f"{one.label}: {said or 'not understood'}"
