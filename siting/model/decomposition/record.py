"""The records of the decomposition: a piece of a problem, its options, one priced answer, a column.

Numbers only, and small enough to be sent to a worker with every task.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from siting.model.parts import IntArray
from siting.model.problem import Problem

__all__ = ["Answer", "Column", "Option", "Piece", "Ready", "Request"]


@dataclass(frozen=True, eq=False)
class Piece:
    """A part of a problem that shares nothing with the rest but money and quotas.

    `problem` has neither budget nor quotas; `site` and `walk` number its sites and walks in the whole problem;
    `compound` gives each site a compound of the piece, `district` each such compound its district.
    """

    number: int
    problem: Problem
    site: IntArray
    walk: IntArray
    compound: IntArray
    district: IntArray

    @property
    def forced(self) -> bool:
        """Return whether a plan must take one of the piece's options: locked-in or standing sites, or a floor."""
        problem = self.problem
        return bool(problem.locked_in.size) or problem.floors is not None or problem.existing is not None


@dataclass(frozen=True, eq=False)
class Option:
    """One way to use a piece: only sites of `allowed` compounds, charged with `quota` (district, count) pairs.

    `most` limits how many of the allowed compounds of each district may be chosen; None where all may be.
    """

    allowed: tuple[int, ...]
    quota: tuple[tuple[int, int], ...]
    most: tuple[tuple[int, int], ...] | None = None


@dataclass(frozen=True, eq=False)
class Ready:
    """A piece after its exact presolve, ready to be priced: `problem` over `site` (numbers in the whole problem).

    A plan takes exactly one option of a `forced` piece, of others at most one.
    """

    number: int
    problem: Problem
    site: IntArray
    compound: IntArray
    district: IntArray
    options: tuple[Option, ...]
    forced: bool


@dataclass(frozen=True, eq=False)
class Request:
    """Price one option: the best of service - price x cost, with cost between `low_cny` and `high_cny`.

    `relaxed` asks for the linear relaxation alone. `gap` is absolute in weighted vehicles; 0 for the solver's best.
    """

    option: int
    price: float
    relaxed: bool
    gap: float = 0.0
    nodes: int = 5_000
    low_cny: float = 0.0
    high_cny: float = np.inf


@dataclass(frozen=True, eq=False)
class Column:
    """One plan of a piece: what it serves and costs, the quota it takes, its open sites (of the whole problem)."""

    piece: int
    value: float
    cost_cny: float
    quota: tuple[tuple[int, int], ...]
    site: NDArray[np.int32]
    modules: NDArray[np.int16]


@dataclass(frozen=True, eq=False)
class Answer:
    """What pricing gave: a proven `bound` on service - price x cost, and plans; `value` and `cost_cny` of the best.

    For a relaxation `value` and `cost_cny` are those of the fractional plan and `columns` is empty.
    """

    piece: int
    request: Request
    bound: float
    value: float
    cost_cny: float
    columns: tuple[Column, ...]
    finished: bool = True
