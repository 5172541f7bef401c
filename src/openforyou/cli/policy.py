"""`openforyou policy`: publish a rule for the feed, end one, list them all."""

from __future__ import annotations

import json
from datetime import datetime
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
from openforyou.moderation.rules import in_words
from openforyou.moderation.types import Effect, PolicyId, PolicyKind, Proposal, Rule, Scope, ScopeKind, Standing

app = typer.Typer(help="Published rules: caps, boosts, demotions, freezes, cross-post limits.", no_args_is_help=True)
KINDS = ", ".join(PolicyKind)


@app.command()
def publish(
    kind: Annotated[str, typer.Argument(metavar="KIND", help=f"One of {KINDS}.")],
    name: Annotated[str, typer.Option("--name", help="What people will call it.")],
    reason: Annotated[str, typer.Option("--reason", help="Why, in a sentence that everybody can read.")],
    item: Annotated[str, typer.Option("--item", metavar="ID", help="About one clip, as in its address.")] = "",
    creator: Annotated[str, typer.Option("--creator", metavar="HANDLE", help="About all clips of a creator.")] = "",
    cross_posts: Annotated[
        bool, typer.Option("--cross-posts", help="About all clips marked as posted elsewhere before.")
    ] = False,
    limit: Annotated[
        int | None, typer.Option("--limit", help="Of a cap: views. Of a cross_post_limit: clips in a slate.")
    ] = None,
    factor: Annotated[
        float | None, typer.Option("--factor", help="A demote: 0.05 to 0.95 times its value. A boost: 1.05 to 5.")
    ] = None,
    since: Annotated[str, typer.Option("--since", metavar="TIME", help="As 2026-01-31T12:00:00Z; left out: now.")] = "",
    until: Annotated[str, typer.Option("--until", metavar="TIME", help="Left out: until it is ended.")] = "",
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Publish a rule.

    Its record goes into the public log, and only what stands there acts:
    within seconds while `openforyou serve` runs, else when it next does.
    A rule never changes. To change one, end it and publish another.
    """
    with Platform(Settings.read(data)) as platform:
        proposal = Proposal(
            kind=kind,
            name=name,
            reason=reason,
            scope=_scope(platform, item, creator, cross_posts=cross_posts),
            limit=limit,
            factor=factor,
            since=_moment(since, "since"),
            until=_moment(until, "until"),
        )
        policy = platform.policies.publish(proposal)
    if as_json:
        typer.echo(json.dumps(as_dict(Rule(policy, Standing.WAITING)), indent=2, ensure_ascii=False))
    else:
        typer.echo(f"{encode_id(policy.id)}  “{policy.name}” acts as soon as it stands in the log.")


@app.command()
def end(
    policy: Annotated[str, typer.Argument(metavar="ID", help="As `openforyou policy list` names it.")],
    reason: Annotated[str, typer.Option("--reason", help="Why, in a sentence that everybody can read.")],
    data: DataOption = None,
) -> None:
    """End a rule. It stops as soon as the record of its end stands in the log."""
    policy_id = PolicyId(decode_id(policy, "ID"))
    with Platform(Settings.read(data)) as platform:
        platform.policies.end(policy_id, reason)
    typer.echo(f"{policy}  stops as soon as its end stands in the log.")


@app.command(name="list")
def list_(data: DataOption = None, as_json: JsonOption = False) -> None:
    """List every rule: where it stands, its place in the log, and how often it did what in the last seven days.

    *waiting* is on its way into the log; *refused* stands in the database
    and in no record of the log, so somebody wrote it there by hand: it
    does not act.
    """
    with Platform(Settings.read(data)) as platform:
        rules = platform.policies.rules()
        did = platform.policies.effects()
    if as_json:
        told = [as_dict(rule) | {"effects_7_days": did.get(rule.policy.id, {})} for rule in rules]
        typer.echo(json.dumps(told, indent=2, ensure_ascii=False))
    elif rules:
        _print(rules, did)
    else:
        typer.echo("No rule was published yet. `openforyou policy publish` publishes one.")


def as_dict(rule: Rule) -> dict[str, Any]:
    """A rule as a program reads it."""
    policy, ending = rule.policy, rule.ending
    return {
        "id": encode_id(policy.id),
        "kind": policy.kind.value,
        "name": policy.name,
        "reason": policy.reason,
        "scope": {
            "kind": policy.scope.kind.value,
            "id": None if policy.scope.id is None else encode_id(policy.scope.id),
        },
        "limit": policy.limit,
        "factor": policy.factor,
        "since": policy.since.isoformat(),
        "until": None if policy.until is None else policy.until.isoformat(),
        "standing": rule.standing.value,
        "log_index": rule.log_index,
        "end": None
        if ending is None
        else {"reason": ending.reason, "at": ending.at.isoformat(), "log_index": rule.ending_log_index},
    }


def _scope(platform: Platform, item: str, creator: str, *, cross_posts: bool) -> Scope:
    """What the options name. Raises `BadInput` unless it is exactly one thing."""
    if [bool(item), bool(creator), cross_posts].count(True) != 1:
        raise BadInput(
            "A rule is about one thing.", hint="Give one of --item, --creator and --cross-posts.", field="scope"
        )
    if item:
        return Scope(ScopeKind.ITEM, decode_id(item, "item"))
    if creator:
        return Scope(ScopeKind.CREATOR, platform.catalog.creator(creator).id)
    return Scope(ScopeKind.CROSS_POSTS)


def _moment(text: str, field: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text) if text else None
    except ValueError:
        raise BadInput(f"{field} is no time: {text[:40]!r}.", hint="Write 2026-01-31T12:00:00Z.", field=field) from None


def _print(rules: list[Rule], did: dict[PolicyId, dict[Effect, int]]) -> None:
    table = Table()
    for heading in ("rule", "name", "stands", "what it does", "record", "in 7 days"):
        table.add_column(heading)
    for rule in rules:
        effects = did.get(rule.policy.id, {})
        table.add_row(
            encode_id(rule.policy.id),
            escape(rule.policy.name),
            rule.standing.value.replace("_", " "),
            f"{_about(rule.policy.scope)}: {in_words(rule.policy)}",
            "" if rule.log_index is None else str(rule.log_index),
            ", ".join(f"{effect.value} {times:,}" for effect, times in effects.items()),
        )
    Console().print(table)


def _about(scope: Scope) -> str:
    if scope.id is None:
        return "cross-posts"
    return f"{scope.kind.value} {encode_id(scope.id)}"
