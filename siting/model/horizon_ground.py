"""What the years and scenarios of a problem share, and what they change about its arrays; the columns of them all.

`siting.model.horizon` lays these beside each other.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy import sparse

from siting.model.goal import Aim
from siting.model.matrix import MatrixForm, as_matrix, columns, required_goal, spending
from siting.model.measures import coefficients
from siting.model.parts import FloatArray, IntArray
from siting.model.problem import Problem
from siting.model.programme import Years
from siting.model.scenarios import Scenarios, Stance

__all__ = ["OF_FLOWS", "Case", "Ground", "Layout", "ground_of", "stages_of"]

#: Figures that who is served where decides.
OF_FLOWS = (Aim.SERVICE, Aim.FLOOR, Aim.WALKING)


@dataclass(frozen=True)
class Layout:
    """Where the columns lie: `choice` columns a year (n, x, z, q and the margin), `flows` a year and scenario."""

    years: int
    scenarios: int
    choice: int
    flows: int
    n: slice
    x: slice
    z: slice
    q: slice
    worst: int  # columns t, one for each figure of flows that is the worst of its scenarios

    @property
    def total(self) -> int:
        """Return the number of columns."""
        return self.years * (self.choice + self.scenarios * self.flows) + self.worst

    def choice_at(self, year: int) -> int:
        """Return the first column of a year's choice."""
        return year * self.choice

    def flows_at(self, year: int, scenario: int) -> int:
        """Return the first column of the flows of a scenario in a year."""
        return self.years * self.choice + (year * self.scenarios + scenario) * self.flows

    def choices(self, values: FloatArray) -> FloatArray:
        """Return the choice year by year (years x choice)."""
        return values[: self.years * self.choice].reshape(self.years, self.choice)


@dataclass(frozen=True, eq=False)
class Case:
    """One scenario: its problem and form, the rows on flows with their entries, and the figures of flows."""

    problem: Problem
    form: MatrixForm
    rows: IntArray
    choice: Any
    flows: Any
    figures: dict[Aim, FloatArray]


@dataclass(frozen=True, eq=False)
class Ground:
    """What every year shares: the problem's arrays without money, and what the years and scenarios change about them.

    `own` and `flow` are the places of the columns in a form; `rows` its rows on the choice alone. `late[k]` are the
    entries of upgrade steps with a lead of k years in those, `rest` all others. `before` holds the choice before the
    first year, `today` what one of each costs at today's prices, `cost` (years x choice) at each year's. By `scales`
    the figures of scenarios are divided before the worst is taken.
    """

    problem: Problem
    years: Years
    outlook: Scenarios | None
    cases: tuple[Case, ...]
    at: Layout
    own: IntArray
    flow: IntArray
    rows: IntArray
    rest: Any
    late: dict[int, Any]
    before: FloatArray
    today: FloatArray
    cost: FloatArray
    scales: dict[Aim, FloatArray]

    @property
    def form(self) -> MatrixForm:
        """Return the form of the first scenario, whose choice is that of all."""
        return self.cases[0].form

    @property
    def lasting(self) -> IntArray:
        """Return the columns of a choice that may never fall: modules, open sites, upgrade steps."""
        return np.arange(self.at.z.stop)

    @property
    def weight(self) -> FloatArray:
        """Return what each scenario counts in the average (S)."""
        return np.ones(1) if self.outlook is None else self.outlook.weight

    @property
    def is_worst(self) -> bool:
        """Return whether a figure of flows is the worst of its scenarios."""
        return self.outlook is not None and self.outlook.stance is not Stance.AVERAGE

    def share_of_year(self, aim: Aim) -> FloatArray:
        """Return what each year counts in a figure."""
        if aim in (Aim.SERVICE, Aim.FLOOR):
            return self.years.weight
        last = np.zeros(len(self.years))
        last[-1] = 1.0
        return last


def stages_of(problem: Problem) -> tuple[Aim, ...]:
    """Return the figures in the order in which they decide, service before the expense also for least walking."""
    stages = required_goal(problem).stages
    return stages if Aim.SERVICE in stages else (*stages[:-1], Aim.SERVICE, stages[-1])


def ground_of(problem: Problem, years: Years, outlook: Scenarios | None = None) -> Ground:
    """Return what the years of a programme share; raise `UsageError` where arrays do not fit the problem."""
    bare = replace(problem, budget_cny=None)
    at = columns(bare)
    every = np.arange(at.total)
    own = np.concatenate([every[part] for part in (at.n, at.x, at.z, at.q, at.margin)])
    flow = np.concatenate([every[part] for part in (at.f, at.share)])
    cases = tuple(
        _case(bare if outlook is None else outlook.problem(bare, s), own, flow)
        for s in range(1 if outlook is None else len(outlook))
    )
    n, x, z, q = (slice(part.start - at.n.start, part.stop - at.n.start) for part in (at.n, at.x, at.z, at.q))
    worst = outlook is not None and outlook.stance is not Stance.AVERAGE
    count = sum(aim in OF_FLOWS for aim in stages_of(problem)) if worst else 0
    form = cases[0].form
    rows = np.setdiff1d(np.arange(len(form.row_upper)), cases[0].rows)
    rest, late = _by_lead(form, rows, own, z, years.lead_in(problem))
    sites, steps = years.prices_in(problem)
    today = spending(bare, at)[own]
    cost = np.tile(today, (len(years), 1))
    cost[:, n] *= sites
    cost[:, x] *= sites
    cost[:, z] *= steps
    before = np.zeros(len(own))
    before[n] = years.standing_in(problem)
    before[x] = before[n] > 0
    before[z] = years.bought_in(problem)
    scales = {} if outlook is None else {aim: outlook.scales(problem, aim) for aim in OF_FLOWS}
    layout = Layout(len(years), len(cases), len(own), len(flow), n, x, z, q, count)
    return Ground(problem, years, outlook, cases, layout, own, flow, rows, rest, late, before, today, cost, scales)


def _case(problem: Problem, own: IntArray, flow: IntArray) -> Case:
    form, at = as_matrix(problem, named=False), columns(problem)
    rows = np.flatnonzero(np.diff(sparse.csr_array(form.matrix[:, flow]).indptr) > 0)
    mine = sparse.csr_array(form.matrix)[rows]
    figures = {aim: coefficients(problem, at, aim)[flow] * (-1.0 if aim.is_least else 1.0) for aim in OF_FLOWS}
    return Case(problem, form, rows, mine[:, own], mine[:, flow], figures)


def _by_lead(form: MatrixForm, rows: IntArray, own: IntArray, z: slice, lead_of_step: IntArray) -> tuple[Any, Any]:
    """Return the rows on the choice without the entries of late steps in the power rows, and those by their lead."""
    matrix = sparse.coo_array(sparse.csr_array(form.matrix)[rows][:, own])
    row, column, value = matrix.coords[0], matrix.coords[1], matrix.data
    power = np.array([form.row_names[k].startswith("transformer_") for k in rows.tolist()], bool)
    is_step = (column >= z.start) & (column < z.stop)
    lead = np.zeros(len(value), np.int64)
    lead[is_step] = lead_of_step[column[is_step] - z.start]
    lead[~(is_step & power[row])] = 0

    def part(mask: Any) -> Any:
        return sparse.csr_array((value[mask], (row[mask], column[mask])), shape=matrix.shape)

    return part(lead == 0), {k: part(lead == k) for k in sorted(set(lead[lead > 0].tolist()))}
