"""Facts: raw OSM objects become the district's tables, in metres; what a tag does not say stays unknown."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS

from siting import tables
from siting.contract import Table
from siting.district import classes
from siting.district.osm import OsmFacts
from siting.district.tags import Tags, clean_text, count, levels, levels_down, metres, name_of, slope_percent
from siting.geo import to_metric

__all__ = ["METRES_PER_LEVEL", "Raw", "largest_overlap", "polygons_only", "project", "tabulate"]

#: Height of a storey where only their number is mapped (RULES.md 4B: 2.9-3.0 m).
METRES_PER_LEVEL = 3.0
#: A door further than this from every outline belongs to no building that we know.
DOOR_REACH_M = 1.0
_SMALLEST_PART_M2 = 0.01
_TALLEST_M, _WIDEST_M = 1000.0, 60.0
_CLOSED = frozenset(("no",))
_NOT_ON_FOOT = frozenset(("motorway", "motorway_link", "busway"))
_ON_FOOT_ONLY = frozenset(("pedestrian", "footway", "path", "steps", "cycleway", "bridleway"))

Columns = Mapping[str, Callable[[Tags], Any]]


@dataclass(frozen=True, eq=False, kw_only=True)
class Raw:
    """The facts of one file in metres, valid; `notes` say what was repaired."""

    crs: CRS
    points: gpd.GeoDataFrame
    lines: gpd.GeoDataFrame
    areas: gpd.GeoDataFrame
    dropped: pd.DataFrame
    notes: tuple[str, ...] = ()


def project(facts: OsmFacts, crs: CRS) -> Raw:
    """Return `facts` in `crs` with valid geometry: repaired areas keep their polygon parts only."""
    areas = to_metric(facts.areas, crs)
    broken = ~areas.is_valid.to_numpy()
    notes = []
    if facts.clipped:
        notes.append(f"{len(facts.clipped)} ways run out of the file; only their part inside it is used")
    dropped = facts.dropped
    if broken.any():
        shapes = polygons_only(areas.geometry.to_numpy())
        empty = shapely.is_empty(shapes)
        areas = areas.set_geometry(gpd.GeoSeries(shapes, index=areas.index, crs=crs))[~empty]
        lost = [(key, "areas", "its outline has no area") for key in facts.areas.index[empty]]
        dropped = pd.concat([dropped, drops(lost)], ignore_index=True)
        repaired = facts.areas.index[broken & ~empty]
        notes.append(f"{len(repaired)} invalid outlines were repaired ({', '.join(repaired[:5])})")
    return Raw(
        crs=crs,
        points=to_metric(facts.points, crs),
        lines=to_metric(facts.lines, crs),
        areas=areas,
        dropped=dropped,
        notes=tuple(notes),
    )


def polygons_only(shapes: Any) -> Any:
    """Return valid polygons or multipolygons (or empty ones): lines, points and specks left by the repair are gone."""
    valid = shapely.make_valid(np.asarray(shapes, dtype=object))
    return np.array([_polygon_part(shape) for shape in valid], dtype=object)


def _polygon_part(shape: Any) -> Any:
    if shape.geom_type == "Polygon":
        return shape if shape.area >= _SMALLEST_PART_M2 else shapely.Polygon()
    parts = [part for part in _parts(shape) if part.geom_type == "Polygon" and part.area >= _SMALLEST_PART_M2]
    return parts[0] if len(parts) == 1 else shapely.MultiPolygon(parts) if parts else shapely.Polygon()


def _parts(shape: Any) -> Iterable[Any]:
    for part in getattr(shape, "geoms", (shape,)):
        yield from _parts(part) if hasattr(part, "geoms") else (part,)


def drops(rows: Iterable[tuple[str, str, str]]) -> pd.DataFrame:
    """Return rows of (object_id, layer, reason) as a table that keeps the contract of `tables.DROPPED`."""
    return pd.DataFrame(list(rows), columns=["object_id", "layer", "reason"], dtype=object)


def tabulate(raw: Raw) -> dict[str, Any]:
    """Return the tables of a district without compounds: by name, plus `dropped` and `notes`."""
    underground = [key for key, tags in raw.areas["tags"].items() if _is_hidden(tags)]
    closed = [key for key, tags in raw.lines["tags"].items() if road_closed(tags)]
    dropped = drops(
        [(str(key), "buildings", "lies underground") for key in underground]
        + [(str(key), "roads", "tunnel for vehicles, not on the ground") for key in closed]
    )
    buildings = _buildings(raw)
    return {
        "buildings": buildings,
        "entrances": _entrances(raw, buildings),
        "roads": _roads(raw),
        "barriers": _barriers(raw),
        "gates": _gates(raw),
        "obstacles": _obstacles(raw),
        "parking": _parking(raw),
        "transformers": _transformers(raw),
        "signs": _signs(raw),
        "dropped": pd.concat([raw.dropped, dropped], ignore_index=True),
        "notes": (*raw.notes, *_slopes_unknown(raw)),
    }


def _is_hidden(tags: Tags) -> bool:
    return classes.is_building(tags) and classes.is_underground(tags)


def road_closed(tags: Tags) -> bool:
    """Return whether a way for vehicles runs in a tunnel: below compounds, not through them."""
    tunnel = tags.get("tunnel", "no") not in ("no", "building_passage", "avalanche_protector", "culvert")
    return classes.road_kind(tags) is not None and tunnel and classes.road_kind(tags) not in _ON_FOOT_ONLY


def _build(table: Table, crs: CRS, parts: Iterable[gpd.GeoDataFrame], columns: Columns) -> Any:
    """Return a table of `columns`, each worked out from an object's tags; the first of two equal ids wins."""
    frame = pd.concat(list(parts)) if parts else table.empty(crs)
    frame = frame[~frame.index.duplicated()].sort_index()
    if frame.empty:
        return table.empty(crs)
    tags = list(frame["tags"])
    values = {name: _series([work(item) for item in tags], table, name) for name, work in columns.items()}
    index = pd.Index(frame.index.to_numpy(), name=table.index, dtype=object)
    return gpd.GeoDataFrame(pd.DataFrame(values, index=index), geometry=frame.geometry.to_numpy(), crs=crs)


def _series(values: list[Any], table: Table, name: str) -> Any:
    kind = (table.columns[name].metadata or {})["kind"]
    dtypes: dict[str, Any] = {"text": object, "float": float, "int": "int64", "bool": bool}
    return np.array(values, dtype=dtypes[kind])


def _of(frame: gpd.GeoDataFrame, kind: Callable[[Tags], Any]) -> gpd.GeoDataFrame:
    return frame[np.array([bool(kind(tags)) for tags in frame["tags"]], dtype=bool)]


def _nothing(_tags: Tags) -> None:
    return None


def _unknown(_tags: Tags) -> float:
    return float("nan")


def _tag(_tags: Tags) -> str:
    return "tag"


def _buildings(raw: Raw) -> Any:
    columns: Columns = {
        "compound_id": _nothing,
        "name": name_of,
        "use": classes.building_use,
        "levels": _levels,
        "height_m": _height_m,
        "height_source": _height_source,
        "fire_class": lambda _tags: "unknown",
        "households": _flats,
        "households_source": lambda tags: "tag" if _flats(tags) == _flats(tags) else None,
        "source": _tag,
    }
    return _build(tables.BUILDINGS, raw.crs, [_of(raw.areas, classes.building_use)], columns)


def _levels(tags: Tags) -> float:
    return levels(tags.get("building:levels"))


def _height_m(tags: Tags) -> float:
    tagged = metres(tags.get("height") or tags.get("building:height"), most=_TALLEST_M)
    return tagged if tagged == tagged else METRES_PER_LEVEL * _levels(tags)


def _height_source(tags: Tags) -> str | None:
    if metres(tags.get("height") or tags.get("building:height"), most=_TALLEST_M) > 0:
        return "tag"
    return "estimate" if _levels(tags) > 0 else None


def _flats(tags: Tags) -> float:
    return count(tags.get("building:flats"), most=5000)


def _entrances(raw: Raw, buildings: gpd.GeoDataFrame) -> Any:
    doors = _build(
        tables.ENTRANCES,
        raw.crs,
        [_of(raw.points, classes.entrance_kind)],
        {"building_id": _nothing, "kind": classes.entrance_kind, "source": _tag},
    )
    if doors.empty or buildings.empty:
        return doors
    outlines = shapely.boundary(buildings.geometry.to_numpy())
    points = doors.geometry.to_numpy()
    near = shapely.STRtree(outlines).query_nearest(points, max_distance=DOOR_REACH_M, all_matches=True)
    first = pd.Series(near[1]).groupby(near[0]).min()  # of two equally near buildings the first by id
    at, which = first.index.to_numpy(dtype=int), first.to_numpy(dtype=int)
    owners = doors["building_id"].to_numpy(dtype=object).copy()
    owners[at] = buildings.index.to_numpy()[which]
    snapped = points.copy()
    snapped[at] = shapely.get_point(shapely.shortest_line(outlines[which], points[at]), 0)
    return doors.assign(building_id=owners).set_geometry(gpd.GeoSeries(snapped, index=doors.index, crs=raw.crs))


def _roads(raw: Raw) -> Any:
    ways = _of(raw.lines, lambda tags: classes.road_kind(tags) and not road_closed(tags))
    columns: Columns = {
        "kind": classes.road_kind,
        "name": name_of,
        "walkable": _is_walkable,
        "drivable": _is_drivable,
        "fire_lane": _is_fire_lane,
        "width_m": lambda tags: metres(tags.get("width") or tags.get("est_width"), most=_WIDEST_M),
        "access": _access_on_foot,
        "slope_percent": lambda tags: slope_percent(tags.get("incline")),
        "source": _tag,
    }
    return _build(tables.ROADS, raw.crs, [ways], columns)


def _slopes_unknown(raw: Raw) -> tuple[str, ...]:
    """Say how many walkable ways are mapped as sloping without a figure; none is guessed."""
    unread = [
        key
        for key, tags in raw.lines["tags"].items()
        if "incline" in tags
        and classes.road_kind(tags) not in (None, "steps")
        and not road_closed(tags)
        and _is_walkable(tags)
        and math.isnan(slope_percent(tags["incline"]))
    ]
    if not unread:
        return ()
    return (f"{len(unread)} ways slope without a figure that can be read, so how steep is unknown ({_some(unread)})",)


def _some(ids: Sequence[Any]) -> str:
    return ", ".join(map(str, ids[:5]))


def _access(tags: Tags) -> str | None:
    return clean_text(tags["access"], longest=40) if "access" in tags else None


def _is_walkable(tags: Tags) -> bool:
    foot = tags.get("foot")
    if foot is not None:
        return foot not in _CLOSED and foot != "use_sidepath"
    return tags.get("access") not in _CLOSED and tags.get("highway") not in _NOT_ON_FOOT


def _is_drivable(tags: Tags) -> bool:
    if tags.get("highway") in _ON_FOOT_ONLY:
        return False
    closed = [tags[key] for key in ("motor_vehicle", "motorcar", "vehicle", "access") if key in tags]
    return not closed or closed[0] not in _CLOSED


def _is_fire_lane(tags: Tags) -> bool:
    named = tags.get("emergency") in ("yes", "designated") or tags.get("service") == "emergency_access"
    return (named and tags.get("highway") != "steps") or _is_drivable(tags)


def _barriers(raw: Raw) -> Any:
    lines = _of(raw.lines, lambda tags: classes.line_layer(tags) == "barriers")
    areas = _of(raw.areas, lambda tags: classes.area_layer(tags) == "barriers")
    return _build(tables.BARRIERS, raw.crs, [areas, lines], {"kind": classes.barrier_kind, "source": _tag})


def _gates(raw: Raw) -> Any:
    lines = _of(raw.lines, classes.gate_kind)
    middle = lines.set_geometry(lines.geometry.interpolate(0.5, normalized=True)) if len(lines) else lines
    columns = {"kind": classes.gate_kind, "access": _access_on_foot, "source": _tag}
    return _build(tables.GATES, raw.crs, [_of(raw.points, classes.gate_kind), middle], columns)


def _access_on_foot(tags: Tags) -> str | None:
    value = tags.get("foot") or tags.get("access")
    return clean_text(value, longest=40) if value else None


def _obstacles(raw: Raw) -> Any:
    lines = _of(raw.lines, lambda tags: classes.line_layer(tags) == "obstacles")
    parts = [_of(raw.areas, classes.obstacle_kind), lines, _of(raw.points, classes.obstacle_kind)]
    columns = {"kind": classes.obstacle_kind, "name": name_of, "source": _tag}
    return _build(tables.OBSTACLES, raw.crs, parts, columns)


def _parking(raw: Raw) -> Any:
    columns: Columns = {
        "compound_id": _nothing,
        "name": name_of,
        "kind": classes.parking_kind,
        "capacity": lambda tags: count(tags.get("capacity")),
        "access": _access,
        "levels_down": lambda tags: levels_down(tags.get("level")),
        **dict.fromkeys(("fire_unit_m2", "fire_unit_stalls", "entrance_gap_m", "entrance_walk_m"), _unknown),
        "fire_unit": _nothing,
        **dict.fromkeys(tables.GARAGE_SYSTEMS, _nothing),
        "source": _tag,
    }
    return _build(tables.PARKING, raw.crs, [_of(raw.areas, classes.parking_kind)], columns)


def _transformers(raw: Raw) -> Any:
    parts = [_of(raw.areas, classes.is_transformer), _of(raw.points, classes.is_transformer)]
    columns: Columns = {
        "name": name_of,
        "compound_ids": lambda _tags: "",
        "spare_kva": _unknown,
        "upgrade_steps": lambda _tags: "[]",
        "source": _tag,
    }
    return _build(tables.TRANSFORMERS, raw.crs, parts, columns)


def _signs(raw: Raw) -> Any:
    columns: Columns = {"kind": classes.sign_kind, "name": name_of, "source": _tag}
    return _build(tables.SIGNS, raw.crs, [_of(raw.points, classes.sign_kind)], columns)


def largest_overlap(shapes: Any, frame: gpd.GeoDataFrame, *, least_share: float) -> Any:
    """Return for each shape the id of the row of `frame` it shares most area with, or None.

    None as well if less than `least_share` of the shape lies in all rows together. Of equals the first by id wins.
    """
    shapes = np.asarray(shapes, dtype=object)
    owners = np.full(len(shapes), None, dtype=object)
    if not len(shapes) or frame.empty:
        return owners
    left, right = shapely.STRtree(frame.geometry.to_numpy()).query(shapes, predicate="intersects")
    shared = shapely.area(shapely.intersection(shapes[left], frame.geometry.to_numpy()[right]))
    pairs = pd.DataFrame({"left": left, "right": right, "shared": np.round(shared, 6)})
    inside = pairs.groupby("left")["shared"].sum()
    best = pairs.sort_values(["left", "shared", "right"], ascending=[True, False, True]).drop_duplicates("left")
    enough = inside.loc[best["left"]].to_numpy() >= least_share * shapely.area(shapes[best["left"].to_numpy()])
    best = best[enough & (best["shared"].to_numpy() > 0)]
    owners[best["left"].to_numpy()] = frame.index.to_numpy()[best["right"].to_numpy()]
    return owners
