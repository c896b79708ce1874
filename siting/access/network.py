"""Reach, first half: the walkable ways as a graph, and the objects that are joined to it mid-edge.

Every pair of consecutive way vertices is one straight edge, nothing is simplified. Ways that share an
OpenStreetMap node share its coordinate exactly, so ways are joined where vertices agree to the millimetre
and nowhere else: a bridge over a street does not touch it. Coordinates and lengths are metres.
"""

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

__all__ = ["Feet", "WalkGraph", "drop_feet", "insert_feet", "split_ways", "street_vertices"]

Floats: TypeAlias = NDArray[np.float64]
Ints: TypeAlias = NDArray[np.int64]
Bools: TypeAlias = NDArray[np.bool_]

_MILLIMETRES = 1000.0  # per metre: two vertices are one node if they agree to the millimetre
_END_M = 1e-6  # a foot this near to the end of an edge is that end


@dataclass(frozen=True, eq=False, kw_only=True)
class WalkGraph:
    """Undirected graph: `xy` (n, 2), `ends` (m, 2) vertex numbers, `length_m` (m,).

    An edge is never shorter than the straight line between its ends; parallel edges are allowed. `counts` (m,) is
    what a metre of each edge counts, at least 1 (steep ways); None: 1 everywhere.
    """

    xy: Floats
    ends: Ints
    length_m: Floats
    counts: Floats | None = None

    @property
    def counted_m(self) -> Floats:
        """The metres that each edge counts in a walk."""
        return self.length_m if self.counts is None else self.length_m * self.counts


@dataclass(frozen=True, eq=False, kw_only=True)
class Feet:
    """Where straight legs meet edges, one row a foot: `shape` (number of the object), `edge`, `along_m`, `leg_m`.

    `along_m` runs from the first end of the edge. An object equally near to several edges has several feet.
    """

    shape: Ints
    edge: Ints
    along_m: Floats
    leg_m: Floats


def split_ways(lines: NDArray[Any]) -> tuple[WalkGraph, Ints]:
    """Return the graph of `lines` (LineString or MultiLineString) and, for each edge, the number of its line.

    Vertices are numbered by place, so the order of the lines does not change the graph. Edges shorter than a
    millimetre vanish.
    """
    parts, line_of_part = shapely.get_parts(lines, return_index=True)
    coordinates, part_of_row = shapely.get_coordinates(parts, return_index=True)
    if len(coordinates) == 0:
        empty = WalkGraph(xy=np.empty((0, 2)), ends=np.empty((0, 2), dtype=np.int64), length_m=np.empty(0))
        return empty, np.empty(0, dtype=np.int64)
    node, first = _same_place(coordinates)
    consecutive = (part_of_row[1:] == part_of_row[:-1]) & (node[1:] != node[:-1])
    ends = np.sort(np.column_stack([node[:-1], node[1:]])[consecutive], axis=1)
    line = line_of_part[part_of_row[:-1][consecutive]]
    order = np.lexsort((line, ends[:, 1], ends[:, 0]))
    xy, ends = coordinates[first], ends[order]
    length_m = np.hypot(*(xy[ends[:, 1]] - xy[ends[:, 0]]).T)
    return WalkGraph(xy=xy, ends=ends, length_m=length_m), line[order].astype(np.int64)


def street_vertices(graph: WalkGraph, street: Bools, *, min_street_m: float) -> Bools:
    """Return which vertices belong to a part of the graph that is joined to the public street.

    A part counts if it is the longest of all or holds at least `min_street_m` of edges marked in `street` (m,).
    """
    count = len(graph.xy)
    if count == 0:
        return np.zeros(0, dtype=bool)
    tail, head = graph.ends.T
    joined = coo_array((np.ones(len(tail), dtype=np.int8), (tail, head)), shape=(count, count))
    parts, label = connected_components(joined, directed=False)
    total_m = np.bincount(label[tail], weights=graph.length_m, minlength=parts)
    street_m = np.bincount(label[tail], weights=graph.length_m * street, minlength=parts)
    public = street_m >= min_street_m
    public[np.argmax(total_m)] = True
    return np.asarray(public[label], dtype=bool)


def drop_feet(graph: WalkGraph, edges: Ints, shapes: NDArray[Any], *, tie_m: float = 0.0) -> Feet:
    """Return the foot of every shape on the nearest of `edges`, by straight line from its outline or point.

    A shape that meets an edge has a leg of 0 m. Ties (legs at most `tie_m` longer than the shortest) give several
    feet, so the order of edges decides nothing.
    """
    if len(edges) == 0 or len(shapes) == 0:
        none = np.empty(0, dtype=np.int64)
        return Feet(shape=none, edge=none, along_m=np.empty(0), leg_m=np.empty(0))
    segments = shapely.linestrings(graph.xy[graph.ends[edges]])
    tree = shapely.STRtree(segments)
    (shape, found), leg_m = tree.query_nearest(shapes, return_distance=True)
    if tie_m > 0.0:
        nearest_m = np.full(len(shapes), 0.0)
        nearest_m[shape] = leg_m
        shape, found = tree.query(shapes, predicate="dwithin", distance=nearest_m + tie_m)
        leg_m = shapely.distance(shapes[shape], segments[found])
    order = np.lexsort((found, shape))
    shape, found, leg_m = shape[order], found[order], leg_m[order]
    landing = shapely.get_point(shapely.shortest_line(shapes[shape], segments[found]), 1)
    along_m = shapely.line_locate_point(segments[found], landing)
    return Feet(shape=shape.astype(np.int64), edge=edges[found], along_m=along_m, leg_m=leg_m)


def insert_feet(graph: WalkGraph, feet: Feet) -> tuple[WalkGraph, Ints]:
    """Return the graph with every foot as a vertex, and the vertex of each foot.

    Feet on one edge split it in order; feet at one spot share a vertex; a foot at an end is that end.
    """
    # An edge that is split keeps what its metres count.
    length_m = graph.length_m[feet.edge]
    vertex = np.where(feet.along_m <= _END_M, graph.ends[feet.edge, 0], graph.ends[feet.edge, 1])
    inside = np.flatnonzero((feet.along_m > _END_M) & (feet.along_m < length_m - _END_M))
    if len(inside) == 0:
        return graph, vertex
    spots, spot_of_foot = np.unique(
        np.column_stack([feet.edge[inside].astype(float), feet.along_m[inside]]), axis=0, return_inverse=True
    )
    edge, along_m = spots[:, 0].astype(np.int64), spots[:, 1]
    new = len(graph.xy) + np.arange(len(spots))
    vertex[inside] = new[spot_of_foot.ravel()]
    start, end = graph.xy[graph.ends[edge, 0]], graph.xy[graph.ends[edge, 1]]
    xy = start + (end - start) * (along_m / graph.length_m[edge])[:, np.newaxis]
    is_first = np.append(True, edge[1:] != edge[:-1])
    is_last = np.append(edge[1:] != edge[:-1], True)
    before = np.where(is_first, graph.ends[edge, 0], new - 1)
    before_m = np.where(is_first, 0.0, np.append(0.0, along_m[:-1]))
    whole = np.ones(len(graph.ends), dtype=bool)
    whole[edge] = False
    tails = [np.column_stack([before, new]), np.column_stack([new, graph.ends[edge, 1]])[is_last]]
    lengths = [along_m - before_m, (graph.length_m[edge] - along_m)[is_last]]
    joined = WalkGraph(
        xy=np.vstack([graph.xy, xy]),
        ends=np.vstack([graph.ends[whole], *tails]),
        length_m=np.concatenate([graph.length_m[whole], *lengths]),
        counts=None
        if graph.counts is None
        else np.concatenate([graph.counts[whole], graph.counts[edge], graph.counts[edge[is_last]]]),
    )
    return joined, vertex


def _same_place(coordinates: Floats) -> tuple[Ints, Ints]:
    """Return the node number of each row and the first row of each node; nodes are sorted by x, then y."""
    grid = np.round(coordinates * _MILLIMETRES).astype(np.int64)
    grid -= grid.min(axis=0)
    key = grid[:, 0] * (grid[:, 1].max() + 1) + grid[:, 1]
    _, first, node = np.unique(key, return_index=True, return_inverse=True)
    return node.astype(np.int64), first.astype(np.int64)
