"""The list of commands, and the rim where errors become exit codes."""

import sys

import typer

from siting.cli import check, look, plan
from siting.cli.console import error_line
from siting.errors import SitingError

__all__ = ["app", "main"]

app = typer.Typer(
    name="siting",
    help="Where may charging stand in residential compounds, where should it stand, and why not there. "
    "小区充电设施选址:哪里可以建、应该建在哪里、为什么那里不行。",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=True,
)
app.command()(plan.demo)
app.command()(look.fetch)
app.command()(look.inspect)
app.command()(look.rules)
app.command(name="plan")(plan.plan)
app.command()(plan.sweep)
app.command()(check.audit)
app.command()(check.compare)


@app.callback(invoke_without_command=True)
def _root(
    *, show_version: bool = typer.Option(False, "--version", help="Print the version and stop. 显示版本。")
) -> None:
    if show_version:
        from importlib.metadata import version

        typer.echo(version("siting"))
        raise typer.Exit


def main() -> None:
    """Run the command line and end the process with the documented exit code."""
    try:
        app()
    except SitingError as error:
        sys.exit(error_line(error))
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as error:  # the one rim: whatever is left becomes one line and exit code 1
        sys.exit(error_line(error))
