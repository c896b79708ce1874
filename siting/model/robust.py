"""One choice of sites for all scenarios, at once: a programme of a single year, see `siting.model.programme_solve`."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from siting.model.block import SearchLimits
from siting.model.finish import is_affordable, upgrades_of
from siting.model.flows import service_of
from siting.model.greedy import greedy_modules
from siting.model.measures import required_goal
from siting.model.parts import FloatArray, IntArray
from siting.model.problem import Problem
from siting.model.programme import Years
from siting.model.programme_solve import Start, solve_horizon, value_of_programme
from siting.model.scenarios import Scenarios
from siting.model.solution import Proof

__all__ = ["Robust", "solve_scenarios", "value_at_once"]


@dataclass(frozen=True, eq=False, kw_only=True)
class Robust(Proof):
    """One choice of sites for all scenarios.

    `objective` and `bound` are the goal's first figure, `aim`, over the scenarios as their stance says; `figures` is
    that of each scenario, `service` the weighted vehicles there, `in_scenarios` (S x walks) who is served where.
    `served` is vehicles per walk of the nominal demand.
    """

    modules: IntArray
    served: FloatArray
    service: FloatArray
    in_scenarios: FloatArray
    figures: FloatArray


def solve_scenarios(
    problem: Problem, scenarios: Scenarios, limits: SearchLimits | None = None, *, starts: Sequence[IntArray] = ()
) -> Robust:
    """Return the best choice of sites for all scenarios; never worse than any of `starts` (modules per site).

    Raises `UsageError` without a goal or where arrays do not fit, `InfeasibleError` if no choice keeps the limits.
    """
    required_goal(problem)
    years = _at_once(problem)
    plans = [np.asarray(modules, np.int64) for modules in starts]
    if scenarios.vehicles.shape[1] == len(problem.demands):
        plans += [greedy_modules(scenarios.problem(problem, s)) for s in range(len(scenarios))]
    given = [_start(problem, modules) for modules in plans if is_affordable(problem, modules)]
    course = solve_horizon(problem, years, limits, outlook=scenarios, starts=given)
    return Robust(
        **course.proof(),
        modules=course.last,
        served=course.served[-1],
        service=np.array([service_of(problem, served) for served in course.in_scenarios]),
        in_scenarios=course.in_scenarios,
        figures=course.figures,
    )


def value_at_once(problem: Problem, scenarios: Scenarios, modules: IntArray) -> float:
    """Return the goal's first figure, over the scenarios, of a choice that was not made for them."""
    return value_of_programme(problem, _at_once(problem), scenarios, _start(problem, modules))


def _steps(problem: Problem, modules: IntArray) -> IntArray:
    """Return which upgrade steps modules need (S, 0 or 1)."""
    part = problem.transformers
    steps = np.zeros(0 if part is None else len(part.step_owner), np.int64)
    if part is not None:
        first = np.searchsorted(part.step_owner, np.arange(len(part)))
        for t, step in upgrades_of(problem, modules):
            steps[first[t] + step] = 1
    return steps


def _at_once(problem: Problem) -> Years:
    budget = problem.budget_cny
    return replace(Years.even([0.0 if budget is None else budget]), limited=budget is not None)


def _start(problem: Problem, modules: IntArray) -> Start:
    return modules[None, :], _steps(problem, modules)[None, :]
