"""A presolved, scaled, clipped piece has the same priced optimum as the plain program of the piece."""

import numpy as np
import pytest
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint, milp

from siting.model.decomposition import highs, scip
from siting.model.decomposition.components import split
from siting.model.decomposition.presolve import make_ready
from siting.model.decomposition.submodel import column_of, program_of
from siting.model.matrix import as_matrix, columns, spending


def plain_optimum(piece, option, price):
    """Solve the piece as it stands, with scipy: no presolve, no clip, no scaling."""
    form, at = as_matrix(piece.problem), columns(piece.problem)
    barred = np.flatnonzero(~np.isin(piece.compound, option.allowed))
    upper = form.upper.copy()
    upper[at.x.start + barred] = 0.0
    gain = form.objective - price * spending(piece.problem, at)
    result = milp(
        -gain,
        constraints=LinearConstraint(sparse.csc_array(form.matrix), form.row_lower, form.row_upper),
        integrality=form.integer.astype(int),
        bounds=Bounds(form.lower, upper),
        options={"mip_rel_gap": 0.0},
    )
    return -result.fun


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("price", [0.05, 0.4])
def test_optimum_is_that_of_the_plain_program(street, seed, price):
    for piece in split(street(seed)):
        ready = make_ready(piece)
        for option in ready.options:
            program = program_of(ready, option)
            plain = plain_optimum(piece, option, price)
            for engine in (highs, scip) if scip.is_installed() else (highs,):
                bound, plans, finished = engine.search(program, price, gap=0.0, nodes=10_000, seconds=20.0, seed=0)
                best = max(
                    column.value - price * column.cost_cny
                    for column in (column_of(ready, program, plan) for plan in plans)
                )
                assert finished
                assert bound == pytest.approx(plain, abs=1e-5)
                assert best == pytest.approx(plain, abs=1e-5)


def test_a_relaxation_is_never_below_the_optimum(street):
    for piece in split(street(3)):
        ready = make_ready(piece)
        program = program_of(ready, ready.options[-1])
        for (relaxed, _, _), price in zip(highs.relax(program, [0.1, 0.3]), [0.1, 0.3], strict=True):
            assert relaxed >= plain_optimum(piece, ready.options[-1], price) - 1e-6


def test_a_window_holds_the_cost_inside(street):
    piece = next(split(street(2)))
    ready = make_ready(piece)
    program = program_of(ready, ready.options[0])
    _, plans, _ = highs.search(program, 0.0, gap=0.0, nodes=1000, seconds=5.0, seed=0)
    free = column_of(ready, program, plans[0]).cost_cny

    _, plans, _ = highs.search(program.within(0.0, free - 1.0), 0.0, gap=0.0, nodes=1000, seconds=5.0, seed=0)

    assert column_of(ready, program, plans[0]).cost_cny <= free - 1.0 + 1e-6
