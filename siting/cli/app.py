"""The list of commands, and the rim where errors become exit codes."""

import signal
import sys
from typing import Any

import typer

from siting.cli import check, fronts, look, plan, replan
from siting.cli.console import error_line
from siting.errors import UsageError

__all__ = ["app", "main"]

#: What typer raises for a wrong flag, argument or command; it has no public name of its own.
_MisuseError: Any = typer.BadParameter.__base__

app = typer.Typer(
    name="siting",
    help="Where may charging stand in residential compounds, where should it stand, and why not there. "
    "小区充电设施选址:哪里可以建、应该建在哪里、为什么那里不行。",
    pretty_exceptions_enable=False,
    add_completion=True,
)
app.command()(plan.demo)
app.command()(look.fetch)
app.command()(look.inspect)
app.command()(look.rules)
app.command(name="plan")(plan.plan)
app.command()(plan.sweep)
app.command()(plan.waivers)
app.command()(fronts.menu)
app.command()(fronts.alternatives)
app.command()(fronts.front)
app.command()(fronts.explain)
app.command(name="replan")(replan.replan)
app.command()(replan.nested)
app.command()(check.audit)
app.command()(check.compare)
app.command()(check.why)


@app.callback(invoke_without_command=True)
def _root(
    context: typer.Context,
    *,
    show_version: bool = typer.Option(False, "--version", help="Print the version and stop. 显示版本。"),
) -> None:
    if show_version:
        from importlib.metadata import version

        typer.echo(version("siting"))
    elif context.invoked_subcommand is None:
        typer.echo(context.get_help())


def _ended(_number: int, _frame: object) -> None:
    sys.exit(143)


def main() -> None:
    """Run the command line and end the process with the documented exit code; every error is one line.

    A request to end (SIGTERM) unwinds like Ctrl-C, so that drafts and workers go.
    """
    signal.signal(signal.SIGTERM, _ended)
    try:
        ended = app(standalone_mode=False)
    except _MisuseError as error:
        sys.exit(error_line(UsageError(f"{error.format_message()} (siting --help)")))
    except typer.Abort:
        sys.exit(130)
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as error:  # the one rim: whatever is left becomes one line and an exit code
        sys.exit(error_line(error))
    sys.exit(ended if isinstance(ended, int) else 0)
