"""The last of the gap: more columns where there are many pieces, branching where there are few.

At the best price some pieces have two plans of equal worth, a cheap and a dear one, and the bound mixes them. A branch
cuts between: in one half the piece may cost at most so much, in the other at least so much. The halves are priced
again (only what their price or their cut asks for is searched); their bounds are tighter, their plans new columns.
"""

import heapq
from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse

from siting.model.decomposition.highs import assign
from siting.model.decomposition.master import merge_columns
from siting.model.decomposition.pricing import Ledger, learn
from siting.model.decomposition.record import Answer, Column
from siting.model.decomposition.search import (
    Desk,
    State,
    answers_to,
    best_dual,
    choose,
    dual_at,
    request_for,
    search_options,
    spend_of,
)
from siting.model.parts import FloatArray

__all__ = ["branch", "widen"]

_ROUNDS = 3  # of pricing a half
_MEETINGS = 8  # of a half's bound and its columns before it is cut
_MET = 0.1  # of the gap: nearer than that, bound and columns have met
_SAME_PRICE = 2e-4  # relative: a price so near one asked about is taken for it, so that its answers serve again
_WIDTH = 0.03  # how far above and below the price more columns are looked for, relative
_PART = 3  # one in so many pieces is searched at a time
_IDLE = 3  # searches in a row that close less than a tenth of the gap end the widening


@dataclass(frozen=True, eq=False)
class _Half:
    """A part of all plans: what each cut piece may cost, which pieces must be used, what was learnt under the cuts."""

    windows: dict[int, tuple[float, float]]
    used: tuple[int, ...]
    answers: tuple[Answer, ...]
    bound: float
    price: float


def widen(desk: Desk, state: State, price: float, centre: float) -> State:
    """Return the state with more columns: parts of the pieces taken at `price`, searched around the price `centre`."""
    rng = np.random.default_rng(desk.effort.seed + 1)
    idle = 0
    for number in range(60):
        if idle >= _IDLE or state.gap <= desk.effort.gap or desk.out_of_time:
            break
        _, taken = spend_of(desk, state, price)
        rows = np.flatnonzero(taken > 0.5)
        part = np.sort(rng.permutation(rows)[: max(len(rows) // _PART, 1)])
        other = centre * (1 + _WIDTH * (1 + number // 6 % 3) * (1 if number % 2 else -1))
        better = choose(desk, search_options(desk, state, other, part))
        idle = idle + 1 if better.gap > 0.9 * state.gap else 0
        state = better
    return state


def branch(desk: Desk, state: State) -> State:
    """Return the state with the gap closed as far as time allows; the bound is that of the worst half left open."""
    root = _Half({}, (), (), state.bound, state.price)
    nodes, queue, count = {0: root}, [(-root.bound, 0)], 0
    closed = -np.inf  # the highest bound among halves that are not cut any further
    while queue and not desk.out_of_time and count < 2 * desk.effort.cuts:
        worst = max(-queue[0][0], closed)
        state = replace(state, bound=min(state.bound, max(worst, _value(state))))
        if state.gap <= desk.effort.gap or closed >= -queue[0][0]:
            return state
        node = nodes[queue[0][1]]
        state, node, cut = _cut(desk, state, node)
        if desk.out_of_time:
            break
        heapq.heappop(queue)
        if cut is None:
            closed = max(closed, node.bound)
            continue
        for half in _halves(node, *cut):
            state, priced = _priced(desk, state, half)
            count += 1
            nodes[count] = priced
            heapq.heappush(queue, (-priced.bound, count))
        state = choose(desk, state)
    worst = max([closed, *(-bound for bound, _ in queue)])
    return replace(state, bound=min(state.bound, max(worst, _value(state))))


def _value(state: State) -> float:
    return state.choice.value if state.choice else 0.0


def _halves(node: _Half, piece: int, at_cny: float) -> tuple[_Half, _Half]:
    low, high = node.windows.get(piece, (0.0, np.inf))
    cheap = replace(node, windows=node.windows | {piece: (low, at_cny)})
    dear = replace(node, windows=node.windows | {piece: (at_cny, high)}, used=(*node.used, piece))
    return cheap, dear


def _ledger(desk: Desk, state: State, node: _Half) -> Ledger:
    """Return the ledger under the cuts: what holds for all plans, and what was learnt with the cuts."""
    return learn(state.ledger, desk.menu, [_uncut(answer) for answer in node.answers])


def _uncut(answer: Answer) -> Answer:
    return replace(answer, request=replace(answer.request, low_cny=0.0, high_cny=np.inf))


def _desk(desk: Desk, node: _Half) -> Desk:
    forced = desk.menu.forced.copy()
    forced[list(node.used)] = True
    return replace(desk, menu=replace(desk.menu, forced=forced))


def _priced(desk: Desk, state: State, node: _Half, price: float | None = None) -> tuple[State, _Half]:
    """Return the half with a bound at its own best price (or the one given), after the searches that this takes."""
    here = _desk(desk, node)
    for _ in range(_ROUNDS):
        ledger = _ledger(desk, state, node)
        best, dual = best_dual(here, ledger)
        node = replace(node, bound=min(node.bound, dual.bound), price=best)
        wanted = best if price is None else price
        near = ledger.prices[np.argmin(np.abs(ledger.prices - wanted))]
        wanted = float(near) if near > 0 and abs(near / wanted - 1) < _SAME_PRICE else wanted
        taken = np.flatnonzero(dual_at(here, ledger, wanted).taken > 1e-6)
        plain, cut = _unanswered(desk, state, node, taken, wanted)
        if desk.out_of_time or not (len(plain) or len(cut)):
            break
        if len(plain):
            state = search_options(desk, state, wanted, np.array(plain))
        if len(cut):
            requests = [request_for(desk, ledger, row, wanted, node.windows[int(desk.menu.piece[row])]) for row in cut]
            answers = answers_to(desk, requests)
            new = [column for answer in answers for column in answer.columns]
            state = replace(state, columns=merge_columns(state.columns, new))
            node = replace(node, answers=(*node.answers, *answers))
    _, dual = best_dual(here, _ledger(desk, state, node))
    return state, replace(node, bound=min(node.bound, dual.bound))


def _unanswered(
    desk: Desk, state: State, node: _Half, rows: "np.ndarray[tuple[int], np.dtype[np.int64]]", price: float
) -> tuple[list[int], list[int]]:
    """Return the options to search at a price: those without a cut, and those whose piece is cut."""
    place = state.ledger.place(price)
    asked = {(desk.menu.at(a.piece, a.request.option), a.request.price, a.request.low_cny, a.request.high_cny)
             for a in node.answers}  # fmt: skip
    plain, cut = [], []
    for row in rows.tolist():
        solved = place >= 0 and bool(state.ledger.solved[row, place])
        window = node.windows.get(int(desk.menu.piece[row]))
        if window is None:
            if not solved:
                plain.append(row)
        elif (row, price, *window) not in asked:
            inside = solved and window[0] <= float(state.ledger.cost_cny[row, place]) <= window[1]
            if not inside:  # the plan without a cut would keep it: nothing to learn
                cut.append(row)
    return plain, cut


def _cut(desk: Desk, state: State, node: _Half) -> tuple[State, _Half, tuple[int, float] | None]:
    """Return the piece whose cost the half's fractional choice of columns mixes most, and where to cut it.

    Before, prices and columns of the half are brought together: its bound is the fractional choice over all plans of
    the pieces, so a choice over the known columns that stays below it lacks some, or the bound's price is not the best.
    """
    for attempt in range(_MEETINGS):
        kept = [column for column in state.columns if _inside(column, node.windows)]
        share, price = _mix(desk, kept, node)
        value = float(share @ np.array([column.value for column in kept]))
        if value >= node.bound - _MET * max(node.bound - _value(state), 0.0) or desk.out_of_time:
            break
        further = 2.0 ** (1 + attempt // 2)
        if price <= 0:  # money is left over: a lower price finds the dearer plans that are missing
            price = node.price / further
        elif np.isinf(price):  # the plans known are too dear together: a higher price finds cheaper ones
            price = node.price * further
        state, node = _priced(desk, state, node, price if attempt % 2 == 0 else None)
    piece = np.array([column.piece for column in kept], np.int64)
    cost = np.array([column.cost_cny for column in kept])
    count = len(desk.menu.starts)
    mean = np.bincount(piece, share * cost, minlength=count)
    taken = np.bincount(piece, share, minlength=count)
    spread = np.bincount(piece, share * (cost - mean[piece]) ** 2, minlength=count)
    spread += np.maximum(1 - taken, 0) * mean**2  # not taken costs nothing
    best = int(np.argmax(spread))
    if spread[best] <= 1e-9 * max(float(mean[best]) ** 2, 1e-9):
        return state, node, None
    return state, node, (best, float(mean[best]))


def _inside(column: Column, windows: dict[int, tuple[float, float]]) -> bool:
    low, high = windows.get(column.piece, (0.0, np.inf))
    return low - 1e-9 <= column.cost_cny <= high + 1e-9


def _mix(desk: Desk, columns: list[Column], node: _Half) -> tuple[FloatArray, float]:
    """Return the share of each column in the best fractional choice, and the price of money there.

    The shares are 0 and the price is infinite if the pieces that must be used cost more than there is.
    """
    menu, every, pieces = desk.menu, np.arange(len(columns)), len(desk.menu.starts)
    one = sparse.csr_array((np.ones(len(columns)), ([c.piece for c in columns], every)), shape=(pieces, len(columns)))
    charges = np.array([(d, k, n) for k, column in enumerate(columns) for d, n in column.quota], np.int64).reshape(
        -1, 3
    )
    quota = sparse.csr_array(
        (charges[:, 2].astype(float), (charges[:, 0], charges[:, 1])), shape=(len(menu.quota), len(columns))
    )
    cost = sparse.csr_array(np.array([[column.cost_cny for column in columns]]))
    low = np.full(pieces + len(menu.quota) + 1, -np.inf)
    present = np.isin(np.arange(pieces), [column.piece for column in columns])
    low[:pieces][_desk(desk, node).menu.forced & present] = 1.0
    high = np.r_[np.ones(pieces), menu.quota, desk.budget_cny]
    rows = sparse.vstack([one, quota, cost], format="csr")
    share, prices = assign(np.array([column.value for column in columns]), rows, (low, high))
    if (rows[:pieces] @ share < low[:pieces] - 1e-6).any():
        return np.zeros(len(columns)), np.inf
    return share, float(prices[-1])
