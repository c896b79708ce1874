"""The price of money and quotas: a bound that holds at any price, and the price at which the budget is spent.

With a price on cost and one on every quota the pieces fall apart, and

    bound(price) = price x budget + min over quota prices of
                   sum_d quota_price_d x K_d + sum_pieces max(0, max_options (bound_o - quota prices of its compounds))

is never below the best plan, whatever the price and however loose the bounds of the options (relaxations, searches
cut short, or chords between two prices: the best of service - price x cost is convex in the price).
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from siting.model.decomposition.highs import assign
from siting.model.decomposition.record import Answer, Ready
from siting.model.parts import FloatArray, IntArray

__all__ = ["Dual", "Ledger", "Menu", "bound_at", "dual_of", "learn", "make_menu", "open_ledger"]


@dataclass(frozen=True, eq=False)
class Menu:
    """All options of all pieces, one after the other: `piece` and `number` (within its piece) of each.

    `starts` gives the first option of each piece, `charges` (options x districts) the quota each takes.
    """

    piece: IntArray
    number: IntArray
    starts: IntArray
    charges: sparse.csr_array
    quota: FloatArray
    forced: NDArray[np.bool_]

    def at(self, piece: int, number: int) -> int:
        """Return the place of an option of a piece."""
        return int(self.starts[piece]) + number


@dataclass(frozen=True, eq=False)
class Ledger:
    """What is known of every option (rows) at every price asked about (columns, prices ascending).

    `bound` is a proven bound on service - price x cost, infinite where none is known; `cost_cny` and `value` are those
    of the plan (or fractional plan) behind it, NaN where unknown; `solved` marks whole-number searches.
    """

    prices: FloatArray
    bound: FloatArray
    cost_cny: FloatArray
    value: FloatArray
    solved: NDArray[np.bool_]

    def place(self, price: float) -> int:
        """Return the column of a price; -1 if nobody asked about it."""
        found = np.flatnonzero(self.prices == price)
        return int(found[0]) if len(found) else -1


@dataclass(frozen=True, eq=False)
class Dual:
    """A bound with the quota prices behind it and the share of each option that is taken at them."""

    bound: float
    quota_price: FloatArray
    taken: FloatArray


def make_menu(readies: list[Ready], most: IntArray) -> Menu:
    """Return the options of all pieces; `most` is the quota of each district (empty without quotas)."""
    counts = np.array([len(ready.options) for ready in readies], np.int64)
    charges = [
        (row, d, k)
        for row, option in enumerate(option for ready in readies for option in ready.options)
        for d, k in option.quota
    ]
    rows, columns, values = (np.array([charge[k] for charge in charges], np.int64) for k in range(3))
    return Menu(
        piece=np.repeat(np.arange(len(readies)), counts),
        number=np.concatenate([np.arange(count) for count in counts]) if len(counts) else counts,
        starts=np.cumsum(np.r_[0, counts])[:-1],
        charges=sparse.csr_array((values.astype(float), (rows, columns)), shape=(int(counts.sum()), len(most))),
        quota=most.astype(float),
        forced=np.array([ready.forced for ready in readies], bool),
    )


def open_ledger(menu: Menu, readies: list[Ready]) -> Ledger:
    """Return the ledger that knows one thing: at price 0 an option serves no more than everybody it reaches."""
    everybody = np.array([float(r.problem.demands.vehicles @ r.problem.demands.weight) for r in readies])
    bound = everybody[menu.piece][:, None] if len(readies) else np.empty((0, 1))
    unknown = np.full(bound.shape, np.nan)
    return Ledger(np.zeros(1), bound, unknown, unknown, np.zeros(bound.shape, bool))


def learn(ledger: Ledger, menu: Menu, answers: Iterable[Answer]) -> Ledger:
    """Return the ledger with answers entered; the lower bound stays, a search's plan replaces a relaxation's."""
    answers = list(answers)
    prices = np.union1d(ledger.prices, [answer.request.price for answer in answers])
    old = np.searchsorted(prices, ledger.prices)
    size = (len(menu.piece), len(prices))
    bound, solved = np.full(size, np.inf), np.zeros(size, bool)
    cost, value = np.full(size, np.nan), np.full(size, np.nan)
    bound[:, old], solved[:, old], cost[:, old], value[:, old] = (
        ledger.bound,
        ledger.solved,
        ledger.cost_cny,
        ledger.value,
    )
    for answer in answers:
        row = menu.at(answer.piece, answer.request.option)
        column = int(np.searchsorted(prices, answer.request.price))
        bound[row, column] = min(bound[row, column], answer.bound)
        if not (answer.request.relaxed and solved[row, column]):
            cost[row, column], value[row, column] = answer.cost_cny, answer.value
        solved[row, column] |= not answer.request.relaxed
    return Ledger(prices, bound, cost, value, solved)


def bound_at(ledger: Ledger, price: float) -> FloatArray:
    """Return the best bound known for each option at `price`: its own, a lower price's, or a chord between two."""
    below = np.flatnonzero(ledger.prices <= price)
    above = np.flatnonzero(ledger.prices > price)
    best: FloatArray = ledger.bound[:, below].min(axis=1, initial=np.inf)  # it falls with the price
    for i in below.tolist():
        for j in above.tolist():
            share = (price - ledger.prices[i]) / (ledger.prices[j] - ledger.prices[i])
            if share > 0:
                with np.errstate(invalid="ignore"):  # no plan at one price and nothing known at the other: no number
                    np.fmin(best, (1 - share) * ledger.bound[:, i] + share * ledger.bound[:, j], out=best)
    return best


def dual_of(menu: Menu, bound: FloatArray, money: float) -> Dual:
    """Return the bound at the best quota prices, found exactly by a linear program; `money` is price x budget."""
    limited = menu.charges.shape[1] > 0
    possible = np.where(np.isfinite(bound), bound, -1e9)
    if limited and len(bound):
        pieces, options = len(menu.starts), len(bound)
        one = sparse.csr_array((np.ones(options), (menu.piece, np.arange(options))), shape=(pieces, options))
        rows = sparse.vstack([one, sparse.csr_array(menu.charges.T)], format="csr")
        low = np.r_[np.where(menu.forced, 1.0, -np.inf), np.full(len(menu.quota), -np.inf)]
        taken, prices = assign(possible, rows, (low, np.r_[np.ones(pieces), menu.quota]))
        quota_price = prices[pieces:]
    else:
        quota_price = np.zeros(len(menu.quota))
        taken = np.zeros(len(bound))
    reduced = bound - menu.charges @ quota_price
    best = np.maximum.reduceat(reduced, menu.starts) if len(bound) else np.empty(0)
    if not limited and len(bound):
        first = np.flatnonzero(reduced == best[menu.piece])
        winner = first[np.r_[True, np.diff(menu.piece[first]) > 0]]
        taken[winner[(best > 0) | menu.forced]] = 1.0
    total = float(np.where(menu.forced, best, np.maximum(best, 0.0)).sum())
    return Dual(money + float(quota_price @ menu.quota) + total, quota_price, taken)
