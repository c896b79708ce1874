"""The door to HiGHS for the decomposition: relaxations at several prices, searches, and the master's program."""

from typing import TYPE_CHECKING, Any

import highspy
import numpy as np
from scipy import sparse

from siting.model.parts import FloatArray

if TYPE_CHECKING:
    from siting.model.decomposition.submodel import Program

__all__ = ["Search", "assign", "choose", "name", "relax", "relaxed_most", "search"]

Search = tuple[float, list[FloatArray], bool]  # bound, plans best first, whether it finished


def name() -> str:
    """Return the solver's name with its version."""
    return f"HiGHS {highspy.Highs().version()}"


def relax(program: "Program", prices: list[float]) -> list[tuple[float, float, float]]:
    """Return (bound, service, cost) of the linear relaxation at each price, each solved from the last one's basis.

    A bound of minus infinity says that there is no plan at all.
    """
    solver = _solver(program.matrix, (program.row_lower, program.row_upper), (program.lower, program.upper))
    every = np.arange(len(program.service), dtype=np.int32)
    results = []
    for price in prices:
        solver.changeColsCost(len(every), every, program.service - price * program.cost_cny)
        values = _solved(solver)
        service, cost = float(program.service @ values), float(program.cost_cny @ values) + program.fixed_cny
        is_empty = solver.getModelStatus() == highspy.HighsModelStatus.kInfeasible
        results.append((-np.inf if is_empty else service - price * cost, service, cost))
    return results


def relaxed_most(
    gains: FloatArray, rows: Any, row_limits: tuple[FloatArray, FloatArray], limits: tuple[FloatArray, FloatArray]
) -> FloatArray:
    """Return the maximum of each row of `gains` over a relaxation."""
    solver = _solver(rows, row_limits, limits)
    every = np.arange(gains.shape[1], dtype=np.int32)
    most = []
    for gain in gains:
        solver.changeColsCost(len(every), every, gain)
        most.append(float(gain @ _solved(solver)))
    return np.array(most)


def _solved(solver: Any) -> FloatArray:
    solver.run()
    if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        return np.full(solver.getNumCol(), np.nan)
    return np.asarray(solver.getSolution().col_value)


def search(program: "Program", price: float, *, gap: float, nodes: int, seconds: float, seed: int) -> Search:
    """Return the best of service - price x cost over whole numbers."""
    gain = program.service - price * program.cost_cny
    solver = _solver(program.matrix, (program.row_lower, program.row_upper), (program.lower, program.upper), gain)
    for key, value in {
        "mip_abs_gap": max(gap, 1e-9), "mip_rel_gap": 0.0, "mip_max_nodes": nodes, "time_limit": seconds,
        "mip_heuristic_effort": 0.0, "presolve": "off", "random_seed": seed,
    }.items():  # fmt: skip
        solver.setOptionValue(key, value)
    _make_whole(solver, program.integer)
    solver.run()
    status, info = solver.getModelStatus(), solver.getInfo()
    found = info.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
    finished = status in (highspy.HighsModelStatus.kOptimal, highspy.HighsModelStatus.kInfeasible)
    bound = float(info.mip_dual_bound)
    if status == highspy.HighsModelStatus.kInfeasible:
        bound = -np.inf
    return bound, [np.asarray(solver.getSolution().col_value)] if found else [], finished


def assign(gain: FloatArray, rows: Any, row_limits: tuple[FloatArray, FloatArray]) -> tuple[FloatArray, FloatArray]:
    """Return the fractional columns (0 to 1) with the most gain, and the price of each row (0 or more)."""
    solver = _solver(rows, row_limits, (np.zeros(len(gain)), np.ones(len(gain))), gain)
    solver.run()
    solution = solver.getSolution()
    return np.asarray(solution.col_value), np.abs(np.asarray(solution.row_dual))


def choose(
    gain: FloatArray, rows: Any, limits: tuple[FloatArray, FloatArray], *, start: FloatArray, gap: float, seconds: float
) -> tuple[FloatArray, float]:
    """Return 0/1 columns with the most gain and a bound on it; `start` is a first choice that keeps the limits."""
    solver = _solver(rows, limits, (np.zeros(len(gain)), np.ones(len(gain))), gain)
    for key, value in {"mip_rel_gap": gap, "time_limit": seconds}.items():
        solver.setOptionValue(key, value)
    _make_whole(solver, np.ones(len(gain), bool))
    solver.setSolution(len(gain), np.arange(len(gain), dtype=np.int32), start)
    solver.run()
    info = solver.getInfo()
    if info.primal_solution_status != highspy.SolutionStatus.kSolutionStatusFeasible:
        return start, float(info.mip_dual_bound)
    return np.rint(np.asarray(solver.getSolution().col_value)), float(info.mip_dual_bound)


def _make_whole(solver: Any, integer: Any) -> None:
    whole = np.flatnonzero(integer).astype(np.int32)
    solver.changeColsIntegrality(len(whole), whole, np.full(len(whole), 1, np.uint8))


def _solver(
    rows: Any,
    row_limits: tuple[FloatArray, FloatArray],
    limits: tuple[FloatArray, FloatArray],
    gain: FloatArray | None = None,
) -> Any:
    """Return a HiGHS that maximises, with its model in place."""
    model = highspy.HighsLp()
    model.num_col_, model.num_row_ = len(limits[0]), len(row_limits[0])
    model.sense_ = highspy.ObjSense.kMaximize
    model.col_cost_ = np.zeros(len(limits[0])) if gain is None else gain
    model.col_lower_, model.col_upper_ = limits
    model.row_lower_, model.row_upper_ = row_limits
    by_column = sparse.csc_array(rows)
    model.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    model.a_matrix_.start_, model.a_matrix_.index_ = by_column.indptr, by_column.indices
    model.a_matrix_.value_ = by_column.data
    solver = highspy.Highs()
    solver.setOptionValue("output_flag", False)
    solver.setOptionValue("threads", 1)
    solver.passModel(model)
    return solver
