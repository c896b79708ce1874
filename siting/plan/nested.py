"""Meaning: plans for rising budgets of which each contains the one before, and what insisting on that costs."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd

from siting.errors import UsageError
from siting.framing import Framing
from siting.model.block import SearchLimits
from siting.model.programme import Years
from siting.model.programme_solve import solve_programme
from siting.model.solver import SolverOptions, solve

__all__ = ["nested_plans", "parse_rising"]


def parse_rising(text: str) -> tuple[float, ...]:
    """Read rising budgets in CNY, separated by commas; raise `UsageError` for anything else."""
    try:
        budgets = tuple(float(part) for part in text.split(","))
    except ValueError:
        budgets = ()
    rising = all(0 <= a < b for a, b in zip((*budgets[:1], *budgets)[1:], budgets[1:], strict=False))
    if not budgets or not rising or not all(0 <= each < float("inf") for each in budgets):
        message = f"--budgets {text!r} are not rising budgets in CNY, e.g. 300000,600000,900000"
        raise UsageError(message)
    return budgets


def nested_plans(
    framing: Framing,
    budgets: tuple[float, ...],
    limits: SearchLimits,
    options: SolverOptions,
    *,
    announce: Callable[[str], None] = lambda _stage: None,
) -> pd.DataFrame:
    """Return one row a budget: the best plan free, the best that contains the plan before, and the difference.

    Columns: budget_cny, spent_cny, sites, new_sites, weighted, weighted_free, cost_of_insisting (weighted vehicles),
    gap (of the nested plan), gap_free. A nested plan is also a plan of its budget, so it stands for the free one
    where the search for that ends short of it.
    """
    rows = []
    problem = replace(framing.problem, budget_cny=None)
    standing = np.zeros(len(problem.sites), np.int64)
    bought = np.zeros(len(problem.transformers.step_owner) if problem.transformers else 0, np.int64)
    spent = 0.0
    for budget in budgets:
        announce(f"choice at {budget:,.0f} CNY, free and containing the last")
        free = solve(problem.with_budget(budget), options)
        years = replace(Years.even([budget - spent]), standing=standing, bought=bought)
        course = solve_programme(problem, years, limits)
        spent += float(course.spent_cny.sum())
        new = int(((course.last > 0) & (standing == 0)).sum())
        standing, bought = course.last, course.steps[-1]
        best = max(free.objective, course.objective)
        rows.append(
            {
                "budget_cny": budget,
                "spent_cny": spent,
                "sites": int((standing > 0).sum()),
                "new_sites": new,
                "weighted": course.objective,
                "weighted_free": best,
                "cost_of_insisting": best - course.objective,
                "gap": course.gap,
                "gap_free": max(0.0, free.bound - best) / max(best, 1e-9),
            }
        )
    return pd.DataFrame(rows)
