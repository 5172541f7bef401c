"""`openforyou witness`: watch logs of others, and say in signed words that they only ever grow.

A witness needs nothing of the platform, and whoever runs one should not have to wait for it: what a command needs is
imported when it runs.
"""

from __future__ import annotations

import re
import signal
import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated

import typer

from openforyou.cli.options import HostOption
from openforyou.core.errors import BadInput

if TYPE_CHECKING:
    from openforyou.ledger.witness import Witness

CONNECTIONS_MAX = 500
KEEP_ALIVE_S = 75

app = typer.Typer(
    help="Watch logs of others and cosign what only grew. docs/witness.md tells what that proves, and how to begin.",
    no_args_is_help=True,
)

StateOption = Annotated[
    Path,
    typer.Option("--state", metavar="DIR", help="Folder of this witness: its keys, and what it has signed. Keep it."),
]


@app.command()
def run(
    state: StateOption,
    log: Annotated[
        list[str],
        typer.Option(
            "--log",
            metavar="KEY|FILE|URL",
            help="A log to watch: its vkey, a file with vkeys, or its address (asked for its key once). Repeatable.",
        ),
    ],
    name: Annotated[
        str, typer.Option("--name", help="The witness's name, as example.org/w1. Needed the first time, for the keys.")
    ] = "",
    host: HostOption = "127.0.0.1",
    port: Annotated[
        int, typer.Option("--port", min=0, max=65535, help="Port to listen on; 0 takes a free one.")
    ] = 8100,
) -> None:
    """Run a witness: cosign the checkpoints of the given logs, each only if it continues the last one.

    The first checkpoint of a log is taken as it is. What was signed is on the disk before the answer leaves; with the
    folder lost, the witness must not go on under its key. Logs send to http://HOST:PORT/add-checkpoint (C2SP
    tlog-witness). Stops on Ctrl-C.
    """
    from openforyou.cli.listener import address, listening

    with listening(host, port) as listener, closing(_open(state, name, log)) as witness:
        typer.echo(f"The witness {witness.name} is at {address(listener)}  (Ctrl-C stops it)")
        for origin, latest in witness.latest().items():
            typer.echo(f"It watches {origin}, known up to {0 if latest is None else latest.size} leaves.")
        _serve(witness, listener)


@app.command()
def keygen(
    state: StateOption,
    name: Annotated[str, typer.Option("--name", help="The witness's name, as example.org/w1. It stays.")],
    ml_dsa: Annotated[
        bool,
        typer.Option("--ml-dsa/--no-ml-dsa", help="Also a key of ML-DSA-44, which quantum computers do not break."),
    ] = True,
) -> None:
    """Make the keys of a witness where there are none, and print the public ones, to be given to others.

    The same lines stand in DIR/vkey. The private keys are in DIR/*.key, readable by their owner alone.
    """
    from openforyou.ledger.keys import Algorithm
    from openforyou.ledger.witness_keys import make_keys

    wanted = [Algorithm.ED25519_COSIGNATURE, *([Algorithm.MLDSA44_COSIGNATURE] if ml_dsa else [])]
    with _named(state):
        keys = make_keys(state, name, wanted)
    for key in keys:
        typer.echo(key.vkey())


@app.command()
def policy(
    log: Annotated[
        list[str],
        typer.Option("--log", metavar="KEY|FILE", help="A log to trust: its vkey, or a file with it. Repeatable."),
    ],
    witness: Annotated[
        list[str],
        typer.Option(
            "--witness",
            metavar="KEY|FILE[=URL]",
            help="A witness: its vkey, or a file with its vkeys, and where it takes checkpoints. Repeatable.",
        ),
    ],
    quorum: Annotated[
        int | None,
        typer.Option("--quorum", min=1, help="How many of them must have cosigned. [default: more than half]"),
    ] = None,
) -> None:
    """Print a policy (C2SP tlog-policy): which log, which witnesses, and how many of them must have cosigned.

    Give the file to `openforyou serve` in OPENFORYOU_WITNESS_POLICY, to ask for cosignatures, and to `openforyou verify
    --policy`, to demand them. For a witness with several keys, all of them must have signed.
    """
    from openforyou.ledger.witness_keys import read_vkeys
    from openforyou.ledger.witness_policy import Asked, write_policy

    asked = []
    for given in witness:
        key, url = _split_address(given)
        asked.append(Asked(tuple(read_vkeys(key)), url))
    wanted = quorum or len(asked) // 2 + 1
    text = write_policy([key for given in log for key in read_vkeys(given)], asked, wanted)
    if 2 * wanted <= len(asked):
        typer.echo(
            f"warning: {wanted} of {len(asked)} is no majority: a forked log could have a quorum for each side.",
            err=True,
        )
    typer.echo(text, nl=False)


def _open(state: Path, name: str, logs: list[str]) -> Witness:
    """The witness in a folder, for these logs; made there when it has a name."""
    from openforyou.ledger.disk import RealDisk
    from openforyou.ledger.keys import Algorithm
    from openforyou.ledger.witness import Witness
    from openforyou.ledger.witness_keys import load_keys, log_keys, make_keys

    with _named(state):
        keys = load_keys(state)
        if not keys and not name:
            raise BadInput(
                f"{state} holds no keys, and none can be made without a name.",
                hint="Give --name, as example.org/w1, or run `openforyou witness keygen` first.",
            )
        if name:
            wanted = {key.algorithm for key in keys} or set(Algorithm) - {Algorithm.ED25519}
            keys = make_keys(state, name, wanted)
        known = [key for given in logs for key in log_keys(given, state, _ask_for_vkey)]
        return Witness(RealDisk(state), keys, known)


@contextmanager
def _named(state: Path) -> Iterator[None]:
    """What the system says about the folder, as an error that names it."""
    try:
        yield
    except OSError as error:
        raise BadInput(
            f"{state} cannot hold a witness: {error.strerror}.",
            hint="Give --state a folder that you may write to.",
            field="state",
        ) from error


def _split_address(given: str) -> tuple[str, str]:
    """`KEY=URL`, where the key itself may end in equals signs."""
    found = re.fullmatch(r"(.+?)=(https?://\S+)", given)
    return (found[1], found[2]) if found else (given, "")


def _ask_for_vkey(address: str) -> bytes:
    from openforyou.ledger.source import VKEY, HttpSource
    from openforyou.ledger.witness_keys import VKEYS_BYTES_MAX

    with HttpSource(address) as source:
        typer.echo(f"Asking {address} for its key, this once; compare it with what its operator says.", err=True)
        return source.fetch(VKEY, VKEYS_BYTES_MAX)


def _serve(witness: Witness, listener: socket.socket) -> None:
    """Until SIGINT or SIGTERM. No access log: it would hold addresses."""
    import uvicorn

    from openforyou.web.witness import create_app

    config = uvicorn.Config(
        create_app(witness),
        access_log=False,
        log_level="warning",
        server_header=False,
        lifespan="off",
        limit_concurrency=CONNECTIONS_MAX,
        timeout_graceful_shutdown=3,
        timeout_keep_alive=KEEP_ALIVE_S,
    )
    signal.signal(signal.SIGTERM, _leave)  # uvicorn raises the signal again when it has finished
    uvicorn.Server(config).run(sockets=[listener])


def _leave(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - the form of a signal handler
    raise SystemExit(128 + number)
