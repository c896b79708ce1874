"""The matrix face of a problem: the hot path to HiGHS, row for row the program of `siting.model.formulation`."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from siting.model.goal import Aim
from siting.model.measures import Columns, coefficients, columns, required_goal, spending, step_names
from siting.model.parts import FloatArray
from siting.model.problem import Problem
from siting.model.program import Program
from siting.model.rows import families

__all__ = ["Columns", "MatrixForm", "as_matrix", "bounds", "columns", "required_goal", "spending"]


@dataclass(frozen=True, eq=False)
class MatrixForm(Program):
    """The program of a problem; names of columns only where they were asked for."""

    column_names: tuple[str, ...]
    row_names: tuple[str, ...]


def as_matrix(
    problem: Problem, *, aim: Aim | None = None, held: Sequence[tuple[Aim, float]] = (), named: bool = True
) -> MatrixForm:
    """Return `problem` as arrays.

    `aim` is the figure to optimise, the goal's first if None; each of `held` is a figure with the value it may not
    fall behind. Without `named` the columns have no names, which saves their making.
    """
    at, aim = columns(problem), aim or required_goal(problem).aim
    lower, upper = bounds(problem, at, held)
    integer = np.ones(at.total, bool)
    integer[at.f] = integer[at.share] = integer[at.margin] = False
    rows = [row for row in families(problem, at, held) if len(row.names)]
    matrix = sparse.vstack([row.matrix for row in rows], format="csr") if rows else sparse.csr_array((0, at.total))
    free = [np.full(len(row.names), -np.inf) if row.lower is None else row.lower for row in rows]
    return MatrixForm(
        objective=(-1.0 if aim.is_least else 1.0) * coefficients(problem, at, aim),
        lower=lower,
        upper=upper,
        integer=integer,
        matrix=matrix,
        row_lower=np.concatenate(free) if rows else np.empty(0),
        row_upper=np.concatenate([row.upper for row in rows]) if rows else np.empty(0),
        column_names=tuple(_column_names(problem)) if named else (),
        row_names=tuple(name for row in rows for name in row.names),
    )


def bounds(problem: Problem, at: Columns, held: Sequence[tuple[Aim, float]] = ()) -> tuple[FloatArray, FloatArray]:
    """Return the least and most of each column; a margin that is held closes the new sites below it."""
    lower, upper = np.zeros(at.total), np.ones(at.total)
    upper[at.f] = problem.demands.vehicles[problem.walks.i]
    upper[at.n] = problem.sites.max_modules
    lower[at.n] = problem.least_modules
    lower[at.x] = problem.least_modules > 0
    upper[at.n][problem.locked_out] = upper[at.x][problem.locked_out] = 0.0
    margin = problem.sites.margin_m
    if margin is not None and len(margin):
        lower[at.margin], upper[at.margin] = min(0.0, float(margin.min())), float(margin.max())
        for aim, value in held:
            if aim is Aim.MARGIN:
                closed = (problem.standing == 0) & (margin < value - 1e-9)
                upper[at.n][closed] = upper[at.x][closed] = 0.0
    return lower, upper


def _column_names(problem: Problem) -> list[str]:
    sites, at = range(len(problem.sites)), columns(problem)
    walks = zip(problem.walks.i.tolist(), problem.walks.j.tolist(), strict=True)
    return [
        *(f"f_{i}_{j}" for i, j in walks),
        *(f"n_{j}" for j in sites),
        *(f"x_{j}" for j in sites),
        *(f"z_{name}" for name in step_names(problem)),
        *(f"q_{c}" for c in range(len(problem.quotas.district) if problem.quotas else 0)),
        *(["share"] * (at.share.stop - at.share.start)),
        *(["margin"] * (at.margin.stop - at.margin.start)),
    ]
