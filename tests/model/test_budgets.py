"""The least cost by budgets and the largest margin by thresholds hold what brute force finds between them."""

import pytest
from model.all_parts import best_by_force, make_problem

from siting.errors import InfeasibleError
from siting.model import budgets, thresholds
from siting.model.check import violations
from siting.model.goal import Aim
from siting.model.solver import SolverOptions, solve

EXACT = SolverOptions(gap=0.0)


@pytest.mark.parametrize("seed", range(1, 150, 5))
def test_the_range_holds_the_least_cost(seed, monkeypatch):
    monkeypatch.setattr(budgets, "_WALKS", -1)
    problem = make_problem(seed)
    assert problem.goal.aim is Aim.COST
    best = best_by_force(problem)
    if best is None:
        with pytest.raises(InfeasibleError):
            solve(problem, EXACT)
        return
    solution = solve(problem, EXACT)

    assert violations(problem, solution) == ()
    assert solution.objective == solution.bound == pytest.approx(-best[0])
    if budgets.can_bracket(problem, Aim.COST):
        found = budgets.bracket_cost(problem, EXACT, 1000.0, solve)
        assert found.least_cny <= -best[0] + 1e-6
        if found.modules is not None:
            assert problem.site_cost_cny(found.modules).sum() >= found.least_cny


def test_a_service_that_is_free_costs_nothing(tiny):
    assert not budgets.can_bracket(tiny, Aim.COST)  # its goal is the service itself


@pytest.mark.parametrize("seed", range(4, 154, 5))
def test_the_thresholds_hold_the_largest_margin(seed, monkeypatch):
    monkeypatch.setattr(budgets, "_WALKS", -1)
    problem = make_problem(seed)
    assert problem.goal.aim is Aim.MARGIN
    best = best_by_force(problem)
    if best is None:
        with pytest.raises(InfeasibleError):
            solve(problem, EXACT)
        return
    solution = solve(problem, EXACT)

    assert violations(problem, solution) == ()
    assert solution.objective == solution.bound == pytest.approx(best[0])
    if budgets.can_bracket(problem, Aim.MARGIN):
        assert thresholds.bracket_margin(problem, EXACT, solve).most_m >= best[0] - 1e-9
