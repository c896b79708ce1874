"""One clause on n candidates: each metric has one pure function here, and nothing else decides.

How each metric reads (the audit re-measures the same figures on a second road):

- separation: metres from the footprint to the object, >=. With `values` instead of `value` the case is unknown
  (grade of a filling station) and the requirement is the interval of them.
- separation_by_class: as above, the figure by height class and fire class of the building and of the facility, less
  what an attestation exempts (see `siting.rules.exemptions`).
- keep_clear, fire lanes: metres from the footprint to the lane's centreline, >= half the lane's width; the width is
  the tag's, but never below the clause's `value` (4.0 m clear, row A03), which also stands in for an unknown
  width. Areas: metres of clear distance, >= 0, negative inside (see `siting.rules.distances.clearance`).
- adjacency: number of objects touched, <= 0.
- gap_kept, lane_width: see `siting.rules.passages`. turning_area: metres from the footprint to the lane's dead end;
  a free square of side `value` needs half of it in the best rotation, half its diagonal in the worst (an interval);
  drawn turning areas are kept clear as areas are. road_distance, cover: see `siting.rules.hydrants`.
- garage_level, fire_unit_area, fire_unit_size, entrance_gap, equipment of a garage: see `siting.rules.garages`;
  equipment of the place itself, and walls that stand in for a group_gap: see `siting.rules.equipment`.
- fire_access: faces of buildings and turns of dead ends that an engine can no longer reach, counted, <= 0 (see
  `siting.rules.fire_access`).
- group_length, group_size, group_gap, place_size, socket_spacing, exits, port_power, area_per_vehicle: the
  layout's own figures.

Position errors, unknown classes, doubtful objects and completeness: see `siting.rules.margins` and `.features`.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from siting.district.record import District
from siting.kinds import Outcome
from siting.rules.class_table import class_codes, pair_bounds, required_by_class
from siting.rules.clause import Clause, Metric
from siting.rules.distances import Requirement, measure_clearance, measure_distance, measure_touch
from siting.rules.equipment import measure_place_equipment, walled
from siting.rules.exemptions import relieved
from siting.rules.features import Features, features_of
from siting.rules.fire_access import access_model, measure_access
from siting.rules.garages import hosts_of, measure_equipment, measure_garage, underground
from siting.rules.hydrants import measure_along_road, measure_cover
from siting.rules.layouts import largest_group, longest_group, shortest_gap
from siting.rules.margins import FAIL, NOT_EVALUATED, OUTCOMES, PASS, UNCERTAIN, plain
from siting.rules.measurement import FacilityFacts, Measurement, Shapes
from siting.rules.passages import PairNeeds, measure_gap, measure_lane_width

__all__ = [
    "LAYOUT_METRICS",
    "FacilityFacts",
    "Measurement",
    "Shapes",
    "conditions_hold",
    "gap_needs",
    "measure",
    "requirement_of",
]

_Floats = NDArray[np.floating[Any]]

_LAYOUT: Mapping[Metric, Callable[[Shapes, FacilityFacts], _Floats]] = MappingProxyType(
    {
        Metric.GROUP_LENGTH: lambda shapes, _: longest_group(shapes),
        Metric.GROUP_SIZE: lambda shapes, _: largest_group(shapes),
        Metric.GROUP_GAP: lambda shapes, _: shortest_gap(shapes),
        Metric.PLACE_SIZE: lambda shapes, _: shapes.bays.astype(float),
        Metric.SOCKET_SPACING: lambda shapes, facility: np.full(len(shapes.bays), float(facility.socket_spacing_m)),
        Metric.EXITS: lambda shapes, facility: np.full(len(shapes.bays), float(facility.exits)),
        Metric.PORT_POWER: lambda shapes, facility: np.full(len(shapes.bays), float(facility.port_kw)),
        Metric.AREA_PER_VEHICLE: lambda shapes, _: shapely.area(shapes.footprints) / shapes.bays,
    }
)
#: Metrics of the facility itself; their clauses name "layout" in `to`.
LAYOUT_METRICS: frozenset[Metric] = frozenset(_LAYOUT)


def measure(clause: Clause, shapes: Shapes, district: District, facility: FacilityFacts) -> Measurement:
    """Measure `clause` on every candidate of `shapes`; same order, one result each.

    The caller chooses the clauses that speak of the facility's kind. Candidates outside the clause's `when`
    pass with nothing required; where it is unknown whether the condition holds (NaN), only a pass counts.
    """
    holds = conditions_hold(clause, shapes, district, facility)
    applies = holds != 0.0
    if clause.metric in LAYOUT_METRICS:
        found = _measure_layout(clause, shapes, facility, applies)
        if clause.metric is Metric.GROUP_GAP and clause.exemptions:
            found = _with_walls(found, walled(clause, shapes, district, facility))
    elif clause.metric is Metric.EQUIPMENT and clause.to == "layout":
        found = _only_where(measure_place_equipment(clause, shapes, district, facility), applies, among=applies)
    else:
        asked = shapes.footprints if applies.all() else shapes.footprints[applies]
        if clause.to == "garage":
            names = None if shapes.garages is None else shapes.garages[applies]
            found = _measure_garage(clause, asked, district, names)
        else:
            found = _measured(clause, asked, district, facility)
        found = found if applies.all() else _only_where(found, applies)
    unknown = np.isnan(holds) & (found.outcome != Outcome.PASS.value)
    return replace(found, outcome=np.where(unknown, Outcome.NOT_EVALUATED.value, found.outcome))


def _measured(
    clause: Clause, footprints: NDArray[np.object_], district: District, facility: FacilityFacts
) -> Measurement:
    value = float(clause.value or 0.0)
    if clause.metric is Metric.FIRE_ACCESS:
        return _measure_access(clause, footprints, district)
    if clause.metric is Metric.GAP_KEPT:
        return measure_gap(footprints, *gap_needs(clause, district))
    if clause.metric is Metric.LANE_WIDTH:
        sides, lanes = features_of(district, "lane_side"), features_of(district, clause.to)
        return measure_lane_width(footprints, sides, lanes, value)
    features, needs = requirement_of(clause, district, facility)
    if clause.metric is Metric.ADJACENCY:
        return measure_touch(footprints, features)
    if clause.metric is Metric.TURNING_AREA:
        return measure_clearance(footprints, features, needs)
    if clause.metric is Metric.KEEP_CLEAR and clause.to != "fire_lane":
        return measure_clearance(footprints, features)
    if clause.metric is Metric.ROAD_DISTANCE:
        return measure_along_road(footprints, features, features_of(district, "road"), value)
    if clause.metric is Metric.COVER:
        return measure_cover(footprints, features, value)
    return measure_distance(footprints, features, needs)


def _measure_garage(
    clause: Clause, footprints: NDArray[np.object_], district: District, names: NDArray[np.object_] | None
) -> Measurement:
    garages = features_of(district, clause.to)
    hosts = hosts_of(footprints, garages, names)
    return (measure_equipment if clause.metric is Metric.EQUIPMENT else measure_garage)(clause, hosts, garages)


def gap_needs(clause: Clause, district: District) -> tuple[Features, Features, PairNeeds]:
    """Return the two classes of objects a gap lies between, and what they owe each other."""
    one, buildings = features_of(district, clause.to), features_of(district, "building")
    if clause.to == "building_gap":
        codes = class_codes(one.attributes["height_class"], one.attributes["fire_class"])
        return one, one, PairNeeds(*pair_bounds(clause.values), codes, codes)
    value = float(clause.value or 0.0)
    figures = np.full((1, 1), value)
    codes, other = np.zeros(len(one), dtype=int), np.zeros(len(buildings), dtype=int)
    return one, buildings, PairNeeds(figures, figures, codes, other, served_m=value)


def requirement_of(clause: Clause, district: District, facility: FacilityFacts) -> tuple[Features, Requirement]:
    """Return the objects a clause measures to and how far each keeps the facility away, metres.

    `needs.high` is the distance beyond which an object never matters (apart from its position error): what
    zones are drawn with. Adjacency and keep-clear of areas ask for 0.
    """
    features = features_of(district, clause.to)
    count = len(features)
    if clause.metric is Metric.SEPARATION_BY_CLASS:
        heights, fires = features.attributes["height_class"], features.attributes["fire_class"]
        needs = required_by_class(clause.values, heights, fires, facility.fire_class)
        return relieved(clause, features, needs, district, facility)
    if clause.metric in (Metric.SEPARATION, Metric.ROAD_DISTANCE):
        figures = tuple(clause.values.values()) if clause.value is None else (clause.value,)
        return features, Requirement(
            np.full(count, float(min(figures))), np.full(count, float(max(figures))), max(figures)
        )
    if clause.metric is Metric.TURNING_AREA:
        side = float(clause.value or 0.0)
        is_end = features.attributes["end"].astype(bool)
        low, high = np.where(is_end, side / 2.0, 0.0), np.where(is_end, side / np.sqrt(2.0), 0.0)
        return features, Requirement(low, high, side / np.sqrt(2.0))
    if clause.metric is Metric.KEEP_CLEAR and clause.to == "fire_lane":
        least = clause.value or 0.0
        half = np.fmax(features.attributes["width_m"].astype(float), least) / 2.0
        return features, Requirement(half, half, least / 2.0)
    return features, Requirement(np.zeros(count), np.zeros(count), 0.0)


def _measure_layout(clause: Clause, shapes: Shapes, facility: FacilityFacts, applies: NDArray[np.bool_]) -> Measurement:
    measured = _LAYOUT[clause.metric](shapes, facility)
    if clause.metric is Metric.GROUP_GAP:  # one group has no gap to keep
        groups = np.bincount(shapes.group_of, minlength=len(shapes.bays))
        applies = applies & (groups != 1)
    return plain(measured, clause.op, float(clause.value or 0.0), applies)


def _measure_access(clause: Clause, footprints: NDArray[np.object_], district: District) -> Measurement:
    model = access_model(district, clause.values)
    count, rank, first = measure_access(model, footprints, district.position_error_m)
    ranks = np.array([FAIL, UNCERTAIN, PASS])[rank] if model.known else np.full(len(count), NOT_EVALUATED)
    zeros = np.zeros(len(count))
    return Measurement(
        measured=count if model.known else np.full(len(count), np.nan),
        required=zeros,
        tolerance=np.full(len(count), district.position_error_m),
        outcome=OUTCOMES[ranks],
        feature_id=first,
    )


def conditions_hold(clause: Clause, shapes: Shapes, district: District, facility: FacilityFacts) -> _Floats:
    """Return 1 where every condition of the clause holds, 0 where one surely does not, NaN where that is unknown."""
    holds = np.ones(len(shapes.bays))
    for name, wanted in clause.when.items():
        limit = float(str(wanted))
        if name == "underground":
            garages = features_of(district, "garage")
            below = underground(hosts_of(shapes.footprints, garages, shapes.garages), garages)
            answer = np.where(np.isnan(below), np.nan, below == limit)
        else:
            figure = _FIGURES[name](shapes, facility)
            met = figure <= limit if name.startswith("max_") else figure >= limit
            answer = np.where(np.isnan(figure), np.nan, met)
        holds = np.where((holds == 0.0) | (answer == 0.0), 0.0, holds * answer)
    return holds


_FIGURES: Mapping[str, Callable[[Shapes, FacilityFacts], _Floats]] = MappingProxyType(
    {
        "min_bays": lambda shapes, _: shapes.bays.astype(float),
        "max_bays": lambda shapes, _: shapes.bays.astype(float),
        "min_power_kw": lambda shapes, facility: shapes.bays * float(facility.port_kw),
        "min_area_m2": lambda shapes, _: np.asarray(shapely.area(shapes.footprints)),
    }
)


def _with_walls(found: Measurement, stands: NDArray[np.bool_]) -> Measurement:
    """Return a measurement of gaps that asks for none where a wall stands instead."""
    freed = stands & ~np.isnan(found.required)
    return replace(
        found,
        required=np.where(freed, 0.0, found.required),
        outcome=np.where(freed, Outcome.PASS.value, found.outcome),
    )


def _only_where(
    found: Measurement, applies: NDArray[np.bool_], among: NDArray[np.bool_] | slice = slice(None)
) -> Measurement:
    """Return what was measured (`found[among]`) where the clause applies, a PASS without figures everywhere else."""
    every = Measurement(
        measured=np.full(len(applies), np.nan),
        required=np.full(len(applies), np.nan),
        tolerance=np.zeros(len(applies)),
        outcome=np.full(len(applies), Outcome.PASS.value, dtype=object),
        feature_id=np.full(len(applies), None, dtype=object),
    )
    for name in ("measured", "required", "tolerance", "outcome", "feature_id"):
        getattr(every, name)[applies] = getattr(found, name)[among]
    return every
