"""The decomposition against one program for the whole: same optimum within the gap, a bound that is never below it."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from siting.model.check import violations
from siting.model.flows import serve, service_of
from siting.model.greedy import greedy_modules
from siting.model.pieces import PieceOptions, in_many_pieces, solve_pieces
from siting.model.solution import Status
from siting.model.solver import SolverOptions, solve

CLOSE = PieceOptions(gap=1e-3, seconds=20.0)


@pytest.mark.parametrize("seed", range(10))
def test_pieces_and_whole_agree(street, seed):
    problem = street(seed)
    whole = solve(problem, SolverOptions(gap=0.0, time_limit_s=20.0))
    assert whole.status is Status.PROVEN

    pieces = solve_pieces(problem, CLOSE)

    assert violations(problem, pieces) == ()
    assert pieces.bound >= whole.objective - 1e-6
    assert pieces.objective == pytest.approx(whole.objective, rel=2e-3, abs=1e-6)
    assert pieces.objective >= service_of(problem, serve(problem, greedy_modules(problem))) - 1e-6


@pytest.mark.parametrize("seed", [1, 4])
def test_highs_takes_the_place_of_scip(street, seed):
    problem = street(seed)

    by_highs = solve_pieces(problem, replace(CLOSE, engine="highs"))

    assert violations(problem, by_highs) == ()
    assert by_highs.solver.startswith("HiGHS")
    assert by_highs.bound >= solve(problem, SolverOptions(gap=0.0)).objective - 1e-6


def test_missing_scip_is_said_once(street, monkeypatch):
    monkeypatch.setattr("siting.model.decomposition.scip.is_installed", lambda: False)

    solution = solve_pieces(street(1), CLOSE)

    assert solution.message.count("SCIP is not installed") == 1


def test_the_number_of_workers_changes_nothing(street):
    problem = street(1)

    alone, again, two = (solve_pieces(problem, replace(CLOSE, workers=count)) for count in (1, 1, 2))

    for other in (again, two):
        np.testing.assert_array_equal(other.modules, alone.modules)
        assert (other.objective, other.bound) == (alone.objective, alone.bound)


def test_more_money_never_serves_less(street):
    problem = replace(street(5), budget_cny=None)

    served = [solve_pieces(problem.with_budget(money), CLOSE) for money in (100, 250, 500)]

    # each is known to its own gap
    assert all(more.bound >= less.objective - 1e-6 for less, more in pairwise(served))


def test_locked_sites_stand_even_when_they_pay_nothing(street):
    problem = replace(street(3), budget_cny=None, locks=None)
    locked = problem.with_budget(150.0).with_locks(locked_in=[2])

    solution = solve_pieces(locked, CLOSE)

    assert solution.modules[2] >= 1
    assert violations(locked, solution) == ()


def test_out_of_time_still_gives_a_plan_and_a_bound(street):
    problem = street(6)

    solution = solve_pieces(problem, replace(CLOSE, seconds=0.01))

    assert violations(problem, solution) == ()
    assert solution.bound >= solve(problem, SolverOptions(gap=0.0)).objective - 1e-6


def test_small_problems_stay_whole(street):
    assert not in_many_pieces(street(1))
