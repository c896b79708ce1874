"""Run each contestant of a benchmark in a fresh Python, so that time and peak memory are its own.

A contestant is a function at the top of a module of this package: text arguments in, something JSON can say out. Its
imports belong inside it, so that they count: a user pays for them too (reported apart as `import_seconds`).
"""

import importlib
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

__all__ = ["as_text", "compare", "contest"]

_BYTES_PER_MAXRSS = 1 if sys.platform == "darwin" else 1024


def contest(
    module: str, function: str, arguments: Sequence[str], *, timeout_s: float = 900.0, show: bool = False
) -> dict[str, Any]:
    """Return {"seconds", "peak_mb", "result"} of one call in a new process, or {"error"} if it fails.

    With `show` the process writes its progress to our standard error instead of keeping it for the error's text.
    """
    words = [sys.executable, "-m", "benchmarks.harness", module, function, *arguments]
    try:
        errors = None if show else subprocess.PIPE
        done = subprocess.run(words, stdout=subprocess.PIPE, stderr=errors, text=True, timeout=timeout_s, check=False)
    except subprocess.TimeoutExpired:
        return {"error": f"took more than {timeout_s:g} s", "seconds": None, "peak_mb": None, "result": None}
    if done.returncode:
        last = ((done.stderr or "").strip().splitlines() or [f"ended with code {done.returncode}"])[-1]
        return {"error": last[:200], "seconds": None, "peak_mb": None, "result": None}
    said = [line for line in done.stdout.splitlines() if line.startswith('{"seconds"')]  # some libraries print, too
    answer: dict[str, Any] = json.loads(said[-1])
    return answer


def compare(
    name: str,
    work: str,
    contestants: Mapping[str, Mapping[str, Any]],
    *,
    agree: Callable[[list[Any]], bool],
    ours: str = "siting",
) -> dict[str, Any]:
    """Return the report of a benchmark; `ratio` is the best other's seconds over ours (above 1: ours is faster).

    `agree` is asked about the results of all contestants that finished; those that failed carry "error".
    """
    finished = {who: values for who, values in contestants.items() if values["seconds"] is not None}
    others = [values["seconds"] for who, values in finished.items() if who != ours]
    ratio = min(others) / finished[ours]["seconds"] if others and ours in finished else None
    return {
        "name": name,
        "work": work,
        "contestants": {who: dict(values) for who, values in contestants.items()},
        "ratio": None if ratio is None else round(ratio, 3),
        "agree": ours in finished and agree([values["result"] for values in finished.values()]),
    }


def as_text(report: Mapping[str, Any]) -> str:
    """Return a report as a short table for people."""
    lines = [f"{report['name']}: {report['work']}"]
    for who, values in report["contestants"].items():
        if values.get("error"):
            lines.append(f"  {who:<18} failed: {values['error']}")
        else:
            lines.append(f"  {who:<18} {values['seconds']:8.3f} s {values['peak_mb']:8.0f} MB  {values['result']}")
    lines.append(f"  best other / ours: {report['ratio']}; agree: {report['agree']}")
    return "\n".join(lines)


def _run_here(module: str, function: str, arguments: Sequence[str]) -> dict[str, Any]:
    """Call the contestant and measure it; a contestant may return (result, seconds of its imports)."""
    call = getattr(importlib.import_module(module), function)
    start = time.perf_counter()
    answer = call(*arguments)
    seconds = time.perf_counter() - start
    result, import_seconds = answer if isinstance(answer, tuple) else (answer, 0.0)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _BYTES_PER_MAXRSS / 1e6
    return {
        "seconds": round(seconds - import_seconds, 4),
        "import_seconds": round(import_seconds, 4),
        "peak_mb": round(peak, 1),
        "result": result,
    }


if __name__ == "__main__":
    measured = json.dumps(_run_here(sys.argv[1], sys.argv[2], sys.argv[3:]))
    print(f"\n{measured}", flush=True)
