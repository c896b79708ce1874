"""Put columns together again: one plan per piece, within budget and quotas, with the most service."""

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from siting.model.decomposition.highs import choose
from siting.model.decomposition.pricing import Dual, Menu
from siting.model.decomposition.record import Column

__all__ = ["Choice", "choose_columns", "merge_columns"]

_GAP = 2e-6
_KEPT_SHARE = 0.05  # of a piece's mean value: how far below its best a column may be and still be offered
_SAFE_CNY = 1e-9  # of the budget, kept back because sums are rounded


@dataclass(frozen=True, eq=False)
class Choice:
    """A plan as columns, at most one of each piece."""

    columns: tuple[Column, ...]

    @property
    def value(self) -> float:
        """Return the service of the plan."""
        return sum(column.value for column in self.columns)

    @property
    def cost_cny(self) -> float:
        """Return the cost of the plan."""
        return sum(column.cost_cny for column in self.columns)


def merge_columns(known: list[Column], new: list[Column]) -> list[Column]:
    """Return all columns, one for each piece, cost and quota: the one that serves most."""
    best: dict[tuple[int, float, tuple[tuple[int, int], ...]], Column] = {}
    for column in (*known, *new):
        key = (column.piece, round(column.cost_cny, 6), column.quota)
        if key not in best or column.value > best[key].value:
            best[key] = column
    return [best[key] for key in sorted(best)]


def choose_columns(
    menu: Menu,
    columns: list[Column],
    budget_cny: float,
    dual: Dual,
    *,
    price: float,
    start: Choice | None,
    slack: float,
    seconds: float,
) -> Choice | None:
    """Return the best plan over `columns`; None if forced pieces have none yet.

    Columns further below their piece's best (priced) than `slack` and 5 % of a mean piece cannot help and are left out.
    """
    if not columns:
        return start
    piece = np.array([column.piece for column in columns])
    value = np.array([column.value for column in columns])
    cost = np.array([column.cost_cny for column in columns])
    rows, places, counts = (np.array([charge[k] for charge in _charges(columns)], np.int64) for k in range(3))
    charges = sparse.csr_array((counts.astype(float), (rows, places)), shape=(len(columns), len(menu.quota)))
    reduced = value - price * cost - charges @ dual.quota_price
    best = np.zeros(len(menu.starts))
    np.maximum.at(best, piece, reduced)
    width = max(slack, _KEPT_SHARE * value.sum() / max(len(columns), 1))
    started = {(column.piece, column.cost_cny, column.quota) for column in start.columns} if start else set()
    in_start = np.array([(c.piece, c.cost_cny, c.quota) in started for c in columns])
    kept = np.flatnonzero((reduced >= best[piece] - width) | in_start | menu.forced[piece])
    if not len(kept):
        return start
    pieces, row = np.unique(piece[kept], return_inverse=True)
    missing = np.setdiff1d(np.flatnonzero(menu.forced), pieces)
    if len(missing):
        return start
    one = sparse.csr_array((np.ones(len(kept)), (row, np.arange(len(kept)))), shape=(len(pieces), len(kept)))
    money = np.isfinite(budget_cny)
    matrix = sparse.vstack(
        [one, sparse.csr_array(charges[kept].T), sparse.csr_array(cost[kept][None, :])], format="csr"
    )
    limit = budget_cny * (1 - _SAFE_CNY) if money else np.inf
    low = np.r_[np.where(menu.forced[pieces], 1.0, -np.inf), np.full(len(menu.quota) + 1, -np.inf)]
    high = np.r_[np.ones(len(pieces)), menu.quota, limit]
    picked, _ = choose(
        value[kept], matrix, (low, high), start=in_start[kept].astype(float), gap=_GAP, seconds=max(seconds, 1.0)
    )
    feasible = (matrix @ picked <= high + 1e-6).all() and (matrix @ picked >= low - 1e-6).all()
    found = Choice(tuple(columns[k] for k in kept[picked > 0.5].tolist()))
    if not feasible or (start is not None and start.value >= found.value):
        return start
    return found


def _charges(columns: list[Column]) -> list[tuple[int, int, int]]:
    return [(row, d, k) for row, column in enumerate(columns) for d, k in column.quota]
