"""The audit's own yardstick: one clause on one site, by true distance to every object there is.

Every metric is read as DESIGN section 4 says. A requirement is an interval [low, high] over what unknown facts
may turn out to be; with a position error e: PASS where measured - e >= high, FAIL where measured + e < low,
UNCERTAIN between, and a doubtful object is never failed upon. "Not less than" includes equality to 1e-9 m.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import combinations, product
from types import MappingProxyType
from typing import Any

import numpy as np
import shapely

from siting.geo import DISTANCE_EPSILON_M
from siting.kinds import Completeness, Kind, Outcome
from siting.plan.audit_access import Access, accesses_of, lost_by
from siting.plan.audit_attested import Relief, relief
from siting.plan.audit_between import Reading, read_gap, read_lane_width
from siting.plan.audit_equipment import granted_by, read_equipment, wall_names
from siting.plan.audit_features import Thing, Things, things_of
from siting.plan.audit_figures import KindFigures
from siting.plan.audit_garages import lies_underground, read_garage
from siting.plan.audit_hydrants import read_along_road, read_cover
from siting.plan.audit_reading import Facts
from siting.rules.clause import Clause, Metric, Rulebook

__all__ = ["Layout", "Reading", "Subject", "bounds_and_relief", "granted_at", "measure_again", "things_by_class"]

_LINE_DEPTH_M = 0.001  # a line or a point inside a footprint is at least this deep in it
_HEIGHTS = ("low_rise", "high_rise")
_FIRE_CLASSES = ("I-II", "III", "IV")
_WORST_FIRST = tuple(Outcome)
#: What a metric measures to besides the class its clause names.
_COMPANIONS: Mapping[Metric, tuple[str, ...]] = MappingProxyType(
    {Metric.GAP_KEPT: ("building",), Metric.LANE_WIDTH: ("lane_side",), Metric.ROAD_DISTANCE: ("road",)}
)


@dataclass(frozen=True, eq=False)
class Layout:
    """The bays of a site and their groups; nothing drawn is an empty layout."""

    bays: float = math.nan
    groups: tuple[Any, ...] = ()
    group_bays: tuple[float, ...] = ()
    group_length_m: tuple[float, ...] = ()


@dataclass(frozen=True, eq=False)
class Subject:
    """What is measured: one footprint (or a point) of a kind."""

    site_id: str
    kind: Kind
    footprint: Any
    layout: Layout = Layout()
    said: Mapping[str, Any] = field(default_factory=dict)  # what was signed for of the place: {fact: (value, id)}
    garage_id: str | None = None  # levels lie above one another: the place alone does not tell


@dataclass(frozen=True, eq=False)
class _Pair:
    """One object as it stands to the footprint."""

    thing: Thing
    measured: float
    required: float
    outcome: Outcome


def things_by_class(facts: Facts, rulebook: Rulebook) -> Mapping[str, Things]:
    """Return the objects of every class that a clause of the rulebook measures to."""
    classes = {clause.to for clause in rulebook.clauses if clause.metric not in _LAYOUT and clause.to != "layout"}
    classes |= {name for clause in rulebook.clauses for name in _COMPANIONS.get(clause.metric, ())}
    classes |= {"garage" for clause in rulebook.clauses if "underground" in clause.when}
    found = {name: things_of(facts, name) for name in sorted(classes)}
    accesses = accesses_of(facts, rulebook)
    if accesses:
        found["fire_lane"] = replace(found["fire_lane"], accesses=accesses)
    return MappingProxyType(found)


def measure_again(clause: Clause, subject: Subject, things: Mapping[str, Things], figures: KindFigures) -> Reading:
    """Measure one clause on one site of its kind; outside the clause's conditions it passes with nothing required."""
    applies = _applies(clause, subject, things, figures)
    if clause.metric in _LAYOUT:
        found = _read_layout(clause, subject, figures, applies is not False)
    else:
        if applies is False:
            return Reading(math.nan, math.nan, 0.0, Outcome.PASS, None)
        found = _read(clause, subject, things, figures)
    if applies is None and found.outcome is not Outcome.PASS:  # nobody knows whether it is asked
        return replace(found, outcome=Outcome.NOT_EVALUATED)
    return found


def granted_at(
    subjects: Iterable[Subject], rulebook: Rulebook, things: Mapping[str, Things], figures: Mapping[Kind, KindFigures]
) -> Iterator[tuple[str, str, str, Relief]]:
    """Yield (site, clause, system or "group_wall", relief) where signed equipment is what keeps the clause."""
    for subject in subjects:
        for clause in rulebook.for_kind(subject.kind):
            if _applies(clause, subject, things, figures[subject.kind]) is False:
                continue
            granted = granted_by(clause, subject.said) if clause.to == "layout" else {}
            walls = wall_names(clause, subject.said) if clause.metric is Metric.GROUP_GAP else ()
            gap_m = _shortest_gap(subject.layout, figures[subject.kind]) if walls else math.nan
            if walls and gap_m < float(clause.value or 0.0) - DISTANCE_EPSILON_M:
                granted = {"group_wall": walls}
            for name, ids in granted.items():
                yield subject.site_id, clause.clause_id, name, Relief(clause.row, 0.0, 0.0, ids)


def _read(clause: Clause, subject: Subject, things: Mapping[str, Things], figures: KindFigures) -> Reading:
    if clause.metric is Metric.EQUIPMENT and clause.to == "layout":
        return read_equipment(clause, subject.said)
    footprint, known = subject.footprint, things[clause.to]
    if clause.metric is Metric.FIRE_ACCESS:
        return _read_access(footprint, known.accesses[clause.clause_id])
    if clause.metric is Metric.GAP_KEPT:
        return read_gap(clause, footprint, known, known if clause.to == "building_gap" else things["building"])
    if clause.metric is Metric.LANE_WIDTH:
        return read_lane_width(clause, footprint, known, things["lane_side"])
    if clause.metric is Metric.ROAD_DISTANCE:
        return read_along_road(clause, footprint, known, things["road"])
    if clause.metric is Metric.COVER:
        return read_cover(clause, footprint, known)
    if clause.to == "garage":
        return read_garage(clause, footprint, known, subject.garage_id)
    if clause.metric is Metric.ADJACENCY:
        return _count_touches(footprint, known)
    return _read_distances(clause, subject, known, figures.fire_class)


def _applies(clause: Clause, subject: Subject, things: Mapping[str, Things], figures: KindFigures) -> bool | None:
    """Return whether every condition of the clause holds; None where one is unknown and none surely fails."""
    bays = subject.layout.bays
    answers: list[bool | None] = []
    for name, wanted in clause.when.items():
        limit = float(str(wanted))
        if name == "underground":
            below = lies_underground(subject.footprint, things["garage"], subject.garage_id)
            answers.append(None if below is None else below == bool(limit))
            continue
        figure = {"min_power_kw": bays * figures.port_kw, "min_area_m2": subject.footprint.area}.get(name, bays)
        answers.append(None if math.isnan(figure) else figure <= limit if name == "max_bays" else figure >= limit)
    if False in answers:
        return False
    return None if None in answers else True


def _read_distances(clause: Clause, subject: Subject, things: Things, fire_class: str) -> Reading:
    footprint = subject.footprint
    without_breach = Outcome.NOT_EVALUATED if things.known is Completeness.UNKNOWN else Outcome.PASS
    things, bounds, reach_m = _asked_of(clause, things, subject.kind, fire_class)
    if not things.rows:
        return Reading(math.nan, _stated(clause), 0.0, without_breach, None)
    near, apart_m = things.near(footprint, reach_m + 2 * DISTANCE_EPSILON_M)
    if not len(near):
        every_m = shapely.distance(footprint, things.shapes)
        near = np.array([np.argmin(every_m)])
        apart_m = every_m[near]
    by_area = clause.metric is Metric.TURNING_AREA or (clause.metric is Metric.KEEP_CLEAR and clause.to != "fire_lane")
    pairs = []
    for at, gap_m in zip(near.tolist(), apart_m.tolist(), strict=True):
        thing = things.rows[at]
        measured = _clear_m(footprint, thing.shape) if by_area else gap_m
        pairs.append(_judge(thing, measured, bounds[at]))
    # min() keeps the first of equals: things stand in the order of their ids.
    decisive = min(pairs, key=lambda pair: (_WORST_FIRST.index(pair.outcome), pair.measured - pair.required))
    broken = decisive.outcome in (Outcome.FAIL, Outcome.UNCERTAIN)
    return Reading(
        decisive.measured,
        decisive.required,
        decisive.thing.error_m,
        decisive.outcome if broken else without_breach,
        decisive.thing.feature_id,
    )


def _asked_of(
    clause: Clause, things: Things, kind: Kind, fire_class: str
) -> tuple[Things, list[tuple[float, float]], float]:
    """Return the things that ask for a distance, the interval each asks for, and the farthest that matters."""
    key = (clause.clause_id, kind, fire_class)
    if key not in things.memo:
        bounds = [_eased(clause, thing, kind, fire_class) for thing in things.rows]
        held = things
        if clause.metric is Metric.SEPARATION_BY_CLASS and any(high == 0.0 for _, high in bounds):
            kept = [at for at, (_, high) in enumerate(bounds) if high > 0.0]  # a wall that asks for nothing is none
            held, bounds = Things(tuple(things.rows[at] for at in kept), things.known), [bounds[at] for at in kept]
        errors = [thing.error_m for thing in held.rows]
        reach_m = max((high + error for (_, high), error in zip(bounds, errors, strict=True)), default=0.0)
        things.memo[key] = held, bounds, reach_m
    found: tuple[Things, list[tuple[float, float]], float] = things.memo[key]
    return found


def _judge(thing: Thing, measured: float, bounds: tuple[float, float]) -> _Pair:
    low, high = bounds
    outcome = Outcome.UNCERTAIN
    if measured - thing.error_m >= high - DISTANCE_EPSILON_M:
        outcome = Outcome.PASS
    elif measured + thing.error_m < low - DISTANCE_EPSILON_M and not thing.doubtful:
        outcome = Outcome.FAIL
    return _Pair(thing, measured, low if outcome is Outcome.FAIL else high, outcome)


def _stated(clause: Clause) -> float:
    if clause.metric is Metric.SEPARATION_BY_CLASS or (clause.metric is Metric.SEPARATION and clause.value is None):
        return max(clause.values.values())
    if clause.metric is Metric.SEPARATION:
        return float(clause.value or 0.0)
    if clause.metric is Metric.TURNING_AREA:
        return float(clause.value or 0.0) / math.sqrt(2.0)
    return (clause.value or 0.0) / 2.0 if clause.to == "fire_lane" else 0.0


def bounds_and_relief(
    clause: Clause, thing: Thing, kind: Kind, fire_class: str
) -> tuple[tuple[float, float], Relief | None]:
    """Return what a clause asks of a thing without any exemption, and what signed statements ease."""
    full = _required(clause, thing, fire_class)
    if clause.metric is not Metric.SEPARATION_BY_CLASS or not thing.signed:
        return full, None
    return full, relief(clause, thing, kind, fire_class, full)


def _eased(clause: Clause, thing: Thing, kind: Kind, fire_class: str) -> tuple[float, float]:
    full, eased = bounds_and_relief(clause, thing, kind, fire_class)
    return full if eased is None else (eased.low_m, eased.high_m)


def _required(clause: Clause, thing: Thing, fire_class: str) -> tuple[float, float]:
    """Return the least and the most that a clause may ask of a thing, metres."""
    if clause.metric is Metric.SEPARATION_BY_CLASS:
        cells = list(_cells(clause.values, thing, fire_class))
        return min(cells), max(cells)
    if clause.metric is Metric.SEPARATION:
        values = list(clause.values.values()) if clause.value is None else [clause.value]
        return min(values), max(values)
    if clause.metric is Metric.KEEP_CLEAR and clause.to == "fire_lane":
        least = clause.value or 0.0
        half = (least if math.isnan(thing.width_m) else max(thing.width_m, least)) / 2.0
        return half, half
    if clause.metric is Metric.TURNING_AREA and thing.is_end:
        side = float(clause.value or 0.0)  # half a side of the free square at best, half its diagonal at worst
        return side / 2.0, side / math.sqrt(2.0)
    return 0.0, 0.0


def _cells(values: Mapping[str, float], thing: Thing, fire_class: str) -> Iterator[float]:
    """Yield the figure of every cell that unknown classes leave open; the most exact key of a cell counts."""
    heights = _HEIGHTS if thing.height_class == "unknown" else (thing.height_class,)
    buildings = _FIRE_CLASSES if thing.fire_class == "unknown" else (thing.fire_class,)
    facilities = _FIRE_CLASSES if fire_class == "unknown" else (fire_class,)
    for height, building, facility in product(heights, buildings, facilities):
        for key in product((height, "*"), (building, "*"), (facility, "*")):
            if "/".join(key) in values:
                yield values["/".join(key)]
                break


def _clear_m(footprint: Any, shape: Any) -> float:
    """Return the clear distance to an area: true distance, or minus the depth inside it.

    The depth of an overlap is twice its area over its perimeter; of a drawn point, its way to the edge.
    """
    apart_m = float(shapely.distance(footprint, shape))
    if apart_m > DISTANCE_EPSILON_M:
        return apart_m
    if shapely.get_dimensions(shape) < 2:
        return -_LINE_DEPTH_M
    if shapely.get_dimensions(footprint) < 2:
        return -float(shapely.distance(footprint, shape.boundary)) if shape.contains(footprint) else apart_m
    overlap = footprint.intersection(shape)
    return -2.0 * overlap.area / overlap.length if overlap.area > 0.0 else apart_m


def _count_touches(footprint: Any, things: Things) -> Reading:
    touches: list[tuple[int, float, Thing]] = []
    every_m = shapely.distance(footprint, things.shapes)
    for at in np.flatnonzero(every_m <= max((thing.error_m for thing in things.rows), default=0.0) + 1e-6).tolist():
        thing, gap_m = things.rows[at], float(every_m[at])
        if gap_m <= thing.error_m + DISTANCE_EPSILON_M:
            sure = gap_m <= DISTANCE_EPSILON_M and not thing.doubtful
            touches.append((0 if sure else 1, gap_m, thing))
    if touches:
        worst, _, thing = min(touches, key=lambda touch: touch[:2])
        count = sum(rank == worst for rank, *_ in touches)
        return Reading(count, 0.0, thing.error_m, (Outcome.FAIL, Outcome.UNCERTAIN)[worst], thing.feature_id)
    unknown = things.known is Completeness.UNKNOWN
    outcome = Outcome.NOT_EVALUATED if unknown else Outcome.PASS
    if not things.rows:
        return Reading(math.nan if unknown else 0.0, 0.0, 0.0, outcome, None)
    nearest = things.rows[int(np.argmin(every_m))]
    return Reading(0.0, 0.0, nearest.error_m, outcome, nearest.feature_id)


def _read_access(footprint: Any, access: Access) -> Reading:
    if not access.streets:
        return Reading(math.nan, 0.0, access.error_m, Outcome.NOT_EVALUATED, None)
    for outcome, grown_m in ((Outcome.FAIL, -access.error_m), (Outcome.UNCERTAIN, access.error_m)):
        shape = footprint.buffer(grown_m) if grown_m else footprint
        lost = () if shape.is_empty else lost_by(access, [shape])
        if lost:
            return Reading(len(lost), 0.0, access.error_m, outcome, lost[0])
    return Reading(0.0, 0.0, access.error_m, Outcome.PASS, None)


def _read_layout(clause: Clause, subject: Subject, figures: KindFigures, applies: bool) -> Reading:
    layout = subject.layout
    if clause.metric is Metric.AREA_PER_VEHICLE:
        measured = float(subject.footprint.area / layout.bays)
    else:
        measured = float(_LAYOUT[clause.metric](layout, figures))
    if clause.metric is Metric.GROUP_GAP and len(layout.groups) == 1:
        applies = False  # one group has no gap to keep
    if not applies:
        return Reading(measured, math.nan, 0.0, Outcome.PASS, None)
    if clause.metric is Metric.GROUP_GAP and wall_names(clause, subject.said):
        return Reading(measured, 0.0, 0.0, Outcome.PASS, None)
    limit = float(clause.value or 0.0)
    short = measured - limit if clause.op == "<=" else limit - measured
    outcome = Outcome.FAIL if short > DISTANCE_EPSILON_M else Outcome.PASS
    return Reading(measured, limit, 0.0, Outcome.NOT_EVALUATED if math.isnan(measured) else outcome, None)


def _shortest_gap(layout: Layout, _figures: KindFigures) -> float:
    gaps = (float(shapely.distance(one, other)) for one, other in combinations(layout.groups, 2))
    return min(gaps, default=math.nan)


_LAYOUT: Mapping[Metric, Callable[[Layout, KindFigures], float]] = MappingProxyType(
    {
        Metric.GROUP_LENGTH: lambda layout, _: max(layout.group_length_m, default=math.nan),
        Metric.GROUP_SIZE: lambda layout, _: max(layout.group_bays, default=math.nan),
        Metric.GROUP_GAP: _shortest_gap,
        Metric.PLACE_SIZE: lambda layout, _: layout.bays,
        Metric.SOCKET_SPACING: lambda _, figures: figures.socket_spacing_m,
        Metric.EXITS: lambda _, figures: figures.exits,
        Metric.PORT_POWER: lambda _, figures: figures.port_kw,
        Metric.AREA_PER_VEHICLE: lambda _layout, _figures: math.nan,  # needs the ground too
    }
)
