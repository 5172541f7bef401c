"""`openforyou claims`: what people say is theirs, for whoever decides."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from openforyou.app.platform import Platform
from openforyou.app.settings import Settings
from openforyou.cli.options import DataOption, JsonOption
from openforyou.core.errors import BadInput
from openforyou.core.ids import decode_id, encode_id
from openforyou.moderation.claims.types import Case, ClaimId, ClaimKind, ClaimState, Ruling

app = typer.Typer(help="Claims that a work or a name is somebody else's, and their decisions.", no_args_is_help=True)
KINDS = {
    ClaimKind.COPY: "their clip was taken for a copy of this one, wrongly",
    ClaimKind.THEFT: "this clip is theirs",
    ClaimKind.IMPERSONATION: "this creator poses as them",
}
ClaimArgument = Annotated[str, typer.Argument(metavar="ID", help="As `openforyou claims list` names it.")]


@app.command(name="list")
def list_(data: DataOption = None, as_json: JsonOption = False) -> None:
    """List the claims that are not over, the most urgent first, and how claims are treated here as counts."""
    with Platform(Settings.read(data)) as platform:
        cases, moves = platform.claims.waiting(), platform.claims.moves()
        names = _names(platform, cases)
    if as_json:
        told = {"claims": [as_dict(case, names) for case in cases], "counts": asdict(moves)}
        typer.echo(json.dumps(told, indent=2, ensure_ascii=False))
        return
    if cases:
        table = Table("claim", "kind", "by", "against", "state", "decision due", box=None, padding=(0, 2, 0, 0))
        for case in cases:
            claim = case.claim
            sides = names[claim.claimant], names[claim.about.respondent]
            due = f"{claim.decide_by:%Y-%m-%d}"
            table.add_row(encode_id(claim.id), claim.about.kind, *map(escape, sides), claim.state, due)
        Console().print(table)
    else:
        typer.echo("No claim waits.")
    typer.echo(
        f"{moves.open} wait for a decision, {moves.overdue} of them overdue; {moves.upheld} were upheld, "
        f"{moves.rejected} rejected, {moves.reversed} turned by an appeal."
    )


@app.command()
def show(claim: ClaimArgument, data: DataOption = None, as_json: JsonOption = False) -> None:
    """Show one claim with every step, as both sides read it."""
    claim_id = ClaimId(decode_id(claim, "ID"))
    with Platform(Settings.read(data)) as platform:
        case = platform.claims.case(claim_id)
        names = _names(platform, [case])
        sides = (case.claim.claimant, case.claim.about.respondent)
        proven = {
            names[side]: [f"{one.outside.who} on {one.outside.platform}" for one in platform.identities.proven(side)]
            for side in sides
        }
    _print(case, names, as_json=as_json)
    if not as_json:
        for name, accounts in proven.items():
            typer.echo(f"{name} has proven: {', '.join(accounts) or 'no account elsewhere'}")


@app.command()
def decide(
    claim: ClaimArgument,
    ruling: Annotated[str, typer.Argument(metavar="RULING", help="upheld (the claimant is right) or rejected.")],
    reason: Annotated[str, typer.Option("--reason", help="Why, for both sides to read.")],
    by: Annotated[str, typer.Option("--by", help="Who decides. An appeal needs somebody else than before.")],
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Decide a claim, or an appeal against a decision.

    Possible once the other side has answered, or its seven days are over.
    An upheld claim of copy lets the claimant publish it; one of theft
    suspends the clip, and withdraws it when no appeal comes; one of
    impersonation hands the handle over. All of it is undone when an
    appeal says so.
    """
    if ruling not in tuple(Ruling):
        raise BadInput(f"RULING is {ruling!r}.", hint=f"It is one of {', '.join(Ruling)}.", field="RULING")
    claim_id = ClaimId(decode_id(claim, "ID"))
    with Platform(Settings.read(data)) as platform:
        case = platform.claims.decide(claim_id, Ruling(ruling), reason, by)
        names = _names(platform, [case])
    _print(case, names, as_json=as_json)


def as_dict(case: Case, names: dict[int, str]) -> dict[str, Any]:
    """A claim as a program reads it."""
    claim, about = case.claim, case.claim.about
    return {
        "id": encode_id(claim.id),
        "kind": about.kind.value,
        "claimant": names[claim.claimant],
        "respondent": names[about.respondent],
        "item_id": None if about.item_id is None else encode_id(about.item_id),
        "other_id": None if about.other_id is None else encode_id(about.other_id),
        "state": claim.state.value,
        "ruling": None if claim.ruling is None else claim.ruling.value,
        "opened_at": claim.opened_at.isoformat(),
        "answer_by": claim.answer_by.isoformat(),
        "decide_by": claim.decide_by.isoformat(),
        "appeal_until": None if claim.appeal_until is None else claim.appeal_until.isoformat(),
        "steps": [asdict(step) | {"at": step.at.isoformat()} for step in case.steps],
    }


def _names(platform: Platform, cases: list[Case]) -> dict[int, str]:
    ids = {side for case in cases for side in (case.claim.claimant, case.claim.about.respondent)}
    found = platform.catalog.creators(ids)
    return {one: f"@{found[one].handle}" if one in found else "(gone)" for one in ids}


def _print(case: Case, names: dict[int, str], *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(as_dict(case, names), indent=2, ensure_ascii=False))
        return
    claim, about = case.claim, case.claim.about
    typer.echo(f"{encode_id(claim.id)}  {names[claim.claimant]} says of {names[about.respondent]}: {KINDS[about.kind]}")
    clips = [f"/item/{encode_id(one)}" for one in (about.item_id, about.other_id) if one is not None]
    if clips:
        typer.echo(f"about {' and '.join(clips)}")
    for step in case.steps:
        who = f"{step.side.value} ({step.by})" if step.by else step.side.value
        typer.echo(f"\n{step.at:%Y-%m-%d %H:%M}  {who}: {step.act.value}")
        if step.words:
            typer.echo(f"  {step.words}")
    if claim.state in (ClaimState.OPEN, ClaimState.APPEALED):
        typer.echo(f"\nA decision is due by {claim.decide_by:%Y-%m-%d}.")
    elif claim.state is ClaimState.DECIDED and claim.appeal_until is not None:
        typer.echo(f"\nMay be appealed until {claim.appeal_until:%Y-%m-%d %H:%M} UTC.")
