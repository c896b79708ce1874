"""A programme solved whole: a first guess year by year, then all years at once, never worse, with a proven bound.

Two guesses, both by one-year searches: forwards, each year the best it can do alone; and backwards, the best plan for
all the money first, of which each year builds what serves most. The better one starts the search over all years.
"""

import time
from dataclasses import dataclass, replace

import numpy as np

from siting.model.block import Found, Program, SearchLimits, best_first, nodes_for, search, status_of
from siting.model.contradictions import refuse_contradictions
from siting.model.engines import End
from siting.model.finish import upgrades_of
from siting.model.flows import serve
from siting.model.greedy import greedy_modules
from siting.model.parts import FloatArray, IntArray, Locks, Quotas
from siting.model.presolve import Reduction, as_it_is, reduce_problem
from siting.model.problem import Problem
from siting.model.programme import Course, Years
from siting.model.programme_block import Blocks, Ground, build_blocks, expense_of_years, ground_of, one_year
from siting.model.relaxation import service_limit

__all__ = ["solve_programme"]

_LARGEST = 600_000  # nonzeros; above, the guess stands and the bound comes from money and power alone
_GUESS_SHARE = 0.1  # of the nodes of a whole search that each year of a guess may take
_STEP_BONUS = 1e-6  # of the objective for a step that only later years can use: they are bought early where money lies
_LIMIT_SECONDS = 10.0


def solve_programme(problem: Problem, years: Years, limits: SearchLimits | None = None) -> Course:
    """Return the best programme found for `problem` over `years`, never worse than the guess year by year.

    The problem's own budget is set aside: the years have theirs. Raises `UsageError` without a goal, for arrays
    that do not fit, and where no programme keeps all limits; `InfeasibleError` if the limits collide.
    """
    limits = limits or SearchLimits()
    began = time.perf_counter()
    refuse_contradictions(replace(problem, budget_cny=None))
    small, small_years = _reduced(problem, years)
    ground = ground_of(small.problem, small_years)
    blocks = build_blocks(ground)
    guesses = [guess for guess in (_guess(ground, limits, None), _guess_back(ground, limits)) if guess is not None]
    kept = [guess for guess in guesses if blocks.program.keeps(guess)]
    start = max(kept, key=lambda guess: float(blocks.program.objective @ guess), default=None)
    if start is not None and blocks.program.rows.nnz > _LARGEST:
        found, values = Found(start, np.inf, End.NODES, "first guess year by year", "HiGHS, a year at a time"), start
    else:
        found, values = best_first(blocks.program, expense_of_years(ground), limits, start)
    bound = min(found.bound, _service_bound(ground))
    guess = -np.inf if start is None else float(blocks.program.objective @ start)
    return _course(small, years, blocks, values, _End(found, bound, guess, time.perf_counter() - began))


@dataclass(frozen=True, eq=False)
class _End:
    """How the search over all years ended."""

    found: Found
    bound: float
    guess: float
    seconds: float


def _reduced(problem: Problem, years: Years) -> tuple[Reduction, Years]:
    """Return the problem without what no best programme needs, and the years in its numbers.

    What stands, is locked in or insisted on stays; of two sites one replaces the other only at the same prices. With
    floors, counts or standing sites nothing is left out: presolve is exact for plain problems alone.
    """
    standing = years.standing_in(problem)
    held = [problem.locked_in, np.flatnonzero(standing)]
    if years.insist is not None:
        held.append(years.insist.sites)
    asked = replace(problem, budget_cny=None, locks=Locks(np.unique(np.concatenate(held)), _free(problem, held)))
    if years.site_price is not None and problem.quotas is None:
        _, alike = np.unique(years.site_price, axis=1, return_inverse=True)
        asked = replace(asked, quotas=Quotas(alike.ravel(), np.arange(alike.max() + 1), np.full(alike.max() + 1, 1)))
    found = reduce_problem(asked) if problem.is_plain else as_it_is(asked)
    number = np.full(len(problem.sites), -1)
    number[found.site] = np.arange(len(found.site))
    sites = found.problem.sites
    sites = replace(sites, max_modules=np.maximum(sites.max_modules, standing[found.site]))
    out = number[_free(problem, held)]
    locks = Locks(number[problem.locked_in], out[out >= 0]) if problem.locks is not None else None
    quotas = found.problem.quotas if problem.quotas is not None else None
    return replace(found, problem=replace(found.problem, sites=sites, locks=locks, quotas=quotas)), replace(
        years,
        standing=standing[found.site],
        site_price=None if years.site_price is None else years.site_price[:, found.site],
        insist=years.insist and replace(years.insist, sites=number[years.insist.sites]),
    )


def _free(problem: Problem, held: list[IntArray]) -> IntArray:
    """Return the sites locked out that do not stand already."""
    return np.setdiff1d(problem.locked_out, np.concatenate(held))


def _guess(ground: Ground, limits: SearchLimits, most: FloatArray | None) -> FloatArray | None:
    """Return all years' columns, each year the best it can do with what stands; None where a year has no plan."""
    built: list[FloatArray] = []
    left = 0.0
    for y in range(len(ground.years)):
        now = built[-1] if built else ground.before
        money = float(ground.years.budget_cny[y]) + (left if ground.years.carry_over else 0.0)
        program = one_year(ground, y, before=built, money=money, most=most)
        values = _one(ground, y, _eager(ground, program), limits, now)
        if values is None:
            return None
        left = money - float(ground.cost[y] @ (values - now))
        built.append(values)
    return np.concatenate(built)


def _guess_back(ground: Ground, limits: SearchLimits) -> FloatArray | None:
    """Return the programme that builds, year by year, towards the best plan for all the money."""
    years = ground.years
    if len(years) == 1:
        return None
    at_once = replace(ground, late={}, rest=ground.rest + sum(ground.late.values())) if ground.late else ground
    final = one_year(at_once, len(years) - 1, before=[], money=float(years.budget_cny.sum()), most=None)
    most = _one(ground, len(years) - 1, final, limits, ground.before)
    return None if most is None else _guess(ground, limits, most)


def _eager(ground: Ground, program: Program) -> Program:
    """Return the program with a grain of worth for steps that carry load only in a later year."""
    late = np.unique(np.concatenate([part.tocoo().coords[1] for part in ground.late.values()] or [np.empty(0, int)]))
    if not len(late):
        return program
    objective = program.objective.copy()
    objective[late] += _STEP_BONUS * float(np.abs(objective).max(initial=1.0))
    return replace(program, objective=objective)


def _one(ground: Ground, y: int, program: Program, limits: SearchLimits, now: FloatArray) -> FloatArray | None:
    """Return the best columns found for one year, never worse than greedy where that keeps the limits."""
    start = _by_greedy(ground, y, program, now)
    nodes = max(8, int(_GUESS_SHARE * (limits.nodes or nodes_for(program))))
    found = search(program, replace(limits, nodes=nodes), start).values
    if start is not None and (found is None or program.objective @ start > program.objective @ found):
        return start
    return found


def _by_greedy(ground: Ground, y: int, program: Program, now: FloatArray) -> FloatArray | None:
    """Return the greedy plan on top of what stands, if it keeps the limits of this year."""
    problem, at = ground.problem, ground.at
    dearest = max(float(factors.max(initial=0.0)) for factors in ground.years.prices_in(problem))
    money = float(program.row_upper[len(ground.form.row_upper)] - ground.cost[y] @ now)
    standing = np.rint(now[at.n]).astype(np.int64)
    priced = replace(problem, budget_cny=money / max(dearest, 1e-9) + float(ground.today @ now))
    modules = greedy_modules(priced, built=standing, served=serve(problem, standing))
    values = columns_of(ground, modules, now)
    return values if program.keeps(values) else None


def columns_of(ground: Ground, modules: IntArray, now: FloatArray) -> FloatArray:
    """Return one year's columns of a plan: flows, modules, sites, the steps it needs, compounds."""
    problem, at, part = ground.problem, ground.at, ground.problem.transformers
    values = np.zeros(ground.width)
    values[at.f] = serve(problem, modules)
    values[at.n], values[at.x] = modules, modules > 0
    values[at.z] = now[at.z]
    if part is not None:
        first = np.searchsorted(part.step_owner, np.arange(len(part)))
        for t, step in upgrades_of(problem, modules):
            values[at.z.start + first[t] + step] = 1.0
    if problem.quotas is not None:
        values[at.q][problem.quotas.compound[modules > 0]] = 1.0
    return values


def _service_bound(ground: Ground) -> float:
    """Return what no programme exceeds, by money and power alone: every year with all the money so far, at its best."""
    years = ground.years
    insist = 0.0 if years.insist is None else years.insist.worth * len(years.insist.sites)
    base = replace(ground.problem, locks=None)
    sites, steps = years.prices_in(ground.problem)
    paid = float(ground.today @ ground.before)
    total = 0.0
    for y in np.flatnonzero(years.weight).tolist():
        cheapest = min(float(factors[: y + 1].min(initial=np.inf)) for factors in (sites, steps))
        money = float(years.budget_cny[: y + 1].sum()) / cheapest + paid
        total += float(years.weight[y]) * service_limit(replace(base, budget_cny=money), _LIMIT_SECONDS)
    return total + insist


def _course(small: Reduction, years: Years, blocks: Blocks, values: FloatArray, end: _End) -> Course:
    ground, problem, insist = blocks.ground, small.original, years.insist
    at = ground.at
    by_year = blocks.split(values)
    modules = np.array([small.expand(row) for row in np.rint(by_year[:, at.n]).astype(np.int64)])
    building = replace(problem, floors=None)  # floors are asked of the last year only
    served = np.array([serve(building, row) for row in modules[:-1]] + [serve(problem, modules[-1])])
    service = served @ problem.demands.weight[problem.walks.i] if len(problem.walks) else np.zeros(len(years))
    added = np.diff(np.vstack([ground.before[None, :], by_year]), axis=0)
    added[:, at.f] = 0.0
    spent = (ground.cost * added).sum(axis=1)
    left = np.concatenate([[0.0], np.cumsum(years.budget_cny - spent)[:-1]]) if years.carry_over else 0.0
    kept = 0 if insist is None else int((modules[-1][insist.sites] > 0).sum())
    worth = 0.0 if insist is None else insist.worth * kept
    objective = float(years.weight @ service)
    bound = max(end.bound - worth, objective)
    return Course(
        status=status_of(end.found.end, objective, bound),
        objective=objective,
        bound=bound,
        gap=(bound - objective) / max(objective, 1e-9),
        seconds=end.seconds,
        solver=end.found.solver,
        solver_status=end.found.text,
        guess=end.guess - worth,
        modules=modules,
        steps=np.rint(by_year[:, at.z]).astype(np.int64),
        served=served,
        service=service,
        spent_cny=spent,
        available_cny=years.budget_cny + left,
        kept=kept,
    )
