"""Options: from thousands of fitting footprints to a few dozen that still hold what the ground can hold.

Pure kernels on arrays. Where the ground is scarce, a dense packing (many bays first) keeps its capacity. Where
there is more ground than candidates to keep, they are spread over it instead. Each packed footprint brings a
smaller layout on the same spot, so that a small sum can be spent there too; then, size by size, the footprints
farthest from those already kept fill the rest. Ties go to the lower index: same input, same choice.
"""

import numpy as np
import numpy.typing as npt

from siting.sites.dense import Boxes, pack_greedily, span_m, take_boxes, too_near

__all__ = ["nearest_apart", "spread_out", "thin"]

Indices = npt.NDArray[np.intp]

_DENSE_SHARE = 0.5  # of the quota, for a packing that uses up the ground
_SPREAD_SHARE = 0.3  # of the quota, where there is ground in plenty


def thin(boxes: Boxes, bays: Indices, spot: Indices, *, gap_m: float, quota: int) -> Indices:
    """Return the indices of at most `quota` rectangles to keep, ascending.

    `bays` and `spot` (those with the same number start at the same anchor) are given for each; earlier
    rows are preferred among equals, so put the better aligned first. Packed footprints stand `gap_m` apart.
    """
    if len(boxes) <= quota:
        return np.arange(len(boxes))
    most = max(int(quota * _DENSE_SHARE), 1)
    packed = pack_greedily(boxes, bays, gap_m=gap_m, most=most + 1)
    if len(packed) > most:
        packed = pack_greedily(boxes, bays, gap_m=gap_m, most=max(int(quota * _SPREAD_SHARE), 1), dense=False)
    kept = [*packed.tolist(), *_smaller_twins(packed, bays, spot)][:quota]
    centres = boxes.centre
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


def nearest_apart(
    boxes: Boxes, bays: Indices, distance_m: npt.NDArray[np.float64], *, gap_m: float, each: int
) -> Indices:
    """Return, of each size, at most `each` rectangles of least `distance_m` that stand `gap_m` apart, ascending."""
    chosen: list[int] = []
    rounded_m = np.round(distance_m, 3)  # what is equal but for round-off is equal
    for size in np.unique(bays):
        left = np.flatnonzero(bays == size)
        left = left[np.argsort(rounded_m[left], kind="stable")]
        for _ in range(each):
            if not len(left):
                break
            chosen.append(int(left[0]))
            left = left[~too_near(take_boxes(boxes, left), 0, np.arange(len(left)), gap_m)]
    return np.sort(np.array(chosen, dtype=np.intp))


def spread_out(centres: npt.NDArray[np.float64], pool: Indices, kept: Indices, *, most: int) -> Indices:
    """Return at most `most` of `pool`, each time the one farthest from all kept so far (greedy farthest point)."""
    pool = pool[~np.isin(pool, kept)]
    if not len(pool) or most < 1:
        return np.empty(0, dtype=np.intp)
    distance_m = np.full(len(pool), np.inf)
    for index in kept:
        distance_m = np.minimum(distance_m, span_m(centres[pool], centres[index]))
    chosen: list[int] = []
    while len(chosen) < min(most, len(pool)):
        best = int(np.argmax(distance_m))
        chosen.append(int(pool[best]))
        distance_m = np.minimum(distance_m, span_m(centres[pool], centres[pool[best]]))
        distance_m[best] = -1.0
    return np.array(chosen, dtype=np.intp)
