"""The audit's own reading of ground between two things: gaps of buildings, strips at facades, widths of lanes.

Pair after pair, with plain shapely geometry; a facility stands between two things that its hull's overlap shows.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations, product
from typing import Any

from shapely.geometry import GeometryCollection, LineString
from shapely.ops import nearest_points

from siting.geo import DISTANCE_EPSILON_M
from siting.kinds import Completeness, Outcome
from siting.plan.audit_features import Thing, Things
from siting.rules.clause import Clause

__all__ = ["Reading", "read_gap", "read_lane_width"]

_HEIGHTS = ("low_rise", "high_rise")
_FIRE_CLASSES = ("I-II", "III", "IV")
_WORST_FIRST = tuple(Outcome)
_SMALL_M = 1e-9


@dataclass(frozen=True)
class Reading:
    """One clause on one site; NaN and None for what is not known."""

    measured: float
    required: float
    tolerance: float
    outcome: Outcome
    feature_id: str | None


@dataclass(frozen=True)
class _Case:
    """What one pair of things says: free metres, what it asks, how well both places are known."""

    free_m: float
    low: float
    high: float
    error_m: float
    sure: bool
    name: str


def read_gap(clause: Clause, footprint: Any, things: Things, others: Things) -> Reading:
    """Read what stays free between the two things a footprint stands between; nothing between passes or is unknown."""
    among = things is others
    most_m = max(clause.values.values()) if among else float(clause.value or 0.0)
    error_m = max((thing.error_m for thing in (*things.rows, *others.rows)), default=0.0)
    reach_m = most_m + 2.0 * error_m
    near = [_near(footprint, each, reach_m) for each in (things, others)]
    pairs: list[Any] = list(combinations(near[0], 2)) if among else list(product(*near))
    cases = []
    for (one, gap_m), (two, other_gap_m) in pairs:
        low, high = _owed(clause.values, one, two) if among else (most_m, most_m)
        slack_m = one.error_m + two.error_m
        if gap_m + other_gap_m >= high + slack_m + reach_m:
            continue  # so much stays free that nothing is said
        apart_m = one.shape.distance(two.shape)
        if apart_m <= DISTANCE_EPSILON_M or (not among and apart_m > most_m + slack_m + DISTANCE_EPSILON_M):
            continue  # one block; or farther apart than the strip is wide
        depth_m, beside_m = _stand(footprint, GeometryCollection([one.shape, two.shape]).convex_hull)
        edge_m = max(one.error_m, two.error_m)
        if depth_m <= _SMALL_M and not (edge_m > 0.0 and beside_m <= edge_m - _SMALL_M):
            continue
        served = among or apart_m <= most_m - slack_m + DISTANCE_EPSILON_M
        sure = depth_m > _SMALL_M and served and not one.doubtful and not two.doubtful
        names = f"{one.feature_id} + {two.feature_id}"
        cases.append(_Case(gap_m + other_gap_m, low, high, slack_m, sure, names))
    return _worst(cases, things.known)


def read_lane_width(clause: Clause, footprint: Any, lanes: Things, sides: Things) -> Reading:
    """Read the clear width across lanes from the footprint to what stands on their other side."""
    width_m = float(clause.value or 0.0)
    error_m = max((thing.error_m for thing in sides.rows), default=0.0)
    lane_error_m = max((lane.error_m for lane in lanes.rows), default=0.0) + DISTANCE_EPSILON_M
    cases = []
    for side, gap_m in _near(footprint, sides, 2.0 * width_m + error_m):
        if gap_m <= DISTANCE_EPSILON_M:
            continue  # what it touches leaves no width between
        across = LineString(nearest_points(footprint, side.shape))
        for at, beside_m in zip(*(part.tolist() for part in lanes.near(across, lane_error_m)), strict=True):
            lane = lanes.rows[at]
            if beside_m <= lane.error_m + DISTANCE_EPSILON_M:
                sure = beside_m <= DISTANCE_EPSILON_M and not side.doubtful and not lane.doubtful
                slack_m = max(side.error_m, lane.error_m)
                names = f"{lane.feature_id} + {side.feature_id}"
                cases.append(_Case(gap_m, width_m, width_m, slack_m, sure, names))
    return _worst(cases, lanes.known)


def _near(footprint: Any, things: Things, reach_m: float) -> list[tuple[Thing, float]]:
    at, apart_m = things.near(footprint, reach_m + 2 * DISTANCE_EPSILON_M)
    return [(things.rows[number], gap_m) for number, gap_m in zip(at.tolist(), apart_m.tolist(), strict=True)]


def _stand(footprint: Any, hull: Any) -> tuple[float, float]:
    """Return how deep a footprint stands in a hull (0: not at all) and how far from it, metres."""
    beside_m = float(footprint.distance(hull))
    if beside_m > 0.0 or footprint.area == 0.0:
        return (0.001 if hull.contains(footprint) else 0.0), beside_m
    shared = footprint.intersection(hull)
    return (2.0 * shared.area / shared.length if shared.area > 0.0 else 0.0), beside_m


def _owed(values: Mapping[str, float], one: Thing, two: Thing) -> tuple[float, float]:
    """Return the least and the most that two buildings may owe each other, metres."""
    figures = [
        _cell(values, mine, theirs)
        for mine in product(_meanings(one.height_class, _HEIGHTS), _meanings(one.fire_class, _FIRE_CLASSES))
        for theirs in product(_meanings(two.height_class, _HEIGHTS), _meanings(two.fire_class, _FIRE_CLASSES))
    ]
    return min(figures), max(figures)


def _meanings(word: str, choices: tuple[str, ...]) -> tuple[str, ...]:
    return choices if word == "unknown" else (word,)


def _cell(values: Mapping[str, float], mine: tuple[str, str], theirs: tuple[str, str]) -> float:
    return next(values[key] for key in _keys(mine, theirs) if key in values)


def _keys(mine: tuple[str, str], theirs: tuple[str, str]) -> Iterator[str]:
    """Yield the keys that may name a cell, the most exact first, in either order of the two buildings."""
    for (height, fire), (other_height, other_fire) in ((mine, theirs), (theirs, mine)):
        for exact, other_exact in product((fire, "*"), (other_fire, "*")):
            yield f"{height}/{exact}/{other_height}/{other_exact}"


def _worst(cases: list[_Case], known: Completeness) -> Reading:
    without = Outcome.NOT_EVALUATED if known is Completeness.UNKNOWN else Outcome.PASS
    judged = []
    for case in cases:
        outcome = Outcome.UNCERTAIN
        if case.free_m - case.error_m >= case.high - DISTANCE_EPSILON_M:
            outcome = Outcome.PASS
        elif case.sure and case.free_m + case.error_m < case.low - DISTANCE_EPSILON_M:
            outcome = Outcome.FAIL
        judged.append((outcome, case, case.low if outcome is Outcome.FAIL else case.high))
    if not judged:
        return Reading(math.nan, math.nan, 0.0, without, None)
    outcome, case, asked = min(judged, key=lambda item: (_WORST_FIRST.index(item[0]), item[1].free_m - item[2]))
    final = without if outcome is Outcome.PASS else outcome
    return Reading(case.free_m, asked, case.error_m, final, case.name)
