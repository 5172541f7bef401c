"""`openforyou identities`: prove accounts elsewhere, for a creator."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from openforyou.app.platform import Platform
from openforyou.app.settings import Settings
from openforyou.catalog.identities.types import ChallengeId, Proof, ProofId
from openforyou.cli.options import DataOption, JsonOption
from openforyou.core.ids import decode_id, encode_id

app = typer.Typer(help="Accounts elsewhere that creators prove to hold.", no_args_is_help=True)
Handle = Annotated[str, typer.Argument(metavar="HANDLE", help="The creator here.")]


@app.command(name="list")
def list_(
    handle: Handle,
    looks: Annotated[
        bool, typer.Option("--looks", help="Also each look at an account, with what was seen: the evidence.")
    ] = False,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """List what a creator has proven and what is still to be done."""
    with Platform(Settings.read(data)) as platform:
        creator = platform.catalog.creator(handle)
        proven = platform.identities.proven(creator.id)
        begun = platform.identities.challenges(creator.id)
        seen = platform.identities.evidence(creator.id) if looks else []
    told: dict[str, Any] = {
        "proven": [as_dict(one) for one in proven],
        "challenges": [
            {
                "id": encode_id(one.challenge.id),
                "platform": one.challenge.outside.platform,
                "who": one.challenge.outside.who,
                "method": one.challenge.method,
                "expires_at": one.challenge.expires_at.isoformat(),
            }
            for one in begun
        ],
    }
    if looks:
        told["looks"] = [
            {
                "platform": one.outside.platform,
                "who": one.outside.who,
                "method": one.method,
                "result": one.result.value,
                "saw": one.saw,
                "url": one.url,
                "sha256": one.sha256,
                "at": one.at.isoformat(),
            }
            for one in seen
        ]
    if as_json:
        typer.echo(json.dumps(told, indent=2, ensure_ascii=False))
    else:
        _print(told)


@app.command()
def prove(
    handle: Handle,
    platform_name: Annotated[str, typer.Argument(metavar="PLATFORM", help="As web, mastodon, bluesky.")],
    who: Annotated[str, typer.Argument(metavar="WHO", help="Handle, domain, or the profile's address.")] = "",
    method: Annotated[
        str, typer.Option("--method", help="dns, well-known, rel-me, code, atproto or sign-in; left out: the best.")
    ] = "",
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Begin to prove an account: says what to put where. `check` then looks."""
    with Platform(Settings.read(data)) as platform:
        creator = platform.catalog.creator(handle)
        begun = platform.identities.challenge(creator.id, platform_name, who, method)
    challenge = encode_id(begun.challenge.id)
    if as_json:
        steps = [{"words": one.words, "copy": one.copy, "link": one.link} for one in begun.steps]
        typer.echo(json.dumps({"id": challenge, "steps": steps}, indent=2, ensure_ascii=False))
        return
    for number, one in enumerate(begun.steps, 1):
        typer.echo(f"{number}. {one.words}")
        for more in filter(None, (one.copy, one.link)):
            typer.echo(f"     {more}")
    typer.echo(f"Then: openforyou identities check {handle} {challenge}")


@app.command()
def check(
    handle: Handle,
    challenge: Annotated[str, typer.Argument(metavar="ID", help="As `prove` named it.")],
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Look now whether what was asked for is there."""
    challenge_id = ChallengeId(decode_id(challenge, "ID"))
    with Platform(Settings.read(data)) as platform:
        creator = platform.catalog.creator(handle)
        proof = platform.identities.check(challenge_id, creator.id)
    if as_json:
        typer.echo(json.dumps(as_dict(proof), indent=2, ensure_ascii=False))
    else:
        typer.echo(f"{proof.outside.who} at {proof.outside.platform} is proven by @{creator.handle}.")


@app.command()
def withdraw(
    handle: Handle,
    identity: Annotated[str, typer.Argument(metavar="ID", help="As `list` names it.")],
    data: DataOption = None,
) -> None:
    """End a proof: it is shown no longer."""
    proof_id = ProofId(decode_id(identity, "ID"))
    with Platform(Settings.read(data)) as platform:
        platform.identities.withdraw(proof_id, platform.catalog.creator(handle).id)
    typer.echo(f"{identity}  is withdrawn.")


def as_dict(proof: Proof) -> dict[str, Any]:
    """A proof as a program reads it."""
    return {
        "id": encode_id(proof.id),
        "platform": proof.outside.platform,
        "who": proof.outside.who,
        "url": proof.outside.url,
        "subject": proof.subject,
        "method": proof.method,
        "evidence": proof.evidence,
        "proven_at": proof.proven_at.isoformat(),
        "checked_at": proof.checked_at.isoformat(),
        "expires_at": proof.expires_at.isoformat(),
        "failure": proof.failure,
    }


def _print(told: dict[str, Any]) -> None:
    console = Console()
    for title, columns in (
        ("proven", ("id", "platform", "who", "method", "proven_at", "expires_at", "failure")),
        ("challenges", ("id", "platform", "who", "method", "expires_at")),
        ("looks", ("at", "platform", "who", "method", "result", "saw")),
    ):
        if rows := told.get(title):
            table = Table(title=title)
            for column in columns:
                table.add_column(column, overflow="fold")
            for row in rows:
                table.add_row(*(escape(str(row[column])) for column in columns))
            console.print(table)
    if not any(told.values()):
        typer.echo("Nothing yet. `openforyou identities prove` begins.")
