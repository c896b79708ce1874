"""The solvers' doors: one search each, by HiGHS through its arrays or by CBC through PuLP."""

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from importlib import util
from pathlib import Path

import numpy as np

from siting.errors import UsageError
from siting.model.finish import upgrades_of
from siting.model.goal import Aim
from siting.model.matrix import MatrixForm, as_matrix
from siting.model.measures import columns, constant
from siting.model.parts import FloatArray, IntArray
from siting.model.problem import Problem
from siting.model.program import highs_model

__all__ = ["ENGINES", "End", "Search", "Task", "cbc_path", "search_form"]

_GRACE_S = 10.0  # what CBC may overrun its time limit before it is ended


class End(Enum):
    """Why a search ended."""

    FINISHED = "finished"  # within the gap asked for
    NODES = "node limit"
    TIME = "time limit"
    INFEASIBLE = "infeasible"
    FAILED = "failed"


@dataclass(frozen=True, eq=False)
class Search:
    """What one search gave: modules per site (None without an incumbent) and a bound on its figure."""

    end: End
    modules: IntArray | None
    bound: float
    text: str
    solver: str


@dataclass(frozen=True, eq=False, kw_only=True)
class Task:
    """One search for the best `aim`, with the figures `held` at their values; `start` is a plan to begin with."""

    problem: Problem
    aim: Aim
    held: tuple[tuple[Aim, float], ...] = ()
    start: IntArray | None = None
    gap: float
    seconds: float
    nodes: int
    threads: int
    seed: int
    enough: float = np.inf  # an objective to be maximised at which the search may stop, known to be within the gap

    @property
    def unknown(self) -> float:
        """Return the bound of a search that found none."""
        return -np.inf if self.aim.is_least else np.inf


def _highs(task: Task) -> Search:
    """Search with HiGHS through its arrays."""
    form = as_matrix(task.problem, aim=task.aim, held=task.held, named=False)
    return search_form(task, form, first=columns(task.problem).n.start)


def search_form(task: Task, form: MatrixForm, *, first: int) -> Search:
    """Search a program of `task` with HiGHS; the columns n, x, z and q begin at `first` in it."""
    if util.find_spec("highspy") is None:
        message = "solver 'highs' is not installed: pip install highspy, or choose solver 'cbc'"
        raise UsageError(message)
    import highspy

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
    solver.passModel(highs_model(highspy, form))
    if task.start is not None:
        values = _start_values(task.problem, task.start)
        whole = np.arange(first, first + len(values), dtype=np.int32)
        solver.setSolution(len(whole), whole, values)
    solver.run()
    status, info = solver.getModelStatus(), solver.getInfo()
    ends = {
        highspy.HighsModelStatus.kOptimal: End.FINISHED,
        highspy.HighsModelStatus.kObjectiveTarget: End.FINISHED,
        highspy.HighsModelStatus.kTimeLimit: End.TIME,
        highspy.HighsModelStatus.kSolutionLimit: End.NODES,
        highspy.HighsModelStatus.kInfeasible: End.INFEASIBLE,
    }
    modules = None
    if info.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible:
        values = np.asarray(solver.getSolution().col_value)
        modules = np.rint(values[first : first + len(task.problem.sites)]).astype(np.int64)
    return Search(
        ends.get(status, End.FAILED),
        modules,
        _bound(task, float(info.mip_dual_bound)),
        solver.modelStatusToString(status),
        f"HiGHS {solver.version()}",
    )


def _bound(task: Task, maximised: float) -> float:
    """Return the bound on the figure itself, of a bound on the objective to be maximised."""
    return constant(task.problem, task.aim) + (-maximised if task.aim.is_least else maximised)


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


def _cbc(task: Task) -> Search:
    """Search with CBC: PuLP writes the model, a process of its own solves it, so that it can be stopped for sure."""
    from siting.model.formulation import as_pulp

    program, at = as_pulp(task.problem, aim=task.aim, held=task.held), columns(task.problem)
    with tempfile.TemporaryDirectory(prefix="siting-cbc-") as folder:
        model, start, answer = (Path(folder) / name for name in ("model.mps", "start.mst", "answer.sol"))
        program.writeMPS(str(model))
        names = as_matrix(task.problem).column_names
        if task.start is not None:
            values = zip(names[at.f.stop : at.q.stop], _start_values(task.problem, task.start), strict=True)
            lines = [f"{k} {name} {value:g} 0" for k, (name, value) in enumerate(values)]
            start.write_text("\n".join(["Stopped on time - objective value 0", *lines, ""]), encoding="ascii")
        first_guess = {"mips": str(start)} if task.start is not None else {}
        options = {
            "min" if task.aim.is_least else "max": "", "timeMode": "elapsed", "sec": f"{task.seconds:.2f}",
            "ratio": f"{task.gap:g}",
            "maxNodes": str(task.nodes), "randomCbcSeed": str(task.seed + 1), **first_guess, "solve": "",
            "printingOptions": "all", "solution": str(answer),
        }  # fmt: skip
        command = [cbc_path(), str(model), *(word for key, value in options.items() for word in (f"-{key}", value))]
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
            return Search(End.TIME, None, task.unknown, "CBC did not stop at its time limit and was ended", "CBC")
        except OSError as error:
            message = f"solver 'cbc' at {command[0]} cannot be run ({error.strerror}); choose solver 'highs'"
            raise UsageError(message) from error
        text = answer.read_text(encoding="ascii", errors="replace") if answer.is_file() else ""
        return _read_cbc(run.stdout, text, run.returncode, (task, names[at.n]))


def _read_cbc(log: str, answer: str, code: int, asked: tuple[Task, tuple[str, ...]]) -> Search:
    """Read CBC's solution file and, from its log, the bound (printed with three decimals, so half a unit is added)."""
    task, names = asked
    version = re.search(r"^Version: (\S+)", log, re.MULTILINE)
    solver = f"CBC {version.group(1)}" if version else "CBC"
    head, _, body = answer.partition("\n")
    if code != 0 or not head:
        return Search(End.FAILED, None, task.unknown, f"CBC ended with code {code} and without an answer", solver)
    if head.startswith("Infeasible") or "infeasible" in head:
        return Search(End.INFEASIBLE, None, task.unknown, head, solver)
    values = {line.split()[-3]: float(line.split()[-2]) for line in body.splitlines() if len(line.split()) >= 4}
    usable = head.startswith(("Optimal", "Stopped")) and "no integer solution" not in head
    modules = np.rint([values.get(name, 0.0) for name in names]).astype(np.int64) if usable else None
    stated = re.search(r"^(?:Upper|Lower) bound:\s+(\S+)", log, re.MULTILINE)
    objective = re.search(r"objective value\s+(\S+)", head)
    if stated:
        bound = float(stated.group(1)) + (-5e-4 if task.aim.is_least else 5e-4)
    else:
        bound = float(objective.group(1)) if objective and head.startswith("Optimal") else task.unknown
    end = End.FINISHED if head.startswith("Optimal") else End.TIME if "on time" in head else End.NODES
    return Search(end, modules, bound + constant(task.problem, task.aim), head.partition(" - ")[0], solver)


def cbc_path() -> str:
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


def _spared(engine: Callable[[Task], Search]) -> Callable[[Task], Search]:
    """Return the engine with its lack of memory told as a failed search, so that the plan so far stands."""

    def search(task: Task) -> Search:
        try:
            return engine(task)
        except MemoryError:
            return Search(End.FAILED, None, task.unknown, "out of memory", "no solver")

    return search


ENGINES: dict[str, Callable[[Task], Search]] = {"cbc": _spared(_cbc), "highs": _spared(_highs)}
