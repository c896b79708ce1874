"""A made city, solved in pieces, with the whole program in PuLP beside it if asked for.

    python -m benchmarks city CITY.npz [--seconds S] [--workers N] [--seed K] [--gap G] [--piece-solver auto|scip|highs]
                              [--out SOLUTION.npz] [--whole SECONDS] [--json]

CITY.npz is a file of `make_city.py`, SOLUTION.npz what `check_city.py` reads. `--whole` gives PuLP with HiGHS and PuLP
with CBC so many seconds on the whole program each. Progress goes to standard error. `agree` means that the plan keeps
every limit, recomputed from the arrays, and that no other plan beats its bound.
"""

import argparse
import os
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks.harness import compare, contest

HERE = "benchmarks.city"


def run(arguments: list[str]) -> dict[str, Any]:
    options = _parser().parse_args(arguments)
    words = [
        str(Path(options.city).resolve()), str(options.seconds), str(options.workers), str(options.seed),
        str(options.gap), options.piece_solver, str(options.out or ""),
    ]  # fmt: skip
    contestants = {"siting": contest(HERE, "in_pieces", words, timeout_s=options.seconds * 2 + 600, show=True)}
    if options.whole:
        for solver in ("HiGHS", "CBC"):
            contestants[f"PuLP + {solver}"] = contest(
                HERE, "whole", [words[0], solver, str(options.whole)], timeout_s=options.whole * 3 + 600
            )
    work = f"{Path(options.city).name}: {options.seconds:g} s, {options.workers} workers"
    return compare("city", work, contestants, agree=_agree)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks city", description=__doc__.splitlines()[0])
    parser.add_argument("city")
    parser.add_argument("--seconds", type=float, default=120.0)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--gap", type=float, default=1e-4)
    parser.add_argument("--piece-solver", choices=("auto", "scip", "highs"), default="auto")
    parser.add_argument("--out", type=lambda text: Path(text).resolve())
    parser.add_argument("--whole", type=float, default=0.0)
    return parser


def _agree(results: list[Any]) -> bool:
    bound = results[0]["bound"]
    return results[0]["violations"] == [] and all(result["objective"] <= bound * (1 + 1e-9) for result in results)


def in_pieces(
    city: str, seconds: str, workers: str, seed: str, gap: str, piece_solver: str, out: str
) -> tuple[dict[str, Any], float]:
    start = time.perf_counter()
    from benchmarks._city import read_city, write_solution
    from siting.model.check import violations
    from siting.model.pieces import PieceOptions, solve_pieces

    imported = time.perf_counter() - start
    problem = read_city(Path(city))
    read = time.perf_counter() - start - imported
    options = PieceOptions(float(gap), float(seconds) - read, int(workers), int(seed), piece_solver)
    solution = solve_pieces(problem, options, announce=lambda line: print(line, file=sys.stderr, flush=True))
    if out:
        write_solution(Path(out), Path(city), problem, solution)
    result = {
        "status": solution.status_text,
        "objective": solution.objective,
        "bound": solution.bound,
        "gap_percent": 100 * solution.gap,
        "spent": solution.spent_cny,
        "budget": problem.budget_cny,
        "solver": solution.solver,
        "message": solution.message,
        "violations": list(violations(problem, solution)),
        "read_s": round(read, 2),
        "cpu_s": round(sum(os.times()[:4]), 1),
        "load": [round(value, 1) for value in os.getloadavg()] if hasattr(os, "getloadavg") else [],
    }
    return result, imported


def whole(city: str, solver: str, seconds: str) -> dict[str, Any]:
    """Hand the whole program to PuLP, as a user would, and read the solver's own bound."""
    import pulp

    from benchmarks._city import read_city
    from siting.model.formulation import as_pulp

    program = as_pulp(read_city(Path(city)))
    start = time.perf_counter()
    bound = None
    if solver == "HiGHS":
        program.solve(pulp.HiGHS(msg=False, timeLimit=float(seconds), threads=1))
        bound = abs(program.solverModel.getInfo().mip_dual_bound)
    else:
        from siting.model.engines import cbc_path  # the CBC that this installation has

        program.solve(pulp.COIN_CMD(path=cbc_path(), msg=False, timeLimit=float(seconds), threads=1))
    values = [variable.varValue for variable in program.variables()]
    found = all(value is not None for value in values) and program.sol_status in (1, 2)
    objective = float(pulp.value(program.objective) or 0.0) if found else 0.0
    return {"objective": objective, "bound": bound, "solve_s": round(time.perf_counter() - start, 1)}
