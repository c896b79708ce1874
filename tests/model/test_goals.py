"""Every goal with every part: what brute force finds, both faces, both solvers, and what may not change."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from model.all_parts import best_by_force, make_problem

from siting.errors import InfeasibleError, UsageError
from siting.model.check import violations
from siting.model.formulation import as_pulp
from siting.model.goal import Aim, Goal
from siting.model.matrix import as_matrix
from siting.model.measures import counted_groups, value_of
from siting.model.solution import Status
from siting.model.solver import SolverOptions, solve

EXACT = SolverOptions(gap=0.0)


def figures_of(problem, solution):
    """Return the figures of the goal in their order, each so that more is better."""
    found = [(aim, value_of(problem, aim, solution.modules, solution.served)) for aim in problem.goal.stages]
    return tuple(-value if aim.is_least else value for aim, value in found)


def solved(problem, options=EXACT):
    """Return the solution, or None where limits collide or the goal has no meaning for these parts."""
    try:
        return solve(problem, options)
    except (InfeasibleError, UsageError):
        return None


@pytest.mark.parametrize("seeds", [range(first, first + 50) for first in range(0, 500, 50)])
def test_every_goal_with_any_parts_finds_what_brute_force_finds(seeds):
    for seed in seeds:
        problem = make_problem(seed)
        try:
            solution = solve(problem, EXACT)
        except UsageError:
            assert problem.goal.aim is Aim.FLOOR, seed  # no group that can walk anywhere
            continue
        except InfeasibleError:
            assert best_by_force(problem) is None, seed
            continue
        best = best_by_force(problem)

        assert violations(problem, solution) == (), seed
        assert solution.status is Status.PROVEN, seed
        assert best is not None, seed
        found = figures_of(problem, solution)
        assert found[:-1] == pytest.approx(best[:-1], abs=2e-4), seed
        assert found[-1] == pytest.approx(best[-1], abs=0.05), seed
        assert not solution.aim.is_better(solution.objective, solution.bound, by=1e-6), seed


@pytest.mark.parametrize("seed", range(500, 560))
def test_both_faces_have_the_same_rows(seed):
    problem = make_problem(seed)
    if problem.goal.aim is Aim.FLOOR and not counted_groups(problem).size:
        problem = replace(problem, goal=Goal(aim=Aim.COST), service_floor=1.0)
    held = [(Aim.SERVICE, 3.0), (Aim.WALKING, 900.0), (Aim.COST, 77.0)]
    for aim in problem.goal.stages:
        form, program = as_matrix(problem, aim=aim, held=held), as_pulp(problem, aim=aim, held=held)
        columns = {variable.name: variable for variable in program.variables()}
        named = {constraint.name: constraint for constraint in program.constraints()}

        left_out = set(form.row_names) - set(named)
        assert set(named) <= set(form.row_names)
        assert all(form.matrix[[form.row_names.index(name)]].nnz == 0 for name in left_out)
        for name, constraint in named.items():
            row = form.row_names.index(name)
            entries = form.matrix[[row]].tocoo()
            found = {form.column_names[k]: float(v) for k, v in zip(entries.coords[1], entries.data, strict=True)}
            assert found == pytest.approx({v.name: value for v, value in constraint.items() if value})
            limit = -constraint.constant
            lower, upper = {-1: (-np.inf, limit), 0: (limit, limit), 1: (limit, np.inf)}[constraint.sense]
            assert (form.row_lower[row], form.row_upper[row]) == (pytest.approx(lower), pytest.approx(upper))
        for name, low, high in zip(form.column_names, form.lower, form.upper, strict=True):
            if name in columns:
                assert (columns[name].lowBound, columns[name].upBound) == (low, high)
        gain = {form.column_names[k]: value for k, value in enumerate(form.objective) if value}
        sign = -1 if aim.is_least else 1
        assert gain == pytest.approx({v.name: sign * value for v, value in program.objective.items() if value})


@pytest.mark.parametrize("seeds", [range(first, first + 10) for first in range(600, 620, 10)])
def test_cbc_finds_the_same(seeds):
    for seed in seeds:
        problem = make_problem(seed)
        by_highs, by_cbc = solved(problem), solved(problem, replace(EXACT, name="cbc"))

        assert (by_highs is None) == (by_cbc is None), seed
        if by_highs is not None and by_cbc is not None:
            assert violations(problem, by_cbc) == (), seed
            assert figures_of(problem, by_cbc) == pytest.approx(figures_of(problem, by_highs), abs=0.05), seed


@pytest.mark.parametrize("seeds", [range(first, first + 20) for first in range(700, 740, 20)])
def test_shuffled_sites_give_the_same_plan(seeds):
    for seed in seeds:
        plain, shuffled = solved(make_problem(seed)), solved(make_problem(seed, shuffle=True))

        assert (plain is None) == (shuffled is None), seed
        if plain is not None and shuffled is not None:
            new = np.random.default_rng(seed + 1).permutation(len(plain.modules))
            assert shuffled.objective == pytest.approx(plain.objective, abs=1e-5), seed
            assert shuffled.modules[new].tolist() == plain.modules.tolist(), seed


@pytest.mark.parametrize("seed", range(800, 810))
def test_more_money_is_never_worse_and_locks_are_in_the_plan(seed):
    problem, found = make_problem(seed), []
    for budget in (0.0, 60.0, 120.0, 240.0, None):
        solution = solved(replace(problem, budget_cny=budget))
        if solution is None:
            assert not found, "what less money pays for, more money does"
            continue
        found.append(solution.objective)
        assert (solution.modules[problem.locked_in] > 0).all()
        assert (solution.modules[problem.locked_out] == 0).all()
    for less, more in pairwise(found):
        assert not problem.goal.aim.is_better(less, more, by=1e-6)
