"""Audit of reach: open ground again, by brute force: all corners with all corners, each line tried against the ground.

The ground of a compound is its polygon without buildings, water and barriers; walls without breadth are given a tenth
of a millimetre. A line of sight is free if the ground, grown by a hundredth of a millimetre, covers it. Mapped ways
lead through what they cross, a gate (unless its access is "no") through the wall it stands within 0.5 m of. A walk
starts at a door on the ground, else anywhere on the building's outline, and ends anywhere on the site's; where an
outline lies wholly under other solids, the outline of the block of touching solids stands for it.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import networkx as nx
import numpy as np
import shapely

__all__ = ["OpenGround", "lay_open_ground"]

_WALL_M = 5e-5  # half the breadth of a wall
_TOUCH_M = 1e-5
_NARROW_M = 0.0003  # a gap narrower than twice this is no passage
_MITRE = {"join_style": "mitre", "mitre_limit": 100.0}
_GATE_M = 0.5


@dataclass(frozen=True, eq=False)
class OpenGround:
    """One compound: `free` ground grown by a hair, `snug` by half of it, `solids`, a networkx graph of the free walks.

    Nodes are numbers into `places`; the first ones are the openings, as given.
    """

    area: Any
    free: Any
    snug: Any
    solids: Any
    graph: Any
    places: Any
    limit_m: float

    def from_building(self, outline: Any, doors: Sequence[Any]) -> dict[int, float]:
        """Return the walk from a building to every node it reaches."""
        shape = _block_of(outline, self)
        spots = [shapely.shortest_line(shape.boundary, door).coords[0] for door in doors]
        spots = [spot for spot in spots if self.free.covers(shapely.Point(spot))]
        legs = _legs(self, spots) if spots else _legs_to_outline(self, shape)
        return self._spread(legs)

    def from_site(self, site: Any) -> dict[int, float]:
        """Return the walk from a site to every node that it is reached from."""
        return self._spread(_legs_to_outline(self, _block_of(site, self)))

    def directly(self, outline: Any, doors: Sequence[Any], site: Any) -> float:
        """Return the length of the shortest free straight leg from a building to a site."""
        shape, target = _block_of(outline, self), _block_of(site, self)
        spots = [shapely.shortest_line(shape.boundary, door).coords[0] for door in doors]
        spots = [spot for spot in spots if self.free.covers(shapely.Point(spot))]
        if not spots and shape.intersects(target):
            return 0.0
        if any(target.intersects(shapely.Point(spot)) for spot in spots):
            return 0.0
        facade, edge = _free_outline(self, shape), _free_outline(self, target)
        starts = spots or [*map(tuple, shapely.get_coordinates(facade))]
        pairs = [(spot, end) for spot in starts for end in _near_places(spot, target, edge)]
        if not spots:
            pairs += [(spot, end) for spot in map(tuple, shapely.get_coordinates(edge))
                      for end in _near_places(spot, shape, facade)]  # fmt: skip
        return min((math.dist(*pair) for pair in _seen(self, pairs)), default=math.inf)

    def _spread(self, legs: dict[int, float]) -> dict[int, float]:
        graph = self.graph
        graph.add_weighted_edges_from((-1, node, length_m) for node, length_m in legs.items())
        found = nx.single_source_dijkstra_path_length(graph, -1, cutoff=self.limit_m + 1.0) if legs else {}
        if legs:
            graph.remove_node(-1)
        return {node: length_m for node, length_m in found.items() if node >= 0}


def lay_open_ground(
    area: Any, shapes: Any, ways: Any, gates: Any, openings: Sequence[Any], *, limit_m: float
) -> OpenGround:
    """Return the ground of `area` among `shapes` (buildings, barriers, water), with the free walks between corners."""
    here = shapes[shapely.intersects(area, shapes)] if len(shapes) else shapes
    solids = here[shapely.get_dimensions(here) == 2]
    walls = here[shapely.get_dimensions(here) == 1]
    broad = shapely.buffer(walls, _WALL_M, cap_style="square", **_MITRE)
    parts = shapely.get_parts(shapely.union_all([*solids, *broad]))
    closed = shapely.union_all([*parts, *_plugs([*parts, area.boundary])])
    for gate in gates[shapely.intersects(area, gates)] if len(gates) else ():
        for wall in walls:
            if wall.distance(gate) <= _GATE_M:
                closed = closed.difference(wall.interpolate(wall.project(gate)).buffer(3 * _WALL_M))
    free = area.difference(closed)
    grown = free.buffer(_TOUCH_M, **_MITRE)
    shapely.prepare(grown)
    inside = [way for way in ways if way.intersects(area)]
    passages = [line for way in inside for line in _lines(way.intersection(closed))]
    points = [*(opening.coords[0] for opening in openings), *(end for line in passages for end in _ends(line)),
              *_corners(free)]  # fmt: skip
    ground = OpenGround(
        area, grown, free.buffer(_TOUCH_M / 2, **_MITRE), solids, nx.Graph(), np.array(points).reshape(-1, 2), limit_m
    )
    graph = ground.graph
    graph.add_nodes_from(range(len(points)))
    graph.add_weighted_edges_from(_sight_edges(ground))
    first = len(openings)
    for number, line in enumerate(passages):
        tail, head = first + 2 * number, first + 2 * number + 1
        graph.add_edge(tail, head, weight=line.length)
        for other in range(first, tail):  # ways that meet inside an obstacle go on there
            for end in (tail, head):
                if math.dist(ground.places[other], ground.places[end]) < _TOUCH_M:
                    graph.add_edge(other, end, weight=0.0)
        for at, opening in enumerate(openings):
            if line.distance(opening) < _NARROW_M:
                along_m = line.project(opening)
                graph.add_edge(at, tail, weight=along_m)
                graph.add_edge(at, head, weight=line.length - along_m)
    return ground


def _plugs(shapes: Sequence[Any]) -> list[Any]:
    """Return what fills the narrow gaps between obstacles, also where two touch in one point."""
    grown = [shape.buffer(_NARROW_M) for shape in shapes]
    pairs = zip(*shapely.STRtree(shapes).query(shapes, predicate="dwithin", distance=2 * _NARROW_M), strict=True)
    return [grown[left].intersection(grown[right]) for left, right in pairs if left < right] if shapes else []


def _corners(free: Any) -> list[tuple[float, float]]:
    """Return the corners of the ground that stick out into it; walks bend nowhere else."""
    found = []
    for part in shapely.get_parts(free):
        for number, ring in enumerate((part.exterior, *part.interiors)):
            xy = list(ring.coords)[:-1]
            turn_left = shapely.is_ccw(ring) == (number == 0)
            for at, place in enumerate(xy):
                before, after = xy[at - 1], xy[(at + 1) % len(xy)]
                turn = (place[0] - before[0]) * (after[1] - place[1]) - (place[1] - before[1]) * (after[0] - place[0])
                if (turn < 0) == turn_left:
                    found.append(place)
    return found


def _sight_edges(ground: OpenGround) -> Iterable[tuple[int, int, float]]:
    tail, head = np.triu_indices(len(ground.places), 1)
    length_m = np.hypot(*(ground.places[head] - ground.places[tail]).T)
    near = length_m <= ground.limit_m
    tail, head, length_m = tail[near], head[near], length_m[near]
    lines = shapely.linestrings(np.stack([ground.places[tail], ground.places[head]], axis=1))
    seen = shapely.covers(ground.free, lines) if len(lines) else np.empty(0, dtype=bool)
    return zip(tail[seen].tolist(), head[seen].tolist(), length_m[seen].tolist(), strict=True)


def _legs(ground: OpenGround, spots: Iterable[tuple[float, ...]]) -> dict[int, float]:
    return _shortest(ground, [(at, spot) for spot in spots for at in range(len(ground.places))])


def _legs_to_outline(ground: OpenGround, shape: Any) -> dict[int, float]:
    """Return the shortest free legs from nodes to any edge of an outline."""
    near = np.flatnonzero(shapely.distance(shapely.points(ground.places), shape) <= ground.limit_m)
    outline = _free_outline(ground, shape)
    pairs = [(int(at), end) for at in near for end in _near_places(tuple(ground.places[at]), shape, outline)]
    return _shortest(ground, pairs)


def _shortest(ground: OpenGround, pairs: list[tuple[int, Any]]) -> dict[int, float]:
    legs: dict[int, float] = {}
    lines = shapely.linestrings([(ground.places[at], end) for at, end in pairs]) if pairs else np.empty(0, object)
    seen = shapely.covers(ground.free, lines)
    for (at, end), free in zip(pairs, seen, strict=True):
        if free:
            legs[at] = min(legs.get(at, math.inf), math.dist(ground.places[at], end))
    return legs


def _seen(ground: OpenGround, pairs: list[tuple[Any, Any]]) -> list[tuple[Any, Any]]:
    lines = shapely.linestrings(pairs) if pairs else np.empty(0, object)
    return [pair for pair, free in zip(pairs, shapely.covers(ground.free, lines), strict=True) if free]


def _near_places(spot: tuple[float, ...], shape: Any, outline: Any) -> Iterable[tuple[float, ...]]:
    """Yield the nearest place of every piece of an outline; the spot itself if it lies inside."""
    if shape.intersects(shapely.Point(spot)):
        yield tuple(spot)
        return
    for line in outline:
        for (ax, ay), (bx, by) in pairwise(line.coords):
            size2 = (bx - ax) ** 2 + (by - ay) ** 2
            share = ((spot[0] - ax) * (bx - ax) + (spot[1] - ay) * (by - ay)) / size2 if size2 else 0.0
            share = min(1.0, max(0.0, share))
            yield ax + share * (bx - ax), ay + share * (by - ay)


def _free_outline(ground: OpenGround, shape: Any) -> list[Any]:
    """Return the stretches of an outline that lie on free ground, as lines: they end where another obstacle begins."""
    held = shapely.get_parts(shapely.intersection(shape.boundary, ground.snug))
    return [part for part in held if part.geom_type == "LineString"]


def _block_of(shape: Any, ground: OpenGround) -> Any:
    """Return the shape, or the block of touching solids that it is part of if its outline lies wholly under them."""
    others = [solid for solid in ground.solids if not solid.equals(shape)]
    hidden = shapely.union_all([*others, _outside(ground)]).buffer(_NARROW_M)
    if not shape.boundary.difference(hidden).is_empty:
        return shape
    block, count = shape, -1
    while True:
        touching = [solid for solid in ground.solids if solid.intersects(block)]
        if len(touching) == count:
            return block
        count = len(touching)
        block = shapely.union_all([block, *touching])


def _outside(ground: OpenGround) -> Any:
    return ground.area.envelope.buffer(1000.0).difference(ground.area)


def _lines(shape: Any) -> list[Any]:
    merged = shapely.line_merge(shape)
    return [part for part in shapely.get_parts(merged) if part.geom_type == "LineString" and part.length > 0]


def _ends(line: Any) -> tuple[Any, Any]:
    return line.coords[0], line.coords[-1]
