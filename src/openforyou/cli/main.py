"""The command `openforyou`, and what happens to an error."""

from __future__ import annotations

import os
import sys

import typer

from openforyou.core.errors import OpenForYouError


def main() -> None:
    """Run a command. Errors of ours are one line on standard error and exit code 1; Ctrl-C is 130."""
    try:
        _commands()()
    except OpenForYouError as error:
        typer.secho("error: ", fg="red", bold=True, nl=False, err=True)
        typer.echo(str(error), err=True)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        # The reader of our output left, as `head` does. Nothing is wrong; Python must not complain at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(141)


def _commands() -> typer.Typer:
    """Every command; or those of a witness or a broker alone, which need little and start in half a second."""
    if sys.argv[1:2] == ["witness"]:
        from openforyou.cli import witness

        alone = typer.Typer(name="openforyou", pretty_exceptions_enable=False)
        alone.add_typer(witness.app, name="witness", context_settings={"help_option_names": ["-h", "--help"]})
        return alone
    if sys.argv[1:2] == ["broker"]:
        from openforyou.cli import broker

        alone = typer.Typer(name="openforyou", pretty_exceptions_enable=False)
        alone.callback()(lambda: None)
        alone.command("broker", context_settings={"help_option_names": ["-h", "--help"]})(broker.broker)
        return alone
    from openforyou.cli import docs
    from openforyou.cli.commands import app

    app.command("docs", hidden=True)(docs.write)
    return app
