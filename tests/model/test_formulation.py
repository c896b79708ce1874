"""Both faces say the same. The golden texts are rewritten with SITING_REGENERATE=1 in the environment."""

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pulp
import pytest
from scipy.optimize import Bounds, LinearConstraint, milp

from siting.model.formulation import as_pulp
from siting.model.goal import Aim
from siting.model.matrix import as_matrix
from siting.model.problem import Problem

GOLDEN = Path(__file__).parent / "golden"

#: One part each, added to the tiny problem.
PARTS = {
    "service": lambda problem: problem,
    "budget": lambda problem: problem.with_budget(270),
    "cliques": lambda problem: problem.with_cliques([[0, 1], [1, 2]]),
    "transformers": lambda problem: problem.with_transformers(
        [5.0, np.nan], [0, 0, 1], [3.0, 3.0, 3.0], [[(4.0, 50.0), (4.0, 60.0)], []]
    ),
    "quotas": lambda problem: problem.with_quotas([0, 0, 1], [0, 0], [1]),
    "service_floor": lambda problem: problem.with_service_floor(40),
    "walking_limit": lambda problem: problem.with_walking_limit(900),
    "count": lambda problem: problem.with_count(least=1, most=2),
    "floors": lambda problem: problem.with_groups([0, 1]).with_floors(share=0.5),
    "existing": lambda problem: problem.with_existing([0, 1, 1], [np.nan, 30.0, np.nan]).with_budget(270),
    "goal_cost": lambda problem: replace(problem, goal=None).minimise_cost(service=40),
    "goal_walking": lambda problem: replace(problem, goal=None).minimise_walking(service="all"),
    "goal_floor": lambda problem: replace(problem, goal=None).with_groups([0, 1]).maximise_floor(),
    "goal_margin": lambda problem: replace(
        problem, goal=None, sites=replace(problem.sites, margin_m=np.array([0.5, 1.0, 2.0]))
    ).maximise_margin(service=40),
    "locks": lambda problem: problem.with_locks(locked_in=[2], locked_out=[0]),
}


@pytest.mark.parametrize("part", sorted(PARTS))
def test_program_reads_as_written(part, tiny, tmp_path):
    written = tmp_path / "program.lp"
    as_pulp(PARTS[part](tiny)).writeLP(str(written))
    golden = GOLDEN / f"{part}.lp"
    if os.environ.get("SITING_REGENERATE"):
        golden.write_text(written.read_text(encoding="utf-8"), encoding="utf-8")

    assert written.read_text(encoding="utf-8") == golden.read_text(encoding="utf-8")


def test_held_service_turns_the_goal_into_money(tiny, tmp_path):
    written = tmp_path / "program.lp"
    as_pulp(tiny.with_budget(270), aim=Aim.EXPENSE, held=[(Aim.SERVICE, 60.0)]).writeLP(str(written))
    text = written.read_text(encoding="utf-8")

    # 0.1 CNY x 10 m for the first walk, 50 CNY for a module at site 0, 100 CNY to open it
    assert "OBJ: f_0_0 + 4 f_0_1" in text
    assert "+ 50 n_0" in text
    assert "+ 100 x_0" in text
    assert "held_service: f_0_0 + f_0_1 + 2 f_1_0 + 2 f_1_1 + 2 f_1_2 >= 60" in text


@pytest.mark.parametrize("seed", range(400, 440))
def test_both_faces_have_the_same_rows(seed, random_problem):
    problem = random_problem(seed)
    form, program = as_matrix(problem), as_pulp(problem)

    columns = {variable.name: variable for variable in program.variables()}
    assert set(columns) <= set(form.column_names)  # PuLP lists only variables that occur
    for constraint in program.constraints():
        name = constraint.name
        row = form.row_names.index(name)
        entries = form.matrix[[row]].tocoo()
        found = {form.column_names[k]: float(v) for k, v in zip(entries.coords[1], entries.data, strict=True)}
        assert found == {variable.name: value for variable, value in constraint.items() if value}
        assert form.row_upper[row] == pytest.approx(-constraint.constant)
    for name, low, high in zip(form.column_names, form.lower, form.upper, strict=True):
        if name in columns:
            assert (columns[name].lowBound, columns[name].upBound) == (low, high)


@pytest.mark.parametrize("seed", range(440, 450))
def test_matrix_has_the_optimum_of_brute_force(seed, random_problem, brute_force):
    problem = random_problem(seed)
    form = as_matrix(problem)
    result = milp(
        -form.objective,
        constraints=LinearConstraint(form.matrix, form.row_lower, form.row_upper) if len(form.row_upper) else (),
        integrality=form.integer,
        bounds=Bounds(form.lower, form.upper),
    )

    assert -result.fun == pytest.approx(brute_force(problem)[0], abs=1e-5)


def test_pulp_face_can_be_solved_by_hand(tiny):
    program = as_pulp(tiny.with_budget(270))

    assert program.sense == pulp.LpMaximize
    assert len(program.constraints()) == 2 + 3 + 3 + 1  # demand, capacity, modules, budget


def test_a_problem_without_walks_has_faces_too(tiny):
    empty = Problem(tiny.demands, tiny.sites, type(tiny.walks)([], [], [])).maximise_service()

    assert as_matrix(empty).matrix.shape[1] == 6
    assert len(as_pulp(empty).constraints()) == 6
