"""Who is served where, once the modules are chosen, for every goal and part: one linear program for each figure.

`siting.model.flows` does the same faster for problems of plain parts.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse
from scipy.optimize import linprog

from siting.model.flows import serve
from siting.model.goal import Aim
from siting.model.measures import counted_groups, required_goal
from siting.model.parts import FloatArray, IntArray
from siting.model.problem import Problem

__all__ = ["divide", "flows_for"]

_SLACKS = (1e-12, 1e-9, 1e-7)  # relative, by which a figure may be missed that is held for the next


def divide(problem: Problem, modules: IntArray) -> FloatArray | None:
    """Return vehicles served on each walk when `modules` stand, best in the goal's order; None if a floor is missed.

    Only what flows decide is optimised (share of the worst-off group, service, walking).
    """
    walks = problem.walks
    capacity = modules * problem.sites.vehicles_per_module
    used = np.flatnonzero((capacity[walks.j] > 0) & (problem.demands.vehicles[walks.i] > 0))
    rows, limits = _limits(problem, capacity, used)
    values: FloatArray | None = None
    held = _Held(rows, limits)
    for gain in _gains(problem, used):
        found = _best(gain, held)
        if found is None:
            break
        values = found
        held = _Held(rows, limits, (*held.gains, gain), (*held.values, float(gain @ found)))
    return None if values is None else _served(problem, used, values, capacity)


def flows_for(problem: Problem, modules: IntArray) -> FloatArray:
    """Return vehicles on each walk for modules that are chosen: as the goal asks, else the most service they give."""
    if problem.is_plain:
        return serve(problem, modules)
    served = divide(problem, modules)
    return serve(problem, modules) if served is None else served


@dataclass(frozen=True, eq=False)
class _Held:
    """Rows and their limits (<=), and the figures that are held with their values."""

    rows: Any
    limits: FloatArray
    gains: tuple[FloatArray, ...] = ()
    values: tuple[float, ...] = ()


def _best(gain: FloatArray, held: _Held) -> FloatArray | None:
    """Return the values of most `gain`, or None if there are none.

    What is held is held as tightly as the solver bears: a row at its optimum is a hair away from infeasible.
    """
    for slack in _SLACKS if held.gains else _SLACKS[:1]:
        kept = [-value + slack * max(1.0, abs(value)) for value in held.values]
        rows = sparse.vstack([held.rows, *(sparse.csr_array(-row[None, :]) for row in held.gains)], format="csr")
        result = linprog(-gain, A_ub=rows, b_ub=np.r_[held.limits, kept], bounds=(0, None), method="highs")
        if result.status == 0:
            return np.asarray(result.x, dtype=np.float64)
    return None


def _gains(problem: Problem, used: IntArray) -> Iterator[FloatArray]:
    """Return what to maximise in turn, over the used walks and the share of the worst-off group."""
    walks, aim = problem.walks, required_goal(problem).aim
    share = np.zeros(len(used) + 1)
    share[-1] = 1.0
    walking = np.r_[-problem.walks.walk_m[used], 0.0]
    if aim is Aim.FLOOR:
        yield share
    if aim is not Aim.WALKING:
        yield np.r_[problem.demands.weight[walks.i[used]], 0.0]
        walking[:-1] -= 1.0  # a metre more for each vehicle, so that none is moved without being worth it
    yield walking


def _limits(problem: Problem, capacity: FloatArray, used: IntArray) -> tuple[Any, FloatArray]:
    """Return the rows and limits (<=) over the used walks and the share."""
    walks, demands, part = problem.walks, problem.demands, problem.groups
    order, width = np.arange(len(used)), len(used) + 1
    sums = sparse.csr_array(
        (np.ones(2 * len(used)), (np.r_[walks.i[used], len(demands) + walks.j[used]], np.r_[order, order])),
        shape=(len(demands) + len(capacity), width),
    )
    last = np.zeros(width)
    last[-1] = 1.0
    rows, limits = [sums, sparse.csr_array(last[None, :])], [demands.vehicles, capacity, np.array([1.0])]

    def add(costs: FloatArray, limit: float) -> None:
        rows.append(sparse.csr_array(costs[None, :]))
        limits.append(np.array([limit]))

    if problem.service_floor is not None:
        add(np.r_[-demands.weight[walks.i[used]], 0.0], -problem.service_floor)
    if problem.walking_limit_m is not None:
        add(np.r_[walks.walk_m[used], 0.0], problem.walking_limit_m)
    if part is not None:
        of_walk = part.group[walks.i[used]]
        inside = of_walk >= 0
        by_group = sparse.csr_array(
            (-np.ones(int(inside.sum())), (of_walk[inside], order[inside])), shape=(len(part), len(used))
        )
        if problem.floors is not None:
            asked = problem.floors.asked
            rows.append(sparse.hstack([by_group[asked], sparse.csr_array((len(asked), 1))], format="csr"))
            limits.append(-problem.floors.least[asked])
        counted = counted_groups(problem) if required_goal(problem).aim is Aim.FLOOR else np.empty(0, np.int64)
        total = part.sums(demands.vehicles)[counted]
        rows.append(sparse.hstack([by_group[counted], sparse.csr_array(total[:, None])], format="csr"))
        limits.append(np.zeros(len(counted)))
    return sparse.vstack(rows, format="csr"), np.concatenate(limits)


def _served(problem: Problem, used: IntArray, values: FloatArray, capacity: FloatArray) -> FloatArray:
    """Return vehicles per walk without noise, never above a demand or a site's capacity."""
    walks = problem.walks
    served = np.zeros(len(walks))
    served[used] = np.where(values[:-1] > 1e-9, values[:-1], 0.0)
    for group, limit in ((walks.i, problem.demands.vehicles), (walks.j, capacity)):
        total = np.bincount(group, served, minlength=len(limit))
        scale = np.divide(limit, total, out=np.ones(len(limit)), where=total > limit)
        served = served * scale[group]
    return served
