"""Greedy's plan, cut into columns: what the decomposition never falls below, and its first plan."""

import numpy as np

from siting.model.decomposition.components import quota_of
from siting.model.decomposition.master import Choice
from siting.model.decomposition.record import Column
from siting.model.finish import upgrades_of
from siting.model.parts import FloatArray, IntArray
from siting.model.problem import Problem

__all__ = ["greedy_columns"]


def greedy_columns(problem: Problem, plan: tuple[IntArray, FloatArray], piece_of_site: IntArray, count: int) -> Choice:
    """Return greedy's `plan` as one column for each of `count` pieces it uses; -1 marks sites of no piece."""
    modules, served = plan
    walks, sites = problem.walks, problem.sites
    piece_of_demand = np.full(len(problem.demands), -1)
    piece_of_demand[walks.i] = np.maximum(piece_of_demand[walks.i], piece_of_site[walks.j])
    value = _sums(piece_of_demand, served * problem.demands.weight, count)
    cost = _sums(piece_of_site, sites.cost_cny(modules), count)
    part = problem.transformers
    for t, step in upgrades_of(problem, modules):
        if part is not None:
            fed = np.flatnonzero((part.feeds == t) & (modules > 0))
            cost[piece_of_site[fed[0]]] += part.steps[t][step][1]
    opened = np.flatnonzero((modules > 0) & (piece_of_site >= 0))
    if not len(opened):
        return Choice(())
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
    return Choice(tuple(columns))


def _sums(piece: IntArray, values: FloatArray, count: int) -> FloatArray:
    known = piece >= 0
    return np.bincount(piece[known], values[known], minlength=count).astype(np.float64)
