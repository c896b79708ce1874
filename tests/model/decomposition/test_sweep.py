"""Workers: order of results, death, time."""

import os
import signal
import time

import pytest

from siting.model.decomposition.components import split
from siting.model.decomposition.record import Ready
from siting.model.decomposition.sweep import hire
from siting.model.decomposition.tasks import Prepare


def test_results_come_in_the_order_of_the_tasks(street):
    tasks = [Prepare(piece) for piece in split(street(1))]

    with hire(2) as crew:
        results = crew.run(tasks, until=time.perf_counter() + 60)

    assert [result.number for result in results] == [task.piece.number for task in tasks]
    assert all(isinstance(result, Ready) for result in results)


@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_a_killed_worker_is_replaced_and_named(street):
    tasks = [Prepare(piece) for piece in split(street(1))]

    with hire(2) as crew:
        victim = crew.workers[0].process
        os.kill(victim.pid, signal.SIGKILL)
        victim.wait()
        results = crew.run(tasks, until=time.perf_counter() + 60)

    assert all(isinstance(result, Ready) for result in results)
    assert crew.notes == [f"worker {victim.pid} was killed by signal 9; its task was tried again"]


def test_nothing_is_begun_after_the_time(street):
    tasks = [Prepare(piece) for piece in split(street(1))]

    with hire(1) as crew:
        assert crew.run(tasks, until=time.perf_counter() - 1) == [None] * len(tasks)
