"""Split a problem where nothing but money and quotas ties it: the first step of the decomposition."""

from collections.abc import Iterator
from itertools import combinations, pairwise, product
from typing import Any

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from siting.model.decomposition.record import Option, Piece
from siting.model.limits import Existing, Floors, Groups
from siting.model.parts import Demands, IntArray, Locks, Sites, Transformers, Walks
from siting.model.presolve import taken_bans
from siting.model.problem import Problem

__all__ = ["Grouping", "options_of", "quota_of", "site_groups", "split"]

_SUBSETS = 3  # compounds up to which every subset is an option of its own
_COUNTS = 32  # options by number of compounds, at most

Grouping = tuple[int, IntArray]


def site_groups(problem: Problem) -> Grouping:
    """Return how many groups of sites share nothing but money and quotas, and the group of each site.

    Sites hang together by a demand that walks to both, a group with a floor that does, a clique, a ban, a limited
    transformer, or a quota's compound.
    """
    sites, walks = len(problem.sites), problem.walks
    ends = [(walks.j[:-1], walks.j[1:], np.diff(walks.i) == 0)]
    links = [np.column_stack((a[same], b[same])) for a, b, same in ends if len(a)]
    links += [np.column_stack((clique[:-1], clique[1:])) for clique in problem.cliques]
    links += [np.column_stack((ban.sites[:-1], ban.sites[1:])) for ban in problem.bans]
    part = problem.transformers
    if part is not None:
        limited = np.r_[part.limited, False][part.feeds]
        links.append(_chain(np.where(limited, part.feeds, -1)))
    if problem.quotas is not None:
        links.append(_chain(problem.quotas.compound))
    if problem.groups is not None and problem.floors is not None:
        asked = np.isin(problem.groups.group, problem.floors.asked)
        order = np.argsort(problem.groups.group[walks.i], kind="stable")
        order = order[asked[walks.i[order]]]
        label, reached = problem.groups.group[walks.i[order]], walks.j[order]
        same = label[1:] == label[:-1]
        links.append(np.column_stack((reached[:-1][same], reached[1:][same])))
    pairs = np.concatenate([mine.astype(np.int32) for mine in (*links, np.empty((0, 2)))])
    graph = coo_array((np.ones(len(pairs), np.int8), (pairs[:, 0], pairs[:, 1])), shape=(sites, sites))
    count, group = connected_components(graph, directed=False)
    return int(count), group.astype(np.int64)


def _chain(label: IntArray) -> IntArray:
    """Return links between sites that follow each other under one label; -1 is no label."""
    order = np.argsort(label, kind="stable")
    same = (label[order[1:]] == label[order[:-1]]) & (label[order[1:]] >= 0)
    return np.column_stack((order[:-1][same], order[1:][same]))


def split(problem: Problem, grouping: Grouping | None = None) -> Iterator[Piece]:
    """Yield the pieces of `problem`, each with its own numbers; sites that nobody can use are left out.

    `grouping` is what `site_groups` gave, where the caller has it already: finding it takes much memory.
    """
    walks, demands, quotas = problem.walks, problem.demands, problem.quotas
    groups, group = grouping or site_groups(problem)
    used = np.zeros(len(problem.sites), bool)
    used[walks.j[(demands.vehicles * demands.weight)[walks.i] > 0]] = True
    used[problem.locked_out] = False
    used[problem.least_modules > 0] = True
    used[problem.standing > 0] = True
    by_site = _members(np.where(used, group, groups), groups)
    walk_group = np.where(used[walks.j], group[walks.j], groups)
    by_walk = _members(walk_group, groups)
    clique_group = np.array([group[clique[0]] for clique in problem.cliques], np.int64)
    by_clique = _members(clique_group, groups)
    number = 0
    local = np.full(len(problem.sites), -1)
    for g in range(groups):
        site, walk = by_site[g], by_walk[g]
        if not len(site):
            continue
        local[site] = np.arange(len(site))
        cliques = (local[problem.cliques[k]] for k in by_clique[g].tolist())
        kept = tuple(mine[mine >= 0] for mine in cliques)
        compounds, compound = np.unique(
            quotas.compound[site] if quotas else np.zeros(len(site), np.int64), return_inverse=True
        )
        yield Piece(
            number,
            Problem(
                *_taken(problem, site, walk, local),
                **_own(problem, site, walk),
                goal=problem.goal,
                cliques=tuple(mine for mine in kept if len(mine) > 1),
                bans=taken_bans((ban for ban in problem.bans if group[ban.sites[0]] == g), local),
                transformers=_transformers(problem, site),
                locks=_locks(problem, site),
            ),
            site,
            walk,
            compound.astype(np.int64),
            quotas.district[compounds] if quotas else np.empty(0, np.int64),
        )
        number += 1


def _members(label: IntArray, count: int) -> list[IntArray]:
    order = np.argsort(label, kind="stable")
    edges = np.searchsorted(label[order], np.arange(count + 1))
    return [order[a:b] for a, b in pairwise(edges.tolist())]


def _taken(problem: Problem, site: IntArray, walk: IntArray, local: IntArray) -> tuple[Demands, Sites, Walks]:
    sites, walks = problem.sites, problem.walks
    reached, i = np.unique(walks.i[walk], return_inverse=True)
    return (
        Demands(problem.demands.vehicles[reached], problem.demands.weight[reached]),
        Sites(
            sites.open_cost_cny[site],
            sites.module_cost_cny[site],
            sites.max_modules[site],
            sites.vehicles_per_module[site],
            sites.demerit[site],
        ),
        Walks(i, local[walks.j[walk]], walks.walk_m[walk]),
    )


def _own(problem: Problem, site: IntArray, walk: IntArray) -> dict[str, Any]:
    """Return the floors of a piece's groups, and what stands on its sites."""
    found: dict[str, Any] = {}
    if problem.groups is not None and problem.floors is not None:
        of_demand = problem.groups.group[np.unique(problem.walks.i[walk])]
        mine = np.intersect1d(of_demand, problem.floors.asked)
        local = np.full(len(problem.groups) + 1, -1)
        local[mine] = np.arange(len(mine))
        names = tuple(problem.groups.name(g) for g in mine.tolist())
        if len(mine):
            found = {"groups": Groups(local[of_demand], len(mine), names), "floors": Floors(problem.floors.least[mine])}
    if problem.existing is not None and problem.existing.modules[site].any():
        found["existing"] = Existing(problem.existing.modules[site], problem.existing.removal_cost_cny[site])
    return found


def _transformers(problem: Problem, site: IntArray) -> Transformers | None:
    part = problem.transformers
    if part is None:
        return None
    feeds = part.feeds[site]
    limited = np.r_[part.limited, False][feeds]
    mine, number = np.unique(np.where(limited, feeds, -1), return_inverse=True)
    real = mine >= 0
    if not real.any():
        return None
    feeds = number - int(not real.all())
    steps = tuple(part.steps[t] for t in mine[real].tolist())
    return Transformers(part.spare_kva[mine[real]], feeds, part.kva_per_module[site], steps)


def _locks(problem: Problem, site: IntArray) -> Locks | None:
    locked = np.flatnonzero(np.isin(site, problem.locked_in)) if problem.locked_in.size else np.empty(0, np.int64)
    return Locks(locked, np.empty(0, np.int64)) if locked.size else None


def options_of(piece: Piece) -> tuple[Option, ...]:
    """Return the ways to use a piece, of which a plan takes at most one.

    Without quotas there is one. Few compounds: every subset. More: one option for each number of compounds of each
    district, the choice among them left to the program. Too many even so: one option that takes no quota, which
    keeps bounds true (they forget the quota there) while columns still count what they use. A locked-in site must
    stand under every option, so options without its compound are left out. Where sites stand today that may be
    removed, using no compound is an option too: it costs the removal.
    """
    compounds = range(len(piece.district))
    if not len(piece.district):
        return (Option((0,), ()),)
    locked = set(piece.compound[piece.problem.least_modules > 0].tolist())
    least = 0 if piece.problem.existing is not None else 1
    if len(compounds) <= _SUBSETS:
        sizes_of = range(least, len(compounds) + 1)
        subsets = [set(chosen) for size in sizes_of for chosen in combinations(compounds, size)]
        return tuple(Option(tuple(sorted(mine)), quota_of(piece.district, mine)) for mine in subsets if locked <= mine)
    districts, sizes = np.unique(piece.district, return_counts=True)
    if np.prod(sizes + 1.0) > _COUNTS:
        return (Option(tuple(compounds), ()),)
    needed = dict(quota_of(piece.district, locked))
    ranges = [range(needed.get(d, 0), size + 1) for d, size in zip(districts.tolist(), sizes.tolist(), strict=True)]
    counts = [tuple(zip(districts.tolist(), most, strict=True)) for most in product(*ranges) if sum(most) >= least]
    return tuple(Option(tuple(compounds), tuple((d, k) for d, k in most if k), most) for most in counts)


def quota_of(district: IntArray, compounds: set[int]) -> tuple[tuple[int, int], ...]:
    """Return (district, number) pairs of some compounds."""
    named, counts = np.unique(district[np.array(sorted(compounds), np.int64)], return_counts=True)
    return tuple(zip(named.tolist(), counts.tolist(), strict=True))
