"""Does a solution keep every limit? Recomputed from the arrays alone, one limit after the other."""

from collections.abc import Iterator

import numpy as np

from siting.model.parts import FloatArray, IntArray, Transformers
from siting.model.problem import Problem
from siting.model.solution import Solution

__all__ = ["violations"]

_TOLERANCE = 1e-6  # relative to the limit, or absolute below 1


def violations(problem: Problem, solution: Solution) -> tuple[str, ...]:
    """Return one sentence for each limit that `solution` breaks and each figure it states wrongly; () if none."""
    sites, demands, walks = problem.sites, problem.demands, problem.walks
    modules, served = solution.modules, solution.served
    if modules.shape != (len(sites),) or served.shape != (len(walks),):
        return (f"the solution has {modules.shape} modules and {served.shape} walks, not those of the problem",)
    if (modules != np.floor(modules)).any() or (modules < 0).any() or (served < -_TOLERANCE).any():
        return ("modules must be whole and services not negative",)
    return (
        *_over("demand", _sums(walks.i, served, len(demands)), demands.vehicles),
        *_over(
            "capacity of site",
            _sums(walks.j, served, len(sites)),
            modules * sites.vehicles_per_module,
        ),
        *_over("modules of site", modules.astype(float), sites.max_modules.astype(float)),
        *_choice(problem, solution),
        *_power(problem.transformers, solution),
        *_figures(problem, solution),
    )


def _sums(group: IntArray, served: FloatArray, count: int) -> FloatArray:
    return np.bincount(group, served, minlength=count).astype(np.float64)


def _over(what: str, found: FloatArray, limit: FloatArray) -> Iterator[str]:
    for number in np.flatnonzero(found > limit + _TOLERANCE * np.maximum(1.0, np.abs(limit))).tolist():
        yield f"{what} {number}: {found[number]:.6f} exceeds {limit[number]:.6f}"


def _choice(problem: Problem, solution: Solution) -> Iterator[str]:
    is_open = solution.modules > 0
    for clique in problem.cliques:
        inside = clique[is_open[clique]]
        if len(inside) > 1:
            yield f"sites {inside.tolist()} exclude each other, but all are built"
    for ban in problem.bans:
        together = ban.sites[is_open[ban.sites]]
        if len(together) > ban.most:
            yield f"sites {together.tolist()} are all built, but only {ban.most} of them may stand together"
    if problem.quotas is not None:
        used = problem.quotas.used(solution.modules)
        for d in np.flatnonzero(used > problem.quotas.most).tolist():
            yield f"district {d}: {used[d]} compounds have sites, its quota is {problem.quotas.most[d]}"
    for site in problem.locked_in[~is_open[problem.locked_in]].tolist():
        yield f"site {site} is locked in, but not built"
    for site in problem.locked_out[is_open[problem.locked_out]].tolist():
        yield f"site {site} is locked out, but built"


def _power(part: Transformers | None, solution: Solution) -> Iterator[str]:
    bought: dict[int, list[int]] = {}
    for t, step in solution.upgrades:
        bought.setdefault(t, []).append(step)
    if part is None:
        if bought:
            yield "upgrades are bought, but the problem has no transformers"
        return
    load = part.load_kva(solution.modules)
    for t, steps in sorted(bought.items()):
        if sorted(steps) != list(range(len(steps))) or t >= len(part) or len(steps) > len(part.steps[t]):
            yield f"transformer {t}: upgrade steps {sorted(steps)} are not the first ones, each once"
            return
    for t in np.flatnonzero(part.limited).tolist():
        capacity = part.spare_kva[t] + sum(part.steps[t][step][0] for step in bought.get(t, []))
        if load[t] > capacity + _TOLERANCE * max(1.0, capacity):
            yield f"transformer {t}: load {load[t]:.3f} kVA exceeds {capacity:.3f} kVA"


def _figures(problem: Problem, solution: Solution) -> Iterator[str]:
    site_cost = problem.sites.cost_cny(solution.modules)
    part = problem.transformers
    upgrades = sum(part.steps[t][step][1] for t, step in solution.upgrades) if part else 0.0
    objective = float(problem.demands.weight[problem.walks.i] @ solution.served)
    spent = float(site_cost.sum()) + upgrades
    stated = (
        ("spent_cny", solution.spent_cny, spent),
        ("site_spent_cny", float(solution.site_spent_cny.sum()), float(site_cost.sum())),
        ("objective", solution.objective, objective),
    )
    for name, said, true in stated:
        if abs(said - true) > _TOLERANCE * max(1.0, abs(true)):
            yield f"{name} is stated as {said:.3f}, but is {true:.3f}"
    if problem.budget_cny is not None and spent > problem.budget_cny + _TOLERANCE * max(1.0, problem.budget_cny):
        yield f"the plan costs {spent:.2f} CNY, the budget is {problem.budget_cny:.2f} CNY"
    if solution.bound < solution.objective - _TOLERANCE * max(1.0, objective):
        yield f"the bound {solution.bound:.6f} is below the objective {solution.objective:.6f}"
