"""The limits of a problem, each with a name, so that they can be lifted one by one: for conflicts and relaxations.

What the ground itself says (a vehicle is served once, a site holds what its modules hold) is no limit in this sense
and always stands.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint, milp

from siting.model.goal import Aim, Goal
from siting.model.matrix import as_matrix, columns
from siting.model.measures import Columns, coefficients
from siting.model.parts import FloatArray
from siting.model.problem import Problem

__all__ = ["Answer", "Limit", "LimitForm", "Slack", "limit_form"]

#: Kinds in the order in which an explanation should rather name them: first what is asked for, last what is law.
KINDS = (
    "locked_in",
    "floor",
    "service",
    "count_least",
    "stands",
    "budget",
    "quota",
    "count_most",
    "walking",
    "locked_out",
    "transformer",
    "clique",
)


class Limit(NamedTuple):
    """One limit: its kind, and the number of the site, district, transformer, group or clique it is of (0 if none)."""

    kind: str
    number: int = 0


class Answer(Enum):
    """What a test of some limits found."""

    FEASIBLE = "feasible"
    INFEASIBLE = "infeasible"
    UNKNOWN = "unknown"


@dataclass(frozen=True, eq=False)
class Slack:
    """A column that softens one limit: `row` over the columns with the slack's own coefficient `give`."""

    limit: Limit
    row: FloatArray
    give: float
    low: float
    high: float
    most: float
    whole: bool


@dataclass(frozen=True, eq=False)
class LimitForm:
    """The matrix face of a problem without locks, with what each limit puts on rows and columns."""

    problem: Problem
    at: Columns
    limits: tuple[Limit, ...]
    matrix: Any
    row_lower: FloatArray
    row_upper: FloatArray
    lower: FloatArray
    upper: FloatArray
    integer: NDArray[np.bool_]
    rows_of: dict[Limit, list[int]]

    def test(self, active: Collection[Limit], seconds: float) -> Answer:
        """Return whether some plan keeps the limits `active`."""
        answer, _, _ = self.solve(active, (), np.zeros(self.at.total), seconds)
        return answer

    def solve(
        self, active: Collection[Limit], slacks: tuple[Slack, ...], cost: FloatArray, seconds: float
    ) -> tuple[Answer, FloatArray, FloatArray]:
        """Return what was found: columns and slacks of least `cost` (one for each) under the limits `active`."""
        lower, upper, low, high = self._bounds(set(active))
        if (lower > upper).any():  # locked in and out at once
            return Answer.INFEASIBLE, np.empty(0), np.empty(0)
        held = np.flatnonzero(np.isfinite(low) | np.isfinite(high))
        size, extra = self.at.total, len(slacks)
        rows = [sparse.hstack([self.matrix[held], sparse.csr_array((len(held), extra))], format="csr")]
        for k, slack in enumerate(slacks):
            own = np.zeros(extra)
            own[k] = slack.give
            rows.append(sparse.csr_array(np.r_[slack.row, own][None, :]))
        cost = np.r_[cost, np.zeros(size + extra - len(cost))]
        result = milp(
            cost,
            constraints=LinearConstraint(
                sparse.vstack(rows, format="csr"),
                np.r_[low[held], [slack.low for slack in slacks]],
                np.r_[high[held], [slack.high for slack in slacks]],
            ),
            integrality=np.r_[self.integer, [slack.whole for slack in slacks]].astype(np.int64),
            bounds=Bounds(np.r_[lower, np.zeros(extra)], np.r_[upper, [slack.most for slack in slacks]]),
            options={"time_limit": max(seconds, 0.05), "mip_rel_gap": 1e-6},
        )
        if result.x is not None:
            return Answer.FEASIBLE, np.asarray(result.x[:size]), np.asarray(result.x[size:])
        found = Answer.INFEASIBLE if result.status == 2 else Answer.UNKNOWN
        return found, np.empty(0), np.empty(0)

    def _bounds(self, active: set[Limit]) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
        lower, upper, at = self.lower.copy(), self.upper.copy(), self.at
        low, high = self.row_lower.copy(), self.row_upper.copy()
        standing = self.problem.standing
        for limit in self.limits:
            if limit in active:
                if limit.kind in ("locked_in", "stands"):
                    lower[at.n.start + limit.number] = max(1, int(standing[limit.number]))
                    lower[at.x.start + limit.number] = 1.0
                elif limit.kind == "locked_out":
                    upper[at.n.start + limit.number] = upper[at.x.start + limit.number] = 0.0
            elif limit.kind == "service" and self.problem.serves_all:
                low[self.rows_of[limit]] = -np.inf
            else:
                for row in self.rows_of.get(limit, ()):
                    low[row], high[row] = -np.inf, np.inf
        return lower, upper, low, high

    def slack(self, limit: Limit) -> Slack | None:
        """Return the column that softens a limit; None for one that only stands or falls (what is built, or law)."""
        at, problem = self.at, self.problem
        if limit.kind in ("locked_in", "stands"):
            row = np.zeros(at.total)
            row[at.n.start + limit.number] = 1.0
            need = max(1, int(problem.standing[limit.number]))
            return Slack(limit, row, float(need), float(need), np.inf, 1.0, whole=True)
        if limit.kind in ("locked_out", "clique"):
            return None
        if limit.kind == "service":
            floor = problem.service_floor or 0.0
            return Slack(
                limit, coefficients(problem, at, Aim.SERVICE), 1.0, floor, np.inf, max(floor, 0.0), whole=False
            )
        (number,) = self.rows_of[limit]
        row = self.matrix[[number]].toarray().ravel()
        low, high = float(self.row_lower[number]), float(self.row_upper[number])
        whole = limit.kind in ("quota", "count_least", "count_most")
        if np.isfinite(low):
            return Slack(limit, row, 1.0, low, np.inf, max(low, 0.0), whole=whole)
        return Slack(limit, row, -1.0, -np.inf, high, np.inf, whole=whole)


def limit_form(problem: Problem) -> LimitForm:
    """Return the limits of `problem`, also of one whose limits contradict each other."""
    goal = replace(problem.goal or Goal(), aim=Aim.SERVICE)
    free = replace(problem, goal=goal, locks=None)
    form, at = as_matrix(free), columns(free)
    lower = form.lower.copy()
    lower[at.n] = lower[at.x] = 0.0
    rows_of: dict[Limit, list[int]] = {}
    for row, name in enumerate(form.row_names):
        limit = _limit_of(name)
        if limit is not None:
            rows_of.setdefault(limit, []).append(row)
    if problem.serves_all:
        rows_of[Limit("service")] = [row for row, name in enumerate(form.row_names) if name.startswith("demand_")]
    limits = [
        *(Limit("locked_in", j) for j in problem.locked_in.tolist()),
        *(Limit("locked_out", j) for j in problem.locked_out.tolist()),
        *rows_of,
    ]
    if problem.existing is not None:
        limits += [Limit("stands", j) for j in np.flatnonzero(problem.existing.stays).tolist()]
    ordered = tuple(sorted(limits, key=lambda limit: (KINDS.index(limit.kind), limit.number)))
    return LimitForm(
        replace(problem, goal=goal),
        at,
        ordered,
        sparse.csr_array(form.matrix),
        form.row_lower,
        form.row_upper,
        lower,
        form.upper,
        form.integer,
        rows_of,
    )


def _limit_of(row_name: str) -> Limit | None:
    if row_name in ("count_least", "count_most", "budget", "service", "walking"):
        return Limit(row_name)
    kind, _, number = row_name.rpartition("_")
    return Limit(kind, int(number)) if kind in ("clique", "transformer", "quota", "floor") else None
