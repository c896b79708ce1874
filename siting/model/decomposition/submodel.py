"""One option of a piece as a program: the rows of `siting.model.matrix`, with flows counted in modules.

Counting a flow in modules instead of vehicles scales the program well. No rows f <= d x: they are most of the rows and
were measured not to change the relaxation's bound.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from siting.model.decomposition.components import quota_of
from siting.model.decomposition.record import Column, Option, Ready
from siting.model.finish import spent_cny
from siting.model.goal import Aim
from siting.model.matrix import as_matrix, columns, spending
from siting.model.measures import constant
from siting.model.parts import FloatArray, IntArray, Quotas
from siting.model.problem import Problem

__all__ = ["Program", "column_of", "program_of"]


@dataclass(frozen=True, eq=False)
class Program:
    """Maximise service - price x cost over columns within `lower` and `upper`, rows within `row_lower` and `row_upper`.

    `first` and `second` number the columns to branch on before all others; `modules` those of the modules.
    `fixed_cny` is a part of the cost that no column decides.
    """

    service: FloatArray
    cost_cny: FloatArray
    lower: FloatArray
    upper: FloatArray
    integer: NDArray[np.bool_]
    matrix: Any
    row_lower: FloatArray
    row_upper: FloatArray
    first: IntArray
    second: IntArray
    modules: slice
    fixed_cny: float = 0.0

    def within(self, low_cny: float, high_cny: float) -> "Program":
        """Return the program with its cost held between two figures."""
        if low_cny <= 0 and np.isinf(high_cny):
            return self
        return replace(
            self,
            matrix=sparse.vstack([self.matrix, sparse.csr_array(self.cost_cny[None, :])], format="csr"),
            row_lower=np.r_[self.row_lower, low_cny - self.fixed_cny if low_cny > 0 else -np.inf],
            row_upper=np.r_[self.row_upper, high_cny - self.fixed_cny],
        )


def program_of(ready: Ready, option: Option) -> Program:
    """Return the program of one option of a piece."""
    problem = ready.problem
    if option.most is not None:
        named = [d for d, _ in option.most]
        district = np.searchsorted(named, ready.district)
        most = np.array([count for _, count in option.most])
        problem = replace(problem, quotas=Quotas(ready.compound, district, most))
    form, at = as_matrix(problem, named=False), columns(problem)
    upper = form.upper.copy()
    barred = np.flatnonzero(~np.isin(ready.compound, option.allowed))
    upper[at.n.start + barred] = upper[at.x.start + barred] = 0.0
    unit = _unit(problem)
    scale = np.ones(at.total)
    scale[at.f] = unit
    flow_rows = len(problem.demands) + len(problem.sites)
    rows = np.ones(len(form.row_upper))
    rows[:flow_rows] = 1.0 / unit
    rows[[name.startswith("floor_") for name in form.row_names]] = 1.0 / unit
    upper[at.f] /= unit
    return Program(
        service=form.objective * scale,
        cost_cny=spending(problem, at),
        lower=form.lower,
        upper=upper,
        integer=form.integer,
        matrix=sparse.csr_array(sparse.diags_array(rows) @ form.matrix @ sparse.diags_array(scale)),
        row_lower=form.row_lower * rows,
        row_upper=form.row_upper * rows,
        first=np.r_[at.z, at.q],
        second=np.r_[at.x],
        modules=at.n,
        fixed_cny=constant(problem, Aim.COST),
    )


def _unit(problem: Problem) -> float:
    return float(problem.sites.vehicles_per_module.max(initial=1.0)) or 1.0


def column_of(ready: Ready, program: Program, values: FloatArray) -> Column:
    """Return the plan that `values` of a program's columns stand for; upgrades are bought for its load, not more."""
    modules = np.rint(values[program.modules]).astype(np.int64)
    return Column(
        ready.number,
        float(program.service @ values),
        spent_cny(ready.problem, modules),
        quota_of(ready.district, set(ready.compound[modules > 0].tolist())) if len(ready.district) else (),
        ready.site[modules > 0].astype(np.int32),
        modules[modules > 0].astype(np.int16),
    )
