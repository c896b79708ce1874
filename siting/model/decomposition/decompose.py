"""The decomposition's entry: from a problem to modules, services and a proven bound.

1  split the problem into pieces that only money and quotas tie; presolve each
2  find the price at which the pieces' relaxations spend the budget, corrected by a sample of searches
3  sweep: search the pieces that enter a plan at that price; their bounds give a bound, their plans columns
4  choose columns; stop at the gap asked for
5  otherwise search a third of the pieces at an over-corrected price (columns on the other side of the budget) and
   sweep at the corrected price, until the price settles
6  what gap is left then is true: branch on what a piece may cost
7  divide what every piece's sites serve
"""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np

from siting.errors import UsageError
from siting.model.decomposition import highs, scip
from siting.model.decomposition.components import Grouping, site_groups, split
from siting.model.decomposition.floor import greedy_columns
from siting.model.decomposition.flows import Served
from siting.model.decomposition.master import Choice
from siting.model.decomposition.money import Curve, first_price
from siting.model.decomposition.polish import branch, widen
from siting.model.decomposition.presolve import as_it_is
from siting.model.decomposition.pricing import make_menu, open_ledger
from siting.model.decomposition.record import Column, Ready
from siting.model.decomposition.search import Desk, Effort, State, choose, search_options, spend_of, sweep
from siting.model.decomposition.sweep import Crew, hire
from siting.model.decomposition.tasks import Finish, Prepare
from siting.model.greedy import greedy_plan
from siting.model.parts import FloatArray, IntArray
from siting.model.problem import Problem

__all__ = ["Found", "PieceOptions", "solve_by_pieces"]

_FEW = 150  # pieces up to which searches are proven to the last digit
_STEPS = 12  # price corrections, at most
_PART = 3  # one in so many pieces is searched again in a partial search
_SETTLED = 5e-4  # relative: prices so near each other are one
_LOOSE = 0.3  # of the gap asked for: a bound no looser than that needs no better price, only more columns
_GAIN = 0.1  # of the gap: a step that closes less ends the sweeps


@dataclass(frozen=True)
class PieceOptions:
    """When to stop, and with what: `engine` "auto" takes SCIP where it is installed, else HiGHS.

    `cuts` limits branching: unlike the clock it stops two runs at the same plan.
    """

    gap: float = 1e-4
    seconds: float = 60.0
    workers: int = 1
    seed: int = 0
    engine: str = "auto"
    cuts: int = 1_000_000


@dataclass(frozen=True, eq=False)
class Found:
    """A plan by pieces: modules per site, services per walk, a bound, and how it came about.

    `modules` is None where the pieces that every plan uses have no plan within the budget yet. `finished` is false
    where the clock stopped it, `text` says what did. `cpu_s` and `peak_mb` are those of the workers.
    """

    modules: IntArray | None
    served: FloatArray
    bound: float
    finished: bool
    text: str
    solver: str
    notes: tuple[str, ...]
    pieces: int
    cpu_s: float
    peak_mb: float


def _quiet(_line: str) -> None:
    return


def solve_by_pieces(
    problem: Problem,
    options: PieceOptions,
    *,
    limit: float = np.inf,
    announce: Callable[[str], None] = _quiet,
) -> Found:
    """Return the best plan found piece by piece in the time, and a bound that no plan exceeds (at most `limit`)."""
    began, began_cpu = time.perf_counter(), time.process_time()
    engine, notes = _engine(options.engine)

    with hire(options.workers) as crew:

        def say(line: str) -> None:
            cpu = time.process_time() - began_cpu + sum(cpu for cpu, _ in crew.usage.values())
            announce(f"{time.perf_counter() - began:7.1f} s ({cpu:,.0f} s CPU)  {line}")

        grouping = site_groups(problem)
        frame = _Frame(engine, began + options.seconds, limit, say)
        result = _searched(problem, grouping, options, crew, frame)
        modules, served = _finish(problem, grouping, result.choice, crew)
        say("divided over the walks")
        return Found(
            modules if result.choice is not None else None,
            served,
            result.bound,
            result.finished,
            result.text,
            scip.name() if engine == "scip" else highs.name(),
            (*notes, *crew.notes),
            result.pieces,
            sum(cpu for cpu, _ in crew.usage.values()),
            max((peak for _, peak in crew.usage.values()), default=0.0),
        )


@dataclass(frozen=True, eq=False)
class _Frame:
    """What bounds a search: its engine, its end, a service not to be exceeded, whom to tell."""

    engine: str
    until: float
    limit: float
    say: Callable[[str], None]


@dataclass(frozen=True, eq=False)
class _Result:
    """What is left of a search once its pieces, prices and other columns may go: at city size they fill memory."""

    choice: Choice | None
    bound: float
    finished: bool
    text: str
    pieces: int


def _searched(problem: Problem, grouping: Grouping, options: PieceOptions, crew: Crew, frame: _Frame) -> _Result:
    readies, columns, floor = _prepare(problem, grouping, crew, frame.until)
    frame.say(f"{len(readies)} pieces ready")
    effort = Effort(
        options.gap,
        options.seed,
        frame.engine,
        frame.until - _finishing_s(len(readies), options),
        1e-6 if len(readies) <= _FEW else 5e-5,
        options.cuts,
    )
    menu = make_menu(readies, problem.quotas.most if problem.quotas else np.empty(0, np.int64))
    money = np.inf if problem.budget_cny is None else problem.budget_cny
    desk = Desk(readies, menu, money, crew, effort)
    state = State(open_ledger(menu, readies), columns, floor, frame.limit)
    state = _improve(desk, state, frame.say) if readies else replace(state, bound=0.0)
    finished = state.gap <= options.gap or not desk.out_of_time  # else stopped by the clock
    text = "gap reached" if state.gap <= options.gap else "search ended" if finished else "time limit"
    return _Result(state.choice, state.bound, finished, text, len(readies))


def _engine(wanted: str) -> tuple[str, tuple[str, ...]]:
    if wanted == "auto":
        if scip.is_installed():
            return "scip", ()
        return "highs", (
            "pieces by HiGHS: SCIP is not installed (pip install 'siting[scip]') and is several times faster",
        )
    if wanted not in ("highs", "scip"):
        message = f"piece solver {wanted!r} is unknown; choose one of auto, highs, scip"
        raise UsageError(message)
    if wanted == "scip" and not scip.is_installed():
        message = "piece solver 'scip' is not installed: pip install 'siting[scip]', or choose 'highs'"
        raise UsageError(message)
    return wanted, ()


def _finishing_s(pieces: int, options: PieceOptions) -> float:
    """Return the seconds kept for dividing services."""
    return min(0.2 * options.seconds, 0.3 + 0.02 * pieces / options.workers)


def _prepare(
    problem: Problem, grouping: Grouping, crew: Crew, until: float
) -> tuple[list[Ready], list[Column], Choice | None]:
    """Return the presolved pieces and greedy's plan, which this process makes while workers presolve."""
    piece_of_site = np.full(len(problem.sites), -1)

    def tasks() -> Iterator[Prepare]:
        for piece in split(problem, grouping):
            piece_of_site[piece.site] = piece.number
            yield Prepare(piece)

    with ThreadPoolExecutor(1) as aside:
        prepared = aside.submit(crew.run, tasks(), until=until)
        plan = greedy_plan(problem, until=until)
        results = prepared.result()
    readies = {ready.number: ready for ready in results if isinstance(ready, Ready)}
    if len(readies) < len(results):  # no time, or no worker: the piece as it is
        readies |= {piece.number: as_it_is(piece) for piece in split(problem, grouping) if piece.number not in readies}
    ordered = [readies[number] for number in range(len(readies))]
    forced = np.array([ready.forced for ready in ordered], bool)
    return ordered, *greedy_columns(problem, plan, piece_of_site, forced)


def _improve(desk: Desk, state: State, say: Callable[[str], None]) -> State:
    """Return the state after sweeps at better and better prices and, where that leaves a gap, branching."""
    state, price, curve = first_price(desk, state)
    say(f"price {price:.6g}")
    swept: list[tuple[float, float]] = []
    rng = np.random.default_rng(desk.effort.seed)
    for _ in range(_STEPS):
        before = state.gap
        state = sweep(desk, state, price)
        spend, taken = spend_of(desk, state, price)
        state = choose(desk, state)
        say(f"sweep at price {price:.6g} spends {spend:,.0f} of {desk.budget_cny:,.0f}: {_words(state)}")
        if _is_done(desk, state) or curve is None:
            break
        swept.append((price, spend))
        better = _next_price(desk, state, curve, swept)
        loose = abs(spend - desk.budget_cny) * abs(better - price) / 2.0  # of the bound, as it is not the best price's
        if loose < _LOOSE * desk.effort.gap * state.bound:  # no sweep makes it much better: more columns
            over = curve.price(curve.spend(price) * (desk.budget_cny / max(spend, 1e-9)) ** 3)
            rows = np.flatnonzero(taken > 0.5)
            part = np.sort(rng.permutation(rows)[: max(len(rows) // _PART, 1)])
            state = choose(desk, search_options(desk, state, over, part))
            say(f"part of it at price {over:.6g}: {_words(state)}")
            if len(desk.readies) > _FEW and not _is_done(desk, state):
                state = widen(desk, state, price, better)
                say(f"more columns around {better:.6g}: {_words(state)}")
            if _is_done(desk, state):
                break
        price = better
        if any(abs(price / known - 1) < _SETTLED for known, _ in swept) or state.gap > (1 - _GAIN) * before:
            break
    if _is_done(desk, state):
        return state
    few = len(desk.readies) <= _FEW
    state = branch(desk, state) if few else widen(desk, state, swept[-1][0] if swept else price, price)
    say(f"{'branching' if few else 'more columns'}: {_words(state)}")
    return state


def _is_done(desk: Desk, state: State) -> bool:
    return state.gap <= desk.effort.gap or desk.out_of_time


def _words(state: State) -> str:
    value = state.choice.value if state.choice else 0.0
    return f"{len(state.columns)} columns, plan {value:,.1f}, bound {state.bound:,.1f}, gap {100 * state.gap:.4f} %"


def _next_price(desk: Desk, state: State, curve: Curve, swept: list[tuple[float, float]]) -> float:
    """Return the price with the lowest bound once the budget lies between two swept prices, else a corrected one."""
    over = [price for price, spend in swept if spend >= desk.budget_cny]
    under = [price for price, spend in swept if spend < desk.budget_cny]
    if over and under and max(over) < min(under):
        middle = state.price
        if max(over) < middle < min(under):
            return middle
        return float(np.sqrt(max(over) * min(under)))
    price, spend = swept[-1]
    wanted = curve.spend(price) * (desk.budget_cny / max(spend, 1e-9))
    return curve.price(wanted)


def _finish(problem: Problem, grouping: Grouping, choice: Choice | None, crew: Crew) -> tuple[IntArray, FloatArray]:
    """Return modules per site and services per walk of the chosen columns, exact on the unreduced pieces."""
    modules, served = np.zeros(len(problem.sites), np.int64), np.zeros(len(problem.walks))
    for column in choice.columns if choice else ():
        modules[column.site] = column.modules
    goal = problem.goal
    thin = goal is not None and (goal.walk_penalty > 0 or goal.demerit_penalty > 0)
    tasks = (
        Finish(piece, modules[piece.site], thin) for piece in split(problem, grouping) if modules[piece.site].any()
    )
    for result in crew.run(tasks, until=np.inf):
        if isinstance(result, Served):
            modules[result.site] = result.modules
            served[result.walk] = result.served
    return modules, served
