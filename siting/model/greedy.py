"""A fast constructive plan: the floor below which no answer may fall, and the solver's first guess."""

import heapq
import time
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from siting.model.parts import Ban, FloatArray, IntArray
from siting.model.problem import Problem

__all__ = ["greedy_modules", "greedy_plan"]


@dataclass(frozen=True, eq=False)
class _Ground:
    """What greedy looks up again and again: walks by site with the heaviest demand first, cliques by site."""

    problem: Problem
    demand: IntArray  # demand of each walk, grouped by site
    starts: IntArray  # where each site's walks begin, J + 1
    mates: tuple[IntArray, ...]  # sites that one open site closes
    bans: tuple[tuple[Ban, ...], ...]  # bans that each site is in
    fed: tuple[IntArray, ...]  # sites of each transformer


@dataclass(frozen=True, eq=False)
class _Step:
    """The best thing to do next at one site."""

    value: float
    cost_cny: float
    modules: int


def greedy_modules(
    problem: Problem, *, built: IntArray | None = None, served: FloatArray | None = None, until: float = np.inf
) -> IntArray:
    """Return the modules per site of `greedy_plan`."""
    return greedy_plan(problem, built=built, served=served, until=until)[0]


def greedy_plan(
    problem: Problem, *, built: IntArray | None = None, served: FloatArray | None = None, until: float = np.inf
) -> tuple[IntArray, FloatArray]:
    """Return modules per site and vehicles served per demand; stops at `until` (of `time.perf_counter`) as it stands.

    Always the most weighted vehicles per CNY next, upgrades included, until none fits.

    Keeps every limit that asks for no service; floors may be missed, which the caller checks. Starts from the sites
    that are locked in or stand today, or from a plan that keeps the limits: its modules
    `built`, and the vehicles `served` on each walk. Lazy evaluation: what a site is worth only falls as others are
    built, except that a bought upgrade makes its transformer's sites cheaper; those are looked at again.
    """
    ground = _survey(problem)
    left = problem.demands.vehicles.copy()
    if built is None or served is None:
        modules = np.maximum(problem.least_modules, problem.standing)
        modules[problem.locked_out] = 0
        for site in np.flatnonzero(modules).tolist():
            _serve(ground, left, site, int(modules[site]))
    else:
        modules = built.copy()
        left = np.maximum(left - np.bincount(problem.walks.i, served, minlength=len(left)), 0.0)
    closed = np.zeros(len(problem.sites), bool)
    closed[problem.locked_out] = True
    for site in np.flatnonzero(modules).tolist():
        closed[ground.mates[site]] = True
    for ban in problem.bans:
        closed[_filled(ban, modules)] = True
    chosen = np.zeros(len(problem.quotas.district) if problem.quotas else 0, bool)
    if problem.quotas is not None:
        chosen[problem.quotas.compound[modules > 0]] = True
        closed |= _beyond_quota(problem, chosen)
    closed |= _beyond_count(problem, modules)
    money = _money_left(problem, modules)
    queue: list[tuple[float, int]] = []

    def offer(site: int) -> None:
        step = _best_step(ground, left, modules, site, money)
        if step is not None:
            heapq.heappush(queue, (-step.value / max(step.cost_cny, 1e-6), site))

    for site in np.flatnonzero(~closed).tolist():
        if time.perf_counter() >= until:
            break
        offer(site)
    while queue and time.perf_counter() < until:
        rank, site = heapq.heappop(queue)
        step = None if closed[site] else _best_step(ground, left, modules, site, money)
        if step is None:
            continue
        now = -step.value / max(step.cost_cny, 1e-6)
        if queue and (now, site) > queue[0] and now > rank:
            heapq.heappush(queue, (now, site))
            continue
        upgraded = _upgrade_count(ground, modules, site, 0) != _upgrade_count(ground, modules, site, step.modules)
        modules[site] += step.modules
        if problem.quotas is not None and not chosen[problem.quotas.compound[site]]:
            chosen[problem.quotas.compound[site]] = True
            closed |= _beyond_quota(problem, chosen)
        closed |= _beyond_count(problem, modules)
        money -= step.cost_cny
        closed[ground.mates[site]] = True
        for ban in ground.bans[site]:
            closed[_filled(ban, modules)] = True
        _serve(ground, left, site, step.modules)
        again = ground.fed[problem.transformers.feeds[site]] if upgraded and problem.transformers else [site]
        for other in again:
            if not closed[other]:
                offer(int(other))
    return modules.astype(np.int64), problem.demands.vehicles - left


def _survey(problem: Problem) -> _Ground:
    walks, count = problem.walks, len(problem.sites)
    order = np.lexsort((walks.i, walks.walk_m, -problem.demands.weight[walks.i], walks.j))
    mates: list[list[int]] = [[] for _ in range(count)]
    for clique in problem.cliques:
        members = clique.tolist()
        for site in members:
            mates[site].extend(other for other in members if other != site)
    bans: list[list[Ban]] = [[] for _ in range(count)]
    for ban in problem.bans:
        for site in ban.sites.tolist():
            bans[site].append(ban)
    part = problem.transformers
    return _Ground(
        problem=problem,
        demand=walks.i[order],
        starts=np.searchsorted(walks.j[order], np.arange(count + 1)),
        mates=tuple(np.unique(np.array(mine, np.int64)) for mine in mates),
        bans=tuple(map(tuple, bans)),
        fed=_fed(part.feeds, len(part)) if part else (),
    )


def _filled(ban: Ban, modules: IntArray) -> IntArray:
    """Return the sites of a ban that may not be opened any more."""
    is_open = modules[ban.sites] > 0
    return ban.sites[~is_open] if is_open.sum() >= ban.most else ban.sites[:0]


def _fed(feeds: IntArray, count: int) -> tuple[IntArray, ...]:
    order = np.argsort(feeds, kind="stable")
    edges = np.searchsorted(feeds[order], np.arange(count + 1)).tolist()
    return tuple(order[a:b] for a, b in pairwise(edges))


def _beyond_quota(problem: Problem, chosen: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return which sites may not be built because their district's quota is used up by `chosen` compounds (J)."""
    part = problem.quotas
    if part is None:
        return np.zeros(len(problem.sites), bool)
    full = np.bincount(part.district[chosen], minlength=len(part.most)) >= part.most
    beyond = ~chosen & full[part.district]
    return beyond[part.compound]


def _beyond_count(problem: Problem, modules: IntArray) -> NDArray[np.bool_]:
    """Return which sites may not be opened because enough are open (J)."""
    most = None if problem.count is None else problem.count.most
    if most is None or int((modules > 0).sum()) < most:
        return np.zeros(len(problem.sites), bool)
    return np.asarray(modules == 0)


def _money_left(problem: Problem, modules: IntArray) -> float:
    if problem.budget_cny is None:
        return np.inf
    spent = float(problem.site_cost_cny(modules).sum())
    part = problem.transformers
    if part is not None:
        load = problem.added_load_kva(modules)
        spent += sum(part.steps_cost_cny(t, part.steps_needed(t, float(load[t])) or 0) for t in range(len(part)))
    return problem.budget_cny - spent


def _best_step(ground: _Ground, left: FloatArray, modules: IntArray, site: int, money: float) -> _Step | None:
    """Return the number of modules to add at `site` with most value per CNY that fits, or None."""
    sites = ground.problem.sites
    built = int(modules[site])
    most = int(sites.max_modules[site]) - built
    mine = ground.demand[ground.starts[site] : ground.starts[site + 1]]
    wanted = left[mine]
    if most <= 0 or wanted.sum() <= 1e-9:
        return None
    # A half-used module of this site costs nothing: what it still holds was served when it was built, because
    # _serve gives a site all it can take. So value counts from zero.
    count = np.arange(1, most + 1)
    reached = np.concatenate(([0.0], np.cumsum(wanted)))
    worth = np.concatenate(([0.0], np.cumsum(wanted * ground.problem.demands.weight[mine])))
    value = np.interp(count * sites.vehicles_per_module[site], reached, worth)
    cost = count * sites.module_cost_cny[site] + (0.0 if built else sites.open_cost_cny[site])
    cost = cost + _upgrade_costs(ground, modules, site, count)
    fits = np.isfinite(cost) & (cost <= money + 1e-9) & (value > 1e-9)
    if not fits.any():
        return None
    rate = np.where(fits, value / np.maximum(cost, 1e-6), -1.0)
    best = int(np.argmax(rate))
    return _Step(float(value[best]), float(cost[best]), int(count[best]))


def _upgrade_costs(ground: _Ground, modules: IntArray, site: int, count: IntArray) -> FloatArray:
    """Return what the further upgrades cost for so many more modules; infinite where no upgrade carries them."""
    part = ground.problem.transformers
    if part is None or part.feeds[site] < 0 or np.isnan(part.spare_kva[part.feeds[site]]):
        return np.zeros(len(count))
    t = int(part.feeds[site])
    load = _load_kva(ground, modules, t)
    paid = part.steps_cost_cny(t, part.steps_needed(t, load) or 0)
    costs = np.full(len(count), np.inf)
    for k, extra in enumerate((load + count * part.kva_per_module[site]).tolist()):
        needed = part.steps_needed(t, extra)
        if needed is None:
            break
        costs[k] = part.steps_cost_cny(t, needed) - paid
    return costs


def _upgrade_count(ground: _Ground, modules: IntArray, site: int, extra: int) -> int:
    part = ground.problem.transformers
    if part is None or part.feeds[site] < 0:
        return 0
    t = int(part.feeds[site])
    return part.steps_needed(t, _load_kva(ground, modules, t) + extra * float(part.kva_per_module[site])) or 0


def _load_kva(ground: _Ground, modules: IntArray, transformer: int) -> float:
    part = ground.problem.transformers
    if part is None:
        return 0.0
    fed = ground.fed[transformer]
    return float((part.kva_per_module[fed] * (modules[fed] - ground.problem.standing[fed])).sum())


def _serve(ground: _Ground, left: FloatArray, site: int, modules: int) -> None:
    """Take what `modules` more modules serve at `site` out of `left`, heaviest demand first (changes `left`)."""
    mine = ground.demand[ground.starts[site] : ground.starts[site + 1]]
    capacity = modules * float(ground.problem.sites.vehicles_per_module[site])
    before = np.concatenate(([0.0], np.cumsum(left[mine])[:-1])) if len(mine) else np.empty(0)
    left[mine] -= np.clip(capacity - before, 0.0, left[mine])
