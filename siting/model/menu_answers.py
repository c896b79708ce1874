"""Answers from a menu: any budget, any service, any split over years, each with its own proven gap.

The bound is that of the decomposition (see `siting.model.decomposition.pricing`), at the best price that the menu's
prices and the chords between them give; the plan is the best choice of one column a piece, by a small program.

    budget    bound = min over prices l of    l x budget + R(l)                 R(l): the pieces' best at price l
    service   bound = max over prices l of    (service - R(l)) / l             the least cost of that service
    years     bound = min over prices l_t of  sum_t l_t x budget_t + pieces' best of w_t x (value - l_t / w_t x cost)
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse

from siting.errors import UsageError
from siting.model.decomposition.highs import assign, choose
from siting.model.decomposition.pricing import Dual, bound_at, dual_of
from siting.model.decomposition.record import Column
from siting.model.menu import Book
from siting.model.menu_chains import nested_choice
from siting.model.menu_windows import least_cost_bound, most_service_bound
from siting.model.parts import FloatArray, IntArray

__all__ = ["MenuAnswer", "for_budget", "for_service", "for_years"]

_GAP = 1e-6  # of the choice of columns
_FEW = 2_000  # columns up to which the choice is among all of them
_WIDTH = 0.02  # of a mean piece's bound: how far below its piece's best a column may be at first
_MET = 1e-6  # relative: bound and plan are then one
_SAFE = 1e-9  # kept back of money and asked for more of service, relative, because sums are rounded
_GOLDEN = (np.sqrt(5.0) - 1.0) / 2.0
_STEPS = 12  # of the search for a price between two of the menu
_WINDOW_SECONDS = 0.3  # of the bound by windows of cost, each
_ROUNDS = 3  # of the search for prices of years, one price after the other


@dataclass(frozen=True, eq=False)
class MenuAnswer:
    """A plan from the menu: `service` (weighted vehicles, of the last year), its cost, the bound and what it bounds.

    For a budget `objective` and `bound` are service, for a service they are CNY, for years the service of all years
    (a year without it counts nothing). `year` gives the year (from 0) of each of `columns`; `reached` is false
    where the menu has no plan of the service asked for.
    """

    objective: float
    bound: float
    service: float
    cost_cny: float
    columns: tuple[Column, ...]
    year: tuple[int, ...]
    seconds: float
    reached: bool = True
    before: tuple[Column | None, ...] = ()  # over years: the plan of the same piece that each grows out of

    def grown_from(self, number: int) -> Column | None:
        """Return what stood of a piece before its column `number`; None if nothing."""
        return self.before[number] if self.before else None

    @property
    def gap(self) -> float:
        """Return the proven gap, relative to the objective."""
        return abs(self.bound - self.objective) / max(abs(self.objective), 1e-9)


@dataclass(frozen=True, eq=False)
class _Table:
    """The columns as arrays."""

    piece: IntArray
    value: FloatArray
    cost_cny: FloatArray
    charges: sparse.csr_array

    @classmethod
    def of(cls, book: Book) -> "_Table":
        entries = [(row, d, n) for row, column in enumerate(book.columns) for d, n in column.quota]
        rows, places, counts = (np.array([entry[k] for entry in entries], np.int64) for k in range(3))
        shape = (len(book.columns), len(book.menu.quota))
        return cls(
            np.array([column.piece for column in book.columns], np.int64),
            np.array([column.value for column in book.columns]),
            np.array([column.cost_cny for column in book.columns]),
            sparse.csr_array((counts.astype(float), (rows, places)), shape=shape),
        )

    def near(self, book: Book, reduced: FloatArray, width: float) -> IntArray:
        """Return the columns whose reduced worth is within `width` of their piece's best (nothing is worth 0)."""
        best = np.where(book.menu.forced, -np.inf, 0.0)
        np.maximum.at(best, self.piece, reduced)
        return np.flatnonzero((reduced >= best[self.piece] - width) | book.menu.forced[self.piece])


def for_budget(book: Book, budget_cny: float, *, seconds: float = 1.0) -> MenuAnswer:
    """Return the most service for a budget."""
    if not (np.isfinite(budget_cny) and budget_cny >= 0):
        message = f"the budget must be a number of CNY, 0 or more, not {budget_cny!r}"
        raise UsageError(message)
    began = time.perf_counter()
    table = _Table.of(book)
    price, dual = _lowest(book, lambda price: _dual(book, price, price * budget_cny))
    reduced = table.value - price * table.cost_cny - table.charges @ dual.quota_price
    picked, value = _chosen(
        lambda width: _most_service(book, table, table.near(book, reduced, width), budget_cny, seconds),
        lambda value: dual.bound - value,
        _width(book, dual.bound),
    )
    bound = min(dual.bound, _by_windows(book, budget_cny))
    return _answer(book, picked, (), max(bound, value), value, began)


def _by_windows(book: Book, budget_cny: float, *, years: int = 1) -> float:
    """Return the bound of a budget by windows of cost, one of so many to find; infinite where there are none."""
    if not len(book.windows):
        return np.inf
    seconds = _WINDOW_SECONDS / years
    return min(book.wanted, most_service_bound(book.menu, book.windows, budget_cny, seconds=seconds))


def for_service(book: Book, service: float, *, seconds: float = 1.0) -> MenuAnswer:
    """Return the least cost of a service (weighted vehicles); `reached` is false where no plan of the menu has it."""
    if not (np.isfinite(service) and service >= 0):
        message = f"the service must be a number of weighted vehicles, 0 or more, not {service!r}"
        raise UsageError(message)
    began = time.perf_counter()
    table = _Table.of(book)

    def cost_above(price: float) -> Dual:
        dual = _dual(book, price, 0.0)
        return Dual(-(service - dual.bound) / price, dual.quota_price, dual.taken)

    price, dual = _lowest(book, cost_above)
    least = max(-dual.bound, 0.0)
    if len(book.windows):
        by_windows = least_cost_bound(book.menu, book.windows, service, seconds=_WINDOW_SECONDS)
        least = max(least, by_windows if np.isfinite(by_windows) else 0.0)
    reduced = table.value - price * table.cost_cny - table.charges @ dual.quota_price
    picked, cost = _chosen(
        lambda width: _least_cost(book, table, table.near(book, reduced, width), service, seconds),
        lambda worth: price * (-worth - least),
        _width(book, service),
    )
    reached = float(table.value[picked].sum()) >= service * (1 - 1e-7)
    answer = _answer(book, picked, (), min(least, -cost) if reached else least, -cost, began)
    return answer if reached else _unreached(answer)


def for_years(
    book: Book, budgets_cny: Sequence[float], *, seconds: float = 1.0, weights: Sequence[float] | None = None
) -> MenuAnswer:
    """Return the most service summed over years, each piece built in one of them.

    What a year leaves may be spent later. A piece built in year t serves from then on: it counts `weights[t]` of its
    service, (T - t) / T if not given (1, 2/3, 1/3 for three years). With few pieces each may also grow from year to
    year (see `siting.model.menu_chains`).
    """
    began = time.perf_counter()
    budgets = np.array(budgets_cny, float)
    years = len(budgets)
    share = np.array(weights if weights is not None else 1.0 - np.arange(years) / max(years, 1), float)
    if not years or not np.isfinite(budgets).all() or (budgets < 0).any() or len(share) != years or (share <= 0).any():
        message = f"budgets of years must be numbers of CNY, 0 or more, not {list(budgets_cny)!r}"
        raise UsageError(message)
    table = _Table.of(book)
    prices, dual = _prices_of_years(book, table, budgets, share)
    quota = table.charges @ dual.quota_price
    reduced = np.concatenate([w * table.value - p * table.cost_cny - quota for w, p in zip(share, prices, strict=True)])
    spread = _Table(
        np.tile(table.piece, years),
        np.concatenate([w * table.value for w in share]),
        np.tile(table.cost_cny, years),
        sparse.csr_array(sparse.vstack([table.charges] * years)),
    )
    picked, value = _chosen(
        lambda width: _most_over_years(book, spread, spread.near(book, reduced, width), budgets, seconds),
        lambda value: dual.bound - value,
        _width(book, dual.bound),
    )
    count = max(len(table.piece), 1)
    year = tuple((picked // count).tolist())
    whole = _answer(book, picked % count, year, max(dual.bound, value), value, began)
    if not len(book.windows) or (np.diff(share) > 0).any() or book.menu.forced.any() or len(book.menu.quota):
        return whole
    return _grown(book, budgets, share, whole, began)


def _grown(book: Book, budgets: FloatArray, share: FloatArray, whole: MenuAnswer, began: float) -> MenuAnswer:
    """Return the answer for few pieces, each of which may grow from year to year.

    What stands in a year serves as much as all the money so far can, at most; so that bounds every way to build.
    """
    each = share - np.append(share[1:], 0.0)
    bound = float(each @ [_by_windows(book, money, years=len(budgets)) for money in np.cumsum(budgets).tolist()])
    bound = min(bound, whole.bound)
    chosen = nested_choice(book.columns, budgets, each, seconds=_WINDOW_SECONDS)
    steps = [
        (book.columns[mine[y]], None if not y or mine[y - 1] < 0 else book.columns[mine[y - 1]], y)
        for mine in chosen
        for y in range(len(budgets))
        if mine[y] >= 0 and (not y or mine[y] != mine[y - 1])
    ]
    value = float(
        sum(each[y] * sum(book.columns[mine[y]].value for mine in chosen if mine[y] >= 0) for y in range(len(budgets)))
    )
    if value <= whole.objective:
        return replace(whole, bound=max(bound, whole.objective), seconds=time.perf_counter() - began)
    last = [book.columns[mine[-1]] for mine in chosen if mine[-1] >= 0]
    return MenuAnswer(
        value,
        max(bound, value),
        sum(column.value for column in last),
        sum(column.cost_cny for column in last),
        tuple(column for column, _, _ in steps),
        tuple(y for _, _, y in steps),
        time.perf_counter() - began,
        before=tuple(before for _, before, _ in steps),
    )


def _answer(
    book: Book, picked: IntArray, year: tuple[int, ...], bound: float, objective: float, began: float
) -> MenuAnswer:
    columns = tuple(book.columns[k] for k in picked.tolist())
    bound = objective if abs(bound - objective) <= _MET * max(1.0, abs(objective)) else bound
    return MenuAnswer(
        objective,
        bound,
        sum(column.value for column in columns),
        sum(column.cost_cny for column in columns),
        columns,
        year or (0,) * len(columns),
        time.perf_counter() - began,
    )


def _unreached(answer: MenuAnswer) -> MenuAnswer:
    return MenuAnswer(np.inf, answer.bound, 0.0, 0.0, (), (), answer.seconds, reached=False)


def _dual(book: Book, price: float, money: float) -> Dual:
    return dual_of(book.menu, bound_at(book.ledger, price), money)


def _lowest(book: Book, dual_at: Callable[[float], Dual]) -> tuple[float, Dual]:
    """Return the price with the lowest bound: the best of the menu's, then between its neighbours."""
    known = [float(price) for price in book.ledger.prices if price > 0] or [1e-12]
    duals = {price: dual_at(price) for price in known}
    best = min(known, key=lambda price: duals[price].bound)
    here = known.index(best)
    low, high = known[max(here - 1, 0)], known[min(here + 1, len(known) - 1)]
    for _ in range(_STEPS if high > low else 0):
        a, b = high - _GOLDEN * (high - low), low + _GOLDEN * (high - low)
        for price in (a, b):
            if price not in duals:
                duals[price] = dual_at(price)
        low, high = (low, b) if duals[a].bound <= duals[b].bound else (a, high)
    best = min(duals, key=lambda price: duals[price].bound)
    return best, duals[best]


def _width(book: Book, service: float) -> float:
    return np.inf if len(book.columns) <= _FEW else _WIDTH * service / max(book.pieces, 1)


def _chosen(
    pick: Callable[[float], tuple[IntArray, float] | None], slack: Callable[[float], float], width: float
) -> tuple[IntArray, float]:
    """Return the best choice: among few columns first, then among all that could still be in a better one."""
    found = pick(width) or pick(np.inf)
    if found is None:
        return np.empty(0, np.int64), -np.inf
    needed = slack(found[1])
    if needed <= width:
        return found
    again = pick(min(needed, 8 * width))
    return again if again is not None and again[1] > found[1] else found


def _most_service(
    book: Book, table: _Table, kept: IntArray, budget_cny: float, seconds: float
) -> tuple[IntArray, float] | None:
    row = sparse.csr_array(table.cost_cny[kept][None, :])
    return _choose(book, table, kept, table.value, (row, [-np.inf], [budget_cny * (1 - _SAFE)]), seconds)


def _least_cost(
    book: Book, table: _Table, kept: IntArray, service: float, seconds: float
) -> tuple[IntArray, float] | None:
    row = sparse.csr_array(table.value[kept][None, :])
    return _choose(book, table, kept, -table.cost_cny, (row, [service * (1 + _SAFE)], [np.inf]), seconds)


def _most_over_years(
    book: Book, spread: _Table, kept: IntArray, budgets: FloatArray, seconds: float
) -> tuple[IntArray, float] | None:
    year = kept // max(len(spread.piece) // len(budgets), 1)
    by_then = np.arange(len(budgets))[:, None] >= year[None, :]
    row = sparse.csr_array(by_then * spread.cost_cny[kept][None, :])
    limits = (row, [-np.inf] * len(budgets), (np.cumsum(budgets) * (1 - _SAFE)).tolist())
    return _choose(book, spread, kept, spread.value, limits, seconds)


def _choose(
    book: Book,
    table: _Table,
    kept: IntArray,
    gain: FloatArray,
    limits: tuple[sparse.csr_array, list[float], list[float]],
    seconds: float,
) -> tuple[IntArray, float] | None:
    """Return the columns with the most gain, one a piece at most, within quotas and one more family of rows."""
    forced = book.menu.forced
    pieces, row = np.unique(table.piece[kept], return_inverse=True)
    if len(np.setdiff1d(np.flatnonzero(forced), pieces)):
        return None
    if not len(kept):
        return (kept, 0.0) if (np.array(limits[1]) <= 0).all() else None
    one = sparse.csr_array((np.ones(len(kept)), (row, np.arange(len(kept)))), shape=(len(pieces), len(kept)))
    matrix = sparse.csr_array(sparse.vstack([one, sparse.csr_array(table.charges[kept].T), limits[0]], format="csr"))
    free = np.full(len(book.menu.quota), -np.inf)
    low = np.r_[np.where(forced[pieces], 1.0, -np.inf), free, limits[1]]
    high = np.r_[np.ones(len(pieces)), book.menu.quota, limits[2]]
    picked, _ = choose(gain[kept], matrix, (low, high), start=np.zeros(len(kept)), gap=_GAP, seconds=seconds)
    used = matrix @ picked
    room = 1e-9 * np.maximum(1.0, np.abs(np.nan_to_num(high, posinf=0.0)))
    if (used > high + room).any() or (used < low - 1e-6).any():
        return None
    chosen = kept[picked > 0.5]
    return chosen, float(gain[chosen].sum())


def _prices_of_years(book: Book, table: _Table, budgets: FloatArray, share: FloatArray) -> tuple[FloatArray, Dual]:
    """Return a price for each year and the bound at them: from the columns' own program, then one price at a time."""

    def dual_at(prices: FloatArray) -> Dual:
        prices = _falling(prices)
        bounds = [w * bound_at(book.ledger, p / w) for w, p in zip(share, prices, strict=True)]
        return dual_of(book.menu, np.max(bounds, axis=0), float(prices @ budgets))

    together, _ = _lowest(book, lambda price: _dual(book, price, price * float(budgets.sum())))
    starts = [share * together, _priced_by_columns(book, table, budgets, share)]
    duals = [dual_at(prices) for prices in starts]
    first = int(np.argmin([dual.bound for dual in duals]))
    prices, dual = starts[first], duals[first]
    step = 0.08
    for _ in range(_ROUNDS):
        for year in range(len(budgets)):
            for factor in (1.0 + step, 1.0 / (1.0 + step)):
                trial = prices.copy()
                trial[year] *= factor
                other = dual_at(trial)
                if other.bound < dual.bound:
                    prices, dual = trial, other
                    break
        step *= 0.4
    return _falling(prices), dual


def _falling(prices: FloatArray) -> FloatArray:
    """Return prices that never rise: what a year leaves is spent later, so money is never dearer then."""
    fallen: FloatArray = np.maximum.accumulate(prices[::-1])[::-1]
    return fallen


def _priced_by_columns(book: Book, table: _Table, budgets: FloatArray, share: FloatArray) -> FloatArray:
    count, years = len(table.piece), len(budgets)
    if not count:
        return share
    every = np.arange(count * years)
    one = sparse.csr_array(
        (np.ones(count * years), (np.tile(table.piece, years), every)), shape=(book.pieces, len(every))
    )
    by_then = np.arange(years)[:, None] >= (every // count)[None, :]
    money = sparse.csr_array(by_then * np.tile(table.cost_cny, years)[None, :])
    quota = sparse.hstack([sparse.csr_array(table.charges.T)] * years, format="csr")
    rows = sparse.vstack([one, quota, money], format="csr")
    low = np.r_[np.where(book.menu.forced, 1.0, -np.inf), np.full(len(book.menu.quota) + years, -np.inf)]
    high = np.r_[np.ones(book.pieces), book.menu.quota, np.cumsum(budgets)]
    _, prices = assign(np.concatenate([w * table.value for w in share]), rows, (low, high))
    found: FloatArray = np.cumsum(prices[-years:][::-1])[::-1]
    return np.maximum(found, 1e-9 * share)
