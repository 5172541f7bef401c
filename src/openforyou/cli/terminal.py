"""Progress on a terminal: on standard error, gone when done, silent where nobody looks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from openforyou.core import progress as quiet


@contextmanager
def progress_bar(title: str) -> Iterator[quiet.Progress]:
    """A bar whose text and share follow what the work says. May be told from any thread."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        bar = bars.add_task(title, total=None)

        def progress(done: int, total: int, message: str = "") -> None:
            bars.update(bar, description=message or title, completed=done, total=total or None)

        yield progress
