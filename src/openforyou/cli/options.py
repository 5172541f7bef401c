"""The options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

DataOption = Annotated[
    Path | None,
    typer.Option(
        "--data",
        metavar="DIR",
        help="Folder for the embedded database, media and keys; made when absent. "
        "[default: $OPENFORYOU_DATA or openforyou-data]",
        show_default=False,
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document for a program to read.")]
HostOption = Annotated[str, typer.Option("--host", help="Address to listen on. 0.0.0.0 is every interface.")]
PortOption = Annotated[int, typer.Option("--port", min=0, max=65535, help="Port to listen on; 0 takes a free one.")]
RectoolsOption = Annotated[
    Path | None,
    typer.Option(
        "--rectools",
        metavar="PYTHON",
        envvar="OPENFORYOU_RECTOOLS",
        help="An interpreter with rectools[torch]==0.19.0: its models stand beside ours.",
    ),
]
