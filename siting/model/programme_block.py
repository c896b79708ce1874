"""The program of a programme: one block of the problem's own arrays for every year, and the rows that tie them.

Per year y, with v = (n, x, z) and c what they cost today:

    year       the problem's own rows, without its budget; what it asks for (locks, floors) only in the last year
    power      load of year y <= spare + steps paid for by year y - lead
    standing   v_y >= v_(y-1)                                             nothing is torn down
    whole      n_y >= x_y                                                 no site is opened without a module
    money      sum_(s<=y) p_s c (v_s - v_(s-1)) <= sum_(s<=y) budget_s    with carry-over; else each year alone
    keep       sum_(j in old plan) x_jY >= so many                        re-planning
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy import sparse

from siting.model.block import Program
from siting.model.matrix import Columns, MatrixForm, as_matrix, columns, required_goal, spending
from siting.model.parts import FloatArray, IntArray
from siting.model.problem import Problem
from siting.model.programme import Years

__all__ = ["Blocks", "Ground", "build_blocks", "expense_of_years", "ground_of", "one_year"]


@dataclass(frozen=True, eq=False)
class Ground:
    """What every year shares: the problem's arrays without money, and what the years change about them.

    `late[k]` are the entries of upgrade steps with a lead of k years, `rest` all others; `at` says where the variables
    lie, `before` holds the whole-numbered columns before the first year, `today` what one of each costs at today's
    prices, `cost` (years x columns) at each year's. `asks` marks rows that demand something rather than limit it.
    """

    problem: Problem
    years: Years
    form: MatrixForm
    at: Columns
    rest: Any
    late: dict[int, Any]
    before: FloatArray
    today: FloatArray
    cost: FloatArray
    asks: Any

    @property
    def width(self) -> int:
        """Return the columns of one year."""
        return len(self.form.objective)

    @property
    def lasting(self) -> IntArray:
        """Return the columns that may never fall: modules, open sites, upgrade steps."""
        every = np.arange(self.width)
        return np.concatenate([every[part] for part in (self.at.n, self.at.x, self.at.z)])


@dataclass(frozen=True, eq=False)
class Blocks:
    """The program of all years, `limits` of money by year and the rows they stand in."""

    program: Program
    ground: Ground

    def split(self, values: FloatArray) -> FloatArray:
        """Return the columns year by year (years x width)."""
        return values.reshape(len(self.ground.years), self.ground.width)


def ground_of(problem: Problem, years: Years) -> Ground:
    """Return what the years of a programme share; raise `UsageError` where arrays do not fit the problem."""
    required_goal(problem)
    bare = replace(problem, budget_cny=None)
    form, at = as_matrix(bare, named=False), columns(bare)
    matrix = sparse.coo_array(form.matrix)
    row, column, value = matrix.coords[0], matrix.coords[1], matrix.data
    power = np.array([name.startswith("transformer_") for name in form.row_names], bool)
    is_step = (column >= at.z.start) & (column < at.z.stop)
    lead = np.zeros(len(value), np.int64)
    of_step = years.lead_in(problem)
    lead[is_step] = of_step[column[is_step] - at.z.start]
    lead[~(is_step & power[row])] = 0

    def part(mask: Any) -> Any:
        return sparse.csr_array((value[mask], (row[mask], column[mask])), shape=matrix.shape)

    sites, steps = years.prices_in(problem)
    today = spending(bare, at)
    cost = np.tile(today, (len(years), 1))
    cost[:, at.n] *= sites
    cost[:, at.x] *= sites
    cost[:, at.z] *= steps
    before = np.zeros(len(form.objective))
    before[at.n] = years.standing_in(problem)
    before[at.x] = before[at.n] > 0
    before[at.z] = years.bought_in(problem)
    return Ground(
        problem=problem,
        years=years,
        form=form,
        at=at,
        rest=part(lead == 0),
        late={k: part(lead == k) for k in sorted(set(lead[lead > 0].tolist()))},
        before=before,
        today=today,
        cost=cost,
        asks=np.isfinite(form.row_lower),
    )


def build_blocks(ground: Ground) -> Blocks:
    """Return the program of the whole programme."""
    years, form, width = ground.years, ground.form, ground.width
    count = len(years)
    rows: list[Any] = []
    lower: list[FloatArray] = []
    upper: list[FloatArray] = []
    for y in range(count):
        rows.append(
            _spread({y: ground.rest} | {y - k: part for k, part in ground.late.items() if y >= k}, count, width)
        )
        ready = sum((part @ ground.before for k, part in ground.late.items() if y < k), np.zeros(len(form.row_upper)))
        last = y == count - 1
        lower.append(np.where(ground.asks & (not last), -np.inf, form.row_lower - ready))
        upper.append(form.row_upper - ready)
    lasting = ground.lasting
    step = sparse.csr_array((np.ones(len(lasting)), (np.arange(len(lasting)), lasting)), shape=(len(lasting), width))
    sites = np.arange(len(ground.problem.sites))
    whole = sparse.csr_array(
        (
            np.r_[np.ones(len(sites)), -np.ones(len(sites))],
            (np.r_[sites, sites], np.r_[ground.at.n.start + sites, ground.at.x.start + sites]),
        ),
        shape=(len(sites), width),
    )
    for y in range(count):
        rows.append(_spread({y: whole}, count, width))
        lower.append(np.zeros(len(sites)))
        upper.append(np.full(len(sites), np.inf))
    for y in range(1, count):
        rows.append(_spread({y: step, y - 1: -step}, count, width))
        lower.append(np.zeros(len(lasting)))
        upper.append(np.full(len(lasting), np.inf))
    rows.extend(sparse.csr_array(row[None, :]) for row in _money(ground))
    lower.append(np.full(count, -np.inf))
    upper.append(_money_limits(ground))
    objective = np.concatenate([weight * form.objective for weight in years.weight])
    if years.insist is not None:
        kept = (count - 1) * width + ground.at.x.start + years.insist.sites
        objective[kept] += years.insist.worth
        row = np.zeros(count * width)
        row[kept] = 1.0
        rows.append(sparse.csr_array(row[None, :]))
        lower.append(np.array([float(years.insist.at_least)]))
        upper.append(np.array([np.inf]))
    columns_lower, columns_upper = zip(*(_bounds(ground, last=y == count - 1) for y in range(count)), strict=True)
    program = Program(
        objective=objective,
        lower=np.concatenate(columns_lower),
        upper=np.concatenate(columns_upper),
        integer=np.tile(form.integer, count),
        rows=sparse.csr_array(sparse.vstack(rows, format="csr")),
        row_lower=np.concatenate(lower),
        row_upper=np.concatenate(upper),
    )
    return Blocks(program, ground)


def one_year(ground: Ground, y: int, *, before: list[FloatArray], money: float, most: FloatArray | None) -> Program:
    """Return year `y` alone, after the years in `before`, with `money` to spend; `most` caps what may stand."""
    form = ground.form
    now = before[-1] if before else ground.before
    ready = np.zeros(len(form.row_upper))
    for k, part in ground.late.items():
        ready += part @ (before[y - k] if y >= k else ground.before)
    last = y == len(ground.years) - 1
    lower, upper = _bounds(ground, last=last)
    lower[ground.lasting] = np.maximum(lower[ground.lasting], now[ground.lasting])
    if most is not None:
        upper[ground.lasting] = np.maximum(np.minimum(upper, most)[ground.lasting], lower[ground.lasting])
    spend = sparse.csr_array(ground.cost[y][None, :])
    objective = form.objective.copy()
    insist = ground.years.insist
    more: list[Any] = []
    if insist is not None and last:
        objective[ground.at.x.start + insist.sites] += insist.worth
        row = np.zeros(ground.width)
        row[ground.at.x.start + insist.sites] = -1.0
        more = [sparse.csr_array(row[None, :])]
    return Program(
        objective=objective,
        lower=lower,
        upper=upper,
        integer=form.integer,
        rows=sparse.csr_array(sparse.vstack([ground.rest, spend, *more], format="csr")),
        row_lower=np.r_[
            np.where(ground.asks & (not last), -np.inf, form.row_lower - ready), np.full(1 + len(more), -np.inf)
        ],
        row_upper=np.r_[
            form.row_upper - ready,
            money + float(ground.cost[y] @ now) + 1e-6,
            [-float(insist.at_least)] if more and insist is not None else [],
        ],
    )


def expense_of_years(ground: Ground) -> FloatArray:
    """Return what decides between programmes of equal service: money at each year's prices, walking, demerits."""
    goal, at = required_goal(ground.problem), ground.at
    costs = _money(replace(ground, years=replace(ground.years, carry_over=True)))[-1].reshape(len(ground.years), -1)
    for y, weight in enumerate(ground.years.weight):
        costs[y, at.f] += weight * goal.walk_penalty * ground.problem.walks.walk_m
    costs[-1, at.x] += goal.demerit_penalty * ground.problem.sites.demerit
    return np.asarray(costs.ravel())


def _bounds(ground: Ground, *, last: bool) -> tuple[FloatArray, FloatArray]:
    """Return the limits of one year's columns: what is locked in has to stand in the last year only."""
    lower, upper = ground.form.lower.copy(), ground.form.upper.copy()
    lasting = ground.lasting
    lower[lasting] = np.maximum(lower[lasting] if last else 0.0, ground.before[lasting])
    upper[lasting] = np.maximum(upper[lasting], ground.before[lasting])
    return lower, upper


def _money(ground: Ground) -> FloatArray:
    """Return the coefficients of what is spent up to each year (with carry-over) or in it (years x all columns)."""
    years = ground.years
    count, width = len(years), ground.width
    rows = np.zeros((count, count, width))
    for y in range(count):
        for s in range(y + 1) if years.carry_over else (y,):
            rows[y, s] += ground.cost[s]
            if s:
                rows[y, s - 1] -= ground.cost[s]
    return rows.reshape(count, count * width)


def _money_limits(ground: Ground) -> FloatArray:
    paid = ground.cost @ ground.before
    if ground.years.carry_over:
        return np.asarray(np.cumsum(ground.years.budget_cny) + paid[0])
    return np.asarray(ground.years.budget_cny + np.r_[paid[0], np.zeros(len(paid) - 1)])


def _spread(parts: dict[int, Any], count: int, width: int) -> Any:
    """Return rows of all years' columns that hold each part in its year's block."""
    height = next(iter(parts.values())).shape[0]
    empty = sparse.csr_array((height, width))
    return sparse.hstack([parts.get(y, empty) for y in range(count)], format="csr")
