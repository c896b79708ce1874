"""Reach over open ground: one compound's ground, its obstacles, and the shortest walks on it.

The ground of a compound is its polygon without buildings, water, walls and fences. A walk on it is a chain of free
lines of sight from a facade or a door, by corners of obstacles, to an opening of the compound or to a site's outline.
Where a mapped way leads through an obstacle (an archway, a bridge, a wicket in a wall), the way is a passage; so is a
gate in a wall. The ground ends at the compound's boundary, which is crossed at openings only.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import geopandas as gpd
import numpy as np
import shapely
from shapely.ops import substring

from siting.access.edges import Edges, joined, steps
from siting.access.network import Bools, Floats, Ints
from siting.access.spots import (
    ASIDE_M,
    Spots,
    corners,
    line_corners,
    outlines,
    sight,
    tangent,
)

__all__ = [
    "Ground",
    "Obstacles",
    "Ways",
    "contacts",
    "facades_of",
    "is_free",
    "lay_ground",
    "read_obstacles",
]

_POLYGONS = (3, 6)
_ON_WALL_M = 0.5  # a gate this near to a wall is in it
_POCKET_M = 0.003  # how far from what it touches a facade is left
_POCKET_REACH_M = 0.05


@dataclass(frozen=True, eq=False, kw_only=True)
class Obstacles:
    """What nobody walks through: `solids` (polygons) and `thin` (lines), each with its tree; `gates` in walls."""

    solids: Any
    thin: Any
    solid_tree: shapely.STRtree
    thin_tree: shapely.STRtree
    gates: Any


@dataclass(frozen=True, eq=False)
class Ways:
    """Mapped walkable ways, as lines, with their tree."""

    lines: Any
    tree: shapely.STRtree


@dataclass(frozen=True, eq=False, kw_only=True)
class Ground:
    """One compound's ground: `spots` (openings first, `openings` of them) and the free walks between them (`edges`).

    `seeing` numbers the spots on free ground. `lines` is every outline that stops a walk, the compound's own
    included; `solids` with `tree` stand on it, `thin` are the walls and the boundary. `bends` are the mapped ways
    that edges with a `bend` follow.
    """

    area: Any
    lines: Any
    solids: Any
    thin: Any
    tree: shapely.STRtree
    spots: Spots
    seeing: Ints
    openings: int
    edges: Edges
    bends: tuple[Any, ...] = ()


class _End(NamedTuple):
    """Where a passage meets free ground: the place, and the tested place beside it."""

    xy: Floats
    test: Floats


class _Passage(NamedTuple):
    """A mapped way through an obstacle; a gate in a wall has no length."""

    line: Any
    ends: tuple[_End, _End]


def read_obstacles(
    buildings: gpd.GeoDataFrame, barriers: gpd.GeoDataFrame, obstacles: gpd.GeoDataFrame, gates: gpd.GeoDataFrame
) -> Obstacles:
    """Return what stops a walker: buildings, walls, fences and other barriers, water; and the gates open in them.

    A gate that nobody may pass (access "no") opens nothing.
    """
    water = obstacles.geometry[(obstacles["kind"] == "water").to_numpy()].to_numpy()
    shapes = shapely.get_parts(np.concatenate([buildings.geometry.to_numpy(), barriers.geometry.to_numpy(), water]))
    area = np.isin(shapely.get_type_id(shapes), _POLYGONS)
    line = shapely.get_dimensions(shapes) == 1
    passable = (gates["access"] != "no").to_numpy(dtype=bool)
    return Obstacles(
        solids=shapes[area],
        thin=shapes[line],
        solid_tree=shapely.STRtree(shapes[area]),
        thin_tree=shapely.STRtree(shapes[line]),
        gates=gates.geometry.to_numpy()[passable],
    )


def lay_ground(area: Any, openings: Spots, obstacles: Obstacles, ways: Ways, *, limit_m: float) -> Ground:
    """Return the ground of the compound `area` with every free walk of at most `limit_m` between its spots."""
    solids = obstacles.solids[np.sort(obstacles.solid_tree.query(area, predicate="intersects"))]
    thin = obstacles.thin[np.sort(obstacles.thin_tree.query(area, predicate="intersects"))]
    lines = shapely.multilinestrings(
        np.concatenate([shapely.get_parts(shapely.boundary([area, *solids])), shapely.get_parts(thin)])
    )
    shapely.prepare([area, lines])
    tree = shapely.STRtree(solids)
    bends = Spots.joined([corners(outlines([area], hollow=True)), corners(outlines(solids)), line_corners(thin)])
    here = Ground(
        area=area,
        lines=lines,
        solids=solids,
        thin=np.concatenate([thin, shapely.get_parts(shapely.boundary(area))]),
        tree=tree,
        spots=bends,
        seeing=np.empty(0, dtype=np.int64),
        openings=0,
        edges=joined(()),
    )
    bends = bends[is_free(here, bends.test)]
    passages, through, followed = _passages(here, openings, thin, obstacles.gates, ways)
    spots = Spots.joined([openings, passages, bends])
    seeing = np.flatnonzero(is_free(here, spots.test))
    edges = joined((_sight_edges(spots, seeing, lines, limit_m), through))
    return replace(here, spots=spots, seeing=seeing, openings=len(openings), edges=edges, bends=followed)


def is_free(ground: Ground, points: Floats) -> Bools:
    """Return which points are on the ground: inside the compound and in no solid."""
    inside = np.asarray(shapely.contains_xy(ground.area, points[:, 0], points[:, 1]), dtype=bool)
    if len(ground.solids) and len(points):
        covered = ground.tree.query(shapely.points(points), predicate="intersects")[0]
        inside[covered] = False
    return inside


def facades_of(ground: Ground, shapes: Sequence[Any], *, inside: bool = False) -> tuple[Any, Bools]:
    """Return for each shape the polygon whose outline people walk to, and whether a corner or an edge of it is free.

    A building that others enclose (a tower on its podium), or a site under a roof, is reached at the outline of
    the whole block that it is part of.
    """
    polygons = np.asarray(shapes, dtype=object)
    own = np.ones(len(polygons), dtype=bool)
    if not len(polygons):
        return polygons, own
    edges = outlines(polygons)
    side = -ASIDE_M if inside else ASIDE_M
    middle = edges.start + edges.after / 2
    places = np.vstack([edges.start + side * edges.aside, middle + side * edges.right])
    free = is_free(ground, places)
    own[:] = np.bincount(np.tile(edges.owner, 2), weights=free, minlength=len(polygons)) > 0
    blocks = polygons.copy()
    for number in np.flatnonzero(~own):
        if not _is_partly_free(ground, polygons[number]):
            blocks[number] = _block(ground, polygons[number])
    return blocks, own


def contacts(ground: Ground, shape: Any) -> list[tuple[Floats, Floats]]:
    """Return where the free part of an outline ends at another obstacle: the places, and the tested places beside.

    In such a pocket the nearest place of a facade is neither at a right angle nor a free corner.
    """
    near = [
        *(ground.solids[at] for at in np.sort(ground.tree.query(shape, predicate="dwithin", distance=_POCKET_M))),
        *ground.thin[shapely.dwithin(ground.thin, shape, _POCKET_M)],
    ]
    others = [other for other in near if not shapely.covers(shape, other)]
    if not others:
        return []
    outline, around = shapely.boundary(shape), shapely.boundary(shapely.buffer(shape, ASIDE_M, join_style="mitre"))
    exact = _line_ends(shapely.difference(outline, shapely.union_all(others)))
    free = _line_ends(shapely.difference(outline, shapely.buffer(shapely.union_all(others), _POCKET_M)))
    found = []
    for place in free:
        gap_m = np.hypot(*(exact - place).T) if len(exact) else np.array([np.inf])
        xy = exact[int(np.argmin(gap_m))] if gap_m.min() <= _POCKET_REACH_M else place
        found.append((xy, shapely.get_coordinates(shapely.shortest_line(around, shapely.Point(place)))[0]))
    return found


def _line_ends(lines: Any) -> Floats:
    parts = shapely.get_parts(shapely.line_merge(lines))
    parts = parts[(shapely.get_dimensions(parts) == 1) & ~shapely.is_closed(parts)]
    ends = [shapely.get_coordinates(shapely.get_point(parts, at)) for at in (0, -1)]
    return np.vstack([np.empty((0, 2)), *ends])


def _is_partly_free(ground: Ground, shape: Any) -> bool:
    """Return whether any stretch of an outline is on the ground and under no other solid."""
    hits = ground.tree.query(shape, predicate="dwithin", distance=ASIDE_M) if len(ground.solids) else []
    others = [ground.solids[at] for at in np.sort(hits) if not shapely.covers(shape, ground.solids[at])]
    free = shapely.difference(shapely.boundary(shape), shapely.buffer(shapely.union_all(others), ASIDE_M))
    return bool(shapely.length(shapely.intersection(free, ground.area)) > ASIDE_M)


def _block(ground: Ground, shape: Any) -> Any:
    """Return `shape` united with every solid that touches it, or touches one that does."""
    count = -1
    while True:
        hits = ground.tree.query(shape, predicate="intersects") if len(ground.solids) else np.empty(0, dtype=int)
        if len(hits) == count:
            return shape
        count = len(hits)
        shape = shapely.union_all([shape, *ground.solids[np.sort(hits)]])


def _sight_edges(spots: Spots, seeing: Ints, lines: Any, limit_m: float) -> Edges:
    """Return the free lines of sight between the spots `seeing` that a shortest walk can use."""
    tail, head = (seeing[ends] for ends in np.triu_indices(len(seeing), 1))
    step = spots.xy[head] - spots.xy[tail]
    length_m = np.hypot(step[:, 0], step[:, 1])
    near = np.flatnonzero(length_m <= limit_m)
    tail, head, step, length_m = tail[near], head[near], step[near], length_m[near]
    useful = np.flatnonzero(tangent(spots, tail, step) & tangent(spots, head, step))
    tail, head = tail[useful], head[useful]
    seen = sight(lines, spots.test[tail], spots.test[head])
    tail, head = tail[seen], head[seen]
    return steps(tail, head, spots.xy[tail], spots.xy[head])


def _passages(
    ground: Ground, openings: Spots, thin: Any, gates: Any, ways: Ways
) -> tuple[Spots, Edges, tuple[Any, ...]]:
    """Return the ends of passages, the passages as edges, and the lines these follow; spots count from the openings on.

    An opening inside a solid (a gate under a house) is joined to the ends of the passages it lies on.
    """
    lines = ways.lines[np.sort(ways.tree.query(ground.area, predicate="intersects"))]
    found = [*_through_solids(lines, ground), *_through_walls(lines, thin), *_gates_in_walls(ground.area, thin, gates)]
    if not found:
        return Spots.free([], []), joined(()), ()
    xy = np.array([end.xy for passage in found for end in passage.ends])
    test = np.array([end.test for passage in found for end in passage.ends])
    number = len(openings) + np.arange(len(xy)).reshape(-1, 2)
    rows = [(first, last, passage.line) for (first, last), passage in zip(number, found, strict=True)]
    for opening in np.flatnonzero(~is_free(ground, openings.test)):
        point = shapely.Point(openings.xy[opening])
        for (first, last), passage in zip(number, found, strict=True):
            if passage.line.length and passage.line.distance(point) < ASIDE_M:
                along_m = passage.line.project(point)
                rows.append((first, opening, substring(passage.line, 0.0, along_m)))
                rows.append((opening, last, substring(passage.line, along_m, passage.line.length)))
    covered = np.flatnonzero(~is_free(ground, test))  # ways that meet inside an obstacle go on there
    left, right = _pairs_within(xy[covered])
    meeting = shapely.linestrings(np.stack([xy[covered[left]], xy[covered[left]]], axis=1))
    rows += zip(len(openings) + covered[left], len(openings) + covered[right], meeting, strict=True)
    numbers = np.array([row[:2] for row in rows], dtype=np.int64)
    tail, head = numbers.T
    held = tuple(row[2] for row in rows)
    places = np.vstack([openings.xy, xy])
    bend, length_m = np.arange(1, len(held) + 1), shapely.length(np.array(held, dtype=object))
    return Spots.free(xy, test), steps(tail, head, places[tail], places[head], bend=bend, length_m=length_m), held


def _pairs_within(xy: Floats) -> tuple[Ints, Ints]:
    """Return the pairs of places that are one."""
    points = shapely.points(xy) if len(xy) else np.empty(0, dtype=object)
    left, right = shapely.STRtree(points).query(points, predicate="dwithin", distance=ASIDE_M)
    return left[left < right], right[left < right]


def _through_solids(lines: Any, ground: Ground) -> list[_Passage]:
    """Return each stretch of a way inside solids."""
    way, solid = ground.tree.query(lines, predicate="intersects") if len(ground.solids) else (np.empty(0, int),) * 2
    found = []
    for number in np.unique(way):
        cover = shapely.union_all(ground.solids[np.sort(solid[way == number])])
        merged = shapely.line_merge(shapely.intersection(lines[number], cover))
        for piece in shapely.get_parts(merged):
            xy = shapely.get_coordinates(piece)
            if piece.geom_type == "LineString" and piece.length > ASIDE_M:
                before, ahead = _direction(xy[0], xy[1]), _direction(xy[-2], xy[-1])
                ends = (_End(xy[0], xy[0] - ASIDE_M * before), _End(xy[-1], xy[-1] + ASIDE_M * ahead))
                found.append(_Passage(piece, ends))
    return found


def _through_walls(lines: Any, thin: Any) -> list[_Passage]:
    """Return a passage of no length wherever a way crosses a wall."""
    if not len(thin) or not len(lines):
        return []
    parts = shapely.get_parts(lines)
    ends = shapely.get_coordinates(parts)
    part = np.repeat(np.arange(len(parts)), shapely.get_num_points(parts))
    steps = np.flatnonzero(part[1:] == part[:-1])
    pieces = shapely.linestrings(np.stack([ends[steps], ends[steps + 1]], axis=1))
    wall, piece = shapely.STRtree(pieces).query(thin, predicate="intersects")
    return [
        _point_passage(xy, _direction(*shapely.get_coordinates(pieces[at])))
        for place, at in zip(shapely.intersection(thin[wall], pieces[piece]), piece, strict=True)
        for xy in shapely.get_coordinates(place)
    ]


def _gates_in_walls(area: Any, thin: Any, gates: Any) -> list[_Passage]:
    """Return a passage of no length at every gate that stands in a wall inside the compound."""
    inner = gates[shapely.intersects(area, gates)] if len(gates) else gates
    if not len(thin) or not len(inner):
        return []
    gate, wall = shapely.STRtree(thin).query(inner, predicate="dwithin", distance=_ON_WALL_M)
    found = []
    for point, line in zip(inner[gate], thin[wall], strict=True):
        along_m = line.project(point)
        before, after = line.interpolate(max(0.0, along_m - 0.01)), line.interpolate(along_m + 0.01)
        ahead = _direction(shapely.get_coordinates(before)[0], shapely.get_coordinates(after)[0])
        xy = shapely.get_coordinates(line.interpolate(along_m))[0]
        found.append(_point_passage(xy, np.array([ahead[1], -ahead[0]])))
    return found


def _point_passage(xy: Floats, through: Floats) -> _Passage:
    step = ASIDE_M * through
    return _Passage(shapely.linestrings([xy, xy]), (_End(xy, xy - step), _End(xy, xy + step)))


def _direction(start: Floats, end: Floats) -> Floats:
    step = end - start
    size = float(np.hypot(step[0], step[1]))
    return np.asarray(step / size if size else step, dtype=float)
