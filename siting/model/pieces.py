"""Whole or in pieces? The choice between one program and the decomposition, and the latter's answer as a solution."""

import time
from collections.abc import Callable

import numpy as np

from siting.errors import SitingError
from siting.model.contradictions import refuse_contradictions
from siting.model.decomposition.components import site_groups
from siting.model.decomposition.decompose import PieceOptions, solve_by_pieces
from siting.model.engines import End, Search
from siting.model.finish import afford, upgrades_of
from siting.model.flows import service_of
from siting.model.measures import required_goal
from siting.model.options import SolverOptions
from siting.model.problem import Problem
from siting.model.solution import Solution, Status

__all__ = ["PieceOptions", "in_many_pieces", "piece_options", "search_pieces", "solve_pieces"]

_WALKS = 5_000  # below, one program is proven in seconds
_CUTS = 4  # branches of the decomposition when no more is asked for
_PIECES = 3  # below, a price per CNY leaves too much of a gap: every piece is a large share of the budget


def in_many_pieces(problem: Problem) -> bool:
    """Return whether `problem` goes to the decomposition: 5,000 walks or more, in 3 pieces or more that people reach.

    Only problems that may be divided do (`Problem.is_divisible`).

    Measured on cities: with 20 compounds (10,000 walks) one program ends at 2.8 % after 45 s, the pieces at 0.05 %;
    with 6 compounds of the embedded quarter (14,000 walks) at 3.3 % and 0.5 %.
    """
    if len(problem.walks) < _WALKS or not problem.is_divisible:
        return False
    _, group = site_groups(problem)
    return len(np.unique(group[problem.walks.j])) >= _PIECES


def piece_options(options: SolverOptions, seconds: float) -> PieceOptions:
    """Return what a solver's options ask of the decomposition."""
    return PieceOptions(options.gap, seconds, options.workers, options.seed, options.piece_solver, cuts=_CUTS)


def search_pieces(problem: Problem, options: PieceOptions) -> Search:
    """Return the decomposition's plan as a search for the most service, for goals that go on from there."""
    found = solve_by_pieces(problem, options)
    end = End.FINISHED if found.finished else End.TIME
    text = f"{found.text} in {found.pieces} pieces"
    return Search(end, found.modules, found.bound, "; ".join((text, *found.notes)), found.solver)


def solve_pieces(
    problem: Problem,
    options: PieceOptions,
    *,
    limit: float = np.inf,
    announce: Callable[[str], None] = lambda _line: None,
) -> Solution:
    """Return the decomposition's plan, whatever the problem's size; `announce` is told of every step.

    `limit` is a service known not to be exceeded by any plan.

    Raises `UsageError` without a goal, `InfeasibleError` if the limits collide, `SitingError` without any plan.
    """
    required_goal(problem)
    refuse_contradictions(problem)
    began = time.perf_counter()
    found = solve_by_pieces(problem, options, limit=limit, announce=announce)
    if found.modules is None:
        message = f"no plan was found in {options.seconds:g} s; give more time or loosen a limit"
        raise SitingError(message)
    modules = afford(problem, found.modules)
    objective = service_of(problem, found.served)
    bound = max(found.bound, objective)
    upgrades, part = upgrades_of(problem, modules), problem.transformers
    site_spent = problem.site_cost_cny(modules)
    return Solution(
        status=_status(objective, bound, finished=found.finished),
        objective=objective,
        bound=bound,
        gap=(bound - objective) / max(objective, 1e-9),
        seconds=time.perf_counter() - began,
        solver=found.solver,
        solver_status=found.text,
        modules=modules,
        served=found.served,
        upgrades=upgrades,
        spent_cny=float(site_spent.sum()) + (sum(part.steps[t][step][1] for t, step in upgrades) if part else 0.0),
        site_spent_cny=site_spent,
        message="; ".join(
            (f"service in {found.pieces} pieces: {found.text} (asked gap {options.gap:g})", *found.notes)
        ),
    )


def _status(objective: float, bound: float, *, finished: bool) -> Status:
    if bound - objective <= 1e-6 * max(1.0, objective):
        return Status.PROVEN
    return Status.WITHIN if finished else Status.TIME_LIMITED
