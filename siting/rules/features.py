"""What a clause measures to: the objects of one class, as arrays, with how well they are known.

Facts become features here and nowhere else. Every feature carries its position error (0 where it was surveyed)
and whether it is doubtful: a doubtful feature may or may not be what the clause speaks of (a building of unknown
use near a clause on kindergartens, a facade whose exits nobody mapped), so breaking it is UNCERTAIN, never FAIL.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from types import MappingProxyType
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from siting.district.record import District
from siting.errors import RuleError
from siting.kinds import Completeness
from siting.rules.dead_ends import dead_ends
from siting.rules.heights import height_classes
from siting.tables import GARAGE_SYSTEMS

__all__ = ["FEATURE_CLASSES", "NODE_PLOT_M", "TURNING_REACH_M", "Features", "features_of"]

#: A filling station or a tank farm mapped as one node: its equipment may stand this far from the node (assumption).
NODE_PLOT_M = 30.0
#: A drawn turning area this near to a dead end serves it.
TURNING_REACH_M = 30.0

_SENSITIVE = ("elderly_care", "hospital", "kindergarten", "school")  # evidence row C08
_PUBLIC = ("hospital", "kindergarten", "public", "school")  # evidence row E09
_OBSTACLE_KINDS = (
    "bicycle_parking",
    "charging_station",
    "climbing_area",
    "elderly_care",
    "fire_station",
    "fuel",
    "gas",
    "green",
    "heritage",
    "hospital",
    "hydrant",
    "kindergarten",
    "pitch",
    "playground",
    "school",
    "tank",
    "tree",
    "turning_area",
    "water",
)
#: Judged on unless the district says that even these are not known well.
_MAPPED = frozenset(("building", "road"))


@dataclass(frozen=True, eq=False)
class Features:
    """The objects of one class, sorted by id: metric shapes with what a clause may ask of them.

    `attributes` holds one array per attribute ("use", "height_class" low_rise/high_rise/unknown, "fire_class"
    I-II/III/IV/unknown for buildings; "width_m" for lanes). `errors_m` is the position error of each object,
    `doubtful` whether it may be something else than its class.
    """

    feature_class: str
    ids: NDArray[np.object_]
    shapes: NDArray[np.object_]
    attributes: Mapping[str, NDArray[np.object_]]
    completeness: Completeness
    position_error_m: float
    errors_m: NDArray[np.floating[Any]] = field(default_factory=lambda: np.empty(0))
    doubtful: NDArray[np.bool_] = field(default_factory=lambda: np.empty(0, dtype=bool))

    def __post_init__(self) -> None:
        """Fill what was not stated: the district's position error, nothing doubtful."""
        if len(self.errors_m) != len(self.ids):
            object.__setattr__(self, "errors_m", np.full(len(self.ids), self.position_error_m))
        if len(self.doubtful) != len(self.ids):
            object.__setattr__(self, "doubtful", np.zeros(len(self.ids), dtype=bool))

    def __len__(self) -> int:
        """Return the number of objects."""
        return len(self.ids)

    def where(self, chosen: NDArray[np.bool_]) -> "Features":
        """Return the chosen objects alone; the class and how well it is known stay."""
        return _where(self, chosen)


def features_of(district: District, feature_class: str) -> Features:
    """Return the objects of `feature_class` in the district; `RuleError` (did you mean ...) for an unknown class."""
    if feature_class not in _MAKERS:
        near = get_close_matches(feature_class, _MAKERS, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else f"; choose one of {', '.join(sorted(_MAKERS))}"
        message = f"feature class {feature_class!r} is unknown{hint}"
        raise RuleError(message)
    return _MAKERS[feature_class](district, feature_class)


def _known(district: District, name: str) -> Completeness:
    default = Completeness.MAPPED if name in _MAPPED else Completeness.UNKNOWN
    return district.completeness.get(name, default)


def _take(district: District, name: str, frame: gpd.GeoDataFrame, columns: tuple[str, ...] = ()) -> Features:
    surveyed = (frame["source"] == "survey").to_numpy()
    return Features(
        feature_class=name,
        ids=frame.index.to_numpy(object),
        shapes=frame.geometry.to_numpy(),
        attributes=MappingProxyType({column: frame[column].to_numpy(object) for column in columns}),
        completeness=_known(district, name),
        position_error_m=district.position_error_m,
        errors_m=np.where(surveyed, 0.0, district.position_error_m),
    )


def _buildings(district: District, name: str) -> Features:
    frame = district.buildings.assign(height_class=height_classes(district.buildings))
    return _but(_take(district, "building", frame, ("use", "height_class", "fire_class")), feature_class=name)


def _high_rises(district: District, name: str) -> Features:
    every = _buildings(district, name)
    heights = every.attributes["height_class"]
    return _where(_but(every, doubtful=heights == "unknown"), heights != "low_rise")


def _sensitive_buildings(district: District, name: str) -> Features:
    """Return buildings of a sensitive use, by their own word or by what is mapped in or around them."""
    wanted = _PUBLIC if name == "public_building" else _SENSITIVE
    every = _buildings(district, name)
    use = every.attributes["use"]
    places = _obstacles(district, name, tuple(kind for kind in wanted if kind in _OBSTACLE_KINDS))
    centres = shapely.point_on_surface(every.shapes)
    is_area = np.isin(shapely.get_type_id(places.shapes), (3, 6))
    grounds, inside_grounds = shapely.STRtree(centres).query(places.shapes, predicate="contains")
    points, around_points = shapely.STRtree(every.shapes).query(places.shapes, predicate="intersects")
    holds = ~is_area[points]
    named = np.zeros(len(every), dtype=bool)
    named[around_points[holds]] = True
    near = np.zeros(len(every), dtype=bool)
    near[inside_grounds] = True
    certain = np.isin(use, wanted) | named | (near & (use == "unknown"))
    used = np.zeros(len(places), dtype=bool)
    used[grounds] = True
    used[points[holds]] = True
    buildings = _where(_but(every, doubtful=~certain), certain | near | (use == "unknown"))
    loose = _but(_where(places, ~used), doubtful=is_area[~used])  # grounds are not the building; a lone node is
    return _joined(name, (buildings, loose), buildings.completeness)


def _ways_in(district: District, name: str) -> Features:
    """Return mapped doors, then each facade as a doubtful one (door or window), unless `name` is surveyed."""
    doors = _but(_take(district, name, district.entrances), attributes=MappingProxyType({}))
    if doors.completeness is Completeness.SURVEYED:
        return doors
    facades = _buildings(district, name)
    facades = _but(facades, attributes=MappingProxyType({}), doubtful=np.ones(len(facades), dtype=bool))
    return _joined(name, (doors, facades), facades.completeness)


def _lane_sides(district: District, name: str) -> Features:
    """Return what may stand beside a lane and narrow it: buildings, walls, fences."""
    parts = (_take(district, name, district.buildings), _take(district, name, district.barriers))
    return _joined(name, parts, _fire_lanes(district, "fire_lane").completeness)


def _turning_areas(district: District, name: str) -> Features:
    """Return drawn turning areas, and the dead ends of lanes without one nearby, where one has to be (doubtful).

    Attribute "end": whether it is a dead end (a point) and not a drawn area.
    """
    drawn = _obstacles(district, name)
    ends = np.empty(0, dtype=object)
    ids: NDArray[np.object_] = np.empty(0, dtype=object)
    if drawn.completeness is not Completeness.SURVEYED:
        lanes = _fire_lanes(district, "fire_lane")
        owners, ends = dead_ends(lanes.shapes)
        free = np.ones(len(ends), dtype=bool)
        free[shapely.STRtree(ends).query(drawn.shapes, predicate="dwithin", distance=TURNING_REACH_M)[1]] = False
        ids, ends = lanes.ids[owners[free]], ends[free]
    assumed = Features(
        feature_class=name,
        ids=ids,
        shapes=ends,
        attributes=MappingProxyType({}),
        completeness=drawn.completeness,
        position_error_m=district.position_error_m,
        doubtful=np.ones(len(ids), dtype=bool),
    )
    known = Completeness.SURVEYED if drawn.completeness is Completeness.SURVEYED else Completeness.MAPPED
    every = _joined(name, (drawn, assumed), known)
    is_end = np.repeat(np.array([False, True], dtype=object), [len(drawn), len(assumed)])
    return _but(every, attributes=MappingProxyType({"end": is_end}))


def _official_lanes(district: District, name: str) -> Features:
    """Return the straight pieces of lanes that a planner drew: which facade a mapped way serves is on no map."""
    lanes = _fire_lanes(district, "fire_lane")
    official = district.roads.loc[lanes.ids, "source"].isin(("planner", "survey")).to_numpy(bool)
    surveyed = lanes.completeness is Completeness.SURVEYED
    lanes = _where(lanes, official)
    pieces, owners = _pieces(lanes.shapes)
    known = Completeness.SURVEYED if surveyed else Completeness.UNKNOWN
    return _but(_where(lanes, owners), shapes=pieces, completeness=known, feature_class=name)


def _pieces(lines: NDArray[np.object_]) -> tuple[NDArray[np.object_], NDArray[np.int_]]:
    """Return every straight piece of `lines` and the position of the line it belongs to."""
    parts, owners = shapely.get_parts(lines, return_index=True)
    points, of_part = shapely.get_coordinates(parts, return_index=True)
    same = of_part[1:] == of_part[:-1]
    pieces = shapely.linestrings(np.stack((points[:-1][same], points[1:][same]), axis=1))
    return np.asarray(pieces, dtype=object), owners[of_part[:-1][same]]


def _climbing_areas(district: District, name: str) -> Features:
    return _but(_obstacles(district, "climbing_area"), feature_class=name)


def _garages(district: District, name: str) -> Features:
    """Return car parks that are, or may be, garages, with what their drawings say."""
    frame = district.parking
    columns: tuple[str, ...] = (
        "kind",
        "levels_down",
        "fire_unit_m2",
        "fire_unit_stalls",
        "entrance_gap_m",
        *GARAGE_SYSTEMS,
    )
    frame = frame.reindex(columns=[*frame.columns, *(column for column in columns if column not in frame.columns)])
    every = _but(_take(district, name, frame, columns), completeness=_known(district, name))
    return _where(every, frame["kind"].isin(("underground", "multi_storey", "unknown")).to_numpy(bool))


def _fire_lanes(district: District, name: str) -> Features:
    frame = district.roads[district.roads["fire_lane"].to_numpy(bool)]
    lanes = _take(district, name, frame, ("width_m",))
    return _but(lanes, completeness=district.completeness.get(name, _known(district, "road")))


def _roads(district: District, name: str) -> Features:
    return _take(district, name, district.roads, ("width_m", "kind"))


def _barriers(district: District, name: str) -> Features:
    return _take(district, name, district.barriers)


def _gates(district: District, name: str) -> Features:
    return _take(district, name, district.gates)


def _car_parks(district: District, name: str) -> Features:
    """Return car parks on the ground; one of unknown kind may lie underground and is doubtful."""
    kinds = district.parking["kind"].to_numpy(object)
    parks = _but(_take(district, name, district.parking), doubtful=kinds == "unknown")
    parks = _but(parks, completeness=district.completeness.get(name, _known(district, "parking")))
    return _where(parks, np.isin(kinds, ("surface", "street_side", "unknown")))


def _obstacles(district: District, name: str, kinds: tuple[str, ...] = ()) -> Features:
    frame = district.obstacles
    found = _take(district, name, frame[frame["kind"].isin(kinds or (name,)).to_numpy()], ("kind",))
    is_point = np.isin(shapely.get_type_id(found.shapes), (0, 4))
    wide = is_point & np.isin(found.attributes["kind"], ("fuel", "tank")) & (found.errors_m > 0.0)
    return _but(found, errors_m=np.where(wide, found.errors_m + NODE_PLOT_M, found.errors_m))


def _hazards(district: District, name: str) -> Features:
    kinds = ("fuel", "gas", "tank")
    each = all(_known(district, kind) is Completeness.SURVEYED for kind in kinds)
    surveyed = each or _known(district, name) is Completeness.SURVEYED
    completeness = Completeness.SURVEYED if surveyed else Completeness.UNKNOWN
    return _but(_obstacles(district, name, kinds), completeness=completeness)


def _substations(district: District, name: str) -> Features:
    """Return mapped substations and the planner's transformers that have a place of their own."""
    mapped = _obstacles(district, name)
    frame = district.transformers
    placed = frame[frame.geometry.notna().to_numpy() & ~frame.index.isin(mapped.ids)]
    return _joined(name, (mapped, _take(district, name, placed)), mapped.completeness)


def _but(features: Features, **changes: Any) -> Features:
    values = {name: getattr(features, name) for name in Features.__dataclass_fields__}
    return Features(**(values | changes))


def _where(features: Features, chosen: NDArray[Any]) -> Features:
    return _but(
        features,
        ids=features.ids[chosen],
        shapes=features.shapes[chosen],
        attributes=MappingProxyType({name: values[chosen] for name, values in features.attributes.items()}),
        errors_m=features.errors_m[chosen],
        doubtful=features.doubtful[chosen],
    )


def _joined(name: str, parts: tuple[Features, ...], completeness: Completeness) -> Features:
    return Features(
        feature_class=name,
        ids=np.concatenate([part.ids for part in parts]),
        shapes=np.concatenate([part.shapes for part in parts]),
        attributes=MappingProxyType({}),
        completeness=completeness,
        position_error_m=parts[0].position_error_m,
        errors_m=np.concatenate([part.errors_m for part in parts]),
        doubtful=np.concatenate([part.doubtful for part in parts]),
    )


_MAKERS: Mapping[str, Callable[[District, str], Features]] = MappingProxyType(
    dict.fromkeys(_OBSTACLE_KINDS, _obstacles)
    | {
        "barrier": _barriers,
        "building": _buildings,
        "building_gap": _buildings,
        "climbing_strip": _climbing_areas,
        "car_parking": _car_parks,
        "exit": _ways_in,
        "fire_lane": _fire_lanes,
        "garage": _garages,
        "gate": _gates,
        "hazard": _hazards,
        "high_rise_building": _high_rises,
        "lane_side": _lane_sides,
        "lane_strip": _official_lanes,
        "opening": _ways_in,
        "public_building": _sensitive_buildings,
        "road": _roads,
        "sensitive_building": _sensitive_buildings,
        "substation": _substations,
        "turning_area": _turning_areas,
    }
)

#: Every class a clause may name in `to` (layout metrics name "layout" instead).
FEATURE_CLASSES: frozenset[str] = frozenset(_MAKERS)
