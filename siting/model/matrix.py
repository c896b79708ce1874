"""The matrix face of a problem: the hot path to HiGHS, row for row the program of `siting.model.formulation`."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from siting.errors import UsageError
from siting.model.parts import Ban, FloatArray, Goal, IntArray
from siting.model.problem import Problem

__all__ = ["Columns", "MatrixForm", "as_matrix", "columns", "required_goal", "spending"]


@dataclass(frozen=True)
class Columns:
    """Where each family of variables lies: f (walks), n, x (sites), z (upgrade steps), q (compounds under a quota)."""

    f: slice
    n: slice
    x: slice
    z: slice
    q: slice
    total: int


@dataclass(frozen=True, eq=False)
class MatrixForm:
    """Maximise `objective` over columns between `lower` and `upper`, rows `matrix` between `row_lower` and `row_upper`.

    `matrix` is CSR, `integer` marks whole-numbered columns.
    """

    objective: FloatArray
    lower: FloatArray
    upper: FloatArray
    integer: NDArray[np.bool_]
    matrix: Any
    row_lower: FloatArray
    row_upper: FloatArray
    column_names: tuple[str, ...]
    row_names: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class _Rows:
    """One family of rows over some columns; all are `<= upper` unless `lower` is given."""

    names: Sequence[str]
    matrix: Any
    upper: FloatArray
    lower: FloatArray | None = None


def columns(problem: Problem) -> Columns:
    """Return where the variables lie; both faces and the solver share this order."""
    walks, sites = len(problem.walks), len(problem.sites)
    steps = len(problem.transformers.step_owner) if problem.transformers else 0
    compounds = len(problem.quotas.district) if problem.quotas else 0
    ends = np.cumsum([0, walks, sites, sites, steps, compounds]).tolist()
    f, n, x, z, q = (slice(a, b) for a, b in pairwise(ends))
    return Columns(f, n, x, z, q, total=ends[-1])


def required_goal(problem: Problem) -> Goal:
    """Return the goal; raise `UsageError` if the problem has none."""
    if problem.goal is None:
        message = "the problem has no goal; add maximise_service()"
        raise UsageError(message)
    return problem.goal


def as_matrix(problem: Problem, *, hold_service: float | None = None, named: bool = True) -> MatrixForm:
    """Return `problem` as arrays.

    With `hold_service` (weighted vehicles) the service is a row and the objective is minus the goal's second part
    in CNY: cost, walking and demerits. Without `named` the columns have no names, which saves their making.
    """
    at = columns(problem)
    lower, upper = np.zeros(at.total), np.ones(at.total)
    upper[at.f] = problem.demands.vehicles[problem.walks.i]
    upper[at.n] = problem.sites.max_modules
    lower[at.n][problem.locked_in] = lower[at.x][problem.locked_in] = 1.0
    upper[at.n][problem.locked_out] = upper[at.x][problem.locked_out] = 0.0
    integer = np.ones(at.total, bool)
    integer[at.f] = False
    rows = [row for row in _families(problem, at, hold_service) if len(row.names)]
    matrix = sparse.vstack([row.matrix for row in rows], format="csr") if rows else sparse.csr_array((0, at.total))
    free = [np.full(len(row.names), -np.inf) if row.lower is None else row.lower for row in rows]
    return MatrixForm(
        objective=_service(problem, at) if hold_service is None else -_expense(problem, at),
        lower=lower,
        upper=upper,
        integer=integer,
        matrix=matrix,
        row_lower=np.concatenate(free) if rows else np.empty(0),
        row_upper=np.concatenate([row.upper for row in rows]) if rows else np.empty(0),
        column_names=tuple(_column_names(problem)) if named else (),
        row_names=tuple(name for row in rows for name in row.names),
    )


def _service(problem: Problem, at: Columns) -> FloatArray:
    costs = np.zeros(at.total)
    costs[at.f] = problem.demands.weight[problem.walks.i]
    return costs


def spending(problem: Problem, at: Columns) -> FloatArray:
    """Return what each column costs in CNY: sites, modules and upgrade steps."""
    costs = np.zeros(at.total)
    costs[at.x] = problem.sites.open_cost_cny
    costs[at.n] = problem.sites.module_cost_cny
    if problem.transformers:
        costs[at.z] = problem.transformers.step_cost_cny
    return costs


def _expense(problem: Problem, at: Columns) -> FloatArray:
    goal = required_goal(problem)
    costs = spending(problem, at)
    costs[at.f] = goal.walk_penalty * problem.walks.walk_m
    costs[at.x] += goal.demerit_penalty * problem.sites.demerit
    return costs


def _families(problem: Problem, at: Columns, hold_service: float | None) -> list[_Rows]:
    walks, sites, demands = problem.walks, problem.sites, problem.demands
    links, every = np.arange(len(walks)), np.arange(len(sites))
    families = [
        _Rows(
            [f"demand_{i}" for i in range(len(demands))],
            _block(at, len(demands), [(walks.i, links, 1.0)]),
            demands.vehicles,
        ),
        _Rows(
            [f"capacity_{j}" for j in every],
            _block(at, len(sites), [(walks.j, links, 1.0), (every, at.n.start + every, -sites.vehicles_per_module)]),
            np.zeros(len(sites)),
        ),
        _Rows(
            [f"modules_{j}" for j in every],
            _block(at, len(sites), [(every, at.n.start + every, 1.0), (every, at.x.start + every, -sites.max_modules)]),
            np.zeros(len(sites)),
        ),
        _clique_rows(problem.cliques, at),
        _ban_rows(problem.bans, at),
        *_power_rows(problem, at),
        *_quota_rows(problem, at),
    ]
    if problem.budget_cny is not None:
        families.append(_one_row("budget", spending(problem, at), upper=problem.budget_cny))
    if hold_service is not None:
        families.append(_one_row("service", _service(problem, at), lower=hold_service))
    return families


def _clique_rows(cliques: tuple[IntArray, ...], at: Columns) -> _Rows:
    rows = np.repeat(np.arange(len(cliques)), [len(clique) for clique in cliques])
    members = np.concatenate(cliques) if cliques else np.empty(0, np.int64)
    names = [f"clique_{k}" for k in range(len(cliques))]
    return _Rows(names, _block(at, len(cliques), [(rows, at.x.start + members, 1.0)]), np.ones(len(cliques)))


def _ban_rows(bans: tuple[Ban, ...], at: Columns) -> _Rows:
    rows = np.repeat(np.arange(len(bans)), [len(ban.sites) for ban in bans])
    members = np.concatenate([ban.sites for ban in bans]) if bans else np.empty(0, np.int64)
    most = np.array([ban.most for ban in bans], dtype=float)
    names = [f"ban_{k}" for k in range(len(bans))]
    return _Rows(names, _block(at, len(bans), [(rows, at.x.start + members, 1.0)]), most)


def _power_rows(problem: Problem, at: Columns) -> list[_Rows]:
    part = problem.transformers
    if part is None:
        return []
    limited = np.flatnonzero(part.limited)
    row_of = np.full(len(part), -1)
    row_of[limited] = np.arange(len(limited))
    fed = np.flatnonzero((part.feeds >= 0) & (row_of[part.feeds] >= 0))
    step = np.flatnonzero(row_of[part.step_owner] >= 0)
    load = _Rows(
        [f"transformer_{t}" for t in limited],
        _block(
            at,
            len(limited),
            [
                (row_of[part.feeds[fed]], at.n.start + fed, part.kva_per_module[fed]),
                (row_of[part.step_owner[step]], at.z.start + step, -part.step_kva[step]),
            ],
        ),
        part.spare_kva[limited],
    )
    later = np.flatnonzero(np.diff(part.step_owner) == 0) + 1
    rows = np.arange(len(later))
    order = _Rows(
        [f"order_{name}" for name in np.array(list(_step_names(problem)), object)[later]],
        _block(at, len(later), [(rows, at.z.start + later, 1.0), (rows, at.z.start + later - 1, -1.0)]),
        np.zeros(len(later)),
    )
    return [load, order]


def _quota_rows(problem: Problem, at: Columns) -> list[_Rows]:
    part = problem.quotas
    if part is None:
        return []
    every, compounds = np.arange(len(problem.sites)), np.arange(len(part.district))
    chosen = _Rows(
        [f"chosen_{j}" for j in every],
        _block(at, len(every), [(every, at.x.start + every, 1.0), (every, at.q.start + part.compound, -1.0)]),
        np.zeros(len(every)),
    )
    quota = _Rows(
        [f"quota_{d}" for d in range(len(part.most))],
        _block(at, len(part.most), [(part.district, at.q.start + compounds, 1.0)]),
        part.most.astype(float),
    )
    return [chosen, quota]


def _block(at: Columns, rows: int, entries: Sequence[tuple[IntArray, IntArray, FloatArray | IntArray | float]]) -> Any:
    """Return `rows` rows with entries (row, column, value), as CSR without stored zeros."""
    row = np.concatenate([entry[0] for entry in entries])
    column = np.concatenate([entry[1] for entry in entries])
    value = np.concatenate([np.broadcast_to(entry[2], len(entry[0])) for entry in entries])
    kept = value != 0
    return sparse.csr_array((value[kept], (row[kept], column[kept])), shape=(rows, at.total))


def _one_row(name: str, costs: FloatArray, *, lower: float = -np.inf, upper: float = np.inf) -> _Rows:
    return _Rows([name], sparse.csr_array(costs[None, :]), np.array([upper]), np.array([lower]))


def _column_names(problem: Problem) -> list[str]:
    sites = range(len(problem.sites))
    walks = zip(problem.walks.i.tolist(), problem.walks.j.tolist(), strict=True)
    return [
        *(f"f_{i}_{j}" for i, j in walks),
        *(f"n_{j}" for j in sites),
        *(f"x_{j}" for j in sites),
        *(f"z_{name}" for name in _step_names(problem)),
        *(f"q_{c}" for c in range(len(problem.quotas.district) if problem.quotas else 0)),
    ]


def _step_names(problem: Problem) -> list[str]:
    part = problem.transformers
    return [f"{t}_{u}" for t, mine in enumerate(part.steps) for u in range(len(mine))] if part else []
