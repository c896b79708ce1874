"""The far end of a worker process: read a task, do it, write the result, until the pipe closes.

Started as a program of its own (`python -m siting.model.decomposition.worker`), so nothing of the caller is imported
again or copied: it works from a script without a guard, from a notebook and under pytest alike.
"""

import os
import pickle
import sys
import time

from siting.model.decomposition.tasks import perform

__all__ = ["main"]


def _peak_mb() -> float:
    """Return the most memory this process has had, in MB; 0 where the system does not tell."""
    try:
        import resource
    except ImportError:  # Windows
        return 0.0
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6


def main() -> None:
    """Serve tasks from standard input; what solvers print goes to standard error, not among the results."""
    results = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    tasks = sys.stdin.buffer
    while True:
        try:
            task, seconds = pickle.load(tasks)
        except EOFError:
            return
        try:
            answer = perform(task, seconds), time.process_time(), _peak_mb()
            pickle.dump(answer, results, protocol=pickle.HIGHEST_PROTOCOL)
            results.flush()
        except BrokenPipeError:  # nobody waits any more
            return


if __name__ == "__main__":
    main()
