"""One step of the decomposition at a time: relax, search, sweep, choose.

The order of the steps is in `siting.model.decomposition.decompose`.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from siting.model.decomposition.master import Choice, choose_columns, merge_columns
from siting.model.decomposition.pricing import Dual, Ledger, Menu, bound_at, dual_of, learn
from siting.model.decomposition.record import Answer, Column, Ready, Request
from siting.model.decomposition.sweep import Crew
from siting.model.decomposition.tasks import Price
from siting.model.parts import FloatArray, IntArray

__all__ = [
    "NODES",
    "Desk",
    "Effort",
    "State",
    "answers_to",
    "best_dual",
    "choose",
    "dual_at",
    "relax_all",
    "request_for",
    "search_options",
    "spend_of",
    "sweep",
]

_ROUNDS = 12  # of one sweep; four or five suffice
_TAKEN = 1e-6
_SPARE = 2  # options searched beyond those needed, per district
NODES = {"scip": 5_000, "highs": 2_000}


@dataclass(frozen=True)
class Effort:
    """When to stop and with what: `gap` relative, `engine` "scip" or "highs", `tolerance` of a search, relative.

    `cuts` are the branches at most.
    """

    gap: float
    seed: int
    engine: str
    until: float
    tolerance: float
    cuts: int


@dataclass(frozen=True, eq=False)
class Desk:
    """What a search works on."""

    readies: list[Ready]
    menu: Menu
    budget_cny: float
    crew: Crew
    effort: Effort

    @property
    def out_of_time(self) -> bool:
        """Return whether it is time to stop."""
        return time.perf_counter() >= self.effort.until


@dataclass(frozen=True, eq=False)
class State:
    """What a search knows: the ledger, the columns, the best plan and the best bound with the price it holds at."""

    ledger: Ledger
    columns: list[Column]
    choice: Choice | None = None
    bound: float = np.inf
    price: float = 0.0

    @property
    def gap(self) -> float:
        """Return the proven gap, relative to the plan."""
        value = self.choice.value if self.choice else 0.0
        return (self.bound - value) / max(value, 1e-9)


def answers_to(desk: Desk, requests: Sequence[tuple[int, Request]]) -> list[Answer]:
    """Return the answers to (piece, request) pairs, those that came in time; a piece's relaxations are one task."""
    bundles: dict[object, list[tuple[int, Request]]] = {}
    for k, (piece, request) in enumerate(requests):
        bundles.setdefault(piece if request.relaxed else (piece, k), []).append((piece, request))
    effort = desk.effort
    tasks = [
        Price(desk.readies[mine[0][0]], tuple(request for _, request in mine), effort.engine, effort.seed)
        for mine in bundles.values()
    ]
    results = desk.crew.run(tasks, until=effort.until)
    return [answer for result in results if isinstance(result, tuple) for answer in result]


def _ask(desk: Desk, state: State, requests: Sequence[tuple[int, Request]]) -> State:
    answers = answers_to(desk, requests)
    new = [column for answer in answers for column in answer.columns]
    return replace(
        state,
        ledger=learn(state.ledger, desk.menu, answers),
        columns=merge_columns(state.columns, new) if new else state.columns,
    )


def relax_all(desk: Desk, state: State, prices: Sequence[float], pieces: Sequence[int] | None = None) -> State:
    """Return the state with every option's relaxation at `prices` (of all pieces, or some), those known left out."""
    wanted = range(len(desk.readies)) if pieces is None else pieces
    prices = [price for price in prices if not _is_known(state.ledger, price)]
    return _ask(
        desk,
        state,
        [
            (piece, Request(option, price, relaxed=True))
            for piece in wanted
            for option in range(len(desk.readies[piece].options))
            for price in prices
        ],
    )


def _is_known(ledger: Ledger, price: float) -> bool:
    """Return whether every option has been relaxed or searched at a price."""
    place = ledger.place(price)
    return place >= 0 and not bool(np.isnan(ledger.cost_cny[:, place]).any())


def money_of(desk: Desk, price: float) -> float:
    """Return what the budget is worth at a price."""
    return price * desk.budget_cny if price > 0 else 0.0


def dual_at(desk: Desk, ledger: Ledger, price: float) -> Dual:
    """Return the bound at a price."""
    return dual_of(desk.menu, bound_at(ledger, price), money_of(desk, price))


def best_dual(desk: Desk, ledger: Ledger) -> tuple[float, Dual]:
    """Return the price with the lowest bound, looking at the prices asked about and between the best two of them."""
    asked = {float(price): dual_at(desk, ledger, float(price)) for price in ledger.prices if price > 0}
    if not asked:
        return 0.0, dual_at(desk, ledger, 0.0)
    if np.isinf(desk.budget_cny):
        asked = {0.0: dual_at(desk, ledger, 0.0)}
    best = min(asked, key=lambda price: asked[price].bound)
    known = sorted(asked)
    here = known.index(best)
    for other in known[max(here - 1, 0) : here] + known[here + 1 : here + 2]:
        for share in (0.15, 0.35, 0.6, 0.85):
            price = best + share * (other - best)
            asked[price] = dual_at(desk, ledger, price)
    best = min(asked, key=lambda price: asked[price].bound)
    return best, asked[best]


def request_for(
    desk: Desk, ledger: Ledger, row: int, price: float, window: tuple[float, float] = (0.0, np.inf)
) -> tuple[int, Request]:
    """Return the piece and the request for a whole-number search of an option (place on the menu)."""
    scale = float(np.nanmax(ledger.value[row])) if np.isfinite(ledger.value[row]).any() else 1.0
    return int(desk.menu.piece[row]), Request(
        int(desk.menu.number[row]),
        price,
        relaxed=False,
        gap=desk.effort.tolerance * max(scale, 1e-6),
        nodes=NODES[desk.effort.engine],
        low_cny=window[0],
        high_cny=window[1],
    )


def search_options(desk: Desk, state: State, price: float, rows: IntArray) -> State:
    """Return the state after whole-number searches of some options (places on the menu) at a price."""
    return _ask(desk, state, [request_for(desk, state.ledger, row, price) for row in rows.tolist()])


def sweep(desk: Desk, state: State, price: float) -> State:
    """Return the state after searching, at one price, every option that takes part in the bound there."""
    state = relax_all(desk, state, [price])
    menu = desk.menu
    for number in range(_ROUNDS):
        if desk.out_of_time:
            break
        wanted = _needed(menu, state.ledger, price, spare=_SPARE if number == 0 else 0)
        if not len(wanted):
            break
        state = search_options(desk, state, price, wanted)
    return state


def _needed(menu: Menu, ledger: Ledger, price: float, *, spare: int) -> IntArray:
    bound = bound_at(ledger, price)
    dual = dual_of(menu, bound, 0.0)
    reduced = bound - menu.charges @ dual.quota_price
    best = np.maximum.reduceat(reduced, menu.starts)[menu.piece]
    open_ = ~ledger.solved[:, ledger.place(price)] & np.isfinite(bound)
    scale = 1e-9 * max(1.0, float(np.abs(best).max(initial=0.0)))
    wanted = open_ & (reduced >= best - scale) & ((reduced > scale) | menu.forced[menu.piece])
    wanted |= open_ & (dual.taken > _TAKEN)  # the last one that a quota lets in is worth nothing at the quota's price
    for district in range(menu.charges.shape[1]) if spare else ():
        mine = np.flatnonzero(open_ & ~wanted & (menu.charges[:, [district]].toarray().ravel() == 1) & (bound > 0))
        wanted[mine[np.argsort(-reduced[mine], kind="stable")[:spare]]] = True
    return np.flatnonzero(wanted)


def choose(desk: Desk, state: State) -> State:
    """Return the state with the best plan over its columns and the best bound."""
    price, dual = best_dual(desk, state.ledger)
    slack = 1.5 * (state.bound - state.choice.value) if state.choice else 0.0
    choice = choose_columns(
        desk.menu,
        state.columns,
        desk.budget_cny,
        dual,
        price=price,
        start=state.choice,
        slack=max(slack, 0.0),
        seconds=min(60.0, max(desk.effort.until - time.perf_counter(), 2.0)),
    )
    if dual.bound < state.bound:
        state = replace(state, bound=dual.bound, price=price)
    return replace(state, choice=choice)


def spend_of(desk: Desk, state: State, price: float) -> tuple[float, FloatArray]:
    """Return what the options taken at a price cost together, and the share of each that is taken."""
    dual = dual_at(desk, state.ledger, price)
    costs = state.ledger.cost_cny[:, state.ledger.place(price)]
    return float(dual.taken @ np.nan_to_num(costs)), dual.taken
