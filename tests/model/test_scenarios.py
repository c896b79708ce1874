"""Uncertain demand: by hand, against all choices of tiny problems, and what robustness may never cost."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from siting.errors import UsageError
from siting.model.block import SearchLimits
from siting.model.parts import Demands, Sites, Walks
from siting.model.problem import Problem
from siting.model.robust import solve_scenarios
from siting.model.scenarios import Scenarios, Stance, evaluate
from siting.model.solution import Status
from siting.model.solver import SolverOptions, solve

EXACT = SearchLimits(gap=0.0)


def scenarios_of(problem, factors, stance, weight=None):
    vehicles = problem.demands.vehicles * np.array(factors)
    return Scenarios(vehicles, np.ones(len(factors)) if weight is None else np.array(weight), stance)


def two_sides():
    """Two buildings of 30 and 24 vehicles, each with a site of its own of 30 vehicles; money for one."""
    sites = Sites(np.full(2, 50.0), np.full(2, 50.0), np.array([1, 1]), np.full(2, 30.0), np.zeros(2))
    walks = Walks(np.array([0, 1]), np.array([0, 1]), np.array([10.0, 10.0]))
    return Problem(Demands(np.array([30.0, 24.0]), np.ones(2)), sites, walks).maximise_service().with_budget(100)


def test_the_worst_case_takes_the_surer_side():
    # nominally the first site serves 30, the second 24; should the first building empty, it serves 3
    problem = two_sides()
    outlook = scenarios_of(problem, [[1, 1], [0.1, 1]], Stance.WORST)

    robust = solve_scenarios(problem, outlook, EXACT)

    assert solve(problem, SolverOptions(gap=0.0)).modules.tolist() == [1, 0]
    assert robust.modules.tolist() == [0, 1]
    assert robust.objective == pytest.approx(24)
    assert robust.service.tolist() == pytest.approx([24, 24])


def test_the_average_weighs_the_scenarios():
    # first site: 0.8 x 30 + 0.2 x 3 = 24.6; second: 24
    problem = two_sides()

    mostly = solve_scenarios(problem, scenarios_of(problem, [[1, 1], [0.1, 1]], Stance.AVERAGE, [8, 2]), EXACT)
    evenly = solve_scenarios(problem, scenarios_of(problem, [[1, 1], [0.1, 1]], Stance.AVERAGE), EXACT)

    assert mostly.modules.tolist() == [1, 0]
    assert mostly.objective == pytest.approx(24.6)
    assert evenly.modules.tolist() == [0, 1]


def test_the_worst_share_minds_how_many_there_are():
    # shares: first site 30/54 and 3/27; second 24/54 and 24/27
    problem = two_sides()
    robust = solve_scenarios(problem, scenarios_of(problem, [[1, 1], [0.1, 1]], Stance.WORST_SHARE), EXACT)

    assert robust.objective == pytest.approx(24 / 54)


def lawful_choices(problem):
    for modules in product(*(range(most + 1) for most in problem.sites.max_modules.tolist())):
        modules = np.array(modules)
        built = set(np.flatnonzero(modules).tolist())
        if any(len(built & set(clique.tolist())) > 1 for clique in problem.cliques):
            continue
        if any(len(built & set(ban.sites.tolist())) > ban.most for ban in problem.bans):
            continue
        if built & set(problem.locked_out.tolist()):
            continue
        cost, part, carried = float(problem.sites.cost_cny(modules).sum()), problem.transformers, True
        for t in range(len(part) if part else 0):
            load = sum(float(part.kva_per_module[j] * modules[j]) for j in built if part.feeds[j] == t)
            room = float(part.spare_kva[t])
            for kva, price in part.steps[t]:
                if load > room + 1e-9:
                    room, cost = room + kva, cost + price
            carried &= not load > room + 1e-9
        if carried and (problem.budget_cny is None or cost <= problem.budget_cny + 1e-9):
            yield modules


@pytest.mark.parametrize("seeds", [range(first, first + 8) for first in range(0, 40, 8)])
def test_all_choices_were_tried(seeds, random_problem):
    for seed in seeds:
        problem, rng = random_problem(seed), np.random.default_rng(seed)
        factors = rng.choice([0.0, 0.5, 1.0, 2.0], (3, len(problem.demands)))
        stance = Stance.AVERAGE if seed % 2 else Stance.WORST
        outlook = scenarios_of(problem, factors, stance, [1.0, 2.0, 1.0])
        scales = outlook.scales(problem)

        robust = solve_scenarios(problem, outlook, EXACT)

        values = [outlook.value(evaluate(problem, outlook, choice), scales) for choice in lawful_choices(problem)]
        assert robust.objective == pytest.approx(max(values), abs=1e-5), seed
        assert robust.status is Status.PROVEN


@pytest.mark.parametrize("stance", list(Stance))
@pytest.mark.parametrize("seed", range(200, 204))
def test_never_worse_than_the_nominal_plan(seed, stance, random_problem):
    problem, rng = random_problem(seed), np.random.default_rng(seed)
    outlook = scenarios_of(problem, rng.uniform(0.2, 2.0, (3, len(problem.demands))), stance)
    nominal = solve(problem, SolverOptions(gap=0.0)).modules
    scales = outlook.scales(problem)

    robust = solve_scenarios(problem, outlook, EXACT, starts=[nominal])

    assert robust.objective >= outlook.value(evaluate(problem, outlook, nominal), scales) - 1e-9
    assert robust.objective <= robust.bound + 1e-9


def test_one_scenario_of_the_nominal_demand_is_the_plain_problem(random_problem):
    for seed in range(20):
        problem = random_problem(seed)
        robust = solve_scenarios(problem, scenarios_of(problem, [np.ones(len(problem.demands))], Stance.WORST), EXACT)
        assert robust.objective == pytest.approx(solve(problem, SolverOptions(gap=0.0)).objective, abs=1e-5)


def test_wrong_scenarios_are_refused(tiny):
    with pytest.raises(UsageError, match="0 or more for every demand"):
        Scenarios(np.array([[-1.0, 2.0]]), np.ones(1))
    with pytest.raises(UsageError, match="are all 0"):
        Scenarios(np.array([[1.0, 2.0]]), np.zeros(1))
    with pytest.raises(UsageError, match="hold 3 demands, but there are 2"):
        solve_scenarios(tiny, Scenarios(np.ones((1, 3)), np.ones(1)))


def test_a_least_count_holds_though_greedy_stops_before_it():
    # money for two modules; nobody walks to the second site, so only the count asks for it
    problem = two_sides()
    walks = Walks(np.array([0, 1]), np.array([0, 0]), np.array([10.0, 10.0]))
    problem = replace(problem, walks=walks, budget_cny=None).with_budget(200).with_count(least=2)

    robust = solve_scenarios(problem, scenarios_of(problem, [[1, 1], [0.5, 1]], Stance.WORST), EXACT)

    assert robust.modules.tolist() == [1, 1]
