"""Does a solution keep every limit? Recomputed from the arrays alone, one limit after the other."""

from collections.abc import Iterator

import numpy as np

from siting.model.goal import Aim
from siting.model.measures import counted_groups
from siting.model.parts import FloatArray, IntArray
from siting.model.problem import Problem
from siting.model.solution import Solution

__all__ = ["broken_limits", "violations"]

_TOLERANCE = 1e-6  # relative to the limit, or absolute below 1


def violations(problem: Problem, solution: Solution) -> tuple[str, ...]:
    """Return one sentence for each limit that `solution` breaks and each figure it states wrongly; () if none."""
    sites, walks = problem.sites, problem.walks
    modules, served = solution.modules, solution.served
    if modules.shape != (len(sites),) or served.shape != (len(walks),):
        return (f"the solution has {modules.shape} modules and {served.shape} walks, not those of the problem",)
    if (modules != np.floor(modules)).any() or (modules < 0).any() or (served < -_TOLERANCE).any():
        return ("modules must be whole and services not negative",)
    return (
        *broken_limits(problem, modules, served),
        *_power(problem, solution),
        *_figures(problem, solution),
    )


def broken_limits(problem: Problem, modules: IntArray, served: FloatArray) -> Iterator[str]:
    """Yield one sentence for each limit but power and money that a plan breaks."""
    sites, demands, walks = problem.sites, problem.demands, problem.walks
    yield from _over("demand", _sums(walks.i, served, len(demands)), demands.vehicles)
    yield from _over("capacity of site", _sums(walks.j, served, len(sites)), modules * sites.vehicles_per_module)
    yield from _over("modules of site", modules.astype(float), sites.max_modules.astype(float))
    yield from _choice(problem, modules)
    yield from _count(problem, modules)
    yield from _standing(problem, modules)
    yield from _floors(problem, served)


def _sums(group: IntArray, served: FloatArray, count: int) -> FloatArray:
    return np.bincount(group, served, minlength=count).astype(np.float64)


def _over(what: str, found: FloatArray, limit: FloatArray) -> Iterator[str]:
    for number in np.flatnonzero(found > limit + _TOLERANCE * np.maximum(1.0, np.abs(limit))).tolist():
        yield f"{what} {number}: {found[number]:.6f} exceeds {limit[number]:.6f}"


def _under(what: str, found: float, least: float) -> Iterator[str]:
    if found < least - _TOLERANCE * max(1.0, abs(least)):
        yield f"{what}: {found:.6f} is below {least:.6f}"


def _choice(problem: Problem, modules: IntArray) -> Iterator[str]:
    is_open = modules > 0
    for clique in problem.cliques:
        inside = clique[is_open[clique]]
        if len(inside) > 1:
            yield f"sites {inside.tolist()} exclude each other, but all are built"
    for ban in problem.bans:
        together = ban.sites[is_open[ban.sites]]
        if len(together) > ban.most:
            yield f"sites {together.tolist()} are all built, but only {ban.most} of them may stand together"
    if problem.quotas is not None:
        used = problem.quotas.used(modules)
        for d in np.flatnonzero(used > problem.quotas.most).tolist():
            yield f"district {d}: {used[d]} compounds have sites, its quota is {problem.quotas.most[d]}"
    for site in problem.locked_in[~is_open[problem.locked_in]].tolist():
        yield f"site {site} is locked in, but not built"
    for site in problem.locked_out[is_open[problem.locked_out]].tolist():
        yield f"site {site} is locked out, but built"


def _count(problem: Problem, modules: IntArray) -> Iterator[str]:
    part, found = problem.count, int((modules > 0).sum())
    if part is None:
        return
    if part.most is not None and found > part.most:
        yield f"{found} sites are open, at most {part.most} may be"
    if found < part.least:
        yield f"{found} sites are open, at least {part.least} must be"


def _standing(problem: Problem, modules: IntArray) -> Iterator[str]:
    part = problem.existing
    if part is None:
        return
    for site in np.flatnonzero((modules < part.modules) & (modules > 0)).tolist():
        yield f"site {site} stands with {part.modules[site]} modules, but the plan leaves {modules[site]}"
    for site in np.flatnonzero(part.stays & (modules == 0)).tolist():
        yield f"site {site} stands and may not be removed, but the plan removes it"


def _floors(problem: Problem, served: FloatArray) -> Iterator[str]:
    demands, walks = problem.demands, problem.walks
    if problem.service_floor is not None:
        yield from _under("service", float(demands.weight[walks.i] @ served), problem.service_floor)
    if problem.walking_limit_m is not None:
        walked = np.array([float(walks.walk_m @ served)])
        yield from _over("walking limit", walked, np.array([problem.walking_limit_m]))
    if problem.groups is not None and problem.floors is not None:
        of_group = problem.groups.sums(_sums(walks.i, served, len(demands)))
        for g in problem.floors.asked.tolist():
            what = f"floor of {problem.groups.name(g)}"
            yield from _under(what, float(of_group[g]), float(problem.floors.least[g]))


def _power(problem: Problem, solution: Solution) -> Iterator[str]:
    part = problem.transformers
    bought: dict[int, list[int]] = {}
    for t, step in solution.upgrades:
        bought.setdefault(t, []).append(step)
    if part is None:
        if bought:
            yield "upgrades are bought, but the problem has no transformers"
        return
    load = part.load_kva(solution.modules) - part.load_kva(problem.standing)
    for t, steps in sorted(bought.items()):
        if sorted(steps) != list(range(len(steps))) or t >= len(part) or len(steps) > len(part.steps[t]):
            yield f"transformer {t}: upgrade steps {sorted(steps)} are not the first ones, each once"
            return
    for t in np.flatnonzero(part.limited).tolist():
        capacity = part.spare_kva[t] + sum(part.steps[t][step][0] for step in bought.get(t, []))
        if load[t] > capacity + _TOLERANCE * max(1.0, capacity):
            yield f"transformer {t}: load {load[t]:.3f} kVA exceeds {capacity:.3f} kVA"


def _figures(problem: Problem, solution: Solution) -> Iterator[str]:
    site_cost = _site_cost_cny(problem, solution.modules)
    part = problem.transformers
    upgrades = sum(part.steps[t][step][1] for t, step in solution.upgrades) if part else 0.0
    spent = float(site_cost.sum()) + upgrades
    objective = _objective(problem, solution, spent)
    stated = (
        ("spent_cny", solution.spent_cny, spent),
        ("site_spent_cny", float(solution.site_spent_cny.sum()), float(site_cost.sum())),
        ("objective", solution.objective, objective),
    )
    for name, said, true in stated:
        if not abs(said - true) <= _TOLERANCE * max(1.0, abs(true)):
            yield f"{name} is stated as {said:.3f}, but is {true:.3f}"
    if problem.budget_cny is not None and spent > problem.budget_cny + _TOLERANCE * max(1.0, problem.budget_cny):
        yield f"the plan costs {spent:.2f} CNY, the budget is {problem.budget_cny:.2f} CNY"
    slack = _TOLERANCE * max(1.0, abs(objective))
    if solution.aim.is_better(solution.objective, solution.bound, by=slack):
        side = "above" if solution.aim.is_least else "below"
        yield f"the bound {solution.bound:.6f} is {side} the objective {solution.objective:.6f}"


def _site_cost_cny(problem: Problem, modules: IntArray) -> FloatArray:
    """Return what each site costs, site by site: built, expanded, removed or left alone."""
    sites, cost = problem.sites, np.zeros(len(modules))
    for j, (now, today) in enumerate(zip(modules.tolist(), problem.standing.tolist(), strict=True)):
        if today and not now and problem.existing is not None:
            cost[j] = problem.existing.removal_cost_cny[j]
        elif today:
            cost[j] = (now - today) * sites.module_cost_cny[j]
        elif now:
            cost[j] = sites.open_cost_cny[j] + now * sites.module_cost_cny[j]
    return cost


def _objective(problem: Problem, solution: Solution, spent: float) -> float:
    """Return the goal's first figure."""
    walks, demands, aim = problem.walks, problem.demands, solution.aim
    if problem.goal is not None and problem.goal.aim is not aim:
        return np.nan
    if aim is Aim.SERVICE:
        return float(demands.weight[walks.i] @ solution.served)
    if aim is Aim.COST:
        return spent
    if aim is Aim.WALKING:
        return float(walks.walk_m @ solution.served)
    if aim is Aim.MARGIN and problem.sites.margin_m is not None:
        new = [j for j in np.flatnonzero(solution.modules).tolist() if not problem.standing[j]]
        return min([float(problem.sites.margin_m[j]) for j in new], default=float(problem.sites.margin_m.max()))
    of_demand, shares = _sums(walks.i, solution.served, len(demands)), []
    for g in counted_groups(problem).tolist() if problem.groups is not None else []:
        mine = problem.groups.group == g if problem.groups is not None else np.zeros(0, bool)
        shares.append(float(of_demand[mine].sum() / demands.vehicles[mine].sum()))
    return min(shares, default=0.0)
