"""`openforyou serve`: the platform on a port, with its background worker beside it."""

from __future__ import annotations

import gc
import os
import signal
import socket
import threading
from contextlib import ExitStack
from types import FrameType
from typing import Annotated

import typer
import uvicorn

from openforyou.app import broker
from openforyou.app.announce import announce
from openforyou.app.children import Child, when_parent_leaves
from openforyou.app.platform import Platform, database
from openforyou.app.platform import sequencer as platform_sequencer
from openforyou.app.regions import serving
from openforyou.app.settings import Settings
from openforyou.app.witnesses import asking
from openforyou.app.worker import learn, work
from openforyou.cli.listener import address, listening
from openforyou.cli.options import DataOption, HostOption, PortOption
from openforyou.core.closing import SharedStack
from openforyou.web.application import create_app

LEARNER_LEAVES_WITHIN_S = 2.5
"""An update that is under way then is lost, and made again by whoever learns next."""


def serve(
    data: DataOption = None,
    host: HostOption = "127.0.0.1",
    port: PortOption = 8000,
    with_worker: Annotated[
        bool, typer.Option("--worker/--no-worker", help="Also take in uploads and train, in a process of its own.")
    ] = True,
    as_child: Annotated[bool, typer.Option("--child", hidden=True, help="Leave when standard input ends.")] = False,
) -> None:
    """Run the platform: on $DATABASE_URL, or on the embedded PostgreSQL under --data.

    Stops on Ctrl-C, with everything that it started.
    """
    settings = Settings.read(data)
    with ExitStack() as stack:
        listener = stack.enter_context(listening(host, port))
        stack.enter_context(broker.running(settings))
        platform = stack.enter_context(Platform(settings, keeper=broker.client(settings)))
        if with_worker:
            stack.enter_context(Child(["worker", "--data", str(settings.data)]))
        if as_child:
            _leave_with_parent()
        typer.echo(f"OpenForYou is at {address(listener)}  (Ctrl-C stops it)")
        run_server(platform, listener)


def worker(data: DataOption = None) -> None:
    """Take in what was uploaded and train from what was watched, until standard input ends.

    Beside it, unless the settings say no, a learner keeps the model in service up with what is being watched.
    """
    settings = Settings.read(data)
    with ExitStack() as stack:
        platform = stack.enter_context(Platform(settings, keeper=broker.client(settings)))
        learners = [Child(["learner", "--data", str(settings.data)])] if settings.update_s else []
        for child in learners:
            stack.enter_context(child)

        def leave() -> None:
            """In the middle of long work, too, and never before the learner is gone."""
            for child in learners:
                child.close()
            platform.close()

        work(platform, when_parent_leaves(leave))


def learner(data: DataOption = None) -> None:
    """Update the model in service from what viewers do, until standard input ends."""
    settings = Settings.read(data)
    with Platform(settings, keeper=broker.client(settings)) as platform:
        learn(platform, when_parent_leaves(platform.close, within_s=LEARNER_LEAVES_WITHIN_S))


def sequencer(data: DataOption = None) -> None:
    """Write the public log from what is accepted, until standard input ends."""
    settings = Settings.read(data)
    with SharedStack() as stack:
        cosign = stack.enter_context(asking(settings))
        made = platform_sequencer(settings, stack.enter_context(database(settings)), cosign)
        stack.callback(made.close)
        made.run(when_parent_leaves(stack.close))


def run_server(platform: Platform, listener: socket.socket) -> None:
    """Serve until SIGINT or SIGTERM, and let the sequencer write the public log beside it.

    No access log: it would hold addresses.
    """
    config = uvicorn.Config(
        create_app(platform),
        access_log=False,
        log_level="warning",
        server_header=False,
        timeout_graceful_shutdown=3,
        timeout_keep_alive=30,
    )
    announce(platform)
    platform.feed.start()  # keeps the catalogue, the counts and the model fresh until the platform closes
    gc.freeze()  # what a server holds for good is not looked through again for what may be thrown away
    server = uvicorn.Server(config)
    signal.signal(signal.SIGTERM, _leave)  # uvicorn raises the signal again when it has finished
    with serving(platform.database), Child(["sequencer", "--data", str(platform.settings.data)]):
        server.run(sockets=[listener])


def _leave_with_parent() -> None:
    """Stop as after SIGTERM once standard input ends: a benchmark or a drill that was killed leaves nobody behind."""
    gone = when_parent_leaves(lambda: None)

    def leave() -> None:
        gone.wait()
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=leave, name="leave", daemon=True).start()


def _leave(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - the form of a signal handler
    """Unwind as after Ctrl-C, so that what waits is written and the children are told."""
    raise SystemExit(128 + number)
