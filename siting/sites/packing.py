"""Options: laying rectangles on free ground, flush with its edges and in line with the buildings around it.

Pure kernels on arrays. The edges of the free ground are the lawful lines themselves: parallels of walls, kerbs and
boundaries. So most anchors start on such an edge; a coarse grid in the direction of the nearest building fills
the open middle. Coordinates are metres in the district's CRS.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from siting.sites.layouts import Layout

__all__ = [
    "Anchors",
    "Fits",
    "axis_angles",
    "edge_anchors",
    "fit_layouts",
    "grid_anchors",
    "join_anchors",
    "rectangles",
    "take_anchors",
]

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.intp]
Shapes = npt.NDArray[Any]  # of shapely geometries

_MIN_EDGE_M = 3.0  # shorter edges are arcs of buffers or jogs of a wall
_STRAIGHTEN_M = 0.02
_ROUND_OFF_M = 1e-6  # so that moving a district does not move the search
_SET_BACK_M = 0.05  # keeps a flush rectangle inside its ground in spite of round-off


@dataclass(frozen=True, eq=False)
class Anchors:
    """Where a layout may start: its back left corner and the unit vectors along (u) and forward (v), one row each."""

    origin: Floats  # (n, 2)
    along: Floats  # (n, 2)
    forward: Floats  # (n, 2)
    on_edge: npt.NDArray[np.bool_]  # (n,)

    def __len__(self) -> int:
        """Return the number of anchors."""
        return len(self.origin)


@dataclass(frozen=True, eq=False)
class Fits:
    """Layouts that fit: for each, the index of its anchor and layout, and its footprint."""

    anchor: Indices
    layout: Indices
    footprint: Shapes

    def __len__(self) -> int:
        """Return the number of fits."""
        return len(self.anchor)


def axis_angles(polygons: Shapes) -> Floats:
    """Return the direction of each polygon's walls, radians in (-pi/4, pi/4]: their length-weighted mean mod 90°."""
    points, owner = shapely.get_coordinates(shapely.get_exterior_ring(_largest_parts(polygons)), return_index=True)
    step = np.diff(points, axis=0)
    within = owner[1:] == owner[:-1]
    step, owner = step[within], owner[1:][within]
    length = np.hypot(step[:, 0], step[:, 1])
    quadrupled = 4.0 * np.arctan2(step[:, 1], step[:, 0])
    east = np.bincount(owner, length * np.cos(quadrupled), len(polygons))
    north = np.bincount(owner, length * np.sin(quadrupled), len(polygons))
    return np.asarray(np.arctan2(north, east) / 4.0)


def _largest_parts(polygons: Shapes) -> Shapes:
    parts, owner = shapely.get_parts(polygons, return_index=True)
    order = np.lexsort((-shapely.area(parts), owner))
    _, first = np.unique(owner[order], return_index=True)
    return np.asarray(parts[order][first])


def edge_anchors(polygon: Any, step_m: float) -> Anchors:
    """Return anchors along every straight edge of at least 3 m: every `step_m`, and one that looks back from its end.

    The ground lies in front of each anchor (`forward` points into the polygon).
    """
    straight = shapely.orient_polygons(shapely.normalize(shapely.simplify(polygon, _STRAIGHTEN_M)))
    starts, ends = [], []
    for ring in shapely.get_rings(straight):
        points = shapely.get_coordinates(ring)
        starts.append(points[:-1])
        ends.append(points[1:])
    start, end = np.concatenate(starts), np.concatenate(ends)
    length = np.hypot(*(end - start).T)
    usable = length >= _MIN_EDGE_M - _ROUND_OFF_M
    start, end, length = start[usable], end[usable], length[usable]
    along = (end - start) / length[:, None]
    inward = np.column_stack((-along[:, 1], along[:, 0]))  # the interior is on the left of an oriented ring
    count = np.maximum(np.floor((length - _SET_BACK_M) / step_m + _ROUND_OFF_M).astype(int), 1)
    edge = np.repeat(np.arange(len(start)), count)
    number = np.arange(len(edge)) - np.repeat(np.cumsum(count) - count, count)
    ahead = start[edge] + along[edge] * (number * step_m + _SET_BACK_M)[:, None]
    back = end - along * _SET_BACK_M
    origin = np.concatenate((ahead + inward[edge] * _SET_BACK_M, back + inward * _SET_BACK_M))
    return Anchors(
        origin,
        np.concatenate((along[edge], -along)),
        np.concatenate((inward[edge], inward)),
        np.ones(len(origin), dtype=bool),
    )


def grid_anchors(polygon: Any, step_m: float, walls: shapely.STRtree, angles: Floats) -> Anchors:
    """Return anchors on a grid inside `polygon`, in line with the wall nearest to each and across it.

    `angles` holds the direction in radians of each geometry of `walls`; without walls there is no grid.
    """
    west, south, east, north = shapely.bounds(polygon)
    if not len(angles):
        return Anchors(np.empty((0, 2)), np.empty((0, 2)), np.empty((0, 2)), np.empty(0, dtype=bool))
    columns = np.arange(west + step_m / 2, east - _ROUND_OFF_M, step_m)
    rows = np.arange(south + step_m / 2, north - _ROUND_OFF_M, step_m)
    x, y = np.tile(columns, len(rows)), np.repeat(rows, len(columns))
    inside = shapely.contains_xy(polygon, x, y)
    x, y = x[inside], y[inside]
    angle = angles[walls.nearest(shapely.points(x, y))]
    along = np.column_stack((np.cos(angle), np.sin(angle)))
    across = np.column_stack((-along[:, 1], along[:, 0]))
    origin = np.column_stack((x, y))
    return Anchors(
        np.concatenate((origin, origin)),
        np.concatenate((along, across)),
        np.concatenate((across, -along)),
        np.zeros(2 * len(x), dtype=bool),
    )


def join_anchors(parts: Sequence[Anchors]) -> Anchors:
    """Return all anchors of several sets as one."""
    return Anchors(
        np.concatenate([part.origin for part in parts]),
        np.concatenate([part.along for part in parts]),
        np.concatenate([part.forward for part in parts]),
        np.concatenate([part.on_edge for part in parts]),
    )


def take_anchors(anchors: Anchors, rows: Indices) -> Anchors:
    """Return the anchors of the given rows."""
    return Anchors(anchors.origin[rows], anchors.along[rows], anchors.forward[rows], anchors.on_edge[rows])


def rectangles(anchors: Anchors, rows: Indices, along_m: tuple[float, float], forward_m: tuple[float, float]) -> Shapes:
    """Return one rectangle per anchor in `rows`, from and to the given offsets along and forward of it."""
    origin, along, forward = anchors.origin[rows], anchors.along[rows], anchors.forward[rows]
    (a, b), (c, d) = along_m, forward_m
    corners = [origin + along * u + forward * v for u, v in ((a, c), (b, c), (b, d), (a, d), (a, c))]
    return np.asarray(shapely.polygons(np.stack(corners, axis=1)))


def fit_layouts(ground: Any, anchors: Anchors, layouts: Sequence[Layout], access: Any = None) -> Fits:
    """Return every layout at every anchor whose footprint `ground` covers; `layouts` as `layouts_for` sorts them.

    A longer layout is tried only where the next shorter one of its depth fits, since it contains it. The strip in
    front of a layout with `access_m` must be covered by `access` (ground one can drive on).
    """
    shapely.prepare(ground)
    if access is not None:
        shapely.prepare(access)
    found_anchor, found_layout, found_shape = [], [], []
    alive, depth_m = np.arange(len(anchors)), -1.0
    for number, layout in enumerate(layouts):
        if layout.depth_m != depth_m:
            alive, depth_m = np.arange(len(anchors)), layout.depth_m
        alive = alive[_corners_on(ground, anchors, alive, layout)]  # cheap, and leaves few to be drawn
        shapes = rectangles(anchors, alive, (0.0, layout.length_m), (0.0, layout.depth_m))
        fits = shapely.covers(ground, shapes)
        alive, shapes = alive[fits], shapes[fits]
        if layout.access_m > 0.0 and access is not None:
            strip_m = (layout.depth_m, layout.depth_m + layout.access_m)
            reached = shapely.covers(access, rectangles(anchors, alive, (0.0, layout.length_m), strip_m))
            alive, shapes = alive[reached], shapes[reached]
        found_anchor.append(alive)
        found_layout.append(np.full(len(alive), number))
        found_shape.append(shapes)
    if not layouts:
        return Fits(np.empty(0, dtype=np.intp), np.empty(0, dtype=np.intp), np.empty(0, dtype=object))
    return Fits(np.concatenate(found_anchor), np.concatenate(found_layout), np.concatenate(found_shape))


def _corners_on(ground: Any, anchors: Anchors, rows: Indices, layout: Layout) -> npt.NDArray[np.bool_]:
    """Return which anchors have all four corners of the layout on the ground."""
    origin, along, forward = anchors.origin[rows], anchors.along[rows], anchors.forward[rows]
    on = np.ones(len(rows), dtype=bool)
    for u, v in ((layout.length_m, layout.depth_m), (layout.length_m, 0.0), (0.0, layout.depth_m), (0.0, 0.0)):
        left = np.flatnonzero(on)
        corner = origin[left] + along[left] * u + forward[left] * v
        on[left] = shapely.intersects_xy(ground, corner[:, 0], corner[:, 1])
    return on
