"""Fire access that still works: what an engine reached before a place is built, it must reach after.

The lanes are a graph (vertices of mapped fire lanes, joined where ways share a vertex); an engine comes from the
public streets. It needs two things, each by one of several options:

- the face of a building: a stand on a reachable lane, every `step_m` metres, not farther than `reach_m` from the
  wall, with nothing between stand and wall;
- the turn at a dead end longer than `dead_end_m`: a square of `turning_m` at its end, along the lane, free of
  buildings, walls and water.

A place closes a piece of lane where less than `lane_m` (or the lane's own width, if that is less) stays free across
it. A need is lost when it had an option before and has none after. Rows A02-A04 and A07 of the evidence; `reach_m`,
`step_m` and the stand itself are assumptions of the clause, which holds every figure.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import networkx as nx
import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.affinity import affine_transform

from siting.district.record import District
from siting.rules.lanes import Lanes, lanes_of

__all__ = ["ACCESS_FIGURES", "AccessModel", "access_model", "losses", "measure_access"]

#: What a clause has to state in `values`, metres.
ACCESS_FIGURES = ("dead_end_m", "lane_m", "reach_m", "step_m", "turning_m")

_TOLERANCE_M = 0.01
_SHIFTS = 5
_NO_ENGINE_FACE = ("garage", "service", "shed")

_Shapes = NDArray[np.object_]
_Ints = NDArray[np.int_]


@dataclass(frozen=True, eq=False, kw_only=True)
class AccessModel:
    """Lanes, needs and the options each need has; `options` are lines (stand to wall) and squares (a turn)."""

    lanes: Lanes
    needs: tuple[str, ...]  # building ids and the road ids of dead ends
    options: _Shapes
    need_of: _Ints
    segment_of: _Ints
    tree: shapely.STRtree
    before: frozenset[int]  # needs that can be met now

    @property
    def known(self) -> bool:
        """Return whether there is a street that an engine may come from."""
        return bool(self.lanes.entries)


def access_model(district: District, figures: Mapping[str, float]) -> AccessModel:
    """Return the model of a district for the figures of a clause; the last few are kept."""
    return _model(district, tuple(sorted(figures.items())))


@lru_cache(maxsize=4)
def _model(district: District, items: tuple[tuple[str, float], ...]) -> AccessModel:
    figures = dict(items)
    lanes = lanes_of(district, figures["lane_m"])
    faces = _faces(district, lanes, figures)
    turns = _turns(district, lanes, figures)
    rows = [*faces, *turns]
    names = tuple(sorted({name for name, _, _ in rows}))
    number = {name: at for at, name in enumerate(names)}
    options = np.array([shape for _, shape, _ in rows], dtype=object)
    need_of = np.array([number[name] for name, _, _ in rows], dtype=int)
    segment_of = np.array([segment for _, _, segment in rows], dtype=int)
    reached = _reached(lanes, frozenset())
    before = frozenset(need_of[reached[segment_of]].tolist()) if len(rows) else frozenset()
    return AccessModel(
        lanes=lanes,
        needs=names,
        options=options,
        need_of=need_of,
        segment_of=segment_of,
        tree=shapely.STRtree(options),
        before=before,
    )


def losses(model: AccessModel, shapes: _Shapes) -> tuple[str, ...]:
    """Return the needs that can no longer be met when all of `shapes` stand, sorted."""
    if not model.before or not len(shapes):
        return ()
    _, hit = model.tree.query(shapes, predicate="intersects")
    alive = np.ones(len(model.options), dtype=bool)
    alive[hit] = False
    closed = _closed(model.lanes, shapes)
    if closed:
        alive &= _reached(model.lanes, closed)[model.segment_of]
    elif hit.size == 0:
        return ()
    else:
        alive &= _reached(model.lanes, frozenset())[model.segment_of]
    after = set(model.need_of[alive].tolist())
    return tuple(model.needs[need] for need in sorted(model.before - after))


def measure_access(
    model: AccessModel, footprints: _Shapes, error_m: float
) -> tuple[NDArray[np.floating[Any]], _Ints, _Shapes]:
    """Return, for each footprint alone, how many needs are lost, 0 sure / 1 possible / 2 none, and the first need.

    A loss is sure if even the footprint shrunk by the position error causes it, possible if the grown one does.
    """
    count = np.zeros(len(footprints))
    rank = np.full(len(footprints), 2)
    first: _Shapes = np.full(len(footprints), None, dtype=object)
    near = np.unique(model.tree.query(shapely.buffer(footprints, error_m), predicate="intersects")[0])
    lane = np.unique(model.lanes.tree.query(shapely.buffer(footprints, error_m), predicate="intersects")[0])
    for at in np.union1d(near, lane).tolist():
        for outcome, reach_m in ((0, -error_m), (1, error_m)):
            shape = footprints[at] if reach_m == 0 else footprints[at].buffer(reach_m)
            lost = () if shape.is_empty else losses(model, np.array([shape], dtype=object))
            if lost:
                count[at], rank[at], first[at] = len(lost), outcome, lost[0]
                break
    return count, rank, first


def _reached(lanes: Lanes, closed: frozenset[int]) -> NDArray[np.bool_]:
    """Return which segments an engine can drive when those `closed` are shut."""
    graph: nx.Graph[int] = nx.Graph()
    graph.add_node(-1)
    graph.add_edges_from((-1, node) for node in lanes.entries)
    graph.add_edges_from((u, v) for number, (u, v) in enumerate(lanes.ends.tolist()) if number not in closed)
    nodes = nx.node_connected_component(graph, -1)
    reached = np.array([u in nodes or v in nodes for u, v in lanes.ends.tolist()], dtype=bool)
    reached[list(closed)] = False
    return reached


def _closed(lanes: Lanes, shapes: _Shapes) -> frozenset[int]:
    """Return the segments that the shapes leave too narrow."""
    which, segments = lanes.tree.query(shapes, predicate="intersects")
    found = set()
    for segment in np.unique(segments).tolist():
        here = shapes[which[segments == segment]]
        if _too_narrow(lanes, segment, here):
            found.add(segment)
    return frozenset(found)


def _too_narrow(lanes: Lanes, segment: int, shapes: _Shapes) -> bool:
    """Return whether somewhere along a segment the widest free strip across it is below what it must keep."""
    (x0, y0), (x1, y1) = shapely.get_coordinates(lanes.lines[segment])
    length = float(np.hypot(x1 - x0, y1 - y0))
    c, s = (x1 - x0) / length, (y1 - y0) / length
    matrix = [c, s, -s, c, -(c * x0 + s * y0), s * x0 - c * y0]
    half = float(lanes.widths[segment]) / 2.0
    inside = shapely.intersection(shapes, lanes.corridors[segment])
    pieces = [part for part in shapely.get_parts(inside) if part.area > 0.0]
    boxes = [affine_transform(part, matrix).bounds for part in pieces]
    for s0, *_ in boxes:
        taken = sorted((t0, t1) for a, t0, b, t1 in boxes if a <= s0 <= b)
        free, edge = 0.0, -half
        for t0, t1 in taken:
            free, edge = max(free, t0 - edge), max(edge, t1)
        if max(free, half - edge) < float(lanes.kept[segment]) - _TOLERANCE_M:
            return True
    return False


def _faces(district: District, lanes: Lanes, figures: Mapping[str, float]) -> list[tuple[str, Any, int]]:
    """Return (building, line from a stand to its wall, segment) for every stand in reach with a free line."""
    buildings = district.buildings
    walls = buildings.geometry.to_numpy()
    stands, segments = lanes.stands(figures["step_m"])
    if not len(walls) or not len(stands):
        return []
    tree = shapely.STRtree(walls)
    at, wall = tree.query(stands, predicate="dwithin", distance=figures["reach_m"])
    wanted = ~buildings["use"].isin(_NO_ENGINE_FACE).to_numpy()
    at, wall = at[wanted[wall]], wall[wanted[wall]]
    lines = shapely.shortest_line(stands[at], walls[wall])
    crossing, other = tree.query(lines, predicate="intersects")
    barred = np.zeros(len(lines), dtype=bool)
    barred[crossing[other != wall[crossing]]] = True
    order = np.lexsort((at, wall))
    return [(str(buildings.index[wall[n]]), lines[n], int(segments[at[n]])) for n in order.tolist() if not barred[n]]


def _turns(district: District, lanes: Lanes, figures: Mapping[str, float]) -> list[tuple[str, Any, int]]:
    """Return (road, square, segment) for every free square at the end of a long dead end."""
    obstacles = district.obstacles
    parts = (district.buildings.geometry, district.barriers.geometry, obstacles.geometry[obstacles["kind"].eq("water")])
    solid = np.concatenate([part.to_numpy() for part in parts])
    tree = shapely.STRtree(solid)
    side = figures["turning_m"]
    rows = []
    for node, segment in lanes.dead_ends(figures["dead_end_m"]):
        squares = _squares(lanes, node, segment, side)
        barred = np.unique(tree.query(squares, predicate="intersects")[0])
        free = np.delete(np.arange(len(squares)), barred)
        rows += [(str(lanes.road_ids[segment]), squares[n], segment) for n in free.tolist()]
    return rows


def _squares(lanes: Lanes, node: int, segment: int, side: float) -> _Shapes:
    ends = shapely.get_coordinates(lanes.lines[segment])
    here, back = (ends[1], ends[0]) if lanes.ends[segment][1] == node else (ends[0], ends[1])
    along = (here - back) / np.hypot(*(here - back))
    across = np.array([-along[1], along[0]])
    shifts = np.linspace(-side, 0.0, _SHIFTS)
    corners = [
        [here + (s + a) * along + (t + b) * across for a, b in ((0, 0), (side, 0), (side, side), (0, side))]
        for s in shifts
        for t in shifts
    ]
    squares: _Shapes = shapely.polygons(np.array(corners))
    return squares
