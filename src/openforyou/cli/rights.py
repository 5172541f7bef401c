"""`openforyou rights`: what was allowed, by whom and on what evidence; at any checkpoint; and whether it all agrees."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from typer.core import TyperGroup

from openforyou.app.platform import Platform
from openforyou.app.settings import Settings
from openforyou.catalog.rights.proving import At, Then
from openforyou.catalog.rights.types import ITEM_SUBJECT, SOUND_SUBJECT, VIEWER_SUBJECT, Act, Decision, Party, Placed
from openforyou.catalog.types import Right
from openforyou.cli.options import DataOption, JsonOption
from openforyou.core.errors import BadInput
from openforyou.core.ids import decode_id, encode_id

OPERATOR = "operator"


class _ShowsByDefault(TyperGroup):
    """`rights ITEM` is `rights show ITEM`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if args and args[0] not in self.commands and not args[0].startswith("-"):
            args = ["show", *args]
        return super().parse_args(ctx, args)


app = typer.Typer(
    cls=_ShowsByDefault,
    help="What was allowed, by whom, on what evidence; checked against the log.",
    no_args_is_help=True,
)
What = Annotated[str, typer.Argument(metavar="WHAT", help="An item's id, a creator as @handle, viewer:ID or sound:ID.")]
RightArgument = Annotated[str, typer.Argument(metavar="RIGHT", help=f"One of {', '.join(Right)}.")]
EvidenceOption = Annotated[str, typer.Option("--evidence", help="How it is known; kept with it.")]


@app.command()
def show(
    what: What,
    at: Annotated[
        int | None, typer.Option("--at", metavar="LOG_SIZE", help="As of the checkpoint of that size; else the newest.")
    ] = None,
    moment: Annotated[
        str,
        typer.Option("--moment", metavar="TIME", help="As of when expiry is judged; else the last word until then."),
    ] = "",
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what holds and each word that was said, opened and held against its record in the log.

    Exit code 1 where a word does not agree with the log.
    """
    with Platform(Settings.read(data)) as platform:
        kind, ids = _subjects(platform, what)
        found = platform.proving.at(kind, ids, at, _moment(moment))
    told = as_dict(kind, found)
    if as_json:
        typer.echo(json.dumps(told, indent=2, ensure_ascii=False))
    else:
        _print(told)
    if found.wrongs:
        raise typer.Exit(1)


@app.command()
def check(data: DataOption = None, as_json: JsonOption = False) -> None:
    """Check every word about rights against the log, and what holds against the words.

    Reads the whole log. Names each row that was written by hand. Exit code 1
    where anything does not agree.
    """
    with Platform(Settings.read(data)) as platform:
        verdict = platform.proving.check()
        minors = platform.minors.check()
    problems = [{"kind": one.kind, "says": one.says} for one in verdict.wrongs]
    problems += [{"kind": "minors", "says": one} for one in minors]
    if as_json:
        counts = {name: getattr(verdict, name) for name in ("size", "events", "waiting", "erased", "holds")}
        typer.echo(json.dumps(counts | {"problems": problems}, indent=2, ensure_ascii=False))
    else:
        typer.echo(
            f"{verdict.events} words and {verdict.holds} rights that they give, a log of {verdict.size} leaves; "
            f"{verdict.waiting} on their way into it, {verdict.erased} of erased subjects."
        )
        for one in problems:
            typer.secho(f"{one['kind']}: {one['says']}", fg="red", err=True)
        if not problems:
            typer.echo("All agree.")
    if problems:
        raise typer.Exit(1)


@app.command()
def grant(
    what: What,
    right: RightArgument,
    evidence: EvidenceOption,
    until: Annotated[str, typer.Option("--until", metavar="TIME", help="Left out: until withdrawn.")] = "",
    data: DataOption = None,
) -> None:
    """Give a right by the operator's word, which can open again what somebody refused."""
    _decide(Act.GRANT, (what, right, evidence), until, data)


@app.command()
def refuse(what: What, right: RightArgument, evidence: EvidenceOption, data: DataOption = None) -> None:
    """Refuse or take back a right by the operator's word; only an operator can open it again."""
    _decide(Act.REFUSE, (what, right, evidence), "", data)


@app.command()
def minor(
    email: Annotated[str, typer.Argument(metavar="EMAIL", help="Of the account.")], data: DataOption = None
) -> None:
    """Make an account a minor's: private, unprofiled, not learned from, until a guardian decides."""
    with Platform(Settings.read(data)) as platform:
        platform.minors.declare_unseen(platform.accounts.of_email(email).id)
    typer.echo("It is a minor's account. Everything that it had allowed is refused, and it is signed out everywhere.")


@app.command(name="of-age")
def of_age(
    email: Annotated[str, typer.Argument(metavar="EMAIL", help="Of the minor's account.")],
    evidence: EvidenceOption,
    data: DataOption = None,
) -> None:
    """Say that a minor has come of age: each choice is theirs to make afresh."""
    with Platform(Settings.read(data)) as platform:
        account_id = platform.accounts.of_email(email).id
        platform.minors.come_of_age_unseen(account_id, by=OPERATOR, evidence=evidence)
    typer.echo("They are of age, and sign in again. Nothing is allowed until they are asked.")


def _decide(act: Act, told: tuple[str, str, str], until: str, data: Any) -> None:
    what, named, evidence = told
    try:
        right = Right(named)
    except ValueError:
        known = ", ".join(Right)
        raise BadInput(f"{named!r} is no right.", hint=f"One of {known}.", field="RIGHT") from None
    with Platform(Settings.read(data)) as platform:
        kind, ids = _subjects(platform, what)
        now, end = platform.clock.now(), _moment(until)
        said = [
            Decision(act, right, kind, one, Party.OPERATOR, OPERATOR, evidence, now, end if act is Act.GRANT else None)
            for one in ids
        ]
        events = platform.catalog.rights.decide(said)
    typer.echo(f"{what}: {right} {'granted' if act is Act.GRANT else 'refused'}, {len(events)} on record.")


def _subjects(platform: Platform, what: str) -> tuple[str, list[int]]:
    """The kind and ids of what is asked about. Raises `BadInput`, `CreatorNotFound`, `ItemNotFound`."""
    if what.startswith("@"):
        creator = platform.catalog.creator(what)
        return ITEM_SUBJECT, [*platform.catalog.item_ids_of(creator.id)]
    kind, colon, public = what.partition(":")
    if colon and kind in (VIEWER_SUBJECT, SOUND_SUBJECT, ITEM_SUBJECT):
        return kind, [decode_id(public, "WHAT")]
    return ITEM_SUBJECT, [decode_id(what, "WHAT")]


def _moment(text: str) -> datetime | None:
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise BadInput(f"{text[:40]!r} is no moment.", hint="Write it as 2026-01-31T12:00:00Z.", field="moment")
    return found


def as_dict(kind: str, found: At) -> dict[str, Any]:
    """As a program reads it."""
    return {
        "log_size": found.size,
        "root": found.root.hex(),
        "moment": found.moment.isoformat(),
        "subjects": [_then(kind, one) for one in found.subjects],
        "problems": [{"kind": one.kind, "says": one.says} for one in found.wrongs],
    }


def _then(kind: str, one: Then) -> dict[str, Any]:
    held = {"kind": kind, "id": encode_id(one.subject_id), "holds": sorted(one.holds)}
    return held | {"events": [event_dict(placed) for placed in one.events]}


def event_dict(placed: Placed) -> dict[str, Any]:
    """A word on record, with its leaf in the log and what stands there."""
    said = placed.event.decision
    return {
        "id": encode_id(placed.event.id),
        "act": said.act.value,
        "right": said.right.value,
        "by": said.by.value,
        "granted_by": said.granted_by,
        "evidence": said.evidence,
        "since": said.since.isoformat(),
        "until": None if said.until is None else said.until.isoformat(),
        "region": said.region,
        "at": placed.event.at.isoformat(),
        "leaf": placed.index,
        "commitment": placed.event.commitment.hex(),
    }


def _print(told: dict[str, Any]) -> None:
    console = Console()
    typer.echo(f"At {told['log_size']} leaves of the log, as of {told['moment']}.")
    for one in told["subjects"]:
        table = Table(title=f"{one['kind']} {one['id']}: {', '.join(one['holds']) or 'nothing'} holds")
        for heading in ("leaf", "at", "act", "right", "by", "evidence"):
            table.add_column(heading, overflow="fold")
        for event in one["events"]:
            table.add_row(*(escape(str(event[name])) for name in ("leaf", "at", "act", "right", "by", "evidence")))
        console.print(table)
    for problem in told["problems"]:
        typer.secho(f"{problem['kind']}: {problem['says']}", fg="red", err=True)
