"""The search of a program that lays blocks of one problem's arrays beside each other, figure by figure, by HiGHS.

`as_matrix` gives the one-period program; `siting.model.horizon` lays several beside each other. Nodes limit the
search, not the clock, so that two runs stop at the same plan.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib import util

import numpy as np

from siting.errors import InfeasibleError, SitingError, UsageError
from siting.model.engines import End
from siting.model.parts import FloatArray
from siting.model.program import Program, highs_model, with_row
from siting.model.solution import Status

__all__ = ["Found", "Program", "SearchLimits", "best_in_order", "nodes_for", "search", "status_of"]

_WORK = 6_000_000  # nodes x nonzeros that a search may take
_LEAST_NODES = 16
_FIRST_SHARE = 0.75  # of the time that is left for the first figure


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
    return max(_LEAST_NODES, _WORK // (int(program.matrix.nnz) + 1))


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
    solver.passModel(highs_model(highspy, program))
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


def best_in_order(
    program: Program, further: Sequence[FloatArray], limits: SearchLimits, start: FloatArray | None
) -> tuple[Found, FloatArray]:
    """Return the search for the objective, and the columns that of equal objective have most of each `further` figure.

    Raises `InfeasibleError` if no columns keep the limits, `SitingError` if none were found in time.
    """
    share = _FIRST_SHARE if further else 1.0
    found = search(program, replace(limits, seconds=share * limits.seconds), start)
    values = _better(program, start, found.values)
    if values is None:
        message = f"HiGHS found no plan that keeps all limits ({found.text}); loosen a limit or the budget"
        raise (InfeasibleError if found.end is End.INFEASIBLE else SitingError)(message)
    for figure in further:
        held = float(program.objective @ values)
        program = with_row(
            replace(program, objective=figure), program.objective, lower=held - 1e-9 * max(1.0, abs(held))
        )
        seconds = (1.0 - share) * limits.seconds / len(further)
        few = replace(limits, gap=1e-6, nodes=max(_LEAST_NODES, nodes_for(program) // 10), seconds=seconds)
        better = _better(program, values, search(program, few, values).values)
        values = values if better is None else better
    return found, values


def _better(program: Program, start: FloatArray | None, found: FloatArray | None) -> FloatArray | None:
    """Return what has more of the objective among those that keep the limits; of equals the start."""
    kept = [values for values in (start, found) if values is not None and program.keeps(values)]
    if not kept:
        return found
    least = 1e-9 * max(1.0, abs(float(program.objective @ kept[0])))
    if len(kept) == 2 and program.objective @ kept[1] > program.objective @ kept[0] + least:
        return kept[1]
    return kept[0]


def status_of(end: End, objective: float, bound: float) -> Status:
    """Return what is proven of a plan whose search ended so."""
    if abs(bound - objective) <= 1e-6 * max(1.0, abs(objective)):
        return Status.PROVEN
    if end in (End.FINISHED, End.NODES):
        return Status.WITHIN
    return Status.TIME_LIMITED if end is End.TIME else Status.HEURISTIC
