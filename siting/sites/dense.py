"""Options: a packing of footprints that uses up the ground, made greedily and then mended swap by swap.

Pure kernels on arrays. Taking the largest footprint first, and of equals the one nearest to what is packed, is good but
may waste the end of a strip. So each footprint of the packing, alone and with each of its nearest neighbours, is taken
out, the freed ground is packed again, and the better of the two is kept. Same input, same packing.
"""

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

__all__ = ["centres_of", "pack_densely", "pack_greedily", "span_m"]

Indices = npt.NDArray[np.intp]
Floats = npt.NDArray[np.float64]
Clashes = Callable[[int], Indices]  # the rows too near to one, itself among them

_ROUND_OFF_M = 1e-3  # a gap of exactly the lawful metres is lawful, whatever the last digit says
_ROUNDS = 2  # of mending
_NEIGHBOURS = 3  # taken out together with a footprint, one at a time


def centres_of(footprints: npt.NDArray[Any]) -> Floats:
    """Return the centre of each rectangle, (n, 2)."""
    corners = _corners(footprints)
    return np.asarray((corners[:, 0] + corners[:, 2]) / 2.0)


def span_m(centres: Floats, centre: Floats) -> Floats:
    """Return distances in whole millimetres: what is equal but for round-off is equal."""
    return np.asarray(np.round(np.hypot(*(centres - centre).T), 3))


def pack_greedily(
    footprints: npt.NDArray[Any], bays: Indices, *, gap_m: float, most: int, dense: bool = True
) -> Indices:
    """Return at most `most` footprints at least `gap_m` apart, taking those with the most bays first.

    Of equals the one nearest to what is already packed is taken, so that the rest of the ground stays whole; if
    not `dense`, the one farthest from it.
    """
    every = np.arange(len(footprints))
    near = _clashes(footprints, gap_m)
    return np.array(_greedy(every, bays, centres_of(footprints), near, most=most, dense=dense), dtype=np.intp)


def pack_densely(footprints: npt.NDArray[Any], bays: Indices, *, gap_m: float) -> Indices:
    """Return footprints at least `gap_m` apart with as many bays as greed and mending find, the largest first."""
    if not len(footprints):
        return np.empty(0, dtype=np.intp)
    near, centres = _clashes(footprints, gap_m), centres_of(footprints)
    packed = _greedy(np.arange(len(footprints)), bays, centres, near, most=len(footprints))
    held = np.zeros(len(footprints), dtype=np.intp)  # how many of the packing each clashes with
    for row in packed:
        held[near(row)] += 1
    for _ in range(_ROUNDS):
        before = len(packed), int(bays[packed].sum())
        for row in list(packed):
            if row in packed:
                packed = _mended(row, packed, held, (bays, centres, near))
        if (len(packed), int(bays[packed].sum())) == before:
            break
    return np.array(sorted(packed, key=lambda row: (-bays[row], row)), dtype=np.intp)


def _mended(row: int, packed: list[int], held: Indices, ground: tuple[Indices, Floats, Clashes]) -> list[int]:
    """Return the packing with `row`, alone or with a neighbour, replaced by what holds more; `held` keeps count."""
    bays, centres, near = ground
    others = np.array([other for other in packed if other != row], dtype=np.intp)
    close = others[np.argsort(span_m(centres[others], centres[row]), kind="stable")[:_NEIGHBOURS]]
    for out in ([row], *([row, int(other)] for other in close)):
        rows = np.concatenate([near(one) for one in out])
        rows, times = np.unique(rows, return_counts=True)
        freed = rows[(held[rows] == times) & (rows != row)]  # without the one that greed would take again
        new = _greedy(freed, bays, centres, near, most=len(freed))
        if bays[new].sum() > bays[out].sum():
            for one in out:
                held[near(one)] -= 1
            for one in new:
                held[near(one)] += 1
            return [one for one in packed if one not in out] + new
    return packed


def _greedy(
    rows: Indices, bays: Indices, centres: Floats, near: Clashes, *, most: int, dense: bool = True
) -> list[int]:
    """Return rows that do not clash, those with most bays first."""
    free = np.zeros(len(bays), dtype=bool)
    free[rows] = True
    nearest_m = np.full(len(rows), np.inf)
    packed: list[int] = []
    while len(packed) < most:
        open_ = np.flatnonzero(free[rows])
        if not len(open_):
            break
        held = bays[rows[open_]]
        left = open_[held == held.max()]
        at = int(left[np.argmin(nearest_m[left]) if dense else np.argmax(nearest_m[left])])
        chosen = int(rows[at])
        packed.append(chosen)
        nearest_m = np.minimum(nearest_m, span_m(centres[rows], centres[chosen]))
        free[near(chosen)] = False
    return packed


def _clashes(footprints: npt.NDArray[Any], gap_m: float) -> Clashes:
    """Return the function that names the rows nearer than `gap_m` to a given one; it measures each once."""
    corners = _corners(footprints)
    centres = centres_of(footprints)
    half = np.stack((corners[:, 1] - corners[:, 0], corners[:, 3] - corners[:, 0]), axis=1) / 2.0  # (n, 2 sides, xy)
    size_m = np.hypot(half[..., 0], half[..., 1])
    axes = half / size_m[..., None]
    reach_m = np.hypot(*size_m.T)

    @cache
    def near(row: int) -> Indices:
        step = centres - centres[row]
        close = np.flatnonzero(np.hypot(*step.T) <= reach_m + reach_m[row] + gap_m)
        apart_m = np.full(len(close), -np.inf)  # the widest separation along a side of either: never above the distance
        for side in (0, 1):
            for axis in (np.broadcast_to(axes[row, side], (len(close), 2)), axes[close, side]):
                own = np.abs(axis @ half[row].T).sum(axis=1)
                others = np.abs(np.einsum("nij,nj->ni", half[close], axis)).sum(axis=1)
                apart_m = np.maximum(apart_m, np.abs(np.sum(step[close] * axis, axis=1)) - own - others)
        close, apart_m = close[apart_m < gap_m - _ROUND_OFF_M], apart_m[apart_m < gap_m - _ROUND_OFF_M]
        unsure = apart_m > -_ROUND_OFF_M  # corner to corner, the distance is longer than any separation along a side
        inner = shapely.buffer(footprints[row], -_ROUND_OFF_M, join_style="mitre")
        clash = ~unsure
        clash[unsure] = shapely.dwithin(footprints[close[unsure]], inner, gap_m)
        return close[clash] if gap_m > 0.0 else close[apart_m < -_ROUND_OFF_M]

    return near


def _corners(footprints: npt.NDArray[Any]) -> Floats:
    return np.asarray(shapely.get_coordinates(footprints).reshape(len(footprints), 5, 2))
