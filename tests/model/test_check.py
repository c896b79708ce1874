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


def stands(tiny):
    """Site 0 stands with a module, may not go; site 2 stands and may go for 30 CNY."""
    return tiny.with_existing([1, 0, 1], [np.nan, np.nan, 30.0])


@pytest.mark.parametrize(
    ("part", "tamper", "named"),
    [
        (lambda p: p.with_service_floor(60), {"served": [20.0, 0, 0, 0, 5.0]}, "service: 30.000000 is below 60"),
        (
            lambda p: p.with_walking_limit(100),
            {"served": [0, 0, 0, 10.0, 0]},
            "walking limit 0: 300.000000 exceeds 100",
        ),
        (
            lambda p: p.with_groups([0, 1], names=("a", "b")).with_floors(vehicles=[5, 2]),
            {"served": [3.0, 0, 0, 0, 9.0]},
            "floor of a: 3.000000 is below 5",
        ),
        (lambda p: p.with_count(most=1), {"modules": [1, 1, 0]}, "2 sites are open, at most 1 may be"),
        (lambda p: p.with_count(least=2), {"modules": [1, 0, 0]}, "1 sites are open, at least 2 must be"),
        (stands, {"modules": [0, 1, 1]}, "site 0 stands and may not be removed, but the plan removes it"),
        (lambda p: p.with_existing([0, 2, 0]), {"modules": [0, 1, 0]}, "stands with 2 modules, but the plan leaves 1"),
        (stands, {"modules": [1, 0, 0], "spent_cny": 0.0}, "spent_cny is stated as 0.000, but is 30.000"),
    ],
)
def test_further_parts_are_checked_too(tiny, part, tamper, named):
    problem = part(tiny)
    solution = solve(tiny, SolverOptions(gap=0.0))
    changed = {key: np.array(value) if isinstance(value, list) else value for key, value in tamper.items()}
    found = violations(problem, replace(solution, **changed))

    assert any(named in sentence for sentence in found), found


@pytest.mark.parametrize(
    ("goal", "figure"),
    [
        (lambda p: p.minimise_cost(service=40), 140.0),
        (lambda p: p.minimise_walking(service=40), 100.0),
        (lambda p: p.with_groups([0, 1]).maximise_floor(), 1.0),
        (lambda p: p.maximise_margin(service=40), 2.0),
    ],
)
def test_each_goal_states_its_own_figure_and_bound(tiny, goal, figure):
    sites = replace(tiny.sites, margin_m=np.array([0.5, 1.0, 2.0]))
    problem = goal(replace(tiny, goal=None, sites=sites))
    solution = solve(problem, SolverOptions(gap=0.0))

    assert solution.objective == pytest.approx(figure)
    assert violations(problem, solution) == ()
    wrong = replace(solution, objective=solution.objective + 1)
    assert any("objective is stated as" in sentence for sentence in violations(problem, wrong))
    beyond = replace(solution, bound=solution.bound + (1 if solution.aim.is_least else -1))
    assert any("the bound" in sentence for sentence in violations(problem, beyond))
