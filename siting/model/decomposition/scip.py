"""The door to SCIP: searches small programs several times faster than HiGHS, if told to cut little.

Measured on 36 compounds of a city: 0.12 s each with two rounds of cuts at the root against 0.61 s with SCIP's own
number of rounds and 0.53 s with HiGHS without presolve and heuristics.
"""

from importlib import util
from typing import TYPE_CHECKING

import numpy as np

from siting.model.decomposition.highs import Search

if TYPE_CHECKING:
    from siting.model.decomposition.submodel import Program

__all__ = ["is_installed", "name", "search"]

_PLANS = 12  # stored plans read from one search
_SETTINGS = {
    "display/verblevel": 0,
    "separating/maxroundsroot": 2,
    "separating/maxrounds": 1,
    "misc/catchctrlc": False,
}


def is_installed() -> bool:
    """Return whether pyscipopt can be imported."""
    return util.find_spec("pyscipopt") is not None


def name() -> str:
    """Return the solver's name with its version."""
    import pyscipopt

    model = pyscipopt.Model()
    return f"SCIP {model.getMajorVersion()}.{model.getMinorVersion()}.{model.getTechVersion()}"


def search(program: "Program", price: float, *, gap: float, nodes: int, seconds: float, seed: int) -> Search:
    """Return the best of service - price x cost over whole numbers: bound, plans best first, whether it finished."""
    import pyscipopt
    from pyscipopt.scip import Expr, Term

    model = pyscipopt.Model()
    model.hideOutput()
    model.setParams(_SETTINGS)
    model.setParams({"randomization/randomseedshift": seed, "limits/nodes": nodes, "limits/time": seconds})
    model.setParams({"limits/absgap": gap, "limits/memory": 4_000.0})
    model.setHeuristics(pyscipopt.SCIP_PARAMSETTING.FAST)
    gain = program.service - price * program.cost_cny
    kinds = np.where(program.integer, "I", "C").tolist()
    bounds = zip(program.lower.tolist(), program.upper.tolist(), gain.tolist(), kinds, strict=True)
    variables = [model.addVar("", vtype=kind, lb=low, ub=high, obj=worth) for low, high, worth, kind in bounds]
    model.setMaximize()
    for level, group in ((200, program.first), (100, program.second)):
        for column in group.tolist():
            model.chgVarBranchPriority(variables[column], level)
    terms = [Term(variable) for variable in variables]
    starts, index, values = (
        program.matrix.indptr.tolist(),
        program.matrix.indices.tolist(),
        program.matrix.data.tolist(),
    )
    for row, (low, high) in enumerate(zip(program.row_lower.tolist(), program.row_upper.tolist(), strict=True)):
        here = range(starts[row], starts[row + 1])
        if here:
            text = Expr({terms[index[k]]: values[k] for k in here})
            if np.isfinite(low):
                model.addCons(text >= low)
            if np.isfinite(high):
                model.addCons(text <= high)
    model.optimize()
    status = model.getStatus()
    finished = status in ("optimal", "gaplimit", "infeasible")
    if status == "infeasible":
        return -np.inf, [], True
    plans = [np.array([solution[variable] for variable in variables]) for solution in model.getSols()[:_PLANS]]
    return float(model.getDualbound()), plans, finished
