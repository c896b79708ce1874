"""The p-median goal on instances whose optima are published, with PuLP beside it if asked for.

    python -m benchmarks pmedian FOLDER [--only pmed1,pmed2] [--seconds S] [--whole SECONDS] [--json]

FOLDER holds files of the OR-Library and `optima.csv` (instance, optimum). `--whole` gives PuLP with HiGHS and PuLP with
CBC so many seconds for each instance on the readable program. `agree` means that every instance is proven to be at its
published optimum and that its plan keeps every limit.
"""

import argparse
import time
from pathlib import Path
from typing import Any

from benchmarks.harness import compare, contest

HERE = "benchmarks.pmedian"


def run(arguments: list[str]) -> dict[str, Any]:
    options = _parser().parse_args(arguments)
    folder = str(Path(options.folder).resolve())
    words = [folder, options.only, str(options.seconds)]
    contestants = {"siting": contest(HERE, "proven", words, timeout_s=options.seconds * 12 + 600)}
    if options.whole:
        for solver in ("HiGHS", "CBC"):
            contestants[f"PuLP + {solver}"] = contest(
                HERE, "whole", [folder, options.only, str(options.whole), solver], timeout_s=options.whole * 40 + 600
            )
    return compare("pmedian", f"{folder}: {options.only or 'all'}", contestants, agree=_agree)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks pmedian", description=__doc__.splitlines()[0])
    parser.add_argument("folder")
    parser.add_argument("--only", default="", help="names of instances, with commas between them")
    parser.add_argument("--seconds", type=float, default=120.0)
    parser.add_argument("--whole", type=float, default=0.0)
    return parser


def _agree(results: list[Any]) -> bool:
    return all(
        row["status"] == "PROVEN" and abs(row["objective"] - row["optimum"]) < 1e-6 and row["violations"] == []
        for row in results[0].values()
    )


def _instances(folder: str, only: str) -> dict[str, float]:
    from benchmarks._pmedian import read_optima

    names = only.split(",") if only else []
    return {name: best for name, best in read_optima(Path(folder)).items() if not names or name in names}


def proven(folder: str, only: str, seconds: str) -> tuple[dict[str, Any], float]:
    start = time.perf_counter()
    from benchmarks._pmedian import read_pmedian
    from siting.model.check import violations
    from siting.model.solver import SolverOptions, solve

    imported = time.perf_counter() - start
    rows = {}
    for name, optimum in _instances(folder, only).items():
        problem = read_pmedian(Path(folder) / f"{name}.txt")
        start = time.perf_counter()
        solution = solve(problem, SolverOptions(gap=0.0, time_limit_s=float(seconds)))
        rows[name] = {
            "optimum": optimum,
            "objective": solution.objective,
            "bound": solution.bound,
            "status": str(solution.status),
            "open": int((solution.modules > 0).sum()),
            "seconds": round(time.perf_counter() - start, 2),
            "violations": list(violations(problem, solution)),
        }
    return rows, imported


def whole(folder: str, only: str, seconds: str, solver: str) -> dict[str, Any]:
    """Hand the readable program to PuLP, as a user would."""
    import pulp

    from benchmarks._pmedian import read_pmedian
    from siting.model.engines import cbc_path
    from siting.model.formulation import as_pulp

    rows = {}
    for name, optimum in _instances(folder, only).items():
        program = as_pulp(read_pmedian(Path(folder) / f"{name}.txt"))
        start = time.perf_counter()
        if solver == "HiGHS":
            program.solve(pulp.HiGHS(msg=False, timeLimit=float(seconds), threads=1))
        else:
            program.solve(pulp.COIN_CMD(path=cbc_path(), msg=False, timeLimit=float(seconds), threads=1))
        found = program.sol_status in (1, 2)
        rows[name] = {
            "optimum": optimum,
            "objective": float(pulp.value(program.objective)) if found else None,
            "status": pulp.LpSolution[program.sol_status],
            "seconds": round(time.perf_counter() - start, 2),
        }
    return rows
