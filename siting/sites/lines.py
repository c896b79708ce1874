"""Options: whole lines of places laid across a piece of ground, the way an engineer fills a yard.

Pure kernels on arrays. The ground is turned so that an edge runs east; strips as deep as a layout, flush with the edges
of the ground and at even steps between them, are cut to the stretches that lie wholly on it. Stretches stacked with the
lawful gap, all east or all north, start a packing; whole stretches that hold more than they cut off, and what is left
free between them, mend it. Each stretch holds the most bays its length allows, in the largest places first.
"""

from dataclasses import replace
from itertools import chain
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from siting.sites.packing import Anchors
from siting.sites.stretches import (
    Frame,
    Row,
    Stretches,
    cut_out,
    fill_stretch,
    frame_of,
    join_stretches,
    too_near,
    turn,
)

__all__ = ["edge_angles", "pack_lines"]

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.intp]
Mask = npt.NDArray[np.bool_]

_SET_BACK_M = 0.05  # keeps a flush place inside its ground in spite of round-off
_FLUSH_M = 3.0  # shorter edges draw no line, and say nothing of directions
_SLANT_M = 0.2  # an edge that rises no more runs along the lines
_BINS = 60  # of directions within 90 degrees
_ROUNDS = 10  # of mending at most
_PROMISING = 0.97  # of the best stack: frames that hold less before mending are left
_AT_ONCE = 300  # stretches looked at in one round of mending
_STRETCHED = 1.0 + 1e-4  # steps are a hair longer, so that a row and its gap are as many steps as they look
_ROUND_OFF_M = 1e-6
_FAR_M = 1e9


def edge_angles(polygon: Any, most: int) -> Floats:
    """Return the directions (radians within 90 degrees) of most metres of edges, at most `most`, longest first."""
    rings = shapely.get_rings(shapely.simplify(polygon, _SLANT_M))
    step = np.concatenate([np.diff(shapely.get_coordinates(ring), axis=0) for ring in rings])
    length_m = np.hypot(*step.T)
    step, length_m = step[length_m >= _FLUSH_M], length_m[length_m >= _FLUSH_M]
    angle = np.mod(np.arctan2(step[:, 1], step[:, 0]), np.pi / 2)
    at = np.round(angle / (np.pi / 2 / _BINS)).astype(np.intp) % _BINS
    metres = np.round(np.bincount(at, length_m, _BINS), 3)
    first = np.argsort(-metres, kind="stable")[:most]
    turned = np.where(angle > np.pi / 2 * (1 - 1 / _BINS), angle - np.pi / 2, angle)  # the first bin reaches round
    sums = np.bincount(at, length_m * turned, _BINS)
    return np.asarray(sums[first][metres[first] > 0] / metres[first][metres[first] > 0])


def pack_lines(
    piece: Any, angles: Floats, rows: tuple[Row, ...], *, gap_m: float, step_m: float
) -> tuple[Anchors, Indices]:
    """Return the anchor and the layout of each place of the best packing by lines of one angle and across it.

    Of equal packings that of the first angle is taken. Places lie `gap_m` apart and wholly on the piece.
    """
    stacks = []
    for angle in angles:
        frame = frame_of(piece, float(angle), rows, gap_m)
        every = _every_stretch(frame, step_m)
        if len(every):
            both = (_stack(frame, every.take(every.upright == upright)) for upright in (False, True))
            stack = max(both, key=lambda some: int(frame.bays(some).sum()))
            stacks.append((int(frame.bays(stack).sum()), frame, every, stack))
    best_held = max((held for held, *_ in stacks), default=0)
    best: tuple[int, Frame, Stretches] | None = None
    for held, frame, every, stack in stacks:
        if held >= _PROMISING * best_held:
            packed = _filled(frame, every, _mended(frame, every, stack))
            total = int(frame.bays(packed).sum())
            best = (total, frame, packed) if best is None or total > best[0] else best
    return _places(*best[1:]) if best else _places(frame_of(piece, 0.0, rows, gap_m), join_stretches(()))


def _every_stretch(frame: Frame, step_m: float) -> Stretches:
    parts = []
    for upright in (False, True):
        edges = frame.edges[:, [1, 0, 3, 2]] if upright else frame.edges
        for number, row in enumerate(frame.rows):
            level = _levels(edges, row.depth_m, frame, step_m)
            at, start, end = _free(edges, level, row.depth_m, row.length_m[0] + 2 * _SET_BACK_M)
            middle, across = (start + end) / 2, level[at] + row.depth_m / 2
            on = shapely.intersects_xy(frame.ground, *((across, middle) if upright else (middle, across)))
            at, start, end = at[on], start[on] + _SET_BACK_M, end[on] - _SET_BACK_M
            parts.append(Stretches(start, end, level[at], np.full(len(at), number), np.full(len(at), upright)))
    every = join_stretches(parts)
    return every.take(frame.bays(every) > 0)


def _levels(edges: Floats, depth_m: float, frame: Frame, step_m: float) -> Floats:
    """Return where strips may start: flush with edges that run along them, a row beyond, and at even steps."""
    low, high = float(edges[:, 1].min()), float(edges[:, 1].max())
    wide, rise = np.abs(edges[:, 2] - edges[:, 0]), np.abs(edges[:, 3] - edges[:, 1])
    flat = edges[(wide >= _FLUSH_M) & (rise <= _SLANT_M)][:, [1, 3]]
    above, below = flat.max(axis=1) + _SET_BACK_M, flat.min(axis=1) - _SET_BACK_M - depth_m
    pitches = [row.depth_m + frame.gap_m for row in frame.rows]
    stacked = chain.from_iterable((above + pitch, below - pitch) for pitch in pitches)
    level = np.concatenate([above, below, *stacked, np.arange(low + _SET_BACK_M, high - depth_m, step_m * _STRETCHED)])
    return np.unique(np.round(level[(level > low) & (level < high - depth_m)], 4))


def _free(edges: Floats, level: Floats, depth_m: float, least_m: float) -> tuple[Indices, Floats, Floats]:
    """Return (number of the level, start, end) of what no edge crosses of each strip, inside the ground or outside."""
    falls = edges[:, 1] > edges[:, 3]
    x0, y0, x1, y1 = np.where(falls[:, None], edges[:, [2, 3, 0, 1]], edges).T
    first = np.searchsorted(level, y0 - depth_m, side="right")
    count = np.maximum(np.searchsorted(level, y1, side="left") - first, 0)
    edge = np.repeat(np.arange(len(edges)), count)
    at = np.arange(len(edge)) - np.repeat(np.cumsum(count) - count, count) + first[edge]
    rise = y1 - y0
    slope = np.divide(x1 - x0, rise, out=np.zeros(len(rise)), where=rise > _ROUND_OFF_M)
    enters = x0[edge] + slope[edge] * np.maximum(level[at] - y0[edge], 0.0)
    leaves = x1[edge] - slope[edge] * np.maximum(y1[edge] - level[at] - depth_m, 0.0)
    start, end = np.minimum(enters, leaves), np.maximum(enters, leaves)
    order = np.lexsort((start, at))
    at, start, end = at[order], start[order], end[order]
    span = at * (2.0 * np.ptp(edges[:, [0, 2]]) + 1.0)  # so that each level starts anew
    reach = np.maximum.accumulate(end + span) - span
    free = (at[1:] == at[:-1]) & (start[1:] - reach[:-1] >= least_m)
    return at[1:][free], reach[:-1][free], start[1:][free]


def _stack(frame: Frame, some: Stretches) -> Stretches:
    """Return the strips of one direction with most bays that lie the gap apart, by dynamic programming."""
    level, at = np.unique(some.across, return_inverse=True)
    held = np.zeros((len(frame.rows), len(level)), dtype=np.intp)
    np.add.at(held, (some.row, at), frame.bays(some))
    pitches = [row.depth_m + frame.gap_m for row in frame.rows]
    then = [np.searchsorted(level, level + pitch - _ROUND_OFF_M).tolist() for pitch in pitches]
    best, choice = [0] * (len(level) + 1), [-1] * len(level)
    for number in range(len(level) - 1, -1, -1):
        best[number] = best[number + 1]
        for which, values in enumerate(held.tolist()) if held[:, number].any() else ():
            if values[number] + best[then[which][number]] > best[number]:
                best[number], choice[number] = values[number] + best[then[which][number]], which
    taken, number = np.full(len(level), -1), 0
    while number < len(level):
        taken[number] = choice[number]
        number = then[choice[number]][number] if choice[number] >= 0 else number + 1
    return some.take(taken[at] == some.row)


def _mended(frame: Frame, every: Stretches, packed: Stretches) -> Stretches:
    """Return the packing with whole stretches put in that hold more than they cut off, those that gain most first."""
    held, bounds = frame.bays(every), frame.bounds(every)
    for _ in range(_ROUNDS):
        meets = too_near(bounds[:, None, :], frame.bounds(packed)[None, :, :], frame.gap_m)
        new, old = np.nonzero(meets)
        kept = cut_out(packed.take(old), bounds[new], frame.gap_m)
        lost = frame.bays(packed)[old] - sum(frame.bays(part) for part in kept)
        gain = held - np.bincount(new, lost, len(every))
        chosen = _independent(gain, bounds, meets, frame.gap_m)
        if not len(chosen):
            break
        number, old = np.nonzero(meets[chosen])
        parts = join_stretches(cut_out(packed.take(old), bounds[chosen[number]], frame.gap_m))
        whole = packed.take(np.setdiff1d(np.arange(len(packed)), old))
        packed = join_stretches((whole, parts.take(frame.bays(parts) > 0), every.take(chosen)))
    return packed


def _filled(frame: Frame, every: Stretches, packed: Stretches) -> Stretches:
    """Return the packing with what is still free: of each stretch its longest free part, those with most bays first."""
    for _ in range(_ROUNDS):
        free = _longest_free(frame, every, packed)
        held = frame.bays(free)
        chosen = _independent(held, frame.bounds(free), np.zeros((len(free), 0), dtype=bool), frame.gap_m)
        if not len(chosen):
            break
        packed = join_stretches((packed, free.take(chosen)))
        every = every.take(held > 0)
    return packed


def _longest_free(frame: Frame, every: Stretches, packed: Stretches) -> Stretches:
    taken, mine = frame.bounds(packed)[None, :, :], frame.bounds(every)[:, None, :]
    gap_m, upright = frame.gap_m, every.upright[:, None]
    beside = np.where(
        upright,
        (mine[..., 0] < taken[..., 2] + gap_m - _ROUND_OFF_M) & (mine[..., 2] > taken[..., 0] - gap_m + _ROUND_OFF_M),
        (mine[..., 1] < taken[..., 3] + gap_m - _ROUND_OFF_M) & (mine[..., 3] > taken[..., 1] - gap_m + _ROUND_OFF_M),
    )
    start = np.where(beside, np.where(upright, taken[..., 1], taken[..., 0]) - gap_m, _FAR_M)
    end = np.where(beside, np.where(upright, taken[..., 3], taken[..., 2]) + gap_m, -_FAR_M)
    order = np.argsort(start, axis=1, kind="stable")
    start, end = np.take_along_axis(start, order, axis=1), np.take_along_axis(end, order, axis=1)
    reach = np.maximum.accumulate(np.column_stack((every.start, end)), axis=1)
    until = np.minimum(np.column_stack((start, np.full(len(every), _FAR_M))), every.end[:, None])
    longest = np.argmax(until - reach, axis=1)[:, None]
    start, end = (np.take_along_axis(each, longest, axis=1)[:, 0] for each in (reach, until))
    return replace(every, start=start, end=end)


def _independent(gain: Indices, bounds: Floats, meets: Mask, gap_m: float) -> Indices:
    """Return the stretches with most gain that neither stand too near to one another nor meet the same one."""
    chosen: list[int] = []
    touched = np.zeros(meets.shape[1], dtype=bool)
    for number in np.argsort(-gain, kind="stable")[: min(np.count_nonzero(gain > 0), _AT_ONCE)].tolist():
        alone = not too_near(bounds[number], bounds[chosen], gap_m).any()
        if alone and not touched[meets[number]].any():
            chosen.append(number)
            touched |= meets[number]
    return np.array(chosen, dtype=np.intp)


def _places(frame: Frame, packed: Stretches) -> tuple[Anchors, Indices]:
    """Return anchor and layout of each place; the back of a line is the side nearer to an edge of the ground."""
    bounds = frame.bounds(packed)
    turned = _sides_nearer_behind(frame, bounds, packed.upright)
    rows: list[tuple[float, float, bool, bool, int]] = []
    for at in np.lexsort((bounds[:, 0], bounds[:, 1])).tolist():
        row, upright = frame.rows[packed.row[at]], bool(packed.upright[at])
        back_m = float(packed.across[at]) + (row.depth_m if turned[at] else 0.0)
        for start_m, which in fill_stretch(row, float(packed.end[at] - packed.start[at]), frame.inner_gap_m):
            along_m = float(packed.start[at]) + start_m
            rows.append((along_m, back_m, upright, bool(turned[at]), row.number[which]))
    place = np.array(rows, dtype=float).reshape(-1, 5)
    flat, ahead = place[:, 2] == 0.0, np.where(place[:, 3] == 0.0, 1.0, -1.0)
    origin = np.where(flat[:, None], place[:, :2], place[:, 1::-1])
    along = np.column_stack((flat, ~flat)).astype(float)
    forward = along[:, ::-1] * ahead[:, None]
    back = turn(frame.angle)
    anchors = Anchors(origin @ back + frame.origin, along @ back, forward @ back, np.ones(len(place), dtype=bool))
    return anchors, place[:, 4].astype(np.intp)


def _sides_nearer_behind(frame: Frame, bounds: Floats, upright: Mask) -> Mask:
    """Return of which stretches the far side (north, or east if upright) lies nearer to an edge than the near one."""
    middle = (bounds[:, :2] + bounds[:, 2:]) / 2.0
    near, far = middle.copy(), middle.copy()
    at = np.arange(len(bounds))
    near[at, (~upright).astype(int)] = bounds[at, (~upright).astype(int)]
    far[at, (~upright).astype(int)] = bounds[at, 2 + (~upright).astype(int)]
    outline = shapely.boundary(frame.ground)
    near_m, far_m = (np.round(shapely.distance(outline, shapely.points(side)), 3) for side in (near, far))
    return np.asarray(far_m < near_m)
