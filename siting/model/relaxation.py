"""A bound on the service from money, power and places alone, forgetting who walks where.

Catalogue prices make many sites alike, and the whole program then proves its last percent slowly: it must try all of
them. Counting alike sites together (how many of a class, how many modules) leaves a program of a few dozen whole
numbers that is solved at once; where money is scarce its optimum is often the best service itself.
"""

from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint, milp

from siting.model.parts import FloatArray, IntArray
from siting.model.problem import Problem

__all__ = ["service_limit"]

_NODES = 500


@dataclass(frozen=True, eq=False)
class _Classes:
    """Alike sites: `first` is one of each class, `most` how many of a class can stand at once."""

    first: IntArray
    most: IntArray
    value: FloatArray  # weighted vehicles a module can serve at most


def service_limit(problem: Problem, seconds: float) -> float:
    """Return weighted vehicles that no plan of `problem` exceeds (infinite if the search fails)."""
    everybody = float(problem.demands.vehicles @ problem.demands.weight)
    if not len(problem.sites) or not len(problem.walks):
        return 0.0
    classes = _classes(problem)
    count, part = len(classes.first), problem.transformers
    steps = len(part.step_owner) if part else 0
    sites = problem.sites
    modules_most = sites.max_modules[classes.first]
    # columns: modules of each class, open sites of each class, upgrade steps
    costs = np.concatenate(
        [
            sites.module_cost_cny[classes.first],
            sites.open_cost_cny[classes.first],
            part.step_cost_cny if part else np.empty(0),
        ]
    )
    same = sparse.eye_array(count, format="csr")
    rows = [sparse.hstack([same, -sparse.diags_array(modules_most.astype(float)), sparse.csr_array((count, steps))])]
    upper = [np.zeros(count)]
    if problem.budget_cny is not None:
        rows.append(sparse.csr_array(costs[None, :]))
        upper.append(np.array([problem.budget_cny]))
    if part is not None:
        power, spare = _power(problem, classes)
        rows.append(power)
        upper.append(spare)
    result = milp(
        -np.concatenate([classes.value, np.zeros(count + steps)]),
        constraints=LinearConstraint(sparse.vstack(rows, format="csr"), -np.inf, np.concatenate(upper)),
        integrality=np.ones(2 * count + steps, np.int64),
        bounds=Bounds(0, np.concatenate([modules_most * classes.most, classes.most, np.ones(steps)]).astype(float)),
        options={"time_limit": max(seconds, 0.01), "node_limit": _NODES, "mip_rel_gap": 1e-6},
    )
    bound = getattr(result, "mip_dual_bound", None)
    if bound is None or not np.isfinite(bound):
        return everybody
    return min(everybody, -float(bound))


def _classes(problem: Problem) -> _Classes:
    sites, part = problem.sites, problem.transformers
    heaviest = np.zeros(len(sites))
    np.maximum.at(heaviest, problem.walks.j, problem.demands.weight[problem.walks.i])
    feeds = part.feeds if part else np.full(len(sites), -1)
    kva = part.kva_per_module if part else np.zeros(len(sites))
    costs = (sites.open_cost_cny, sites.module_cost_cny)
    keys = np.column_stack((*costs, sites.max_modules, sites.vehicles_per_module, heaviest, feeds, kva))
    distinct, first, group = np.unique(keys, axis=0, return_index=True, return_inverse=True)
    group = group.ravel()
    most, counted = np.zeros(len(distinct), np.int64), np.zeros(len(sites), bool)
    for clique in problem.cliques:  # at most one of a clique stands
        new = clique[~counted[clique]]
        counted[new] = True
        most[np.unique(group[new])] += 1
    np.add.at(most, group[~counted], 1)
    return _Classes(first, most, (sites.vehicles_per_module * heaviest)[first])


def _power(problem: Problem, classes: _Classes) -> tuple[sparse.csr_array, FloatArray]:
    """Return the transformer rows and the rows that keep upgrade steps in their order."""
    part = problem.transformers
    assert part is not None
    count, steps = len(classes.first), len(part.step_owner)
    limited = np.flatnonzero(part.limited)
    load = sparse.lil_array((len(limited), 2 * count + steps))
    for row, t in enumerate(limited.tolist()):
        fed = np.flatnonzero(part.feeds[classes.first] == t)
        load[row, fed] = part.kva_per_module[classes.first[fed]]
        mine = np.flatnonzero(part.step_owner == t)
        load[row, 2 * count + mine] = -part.step_kva[mine]
    later = np.flatnonzero(np.diff(part.step_owner) == 0) + 1
    order = sparse.lil_array((len(later), 2 * count + steps))
    order[np.arange(len(later)), 2 * count + later] = 1.0
    order[np.arange(len(later)), 2 * count + later - 1] = -1.0
    rows = sparse.csr_array(sparse.vstack([load, order], format="csr"))
    return rows, np.concatenate([part.spare_kva[limited], np.zeros(len(later))])
