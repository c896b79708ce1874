"""Solver missing, killed, out of time, out of memory: one clear line, or the best plan so far with its true status."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from itertools import count
from pathlib import Path

import numpy as np
import pytest

from siting.errors import UsageError
from siting.model import engines
from siting.model.check import violations
from siting.model.decomposition import sweep
from siting.model.greedy import greedy_modules
from siting.model.pieces import PieceOptions, solve_pieces
from siting.model.solution import Status
from siting.model.solver import SolverOptions, solve

ROOT = Path(__file__).parent.parent.parent.parent


def out_of_memory(*_args, **_options):
    raise MemoryError


def test_a_search_out_of_memory_leaves_the_greedy_plan(made_district, monkeypatch):
    problem = made_district(places=6, buildings=8, budget_cny=60_000)
    monkeypatch.setitem(engines.ENGINES, "highs", engines._spared(out_of_memory))
    monkeypatch.setattr("siting.model.solver.service_limit", lambda problem, _seconds: problem.everybody)

    solution = solve(problem)

    assert violations(problem, solution) == ()
    assert solution.objective > 0
    assert solution.status is Status.HEURISTIC
    assert "out of memory" in solution.message


def test_no_memory_before_the_search_leaves_the_greedy_plan_too(made_district, monkeypatch):
    problem = made_district(places=6, buildings=8, budget_cny=60_000)
    monkeypatch.setattr("siting.model.solver.reduce_problem", out_of_memory)

    solution = solve(problem)

    assert violations(problem, solution) == ()
    assert (solution.status, solution.solver) == (Status.HEURISTIC, "greedy")
    assert solution.bound >= solution.objective > 0


@pytest.mark.skipif(sys.platform != "linux", reason="address space is limited on Linux alone")
@pytest.mark.parametrize("megabytes", [2, 30])
def test_a_process_short_of_memory_ends_with_a_plan_or_one_clear_error(megabytes):
    program = textwrap.dedent(f"""
        import resource, sys
        sys.path[:0] = [{str(ROOT)!r}, {str(ROOT / "tests" / "model")!r}]
        import numpy as np, highspy, scipy.optimize
        from conftest import make_random
        from siting.model.parts import Demands, Sites, Walks
        from siting.model.problem import Problem
        from siting.model.solver import SolverOptions, solve
        rng = np.random.default_rng(1)
        i, j = (part.ravel() for part in np.meshgrid(np.arange(120), np.arange(200), indexing="ij"))
        sites = Sites(rng.uniform(1e3, 9e3, 200), np.full(200, 4e3), np.full(200, 4), np.full(200, 24.0), np.zeros(200))
        demands = Demands(rng.uniform(5, 50, 120), np.ones(120))
        problem = Problem(demands, sites, Walks(i, j, rng.uniform(5, 200, len(i)))).maximise_service()
        problem = problem.with_budget(2e5)
        used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
        limit = used + {megabytes} * 2**20
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
        try:
            print(solve(problem, SolverOptions(time_limit_s=3.0)).status)
        except MemoryError:
            print("MemoryError")
    """)
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=False)

    assert ended.returncode == 0, ended.stderr[-500:]
    assert ended.stdout.split()[-1] in ("MemoryError", *Status)


def test_a_worker_killed_in_the_middle_is_named_and_the_plan_stands(street, monkeypatch):
    problem = street(1)
    tasks = count()
    share_out = sweep.Crew._try

    def killed_at_the_twelfth(crew, place, task, until):
        if next(tasks) == 12:  # while the pieces are priced, whatever the machine's speed
            os.kill(crew.workers[place].process.pid, signal.SIGKILL)
        return share_out(crew, place, task, until)

    monkeypatch.setattr(sweep.Crew, "_try", killed_at_the_twelfth)

    solution = solve_pieces(problem, PieceOptions(gap=1e-3, seconds=20.0, workers=2))

    assert "was killed by signal 9; its task was tried again" in solution.message
    assert violations(problem, solution) == ()
    assert solution.objective == pytest.approx(solve(problem, SolverOptions(gap=0.0)).objective, rel=2e-3)


@pytest.mark.parametrize("name", ["highs", "cbc"])
@pytest.mark.parametrize("seconds", [0.0, 0.05])
def test_no_time_is_the_plan_so_far_with_its_true_status(made_district, name, seconds):
    problem = made_district(places=10, buildings=12, budget_cny=120_000)
    began = time.perf_counter()

    solution = solve(problem, SolverOptions(name=name, time_limit_s=seconds, gap=0.0))

    assert violations(problem, solution) == ()
    assert solution.status in (Status.TIME_LIMITED, Status.HEURISTIC, Status.PROVEN)
    assert time.perf_counter() - began < 10.0
    assert solution.bound >= solution.objective


def test_pieces_without_time_have_a_plan_and_a_bound(street):
    problem = street(1)

    solution = solve_pieces(problem, PieceOptions(seconds=0.0))

    assert violations(problem, solution) == ()
    assert solution.status in (Status.TIME_LIMITED, Status.PROVEN)
    assert np.isfinite(solution.bound)


def test_greedy_stops_at_its_time_with_what_stands(made_district):
    problem = made_district(places=10, buildings=12, budget_cny=120_000)

    assert greedy_modules(problem, until=0.0).sum() == 0
    assert greedy_modules(problem).sum() > 0


def test_a_missing_solver_is_named_with_its_remedy(tiny, monkeypatch):
    monkeypatch.setattr("siting.model.engines.util.find_spec", lambda _name: None)
    with pytest.raises(UsageError, match="'highs' is not installed: pip install highspy"):
        solve(tiny.with_budget(300.0).with_cliques([[0, 1]]), SolverOptions(gap=0.0))
