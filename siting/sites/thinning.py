"""Options: from thousands of fitting footprints to a few dozen that still hold what the ground can hold.

Pure kernels on arrays. First a greedy packing (many bays first) keeps the capacity, each with a smaller layout at
the same spot so that a small sum can be spent there too; then, size by size, the footprints farthest from those
already kept fill the rest. Ties go to the lower index: same input, same choice.
"""

from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

__all__ = ["pack_greedily", "spread_out", "thin"]

Indices = npt.NDArray[np.intp]

_PACKED_SHARE = 0.4  # of the quota; a smaller twin doubles it


def thin(footprints: npt.NDArray[Any], bays: Indices, anchor: Indices, *, gap_m: float, quota: int) -> Indices:
    """Return the indices of at most `quota` footprints to keep, ascending.

    `bays` and `anchor` (the spot a footprint starts at) are given per footprint; earlier rows are preferred among
    equals, so put the better aligned first. Packed footprints stand at least `gap_m` apart.
    """
    if len(footprints) <= quota:
        return np.arange(len(footprints))
    packed = pack_greedily(footprints, bays, gap_m=gap_m, most=max(int(quota * _PACKED_SHARE), 1))
    kept = list(packed)
    for index in packed:
        if len(kept) >= quota:
            break
        smaller = np.flatnonzero((anchor == anchor[index]) & (bays < bays[index]))
        if len(smaller):
            kept.append(smaller[np.argmin(np.abs(bays[smaller] - bays[index] / 3.0))])
    centres = shapely.get_coordinates(shapely.centroid(footprints))
    sizes = np.unique(bays)
    for turn, size in enumerate(sizes):
        room = (quota - len(kept)) // (len(sizes) - turn)
        kept.extend(spread_out(centres, np.flatnonzero(bays == size), np.array(kept), most=room))
    return np.unique(np.array(kept, dtype=np.intp))


def pack_greedily(footprints: npt.NDArray[Any], bays: Indices, *, gap_m: float, most: int) -> Indices:
    """Return at most `most` footprints at least `gap_m` apart, taking those with the most bays first.

    Of equals the one that stands closest to what is already packed is taken, so the rest of the ground stays whole.
    """
    centres = shapely.get_coordinates(shapely.centroid(footprints))
    reach = np.hypot(*(shapely.get_coordinates(footprints).reshape(len(footprints), -1, 2)[:, 0] - centres).T)
    free = np.ones(len(footprints), dtype=bool)
    nearest_m = np.full(len(footprints), np.inf)
    packed: list[int] = []
    while free.any() and len(packed) < most:
        left = np.flatnonzero(free)
        left = left[bays[left] == bays[left].max()]
        chosen = int(left[np.argmin(nearest_m[left])])
        packed.append(chosen)
        span = np.hypot(*(centres - centres[chosen]).T)
        nearest_m = np.minimum(nearest_m, span)
        close = np.flatnonzero(free & (span <= reach + reach[chosen] + gap_m))
        touching = shapely.dwithin(footprints[close], footprints[chosen], gap_m)
        free[close[touching]] = False
        free[chosen] = False
    return np.array(packed, dtype=np.intp)


def spread_out(centres: npt.NDArray[np.float64], pool: Indices, kept: Indices, *, most: int) -> Indices:
    """Return at most `most` of `pool`, each time the one farthest from all kept so far (greedy farthest point)."""
    pool = pool[~np.isin(pool, kept)]
    if not len(pool) or most < 1:
        return np.empty(0, dtype=np.intp)
    distance = np.full(len(pool), np.inf)
    for index in kept:
        distance = np.minimum(distance, np.hypot(*(centres[pool] - centres[index]).T))
    chosen: list[int] = []
    while len(chosen) < min(most, len(pool)):
        best = int(np.argmax(distance))
        chosen.append(int(pool[best]))
        distance = np.minimum(distance, np.hypot(*(centres[pool] - centres[pool[best]]).T))
        distance[best] = -1.0
    return np.array(chosen, dtype=np.intp)
