"""Least cost for a coverage, asked the other way round: the most service at one budget after another.

No plan of budget B that serves S, proven, means that S costs more than B; a plan that serves S bounds the cost from
above. The most service is what presolve, bounds and decomposition are good at, so this gives the first search of the
cost goal its plan, and a bound where that search is stopped. Only for parts that are plain but for the coverage.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from siting.errors import InfeasibleError
from siting.model.goal import Aim
from siting.model.options import SolverOptions
from siting.model.parts import IntArray
from siting.model.problem import Problem
from siting.model.solution import Solution

__all__ = ["CostRange", "as_service", "bracket_cost", "can_bracket"]

_WALKS = 2_500  # below, one search proves the least cost, or the largest margin, at once
_TRIES = 8
_GAP = 5e-4  # of the service at each budget


@dataclass(frozen=True, eq=False)
class CostRange:
    """No plan costs less than `least_cny`; `modules` is the cheapest plan met, None if none was."""

    least_cny: float
    modules: IntArray | None


def can_bracket(problem: Problem, aim: Aim) -> bool:
    """Return whether the goal of `problem` is `aim`, can be asked as service, and is large enough for it."""
    if problem.goal is None or problem.goal.aim is not aim or problem.service_floor is None:
        return False
    return len(problem.walks) > _WALKS and as_service(problem).is_plain


def bracket_cost(
    problem: Problem,
    options: SolverOptions,
    highest_cny: float,
    solve: Callable[[Problem, SolverOptions], Solution],
) -> CostRange:
    """Halve the range of budgets until the time or the tries are up; `highest_cny` is what surely suffices."""
    plain, wanted = as_service(problem), problem.service_floor or 0.0
    deadline, found = time.perf_counter() + options.time_limit_s, CostRange(0.0, None)
    tried, high = 0.0, highest_cny if problem.budget_cny is None else min(highest_cny, problem.budget_cny)
    for number in range(_TRIES):
        left = deadline - time.perf_counter()
        if left <= 0.5 or high - tried <= options.gap * max(high, 1.0):
            break
        budget = (tried + high) / 2
        seconds = max(left / (_TRIES - number), min(left, 2.0))
        try:
            at_budget = replace(plain, budget_cny=budget)
            solution = solve(at_budget, replace(options, time_limit_s=seconds, gap=min(options.gap, _GAP)))
        except InfeasibleError:  # locks alone cost more
            tried, found = budget, replace(found, least_cny=max(found.least_cny, budget))
            continue
        if solution.objective >= wanted * (1 - 1e-9):
            high, found = min(budget, solution.spent_cny), replace(found, modules=solution.modules)
            continue
        tried = budget  # where it stays open, a plan is sought at higher budgets, and the bound stays where it is
        if solution.bound < wanted - 1e-6 * max(1.0, wanted):
            found = replace(found, least_cny=max(found.least_cny, budget))
    return found


def as_service(problem: Problem) -> Problem:
    """Return the problem with the most service as its goal instead of a coverage that it must reach."""
    goal = problem.goal
    return replace(problem, service_floor=None, goal=None if goal is None else replace(goal, aim=Aim.SERVICE))
