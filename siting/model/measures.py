"""The figures of a plan that goals and limits are made of: as coefficients over columns, and as a value of a plan."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from siting.errors import UsageError
from siting.model.goal import Aim, Goal
from siting.model.parts import FloatArray, IntArray
from siting.model.problem import Problem

__all__ = [
    "Columns",
    "coefficients",
    "columns",
    "constant",
    "counted_groups",
    "required_goal",
    "spending",
    "step_names",
    "value_of",
]


@dataclass(frozen=True)
class Columns:
    """Where each family of variables lies.

    f (walks), n, x (sites), z (upgrade steps), q (compounds under a quota), share (of the worst-off group, one column
    where the goal is the floor) and margin (of the tightest new site, one column where the goal is the margin).
    """

    f: slice
    n: slice
    x: slice
    z: slice
    q: slice
    share: slice
    margin: slice
    total: int


def columns(problem: Problem) -> Columns:
    """Return where the variables lie; both faces and the solver share this order."""
    walks, sites = len(problem.walks), len(problem.sites)
    steps = len(problem.transformers.step_owner) if problem.transformers else 0
    compounds = len(problem.quotas.district) if problem.quotas else 0
    aim = problem.goal.aim if problem.goal else None
    sizes = [walks, sites, sites, steps, compounds, int(aim is Aim.FLOOR), int(aim is Aim.MARGIN)]
    ends = np.cumsum([0, *sizes]).tolist()
    f, n, x, z, q, share, margin = (slice(a, b) for a, b in pairwise(ends))
    return Columns(f, n, x, z, q, share, margin, total=ends[-1])


def required_goal(problem: Problem) -> Goal:
    """Return the goal; raise `UsageError` if the problem has none, or one that its parts leave without meaning."""
    goal = problem.goal
    if goal is None:
        message = "the problem has no goal; add maximise_service()"
        raise UsageError(message)
    if goal.aim is Aim.FLOOR and (problem.groups is None or not counted_groups(problem).size):
        message = "maximise_floor() needs groups with vehicles that can walk to a site: add with_groups()"
        raise UsageError(message)
    if goal.aim in (Aim.COST, Aim.WALKING, Aim.MARGIN) and not _asks_for_something(problem):
        best = "largest" if goal.aim is Aim.MARGIN else "least"
        message = f"the {best} {goal.aim} has a plan of nothing: say what it must serve, service=... or with_floors()"
        raise UsageError(message)
    return goal


def _asks_for_something(problem: Problem) -> bool:
    return (
        problem.service_floor is not None
        or problem.floors is not None
        or bool(problem.locked_in.size)
        or (problem.count is not None and problem.count.least > 0)
    )


def spending(problem: Problem, at: Columns) -> FloatArray:
    """Return what each column costs in CNY: sites, modules and upgrade steps.

    A site that stands costs only its further modules: opening it takes back what its modules of today would cost and
    what its removal would; that price of removal is the `constant` of the cost.
    """
    costs = np.zeros(at.total)
    costs[at.x] = problem.sites.open_cost_cny
    costs[at.n] = problem.sites.module_cost_cny
    if problem.existing is not None:
        stands = problem.existing.stands
        kept = problem.existing.modules * problem.sites.module_cost_cny + problem.existing.price_of_removal
        costs[at.x] = np.where(stands, -kept, costs[at.x])
    if problem.transformers:
        costs[at.z] = problem.transformers.step_cost_cny
    return costs


def constant(problem: Problem, aim: Aim) -> float:
    """Return what a figure has whatever the columns say: the price of removing all that may be removed."""
    if aim in (Aim.COST, Aim.EXPENSE) and problem.existing is not None:
        return float(problem.existing.price_of_removal.sum())
    return 0.0


def coefficients(problem: Problem, at: Columns, aim: Aim) -> FloatArray:
    """Return the coefficients of a figure over all columns; with `constant` they give its value."""
    costs = np.zeros(at.total)
    if aim is Aim.SERVICE:
        costs[at.f] = problem.demands.weight[problem.walks.i]
    elif aim is Aim.COST:
        costs = spending(problem, at)
    elif aim is Aim.WALKING:
        costs[at.f] = problem.walks.walk_m
    elif aim is Aim.FLOOR:
        costs[at.share] = 1.0
    elif aim is Aim.MARGIN:
        costs[at.margin] = 1.0
    else:
        goal = required_goal(problem)
        costs = spending(problem, at)
        costs[at.f] = goal.walk_penalty * problem.walks.walk_m
        costs[at.x] += goal.demerit_penalty * problem.sites.demerit
    return costs


def counted_groups(problem: Problem) -> IntArray:
    """Return the groups whose worst share counts: those with vehicles that can walk to a site that may be open."""
    part = problem.groups
    if part is None:
        return np.empty(0, np.int64)
    may_open = np.ones(len(problem.sites), bool)
    may_open[problem.locked_out] = False
    reaching = np.zeros(len(problem.demands), bool)
    reaching[problem.walks.i[may_open[problem.walks.j]]] = True
    return np.flatnonzero(part.sums(np.where(reaching, problem.demands.vehicles, 0.0)) > 0)


def value_of(problem: Problem, aim: Aim, modules: IntArray, served: FloatArray) -> float:
    """Return a figure of a plan: `modules` per site and vehicles `served` per walk."""
    from siting.model.finish import expense_of, spent_cny

    if aim is Aim.SERVICE:
        return float(problem.demands.weight[problem.walks.i] @ served)
    if aim is Aim.WALKING:
        return float(problem.walks.walk_m @ served)
    if aim is Aim.COST:
        return spent_cny(problem, modules)
    if aim is Aim.EXPENSE:
        return expense_of(problem, modules, served)
    if aim is Aim.MARGIN:
        margin = problem.sites.margin_m
        if margin is None or not len(margin):
            return 0.0
        new = (modules > 0) & (problem.standing == 0)
        return float(margin[new].min(initial=float(margin.max())))
    part, groups = problem.groups, counted_groups(problem)
    if part is None or not groups.size:
        return 0.0
    of_demand = np.bincount(problem.walks.i, served, minlength=len(problem.demands)).astype(np.float64)
    total = part.sums(problem.demands.vehicles)[groups]
    return float(min(1.0, (part.sums(of_demand)[groups] / total).min()))


def step_names(problem: Problem) -> list[str]:
    """Return `t_u` for each upgrade step u of each transformer t, in the order of the columns."""
    part = problem.transformers
    return [f"{t}_{u}" for t, mine in enumerate(part.steps) for u in range(len(mine))] if part else []
