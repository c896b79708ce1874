"""Make a problem smaller and its program tighter without losing an optimal plan.

Every step keeps the best service and turns any plan of the small problem into one of the first:
- a site nobody reaches, or locked out, goes; a site never needs more modules than its demands fill;
- a site goes if another of its cliques serves the same demands at no more cost, power and conflict (dominance);
- demands of equal weight and floor that reach the same sites become one (how far they walk does not matter here);
- a transformer's capacity counts in whole modules where all its sites draw the same, and an upgrade counts no more
  than its sites could use: both cut fractions of an upgrade out of the relaxation.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from siting.model.parts import Ban, Demands, FloatArray, IntArray, Locks, Sites, Transformers, Walks
from siting.model.problem import Problem

__all__ = ["Reduction", "as_it_is", "reduce_problem", "select_sites", "taken_bans"]

_BIGGEST_CLIQUE = 60  # dominance looks at pairs; larger groups are left alone


@dataclass(frozen=True, eq=False)
class Reduction:
    """The smaller problem and which site of the first each of its sites is."""

    problem: Problem
    site: IntArray
    original: Problem

    def expand(self, modules: IntArray) -> IntArray:
        """Return modules per site of the first problem."""
        full = np.zeros(len(self.original.sites), np.int64)
        full[self.site] = modules
        return full

    def shrink(self, modules: IntArray) -> IntArray:
        """Return modules per site of the small problem; what it cannot hold is cut off."""
        return np.minimum(modules[self.site], self.problem.sites.max_modules)


def as_it_is(problem: Problem) -> Reduction:
    """Return the problem unreduced, in a problem's place where the steps above would lose what it asks for."""
    return Reduction(problem, np.arange(len(problem.sites)), problem)


def reduce_problem(problem: Problem) -> Reduction:
    """Return a smaller problem with the same best service."""
    limit = _useful_modules(problem)
    kept = limit > 0
    kept[problem.locked_out] = False
    kept[problem.locked_in] = True
    kept[_dominated(problem, np.flatnonzero(kept), limit)] = False
    site = np.flatnonzero(kept)
    small = select_sites(problem, site)
    sites = replace(small.sites, max_modules=np.maximum(limit[site], 1))
    number = np.full(len(kept), -1)
    number[site] = np.arange(len(site))
    locks = Locks(number[problem.locked_in], np.empty(0, np.int64)) if problem.locked_in.size else None
    small = _merge_demands(replace(small, sites=sites, locks=locks))
    return Reduction(replace(small, transformers=_tighten(small)), site, problem)


def _useful_modules(problem: Problem) -> IntArray:
    """Return how many modules of each site its demands can fill."""
    wanted = np.bincount(
        problem.walks.j,
        (problem.demands.vehicles * _counts(problem))[problem.walks.i],
        minlength=len(problem.sites),
    )
    capacity = problem.sites.vehicles_per_module
    filled = np.ceil(np.divide(wanted, capacity, out=np.zeros(len(wanted)), where=capacity > 0) - 1e-9)
    return np.minimum(problem.sites.max_modules, filled).astype(np.int64)


def _counts(problem: Problem) -> NDArray[np.bool_]:
    """Return which demands the goal or a floor counts (I)."""
    counted: NDArray[np.bool_] = problem.demands.weight > 0
    if problem.groups is not None and problem.floors is not None:
        counted |= np.isin(problem.groups.group, problem.floors.asked)
    return counted & (problem.demands.vehicles > 0)


def _dominated(problem: Problem, kept: IntArray, limit: IntArray) -> list[int]:
    """Return sites that another site of one of their cliques replaces without loss; of equals the first stays."""
    reach: dict[int, set[int]] = defaultdict(set)
    for i, j in zip(problem.walks.i.tolist(), problem.walks.j.tolist(), strict=True):
        reach[j].add(i)
    mates: dict[int, set[int]] = defaultdict(set)
    for clique in problem.cliques:
        for j in clique.tolist():
            mates[j].update(clique.tolist())
    banned: dict[int, set[int]] = defaultdict(set)
    for number, ban in enumerate(problem.bans):
        for j in ban.sites.tolist():
            banned[j].add(number)
    candidates, locked = set(kept.tolist()), set(problem.locked_in.tolist())
    gone: list[int] = []
    for clique in problem.cliques:
        members = [j for j in clique.tolist() if j in candidates] if len(clique) <= _BIGGEST_CLIQUE else []
        for j in members:
            rivals = [k for k in members if k in candidates and k != j]
            if j not in locked and any(
                _beats(problem, k, j, limit)
                and mates[k] <= mates[j]
                and banned[k] <= banned[j]
                and reach[k] >= reach[j]
                for k in rivals
            ):
                candidates.discard(j)
                gone.append(j)
    return gone


def _beats(problem: Problem, k: int, j: int, limit: IntArray) -> bool:
    sites, part, quotas = problem.sites, problem.transformers, problem.quotas
    if quotas is not None and quotas.compound[k] != quotas.compound[j]:
        return False
    power = part is None or (part.feeds[k] == part.feeds[j] and part.kva_per_module[k] <= part.kva_per_module[j])
    return bool(
        power
        and sites.open_cost_cny[k] <= sites.open_cost_cny[j]
        and sites.module_cost_cny[k] <= sites.module_cost_cny[j]
        and sites.vehicles_per_module[k] >= sites.vehicles_per_module[j]
        and limit[k] >= limit[j]
    )


def select_sites(problem: Problem, site: IntArray) -> Problem:
    """Return the problem over some sites, without its locks; demands that reach none of them are dropped."""
    number = np.full(len(problem.sites), -1)
    number[site] = np.arange(len(site))
    walks, demands, sites, part = problem.walks, problem.demands, problem.sites, problem.transformers
    used = (number[walks.j] >= 0) & _counts(problem)[walks.i]
    reached, i = np.unique(walks.i[used], return_inverse=True)
    cliques = [number[clique][number[clique] >= 0] for clique in problem.cliques]
    return replace(
        problem,
        locks=None,
        demands=Demands(demands.vehicles[reached], demands.weight[reached]),
        groups=problem.groups and replace(problem.groups, group=problem.groups.group[reached]),
        sites=_take_sites(sites, site),
        walks=Walks(i, number[walks.j[used]], walks.walk_m[used]),
        cliques=tuple(clique for clique in cliques if len(clique) > 1),
        bans=taken_bans(problem.bans, number),
        transformers=part and replace(part, feeds=part.feeds[site], kva_per_module=part.kva_per_module[site]),
        quotas=problem.quotas and replace(problem.quotas, compound=problem.quotas.compound[site]),
    )


def taken_bans(bans: Iterable[Ban], number: IntArray) -> tuple[Ban, ...]:
    """Return the bans over renumbered sites (-1: gone); one that can no longer be broken is dropped."""
    taken = [Ban(mine[mine >= 0], ban.most) for ban in bans if len(mine := number[ban.sites])]
    return tuple(ban for ban in taken if len(ban.sites) > ban.most)


def _take_sites(sites: Sites, site: IntArray) -> Sites:
    return Sites(
        sites.open_cost_cny[site],
        sites.module_cost_cny[site],
        sites.max_modules[site],
        sites.vehicles_per_module[site],
        sites.demerit[site],
        tuple(sites.names[j] for j in site.tolist()) if sites.names else (),
    )


def _merge_demands(problem: Problem) -> Problem:
    """Join demands of equal weight, floor and sites; a walk keeps the shortest length of those joined."""
    demands, walks = problem.demands, problem.walks
    starts = np.searchsorted(walks.i, np.arange(len(demands) + 1))
    has_floors = problem.groups is not None and problem.floors is not None
    floored = problem.groups.group if problem.groups and has_floors else np.full(len(demands), -1)
    group_of: dict[tuple[float, int, bytes], int] = {}
    group = np.array(
        [
            group_of.setdefault((weight, mine, walks.j[a:b].tobytes()), len(group_of))
            for weight, mine, a, b in zip(
                demands.weight.tolist(), floored.tolist(), starts[:-1], starts[1:], strict=True
            )
        ],
        dtype=np.int64,
    )
    count = len(group_of)
    weight = np.zeros(count)
    weight[group] = demands.weight
    joined = np.full(count, -1)
    joined[group] = floored
    pair, where = np.unique(group[walks.i] * max(len(problem.sites), 1) + walks.j, return_inverse=True)
    walk_m = np.full(len(pair), np.inf)
    np.minimum.at(walk_m, where, walks.walk_m)
    return replace(
        problem,
        demands=Demands(np.bincount(group, demands.vehicles, minlength=count).astype(np.float64), weight),
        groups=replace(problem.groups, group=joined) if problem.groups and has_floors else None,
        walks=Walks(pair // max(len(problem.sites), 1), pair % max(len(problem.sites), 1), walk_m),
    )


def _tighten(problem: Problem) -> Transformers | None:
    """Return the transformers with capacities rounded down to what whole modules can use."""
    part = problem.transformers
    if part is None:
        return None
    spare, steps = part.spare_kva.copy(), list(part.steps)
    for t in np.flatnonzero(part.limited).tolist():
        fed = np.flatnonzero(part.feeds == t)
        usable = _usable_kva(problem, fed)
        draws = np.unique(part.kva_per_module[fed])
        grain = float(draws[0]) if len(draws) == 1 and draws[0] > 0 else 0.0
        ends = np.cumsum([part.spare_kva[t], *(kva for kva, _ in part.steps[t])])
        ends = np.minimum(_whole_modules(ends, grain), usable)
        spare[t] = ends[0]
        costs = [cost for _, cost in part.steps[t]]
        steps[t] = tuple(zip(np.diff(ends).tolist(), costs, strict=True))
    return Transformers(spare, part.feeds, part.kva_per_module, tuple(steps), part.names)


def _whole_modules(kva: FloatArray, grain: float) -> FloatArray:
    return np.floor(kva / grain + 1e-6) * grain if grain else kva


def _usable_kva(problem: Problem, fed: IntArray) -> float:
    """Return a bound on what the sites `fed` can draw together: of each clique only the hungriest counts."""
    part = problem.transformers
    if part is None:
        return 0.0
    draw = np.zeros(len(problem.sites))
    draw[fed] = (problem.sites.max_modules * part.kva_per_module)[fed]
    total, counted = 0.0, np.zeros(len(problem.sites), bool)
    for clique in problem.cliques:
        new = clique[~counted[clique]]
        total += float(draw[new].max(initial=0.0))
        counted[new] = True
    return total + float(draw[~counted].sum())
