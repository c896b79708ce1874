"""A crew of worker processes that share out tasks; with one worker the tasks are done here.

Results come back in the order of the tasks, so they do not depend on who was faster. A worker that dies is replaced
and its task tried once more; a task that kills two workers is given up (its last known bound stays true).
"""

import os
import pickle
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import IO, cast

from siting.model.decomposition.tasks import Result, Task, perform, size_of

__all__ = ["Crew", "hire"]

_TRIES = 2
_LONGEST_S = 1e6  # of a single task
_LATE_S = 20.0  # what a search may overrun its time before its worker is ended


@dataclass(frozen=True, eq=False)
class _Worker:
    process: subprocess.Popen[bytes]
    errors: IO[bytes]


@dataclass(frozen=True, eq=False)
class Crew:
    """Workers to share out tasks among; `notes` collects a line for every worker that died.

    `usage` holds CPU seconds and peak memory in MB of each worker by its process number.
    """

    size: int
    workers: list[_Worker | None] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    usage: dict[int, tuple[float, float]] = field(default_factory=dict)

    def run(self, tasks: Iterable[Task], *, until: float) -> list[Result | None]:
        """Return the result of each task; None where `until` (of `time.perf_counter`) came first or the task failed.

        Tasks of a list are done biggest first; those of a generator as they come, so that they need not all exist.
        """
        if isinstance(tasks, Sequence):
            order = sorted(range(len(tasks)), key=lambda k: (-size_of(tasks[k]), k))
            queue: Iterator[tuple[int, Task]] = ((k, tasks[k]) for k in order)
        else:
            queue = iter(enumerate(tasks))
        results: dict[int, Result | None] = {}
        if self.size == 1:
            for k, task in queue:
                left = until - time.perf_counter()
                results[k] = perform(task, left) if left > 0 else None
        else:
            self._share_out(queue, results, until)
        return [results.get(k) for k in range(max(results, default=-1) + 1)]

    def _share_out(self, queue: Iterator[tuple[int, Task]], results: dict[int, Result | None], until: float) -> None:
        lock = threading.Lock()
        faults: list[BaseException] = []

        def serve(place: int) -> None:
            try:
                while not faults:
                    with lock:
                        taken = next(queue, None)
                    if taken is None:
                        return
                    left = until - time.perf_counter()
                    results[taken[0]] = self._try(place, taken[1], until) if left > 0 else None
            except BaseException as fault:
                faults.append(fault)

        threads = [threading.Thread(target=serve, args=(place,), daemon=True) for place in range(self.size)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if faults:
            raise faults[0]

    def _try(self, place: int, task: Task, until: float) -> Result | None:
        for _ in range(_TRIES):
            worker = self.workers[place] or _start()
            self.workers[place] = worker
            left = min(max(until - time.perf_counter(), 0.01), _LONGEST_S)
            alarm = threading.Timer(left + _LATE_S, worker.process.kill)
            alarm.daemon = True
            alarm.start()
            try:
                channel = cast(IO[bytes], worker.process.stdin)
                pickle.dump((task, left), channel, protocol=pickle.HIGHEST_PROTOCOL)
                channel.flush()
                result, cpu_s, peak_mb = pickle.load(cast(IO[bytes], worker.process.stdout))
                self.usage[worker.process.pid] = (cpu_s, peak_mb)
                return cast(Result, result)
            except (EOFError, BrokenPipeError, pickle.UnpicklingError):
                self.notes.append(_obituary(worker, time.perf_counter() > until + _LATE_S))
                self.workers[place] = None
            finally:
                alarm.cancel()
        return None


def _obituary(worker: _Worker, late: bool) -> str:
    code = worker.process.wait()
    _close(worker)
    worker.errors.seek(0)
    said = worker.errors.read().decode("utf-8", "replace").strip().splitlines()
    worker.errors.close()
    if late:
        return f"worker {worker.process.pid} did not stop in time and was ended"
    why = f"was killed by signal {-code}" if code < 0 else f"ended with code {code}"
    return f"worker {worker.process.pid} {why}{': ' + said[-1][:200] if said else ''}; its task was tried again"


def _start() -> _Worker:
    errors = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the worker
    paths = [path or os.getcwd() for path in sys.path]  # noqa: PTH109
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(paths), "OMP_NUM_THREADS": "1", "PYTHONWARNINGS": ""}
    process = subprocess.Popen(
        [sys.executable, "-m", "siting.model.decomposition.worker"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=errors,
        env=environment,
    )
    return _Worker(process, errors)


def _close(worker: _Worker) -> None:
    for channel in (worker.process.stdin, worker.process.stdout):
        if channel is not None:
            try:
                channel.close()
            except BrokenPipeError:
                continue


@contextmanager
def hire(size: int) -> Iterator[Crew]:
    """Yield a crew of `size` workers and dismiss them at the end, also when interrupted."""
    crew = Crew(size, [_start() for _ in range(size)] if size > 1 else [])
    try:
        yield crew
    finally:
        for worker in crew.workers:
            if worker is not None:
                worker.process.kill()
                worker.process.wait()
                _close(worker)
                worker.errors.close()
