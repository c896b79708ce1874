"""What surrounds a search: upgrades a plan needs, its expense, repair, and where the second search looks."""

from dataclasses import replace

import numpy as np

from siting.errors import SitingError
from siting.model.matrix import required_goal
from siting.model.parts import FloatArray, IntArray
from siting.model.presolve import select_sites
from siting.model.problem import Problem

__all__ = ["afford", "expense_of", "neighbourhood", "upgrades_of"]

_SMALL = 6_000  # walks up to which the second search looks at every site
_LOOSE = 0.9  # share of the budget below which money is no limit and every site is looked at


def upgrades_of(problem: Problem, modules: IntArray) -> tuple[tuple[int, int], ...]:
    """Return the fewest upgrade steps (transformer, step) that carry `modules`."""
    part = problem.transformers
    if part is None:
        return ()
    load = part.load_kva(modules)
    counts = [part.steps_needed(t, float(load[t])) for t in range(len(part))]
    if None in counts:
        message = f"{part.name(counts.index(None))} cannot carry its sites even with every upgrade"
        raise SitingError(message)
    return tuple((t, step) for t, count in enumerate(counts) for step in range(count or 0))


def spent_cny(problem: Problem, modules: IntArray) -> float:
    """Return the cost of sites and upgrades."""
    part = problem.transformers
    upgrades = sum(part.steps[t][step][1] for t, step in upgrades_of(problem, modules)) if part else 0.0
    return float(problem.sites.cost_cny(modules).sum()) + upgrades


def expense_of(problem: Problem, modules: IntArray, served: FloatArray) -> float:
    """Return the second part of the goal in CNY: cost, walking and demerits."""
    goal = required_goal(problem)
    walking = goal.walk_penalty * float(problem.walks.walk_m @ served)
    return spent_cny(problem, modules) + walking + goal.demerit_penalty * float(problem.sites.demerit[modules > 0].sum())


def afford(problem: Problem, modules: IntArray) -> IntArray:
    """Return `modules` without those above a site's limit; raise `SitingError` if the solver overspent."""
    modules = np.minimum(modules, problem.sites.max_modules)
    spent = spent_cny(problem, modules)
    if problem.budget_cny is not None and spent > problem.budget_cny * (1 + 1e-6) + 1e-6:
        message = f"the solver's plan costs {spent:.2f} CNY, the budget is {problem.budget_cny:.2f} CNY"
        raise SitingError(message)
    return modules


def neighbourhood(problem: Problem, modules: IntArray) -> tuple[Problem, IntArray]:
    """Return the problem over the sites worth a second look, and which sites those are.

    That is every site in a small problem or where money is no limit; else those built and those they exclude
    (other sizes of the same place), because cheaper ones far off cannot keep the service.
    """
    is_open = modules > 0
    loose = problem.budget_cny is None or spent_cny(problem, modules) < _LOOSE * problem.budget_cny
    look = is_open.copy()
    if loose or len(problem.walks) <= _SMALL:
        look[problem.walks.j] = True
    else:
        for clique in problem.cliques:
            if is_open[clique].any():
                look[clique] = True
    look[problem.locked_out] = False
    site = np.flatnonzero(look)
    near = select_sites(problem, site)
    number = np.full(len(look), -1)
    number[site] = np.arange(len(site))
    if problem.locks is None:
        return near, site
    return replace(near, locks=replace(problem.locks, locked_in=number[problem.locked_in], locked_out=site[:0])), site
