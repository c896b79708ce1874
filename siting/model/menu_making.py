"""Make the menu of every piece: sweep at prices that spend from a little to everything.

The prices come from the pieces' relaxations: their spend falls with the price, and the menu's prices are those at
which it is cut into equal steps, with one at the budget the run was planned for.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from siting.model.decomposition import highs, scip
from siting.model.decomposition.components import split
from siting.model.decomposition.master import merge_columns
from siting.model.decomposition.money import Curve
from siting.model.decomposition.presolve import as_it_is
from siting.model.decomposition.pricing import make_menu, open_ledger
from siting.model.decomposition.record import Ready
from siting.model.decomposition.search import Desk, Effort, State, relax_all, spend_of, sweep
from siting.model.decomposition.sweep import Crew, hire
from siting.model.decomposition.tasks import Prepare
from siting.model.menu import Book
from siting.model.menu_chains import thinner_plans
from siting.model.menu_windows import FEW, cut_windows, no_windows
from siting.model.parts import FloatArray
from siting.model.problem import Problem

__all__ = ["MenuOptions", "make_book"]

_GRID = 15  # prices at which relaxations are asked, from dear to nearly free
_SPAN = 1e-4  # of the dearest price: the lowest that is asked about
_WINDOWS_SHARE = 2.0  # of the time for prices that windows of cost may take, and beyond that
_WINDOWS_S = 30.0
_LEAST_SHARE = 0.04  # of what everything costs: the smallest spend of the menu


@dataclass(frozen=True)
class MenuOptions:
    """How many prices, how long at most, with how many workers; `engine` "auto" takes SCIP where installed."""

    prices: int = 12
    seconds: float = 1_800.0
    workers: int = 1
    seed: int = 0
    engine: str = "auto"
    tolerance: float = 5e-5


def _quiet(_line: str) -> None:
    return


def make_book(
    problem: Problem,
    options: MenuOptions | None = None,
    *,
    key: str = "",
    announce: Callable[[str], None] = _quiet,
) -> Book:
    """Return the menus of all pieces of `problem`; its budget only says where one of the prices should lie.

    A menu cut short by the time holds fewer prices: its answers stay true and their gaps are wider.
    """
    options = options or MenuOptions()
    began = time.perf_counter()
    until = began + options.seconds
    engine = options.engine if options.engine != "auto" else ("scip" if scip.is_installed() else "highs")
    asked = problem.budget_cny
    demands = problem.demands
    with hire(options.workers) as crew:
        readies = _ready(problem, crew, until) if problem.is_plain else []  # floors and the like have no price
        quota = problem.quotas.most if problem.quotas else np.empty(0, np.int64)
        menu = make_menu(readies, quota)
        effort = Effort(0.0, options.seed, engine, until, options.tolerance, 0)
        desk = Desk(readies, menu, np.inf if asked is None else asked, crew, effort)
        state, windows = State(open_ledger(menu, readies), []), no_windows()
        if len(readies) > 1:  # one piece alone is solved whole
            state = _swept(desk, state, options, announce)
        if 1 < len(readies) <= FEW and not desk.out_of_time:
            announce("menu: windows of cost, for there are few pieces")
            now = time.perf_counter()
            soon = min(until, now + _WINDOWS_SHARE * (now - began) + _WINDOWS_S)
            state, windows = cut_windows(replace(desk, effort=replace(effort, until=soon)), state)
            state = replace(state, columns=merge_columns(state.columns, thinner_plans(readies, state.columns)))
        notes = tuple(crew.notes)
    if time.perf_counter() >= until:
        notes = (*notes, f"made in {options.seconds:g} s, cut short: gaps are wider than they need be")
    return Book(
        menu,
        state.ledger,
        tuple(state.columns),
        float(demands.vehicles @ demands.weight),
        len(problem.sites),
        problem.sites.names,
        float("nan") if asked is None else asked,
        scip.name() if engine == "scip" else highs.name(),
        key,
        notes,
        windows,
    )


def _ready(problem: Problem, crew: Crew, until: float) -> list[Ready]:
    pieces = list(split(problem))
    results = crew.run([Prepare(piece) for piece in pieces], until=until)
    made = {ready.number: ready for ready in results if isinstance(ready, Ready)}
    return [made.get(piece.number) or as_it_is(piece) for piece in pieces]


def _swept(desk: Desk, state: State, options: MenuOptions, announce: Callable[[str], None]) -> State:
    prices = _prices(desk, options.prices)
    state = relax_all(desk, state, prices.tolist())
    for number, price in enumerate(_spread(prices.tolist()), start=1):
        if desk.out_of_time:
            break
        announce(f"menu: price {number} of {len(prices)}, {len(state.columns)} plans of pieces so far")
        state = sweep(desk, state, price)
    return state


def _spread(prices: list[float]) -> list[float]:
    """Return the prices in an order that halves what is left between them, so that a menu cut short covers it all."""
    ordered, parts = [], [prices]
    while parts:
        part = parts.pop(0)
        middle = len(part) // 2
        ordered.append(part[middle])
        parts += [half for half in (part[:middle], part[middle + 1 :]) if half]
    return ordered


def _prices(desk: Desk, count: int) -> FloatArray:
    """Return prices at which relaxations spend equal steps of what everything costs, and the budget asked for."""
    dearest = _dearest(desk)
    if dearest <= 0:
        return np.zeros(1)
    grid = dearest * np.geomspace(_SPAN, 1.0, _GRID)
    state = relax_all(desk, State(open_ledger(desk.menu, desk.readies), []), grid.tolist())
    free = replace(desk, budget_cny=np.inf)
    spent = np.array([spend_of(free, state, price)[0] for price in grid.tolist()])
    curve = Curve(grid, spent)
    spends = np.linspace(_LEAST_SHARE, 0.98, max(count - 1, 1)) * float(spent.max())
    prices = [float(grid[0]), *(curve.price(spend) for spend in spends)]
    if np.isfinite(desk.budget_cny) and 0 < desk.budget_cny < spent.max():
        prices.append(curve.price(desk.budget_cny))
    return np.unique(np.array(prices))


def _dearest(desk: Desk) -> float:
    """Return a price at which nothing is worth its money."""
    worth = 0.0
    for ready in desk.readies:
        sites, walks = ready.problem.sites, ready.problem.walks
        if len(walks):
            heaviest = np.zeros(len(sites))
            np.maximum.at(heaviest, walks.j, ready.problem.demands.weight[walks.i])
            cost = sites.open_cost_cny + sites.module_cost_cny * sites.max_modules
            most = sites.vehicles_per_module * heaviest * sites.max_modules
            worth = max(worth, float((most[cost > 0] / cost[cost > 0]).max(initial=0.0)))
    return worth
