"""The price of money: where the pieces' relaxations spend the budget, corrected by a sample of real searches.

A price 6 % too low or too high costs 0.5 to 4 % of the plan, and one that misses the budget by 1.6 % still 0.04 %. What
whole numbers spend differs from what relaxations spend by 12 % a piece, at random, and by a few per cent on average, so
a few dozen searches correct the first guess, and a quarter of all pieces the second. Their answers are not lost: they
are columns near the price, and part of the sweep itself where the price stays.
"""

from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse

from siting.model.decomposition.pricing import Menu, bound_at, dual_of, make_menu, open_ledger
from siting.model.decomposition.search import Desk, State, relax_all, search_options, spend_of
from siting.model.parts import FloatArray, IntArray

__all__ = ["Curve", "first_price", "spend_curve"]

_GRID = (0.75, 0.87, 1.0, 1.15, 1.35)
_SAMPLE = 24  # pieces whose relaxations give the first guess
_SAMPLED = 36  # options searched to correct the first price, and at least for the second
_SAMPLED_SHARE = 0.25  # of the options taken, to correct the second price
_HIT = 0.004  # of the budget: a price that spends it so nearly is kept
_USUAL_RATIO = 0.98  # of what searches spend to what relaxations do, without a sample
_CHEAPEST = 1e-6  # of the highest price worth asking about: below, money is no limit


@dataclass(frozen=True, eq=False)
class Curve:
    """What the relaxations spend at each price (ascending); spending falls."""

    prices: FloatArray
    spent_cny: FloatArray

    def price(self, spend_cny: float) -> float:
        """Return the price at which so much is spent, between the ends of the curve."""
        falling = np.minimum.accumulate(np.maximum(self.spent_cny, 1e-9))
        return float(np.exp(np.interp(-np.log(max(spend_cny, 1e-9)), -np.log(falling), np.log(self.prices))))

    def spend(self, price: float) -> float:
        """Return what is spent at a price, between the ends of the curve."""
        falling = np.minimum.accumulate(np.maximum(self.spent_cny, 1e-9))
        return float(np.exp(np.interp(np.log(price), np.log(self.prices), np.log(falling))))

    def through(self, price: float, spend_cny: float) -> "Curve":
        """Return the curve with one more price."""
        other = self.prices != price
        prices, spent = np.r_[self.prices[other], price], np.r_[self.spent_cny[other], spend_cny]
        order = np.argsort(prices)
        return Curve(prices[order], spent[order])


def first_price(desk: Desk, state: State) -> tuple[State, float, Curve | None]:
    """Return the price for the first sweep and the spend curve behind it; price 0 where money is no limit."""
    if np.isinf(desk.budget_cny):
        return relax_all(desk, state, [0.0]), 0.0, None
    highest = _highest(desk)
    if highest <= 0:
        return relax_all(desk, state, [0.0]), 0.0, None
    guess = _guess(desk, highest)
    state, curve = spend_curve(desk, state, guess, highest)
    price = curve.price(desk.budget_cny)
    if price <= _CHEAPEST * highest * 1.01:
        return state, price, curve
    relaxed_cny = searched_cny = 0.0
    sample = np.empty(0, np.int64)
    for share in (0.0, _SAMPLED_SHARE):
        state = relax_all(desk, state, [price])
        curve = curve.through(price, spend_of(desk, state, price)[0])
        sample = _sample(desk, state, price, share, sample)
        state, relaxed, searched = _sampled(desk, state, price, sample)
        relaxed_cny, searched_cny = relaxed_cny + relaxed, searched_cny + searched
        ratio = float(np.clip(searched_cny / relaxed_cny, 0.7, 1.2)) if relaxed_cny > 0 else _USUAL_RATIO
        wanted = desk.budget_cny / ratio
        if abs(curve.spend(price) / wanted - 1.0) > _HIT:
            price = curve.price(wanted)
    return state, price, curve


def _highest(desk: Desk) -> float:
    """Return a price at which nothing is worth its money."""
    worth = 0.0
    for ready in desk.readies:
        sites, walks = ready.problem.sites, ready.problem.walks
        if len(walks):
            heaviest = np.zeros(len(sites))
            np.maximum.at(heaviest, walks.j, ready.problem.demands.weight[walks.i])
            most = sites.vehicles_per_module * heaviest * sites.max_modules
            cost = sites.open_cost_cny + sites.module_cost_cny
            worth = max(worth, float((most[cost > 0] / cost[cost > 0]).max(initial=0.0)))
    return worth


def _guess(desk: Desk, highest: float) -> float:
    """Return a rough price from the relaxations of a few pieces, budget and quotas scaled down to them."""
    pieces = np.unique(np.linspace(0, len(desk.readies) - 1, _SAMPLE).astype(int)).tolist()
    share = len(pieces) / len(desk.readies)
    prices = np.geomspace(highest * 1e-4, highest, 17)
    readies = [replace(desk.readies[piece], number=k) for k, piece in enumerate(pieces)]
    menu = make_menu(readies, np.zeros(len(desk.menu.quota), np.int64))
    total = np.array([desk.menu.quota.sum() * share]) if len(desk.menu.quota) else np.empty(0)
    together = menu.charges.sum(axis=1)[:, None] if len(total) else menu.charges.toarray()
    menu = Menu(menu.piece, menu.number, menu.starts, sparse.csr_array(together), total, menu.forced)
    few = replace(desk, readies=readies, menu=menu, budget_cny=desk.budget_cny * share)
    state = relax_all(few, State(open_ledger(menu, readies), []), prices.tolist())
    spent = np.array([spend_of(few, state, float(price))[0] for price in prices])
    return Curve(prices, spent).price(few.budget_cny)


def spend_curve(desk: Desk, state: State, guess: float, highest: float) -> tuple[State, Curve]:
    """Return the spend of all relaxations around a price, extended until the budget lies within."""
    prices = [guess * factor for factor in _GRID]
    state = relax_all(desk, state, prices)
    spent = {price: spend_of(desk, state, price)[0] for price in prices}
    while not desk.out_of_time:
        low, high = min(spent), max(spent)
        if spent[low] < desk.budget_cny and low > _CHEAPEST * highest:
            more = max(low * 0.6, _CHEAPEST * highest) if low > guess * 0.1 else _CHEAPEST * highest
        elif spent[high] > desk.budget_cny and high < highest:
            more = min(high * 1.35, highest)
        else:
            break
        state = relax_all(desk, state, [more])
        spent[more] = spend_of(desk, state, more)[0]
    known = np.array(sorted(spent))
    return state, Curve(known, np.array([spent[price] for price in known.tolist()]))


def _sample(desk: Desk, state: State, price: float, share: float, known: IntArray) -> IntArray:
    """Return options taken at the price, without those `known`, evenly over what they spend; none if too few are."""
    taken = np.flatnonzero(dual_of(desk.menu, bound_at(state.ledger, price), 0.0).taken > 0.5)
    size = max(int(len(taken) * share), _SAMPLED)
    rest = taken[~np.isin(taken, known)]
    if len(rest) <= size:
        return taken[:0]
    ranked = rest[np.argsort(state.ledger.cost_cny[rest, state.ledger.place(price)], kind="stable")]
    first = np.random.default_rng(desk.effort.seed + len(known)).random()
    return np.sort(ranked[((np.arange(size) + first) * len(ranked) / size).astype(int)])


def _sampled(desk: Desk, state: State, price: float, sample: IntArray) -> tuple[State, float, float]:
    """Return what the sample's relaxations and what its searches spend at the price."""
    place = state.ledger.place(price)
    relaxed = state.ledger.cost_cny[sample, place]
    state = search_options(desk, state, price, sample)
    done = state.ledger.solved[sample, place]
    return state, float(relaxed[done].sum()), float(state.ledger.cost_cny[sample, place][done].sum())
