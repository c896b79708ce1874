"""Made-up problems: one to read, and small random ones with parts switched on and off."""

from collections.abc import Callable, Sequence
from itertools import product

import numpy as np
import pytest
from scipy.optimize import linprog

from siting.model.parts import Ban, Demands, Sites, Walks
from siting.model.problem import Problem


def make_tiny() -> Problem:
    """Two buildings of 30 and 20 vehicles, three sites of 24 vehicles a module.

    Site 0 (100 CNY + 50 a module, at most 1) and site 1 (150 + 60, at most 2) serve both, site 2 (90 + 50, at most 1)
    only the second, whose vehicles weigh 2.
    """
    demands = Demands(np.array([30.0, 20.0]), np.array([1.0, 2.0]))
    sites = Sites(
        np.array([100.0, 150.0, 90.0]), np.array([50.0, 60.0, 50.0]), np.array([1, 2, 1]), np.full(3, 24.0), np.zeros(3)
    )
    walks = Walks(np.array([0, 0, 1, 1, 1]), np.array([0, 1, 0, 1, 2]), np.array([10.0, 40.0, 20.0, 30.0, 5.0]))
    return Problem(demands, sites, walks).maximise_service()


def make_random(seed: int, *, shuffle: bool = False) -> Problem:
    """Return up to 4 sites of at most 2 modules and 4 demands; every part is there in about half of the cases."""
    rng = np.random.default_rng(seed)
    count_i, count_j = int(rng.integers(1, 5)), int(rng.integers(1, 5))
    linked = rng.random((count_i, count_j)) < 0.7
    walk_m = rng.uniform(5, 200, linked.shape)
    vehicles, weight = rng.uniform(0, 40, count_i).round(2), rng.choice([1.0, 1.5, 2.0], count_i)
    open_cost, module_cost = rng.integers(0, 9, count_j) * 10.0, rng.integers(1, 9, count_j) * 5.0
    most, per_module = rng.integers(1, 3, count_j), rng.choice([12.0, 24.0], count_j)
    demerit = rng.integers(0, 2, count_j)
    on = rng.random(4) < 0.6
    pairs = [tuple(rng.choice(count_j, 2, replace=False).tolist()) for _ in range(2)] if count_j > 1 else []
    feeds, spare = rng.integers(-1, 2, count_j), np.array([rng.uniform(0, 8), np.nan if rng.random() < 0.3 else 3.0])
    kva, steps = rng.choice([2.0, 3.0], count_j), [[(3.0, 15.0), (5.0, 10.0)], [(4.0, 20.0)]]
    budget = float(rng.integers(0, 25) * 10)
    locks = rng.permutation(count_j)[:2].tolist()
    new = np.random.default_rng(seed + 1).permutation(count_j) if shuffle else np.arange(count_j)
    old = np.argsort(new)
    i, j = np.nonzero(linked[:, old])
    problem = Problem(
        Demands(vehicles, weight),
        Sites(open_cost[old], module_cost[old], most[old], per_module[old], demerit[old]),
        Walks(i, j, walk_m[:, old][i, j]),
    ).maximise_service()
    if on[0]:
        problem = problem.with_budget(budget)
    if on[1]:
        problem = problem.with_cliques([[int(new[a]), int(new[b])] for a, b in pairs])
    if on[2]:
        problem = problem.with_transformers(spare, feeds[old], kva[old], steps)
    if on[3]:
        problem = problem.with_locks(locked_out=[int(new[locks[0]])])
    if seed % 3 == 0 and count_j > 2:
        problem = problem.with_bans([Ban(new[: 3 + seed % 2], 2 - seed % 2)])
    return problem


def best_by_force(problem: Problem) -> tuple[float, float]:
    """Return the best service and, at it, the least expense, by trying every number of modules at every site."""
    best = (-1.0, 0.0)
    for modules in product(*(range(most, -1, -1) for most in problem.sites.max_modules.tolist())):
        cost = _cost_if_allowed(problem, np.array(modules))
        if cost is not None and (_at_most(problem, np.array(modules)) + 1e-6, -cost) >= best:
            service, walking = _serve(problem, np.array(modules))
            best = max(best, (round(service, 6), -round(cost + walking, 4)))
    return best[0], -best[1]


def _at_most(problem: Problem, modules: np.ndarray) -> float:
    """Return a service that these modules cannot exceed: every demand alone with all its sites."""
    room = np.bincount(
        problem.walks.i,
        (modules * problem.sites.vehicles_per_module)[problem.walks.j],
        minlength=len(problem.demands),
    )
    return round(float(problem.demands.weight @ np.minimum(problem.demands.vehicles, room)), 6)


def _cost_if_allowed(problem: Problem, modules: np.ndarray) -> float | None:
    sites, part = problem.sites, problem.transformers
    built = set(np.flatnonzero(modules).tolist())
    if any(len(built & set(clique.tolist())) > 1 for clique in problem.cliques):
        return None
    if any(len(built & set(ban.sites.tolist())) > ban.most for ban in problem.bans):
        return None
    if not set(problem.locked_in.tolist()) <= built or built & set(problem.locked_out.tolist()):
        return None
    cost = sum(float(sites.open_cost_cny[j] + modules[j] * sites.module_cost_cny[j]) for j in built)
    for t in range(len(part) if part else 0):
        load = sum(float(part.kva_per_module[j] * modules[j]) for j in built if part.feeds[j] == t)
        room = float(part.spare_kva[t])
        for kva, price in part.steps[t]:
            if load > room + 1e-9:
                room, cost = room + kva, cost + price
        if load > room + 1e-9:
            return None
    if problem.budget_cny is not None and cost > problem.budget_cny + 1e-9:
        return None
    assert problem.goal is not None
    return cost + problem.goal.demerit_penalty * float(sum(sites.demerit[j] for j in built))


def _serve(problem: Problem, modules: np.ndarray) -> tuple[float, float]:
    """Return the best service with these modules, and the price of walking at it; one plain linear program."""
    walks, demands = problem.walks, problem.demands
    if not len(walks):
        return 0.0, 0.0
    rows = np.zeros((len(demands) + len(modules), len(walks)))
    rows[walks.i, np.arange(len(walks))] = rows[len(demands) + walks.j, np.arange(len(walks))] = 1.0
    limits = np.r_[demands.vehicles, modules * problem.sites.vehicles_per_module]
    weight = demands.weight[walks.i]
    service = -linprog(-weight, A_ub=rows, b_ub=limits).fun
    held = linprog(walks.walk_m, A_ub=np.vstack([rows, -weight]), b_ub=np.r_[limits, -service + 1e-9])
    assert problem.goal is not None
    return service, problem.goal.walk_penalty * float(held.fun if held.success else 0.0)


@pytest.fixture
def tiny() -> Problem:
    return make_tiny()


@pytest.fixture(scope="session")
def random_problem() -> Callable[..., Problem]:
    return make_random


@pytest.fixture(scope="session")
def brute_force() -> Callable[[Problem], tuple[float, float]]:
    return best_by_force


@pytest.fixture(scope="session")
def made_district() -> Callable[..., Problem]:
    """Return a problem of a whole neighbourhood: `places` with 3 sizes each, everything within 200 m linked."""

    def make(*, places: int, buildings: int, budget_cny: float, seed: int = 0) -> Problem:
        rng = np.random.default_rng(seed)
        side = np.sqrt(places) * 60.0
        home, ground = rng.uniform(0, side, (buildings, 2)), np.repeat(rng.uniform(0, side, (places, 2)), 3, axis=0)
        walk_m = 1.3 * np.linalg.norm(home[:, None] - ground[None], axis=2)
        i, j = np.nonzero(walk_m <= 200)
        most = np.tile([1, 2, 4], places)
        open_cost = (4000.0 + 6000.0 * most) * rng.uniform(0.8, 1.2, 3 * places).round(2)
        sites = Sites(open_cost, np.full(3 * places, 4500.0), most, np.full(3 * places, 24.0), most % 2)
        demands = Demands(rng.uniform(15, 60, buildings).round(1), np.ones(buildings))
        cliques: Sequence[Sequence[int]] = [[3 * p, 3 * p + 1, 3 * p + 2] for p in range(places)]
        problem = Problem(demands, sites, Walks(i, j, walk_m[i, j])).maximise_service()
        return problem.with_cliques(cliques).with_budget(budget_cny)

    return make
