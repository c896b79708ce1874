"""Meaning: the menu kept with a run, and its answers in vehicles, sites and money."""

import hashlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from siting.errors import DataError, UsageError
from siting.model.decomposition.record import Column
from siting.model.menu import Book, read_book, write_book
from siting.model.menu_answers import MenuAnswer, for_budget, for_service, for_years
from siting.model.menu_making import MenuOptions, make_book
from siting.model.problem import Problem
from siting.model.solver import SolverOptions, solve

__all__ = ["MENU_FILE", "MenuQuestion", "answer_from", "kept_menu", "key_of_run", "make_menu_file", "solved_again"]

MENU_FILE = "menu.npz"


@dataclass(frozen=True)
class MenuQuestion:
    """One question: a budget in CNY, a share of the weighted demand, or the budgets of years; exactly one of them."""

    budget_cny: float | None = None
    coverage: float | None = None
    years_cny: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        """Refuse shares that are none."""
        if self.coverage is not None and not 0 <= self.coverage <= 1:
            message = f"a coverage is 0 to 100 percent of the vehicles, not {100 * self.coverage:g}"
            raise UsageError(message)


def key_of_run(folder: Path) -> str:
    """Return what a menu of this run must have been made from: a digest of study and run."""
    digest = hashlib.sha256()
    for name in ("study.toml", "run.json"):
        try:
            digest.update((folder / name).read_bytes())
        except OSError as error:
            message = f"{folder / name}: cannot be read ({error.strerror}); name a run folder"
            raise DataError(message) from error
    return digest.hexdigest()


def kept_menu(folder: Path) -> Book | None:
    """Return the menu kept with a run; None where there is none, or one of another run of this folder."""
    path = folder / MENU_FILE
    if not path.is_file():
        return None
    book = read_book(path)
    return book if book.key == key_of_run(folder) else None


def make_menu_file(
    problem: Problem, folder: Path, options: MenuOptions, *, announce: Callable[[str], None] = lambda _stage: None
) -> Book:
    """Make the menu of a run's problem and keep it in its folder."""
    book = make_book(problem, options, key=key_of_run(folder), announce=announce)
    try:
        write_book(book, folder / MENU_FILE)
    except OSError as error:
        message = f"{folder / MENU_FILE}: cannot be written ({error.strerror})"
        raise DataError(message) from error
    return book


def answer_from(book: Book, question: MenuQuestion) -> dict[str, Any]:
    """Return the answer as plain data: see `_record`; `method` is "menu"."""
    if question.years_cny:
        answer = for_years(book, question.years_cny)
    elif question.coverage is not None:
        answer = for_service(book, question.coverage * book.wanted)
    else:
        answer = for_budget(book, question.budget_cny or 0.0)
    return _record(book, question, answer)


def _record(book: Book, question: MenuQuestion, answer: MenuAnswer) -> dict[str, Any]:
    sites = [
        {"site_id": book.names[site] if book.names else int(site), "modules": int(modules), "year": year + 1}
        for number, (column, year) in enumerate(zip(answer.columns, answer.year, strict=True))
        for site, modules in _added(column, answer.grown_from(number))
    ]
    return {
        "question": _question(question),
        "method": "menu",
        "reached": answer.reached,
        "objective": answer.objective if np.isfinite(answer.objective) else None,
        "bound": answer.bound,
        "gap": answer.gap if answer.reached else None,
        "served": answer.service,
        "wanted": book.wanted,
        "cost_cny": answer.cost_cny,
        "cost_by_year_cny": _by_year(answer, len(question.years_cny)),
        "sites": sorted(sites, key=lambda row: str(row["site_id"])),
        "seconds": answer.seconds,
    }


def _added(column: Column, before: Column | None) -> list[tuple[int, int]]:
    """Return the modules that a plan of a piece has at each site beyond what stood there before."""
    stood = {} if before is None else dict(zip(before.site.tolist(), before.modules.tolist(), strict=True))
    pairs = zip(column.site.tolist(), column.modules.tolist(), strict=True)
    return [(site, modules - stood.get(site, 0)) for site, modules in pairs if modules > stood.get(site, 0)]


def _question(question: MenuQuestion) -> dict[str, Any]:
    if question.years_cny:
        return {"years_cny": list(question.years_cny)}
    if question.coverage is not None:
        return {"coverage": question.coverage}
    return {"budget_cny": question.budget_cny}


def _by_year(answer: MenuAnswer, years: int) -> list[float]:
    cost = [0.0] * years
    for number, (column, year) in enumerate(zip(answer.columns, answer.year, strict=True)):
        before = answer.grown_from(number)
        if years:
            cost[year] += column.cost_cny - (0.0 if before is None else before.cost_cny)
    return cost


def solved_again(problem: Problem, question: MenuQuestion, options: SolverOptions) -> dict[str, Any]:
    """Return the answer of a new solve, for a problem of one piece; `method` is "solve".

    Raises `UsageError` for years: a problem of one piece has no pieces to build one after the other.
    """
    if question.years_cny:
        message = "the problem is one piece, so no part of it can wait for another year; plan it with one budget"
        raise UsageError(message)
    began = time.perf_counter()
    wanted = float(problem.demands.vehicles @ problem.demands.weight)
    asked = replace(problem, budget_cny=None)
    if question.coverage is not None:
        asked = replace(asked, goal=None, service_floor=None).minimise_cost(service=question.coverage * wanted)
    elif question.budget_cny is not None:
        asked = asked.with_budget(question.budget_cny)
    solution = solve(asked, options)
    served = float(problem.demands.weight[problem.walks.i] @ solution.served)
    names = problem.sites.names
    built: Sequence[int] = np.flatnonzero(solution.modules > 0).tolist()
    return {
        "question": _question(question),
        "method": "solve",
        "reached": True,
        "objective": solution.objective,
        "bound": solution.bound,
        "gap": max(solution.gap, 0.0),
        "served": served,
        "wanted": wanted,
        "cost_cny": solution.spent_cny,
        "cost_by_year_cny": [],
        "sites": [{"site_id": names[j] if names else j, "modules": int(solution.modules[j]), "year": 1} for j in built],
        "seconds": time.perf_counter() - began,
    }
