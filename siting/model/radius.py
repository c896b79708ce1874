"""Least walking where one module of a site serves everybody who can walk there: the p-median and its kin.

Then everybody walks to the nearest open site, and the walks need no columns of their own. With the distinct lengths
r_1 < r_2 < ... of the walks of demand i, and s_k = 1 if no site within r_k is open:

    walking of i     d_i (r_1 + sum_k (r_k+1 - r_k) s_k)
    radius           s_k >= s_k-1 - sum_{j at r_k} x_j,    s_0 = 1, s_K = 0
    serving          x_j <= n_j                             an open site has a module

Its relaxation is as tight as that of f <= d x (Elloumi 2010), with one or two entries a row in place of whole arcs:
the OR-Library's p-medians of 100-200 vertices are proven in 0.1 to 20 s.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy import sparse

from siting.model.engines import Search, Task, search_form
from siting.model.goal import Aim
from siting.model.matrix import MatrixForm, as_matrix
from siting.model.measures import columns
from siting.model.parts import FloatArray, IntArray
from siting.model.problem import Problem

__all__ = ["is_radial", "radius_form", "search_by_radius"]


def is_radial(problem: Problem) -> bool:
    """Return whether the radius program is exact for `problem`.

    The goal is walking, everybody is served, a module holds all who can walk to its site, and walking has no limit.
    Floors hold where everybody is served; every other part is about sites alone.
    """
    demands, walks = problem.demands, problem.walks
    if problem.goal is None or problem.goal.aim is not Aim.WALKING or not problem.serves_all:
        return False
    if problem.walking_limit_m is not None or (demands.weight[demands.vehicles > 0] <= 0).any():
        return False
    wanted = np.bincount(walks.j, demands.vehicles[walks.i], minlength=len(problem.sites))
    return bool((problem.sites.vehicles_per_module >= wanted * (1 - 1e-12)).all())


def search_by_radius(task: Task) -> Search:
    """Search the radius program of a task of the walking goal with HiGHS."""
    form, nearest = radius_form(task.problem)
    found = search_form(task, form, first=0)
    return replace(found, bound=found.bound + nearest)


def radius_form(problem: Problem) -> tuple[MatrixForm, float]:
    """Return the program over n, x, z, q and s, and the walking if every site were open, which it leaves out."""
    at = columns(problem)
    whole = as_matrix(problem, aim=Aim.WALKING, named=False)
    about_sites = np.diff(whole.matrix[:, at.f].indptr) == 0
    kept = sparse.csr_array(whole.matrix[about_sites][:, at.f.stop :])
    steps = _Steps.of(problem)
    first = at.x.start - at.f.stop
    count, width = len(problem.sites), kept.shape[1]
    sites = np.arange(count)
    serving = sparse.csr_array(
        (np.r_[np.ones(count), -np.ones(count)], (np.r_[sites, sites], np.r_[sites, first + sites])),
        shape=(count, width),
    )
    near = sparse.csr_array((np.ones(len(steps.site)), (steps.row, first + steps.site)), shape=(steps.rows, width))
    matrix = sparse.block_array([[kept, None], [serving, None], [near, steps.chain]], format="csr")
    extra = steps.price.size
    return MatrixForm(
        objective=np.r_[np.zeros(width), -steps.price],
        lower=np.r_[whole.lower[at.f.stop :], np.zeros(extra)],
        upper=np.r_[whole.upper[at.f.stop :], np.ones(extra)],
        integer=np.r_[whole.integer[at.f.stop :], np.zeros(extra, bool)],
        matrix=matrix,
        row_lower=np.r_[whole.row_lower[about_sites], np.zeros(count), steps.least],
        row_upper=np.r_[whole.row_upper[about_sites], np.full(count + steps.rows, np.inf)],
        column_names=(),
        row_names=(),
    ), steps.nearest


@dataclass(frozen=True, eq=False)
class _Steps:
    """One row for each distinct length of a demand's walks, and one column s for each but its last.

    `row` and `site` say which sites lie at which row's length; `chain` is s_k - s_k-1 over the columns s, `least` what
    each row is at least, `price` what s costs in vehicle-metres, `nearest` the walking if every site were open.
    """

    row: IntArray
    site: IntArray
    rows: int
    chain: Any
    least: FloatArray
    price: FloatArray
    nearest: float

    @classmethod
    def of(cls, problem: Problem) -> "_Steps":
        """Lay the lengths of every demand's walks out in order."""
        walks, vehicles = problem.walks, problem.demands.vehicles
        used = np.flatnonzero(vehicles[walks.i] > 0)
        pairs, row = np.unique(np.column_stack([walks.i[used], walks.walk_m[used]]), axis=0, return_inverse=True)
        demand, length = pairs[:, 0].astype(np.int64), pairs[:, 1]
        rows = len(demand)
        begins = np.diff(demand, prepend=-1) != 0
        goes_on = np.r_[~begins[1:], np.zeros(min(rows, 1), bool)]  # another length of the same demand follows
        column = np.cumsum(goes_on) - 1
        has, follows = np.flatnonzero(goes_on), np.flatnonzero(~begins)
        chain = sparse.csr_array(
            (
                np.r_[np.ones(len(has)), -np.ones(len(follows))],
                (np.r_[has, follows], np.r_[column[has], column[follows - 1]]),
            ),
            shape=(rows, len(has)),
        )
        return cls(
            row=row.ravel(),
            site=walks.j[used],
            rows=rows,
            chain=chain,
            least=begins.astype(np.float64),
            price=(length[has + 1] - length[has]) * vehicles[demand[has]],
            nearest=float(length[begins] @ vehicles[demand[begins]]),
        )
