"""A program in arrays, and the one place where such arrays become a model of HiGHS."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from siting.model.parts import FloatArray

__all__ = ["Program", "highs_model", "with_row"]

_FEASIBLE = 1e-6


@dataclass(frozen=True, eq=False)
class Program:
    """Maximise `objective` over columns between `lower` and `upper`, rows `matrix` between `row_lower` and `row_upper`.

    `matrix` is CSR, `integer` marks whole-numbered columns. A figure of which less is better stands in `objective`
    with its sign turned.
    """

    objective: FloatArray
    lower: FloatArray
    upper: FloatArray
    integer: NDArray[np.bool_]
    matrix: Any
    row_lower: FloatArray
    row_upper: FloatArray

    def keeps(self, values: FloatArray) -> bool:
        """Return whether `values` keep every limit, to round-off."""
        sums = self.matrix @ values
        slack = _FEASIBLE * np.maximum(1.0, np.abs(sums))
        inside = (values >= self.lower - _FEASIBLE).all() and (values <= self.upper + _FEASIBLE).all()
        return bool(inside and (sums >= self.row_lower - slack).all() and (sums <= self.row_upper + slack).all())


def with_row(program: Program, coefficients: FloatArray, *, lower: float = -np.inf, upper: float = np.inf) -> Program:
    """Return the program with one more row."""
    return replace(
        program,
        matrix=sparse.vstack([program.matrix, sparse.csr_array(coefficients[None, :])], format="csr"),
        row_lower=np.append(program.row_lower, lower),
        row_upper=np.append(program.row_upper, upper),
    )


def highs_model(highspy: Any, program: Program) -> Any:
    """Return the program as HiGHS takes it; `highspy` is the imported module."""
    model = highspy.HighsLp()
    model.num_col_, model.num_row_ = len(program.objective), len(program.row_upper)
    model.sense_ = highspy.ObjSense.kMaximize
    model.col_cost_, model.col_lower_, model.col_upper_ = program.objective, program.lower, program.upper
    model.row_lower_, model.row_upper_ = program.row_lower, program.row_upper
    by_column = sparse.csc_array(program.matrix)
    model.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    model.a_matrix_.start_, model.a_matrix_.index_ = by_column.indptr, by_column.indices
    model.a_matrix_.value_ = by_column.data
    kinds = highspy.HighsVarType
    model.integrality_ = [kinds.kInteger if whole else kinds.kContinuous for whole in program.integer.tolist()]
    return model
