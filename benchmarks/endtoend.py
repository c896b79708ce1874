"""The whole main job, seconds by stage, on the embedded quarter or a study of your own.

    python -m benchmarks endtoend [--json] [STUDY.toml]

There is no other program to set beside it that goes from a map to an audited plan, so the two contestants are our own
two solvers: HiGHS through arrays, and CBC through PuLP, what a user of PuLP would get. `agree` means that the two
plans serve the same within the stated gap.
"""

import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.harness import compare, contest

HERE = "benchmarks.endtoend"


def run(arguments: list[str]) -> dict[str, Any]:
    path = Path(arguments[0]) if arguments else Path(__file__).parents[1] / "datasets" / "quarter.toml"
    contestants = {
        "siting": contest(HERE, "with_solver", [str(path), "highs"]),
        "siting with CBC": contest(HERE, "with_solver", [str(path), "cbc"]),
    }
    return compare("endtoend", f"{path.name}: facts to audited run folder", contestants, agree=_same_service)


def _same_service(results: list[Any]) -> bool:
    served = [result["served"] for result in results]
    gap = max(result["gap"] for result in results)
    return max(served) - min(served) <= 2 * gap * max(served) + 1.0


def with_solver(path: str, solver: str) -> tuple[dict[str, Any], float]:
    start = time.perf_counter()
    from siting.pipeline import run_study
    from siting.study import load_study, make_study

    imported = time.perf_counter() - start
    data = load_study(Path(path)).as_dict()
    study = make_study(data | {"solver": data["solver"] | {"name": solver}})
    with tempfile.TemporaryDirectory(prefix="siting-bench-") as folder:
        finished = run_study(study, Path(folder) / "run")
    plan = finished.run.plan
    result = {
        "served": round(plan.served, 3),
        "status": str(plan.solution.status),
        "gap": plan.solution.gap,
        "findings": len(finished.report.findings),
        "stages": {name: round(seconds, 3) for name, seconds in finished.seconds.items()},
    }
    return result, imported
