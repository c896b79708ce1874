"""Uncertain demand: one choice of sites, served anew in every scenario, for the worst case or the average.

The program holds the whole-numbered columns once and the flows once per scenario:

    worst      maximise t    with t <= sum w_i f_ij^s / scale_s in every scenario s
    average    maximise sum_s weight_s sum w_i f_ij^s

A plan of the nominal demand is always among the starts, so the answer is never worse than it where it counts.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy import sparse

from siting.errors import UsageError
from siting.kinds import Choice
from siting.model.block import Program, SearchLimits, best_first, status_of
from siting.model.check import broken_limits
from siting.model.contradictions import refuse_contradictions
from siting.model.flows import serve, service_of
from siting.model.greedy import greedy_modules
from siting.model.matrix import as_matrix, columns, required_goal, spending
from siting.model.parts import Demands, FloatArray, IntArray, numbers
from siting.model.presolve import Reduction, as_it_is, reduce_problem
from siting.model.problem import Problem
from siting.model.relaxation import service_limit
from siting.model.solution import Status

__all__ = ["Robust", "Scenarios", "Stance", "evaluate", "solve_scenarios"]

_LIMIT_SECONDS = 10.0


class Stance(Choice):
    """What is asked of a plan whose demand is uncertain."""

    WORST = "worst"  # the most weighted vehicles in the scenario where they are fewest
    WORST_SHARE = "worst_share"  # the largest share of the demand in the scenario where it is smallest
    AVERAGE = "average"  # the most weighted vehicles on average, scenarios weighted


@dataclass(frozen=True, eq=False)
class Scenarios:
    """Vehicles of every demand in every scenario (S x I), what each counts in the average, and the stance."""

    vehicles: FloatArray
    weight: FloatArray
    stance: Stance = Stance.WORST
    names: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Copy, freeze and check the arrays; weights are scaled to a sum of 1."""
        vehicles = np.array(self.vehicles, float, ndmin=2)
        if not (np.isfinite(vehicles) & (vehicles >= 0)).all() or not len(vehicles):
            message = "scenarios must hold vehicles of 0 or more for every demand, and be one or more"
            raise UsageError(message)
        weight = numbers("scenario weights", self.weight, length=len(vehicles))
        if not weight.sum() > 0:
            message = "the weights of the scenarios are all 0"
            raise UsageError(message)
        object.__setattr__(self, "vehicles", vehicles)
        object.__setattr__(self, "weight", weight / weight.sum())

    def __len__(self) -> int:
        return len(self.vehicles)

    def problem(self, problem: Problem, scenario: int) -> Problem:
        """Return the problem with the demand of one scenario."""
        return replace(problem, demands=Demands(self.vehicles[scenario], problem.demands.weight))

    def scales(self, problem: Problem) -> FloatArray:
        """Return by what a scenario's service is divided before the worst is taken (S)."""
        if self.stance is not Stance.WORST_SHARE:
            return np.ones(len(self))
        reached = np.bincount(problem.walks.i, minlength=len(problem.demands)) > 0
        return np.maximum(self.vehicles[:, reached] @ problem.demands.weight[reached], 1e-9)

    def value(self, service: FloatArray, scales: FloatArray) -> float:
        """Return what the stance makes of the service in every scenario."""
        if self.stance is Stance.AVERAGE:
            return float(self.weight @ service)
        return float((service / scales).min())


@dataclass(frozen=True, eq=False, kw_only=True)
class Robust:
    """One choice of sites for all scenarios.

    `objective` and `bound` are in the figure of the stance; `service` is weighted vehicles in each scenario (S),
    `served` vehicles per walk of the nominal demand.
    """

    status: Status
    objective: float
    bound: float
    gap: float
    seconds: float
    solver: str
    solver_status: str
    modules: IntArray
    served: FloatArray
    service: FloatArray


def evaluate(problem: Problem, scenarios: Scenarios, modules: IntArray) -> FloatArray:
    """Return the weighted vehicles that `modules` serve in each scenario, served as well as they can (S)."""
    found = []
    for number in range(len(scenarios)):
        mine = scenarios.problem(problem, number)
        found.append(service_of(mine, serve(mine, modules)))
    return np.array(found)


def solve_scenarios(
    problem: Problem, scenarios: Scenarios, limits: SearchLimits | None = None, *, starts: Sequence[IntArray] = ()
) -> Robust:
    """Return the best choice of sites for all scenarios; never worse than any of `starts` (modules per site).

    Raises `UsageError` without a goal or where arrays do not fit, `InfeasibleError` if the limits collide.
    """
    limits = limits or SearchLimits()
    began = time.perf_counter()
    required_goal(problem)
    refuse_contradictions(problem)
    if scenarios.vehicles.shape[1] != len(problem.demands):
        message = f"scenarios hold {scenarios.vehicles.shape[1]} demands, but there are {len(problem.demands)}"
        raise UsageError(message)
    scales = scenarios.scales(problem)
    small, inner = _reduced(problem, scenarios)
    greedy = [small.expand(greedy_modules(inner.problem(small.problem, s))) for s in range(len(scenarios))]
    every = _keeping(problem, [np.asarray(modules, np.int64) for modules in (*starts, *greedy)])
    services = [evaluate(problem, scenarios, modules) for modules in every]
    best = max(range(len(every)), key=lambda k: scenarios.value(services[k], scales))
    program, expense = _program(small.problem, inner, scales)
    start = _start(small, inner, program, every[best], scales)
    found, values = best_first(program, expense, limits, start)
    at = columns(small.problem)
    modules = small.expand(np.rint(values[at.n.start - at.f.stop : at.n.stop - at.f.stop]).astype(np.int64))
    service = evaluate(problem, scenarios, modules)
    if scenarios.value(service, scales) < scenarios.value(services[best], scales):
        modules, service = every[best], services[best]
    objective = scenarios.value(service, scales)
    bound = max(min(found.bound, _limit(small.problem, inner, scales)), objective)
    return Robust(
        status=status_of(found.end, objective, bound),
        objective=objective,
        bound=bound,
        gap=(bound - objective) / max(objective, 1e-9),
        seconds=time.perf_counter() - began,
        solver=found.solver,
        solver_status=found.text,
        modules=modules,
        served=serve(problem, modules),
        service=service,
    )


def _keeping(problem: Problem, plans: list[IntArray]) -> list[IntArray]:
    """Return the plans that keep every limit on sites; greedy ones may miss a least count."""
    nobody = np.zeros(len(problem.walks))
    kept = [modules for modules in plans if not any(broken_limits(problem, modules, nobody))]
    return kept or plans[:1]


def _reduced(problem: Problem, scenarios: Scenarios) -> tuple[Reduction, Scenarios]:
    """Return the problem at the largest demand of any scenario, made smaller, and the scenarios in its demands."""
    if not problem.is_plain:  # presolve is exact for plain problems alone
        return as_it_is(problem), scenarios
    most = replace(problem, demands=Demands(scenarios.vehicles.max(axis=0), problem.demands.weight))
    small = reduce_problem(most)
    number = np.full(len(problem.sites), -1)
    number[small.site] = np.arange(len(small.site))
    walks, inner = small.problem.walks, small.problem
    ends = np.searchsorted(walks.i, np.arange(len(inner.demands) + 1))
    group = {
        (float(weight), walks.j[a:b].tobytes()): k
        for k, (weight, a, b) in enumerate(zip(inner.demands.weight, ends[:-1], ends[1:], strict=True))
    }
    vehicles = np.zeros((len(scenarios), len(inner.demands)))
    starts = np.searchsorted(problem.walks.i, np.arange(len(problem.demands) + 1))
    for i in range(len(problem.demands)):
        reach = number[problem.walks.j[starts[i] : starts[i + 1]]]
        k = group.get((float(problem.demands.weight[i]), np.sort(reach[reach >= 0]).astype(walks.j.dtype).tobytes()))
        if k is not None:
            vehicles[:, k] += scenarios.vehicles[:, i]
    return small, replace(scenarios, vehicles=vehicles)


def _program(problem: Problem, scenarios: Scenarios, scales: FloatArray) -> tuple[Program, FloatArray]:
    """Return the program and the expense: columns are the choice, then the flows by scenario, then t."""
    at, count = columns(problem), len(scenarios)
    forms = [as_matrix(scenarios.problem(problem, s), named=False) for s in range(count)]
    first, shared = np.flatnonzero(forms[0].integer), forms[0]
    flows = np.flatnonzero(~shared.integer)
    flowing = np.diff(sparse.csr_array(shared.matrix[:, flows]).indptr) > 0
    rows: list[Any] = [_beside([shared.matrix[~flowing][:, first]], count, len(flows), {})]
    lower, upper = [shared.row_lower[~flowing]], [shared.row_upper[~flowing]]
    for s, form in enumerate(forms):
        mine = sparse.csr_array(form.matrix)[flowing]
        rows.append(_beside([mine[:, first]], count, len(flows), {s: mine[:, flows]}))
        lower.append(form.row_lower[flowing])
        upper.append(form.row_upper[flowing])
    width = len(first) + count * len(flows) + 1
    gains = np.zeros((count, width))
    for s, form in enumerate(forms):
        gains[s, len(first) + s * len(flows) : len(first) + (s + 1) * len(flows)] = form.objective[flows] / scales[s]
    worst = scenarios.stance is not Stance.AVERAGE
    objective = np.zeros(width) if worst else scenarios.weight @ gains
    if worst:
        objective[-1] = 1.0
        ties = -gains
        ties[:, -1] = 1.0
        rows.append(sparse.csr_array(ties))
        lower.append(np.full(count, -np.inf))
        upper.append(np.zeros(count))
    most = float(
        max((form.objective[flows] @ form.upper[flows]) / scale for form, scale in zip(forms, scales, strict=True))
    )
    program = Program(
        objective=objective,
        lower=np.concatenate([shared.lower[first], *(form.lower[flows] for form in forms), [0.0]]),
        upper=np.concatenate([shared.upper[first], *(form.upper[flows] for form in forms), [most if worst else 0.0]]),
        integer=np.r_[np.ones(len(first), bool), np.zeros(width - len(first), bool)],
        rows=sparse.csr_array(sparse.vstack(rows, format="csr")),
        row_lower=np.concatenate(lower),
        row_upper=np.concatenate(upper),
    )
    goal, cost = required_goal(problem), spending(problem, at)
    cost[at.x] += goal.demerit_penalty * problem.sites.demerit
    cost[at.f] = goal.walk_penalty * problem.walks.walk_m
    expense = np.concatenate([cost[first], *(weight * cost[flows] for weight in scenarios.weight), [0.0]])
    return program, expense


def _beside(parts: list[Any], count: int, width: int, flows: dict[int, Any]) -> Any:
    """Return rows of the choice and of the flows of some scenarios, with a last column for t."""
    height = parts[0].shape[0]
    empty = sparse.csr_array((height, width))
    return sparse.hstack(
        [*parts, *(flows.get(s, empty) for s in range(count)), sparse.csr_array((height, 1))], format="csr"
    )


def _start(
    small: Reduction, scenarios: Scenarios, program: Program, modules: IntArray, scales: FloatArray
) -> FloatArray | None:
    """Return all columns of a plan, or None where the small program does not hold it."""
    from siting.model.finish import upgrades_of

    problem, at = small.problem, columns(small.problem)
    mine = small.shrink(modules)
    if small.expand(mine).tolist() != modules.tolist():
        return None
    choice = np.zeros(at.total)
    choice[at.n], choice[at.x] = mine, mine > 0
    part = problem.transformers
    if part is not None:
        first = np.searchsorted(part.step_owner, np.arange(len(part)))
        for t, step in upgrades_of(problem, mine):
            choice[at.z.start + first[t] + step] = 1.0
    if problem.quotas is not None:
        choice[at.q][problem.quotas.compound[mine > 0]] = 1.0
    flows = [serve(scenarios.problem(problem, s), mine) for s in range(len(scenarios))]
    service = np.array([service_of(problem, flow) for flow in flows])
    values = np.concatenate([choice[at.f.stop :], *flows, [(service / scales).min()]])
    if scenarios.stance is Stance.AVERAGE:
        values[-1] = 0.0
    return values if len(values) == len(program.objective) and program.keeps(values) else None


def _limit(problem: Problem, scenarios: Scenarios, scales: FloatArray) -> float:
    if problem.existing is not None:  # what stands is free, which a bound by money does not know
        return np.inf
    limits = [service_limit(scenarios.problem(problem, s), _LIMIT_SECONDS) for s in range(len(scenarios))]
    return scenarios.value(np.array(limits), scales)
