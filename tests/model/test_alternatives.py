"""Alternatives against trying every plan: as different as can be, and as good as that allows."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from siting.errors import UsageError
from siting.model.alternatives import AlternativeOptions, find_alternatives
from siting.model.check import broken_limits
from siting.model.finish import is_affordable
from siting.model.flows import serve, service_of
from siting.model.solver import SolverOptions, solve

EXACT = SolverOptions(gap=0.0)


def by_force(problem, known, floor):
    """Return the fewest places shared with any known plan, and the most service with so few."""
    best = None
    for modules in product(*(range(most + 1) for most in problem.sites.max_modules.tolist())):
        modules = np.array(modules)
        if not is_affordable(problem, modules):
            continue
        served = serve(problem, modules)
        service = service_of(problem, served)
        if service < floor - 1e-9 or any(broken_limits(problem, modules, served)):
            continue
        mine = set(np.flatnonzero(modules).tolist())
        shared = max(len(mine & used) for used in known)
        best = min(best or (np.inf, 0.0), (shared, -round(service, 6)))
    return best


@pytest.mark.parametrize("seed", range(12))
def test_the_first_alternative_is_that_of_brute_force(seed, random_problem):
    problem = random_problem(seed)
    best = solve(problem, EXACT)
    place = np.arange(len(problem.sites))
    options = AlternativeOptions(count=2, within=0.4, seconds=5.0)

    found = find_alternatives(problem, best, place, options, solver=EXACT)

    used = set(np.flatnonzero(best.modules).tolist())
    shared, service = by_force(problem, [used], 0.6 * best.objective)
    if not found.plans:
        assert shared >= len(used)
        return
    first = found.plans[0]
    assert first.is_proven
    assert first.shared == shared
    assert first.service == pytest.approx(-service, abs=1e-4)
    assert not any(broken_limits(problem, first.modules, first.served))


def test_plans_differ_from_all_before_until_none_is_left(tiny):
    # 270 CNY: site 1 twice serves 68. Within 45 %: site 0 with 44 or site 2 with 40, both by themselves.
    problem = tiny.with_budget(270)
    best = solve(problem, EXACT)

    found = find_alternatives(problem, best, np.arange(3), AlternativeOptions(count=5, within=0.45), solver=EXACT)

    assert [np.flatnonzero(plan.modules).tolist() for plan in found.plans] == [[0], [2]]
    assert [round(plan.service) for plan in found.plans] == [44, 40]
    assert found.stop == "none"


def test_layouts_of_one_place_are_no_alternative(tiny):
    problem = tiny.with_budget(270)

    found = find_alternatives(
        problem, solve(problem, EXACT), np.array([5, 5, 6]), AlternativeOptions(count=5, within=0.45), solver=EXACT
    )

    assert [np.flatnonzero(plan.modules).tolist() for plan in found.plans] == [[2]]


def test_large_problems_shut_places_and_prove_nothing(monkeypatch, made_district):
    problem = made_district(places=8, buildings=10, budget_cny=60_000)
    best, place = solve(problem, SolverOptions(gap=0.01, time_limit_s=5.0)), np.repeat(np.arange(8), 3)
    monkeypatch.setattr("siting.model.alternatives.in_many_pieces", lambda _problem: True)

    quick = SolverOptions(gap=0.05, time_limit_s=1.0)
    found = find_alternatives(problem, best, place, AlternativeOptions(count=1, within=0.2), solver=quick)

    for plan in found.plans:
        assert plan.service >= 0.8 * best.objective - 1e-6
        assert plan.at_least == 0
        assert not any(broken_limits(problem, plan.modules, plan.served))


def test_wrong_options_are_refused():
    for wrong in ({"count": 0}, {"within": 1.5}, {"least": 0}):
        with pytest.raises(UsageError):
            replace(AlternativeOptions(), **wrong)
