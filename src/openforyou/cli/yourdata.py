"""`openforyou export`, `forget` and `retention`: a person's own data, by an operator whom they asked."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from time import sleep
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from openforyou.app.platform import Platform
from openforyou.app.settings import Settings
from openforyou.cli.options import DataOption, JsonOption
from openforyou.cli.terminal import progress_bar
from openforyou.core.errors import BadInput
from openforyou.core.ids import ViewerId, decode_id, encode_id
from openforyou.core.progress import Progress
from openforyou.privacy.person.erasing import AGAIN_AFTER
from openforyou.privacy.person.types import Person, Receipt, State, What
from openforyou.privacy.retention.store import UNSAID
from openforyou.privacy.scan import GOES, Needle, Scan, id_needle, scan, text_needle

Who = Annotated[str, typer.Argument(metavar="WHO", help="An account's e-mail, or a viewer's id.")]


def export(
    who: Who,
    out: Annotated[Path, typer.Option("--out", metavar="FILE.zip", help="Where the copy goes.")],
    password: Annotated[
        str,
        typer.Option(
            "--password", envvar="OPENFORYOU_PASSWORD", metavar="WORDS", help="Theirs; asked for where it is not given."
        ),
    ] = "",
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write all that is kept of a person into one zip: a page to read, and a JSON file a topic.

    They take it themselves at /your-data. Here they type their password, for what is sealed opens for nobody else.
    """
    if out.exists():
        raise BadInput(f"{out} is there already.", hint="Choose another place.", field="--out")
    with Platform(Settings.read(data)) as platform, progress_bar("Writing") as progress:
        person = _signed_in(platform, who, password)
        staged = out.with_name(f".{out.name}.part")
        try:
            with staged.open("xb") as file:
                staged.chmod(0o600)
                counts = platform.export.write(person, file, progress)
            staged.replace(out)
        except OSError as error:
            words = f"{out} cannot be written: {error.strerror}."
            raise BadInput(words, hint="Choose another place.", field="--out") from error
        finally:
            staged.unlink(missing_ok=True)
    if as_json:
        typer.echo(json.dumps({"file": str(out), "bytes": out.stat().st_size, "rows": counts}, indent=2))
    else:
        typer.echo(f"{out}: {sum(counts.values()):,} rows of {sum(map(bool, counts.values()))} kinds.")


def forget(
    who: Annotated[str, typer.Argument(metavar="WHO", help="An account's e-mail, or a viewer's id.")] = "",
    what: Annotated[
        What, typer.Option("--what", help="Everything; or the history alone, and the account stays.")
    ] = What.EVERYTHING,
    receipt: Annotated[str, typer.Option("--receipt", metavar="ID", help="Tell what was done, instead.")] = "",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask: it cannot be undone.")] = False,
    with_scan: Annotated[
        bool,
        typer.Option(
            "--scan", help="Then write the tables anew and look for their bytes in all files. Takes a minute."
        ),
    ] = False,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Forget a person: rights taken back, clips and rows gone, keys destroyed. Counts stay, without them.

    Killed at any point, the worker of `openforyou serve` goes on, and so does the same command again. With --scan the
    exit code is 1 where bytes are still found; it says where, and what makes them go.
    """
    if bool(who) == bool(receipt):
        raise BadInput("Name a person, or a receipt.", hint="openforyou forget WHO, or --receipt ID.", field="WHO")
    settings = Settings.read(data)
    with Platform(settings) as platform:
        if receipt:
            _tell(platform.erasing.receipt(decode_id(receipt, "--receipt")), None, as_json=as_json)
            return
        person = _person(platform, who)
        if not yes:
            typer.confirm(f"Forget {what.value} of {who}? It cannot be undone", abort=True)
        with progress_bar("Forgetting") as progress:
            done = platform.erasing.forget(person, what, progress)
            found = _scanned(platform, done, _needles(person, who, what), progress) if with_scan else None
        done = platform.erasing.receipt(done.id)
    _tell(done, found, as_json=as_json)
    if found is not None and not found.is_clean:
        raise typer.Exit(1)


def retention(
    now: Annotated[bool, typer.Option("--now", help="Remove what is over now, and not first when it is due.")] = False,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show how long what is kept, and what the last run removed.

    The worker of `openforyou serve` runs it each day by itself.
    """
    with Platform(Settings.read(data)) as platform:
        if now:
            platform.retention.run()
        days, last = platform.retention.periods, platform.retention.last()
    if as_json:
        told = None
        if last is not None:
            told = {"at": last.at.isoformat(), "removed": last.removed, "is_over": last.leaf_seq != UNSAID}
        typer.echo(json.dumps({"days": days, "last": told}, indent=2))
        return
    table = Table("table", "days", "removed by the last run")
    for name, period in days.items():
        table.add_row(name, str(period), "" if last is None else f"{last.removed.get(name, 0):,}")
    Console().print(table)
    typer.echo("No run yet." if last is None else f"The last run was at {last.at:%Y-%m-%d %H:%M} UTC.")


def _signed_in(platform: Platform, who: str, password: str) -> Person:
    """Whoever is there themself. Raises `WrongCredentials`, `BadInput`."""
    if "@" not in who:
        return _person(platform, who)
    account = platform.accounts.sign_in(who, password or typer.prompt("Their password", hide_input=True))
    return platform.person(account.viewer_id, account)


def _person(platform: Platform, who: str) -> Person:
    """Who is meant; whom an account's e-mail belongs to is shown to nobody. Raises `AccountNotFound`, `BadInput`."""
    if "@" in who:
        account = platform.accounts.opened_for_owner(platform.accounts.of_email(who).id)
        return platform.person(account.viewer_id, account)
    viewer_id = ViewerId(decode_id(who, "WHO"))
    if platform.accounts.is_claimed(viewer_id):
        raise BadInput(
            "This viewer has an account.", hint="Name it by its e-mail: then nothing is left out.", field="WHO"
        )
    return Person(viewer_id)


def _needles(person: Person, who: str, what: What) -> list[Needle]:
    found = [id_needle("viewer", person.viewer_id)]
    if what is What.EVERYTHING:
        found += [] if person.account_id is None else [id_needle("account", person.account_id)]
        found += [text_needle("e-mail", who)] if "@" in who else []
    return found


def _scanned(platform: Platform, receipt: Receipt, needles: list[Needle], progress: Progress) -> Scan:
    """After the one more look, once the database has written its files anew."""
    while platform.erasing.receipt(receipt.id).state is State.LOOKING:
        progress(0, 0, "waiting for the last look")
        platform.erasing.resume()
        sleep(1)
    progress(0, 0, "the database writes its files anew")
    elsewhere = platform.erasing.rewrite()
    if platform.settings.database_url:
        elsewhere.append("the files of the database at DATABASE_URL: they are not on this machine, or not ours to read")
    if platform.settings.blobs:
        elsewhere.append(f"media at {platform.settings.blobs}")
    return scan(platform.settings.data, needles, elsewhere, progress)


def _tell(receipt: Receipt, found: Scan | None, *, as_json: bool) -> None:
    if as_json:
        told: dict[str, Any] = receipt.as_dict()
        if found is not None:
            told["scan"] = found.as_dict()
        typer.echo(json.dumps(told, indent=2))
        return
    console = Console()
    console.print(f"Receipt {encode_id(receipt.id)}: {escape(_state(receipt))}")
    table = Table("what", "removed")
    for name, count in sorted(receipt.removed.items()):
        table.add_row(name, f"{count:,}")
    console.print(table)
    for one in receipt.waits:
        console.print(escape(one))
    console.print(f"In the public log: {escape(receipt.leaf.decode())}", soft_wrap=True)
    if found is not None:
        for area, count in sorted(found.files.items()):
            times = found.counts.get(area, 0)
            words = f"found {times} times. {GOES.get(area, '')}" if times else "nothing found"
            console.print(f"{area}: {count:,} files, {found.size_bytes[area]:,} bytes: {words}")
        console.print("Not looked at: " + "; ".join(map(escape, found.not_scanned)) + ".")


def _state(receipt: Receipt) -> str:
    seconds = int(AGAIN_AFTER / timedelta(seconds=1))
    return {
        State.GOING: "under way",
        State.LOOKING: f"gone. One more look follows after {seconds} s, by the worker or by this command again.",
        State.WAITING: "gone, but for what waits",
        State.DONE: "done",
    }[receipt.state]
