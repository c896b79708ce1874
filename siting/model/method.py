"""The method section: a problem in words and figures, as `print(problem)` shows it."""

from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from siting.model.goal import Aim
from siting.model.measures import counted_groups
from siting.model.parts import FloatArray, IntArray

if TYPE_CHECKING:
    from siting.model.problem import Problem

__all__ = ["describe", "limits_in_words"]


def describe(problem: "Problem") -> str:
    """Return goal, sets and limits of `problem`, one a line, with figures."""
    lines = [*_goal(problem), *_sets(problem), ("subject to", ""), *_limits(problem)]
    return "\n".join(f"{head:<13}{text}".rstrip() for head, text in lines)


_FIGURES = {
    Aim.SERVICE: "sum_ij w_i f_ij    weighted vehicles served",
    Aim.COST: "sum_j open_j x_j + module_j n_j + upgrades + removals    cost in CNY",
    Aim.WALKING: "sum_ij l_ij f_ij    vehicle-metres walked",
    Aim.FLOOR: "s <= sum_i f_ij / d_g    share served in the worst-off group",
    Aim.MARGIN: "m <= margin_j at every new site    clearance beyond what the clauses require, in metres",
}


def _goal(problem: "Problem") -> Iterator[tuple[str, str]]:
    goal = problem.goal
    if goal is None:
        yield "goal", "none yet: add maximise_service()"
        return
    yield "minimise" if goal.aim.is_least else "maximise", _FIGURES[goal.aim]
    for before, aim in pairwise(goal.stages[:-1]):
        yield "then", f"at that {before} the {'least' if aim.is_least else 'most'} {_FIGURES[aim].split('    ')[1]}"
    yield (
        "then",
        f"at that {goal.stages[-2]} the least sum of cost, {goal.walk_penalty:g} CNY per metre and vehicle walked "
        f"and {goal.demerit_penalty:g} CNY per demerit",
    )
    if goal.aim is Aim.FLOOR and problem.groups is not None:
        counted, left = len(counted_groups(problem)), len(problem.groups)
        yield "", f"{counted:,} of {left:,} groups are counted: those with vehicles that can walk to a site"


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
    yield from _further(problem)
    if problem.locks is not None:
        yield "  locks", f"{len(problem.locked_in)} sites locked in, {len(problem.locked_out)} locked out"


def _further(problem: "Problem") -> Iterator[tuple[str, str]]:
    if problem.service_floor is not None:
        share = problem.service_floor / max(problem.everybody, 1e-9)
        text = f"{problem.service_floor:,.1f} weighted vehicles, {100 * share:.1f} % of all"
        yield "  service", f"sum_ij w_i f_ij >= {text}"
    if problem.walking_limit_m is not None:
        yield "  walking", f"sum_ij l_ij f_ij <= {problem.walking_limit_m:,.0f} vehicle-metres"
    if problem.groups is not None and problem.floors is not None:
        asked = problem.floors.asked
        text = f"{_span(problem.floors.least[asked])} vehicles in {len(asked):,} of {len(problem.groups):,} groups"
        yield "  floors", f"sum_ij f_ij >= F_g    at least {text}"
    if problem.count is not None:
        count = problem.count
        least = [f"at least {count.least:,}"] if count.least else []
        most = [f"at most {count.most:,}"] if count.most is not None else []
        yield "  count", f"sum_j x_j    {' and '.join(least + most) or 'any number of'} open sites"
    if problem.existing is not None:
        part = problem.existing
        stays, all_of_them = int(part.stays.sum()), int(part.stands.sum())
        yield (
            "  existing",
            f"e_j x_j <= n_j    {all_of_them:,} sites of {int(part.modules.sum()):,} modules stand, kept free of cost "
            f"and expanded at module cost; {all_of_them - stays:,} may be removed at a price",
        )


def limits_in_words(problem: "Problem") -> list[str]:
    """Return the limits that can leave no plan at all, a short text each, for messages."""
    found = []
    if problem.budget_cny is not None:
        found.append(f"budget {problem.budget_cny:,.0f} CNY")
    if problem.service_floor is not None:
        found.append(f"service of {problem.service_floor:,.1f} weighted vehicles")
    if problem.groups is not None and problem.floors is not None:
        asked = problem.floors.asked
        names = ", ".join(problem.groups.name(g) for g in asked[:3].tolist())
        found.append(f"floors of {len(asked)} groups ({names}{', ...' if len(asked) > 3 else ''})")
    if problem.walking_limit_m is not None:
        found.append(f"walking limit {problem.walking_limit_m:,.0f} vehicle-metres")
    if problem.count is not None and (problem.count.least or problem.count.most is not None):
        most = "any number of" if problem.count.most is None else problem.count.most
        found.append(f"{problem.count.least} to {most} open sites")
    if problem.quotas is not None:
        found.append(f"quotas of {len(problem.quotas.most)} districts")
    if problem.transformers is not None:
        found.append(f"power of {int(problem.transformers.limited.sum())} transformers")
    if problem.cliques:
        found.append(f"{len(problem.cliques)} groups of sites that exclude each other")
    if problem.locks is not None:
        found.append(f"{len(problem.locked_in)} sites locked in and {len(problem.locked_out)} locked out")
    if problem.existing is not None and problem.existing.stays.any():
        found.append(f"{int(problem.existing.stays.sum())} standing sites that may not be removed")
    return found


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
