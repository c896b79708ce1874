"""What a clause speaks of, found again: the objects of a feature class, one row of the facts after the other.

A thing is doubtful if it may be something else than its class (a building of unknown use near a clause on
kindergartens; a facade whose exits nobody mapped): breaking a clause there is UNCERTAIN, never FAIL.
"""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise
from types import MappingProxyType
from typing import Any

import networkx as nx
import numpy as np
import shapely
from shapely.geometry import LineString, Point

from siting.errors import DataError
from siting.kinds import Completeness
from siting.plan.audit_boxes import boxes_meet
from siting.plan.audit_reading import Facts
from siting.plan.audit_record import number

__all__ = ["Thing", "Things", "dead_ends_again", "things_of"]

_NODE_PLOT_M = 30.0  # the equipment of a filling station mapped as one node may stand this far from the node
_TURNING_REACH_M = 30.0  # a drawn turning area this near to a dead end serves it
_NO_TURNING_M = 40.0  # an engine backs out of a shorter stub
_SENSITIVE = ("elderly_care", "hospital", "kindergarten", "school")
_PUBLIC = ("hospital", "kindergarten", "public", "school")
_HAZARDS = ("fuel", "gas", "tank")
_OBSTACLES = frozenset(
    {
        "bicycle_parking",
        "charging_station",
        "turning_area",
        "climbing_area",
        "fire_station",
        "fuel",
        "gas",
        "green",
        "heritage",
    }
    | {"elderly_care", "hospital", "hydrant", "kindergarten", "pitch", "playground", "school", "tank", "tree", "water"}
)
_POINTS, _AREAS = ("Point", "MultiPoint"), ("Polygon", "MultiPolygon")
_STATED = ("tag", "planner", "survey")


@dataclass(frozen=True, eq=False)
class Thing:
    """One object that a clause may measure to; `error_m` is how far it may lie from where it is drawn."""

    feature_id: str
    shape: Any
    error_m: float
    doubtful: bool = False
    height_class: str = "unknown"
    fire_class: str = "unknown"
    width_m: float = math.nan
    is_end: bool = False  # the dead end of a lane, where room to turn has to be
    garage: Mapping[str, Any] = field(default_factory=dict)  # what the drawings of a garage say
    height_m: float | None = None  # of a building, stated or 3 m a storey
    signed: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)  # {subject: {fact: (value, id)}}


@dataclass(frozen=True, eq=False)
class Things:
    """The objects of one class, and how well the class is known; `shapes` holds their shapes in the same order."""

    rows: tuple[Thing, ...]
    known: Completeness
    accesses: Mapping[str, Any] = field(default_factory=dict)  # of lanes: what each clause on fire access speaks of
    shapes: Any = field(init=False)
    boxes: Any = field(init=False)  # of the shapes, (n, 4)
    memo: dict[Any, Any] = field(init=False, default_factory=dict)  # what depends on these things alone, read once

    def __post_init__(self) -> None:
        """Lay the shapes side by side."""
        object.__setattr__(self, "shapes", np.array([thing.shape for thing in self.rows], dtype=object))
        object.__setattr__(self, "boxes", shapely.bounds(self.shapes).reshape(-1, 4))

    def near(self, footprint: Any, reach_m: float) -> tuple[Any, Any]:
        """Return the numbers of the things within `reach_m` of a footprint, in order, and how far each is."""
        at = np.flatnonzero(boxes_meet(self.boxes, shapely.bounds(footprint), reach_m))
        apart_m = shapely.distance(footprint, self.shapes[at])
        kept = apart_m <= reach_m
        return at[kept], apart_m[kept]


def things_of(facts: Facts, feature_class: str) -> Things:
    """Return the objects of a feature class, doubtful ones included; `DataError` for a class nobody knows."""
    parking = facts.tables["parking"]
    if feature_class in ("building", "building_gap"):
        return Things(tuple(_buildings(facts)), _mapped(facts, "building"))
    if feature_class == "high_rise_building":
        return Things(tuple(_high_rises(facts)), _mapped(facts, "building"))
    if feature_class in ("sensitive_building", "public_building"):
        return Things(tuple(_in_use(facts, feature_class)), _mapped(facts, "building"))
    if feature_class in ("exit", "opening"):
        return _exits(facts, feature_class)
    if feature_class in _FURTHER:
        return _FURTHER[feature_class](facts)
    if feature_class == "fire_lane":
        return _fire_lanes(facts)
    if feature_class in ("road", "barrier", "gate"):
        table = {"road": "roads", "barrier": "barriers", "gate": "gates"}[feature_class]
        known = _mapped(facts, "road") if feature_class == "road" else facts.known(feature_class)
        return Things(tuple(_plain(facts, facts.tables[table])), known)
    if feature_class == "car_parking":
        open_air = parking[parking["kind"].isin(("surface", "street_side", "unknown"))]
        rows = tuple(
            replace(thing, doubtful=kind == "unknown")
            for thing, kind in zip(_plain(facts, open_air), open_air["kind"], strict=True)
        )
        return Things(rows, facts.completeness.get("car_parking", facts.known("parking")))
    if feature_class == "hazard":
        surveyed = facts.known("hazard") is Completeness.SURVEYED or all(
            facts.known(name) is Completeness.SURVEYED for name in _HAZARDS
        )
        known = Completeness.SURVEYED if surveyed else Completeness.UNKNOWN
        return Things(tuple(_obstacles(facts, _HAZARDS, plot=True)), known)
    if feature_class == "substation":
        return Things(tuple(_substations(facts)), facts.known("substation"))
    return Things(_of_kind(facts, feature_class), facts.known(feature_class))


def _of_kind(facts: Facts, kind: str) -> tuple[Thing, ...]:
    if kind not in _OBSTACLES:
        message = f"the audit knows no feature class {kind!r}; teach it before judging by it"
        raise DataError(message)
    return tuple(_obstacles(facts, (kind,), plot=kind in ("fuel", "tank")))


def _error_m(facts: Facts, source: str) -> float:
    return 0.0 if source == "survey" else facts.position_error_m


def _mapped(facts: Facts, name: str) -> Completeness:
    return facts.completeness.get(name, Completeness.MAPPED)


def _plain(facts: Facts, frame: Any) -> Iterator[Thing]:
    for row in frame.itertuples():
        width_m = number(getattr(row, "width_m", None))
        yield Thing(
            str(row.Index),
            row.geometry,
            _error_m(facts, row.source),
            width_m=math.nan if width_m is None else width_m,
        )


def _buildings(facts: Facts) -> Iterator[Thing]:
    for row in facts.tables["buildings"].itertuples():
        yield Thing(
            str(row.Index),
            row.geometry,
            _error_m(facts, row.source),
            height_class=_height_class(row),
            fire_class=str(row.fire_class),
            height_m=_height_m(row),
            signed=facts.signed,
        )


def _height_m(row: Any) -> float | None:
    height_m, storeys = number(row.height_m), number(row.levels)
    return 3.0 * storeys if height_m is None and storeys is not None else height_m


def _high_rises(facts: Facts) -> Iterator[Thing]:
    for thing in _buildings(facts):
        if thing.height_class != "low_rise":
            yield replace(thing, doubtful=thing.height_class == "unknown")


def _height_class(row: Any) -> str:
    """Return low_rise, high_rise or unknown: above 27 m for homes, above 24 m and two storeys for others."""
    storeys, height_m = number(row.levels), number(row.height_m)
    stated = row.height_source in _STATED and height_m is not None
    if storeys is None and height_m is not None and not stated:
        storeys = math.ceil(height_m / 3.0)
    home = _by_figures(height_m if stated else None, storeys, 27.0, (8, 10))
    other = _by_figures(height_m if stated else None, storeys, 24.0, (4, 9))
    counted = number(row.levels)
    if stated and (height_m or 0.0) > 24.0 and counted is None:
        other = "unknown"  # a hall of one storey is no high-rise
    if counted == 1:
        other = "low_rise"
    if row.use == "residential":
        return home
    if row.use == "unknown":
        return home if home == other else "unknown"
    return other


def _by_figures(height_m: float | None, storeys: float | None, limit_m: float, by_storeys: tuple[int, int]) -> str:
    if height_m is not None:
        return "high_rise" if height_m > limit_m else "low_rise"
    low, high = by_storeys
    if storeys is None or low < storeys < high:
        return "unknown"
    return "high_rise" if storeys >= high else "low_rise"


def _in_use(facts: Facts, feature_class: str) -> Iterator[Thing]:
    """Yield buildings of a use, by their own word or by what is mapped in or around them, and lone places."""
    wanted = _SENSITIVE if feature_class == "sensitive_building" else _PUBLIC
    obstacles = facts.tables["obstacles"]
    places = obstacles[obstacles["kind"].isin(wanted)]
    used: set[str] = set()
    buildings = facts.tables["buildings"]
    names, grounds = np.array([str(name) for name in places.index], dtype=object), places.geometry.to_numpy()
    is_area = places.geometry.geom_type.isin(_AREAS).to_numpy()
    for thing, use in zip(_buildings(facts), buildings["use"], strict=True):
        around = list(names[shapely.contains(grounds, thing.shape.representative_point())])
        inside = list(names[~is_area & shapely.intersects(grounds, thing.shape)])
        used |= {*around, *inside}
        certain = use in wanted or bool(inside) or (bool(around) and use == "unknown")
        if certain or around or use == "unknown":
            yield replace(thing, doubtful=not certain)
    loose = places[~places.index.isin(used)]
    for thing in _plain(facts, loose):
        yield replace(thing, doubtful=thing.shape.geom_type in _AREAS)


def _exits(facts: Facts, feature_class: str) -> Things:
    doors = tuple(_plain(facts, facts.tables["entrances"]))
    if facts.known(feature_class) is Completeness.SURVEYED:
        return Things(doors, Completeness.SURVEYED)
    facades = tuple(Thing(thing.feature_id, thing.shape, thing.error_m, doubtful=True) for thing in _buildings(facts))
    return Things(doors + facades, _mapped(facts, "building"))


def _fire_lanes(facts: Facts) -> Things:
    roads = facts.tables["roads"]
    known = facts.completeness.get("fire_lane", _mapped(facts, "road"))
    return Things(tuple(_plain(facts, roads[roads["fire_lane"].astype(bool)])), known)


def _lane_sides(facts: Facts) -> Things:
    rows = (*_buildings(facts), *_plain(facts, facts.tables["barriers"]))
    return Things(rows, _fire_lanes(facts).known)


def _lane_strips(facts: Facts) -> Things:
    """Return the straight pieces of the lanes a planner drew; of others nobody knows which facade they serve."""
    roads, rows = facts.tables["roads"], []
    official = roads[roads["fire_lane"].astype(bool) & roads["source"].isin(("planner", "survey"))]
    for lane in _plain(facts, official):
        for line in getattr(lane.shape, "geoms", (lane.shape,)):
            rows += [replace(lane, shape=LineString(piece)) for piece in pairwise(line.coords)]
    surveyed = _fire_lanes(facts).known is Completeness.SURVEYED
    return Things(tuple(rows), Completeness.SURVEYED if surveyed else Completeness.UNKNOWN)


def _turning_areas(facts: Facts) -> Things:
    drawn = tuple(_obstacles(facts, ("turning_area",)))
    if facts.known("turning_area") is Completeness.SURVEYED:
        return Things(drawn, Completeness.SURVEYED)
    ends = tuple(
        Thing(lane_id, point, facts.position_error_m, doubtful=True, is_end=True)
        for lane_id, point in dead_ends_again(_fire_lanes(facts).rows)
        if all(point.distance(area.shape) > _TURNING_REACH_M for area in drawn)
    )
    return Things(drawn + ends, Completeness.MAPPED)


def dead_ends_again(lanes: tuple[Thing, ...]) -> list[tuple[str, Point]]:
    """Return (lane, end) of every dead end more than 40 m from a junction, on the graph of the lanes' vertices."""
    graph: nx.Graph[tuple[float, float]] = nx.Graph()
    tips: dict[tuple[float, float], tuple[str, Point]] = {}
    for lane in lanes:
        for line in getattr(lane.shape, "geoms", (lane.shape,)):
            nodes = [(round(x, 2), round(y, 2)) for x, y, *_ in line.coords]
            for (one, here), (two, there) in pairwise(zip(nodes, line.coords, strict=True)):
                if one != two:
                    graph.add_edge(one, two, m=math.dist(here[:2], there[:2]))
            for node, place in ((nodes[0], line.coords[0]), (nodes[-1], line.coords[-1])):
                tips.setdefault(node, (lane.feature_id, Point(place[:2])))
    found = []
    for node, tip in tips.items():
        if graph.has_node(node) and graph.degree(node) == 1:
            way = nx.single_source_dijkstra_path_length(graph, node, weight="m", cutoff=_NO_TURNING_M)
            stops = [m for other, m in way.items() if other != node and graph.degree(other) != 2]
            if not stops:  # nothing but a single road for 40 m
                found.append(tip)
    return found


def _garages(facts: Facts) -> Things:
    frame = facts.tables["parking"]
    covered = frame[frame["kind"].isin(("underground", "multi_storey", "unknown"))]
    rows = tuple(
        replace(thing, garage=dict(zip(covered.columns, values, strict=True)))
        for thing, values in zip(_plain(facts, covered), covered.itertuples(index=False, name=None), strict=True)
    )
    return Things(rows, facts.known("garage"))


_FURTHER: Mapping[str, Callable[[Facts], Things]] = MappingProxyType(
    {
        "climbing_strip": lambda facts: Things(
            tuple(_obstacles(facts, ("climbing_area",))), facts.known("climbing_area")
        ),
        "garage": _garages,
        "lane_side": _lane_sides,
        "lane_strip": _lane_strips,
        "turning_area": _turning_areas,
    }
)


def _obstacles(facts: Facts, kinds: tuple[str, ...], *, plot: bool = False) -> Iterator[Thing]:
    frame = facts.tables["obstacles"]
    wanted = frame[frame["kind"].isin(kinds)]
    for thing, kind in zip(_plain(facts, wanted), wanted["kind"], strict=True):
        wide = plot and kind in ("fuel", "tank") and thing.error_m > 0.0 and thing.shape.geom_type in _POINTS
        yield replace(thing, error_m=thing.error_m + _NODE_PLOT_M) if wide else thing


def _substations(facts: Facts) -> Iterator[Thing]:
    mapped = list(_obstacles(facts, ("substation",)))
    yield from mapped
    frame = facts.tables["transformers"]
    placed = frame[frame.geometry.notna() & ~frame.index.isin([thing.feature_id for thing in mapped])]
    yield from _plain(facts, placed)
