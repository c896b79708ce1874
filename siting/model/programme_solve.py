"""A programme solved whole, for the estimate or for scenarios of demand: a first guess, then all at once.

Two guesses for the estimate, both by one-year searches: forwards, each year the best it can do alone; and backwards,
the best plan for all the money first, of which each year builds what serves most. The better one starts the search
over all years; over scenarios the programme for the estimate does. The answer is never worse than where it started.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from siting.model.block import Found, SearchLimits, best_in_order, nodes_for, search, status_of
from siting.model.contradictions import refuse_contradictions
from siting.model.divide import flows_for
from siting.model.engines import End
from siting.model.finish import upgrades_of
from siting.model.flows import serve, service_of
from siting.model.goal import Aim
from siting.model.greedy import greedy_modules
from siting.model.horizon import Blocks, build_blocks, one_year
from siting.model.horizon_ground import OF_FLOWS, Ground, ground_of, stages_of
from siting.model.horizon_reduced import Shrunk, shrunk
from siting.model.measures import constant, value_of
from siting.model.parts import FloatArray, IntArray
from siting.model.problem import Problem
from siting.model.program import Program
from siting.model.programme import Course, Years
from siting.model.relaxation import service_limit
from siting.model.scenarios import Scenarios, refuse_scenarios

__all__ = ["Start", "solve_horizon", "solve_programme", "value_of_programme"]

_LARGEST = 600_000  # nonzeros; above, the guess stands and the bound comes from money and power alone
_GUESS_SHARE = 0.1  # of the nodes of a whole search that each year of a guess may take
_GUESS_SECONDS = 0.2  # of the time that each guess may take
_STEP_BONUS = 1e-6  # of the objective for a step that only later years can use: they are bought early where money lies
_LIMIT_SECONDS = 10.0

#: Modules (years x sites) and upgrade steps paid for (years x steps) of a plan to begin with.
Start = tuple[IntArray, IntArray]


def solve_programme(
    problem: Problem,
    years: Years,
    limits: SearchLimits | None = None,
    *,
    outlook: Scenarios | None = None,
    starts: Sequence[Start] = (),
) -> Course:
    """Return the best programme found for `problem` over `years`, never worse than the guess year by year.

    The problem's own budget is set aside: the years have theirs. What stands today stays, and may be expanded: a
    programme tears nothing down. With an `outlook` one choice a year holds in all its scenarios. Raises `UsageError`
    without a goal or for arrays that do not fit, `InfeasibleError` if no programme keeps the limits.
    """
    if problem.existing is not None:
        part = replace(problem.existing, removal_cost_cny=np.full(len(problem.sites), np.nan))
        problem = replace(problem, existing=part)
        years = replace(years, standing=np.maximum(years.standing_in(problem), part.modules))
    return solve_horizon(problem, years, limits, outlook=outlook, starts=starts)


def solve_horizon(
    problem: Problem,
    years: Years,
    limits: SearchLimits | None = None,
    *,
    outlook: Scenarios | None = None,
    starts: Sequence[Start] = (),
) -> Course:
    """Do the same without a word on what stands today: in a single year it may be removed at its price."""
    limits = limits or SearchLimits()
    began = time.perf_counter()
    until = began + limits.seconds
    refuse_contradictions(replace(problem, budget_cny=None))
    if outlook is not None:
        refuse_scenarios(replace(problem, budget_cny=None), outlook)
    small = shrunk(problem, years, outlook)
    ground = ground_of(small.problem, small.years, small.outlook)
    if outlook is not None:
        ground = replace(ground, scales={aim: outlook.scales(problem, aim) for aim in OF_FLOWS})
    blocks = build_blocks(ground)
    guesses = [*_given(small, ground, starts), *(_guesses(ground, limits, until) if outlook is None else ())]
    kept = [guess for guess in guesses if blocks.program.keeps(guess)]
    start = max(kept, key=lambda guess: float(blocks.program.objective @ guess), default=None)
    if start is not None and blocks.program.matrix.nnz > _LARGEST:
        found, values = Found(start, np.inf, End.NODES, "first guess year by year", "HiGHS, a year at a time"), start
    else:
        left = replace(limits, seconds=max(until - time.perf_counter(), 0.1))
        found, values = best_in_order(blocks.program, blocks.further, left, start)
    choice = ground.at.choices(values)
    steps = np.rint(choice[:, ground.at.z]).astype(np.int64)
    plan = (np.array([small.reduction.expand(row) for row in np.rint(choice[:, ground.at.n]).astype(np.int64)]), steps)
    plans = [plan, *(starts if problem.is_plain else ())]  # a start that the reduced program does not hold
    told = [_Told.of(problem, years, outlook, each) for each in plans]
    best = max(told, key=lambda each: each.worth)
    best = told[0] if told[0].worth >= best.worth - 1e-9 * max(1.0, abs(best.worth)) else best
    first = -np.inf if start is None else float(blocks.program.objective @ start)
    return _course(blocks, best, _End(found, _known_bound(ground), first, time.perf_counter() - began))


def value_of_programme(problem: Problem, years: Years, outlook: Scenarios, plan: Start) -> float:
    """Return the goal's first figure of a programme over scenarios that it was not made for."""
    return _Told.of(problem, years, outlook, plan).objective


@dataclass(frozen=True, eq=False)
class _End:
    """How the search ended: the `known` bound needs no search, `first` is the objective it began with."""

    found: Found
    known: float
    first: float
    seconds: float


@dataclass(frozen=True, eq=False)
class _Told:
    """A programme with its flows: `served` each year in the estimate, `ends` at the end in each scenario."""

    problem: Problem
    years: Years
    plan: Start
    served: FloatArray
    ends: FloatArray
    figures: FloatArray
    objective: float
    kept: int

    @classmethod
    def of(cls, problem: Problem, years: Years, outlook: Scenarios | None, plan: Start) -> "_Told":
        """Divide who is served where, year by year and in each scenario."""
        aim, modules = stages_of(problem)[0], plan[0]
        cases = [problem] if outlook is None else [outlook.problem(problem, s) for s in range(len(outlook))]
        served = np.array([_flows(problem, row, last=y == len(modules) - 1) for y, row in enumerate(modules)])
        ends = np.array([_flows(case, modules[-1], last=True) for case in cases])
        figures = np.array([_figure(case, years, aim, modules) for case in cases])
        objective = float(figures[0])
        if aim is Aim.COST:
            objective = float(_spent(problem, years, plan).sum())
        elif outlook is not None and aim in OF_FLOWS:
            objective = outlook.value(figures, outlook.scales(problem, aim), aim)
        kept = 0 if years.insist is None else int((modules[-1][years.insist.sites] > 0).sum())
        return cls(problem, years, plan, served, ends, figures, objective, kept)

    @property
    def worth(self) -> float:
        """Return the first figure so that more is better, with what the sites that are kept are worth."""
        aim, insist = stages_of(self.problem)[0], self.years.insist
        kept = insist.worth * self.kept if insist is not None and aim is Aim.SERVICE else 0.0
        return (-self.objective if aim.is_least else self.objective) + kept


def _flows(problem: Problem, modules: IntArray, *, last: bool) -> FloatArray:
    return flows_for(problem if last else _building(problem), modules)


def _building(problem: Problem) -> Problem:
    """Return the problem of a year before the last: nothing is promised yet, so it serves most."""
    goal = problem.goal
    if goal is not None and goal.aim is not Aim.FLOOR:
        goal = replace(goal, aim=Aim.SERVICE)
    return replace(problem, floors=None, service_floor=None, goal=goal)


def _figure(problem: Problem, years: Years, aim: Aim, modules: IntArray) -> float:
    """Return a figure of one scenario over the years; cost is not of scenarios, and left out."""
    if aim in (Aim.SERVICE, Aim.FLOOR):
        yearly = [
            value_of(problem, aim, row, _flows(problem, row, last=y == len(modules) - 1))
            for y, row in enumerate(modules)
        ]
        return float(years.weight @ yearly)
    if aim is Aim.COST:
        return 0.0
    return value_of(problem, aim, modules[-1], _flows(problem, modules[-1], last=True))


def _spent(problem: Problem, years: Years, plan: Start) -> FloatArray:
    """Return what every year adds at its prices; in the first also what it costs to remove what stands today."""
    modules, steps = plan
    sites, upgrades = years.prices_in(problem)
    before, bought = years.standing_in(problem), years.bought_in(problem)
    spent = np.zeros(len(years))
    for y in range(len(years)):
        old = problem.site_cost_cny(before) if y or before.any() else np.zeros(len(problem.sites))
        spent[y] = float(sites[y] @ (problem.site_cost_cny(modules[y]) - old))
        if problem.transformers is not None:
            spent[y] += float(upgrades[y] @ ((steps[y] - bought) * problem.transformers.step_cost_cny))
        before, bought = modules[y], steps[y]
    return spent


def _guesses(ground: Ground, limits: SearchLimits, until: float) -> list[FloatArray]:
    forwards = _guess(ground, limits, until, None)
    return [guess for guess in (forwards, _guess_back(ground, limits, until)) if guess is not None]


def _guess(ground: Ground, limits: SearchLimits, until: float, most: FloatArray | None) -> FloatArray | None:
    """Return all columns, each year the best it can do with what stands; None where a year has no plan."""
    built: list[FloatArray] = []
    flows: list[FloatArray] = []
    left = 0.0
    for y in range(len(ground.years)):
        now = built[-1] if built else ground.before
        money = float(ground.years.budget_cny[y]) + (left if ground.years.carry_over else 0.0)
        money = money if ground.years.limited else np.inf
        program = one_year(ground, y, before=built, money=money, most=most)
        values = _one(ground, y, _eager(ground, program), (limits, until), now)
        if values is None:
            return None
        left = money - float(ground.cost[y] @ (values[: ground.at.choice] - now))
        built.append(values[: ground.at.choice])
        flows.append(values[ground.at.choice :])
    return np.concatenate([*built, *flows])


def _guess_back(ground: Ground, limits: SearchLimits, until: float) -> FloatArray | None:
    """Return the programme that builds, year by year, towards the best plan for all the money."""
    years = ground.years
    if len(years) == 1:
        return None
    at_once = replace(ground, late={}, rest=ground.rest + sum(ground.late.values())) if ground.late else ground
    final = one_year(at_once, len(years) - 1, before=[], money=float(years.budget_cny.sum()), most=None)
    most = _one(ground, len(years) - 1, final, (limits, until), ground.before)
    return None if most is None else _guess(ground, limits, until, most[: ground.at.choice])


def _eager(ground: Ground, program: Program) -> Program:
    """Return the program with a grain of worth for steps that carry load only in a later year."""
    late = np.unique(np.concatenate([part.tocoo().coords[1] for part in ground.late.values()] or [np.empty(0, int)]))
    if not len(late):
        return program
    objective = program.objective.copy()
    objective[late] += _STEP_BONUS * float(np.abs(objective).max(initial=1.0))
    return replace(program, objective=objective)


def _one(
    ground: Ground, y: int, program: Program, effort: tuple[SearchLimits, float], now: FloatArray
) -> FloatArray | None:
    """Return the best columns found for one year, never worse than greedy where that keeps the limits."""
    limits, until = effort
    start = _by_greedy(ground, y, program, now)
    nodes = max(8, int(_GUESS_SHARE * (limits.nodes or nodes_for(program))))
    seconds = min(_GUESS_SECONDS * limits.seconds, max(until - time.perf_counter(), 0.0)) / len(ground.years)
    found = search(program, replace(limits, nodes=nodes, seconds=seconds), start).values
    if start is not None and (found is None or program.objective @ start > program.objective @ found):
        return start
    return found


def _by_greedy(ground: Ground, y: int, program: Program, now: FloatArray) -> FloatArray | None:
    """Return the greedy plan on top of what stands, if it keeps the limits of this year."""
    problem, at = ground.problem, ground.at
    dearest = max(float(factors.max(initial=0.0)) for factors in ground.years.prices_in(problem))
    spent = float(ground.cost[y] @ now)
    money = float(program.row_upper[_money_row(ground)]) - spent
    standing = np.rint(now[at.n]).astype(np.int64)
    budget = money / max(dearest, 1e-9) + float(ground.today @ now)
    priced = replace(problem, budget_cny=budget if np.isfinite(budget) else None)
    modules = greedy_modules(priced, built=standing, served=serve(problem, standing))
    last = y == len(ground.years) - 1
    choice = _choice(ground, modules, _steps_for(ground, modules, now[at.z]))
    values = np.r_[choice, _flow_columns(ground, ground.cases[0].problem, modules, last=last)]
    return values if program.keeps(values) else None


def _money_row(ground: Ground) -> int:
    """Return which row of a year's program is its money: the last but what is insisted on."""
    return len(ground.rows) + len(ground.cases[0].rows) + len(ground.problem.sites)


def _steps_for(ground: Ground, modules: IntArray, before: FloatArray) -> IntArray:
    """Return the upgrade steps that modules need, with those that were bought before."""
    part = ground.problem.transformers
    steps = np.rint(before).astype(np.int64)
    if part is not None:
        first = np.searchsorted(part.step_owner, np.arange(len(part)))
        for t, step in upgrades_of(ground.problem, modules):
            steps[first[t] + step] = 1
    return steps


def _choice(ground: Ground, modules: IntArray, steps: IntArray) -> FloatArray:
    """Return the columns of one year's choice."""
    problem, at = ground.problem, ground.at
    values = np.zeros(at.choice)
    values[at.n], values[at.x], values[at.z] = modules, modules > 0, steps
    if problem.quotas is not None:
        values[at.q][problem.quotas.compound[modules > 0]] = 1.0
    if stages_of(problem)[0] is Aim.MARGIN:
        values[-1] = value_of(problem, Aim.MARGIN, modules, np.empty(0))
    return values


def _flow_columns(ground: Ground, problem: Problem, modules: IntArray, *, last: bool) -> FloatArray:
    flows = _flows(problem, modules, last=last)
    share = [value_of(problem, Aim.FLOOR, modules, flows)] if ground.at.flows > len(flows) else []
    return np.concatenate([flows, share])


def _given(small: Shrunk, ground: Ground, starts: Sequence[Start]) -> list[FloatArray]:
    """Return all columns of the plans to begin with, those that the reduced program holds."""
    at, found = ground.at, []
    for modules, steps in starts:
        mine = np.array([small.reduction.shrink(row) for row in modules])
        if any(small.reduction.expand(a).tolist() != b.tolist() for a, b in zip(mine, modules, strict=True)):
            continue
        values = [_choice(ground, row, bought) for row, bought in zip(mine, steps, strict=True)]
        for y, row in enumerate(mine):
            values += [_flow_columns(ground, case.problem, row, last=y == at.years - 1) for case in ground.cases]
        found.append(_with_worst(ground, np.concatenate([*values, np.zeros(at.worst)])))
    return found


def _with_worst(ground: Ground, values: FloatArray) -> FloatArray:
    """Return the columns with the worst of the scenarios entered."""
    at = ground.at
    of_flows = [aim for aim in stages_of(ground.problem) if aim in OF_FLOWS] if at.worst else []
    for k, aim in enumerate(of_flows):
        figures = [
            sum(
                share * float(case.figures[aim] @ values[at.flows_at(y, s) : at.flows_at(y, s) + at.flows])
                for y, share in enumerate(ground.share_of_year(aim).tolist())
            )
            for s, case in enumerate(ground.cases)
        ]
        values[at.total - at.worst + k] = float((np.array(figures) / ground.scales[aim]).min())
    return values


def _known_bound(ground: Ground) -> float:
    """Return what no programme is better than, without a search of the whole, so that more is better."""
    aim, problem = stages_of(ground.problem)[0], ground.problem
    if aim is Aim.SERVICE:
        return _service_bound(ground)
    margin = problem.sites.margin_m
    most = {Aim.FLOOR: 1.0, Aim.MARGIN: float(margin.max(initial=0.0)) if margin is not None else 0.0}
    return most.get(aim, 0.0)  # cost and walking are not below 0


def _service_bound(ground: Ground) -> float:
    """Return what no programme serves, by money and power alone: every year with all the money so far, at its best."""
    years, problem = ground.years, ground.problem
    sites, steps = years.prices_in(problem)
    standing = years.standing_in(problem)
    paid = float(problem.sites.cost_cny(np.maximum(standing, problem.standing)).sum())
    part = problem.transformers
    base = problem
    if part is not None:
        paid += float(part.step_cost_cny @ years.bought_in(problem))
        spare = part.spare_kva + part.load_kva(problem.standing)
        base = replace(problem, transformers=replace(part, spare_kva=spare))
    totals = np.zeros(len(ground.cases))
    for y in np.flatnonzero(years.weight).tolist():
        cheapest = min(float(factors[: y + 1].min(initial=np.inf)) for factors in (sites, steps))
        money = float(years.budget_cny[: y + 1].sum()) / cheapest + paid if years.limited else None
        for s, case in enumerate(ground.cases):
            mine = replace(base, demands=case.problem.demands, budget_cny=money, locks=None)
            totals[s] += float(years.weight[y]) * service_limit(mine, _LIMIT_SECONDS)
    insist = 0.0 if years.insist is None else years.insist.worth * len(years.insist.sites)
    if ground.outlook is None:
        return float(totals[0]) + insist
    return ground.outlook.value(totals, ground.scales[Aim.SERVICE]) + insist


def _course(blocks: Blocks, told: _Told, end: _End) -> Course:
    ground, problem, years = blocks.ground, told.problem, told.years
    aim, (modules, steps) = stages_of(problem)[0], told.plan
    spent = _spent(problem, years, told.plan)
    left = np.concatenate([[0.0], np.cumsum(years.budget_cny - spent)[:-1]]) if years.carry_over else 0.0
    offset = constant(ground.problem, Aim.COST) - float(ground.cost[0] @ ground.before) if aim is Aim.COST else 0.0
    insist = years.insist if aim is Aim.SERVICE else None
    sign, worth = (-1.0, 0.0) if aim.is_least else (1.0, 0.0 if insist is None else insist.worth * told.kept)
    bound = sign * min(end.found.bound, end.known - offset if aim is Aim.COST else end.known) + offset - worth
    bound = min(bound, told.objective) if aim.is_least else max(bound, told.objective)
    return Course(
        status=status_of(end.found.end, told.objective, bound),
        objective=told.objective,
        bound=bound,
        gap=abs(bound - told.objective) / max(abs(told.objective), 1e-9),
        seconds=end.seconds,
        solver=end.found.solver,
        solver_status=end.found.text,
        guess=sign * end.first + offset - worth,
        modules=modules,
        steps=steps,
        served=told.served,
        service=np.array([service_of(problem, row) for row in told.served]),
        spent_cny=spent,
        available_cny=years.budget_cny + left,
        in_scenarios=told.ends,
        figures=told.figures,
        aim=aim,
        kept=told.kept,
    )
