"""The readable face of a problem: the integer program in PuLP, as one would write it on a board.

Variables are named by number (PuLP turns signs inside ids into underscores, so ids would collide); constraints by
the part they come from. Row for row the same program as `siting.model.matrix`.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pulp

from siting.model.goal import Aim
from siting.model.matrix import bounds
from siting.model.measures import columns, constant, counted_groups, required_goal, spending
from siting.model.problem import Problem
from siting.model.rows import link_limits

__all__ = ["as_pulp"]


@dataclass(frozen=True, eq=False)
class _Variables:
    """f by walk, n and x by site, z by transformer and step, q by compound; share and margin where they are goals."""

    f: list[Any]
    n: list[Any]
    x: list[Any]
    z: list[list[Any]]
    q: list[Any]
    share: Any = None
    margin: Any = None


def as_pulp(problem: Problem, *, aim: Aim | None = None, held: Sequence[tuple[Aim, float]] = ()) -> Any:
    """Return `problem` as a `pulp.LpProblem`; `aim` and `held` as in `siting.model.matrix.as_matrix`.

    A cost is stated without the price of removing all that stands and may go (`siting.model.measures.constant`).
    """
    aim = aim or required_goal(problem).aim
    program = pulp.LpProblem("siting", pulp.LpMinimize if aim.is_least else pulp.LpMaximize)
    v = _add_variables(program, problem, held)
    program.setObjective(_figure(problem, v, aim))
    for name, constraint in _constraints(problem, v):
        program += constraint, name
    for figure, value in held:
        if figure is Aim.MARGIN:
            continue  # its sites are closed already
        found, limit = _figure(problem, v, figure), value - constant(problem, figure)
        program += (found <= limit if figure.is_least else found >= limit), f"held_{figure}"
    return program


def _figure(problem: Problem, v: _Variables, aim: Aim) -> Any:
    """Return a figure of the plan as an expression."""
    goal, walks = required_goal(problem), problem.walks
    if aim is Aim.SERVICE:
        return pulp.lpDot(problem.demands.weight[walks.i].tolist(), v.f)
    if aim is Aim.COST:
        return _spending(problem, v)
    if aim is Aim.WALKING:
        return pulp.lpDot(walks.walk_m.tolist(), v.f)
    if aim is Aim.FLOOR:
        return 1 * v.share
    if aim is Aim.MARGIN:
        return 1 * v.margin
    walking = pulp.lpDot((goal.walk_penalty * walks.walk_m).tolist(), v.f)
    demerits = pulp.lpDot((goal.demerit_penalty * problem.sites.demerit).tolist(), v.x)
    return walking + demerits + _spending(problem, v)


def _add_variables(program: Any, problem: Problem, held: Sequence[tuple[Aim, float]]) -> _Variables:
    at, walks = columns(problem), problem.walks
    lower, upper = (limit.tolist() for limit in bounds(problem, at, held))
    steps = problem.transformers.steps if problem.transformers else ()
    sites = range(len(problem.sites))

    def add(name: str, column: int, cat: str = "Integer") -> Any:
        return program.add_variable(name, lower[column], upper[column], cat=cat)

    pairs = zip(walks.i.tolist(), walks.j.tolist(), strict=True)
    f = [add(f"f_{i}_{j}", at.f.start + k, "Continuous") for k, (i, j) in enumerate(pairs)]
    n = [add(f"n_{j}", at.n.start + j) for j in sites]
    x = [add(f"x_{j}", at.x.start + j) for j in sites]
    z, column = [], at.z.start
    for t, mine in enumerate(steps):
        z.append([add(f"z_{t}_{u}", column + u) for u in range(len(mine))])
        column += len(mine)
    q = [add(f"q_{c}", at.q.start + c) for c in range(at.q.stop - at.q.start)]
    share = add("share", at.share.start, "Continuous") if at.share.start < at.share.stop else None
    margin = add("margin", at.margin.start, "Continuous") if at.margin.start < at.margin.stop else None
    return _Variables(f, n, x, z, q, share, margin)


def _constraints(problem: Problem, v: _Variables) -> Iterator[tuple[str, Any]]:
    sites = problem.sites
    by_demand, by_site = defaultdict(list), defaultdict(list)
    for flow, i, j in zip(v.f, problem.walks.i.tolist(), problem.walks.j.tolist(), strict=True):
        by_demand[i].append(flow)
        by_site[j].append(flow)
    for i, vehicles in enumerate(problem.demands.vehicles.tolist()):
        if i in by_demand:
            served, all_of_it = pulp.lpSum(by_demand[i]), problem.serves_all and problem.demands.weight[i] > 0
            yield f"demand_{i}", served == vehicles if all_of_it else served <= vehicles
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
        yield "budget", _spending(problem, v) <= problem.budget_cny - constant(problem, Aim.COST)
    yield from _links(problem, v)
    yield from _choice(problem, v)
    if problem.service_floor is not None and not problem.serves_all:
        yield "service", _figure(problem, v, Aim.SERVICE) >= problem.service_floor
    if problem.walking_limit_m is not None:
        yield "walking", _figure(problem, v, Aim.WALKING) <= problem.walking_limit_m
    yield from _groups(problem, v)
    margin = problem.sites.margin_m
    if v.margin is not None and margin is not None and len(margin):
        largest = float(margin.max())
        for j in np.flatnonzero((problem.standing == 0) & (margin < largest)).tolist():
            yield f"margin_{j}", v.margin + (largest - float(margin[j])) * v.x[j] <= largest


def _links(problem: Problem, v: _Variables) -> Iterator[tuple[str, Any]]:
    if required_goal(problem).aim is not Aim.WALKING:
        return
    walks = problem.walks
    limits = link_limits(problem).tolist()
    for flow, i, j, most in zip(v.f, walks.i.tolist(), walks.j.tolist(), limits, strict=True):
        yield f"link_{i}_{j}", flow - most * v.x[j] <= 0


def _choice(problem: Problem, v: _Variables) -> Iterator[tuple[str, Any]]:
    count = problem.count
    for j, standing in enumerate(problem.standing.tolist()):
        least = max(standing, 1) if count is not None and count.least else standing
        if least:
            yield f"stand_{j}", least * v.x[j] - v.n[j] <= 0
    if count is not None:
        if count.most is not None:
            yield "count_most", pulp.lpSum(v.x) <= count.most
        if count.least:
            yield "count_least", pulp.lpSum(v.x) >= count.least


def _groups(problem: Problem, v: _Variables) -> Iterator[tuple[str, Any]]:
    part = problem.groups
    if part is None:
        return
    by_group: dict[int, list[Any]] = defaultdict(list)
    for flow, g in zip(v.f, part.group[problem.walks.i].tolist(), strict=True):
        by_group[g].append(flow)
    if problem.floors is not None:
        for g in problem.floors.asked.tolist():
            yield f"floor_{g}", pulp.lpSum(by_group[g]) >= float(problem.floors.least[g])
    if v.share is not None:
        total = part.sums(problem.demands.vehicles)
        for g in counted_groups(problem).tolist():
            yield f"share_{g}", float(total[g]) * v.share - pulp.lpSum(by_group[g]) <= 0


def _power(problem: Problem, v: _Variables) -> Iterator[tuple[str, Any]]:
    part = problem.transformers
    if part is None:
        return
    standing = part.load_kva(problem.standing)
    for t in np.flatnonzero(part.limited).tolist():
        fed = np.flatnonzero(part.feeds == t).tolist()
        load = pulp.lpDot(part.kva_per_module[fed].tolist(), [v.n[j] for j in fed])
        upgrades = pulp.lpDot([kva for kva, _ in part.steps[t]], v.z[t])
        yield f"transformer_{t}", load - upgrades <= float(part.spare_kva[t] + standing[t])
    for t, steps in enumerate(v.z):
        for u in range(1, len(steps)):
            yield f"order_{t}_{u}", steps[u] - steps[u - 1] <= 0


def _spending(problem: Problem, v: _Variables) -> Any:
    """Return the cost of all columns; see `siting.model.measures.spending` for sites that stand."""
    costs, at = spending(problem, columns(problem)), columns(problem)
    parts = [(at.x, v.x), (at.n, v.n), (at.z, [step for mine in v.z for step in mine])]
    return pulp.lpSum(pulp.lpDot(costs[where].tolist(), found) for where, found in parts)
