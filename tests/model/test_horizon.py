"""Years and scenarios with every goal and every part, on the problems of all_parts.py."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from model.all_parts import AIMS, best_by_force, best_flows, cost_if_allowed, make_problem, tightest_margin

from siting.errors import InfeasibleError, UsageError
from siting.model.block import SearchLimits
from siting.model.goal import Aim
from siting.model.limits import Floors
from siting.model.measures import required_goal
from siting.model.parts import Demands
from siting.model.programme import Years
from siting.model.programme_solve import solve_programme
from siting.model.robust import solve_scenarios
from siting.model.scenarios import Scenarios, Stance
from siting.model.solution import Status

EXACT = SearchLimits(gap=0.0)


def natural(problem, figures):
    """Return the first figure as the model states it, of figures that stand so that more is better."""
    return -figures[0] if problem.goal.aim.is_least else figures[0]


def makes_sense(problem):
    """Return whether the goal asks for something: a worst-off group needs somebody in reach."""
    try:
        required_goal(problem)
    except UsageError:
        return False
    return True


def outlook_of(problem, factors, stance=Stance.WORST):
    return Scenarios(problem.demands.vehicles * np.array(factors), np.arange(1.0, len(factors) + 1), stance)


def case(problem, vehicles):
    """Return the problem with other demand; what it promises keeps its proportion."""
    old, mine = problem.demands, replace(problem, demands=Demands(vehicles, problem.demands.weight))
    if problem.service_floor is not None:
        ratio = float(vehicles @ old.weight) / float(old.vehicles @ old.weight)
        mine = replace(mine, service_floor=problem.service_floor * ratio)
    if problem.floors is not None:
        least = [
            f * vehicles[problem.groups.group == g].sum() / max(old.vehicles[problem.groups.group == g].sum(), 1e-12)
            for g, f in enumerate(problem.floors.least)
        ]
        mine = replace(mine, floors=Floors(np.array(least)))
    return mine


@pytest.mark.parametrize("tens", range(0, 90, 10))
def test_one_scenario_at_once_is_the_plan_of_the_problem(tens):
    for seed in range(tens, tens + 10):
        problem = make_problem(seed)
        best = best_by_force(problem)
        if not makes_sense(problem):
            continue
        if best is None:
            with pytest.raises(InfeasibleError):
                solve_scenarios(problem, outlook_of(problem, [np.ones(len(problem.demands))]), EXACT)
            continue
        robust = solve_scenarios(problem, outlook_of(problem, [np.ones(len(problem.demands))]), EXACT)

        assert robust.objective == pytest.approx(natural(problem, best), abs=1e-4), seed
        assert robust.status is Status.PROVEN, seed


@pytest.mark.parametrize("stance", [Stance.WORST, Stance.AVERAGE])
@pytest.mark.parametrize("aim", AIMS)
def test_all_choices_over_scenarios_were_tried(aim, stance):
    for seed in range(AIMS.index(aim), 60, len(AIMS)):
        problem = make_problem(seed)
        factors = np.random.default_rng(seed).choice([0.5, 1.0, 1.5], (3, len(problem.demands)))
        outlook = outlook_of(problem, factors, stance)
        if not makes_sense(problem):
            continue
        best = best_choice(problem, outlook)
        if best is None:
            with pytest.raises(InfeasibleError):
                solve_scenarios(problem, outlook, EXACT)
            continue
        robust = solve_scenarios(problem, outlook, EXACT)

        assert robust.objective == pytest.approx(best, abs=1e-4), seed
        assert not aim.is_better(robust.objective, robust.bound, by=1e-6)


def best_choice(problem, outlook):
    """Return the best first figure over all scenarios by trying every choice; None if none keeps what is promised."""
    aim, found = problem.goal.aim, []
    for modules in map(np.array, product(*(range(most + 1) for most in problem.sites.max_modules.tolist()))):
        cost = cost_if_allowed(problem, modules)
        flows = [best_flows(case(problem, vehicles), modules) for vehicles in outlook.vehicles]
        if cost is None or any(each is None for each in flows):
            continue
        place = {Aim.SERVICE: 0, Aim.WALKING: 1, Aim.FLOOR: 2}.get(aim)
        if place is None:
            found.append(cost if aim is Aim.COST else tightest_margin(problem, modules))
            continue
        figures = [each[place] for each in flows]
        worst = max if aim.is_least else min
        found.append(float(outlook.weight @ figures) if outlook.stance is Stance.AVERAGE else worst(figures))
    return (min if aim.is_least else max)(found, default=None)


@pytest.mark.parametrize("aim", AIMS)
def test_a_programme_of_one_year_is_the_plan_of_the_problem(aim):
    # nothing is torn down in a programme, so what stands today is no part here
    for seed in range(AIMS.index(aim), 60, len(AIMS)):
        problem = replace(make_problem(seed), existing=None)
        best = best_by_force(problem)
        budget = 1e6 if problem.budget_cny is None else problem.budget_cny
        if best is None or not makes_sense(problem):
            continue
        course = solve_programme(problem, Years.even([budget]), EXACT)

        assert course.objective == pytest.approx(natural(problem, best), abs=1e-4), seed
        assert course.aim is aim


@pytest.mark.parametrize("aim", AIMS)
def test_what_always_holds_over_years_and_scenarios(aim):
    planned = 0
    for seed in range(AIMS.index(aim), 60, len(AIMS)):
        problem = make_problem(seed)
        factors = np.random.default_rng(seed).choice([0.5, 1.0, 1.5], (2, len(problem.demands)))
        years = Years.even([200.0, 400.0])
        try:
            nominal = solve_programme(problem, years, EXACT)
            course = solve_programme(
                problem,
                years,
                EXACT,
                outlook=outlook_of(problem, [np.ones(len(problem.demands)), *factors]),
                starts=[(nominal.modules, nominal.steps)],
            )
        except (InfeasibleError, UsageError):
            continue

        planned += 1
        assert (np.diff(course.modules, axis=0) >= 0).all()
        assert (course.modules[0] >= problem.standing).all()
        assert (course.spent_cny <= course.available_cny + 1e-6).all()
        assert not aim.is_better(course.objective, course.bound, by=1e-6), seed
        assert not aim.is_better(course.objective, nominal.bound, by=1e-4), seed  # the estimate is one of them
    assert planned
