"""Options: which accepted candidates exclude each other, as cliques (at most one of each clique may be built).

Two candidates on one floor conflict when their footprints overlap or stand nearer than the lawful gap between groups.
Every conflicting pair lies in some clique, and every pair inside a clique conflicts; there is never a list of all pairs
in the model, only cliques.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from siting.geo import DISTANCE_EPSILON_M
from siting.kinds import Kind
from siting.sites.garages import floors_of
from siting.sites.layouts import group_limits
from siting.sites.record import Verdicts

__all__ = ["conflict_cliques", "conflicting_pairs", "cover_by_cliques"]

Pairs = npt.NDArray[np.intp]  # (n, 2), each pair once, ascending

_OVERLAP_M2 = 1e-6  # footprints that share an edge do not overlap


def conflict_cliques(verdicts: Verdicts) -> tuple[tuple[str, ...], ...]:
    """Return cliques of accepted candidate ids (each sorted, cliques sorted) that cover every conflict."""
    frame = verdicts.candidates.frame.loc[list(verdicts.accepted)]
    zones = verdicts.candidates.zones
    gap_by_kind = {
        kind: group_limits(zones.rulebook, kind, verdicts.candidates.catalogue.kind(kind)).place_gap_m
        for kind in zones.kinds
    }
    gaps_m = np.array([gap_by_kind[Kind(kind)] for kind in frame["kind"]], dtype=float)
    pairs = conflicting_pairs(frame.geometry.to_numpy(), gaps_m)
    floors = floors_of(frame, zones.district)
    pairs = pairs[floors[pairs[:, 0]] == floors[pairs[:, 1]]]
    ids = frame.index.to_numpy()
    cliques = cover_by_cliques(len(ids), pairs)
    return tuple(sorted(tuple(sorted(ids[member] for member in clique)) for clique in cliques))


def conflicting_pairs(footprints: npt.NDArray[Any], gaps_m: npt.NDArray[np.float64]) -> Pairs:
    """Return the pairs of footprints that overlap or stand nearer than the larger of their two gaps.

    A gap of exactly the required metres is lawful; with a gap of 0 footprints may share an edge but not overlap.
    """
    if not len(footprints):
        return np.empty((0, 2), dtype=np.intp)
    tree = shapely.STRtree(footprints)
    first, second = tree.query(footprints, predicate="dwithin", distance=gaps_m)
    pairs = np.unique(np.sort(np.column_stack((first, second))[first != second], axis=1), axis=0)
    one, other = footprints[pairs[:, 0]], footprints[pairs[:, 1]]
    required = np.maximum(gaps_m[pairs[:, 0]], gaps_m[pairs[:, 1]])
    too_near = shapely.distance(one, other) < required - DISTANCE_EPSILON_M
    overlap = np.zeros(len(pairs), dtype=bool)
    overlap[~too_near] = shapely.area(shapely.intersection(one[~too_near], other[~too_near])) > _OVERLAP_M2
    found: Pairs = pairs[too_near | overlap]
    return found


def cover_by_cliques(count: int, pairs: Pairs) -> tuple[tuple[int, ...], ...]:
    """Return cliques of the conflict graph on `count` nodes that together hold every pair (greedy edge cover)."""
    neighbours: Mapping[int, set[int]] = {node: set() for node in range(count)}
    for one, other in pairs.tolist():
        neighbours[one].add(other)
        neighbours[other].add(one)
    covered: set[tuple[int, int]] = set()
    cliques = []
    for one, other in pairs.tolist():
        if (one, other) in covered:
            continue
        clique = _grow([one, other], neighbours)
        covered.update((a, b) for a in clique for b in clique if a < b)
        cliques.append(tuple(sorted(clique)))
    return tuple(cliques)


def _grow(seed: Iterable[int], neighbours: Mapping[int, set[int]]) -> list[int]:
    """Return a maximal clique that holds `seed`, adding the node that leaves the most others possible."""
    clique = list(seed)
    common = set.intersection(*(neighbours[node] for node in clique))
    while common:
        best = min(common, key=lambda node: (-len(common & neighbours[node]), node))
        clique.append(best)
        common &= neighbours[best]
    return clique
