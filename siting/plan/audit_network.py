"""Audit of reach: the mapped ways as a networkx graph, and straight legs to them; every way is looked at.

An edge joins two consecutive vertices of a way; vertices are one where they agree to the millimetre. A part of the
network is joined to the street if it holds 100 m of public street or is the longest part. Lengths are metres.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, TypeAlias

import networkx as nx
import numpy as np
import shapely

from siting.plan.audit_reading import Facts

__all__ = ["Foot", "Network", "Node", "feet_of", "node_of", "read_network", "spread", "walk"]

_TIE_M = 1e-6  # ways this equally near are one choice as good as another
_MIN_STREET_M = 100.0
_NOT_PUBLIC = frozenset({"service", "track", "driveway"})

Node: TypeAlias = tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Network:
    """The reachable ways: networkx graph, its edges as (node, node, length) and as shapes with their boxes.

    `access` has the access tag of each edge's way (of the first, where ways share an edge), `counts` what a metre of
    it counts in a walk.
    """

    graph: Any
    edges: tuple[tuple[Node, Node, float], ...]
    access: tuple[str | None, ...]
    shapes: Any
    boxes: Any
    counts: tuple[float, ...]


@dataclass(frozen=True)
class Foot:
    """Where a straight leg of `leg_m` meets an edge, `along_m` from its first node."""

    edge: int
    along_m: float
    leg_m: float


def read_network(facts: Facts, *, slopes: bool = True) -> Network:
    """Return the walkable ways that are joined to the street; without `slopes` every metre counts one (cables)."""
    roads = facts.tables["roads"]
    steep = roads["counts"] if slopes and "counts" in roads else dict.fromkeys(roads.index, 1.0)
    graph: Any = nx.Graph()
    for road in roads[roads["walkable"].astype(bool)].itertuples():
        public = bool(road.drivable) and road.kind not in _NOT_PUBLIC
        counts = float(steep[road.Index])
        for part in shapely.get_parts(road.geometry):
            for start, end in pairwise(part.coords):
                tail, head = node_of(start), node_of(end)
                if tail == head:
                    continue
                for node, point in ((tail, start), (head, end)):
                    graph.add_node(node)
                    graph.nodes[node].setdefault("point", point[:2])
                held = graph.get_edge_data(
                    tail, head, default={"public": False, "access": road.access, "counts": counts}
                )
                graph.add_edge(tail, head, public=public or held["public"], access=held["access"],
                               counts=min(counts, held["counts"]))  # fmt: skip
    for tail, head, data in graph.edges(data=True):
        data["length_m"] = math.dist(graph.nodes[tail]["point"], graph.nodes[head]["point"])
        data["walk_m"] = data["length_m"] * data["counts"]
    kept = graph.subgraph(_joined_to_street(graph))
    edges = tuple(sorted((*sorted((tail, head)), data["length_m"]) for tail, head, data in kept.edges(data=True)))
    shapes = np.array([shapely.LineString([kept.nodes[tail]["point"], kept.nodes[head]["point"]])
                       for tail, head, _ in edges], dtype=object)  # fmt: skip
    access = tuple(kept.edges[tail, head]["access"] for tail, head, _ in edges)
    every = tuple(kept.edges[tail, head]["counts"] for tail, head, _ in edges)
    return Network(kept, edges, access, shapes, shapely.bounds(shapes).reshape(-1, 4), every)


def _joined_to_street(graph: Any) -> set[Node]:
    joined: set[Node] = set()
    longest: tuple[float, set[Node]] = (0.0, set())
    for part in sorted(nx.connected_components(graph), key=min):
        edges = list(graph.subgraph(part).edges(data=True))
        total_m = math.fsum(data["length_m"] for *_, data in edges)
        street_m = math.fsum(data["length_m"] for *_, data in edges if data["public"])
        if street_m >= _MIN_STREET_M:
            joined |= part
        if total_m > longest[0]:
            longest = (total_m, part)
    return joined | longest[1]


def feet_of(network: Network, shape: Any, max_leg_m: float) -> list[Foot]:
    """Return the feet of a shape on its nearest edge: several if edges, or places of its outline, are equally near."""
    if not len(network.shapes):
        return []
    west, south, east, north = shapely.bounds(shape)
    boxes = network.boxes
    # A box is never farther than what lies in it: edges whose box is too far need no exact distance.
    across_m = np.maximum(np.maximum(boxes[:, 0] - east, west - boxes[:, 2]), 0.0)
    along_m = np.maximum(np.maximum(boxes[:, 1] - north, south - boxes[:, 3]), 0.0)
    at_least_m = np.hypot(across_m, along_m)
    some_m = shapely.distance(shape, network.shapes[int(np.argmin(at_least_m))])
    near = np.flatnonzero(at_least_m <= some_m + _TIE_M)
    legs_m = shapely.distance(shape, network.shapes[near])
    nearest_m = float(legs_m.min())
    if nearest_m > max_leg_m:
        return []
    feet: list[Foot] = []
    for edge in near[legs_m <= nearest_m + _TIE_M]:
        line = network.shapes[edge]
        spots = {float(line.project(spot)) for spot in _landings(shape, line, nearest_m)}
        feet.extend(Foot(int(edge), along_m, nearest_m) for along_m in sorted(spots))
    return feet


def _landings(shape: Any, line: Any, nearest_m: float) -> Iterator[Any]:
    """Yield where a shortest leg from `shape` may land on `line`: one point, or the ends of a parallel stretch."""
    yield shapely.Point(shapely.shortest_line(shape, line).coords[1])
    for point in map(shapely.Point, shapely.get_coordinates(shape)):
        if shapely.distance(point, line) <= nearest_m + _TIE_M:
            yield point
    for point in map(shapely.Point, shapely.get_coordinates(line)):
        if shapely.distance(point, shape) <= nearest_m + _TIE_M:
            yield point
    yield from map(shapely.Point, shapely.get_coordinates(line.intersection(shape)))


def spread(network: Network, foot: Foot, radius_m: float) -> Mapping[Node, float]:
    """Return the walk in metres from a foot to every node within the radius, without the leg."""
    tail, head, length_m = network.edges[foot.edge]
    counts = network.counts[foot.edge]
    lengths: dict[Node, float] = {}
    for node, start_m in ((tail, counts * foot.along_m), (head, counts * (length_m - foot.along_m))):
        onward = nx.single_source_dijkstra_path_length(network.graph, node, cutoff=radius_m + 1.0, weight="walk_m")
        for other, walk_m in onward.items():
            lengths[other] = min(lengths.get(other, math.inf), start_m + walk_m)
    return lengths


def walk(network: Network, foot: Foot, end: tuple[Foot, Mapping[Node, float]]) -> float:
    """Return the walk between a foot and another one whose walks to all nodes are known, with both legs, in metres."""
    last, reached = end
    tail, head, length_m = network.edges[foot.edge]
    counts = network.counts[foot.edge]
    ways_m = [
        counts * foot.along_m + reached.get(tail, math.inf),
        counts * (length_m - foot.along_m) + reached.get(head, math.inf),
    ]
    if foot.edge == last.edge:
        ways_m.append(counts * abs(foot.along_m - last.along_m))
    return foot.leg_m + min(ways_m) + last.leg_m


def node_of(point: tuple[float, ...]) -> Node:
    """Return the node of a coordinate: its whole millimetres."""
    return round(point[0] * 1000), round(point[1] * 1000)
