"""Hydrants: kept clear along the road beside them, and near enough to serve a place."""

from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from siting.geo import DISTANCE_EPSILON_M
from siting.kinds import Completeness
from siting.rules.features import Features
from siting.rules.margins import FAIL, NOT_EVALUATED, OUTCOMES, PASS, UNCERTAIN, at_least, without_breach, worst_of_each
from siting.rules.measurement import Measurement

__all__ = ["ROADSIDE_M", "measure_along_road", "measure_cover"]

#: A hydrant stands at a road whose centreline is no farther (2 m from its edge, row A15; roads up to 20 m wide).
ROADSIDE_M = 12.0
_HALF_LANE_M = 2.0  # of a road whose width is not mapped

_Floats = NDArray[np.floating[Any]]


def measure_along_road(
    footprints: NDArray[np.object_], hydrants: Features, roads: Features, least_m: float
) -> Measurement:
    """Measure how far each footprint keeps from hydrants along their road, metres.

    A footprint in the band of the road (as near to the centreline as the hydrant or the road's edge) is measured
    along the centreline, from foot point to foot points; any other one straight. In the band's position error it
    is measured along the road and never failed for that alone.
    """
    count = len(footprints)
    band_m, road = _roadside(hydrants, roads)
    reach_m = least_m + 2.0 * float(band_m.max(initial=0.0)) + 3.0 * float(hydrants.errors_m.max(initial=0.0))
    tree = shapely.STRtree(hydrants.shapes)
    row, at = tree.query(footprints, predicate="dwithin", distance=reach_m)
    straight_m = shapely.distance(footprints[row], hydrants.shapes[at])
    error = hydrants.errors_m[at]
    measured, sure = straight_m.copy(), np.ones(len(row), dtype=bool)
    near = np.flatnonzero(road[at] >= 0)
    lines = roads.shapes[road[at[near]]]
    beside_m = shapely.distance(footprints[row[near]], lines)
    near, lines, beside_m = (
        each[beside_m <= band_m[at[near]] + error[near] + DISTANCE_EPSILON_M] for each in (near, lines, beside_m)
    )
    along_m = _along(footprints[row[near]], hydrants.shapes[at[near]], lines)
    measured[near] = np.minimum(along_m, straight_m[near])
    certain = beside_m <= band_m[at[near]] + DISTANCE_EPSILON_M
    sure[near] = certain | (straight_m[near] + error[near] < least_m - DISTANCE_EPSILON_M)
    needs = np.full(len(row), least_m)
    ranks = at_least(measured, needs, needs, error)
    ranks[(ranks == FAIL) & (~sure | hydrants.doubtful[at])] = UNCERTAIN
    chosen = worst_of_each(row, ranks, measured, at)
    found, tolerance = np.full(count, np.nan), np.zeros(count)
    outcome, ids = np.full(count, without_breach(hydrants.completeness)), np.full(count, None, dtype=object)
    held = row[chosen]
    found[held], tolerance[held], ids[held] = measured[chosen], error[chosen], hydrants.ids[at[chosen]]
    broken = ranks[chosen] <= UNCERTAIN
    outcome[held[broken]] = ranks[chosen][broken]
    return Measurement(found, np.full(count, least_m), tolerance, OUTCOMES[outcome], ids)


def measure_cover(footprints: NDArray[np.object_], features: Features, most_m: float) -> Measurement:
    """Measure the straight distance to the nearest object, which may not be more than `most_m`.

    One near enough passes however little is known of the class; none near enough fails only where all are known.
    """
    count = len(footprints)
    found, tolerance = np.full(count, np.nan), np.zeros(count)
    outcome, ids = np.full(count, NOT_EVALUATED), np.full(count, None, dtype=object)
    surveyed = features.completeness is Completeness.SURVEYED
    if len(features) and count:
        row, at = shapely.STRtree(features.shapes).query_nearest(footprints, all_matches=True)
        order = np.lexsort((at, row))
        row, at = row[order], at[order]
        first = np.ones(len(row), dtype=bool)
        first[1:] = row[1:] != row[:-1]
        row, at = row[first], at[first]
        error = features.errors_m[at]
        found[row], tolerance[row], ids[row] = (
            shapely.distance(footprints[row], features.shapes[at]),
            error,
            features.ids[at],
        )
        outcome[row] = np.where(found[row] + error <= most_m + DISTANCE_EPSILON_M, PASS, NOT_EVALUATED)
        if surveyed:
            far = found[row] - error > most_m + DISTANCE_EPSILON_M
            outcome[row] = np.where(far, FAIL, np.where(outcome[row] == PASS, PASS, UNCERTAIN))
    elif surveyed:
        outcome[:] = FAIL
    return Measurement(found, np.full(count, most_m), tolerance, OUTCOMES[outcome], ids)


def _roadside(hydrants: Features, roads: Features) -> tuple[_Floats, NDArray[np.int_]]:
    """Return half the width of the kept band of each hydrant's road, and that road (-1: it stands at none)."""
    band_m, road = np.zeros(len(hydrants)), np.full(len(hydrants), -1)
    if len(hydrants) and len(roads):
        at, nearest = shapely.STRtree(roads.shapes).query_nearest(
            hydrants.shapes, max_distance=ROADSIDE_M, all_matches=True
        )
        for hydrant, line in sorted(zip(at.tolist(), nearest.tolist(), strict=True), reverse=True):
            road[hydrant] = line  # the first of equally near ones stays
        at = np.flatnonzero(road >= 0)
        widths = roads.attributes["width_m"].astype(float)[road[at]]
        half_m = np.where(np.isfinite(widths), widths / 2.0, _HALF_LANE_M)
        band_m[at] = np.maximum(half_m, shapely.distance(hydrants.shapes[at], roads.shapes[road[at]]))
    return band_m, road


def _along(footprints: NDArray[np.object_], hydrants: NDArray[np.object_], lines: NDArray[np.object_]) -> _Floats:
    """Return the way along each line from the foot of the hydrant to the nearest foot of a corner, 0 between feet."""
    foot_m = shapely.line_locate_point(lines, shapely.centroid(hydrants))
    corners, of_pair = shapely.get_coordinates(footprints, return_index=True)
    feet_m = shapely.line_locate_point(lines[of_pair], shapely.points(corners))
    ahead_m = np.full(len(lines), np.inf)
    behind_m = np.full(len(lines), -np.inf)
    np.minimum.at(ahead_m, of_pair, feet_m)
    np.maximum.at(behind_m, of_pair, feet_m)
    apart_m: _Floats = np.maximum(np.maximum(ahead_m - foot_m, foot_m - behind_m), 0.0)
    return apart_m
