"""Fronts against trying every plan: the same points, none beaten by another."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from siting.errors import UsageError
from siting.model.check import broken_limits
from siting.model.finish import is_affordable
from siting.model.flows import serve, service_of
from siting.model.front import FrontOptions, front
from siting.model.goal import Aim
from siting.model.measures import value_of
from siting.model.problem import Problem
from siting.model.solver import SolverOptions

EXACT = SolverOptions(gap=0.0, time_limit_s=20.0)


def margined(problem: Problem, seed: int) -> Problem:
    margin = np.random.default_rng(seed).integers(0, 4, len(problem.sites)).astype(float)
    return replace(problem, sites=replace(problem.sites, margin_m=margin))


def plans_by_force(problem: Problem):
    """Yield modules and best flows of every plan that keeps the limits, whatever it serves."""
    for modules in product(*(range(most + 1) for most in problem.sites.max_modules.tolist())):
        modules = np.array(modules)
        if not is_affordable(problem, modules):
            continue
        served = serve(problem, modules)
        if not any(broken_limits(problem, modules, served)):
            yield modules, served


def front_by_force(problem: Problem, aims):
    """Return all values of two figures that no plan beats; plans serve all they can."""
    free = replace(problem, budget_cny=None if Aim.COST in aims else problem.budget_cny)
    values = {
        tuple(round(value_of(free, aim, modules, served), 6) for aim in aims)
        for modules, served in plans_by_force(free)
    }
    sign = [-1 if aim.is_least else 1 for aim in aims]

    def beaten(one):
        return any(
            other != one and all(s * o >= s * v for s, o, v in zip(sign, other, one, strict=True)) for other in values
        )

    return sorted(one for one in values if not beaten(one))


@pytest.mark.parametrize("seed", [0, 1, 2, *(pytest.param(k, marks=pytest.mark.slow) for k in range(3, 12))])
@pytest.mark.parametrize("aims", [(Aim.SERVICE, Aim.COST), (Aim.SERVICE, Aim.MARGIN)])
def test_all_points_are_those_of_brute_force(seed, aims, random_problem):
    problem = margined(random_problem(seed), seed)
    wanted = front_by_force(problem, aims)

    found = front(problem, aims, FrontOptions(points=None, solver=EXACT))

    assert len(found.points) == len(wanted)
    for point, values in zip(sorted(point.values for point in found.points), wanted, strict=True):
        assert point == pytest.approx(values, abs=1e-4)
    assert all(point.is_proven for point in found.points)


def test_a_tiny_front_by_hand(tiny):
    # site 2 (140): 20 heavy = 40; site 0 (150): 20 heavy and 4 = 44; site 1 (210: 44 too; 270: 68); with site 2
    # 140 + 150 (290): 40 + 24 = 64, beaten by 68; 140 + 270 (410): all 50 = 70.
    found = front(tiny, (Aim.SERVICE, Aim.COST), FrontOptions(points=None, solver=EXACT))

    assert [tuple(round(v) for v in point.values) for point in found.points] == [
        (0, 0), (40, 140), (44, 150), (68, 270), (70, 410)
    ]  # fmt: skip
    assert dict(found.stops)["reach"] == 70
    assert dict(found.stops)["all"] == 5


def test_a_few_points_are_points_of_the_front(tiny):
    every = front(tiny, (Aim.SERVICE, Aim.COST), FrontOptions(points=None, solver=EXACT))
    whole = {tuple(round(v) for v in point.values) for point in every.points}

    few = front(tiny, (Aim.SERVICE, Aim.COST), FrontOptions(points=4, solver=EXACT))

    assert {tuple(round(v) for v in p.values) for p in few.points} <= whole
    assert "spread" in dict(few.stops)


@pytest.mark.parametrize("seed", [0, 1])
def test_points_keep_every_limit_and_none_beats_another(seed, random_problem):
    problem = margined(random_problem(seed), seed)
    for aims in ((Aim.SERVICE, Aim.COST), (Aim.MARGIN, Aim.SERVICE), (Aim.SERVICE, Aim.WALKING)):
        found = front(problem, aims, FrontOptions(points=4, solver=EXACT))
        signs = [-1 if aim.is_least else 1 for aim in aims]
        for point in found.points:
            free = replace(problem, budget_cny=None)
            assert not any(broken_limits(free, point.solution.modules, point.solution.served))
            better = [
                other
                for other in found.points
                if other is not point
                and all(s * o >= s * v - 1e-9 for s, o, v in zip(signs, other.values, point.values, strict=True))
            ]
            assert better == []


def test_cost_against_walking_holds_a_service(tiny):
    held = tiny.with_service_floor(44.0)

    found = front(held, (Aim.WALKING, Aim.COST), FrontOptions(points=None, solver=EXACT))

    assert round(found.points[0].values[1]) == 150
    for point in found.points:
        assert service_of(tiny, point.solution.served) >= 44 - 1e-6
    with pytest.raises(UsageError, match="needs a service"):
        front(tiny, (Aim.WALKING, Aim.COST))


def test_what_is_no_front_is_refused(tiny):
    for aims in ((Aim.COST, Aim.COST), (Aim.SERVICE, Aim.FLOOR), (Aim.SERVICE, Aim.MARGIN)):
        with pytest.raises(UsageError):
            front(tiny, aims)
