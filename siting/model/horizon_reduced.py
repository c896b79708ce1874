"""A problem over years and scenarios made smaller without losing a best programme, see `siting.model.presolve`."""

from dataclasses import dataclass, replace

import numpy as np

from siting.model.parts import Demands, FloatArray, IntArray, Locks, Quotas
from siting.model.presolve import Reduction, as_it_is, reduce_problem
from siting.model.problem import Problem
from siting.model.programme import Years
from siting.model.scenarios import Scenarios

__all__ = ["Shrunk", "shrunk"]


@dataclass(frozen=True, eq=False)
class Shrunk:
    """The reduction, and the years and scenarios in its numbers."""

    reduction: Reduction
    years: Years
    outlook: Scenarios | None

    @property
    def problem(self) -> Problem:
        """Return the smaller problem."""
        return self.reduction.problem


def shrunk(problem: Problem, years: Years, outlook: Scenarios | None) -> Shrunk:
    """Return the problem without what no best programme needs, at the largest demand of any scenario.

    What stands, is locked in or insisted on stays; of two sites one replaces the other only at the same prices. With
    floors, counts or standing sites nothing is left out: presolve is exact for plain problems alone.
    """
    if not problem.is_plain:
        return Shrunk(as_it_is(replace(problem, budget_cny=None)), years, outlook)
    standing = years.standing_in(problem)
    held = [problem.locked_in, np.flatnonzero(standing)]
    if years.insist is not None:
        held.append(years.insist.sites)
    asked = replace(problem, budget_cny=None, locks=Locks(np.unique(np.concatenate(held)), _free(problem, held)))
    if outlook is not None:
        asked = replace(asked, demands=Demands(outlook.vehicles.max(axis=0), problem.demands.weight))
    if years.site_price is not None and problem.quotas is None:
        _, alike = np.unique(years.site_price, axis=1, return_inverse=True)
        asked = replace(asked, quotas=Quotas(alike.ravel(), np.arange(alike.max() + 1), np.full(alike.max() + 1, 1)))
    found = reduce_problem(asked)
    number = np.full(len(problem.sites), -1)
    number[found.site] = np.arange(len(found.site))
    sites = found.problem.sites
    sites = replace(sites, max_modules=np.maximum(sites.max_modules, standing[found.site]))
    out = number[_free(problem, held)]
    locks = Locks(number[problem.locked_in], out[out >= 0]) if problem.locks is not None else None
    quotas = found.problem.quotas if problem.quotas is not None else None
    small = replace(found.problem, sites=sites, locks=locks, quotas=quotas)
    inner = replace(
        years,
        standing=standing[found.site],
        site_price=None if years.site_price is None else years.site_price[:, found.site],
        insist=years.insist and replace(years.insist, sites=number[years.insist.sites]),
    )
    vehicles = None if outlook is None else _joined(problem, outlook.vehicles, small, number)
    scenarios = None if outlook is None or vehicles is None else replace(outlook, vehicles=vehicles)
    return Shrunk(replace(found, problem=small), inner, scenarios)


def _free(problem: Problem, held: list[IntArray]) -> IntArray:
    """Return the sites locked out that do not stand already."""
    return np.setdiff1d(problem.locked_out, np.concatenate(held))


def _joined(problem: Problem, vehicles: FloatArray, small: Problem, number: IntArray) -> FloatArray:
    """Return the vehicles of each scenario in the joined demands of the small problem."""
    walks = small.walks
    ends = np.searchsorted(walks.i, np.arange(len(small.demands) + 1))
    group = {
        (float(weight), walks.j[a:b].tobytes()): k
        for k, (weight, a, b) in enumerate(zip(small.demands.weight, ends[:-1], ends[1:], strict=True))
    }
    joined = np.zeros((len(vehicles), len(small.demands)))
    starts = np.searchsorted(problem.walks.i, np.arange(len(problem.demands) + 1))
    for i in range(len(problem.demands)):
        reach = number[problem.walks.j[starts[i] : starts[i + 1]]]
        k = group.get((float(problem.demands.weight[i]), np.sort(reach[reach >= 0]).astype(walks.j.dtype).tobytes()))
        if k is not None:
            joined[:, k] += vehicles[:, i]
    return joined
