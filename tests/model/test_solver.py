import sys
from dataclasses import replace

import numpy as np
import pytest

from siting.errors import InfeasibleError, UsageError
from siting.model import engines, solver
from siting.model.check import violations
from siting.model.finish import expense_of
from siting.model.flows import serve, service_of
from siting.model.greedy import greedy_modules
from siting.model.parts import Demands, Sites, Walks
from siting.model.problem import Problem
from siting.model.solution import Status
from siting.model.solver import SolverOptions, solve

EXACT = SolverOptions(gap=0.0)


def test_tiny_problem_by_hand(tiny):
    # Both buildings want 50; 24 of the heavy 20 + 4 fit site 0, all modules together hold 24 + 48 + 24.
    solution = solve(tiny.with_budget(270), EXACT)

    # 270 CNY: site 1 with two modules (48 vehicles) = the 20 heavy ones and 28 light ones
    assert solution.objective == pytest.approx(2 * 20 + 28)
    assert solution.modules.tolist() == [0, 2, 0]
    assert solution.spent_cny == 270
    assert solution.status is Status.PROVEN
    assert solution.gap <= 1e-6


@pytest.mark.parametrize("seeds", [range(first, first + 20) for first in range(0, 200, 20)])
def test_highs_finds_what_brute_force_finds(seeds, random_problem, brute_force):
    for seed in seeds:
        problem = random_problem(seed)
        service, expense = brute_force(problem)
        solution = solve(problem, EXACT)

        assert violations(problem, solution) == ()
        assert solution.status is Status.PROVEN
        assert solution.objective == pytest.approx(service, abs=1e-5)
        assert expense_of(problem, solution.modules, solution.served) == pytest.approx(expense, abs=0.05)
        assert service_of(problem, serve(problem, greedy_modules(problem))) <= solution.objective + 1e-6
        assert solution.objective <= solution.bound


@pytest.mark.parametrize("seed", range(200, 225))
def test_cbc_finds_the_same(seed, random_problem):
    problem = random_problem(seed)
    by_highs, by_cbc = solve(problem, EXACT), solve(problem, replace(EXACT, name="cbc"))

    assert violations(problem, by_cbc) == ()
    assert by_cbc.objective == pytest.approx(by_highs.objective, abs=1e-5)
    assert by_cbc.status is Status.PROVEN


@pytest.mark.parametrize("seed", range(300, 320))
def test_shuffled_sites_give_the_same_plan(seed, random_problem):
    plain, shuffled = solve(random_problem(seed), EXACT), solve(random_problem(seed, shuffle=True), EXACT)

    assert shuffled.objective == pytest.approx(plain.objective, abs=1e-5)
    new = np.random.default_rng(seed + 1).permutation(len(plain.modules))
    assert shuffled.modules[new].tolist() == plain.modules.tolist()


def test_more_money_never_serves_less(made_district):
    problem = replace(made_district(places=7, buildings=9, budget_cny=0), budget_cny=None)
    served = [solve(problem.with_budget(money), EXACT).objective for money in range(0, 200_001, 25_000)]

    assert served == sorted(served)
    assert served[0] == 0 < served[-1]


def test_locks_are_kept(made_district):
    problem = made_district(places=10, buildings=12, budget_cny=120_000)
    free = solve(problem, EXACT)
    used, unused = np.flatnonzero(free.modules > 0), np.flatnonzero(free.modules == 0)
    locked = solve(problem.with_locks(locked_in=unused[-1:], locked_out=used[:1]), EXACT)

    assert locked.modules[unused[-1]] >= 1
    assert locked.modules[used[0]] == 0
    assert locked.objective <= free.objective + 1e-6


def test_the_clock_ends_a_search_and_the_status_says_so(made_district, monkeypatch):
    monkeypatch.setattr(solver, "service_limit", lambda problem, _seconds: problem.demands.vehicles.sum())
    problem = made_district(places=200, buildings=250, budget_cny=4_000_000)
    solution = solve(problem, SolverOptions(gap=0.0, time_limit_s=0.02))
    floor = service_of(problem, serve(problem, greedy_modules(problem)))

    assert solution.status is Status.TIME_LIMITED
    assert "TIME-LIMITED, within" in solution.status_text
    assert floor - 1e-6 <= solution.objective <= solution.bound
    assert violations(problem, solution) == ()


def test_node_limit_gives_a_gap_and_the_same_plan_twice(made_district):
    problem = made_district(places=60, buildings=60, budget_cny=400_000)
    options = SolverOptions(gap=0.0, node_limit=3)
    first, second = solve(problem, options), solve(problem, options)

    assert first.status in (Status.WITHIN, Status.PROVEN)
    assert first.modules.tolist() == second.modules.tolist()
    assert first.served.tobytes() == second.served.tobytes()
    assert first.bound == second.bound


def test_locks_beyond_the_budget_are_named(tiny):
    with pytest.raises(InfeasibleError, match=r"2 locked-in sites cost at least 350 CNY .* budget is 300 CNY"):
        tiny.with_budget(300).with_locks(locked_in=[1, 2])


def test_a_problem_that_skipped_the_verbs_is_refused_too(tiny):
    problem = replace(tiny.with_locks(locked_in=[0]), budget_cny=10.0)
    with pytest.raises(InfeasibleError, match="locked-in"):
        solve(problem)


def test_no_goal_is_a_usage_error(tiny):
    with pytest.raises(UsageError, match="no goal"):
        solve(replace(tiny, goal=None))


@pytest.mark.parametrize("budget", [None, 0.0])
def test_nothing_to_build_is_an_empty_proven_plan(budget):
    problem = Problem(
        Demands(np.array([5.0]), np.ones(1)),
        Sites(np.ones(1), np.ones(1), np.ones(1, int), np.ones(1), np.zeros(1)),
        Walks(np.empty(0, int), np.empty(0, int), np.empty(0)),
    ).maximise_service()
    solution = solve(problem if budget is None else problem.with_budget(budget))

    assert solution.modules.tolist() == [0]
    assert (solution.objective, solution.bound, solution.gap) == (0.0, 0.0, 0.0)
    assert solution.status is Status.PROVEN


def test_no_money_is_an_empty_proven_plan(tiny):
    solution = solve(tiny.with_budget(0.0))

    assert solution.modules.sum() == 0
    assert (solution.status, solution.spent_cny) == (Status.PROVEN, 0.0)


def test_unknown_solver_lists_the_choices():
    with pytest.raises(UsageError, match="choose one of cbc, highs"):
        SolverOptions("gurobi")


@pytest.mark.parametrize("wrong", [{"gap": -1.0}, {"time_limit_s": float("nan")}, {"threads": 0}, {"node_limit": 0}])
def test_solver_options_are_checked(wrong):
    with pytest.raises(UsageError, match=next(iter(wrong))):
        SolverOptions(**wrong)


def test_missing_highs_is_one_clear_line(tiny, monkeypatch):
    monkeypatch.setattr(engines.util, "find_spec", lambda _name: None)
    with pytest.raises(UsageError, match="not installed: pip install highspy"):
        solve(tiny.with_budget(270))


def test_missing_cbc_is_one_clear_line(tiny, monkeypatch):
    monkeypatch.setattr(engines.util, "find_spec", lambda _name: None)
    monkeypatch.setattr("pulp.apis.coin_api.pulp_cbc_path", "/nowhere/cbc")
    monkeypatch.setattr(engines.shutil, "which", lambda _name: None)
    with pytest.raises(UsageError, match="'cbc' is not installed"):
        solve(tiny.with_budget(270), SolverOptions("cbc"))


@pytest.mark.skipif(sys.platform == "win32", reason="the stand-in solvers are shell scripts")
@pytest.mark.parametrize(("script", "status"), [("kill -9 $$", Status.HEURISTIC), ("sleep 60", Status.TIME_LIMITED)])
def test_a_killed_or_hanging_cbc_leaves_the_greedy_plan(tiny, monkeypatch, tmp_path, script, status):
    stand_in = tmp_path / "cbc"
    stand_in.write_text(f"#!/bin/sh\n{script}\n", encoding="ascii")
    stand_in.chmod(0o755)
    monkeypatch.setattr(engines, "cbc_path", lambda: str(stand_in))
    monkeypatch.setattr(engines, "_GRACE_S", 0.2)
    problem = tiny.with_budget(270)
    solution = solve(problem, SolverOptions("cbc", time_limit_s=0.2))

    assert solution.status is status
    assert solution.objective == pytest.approx(service_of(problem, serve(problem, greedy_modules(problem))))
    assert solution.bound == 70  # everybody: 30 + 2 x 20
    assert violations(problem, solution) == ()


@pytest.mark.parametrize(
    ("gap", "shown"),
    [(0.30240, "31 %"), (0.3, "30 %"), (0.996, "100 %"), (0.00101, "0.11 %"), (2.51, "260 %"), (0.0, "0 %")],
)
def test_a_gap_is_rounded_up_to_the_next_figure(made_district, gap, shown):
    problem = made_district(places=3, buildings=3, budget_cny=100_000)
    solution = replace(solve(problem, EXACT), status=Status.WITHIN, gap=gap)

    assert solution.status_text == f"WITHIN {shown}"
