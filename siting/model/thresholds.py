"""Largest margin for a coverage, by thresholds: the most service with the new sites below a margin left out.

The margins of the sites are the only values it can have. If what is left cannot serve the coverage, proven, the margin
is below the threshold; if it can, it is not. As in `siting.model.budgets`, the most service is what presolve, bounds
and decomposition are good at. Only for parts that are plain but for the coverage.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from siting.errors import InfeasibleError
from siting.model.budgets import as_service
from siting.model.options import SolverOptions
from siting.model.parts import IntArray, Locks
from siting.model.problem import Problem
from siting.model.solution import Solution

__all__ = ["MarginRange", "bracket_margin"]


@dataclass(frozen=True, eq=False)
class MarginRange:
    """No plan has a margin above `most_m`; `modules` is the plan of the largest margin met, None if none was."""

    most_m: float
    modules: IntArray | None


def bracket_margin(
    problem: Problem, options: SolverOptions, solve: Callable[[Problem, SolverOptions], Solution]
) -> MarginRange:
    """Halve the range of thresholds until the time is up or the largest margin is found."""
    plain, wanted = as_service(problem), problem.service_floor or 0.0
    margin = problem.sites.margin_m
    values = np.unique(margin) if margin is not None else np.empty(0)
    deadline = time.perf_counter() + options.time_limit_s
    reached, beyond, proven, modules = -1, len(values), len(values), None
    while beyond - reached > 1 and (left := deadline - time.perf_counter()) > 0.5:
        middle = (reached + beyond) // 2
        rounds = max(1.0, np.log2(beyond - reached))
        solution = _service_above(plain, float(values[middle]), replace(options, time_limit_s=left / rounds), solve)
        if solution is not None and solution.objective >= wanted * (1 - 1e-9):
            reached, modules = middle, solution.modules
            continue
        beyond = middle  # where it stays open, a plan is sought at lower thresholds, and the bound stays where it is
        if solution is None or solution.bound < wanted - 1e-6 * max(1.0, wanted):
            proven = middle
    return MarginRange(float(values[max(proven - 1, 0)]) if len(values) else 0.0, modules)


def _service_above(
    plain: Problem, least_m: float, options: SolverOptions, solve: Callable[[Problem, SolverOptions], Solution]
) -> Solution | None:
    """Return the most service without the new sites below a margin; None if locks or standing sites forbid it."""
    margin = plain.sites.margin_m
    below = np.empty(0, np.int64) if margin is None else np.flatnonzero(margin < least_m)
    locks = Locks(plain.locked_in, np.union1d(plain.locked_out, below))
    try:
        return solve(replace(plain, locks=locks), options)
    except InfeasibleError:
        return None
