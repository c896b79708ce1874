"""Plans of a piece that grow out of one another, so that a piece can be built over several years.

A chain starts from a plan that prices or windows found and gives up, step by step, the site or module that serves least
for its money. Of few pieces an answer over years takes one plan a year, each containing that of the year before.
"""

import numpy as np
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint, milp

from siting.model.decomposition.components import quota_of
from siting.model.decomposition.record import Column, Ready
from siting.model.finish import spent_cny
from siting.model.flows import serve, service_of
from siting.model.parts import FloatArray, IntArray

__all__ = ["nested_choice", "thinner_plans"]

_CHAINS = 6  # of a piece
_NODES = 500


def thinner_plans(readies: list[Ready], columns: list[Column]) -> list[Column]:
    """Return the chains of every piece that may be used or not."""
    found = []
    for ready in readies:
        if not ready.forced:
            for column in _frontier([each for each in columns if each.piece == ready.number]):
                found += _chain(ready, column)
    return found


def _frontier(columns: list[Column]) -> list[Column]:
    """Return a few plans, from cheap to dear, of which none costs more and serves less than another."""
    best: list[Column] = []
    for column in sorted(columns, key=lambda each: (each.cost_cny, -each.value)):
        if not best or column.value > best[-1].value + 1e-6:
            best.append(column)
    places = np.unique(np.linspace(0, len(best) - 1, _CHAINS).round().astype(int)) if best else np.empty(0, int)
    return [best[place] for place in places.tolist()]


def _chain(ready: Ready, column: Column) -> list[Column]:
    modules = np.zeros(len(ready.problem.sites), np.int64)
    modules[np.searchsorted(ready.site, column.site)] = column.modules
    value, cost, found = column.value, column.cost_cny, []
    while (modules > 0).sum() > 1 or modules.max(initial=0) > 1:
        steps = []
        for site in np.flatnonzero(modules).tolist():
            for fewer in {0, int(modules[site]) - 1}:
                trial = modules.copy()
                trial[site] = fewer
                if trial.any():
                    served = service_of(ready.problem, serve(ready.problem, trial))
                    spent = spent_cny(ready.problem, trial)
                    steps.append(((value - served) / max(cost - spent, 1e-6), site, fewer, served, spent))
        _, site, fewer, value, cost = min(steps)
        modules = modules.copy()
        modules[site] = fewer
        taken = set(ready.compound[modules > 0].tolist())
        quota = quota_of(ready.district, taken) if len(ready.district) else ()
        built = modules > 0
        sites, counts = ready.site[built].astype(np.int32), modules[built].astype(np.int16)
        found.append(Column(ready.number, value, cost, quota, sites, counts))
    return found


def nested_choice(
    columns: tuple[Column, ...], budgets: FloatArray, share: FloatArray, *, seconds: float
) -> list[tuple[int, ...]]:
    """Return for each piece the column that stands in each year (-1: none), each containing that of the year before.

    What a year of `budgets` leaves may be spent later; `share` is what its service counts. An empty list if no choice
    was found in time.
    """
    years, count = len(budgets), len(columns)
    if not count:
        return []
    cost, value = (np.array([getattr(column, name) for column in columns]) for name in ("cost_cny", "value"))
    piece = np.array([column.piece for column in columns])
    grows = _containing(columns)
    every = np.arange(count)
    one = sparse.csr_array((np.ones(count), (piece, every)), shape=(int(piece.max()) + 1, count))
    blocks = sparse.eye_array(years, format="csr")
    kept = sparse.kron(sparse.eye_array(years - 1, years), sparse.eye_array(count)) - sparse.kron(
        sparse.eye_array(years - 1, years, k=1), grows
    )
    rows = sparse.vstack([sparse.kron(blocks, one), sparse.kron(blocks, cost[None, :]), kept], format="csr")
    limits = np.r_[np.ones(years * one.shape[0]), np.cumsum(budgets) * (1 - 1e-9), np.zeros((years - 1) * count)]
    result = milp(
        -np.concatenate([weight * value for weight in share]),
        constraints=LinearConstraint(rows, -np.inf, limits),
        integrality=np.ones(years * count, np.int64),
        bounds=Bounds(0, 1),
        options={"time_limit": seconds, "node_limit": _NODES, "mip_rel_gap": 1e-3},
    )
    if result.x is None:
        return []
    chosen = result.x.reshape(years, count) > 0.5
    return [
        tuple(int(mine[0]) if len(mine := np.flatnonzero(chosen[y] & (piece == p))) else -1 for y in range(years))
        for p in np.unique(piece).tolist()
    ]


def _containing(columns: tuple[Column, ...]) -> sparse.csr_array:
    """Return which columns (second) hold all that others (first) do, themselves included."""
    pairs: list[tuple[int, int]] = []
    held = [dict(zip(column.site.tolist(), column.modules.tolist(), strict=True)) for column in columns]
    by_piece: dict[int, list[int]] = {}
    for k, column in enumerate(columns):
        by_piece.setdefault(column.piece, []).append(k)
    for mine in by_piece.values():
        sites = sorted({site for k in mine for site in held[k]})
        table: IntArray = np.array([[held[k].get(site, 0) for site in sites] for k in mine], np.int64)
        inside = (table[:, None, :] <= table[None, :, :]).all(axis=2)
        pairs += [(mine[a], mine[b]) for a, b in np.argwhere(inside).tolist()]
    rows, places = (np.array([pair[k] for pair in pairs], np.int64) for k in range(2))
    return sparse.csr_array((np.ones(len(pairs)), (rows, places)), shape=(len(columns), len(columns)))
