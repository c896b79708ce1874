"""Quotas of compounds by district: who may still be chosen, in both faces, in greedy and in the check."""

from dataclasses import replace

import numpy as np
import pytest

from siting.errors import InfeasibleError, UsageError
from siting.model.check import violations
from siting.model.cliques import cover_pairs
from siting.model.greedy import greedy_modules
from siting.model.solver import SolverOptions, solve

EXACT = SolverOptions(gap=0.0)


def test_the_quota_keeps_all_but_one_compound_out(tiny):
    # sites 0 and 1 in compound 0, site 2 in compound 1; site 2 alone serves 20 vehicles of weight 2
    free, limited = tiny.with_budget(400), tiny.with_budget(400).with_quotas([0, 0, 1], [0, 0], [1])

    solution = solve(limited, EXACT)

    assert violations(limited, solution) == ()
    assert limited.quotas.used(solution.modules).tolist() == [1]
    assert solution.objective <= solve(free, EXACT).objective


def test_both_faces_agree_under_a_quota(tiny):
    problem = tiny.with_budget(400).with_quotas([0, 1, 2], [0, 0, 1], [1, 0])

    by_highs, by_cbc = solve(problem, EXACT), solve(problem, replace(EXACT, name="cbc"))

    assert by_highs.objective == pytest.approx(by_cbc.objective)
    assert by_highs.modules[2] == 0


def test_greedy_keeps_the_quota(tiny):
    problem = tiny.with_quotas([0, 1, 2], [0, 0, 0], [1])

    assert problem.quotas.used(greedy_modules(problem)).tolist() == [1]


def test_the_check_names_the_district(tiny):
    limited = tiny.with_budget(1000).with_quotas([0, 1, 2], [0, 0, 0], [1])
    over = replace(solve(tiny.with_budget(1000), EXACT), modules=np.array([1, 1, 0]))

    assert any("district 0: 2 compounds have sites, its quota is 1" in line for line in violations(limited, over))


def test_locks_beyond_a_quota_are_refused(tiny):
    with pytest.raises(InfeasibleError, match="2 compounds of district 0 are locked in, but its quota is 1"):
        tiny.with_quotas([0, 1, 2], [0, 0, 0], [1]).with_locks(locked_in=[0, 2])


def test_wrong_quotas_are_refused(tiny):
    with pytest.raises(UsageError, match="quotas name 2 sites, but there are 3"):
        tiny.with_quotas([0, 1], [0, 0], [1])
    with pytest.raises(UsageError, match="quotas name district 1, but there are only 1"):
        tiny.with_quotas([0, 0, 1], [0, 1], [1])


def test_the_method_section_names_quotas(tiny):
    assert "at most 1 compounds in each of 1 districts" in str(tiny.with_quotas([0, 0, 1], [0, 0], [1]))


def test_a_triangle_is_one_clique_and_a_path_two():
    assert cover_pairs(np.array([[2, 0], [0, 1], [1, 2]]), count=3) == [[0, 1, 2]]
    assert cover_pairs(np.array([[1, 2], [1, 0]]), count=3) == [[0, 1], [1, 2]]


def test_cliques_say_exactly_what_the_pairs_say():
    rng = np.random.default_rng(0)
    pairs = rng.integers(0, 30, (120, 2))
    wanted = {(min(a, b), max(a, b)) for a, b in pairs.tolist() if a != b}

    cliques = cover_pairs(pairs, count=30)

    assert {(a, b) for clique in cliques for k, a in enumerate(clique) for b in clique[k + 1 :]} == wanted
