"""Reach, second half: every pair within the walking limit, exactly, by bounded Dijkstra in spatial blocks.

A path no longer than the limit never leaves the limit's distance around its start, because an edge is never
shorter than the straight line between its ends. So the sources of one block need only the vertices of the
block and a halo of one limit, and the work grows with the city's area, not with its square.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from siting.access.network import Floats, Ints, WalkGraph

__all__ = ["LIMIT_EPSILON_M", "Halo", "Joints", "Pairs", "halo_around", "reach", "shortest"]

#: Walks within this of the limit are at the limit, and the limit is inside (lengths are sums of rounded numbers).
LIMIT_EPSILON_M = 1e-6

_SHORTEST_EDGE_M = 1e-6  # a stored zero would mean "no edge" to some sparse routines
_CELLS_AT_ONCE = 4_000_000  # of the distance matrix of one chunk: 32 MB


@dataclass(frozen=True, eq=False, kw_only=True)
class Joints:
    """How objects stand on the graph, one row a joint: `item` (number of the object), `vertex`, `leg_m`.

    An object may have several joints (entrances); the shortest walk counts.
    """

    item: Ints
    vertex: Ints
    leg_m: Floats

    def __getitem__(self, rows: Any) -> "Joints":
        """Return some rows."""
        return Joints(item=self.item[rows], vertex=self.vertex[rows], leg_m=self.leg_m[rows])

    def __len__(self) -> int:
        """Return the number of joints."""
        return len(self.item)


@dataclass(frozen=True, eq=False, kw_only=True)
class Pairs:
    """Pairs within the limit, sorted by `source`, then `target` (numbers of the objects), each pair once."""

    source: Ints
    target: Ints
    walk_m: Floats


@dataclass(frozen=True, eq=False)
class Halo:
    """The part of a graph around some vertices: their numbers, the number of each in it (-1: outside), its matrix."""

    vertices: Ints
    local: Ints
    matrix: Any


def halo_around(graph: WalkGraph, vertices: Ints, limit_m: float) -> Halo:
    """Return what a walk of at most `limit_m` from some vertices can pass; its matrix is directed, both ways held."""
    local = np.full(len(graph.xy), -1, dtype=np.int64)
    if not len(vertices):
        return Halo(np.empty(0, dtype=np.int64), local, csr_array((0, 0)))
    by_x = np.argsort(graph.xy[:, 0], kind="stable")
    near = _in_halo(graph.xy, by_x, graph.xy[vertices], limit_m + LIMIT_EPSILON_M)
    local[near] = np.arange(len(near))
    return Halo(near, local, _inner(_matrix(graph), near, local))


def reach(graph: WalkGraph, sources: Joints, targets: Joints, *, limit_m: float, block_m: float = 800.0) -> Pairs:
    """Return every pair whose shortest walk (leg, graph, leg) is at most `limit_m`.

    The result is exact and does not depend on `block_m`, which only trades memory for speed.
    Searches start from whichever side stands on fewer vertices.
    """
    if len(np.unique(targets.vertex)) < len(np.unique(sources.vertex)):
        found = reach(graph, targets, sources, limit_m=limit_m, block_m=block_m)
        return shortest(found.target, found.source, found.walk_m)
    matrix = _matrix(graph)
    by_x = np.argsort(graph.xy[:, 0], kind="stable")
    pieces = [
        piece
        for block in _blocks(graph.xy[sources.vertex], block_m)
        for piece in _reach_block(graph.xy, matrix, by_x, (sources[block], targets), limit_m)
    ]
    if not pieces:
        none = np.empty(0, dtype=np.int64)
        return Pairs(source=none, target=none, walk_m=np.empty(0))
    return shortest(*(np.concatenate(column) for column in zip(*pieces, strict=True)))


def _blocks(xy: Floats, block_m: float) -> list[Ints]:
    """Return the rows of `xy` in each square of `block_m`, in the order of the squares."""
    if len(xy) == 0:
        return []
    square = np.floor((xy - xy.min(axis=0)) / block_m).astype(np.int64)
    order = np.lexsort((square[:, 1], square[:, 0]))
    new = np.any(np.diff(square[order], axis=0) != 0, axis=1)
    return list(np.split(order, np.flatnonzero(new) + 1))


def _reach_block(
    xy: Floats, matrix: Any, by_x: Ints, ends: tuple[Joints, Joints], limit_m: float
) -> Iterator[tuple[Ints, Ints, Floats]]:
    """Yield source items, target items and walks of one block's sources, chunk by chunk."""
    sources, targets = ends
    near = _in_halo(xy, by_x, xy[sources.vertex], limit_m + LIMIT_EPSILON_M)
    local = np.full(len(xy), -1, dtype=np.int64)
    local[near] = np.arange(len(near))
    targets = targets[np.flatnonzero(local[targets.vertex] >= 0)]
    if len(targets) == 0:
        return
    block = _inner(matrix, near, local)
    columns = local[targets.vertex]
    vertices, row = np.unique(sources.vertex, return_inverse=True)
    height = max(1, _CELLS_AT_ONCE // len(near))
    for first in range(0, len(vertices), height):
        chosen = vertices[first : first + height]
        walk = dijkstra(block, directed=True, indices=local[chosen], limit=limit_m + LIMIT_EPSILON_M)
        joints = np.flatnonzero((row >= first) & (row < first + height))
        total = walk[np.ix_(row[joints] - first, columns)] + sources.leg_m[joints, np.newaxis] + targets.leg_m
        source, target = np.nonzero(total <= limit_m + LIMIT_EPSILON_M)
        yield sources.item[joints[source]], targets.item[target], np.minimum(total[source, target], limit_m)


def _in_halo(xy: Floats, by_x: Ints, around: Floats, halo_m: float) -> Ints:
    """Return the vertices inside the box of `around` grown by `halo_m`, sorted."""
    low, high = around.min(axis=0) - halo_m, around.max(axis=0) + halo_m
    strip = by_x[slice(*np.searchsorted(xy[by_x, 0], [low[0], np.nextafter(high[0], np.inf)]))]
    inside = (xy[strip, 1] >= low[1]) & (xy[strip, 1] <= high[1])
    return np.sort(strip[inside])


def _inner(matrix: Any, vertices: Ints, local: Ints) -> Any:
    """Return the part of `matrix` between `vertices`, numbered by `local` (-1 outside)."""
    rows = matrix[vertices].tocoo()
    head = local[rows.col]
    kept = head >= 0
    size = len(vertices)
    return csr_array((rows.data[kept], (rows.row[kept], head[kept])), shape=(size, size))


def _matrix(graph: WalkGraph) -> Any:
    """Return the symmetric matrix of counted metres; of parallel edges the least (a sparse matrix would add them)."""
    tail, head = graph.ends.T
    tail, head = np.concatenate([tail, head]), np.concatenate([head, tail])
    length_m = np.maximum(np.concatenate([graph.counted_m, graph.counted_m]), _SHORTEST_EDGE_M)
    order = np.lexsort((length_m, head, tail))
    tail, head, length_m = tail[order], head[order], length_m[order]
    first = np.append(True, (np.diff(tail) != 0) | (np.diff(head) != 0))[: len(tail)]
    size = len(graph.xy)
    return csr_array((length_m[first], (tail[first], head[first])), shape=(size, size))


def shortest(source: Ints, target: Ints, walk_m: Floats) -> Pairs:
    """Return each pair once, with its shortest walk, sorted."""
    order = np.lexsort((walk_m, target, source))
    source, target, walk_m = source[order], target[order], walk_m[order]
    first = np.append(True, (np.diff(source) != 0) | (np.diff(target) != 0))[: len(source)]
    return Pairs(source=source[first], target=target[first], walk_m=walk_m[first])
