"""Greedy's plan, cut into columns: what the decomposition never falls below, and its first plan."""

import numpy as np
from numpy.typing import NDArray

from siting.model.decomposition.components import quota_of
from siting.model.decomposition.master import Choice
from siting.model.decomposition.record import Column
from siting.model.finish import upgrades_of
from siting.model.parts import FloatArray, IntArray
from siting.model.problem import Problem

__all__ = ["greedy_columns"]


def greedy_columns(
    problem: Problem, plan: tuple[IntArray, FloatArray], piece_of_site: IntArray, forced: NDArray[np.bool_]
) -> tuple[list[Column], Choice | None]:
    """Return greedy's `plan` as one column for each piece it uses, and as a choice if it is one.

    -1 marks sites of no piece, `forced` the pieces that every plan uses. Greedy knows no floors and removes nothing:
    where it misses a floor, the piece has no column and the plan is no choice.
    """
    count = len(forced)
    modules, served = plan
    walks = problem.walks
    piece_of_demand = np.full(len(problem.demands), -1)
    piece_of_demand[walks.i] = np.maximum(piece_of_demand[walks.i], piece_of_site[walks.j])
    value = _sums(piece_of_demand, served * problem.demands.weight, count)
    cost = _sums(piece_of_site, problem.site_cost_cny(modules), count)
    part = problem.transformers
    for t, step in upgrades_of(problem, modules):
        if part is not None:
            fed = np.flatnonzero((part.feeds == t) & (modules > 0))
            cost[piece_of_site[fed[0]]] += part.steps[t][step][1]
    opened = np.flatnonzero((modules > 0) & (piece_of_site >= 0))
    if not len(opened):
        return [], None if forced.any() else Choice(())
    columns = []
    opened = opened[np.argsort(piece_of_site[opened], kind="stable")]
    named, starts = np.unique(piece_of_site[opened], return_index=True)
    for piece, mine in zip(named.tolist(), np.split(opened, starts[1:]), strict=True):
        quota: tuple[tuple[int, int], ...] = ()
        if problem.quotas is not None:
            compounds = set(problem.quotas.compound[mine].tolist())
            quota = quota_of(problem.quotas.district, compounds)
        columns.append(
            Column(
                piece,
                float(value[piece]),
                float(cost[piece]),
                quota,
                mine.astype(np.int32),
                modules[mine].astype(np.int16),
            )
        )
    missed = _missed(problem, served, piece_of_demand)
    kept = [column for column in columns if column.piece not in missed]
    used = {column.piece for column in kept}
    is_whole = not missed and set(np.flatnonzero(forced).tolist()) <= used and _keeps_quotas(problem, modules)
    return kept, Choice(tuple(kept)) if is_whole else None


def _keeps_quotas(problem: Problem, modules: IntArray) -> bool:
    """Return whether no quota is exceeded, as it may be by what stands today."""
    return problem.quotas is None or bool((problem.quotas.used(modules) <= problem.quotas.most).all())


def _missed(problem: Problem, served: FloatArray, piece_of_demand: IntArray) -> set[int]:
    """Return the pieces with a floor that is missed."""
    if problem.groups is None or problem.floors is None:
        return set()
    short = problem.groups.sums(served) < problem.floors.least - 1e-9
    inside = np.flatnonzero(problem.groups.group >= 0)
    return set(piece_of_demand[inside[short[problem.groups.group[inside]]]].tolist()) - {-1}


def _sums(piece: IntArray, values: FloatArray, count: int) -> FloatArray:
    known = piece >= 0
    return np.bincount(piece[known], values[known], minlength=count).astype(np.float64)
