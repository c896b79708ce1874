"""Law as data: one clause, and the rulebook of the clauses in force on a day."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType

from siting.kinds import Choice, Kind

__all__ = ["Clause", "Confidence", "Force", "Metric", "Rulebook"]


class Force(Choice):
    """How binding a clause is. Only MUST keeps a place out; the others cost merit and are reported."""

    MUST = "must"  # 应, 不应, 不得
    SHOULD = "should"  # 宜, 不宜
    PRACTICE = "practice"  # habit of planners, no text
    INTERPRETATION = "interpretation"  # whether the text applies at all is disputed


class Confidence(Choice):
    """How the value was seen (labels of the evidence pages; shown wherever a number is shown)."""

    TEXT_SEEN_P = "text seen (P)"  # the clause itself
    TEXT_SEEN_N = "text seen (N)"  # a news report of it
    TEXT_SEEN_S = "text seen (S)"  # an exam bank, a vendor page
    TEXT_SEEN_D = "text seen (D)"  # a draft or a superseded edition
    TITLE_SEEN = "title seen"
    FROM_MEMORY = "from memory"


class Metric(Choice):
    """What is measured; `siting.rules.measures` holds one pure function for each."""

    SEPARATION = "separation"  # true distance footprint -> feature, m, >=
    SEPARATION_BY_CLASS = "separation_by_class"  # as above, required value by height and fire class (table 5.2.2)
    KEEP_CLEAR = "keep_clear"  # m, >=: lanes from the centreline (half the width), areas from the edge (0; inside < 0)
    ADJACENCY = "adjacency"  # a touch (distance 0), counted, <= 0
    GROUP_LENGTH = "group_length"  # longest group of the layout, m, <=
    GROUP_SIZE = "group_size"  # most vehicles in one group, <=
    GROUP_GAP = "group_gap"  # shortest distance between two groups, m, >=
    PLACE_SIZE = "place_size"  # vehicles at one place, <=
    SOCKET_SPACING = "socket_spacing"  # distance between neighbouring sockets, m, >=
    EXITS = "exits"  # ways out of the place, >=
    PORT_POWER = "port_power"  # kW of one port, <=
    AREA_PER_VEHICLE = "area_per_vehicle"  # ground of the place over its vehicles, m2, >=
    GAP_KEPT = "gap_kept"  # what stays free between two objects the facility stands between, m, >=
    LANE_WIDTH = "lane_width"  # clear width from the facility across a lane to what stands opposite, m, >=
    TURNING_AREA = "turning_area"  # side of the square kept free at a lane's dead end, m, >=
    ROAD_DISTANCE = "road_distance"  # distance to the object along the road beside it, m, >=
    COVER = "cover"  # distance to the nearest object that serves the place, m, <=
    GARAGE_LEVEL = "garage_level"  # storeys below ground of the garage, <=
    FIRE_UNIT_AREA = "fire_unit_area"  # floor area of the garage's fire units, m2, <=
    FIRE_UNIT_SIZE = "fire_unit_size"  # vehicles in one fire unit of the garage, <=
    ENTRANCE_GAP = "entrance_gap"  # distance between the entrances of the garage for cars and for bikes, m, >=
    EQUIPMENT = "equipment"  # systems of the clause that are missing, counted, <= 0
    FIRE_ACCESS = "fire_access"  # faces of buildings and turns an engine can no longer reach, counted, <= 0


@dataclass(frozen=True, kw_only=True)
class Clause:
    """One rule.

    `value` is the required figure in `unit`; SEPARATION_BY_CLASS has `values` instead: keys
    "low_rise/I-II/I-II" (building height class / building fire class / facility fire class) or
    "high_rise/*/III", values in m. SEPARATION may have `values` too: the cases an unknown fact may turn out to be.
    `values_confidence` says how single figures of `values` were seen where that differs from `confidence`.
    `to` names the feature class measured to (see `siting.rules.features`), or "layout".
    GAP_KEPT to "building_gap" has `values` by the classes of both buildings, "high_rise/*/low_rise/III".
    `when` holds conditions on the candidate: {"min_bays": 26}, {"max_bays": 100}, {"min_power_kw": 100} (all ports
    of the place together), {"min_area_m2": 200} (its ground) or {"underground": 1} (its garage lies below ground).
    `systems` names the equipment that EQUIPMENT asks for.
    `row` is the id of the evidence row, e.g. "C04"; several are separated by ", ". `note` says how the program
    reads the clause where the text leaves it open; `exemptions` are granted by attestation only.
    """

    clause_id: str
    row: str
    kinds: tuple[Kind, ...]
    metric: Metric
    measure_from: str
    to: str
    op: str  # ">=" or "<="
    value: float | None
    values: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    unit: str
    when: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))
    exemptions: tuple[str, ...] = ()
    systems: tuple[str, ...] = ()
    force: Force
    jurisdiction: str
    standard: str
    clause: str
    in_force_from: date | None = None
    in_force_to: date | None = None
    applies_to: str = "both"  # new, existing, both
    source: str
    confidence: Confidence
    title_en: str
    title_zh: str
    quote: str = ""
    note: str = ""
    values_confidence: Mapping[str, Confidence] = field(default_factory=lambda: MappingProxyType({}))

    def in_force(self, on: date) -> bool:
        """Return whether the clause is in force on a day; an open end counts as in force."""
        after_start = self.in_force_from is None or self.in_force_from <= on
        return after_start and (self.in_force_to is None or on <= self.in_force_to)


@dataclass(frozen=True, kw_only=True)
class Rulebook:
    """The clauses in force for a profile on a day, after inheritance national -> province -> city.

    `chain` names the profiles from the most general to the most local; `findings` are sentences on
    clauses that a local profile would have loosened (the stricter national must stays in force). `set_aside`
    are the clauses of the chain that do not apply: not in force on the day, or of the other `stage` ("existing"
    compounds or "new" ones). `notes` are what the profiles say of law that could not be turned into clauses. `raised`
    are clauses that the planner wants treated as musts, each with the force of its own.
    """

    profile: str
    title_en: str
    title_zh: str
    on: date
    chain: tuple[str, ...]
    clauses: tuple[Clause, ...]
    findings: tuple[str, ...] = ()
    set_aside: tuple[Clause, ...] = ()
    stage: str = "existing"
    notes: tuple[str, ...] = ()
    raised: tuple[tuple[str, Force], ...] = ()

    def for_kind(self, kind: Kind) -> tuple[Clause, ...]:
        """Return the clauses that speak of `kind`, in the order of the rulebook."""
        return tuple(clause for clause in self.clauses if kind in clause.kinds)

    def clause(self, clause_id: str) -> Clause:
        """Return one clause; KeyError if the rulebook has none of that id."""
        for clause in self.clauses:
            if clause.clause_id == clause_id:
                return clause
        raise KeyError(clause_id)
