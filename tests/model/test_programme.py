"""Programmes over years: by hand, against all programmes of tiny problems, and what must always hold."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from scipy.optimize import linprog

from siting.errors import InfeasibleError, UsageError
from siting.model.block import SearchLimits
from siting.model.parts import Demands, Sites, Walks
from siting.model.problem import Problem
from siting.model.programme import Insist, Years
from siting.model.programme_solve import solve_programme
from siting.model.solution import Status
from siting.model.solver import SolverOptions, solve

EXACT = SearchLimits(gap=0.0)


def years(budgets, weights=None, prices=None, **others):
    ones = np.ones(len(budgets))
    return Years(np.array(budgets, float), np.array(weights or ones), np.array(prices or ones), **others)


def most_service(problem, modules):
    walks, demands = problem.walks, problem.demands
    if not len(walks):
        return 0.0
    rows = np.zeros((len(demands) + len(modules), len(walks)))
    rows[walks.i, np.arange(len(walks))] = rows[len(demands) + walks.j, np.arange(len(walks))] = 1.0
    limits = np.r_[demands.vehicles, modules * problem.sites.vehicles_per_module]
    return -linprog(-demands.weight[walks.i], A_ub=rows, b_ub=limits).fun


def states_of(problem):
    """Return every (modules, steps paid for per transformer) with its service and its cost; loads are not looked at."""
    part = problem.transformers
    counts = list(product(*(range(len(mine) + 1) for mine in part.steps))) if part else [()]
    for modules in product(*(range(most + 1) for most in problem.sites.max_modules.tolist())):
        modules = np.array(modules)
        built = set(np.flatnonzero(modules).tolist())
        if any(len(built & set(clique.tolist())) > 1 for clique in problem.cliques):
            continue
        if any(len(built & set(ban.sites.tolist())) > ban.most for ban in problem.bans):
            continue
        if built & set(problem.locked_out.tolist()):
            continue
        service = most_service(problem, modules)
        site_cost = float(problem.sites.cost_cny(modules).sum())
        for count in counts:
            upgrade_cost = sum(part.steps_cost_cny(t, n) for t, n in enumerate(count)) if part else 0.0
            yield modules, np.array(count, int), service, site_cost + upgrade_cost


def carried(problem, modules, count):
    """Return whether the transformers carry the modules with so many first steps ready."""
    part = problem.transformers
    for t in range(len(part) if part else 0):
        load = sum(float(part.kva_per_module[j] * modules[j]) for j in range(len(modules)) if part.feeds[j] == t)
        if load > float(part.spare_kva[t]) + sum(kva for kva, _ in part.steps[t][: count[t]]) + 1e-9:
            return False
    return True


def best_programme_by_force(problem, terms, lead):
    """Return the best weighted mean of two years' service by trying every pair of states."""
    states = list(states_of(problem))
    none = np.zeros(len(problem.transformers.steps) if problem.transformers else 0, int)
    best = -1.0
    prices = terms.price
    for (m1, z1, s1, c1), (m2, z2, s2, c2) in product(states, states):
        value = terms.weight @ [s1, s2]
        if value <= best + 1e-9 or (m2 < m1).any() or (z2 < z1).any():
            continue
        first, second = prices[0] * c1, prices[1] * (c2 - c1)
        left = terms.budget_cny[0] - first
        if left < -1e-9 or second > terms.budget_cny[1] + (left if terms.carry_over else 0.0) + 1e-9:
            continue
        if carried(problem, m1, none if lead else z1) and carried(problem, m2, z1 if lead else z2):
            best = float(value)
    return best


@pytest.mark.parametrize("seeds", [range(first, first + 10) for first in range(0, 60, 10)])
def test_all_programmes_of_two_years_were_tried(seeds, random_problem):
    for seed in seeds:
        problem = replace(random_problem(seed), budget_cny=None)
        if len(list(states_of(problem))) > 130:
            continue
        rng = np.random.default_rng(seed)
        lead = int(rng.integers(0, 2))
        steps = len(problem.transformers.step_owner) if problem.transformers else 0
        terms = years(
            rng.integers(0, 15, 2) * 10.0,
            [1.0, float(rng.choice([0.0, 1.0, 2.0]))],
            [1.0, float(rng.choice([0.8, 1.0, 1.3]))],
            carry_over=bool(rng.random() < 0.5),
            lead_years=np.full(steps, lead),
        )

        course = solve_programme(problem, terms, EXACT)

        assert course.objective == pytest.approx(best_programme_by_force(problem, terms, lead), abs=1e-5), seed
        assert course.status is Status.PROVEN
        assert course.objective >= course.guess - 1e-6


def test_two_years_by_hand(tiny):
    # Site 0: 150 CNY for 24 vehicles; site 1: 270 for 48; site 2: 140 for the heavy 20.
    # Year 1 affords site 2 (40 weighted) or site 0 (20 heavy and 4: 44). Year 2 adds 140: sites 0 and 2 together
    # serve 20 heavy and 24 light: 64. Keeping the money for site 1 (68) would leave year 1 empty.
    course = solve_programme(tiny, years([150, 140]), EXACT)

    assert course.modules.tolist() == [[1, 0, 0], [1, 0, 1]]
    assert course.service.tolist() == pytest.approx([44, 64])
    assert course.objective == pytest.approx(54)
    assert course.spent_cny.tolist() == [150, 140]


def test_a_late_year_that_counts_alone_saves_up(tiny):
    course = solve_programme(tiny, years([150, 140], [0, 1]), EXACT)

    assert course.modules[1].tolist() == [0, 2, 0]
    assert course.service[1] == pytest.approx(68)
    alone = solve_programme(tiny, years([150, 140], [0, 1], carry_over=False), EXACT)
    assert alone.service[1] == pytest.approx(64)


def test_a_last_year_that_does_not_count_builds_nothing(tiny):
    course = solve_programme(tiny, years([150, 140], [1, 0]), EXACT)

    assert course.modules.tolist() == [[1, 0, 0], [1, 0, 0]]
    assert course.spent_cny.tolist() == [150, 0]


def test_a_year_pays_its_own_prices(tiny):
    # at 1.5 times the price the second year's 200 CNY do not buy site 2 (210)
    course = solve_programme(tiny, years([150, 200], prices=[1.0, 1.5], carry_over=False), EXACT)

    assert course.modules.tolist() == [[1, 0, 0], [1, 0, 0]]


def test_a_site_is_built_with_the_trench_of_its_year(tiny):
    # site 1 (270) costs half in the second year; both fit only so
    factors = np.ones((2, 3))
    factors[1, 1] = 0.5
    course = solve_programme(tiny, years([150, 135], site_price=factors), EXACT)

    assert course.modules.tolist() == [[1, 0, 0], [1, 2, 0]]
    assert course.spent_cny.tolist() == [150, 135]


def test_a_step_is_paid_for_before_it_carries(tiny):
    # site 2 needs the step (3 kVA, 50 CNY) on top of nothing spare
    problem = tiny.with_locks(locked_out=[0, 1]).with_transformers([0.0], [-1, -1, 0], [1, 1, 2], [[(3.0, 50.0)]])
    at_once = solve_programme(problem, years([200, 200]), EXACT)
    later = solve_programme(problem, years([200, 200], lead_years=np.array([1])), EXACT)
    never = solve_programme(problem, years([200, 200], lead_years=np.array([2])), EXACT)

    assert at_once.modules[:, 2].tolist() == [1, 1]
    assert later.modules[:, 2].tolist() == [0, 1]
    assert later.steps[:, 0].tolist() == [1, 1]
    assert never.modules[:, 2].tolist() == [0, 0]
    assert never.spent_cny.tolist() == [0, 0]


def test_what_is_locked_in_stands_at_the_end(tiny):
    course = solve_programme(tiny.with_locks(locked_in=[2]), years([130, 200]), EXACT)

    assert course.modules[0].tolist() == [0, 0, 0]
    assert course.modules[1][2] == 1


def test_what_stands_is_paid_for_and_stays(tiny):
    terms = years([140], standing=np.array([0, 1, 0]))
    course = solve_programme(tiny, terms, EXACT)

    assert course.last.tolist() == [0, 2, 0]  # a second module beside the one that stands serves 68, site 2 would 64
    assert course.spent_cny.tolist() == [60]


def test_an_old_site_is_given_up_only_for_more_than_it_is_worth(tiny):
    # with 150 CNY site 0 serves 44, site 2 serves 40
    for worth, expected in ((3.0, [1, 0, 0]), (5.0, [0, 0, 1])):
        course = solve_programme(tiny, years([150], insist=Insist(np.array([2]), worth=worth)), EXACT)
        assert course.last.tolist() == expected
    course = solve_programme(tiny, years([150], insist=Insist(np.array([2]), at_least=1)), EXACT)
    assert course.last.tolist() == [0, 0, 1]
    assert course.kept == 1


@pytest.mark.parametrize("seed", range(100, 120))
def test_what_always_holds(seed, random_problem):
    problem = replace(random_problem(seed), budget_cny=None)
    terms = years([80.0, 60.0, 60.0], prices=[1.0, 1.1, 1.2])
    course = solve_programme(problem, terms, EXACT)

    assert (np.diff(course.modules, axis=0) >= 0).all()
    assert (np.diff(course.steps, axis=0) >= 0).all()
    assert (course.spent_cny <= course.available_cny + 1e-6).all()
    assert course.objective <= course.bound + 1e-9
    for year, served in enumerate(course.served):
        room = course.modules[year] * problem.sites.vehicles_per_module
        taken = np.bincount(problem.walks.j, served, minlength=len(problem.sites))
        assert (taken <= room + 1e-6).all()
    whole = solve(problem.with_budget(200.0), SolverOptions(gap=0.0))
    assert course.service[-1] <= whole.objective + 1e-6
    richer = solve_programme(problem, replace(terms, budget_cny=terms.budget_cny + 50.0), EXACT)
    assert richer.objective >= course.objective - 1e-6


def test_one_year_is_the_plain_problem(random_problem):
    for seed in range(20):
        problem = replace(random_problem(seed), budget_cny=None)
        course = solve_programme(problem, years([120.0]), EXACT)
        assert course.objective == pytest.approx(solve(problem.with_budget(120.0), SolverOptions(gap=0.0)).objective)


def test_the_same_question_has_the_same_answer(made_district):
    problem = replace(made_district(places=5, buildings=6, budget_cny=0), budget_cny=None)
    one, two = (solve_programme(problem, years([60_000, 40_000])) for _ in range(2))

    assert one.modules.tolist() == two.modules.tolist()
    assert one.bound == two.bound


def test_wrong_years_are_refused(tiny):
    with pytest.raises(UsageError, match="a year whose service counts"):
        years([100], [0])
    with pytest.raises(UsageError, match="price factor of year 2"):
        years([100, 100], prices=[1, 0])
    with pytest.raises(UsageError, match="standing has 2 entries, not 3"):
        solve_programme(tiny, years([100], standing=np.array([0, 1])))
    with pytest.raises(InfeasibleError, match="no plan that keeps all limits"):
        solve_programme(tiny.with_locks(locked_in=[1]), years([10, 10]))
    with pytest.raises(InfeasibleError):
        solve_programme(tiny.with_cliques([[0, 1]]).with_locks(locked_in=[0, 1]), years([500]))


def test_a_floor_is_kept_by_who_is_served_at_the_end():
    # one site of 30; the first building counts double and would take it all, but the second is promised 10
    sites = Sites(np.array([50.0]), np.array([50.0]), np.array([1]), np.array([30.0]), np.zeros(1))
    walks = Walks(np.array([0, 1]), np.array([0, 0]), np.array([10.0, 10.0]))
    problem = Problem(Demands(np.array([30.0, 20.0]), np.array([2.0, 1.0])), sites, walks)
    problem = problem.with_groups(np.array([0, 1])).with_floors(vehicles=np.array([0.0, 10.0])).maximise_service()

    course = solve_programme(problem, years([100.0, 0.0]), EXACT)

    assert course.served.tolist() == [pytest.approx([30.0, 0.0]), pytest.approx([20.0, 10.0])]
    assert course.service.tolist() == pytest.approx([60.0, 50.0])
