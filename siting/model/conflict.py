"""Why there is no plan: the fewest limits that collide, what each would have to give, and the best partial plan.

The limits that collide are found by tests alone: any plan under some of them, or none (divide and conquer, as in
QuickXplain). What is found is minimal: without any one of its limits there is a plan for the rest. Of several such
sets it is one that rather holds what is asked for than what is law.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from siting.model.goal import Aim
from siting.model.measures import coefficients
from siting.model.named_limits import Answer, Limit, LimitForm, limit_form
from siting.model.parts import FloatArray, IntArray
from siting.model.problem import Problem

__all__ = ["Conflict", "Partial", "Relief", "explain_conflict", "find_conflict"]

_TEST_S = 10.0
_SOFT = ("locked_in", "floor", "service", "count_least", "stands")
_ROUND = 1e-6


@dataclass(frozen=True)
class Relief:
    """What one limit alone would have to give so that there is a plan: `by` in its own unit, to the new value `to`.

    `by` is infinite where nothing that this limit alone gives is enough, and NaN where time ran out. A lock gives 1.
    """

    limit: Limit
    by: float
    to: float


@dataclass(frozen=True, eq=False)
class Partial:
    """The plan that keeps money, power and law and falls least short of what is asked; `missed` says by how much."""

    modules: IntArray
    served: FloatArray
    missed: tuple[tuple[Limit, float], ...]


@dataclass(frozen=True, eq=False)
class Conflict:
    """Limits that cannot hold together; `is_minimal` is false where a test ran out of time."""

    limits: tuple[Limit, ...]
    reliefs: tuple[Relief, ...]
    partial: Partial | None
    is_minimal: bool


def find_conflict(form: LimitForm, *, test_s: float = _TEST_S) -> tuple[tuple[Limit, ...], bool] | None:
    """Return a smallest set of limits that no plan keeps, and whether every test was answered; None if there is a plan.

    None too if the first test runs out of time.
    """
    if form.test(form.limits, test_s) is not Answer.INFEASIBLE:
        return None
    unknown: list[int] = []

    def fails(active: tuple[Limit, ...]) -> bool:
        answer = form.test(active, test_s)
        unknown.extend([1] * (answer is Answer.UNKNOWN))
        return answer is Answer.INFEASIBLE

    found = _quick((), form.limits, fails, tested=True)
    ordered = tuple(limit for limit in form.limits if limit in set(found))
    return ordered, not unknown


def _quick(
    kept: tuple[Limit, ...], among: tuple[Limit, ...], fails: Callable[[tuple[Limit, ...]], bool], *, tested: bool
) -> tuple[Limit, ...]:
    """Return a minimal part of `among` that fails with `kept`; `tested` says that nothing was added to it since."""
    if not tested and fails(kept):
        return ()
    if len(among) <= 1:
        return among
    half = len(among) // 2
    one, other = among[:half], among[half:]
    second = _quick((*kept, *one), other, fails, tested=False)
    first = _quick((*kept, *second), one, fails, tested=not second)
    return (*first, *second)


def explain_conflict(problem: Problem, *, test_s: float = _TEST_S) -> Conflict | None:
    """Return why `problem` has no plan; None if it has one, or if that could not be decided in the time of a test."""
    form = limit_form(problem)
    found = find_conflict(form, test_s=test_s)
    if found is None:
        return None
    limits, is_minimal = found
    reliefs = tuple(_relief(form, limit, test_s) for limit in limits if limit.kind != "clique")
    return Conflict(limits, reliefs, _partial(form, test_s), is_minimal)


def _relief(form: LimitForm, limit: Limit, seconds: float) -> Relief:
    others = tuple(other for other in form.limits if other != limit)
    slack = form.slack(limit)
    if slack is None or limit.kind in ("locked_in", "stands"):
        answer = form.test(others, seconds)
        by = {Answer.FEASIBLE: 1.0, Answer.INFEASIBLE: np.inf, Answer.UNKNOWN: np.nan}[answer]
        return Relief(limit, by, 0.0)
    answer, _, slacks = form.solve(others, (slack,), np.r_[np.zeros(form.at.total), 1.0], seconds)
    if answer is not Answer.FEASIBLE:
        return Relief(limit, np.inf if answer is Answer.INFEASIBLE else np.nan, np.nan)
    by = float(slacks[0])
    now = slack.low if np.isfinite(slack.low) else slack.high
    return Relief(limit, by, now - by if np.isfinite(slack.low) else now + by)


def _partial(form: LimitForm, seconds: float) -> Partial | None:
    """Return the plan that misses least of what is asked, every limit by its own measure, and then serves most."""
    asked = [limit for limit in form.limits if limit.kind in _SOFT]
    hard = tuple(limit for limit in form.limits if limit.kind not in _SOFT)
    slacks = tuple(slack for limit in asked if (slack := form.slack(limit)) is not None)
    scale = np.array([max(slack.most, 1.0) for slack in slacks])
    cost = np.r_[np.zeros(form.at.total), 1.0 / scale]
    answer, _, missed = form.solve(hard, slacks, cost, seconds)
    if answer is not Answer.FEASIBLE:
        return None
    room = missed + _ROUND * scale
    held = tuple(
        type(slack)(slack.limit, slack.row, slack.give, slack.low, slack.high, float(most), whole=slack.whole)
        for slack, most in zip(slacks, room, strict=True)
    )
    service = -coefficients(form.problem, form.at, Aim.SERVICE)
    answer, values, _ = form.solve(hard, held, service, seconds)
    if answer is not Answer.FEASIBLE:
        return None
    modules = np.rint(values[form.at.n]).astype(np.int64)
    short = [
        (slack.limit, slack.low - float(slack.row @ values), 1e-4 * unit)
        for slack, unit in zip(slacks, scale, strict=True)
    ]
    served = np.where(values[form.at.f] > _ROUND, values[form.at.f], 0.0)
    return Partial(modules, served, tuple((limit, amount) for limit, amount, least in short if amount > least))
