"""Ground that has to stay free between two things: gaps between buildings, strips before facades, lanes.

All of them are measured by true distance from the footprint to the two things it stands between, never on a buffer:

- gap kept: the metres that stay free between the two, from the one to the facility and on to the other. A facility
  stands between two things if it shares ground with their convex hull; within the position error of the hull it
  may (doubtful). Buildings that touch are one block and owe each other no gap.
- lane width: the metres from the facility to a building or a wall on the other side of a lane, where the shortest
  line between them crosses the lane's centreline (passes within its position error: doubtful).
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from siting.geo import DISTANCE_EPSILON_M
from siting.rules.distances import clearance
from siting.rules.features import Features
from siting.rules.margins import FAIL, OUTCOMES, UNCERTAIN, at_least, without_breach, worst_of_each
from siting.rules.measurement import Measurement

__all__ = ["PairNeeds", "gap_grounds", "measure_gap", "measure_lane_width"]

_Floats = NDArray[np.floating[Any]]
_Ints = NDArray[np.int_]


@dataclass(frozen=True, eq=False)
class PairNeeds:
    """What has to stay free between object i of one class and object j of another: metres, low[class_i, class_j].

    `one_class` and `other_class` give the row and the column of each object. `served_m` is how far apart the two may
    lie to owe each other anything (infinite: always).
    """

    low: _Floats
    high: _Floats
    one_class: _Ints
    other_class: _Ints
    served_m: float = np.inf


@dataclass(frozen=True, eq=False)
class _Pairs:
    """Pairs of a footprint `row` with objects `one` and `other`, and how each stands."""

    row: _Ints
    one: _Ints
    other: _Ints
    measured: _Floats
    low: _Floats
    high: _Floats
    error: _Floats
    sure: NDArray[np.bool_]


def measure_gap(footprints: NDArray[np.object_], one: Features, other: Features, needs: PairNeeds) -> Measurement:
    """Measure what stays free between each footprint's two neighbours; `one is other` for gaps between buildings.

    `measured` is NaN where the footprint stands between nothing.
    """
    stated = float(needs.high.max(initial=0.0))
    reach_m = stated + 2.0 * float(max(one.errors_m.max(initial=0.0), other.errors_m.max(initial=0.0)))
    found = _neighbours(footprints, one, reach_m).merge(
        _neighbours(footprints, other, reach_m), on="row", suffixes=("", "_other")
    )
    if one is other:
        found = found[found["at"] < found["at_other"]]
    row, i, j = (found[name].to_numpy(int) for name in ("row", "at", "at_other"))
    measured = (found["gap"] + found["gap_other"]).to_numpy(float)
    error = one.errors_m[i] + other.errors_m[j]
    low, high = (table[needs.one_class[i], needs.other_class[j]] for table in (needs.low, needs.high))
    near = measured < high + error + reach_m  # beyond, nothing is said
    row, i, j, measured, error, low, high = (each[near] for each in (row, i, j, measured, error, low, high))
    keys, of_pair = np.unique(np.stack((i, j), axis=1), axis=0, return_inverse=True)
    first, second = one.shapes[keys[:, 0]], other.shapes[keys[:, 1]]
    apart_m = shapely.distance(first, second)[of_pair.ravel()]
    hulls = shapely.convex_hull(shapely.geometrycollections(np.stack((first, second), axis=1)))[of_pair.ravel()]
    inside_m = clearance(footprints[row], hulls)
    edge_m = np.maximum(one.errors_m[i], other.errors_m[j])
    owed = (apart_m > DISTANCE_EPSILON_M) & (apart_m <= needs.served_m + error + DISTANCE_EPSILON_M)
    sure = (inside_m < -DISTANCE_EPSILON_M) & (apart_m <= needs.served_m - error + DISTANCE_EPSILON_M)
    sure &= ~one.doubtful[i] & ~other.doubtful[j]
    stands = owed & ((inside_m < -DISTANCE_EPSILON_M) | (inside_m <= edge_m - DISTANCE_EPSILON_M))
    pairs = _Pairs(*(each[stands] for each in (row, i, j, measured, low, high, error, sure)))
    return _decided(pairs, len(footprints), (one, other))


def gap_grounds(buildings: Features, needs: PairNeeds) -> NDArray[np.object_]:
    """Return the hulls of pairs of buildings so near to each other that nothing surely fits between them."""
    reach_m = float(needs.high.max(initial=0.0)) + 2.0 * float(buildings.errors_m.max(initial=0.0))
    i, j = shapely.STRtree(buildings.shapes).query(buildings.shapes, predicate="dwithin", distance=reach_m)
    i, j = i[i < j], j[i < j]
    apart_m = shapely.distance(buildings.shapes[i], buildings.shapes[j])
    owed_m = needs.high[needs.one_class[i], needs.other_class[j]] + buildings.errors_m[i] + buildings.errors_m[j]
    narrow = (apart_m > DISTANCE_EPSILON_M) & (apart_m < owed_m)
    pairs = np.stack((buildings.shapes[i[narrow]], buildings.shapes[j[narrow]]), axis=1)
    hulls = shapely.convex_hull(shapely.geometrycollections(pairs))
    return np.asarray(hulls, dtype=object)


def measure_lane_width(
    footprints: NDArray[np.object_], sides: Features, lanes: Features, width_m: float
) -> Measurement:
    """Measure the clear width across each lane, from the footprint to what stands on the other side."""
    reach_m = 2.0 * width_m + float(sides.errors_m.max(initial=0.0))  # twice: wide margins are shown too
    near = _neighbours(footprints, sides, reach_m)
    near = near[near["gap"] > DISTANCE_EPSILON_M]  # what it touches leaves no width between
    row, side = near["row"].to_numpy(int), near["at"].to_numpy(int)
    across = shapely.shortest_line(footprints[row], sides.shapes[side])
    slack_m = float(lanes.errors_m.max(initial=0.0))
    at, lane = shapely.STRtree(lanes.shapes).query(across, predicate="dwithin", distance=slack_m + DISTANCE_EPSILON_M)
    beside_m = shapely.distance(across[at], lanes.shapes[lane])
    kept = beside_m <= lanes.errors_m[lane] + DISTANCE_EPSILON_M
    at, lane, beside_m = at[kept], lane[kept], beside_m[kept]
    measured, widths = near["gap"].to_numpy(float)[at], np.full(len(at), width_m)
    error = np.maximum(sides.errors_m[side[at]], lanes.errors_m[lane])
    sure = (beside_m <= DISTANCE_EPSILON_M) & ~sides.doubtful[side[at]] & ~lanes.doubtful[lane]
    pairs = _Pairs(row[at], lane, side[at], measured, widths, widths, error, sure)
    return _decided(pairs, len(footprints), (lanes, sides))


def _neighbours(footprints: NDArray[np.object_], features: Features, reach_m: float) -> pd.DataFrame:
    reach_m += 2.0 * DISTANCE_EPSILON_M
    row, at = shapely.STRtree(features.shapes).query(footprints, predicate="dwithin", distance=reach_m)
    gap = shapely.distance(footprints[row], features.shapes[at])
    return pd.DataFrame({"row": row, "at": at, "gap": gap})


def _decided(pairs: _Pairs, count: int, classes: tuple[Features, Features]) -> Measurement:
    """Return the worst pair of each footprint; one that stands between nothing passes where the class is known."""
    one, other = classes
    ranks = at_least(pairs.measured, pairs.low, pairs.high, pairs.error)
    ranks[(ranks == FAIL) & ~pairs.sure] = UNCERTAIN
    decided = np.where(ranks == FAIL, pairs.low, pairs.high)
    chosen = worst_of_each(pairs.row, ranks, pairs.measured - decided, pairs.one * (len(other) + 1) + pairs.other)
    at = pairs.row[chosen]
    found = np.full((3, count), np.nan)
    found[0, at], found[1, at], found[2, at] = pairs.measured[chosen], decided[chosen], pairs.error[chosen]
    outcome = np.full(count, without_breach(one.completeness))
    broken = ranks[chosen] <= UNCERTAIN
    outcome[at[broken]] = ranks[chosen][broken]
    ids: NDArray[np.object_] = np.full(count, None, dtype=object)
    ids[at] = [f"{one.ids[i]} + {other.ids[j]}" for i, j in zip(pairs.one[chosen], pairs.other[chosen], strict=True)]
    return Measurement(found[0], found[1], np.nan_to_num(found[2]), OUTCOMES[outcome], ids)
