"""Exact fronts: plans of which none is better in one figure without being worse in the other (epsilon-constraint).

    front(problem, (Aim.SERVICE, Aim.COST), FrontOptions(points=8))

Each point is two solves: the best of the first figure with the second held to a limit, then the best of the second
with the first held to what was reached. The ends are the best of each figure alone, so the front ends where it must;
every stop has a name. Between, the limits are spread evenly, or step by step through all points (`points=None`).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

import numpy as np

from siting.errors import InfeasibleError, SitingError, UsageError
from siting.model.check import broken_limits
from siting.model.contradictions import reachable_vehicles
from siting.model.divide import divide
from siting.model.engines import ENGINES, End, Task
from siting.model.finish import spent_cny, upgrades_of
from siting.model.goal import Aim, Goal
from siting.model.measures import value_of
from siting.model.parts import FloatArray, IntArray, Locks
from siting.model.problem import Problem
from siting.model.solution import Solution, Status
from siting.model.solver import SolverOptions, solve

__all__ = ["Front", "FrontOptions", "FrontPoint", "front"]

_AIMS = (Aim.SERVICE, Aim.COST, Aim.MARGIN, Aim.WALKING)
_SAME = 1e-6  # relative: figures so near each other are one
_WORK = 3_000_000  # nodes x nonzeros of a second search, if no node limit is given
_MOST = 400  # points of a front without a number of points


@dataclass(frozen=True)
class FrontOptions:
    """How many points (None: all that differ by more than `step` of the range), and how to solve each."""

    points: int | None = 8
    step: float = 1e-4
    solver: SolverOptions = field(default_factory=SolverOptions)


@dataclass(frozen=True, eq=False)
class FrontPoint:
    """One plan of the front: `values` of the two figures, and `bounds` that no plan beats.

    The bound of the first figure holds at the second's limit `limit`, that of the second at the first's value.
    """

    values: tuple[float, float]
    bounds: tuple[float, float]
    limit: float | None
    solution: Solution

    @property
    def gaps(self) -> tuple[float, float]:
        """Return how far each figure may be from its best, relative."""
        one, other = (abs(b - v) / max(abs(v), 1e-9) for b, v in zip(self.bounds, self.values, strict=True))
        return one, other

    @property
    def is_proven(self) -> bool:
        """Return whether both figures are proven best."""
        return max(self.gaps) <= _SAME or all(
            abs(b - v) <= _SAME * max(1.0, abs(v)) for b, v in zip(self.bounds, self.values, strict=True)
        )


@dataclass(frozen=True, eq=False)
class Front:
    """The points, from the best of the second figure to the best of the first, and why it ends where it does.

    `stops` names an end or a gap: "second" and "first" (no plan is better in that figure), "reach" (all who can walk
    to a site are served), "spread" (more points lie between those asked for), "all" (none does), "dropped" (plans
    found on the way that another point beats), "failed" (limits under which no plan was found in time).
    """

    aims: tuple[Aim, Aim]
    points: tuple[FrontPoint, ...]
    stops: tuple[tuple[str, float], ...]


def front(
    problem: Problem,
    aims: tuple[Aim, Aim],
    options: FrontOptions | None = None,
    *,
    announce: Callable[[str], None] = lambda _stage: None,
) -> Front:
    """Return the front of two figures over all plans of `problem`; its own limits on them are lifted.

    Without service among the figures, the problem must say what is served (`with_service_floor`).
    Raises `UsageError` for two equal figures, or one that has no front.
    """
    options = options or FrontOptions()
    if len(set(aims)) != 2 or not set(aims) <= set(_AIMS):
        message = f"a front is over two of {', '.join(_AIMS)}, not {' and '.join(aims)}"
        raise UsageError(message)
    if Aim.MARGIN in aims and problem.sites.margin_m is None:
        message = "a front over the margin needs the margins of the sites: give Sites(margin_m=...)"
        raise UsageError(message)
    free = _lifted(problem, aims)
    desk = _Desk(free, aims, options.solver)
    announce(f"front: best {aims[1]}")
    low = desk.point(None, turned=True)
    announce(f"front: best {aims[0]}")
    high = desk.point(None, turned=False)
    found, failed = [low, high], 0
    for limit in _limits(low, high, options) if options.points is not None else ():
        announce(f"front: best {aims[0]} at {aims[1]} {limit:,.6g}")
        try:
            found.append(desk.point(limit, turned=False))
        except (InfeasibleError, SitingError):
            failed += 1
    if options.points is None:
        found += _through_all(desk, low, high, options.step)
    kept = _not_dominated(found, aims)
    return Front(aims, kept, tuple(_stops(free, aims, kept, (len(found) - len(kept), failed), options)))


def _lifted(problem: Problem, aims: tuple[Aim, Aim]) -> Problem:
    goal = problem.goal or Goal()
    changes: dict[str, object] = {"goal": replace(goal, aim=Aim.SERVICE)}
    if Aim.COST in aims:
        changes["budget_cny"] = None
    if Aim.WALKING in aims:
        changes["walking_limit_m"] = None
    if Aim.SERVICE in aims:
        changes["service_floor"] = None
    elif problem.service_floor is None:
        message = f"a front over {aims[0]} and {aims[1]} needs a service to be held: add with_service_floor()"
        raise UsageError(message)
    return replace(problem, **changes)  # type: ignore[arg-type]


@dataclass(frozen=True, eq=False)
class _Desk:
    problem: Problem
    aims: tuple[Aim, Aim]
    options: SolverOptions

    def point(self, limit: float | None, *, turned: bool) -> FrontPoint:
        """Return the best of one figure under a limit on the other, then the best of the other; `turned` swaps them."""
        one, two = reversed(self.aims) if turned else self.aims
        under = self.problem if limit is None else _limited(self.problem, two, limit)
        first = solve(_aiming(under, one), self.options)
        reached = value_of(self.problem, one, first.modules, first.served)
        best, bound = self._second(under, first, (one, reached), two)
        values = {aim: value_of(self.problem, aim, best.modules, best.served) for aim in self.aims}
        bounds = {one: first.bound, two: bound}
        a, b = self.aims
        return FrontPoint((values[a], values[b]), (bounds[a], bounds[b]), limit, best)

    def _second(self, under: Problem, first: Solution, held: tuple[Aim, float], aim: Aim) -> tuple[Solution, float]:
        """Return the plan with the best `aim` that keeps what the first search reached, begun with its plan."""
        problem, options = _limited(_aiming(under, aim), *held), self.options
        nonzeros = 2 * len(problem.walks) + 4 * len(problem.sites) + 1
        search = ENGINES[options.name](
            Task(
                problem=problem,
                aim=aim,
                start=first.modules,
                gap=options.gap,
                seconds=max(options.time_limit_s, 0.1),
                nodes=options.node_limit or max(1000, _WORK // nonzeros),
                threads=options.threads,
                seed=options.seed,
            )
        )
        known = 0.0 if aim.is_least else np.inf
        bound = search.bound if np.isfinite(search.bound) and search.end is not End.INFEASIBLE else known
        best, value = first, value_of(problem, aim, first.modules, first.served)
        for modules in (first.modules, search.modules):
            served = None if modules is None else divide(problem, modules)
            if modules is None or served is None or any(broken_limits(problem, modules, served)):
                continue
            found = value_of(problem, aim, modules, served)
            if aim.is_better(found, value):
                best, value = _changed(problem, first, modules, served), found
        return best, min(bound, value) if aim.is_least else max(bound, value)


def _changed(problem: Problem, solution: Solution, modules: IntArray, served: FloatArray) -> Solution:
    return replace(
        solution,
        modules=modules,
        served=served,
        upgrades=upgrades_of(problem, modules),
        spent_cny=spent_cny(problem, modules),
        site_spent_cny=problem.site_cost_cny(modules),
    )


def _aiming(problem: Problem, aim: Aim) -> Problem:
    goal = replace(problem.goal or Goal(), aim=aim)
    if aim is not Aim.SERVICE and problem.service_floor is None:  # nothing need be served, said explicitly
        problem = replace(problem, service_floor=0.0)
    return replace(problem, goal=goal)


def _limited(problem: Problem, aim: Aim, value: float) -> Problem:
    """Return the problem with a figure that may not be worse than `value`, by no more than round-off."""
    slack = 1e-9 * max(1.0, abs(value))
    if aim is Aim.SERVICE:
        return replace(problem, service_floor=max(value - 1e3 * slack, 0.0))
    if aim is Aim.COST:
        return replace(problem, budget_cny=value + slack)
    if aim is Aim.WALKING:
        return replace(problem, walking_limit_m=value + 1e3 * slack)
    margin = problem.sites.margin_m
    low = np.zeros(len(problem.sites), bool) if margin is None else margin < value - slack
    shut = np.flatnonzero(low & (problem.standing == 0))
    return replace(problem, locks=Locks(problem.locked_in, np.union1d(problem.locked_out, shut).astype(np.int64)))


def _limits(low: FrontPoint, high: FrontPoint, options: FrontOptions) -> list[float]:
    """Return limits on the second figure, spread evenly between the ends."""
    wanted = max((options.points or 2) - 2, 0)
    steps = np.linspace(low.values[1], high.values[1], wanted + 2)[1:-1]
    return [float(limit) for limit in steps] if low.values[1] != high.values[1] else []


def _through_all(desk: _Desk, low: FrontPoint, high: FrontPoint, step: float) -> Iterator[FrontPoint]:
    """Yield every point between the ends: each must better the last one's second figure by a step."""
    second = desk.aims[1]
    grain = step * max(abs(high.values[1] - low.values[1]), 1e-9)
    at = high
    for _ in range(_MOST):
        limit = at.values[1] - grain if second.is_least else at.values[1] + grain
        if not second.is_better(limit, low.values[1], by=-grain / 2) and not second.is_better(low.values[1], limit):
            return
        if second.is_better(limit, low.values[1]):
            return
        try:
            at = desk.point(limit, turned=False)
        except InfeasibleError:
            return
        yield at


def _not_dominated(points: list[FrontPoint], aims: tuple[Aim, Aim]) -> tuple[FrontPoint, ...]:
    """Return the points that no other one beats, each once, from the best of the second figure."""
    kept: list[FrontPoint] = []
    for point in points:
        if any(_is_equal(point, other) for other in kept):
            continue
        if not any(_beats(other, point, aims) for other in points if other is not point):
            kept.append(point)
    sign = -1.0 if aims[0].is_least else 1.0
    return tuple(sorted(kept, key=lambda point: sign * point.values[0]))


def _near(one: float, other: float) -> bool:
    return abs(one - other) <= _SAME * max(1.0, abs(one), abs(other))


def _is_equal(one: FrontPoint, other: FrontPoint) -> bool:
    return all(_near(a, b) for a, b in zip(one.values, other.values, strict=True))


def _beats(one: FrontPoint, other: FrontPoint, aims: tuple[Aim, Aim]) -> bool:
    pairs = list(zip(aims, one.values, other.values, strict=True))
    no_worse = all(_near(a, b) or aim.is_better(a, b) for aim, a, b in pairs)
    return no_worse and any(aim.is_better(a, b) and not _near(a, b) for aim, a, b in pairs)


def _stops(
    problem: Problem,
    aims: tuple[Aim, Aim],
    points: tuple[FrontPoint, ...],
    counts: tuple[int, int],
    options: FrontOptions,
) -> Iterator[tuple[str, float]]:
    if not points:
        return
    first, last = points[0], points[-1]
    yield "second", first.values[1]
    yield "first", last.values[0]
    for aim, value in zip(aims, last.values, strict=True):
        if aim is Aim.SERVICE:
            reach = float(reachable_vehicles(problem) @ problem.demands.weight)
            if value >= reach * (1 - _SAME) - 1e-9:
                yield "reach", reach
    if options.points is not None and len(points) > 1:
        yield "spread", float(len(points))
    if options.points is None:
        yield "all", float(len(points))
    if counts[0]:
        yield "dropped", float(counts[0])
    if counts[1]:
        yield "failed", float(counts[1])
    if any(point.solution.status is Status.TIME_LIMITED for point in points):
        yield "time", float(sum(point.solution.status is Status.TIME_LIMITED for point in points))
