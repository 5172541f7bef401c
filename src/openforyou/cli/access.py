"""`openforyou access`: how somebody of the staff comes to see something of a person, act by act."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from openforyou.app.keys import enrol_first
from openforyou.app.platform import Platform
from openforyou.app.settings import Settings
from openforyou.cli.options import DataOption, JsonOption
from openforyou.core.errors import BadInput
from openforyou.core.ids import encode_id
from openforyou.privacy.access import acts, watermark
from openforyou.privacy.access.types import Doing, Duty
from openforyou.privacy.vault.types import Field

app = typer.Typer(
    help="Access by staff: asked for, granted by a second person, on record before anything opens.",
    no_args_is_help=True,
)
KeyOption = Annotated[
    Path, typer.Option("--key", envvar="OPENFORYOU_ACCESS_KEY", metavar="FILE", help="The file with your key.")
]
MeOption = Annotated[
    str, typer.Option("--me", envvar="OPENFORYOU_ACCESS_ME", metavar="STAFF", help="Your id among the staff.")
]
Request = Annotated[str, typer.Argument(metavar="REQUEST", help="As `openforyou access list` names it.")]
Words = Annotated[str, typer.Option("--words", help="Why: it stays on record.")]
PersonArgument = Annotated[
    str, typer.Argument(metavar="PERSON", help="account:ID, viewer:ID, or the e-mail that the person wrote from.")
]


# Who is of the staff


@app.command()
def key(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where it goes; it must not exist yet.")],
    as_json: JsonOption = False,
) -> None:
    """Make your own key, readable by you alone, and print its public half for the administrators.

    On standard error it says the fingerprint, which you read to them in person.

    Keep it as you keep a password: whoever has it signs in your name.
    """
    made = Ed25519PrivateKey.generate()
    form, plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    try:
        handle = os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except OSError as error:
        raise BadInput(f"{file} cannot be made: {error.strerror}.", hint="Choose another.", field="FILE") from error
    with os.fdopen(handle, "wb") as out:
        out.write(made.private_bytes(serialization.Encoding.PEM, form, plain))
    public = acts.public_text(made)
    told = {"file": str(file), "public": public, "fingerprint": acts.fingerprint(public)}
    typer.echo(json.dumps(told, indent=2) if as_json else public)
    if not as_json:
        typer.echo(told["fingerprint"], err=True)


@app.command()
def first(
    name: Annotated[str, typer.Argument(metavar="NAME", help="By which colleagues know them.")],
    public: Annotated[str, typer.Option("--public", metavar="KEY", help="What `openforyou access key` printed.")],
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Enrol one of the first two administrators, on the broker's own machine. Everybody else is enrolled by two."""
    staff = enrol_first(Settings.read(data), name, public)
    typer.echo(json.dumps({"staff": staff}) if as_json else f"{name} is {staff}.")


@app.command()
def enrol(
    key: KeyOption,
    me: MeOption,
    name: Annotated[str, typer.Option("--name", help="By which colleagues know them.")] = "",
    duty: Annotated[
        list[Duty] | None, typer.Option("--duty", help="What they are there for; repeatable. They replace those held.")
    ] = None,
    public: Annotated[str, typer.Option("--public", metavar="KEY", help="What their `access key` printed.")] = "",
    account: Annotated[
        str, typer.Option("--account", metavar="account:ID", help="Their own account: nobody grants access to oneself.")
    ] = "",
    staff: Annotated[str, typer.Option("--staff", metavar="STAFF", help="Change somebody who is enrolled.")] = "",
    leave: Annotated[bool, typer.Option("--leave", help="They have no duty any more.")] = False,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Propose how somebody is to stand. A second administrator agrees with `access agree`.

    Have them read you the fingerprint of their key, and compare it with what this prints.
    """
    body: dict[str, Any] = {
        name_: value
        for name_, value in (("name", name), ("key", public), ("account", account), ("staff", staff))
        if value
    }
    if duty or leave:
        body["duties"] = sorted(one.value for one in duty or ())
    told = _done(Doing.ENROL, body, key, me, data)
    _tell(told | ({"fingerprint": acts.fingerprint(public)} if public else {}), as_json=as_json)


@app.command()
def agree(
    proposal: Annotated[str, typer.Argument(metavar="PROPOSAL", help="As `access enrol` printed it.")],
    key: KeyOption,
    me: MeOption,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Agree to what another administrator proposed. It is a public record, without a name.

    `access list` shows what it changes, and the fingerprint of the key: have whose it is read it to you first.
    """
    _tell(_done(Doing.AGREE, {"proposal": proposal}, key, me, data), as_json=as_json)


@app.command()
def whoami(key: KeyOption, data: DataOption = None, as_json: JsonOption = False) -> None:
    """Show whose key that is: their id, duties and region, who is bound to them by grants, and what waits for them."""
    told = _done(Doing.LOOK, {}, key, "", data)
    me = {**told["me"], "key": acts.fingerprint(acts.public_text(_key(key)))} | {
        "waiting": [one["request"] for one in told["waiting"]],
        "proposals": [one["proposal"] for one in told["proposals"] if one["by"] != told["me"]["staff"]],
        "alarms": [one["alarm"] for one in told["alarms"] if not one["reviewed_by"]],
        "open": [
            {"request": one["request"], "until": one["until"]}
            for one in told["requests"]
            if one["by"] == told["me"]["staff"] and one["standing"] == "granted"
        ],
        "closed": told["closed"],
    }
    if as_json:
        typer.echo(json.dumps(me, indent=2))
        return
    circle = me.pop("circle")
    bound = {way: [f"{one['name']} until {one['until'][:10]}" for one in circle[way]] for way in circle}
    opened = [f"{one['request']} until {one['until'][:16]}" for one in me.pop("open")]
    _tell({**me, **bound, "open": opened}, as_json=False, none="none")


# What may be asked


@app.command()
def purposes(data: DataOption = None, as_json: JsonOption = False) -> None:
    """Show the published list: for what reason anything of a person is ever opened."""
    with Platform(Settings.read(data)) as platform:
        facts = platform.access.facts()
    if as_json:
        typer.echo(json.dumps(facts, indent=2))
        return
    table = Table("purpose", "opens", "minutes", "asked by", "case", "for", box=None, padding=(0, 2, 0, 0))
    for one in facts["purposes"]:
        words = map(str, (one["name"], ", ".join(one["fields"]), one["longest_minutes"], ", ".join(one["may_ask"])))
        table.add_row(*words, one["case"] or "none", one["words"])
    Console().print(table)
    typer.echo(f"This broker is {facts['broker']}.")


@app.command(name="list")
def list_(key: KeyOption, me: MeOption, data: DataOption = None, as_json: JsonOption = False) -> None:
    """Show what waits for you, and what your duties let you see."""
    told = _done(Doing.LOOK, {}, key, me, data)
    if as_json:
        typer.echo(json.dumps(told, indent=2))
        return
    if told["closed"]:
        typer.echo(f"Access is closed: {told['closed']}")
    table = Table("request", "by", "person", "purpose", "case", "opens", "standing", box=None, padding=(0, 2, 0, 0))
    waiting = {one["request"] for one in told["waiting"]}
    for one in [*told["waiting"], *(each for each in told["requests"] if each["request"] not in waiting)]:
        standing = f"{one['standing']}: your word" if one["request"] in waiting else one["standing"]
        fields = ", ".join(one["fields"])
        row = (one["request"], one["name"], one["subject"], one["purpose"], one["case"], fields, standing)
        table.add_row(*map(escape, row))
    Console().print(table if table.row_count else "No request.")
    for one in told["alarms"]:
        typer.echo(f"alarm {one['alarm']}  {one['kind']}: {one['words']}")
    for one in told["traces"]:
        typer.echo(f"leak traced by {one['by']} to {', '.join(one['found']) or 'no access'}: {one['words']}")
    for one in told["proposals"]:
        staff = one["staff"]
        duties = ", ".join(staff["duties"]) or "no duty any more"
        typer.echo(f"proposal {one['proposal']}  {staff['name']} ({staff['staff']}): {duties}")
        for line in _proposed(one):
            typer.echo(f"  {line}")


@app.command()
def ask(
    person: PersonArgument,
    purpose: Annotated[str, typer.Option("--purpose", help="One of `openforyou access purposes`.")],
    field: Annotated[list[Field], typer.Option("--field", help="What is to be opened; repeatable.")],
    words: Words,
    key: KeyOption,
    me: MeOption,
    case: Annotated[str, typer.Option("--case", help="The case that it is for.")] = "",
    minutes: Annotated[int, typer.Option("--minutes", min=1, help="For how long, from the grant on.")] = 30,
    emergency: Annotated[
        bool, typer.Option("--emergency", help="Danger to life: opens at once, tells everybody, is reviewed.")
    ] = False,
    delay_days: Annotated[int, typer.Option("--delay-days", min=0, help="Under a court order: tell them later.")] = 0,
    order: Annotated[str, typer.Option("--order", help="That order: court, date, number.")] = "",
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Ask to see fields of one person. There is no way to ask for two, nor for a place, an address or a time."""
    body: dict[str, Any] = {
        "purpose": purpose,
        "case": case,
        "fields": [one.value for one in field],
        "minutes": minutes,
        "words": words,
    }
    if delay_days:
        body |= {"delay_days": delay_days, "order": order}
    doing = Doing.EMERGENCY if emergency else Doing.REQUEST
    _tell(_done(doing, body, key, me, data, person=person), as_json=as_json)


@app.command()
def grant(request: Request, key: KeyOption, me: MeOption, data: DataOption = None, as_json: JsonOption = False) -> None:
    """Grant what a colleague asked for. It stands in the public log before anything opens."""
    _tell(_done(Doing.GRANT, {"request": request}, key, me, data), as_json=as_json)


@app.command()
def refuse(
    request: Request,
    words: Words,
    key: KeyOption,
    me: MeOption,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say no, with the reason. The person reads that it was asked for, and refused."""
    _tell(_done(Doing.REFUSE, {"request": request, "words": words}, key, me, data), as_json=as_json)


@app.command()
def read(
    request: Request,
    key: KeyOption,
    me: MeOption,
    field: Annotated[
        list[Field] | None, typer.Option("--field", help="Some of what was granted; repeatable. [default: all]")
    ] = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what was granted to you. Each look is entered first, and the person reads of it; it bears your mark."""
    body: dict[str, Any] = {"request": request}
    if field:
        body["fields"] = [one.value for one in field]
    told = _done(Doing.READ, body, key, me, data)
    if as_json:
        typer.echo(json.dumps(told, indent=2))
        return
    for name, value in told["values"].items():
        typer.echo(f"{name}: {value}")
    for name in told["absent"]:
        typer.echo(f"{name}: nothing is kept")
    typer.echo(told["mark"])


@app.command()
def revoke(
    request: Request,
    words: Words,
    key: KeyOption,
    me: MeOption,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """End an access now, your own or a colleague's."""
    _tell(_done(Doing.REVOKE, {"request": request, "words": words}, key, me, data), as_json=as_json)


# What reviewers and administrators do


@app.command()
def delay(
    request: Request,
    key: KeyOption,
    me: MeOption,
    agreed: Annotated[bool, typer.Option("--agree/--no", help="Whether the person may be told later.")] = False,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Decide whether a person is told later, under a court order. Each yes is counted in public, and ends."""
    _tell(_done(Doing.DELAY, {"request": request, "agree": agreed}, key, me, data), as_json=as_json)


@app.command()
def review(
    of: Annotated[str, typer.Argument(metavar="ALARM|REQUEST", help="An alarm, or an emergency.")],
    words: Words,
    key: KeyOption,
    me: MeOption,
    right: Annotated[bool, typer.Option("--right/--wrong", help="Whether it was as it should be.")] = False,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say of an alarm or an emergency whether it was right, and why."""
    _tell(_done(Doing.REVIEW, {"of": of, "right": right, "words": words}, key, me, data), as_json=as_json)


@app.command()
def trace(
    value: Annotated[str, typer.Argument(metavar="VALUE", help="As it turned up, letter by letter; - reads it.")],
    words: Words,
    key: KeyOption,
    me: MeOption,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Find whose look a leaked value came from, by the mark that it bears. Reviewers and auditors do; it is on record.

    The value itself is sent nowhere: its mark is read here.
    """
    bits = watermark.borne(sys.stdin.read() if value == "-" else value)
    if not bits:
        raise BadInput(
            "That value bears no mark.",
            hint="Give it as it turned up: an address in its own letters, or other text with all its characters.",
            field="VALUE",
        )
    if len(bits) < watermark.TRACED_BITS:
        raise BadInput(
            f"That value bears a mark of {len(bits)} bits, which tells nobody from another.",
            hint=f"From {watermark.TRACED_BITS} bits on it is traced. The domain of an address bears one a letter.",
            field="VALUE",
        )
    told = _done(Doing.TRACE, {"bits": bits, "words": words}, key, me, data)
    if as_json:
        typer.echo(json.dumps(told, indent=2))
        return
    for one in told["found"]:
        typer.echo(f"{one['name']} ({one['by']}), {one['duty']}: access {one['request']} to {one['subject']}")
        typer.echo(f"  {one['purpose']}: {', '.join(one['fields'])}; read {', '.join(at[:16] for at in one['reads'])}")
    found = "" if told["found"] else "No look bears that mark: it was taken off, or made elsewhere. "
    chance = told["by_chance_milli"] / 1_000
    typer.echo(f"{found}{told['bits']} bits, compared with {told['read']} accesses; by chance {chance:g} of them fit.")


@app.command()
def protect(
    person: PersonArgument,
    key: KeyOption,
    me: MeOption,
    on: Annotated[bool, typer.Option("--on/--off", help="Off: by an administrator alone.")] = True,
    close: Annotated[
        bool, typer.Option("--close", help="Somebody close to yourself: you neither ask nor decide about them.")
    ] = False,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Protect somebody: access to them takes two grants, one of a reviewer's, and an hour at most.

    Trust and legal do; whoever is close to you, you do yourself, and take it back with --off.
    """
    body = {"on": on} | ({"close": True} if close else {})
    _tell(_done(Doing.PROTECT, body, key, me, data, person=person), as_json=as_json)


@app.command()
def settle(words: Words, key: KeyOption, me: MeOption, data: DataOption = None, as_json: JsonOption = False) -> None:
    """Open access again, by two administrators, once they know why entries and log did not agree."""
    _tell(_done(Doing.SETTLE, {"words": words}, key, me, data), as_json=as_json)


def _done(
    doing: Doing, body: Mapping[str, Any], key: Path, me: str, data: Path | None, *, person: str = ""
) -> dict[str, Any]:
    """Sign it and have it done. Raises what `AccessRelay.do` does, and `BadInput` for a key that cannot be read."""
    signing = _key(key)
    with Platform(Settings.read(data)) as platform:
        whole = dict(body) | ({"subject": _subject(platform, person)} if person else {})
        text = acts.write(doing, me, str(platform.access.facts()["broker"]), whole, platform.clock.now())
        return platform.access.do(text, acts.sign(text, signing))


def _proposed(told: Mapping[str, Any]) -> list[str]:
    """What a proposal is about: the key, and each change, from what to what."""
    lines = [f"key: {', '.join(told['keys'])}{'' if 'keys' in told['changes'] else ', as before'}"]
    if told["is_new"]:
        lines.append("new here")
    for name, (before, after) in told["changes"].items():
        if told["is_new"] and name != "account":
            continue
        was, becomes = (", ".join(one) if isinstance(one, list) else one for one in (before, after))
        lines.append(f"{name}: {was or 'none'} → {becomes or 'none'}")
    return lines


def _subject(platform: Platform, person: str) -> str:
    """As acts name them. By an e-mail they are found by its mark, and nothing of theirs is shown."""
    if "@" in person:
        return f"account:{encode_id(platform.accounts.of_email(person).id)}"
    return person


def _key(path: Path) -> Ed25519PrivateKey:
    try:
        found = serialization.load_pem_private_key(path.read_bytes(), None)
    except (OSError, ValueError, TypeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it holds no key without a password"
        raise BadInput(f"{path}: {why}.", hint="`openforyou access key FILE` makes one.", field="--key") from error
    if not isinstance(found, Ed25519PrivateKey):
        raise BadInput(f"{path} holds another kind of key.", hint="`openforyou access key` makes one.", field="--key")
    return found


def _tell(told: Mapping[str, Any], *, as_json: bool, none: str = "") -> None:
    if as_json:
        typer.echo(json.dumps(told, indent=2))
        return
    for name, value in told.items():
        words = ", ".join(map(str, value)) if isinstance(value, list) else value
        typer.echo(f"{name.replace('_', ' ')}: {words or none}")
