"""Contracts of every table that passes from one stage to the next.

A contract names the index, the columns with their types, whether a value may be unknown (null), and the
geometry types allowed. `Table.check` is called where a record is made; it lists every breach at once.
Lengths are metres, areas square metres, money CNY, power kW or kVA, as each column's name says.
"""

import pandera.pandas as pa

from siting.contract import Table, column
from siting.kinds import Kind, Outcome

__all__ = [
    "BARRIERS",
    "BUILDINGS",
    "CANDIDATES",
    "COMPOUNDS",
    "DRAWN",
    "DROPPED",
    "ENTRANCES",
    "GARAGE_FIGURES",
    "GARAGE_SYSTEMS",
    "GATES",
    "GROUPS",
    "LINKS",
    "OBSTACLES",
    "OPENINGS",
    "PARKING",
    "PLACE_SYSTEMS",
    "ROADS",
    "SIGNS",
    "SITES",
    "TRANSFORMERS",
    "TRENCHES",
    "UNDRAWN",
    "VERDICTS",
    "WALKS",
    "ZONES",
]

POLYGONS = frozenset({"Polygon", "MultiPolygon"})
LINES = frozenset({"LineString", "MultiLineString"})
POINTS = frozenset({"Point"})
ANY_SHAPE = POLYGONS | LINES | POINTS | {"MultiPoint"}


def _text(*choices: str, nullable: bool = False) -> pa.Column:
    return column("text", nullable=nullable, choices=choices)


_SOURCE = _text("tag", "estimate", "planner", "survey", "block", "open")
_OPTIONAL_SOURCE = _text("tag", "estimate", "planner", "survey", "block", nullable=True)
_NAME = _text(nullable=True)
_QUANTITY = column("float", at_least=0.0)
_OPTIONAL_QUANTITY = column("float", nullable=True, at_least=0.0)
_COUNT = column("int", at_least=0)
_YES_NO = column("text", nullable=True, choices=("yes", "no"), required=False)
_DRAWN_QUANTITY = column("float", nullable=True, at_least=0.0, required=False)
_GARAGE_ID = column("text", nullable=True, required=False)  # of the garage zone it lies in; unknown on the ground

#: Figures of a garage that its drawings give, a column each.
GARAGE_FIGURES = ("levels_down", "fire_unit_m2", "fire_unit_stalls", "entrance_gap_m", "entrance_walk_m")
#: Equipment of a garage that a clause may ask for (GB/T 51313 6.1.5), a column each.
GARAGE_SYSTEMS = ("alarm", "smoke_exhaust", "sprinklers", "emergency_lighting", "fire_separation", "extinguishers")

#: Equipment of a place itself that a clause may ask for; no map has it, somebody signs for it.
PLACE_SYSTEMS = ("alarm", "cctv", "circuit_protection", "extinguishers", "open_roof")

COMPOUNDS = Table(
    "compounds",
    "compound_id",
    {
        "name": _NAME,
        "households": _OPTIONAL_QUANTITY,  # a figure for the whole compound, if one is given
        "ebikes": _OPTIONAL_QUANTITY,
        "evs": _OPTIONAL_QUANTITY,
        "subdistrict": column("text", nullable=True, required=False),  # whose quota it counts against
        "weight": _QUANTITY,  # of need: complaints, hazards, renovation; 1 unless the planner says otherwise
        "trench": _YES_NO,  # its ground is dug up anyway (renovation), so cables share the trench
        "building_cover_share": _QUANTITY,
        "state": _text("ready", "survey_first"),  # survey_first: buildings look unmapped, so ground is not free
        "source": _SOURCE,
    },
    POLYGONS,
)
BUILDINGS = Table(
    "buildings",
    "building_id",
    {
        "compound_id": _text(nullable=True),
        "name": _NAME,
        # what stands there; `unknown` is building=yes and its like
        "use": _text(
            "residential",
            "kindergarten",
            "school",
            "hospital",
            "elderly_care",
            "garage",
            "shed",
            "commercial",
            "industrial",
            "public",
            "service",
            "unknown",
        ),
        "levels": _OPTIONAL_QUANTITY,
        "height_m": _OPTIONAL_QUANTITY,
        "height_source": _OPTIONAL_SOURCE,  # tag (height=), estimate (levels x 3 m), planner, survey
        "fire_class": _text("I-II", "III", "IV", "unknown"),
        "households": _OPTIONAL_QUANTITY,
        "households_source": _OPTIONAL_SOURCE,
        "source": _SOURCE,
    },
    POLYGONS,
)
ENTRANCES = Table(
    "entrances",
    "entrance_id",
    # garage: a way down (or up) into a garage on foot; building_id then names a garage, or is unknown
    {"building_id": _text(nullable=True), "kind": _text("entrance", "exit", "garage"), "source": _SOURCE},
    POINTS,
)
ROADS = Table(
    "roads",
    "road_id",
    {
        "kind": _text(),  # the highway value
        "name": _NAME,
        "walkable": column("bool"),
        "drivable": column("bool"),
        "fire_lane": column("bool"),  # a fire engine may have to use it: every drivable way, or the planner's word
        "width_m": _OPTIONAL_QUANTITY,
        "access": _text(nullable=True),
        "slope_percent": _DRAWN_QUANTITY,  # how steep, up or down; unknown where only "up" or "down" is mapped
        "source": _SOURCE,
    },
    LINES,
)
BARRIERS = Table(
    "barriers", "barrier_id", {"kind": _text("wall", "fence", "hedge", "other"), "source": _SOURCE}, LINES | POLYGONS
)
GATES = Table("gates", "gate_id", {"kind": _text(), "access": _text(nullable=True), "source": _SOURCE}, POINTS)
OPENINGS = Table(
    "openings",
    "opening_id",
    {
        "compound_id": _text(),
        "basis": _text("gate", "way", "assumed"),  # a gate; a way that crosses the boundary; an open boundary
        "access": _text("open", "residents"),
        "feature_id": _text(nullable=True),  # the gate or the way
        "source": _SOURCE,
    },
    POINTS,
)
OBSTACLES = Table(
    "obstacles",
    "obstacle_id",
    {
        "kind": _text(
            "hydrant",
            "fire_station",
            "substation",
            "climbing_area",
            "green",
            "water",
            "tree",
            "playground",
            "pitch",
            "kindergarten",
            "school",
            "hospital",
            "elderly_care",
            "fuel",
            "gas",
            "tank",
            "heritage",
            "charging_station",
            "bicycle_parking",
            "turning_area",
        ),
        "name": _NAME,
        "source": _SOURCE,
    },
    ANY_SHAPE,
)
PARKING = Table(
    "parking",
    "parking_id",
    {
        "compound_id": _text(nullable=True),
        "name": _NAME,
        "kind": _text("surface", "street_side", "underground", "multi_storey", "unknown"),
        "capacity": _OPTIONAL_QUANTITY,
        "access": _text(nullable=True),
        # of a garage, from its drawings; unknown unless the planner says so
        "levels_down": _DRAWN_QUANTITY,  # storeys below ground of the charging floor; 0: ground or above
        "fire_unit_m2": _DRAWN_QUANTITY,  # the largest fire unit
        "fire_unit_stalls": _DRAWN_QUANTITY,  # most cars in one fire unit
        "fire_unit": column("text", nullable=True, required=False),  # its name, where zones share one
        "entrance_gap_m": _DRAWN_QUANTITY,  # between the entrances for cars and for bikes
        "entrance_walk_m": _DRAWN_QUANTITY,  # walked inside, from the way down to the stalls
        **dict.fromkeys(GARAGE_SYSTEMS, _YES_NO),
        "source": _SOURCE,
    },
    POLYGONS,
)
TRANSFORMERS = Table(
    "transformers",
    "transformer_id",
    {
        "name": _NAME,
        "compound_ids": _text(),  # the compounds it feeds, separated by ";"
        "spare_kva": _OPTIONAL_QUANTITY,
        "upgrade_steps": _text(),  # JSON list of {"kva", "cost_cny", "lead_time_months"}, cheapest first; "[]" if none
        "source": _SOURCE,
    },
    POINTS | POLYGONS,
    geometry_nullable=True,
)
SIGNS = Table(  # nodes of shops, addresses and the like that stand in no mapped building: one may be missing there
    "signs",
    "sign_id",
    {"kind": _text("building", "shop", "food", "service", "office", "address"), "name": _NAME, "source": _SOURCE},
    POINTS,
)
TRENCHES = Table(  # dug by others, e.g. a renovation: a cable in one costs the cable alone
    "trenches", "trench_id", {"name": _NAME, "source": _SOURCE}, LINES | POLYGONS
)
DROPPED = Table("dropped", None, {"object_id": _text(), "layer": _text(), "reason": _text()})
DRAWN = Table(  # by a planner's hand: where to offer a candidate beside the searched ones
    "drawn",
    "candidate_id",
    {
        "compound_id": _text(nullable=True),  # unknown: the one it lies in
        "kind": _text(*Kind),
        "bays": _OPTIONAL_QUANTITY,  # unknown: as many as fit an area, the smallest size at a point
        "standing_modules": _DRAWN_QUANTITY,  # modules that stand there today
        "removal_cost_cny": _DRAWN_QUANTITY,  # of what stands; unknown: it may not be removed
        "source": _SOURCE,
    },
    POLYGONS | POINTS,
)
ZONES = Table("zones", "zone_id", {"clause_id": _text(), "feature_id": _text(), "distance_m": _QUANTITY}, POLYGONS)
CANDIDATES = Table(
    "candidates",
    "candidate_id",
    {
        "compound_id": _text(),
        "place_id": _text(),  # the piece of free ground; candidates of one place are alternatives
        "kind": _text(*Kind),
        "garage_id": _GARAGE_ID,
        "bays": column("int", at_least=1),
        "groups": column("int", at_least=1),
        "ports_per_module": column("int", at_least=1),
        "max_modules": column("int", at_least=1),
        "ports": column("int", at_least=1),  # with every module built
        "power_kw": _QUANTITY,  # with every module built
        "open_cost_cny": _QUANTITY,  # to open the place at all: ground works, roof, cable
        "module_cost_cny": _QUANTITY,
        "cost_cny": _QUANTITY,  # with every module built
        "cable_m": _DRAWN_QUANTITY,  # along the ground; unknown: the catalogue's length holds
        "cable_straight_m": _DRAWN_QUANTITY,
        "trench_m": _DRAWN_QUANTITY,  # of the cable, in a trench that is dug anyway
        "standing_modules": _DRAWN_QUANTITY,  # modules that stand there today
        "removal_cost_cny": _DRAWN_QUANTITY,  # of what stands; unknown: it may not be removed
    },
    POLYGONS,
)
GROUPS = Table(
    "groups",
    "group_id",
    {"candidate_id": _text(), "bays": column("int", at_least=1), "length_m": _QUANTITY},
    POLYGONS,
)
VERDICTS = Table(
    "verdicts",
    None,
    {
        "candidate_id": _text(),
        "clause_id": _text(),
        "metric": _text(),
        "measured": column("float", nullable=True),  # unknown when not evaluated
        "required": column("float", nullable=True),
        "unit": _text(),
        "tolerance": _QUANTITY,
        "outcome": _text(*Outcome),
        "force": _text("must", "should", "practice", "interpretation"),
        "feature_id": _text(nullable=True),
    },
    unique=("candidate_id", "clause_id"),
)
LINKS = Table(
    "links",
    None,
    {"building_id": _text(), "candidate_id": _text(), "walk_m": _QUANTITY, "straight_m": _QUANTITY},
    unique=("building_id", "candidate_id"),
)
#: Why a walk has no line: the way into the garage, or the site itself, stands at the building.
UNDRAWN = ("in_garage", "at_building")
WALKS = Table(  # of a plan, as lines: walk_m = line_m + slope_m + inside_m
    "walks",
    "walk_id",
    {
        "building_id": _text(),
        "site_id": _text(),
        "walk_m": _QUANTITY,
        "line_m": _QUANTITY,
        "slope_m": column("float", at_least=0.0, required=False),  # what steep ways count beyond their length
        "inside_m": _QUANTITY,  # the rest of the walk, inside the building's own block or the garage
        "undrawn": column("text", nullable=True, choices=UNDRAWN, required=False),  # why there is no line
        "served": _QUANTITY,
    },
    LINES,
    geometry_nullable=True,
)
SITES = Table(
    "sites",
    "site_id",
    {
        "compound_id": _text(),
        "compound_name": _NAME,
        "place_id": _text(),
        "kind": _text(*Kind),
        "garage_id": _GARAGE_ID,
        "bays": column("int", at_least=1),
        "modules": column("int", at_least=1),
        "ports": column("int", at_least=1),
        "power_kw": _QUANTITY,
        "cost_cny": _QUANTITY,
        "served": _QUANTITY,  # vehicles
        "households_served": _QUANTITY,
        "clearance_m": _OPTIONAL_QUANTITY,  # to the nearest building outer wall; unknown only without buildings
        "outcome": _text(*Outcome),
        "transformer_id": _text(nullable=True),
        "cable_m": _DRAWN_QUANTITY,
        "cable_straight_m": _DRAWN_QUANTITY,
        "wait_share": _DRAWN_QUANTITY,  # of arrivals in the busiest hour: who waits too long, if turnover is asked for
        "year": _COUNT,
        "tier": _text("implement", "plan", "reserve"),
    },
    POLYGONS,
)
