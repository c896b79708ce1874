"""The method section: a problem in words and figures, as `print(problem)` shows it."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from siting.model.parts import FloatArray, IntArray

if TYPE_CHECKING:
    from siting.model.problem import Problem

__all__ = ["describe"]


def describe(problem: "Problem") -> str:
    """Return goal, sets and limits of `problem`, one a line, with figures."""
    lines = [*_goal(problem), *_sets(problem), ("subject to", ""), *_limits(problem)]
    return "\n".join(f"{head:<13}{text}".rstrip() for head, text in lines)


def _goal(problem: "Problem") -> Iterator[tuple[str, str]]:
    if problem.goal is None:
        yield "goal", "none yet: add maximise_service()"
        return
    yield "maximise", "sum_ij w_i f_ij    weighted vehicles served"
    yield (
        "then",
        f"at that service the least sum of cost, {problem.goal.walk_penalty:g} CNY per metre and vehicle walked "
        f"and {problem.goal.demerit_penalty:g} CNY per demerit",
    )


def _sets(problem: "Problem") -> Iterator[tuple[str, str]]:
    demands, sites, walks = problem.demands, problem.sites, problem.walks
    yield (
        "demands i",
        f"{len(demands):,} with {demands.vehicles.sum():,.1f} vehicles, weight {_span(demands.weight)}",
    )
    yield (
        "sites j",
        f"{len(sites):,} of {_span(sites.max_modules)} modules, {_span(sites.vehicles_per_module)} vehicles a module, "
        f"{_span(sites.open_cost_cny)} CNY to open, {_span(sites.module_cost_cny)} CNY a module",
    )
    reached = len(np.unique(walks.i))
    yield "walks ij", f"{len(walks):,} of {_span(walks.walk_m)} m; {reached:,} demands reach at least one site"


def _limits(problem: "Problem") -> Iterator[tuple[str, str]]:
    yield "  demand", f"sum_j f_ij <= d_i    a vehicle is served at most once ({len(problem.demands):,} rows)"
    yield "  capacity", f"sum_i f_ij <= c_j n_j    a site serves what its modules hold ({len(problem.sites):,} rows)"
    yield "  modules", "n_j <= M_j x_j    only at open sites, at most M_j modules"
    if problem.cliques:
        sizes = np.array([len(clique) for clique in problem.cliques])
        groups = f"{len(sizes):,} groups of {_span(sizes)} that exclude each other"
        yield "  cliques", f"sum_j x_j <= 1    one site of each of {groups}"
    if problem.bans:
        sizes = np.array([len(ban.sites) for ban in problem.bans])
        yield "  bans", f"sum_j x_j <= m_B    not all of each of {len(sizes):,} groups of {_span(sizes)}"
    yield from _power(problem)
    if problem.quotas is not None:
        most = problem.quotas.most
        text = f"at most {_span(most)} compounds in each of {len(most):,} districts"
        yield "  quotas", f"x_j <= q_c, sum_c q_c <= K_D    {text}"
    yield (
        "  budget",
        "none: money is no limit"
        if problem.budget_cny is None
        else f"sum_j open_j x_j + module_j n_j + upgrades <= {problem.budget_cny:,.0f} CNY",
    )
    if problem.locks is not None:
        yield "  locks", f"{len(problem.locked_in)} sites locked in, {len(problem.locked_out)} locked out"


def _power(problem: "Problem") -> Iterator[tuple[str, str]]:
    part = problem.transformers
    if part is None:
        yield "  power", "no transformers given: power is no limit"
        return
    limited, free = part.limited, int((part.feeds < 0).sum())
    spare = part.spare_kva[limited]
    text = f"sum_j p_j n_j <= spare_t + upgrades    {int(limited.sum())} transformers"
    if len(spare):
        text += f" with {_span(spare)} kVA spare and {int(limited[part.step_owner].sum())} upgrade steps"
    yield "  power", text
    if not limited.all():
        yield "", f"{int((~limited).sum())} transformers of unknown spare capacity: no limit there"
    if free:
        yield "", f"{free:,} sites without a known transformer: no limit there"


def _span(values: FloatArray | IntArray) -> str:
    if not len(values):
        return "no"
    low, high = float(np.min(values)), float(np.max(values))
    return f"{low:,.6g}" if low == high else f"{low:,.6g} to {high:,.6g}"
