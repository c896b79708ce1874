"""Any goal with any parts: one search of the whole program for each figure of the goal, in their order.

The first search gives status, bound and gap; each later one holds what the earlier ones reached and begins with their
plan. No presolve of ours: it is exact for plain parts only (`Problem.is_plain`). The first search goes piece by piece
where the problem may be divided (`Problem.is_divisible`).
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from siting.errors import InfeasibleError, SitingError
from siting.model.budgets import bracket_cost, can_bracket
from siting.model.check import broken_limits
from siting.model.divide import divide
from siting.model.engines import ENGINES, End, Search, Task
from siting.model.finish import is_affordable, is_small, upgrades_of
from siting.model.goal import Aim
from siting.model.greedy import greedy_modules
from siting.model.measures import coefficients, columns, required_goal, value_of
from siting.model.method import limits_in_words
from siting.model.options import SolverOptions
from siting.model.parts import FloatArray, IntArray
from siting.model.pieces import in_many_pieces, piece_options, search_pieces
from siting.model.problem import Problem
from siting.model.radius import is_radial, search_by_radius
from siting.model.solution import Solution, Status
from siting.model.thresholds import bracket_margin

__all__ = ["solve_in_stages"]

_WORK = 3_000_000  # nodes x nonzeros a search may take when no node limit is given
_BRACKET_SHARE = 0.5  # of the time limit for the service at budgets, see `siting.model.budgets`
_PIECES_SHARE = 0.7  # of the first figure's time for the pieces; where they find no plan, the whole has the rest
_FIRST_SHARE = 0.75  # of the time limit that the first figure may take
_HELD = 1e-9  # relative, by which a figure that is held may be missed


@dataclass(frozen=True, eq=False)
class _Plan:
    """Modules with their best flows, and the figures that the goal compares."""

    modules: IntArray
    served: FloatArray
    figures: tuple[float, ...]


def solve_in_stages(
    problem: Problem, options: SolverOptions, solve_plain: Callable[[Problem, SolverOptions], Solution]
) -> Solution:
    """Return the best plan found for `problem`, with what is proven about the goal's first figure.

    `solve_plain` solves problems of plain parts.

    Raises `InfeasibleError` naming the limits if no plan keeps them, `SitingError` if none was found in time.
    """
    began = time.perf_counter()
    stages = required_goal(problem).stages
    plan = _judge(problem, greedy_modules(problem))
    held: list[tuple[Aim, float]] = []
    said: list[str] = []
    plan, known = _ask_for_service(problem, options, plan, solve_plain)
    first: Search | None = None
    in_pieces = _goes_piece_by_piece(problem, stages[0], options)
    for number, aim in enumerate(stages):
        if number and (plan is None or _is_settled(problem, aim, stages[:number])):
            continue
        if number and in_pieces and not is_small(problem):
            said.append(f"{aim}: not searched, the problem is large")
            continue
        left = options.time_limit_s - (time.perf_counter() - began)
        seconds = left * (_FIRST_SHARE if number == 0 else 1 / (len(stages) - number))
        task = _task(problem, aim, tuple(held), plan, options, seconds)
        search = ENGINES[options.name](task) if number else _first_search(task, options, plan, known)
        if number == 0:
            first = search
            if search.end is End.INFEASIBLE and plan is None:
                message = f"no plan keeps all of these at once: {'; '.join(limits_in_words(problem))}; loosen one"
                raise InfeasibleError(message)
        plan = _better(problem, plan, search.modules, number)
        said.append(f"{aim}: {search.text}")
        if plan is not None:
            held.append((aim, _with_slack(aim, plan.figures[number])))
    if plan is None or first is None:
        reason = first.text if first else "nothing was searched"
        message = f"no plan was found in {options.time_limit_s:g} s ({reason}); give more time or loosen a limit"
        raise SitingError(message)
    said[0] += f" (asked gap {options.gap:g})"
    return _solution(problem, plan, first, ("; then ".join(said), time.perf_counter() - began))


def _ask_for_service(
    problem: Problem,
    options: SolverOptions,
    plan: _Plan | None,
    solve_plain: Callable[[Problem, SolverOptions], Solution],
) -> tuple[_Plan | None, float | None]:
    """Return a better plan, and a bound, of a large cost or margin goal, asked as service at budgets or thresholds."""
    part = replace(options, time_limit_s=_BRACKET_SHARE * options.time_limit_s)
    if plan is not None and can_bracket(problem, Aim.COST):
        cost = bracket_cost(problem, part, plan.figures[0], solve_plain)
        return _better(problem, plan, cost.modules, 0), cost.least_cny
    if can_bracket(problem, Aim.MARGIN):
        margin = bracket_margin(problem, part, solve_plain)
        return _better(problem, plan, margin.modules, 0), margin.most_m
    return plan, None


def _goes_piece_by_piece(problem: Problem, aim: Aim, options: SolverOptions) -> bool:
    return options.name == "highs" and aim is Aim.SERVICE and in_many_pieces(problem)


def _first_search(task: Task, options: SolverOptions, plan: _Plan | None, known: float | None) -> Search:
    """Search for the goal's first figure, unless the plan is within the gap of the `known` bound already."""
    figure = np.nan if plan is None or known is None else plan.figures[0]
    if known is not None and abs(figure - known) <= max(options.gap * abs(figure), 1e-9):
        return Search(End.FINISHED, None, known, "within the gap by its service", options.name)
    began = time.perf_counter()
    if _goes_piece_by_piece(task.problem, task.aim, options):
        search = search_pieces(task.problem, piece_options(options, _PIECES_SHARE * task.seconds))
        if search.modules is not None:
            return search
        known = search.bound if np.isfinite(search.bound) else known
        task = replace(task, seconds=max(task.seconds - (time.perf_counter() - began), 0.1))
    radial = options.name == "highs" and is_radial(task.problem)
    search = search_by_radius(task) if radial else ENGINES[options.name](task)
    if known is not None and (task.aim.is_better(search.bound, known) or not np.isfinite(search.bound)):
        return replace(search, bound=known)
    return search


def _task(
    problem: Problem,
    aim: Aim,
    held: tuple[tuple[Aim, float], ...],
    plan: _Plan | None,
    options: SolverOptions,
    seconds: float,
) -> Task:
    nonzeros = 2 * len(problem.walks) + 4 * len(problem.sites) + 1
    return Task(
        problem=problem,
        aim=aim,
        held=held,
        start=None if plan is None else plan.modules,
        gap=options.gap,
        seconds=max(seconds, 0.1),
        nodes=options.node_limit or max(1000, _WORK // nonzeros),
        threads=options.threads,
        seed=options.seed,
    )


def _is_settled(problem: Problem, aim: Aim, before: tuple[Aim, ...]) -> bool:
    """Return whether the figures before leave nothing to gain in `aim`."""
    if aim is Aim.SERVICE:
        return problem.serves_all
    if aim is Aim.EXPENSE and Aim.WALKING in before:
        at = columns(problem)
        return not coefficients(problem, at, aim)[at.f.stop :].any()
    return False


def _judge(problem: Problem, modules: IntArray | None) -> _Plan | None:
    """Return `modules` as a plan with its best flows, or None if it breaks a limit."""
    if modules is None or (modules > problem.sites.max_modules).any() or not is_affordable(problem, modules):
        return None
    served = divide(problem, modules)
    if served is None or any(broken_limits(problem, modules, served)):
        return None
    stages = required_goal(problem).stages
    return _Plan(modules, served, tuple(value_of(problem, aim, modules, served) for aim in stages))


def _better(problem: Problem, plan: _Plan | None, modules: IntArray | None, number: int) -> _Plan | None:
    """Return the better of a plan and what a search found, judged by the figures up to `number` in their order."""
    found = _judge(problem, modules)
    if found is None or plan is None:
        return found or plan
    stages = required_goal(problem).stages
    for aim, one, other in zip(stages[: number + 1], found.figures, plan.figures, strict=False):
        by = 1e-6 * max(1.0, abs(other))
        if aim.is_better(one, other, by=by):
            return found
        if aim.is_better(other, one, by=by):
            return plan
    return plan


def _with_slack(aim: Aim, value: float) -> float:
    slack = _HELD * max(1.0, abs(value))
    return value + slack if aim.is_least else value - slack


def _solution(problem: Problem, plan: _Plan, first: Search, told: tuple[str, float]) -> Solution:
    aim, objective = required_goal(problem).aim, plan.figures[0]
    bound = _known_bound(problem, aim)
    if np.isfinite(first.bound) and first.end is not End.INFEASIBLE:
        bound = max(bound, first.bound) if aim.is_least else min(bound, first.bound)
    bound = min(bound, objective) if aim.is_least else max(bound, objective)
    upgrades, part = upgrades_of(problem, plan.modules), problem.transformers
    site_spent = problem.site_cost_cny(plan.modules)
    message, seconds = told
    return Solution(
        aim=aim,
        status=_status(first.end, objective, bound),
        objective=objective,
        bound=bound,
        gap=abs(bound - objective) / max(abs(objective), 1e-9),
        seconds=seconds,
        solver=first.solver,
        solver_status=first.text,
        modules=plan.modules,
        served=plan.served,
        upgrades=upgrades,
        spent_cny=float(site_spent.sum()) + (sum(part.steps[t][step][1] for t, step in upgrades) if part else 0.0),
        site_spent_cny=site_spent,
        message=message,
    )


def _known_bound(problem: Problem, aim: Aim) -> float:
    """Return what no plan can beat, without any search."""
    margin = problem.sites.margin_m
    return {
        Aim.SERVICE: problem.everybody,
        Aim.FLOOR: 1.0,
        Aim.MARGIN: float(margin.max(initial=0.0)) if margin is not None else 0.0,
    }.get(aim, 0.0)


def _status(end: End, objective: float, bound: float) -> Status:
    if abs(bound - objective) <= 1e-6 * max(1.0, abs(objective)):
        return Status.PROVEN
    if end in (End.FINISHED, End.NODES):
        return Status.WITHIN
    return Status.TIME_LIMITED if end is End.TIME else Status.HEURISTIC
