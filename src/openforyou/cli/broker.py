"""`openforyou broker`: the process that alone holds people's keys.

It needs nothing of the platform, and starts in half a second.
"""

from __future__ import annotations

import signal
import socket
import ssl
import threading
from contextlib import ExitStack
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer

from openforyou.cli.options import DataOption
from openforyou.core.errors import BadInput, Unavailable

PEM = "PEM"


def broker(
    data: DataOption = None,
    listen: Annotated[
        str,
        typer.Option(
            "--listen",
            metavar="ADDRESS",
            help="unix:/path/of/broker.sock, or tls://host:port with the three files below. "
            "[default: DATA/broker/broker.sock]",
            show_default=False,
        ),
    ] = "",
    cert: Annotated[Path | None, typer.Option("--cert", metavar=PEM, help="Its certificate, with the chain.")] = None,
    key: Annotated[Path | None, typer.Option("--key", metavar=PEM, help="That certificate's key.")] = None,
    ca: Annotated[
        Path | None, typer.Option("--ca", metavar=PEM, help="The authority: who asks must have a certificate of it.")
    ] = None,
    peer: Annotated[
        list[int] | None,
        typer.Option(
            "--peer",
            metavar="UID",
            help="A user of this machine who may ask over the socket, by number. Repeatable. [default: its own]",
            show_default=False,
        ),
    ] = None,
    accept_loss: Annotated[
        bool,
        typer.Option(
            "--accept-loss", help="Once: go on with an older keystore, whose missing keys are lost for good. Then end."
        ),
    ] = False,
    as_child: Annotated[bool, typer.Option("--child", hidden=True, help="Leave when standard input ends.")] = False,
) -> None:
    """Keep people's keys, and seal, open and destroy for whoever may ask.

    Its folder is DATA/broker: the region's key (region.key), the keystore with each person's key wrapped under it, and
    what tells whether that keystore is the newest. Keep a copy of the whole folder, never beside one of the database:
    the two together open everything. `openforyou serve` starts a broker by itself unless OPENFORYOU_BROKER names one.
    Run it by hand under another user, or on another machine, so that who runs the platform cannot read the folder.

    docs/vault.md tells what is sealed, and what a lost key means. Stops on Ctrl-C.
    """
    from openforyou.app.settings import Settings
    from openforyou.privacy.broker.keeper import LocalKeeper

    settings = Settings.read(data)
    if accept_loss:
        LocalKeeper.open(settings.broker_folder, settings.region, accept_loss=True).close()
        typer.echo(f"The keystore in {settings.broker_folder} holds as it is.")
        return
    leave = threading.Event()
    _on_leaving(leave, as_child=as_child)
    with ExitStack() as stack:
        from openforyou.app.keys import opened_access, operations
        from openforyou.privacy.broker.server import Server, alone

        stack.enter_context(alone(settings.broker_folder))
        keeper = stack.enter_context(LocalKeeper.open(settings.broker_folder, settings.region))
        listener, tls, where = _listening(settings.broker_folder, listen, (cert, key, ca), bool(peer))
        answering = operations(keeper, opened_access(settings, keeper, stack))
        stack.enter_context(Server(listener, answering, peers=peer or (), tls=tls))
        if not as_child:
            typer.echo(f"The broker of the region {keeper.region} is at {where}  (Ctrl-C stops it)")
        leave.wait()


def _listening(
    folder: Path, listen: str, files: tuple[Path | None, Path | None, Path | None], for_others: bool
) -> tuple[socket.socket, ssl.SSLContext | None, str]:
    """The socket, and TLS where it is a port. Raises `BadInput`, `Unavailable`."""
    from openforyou.privacy.broker.address import SOCKET, Address, Tls, bound, bound_port, server_context

    address = Address.read(listen, "--listen") if listen else Address(path=folder.resolve() / SOCKET)
    try:
        if address.path is not None:
            return bound(address.path, 0o666 if for_others else 0o600), None, str(address)
        if not all(files):
            raise BadInput("A port is served with --cert, --key and --ca.", hint="Give all three.", field="--cert")
        context = server_context(Tls(*(str(file) for file in files)))
        return bound_port(address.host, address.port), context, str(address)
    except OSError as error:
        raise Unavailable(
            f"The broker cannot listen at {address}: {error.strerror or error}.", hint="Give another --listen."
        ) from error


def _on_leaving(leave: threading.Event, *, as_child: bool) -> None:
    def asked(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - the form of a signal handler
        leave.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, asked)
    if as_child:
        from openforyou.app.children import when_parent_leaves

        gone = when_parent_leaves(lambda: None)

        def follow() -> None:
            gone.wait()
            leave.set()

        threading.Thread(target=follow, name="leave", daemon=True).start()
