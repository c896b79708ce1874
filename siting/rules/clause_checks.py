"""Faults of a clause that no single key shows: an unknown class of objects, an operator that contradicts the metric."""

from collections.abc import Mapping
from difflib import get_close_matches
from types import MappingProxyType

from siting.rules.class_table import missing_cells, unknown_cells
from siting.rules.clause import Clause, Metric
from siting.rules.features import FEATURE_CLASSES
from siting.rules.fire_access import ACCESS_FIGURES
from siting.rules.measures import LAYOUT_METRICS

__all__ = ["SENSE", "clause_faults"]

#: Operator and unit of each metric: a clause must state them, so that it reads alone, and must state these.
SENSE: Mapping[Metric, tuple[str, str]] = MappingProxyType(
    {
        Metric.SEPARATION: (">=", "m"),
        Metric.SEPARATION_BY_CLASS: (">=", "m"),
        Metric.KEEP_CLEAR: (">=", "m"),
        Metric.ADJACENCY: ("<=", "objects"),
        Metric.GROUP_LENGTH: ("<=", "m"),
        Metric.GROUP_SIZE: ("<=", "vehicles"),
        Metric.GROUP_GAP: (">=", "m"),
        Metric.PLACE_SIZE: ("<=", "vehicles"),
        Metric.SOCKET_SPACING: (">=", "m"),
        Metric.EXITS: (">=", "exits"),
        Metric.PORT_POWER: ("<=", "kW"),
        Metric.FIRE_ACCESS: ("<=", "objects"),
    }
)
_STAGES = ("new", "existing", "both")
_CONDITIONS = ("min_bays", "max_bays")


def clause_faults(clause: Clause) -> list[tuple[str, str]]:
    """Return (key, what is wrong) for every contradiction within a clause."""
    op, unit = SENSE[clause.metric]
    faults = []
    if clause.op != op:
        faults.append(("op", f"op = {clause.op!r}: metric {clause.metric.value} means {op!r}"))
    if clause.unit != unit:
        faults.append(("unit", f"unit = {clause.unit!r}: metric {clause.metric.value} is in {unit!r}"))
    if clause.applies_to not in _STAGES:
        faults.append(("applies_to", f"applies_to = {clause.applies_to!r}: choose one of {', '.join(_STAGES)}"))
    faults += [
        ("when", f"when.{key} is unknown; known are {', '.join(_CONDITIONS)}")
        for key in clause.when
        if key not in _CONDITIONS
    ]
    if clause.in_force_from and clause.in_force_to and clause.in_force_to < clause.in_force_from:
        faults.append(("in_force_to", "in_force_to lies before in_force_from"))
    return faults + _target_faults(clause) + _value_faults(clause)


def _target_faults(clause: Clause) -> list[tuple[str, str]]:
    if clause.metric in LAYOUT_METRICS:
        wrong = clause.to != "layout"
        return (
            [("to", f"to = {clause.to!r}: metric {clause.metric.value} is measured on the 'layout'")] if wrong else []
        )
    if clause.to not in FEATURE_CLASSES:
        near = get_close_matches(clause.to, FEATURE_CLASSES, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"choose one of {', '.join(sorted(FEATURE_CLASSES))}"
        return [("to", f"to = {clause.to!r} is no class of objects; {hint}")]
    if clause.metric is Metric.SEPARATION_BY_CLASS and clause.to != "building":
        return [("to", f"to = {clause.to!r}: separation_by_class is measured to 'building'")]
    return []


def _value_faults(clause: Clause) -> list[tuple[str, str]]:
    if clause.metric is Metric.FIRE_ACCESS:
        wrong = set(clause.values) != set(ACCESS_FIGURES) or min(clause.values.values(), default=0.0) <= 0.0
        return [("values", f"fire_access needs {', '.join(ACCESS_FIGURES)}, each above 0")] if wrong else []
    by_class = clause.metric is Metric.SEPARATION_BY_CLASS
    if by_class and not clause.values:
        return [("values", "separation_by_class needs 'values' by class")]
    if clause.values and clause.metric not in (Metric.SEPARATION, Metric.SEPARATION_BY_CLASS):
        return [("values", f"metric {clause.metric.value} has one 'value'")]
    if clause.values and clause.value is not None:
        return [("value", "has both 'value' and 'values'")]
    faults = [
        ("values_confidence", f"values_confidence.{key!r} names no value")
        for key in clause.values_confidence
        if key not in clause.values
    ]
    if by_class:
        faults += [("values", f"values.{key!r} names no cell") for key in unknown_cells(clause.values)]
        faults += [("values", f"values has no figure for {cell}") for cell in missing_cells(clause.values)]
    fixed = clause.metric is Metric.ADJACENCY or (clause.metric is Metric.KEEP_CLEAR and clause.to != "fire_lane")
    if fixed and clause.value != 0.0:
        faults.append(("value", f"value = {clause.value:g}: metric {clause.metric.value} means 0 here"))
    return faults
