"""The program over years and scenarios: one choice for every year, its flows in every scenario, and what ties them.

Per year y and scenario s, with v = (n, x, z) the choice and c what it costs today:

    choice     the problem's own rows on sites, without its budget; what it asks for only in the last year
    flows      the problem's own rows on who is served where, with the demand of s; what it asks for only at the end
    power      load of year y <= spare + steps paid for by year y - lead
    standing   v_y >= v_(y-1)                                             nothing is torn down
    whole      n_y >= x_y                                                 no site is opened without a module
    money      sum_(s<=y) p_s c (v_s - v_(s-1)) <= sum_(s<=y) budget_s    with carry-over; else each year alone
    keep       sum_(j in old plan) x_jY >= so many                        re-planning
    worst      t <= figure of s over the years, in every scenario         where the stance is the worst case

The goal's figures: service and the worst-off share are means over the years, walking and margin those of the last
year, cost is what all years pay at their prices.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy import sparse

from siting.model.goal import Aim
from siting.model.horizon_ground import OF_FLOWS, Case, Ground, stages_of
from siting.model.matrix import MatrixForm
from siting.model.measures import constant, required_goal
from siting.model.parts import FloatArray, IntArray
from siting.model.program import Program

__all__ = ["Blocks", "build_blocks", "one_year"]


@dataclass(frozen=True, eq=False)
class Blocks:
    """The program of all years, its objective the goal's first figure, and the `further` figures in their order."""

    program: Program
    further: tuple[FloatArray, ...]
    ground: Ground


@dataclass(frozen=True, eq=False)
class _Band:
    """Rows made of parts, each beginning at a column, with their limits."""

    parts: Sequence[tuple[int, Any]]
    lower: FloatArray
    upper: FloatArray


def build_blocks(ground: Ground) -> Blocks:
    """Return the program of the whole programme."""
    at, years, form = ground.at, ground.years, ground.form
    bands = [band for y in range(at.years) for band in _year_bands(ground, y)]
    lasting = ground.lasting
    step = sparse.csr_array((np.ones(len(lasting)), (lasting, lasting)), shape=(len(lasting), at.choice))
    free = np.full(len(lasting), np.inf)
    bands += [
        _Band([(at.choice_at(y), step), (at.choice_at(y - 1), -step)], np.zeros(len(lasting)), free)
        for y in range(1, at.years)
    ]
    bands.append(_Band([(0, _money(ground))], np.full(at.years, -np.inf), _money_limits(ground)))
    if years.insist is not None:
        row = sparse.csr_array(_kept(ground)[None, :])
        bands.append(_Band([(0, row)], np.array([float(years.insist.at_least)]), np.array([np.inf])))
    stages = stages_of(ground.problem)
    of_flows = [aim for aim in stages if aim in OF_FLOWS]
    if ground.is_worst:
        bands += [_ties(ground, aim, at.total - at.worst + k) for k, aim in enumerate(of_flows)]
    figures = [_figure(ground, aim, of_flows) for aim in stages]
    choice = [_bounds(ground, last=y == at.years - 1) for y in range(at.years)]
    flows = [(case.form.lower[ground.flow], case.form.upper[ground.flow]) for case in ground.cases] * at.years
    matrix, row_lower, row_upper = _stacked(bands, at.total)
    program = Program(
        objective=figures[0],
        lower=np.concatenate([*(low for low, _ in choice), *(low for low, _ in flows), np.full(at.worst, -np.inf)]),
        upper=np.concatenate([*(high for _, high in choice), *(high for _, high in flows), np.full(at.worst, np.inf)]),
        integer=np.r_[np.tile(form.integer[ground.own], at.years), np.zeros(at.total - at.years * at.choice, bool)],
        matrix=matrix,
        row_lower=row_lower,
        row_upper=row_upper,
    )
    return Blocks(program, tuple(figures[1:]), ground)


def one_year(ground: Ground, y: int, *, before: list[FloatArray], money: float, most: FloatArray | None) -> Program:
    """Return year `y` alone for the first scenario, after the choices in `before`, with `money` to spend.

    Its columns are the year's choice and its flows; `most` caps what may stand.
    """
    now = before[-1] if before else ground.before
    alone = replace(ground.at, years=1, scenarios=1, worst=0)
    last = y == ground.at.years - 1
    lower, upper = _bounds(ground, last=last)
    lasting = ground.lasting
    lower[lasting] = np.maximum(lower[lasting], now[lasting])
    if most is not None:
        upper[lasting] = np.maximum(np.minimum(upper, most)[lasting], lower[lasting])
    ready = np.zeros(len(ground.rows))
    for k, part in ground.late.items():
        ready += part @ (before[y - k] if y >= k else ground.before)
    limit = np.array([money + float(ground.cost[y] @ now) + 1e-6])
    bands = [
        _Band([(0, ground.rest)], *_asked(ground.form, ground.rows, ready, last=last)),
        _flow_band(ground.cases[0], (0, alone.flows_at(0, 0)), last=last),
        _whole_band(ground, 0),
        _Band([(0, sparse.csr_array(ground.cost[y][None, :]))], np.full(1, -np.inf), limit),
    ]
    case, aim = ground.cases[0], stages_of(ground.problem)[0]
    objective = np.zeros(alone.total)
    if aim in OF_FLOWS:
        objective[alone.choice :] = case.figures[aim]
    else:
        objective[: alone.choice] = case.form.objective[ground.own]
    insist = ground.years.insist
    if insist is not None and last:
        row = np.zeros(alone.total)
        row[ground.at.x.start + insist.sites] = 1.0
        objective = objective + (insist.worth if aim is Aim.SERVICE else 0.0) * row
        kept = sparse.csr_array(row[None, :])
        bands.append(_Band([(0, kept)], np.array([float(insist.at_least)]), np.array([np.inf])))
    matrix, row_lower, row_upper = _stacked(bands, alone.total)
    return Program(
        objective=objective,
        lower=np.r_[lower, case.form.lower[ground.flow]],
        upper=np.r_[upper, case.form.upper[ground.flow]],
        integer=np.r_[ground.form.integer[ground.own], np.zeros(alone.flows, bool)],
        matrix=matrix,
        row_lower=row_lower,
        row_upper=row_upper,
    )


def _year_bands(ground: Ground, y: int) -> list[_Band]:
    at, last = ground.at, y == ground.at.years - 1
    parts = [(at.choice_at(y), ground.rest)]
    parts += [(at.choice_at(y - k), part) for k, part in ground.late.items() if y >= k]
    ready = sum((part @ ground.before for k, part in ground.late.items() if y < k), np.zeros(len(ground.rows)))
    return [
        _Band(parts, *_asked(ground.form, ground.rows, ready, last=last)),
        *(_flow_band(case, (at.choice_at(y), at.flows_at(y, s)), last=last) for s, case in enumerate(ground.cases)),
        _whole_band(ground, at.choice_at(y)),
    ]


def _flow_band(case: Case, place: tuple[int, int], *, last: bool) -> _Band:
    limits = _asked(case.form, case.rows, np.zeros(len(case.rows)), last=last)
    return _Band([(place[0], case.choice), (place[1], case.flows)], *limits)


def _whole_band(ground: Ground, first: int) -> _Band:
    at, count = ground.at, len(ground.problem.sites)
    sites = np.arange(count)
    entries = np.r_[np.ones(count), -np.ones(count)]
    places = (np.r_[sites, sites], np.r_[at.n.start + sites, at.x.start + sites])
    rows = sparse.csr_array((entries, places), shape=(count, at.choice))
    return _Band([(first, rows)], np.zeros(count), np.full(count, np.inf))


def _asked(form: MatrixForm, rows: IntArray, ready: FloatArray, *, last: bool) -> tuple[FloatArray, FloatArray]:
    """Return the limits of rows; those that ask for something, not only limit it, hold in the last year only."""
    lower, upper = form.row_lower[rows], form.row_upper[rows]
    return (lower - ready if last else np.where(np.isfinite(lower), -np.inf, lower)), upper - ready


def _stacked(bands: Sequence[_Band], width: int) -> tuple[Any, FloatArray, FloatArray]:
    rows, places, entries, first = [], [], [], 0
    for band in bands:
        for start, part in band.parts:
            held = sparse.coo_array(part)
            rows.append(held.coords[0].astype(np.int64) + first)
            places.append(held.coords[1].astype(np.int64) + start)
            entries.append(held.data.astype(float))
        first += len(band.upper)
    where = (np.concatenate(rows), np.concatenate(places))
    matrix = sparse.csr_array((np.concatenate(entries), where), shape=(first, width))
    return matrix, np.concatenate([band.lower for band in bands]), np.concatenate([band.upper for band in bands])


def _figure(ground: Ground, aim: Aim, of_flows: Sequence[Aim]) -> FloatArray:
    """Return a figure over all columns, so that more is better."""
    at, years = ground.at, ground.years
    figure = np.zeros(at.total)
    if aim is Aim.COST:
        figure[: at.years * at.choice] = -_paid(ground)
    elif aim is Aim.MARGIN:
        figure[at.choice_at(at.years - 1) + at.choice - 1] = 1.0
    elif aim is Aim.EXPENSE:
        figure = -_expense(ground)
    elif ground.is_worst:
        figure[at.total - at.worst + of_flows.index(aim)] = 1.0
    else:
        for s, weight in enumerate(ground.weight):
            figure += weight * _of_scenario(ground, aim, s)
    if aim is Aim.SERVICE and years.insist is not None:
        figure += years.insist.worth * _kept(ground)
    return figure


def _of_scenario(ground: Ground, aim: Aim, s: int) -> FloatArray:
    """Return a figure of flows in one scenario over the years."""
    at, figure = ground.at, np.zeros(ground.at.total)
    for y, share in enumerate(ground.share_of_year(aim).tolist()):
        start = at.flows_at(y, s)
        figure[start : start + at.flows] = share * ground.cases[s].figures[aim]
    return figure


def _ties(ground: Ground, aim: Aim, column: int) -> _Band:
    """Return t <= figure / scale in every scenario."""
    at, scales = ground.at, ground.scales[aim]
    rows = np.array([-_of_scenario(ground, aim, s) / scales[s] for s in range(at.scenarios)])
    rows[:, column] = 1.0
    return _Band([(0, sparse.csr_array(rows))], np.full(at.scenarios, -np.inf), np.zeros(at.scenarios))


def _kept(ground: Ground) -> FloatArray:
    at, insist = ground.at, ground.years.insist
    row = np.zeros(at.total)
    if insist is not None:
        row[at.choice_at(at.years - 1) + at.x.start + insist.sites] = 1.0
    return row


def _paid(ground: Ground) -> FloatArray:
    """Return what all years pay at their prices, over all choices."""
    carried = replace(ground, years=replace(ground.years, carry_over=True))
    return np.asarray(_money(carried).toarray()[-1])


def _expense(ground: Ground) -> FloatArray:
    """Return what decides between equal programmes: money at each year's prices, walking, demerits."""
    goal, at, problem = required_goal(ground.problem), ground.at, ground.problem
    costs = np.zeros(at.total)
    costs[: at.years * at.choice] = _paid(ground)
    walked = np.zeros(at.flows)
    walked[: len(problem.walks)] = goal.walk_penalty * problem.walks.walk_m
    for y, share in enumerate(ground.years.weight.tolist()):
        for s, weight in enumerate(ground.weight.tolist()):
            start = at.flows_at(y, s)
            costs[start : start + at.flows] = share * weight * walked
    last = at.choice_at(at.years - 1) + at.x.start
    costs[last : last + len(problem.sites)] += goal.demerit_penalty * problem.sites.demerit
    return costs


def _bounds(ground: Ground, *, last: bool) -> tuple[FloatArray, FloatArray]:
    """Return the limits of one year's choice: what is locked in has to stand in the last year only."""
    lower, upper = ground.form.lower[ground.own], ground.form.upper[ground.own]
    lasting = ground.lasting
    lower[lasting] = np.maximum(lower[lasting] if last else 0.0, ground.before[lasting])
    upper[lasting] = np.maximum(upper[lasting], ground.before[lasting])
    return lower, upper


def _money(ground: Ground) -> Any:
    """Return the coefficients of what is spent up to each year (with carry-over) or in it (years x all choices)."""
    years, at = ground.years, ground.at
    rows = np.zeros((at.years, at.years, at.choice))
    for y in range(at.years):
        for s in range(y + 1) if years.carry_over else (y,):
            rows[y, s] += ground.cost[s]
            if s:
                rows[y, s - 1] -= ground.cost[s]
    return sparse.csr_array(rows.reshape(at.years, at.years * at.choice))


def _money_limits(ground: Ground) -> FloatArray:
    years = ground.years
    paid = ground.cost @ ground.before - constant(ground.problem, Aim.COST)
    budget = years.budget_cny if years.limited else np.full(len(years), np.inf)
    if years.carry_over:
        return np.asarray(np.cumsum(budget) + paid[0])
    return np.asarray(budget + np.r_[paid[0], np.zeros(len(paid) - 1)])
