"""How many bays a piece of ground can hold: brute force over positions, angles and sizes, then search for better.

Two pools of rectangles are laid: on a fine grid turned by many angles, and along lines across the ground, each line
filled from either end. The best of a given packing, of a greedy one mended swap by swap and of parallel lines at every
angle and offset starts. A large neighbourhood search improves it: everything in a window is taken out, new lines
are laid flush with the edges of what is left free, and HiGHS finds the best refill among several hundred rectangles.
"""

import math
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import shapely

_ROUND_OFF_M = 1e-3
_AT_ONCE = 280  # rectangles that one window chooses among, beside those it held
_START = 15_000  # rectangles that the greedy packing looks at
_OFFSET_M = 0.25  # of parallel lines, twice that on grounds above `_LARGE_M2`
_LARGE_M2 = 5_000.0
_WINDOW_S = 1.0  # of HiGHS in one window
_GAP = 1e-3
_POINT_M = 0.8  # between points that no two rectangles of a window may share

Sizes = Sequence[tuple[float, float, int]]  # length, depth, bays


@dataclass(frozen=True, eq=False)
class Pool:
    """Rectangles that lie on the ground, and how many bays each holds."""

    shapes: Any
    bays: Any

    def take(self, rows: Any) -> "Pool":
        return Pool(self.shapes[rows], self.bays[rows])

    def __add__(self, other: "Pool") -> "Pool":
        return Pool(np.concatenate((self.shapes, other.shapes)), np.concatenate((self.bays, other.bays)))

    @property
    def total(self) -> int:
        return int(self.bays.sum())


NOTHING = Pool(np.empty(0, dtype=object), np.empty(0, dtype=np.int64))


def _turned(shapes: Any, angle: float) -> Any:
    turn = np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])
    return shapely.transform(shapes, lambda xy: xy @ turn)


def pieces_of(ground: Any, sizes: Sizes) -> list[Any]:
    least_m2 = min(long * deep for long, deep, _ in sizes)
    return [part for part in shapely.get_parts(ground) if part.geom_type == "Polygon" and part.area >= least_m2]


def rectangles_on(ground: Any, sizes: Sizes, angles: Any, step_m: float) -> Pool:
    """Return every rectangle on a grid of `step_m` turned by each angle that lies on `ground`."""
    found = NOTHING
    for piece in pieces_of(ground, sizes):
        for angle in angles:
            turned = _turned(piece, -angle).buffer(1e-6, join_style="mitre")
            for shape, held in _upright(turned, sizes, step_m):
                found += Pool(_turned(shape, angle), np.full(len(shape), held))
    return found


def _upright(piece: Any, sizes: Sizes, step_m: float) -> Iterator[tuple[Any, int]]:
    west, south, east, north = piece.bounds
    shapely.prepare(piece)
    x, y = np.meshgrid(np.arange(west + 1e-6, east, step_m), np.arange(south + 1e-6, north, step_m))
    x, y = x.ravel(), y.ravel()
    inside = shapely.intersects_xy(piece, x, y)
    x, y = x[inside], y[inside]
    for long, deep, held in sizes:
        for wide, high in ((long, deep), (deep, long)):
            a, b = x, y
            for across, up in ((wide, high), (wide, 0.0), (0.0, high), (wide / 2, high / 2)):
                on = shapely.intersects_xy(piece, a + across, b + up)
                a, b = a[on], b[on]
            boxes = shapely.box(a, b, a + wide, b + high)
            yield boxes[shapely.covers(piece, boxes)], held


def _intervals(piece: Any, south: Any, deep: float, least_m: float) -> Iterator[tuple[float, float, float]]:
    """Yield (south, west, east) of every stretch of each eastward strip that lies wholly on `piece`."""
    west, _, east, _ = piece.bounds
    strips = shapely.box(west - 1.0, south, east + 1.0, south + deep)
    parts, owner = shapely.get_parts(shapely.difference(strips, piece), return_index=True)
    bounds = shapely.bounds(parts)
    for number, line in enumerate(south):
        taken = bounds[owner == number]
        taken = taken[np.argsort(taken[:, 0], kind="stable")]
        reached = west
        for start, _, end, _ in taken:
            if start - reached >= least_m:
                yield line, reached, start
            reached = max(reached, end)


@cache
def _filled(length_m: float, row: tuple[tuple[float, float, int], ...], gap_m: float) -> list[tuple[float, float, int]]:
    """Return (start, length, bays) of the places of one depth that fill a stretch, by dynamic programming."""
    unit = 0.1
    room = math.floor((length_m + gap_m) / unit + 1e-6)
    need = [math.ceil((long + gap_m) / unit - 1e-6) for long, _, _ in row]
    best, last = np.zeros(room + 1, dtype=int), np.full(room + 1, -1)
    for at in range(1, room + 1):
        best[at] = best[at - 1]
        for which, takes in enumerate(need):
            if takes <= at and best[at - takes] + row[which][2] > best[at]:
                best[at], last[at] = best[at - takes] + row[which][2], which
    places, at, start = [], room, 0.0
    while at > 0:
        which = last[at]
        if which < 0:
            at -= 1
            continue
        places.append((start, row[which][0], row[which][2]))
        start += row[which][0] + gap_m
        at -= need[which]
    return places


def lines_on(turned: Any, sizes: Sizes, south: Any, gap_m: float) -> Iterator[tuple[float, float, Pool]]:
    """Yield (south, depth, places) of every eastward line at `south`, filled from the west and then from the east."""
    for deep in sorted({deep for _, deep, _ in sizes}):
        row = tuple(size for size in sizes if size[1] == deep)
        for line, west, east in _intervals(turned, south, deep, min(long for long, _, _ in row)):
            filled = _filled(math.floor((east - west) * 10) / 10, row, gap_m)
            if filled:
                start, long, bays = (np.array(column) for column in zip(*filled, strict=True))
                for left in (west + start, east - start - long):
                    yield line, deep, Pool(np.column_stack((left, left + long)), bays)


def _drawn(line: float, deep: float, places: Pool, angle: float) -> Pool:
    boxes = shapely.box(places.shapes[:, 0], line, places.shapes[:, 1], line + deep)
    return Pool(_turned(boxes, angle), places.bays)


def parallel_lines(ground: Any, sizes: Sizes, angles: Any, gap_m: float) -> Pool:
    """Return the best packing of each piece by parallel lines of one angle, over all angles and stackings."""
    packed = NOTHING
    for piece in pieces_of(ground, sizes):
        offset_m = _OFFSET_M * (2 if piece.area > _LARGE_M2 else 1)
        best = NOTHING
        for angle in (*angles, *(angle + math.pi / 2 for angle in angles)):
            stacked = _stacked(_turned(piece, -angle), sizes, angle, offset_m, gap_m)
            best = stacked if stacked.total > best.total else best
        packed += best
    return packed


def _stacked(turned: Any, sizes: Sizes, angle: float, offset_m: float, gap_m: float) -> Pool:
    """Return the stack of lines with most bays, each `gap_m` from the next, by dynamic programming from the north."""
    _, low, _, high = turned.bounds
    south = np.arange(low, high, offset_m)
    lines: dict[tuple[int, float], list[Pool]] = {}
    for number, (line, deep, places) in enumerate(lines_on(turned, sizes, south, gap_m)):
        if number % 2 == 0:  # filled from the west
            lines.setdefault((round((line - low) / offset_m), deep), []).append(places)
    total = {key: sum(places.total for places in some) for key, some in lines.items()}
    best, choice = np.zeros(len(south) + 1, dtype=int), [0.0] * len(south)

    def beyond(at: int, deep: float) -> int:
        return min(at + math.ceil((deep + gap_m) / offset_m - 1e-9), len(south))

    for at in range(len(south) - 1, -1, -1):
        best[at] = best[at + 1]
        for deep in {deep for _, deep, _ in sizes}:
            held = total[at, deep] + best[beyond(at, deep)] if (at, deep) in total else 0
            if held > best[at]:
                best[at], choice[at] = held, deep
    packed, at = NOTHING, 0
    while at < len(south):
        if choice[at]:
            packed += sum((_drawn(south[at], choice[at], some, angle) for some in lines[at, choice[at]]), NOTHING)
            at = beyond(at, choice[at])
        else:
            at += 1
    return packed


@dataclass(frozen=True, eq=False)
class Ground:
    """What is searched: the ground, the sizes, the angles worth trying and the lawful gap."""

    shape: Any
    sizes: Sizes
    angles: Any
    gap_m: float


def best_packing(ground: Ground, pool: Pool, start: Pool, *, windows: int, seed: int = 0) -> Pool:
    """Return the best packing found with footprints the gap apart; `start` is a packing to begin with."""
    random = np.random.default_rng(seed)
    starts = [
        start,
        _mended(pool, start, ground.gap_m, random),
        parallel_lines(ground.shape, ground.sizes, ground.angles, ground.gap_m),
    ]
    print("  begins with", *(packing.total for packing in starts), file=sys.stderr, flush=True)
    held = max(starts, key=lambda packing: packing.total)
    others = sum(starts, NOTHING)
    tree = shapely.STRtree(pool.shapes)
    for _ in range(windows):
        held = _refilled(ground, (pool, tree), others, held, random)
    return held


def _mended(pool: Pool, start: Pool, gap_m: float, random: Any) -> Pool:
    """Return a packing of some of the pool and of what `start` holds, made greedily and mended swap by swap."""
    from siting.sites.dense import boxes_of, pack_densely

    rows = np.sort(random.choice(len(pool.bays), min(len(pool.bays), _START), replace=False))
    some = start + pool.take(rows)
    return some.take(pack_densely(boxes_of(some.shapes), some.bays.astype(np.intp), gap_m=gap_m))


def area_bound(ground: Any, sizes: Sizes, gap_m: float) -> int:
    """Return bays no packing exceeds: footprints grown by half the gap neither overlap nor leave the grown ground."""
    half_m = gap_m / 2.0
    room = pieces_of(ground, sizes)
    grown_m2 = shapely.union_all(shapely.buffer(np.array(room, dtype=object), 1.03 * half_m)).area if room else 0.0
    per_bay_m2 = min((long * deep + gap_m * (long + deep) + 3.1 * half_m**2) / bays for long, deep, bays in sizes)
    return math.floor(grown_m2 / per_bay_m2)


def _refilled(ground: Ground, pool: tuple[Pool, Any], others: Pool, held: Pool, random: Any) -> Pool:
    """Return the packing with one window emptied and filled again as well as HiGHS can."""
    every, tree = pool
    if not len(every.bays):
        return held
    spot = shapely.centroid(every.shapes[random.integers(len(every.bays))])
    window = shapely.buffer(spot, random.uniform(10.0, 40.0))
    out = shapely.intersects(held.shapes, window)
    stay, old = held.take(~out), held.take(out)
    around = stay.shapes[shapely.dwithin(stay.shapes, window, 60.0)]
    room = shapely.union_all([window, *shapely.buffer(old.shapes, ground.gap_m)])
    taken = shapely.buffer(around, ground.gap_m, quad_segs=4)
    free = shapely.difference(shapely.intersection(ground.shape, room), shapely.union_all(taken))
    near = tree.query(window, predicate="intersects")
    near = near[random.permutation(len(near))[: 4 * _AT_ONCE]]
    near = near[shapely.covers(free, every.shapes[near])][: _AT_ONCE // 4]
    other = others.take(np.flatnonzero(shapely.intersects(others.shapes, window)))
    other = other.take(shapely.covers(free, other.shapes))
    new = _sampled_lines(free, ground, random)
    choice = old + every.take(near) + other + new
    best = choice.take(most_bays(choice, ground.gap_m, seconds=_WINDOW_S, start=len(old.bays)))
    return stay + best if best.total >= old.total else held


def _sampled_lines(free: Any, ground: Ground, random: Any) -> Pool:
    """Return lines laid flush with the edges of the free ground, some three quarters of what a window looks at."""
    found = []
    shapely.prepare(free)
    angles = random.choice(ground.angles, min(3, len(ground.angles)), replace=False)
    for piece in pieces_of(free, ground.sizes):
        for angle in (*angles, *(angles + math.pi / 2)):
            turned = _turned(piece, -angle)
            south = _flush(turned, ground, random)
            lines = lines_on(turned, ground.sizes, south, ground.gap_m)
            found.extend((line, deep, places, angle) for line, deep, places in lines)
    chosen, count = NOTHING, 0
    for number in random.permutation(len(found)):
        chosen, count = chosen + _drawn(*found[number]), count + len(found[number][2].bays)
        if count > 0.75 * _AT_ONCE:
            break
    return chosen.take(shapely.covers(shapely.buffer(free, 1e-6), chosen.shapes))


def _flush(turned: Any, ground: Ground, random: Any) -> Any:
    """Return where lines may start: flush with long edges that run east, stacked on them, and at one random offset."""
    _, low, _, high = turned.bounds
    depths = sorted({deep for _, deep, _ in ground.sizes})
    xy = shapely.get_coordinates(shapely.boundary(turned))
    step = np.abs(np.diff(xy, axis=0))
    edges = np.unique(np.round(xy[:-1][(step[:, 0] > 3.0) & (step[:, 1] < 0.05)][:, 1], 2))
    lines = [np.arange(low + random.uniform(0.0, _OFFSET_M), high, _OFFSET_M * 4)]
    for deep in depths:
        pitch = deep + ground.gap_m
        lines.extend(edges + 0.01 + times * pitch for times in range(3))
        lines.extend(edges - 0.01 - deep - times * pitch for times in range(3))
    every = np.concatenate(lines)
    return np.unique(np.round(every[(every >= low) & (every <= high)], 2))


def most_bays(pool: Pool, gap_m: float, *, seconds: float, start: int = 0) -> Any:
    """Return the rows of the selection with most bays and footprints `gap_m` apart, by HiGHS.

    The first `start` rows are a selection to begin with. Rectangles that, grown by half the gap, share a point exclude
    one another; pairs that share no point of a lattice are excluded one by one.
    """
    import highspy

    count = len(pool.bays)
    if not count:
        return np.empty(0, dtype=int)
    model = highspy.Highs()
    model.silent()
    model.setOptionValue("time_limit", seconds)
    model.setOptionValue("mip_rel_gap", _GAP)
    chosen = [model.addBinary() for _ in range(count)]
    for members in _exclusions(pool.shapes, gap_m):
        model.addConstr(sum(chosen[member] for member in members) <= 1)
    model.maximize(sum(float(bays) * choice for bays, choice in zip(pool.bays, chosen, strict=True)))
    values = np.array(model.getSolution().col_value[:count])
    rows = np.flatnonzero(values > 0.5) if len(values) else np.empty(0, dtype=int)
    first = np.arange(start)
    return rows if pool.bays[rows].sum() >= pool.bays[first].sum() else first


def _exclusions(shapes: Any, gap_m: float) -> list[tuple[int, ...]]:
    grown = shapely.buffer(shapes, gap_m / 2.0 - _ROUND_OFF_M, quad_segs=4)
    tree = shapely.STRtree(grown)
    west, south, east, north = shapely.total_bounds(grown)
    x, y = np.meshgrid(np.arange(west, east, _POINT_M), np.arange(south, north, _POINT_M))
    at, member = tree.query(shapely.points(x.ravel(), y.ravel()), predicate="intersects")
    split = np.flatnonzero(np.diff(at)) + 1
    groups = {tuple(sorted(group.tolist())) for group in np.split(member, split) if len(group) > 1}
    maximal: list[tuple[int, ...]] = []
    within: list[set[int]] = []
    for group in sorted(groups, key=lambda group: (-len(group), group)):
        if not any(set(group) <= other for other in within):
            maximal.append(group)
            within.append(set(group))
    covered = {(a, b) for group in maximal for a in group for b in group if a < b}
    one, other = shapely.STRtree(shapes).query(shapes, predicate="dwithin", distance=gap_m - _ROUND_OFF_M)
    pairs = {(int(a), int(b)) for a, b in zip(one, other, strict=True) if a < b}
    return maximal + sorted(pairs - covered)
