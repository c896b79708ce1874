"""A menu per piece at several prices: made once, it answers any budget, any service and any split over years.

    book = make_book(problem, MenuOptions())     minutes for a city, once
    write_book(book, path); book = read_book(path)
    for_budget(book, 500_000)                    under a second, see `siting.model.menu_answers`

A menu holds the plans of every piece that pricing met, and what is proven of its options at every price; the bound of
an answer follows from the second, its plan from the first.
"""

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zipfile import BadZipFile
from zlib import error as ZlibError

import numpy as np
from scipy import sparse

from siting.errors import DataError
from siting.model.decomposition.pricing import Ledger, Menu
from siting.model.decomposition.record import Column
from siting.model.menu_check import fault_of
from siting.model.menu_windows import Windows, no_windows
from siting.model.parts import IntArray

__all__ = ["Book", "read_book", "write_book"]

_VERSION = 2

#: What NumPy and the archive under it raise for a file that is none of ours; an array of objects is a ValueError.
_UNREADABLE = (
    OSError,
    ValueError,
    LookupError,
    EOFError,
    TypeError,
    AttributeError,
    OverflowError,
    RuntimeError,
    MemoryError,
    BadZipFile,
    ZlibError,
)


@dataclass(frozen=True, eq=False)
class Book:
    """The menus of all pieces: their options, what is proven of them, and their plans as columns.

    `wanted` is the weighted demand of the whole problem, `sites` counts its sites, `names` what they are called;
    `asked_cny` is the budget the menu was made around (NaN for none). `key` says what it was made from.
    """

    menu: Menu
    ledger: Ledger
    columns: tuple[Column, ...]
    wanted: float
    sites: int
    names: tuple[str, ...] = ()
    asked_cny: float = float("nan")
    solver: str = ""
    key: str = ""
    notes: tuple[str, ...] = field(default=())
    windows: Windows = field(default_factory=no_windows)

    @property
    def pieces(self) -> int:
        """Return how many pieces there are; with one, a menu is no help."""
        return len(self.menu.starts)

    def modules(self, columns: tuple[Column, ...]) -> IntArray:
        """Return modules per site of the whole problem for some columns."""
        modules = np.zeros(self.sites, np.int64)
        for column in columns:
            modules[column.site] = column.modules
        return modules


def write_book(book: Book, path: Path) -> None:
    """Write a book as .npz: plain arrays, nothing that a reader has to run."""
    columns, menu, ledger = book.columns, book.menu, book.ledger
    charges, quotas = menu.charges.tocoo(), [(k, d, n) for k, column in enumerate(columns) for d, n in column.quota]
    arrays = {
        "version": np.array(_VERSION),
        "piece": menu.piece,
        "number": menu.number,
        "starts": menu.starts,
        "charges": np.array([*charges.coords, charges.data]).reshape(3, -1),
        "quota": menu.quota,
        "forced": menu.forced,
        "prices": ledger.prices,
        "bound": ledger.bound,
        "cost_cny": ledger.cost_cny,
        "value": ledger.value,
        "solved": ledger.solved,
        "column_piece": np.array([column.piece for column in columns], np.int64),
        "column_value": np.array([column.value for column in columns]),
        "column_cost_cny": np.array([column.cost_cny for column in columns]),
        "column_quota": np.array(quotas, np.int64).reshape(-1, 3),
        "column_sites": np.array([len(column.site) for column in columns], np.int64),
        "site": np.concatenate([column.site for column in columns] or [np.empty(0, np.int32)]),
        "window_row": book.windows.row,
        "window_low_cny": book.windows.low_cny,
        "window_high_cny": book.windows.high_cny,
        "window_price": book.windows.price,
        "window_bound": book.windows.bound,
        "modules": np.concatenate([column.modules for column in columns] or [np.empty(0, np.int16)]),
        "figures": np.array([book.wanted, book.sites, book.asked_cny]),
        "names": np.array(book.names, np.str_),
        "words": np.array([book.solver, book.key, *book.notes], np.str_),
    }
    _clean_up(path)
    draft = path.with_name(f".{path.name}.{os.getpid()}")  # whole or not at all, also when somebody stops it
    try:
        with draft.open("wb") as file:
            np.savez_compressed(file, **arrays)  # type: ignore[arg-type]
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def _clean_up(path: Path) -> None:
    """Remove drafts of processes that were killed while they wrote."""
    for left in path.parent.glob(f".{path.name}.*"):
        number = left.name.rpartition(".")[2]
        if number.isdigit() and not _is_alive(int(number)):
            left.unlink(missing_ok=True)


def _is_alive(process: int) -> bool:
    if os.name != "posix":  # elsewhere there is no harmless question
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):  # somebody else's, or no number of a process
        return True
    return True


def read_book(path: Path) -> Book:
    """Read a book; raise `DataError` if the file is missing or none of ours."""
    try:
        with path.open("rb") as raw, np.load(raw, allow_pickle=False) as file:
            held = {name: file[name] for name in file.files}
        fault = fault_of(held)
    except FileNotFoundError:
        message = f"{path}: no such menu"
        raise DataError(message) from None
    except _UNREADABLE as error:
        message = f"{path}: is no menu ({' '.join(str(error).split())[:120]}); delete it and make it again"
        raise DataError(message) from error
    if fault is not None:
        message = f"{path}: is no menu ({fault}); delete it and make it again"
        raise DataError(message)
    if int(held["version"]) != _VERSION:
        message = f"{path}: is a menu of another version; delete it and make it again"
        raise DataError(message)
    return _book(held)


def _book(held: dict[str, Any]) -> Book:
    rows, places, counts = held["charges"]
    shape = (len(held["piece"]), len(held["quota"]))
    charges = sparse.csr_array((counts, (rows.astype(np.int64), places.astype(np.int64))), shape=shape)
    menu = Menu(held["piece"], held["number"], held["starts"], charges, held["quota"], held["forced"])
    ledger = Ledger(held["prices"], held["bound"], held["cost_cny"], held["value"], held["solved"])
    quota: dict[int, list[tuple[int, int]]] = {}
    for k, d, n in held["column_quota"].tolist():
        quota.setdefault(k, []).append((d, n))
    ends = np.cumsum(held["column_sites"])[:-1]
    parts = (
        zip(
            held["column_piece"].tolist(),
            held["column_value"].tolist(),
            held["column_cost_cny"].tolist(),
            np.split(held["site"], ends),
            np.split(held["modules"], ends),
            strict=True,
        )
        if len(held["column_sites"])
        else ()
    )
    columns = tuple(
        Column(piece, value, cost, tuple(quota.get(k, ())), site, modules)
        for k, (piece, value, cost, site, modules) in enumerate(parts)
    )
    windows = Windows(
        held["window_row"], *(held[f"window_{name}"] for name in ("low_cny", "high_cny", "price", "bound"))
    )
    wanted, sites, asked = held["figures"].tolist()
    solver, key, *notes = held["words"].tolist()
    return Book(
        menu,
        ledger,
        columns,
        wanted,
        int(sites),
        tuple(held["names"].tolist()),
        asked,
        solver,
        key,
        tuple(notes),
        windows,
    )
