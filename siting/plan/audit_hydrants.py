"""The audit's own reading of hydrants: kept clear along their road, near enough to serve; hydrant after hydrant."""

import math
from typing import Any

import numpy as np
import shapely
from shapely.geometry import Point

from siting.geo import DISTANCE_EPSILON_M
from siting.kinds import Completeness, Outcome
from siting.plan.audit_between import Reading
from siting.plan.audit_features import Thing, Things
from siting.rules.clause import Clause

__all__ = ["read_along_road", "read_cover"]

_ROADSIDE_M = 12.0  # a hydrant stands at a road whose centreline is no farther
_HALF_LANE_M = 2.0  # of a road whose width is not mapped
_WORST_FIRST = tuple(Outcome)


def read_along_road(clause: Clause, footprint: Any, hydrants: Things, roads: Things) -> Reading:
    """Read the nearest hydrant, along the road for what stands in the road's band, straight for the rest."""
    least_m = float(clause.value or 0.0)
    without = Outcome.NOT_EVALUATED if hydrants.known is Completeness.UNKNOWN else Outcome.PASS
    bands = _bands(hydrants, roads)
    widest_m = max((band_m for _, band_m in bands), default=0.0)
    error_m = max((hydrant.error_m for hydrant in hydrants.rows), default=0.0)
    reach_m = least_m + 2.0 * widest_m + 3.0 * error_m
    found: list[tuple[int, float, Thing]] = []
    for at, straight_m in zip(*(part.tolist() for part in hydrants.near(footprint, reach_m)), strict=True):
        hydrant, (road, band_m) = hydrants.rows[at], bands[at]
        measured, sure = straight_m, not hydrant.doubtful
        if road is not None:
            beside_m = float(footprint.distance(road.shape))
            if beside_m <= band_m + hydrant.error_m + DISTANCE_EPSILON_M:
                measured = min(straight_m, _along_m(footprint, hydrant, road))
                in_band = beside_m <= band_m + DISTANCE_EPSILON_M
                sure = sure and (in_band or straight_m + hydrant.error_m < least_m - DISTANCE_EPSILON_M)
        found.append((_rank(measured, least_m, hydrant.error_m, sure), measured, hydrant))
    if not found:
        return Reading(math.nan, least_m, 0.0, without, None)
    rank, measured, hydrant = min(found, key=lambda item: item[:2])
    outcome = _WORST_FIRST[rank]
    final = without if outcome is Outcome.PASS else outcome
    return Reading(measured, least_m, hydrant.error_m, final, hydrant.feature_id)


def read_cover(clause: Clause, footprint: Any, things: Things) -> Reading:
    """Read the nearest thing: near enough passes; too far fails only if every such thing is known."""
    most_m = float(clause.value or 0.0)
    surveyed = things.known is Completeness.SURVEYED
    if not things.rows:
        return Reading(math.nan, most_m, 0.0, Outcome.FAIL if surveyed else Outcome.NOT_EVALUATED, None)
    every_m = shapely.distance(footprint, things.shapes)
    nearest = int(np.argmin(every_m))  # the first of equals
    apart_m, thing = float(every_m[nearest]), things.rows[nearest]
    outcome = Outcome.UNCERTAIN if surveyed else Outcome.NOT_EVALUATED
    if apart_m + thing.error_m <= most_m + DISTANCE_EPSILON_M:
        outcome = Outcome.PASS
    elif surveyed and apart_m - thing.error_m > most_m + DISTANCE_EPSILON_M:
        outcome = Outcome.FAIL
    return Reading(apart_m, most_m, thing.error_m, outcome, thing.feature_id)


def _rank(measured: float, least_m: float, error_m: float, sure: bool) -> int:
    if measured - error_m >= least_m - DISTANCE_EPSILON_M:
        return _WORST_FIRST.index(Outcome.PASS)
    failed = sure and measured + error_m < least_m - DISTANCE_EPSILON_M
    return _WORST_FIRST.index(Outcome.FAIL if failed else Outcome.UNCERTAIN)


def _bands(hydrants: Things, roads: Things) -> list[tuple[Thing | None, float]]:
    """Return the road and the band of each hydrant; they are the same for every footprint."""
    if "bands" not in hydrants.memo:
        hydrants.memo["bands"] = [_road_of(hydrant, roads) for hydrant in hydrants.rows]
    bands: list[tuple[Thing | None, float]] = hydrants.memo["bands"]
    return bands


def _road_of(hydrant: Thing, roads: Things) -> tuple[Thing | None, float]:
    """Return the road a hydrant stands at, and how far from its centreline the kept band reaches."""
    if not roads.rows:
        return None, 0.0
    every_m = shapely.distance(hydrant.shape, roads.shapes)
    nearest = int(np.argmin(every_m))
    apart_m, road = float(every_m[nearest]), roads.rows[nearest]
    if apart_m > _ROADSIDE_M:
        return None, 0.0
    half_m = _HALF_LANE_M if math.isnan(road.width_m) else road.width_m / 2.0
    return road, max(half_m, apart_m)


def _along_m(footprint: Any, hydrant: Thing, road: Thing) -> float:
    """Return the way along the road from the hydrant's foot to the nearest foot of the footprint's corners."""
    foot_m = road.shape.project(hydrant.shape.centroid)
    shells = [footprint.exterior] if hasattr(footprint, "exterior") else []
    lines = [*shells, *getattr(footprint, "interiors", ())] or [footprint]
    feet_m = [road.shape.project(Point(corner[:2])) for line in lines for corner in line.coords]
    return float(max(min(feet_m) - foot_m, foot_m - max(feet_m), 0.0))
