"""`openforyou demo`: everything, from nothing; the page opens while the world is still being made."""

from __future__ import annotations

import threading
import webbrowser
from contextlib import ExitStack
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from openforyou.app import broker
from openforyou.app.children import Child, when_parent_leaves
from openforyou.app.platform import Platform
from openforyou.app.settings import Settings
from openforyou.cli.listener import address, listening
from openforyou.cli.options import DataOption, HostOption, PortOption
from openforyou.cli.serve import run_server
from openforyou.demo.build import CLIPS, VIEWERS
from openforyou.demo.build import build as build_world

FIRST_CLIPS = 4
"""The address is shown when so many clips can be watched."""
LOOK_EVERY_S = 0.5

SeedOption = Annotated[int, typer.Option("--seed", help="The same seed gives the same world.")]
ClipsOption = Annotated[int, typer.Option("--clips", min=1, max=2_000, help="How many clips to make.")]
ViewersOption = Annotated[int, typer.Option("--viewers", min=0, max=20_000, help="How many viewers to simulate.")]


def demo(
    data: DataOption = None,
    host: HostOption = "127.0.0.1",
    port: PortOption = 8000,
    open_browser: Annotated[bool, typer.Option("--open/--no-open", help="Open the page in your browser.")] = True,
    seed: SeedOption = 1,
    clips: ClipsOption = CLIPS,
    viewers: ViewersOption = VIEWERS,
) -> None:
    """Make a world of clips, creators and viewers, train on it, and serve it.

    The page can be watched as soon as the first clips are made. A second start takes seconds, and one that was
    interrupted goes on where it was. Stops on Ctrl-C, with everything that it started.
    """
    settings = Settings.read(data)
    console = Console(stderr=True)
    with ExitStack() as stack:
        listener = stack.enter_context(listening(host, port))
        stack.enter_context(broker.running(settings))
        platform = stack.enter_context(Platform(settings, keeper=broker.client(settings)))
        stack.enter_context(Child(["worker", "--data", str(settings.data)]))
        world = ["--seed", str(seed), "--clips", str(clips), "--viewers", str(viewers)]
        builder = stack.enter_context(Child(["demo-build", "--data", str(settings.data), *world]))
        watch = _Watch(platform, builder, console, address(listener), min(FIRST_CLIPS, clips), open_browser)
        stack.callback(watch.close)
        watch.start()
        run_server(platform, listener)


def build(
    data: DataOption = None, seed: SeedOption = 1, clips: ClipsOption = CLIPS, viewers: ViewersOption = VIEWERS
) -> None:
    """Make the demo world, until it is whole or standard input ends."""
    settings = Settings.read(data)
    with Platform(settings, keeper=broker.client(settings)) as platform:
        build_world(platform, seed=seed, clips=clips, viewers=viewers, stop=when_parent_leaves(platform.close))


class _Watch(threading.Thread):
    """Shows in the terminal how far the world is, and the address once it is worth opening."""

    def __init__(
        self, platform: Platform, builder: Child, console: Console, url: str, first_clips: int, open_browser: bool
    ) -> None:
        super().__init__(name="demo-watch", daemon=True)
        self._platform, self._builder, self._console = platform, builder, console
        self._url, self._first_clips, self._open_browser = url, first_clips, open_browser
        self._closing = threading.Event()

    def close(self) -> None:
        """Stop looking."""
        self._closing.set()
        self.join()

    def run(self) -> None:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        told = False
        with Progress(*columns, console=self._console, transient=True) as bars:
            shown: dict[str, TaskID] = {}
            while not self._closing.wait(LOOK_EVERY_S):
                if not told and len(self._platform.catalog.newest(self._first_clips)) >= self._first_clips:
                    told = True
                    self._tell()
                if self._show(bars, shown) or self._builder.failed():
                    break
        if self._builder.failed():
            self._console.print("[red]The demo world could not be finished.[/] Start again: it goes on where it was.")
        elif not self._closing.is_set():
            self._console.print("The demo world is whole.")

    def _tell(self) -> None:
        typer.echo(f"OpenForYou is at {self._url}  (Ctrl-C stops it)")
        if self._open_browser:
            webbrowser.open(self._url)

    def _show(self, bars: Progress, shown: dict[str, TaskID]) -> bool:
        """Draw the bars; whether the whole world is done."""
        tasks = [task for task in self._platform.tasks.list() if task.name.startswith("demo")]
        for task in tasks:
            if task.name not in shown:
                shown[task.name] = bars.add_task(task.message or task.name)
            bars.update(shown[task.name], description=task.message, completed=task.done, total=task.total or None)
        return any(task.name == "demo" and task.state == "done" for task in tasks)
