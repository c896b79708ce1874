"""Options: rows of stalls inside a mapped car park, each row with an aisle before it that no other row blocks.

Real markings are not mapped, so rows are drawn the way a car park is laid out: the longest edge first, its aisle
kept free, then the longest edge of what is left, and so on. The footprint of a row is its stalls; the aisle stays
a lane and belongs to nobody.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import shapely

from siting.sites.layouts import Layout
from siting.sites.packing import Anchors, Fits, edge_anchors, fit_layouts, join_anchors, rectangles, take_anchors

__all__ = ["fit_stall_rows"]

_MOST_ROWS = 12  # in one piece of ground
_PARALLEL_SHARE = 0.02  # of the depth: anchors this close to one line belong to one edge


def fit_stall_rows(ground: Any, access: Any, layouts: Sequence[Layout]) -> tuple[Anchors, Fits]:
    """Return where each layout fits in a row along an edge of `ground`, row by row.

    `access` is what a car can drive on: the car park and the lanes beside it. The strip in front of every stall
    must be on it and stays free of the stalls of every other row.
    """
    step_m = layouts[0].length_m / layouts[0].bays  # rows start a whole number of stalls along their edge
    rows: list[tuple[Anchors, Fits]] = []
    left, drivable = ground, access
    for _ in range(_MOST_ROWS):
        row = _longest_row(left, drivable, layouts, step_m)
        if row is None:
            break
        anchors, fits = row
        rows.append(row)
        stalls = shapely.union_all(fits.footprint)
        aisle = shapely.union_all(_strips(anchors, fits, layouts))
        left = shapely.difference(left, shapely.union(stalls, aisle))
        drivable = shapely.difference(drivable, stalls)
    return _joined(rows)


def _longest_row(ground: Any, access: Any, layouts: Sequence[Layout], step_m: float) -> tuple[Anchors, Fits] | None:
    """Return the fits along the one edge whose row is the longest, or None where nothing fits."""
    best, best_m = None, 0.0
    for piece in shapely.get_parts(ground):
        if shapely.area(piece) < layouts[0].length_m * layouts[0].depth_m:
            continue
        every = edge_anchors(piece, step_m)
        for edge in _edges(every):
            anchors = take_anchors(every, edge)
            fits = fit_layouts(piece, anchors, layouts, access)
            row_m = _row_length(anchors, fits, layouts)
            if row_m > best_m + 1e-6:
                best, best_m = (anchors, fits), row_m
    return best


def _edges(anchors: Anchors) -> list[Any]:
    """Return the rows of the anchors of each edge: same forward direction, same line."""
    offset_m = np.sum(anchors.origin * anchors.forward, axis=1)
    keys = np.column_stack((np.round(anchors.forward, 4), np.round(offset_m / _PARALLEL_SHARE)))
    _, group = np.unique(keys, axis=0, return_inverse=True)
    return [np.flatnonzero(group.ravel() == number) for number in range(int(group.max(initial=-1)) + 1)]


def _row_length(anchors: Anchors, fits: Fits, layouts: Sequence[Layout]) -> float:
    if not len(fits):
        return 0.0
    lengths = np.array([layouts[number].length_m for number in fits.layout])
    along = anchors.along[fits.anchor[0]]
    start = anchors.origin[fits.anchor] @ along
    ahead = np.sign(np.sum(anchors.along[fits.anchor] * along, axis=1))
    end = start + ahead * lengths
    return float(max(start.max(), end.max()) - min(start.min(), end.min()))


def _strips(anchors: Anchors, fits: Fits, layouts: Sequence[Layout]) -> Any:
    shapes = []
    for number, layout in enumerate(layouts):
        held = fits.anchor[fits.layout == number]
        depth_m = (layout.depth_m, layout.depth_m + layout.access_m)
        shapes.append(rectangles(anchors, held, (0.0, layout.length_m), depth_m))
    return np.concatenate(shapes)


def _joined(rows: list[tuple[Anchors, Fits]]) -> tuple[Anchors, Fits]:
    empty = np.empty((0, 2))
    none = Anchors(empty, empty, empty, np.empty(0, dtype=bool))
    offsets = np.cumsum([0, *(len(anchors) for anchors, _ in rows)])
    index = np.empty(0, dtype=np.intp)
    fits = Fits(
        np.concatenate([index, *(fits.anchor + offset for (_, fits), offset in zip(rows, offsets, strict=False))]),
        np.concatenate([index, *(fits.layout for _, fits in rows)]),
        np.concatenate([np.empty(0, dtype=object), *(fits.footprint for _, fits in rows)]),
    )
    return join_anchors([none, *(anchors for anchors, _ in rows)]), fits
