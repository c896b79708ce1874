"""A solution that was tampered with is caught, and the broken limit is named."""

from dataclasses import replace

import numpy as np
import pytest

from siting.model.check import violations
from siting.model.solver import SolverOptions, solve


@pytest.fixture
def case(tiny):
    """Site 1 with two modules at transformer 0, for 270 + 50 CNY."""
    problem = (
        tiny.with_budget(320)
        .with_cliques([[0, 1]])
        .with_transformers([5.0], [0, 0, -1], [3.0] * 3, [[(4.0, 50.0)]])
        .with_locks(locked_out=[2])
    )
    return problem, solve(problem, SolverOptions(gap=0.0))


def test_the_solution_itself_is_clean(case):
    problem, solution = case

    assert solution.modules.tolist() == [0, 2, 0]
    assert solution.upgrades == ((0, 0),)
    assert solution.spent_cny == 320
    assert violations(problem, solution) == ()


@pytest.mark.parametrize(
    ("tamper", "named"),
    [
        (lambda _: {"modules": np.array([0, 1, 0])}, "capacity of site 1"),
        (lambda _: {"modules": np.array([0, 3, 0])}, "modules of site 1"),
        (lambda _: {"modules": np.array([1, 2, 0])}, "exclude each other"),
        (lambda _: {"modules": np.array([0, 2, 1])}, "site 2 is locked out"),
        (lambda _: {"modules": np.array([0.0, 1.5, 0.0])}, "modules must be whole"),
        (lambda _: {"modules": np.array([0, 2])}, "not those of the problem"),
        (lambda s: {"served": s.served * 1.5}, "demand 1"),
        (lambda s: {"served": -s.served}, "not negative"),
        (lambda _: {"upgrades": ()}, "transformer 0: load 6.000 kVA exceeds 5.000 kVA"),
        (lambda _: {"upgrades": ((0, 0), (0, 0))}, "not the first ones, each once"),
        (lambda _: {"spent_cny": 300.0}, "spent_cny is stated as 300"),
        (lambda s: {"site_spent_cny": s.site_spent_cny * 0.9}, "site_spent_cny"),
        (lambda s: {"objective": s.objective + 1}, "objective is stated"),
        (lambda s: {"bound": s.objective - 1}, "bound"),
    ],
)
def test_tampering_is_named(case, tamper, named):
    problem, solution = case
    found = violations(problem, replace(solution, **tamper(solution)))

    assert any(named in sentence for sentence in found), found


def test_overspending_is_named(case):
    problem, solution = case
    found = violations(replace(problem, budget_cny=319.0), solution)

    assert found == ("the plan costs 320.00 CNY, the budget is 319.00 CNY",)


def test_a_missing_lock_is_named(tiny):
    solution = solve(tiny.with_budget(270))
    found = violations(tiny.with_locks(locked_in=[0]), solution)

    assert found == ("site 0 is locked in, but not built",)
