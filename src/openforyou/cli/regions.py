"""`openforyou regions`: where people are at home, and moves from one region to another that end in a certificate."""

from __future__ import annotations

import json
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Annotated, Any

import typer
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from openforyou.app.platform import Platform
from openforyou.app.regions import broker_of, check_certificate, journal, moving, out_of_service, places, read_regions
from openforyou.app.settings import Settings
from openforyou.cli.options import DataOption, JsonOption
from openforyou.cli.terminal import progress_bar
from openforyou.core.errors import BadInput, OpenForYouError
from openforyou.ledger.keys import VerifyingKey
from openforyou.ledger.source import FolderSource, HttpSource
from openforyou.privacy.regions.errors import BadMove, NotYet

app = typer.Typer(
    help="Where people are at home, and moves from one region to another that end in a certificate.",
    no_args_is_help=True,
)
AlsoOption = Annotated[
    list[Path] | None,
    typer.Option("--also", metavar="DIR", help="A folder to look at beside the data folder: a backup. Repeatable."),
]


@app.command("list")
def list_(data: DataOption = None, as_json: JsonOption = False) -> None:
    """Show this platform's region, the others that it can reach, and how far a move has come."""
    settings = Settings.read(data)
    rows = [{"region": settings.region, "here": True, "says": "this platform's own"}]
    others = read_regions(settings.regions)
    rows += [{"region": region, "here": False, "says": _says(settings, region)} for region in others]
    under_way = journal(settings)
    told = {"regions": rows, "move": None if under_way is None else {"to": under_way.target, "state": under_way.state}}
    if as_json:
        typer.echo(json.dumps(told, indent=2))
        return
    for row in rows:
        typer.echo(f"{row['region']}: {row['says']}")
    if under_way is not None:
        typer.echo(f"Move to {under_way.target}: {under_way.state.value}, signed by {len(under_way.signatures)}.")


@app.command()
def move(
    to: Annotated[str, typer.Option("--to", metavar="REGION", help="Where everybody is to be at home.")],
    also: AlsoOption = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Move everybody of this platform's region to another: each field opened by the old broker, sealed by the new one.

    Stop `openforyou serve` first: while one runs, this is refused. Killed anywhere, the same command goes on. Nothing
    is destroyed by it: two administrators of access then run `regions agree`, and `regions certify` ends it.
    """
    settings = Settings.read(data)
    with ExitStack() as stack:
        platform = stack.enter_context(Platform(settings))
        stack.enter_context(out_of_service(platform.database))
        target = stack.enter_context(closing(broker_of(settings, to)))
        progress = stack.enter_context(progress_bar("Moving"))
        done = moving(platform, target).move((settings.region, to), places(settings, also or [])[0], progress)
    told: dict[str, Any] = {"move": done.move, "state": done.state, "keys": done.keys}
    told |= {"before": done.before, "after": done.after, "word": done.word}
    if as_json:
        typer.echo(json.dumps(told, indent=2))
        return
    typer.echo(
        f"{done.keys:,} accounts and viewers moved: {done.after['entries']:,} entries, root {done.after['root']}."
    )
    typer.echo("Two administrators of access now sign, each by: openforyou regions agree --by THEIR_ID --key FILE")


@app.command()
def agree(
    by: Annotated[str, typer.Option("--by", metavar="ID", help="Your id among the staff of the old broker.")],
    key: Annotated[Path, typer.Option("--key", metavar="PEM", help="Your Ed25519 key, in PEM without a password.")],
    data: DataOption = None,
) -> None:
    """Sign that the keys of the region that was left be destroyed. One signature alone destroys nothing."""
    settings = Settings.read(data)
    under_way = journal(settings)
    if under_way is None:
        raise NotYet("No move was begun.", hint="Run: openforyou regions move --to REGION")
    try:
        loaded = load_pem_private_key(key.read_bytes(), None)
    except (OSError, ValueError, TypeError) as error:
        raise BadInput(f"{key} cannot be used: {error}.", hint="An Ed25519 key in PEM.", field="--key") from error
    if not isinstance(loaded, Ed25519PrivateKey):
        raise BadInput(f"{key} is no Ed25519 key.", hint="Use the key that you were enrolled with.", field="--key")
    with Platform(settings) as platform, closing(broker_of(settings, under_way.target)) as target:
        done = moving(platform, target).agree(by, loaded)
    typer.echo(f"Signed: {done.word}\n{len(done.signatures)} have. Then: openforyou regions certify --out FILE")


@app.command()
def certify(
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="Where the certificate goes.")],
    also: AlsoOption = None,
    data: DataOption = None,
) -> None:
    """Destroy the old keys by the two signatures, look for old bytes in all files, sign the certificate and log it.

    It cannot be undone. Where old copies are found they are named, and there is no certificate until they are gone.
    """
    settings = Settings.read(data)
    under_way = journal(settings)
    if under_way is None:
        raise NotYet("No move was begun.", hint="Run: openforyou regions move --to REGION")
    if out.exists():
        raise BadMove(f"{out} is there already.", hint="Choose another place.", field="--out")
    looked, beside = places(settings, also or [])
    with ExitStack() as stack:
        platform = stack.enter_context(Platform(settings))
        target = stack.enter_context(closing(broker_of(settings, under_way.target)))
        progress = stack.enter_context(progress_bar("Certifying"))
        text = moving(platform, target).certify(looked, beside, settings.log_key(), progress)
        platform.publish()
    out.write_text(text)
    typer.echo(f"{out}. Check it with: openforyou regions verify {out} --log URL|DIR --key VKEY")
    typer.echo(f"Now set OPENFORYOU_REGION={under_way.target}, and OPENFORYOU_BROKER to its broker.")


@app.command()
def verify(
    certificate: Annotated[Path, typer.Argument(metavar="CERTIFICATE")],
    log: Annotated[str, typer.Option("--log", metavar="URL|DIR", help="The public log.")],
    key: Annotated[
        str, typer.Option("--key", metavar="VKEY", help="The key of the log, as its operator published it.")
    ],
    as_json: JsonOption = False,
) -> None:
    """Check a certificate from outside: its signature, what it says, and that the log names it."""
    try:
        text = certificate.read_text()
    except (OSError, ValueError) as error:
        raise BadInput(f"{certificate} cannot be read: {error}.", field="CERTIFICATE") from error
    source = HttpSource(log) if log.startswith(("http://", "https://")) else FolderSource(Path(log))
    told = check_certificate(text, VerifyingKey.from_vkey(key), source)
    if as_json:
        typer.echo(json.dumps(told, indent=2))
        return
    where = f"From {told['from']} to {told['to']}, at leaf {told['leaf']} of the log"
    typer.echo(f"Right. {where}: {told['keys']:,} accounts and viewers.")
    typer.echo("Not looked at: " + "; ".join(told["scan"]["not_scanned"]) + ".")


def _says(settings: Settings, region: str) -> str:
    try:
        with closing(broker_of(settings, region)) as broker:
            return f"its broker answers for {broker.call('about', {})['region']}"
    except OpenForYouError as error:
        return error.message
