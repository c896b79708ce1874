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
    "draw_fits",
    "edge_anchors",
    "find_fits",
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
_LONG_M = 10.0  # longer rectangles are tried at points between their corners too, before they are drawn
_BLOCK = 2  # places of the grid along a side of a block that shares its nearest wall
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
    block_m = step_m * _BLOCK
    blocks = np.column_stack(((x - west) // block_m, (y - south) // block_m))
    middles, block = np.unique(blocks, axis=0, return_inverse=True)
    middles = (middles + 0.5) * block_m + (west, south)
    angle = angles[walls.nearest(shapely.points(middles))][block.ravel()]
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

    The strip in front of a layout with `access_m` must be covered by `access` (ground one can drive on).
    """
    anchor, number = find_fits(ground, anchors, layouts, access)
    return Fits(anchor, number, draw_fits(anchors, anchor, number, layouts))


def draw_fits(anchors: Anchors, anchor: Indices, number: Indices, layouts: Sequence[Layout]) -> Shapes:
    """Return the footprint of each fit, given as its anchor and its layout."""
    sizes = np.array([(layout.length_m, layout.depth_m) for layout in layouts]).reshape(-1, 2)[number]
    origin = anchors.origin[anchor]
    along, forward = anchors.along[anchor] * sizes[:, :1], anchors.forward[anchor] * sizes[:, 1:]
    corners = (origin, origin + along, origin + along + forward, origin + forward, origin)
    return np.asarray(shapely.polygons(np.stack(corners, axis=1)), dtype=object)


def find_fits(ground: Any, anchors: Anchors, layouts: Sequence[Layout], access: Any = None) -> tuple[Indices, Indices]:
    """Return anchor and layout of every fit, sorted by layout, then by anchor; see `fit_layouts`.

    Within one depth a longer layout contains the shorter ones: the longest is tried first, and where it fits the
    others need no test.
    """
    shapely.prepare(ground)
    if access is not None:
        shapely.prepare(access)
    found_anchor, found_layout = [np.empty(0, dtype=np.intp)], [np.empty(0, dtype=np.intp)]
    started = np.flatnonzero(shapely.intersects_xy(ground, *anchors.origin.T))
    for depth_m in sorted({layout.depth_m for layout in layouts}):
        numbers = [number for number, layout in enumerate(layouts) if layout.depth_m == depth_m]
        left = started[_on(ground, anchors, started, 0.0, depth_m)]
        fitting = np.empty(0, dtype=np.intp)
        for number in reversed(numbers):
            fits = _covered(ground, access, anchors, left, layouts[number])
            fitting, left = np.concatenate((fitting, left[fits])), left[~fits]
            found_anchor.append(np.sort(fitting))
            found_layout.append(np.full(len(fitting), number))
    anchor, which = np.concatenate(found_anchor), np.concatenate(found_layout)
    order = np.argsort(which, kind="stable")
    return anchor[order], which[order]


def _covered(ground: Any, access: Any, anchors: Anchors, rows: Indices, layout: Layout) -> npt.NDArray[np.bool_]:
    """Return at which anchors the ground covers the layout, and `access` the strip before it; points come first."""
    left = np.arange(len(rows))
    for share in (1.0, 0.5, 0.25, 0.75) if layout.length_m > _LONG_M else (1.0,):
        for depth_m in (0.0, layout.depth_m):
            left = left[_on(ground, anchors, rows[left], layout.length_m * share, depth_m)]
    shapes = rectangles(anchors, rows[left], (0.0, layout.length_m), (0.0, layout.depth_m))
    left = left[shapely.covers(ground, shapes)]
    if layout.access_m > 0.0 and access is not None:
        strip_m = (layout.depth_m, layout.depth_m + layout.access_m)
        left = left[shapely.covers(access, rectangles(anchors, rows[left], (0.0, layout.length_m), strip_m))]
    covered = np.zeros(len(rows), dtype=bool)
    covered[left] = True
    return covered


def _on(ground: Any, anchors: Anchors, rows: Indices, along_m: float, forward_m: float) -> npt.NDArray[np.bool_]:
    """Return from which anchors a step leads to the ground."""
    points = anchors.origin[rows] + anchors.along[rows] * along_m + anchors.forward[rows] * forward_m
    return np.asarray(shapely.intersects_xy(ground, points[:, 0], points[:, 1]))
