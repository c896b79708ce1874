"""Menus of few pieces: what each piece can serve for its money, cut into windows of cost, and what follows from them.

With few pieces a price alone leaves a wide gap: every piece is a large share of the money, and between two plans that
a price finds there are dearer and cheaper ones that no price finds. So the costs of every option are cut into windows,
each searched on its own with the price that its ends suggest, again and again where the proven line lies highest above
the plans. In a window

    service <= bound + price x cost,    low <= cost <= high

and the bound of a budget is the best choice of one window a piece within the money, a small program of its own.
"""

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint, milp

from siting.model.decomposition.master import merge_columns
from siting.model.decomposition.pricing import Menu, bound_at
from siting.model.decomposition.record import Answer, Column, Request
from siting.model.decomposition.search import Desk, State, answers_to, request_for
from siting.model.parts import FloatArray, IntArray

__all__ = ["FEW", "Windows", "cut_windows", "least_cost_bound", "most_service_bound", "no_windows"]

#: Pieces up to which their costs are cut into windows.
FEW = 16
_FIRST = 6  # windows of an option to begin with
_ROUNDS = 24  # of searching the worst window of every option
_NARROW = 48  # a part of the cost of an option: what is narrower is searched without a price
_SEARCH_NODES = 300  # of one window: a search without a price is hard, and its own bound serves as well
_FEN = 0.01  # CNY: two plans nearer than that cost the same
_GOOD = 5e-4  # of what the option serves at most: a line so near its plans is good enough
_NODES = 2_000


@dataclass(frozen=True, eq=False)
class Windows:
    """Windows of cost, each of an option (`row` of the menu): in it, service <= `bound` + `price` x cost."""

    row: IntArray
    low_cny: FloatArray
    high_cny: FloatArray
    price: FloatArray
    bound: FloatArray

    def __len__(self) -> int:
        return len(self.row)


def no_windows() -> Windows:
    """Return no windows: the bound is that of the prices alone."""
    none = np.empty(0)
    return Windows(np.empty(0, np.int64), none, none, none, none)


@dataclass(frozen=True)
class _Cut:
    """One window of one option; `sloped` says that it was searched with the price that its ends suggest."""

    row: int
    low: float
    high: float
    price: float
    bound: float
    sloped: bool = False

    @property
    def most(self) -> float:
        """Return what the line allows at the dear end."""
        return self.bound + self.price * self.high


def cut_windows(desk: Desk, state: State) -> tuple[State, Windows]:
    """Return the columns found on the way, and windows that cover every cost of every option."""
    cuts: list[_Cut] = []
    state, dearest = _dearest(desk, state)
    for row, (cost, most) in enumerate(dearest):
        cuts += [_hull(state, row, low, high) for low, high in pairwise(np.linspace(0.0, cost, _FIRST + 1).tolist())]
        cuts.append(_Cut(row, cost, cost, 0.0, most, sloped=True))  # whatever is dearer serves no more
    for _ in range(_ROUNDS):
        stairs = [_stairs(state.columns, piece) for piece in range(len(desk.menu.starts))]
        cuts = [part for cut in cuts for part in _parts(cut, stairs[int(desk.menu.piece[cut.row])][0])]
        asked = _worst(desk.menu, stairs, cuts, dearest)
        if not asked or desk.out_of_time:
            break
        requests = [_request(desk, state, cut, price) for cut, price in asked.items()]
        answers = answers_to(desk, requests)
        state = replace(state, columns=merge_columns(state.columns, [c for a in answers for c in a.columns]))
        if len(answers) < len(asked):
            break
        known = {cut: _learnt(cut, answer) for cut, answer in zip(asked, answers, strict=True)}
        cuts = [each for cut in cuts if (each := known.get(cut, cut)) is not None]
    figures = (np.array([getattr(cut, name) for cut in cuts], float) for name in ("low", "high", "price", "bound"))
    return state, Windows(np.array([cut.row for cut in cuts], np.int64), *figures)


def _dearest(desk: Desk, state: State) -> tuple[State, list[tuple[float, float]]]:
    """Return for every option the cost of a plan that serves most, and a bound on that service."""
    rows = range(len(desk.menu.piece))
    tiny = 1e-6 * float(np.min(state.ledger.prices[state.ledger.prices > 0], initial=1.0))
    answers = answers_to(desk, [request_for(desk, state.ledger, row, tiny) for row in rows])
    state = replace(state, columns=merge_columns(state.columns, [c for a in answers for c in a.columns]))
    free = bound_at(state.ledger, 0.0)
    found = {desk.menu.at(answer.piece, answer.request.option): answer for answer in answers}
    dearest = []
    for row in rows:
        answer = found.get(row)
        if answer is None or not answer.columns:
            dearest.append((0.0, float(free[row])))
            continue
        cost = max(column.cost_cny for column in answer.columns)
        dearest.append((cost, min(float(free[row]), answer.bound + tiny * _everything_cny(desk, row))))
    return state, dearest


def _everything_cny(desk: Desk, row: int) -> float:
    """Return what a piece costs at most: every site in full, every upgrade."""
    problem = desk.readies[int(desk.menu.piece[row])].problem
    upgrades = float(problem.transformers.step_cost_cny.sum()) if problem.transformers else 0.0
    return float(problem.sites.cost_cny(problem.sites.max_modules).sum()) + upgrades


def _hull(state: State, row: int, low: float, high: float) -> _Cut:
    """Return a window with the best line that the prices give in its middle."""
    lines = state.ledger.bound[row]
    best = int(np.argmin(lines + state.ledger.prices * (low + high) / 2))
    return _Cut(row, low, high, float(state.ledger.prices[best]), float(lines[best]))


def _parts(cut: _Cut, costs: FloatArray) -> list[_Cut]:
    """Return a window cut where a plan lies: in none of the parts does a plan serve more than at its cheap end."""
    inside = costs[(costs > cut.low + _FEN) & (costs <= cut.high)] - _FEN / 2
    edges = [cut.low, *inside.tolist(), cut.high]
    return [replace(cut, low=low, high=high) for low, high in pairwise(edges)] if len(inside) else [cut]


def _worst(
    menu: Menu,
    stairs: list[tuple[FloatArray, FloatArray]],
    cuts: list[_Cut],
    dearest: list[tuple[float, float]],
) -> dict[_Cut, float]:
    """Return of every option the window whose line lies highest above the plans, and the price to search it with.

    A wide window is searched with the slope from the plans at its cheap end to its line; a narrow one for the most that
    it serves at all.
    """
    chosen: dict[_Cut, float] = {}
    for row, (cost, served) in enumerate(dearest):
        costs, values = stairs[int(menu.piece[row])]
        best, most = None, _GOOD * max(served, 1e-9)
        for cut in (cut for cut in cuts if cut.row == row and cut.high > cut.low + _FEN):
            held = float(values[np.searchsorted(costs, cut.low + _FEN, side="right") - 1])
            if cut.most - held > most:
                best, most = cut, cut.most - held
        if best is not None:
            wide = best.high - best.low > cost / _NARROW and not best.sloped
            chosen[best] = most / (best.high - best.low) if wide else 0.0
    return chosen


def _stairs(columns: list[Column], piece: int) -> tuple[FloatArray, FloatArray]:
    """Return rising costs and the most that plans within each serve, nothing for nothing first."""
    mine = sorted((column.cost_cny, column.value) for column in columns if column.piece == piece)
    costs, values = (np.array([0.0, *(pair[k] for pair in mine)]) for k in range(2))
    return costs, np.maximum.accumulate(values)


def _request(desk: Desk, state: State, cut: _Cut, price: float) -> tuple[int, Request]:
    piece, request = request_for(desk, state.ledger, cut.row, price, (cut.low, cut.high))
    return piece, replace(request, nodes=_SEARCH_NODES)


def _learnt(cut: _Cut, answer: Answer) -> _Cut | None:
    """Return a searched window with the better line; None if no plan lies in it."""
    if answer.bound == -np.inf:
        return None
    price = answer.request.price
    sloped = cut.sloped or price > 0
    if answer.bound + price * cut.high > cut.most and price == 0:
        return replace(cut, sloped=True)
    return replace(cut, price=price, bound=answer.bound, sloped=sloped) if np.isfinite(answer.bound) else cut


def most_service_bound(menu: Menu, windows: Windows, budget_cny: float, *, seconds: float) -> float:
    """Return weighted vehicles that no plan within the budget serves; infinite if that was not found in time."""
    cost, value = _figures(windows)
    return -_solved(menu, windows, -value, (cost, -np.inf, budget_cny), seconds)


def least_cost_bound(menu: Menu, windows: Windows, service: float, *, seconds: float) -> float:
    """Return CNY below which no plan has the service; minus infinity if that was not found in time."""
    cost, value = _figures(windows)
    return _solved(menu, windows, cost, (value, service, np.inf), seconds)


def _figures(windows: Windows) -> tuple[FloatArray, FloatArray]:
    """Return cost and service over the columns: whether each window is taken, then the cost in it."""
    return np.r_[np.zeros(len(windows)), np.ones(len(windows))], np.r_[windows.bound, windows.price]


def _solved(
    menu: Menu, windows: Windows, gain: FloatArray, limit: tuple[FloatArray, float, float], seconds: float
) -> float:
    """Return the solver's proven bound on the least of `gain`, one window of a piece at most, within one more row."""
    count, pieces = len(windows), len(menu.starts)
    none, same = sparse.csr_array, sparse.eye_array(count, format="csr")
    chosen = none((np.ones(count), (menu.piece[windows.row], np.arange(count))), shape=(pieces, count))
    quota = none(menu.charges[windows.row].T)
    figure, least, most = limit
    rows = [
        (sparse.hstack([chosen, none((pieces, count))]), np.where(menu.forced, 1.0, -np.inf), np.ones(pieces)),
        (sparse.hstack([quota, none(quota.shape)]), np.full(quota.shape[0], -np.inf), menu.quota),
        (sparse.hstack([sparse.diags_array(windows.low_cny), -same]), np.full(count, -np.inf), np.zeros(count)),
        (sparse.hstack([-sparse.diags_array(windows.high_cny), same]), np.full(count, -np.inf), np.zeros(count)),
        (none(figure[None, :]), np.array([least]), np.array([most])),
    ]
    result = milp(
        gain,
        constraints=LinearConstraint(
            sparse.vstack([row for row, _, _ in rows], format="csr"),
            np.concatenate([low for _, low, _ in rows]),
            np.concatenate([high for _, _, high in rows]),
        ),
        integrality=np.r_[np.ones(count), np.zeros(count)].astype(np.int64),
        bounds=Bounds(0, np.r_[np.ones(count), np.full(count, np.inf)]),
        options={"time_limit": seconds, "node_limit": _NODES, "mip_rel_gap": 1e-5},
    )
    if result.status == 2:  # nothing keeps the rows
        return np.inf
    found = getattr(result, "mip_dual_bound", None)
    if found is None or not np.isfinite(found):
        return -np.inf
    return float(found) - 1e-7 * max(1.0, abs(float(found)))
