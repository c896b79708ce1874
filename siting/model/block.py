"""Programs built from blocks of one problem's arrays, years or scenarios side by side, and their search by HiGHS.

`as_matrix` gives the one-period program; whoever lays several beside each other hands the whole as a `Program` to
`search`. Nodes limit the search, not the clock, so that two runs stop at the same plan.
"""

from dataclasses import dataclass, replace
from importlib import util
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from siting.errors import UsageError
from siting.model.engines import End
from siting.model.parts import FloatArray
from siting.model.solution import Status

__all__ = ["Found", "Program", "SearchLimits", "best_first", "nodes_for", "search", "status_of", "with_row"]

_WORK = 6_000_000  # nodes x nonzeros that a search may take
_LEAST_NODES = 16
_FEASIBLE = 1e-6


@dataclass(frozen=True, eq=False)
class Program:
    """Maximise `objective` over columns between `lower` and `upper`, `rows` (CSR) between `row_lower`, `row_upper`."""

    objective: FloatArray
    lower: FloatArray
    upper: FloatArray
    integer: NDArray[np.bool_]
    rows: Any
    row_lower: FloatArray
    row_upper: FloatArray

    def keeps(self, values: FloatArray) -> bool:
        """Return whether `values` keep every limit, to round-off."""
        sums = self.rows @ values
        slack = _FEASIBLE * np.maximum(1.0, np.abs(sums))
        inside = (values >= self.lower - _FEASIBLE).all() and (values <= self.upper + _FEASIBLE).all()
        return bool(inside and (sums >= self.row_lower - slack).all() and (sums <= self.row_upper + slack).all())


@dataclass(frozen=True)
class SearchLimits:
    """When a search may stop: `gap` relative to the objective; `nodes` None takes as many as the size allows."""

    gap: float = 5e-4
    seconds: float = 120.0
    nodes: int | None = None
    seed: int = 0


@dataclass(frozen=True, eq=False)
class Found:
    """What a search gave: the columns (None without any plan), a bound on the objective, and how it ended."""

    values: FloatArray | None
    bound: float
    end: End
    text: str
    solver: str


def nodes_for(program: Program) -> int:
    """Return how many nodes a search of this size may take."""
    return max(_LEAST_NODES, _WORK // (int(program.rows.nnz) + 1))


def search(program: Program, limits: SearchLimits, start: FloatArray | None = None) -> Found:
    """Return the best columns found by HiGHS; `start` holds whole numbers of a plan that keeps the limits.

    Raises `UsageError` where HiGHS is not installed.
    """
    if util.find_spec("highspy") is None:
        message = "years and scenarios are solved by HiGHS, which is not installed: pip install highspy"
        raise UsageError(message)
    import highspy

    solver = highspy.Highs()
    for key, value in {
        "output_flag": False,
        "threads": 1,
        "random_seed": limits.seed,
        "time_limit": max(limits.seconds, 0.01),
        "mip_rel_gap": limits.gap,
        "mip_max_nodes": limits.nodes or nodes_for(program),
    }.items():
        solver.setOptionValue(key, value)
    solver.passModel(_model(highspy, program))
    if start is not None:
        whole = np.flatnonzero(program.integer).astype(np.int32)
        solver.setSolution(len(whole), whole, start[whole])
    solver.run()
    status, info = solver.getModelStatus(), solver.getInfo()
    ends = {
        highspy.HighsModelStatus.kOptimal: End.FINISHED,
        highspy.HighsModelStatus.kTimeLimit: End.TIME,
        highspy.HighsModelStatus.kSolutionLimit: End.NODES,
        highspy.HighsModelStatus.kInfeasible: End.INFEASIBLE,
    }
    found = info.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
    values = np.asarray(solver.getSolution().col_value) if found else None
    whole_numbers = bool(program.integer.any())
    bound = float(info.mip_dual_bound if whole_numbers else info.objective_function_value)
    end = ends.get(status, End.FAILED)
    return Found(
        None if values is None else np.where(program.integer, np.rint(values), values),
        bound if end in (End.FINISHED, End.NODES, End.TIME) else np.inf,
        end,
        solver.modelStatusToString(status),
        f"HiGHS {solver.version()}",
    )


def with_row(program: Program, coefficients: FloatArray, *, lower: float = -np.inf, upper: float = np.inf) -> Program:
    """Return the program with one more row."""
    return replace(
        program,
        rows=sparse.vstack([program.rows, sparse.csr_array(coefficients[None, :])], format="csr"),
        row_lower=np.append(program.row_lower, lower),
        row_upper=np.append(program.row_upper, upper),
    )


def best_first(
    program: Program, expense: FloatArray, limits: SearchLimits, start: FloatArray | None
) -> tuple[Found, FloatArray]:
    """Return the search and its columns, then thinned: of equal objective, those with the least `expense`.

    Raises `UsageError` if no plan is found at all.
    """
    found = search(program, limits, start)
    values = found.values
    if start is not None and program.keeps(start):
        values = start if values is None or program.objective @ start > program.objective @ values else values
    if values is None:
        message = f"HiGHS found no plan that keeps all limits ({found.text}); loosen a limit or the budget"
        raise UsageError(message)
    held = float(program.objective @ values)
    second = search(
        with_row(replace(program, objective=-expense), program.objective, lower=held - 1e-9 * max(1.0, abs(held))),
        replace(limits, gap=1e-6, nodes=max(_LEAST_NODES, nodes_for(program) // 10)),
        values,
    )
    if second.values is not None and expense @ second.values < expense @ values - 1e-6:
        keeps = program.objective @ second.values >= held - 1e-6 * max(1.0, abs(held))
        values = second.values if keeps else values
    return found, values


def status_of(end: End, objective: float, bound: float) -> Status:
    """Return what is proven of a plan whose search ended so."""
    if bound - objective <= 1e-6 * max(1.0, abs(objective)):
        return Status.PROVEN
    if end in (End.FINISHED, End.NODES):
        return Status.WITHIN
    return Status.TIME_LIMITED if end is End.TIME else Status.HEURISTIC


def _model(highspy: Any, program: Program) -> Any:
    model = highspy.HighsLp()
    model.num_col_, model.num_row_ = len(program.objective), len(program.row_upper)
    model.sense_ = highspy.ObjSense.kMaximize
    model.col_cost_, model.col_lower_, model.col_upper_ = program.objective, program.lower, program.upper
    model.row_lower_, model.row_upper_ = program.row_lower, program.row_upper
    by_column = sparse.csc_array(program.rows)
    model.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    model.a_matrix_.start_, model.a_matrix_.index_ = by_column.indptr, by_column.indices
    model.a_matrix_.value_ = by_column.data
    kinds = highspy.HighsVarType
    model.integrality_ = [kinds.kInteger if whole else kinds.kContinuous for whole in program.integer.tolist()]
    return model
