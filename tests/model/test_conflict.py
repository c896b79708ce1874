"""Limits that collide: found by tests, minimal by trying, with what each would have to give."""

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest

from siting.model.conflict import explain_conflict, find_conflict
from siting.model.limits import Count, Floors, Groups
from siting.model.named_limits import Answer, Limit, limit_form
from siting.model.parts import Locks, Quotas


def kinds(conflict):
    return [tuple(limit) for limit in conflict.limits]


def test_a_lock_that_the_budget_cannot_pay(tiny):
    # site 1 costs 210 with one module
    poor = replace(tiny, budget_cny=200.0, locks=Locks(np.array([1]), np.array([], int)))

    conflict = explain_conflict(poor)

    assert kinds(conflict) == [("locked_in", 1), ("budget", 0)]
    reliefs = {relief.limit.kind: relief for relief in conflict.reliefs}
    assert reliefs["locked_in"].by == 1
    assert reliefs["budget"].by == pytest.approx(10)
    assert reliefs["budget"].to == pytest.approx(210)
    # without the lock 200 CNY build site 0 or 2; site 0 serves 20 heavy and 4 light vehicles
    assert conflict.partial.modules.tolist() == [1, 0, 0]
    assert conflict.partial.missed == ((Limit("locked_in", 1), 1.0),)


def test_locked_in_and_out_at_once(tiny):
    conflict = explain_conflict(replace(tiny, locks=Locks(np.array([1]), np.array([0, 1]))))

    assert kinds(conflict) == [("locked_in", 1), ("locked_out", 1)]
    assert {relief.by for relief in conflict.reliefs} == {1.0}


def test_a_service_that_money_does_not_reach_says_both_ways_out(tiny):
    # 68 cost 270; 250 CNY reach 44
    conflict = explain_conflict(replace(tiny, budget_cny=250.0, service_floor=68.0))
    reliefs = {relief.limit.kind: relief.to for relief in conflict.reliefs}

    assert kinds(conflict) == [("service", 0), ("budget", 0)]
    assert reliefs["budget"] == pytest.approx(270)
    assert reliefs["service"] == pytest.approx(44)
    assert conflict.partial.missed == ((Limit("service", 0), pytest.approx(24, abs=0.01)),)


def test_more_sites_than_their_ground_allows(tiny):
    # three sites asked for, two exclude each other: the count, and the clique; money is not named
    rich = replace(tiny.with_cliques([[0, 1]]), budget_cny=10_000.0, count=Count(3, None))

    conflict = explain_conflict(rich)

    assert kinds(conflict) == [("count_least", 0), ("clique", 0)]
    assert [(relief.limit.kind, relief.to) for relief in conflict.reliefs] == [("count_least", 2.0)]


def test_a_quota_below_what_floors_ask(tiny):
    # both buildings are groups of their own and ask for all; sites 0 and 1 in one compound, site 2 in another
    part = Quotas(np.array([0, 0, 1]), np.array([0, 0]), np.array([1]))
    groups = Groups(np.array([0, 1]), 2)
    asked = replace(tiny, groups=groups, floors=Floors(np.array([30.0, 20.0])), quotas=part)
    conflict = explain_conflict(replace(asked, cliques=(np.array([0, 1]),)))

    # site 1 holds 48 alone, so 50 need site 2 too, in a second compound, or sites 0 and 1, which exclude each other
    assert ("quota", 0) in kinds(conflict)
    assert {("floor", 0), ("floor", 1)} <= set(kinds(conflict))
    relief = {relief.limit: relief for relief in conflict.reliefs}
    assert relief[Limit("quota", 0)].to == 2
    assert relief[Limit("floor", 0)].to == pytest.approx(28)


def test_a_problem_with_a_plan_has_no_conflict(tiny):
    assert explain_conflict(tiny.with_budget(100.0)) is None


@pytest.mark.parametrize("seed", range(60))
def test_the_set_fails_and_every_smaller_one_does_not(seed, random_problem):
    problem = _asking_too_much(random_problem(seed), seed)
    form = limit_form(problem)
    found = find_conflict(form)
    if found is None:
        assert form.test(form.limits, 5.0) is Answer.FEASIBLE
        return
    limits, is_minimal = found

    assert is_minimal
    assert form.test(limits, 5.0) is Answer.INFEASIBLE
    for smaller in combinations(limits, len(limits) - 1):
        assert form.test(smaller, 5.0) is Answer.FEASIBLE


def _asking_too_much(problem, seed):
    rng = np.random.default_rng(seed)
    locked = rng.permutation(len(problem.sites))[:2]
    count = Count(int(rng.integers(0, len(problem.sites) + 1)), None)
    floor = float(rng.uniform(0.2, 1.0)) * problem.everybody
    budget = problem.budget_cny if problem.budget_cny is not None else 60.0
    return replace(
        problem, locks=Locks(locked, problem.locked_out), count=count, service_floor=floor, budget_cny=budget
    )
