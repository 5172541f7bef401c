"""`openforyou docs DIR` (hidden): writes the pages of `docs/` that are made from code, so that they keep up."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup, TyperOption

from openforyou.app.settings import Settings
from openforyou.cli.commands import app
from openforyou.privacy.retention.rules import page as retention_page
from openforyou.recommend.params import ranking_page


def write(
    folder: Annotated[Path, typer.Argument(help="Where the pages go.", exists=True, file_okay=False)] = Path("docs"),
) -> None:
    """Write commands.md, settings.md, ranking.md and retention.md."""
    for name, page in PAGES.items():
        (folder / name).write_text(page())


def commands_page() -> str:
    """Every command with its arguments and options, from the command line itself."""
    root = typer.main.get_command(app)
    lines = ["# Commands", "", "Made by `make docs` from the command line itself.", ""]
    for path, command in _leaves(root, "openforyou"):
        lines += [f"## `{path}`", "", *_paragraphs(command.help or "")]
        rows = [row for parameter in command.params if (row := _row(parameter)) is not None]
        if rows:
            lines += ["| argument or option | meaning | default |", "| --- | --- | --- |", *rows, ""]
    return "\n".join(lines)


def settings_page() -> str:
    """Every setting with its variable, meaning and default."""
    lines = [
        "# Settings",
        "",
        "Made by `make docs`. All are read once, at start, from the environment; `--data` wins over `OPENFORYOU_DATA`.",
        "",
        "| variable | meaning | default |",
        "| --- | --- | --- |",
    ]
    for name, field in Settings.model_fields.items():
        variable = field.validation_alias or f"OPENFORYOU_{name.upper()}"
        lines.append(f"| `{variable}` | {field.description} | `{field.default}` |".replace("| `` |", "| |"))
    return "\n".join([*lines, ""])


PAGES: dict[str, Callable[[], str]] = {
    "commands.md": commands_page,
    "settings.md": settings_page,
    "ranking.md": ranking_page,
    "retention.md": retention_page,
}


def _leaves(command: Any, path: str) -> Iterator[tuple[str, Any]]:
    if not isinstance(command, TyperGroup):
        yield path, command
        return
    if command.invoke_without_command and path != "openforyou":
        yield path, command
    for name, child in command.commands.items():
        if not child.hidden:
            yield from _leaves(child, f"{path} {name}")


def _paragraphs(text: str) -> list[str]:
    return [" ".join(block.split()) + "\n" for block in text.split("\n\n")]


def _row(parameter: Any) -> str | None:
    if parameter.name == "help" or getattr(parameter, "hidden", False):
        return None
    names = (
        parameter.opts + parameter.secondary_opts
        if isinstance(parameter, TyperOption)
        else [parameter.metavar or parameter.name.upper()]
    )
    default = parameter.default
    if isinstance(default, bool):
        default = (
            next((name for name in names if default is not name.startswith("--no-")), "") if len(names) > 1 else ""
        )
    shown = "" if default in (None, "", []) or callable(default) else f"`{default}`"
    meaning = " ".join(str(getattr(parameter, "help", "") or "").split()).replace("|", "\\|")
    return f"| {', '.join(f'`{name}`' for name in names)} | {meaning} | {shown} |"
