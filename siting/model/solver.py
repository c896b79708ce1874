"""Choice: solve a problem with HiGHS (arrays) or CBC (through PuLP) and say what is proven.

Two passes. The first maximises the service; its status, bound and gap are the solver's own and are what `Solution`
reports. The second keeps that service and looks for the least cost, walking and demerits. Greedy is the floor under
both: if the solver finds nothing better in its time, the greedy plan stands with the solver's bound.
"""

import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum
from importlib import util
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from scipy import sparse

from siting.errors import UsageError
from siting.model.finish import afford, expense_of, is_small, thin_out, upgrades_of
from siting.model.flows import serve, service_of
from siting.model.greedy import greedy_modules
from siting.model.matrix import as_matrix, columns, required_goal
from siting.model.parts import FloatArray, IntArray
from siting.model.pieces import PieceOptions, in_many_pieces, solve_pieces
from siting.model.presolve import reduce_problem
from siting.model.problem import Problem, refuse_contradictions
from siting.model.relaxation import service_limit
from siting.model.solution import Solution, Status

__all__ = ["SolverOptions", "solve"]

_WORK = 3_000_000  # nodes x nonzeros a search may take when no node limit is given
_SECOND_WORK = 300_000  # the same for the second pass, which only saves money
_ALIKE = 20_000  # sites up to which counting alike sites together is tried before pricing pieces apart
_CUTS = 10  # branches of the decomposition when no more is asked for
_GRACE_S = 10.0  # what CBC may overrun its time limit before it is ended
_SECOND_SHARE = 0.25  # of the time limit that is kept for the second pass


@dataclass(frozen=True)
class SolverOptions:
    """How to solve.

    `name` is "highs" or "cbc"; `gap` relative to the objective; `node_limit` None takes as many nodes as the size
    allows (about `3,000,000 / nonzeros`, at least 16): unlike the clock it stops two runs at the same plan.
    A problem of many pieces is solved piece by piece (see `siting.model.pieces`) unless `name` is "cbc": by
    `piece_solver` ("auto": SCIP where installed, else HiGHS) in `workers` processes (1: in this one).
    """

    name: str = "highs"
    gap: float = 5e-4
    time_limit_s: float = 30.0
    threads: int = 1
    seed: int = 0
    node_limit: int | None = None
    workers: int = 1
    piece_solver: str = "auto"

    def __post_init__(self) -> None:
        """Refuse what no solver takes."""
        if self.name not in _ENGINES:
            message = f"solver {self.name!r} is unknown; choose one of {', '.join(sorted(_ENGINES))}"
            raise UsageError(message)
        least = {"gap": 0.0, "time_limit_s": 0.0, "threads": 1, "seed": 0, "node_limit": 1, "workers": 1}
        for key, at_least in least.items():
            value = getattr(self, key)
            if value is not None and not (np.isfinite(value) and value >= at_least):
                message = f"solver option {key} must be {at_least:g} or more, not {value!r}"
                raise UsageError(message)


class _End(Enum):
    """Why a search ended."""

    FINISHED = "finished"  # within the gap asked for
    NODES = "node limit"
    TIME = "time limit"
    INFEASIBLE = "infeasible"
    FAILED = "failed"


@dataclass(frozen=True, eq=False)
class _Search:
    """What one search gave: modules per site (None without an incumbent) and a bound on its objective."""

    end: _End
    modules: IntArray | None
    bound: float
    text: str
    solver: str


@dataclass(frozen=True, eq=False)
class _Task:
    """One search: a problem, a first guess, the service to hold (None in the first pass), its limits."""

    problem: Problem
    start: IntArray
    hold_service: float | None
    gap: float
    seconds: float
    nodes: int
    threads: int
    seed: int
    enough: float = np.inf  # an objective at which the search may stop, known to be within the gap


@dataclass(frozen=True, eq=False)
class _Standing:
    """A plan that keeps the limits, with its best flows and its service."""

    modules: IntArray
    served: FloatArray
    objective: float

    @classmethod
    def of(cls, problem: Problem, modules: IntArray) -> "_Standing":
        """Serve whom `modules` can serve."""
        served = serve(problem, modules)
        return cls(modules, served, service_of(problem, served))


def _by_objective(plan: _Standing) -> float:
    return plan.objective


def solve(problem: Problem, options: SolverOptions | None = None) -> Solution:
    """Return the best plan found for `problem`, never worse than greedy, with what is proven about it.

    Raises `UsageError` without a goal or when the solver is not installed, `InfeasibleError` if the limits collide.
    """
    options = options or SolverOptions()
    required_goal(problem)
    refuse_contradictions(problem)
    pieces = PieceOptions(
        options.gap, options.time_limit_s, options.workers, options.seed, options.piece_solver, cuts=_CUTS
    )
    by_pieces = options.name == "highs" and in_many_pieces(problem)
    if by_pieces and len(problem.sites) > _ALIKE:
        return solve_pieces(problem, pieces)
    began = time.perf_counter()
    engine = _ENGINES[options.name]
    small = reduce_problem(problem)
    inner = small.problem
    limit = service_limit(inner, _SECOND_SHARE * options.time_limit_s)
    plan = _Standing.of(problem, greedy_modules(problem))
    if plan.objective >= limit - 1e-6 * max(1.0, limit):
        by = f"greedy, bound by HiGHS of SciPy {version('scipy')}"
        search = _Search(_End.FINISHED, plan.modules, limit, "Optimal", by)
    elif by_pieces:
        left = max(options.time_limit_s - (time.perf_counter() - began), 1.0)
        return solve_pieces(problem, replace(pieces, seconds=left), limit=limit)
    else:
        start = greedy_modules(inner)
        seconds = (1 - _SECOND_SHARE) * options.time_limit_s - (time.perf_counter() - began)
        search = engine(replace(_task(inner, start, None, options, seconds), enough=limit * (1 - options.gap)))
        if search.modules is not None:
            plan = max(plan, _Standing.of(problem, afford(problem, small.expand(search.modules))), key=_by_objective)
        plan = max(plan, _spend_the_rest(problem, plan), key=_by_objective)
    best, served = plan.modules, plan.served
    left = options.time_limit_s - (time.perf_counter() - began)
    best, served, second = _cheapen(problem, best, served, options, max(left, _SECOND_SHARE * options.time_limit_s))
    bound = min(search.bound, limit) if np.isfinite(search.bound) else limit
    return _solution(problem, options, search, second, (best, served, bound, time.perf_counter() - began))


def _spend_the_rest(problem: Problem, plan: _Standing) -> _Standing:
    """Return the plan thinned out and then filled up again by greedy with the money that this frees."""
    thin = _Standing.of(problem, thin_out(problem, plan.modules, plan.served))
    return _Standing.of(problem, greedy_modules(problem, built=thin.modules, served=thin.served))


def _task(problem: Problem, start: IntArray, hold: float | None, options: SolverOptions, seconds: float) -> _Task:
    nonzeros = 2 * len(problem.walks) + 4 * len(problem.sites) + 1
    nodes = options.node_limit or max(16, (_WORK if hold is None else _SECOND_WORK) // nonzeros)
    return _Task(problem, start, hold, options.gap, max(seconds, 0.01), nodes, options.threads, options.seed)


def _cheapen(
    problem: Problem, modules: IntArray, served: FloatArray, options: SolverOptions, seconds: float
) -> tuple[IntArray, FloatArray, str]:
    """Return a plan of the same service that costs, walks and offends less, and the second search's status."""
    held = service_of(problem, served)
    fewer, text = thin_out(problem, modules, served), "slope scaling"
    plans = [(fewer, serve(problem, fewer))]
    if is_small(problem):
        task = _task(problem, fewer, held - 1e-9 * max(1.0, held), options, seconds)
        search = _ENGINES[options.name](task)
        text = search.text
        if search.modules is not None:
            found = afford(problem, search.modules)
            plans.append((found, serve(problem, found)))
    for found, found_served in plans:
        keeps = service_of(problem, found_served) >= held - 1e-6 * max(1.0, held)
        if keeps and expense_of(problem, found, found_served) < expense_of(problem, modules, served) - 1e-6:
            modules, served = found, found_served
    return modules, served, text


def _solution(
    problem: Problem,
    options: SolverOptions,
    search: _Search,
    second: str,
    result: tuple[IntArray, FloatArray, float, float],
) -> Solution:
    modules, served, bound, seconds = result
    objective = service_of(problem, served)
    bound = max(bound, objective)
    upgrades = upgrades_of(problem, modules)
    site_spent = problem.sites.cost_cny(modules)
    part = problem.transformers
    upgrade_cost = sum(part.steps[t][step][1] for t, step in upgrades) if part else 0.0
    return Solution(
        status=_status(search.end, objective, bound),
        objective=objective,
        bound=bound,
        gap=(bound - objective) / max(objective, 1e-9),
        seconds=seconds,
        solver=search.solver,
        solver_status=search.text,
        modules=modules,
        served=served,
        upgrades=upgrades,
        spent_cny=float(site_spent.sum()) + upgrade_cost,
        site_spent_cny=site_spent,
        message=f"service: {search.text} (asked gap {options.gap:g}); cost at that service: {second}",
    )


def _status(end: _End, objective: float, bound: float) -> Status:
    if bound - objective <= 1e-6 * max(1.0, objective):
        return Status.PROVEN
    if end in (_End.FINISHED, _End.NODES):
        return Status.WITHIN
    return Status.TIME_LIMITED if end is _End.TIME else Status.HEURISTIC


def _highs(task: _Task) -> _Search:
    """Search with HiGHS through its arrays."""
    if util.find_spec("highspy") is None:
        message = "solver 'highs' is not installed: pip install highspy, or choose solver 'cbc'"
        raise UsageError(message)
    import highspy

    form, at = as_matrix(task.problem, hold_service=task.hold_service), columns(task.problem)
    solver = highspy.Highs()
    for key, value in {
        "output_flag": False,
        "threads": task.threads,
        "random_seed": task.seed,
        "time_limit": task.seconds,
        "mip_rel_gap": task.gap,
        "mip_max_nodes": task.nodes,
        "objective_target": task.enough,
    }.items():
        solver.setOptionValue(key, value)
    solver.passModel(_highs_model(highspy, form))
    whole = np.arange(at.f.stop, at.total, dtype=np.int32)
    solver.setSolution(len(whole), whole, _start_values(task.problem, task.start))
    solver.run()
    status, info = solver.getModelStatus(), solver.getInfo()
    ends = {
        highspy.HighsModelStatus.kOptimal: _End.FINISHED,
        highspy.HighsModelStatus.kObjectiveTarget: _End.FINISHED,
        highspy.HighsModelStatus.kTimeLimit: _End.TIME,
        highspy.HighsModelStatus.kSolutionLimit: _End.NODES,
        highspy.HighsModelStatus.kInfeasible: _End.INFEASIBLE,
    }
    modules = None
    if info.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible:
        values = np.asarray(solver.getSolution().col_value)
        modules = np.rint(values[at.n]).astype(np.int64)
    return _Search(
        ends.get(status, _End.FAILED),
        modules,
        float(info.mip_dual_bound),
        solver.modelStatusToString(status),
        f"HiGHS {solver.version()}",
    )


def _highs_model(highspy: Any, form: Any) -> Any:
    model = highspy.HighsLp()
    model.num_col_, model.num_row_ = len(form.objective), len(form.row_upper)
    model.sense_ = highspy.ObjSense.kMaximize
    model.col_cost_, model.col_lower_, model.col_upper_ = form.objective, form.lower, form.upper
    model.row_lower_, model.row_upper_ = form.row_lower, form.row_upper
    by_column = sparse.csc_array(form.matrix)
    model.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    model.a_matrix_.start_, model.a_matrix_.index_ = by_column.indptr, by_column.indices
    model.a_matrix_.value_ = by_column.data
    kinds = highspy.HighsVarType
    model.integrality_ = [kinds.kInteger if whole else kinds.kContinuous for whole in form.integer.tolist()]
    return model


def _start_values(problem: Problem, modules: IntArray) -> FloatArray:
    """Return n, x, z and q of a plan, in the order of the columns."""
    part = problem.transformers
    bought = np.zeros(len(part.step_owner) if part else 0)
    if part:
        first = np.searchsorted(part.step_owner, np.arange(len(part)))
        for t, step in upgrades_of(problem, modules):
            bought[first[t] + step] = 1.0
    chosen = np.zeros(len(problem.quotas.district) if problem.quotas else 0)
    if problem.quotas:
        chosen[problem.quotas.compound[modules > 0]] = 1.0
    return np.concatenate([modules.astype(float), (modules > 0).astype(float), bought, chosen])


def _cbc(task: _Task) -> _Search:
    """Search with CBC: PuLP writes the model, a process of its own solves it, so that it can be stopped for sure."""
    from siting.model.formulation import as_pulp

    program, at = as_pulp(task.problem, hold_service=task.hold_service), columns(task.problem)
    with tempfile.TemporaryDirectory(prefix="siting-cbc-") as folder:
        model, start, answer = (Path(folder) / name for name in ("model.mps", "start.mst", "answer.sol"))
        program.writeMPS(str(model))
        names = as_matrix(task.problem).column_names
        lines = [
            f"{k} {name} {value:g} 0"
            for k, (name, value) in enumerate(
                zip(names[at.f.stop :], _start_values(task.problem, task.start), strict=True)
            )
        ]
        start.write_text("\n".join(["Stopped on time - objective value 0", *lines, ""]), encoding="ascii")
        options = {
            "max": "", "sec": f"{task.seconds:.2f}", "timeMode": "elapsed", "ratio": f"{task.gap:g}",
            "maxNodes": str(task.nodes), "randomCbcSeed": str(task.seed + 1), "mips": str(start), "solve": "",
            "printingOptions": "all", "solution": str(answer),
        }  # fmt: skip
        command = [_cbc_path(), str(model), *(word for key, value in options.items() for word in (f"-{key}", value))]
        try:
            run = subprocess.run(
                [word for word in command if word],
                capture_output=True,
                text=True,
                stdin=subprocess.DEVNULL,
                timeout=task.seconds + _GRACE_S,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return _Search(_End.TIME, None, np.inf, "CBC did not stop at its time limit and was ended", "CBC")
        except OSError as error:
            message = f"solver 'cbc' at {command[0]} cannot be run ({error.strerror}); choose solver 'highs'"
            raise UsageError(message) from error
        text = answer.read_text(encoding="ascii", errors="replace") if answer.is_file() else ""
        return _read_cbc(run.stdout, text, run.returncode, names[at.n])


def _read_cbc(log: str, answer: str, code: int, names: tuple[str, ...]) -> _Search:
    """Read CBC's solution file and, from its log, the bound (printed with three decimals, so half a unit is added)."""
    version = re.search(r"^Version: (\S+)", log, re.MULTILINE)
    solver = f"CBC {version.group(1)}" if version else "CBC"
    head, _, body = answer.partition("\n")
    if code != 0 or not head:
        return _Search(_End.FAILED, None, np.inf, f"CBC ended with code {code} and without an answer", solver)
    if head.startswith("Infeasible") or "infeasible" in head:
        return _Search(_End.INFEASIBLE, None, np.inf, head, solver)
    values = {line.split()[-3]: float(line.split()[-2]) for line in body.splitlines() if len(line.split()) >= 4}
    usable = head.startswith(("Optimal", "Stopped")) and "no integer solution" not in head
    modules = np.rint([values.get(name, 0.0) for name in names]).astype(np.int64) if usable else None
    stated = re.search(r"^Upper bound:\s+(\S+)", log, re.MULTILINE)
    objective = re.search(r"objective value\s+(\S+)", head)
    if stated:
        bound = float(stated.group(1)) + 5e-4
    else:
        bound = float(objective.group(1)) if objective and head.startswith("Optimal") else np.inf
    end = _End.FINISHED if head.startswith("Optimal") else _End.TIME if "on time" in head else _End.NODES
    return _Search(end, modules, bound, head.partition(" - ")[0], solver)


def _cbc_path() -> str:
    """Return CBC's executable: the package `cbcbox` (extra `pulp[cbc]`), the one PuLP 3 carries, or one on PATH."""
    if util.find_spec("cbcbox") is not None:
        import cbcbox  # type: ignore[import-not-found, unused-ignore]

        return str(cbcbox.cbc_bin_path())
    from pulp.apis import coin_api

    bundled = getattr(coin_api, "pulp_cbc_path", "")
    if bundled and os.access(bundled, os.X_OK):
        return os.path.realpath(bundled)
    found = shutil.which("cbc")
    if found is None:
        message = "solver 'cbc' is not installed: pip install 'pulp[cbc]', or choose solver 'highs'"
        raise UsageError(message)
    return found


_ENGINES: dict[str, Callable[[_Task], _Search]] = {"cbc": _cbc, "highs": _highs}
