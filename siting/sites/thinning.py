"""Options: from thousands of fitting footprints to a few dozen that still hold what the ground can hold.

Pure kernels on arrays. Where the ground is scarce, a dense packing (many bays first) keeps its capacity. Where
there is more ground than candidates to keep, they are spread over it instead. Each packed footprint brings a
smaller layout on the same spot, so that a small sum can be spent there too; then, size by size, the footprints
farthest from those already kept fill the rest. Ties go to the lower index: same input, same choice.
"""

from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

__all__ = ["centres_of", "pack_greedily", "spread_out", "thin"]

Indices = npt.NDArray[np.intp]

_DENSE_SHARE = 0.5  # of the quota, for a packing that uses up the ground
_ROUND_OFF_M = 1e-3  # a gap of exactly the lawful metres is lawful, whatever the last digit says
_SPREAD_SHARE = 0.3  # of the quota, where there is ground in plenty


def thin(footprints: npt.NDArray[Any], bays: Indices, spot: Indices, *, gap_m: float, quota: int) -> Indices:
    """Return the indices of at most `quota` footprints to keep, ascending.

    `bays` and `spot` (footprints with the same number start at the same anchor) are given per footprint; earlier
    rows are preferred among equals, so put the better aligned first. Packed footprints stand `gap_m` apart.
    """
    if len(footprints) <= quota:
        return np.arange(len(footprints))
    most = max(int(quota * _DENSE_SHARE), 1)
    packed = pack_greedily(footprints, bays, gap_m=gap_m, most=most + 1)
    if len(packed) > most:
        packed = pack_greedily(footprints, bays, gap_m=gap_m, most=max(int(quota * _SPREAD_SHARE), 1), dense=False)
    kept = [*packed.tolist(), *_smaller_twins(packed, bays, spot)][:quota]
    centres = centres_of(footprints)
    sizes = np.unique(bays)
    for turn, size in enumerate(sizes):
        room = (quota - len(kept)) // (len(sizes) - turn)
        kept.extend(spread_out(centres, np.flatnonzero(bays == size), np.array(kept, dtype=np.intp), most=room))
    kept.extend(spread_out(centres, np.arange(len(bays)), np.array(kept, dtype=np.intp), most=quota - len(kept)))
    return np.unique(np.array(kept, dtype=np.intp))


def _smaller_twins(packed: Indices, bays: Indices, spot: Indices) -> list[int]:
    twins = []
    for index in packed:
        smaller = np.flatnonzero((spot == spot[index]) & (bays < bays[index]))
        if len(smaller):
            twins.append(int(smaller[np.argmin(np.abs(bays[smaller] - bays[index] / 3.0))]))
    return twins


def pack_greedily(
    footprints: npt.NDArray[Any], bays: Indices, *, gap_m: float, most: int, dense: bool = True
) -> Indices:
    """Return at most `most` footprints at least `gap_m` apart, taking those with the most bays first.

    Of equals the one nearest to what is already packed is taken, so that the rest of the ground stays whole; if
    not `dense`, the one farthest from it.
    """
    centres = centres_of(footprints)
    reach_m = np.hypot(*(_corners(footprints)[:, 0] - centres).T)
    free = np.ones(len(footprints), dtype=bool)
    nearest_m = np.full(len(footprints), np.inf)
    packed: list[int] = []
    while free.any() and len(packed) < most:
        left = np.flatnonzero(free)
        left = left[bays[left] == bays[left].max()]
        chosen = int(left[np.argmin(nearest_m[left]) if dense else np.argmax(nearest_m[left])])
        packed.append(chosen)
        span_m = _span(centres, centres[chosen])
        nearest_m = np.minimum(nearest_m, span_m)
        close = np.flatnonzero(free & (span_m <= reach_m + reach_m[chosen] + gap_m + _ROUND_OFF_M))
        inner = shapely.buffer(footprints[chosen], -_ROUND_OFF_M, join_style="mitre")
        free[close[shapely.dwithin(footprints[close], inner, gap_m)]] = False
        free[chosen] = False
    return np.array(packed, dtype=np.intp)


def _span(centres: npt.NDArray[np.float64], centre: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return distances in whole millimetres: what is equal but for round-off is equal."""
    return np.asarray(np.round(np.hypot(*(centres - centre).T), 3))


def centres_of(footprints: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """Return the centre of each rectangle, (n, 2)."""
    corners = _corners(footprints)
    return np.asarray((corners[:, 0] + corners[:, 2]) / 2.0)


def _corners(footprints: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    return np.asarray(shapely.get_coordinates(footprints).reshape(len(footprints), 5, 2))


def spread_out(centres: npt.NDArray[np.float64], pool: Indices, kept: Indices, *, most: int) -> Indices:
    """Return at most `most` of `pool`, each time the one farthest from all kept so far (greedy farthest point)."""
    pool = pool[~np.isin(pool, kept)]
    if not len(pool) or most < 1:
        return np.empty(0, dtype=np.intp)
    distance_m = np.full(len(pool), np.inf)
    for index in kept:
        distance_m = np.minimum(distance_m, _span(centres[pool], centres[index]))
    chosen: list[int] = []
    while len(chosen) < min(most, len(pool)):
        best = int(np.argmax(distance_m))
        chosen.append(int(pool[best]))
        distance_m = np.minimum(distance_m, _span(centres[pool], centres[pool[best]]))
        distance_m[best] = -1.0
    return np.array(chosen, dtype=np.intp)
