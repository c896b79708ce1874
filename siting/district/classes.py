"""Facts: what an OSM object is, in the words of our tables (RULES.md section 4B says which tags answer which clause).

Each function looks at one object's tags and returns a word or None. An object may be several things at once
(a building that is a kindergarten is a building and a sensitive neighbour), so every table asks on its own.
"""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from siting.district.tags import Tags

__all__ = [
    "KEYS",
    "area_layer",
    "barrier_kind",
    "building_use",
    "compound_kind",
    "entrance_kind",
    "gate_kind",
    "is_building",
    "is_transformer",
    "is_underground",
    "line_layer",
    "obstacle_kind",
    "parking_kind",
    "point_layer",
    "road_kind",
    "sign_kind",
]

#: Objects without one of these keys are never looked at.
KEYS = (
    "addr:housenumber",
    "amenity",
    "barrier",
    "building",
    "craft",
    "door",
    "emergency",
    "entrance",
    "healthcare",
    "heritage",
    "highway",
    "historic",
    "landuse",
    "leisure",
    "man_made",
    "natural",
    "office",
    "place",
    "power",
    "railway",
    "residential",
    "shop",
    "siting:synthetic",
    "social_facility",
    "waterway",
)


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_NOT_A_BUILDING = _words("no collapsed demolished proposed razed")
_USES: Mapping[str, Iterable[str]] = MappingProxyType(
    {
        "residential": _words(
            "apartments residential house detached semidetached_house terrace dormitory bungalow villa "
            "static_caravan farm duplex"
        ),
        "kindergarten": ("kindergarten", "childcare"),
        "school": ("school", "college"),
        "hospital": ("hospital", "clinic"),
        "elderly_care": ("nursing_home",),
        "garage": ("garage", "garages", "carport", "parking"),
        "shed": ("shed", "roof", "hut", "bicycle_parking", "bike_shed", "canopy"),
        "commercial": _words("commercial retail office supermarket hotel kiosk shop mall restaurant bank"),
        "industrial": ("industrial", "warehouse", "factory", "manufacture", "storage_tank"),
        "public": _words(
            "public civic government university church temple mosque library museum theatre sports_hall "
            "train_station transportation stadium fire_station police toilets"
        ),
        "service": ("service", "transformer_tower", "guardhouse", "gatehouse", "water_tower", "substation"),
    }
)
_USE_OF_BUILDING = {value: use for use, values in _USES.items() for value in values}

_ROADS = _words(
    "motorway motorway_link trunk trunk_link primary primary_link secondary secondary_link tertiary tertiary_link "
    "unclassified residential living_street service road track busway pedestrian footway path steps cycleway "
    "bridleway"
)
_BARRIERS = MappingProxyType(
    {
        "wall": "wall",
        "city_wall": "wall",
        "retaining_wall": "wall",
        "fence": "fence",
        "hedge": "hedge",
        "yes": "other",
        "ditch": "other",
        "cable_barrier": "other",
        "jersey_barrier": "other",
        "guard_rail": "other",
        "handrail": "other",
    }
)
_GATES = _words(
    "gate lift_gate swing_gate wicket_gate sliding_gate entrance kissing_gate hampshire_gate sally_port turnstile "
    "full-height_turnstile"
)
_PARKING = MappingProxyType(
    {
        "surface": "surface",
        "street_side": "street_side",
        "lane": "street_side",
        "on_kerb": "street_side",
        "half_on_kerb": "street_side",
        "underground": "underground",
        "multi-storey": "multi_storey",
        "rooftop": "multi_storey",
    }
)
_GREEN = MappingProxyType(
    {
        "landuse": _words("grass forest flowerbed village_green meadow recreation_ground orchard allotments"),
        "leisure": _words("garden park nature_reserve"),
        "natural": _words("wood scrub grassland heath shrubbery"),
    }
)
_WATER = MappingProxyType(
    {
        "natural": _words("water wetland bay"),
        "landuse": _words("reservoir basin"),
        "leisure": _words("swimming_pool"),
        "waterway": _words("river stream canal ditch drain riverbank dock"),
    }
)
_HERITAGE = _words(
    "archaeological_site building castle church citywalls city_gate fort heritage house manor monastery monument "
    "mosque pagoda palace ruins temple tomb yes"
)
_FOOD = _words("restaurant cafe fast_food food_court bar pub")
_INDOORS = _FOOD | _words("bank pharmacy post_office library community_centre doctors dentist police townhall")
_SENIOR_HOMES = _words("nursing_home assisted_living group_home hospice")


def compound_kind(tags: Tags) -> str | None:
    """Return "residential" or "place" if the polygon may outline a compound; its area decides later."""
    if tags.get("landuse") == "residential" or (
        "residential" in tags and "highway" not in tags and "building" not in tags and "landuse" not in tags
    ):
        return "residential"
    return "place" if tags.get("place") in ("neighbourhood", "quarter", "city_block", "block") else None


def building_use(tags: Tags) -> str | None:
    """Return what a building is used for ("unknown" for building=yes), or None if it is no building above ground."""
    value = tags.get("building")
    if not is_building(tags) or is_underground(tags):
        return None
    if (sensitive := _sensitive(tags)) is not None:
        return sensitive
    if value in _USE_OF_BUILDING:
        return _USE_OF_BUILDING[value]
    if tags.get("power") in ("substation", "transformer"):
        return "service"
    if tags.get("amenity") in ("parking", "bicycle_parking", "motorcycle_parking"):
        return "garage" if tags["amenity"] == "parking" else "shed"
    if "man_made" in tags:  # cooling towers, silos, works
        return "industrial"
    if "shop" in tags or "office" in tags or "tourism" in tags:
        return "commercial"
    return "public" if "amenity" in tags or "leisure" in tags else "unknown"


def is_building(tags: Tags) -> bool:
    """Return whether the tags say building at all, above ground or below."""
    return tags.get("building", "no") not in _NOT_A_BUILDING


def is_underground(tags: Tags) -> bool:
    """Return whether the object lies below ground.

    A negative layer alone is often a slip of the mapper: it counts only for stations, garages and car parks,
    so that no real building becomes free ground.
    """
    if tags.get("location") == "underground":
        return True
    sunk = tags.get("railway") == "station" or tags.get("amenity") == "parking"
    return tags.get("layer", "").startswith("-") and (sunk or tags.get("building") in ("garage", "garages", "parking"))


def road_kind(tags: Tags) -> str | None:
    """Return the highway value of a way that is in use and lies in the open, or None."""
    value = tags.get("highway")
    return value if value in _ROADS and tags.get("area") != "yes" else None


def barrier_kind(tags: Tags) -> str | None:
    """Return wall, fence, hedge or other for what stops a walker; kerbs, bollards and gates do not."""
    return _BARRIERS.get(tags.get("barrier", ""))


def gate_kind(tags: Tags) -> str | None:
    """Return the barrier value of a gate or an opening in a barrier, or None."""
    value = tags.get("barrier")
    return value if value in _GATES else None


def entrance_kind(tags: Tags) -> str | None:
    """Return "exit" for emergency exits, "entrance" for every other door, or None."""
    value = tags.get("entrance")
    if value in ("exit", "emergency", "fire_exit"):
        return "exit"
    if value is not None:
        return None if value in ("no", "garage") else "entrance"
    if tags.get("building") == "entrance":  # how entrances were mapped before 2012
        return "entrance"
    return "entrance" if tags.get("door", "no") not in ("no", "garage", "overhead") else None


def parking_kind(tags: Tags) -> str | None:
    """Return the kind of a car park ("unknown" where OSM does not say), or None if it is none."""
    if tags.get("amenity") != "parking":
        return None
    if is_underground(tags):
        return "underground"
    kind = _PARKING.get(tags.get("parking", ""), "unknown")
    return "multi_storey" if kind == "unknown" and "building" in tags else kind


def is_transformer(tags: Tags) -> bool:
    """Return whether the object may feed a compound: a transformer or a distribution substation, not a grid one."""
    if tags.get("power") == "transformer" or tags.get("building") == "transformer_tower":
        return True
    if tags.get("power") != "substation":
        return False
    return tags.get("substation") in ("minor_distribution", "distribution", "kiosk")


def obstacle_kind(tags: Tags) -> str | None:
    """Return the kind of what a facility must keep away from, the gravest first, or None."""
    return _hazard(tags) or _fire_object(tags) or _sensitive(tags) or _other_obstacle(tags)


def _hazard(tags: Tags) -> str | None:
    man_made, substance = tags.get("man_made"), f"{tags.get('substance', '')} {tags.get('content', '')}"
    if tags.get("amenity") == "fuel":
        return "fuel"
    if man_made == "gasometer" or tags.get("street_cabinet") == "gas" or tags.get("pipeline") == "substation":
        return "gas"
    if man_made in ("pipeline", "storage_tank", "street_cabinet") and ("gas" in substance or "lpg" in substance):
        return "gas"
    if man_made in ("storage_tank", "fuel_storage_tank") and not any(
        harmless in substance for harmless in ("water", "sewage", "grain")
    ):
        return "tank"
    return None


def _fire_object(tags: Tags) -> str | None:
    if tags.get("emergency") in ("fire_hydrant", "fire_service_inlet", "suction_point"):
        return "hydrant"
    if tags.get("amenity") == "fire_station":
        return "fire_station"
    power = tags.get("power") in ("substation", "transformer") or tags.get("building") == "transformer_tower"
    return "substation" if power or tags.get("street_cabinet") == "power" else None


def _sensitive(tags: Tags) -> str | None:
    """Return the sensitive neighbour; a university is none: its campus holds staff compounds (clauses name schools)."""
    amenity, building = tags.get("amenity"), tags.get("building")
    if amenity in ("kindergarten", "childcare") or building == "kindergarten":
        return "kindergarten"
    if amenity in ("school", "college") or building == "school":
        return "school"
    if amenity in ("hospital", "clinic") or building == "hospital" or tags.get("healthcare") in ("hospital", "clinic"):
        return "hospital"
    senior = tags.get("social_facility") in _SENIOR_HOMES or tags.get("social_facility:for") == "senior"
    return "elderly_care" if amenity == "nursing_home" or senior else None


def _other_obstacle(tags: Tags) -> str | None:
    if "heritage" in tags and tags["heritage"] != "no":
        return "heritage"
    if tags.get("historic") in _HERITAGE:
        return "heritage"
    if tags.get("amenity") == "charging_station":
        return "charging_station"
    if tags.get("amenity") in ("bicycle_parking", "motorcycle_parking"):
        return "bicycle_parking"
    if tags.get("leisure") in ("playground", "pitch", "track"):
        return "playground" if tags["leisure"] == "playground" else "pitch"
    if tags.get("natural") in ("tree", "tree_row"):
        return "tree"
    if any(tags.get(key) in values for key, values in _WATER.items()) and tags.get("tunnel", "no") == "no":
        return "water"
    return "green" if any(tags.get(key) in values for key, values in _GREEN.items()) else None


def area_layer(tags: Tags) -> str | None:
    """Return the table a polygon with these tags goes to (the first of several), or None: not wanted."""
    if tags.get("area") == "no":
        return None
    if is_building(tags):
        return "buildings"
    if compound_kind(tags):
        return "compounds"
    if parking_kind(tags):
        return "parking"
    if obstacle_kind(tags) and not _only_a_line(tags):
        return "obstacles"
    return "barriers" if barrier_kind(tags) and tags.get("area") == "yes" else None


def line_layer(tags: Tags) -> str | None:
    """Return the table a line with these tags goes to, "edges" for what only bounds street blocks, or None."""
    if road_kind(tags):
        return "roads"
    if "highway" in tags:
        return None
    if (barrier_kind(tags) and tags.get("area") != "yes") or gate_kind(tags):
        return "barriers" if barrier_kind(tags) else "gates"
    if _only_a_line(tags) and obstacle_kind(tags):
        return "obstacles"
    return "edges" if tags.get("railway") in ("rail", "light_rail") and tags.get("tunnel", "no") == "no" else None


def point_layer(tags: Tags) -> str | None:
    """Return the table a node with these tags goes to, or None: not wanted."""
    if gate_kind(tags):
        return "gates"
    if entrance_kind(tags):
        return "entrances"
    if obstacle_kind(tags):
        return "obstacles"
    if tags.get("place") in ("neighbourhood", "quarter", "city_block"):
        return "places"
    if is_building(tags):
        return "buildings"
    if parking_kind(tags):
        return "parking"
    return "signs" if sign_kind(tags) else None


def sign_kind(tags: Tags) -> str | None:
    """Return what of a node is the sign of a building around it: itself, a shop, food, an office or an address."""
    if gate_kind(tags):
        return None  # gates of compounds have addresses
    if is_building(tags):
        return "building"
    if tags.get("amenity") in _INDOORS:
        return "food" if tags["amenity"] in _FOOD else "service"
    for key, kind in (("shop", "shop"), ("craft", "shop"), ("office", "office"), ("addr:housenumber", "address")):
        if tags.get(key, "no") != "no":
            return kind
    return None


def _only_a_line(tags: Tags) -> bool:
    """Return whether an obstacle is drawn as a line even when its way is closed."""
    flows = tags.get("waterway") in ("river", "stream", "canal", "ditch", "drain")
    return (flows and "natural" not in tags) or tags.get("natural") == "tree_row" or tags.get("man_made") == "pipeline"
