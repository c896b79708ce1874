"""Who is served where, once the modules are chosen: the most service first, then the shortest walks."""

from typing import Any

import numpy as np
from scipy import sparse
from scipy.optimize import linprog

from siting.errors import SitingError
from siting.model.parts import FloatArray, IntArray
from siting.model.problem import Problem

__all__ = ["serve", "service_of"]


def service_of(problem: Problem, served: FloatArray) -> float:
    """Return the weighted vehicles that `served` (vehicles per walk) amounts to."""
    return float(problem.demands.weight[problem.walks.i] @ served)


def serve(problem: Problem, modules: IntArray) -> FloatArray:
    """Return vehicles served on each walk when `modules` stand: exact, by two linear programs.

    The first finds the most weighted service, the second the least walking at that service. What rounding leaves
    above a limit is cut off, so that no demand and no site is exceeded.
    """
    walks, demands = problem.walks, problem.demands
    served = np.zeros(len(walks))
    capacity = modules * problem.sites.vehicles_per_module
    used = np.flatnonzero((capacity[walks.j] > 0) & ((demands.vehicles * demands.weight)[walks.i] > 0))
    if not used.size:
        return served
    i, j, order = walks.i[used], walks.j[used], np.arange(len(used))
    sums = sparse.csr_array(
        (np.ones(2 * len(used)), (np.r_[i, len(demands) + j], np.r_[order, order])),
        shape=(len(demands) + len(capacity), len(used)),
    )
    limits = np.r_[demands.vehicles, capacity]
    weight = demands.weight[i]
    most = _maximise(weight, sums, limits)
    held = float(weight @ most)
    shortest = _maximise(
        -walks.walk_m[used] - 1.0,  # a metre for each vehicle, so that no vehicle moves without being worth it
        sparse.vstack([sums, sparse.csr_array(-weight[None, :])], format="csr"),
        np.r_[limits, -held],
        otherwise=most,
    )
    served[used] = _within(shortest, i, demands.vehicles)
    served[used] = _within(served[used], j, capacity)
    return served


def _maximise(gain: FloatArray, rows: Any, limits: FloatArray, *, otherwise: FloatArray | None = None) -> FloatArray:
    result = linprog(-gain, A_ub=rows, b_ub=limits, bounds=(0, None), method="highs")
    if result.status == 0:
        flows: FloatArray = np.asarray(result.x)
        return flows
    if otherwise is not None:
        return otherwise
    message = f"dividing the served vehicles over the walks failed: {result.message}"
    raise SitingError(message)


def _within(flows: FloatArray, group: IntArray, limits: FloatArray) -> FloatArray:
    """Return `flows` without noise, scaled down where the sum of a group is a hair above its limit."""
    flows = np.where(flows > 1e-7, flows, 0.0)
    total = np.bincount(group, flows, minlength=len(limits))
    scale = np.divide(limits, total, out=np.ones(len(limits)), where=total > limits)
    return flows * scale[group]
