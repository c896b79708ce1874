"""What each site of a plan is worth: solve again without its place, and see who stands in for it.

The loss is in the goal's first figure, whatever the goal. A site falls through with its place: no other layout there is
taken instead. Where one program is solved in seconds
the answer is that of a new plan of the whole, with its own bound. A problem of many pieces is answered in the piece
alone, with the money that the piece has and what is idle: a plan without the place that is no better than the best
one, so the loss is "at most"; "at least" is then 0.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from siting.errors import InfeasibleError
from siting.model.decomposition.components import site_groups, split
from siting.model.decomposition.record import Piece
from siting.model.finish import spent_cny
from siting.model.flows import service_of
from siting.model.parts import FloatArray, IntArray, Locks
from siting.model.pieces import in_many_pieces
from siting.model.problem import Problem
from siting.model.solution import Solution
from siting.model.solver import SolverOptions, solve

__all__ = ["Worth", "worth_of_sites"]

_LEAST = 1e-6  # vehicles; less is round-off


@dataclass(frozen=True, eq=False)
class Worth:
    """What is lost if the place of `site` falls through, and which sites would be built instead.

    Without the place the best plan's first figure is worse by `loss_at_least` to `loss_at_most`. `instead` lists
    (site, modules more than now) of the plan found without it, those that take over most first; `status` and `gap` are
    that plan's. `needed` says that there is no plan without the place.
    """

    site: int
    loss_at_least: float
    loss_at_most: float
    instead: tuple[tuple[int, int], ...]
    status: str
    gap: float
    needed: bool = False

    @property
    def is_exact(self) -> bool:
        """Return whether both ends are one, to a millionth."""
        return self.loss_at_most - self.loss_at_least <= 1e-6 * max(1.0, self.loss_at_most)


def worth_of_sites(
    problem: Problem,
    solution: Solution,
    place: IntArray,
    options: SolverOptions,
    *,
    again: Callable[[Problem], Solution] | None = None,
    announce: Callable[[int], None] = lambda _site: None,
) -> tuple[Worth, ...]:
    """Return the worth of each built site of `solution`; `place` gives each site its place (J).

    `again` solves a problem as `solution` was solved, where that was not at once and for the estimate. If a plan
    found without a place is better than `solution`, that one was not the best: the loss is then 0.
    """
    built = np.flatnonzero(solution.modules > 0)
    apart = again is None and problem.is_plain and in_many_pieces(problem)
    alone = _by_piece(problem, solution) if apart else None
    whole = again or (lambda smaller: solve(smaller, options))
    found = []
    for site in built.tolist():
        announce(site)
        gone = np.flatnonzero(place == place[site])
        found.append(_whole(problem, solution, site, gone, whole) if alone is None else alone(site, gone, options))
    return tuple(found)


def without(problem: Problem, gone: IntArray) -> Problem:
    """Return the problem without some sites, also where they were locked in."""
    locked_in = np.setdiff1d(problem.locked_in, gone)
    return replace(problem, locks=Locks(locked_in, np.union1d(problem.locked_out, gone)))


def _whole(
    problem: Problem, solution: Solution, site: int, gone: IntArray, again: Callable[[Problem], Solution]
) -> Worth:
    try:
        other = again(without(problem, gone))
    except InfeasibleError:
        return Worth(site, solution.objective, solution.objective, (), "INFEASIBLE", 0.0, needed=True)
    sign = -1.0 if solution.aim.is_least else 1.0
    at_least, at_most = (sign * (solution.objective - value) for value in (other.bound, other.objective))
    instead = _instead(problem, (solution.modules, solution.served), (other.modules, other.served))
    return Worth(site, _clean(at_least), _clean(at_most), instead, str(other.status), other.gap)


def _clean(loss: float) -> float:
    return loss if loss > _LEAST else 0.0


def _by_piece(problem: Problem, solution: Solution) -> Callable[[int, IntArray, SolverOptions], Worth]:
    """Return the answer within the piece of a site: the other pieces and what they cost stay as they are."""
    _, group = site_groups(problem)
    pieces: dict[int, Piece] = {int(group[piece.site[0]]): piece for piece in split(problem)}
    idle = np.inf if problem.budget_cny is None else max(problem.budget_cny - solution.spent_cny, 0.0)

    def answer(site: int, gone: IntArray, options: SolverOptions) -> Worth:
        piece = pieces[int(group[site])]
        now = solution.modules[piece.site]
        served = solution.served[piece.walk]
        held = service_of(piece.problem, served)
        local = np.flatnonzero(np.isin(piece.site, gone))
        shut = local
        if problem.quotas is not None:  # no other compound may take the place of one that is chosen
            chosen = np.unique(piece.compound[now > 0])
            shut = np.union1d(local, np.flatnonzero(~np.isin(piece.compound, chosen)))
        smaller = without(piece.problem, shut)
        if np.isfinite(idle):
            smaller = replace(smaller, budget_cny=spent_cny(piece.problem, now) + idle)
        try:
            other = solve(smaller, options)
        except InfeasibleError:
            return Worth(site, 0.0, held, (), "INFEASIBLE", 0.0, needed=True)
        instead = tuple(
            (int(piece.site[j]), more)
            for j, more in _instead(piece.problem, (now, served), (other.modules, other.served))
        )
        return Worth(site, 0.0, _clean(held - other.objective), instead, str(other.status), other.gap)

    return answer


def _instead(
    problem: Problem, now: tuple[IntArray, FloatArray], then: tuple[IntArray, FloatArray]
) -> tuple[tuple[int, int], ...]:
    """Return what is built instead, that which serves most more than now first."""
    count = len(problem.sites)
    more = then[0] - now[0]
    taken = np.bincount(problem.walks.j, then[1] - now[1], minlength=count)
    grown = np.flatnonzero(more > 0)
    order = grown[np.lexsort((grown, -taken[grown]))]
    return tuple((int(site), int(more[site])) for site in order.tolist())
