"""Options: a packing of footprints that uses up the ground, made greedily and then mended swap by swap.

Pure kernels on arrays. Taking the largest footprint first, and of equals the one nearest to what is packed, is good but
may waste the end of a strip. So each footprint of the packing, alone and with each of its nearest neighbours, is taken
out, the freed ground is packed again, and the better of the two is kept. Same input, same packing.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

__all__ = ["Boxes", "boxes_of", "pack_densely", "pack_greedily", "span_m", "take_boxes", "too_near"]

Indices = npt.NDArray[np.intp]
Floats = npt.NDArray[np.float64]
Clashes = Callable[[int], Indices]  # the rows too near to one, itself among them

_ROUND_OFF_M = 1e-3  # a gap of exactly the lawful metres is lawful, whatever the last digit says
_TRIES = 6  # of mending for each footprint packed, at most
_NEIGHBOURS = 4  # taken out together with a footprint, one at a time
_AROUND = 6  # footprints tried again when one near them was mended


@dataclass(frozen=True, eq=False)
class Boxes:
    """Rectangles as figures, one row each: centre, unit vector along the length, half the length and half the depth."""

    centre: Floats  # (n, 2)
    along: Floats  # (n, 2)
    half: Floats  # (n, 2)

    def __len__(self) -> int:
        """Return the number of rectangles."""
        return len(self.centre)


def boxes_of(footprints: npt.NDArray[Any]) -> Boxes:
    """Return drawn rectangles as figures."""
    corners = np.asarray(shapely.get_coordinates(footprints)).reshape(len(footprints), 5, 2)
    length, depth = corners[:, 1] - corners[:, 0], corners[:, 3] - corners[:, 0]
    half = np.column_stack((np.hypot(*length.T), np.hypot(*depth.T))) / 2.0
    return Boxes((corners[:, 0] + corners[:, 2]) / 2.0, length / (2.0 * half[:, :1]), half)


def take_boxes(boxes: Boxes, rows: Indices) -> Boxes:
    """Return the rectangles of the given rows."""
    return Boxes(boxes.centre[rows], boxes.along[rows], boxes.half[rows])


def span_m(centres: Floats, centre: Floats) -> Floats:
    """Return distances in whole millimetres: what is equal but for round-off is equal."""
    return np.asarray(np.round(np.hypot(*(centres - centre).T), 3))


def pack_greedily(boxes: Boxes, bays: Indices, *, gap_m: float, most: int, dense: bool = True) -> Indices:
    """Return at most `most` rectangles at least `gap_m` apart, taking those with the most bays first.

    Of equals the one nearest to what is already packed is taken, so that the rest of the ground stays whole; if
    not `dense`, the one farthest from it.
    """
    near = _clashes(boxes, gap_m)
    packed = _greedy(np.arange(len(boxes)), bays, boxes.centre, near, most=most, dense=dense)
    return np.array(packed, dtype=np.intp)


def pack_densely(boxes: Boxes, bays: Indices, *, gap_m: float) -> Indices:
    """Return rectangles at least `gap_m` apart with as many bays as greed and mending find, the largest first."""
    near = _clashes(boxes, gap_m)
    packed = _greedy(np.arange(len(boxes)), bays, boxes.centre, near, most=len(boxes))
    held = np.zeros(len(boxes), dtype=np.intp)  # how many of the packing each clashes with
    for row in packed:
        held[near(row)] += 1
    waiting, tries = list(packed), _TRIES * len(packed)
    while waiting and tries:
        row, tries = waiting.pop(0), tries - 1
        out, new = _mended(row, packed, held, (boxes, bays, near, gap_m))
        if not new:
            continue
        for one in out:
            held[near(one)] -= 1
        for one in new:
            held[near(one)] += 1
        packed = [one for one in packed if one not in out] + new
        around = _nearest(boxes.centre, packed, row, _AROUND)
        waiting = [one for one in waiting if one not in out]
        waiting.extend(one for one in [*new, *around] if one not in waiting)
    return np.array(sorted(packed, key=lambda row: (-bays[row], row)), dtype=np.intp)


def _mended(
    row: int, packed: list[int], held: Indices, ground: tuple[Boxes, Indices, Clashes, float]
) -> tuple[list[int], list[int]]:
    """Return `row`, alone or with a neighbour, and what holds more in their stead; nothing if greed finds nothing."""
    boxes, bays, near, gap_m = ground
    close = _nearest(boxes.centre, packed, row, _NEIGHBOURS)
    for out in ([row], *([row, other] for other in close)):
        for one in out:
            held[near(one)] -= 1
        freed = np.concatenate([near(one)[held[near(one)] == 0] for one in out])
        for one in out:
            held[near(one)] += 1
        freed = np.unique(freed)
        freed = freed[freed != row]  # without the one that greed would take again

        def near_freed(one: int, freed: Indices = freed) -> Indices:
            return freed[too_near(boxes, one, freed, gap_m)]

        new = _greedy(freed, bays, boxes.centre, near_freed, most=len(freed))
        if bays[new].sum() > bays[out].sum():
            return out, new
    return [], []


def _nearest(centres: Floats, rows: list[int], row: int, count: int) -> list[int]:
    """Return the `count` of `rows` nearest to `row`, without itself."""
    others = np.array([other for other in rows if other != row], dtype=np.intp)
    return list(others[np.argsort(span_m(centres[others], centres[row]), kind="stable")[:count]].tolist())


def _greedy(
    rows: Indices, bays: Indices, centres: Floats, near: Clashes, *, most: int, dense: bool = True
) -> list[int]:
    """Return rows that do not clash, those with most bays first."""
    free = np.zeros(len(bays), dtype=bool)
    free[rows] = True
    packed: list[int] = []
    held = bays[rows]
    for size in np.unique(held)[::-1]:
        left = rows[held == size]
        left = left[free[left]]
        nearest_m = np.full(len(left), np.inf)
        for chosen in packed if len(left) else ():
            nearest_m = np.minimum(nearest_m, span_m(centres[left], centres[chosen]))
        while len(left) and len(packed) < most:
            chosen = int(left[np.argmin(nearest_m) if dense else np.argmax(nearest_m)])
            packed.append(chosen)
            free[near(chosen)] = False
            open_ = free[left]
            left = left[open_]
            nearest_m = np.minimum(nearest_m[open_], span_m(centres[left], centres[chosen]))
    return packed


def _clashes(boxes: Boxes, gap_m: float) -> Clashes:
    """Return the function that names the rows nearer than `gap_m` to a given one; it measures each once."""
    order = np.argsort(boxes.centre[:, 0], kind="stable")
    east = boxes.centre[order, 0]
    reach_m = np.hypot(*boxes.half.T) + gap_m
    farthest_m = float(reach_m.max(initial=0.0))

    @cache
    def near(row: int) -> Indices:
        x, y = boxes.centre[row]
        span = reach_m[row] + farthest_m
        close = order[np.searchsorted(east, x - span) : np.searchsorted(east, x + span, side="right")]
        close = close[np.abs(boxes.centre[close, 1] - y) <= span]
        return np.sort(close[too_near(boxes, row, close, gap_m)])

    return near


def too_near(boxes: Boxes, row: int, others: Indices, gap_m: float) -> npt.NDArray[np.bool_]:
    """Return which rectangles overlap the one of `row` or lie nearer to it than the gap.

    Measured from each rectangle to the box around the other that is turned as it is: exact where both run alike, never
    above the distance elsewhere, so that a pair taken for lawful is lawful.
    """
    step, along, half = boxes.centre[others] - boxes.centre[row], boxes.along[others], boxes.half[others]
    (east, north), (long, deep) = boxes.along[row], boxes.half[row]
    length, depth = half.T
    cos, sin = np.abs(along @ (east, north)), np.abs(along @ (-north, east))
    ahead = np.abs(step @ (east, north)) - long - length * cos - depth * sin
    aside = np.abs(step @ (-north, east)) - deep - length * sin - depth * cos
    theirs_ahead = np.abs(step[:, 0] * along[:, 0] + step[:, 1] * along[:, 1]) - length - long * cos - deep * sin
    theirs_aside = np.abs(step[:, 1] * along[:, 0] - step[:, 0] * along[:, 1]) - depth - long * sin - deep * cos
    if gap_m <= 0.0:
        apart_m = np.maximum(np.maximum(ahead, aside), np.maximum(theirs_ahead, theirs_aside))
        return np.asarray(apart_m < -_ROUND_OFF_M)
    ours_m = np.hypot(np.maximum(ahead, 0.0), np.maximum(aside, 0.0))
    theirs_m = np.hypot(np.maximum(theirs_ahead, 0.0), np.maximum(theirs_aside, 0.0))
    return np.asarray(np.maximum(ours_m, theirs_m) < gap_m - _ROUND_OFF_M)
