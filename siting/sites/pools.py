"""Options: thousands of fits as figures, drawn only when they are kept.

A fit is an anchor and a layout. Choosing among fits needs centres, directions and sizes; outlines are wanted of the
few that stay.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from siting.sites.dense import Boxes
from siting.sites.layouts import Layout
from siting.sites.packing import Anchors, draw_fits, join_anchors
from siting.sites.thinning import spread_out

__all__ = ["Pool", "first_in_cell", "join_pools", "outside", "spread"]

Indices = npt.NDArray[np.intp]

_MOST_CELLS = 1 << 24  # along a side of one piece of ground
_OFF_LATTICE = 0.0137  # of a cell: no regular row of footprints runs along the border of cells


@dataclass(frozen=True, eq=False)
class Pool:
    """Fits of one compound, the best aligned first; `spot` numbers the anchors over all its grounds."""

    anchors: Anchors
    spot: Indices
    layout: Indices
    layouts: tuple[Layout, ...]

    def __len__(self) -> int:
        """Return the number of fits."""
        return len(self.spot)

    def take(self, chosen: npt.NDArray[Any]) -> "Pool":
        """Return the chosen fits, in the order given."""
        return Pool(self.anchors, self.spot[chosen], self.layout[chosen], self.layouts)

    @property
    def bays(self) -> Indices:
        """Return the bays of each fit."""
        return np.array([layout.bays for layout in self.layouts], dtype=np.intp)[self.layout]

    @property
    def boxes(self) -> Boxes:
        """Return the footprints as figures."""
        half = np.array([(layout.length_m / 2.0, layout.depth_m / 2.0) for layout in self.layouts])[self.layout]
        along, forward = self.anchors.along[self.spot], self.anchors.forward[self.spot]
        return Boxes(self.anchors.origin[self.spot] + along * half[:, :1] + forward * half[:, 1:], along, half)

    def drawn(self) -> npt.NDArray[Any]:
        """Return the footprints as polygons."""
        return draw_fits(self.anchors, self.spot, self.layout, self.layouts)


def first_in_cell(pool: Pool, corner: npt.NDArray[np.float64], cell_m: float) -> Indices:
    """Return, of the fits of each layout whose centres lie in one cell, the first."""
    cells = np.floor((pool.boxes.centre - corner) / cell_m + _OFF_LATTICE).astype(np.int64)
    key = (pool.layout * _MOST_CELLS + cells[:, 0]) * _MOST_CELLS + cells[:, 1]
    _, first = np.unique(key, return_index=True)  # edge anchors come first, so they win their cell
    return np.sort(first)


def join_pools(pools: Sequence[Pool], layouts: tuple[Layout, ...]) -> Pool:
    """Return all fits of several pools, which number their layouts alike, as one."""
    empty = np.empty((0, 2))
    anchors = join_anchors([Anchors(empty, empty, empty, np.empty(0, dtype=bool)), *(pool.anchors for pool in pools)])
    offsets = np.cumsum([0, *(len(pool.anchors) for pool in pools)])
    none = np.empty(0, dtype=np.intp)
    return Pool(
        anchors,
        np.concatenate([none, *(pool.spot + offset for pool, offset in zip(pools, offsets, strict=False))]),
        np.concatenate([none, *(pool.layout for pool in pools)]),
        layouts,
    )


def outside(pool: Pool, ground: Any) -> Pool:
    """Return the fits that do not lie wholly on `ground`."""
    shapely.prepare(ground)
    return pool.take(~shapely.covers(ground, pool.drawn()))


def spread(pool: Pool, most: int) -> Pool:
    """Return at most `most` fits, far from each other."""
    return pool.take(spread_out(pool.boxes.centre, np.arange(len(pool)), np.empty(0, dtype=np.intp), most=most))
