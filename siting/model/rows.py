"""The rows of the program, one family for each part of the problem, over the columns that `columns` lays out."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from siting.model.goal import Aim
from siting.model.measures import Columns, coefficients, constant, counted_groups, step_names
from siting.model.parts import Ban, FloatArray, IntArray
from siting.model.problem import Problem

__all__ = ["Rows", "families", "link_limits"]


_Entries = list[tuple[IntArray, IntArray, FloatArray | IntArray | float]]


@dataclass(frozen=True, eq=False)
class Rows:
    """One family of rows over all columns; all are `<= upper` unless `lower` is given."""

    names: Sequence[str]
    matrix: Any
    upper: FloatArray
    lower: FloatArray | None = None


def families(problem: Problem, at: Columns, held: Sequence[tuple[Aim, float]]) -> list[Rows]:
    """Return the rows of every part, and one for each figure `held` at a value."""
    walks, sites, demands = problem.walks, problem.sites, problem.demands
    links, every = np.arange(len(walks)), np.arange(len(sites))
    found = [
        Rows(
            [f"demand_{i}" for i in range(len(demands))],
            _block(at, len(demands), [(walks.i, links, 1.0)]),
            demands.vehicles,
            np.where(demands.weight > 0, demands.vehicles, -np.inf) if problem.serves_all else None,
        ),
        Rows(
            [f"capacity_{j}" for j in every],
            _block(at, len(sites), [(walks.j, links, 1.0), (every, at.n.start + every, -sites.vehicles_per_module)]),
            np.zeros(len(sites)),
        ),
        Rows(
            [f"modules_{j}" for j in every],
            _block(at, len(sites), [(every, at.n.start + every, 1.0), (every, at.x.start + every, -sites.max_modules)]),
            np.zeros(len(sites)),
        ),
        _clique_rows(problem.cliques, at),
        _ban_rows(problem.bans, at),
        *_power_rows(problem, at),
        *_quota_rows(problem, at),
    ]
    if problem.budget_cny is not None:
        left = problem.budget_cny - constant(problem, Aim.COST)
        found.append(_one_row("budget", coefficients(problem, at, Aim.COST), upper=left))
    found += [
        *_link_rows(problem, at),
        *_choice_rows(problem, at),
        *_service_rows(problem, at),
        *_group_rows(problem, at),
        *_margin_rows(problem, at),
    ]
    return [*found, *_held_rows(problem, at, held)]


def _held_rows(problem: Problem, at: Columns, held: Sequence[tuple[Aim, float]]) -> list[Rows]:
    rows = []
    for aim, value in held:
        if aim is Aim.MARGIN:
            continue  # held by closing the sites below, see `siting.model.matrix.bounds`
        limit = {"upper" if aim.is_least else "lower": value - constant(problem, aim)}
        rows.append(_one_row(f"held_{aim}", coefficients(problem, at, aim), **limit))
    return rows


def link_limits(problem: Problem) -> FloatArray:
    """Return what can be served on each walk if its site is open: all its demand, or all the site can (L)."""
    walks, sites = problem.walks, problem.sites
    room = (sites.max_modules * sites.vehicles_per_module)[walks.j]
    return np.minimum(problem.demands.vehicles[walks.i], room)


def _link_rows(problem: Problem, at: Columns) -> list[Rows]:
    """Return f <= d x, which only the walking goal needs: without it half-open sites would shorten all walks."""
    if problem.goal is None or problem.goal.aim is not Aim.WALKING:
        return []
    walks, links = problem.walks, np.arange(len(problem.walks))
    names = [f"link_{i}_{j}" for i, j in zip(walks.i.tolist(), walks.j.tolist(), strict=True)]
    entries: _Entries = [(links, links, 1.0), (links, at.x.start + walks.j, -link_limits(problem))]
    return [Rows(names, _block(at, len(walks), entries), np.zeros(len(walks)))]


def _choice_rows(problem: Problem, at: Columns) -> list[Rows]:
    """Return the count of open sites, and that an open site has what stands there, or a module if it is counted."""
    least = problem.standing
    if problem.count is not None and problem.count.least:
        least = np.maximum(least, 1)
    site = np.flatnonzero(least)
    rows = np.arange(len(site))
    entries: _Entries = [(rows, at.x.start + site, least[site].astype(float)), (rows, at.n.start + site, -1.0)]
    found = [Rows([f"stand_{j}" for j in site.tolist()], _block(at, len(site), entries), np.zeros(len(site)))]
    if problem.count is not None:
        every = np.zeros(at.total)
        every[at.x] = 1.0
        if problem.count.most is not None:
            found.append(_one_row("count_most", every, upper=float(problem.count.most)))
        if problem.count.least:
            found.append(_one_row("count_least", every, lower=float(problem.count.least)))
    return found


def _service_rows(problem: Problem, at: Columns) -> list[Rows]:
    found = []
    if problem.service_floor is not None and not problem.serves_all:
        found.append(_one_row("service", coefficients(problem, at, Aim.SERVICE), lower=problem.service_floor))
    if problem.walking_limit_m is not None:
        found.append(_one_row("walking", coefficients(problem, at, Aim.WALKING), upper=problem.walking_limit_m))
    return found


def _group_rows(problem: Problem, at: Columns) -> list[Rows]:
    """Return the floors, and the share that no counted group falls below."""
    part = problem.groups
    if part is None:
        return []
    of_walk, links = part.group[problem.walks.i], np.arange(len(problem.walks))
    found = []
    if problem.floors is not None:
        asked = problem.floors.asked
        row_of = np.full(len(part), -1)
        row_of[asked] = np.arange(len(asked))
        inside = (of_walk >= 0) & (row_of[of_walk] >= 0)
        matrix = _block(at, len(asked), [(row_of[of_walk[inside]], links[inside], 1.0)])
        least = problem.floors.least[asked]
        found.append(Rows([f"floor_{g}" for g in asked.tolist()], matrix, np.full(len(asked), np.inf), least))
    if at.share.start < at.share.stop:
        groups = counted_groups(problem)
        row_of = np.full(len(part), -1)
        row_of[groups] = np.arange(len(groups))
        inside = (of_walk >= 0) & (row_of[of_walk] >= 0)
        rows = np.arange(len(groups))
        total = part.sums(problem.demands.vehicles)[groups]
        entries: _Entries = [
            (rows, np.full(len(rows), at.share.start), total),
            (row_of[of_walk[inside]], links[inside], -1.0),
        ]
        matrix = _block(at, len(groups), entries)
        found.append(Rows([f"share_{g}" for g in groups.tolist()], matrix, np.zeros(len(groups))))
    return found


def _margin_rows(problem: Problem, at: Columns) -> list[Rows]:
    """Return m <= margin of each open new site, as m + (largest - margin) x <= largest."""
    margin = problem.sites.margin_m
    if at.margin.start == at.margin.stop or margin is None or not len(margin):
        return []
    site = np.flatnonzero((problem.standing == 0) & (margin < margin.max()))
    rows, largest = np.arange(len(site)), float(margin.max())
    entries: _Entries = [
        (rows, np.full(len(rows), at.margin.start), 1.0),
        (rows, at.x.start + site, largest - margin[site]),
    ]
    matrix = _block(at, len(site), entries)
    return [Rows([f"margin_{j}" for j in site.tolist()], matrix, np.full(len(site), largest))]


def _clique_rows(cliques: tuple[IntArray, ...], at: Columns) -> Rows:
    rows = np.repeat(np.arange(len(cliques)), [len(clique) for clique in cliques])
    members = np.concatenate(cliques) if cliques else np.empty(0, np.int64)
    names = [f"clique_{k}" for k in range(len(cliques))]
    return Rows(names, _block(at, len(cliques), [(rows, at.x.start + members, 1.0)]), np.ones(len(cliques)))


def _ban_rows(bans: tuple[Ban, ...], at: Columns) -> Rows:
    rows = np.repeat(np.arange(len(bans)), [len(ban.sites) for ban in bans])
    members = np.concatenate([ban.sites for ban in bans]) if bans else np.empty(0, np.int64)
    most = np.array([ban.most for ban in bans], dtype=float)
    names = [f"ban_{k}" for k in range(len(bans))]
    return Rows(names, _block(at, len(bans), [(rows, at.x.start + members, 1.0)]), most)


def _power_rows(problem: Problem, at: Columns) -> list[Rows]:
    part = problem.transformers
    if part is None:
        return []
    limited = np.flatnonzero(part.limited)
    row_of = np.full(len(part), -1)
    row_of[limited] = np.arange(len(limited))
    fed = np.flatnonzero((part.feeds >= 0) & (row_of[part.feeds] >= 0))
    step = np.flatnonzero(row_of[part.step_owner] >= 0)
    load = Rows(
        [f"transformer_{t}" for t in limited],
        _block(
            at,
            len(limited),
            [
                (row_of[part.feeds[fed]], at.n.start + fed, part.kva_per_module[fed]),
                (row_of[part.step_owner[step]], at.z.start + step, -part.step_kva[step]),
            ],
        ),
        (part.spare_kva + part.load_kva(problem.standing))[limited],
    )
    later = np.flatnonzero(np.diff(part.step_owner) == 0) + 1
    rows = np.arange(len(later))
    order = Rows(
        [f"order_{name}" for name in np.array(list(step_names(problem)), object)[later]],
        _block(at, len(later), [(rows, at.z.start + later, 1.0), (rows, at.z.start + later - 1, -1.0)]),
        np.zeros(len(later)),
    )
    return [load, order]


def _quota_rows(problem: Problem, at: Columns) -> list[Rows]:
    part = problem.quotas
    if part is None:
        return []
    every, compounds = np.arange(len(problem.sites)), np.arange(len(part.district))
    chosen = Rows(
        [f"chosen_{j}" for j in every],
        _block(at, len(every), [(every, at.x.start + every, 1.0), (every, at.q.start + part.compound, -1.0)]),
        np.zeros(len(every)),
    )
    quota = Rows(
        [f"quota_{d}" for d in range(len(part.most))],
        _block(at, len(part.most), [(part.district, at.q.start + compounds, 1.0)]),
        part.most.astype(float),
    )
    return [chosen, quota]


def _block(at: Columns, rows: int, entries: _Entries) -> Any:
    """Return `rows` rows with entries (row, column, value), as CSR without stored zeros."""
    row = np.concatenate([entry[0] for entry in entries])
    column = np.concatenate([entry[1] for entry in entries])
    value = np.concatenate([np.broadcast_to(entry[2], len(entry[0])) for entry in entries])
    kept = value != 0
    return sparse.csr_array((value[kept], (row[kept], column[kept])), shape=(rows, at.total))


def _one_row(name: str, costs: FloatArray, *, lower: float = -np.inf, upper: float = np.inf) -> Rows:
    return Rows([name], sparse.csr_array(costs[None, :]), np.array([upper]), np.array([lower]))
