"""`openforyou verify`: checks a platform from outside, with public data alone."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import orjson
import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from openforyou.cli.options import JsonOption
from openforyou.cli.terminal import progress_bar
from openforyou.core.errors import BadInput, OpenForYouError

if TYPE_CHECKING:
    from openforyou.audit.learned import Learned
    from openforyou.audit.receipts import Receipt
    from openforyou.audit.trust import Trust
    from openforyou.audit.types import Report

How = tuple[str, str, Path | None, float]
"""Where the log is, its key, the file of a witness policy, seconds to wait for an answer."""
TOLD_MAX = 20
POLICY_BYTES_MAX = 1 << 20
RECEIPT_BYTES_MAX = 4 << 20
PROOFS_BYTES_MAX = 256 << 20
KEY_FROM = {
    "policy": "from the policy file",
    "vkey": "as given",
    "remembered": "as remembered from the first time",
    "server": "from the server itself, which nobody vouches for: pin it with --vkey, or --remember it",
}


def verify(
    where: Annotated[
        str,
        typer.Argument(
            metavar="WHERE",
            help="An address (https://…), a data folder, or a copy of a log. Not needed for a receipt with a key.",
        ),
    ] = "",
    vkey: Annotated[str, typer.Option("--vkey", metavar="KEY", help="The log's key, as you know it.")] = "",
    policy: Annotated[
        Path | None,
        typer.Option("--policy", metavar="FILE", help="Logs, witnesses and quorum to trust (C2SP tlog-policy)."),
    ] = None,
    remember: Annotated[
        Path | None,
        typer.Option(
            "--remember",
            metavar="FILE",
            help="Keep the verified checkpoint here, and demand next time that the log continues it.",
        ),
    ] = None,
    receipt: Annotated[
        Path | None, typer.Option("--receipt", metavar="FILE", help="Check a .tlog-proof instead, with --leaf.")
    ] = None,
    proof: Annotated[
        Path | None,
        typer.Option("--proof", metavar="FILE", help="Check which models learned from somebody, by a file of proofs."),
    ] = None,
    leaf: Annotated[str, typer.Option("--leaf", metavar="HEX", help="The leaf that the receipt is about.")] = "",
    timeout_s: Annotated[
        float, typer.Option("--timeout", min=0.1, max=600, help="Seconds that a request may take in all.")
    ] = 20.0,
    as_json: JsonOption = False,
) -> None:
    """Check the log, every number and every rule of a platform, trusting nothing that it says.

    Signatures, quorum and tree; that each nullifier counts once; the numbers of all items and creators, counted anew
    from the leaves; and that the rules shown are those in the log. Whatever is wrong is named: item, shown, true.

    Exit code 0 only when all of it is right.
    """
    try:
        if (receipt is None) != (not leaf):
            raise BadInput("A receipt is checked against a leaf.", hint="Give both --receipt FILE and --leaf HEX.")
        if receipt is not None:
            found = _receipt(receipt, leaf, (where, vkey, policy, timeout_s))
            _print(found.as_dict(), as_json, lambda console: _print_receipt(found, console))
            return
        if proof is not None:
            shown = _learned(proof, (where, vkey, policy, timeout_s))
            _print(shown.as_dict(), as_json, lambda console: _print_learned(shown, console))
            return
        if not where:
            raise BadInput("There is nothing to verify.", hint="Give the address of a platform, or a folder.")
        report = _check(where, vkey, policy, remember, timeout_s)
    except OpenForYouError as error:
        if not as_json:
            raise
        problem = {"kind": error.code, "shown": None, "true": None, "says": str(error)}
        _print({"ok": False, "log": None, "problems": [problem], "found": {error.code: 1}}, as_json, None)
        raise typer.Exit(1) from error
    _print(report.as_dict(), as_json, lambda console: _print_report(report, console))
    if not report.ok:
        raise typer.Exit(1)


def _check(where: str, vkey: str, policy: Path | None, remember: Path | None, timeout_s: float) -> Report:
    from openforyou.app.auditing import place
    from openforyou.audit.remembered import Remembered
    from openforyou.audit.service import verify as check
    from openforyou.audit.trust import trusted

    rules = None if policy is None else _read(policy, POLICY_BYTES_MAX)
    remembered = None if remember is None else Remembered.load(remember)
    with progress_bar("verify") as progress, place(where, timeout_s, progress) as found:
        trust = trusted(found.source, vkey=vkey, policy=rules, remembered=remembered)
        now = datetime.now(UTC)
        outcome = check(found.source, trust, found.shown, now, remembered=remembered, progress=progress)
    if remember is not None and outcome.verified is not None:
        outcome.verified.save(remember)
    return outcome.report


def _receipt(receipt: Path, leaf: str, how: How) -> Receipt:
    from openforyou.audit.receipts import check_receipt

    data = _read(receipt, RECEIPT_BYTES_MAX)
    return check_receipt(data, leaf, _trust(how), datetime.now(UTC))


def _learned(proof: Path, how: How) -> Learned:
    from openforyou.audit.learned import check_learned

    data = _read(proof, PROOFS_BYTES_MAX)
    return check_learned(data, _trust(how), datetime.now(UTC))


def _trust(how: How) -> Trust:
    """Whose word counts: by what was named, else by the key that lies at the place."""
    from openforyou.app.auditing import place
    from openforyou.audit.trust import trusted
    from openforyou.core.progress import silent

    where, vkey, policy, timeout_s = how
    rules = None if policy is None else _read(policy, POLICY_BYTES_MAX)
    with ExitStack() as stack:
        source = stack.enter_context(place(where, timeout_s, silent)).source if where else None
        return trusted(source, vkey=vkey, policy=rules, remembered=None)


def _read(path: Path, bytes_max: int) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(bytes_max + 1)
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror}.") from error
    if len(data) > bytes_max:
        raise BadInput(f"{path} is larger than {bytes_max} bytes.")
    return data


def _print(told: dict[str, Any], as_json: bool, show: Any) -> None:
    if as_json:
        typer.echo(orjson.dumps(told, option=orjson.OPT_INDENT_2).decode())
    else:
        show(Console())


def _print_learned(found: Learned, console: Console) -> None:
    table = Table()
    for heading in ("whose", "model", "learned from it", "rights read at", "leaf of the log"):
        table.add_column(heading)
    for one in found.shown:
        said = "no" if not one.learned else "yes" if one.holds_rows else "an earlier version did"
        leaf = "not in the log yet" if one.leaf is None else f"{one.leaf:,}"
        table.add_row(f"{one.kind} {one.id}", one.model, said, one.read_at, leaf)
    console.print(table)
    console.print(f"[green]✓[/] Each of these {len(found.shown):,} proofs holds.", highlight=False)
    loose = {(one.kind, one.id) for one in found.shown if not one.is_bound}
    if loose:
        whose = "of one" if len(loose) == 1 else f"of {len(loose):,}"
        console.print(
            f"[yellow]·[/] Nothing in the log binds the secret {whose}: no word about their rights stands there.",
            highlight=False,
        )


def _print_report(report: Report, console: Console) -> None:
    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    table.add_column(style="dim")
    table.add_column(overflow="fold")
    if report.log is not None:
        _add_log(table, report.log, report.witnesses)
        table.add_row("leaves", f"{report.leaves:,}")
        if "counts" in report.checked:
            table.add_row("numbers", f"of {report.items:,} items and {report.creators:,} creators, counted anew")
        else:
            table.add_row("numbers", "none were compared: only the log was there, or they could not be read")
        if "policies" in report.checked:
            table.add_row("rules", f"{report.policies:,} records beside what is shown")
        if report.refused:
            table.add_row("refused events", ", ".join(f"{why} {count:,}" for why, count in report.refused.items()))
        if behind := report.log["size"] - report.log.get("shown_at", report.log["size"]):
            table.add_row("", f"The numbers hold at {behind:,} leaves less than the log has.")
    console.print(table)
    for problem in report.findings.problems[:TOLD_MAX]:
        console.print(f"[red]✗[/] {escape(problem.says)}", highlight=False)
    found = report.findings.found.total()
    if found > TOLD_MAX:
        console.print(f"… and {found - TOLD_MAX:,} more: see --json")
    if report.ok:
        what = "All of it is right" if "counts" in report.checked else "The log is right"
        console.print(f"[green]✓[/] {what}. ({report.seconds:.1f} s)", highlight=False)
    else:
        words = "One thing is wrong" if found == 1 else f"{found:,} things are wrong"
        console.print(f"[bold red]{words}.[/] ({report.seconds:.1f} s)", highlight=False)


def _add_log(table: Table, log: dict[str, Any], witnesses: tuple[tuple[str, int], ...]) -> None:
    table.add_row("log", escape(log["origin"]))
    table.add_row("root", f"{log['root']} at {log['size']:,}")
    table.add_row("key", escape(log["vkey"]))
    table.add_row("", KEY_FROM[log["key_from"]])
    names = ", ".join(f"{name} ({datetime.fromtimestamp(at_s, UTC):%Y-%m-%d %H:%M:%S} UTC)" for name, at_s in witnesses)
    quorum = f"quorum {log['quorum']}" if log["quorum"] else "none was asked for"
    table.add_row("witnesses", escape(f"{names or 'none'}; {quorum}" if names or log["quorum"] else quorum))


def _print_receipt(receipt: Receipt, console: Console) -> None:
    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    table.add_column(style="dim")
    table.add_column(overflow="fold")
    _add_log(table, receipt.log, receipt.witnesses)
    table.add_row("leaf", f"{receipt.index:,}: {escape(receipt.says)}")
    console.print(table)
    console.print("[green]✓[/] It stands in the log.")
