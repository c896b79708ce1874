"""Who is served where, once the modules are chosen: the most service first, then the shortest walks."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy import sparse
from scipy.optimize import linprog

from siting.errors import SitingError
from siting.model.parts import FloatArray, IntArray
from siting.model.problem import Problem

__all__ = ["cheapest_flows", "serve", "service_of"]


def service_of(problem: Problem, served: FloatArray) -> float:
    """Return the weighted vehicles that `served` (vehicles per walk) amounts to."""
    return float(problem.demands.weight[problem.walks.i] @ served)


def serve(problem: Problem, modules: IntArray) -> FloatArray:
    """Return vehicles served on each walk when `modules` stand: two linear programs.

    The first finds the most weighted service, the second the least walking at that service. Floors of groups are
    kept where these modules can keep them; of the other parts only the plain ones count. What rounding leaves above
    a limit is cut off, so that no demand and no site is exceeded.
    """
    pipes = _pipes(problem, modules)
    if not pipes.used.size:
        return np.zeros(len(problem.walks))
    weight = problem.demands.weight[problem.walks.i[pipes.used]]
    most = _most(weight, pipes.sums, pipes.limits)
    if most is None and pipes.floors:
        return serve(replace(problem, floors=None), modules)
    if most is None:
        message = "dividing the served vehicles over the walks failed; plan again, or with another solver"
        raise SitingError(message)
    # a metre more for each vehicle, so that none is moved without being worth it
    return cheapest_flows(problem, modules, problem.walks.walk_m + 1.0, held=float(weight @ most), otherwise=most)


def cheapest_flows(
    problem: Problem, modules: IntArray, price: FloatArray, *, held: float, otherwise: FloatArray | None = None
) -> FloatArray:
    """Return vehicles on each walk that cost least at `price` per walk and vehicle, with service `held` or more.

    `otherwise` (flows on the walks to built sites) stands in should the solver not bear the service it was held to.
    """
    walks, pipes = problem.walks, _pipes(problem, modules)
    if not pipes.used.size:
        return np.zeros(len(walks))
    weight = problem.demands.weight[walks.i[pipes.used]]
    flows = _maximise(
        -price[pipes.used],
        sparse.vstack([pipes.sums, sparse.csr_array(-weight[None, :])], format="csr"),
        np.r_[pipes.limits, -held],
        otherwise=otherwise,
    )
    served = np.zeros(len(walks))
    served[pipes.used] = _within(flows, walks.i[pipes.used], problem.demands.vehicles)
    of_sites = pipes.limits[len(problem.demands) : len(pipes.limits) - pipes.floors]
    served[pipes.used] = _within(served[pipes.used], walks.j[pipes.used], of_sites)
    return served


@dataclass(frozen=True, eq=False)
class _Pipes:
    """The walks that can carry somebody, and what demands, sites and the last `floors` rows together limit on them."""

    used: IntArray
    sums: Any
    limits: FloatArray
    floors: int = 0


def _pipes(problem: Problem, modules: IntArray) -> _Pipes:
    walks, demands = problem.walks, problem.demands
    capacity = modules * problem.sites.vehicles_per_module
    used = np.flatnonzero((capacity[walks.j] > 0) & ((demands.vehicles * demands.weight)[walks.i] > 0))
    order = np.arange(len(used))
    sums = sparse.csr_array(
        (np.ones(2 * len(used)), (np.r_[walks.i[used], len(demands) + walks.j[used]], np.r_[order, order])),
        shape=(len(demands) + len(capacity), len(used)),
    )
    limits = np.r_[demands.vehicles, capacity]
    if problem.floors is None or problem.groups is None or not used.size:
        return _Pipes(used, sums, limits)
    asked = problem.floors.asked
    inside = problem.groups.group[walks.i[used]][None, :] == asked[:, None]
    return _Pipes(
        used,
        sparse.vstack([sums, sparse.csr_array(-inside.astype(float))], format="csr"),
        np.r_[limits, -problem.floors.least[asked]],
        len(asked),
    )


def _maximise(gain: FloatArray, rows: Any, limits: FloatArray, *, otherwise: FloatArray | None = None) -> FloatArray:
    flows = _most(gain, rows, limits)
    if flows is not None:
        return flows
    if otherwise is not None:
        return otherwise
    message = "dividing the served vehicles over the walks failed; plan again, or with another solver"
    raise SitingError(message)


def _most(gain: FloatArray, rows: Any, limits: FloatArray) -> FloatArray | None:
    """Return the flows of most gain; None if the solver has none."""
    result = linprog(-gain, A_ub=rows, b_ub=limits, bounds=(0, None), method="highs")
    return np.asarray(result.x, dtype=np.float64) if result.status == 0 else None


def _within(flows: FloatArray, group: IntArray, limits: FloatArray) -> FloatArray:
    """Return `flows` without noise, scaled down where the sum of a group is a hair above its limit."""
    flows = np.where(flows > 1e-7, flows, 0.0)
    total = np.bincount(group, flows, minlength=len(limits))
    scale = np.divide(limits, total, out=np.ones(len(limits)), where=total > limits)
    return flows * scale[group]
