"""The benchmark on made cities: its solution passes the checker that came with the cities."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks._city import read_city, write_solution
from siting.model.check import violations
from siting.model.pieces import PieceOptions, in_many_pieces, solve_pieces

INSTANCES = Path(__file__).parents[3] / "shared" / "instances"


@pytest.fixture(scope="module")
def city(tmp_path_factory):
    if not (INSTANCES / "make_city.py").is_file():
        pytest.skip("../shared/instances is not here")
    path = tmp_path_factory.mktemp("city") / "city.npz"
    subprocess.run([sys.executable, str(INSTANCES / "make_city.py"), "12", "5", str(path)], check=True)
    return path


@pytest.mark.slow
def test_the_plan_passes_the_full_check(city, tmp_path):
    problem = read_city(city)
    solution = solve_pieces(problem, PieceOptions(gap=2e-3, seconds=60.0))
    write_solution(tmp_path / "solution.npz", city, problem, solution)

    words = [sys.executable, str(INSTANCES / "check_city.py"), str(city), str(tmp_path / "solution.npz")]
    checked = subprocess.run(words, capture_output=True, text=True, check=False)

    assert checked.returncode == 0, checked.stdout
    assert f"objective {solution.objective:.3f}  bound {solution.bound:.3f}" in checked.stdout
    assert violations(problem, solution) == ()
    assert solution.gap <= 5e-3


def test_a_city_is_many_pieces(city):
    problem = read_city(city)

    assert in_many_pieces(problem)
    with np.load(city) as arrays:
        pairs = arrays["conflict"]
    covered = {(a, b) for clique in problem.cliques for a in clique.tolist() for b in clique.tolist() if a < b}
    assert covered == set(map(tuple, pairs.tolist()))
