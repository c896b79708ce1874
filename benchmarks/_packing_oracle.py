"""How many bays a piece of ground can hold: brute force over positions, angles and sizes, then search for better.

Rectangles are laid on a fine grid turned by many angles; a packing mended swap by swap starts, or one given if it is
better, and a large neighbourhood search improves it: everything in a window is taken out and the best refill among many
rectangles is found by HiGHS.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from shapely.affinity import rotate

_ROUND_OFF_M = 1e-3
_AT_ONCE = 260  # rectangles that one window chooses among
_START = 15_000  # rectangles that the greedy packing looks at


@dataclass(frozen=True, eq=False)
class Pool:
    """Rectangles that lie on the ground, and how many bays each holds."""

    shapes: Any
    bays: Any

    def take(self, rows: Any) -> "Pool":
        return Pool(self.shapes[rows], self.bays[rows])


def rectangles_on(ground: Any, sizes: Sequence[tuple[float, float, int]], angles: Any, step_m: float) -> Pool:
    """Return every rectangle (length, depth, bays) on a grid of `step_m` turned by each angle that lies on `ground`."""
    shapes, bays = [np.empty(0, dtype=object)], [np.empty(0, dtype=int)]
    for piece in shapely.get_parts(ground):
        if piece.geom_type != "Polygon" or piece.area < min(long * deep for long, deep, _ in sizes):
            continue
        for angle in angles:
            turned = rotate(piece, -angle, origin=(0, 0), use_radians=True).buffer(1e-6, join_style="mitre")
            for shape, held in _upright(turned, sizes, step_m):
                back = shapely.transform(shape, lambda xy, angle=angle: xy @ _turn(angle).T)
                shapes.append(back)
                bays.append(np.full(len(back), held))
    return Pool(np.concatenate(shapes), np.concatenate(bays))


def _turn(angle: float) -> Any:
    return np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])


def _upright(piece: Any, sizes: Sequence[tuple[float, float, int]], step_m: float) -> Any:
    west, south, east, north = piece.bounds
    shapely.prepare(piece)
    for long, deep, held in sizes:
        for wide, high in ((long, deep), (deep, long)):
            if wide > east - west or high > north - south:
                continue
            x, y = np.meshgrid(
                np.arange(west, east - wide + 1e-9, step_m), np.arange(south, north - high + 1e-9, step_m)
            )
            x, y = x.ravel(), y.ravel()
            inside = shapely.intersects_xy(piece, x + wide / 2, y + high / 2)
            boxes = shapely.box(x[inside], y[inside], x[inside] + wide, y[inside] + high)
            yield boxes[shapely.covers(piece, boxes)], held


def best_packing(pool: Pool, start: Pool, *, gap_m: float, rounds: int, seed: int = 0) -> int:
    """Return the bays of the best packing found with footprints `gap_m` apart; `start` is a packing to begin with."""
    random = np.random.default_rng(seed)
    mended = _mended(pool, start, gap_m, random)
    held = mended if mended.bays.sum() > start.bays.sum() else start
    everything = Pool(np.concatenate((pool.shapes, start.shapes)), np.concatenate((pool.bays, start.bays)))
    tree = shapely.STRtree(everything.shapes)
    for _ in range(rounds):
        held = _refilled(everything, tree, held, gap_m, random)
    return int(held.bays.sum())


def _mended(pool: Pool, start: Pool, gap_m: float, random: Any) -> Pool:
    """Return a packing of some of the pool and of what `start` holds, made greedily and mended swap by swap."""
    from siting.sites.dense import boxes_of, pack_densely

    rows = np.sort(random.choice(len(pool.bays), min(len(pool.bays), _START), replace=False))
    shapes, bays = np.concatenate((start.shapes, pool.shapes[rows])), np.concatenate((start.bays, pool.bays[rows]))
    return Pool(shapes, bays).take(pack_densely(boxes_of(shapes), bays.astype(np.intp), gap_m=gap_m))


def area_bound(ground: Any, sizes: Sequence[tuple[float, float, int]], gap_m: float) -> int:
    """Return bays no packing exceeds: footprints grown by half the gap neither overlap nor leave the grown ground."""
    half_m = gap_m / 2.0
    room = [part for part in shapely.get_parts(ground) if part.area >= min(long * deep for long, deep, _ in sizes)]
    grown_m2 = shapely.union_all(shapely.buffer(np.array(room, dtype=object), 1.03 * half_m)).area if room else 0.0
    per_bay_m2 = min((long * deep + gap_m * (long + deep) + 3.1 * half_m**2) / bays for long, deep, bays in sizes)
    return math.floor(grown_m2 / per_bay_m2)


def _shrunk(shapes: Any) -> Any:
    return shapely.buffer(shapes, -_ROUND_OFF_M, join_style="mitre")


def _refilled(pool: Pool, tree: Any, held: Pool, gap_m: float, random: Any) -> Pool:
    """Return the packing with one window emptied and filled again as well as HiGHS can."""
    if not len(pool.bays):
        return held
    spot = pool.shapes[random.integers(len(pool.bays))].centroid
    window = spot.buffer(random.uniform(12.0, 45.0))
    out = shapely.intersects(held.shapes, window) if len(held.bays) else np.zeros(0, dtype=bool)
    stay = held.take(~out)
    near = tree.query(window, predicate="intersects")
    near = near[random.permutation(len(near))[: 6 * _AT_ONCE]]
    if len(stay.bays) and len(near):
        fixed = shapely.STRtree(_shrunk(stay.shapes))
        clash, _ = fixed.query(pool.shapes[near], predicate="dwithin", distance=gap_m)
        near = np.delete(near, np.unique(clash))
    chance = pool.bays[near] ** 0.7
    if len(near) > _AT_ONCE:
        near = random.choice(near, _AT_ONCE, replace=False, p=chance / chance.sum())
    old, new = held.take(out), pool.take(near)
    free = Pool(np.concatenate((old.shapes, new.shapes)), np.concatenate((old.bays, new.bays)))
    best = free.take(most_bays(free, gap_m, seconds=1.0)) if len(free.bays) else free
    if best.bays.sum() < old.bays.sum():
        return held
    return Pool(np.concatenate((stay.shapes, best.shapes)), np.concatenate((stay.bays, best.bays)))


def most_bays(pool: Pool, gap_m: float, *, seconds: float) -> Any:
    """Return the rows of the selection with most bays and footprints `gap_m` apart, by HiGHS."""
    import highspy

    from siting.sites.conflicts import conflicting_pairs, cover_by_cliques

    if not len(pool.bays):
        return np.empty(0, dtype=int)
    pairs = conflicting_pairs(pool.shapes, np.full(len(pool.bays), gap_m - _ROUND_OFF_M))
    model = highspy.Highs()
    model.silent()
    model.setOptionValue("time_limit", seconds)
    chosen = [model.addBinary() for _ in range(len(pool.bays))]
    for clique in cover_by_cliques(len(pool.bays), pairs):
        model.addConstr(sum(chosen[member] for member in clique) <= 1)
    model.maximize(sum(float(bays) * choice for bays, choice in zip(pool.bays, chosen, strict=True)))
    return np.flatnonzero(np.array(model.getSolution().col_value[: len(chosen)]) > 0.5)
