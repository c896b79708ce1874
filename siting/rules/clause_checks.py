"""Faults of a clause that no single key shows: an unknown class of objects, an operator that contradicts the metric."""

from collections.abc import Mapping
from difflib import get_close_matches
from types import MappingProxyType

from siting.rules.class_table import missing_cells, unknown_cells
from siting.rules.clause import Clause, Metric
from siting.rules.features import FEATURE_CLASSES
from siting.rules.fire_access import ACCESS_FIGURES
from siting.rules.garages import GARAGE_COLUMNS
from siting.rules.measures import LAYOUT_METRICS
from siting.tables import GARAGE_SYSTEMS, PLACE_SYSTEMS

__all__ = ["CONDITIONS", "FACILITY_SYSTEMS", "SENSE", "STAGES_OF_CLAUSE", "TARGETS", "clause_faults"]

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
        Metric.AREA_PER_VEHICLE: (">=", "m2"),
        Metric.GAP_KEPT: (">=", "m"),
        Metric.LANE_WIDTH: (">=", "m"),
        Metric.TURNING_AREA: (">=", "m"),
        Metric.ROAD_DISTANCE: (">=", "m"),
        Metric.COVER: ("<=", "m"),
        Metric.GARAGE_LEVEL: ("<=", "levels down"),
        Metric.FIRE_UNIT_AREA: ("<=", "m2"),
        Metric.FIRE_UNIT_SIZE: ("<=", "vehicles"),
        Metric.ENTRANCE_GAP: (">=", "m"),
        Metric.EQUIPMENT: ("<=", "systems"),
        Metric.FIRE_ACCESS: ("<=", "objects"),
    }
)
STAGES_OF_CLAUSE = ("new", "existing", "both")
#: What `when` may ask of a candidate.
CONDITIONS = ("min_bays", "max_bays", "min_power_kw", "min_area_m2", "underground")
#: What each metric may be measured to, where that is not any class of objects.
TARGETS: Mapping[Metric, tuple[str, ...]] = MappingProxyType(
    dict.fromkeys(LAYOUT_METRICS, ("layout",))
    | dict.fromkeys(GARAGE_COLUMNS, ("garage",))
    | {
        Metric.SEPARATION_BY_CLASS: ("building",),
        Metric.GAP_KEPT: ("building_gap", "lane_strip", "climbing_strip"),
        Metric.LANE_WIDTH: ("fire_lane",),
        Metric.TURNING_AREA: ("turning_area",),
        Metric.EQUIPMENT: ("garage", "layout"),
    }
)
#: Equipment of the facility itself (`to` = "layout"); not evaluated until somebody signs for it.
FACILITY_SYSTEMS = PLACE_SYSTEMS


def clause_faults(clause: Clause) -> list[tuple[str, str]]:
    """Return (key, what is wrong) for every contradiction within a clause."""
    op, unit = SENSE[clause.metric]
    faults = []
    if clause.op != op:
        faults.append(("op", f"op = {clause.op!r}: metric {clause.metric.value} means {op!r}"))
    if clause.unit != unit:
        faults.append(("unit", f"unit = {clause.unit!r}: metric {clause.metric.value} is in {unit!r}"))
    if clause.applies_to not in STAGES_OF_CLAUSE:
        faults.append(
            ("applies_to", f"applies_to = {clause.applies_to!r}: choose one of {', '.join(STAGES_OF_CLAUSE)}")
        )
    faults += [
        ("when", f"when.{key} is unknown; known are {', '.join(CONDITIONS)}")
        for key in clause.when
        if key not in CONDITIONS
    ]
    if clause.in_force_from and clause.in_force_to and clause.in_force_to < clause.in_force_from:
        faults.append(("in_force_to", "in_force_to lies before in_force_from"))
    return faults + _target_faults(clause) + _value_faults(clause) + _system_faults(clause)


def _system_faults(clause: Clause) -> list[tuple[str, str]]:
    if clause.metric is not Metric.EQUIPMENT:
        return [("systems", "systems belong to metric equipment")] if clause.systems else []
    known = FACILITY_SYSTEMS if clause.to == "layout" else GARAGE_SYSTEMS
    if not clause.systems:
        return [("systems", f"equipment needs 'systems', some of {', '.join(known)}")]
    return [
        ("systems", f"systems: {name!r} is unknown; known are {', '.join(known)}")
        for name in clause.systems
        if name not in known
    ]


def _target_faults(clause: Clause) -> list[tuple[str, str]]:
    wanted = TARGETS.get(clause.metric)
    if wanted is not None:
        choice = "on the 'layout'" if wanted == ("layout",) else f"to {' or '.join(map(repr, wanted))}"
        wrong = clause.to not in wanted
        return [("to", f"to = {clause.to!r}: metric {clause.metric.value} is measured {choice}")] if wrong else []
    if clause.to not in FEATURE_CLASSES:
        near = get_close_matches(clause.to, FEATURE_CLASSES, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"choose one of {', '.join(sorted(FEATURE_CLASSES))}"
        return [("to", f"to = {clause.to!r} is no class of objects; {hint}")]
    return []


def _value_faults(clause: Clause) -> list[tuple[str, str]]:
    if clause.metric is Metric.FIRE_ACCESS:
        wrong = set(clause.values) != set(ACCESS_FIGURES) or min(clause.values.values(), default=0.0) <= 0.0
        return [("values", f"fire_access needs {', '.join(ACCESS_FIGURES)}, each above 0")] if wrong else []
    pairs = clause.to == "building_gap"
    by_class = clause.metric is Metric.SEPARATION_BY_CLASS or pairs
    if by_class and not clause.values:
        return [("values", f"{clause.metric.value} to {clause.to} needs 'values' by class")]
    if clause.values and not by_class and clause.metric is not Metric.SEPARATION:
        return [("values", f"metric {clause.metric.value} has one 'value'")]
    if clause.values and clause.value is not None:
        return [("value", "has both 'value' and 'values'")]
    faults = [
        ("values_confidence", f"values_confidence.{key!r} names no value")
        for key in clause.values_confidence
        if key not in clause.values
    ]
    if by_class:
        faults += [("values", f"values.{key!r} names no cell") for key in unknown_cells(clause.values, pairs=pairs)]
        faults += [("values", f"values has no figure for {cell}") for cell in missing_cells(clause.values, pairs=pairs)]
    fixed = clause.metric in (Metric.ADJACENCY, Metric.EQUIPMENT) or (
        clause.metric is Metric.KEEP_CLEAR and clause.to != "fire_lane"
    )
    if fixed and clause.value != 0.0:
        faults.append(("value", f"value = {clause.value:g}: metric {clause.metric.value} means 0 here"))
    return faults
