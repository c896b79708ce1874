"""The readable face of a problem: the integer program in PuLP, as one would write it on a board.

Variables are named by number (PuLP turns signs inside ids into underscores, so ids would collide); constraints by
the part they come from. Row for row the same program as `siting.model.matrix`.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pulp

from siting.model.matrix import required_goal
from siting.model.problem import Problem

__all__ = ["as_pulp"]


@dataclass(frozen=True, eq=False)
class _Variables:
    """f by walk, n and x by site, z by transformer and step, q by compound."""

    f: list[Any]
    n: list[Any]
    x: list[Any]
    z: list[list[Any]]
    q: list[Any]


def as_pulp(problem: Problem, *, hold_service: float | None = None) -> Any:
    """Return `problem` as a `pulp.LpProblem`; `hold_service` as in `siting.model.matrix.as_matrix`."""
    goal = required_goal(problem)
    program = pulp.LpProblem("siting", pulp.LpMaximize)
    v = _add_variables(program, problem)
    service = pulp.lpDot(problem.demands.weight[problem.walks.i].tolist(), v.f)
    if hold_service is None:
        program.setObjective(service)
    else:
        walking = pulp.lpDot((-goal.walk_penalty * problem.walks.walk_m).tolist(), v.f)
        demerits = pulp.lpDot((-goal.demerit_penalty * problem.sites.demerit).tolist(), v.x)
        program.setObjective(walking + demerits - _spending(problem, v))
    for name, constraint in _constraints(problem, v):
        program += constraint, name
    if hold_service is not None:
        program += service >= hold_service, "service"
    return program


def _add_variables(program: Any, problem: Problem) -> _Variables:
    sites, walks = problem.sites, problem.walks
    vehicles = problem.demands.vehicles.tolist()
    locked_in, locked_out = set(problem.locked_in.tolist()), set(problem.locked_out.tolist())

    def whole(name: str, low: int, high: int) -> Any:
        return program.add_variable(name, low, high, cat="Integer")

    def per_site(letter: str, highest: list[int]) -> list[Any]:
        return [
            whole(f"{letter}_{j}", int(j in locked_in), 0 if j in locked_out else high)
            for j, high in enumerate(highest)
        ]

    pairs = zip(walks.i.tolist(), walks.j.tolist(), strict=True)
    steps = problem.transformers.steps if problem.transformers else ()
    return _Variables(
        f=[program.add_variable(f"f_{i}_{j}", 0, vehicles[i]) for i, j in pairs],
        n=per_site("n", sites.max_modules.tolist()),
        x=per_site("x", [1] * len(sites)),
        z=[[whole(f"z_{t}_{u}", 0, 1) for u in range(len(mine))] for t, mine in enumerate(steps)],
        q=[whole(f"q_{c}", 0, 1) for c in range(len(problem.quotas.district) if problem.quotas else 0)],
    )


def _constraints(problem: Problem, v: _Variables) -> Iterator[tuple[str, Any]]:
    sites = problem.sites
    by_demand, by_site = defaultdict(list), defaultdict(list)
    for flow, i, j in zip(v.f, problem.walks.i.tolist(), problem.walks.j.tolist(), strict=True):
        by_demand[i].append(flow)
        by_site[j].append(flow)
    for i, vehicles in enumerate(problem.demands.vehicles.tolist()):
        if i in by_demand:
            yield f"demand_{i}", pulp.lpSum(by_demand[i]) <= vehicles
    for j in range(len(sites)):
        yield f"capacity_{j}", pulp.lpSum(by_site[j]) - float(sites.vehicles_per_module[j]) * v.n[j] <= 0
        yield f"modules_{j}", v.n[j] - int(sites.max_modules[j]) * v.x[j] <= 0
    for k, clique in enumerate(problem.cliques):
        yield f"clique_{k}", pulp.lpSum(v.x[j] for j in clique.tolist()) <= 1
    for k, ban in enumerate(problem.bans):
        yield f"ban_{k}", pulp.lpSum(v.x[j] for j in ban.sites.tolist()) <= ban.most
    yield from _power(problem, v)
    if problem.quotas is not None:
        for j, c in enumerate(problem.quotas.compound.tolist()):
            yield f"chosen_{j}", v.x[j] - v.q[c] <= 0
        for d, most in enumerate(problem.quotas.most.tolist()):
            mine = np.flatnonzero(problem.quotas.district == d).tolist()
            if mine:
                yield f"quota_{d}", pulp.lpSum(v.q[c] for c in mine) <= most
    if problem.budget_cny is not None:
        yield "budget", _spending(problem, v) <= problem.budget_cny


def _power(problem: Problem, v: _Variables) -> Iterator[tuple[str, Any]]:
    part = problem.transformers
    if part is None:
        return
    for t in np.flatnonzero(part.limited).tolist():
        fed = np.flatnonzero(part.feeds == t).tolist()
        load = pulp.lpDot(part.kva_per_module[fed].tolist(), [v.n[j] for j in fed])
        upgrades = pulp.lpDot([kva for kva, _ in part.steps[t]], v.z[t])
        yield f"transformer_{t}", load - upgrades <= float(part.spare_kva[t])
    for t, steps in enumerate(v.z):
        for u in range(1, len(steps)):
            yield f"order_{t}_{u}", steps[u] - steps[u - 1] <= 0


def _spending(problem: Problem, v: _Variables) -> Any:
    sites, part = problem.sites, problem.transformers
    total = pulp.lpDot(sites.open_cost_cny.tolist(), v.x) + pulp.lpDot(sites.module_cost_cny.tolist(), v.n)
    for t, steps in enumerate(v.z):
        if part is not None:
            total += pulp.lpDot(part.step_cost_cny[part.step_owner == t].tolist(), steps)
    return total
