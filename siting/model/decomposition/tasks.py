"""What a worker does: presolve a piece, price its options, divide what its sites serve. In process or in a worker."""

from dataclasses import dataclass

import numpy as np

from siting.model.decomposition import highs, scip
from siting.model.decomposition.flows import Served, serve_piece
from siting.model.decomposition.presolve import make_ready
from siting.model.decomposition.record import Answer, Piece, Ready, Request
from siting.model.decomposition.submodel import Program, column_of, program_of
from siting.model.parts import IntArray

__all__ = ["Finish", "Prepare", "Price", "Result", "Task", "perform", "size_of"]

_SAFE = 1e-9  # what a bound is raised by, relative: solvers add up in floating point


@dataclass(frozen=True, eq=False)
class Prepare:
    """Presolve a piece."""

    piece: Piece


@dataclass(frozen=True, eq=False)
class Price:
    """Price options of a piece; `engine` is "scip" or "highs"."""

    ready: Ready
    requests: tuple[Request, ...]
    engine: str
    seed: int


@dataclass(frozen=True, eq=False)
class Finish:
    """Divide what `modules` (per site of the piece) serve; `thin` also looks for modules that nobody needs."""

    piece: Piece
    modules: IntArray
    thin: bool


Task = Prepare | Price | Finish
Result = Ready | tuple[Answer, ...] | Served


def size_of(task: Task) -> int:
    """Return a measure of a task's work; the biggest go first."""
    problem = task.ready.problem if isinstance(task, Price) else task.piece.problem
    return len(problem.walks) * (len(task.requests) if isinstance(task, Price) else 1)


def perform(task: Task, seconds: float) -> Result:
    """Do a task; searches stop after `seconds`."""
    if isinstance(task, Prepare):
        return make_ready(task.piece)
    if isinstance(task, Finish):
        return serve_piece(task.piece, task.modules, thin=task.thin)
    answers: dict[int, Answer] = {}
    for option in sorted({request.option for request in task.requests}):
        asked = [(k, request) for k, request in enumerate(task.requests) if request.option == option]
        program = program_of(task.ready, task.ready.options[option])
        relaxed = [(k, request) for k, request in asked if request.relaxed]
        figures = highs.relax(program, [request.price for _, request in relaxed])
        for (k, request), (bound, value, cost) in zip(relaxed, figures, strict=True):
            answers[k] = Answer(task.ready.number, request, _raised(bound), value, cost, ())
        for k, request in asked:
            if not request.relaxed:
                answers[k] = _searched(task, program, request, seconds)
    return tuple(answers[k] for k in range(len(task.requests)))


def _searched(task: Price, program: Program, request: Request, seconds: float) -> Answer:
    engine = scip.search if task.engine == "scip" else highs.search
    bound, plans, finished = engine(
        program.within(request.low_cny, request.high_cny),
        request.price,
        gap=request.gap,
        nodes=request.nodes,
        seconds=seconds,
        seed=task.seed,
    )
    bound -= request.price * program.fixed_cny
    columns = [column_of(task.ready, program, plan) for plan in plans]
    columns.sort(key=lambda column: -(column.value - request.price * column.cost_cny))
    number = task.ready.number
    if not columns:
        return Answer(number, request, _raised(bound), 0.0, 0.0, (), finished)
    best = columns[0]
    return Answer(number, request, _raised(bound), best.value, best.cost_cny, tuple(columns), finished)


def _raised(bound: float) -> float:
    if np.isnan(bound):
        return np.inf  # an unsolved relaxation proves nothing
    return bound + _SAFE * max(1.0, abs(bound)) if np.isfinite(bound) else bound
