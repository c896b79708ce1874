"""Distance kernels: n footprints against the objects of one class, by true distance; buffers never decide.

An STRtree proposes the pairs that can matter (`dwithin` the largest requirement plus its error), shapely measures
them, and `siting.rules.margins` decides; a footprint without any such pair is compared with its nearest object.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from siting.geo import DISTANCE_EPSILON_M
from siting.kinds import Completeness
from siting.rules.features import Features
from siting.rules.margins import FAIL, NOT_EVALUATED, OUTCOMES, UNCERTAIN, at_least, without_breach, worst_of_each
from siting.rules.measurement import Measurement

__all__ = ["Requirement", "clearance", "measure_clearance", "measure_distance", "measure_touch"]

#: A point or a line that lies in a footprint is at least this deep in it.
_LINE_DEPTH_M = 0.001

_Floats = NDArray[np.floating[Any]]
_Ints = NDArray[np.int_]
_Gauge = Callable[[NDArray[np.object_], NDArray[np.object_]], _Floats]


@dataclass(frozen=True, eq=False)
class Requirement:
    """What each object asks for, in metres: at least `low` for certain, at most `high` whatever the unknown is.

    `stated` is what the clause asks for where there is no object at all.
    """

    low: _Floats
    high: _Floats
    stated: float


def measure_distance(footprints: NDArray[np.object_], features: Features, needs: Requirement) -> Measurement:
    """Measure the true distance from each footprint to each object against what that object asks for.

    `measured` is the distance to the deciding object (the worst outcome, then the smallest margin), `required`
    the figure that decided: `high`, or `low` where it fails.
    """
    return _measure(footprints, features, needs, shapely.distance)


def measure_clearance(
    footprints: NDArray[np.object_], features: Features, needs: Requirement | None = None
) -> Measurement:
    """Measure how far each footprint stays clear of areas: metres, negative where it reaches into one.

    Required is 0 unless `needs` asks for more.

    Touching the edge is allowed. See `clearance` for the figure inside.
    """
    zeros = np.zeros(len(features))
    return _measure(footprints, features, needs or Requirement(zeros, zeros, 0.0), clearance)


def measure_touch(footprints: NDArray[np.object_], features: Features) -> Measurement:
    """Count the objects each footprint touches; required 0.

    A touch (distance 0 within epsilon) fails; a gap within the position error is a possible touch, as is a touch
    of a doubtful object: counted, UNCERTAIN. `feature_id` is the nearest of them, else the nearest object at all.
    """
    n = len(footprints)
    measured, ranks = np.zeros(n), np.full(n, without_breach(features.completeness))
    deciding = np.full(n, -1)
    rows, columns, gaps = _pairs(footprints, features, float(features.errors_m.max(initial=0.0)))
    near = gaps <= features.errors_m[columns] + DISTANCE_EPSILON_M
    rows, columns, gaps = rows[near], columns[near], gaps[near]
    alone = np.setdiff1d(np.arange(n), rows)
    lone, nearest = _nearest(footprints[alone], features)
    deciding[alone[lone]] = nearest
    sure = (gaps <= DISTANCE_EPSILON_M) & ~features.doubtful[columns]
    pair_ranks = np.where(sure, FAIL, UNCERTAIN)
    chosen = worst_of_each(rows, pair_ranks, gaps, columns)
    ranks[rows[chosen]], deciding[rows[chosen]] = pair_ranks[chosen], columns[chosen]
    np.add.at(measured, rows[pair_ranks == ranks[rows]], 1.0)
    if len(features) == 0 and features.completeness is Completeness.UNKNOWN:
        measured = np.full(n, np.nan)
    return _result(features, deciding, ranks, (measured, np.zeros(n)))


def clearance(footprints: NDArray[np.object_], areas: NDArray[np.object_]) -> _Floats:
    """Return the signed clear distance of each pair, metres.

    Apart: the true distance. Overlapping: minus twice the area of the overlap over its perimeter, which is the
    width of a thin strip and, for a convex overlap, never more than the move that would clear it.
    """
    apart = shapely.distance(footprints, areas)
    overlap = shapely.intersection(footprints, areas)
    perimeter = shapely.length(overlap)
    area = shapely.area(overlap)
    depth = np.divide(2.0 * area, perimeter, out=np.zeros(len(apart)), where=perimeter > 0.0)
    flat = shapely.get_dimensions(areas) < 2
    depth = np.where(flat & (apart <= DISTANCE_EPSILON_M), _LINE_DEPTH_M, depth)
    return np.where(depth > 0.0, -depth, apart)


def _measure(footprints: NDArray[np.object_], features: Features, needs: Requirement, gauge: _Gauge) -> Measurement:
    n = len(footprints)
    measured, required = np.full(n, np.nan), np.full(n, needs.stated)
    ranks, deciding = np.full(n, without_breach(features.completeness)), np.full(n, -1)
    reach = float((needs.high + features.errors_m).max(initial=0.0))
    pairs = _pairs(footprints, features, reach)
    alone = np.setdiff1d(np.arange(n), pairs[0])
    rows, columns = _nearest(footprints[alone], features)
    rows = alone[rows]
    measured[rows], deciding[rows] = gauge(footprints[rows], features.shapes[columns]), columns
    required[rows] = needs.high[columns]
    rows, columns, _ = pairs
    found = gauge(footprints[rows], features.shapes[columns])
    low, high, error = needs.low[columns], needs.high[columns], features.errors_m[columns]
    pair_ranks = at_least(found, low, high, error)
    pair_ranks[(pair_ranks == FAIL) & features.doubtful[columns]] = UNCERTAIN
    decided = np.where(pair_ranks == FAIL, low, high)
    chosen = worst_of_each(rows, pair_ranks, found - decided, columns)
    at = rows[chosen]
    measured[at], required[at], deciding[at] = found[chosen], decided[chosen], columns[chosen]
    broken = pair_ranks[chosen] < NOT_EVALUATED
    ranks[at[broken]] = pair_ranks[chosen][broken]
    return _result(features, deciding, ranks, (measured, required))


def _result(features: Features, deciding: _Ints, ranks: _Ints, figures: tuple[_Floats, _Floats]) -> Measurement:
    measured, required = figures
    known = deciding >= 0
    tolerance = np.zeros(len(deciding))
    tolerance[known] = features.errors_m[deciding[known]]
    ids: NDArray[np.object_] = np.full(len(deciding), None, dtype=object)
    ids[known] = features.ids[deciding[known]]
    return Measurement(measured, required, tolerance, OUTCOMES[ranks], ids)


def _pairs(footprints: NDArray[np.object_], features: Features, reach_m: float) -> tuple[_Ints, _Ints, _Floats]:
    """Return (footprint, object, distance) of every pair not farther apart than `reach_m`."""
    tree = shapely.STRtree(features.shapes)
    rows, columns = tree.query(footprints, predicate="dwithin", distance=reach_m + 2.0 * DISTANCE_EPSILON_M)
    return rows, columns, shapely.distance(footprints[rows], features.shapes[columns])


def _nearest(footprints: NDArray[np.object_], features: Features) -> tuple[_Ints, _Ints]:
    """Return (footprint, its nearest object), the first object where several are equally near."""
    if len(features) == 0 or len(footprints) == 0:
        return np.empty(0, dtype=int), np.empty(0, dtype=int)
    rows, columns = shapely.STRtree(features.shapes).query_nearest(footprints, all_matches=True)
    order = np.lexsort((columns, rows))
    rows, columns = rows[order], columns[order]
    first = np.ones(len(rows), dtype=bool)
    first[1:] = rows[1:] != rows[:-1]
    return rows[first], columns[first]
