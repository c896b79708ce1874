"""What every command shares: stages on stderr, results on stdout, one line for an error."""

import json
import os
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from rich.cells import cell_len
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from siting.errors import InfeasibleError, SitingError

__all__ = ["error_line", "in_terminal", "note", "print_json", "print_pairs", "print_table", "progress", "say"]

_LONGEST_LINE = 2000  # of an error, in letters: a file may hold ids of any length

_err = Console(stderr=True, highlight=False)
_out = Console(highlight=False, soft_wrap=True)


@contextmanager
def progress(*, quiet: bool = False) -> Iterator[Callable[[str], None]]:
    """Yield a function that shows which stage is running: a spinner in a terminal, one line each elsewhere."""
    if quiet:
        yield lambda _stage: None
    elif _err.is_terminal:
        with _err.status("…") as status:
            yield lambda stage: status.update(f"{escape(stage)} …")
    else:
        yield lambda stage: print(f"siting: {stage}", file=sys.stderr, flush=True)


def say(text: str) -> None:
    """Print one line of result."""
    print(text)


def note(text: str) -> None:
    """Print one line on stderr that belongs to no stage."""
    print(f"siting: note: {text}", file=sys.stderr, flush=True)


def in_terminal() -> bool:
    """Return whether a person reads stdout, not a program."""
    return _out.is_terminal


def print_json(data: object) -> None:
    """Print `data` as JSON, alone on stdout; keys sorted, text as it is."""
    print(json.dumps(data, ensure_ascii=False, indent=2, sort_keys=True, allow_nan=False))


def print_pairs(pairs: Mapping[str, object]) -> None:
    """Print names and values in two columns."""
    width = max((cell_len(name) for name in pairs), default=0)  # a Chinese character takes two columns
    for name, value in pairs.items():
        print(f"{name}{' ' * (width - cell_len(name))}  {value}")


def print_table(title: str, columns: list[str], rows: list[list[Any]]) -> None:
    """Print rows under headings; in a pipe, tab-separated so that other programs can read them."""
    if not _out.is_terminal:
        print("\t".join(columns))
        for row in rows:
            print("\t".join(_cell(value) for value in row))
        return
    table = Table(title=title, title_justify="left")
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(escape(_cell(value)) for value in row))
    _out.print(table)


def error_line(error: BaseException) -> int:
    """Print one line for an error on stderr and return its exit code."""
    if os.environ.get("SITING_DEBUG"):
        traceback.print_exception(error)
    if isinstance(error, InfeasibleError) and error.details and "--json" in sys.argv:
        print_json(error.details)
    expected = isinstance(error, SitingError)
    if isinstance(error, MemoryError):
        text = "out of memory; plan a smaller area, use fewer workers (solver.workers), or give more memory"
    else:
        text = str(error) if expected else f"unexpected {type(error).__name__}: {error} (SITING_DEBUG=1 shows where)"
    line = " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
    print(f"siting: error: {line[:_LONGEST_LINE]}{'…' * (len(line) > _LONGEST_LINE)}", file=sys.stderr)
    return error.exit_code if isinstance(error, SitingError) else 1


def _number(value: float) -> str:
    """Return six figures, never as a power of ten: 1000000, not 1e+06; no minus before a zero."""
    text = f"{value:.0f}" if abs(value) >= 1e5 else f"{value:.6f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def _cell(value: object) -> str:
    if value is None or value != value:
        return ""
    text = _number(value) if isinstance(value, float) else str(value)
    return " ".join(text.split())
