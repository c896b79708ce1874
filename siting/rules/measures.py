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
- fire_access: faces of buildings and turns of dead ends that an engine can no longer reach, counted, <= 0 (see
  `siting.rules.fire_access`).
- group_length, group_size, group_gap, place_size, socket_spacing, exits, port_power: the layout's own figures.

Position errors, unknown classes, doubtful objects and completeness: see `siting.rules.margins` and `.features`.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from siting.district.record import District
from siting.kinds import Outcome
from siting.rules.class_table import required_by_class
from siting.rules.clause import Clause, Metric
from siting.rules.distances import Requirement, measure_clearance, measure_distance, measure_touch
from siting.rules.exemptions import relieved
from siting.rules.features import Features, features_of
from siting.rules.fire_access import access_model, measure_access
from siting.rules.layouts import largest_group, longest_group, shortest_gap
from siting.rules.margins import FAIL, NOT_EVALUATED, OUTCOMES, PASS, UNCERTAIN, plain
from siting.rules.measurement import FacilityFacts, Measurement, Shapes

__all__ = ["LAYOUT_METRICS", "FacilityFacts", "Measurement", "Shapes", "measure", "requirement_of"]

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
    }
)
#: Metrics of the facility itself; their clauses name "layout" in `to`.
LAYOUT_METRICS: frozenset[Metric] = frozenset(_LAYOUT)


def measure(clause: Clause, shapes: Shapes, district: District, facility: FacilityFacts) -> Measurement:
    """Measure `clause` on every candidate of `shapes`; same order, one result each.

    The caller chooses the clauses that speak of the facility's kind. Candidates outside the clause's `when`
    (min_bays, max_bays) pass with nothing required.
    """
    applies = _applies(clause, shapes)
    if clause.metric in LAYOUT_METRICS:
        return _measure_layout(clause, shapes, facility, applies)
    if clause.metric is Metric.FIRE_ACCESS:
        found = _measure_access(clause, shapes, district)
        return found if applies.all() else _only_where(found, applies)
    features, needs = requirement_of(clause, district, facility)
    if clause.metric is Metric.ADJACENCY:
        found = measure_touch(shapes.footprints, features)
    elif clause.metric is Metric.KEEP_CLEAR and clause.to != "fire_lane":
        found = measure_clearance(shapes.footprints, features)
    else:
        found = measure_distance(shapes.footprints, features, needs)
    return found if applies.all() else _only_where(found, applies)


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
    if clause.metric is Metric.SEPARATION:
        figures = tuple(clause.values.values()) if clause.value is None else (clause.value,)
        return features, Requirement(
            np.full(count, float(min(figures))), np.full(count, float(max(figures))), max(figures)
        )
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


def _measure_access(clause: Clause, shapes: Shapes, district: District) -> Measurement:
    model = access_model(district, clause.values)
    count, rank, first = measure_access(model, shapes.footprints, district.position_error_m)
    ranks = np.array([FAIL, UNCERTAIN, PASS])[rank] if model.known else np.full(len(count), NOT_EVALUATED)
    zeros = np.zeros(len(count))
    return Measurement(
        measured=count if model.known else np.full(len(count), np.nan),
        required=zeros,
        tolerance=np.full(len(count), district.position_error_m),
        outcome=OUTCOMES[ranks],
        feature_id=first,
    )


def _applies(clause: Clause, shapes: Shapes) -> NDArray[np.bool_]:
    bounds = [clause.when.get("min_bays", -np.inf), clause.when.get("max_bays", np.inf)]
    least, most = np.array(bounds, dtype=float)
    applies: NDArray[np.bool_] = (shapes.bays >= least) & (shapes.bays <= most)
    return applies


def _only_where(found: Measurement, applies: NDArray[np.bool_]) -> Measurement:
    outcome, feature_id = found.outcome.copy(), found.feature_id.copy()
    outcome[~applies], feature_id[~applies] = Outcome.PASS.value, None
    return Measurement(
        measured=found.measured,
        required=np.where(applies, found.required, np.nan),
        tolerance=np.where(applies, found.tolerance, 0.0),
        outcome=outcome,
        feature_id=feature_id,
    )
