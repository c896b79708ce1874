"""Choice: solve a problem with HiGHS (arrays) or CBC (through PuLP) and say what is proven.

Two passes. The first maximises the service; its status, bound and gap are the solver's own and are what `Solution`
reports. The second keeps that service and looks for the least cost, walking and demerits. Greedy is the floor under
both: if the solver finds nothing better in its time, the greedy plan stands with the solver's bound.
"""

import time
from dataclasses import dataclass, replace
from importlib.metadata import version

import numpy as np

from siting.model.contradictions import reachable_vehicles, refuse_contradictions
from siting.model.engines import ENGINES, End, Search, Task
from siting.model.finish import afford, expense_of, is_small, thin_out, upgrades_of
from siting.model.flows import serve, service_of
from siting.model.goal import Aim
from siting.model.greedy import greedy_modules
from siting.model.measures import required_goal
from siting.model.options import SolverOptions
from siting.model.parts import FloatArray, IntArray
from siting.model.pieces import in_many_pieces, piece_options, solve_pieces
from siting.model.presolve import reduce_problem
from siting.model.problem import Problem
from siting.model.relaxation import service_limit
from siting.model.solution import Solution, Status
from siting.model.staged import solve_in_stages

__all__ = ["SolverOptions", "solve"]

_WORK = 3_000_000  # nodes x nonzeros a search may take when no node limit is given
_SECOND_WORK = 300_000  # the same for the second pass, which only saves money
_ALIKE = 20_000  # sites up to which counting alike sites together is tried before pricing pieces apart
_GREEDY_SHARE = 0.3  # of the time limit after which greedy stops, on the first problem and on the small one
_SECOND_SHARE = 0.25  # of the time limit that is kept for the second pass


@dataclass(frozen=True, eq=False)
class _Standing:
    """A plan that keeps the limits, with its best flows and its service."""

    modules: IntArray
    served: FloatArray
    objective: float

    @classmethod
    def of(cls, problem: Problem, modules: IntArray) -> "_Standing":
        """Serve whom `modules` can serve."""
        served = serve(problem, modules)
        return cls(modules, served, service_of(problem, served))


def _by_objective(plan: _Standing) -> float:
    return plan.objective


def solve(problem: Problem, options: SolverOptions | None = None) -> Solution:
    """Return the best plan found for `problem`, never worse than greedy, with what is proven about it.

    Raises `UsageError` without a goal or when the solver is not installed, `InfeasibleError` if the limits collide.
    Where memory runs out the greedy plan stands, if there is room for that; else `MemoryError` is raised.
    """
    options = options or SolverOptions()
    required_goal(problem)
    refuse_contradictions(problem)
    if not problem.is_plain:
        return solve_in_stages(problem, options, solve)
    try:
        return _solve_plain(problem, options)
    except MemoryError:
        return _greedy_alone(problem, options, "out of memory")


def _greedy_alone(problem: Problem, options: SolverOptions, why: str) -> Solution:
    """Return greedy's plan and the bound that everybody in reach gives."""
    began = time.perf_counter()
    plan = _Standing.of(problem, greedy_modules(problem))
    bound = float(reachable_vehicles(problem) @ problem.demands.weight)
    search = Search(End.FAILED, plan.modules, bound, why, "greedy")
    return _solution(
        problem, options, search, "not searched", (plan.modules, plan.served, bound, time.perf_counter() - began)
    )


def _solve_plain(problem: Problem, options: SolverOptions) -> Solution:
    pieces = piece_options(options, options.time_limit_s)
    by_pieces = options.name == "highs" and in_many_pieces(problem)
    if by_pieces and len(problem.sites) > _ALIKE:
        return solve_pieces(problem, pieces)
    began = time.perf_counter()
    engine = ENGINES[options.name]
    small = reduce_problem(problem)
    inner = small.problem
    limit = service_limit(inner, _SECOND_SHARE * options.time_limit_s)
    enough = began + _GREEDY_SHARE * options.time_limit_s
    plan = _Standing.of(problem, greedy_modules(problem, until=enough))
    if plan.objective >= limit - 1e-6 * max(1.0, limit):
        by = f"greedy, bound by HiGHS of SciPy {version('scipy')}"
        search = Search(End.FINISHED, plan.modules, limit, "Optimal", by)
    elif by_pieces:
        left = max(options.time_limit_s - (time.perf_counter() - began), 1.0)
        return solve_pieces(problem, replace(pieces, seconds=left), limit=limit)
    else:
        start = greedy_modules(inner, until=began + 2 * _GREEDY_SHARE * options.time_limit_s)
        seconds = (1 - _SECOND_SHARE) * options.time_limit_s - (time.perf_counter() - began)
        search = engine(replace(_task(inner, start, None, options, seconds), enough=limit * (1 - options.gap)))
        if search.modules is not None:
            plan = max(plan, _Standing.of(problem, afford(problem, small.expand(search.modules))), key=_by_objective)
        plan = max(plan, _spend_the_rest(problem, plan), key=_by_objective)
    best, served = plan.modules, plan.served
    left = options.time_limit_s - (time.perf_counter() - began)
    best, served, second = _cheapen(problem, best, served, options, max(left, 0.0))
    bound = min(search.bound, limit) if np.isfinite(search.bound) else limit
    return _solution(problem, options, search, second, (best, served, bound, time.perf_counter() - began))


def _spend_the_rest(problem: Problem, plan: _Standing) -> _Standing:
    """Return the plan thinned out and then filled up again by greedy with the money that this frees."""
    thin = _Standing.of(problem, thin_out(problem, plan.modules, plan.served))
    return _Standing.of(problem, greedy_modules(problem, built=thin.modules, served=thin.served))


def _task(problem: Problem, start: IntArray, hold: float | None, options: SolverOptions, seconds: float) -> Task:
    """Return the search for the most service, or for the least expense at the service `hold`."""
    nonzeros = 2 * len(problem.walks) + 4 * len(problem.sites) + 1
    return Task(
        problem=problem,
        aim=Aim.SERVICE if hold is None else Aim.EXPENSE,
        held=() if hold is None else ((Aim.SERVICE, hold),),
        start=start,
        gap=options.gap,
        seconds=max(seconds, 0.01),
        nodes=options.node_limit or max(16, (_WORK if hold is None else _SECOND_WORK) // nonzeros),
        threads=options.threads,
        seed=options.seed,
    )


def _cheapen(
    problem: Problem, modules: IntArray, served: FloatArray, options: SolverOptions, seconds: float
) -> tuple[IntArray, FloatArray, str]:
    """Return a plan of the same service that costs, walks and offends less, and the second search's status."""
    held = service_of(problem, served)
    fewer, text = thin_out(problem, modules, served), "slope scaling"
    plans = [(fewer, serve(problem, fewer))]
    if is_small(problem):
        task = _task(problem, fewer, held - 1e-9 * max(1.0, held), options, seconds)
        search = ENGINES[options.name](task)
        text = search.text
        if search.modules is not None:
            found = afford(problem, search.modules)
            plans.append((found, serve(problem, found)))
    for found, found_served in plans:
        keeps = service_of(problem, found_served) >= held - 1e-6 * max(1.0, held)
        if keeps and expense_of(problem, found, found_served) < expense_of(problem, modules, served) - 1e-6:
            modules, served = found, found_served
    return modules, served, text


def _solution(
    problem: Problem,
    options: SolverOptions,
    search: Search,
    second: str,
    result: tuple[IntArray, FloatArray, float, float],
) -> Solution:
    modules, served, bound, seconds = result
    objective = service_of(problem, served)
    bound = max(bound, objective)
    upgrades = upgrades_of(problem, modules)
    site_spent = problem.sites.cost_cny(modules)
    part = problem.transformers
    upgrade_cost = sum(part.steps[t][step][1] for t, step in upgrades) if part else 0.0
    return Solution(
        status=_status(search.end, objective, bound),
        objective=objective,
        bound=bound,
        gap=(bound - objective) / max(objective, 1e-9),
        seconds=seconds,
        solver=search.solver,
        solver_status=search.text,
        modules=modules,
        served=served,
        upgrades=upgrades,
        spent_cny=float(site_spent.sum()) + upgrade_cost,
        site_spent_cny=site_spent,
        message=f"service: {search.text} (asked gap {options.gap:g}); cost at that service: {second}",
    )


def _status(end: End, objective: float, bound: float) -> Status:
    if bound - objective <= 1e-6 * max(1.0, objective):
        return Status.PROVEN
    if end in (End.FINISHED, End.NODES):
        return Status.WITHIN
    return Status.TIME_LIMITED if end is End.TIME else Status.HEURISTIC
