"""What surrounds a search: the upgrades a plan needs, its expense, and a plan that gives the same for less."""

import numpy as np

from siting.errors import SitingError
from siting.model.flows import cheapest_flows, service_of
from siting.model.measures import required_goal
from siting.model.parts import FloatArray, IntArray
from siting.model.problem import Problem

__all__ = ["afford", "expense_of", "is_affordable", "is_small", "spent_cny", "thin_out", "upgrades_of"]

_SMALL = 2_500  # walks up to which the cheapest plan of a service is searched for among all sites
_ROUNDS = 12  # of slope scaling; the gain beyond is small


def upgrades_of(problem: Problem, modules: IntArray) -> tuple[tuple[int, int], ...]:
    """Return the fewest upgrade steps (transformer, step) that carry `modules`."""
    part = problem.transformers
    if part is None:
        return ()
    load = problem.added_load_kva(modules)
    counts = [part.steps_needed(t, float(load[t])) for t in range(len(part))]
    if None in counts:
        message = f"{part.name(counts.index(None))} cannot carry its sites even with every upgrade"
        raise SitingError(message)
    return tuple((t, step) for t, count in enumerate(counts) for step in range(count or 0))


def spent_cny(problem: Problem, modules: IntArray) -> float:
    """Return the cost of sites and upgrades."""
    part = problem.transformers
    upgrades = sum(part.steps[t][step][1] for t, step in upgrades_of(problem, modules)) if part else 0.0
    return float(problem.site_cost_cny(modules).sum()) + upgrades


def expense_of(problem: Problem, modules: IntArray, served: FloatArray) -> float:
    """Return the second part of the goal in CNY: cost, walking and demerits."""
    goal = required_goal(problem)
    walking = goal.walk_penalty * float(problem.walks.walk_m @ served)
    demerits = goal.demerit_penalty * float(problem.sites.demerit[modules > 0].sum())
    return spent_cny(problem, modules) + walking + demerits


def afford(problem: Problem, modules: IntArray) -> IntArray:
    """Return `modules` without those above a site's limit; raise `SitingError` if the solver overspent."""
    modules = np.minimum(modules, problem.sites.max_modules)
    spent = spent_cny(problem, modules)
    if problem.budget_cny is not None and spent > problem.budget_cny * (1 + 1e-6) + 1e-6:
        message = f"the solver's plan costs {spent:.2f} CNY, the budget is {problem.budget_cny:.2f} CNY"
        raise SitingError(message)
    return modules


def is_affordable(problem: Problem, modules: IntArray) -> bool:
    """Return whether the transformers carry `modules` with upgrades, and the budget pays for all."""
    part = problem.transformers
    if part is not None:
        load = problem.added_load_kva(modules)
        if any(part.steps_needed(t, float(load[t])) is None for t in range(len(part))):
            return False
    budget = problem.budget_cny
    return budget is None or spent_cny(problem, modules) <= budget * (1 + 1e-6) + 1e-6


def is_small(problem: Problem) -> bool:
    """Return whether a whole search for the cheapest plan of a service is worth its time."""
    return len(problem.walks) <= _SMALL


def thin_out(problem: Problem, modules: IntArray, served: FloatArray) -> IntArray:
    """Return fewer modules at the sites of a plan that still give its service, by slope scaling.

    Every vehicle pays its site's cost shared by those who use it now; the cheapest flows at those prices empty what
    is little used, and what is empty is dropped. Repeated with the new shares, the best plan met is returned.
    """
    goal, sites, walks = required_goal(problem), problem.sites, problem.walks
    held, least = service_of(problem, served), problem.least_modules
    share = np.divide(
        problem.site_cost_cny(modules) + goal.demerit_penalty * sites.demerit,
        modules * sites.vehicles_per_module,
        out=np.zeros(len(sites)),
        where=modules * sites.vehicles_per_module > 0,
    )
    best, lowest = modules, expense_of(problem, modules, served)
    for _ in range(_ROUNDS):
        price = share[walks.j] + goal.walk_penalty * walks.walk_m
        flows = cheapest_flows(problem, modules, price, held=held, otherwise=None)
        load = np.bincount(walks.j, flows, minlength=len(sites))
        filled = np.divide(load, sites.vehicles_per_module, out=np.zeros(len(sites)), where=load > 0)
        fewer = np.maximum(np.minimum(np.ceil(filled - 1e-6).astype(np.int64), modules), least)
        expense = expense_of(problem, fewer, flows)
        if expense < lowest - 1e-6:
            best, lowest = fewer, expense
        used = load > 1e-6
        cost = problem.site_cost_cny(fewer) + goal.demerit_penalty * sites.demerit
        share[used] = cost[used] / load[used]
    return best
