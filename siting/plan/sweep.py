"""Meaning: what more money would bring, from one framed problem solved at several budgets."""

from collections.abc import Callable
from dataclasses import replace

import pandas as pd

from siting.errors import UsageError
from siting.framing import Framing, reframe
from siting.model.solution import Solution
from siting.model.solver import SolverOptions, solve
from siting.plan.plan import make_plan

__all__ = ["MAX_STEPS", "parse_budgets", "sweep_budgets"]

#: A sweep is for a curve; more points than this is a mistyped step.
MAX_STEPS = 200


def parse_budgets(text: str) -> tuple[float, ...]:
    """Read FROM:TO:STEP in CNY into rising budgets, both ends included where the step hits them.

    Raises `UsageError` for anything else, a negative budget, or more than `MAX_STEPS` budgets.
    """
    try:
        first, last, step = (float(part) for part in text.split(":"))
    except ValueError:
        message = f"--budget {text!r} is not FROM:TO:STEP in CNY, e.g. 0:1000000:100000"
        raise UsageError(message) from None
    if not (0 <= first <= last < float("inf") and 0 < step < float("inf")):
        message = f"--budget {text!r}: FROM must be 0 or more and at most TO, STEP above 0"
        raise UsageError(message)
    count = int((last - first) / step + 1e-9) + 1
    if count > MAX_STEPS:
        message = f"--budget {text!r} means {count} budgets; at most {MAX_STEPS} are allowed, widen STEP"
        raise UsageError(message)
    return tuple(first + number * step for number in range(count))


def sweep_budgets(
    framing: Framing,
    budgets: tuple[float, ...],
    options: SolverOptions,
    *,
    announce: Callable[[str], None] = lambda _stage: None,
) -> pd.DataFrame:
    """Solve the same problem at each of rising `budgets`; one row a budget.

    Columns: budget_cny, spent_cny, served, demand, covered_share, sites, ports, status, gap. A plan for less money
    is also a plan for more, so where the solver stops short at a higher budget the better, cheaper plan stands,
    with the higher budget's bound.
    """
    rows = []
    best: Solution | None = None
    for budget in budgets:
        announce(f"choice at {budget:,.0f} CNY")
        at_budget = reframe(framing, budget_cny=budget)
        solution = solve(at_budget.problem, options)
        if best is not None and solution.aim.is_better(best.objective, solution.objective):
            solution = replace(
                best, bound=solution.bound, gap=_gap(best.objective, solution.bound), status=solution.status
            )
        best = solution
        plan = make_plan(at_budget, solution)
        rows.append(
            {
                "budget_cny": budget,
                "spent_cny": plan.spent_cny,
                "served": plan.served,
                "demand": plan.demand,
                "covered_share": plan.served / plan.demand if plan.demand else 0.0,
                "sites": len(plan.sites),
                "ports": int(plan.sites["ports"].sum()),
                "status": str(solution.status),
                "gap": max(0.0, solution.gap),  # no minus before a zero
            }
        )
    return pd.DataFrame(rows)


def _gap(objective: float, bound: float) -> float:
    return abs(bound - objective) / max(abs(objective), 1e-9)
