"""Other plans that are nearly as good and truly different: they share as few places as possible with those before.

The difference is counted in places, not in layouts: two sheds on the same ground are one decision. Each further plan
is two searches: the fewest places it must share with any earlier plan while serving enough, then the most service
with so few shared. Where one program is too large, growing parts of the places used are shut and the rest solved.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint, milp

from siting.errors import InfeasibleError, SitingError, UsageError
from siting.model.divide import divide
from siting.model.finish import spent_cny
from siting.model.flows import serve, service_of
from siting.model.goal import Aim, Goal
from siting.model.matrix import as_matrix
from siting.model.measures import columns
from siting.model.parts import FloatArray, IntArray
from siting.model.pieces import in_many_pieces
from siting.model.problem import Problem
from siting.model.solution import Solution
from siting.model.solver import SolverOptions, solve
from siting.model.worth import without

__all__ = ["Alternative", "AlternativeOptions", "Alternatives", "find_alternatives"]

_SHUT = (1.0, 0.75, 0.5, 0.35, 0.2, 0.1)  # shares of the used places that are shut in turn, least served first


@dataclass(frozen=True)
class AlternativeOptions:
    """How many plans, within which share of the best service, with at least how many other places, how long each."""

    count: int = 3
    within: float = 0.02
    least: int = 1
    seconds: float = 30.0

    def __post_init__(self) -> None:
        """Refuse what is no number of plans or no share."""
        if self.count < 1 or self.least < 1 or not 0 <= self.within <= 1:
            message = "alternatives need a count and a difference of 1 or more, and a share of 0 to 1"
            raise UsageError(message)


@dataclass(frozen=True, eq=False)
class Alternative:
    """Another plan: it shares `shared` places with the earlier plan it is nearest to, no plan fewer than `at_least`."""

    modules: IntArray
    served: FloatArray
    service: float
    cost_cny: float
    shared: int
    at_least: int

    @property
    def is_proven(self) -> bool:
        """Return whether no plan that serves enough shares fewer places."""
        return self.shared == self.at_least


@dataclass(frozen=True, eq=False)
class Alternatives:
    """The plans found, in turn, and why there are no more: "count", "none" (no other differs enough) or "time"."""

    plans: tuple[Alternative, ...]
    stop: str


def find_alternatives(
    problem: Problem,
    best: Solution,
    place: IntArray,
    options: AlternativeOptions | None = None,
    *,
    solver: SolverOptions | None = None,
    announce: Callable[[int], None] = lambda _number: None,
) -> Alternatives:
    """Return plans that serve at least `1 - within` of `best`; `place` gives each site its place (J)."""
    options = options or AlternativeOptions()
    served = service_of(problem, best.served)
    floor = (1.0 - options.within) * served
    asked = problem.service_floor
    goal = replace(problem.goal or Goal(), aim=Aim.SERVICE)
    held = replace(problem, goal=goal, service_floor=max(floor * (1 - 1e-9), asked or 0.0))
    known = [_places(place, best.modules)]
    found: list[Alternative] = []
    asked_for = replace(problem, goal=goal)
    whole = not (asked_for.is_plain and in_many_pieces(asked_for))
    for number in range(options.count):
        announce(number)
        fresh = _searched(held, place, known, options) if whole else None
        if fresh is None:
            fresh = _shut(replace(problem, goal=goal), place, known, (floor, best), solver or SolverOptions())
        if fresh is None:
            return Alternatives(tuple(found), "time" if whole else "none")
        fewest = min(len(used) for used in known)
        if fresh.shared > fewest - options.least:
            return Alternatives(tuple(found), "none")
        found.append(fresh)
        known.append(_places(place, fresh.modules))
    return Alternatives(tuple(found), "count")


def _places(place: IntArray, modules: IntArray) -> IntArray:
    return np.unique(place[modules > 0])


def _shared(place: IntArray, modules: IntArray, known: list[IntArray]) -> int:
    mine = _places(place, modules)
    return max(len(np.intersect1d(mine, used)) for used in known)


def _searched(
    problem: Problem, place: IntArray, known: list[IntArray], options: AlternativeOptions
) -> Alternative | None:
    """Return the plan that shares fewest places, and of those the one that serves most; None if time ran out."""
    used = np.unique(np.concatenate(known)) if known else np.empty(0, np.int64)
    form, at = as_matrix(problem, named=False), columns(problem)
    site = np.flatnonzero(np.isin(place, used))
    extra = len(used) + 1  # whether each place is used, and how many are shared
    rows, total = np.arange(len(site)), at.total + extra
    opens = sparse.csr_array(
        (
            np.r_[np.ones(len(site)), -np.ones(len(site))],
            (np.r_[rows, rows], np.r_[at.x.start + site, at.total + np.searchsorted(used, place[site])]),
        ),
        shape=(len(site), total),
    )
    shares = sparse.lil_array((len(known), total))
    for k, mine in enumerate(known):
        shares[k, at.total + np.searchsorted(used, mine)] = 1.0
        shares[k, total - 1] = -1.0
    matrix = sparse.vstack(
        [sparse.hstack([form.matrix, sparse.csr_array((form.matrix.shape[0], extra))]), opens, shares], format="csr"
    )
    low = np.r_[form.row_lower, np.full(len(site) + len(known), -np.inf)]
    high = np.r_[form.row_upper, np.zeros(len(site) + len(known))]
    upper = np.r_[form.upper, np.ones(len(used)), len(used)]

    def run(cost: FloatArray, most: float) -> tuple[FloatArray | None, float]:
        result = milp(
            cost,
            constraints=LinearConstraint(matrix, low, high),
            integrality=np.r_[form.integer, np.ones(extra)].astype(np.int64),
            bounds=Bounds(np.r_[form.lower, np.zeros(extra)], np.r_[upper[:-1], most]),
            options={"time_limit": options.seconds, "mip_rel_gap": 1e-6},
        )
        bound = getattr(result, "mip_dual_bound", None)
        return (None if result.x is None else np.asarray(result.x)), -np.inf if bound is None else float(bound)

    fewest = np.zeros(total)
    fewest[-1] = 1.0
    values, bound = run(fewest, float(upper[-1]))
    if values is None:
        return None
    shared = round(float(values[-1]))
    better, _ = run(np.r_[-form.objective, np.zeros(extra)], float(shared))
    modules = np.rint((values if better is None else better)[at.n]).astype(np.int64)
    least = max(int(np.ceil(bound - 1e-6)), 0) if np.isfinite(bound) else 0
    return _alternative(problem, place, modules, known, min(least, shared))


def _alternative(
    problem: Problem, place: IntArray, modules: IntArray, known: list[IntArray], at_least: int
) -> Alternative:
    served = divide(problem, modules)
    if served is None:
        served = serve(problem, modules)
    shared = _shared(place, modules, known)
    service = service_of(problem, served)
    return Alternative(modules, served, service, spent_cny(problem, modules), shared, min(at_least, shared))


def _shut(
    problem: Problem,
    place: IntArray,
    known: list[IntArray],
    wanted: tuple[float, Solution],
    solver: SolverOptions,
) -> Alternative | None:
    """Return a plan without many of the places used so far, as many as the service allows; nothing is proven."""
    floor, best = wanted
    for gone in _parts(problem, place, known, best):
        try:
            other = solve(without(problem, np.setdiff1d(gone, problem.locked_in)), solver)
        except (InfeasibleError, SitingError):
            continue
        if service_of(problem, other.served) >= floor * (1 - 1e-9):
            return _alternative(problem, place, other.modules, known, 0)
    return None


def _parts(problem: Problem, place: IntArray, known: list[IntArray], best: Solution) -> Iterator[IntArray]:
    """Yield the sites of all used places, then of fewer and fewer of them: those that serve least stay shut longest."""
    load = np.bincount(problem.walks.j, best.served, minlength=len(problem.sites))
    used = np.unique(np.concatenate(known))
    weight = np.bincount(place, load, minlength=int(place.max(initial=0)) + 1)[used]
    order = used[np.lexsort((used, weight))]
    for share in _SHUT:
        yield np.flatnonzero(np.isin(place, order[: max(int(np.ceil(share * len(order))), 1)]))
