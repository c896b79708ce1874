"""Small random problems with every part on or off and any goal, and their best plan by trying everything.

Independent of the package's rows, measures and flows: only the records of the parts are shared.
"""

from itertools import product

import numpy as np
from scipy.optimize import linprog

from siting.model.goal import Aim, Goal
from siting.model.limits import Count, Existing, Floors, Groups
from siting.model.parts import Demands, Locks, Quotas, Sites, Transformers, Walks
from siting.model.problem import Problem

AIMS = (Aim.SERVICE, Aim.COST, Aim.WALKING, Aim.FLOOR, Aim.MARGIN)


def make_problem(seed: int, *, shuffle: bool = False) -> Problem:
    """Return up to 3 sites of at most 2 modules and 4 demands; the goals take turns, parts are there at random."""
    rng = np.random.default_rng(seed)
    demands, sites = int(rng.integers(1, 5)), int(rng.integers(1, 4))
    linked = rng.random((demands, sites)) < 0.8
    walk_m = rng.integers(5, 200, linked.shape).astype(float)
    vehicles, weight = rng.integers(1, 40, demands).astype(float), rng.choice([1.0, 1.5, 2.0], demands)
    columns = {
        "open_cost_cny": rng.integers(0, 9, sites) * 10.0 + rng.integers(0, 9, sites),
        "module_cost_cny": rng.integers(1, 9, sites) * 5.0,
        "max_modules": rng.integers(1, 3, sites),
        "vehicles_per_module": rng.choice([12.0, 24.0, 60.0], sites),
        "demerit": rng.integers(0, 2, sites),
        "margin_m": rng.integers(-2, 9, sites) / 4.0,
    }
    on = rng.random(10) < 0.35
    compound, feeds = rng.integers(0, 2, sites), rng.integers(-1, 2, sites)
    kva, spare = rng.choice([2.0, 3.0], sites), np.array([rng.integers(0, 8), np.nan if rng.random() < 0.3 else 3.0])
    stands = np.minimum(rng.integers(0, 3, sites) * (rng.random(sites) < 0.4), columns["max_modules"])
    removal = np.where(rng.random(sites) < 0.5, np.nan, rng.integers(0, 9, sites) * 10.0)
    pick = rng.permutation(sites)
    group = rng.integers(-1, 2, demands)
    group[0] = 0
    share, everybody = rng.choice([0.1, 0.3, 0.6]), float(vehicles @ weight)
    aim = AIMS[seed % len(AIMS)]
    service = everybody * rng.choice([0.2, 0.5, 1.0]) if on[6] or aim in (Aim.COST, Aim.WALKING, Aim.MARGIN) else None
    least = int(rng.integers(0, 2))
    new = np.random.default_rng(seed + 1).permutation(sites) if shuffle else np.arange(sites)
    old = np.argsort(new)
    i, j = np.nonzero(linked[:, old])
    lock_in, lock_out = ([int(new[pick[0]])] if rng.random() < 0.5 else []), [int(new[k]) for k in pick[1:2]]
    groups = Groups(group, 2)
    return Problem(
        Demands(vehicles, weight),
        Sites(**{name: figures[old] for name, figures in columns.items()}),
        Walks(i, j, walk_m[:, old][i, j]),
        goal=Goal(aim=aim),
        budget_cny=float(rng.integers(5, 30) * 10) if on[0] else None,
        cliques=(np.sort(new[pick[:2]]),) if on[1] and sites > 1 else (),
        transformers=Transformers(spare, feeds[old], kva[old], (((3.0, 15.0), (5.0, 10.0)), ((4.0, 20.0),)))
        if on[2]
        else None,
        locks=Locks(lock_in, lock_out) if on[3] else None,
        quotas=Quotas(compound[old], [0, 0], [1]) if on[4] else None,
        groups=groups,
        floors=Floors(share * groups.sums(vehicles)) if on[5] else None,
        service_floor=service,
        walking_limit_m=float(rng.integers(1, 60) * 100) if on[7] else None,
        count=Count(least, int(rng.integers(max(least, 1), 3))) if on[8] else None,
        existing=Existing(stands[old], removal[old]) if on[9] else None,
    )


def best_by_force(problem: Problem) -> tuple[float, ...] | None:
    """Return the figures of the best plan in the goal's order (served first where more is better), None if none.

    Each figure stands so that more is better: costs and walking with their sign turned.
    """
    best: tuple[float, ...] | None = None
    choices = [
        (modules, cost)
        for modules in map(np.array, product(*(range(most, -1, -1) for most in problem.sites.max_modules.tolist())))
        if (cost := cost_if_allowed(problem, modules)) is not None
    ]
    assert problem.goal is not None
    if problem.goal.aim is Aim.COST:
        choices.sort(key=lambda choice: choice[1])
    if problem.goal.aim is Aim.MARGIN:
        choices.sort(key=lambda choice: (-tightest_margin(problem, choice[0]), choice[1]))
    for modules, cost in choices:
        if best is not None and not _may_beat(problem, modules, cost, best):
            continue
        flows = best_flows(problem, modules)
        if flows is None:
            continue
        service, walking, share = flows
        demerits = problem.goal.demerit_penalty * float(problem.sites.demerit[modules > 0].sum())
        expense = -round(cost + problem.goal.walk_penalty * walking + demerits, 3)
        figures = {
            Aim.SERVICE: (round(service, 5), expense),
            Aim.COST: (-cost, round(service, 5), expense),
            Aim.WALKING: (-round(walking, 4), expense),
            Aim.FLOOR: (round(share, 7), round(service, 5), expense),
            Aim.MARGIN: (tightest_margin(problem, modules), -cost, round(service, 5), expense),
        }[problem.goal.aim]
        best = figures if best is None else max(best, figures)
    return best


def _may_beat(problem: Problem, modules: np.ndarray, cost: float, best: tuple[float, ...]) -> bool:
    assert problem.goal is not None
    if problem.goal.aim is Aim.COST:
        return -cost >= best[0]
    if problem.goal.aim is Aim.MARGIN:
        return (tightest_margin(problem, modules), -cost) >= best[:2]
    if problem.goal.aim is Aim.SERVICE:
        room = (modules * problem.sites.vehicles_per_module)[problem.walks.j]
        reach = np.bincount(problem.walks.i, room, minlength=len(problem.demands))
        return float(problem.demands.weight @ np.minimum(problem.demands.vehicles, reach)) >= best[0] - 1e-4
    return True


def tightest_margin(problem: Problem, modules: np.ndarray) -> float:
    margin = problem.sites.margin_m
    assert margin is not None
    return min((float(margin[j]) for j in range(len(modules)) if modules[j] and not problem.standing[j]),
               default=float(margin.max()))  # fmt: skip


def cost_if_allowed(problem: Problem, modules: np.ndarray) -> float | None:
    """Return what a choice of modules costs, or None if it breaks a limit that needs no flows."""
    sites, part, cost = problem.sites, problem.transformers, 0.0
    built = {j for j, n in enumerate(modules.tolist()) if n}
    stands = problem.existing.modules.tolist() if problem.existing else [0] * len(modules)
    for j, (now, today) in enumerate(zip(modules.tolist(), stands, strict=True)):
        if 0 < now < today:
            return None
        if today and not now:
            price = float(problem.existing.removal_cost_cny[j])
            if np.isnan(price):
                return None
            cost += price
        elif now:
            cost += (now - today) * float(sites.module_cost_cny[j]) + (0 if today else float(sites.open_cost_cny[j]))
    if any(len(built & set(clique.tolist())) > 1 for clique in problem.cliques):
        return None
    if problem.locks and (not set(problem.locks.locked_in) <= built or built & set(problem.locks.locked_out)):
        return None
    if problem.quotas and len({int(problem.quotas.compound[j]) for j in built}) > problem.quotas.most[0]:
        return None
    if problem.count and not problem.count.least <= len(built) <= (problem.count.most or 99):
        return None
    for t in range(len(part) if part else 0):
        load = sum(float(part.kva_per_module[j]) * (modules[j] - stands[j]) for j in range(len(modules))
                   if part.feeds[j] == t)  # fmt: skip
        room = float(part.spare_kva[t])
        for kva, price in part.steps[t]:
            if load > room + 1e-9:
                room, cost = room + kva, cost + price
        if load > room + 1e-9:
            return None
    return None if problem.budget_cny is not None and cost > problem.budget_cny + 1e-9 else cost


def best_flows(problem: Problem, modules: np.ndarray) -> tuple[float, float, float] | None:
    """Return service, walking and the worst counted group's share of the best flows, or None if a floor is missed."""
    walks, demands = problem.walks, problem.demands
    count = len(walks)
    served_in = {g: (problem.groups.group[walks.i] == g).astype(float) for g in range(2)}
    total = {g: float(demands.vehicles[problem.groups.group == g].sum()) for g in range(2)}
    weight = demands.weight[walks.i]
    rows = [np.r_[walks.i == i, 0.0] for i in range(len(demands))]
    limits = list(demands.vehicles)
    rows += [np.r_[walks.j == j, 0.0] for j in range(len(modules))]
    limits += list(modules * problem.sites.vehicles_per_module)
    if problem.service_floor is not None:
        rows, limits = [*rows, np.r_[-weight, 0.0]], [*limits, -problem.service_floor]
    if problem.walking_limit_m is not None:
        rows, limits = [*rows, np.r_[walks.walk_m, 0.0]], [*limits, problem.walking_limit_m]
    if problem.floors is not None:
        rows += [np.r_[-served_in[g], 0.0] for g in range(2)]
        limits += [-float(least) for least in problem.floors.least]
    aim = problem.goal.aim
    if aim is Aim.FLOOR:
        closed = set(problem.locks.locked_out.tolist()) if problem.locks else set()
        reach = {int(i) for i, j in zip(walks.i, walks.j, strict=True) if int(j) not in closed}
        counted = {int(problem.groups.group[i]) for i in reach if demands.vehicles[i] > 0} - {-1}
        rows += [np.r_[-served_in[g], total[g]] for g in sorted(counted)]
        limits += [0.0] * len(counted)
    share, gains = 0.0, [np.r_[weight, 0.0], np.r_[-walks.walk_m, 0.0]]
    gains = [np.r_[np.zeros(count), 1.0], *gains] if aim is Aim.FLOOR else gains[1:] if aim is Aim.WALKING else gains
    for gain in gains:
        found = linprog(-gain, A_ub=np.array(rows), b_ub=limits, bounds=[(0, None)] * count + [(0, 1)])
        if not found.success:
            return None
        rows, limits = [*rows, -gain], [*limits, found.fun + 1e-7]
        share = float(found.x[-1]) if gain[-1] else share
        best = found.x[:count]
    return float(weight @ best), float(walks.walk_m @ best), share
