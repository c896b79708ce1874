"""The audit's own reading of garages: what the drawings of the garage around a site say, compared with a clause."""

import math
from typing import Any

from siting.geo import DISTANCE_EPSILON_M
from siting.kinds import Outcome
from siting.plan.audit_between import Reading
from siting.plan.audit_features import Thing, Things
from siting.plan.audit_record import number
from siting.rules.clause import Clause, Metric

__all__ = ["lies_underground", "read_garage"]

_FACTS = {
    Metric.GARAGE_LEVEL: "levels_down",
    Metric.FIRE_UNIT_AREA: "fire_unit_m2",
    Metric.FIRE_UNIT_SIZE: "fire_unit_stalls",
    Metric.ENTRANCE_GAP: "entrance_gap_m",
}


def read_garage(clause: Clause, footprint: Any, garages: Things) -> Reading:
    """Read one figure, or the missing systems, of the garage that a footprint stands in."""
    host = _host(footprint, garages)
    facts, name = (host.garage, host.feature_id) if host else ({}, None)
    limit = float(clause.value or 0.0)
    if clause.metric is Metric.EQUIPMENT:
        answers = [facts.get(system) for system in clause.systems]
        missing = sum(answer == "no" for answer in answers)
        if missing:
            return Reading(missing, limit, 0.0, Outcome.FAIL, name)
        if any(answer != "yes" for answer in answers):
            return Reading(math.nan, limit, 0.0, Outcome.NOT_EVALUATED, name)
        return Reading(0.0, limit, 0.0, Outcome.PASS, name)
    figure = number(facts.get(_FACTS[clause.metric]))
    if figure is None:
        return Reading(math.nan, limit, 0.0, Outcome.NOT_EVALUATED, name)
    excess = figure - limit if clause.op == "<=" else limit - figure
    return Reading(figure, limit, 0.0, Outcome.FAIL if excess > DISTANCE_EPSILON_M else Outcome.PASS, name)


def lies_underground(footprint: Any, garages: Things) -> bool | None:
    """Return whether the garage around a footprint lies below ground; None where nobody knows."""
    host = _host(footprint, garages)
    if host is None:
        return None
    levels = number(host.garage.get("levels_down"))
    if levels is not None:
        return levels > 0.0
    return {"underground": True, "multi_storey": False}.get(str(host.garage.get("kind")))


def _host(footprint: Any, garages: Things) -> Thing | None:
    point = footprint.representative_point()
    return next((garage for garage in garages.rows if garage.shape.intersects(point)), None)
