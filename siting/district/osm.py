"""Facts: one OpenStreetMap file as raw tables of points, lines and areas, naming every object that cannot be built.

The only module that reads OSM files. libosmium assembles the areas (closed ways and multipolygons); what it
cannot assemble, because the file was cut out of a larger one or drawn wrongly, is listed in `dropped`.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import osmium
import pandas as pd
import shapely

from siting.district import classes
from siting.district.guard import Limits, checked_source, sha256_of
from siting.district.tags import clean_tags, clean_text
from siting.errors import SourceError
from siting.geo import WGS84

__all__ = ["OsmFacts", "read_osm"]

_SYNTHETIC_GENERATOR = "siting synthetic"
_NOT_TEXT = "its tags are not UTF-8 text"


@dataclass(frozen=True, eq=False, kw_only=True)
class OsmFacts:
    """What one OSM file holds for us, unjudged.

    `points`, `lines` and `areas` are indexed by `object_id` (`node/7`, `way/123`, `relation/5`), sorted, in WGS 84
    (longitude, latitude), with the column `tags` (dict of cleaned text); a closed way may be a line and an area.
    `dropped` keeps the contract of `siting.tables.DROPPED`. `clipped` names the lines of which only the nodes
    inside the file could be drawn.
    """

    name: str
    sha256: str
    generator: str
    points: gpd.GeoDataFrame
    lines: gpd.GeoDataFrame
    areas: gpd.GeoDataFrame
    dropped: pd.DataFrame
    clipped: tuple[str, ...] = ()
    synthetic: bool = False


@dataclass
class _Harvest:
    """The lists one pass over a file fills; private to this module, frozen into `OsmFacts` at its end.

    A row is (object_id, tags, shape); the shape is (lon, lat) or WKB in hexadecimal.
    """

    points: list[tuple[str, dict[str, str], Any]] = field(default_factory=list)
    lines: list[tuple[str, dict[str, str], Any]] = field(default_factory=list)
    areas: list[tuple[str, dict[str, str], Any]] = field(default_factory=list)
    dropped: list[tuple[str, str, str]] = field(default_factory=list)
    clipped: list[str] = field(default_factory=list)
    expected: dict[str, str] = field(default_factory=dict)  # areas that must come: object_id -> layer
    built: set[str] = field(default_factory=set)  # areas that came; those of relations may come before the relation
    synthetic: bool = False


def read_osm(path: Path, *, limits: Limits | None = None) -> OsmFacts:
    """Read an OSM extract (.osm, .osm.gz, .osm.bz2, .osm.pbf; told by content, not by name).

    A clipped file is read as far as it goes. Raises `SourceError`, one line, for a file that is missing, foreign,
    damaged, unsafe or without a single building; nothing partial is returned.
    """
    path = Path(path)
    with checked_source(path, limits) as (plain, kind):
        file = osmium.io.File(str(plain), kind)
        try:
            harvest, generator = _read(file)
        except (osmium.InvalidLocationError, RuntimeError, ValueError, OSError) as error:
            message = f"{path.name}: cannot be read as OpenStreetMap data ({clean_text(str(error))}); download it again"
            raise SourceError(message) from error
    facts = OsmFacts(
        name=path.name,
        sha256=sha256_of(path),
        generator=generator,
        points=_frame(harvest.points),
        lines=_frame(harvest.lines),
        areas=_frame(harvest.areas),
        dropped=pd.DataFrame(sorted(harvest.dropped), columns=["object_id", "layer", "reason"], dtype=object),
        clipped=tuple(sorted(harvest.clipped)),
        synthetic=harvest.synthetic or generator.casefold().startswith(_SYNTHETIC_GENERATOR),
    )
    if not any(map(classes.building_use, facts.areas["tags"])):
        lost = int((facts.dropped["layer"] == "buildings").sum())
        first = facts.dropped.loc[facts.dropped["layer"] == "buildings", "reason"].head(1).tolist()
        why = f" ({lost} could not be built, e.g. {first[0]}; is the file sorted?)" if first else ""
        message = f"{path.name}: holds no building outline{why}; give an extract that covers the district"
        raise SourceError(message)
    return facts


def _read(file: Any) -> tuple[_Harvest, str]:
    processor = osmium.FileProcessor(file).with_areas(osmium.filter.KeyFilter(*classes.KEYS))
    generator = clean_text(processor.header.get("generator", ""))
    processor.with_filter(osmium.filter.KeyFilter(*classes.KEYS))
    harvest, wkb = _Harvest(), osmium.geom.WKBFactory()
    for item in processor:
        try:
            tags = clean_tags((tag.k, tag.v) for tag in item.tags)
        except UnicodeDecodeError:
            harvest.dropped.append((_id_of(item), "unknown", _NOT_TEXT))
            continue
        if item.is_area():
            _take_area(harvest, item, tags, wkb)
        elif item.deleted or not item.visible:
            continue
        elif item.is_node():
            _take_point(harvest, item, tags)
        elif item.is_way():
            _take_way(harvest, item, tags, wkb)
        elif item.is_relation() and item.tags.get("type") in ("multipolygon", "boundary"):
            _expect(harvest, _id_of(item), tags)
        harvest.synthetic = harvest.synthetic or tags.get("siting:synthetic") == "yes"
    _explain(harvest, file, processor.node_location_storage)
    return harvest, generator


def _id_of(item: Any) -> str:
    if item.is_area():
        return f"{'way' if item.from_way() else 'relation'}/{item.orig_id()}"
    return f"{'node' if item.is_node() else 'way' if item.is_way() else 'relation'}/{item.id}"


def _expect(harvest: _Harvest, object_id: str, tags: dict[str, str]) -> None:
    layer = classes.area_layer(tags)
    if layer:
        harvest.expected[object_id] = layer


def _take_point(harvest: _Harvest, node: Any, tags: dict[str, str]) -> None:
    layer = classes.point_layer(tags)
    if layer is None:
        return
    object_id = f"node/{node.id}"
    if not node.location.valid():
        harvest.dropped.append((object_id, layer, "its coordinates are missing or out of range"))
        return
    if layer in ("buildings", "parking"):
        harvest.dropped.append((object_id, layer, "only a point; its outline is not mapped"))
    if layer != "parking":  # the point of a building is the sign of one
        harvest.points.append((object_id, tags, (node.location.lon, node.location.lat)))


def _take_way(harvest: _Harvest, way: Any, tags: dict[str, str], wkb: Any) -> None:
    object_id = f"way/{way.id}"
    _expect(harvest, object_id, tags)
    layer = classes.line_layer(tags)
    if layer is None:
        return
    try:
        harvest.lines.append((object_id, tags, wkb.create_linestring(way)))
    except (osmium.InvalidLocationError, RuntimeError):  # a node is missing, or fewer than two different nodes
        runs = list(_runs(way))
        if runs:
            harvest.lines.append((object_id, tags, shapely.to_wkb(shapely.MultiLineString(runs), hex=True)))
            harvest.clipped.append(object_id)
        else:
            harvest.dropped.append((object_id, layer, "fewer than two neighbouring nodes are in the file"))


def _runs(way: Any) -> Iterator[list[tuple[float, float]]]:
    """Yield the stretches of a way between missing nodes: a gap is never bridged."""
    run: list[tuple[float, float]] = []
    for node in way.nodes:
        if node.location.valid():
            here = (node.location.lon, node.location.lat)
            if not run or run[-1] != here:
                run.append(here)
            continue
        if len(run) > 1:
            yield run
        run = []
    if len(run) > 1:
        yield run


def _take_area(harvest: _Harvest, area: Any, tags: dict[str, str], wkb: Any) -> None:
    if classes.area_layer(tags) is None:
        return
    object_id = _id_of(area)
    try:
        harvest.areas.append((object_id, tags, wkb.create_multipolygon(area)))
    except (osmium.InvalidLocationError, RuntimeError):  # it has no ring: `_explain` says why
        return
    harvest.built.add(object_id)


def _explain(harvest: _Harvest, file: Any, nodes: Any) -> None:
    """Say of each area that never came why: members or nodes missing, ring open, or crossing itself."""
    lost = {key: layer for key, layer in harvest.expected.items() if key not in harvest.built}
    rings: dict[str, list[int]] = {}
    members: dict[str, list[int]] = {}
    for item in _again(file, osmium.osm.WAY | osmium.osm.RELATION, {int(key.split("/")[1]) for key in lost}):
        if item.is_way():
            rings[_id_of(item)] = [node.ref for node in item.nodes]
        else:
            members[_id_of(item)] = [member.ref for member in item.members if member.type == "w"]
    present = {ref for ref in _wanted(rings, lost) if _is_placed(nodes, ref)}
    ways = {way.id for way in _again(file, osmium.osm.WAY, _wanted(members, lost))}
    for object_id, layer in lost.items():
        if object_id in rings:
            harvest.dropped.append((object_id, layer, _fault_of_ring(rings[object_id], present)))
        else:
            harvest.dropped.append((object_id, layer, _fault_of_relation(members.get(object_id, []), ways)))


def _wanted(refs: dict[str, list[int]], lost: dict[str, str]) -> set[int]:
    return {ref for key, values in refs.items() if key in lost for ref in values}


def _again(file: Any, entities: Any, ids: set[int]) -> Iterator[Any]:
    """Yield the objects of one more pass that have one of `ids`.

    libosmium's own filter knows no negative ids and takes 350 MB for a few large ones.
    """
    if ids:
        yield from (item for item in osmium.FileProcessor(file, entities) if item.id in ids)


def _is_placed(nodes: Any, ref: int) -> bool:
    """Return whether the file gave the node `ref` a place; nodes with negative ids are not kept by libosmium."""
    try:
        return ref > 0 and bool(nodes.get(ref).valid())
    except KeyError:
        return False


def _fault_of_ring(refs: list[int], present: set[int]) -> str:
    if any(ref < 0 for ref in refs):
        return "its nodes have negative ids (drawn in an editor, never uploaded); run `osmium renumber` first"
    missing = sum(ref not in present for ref in refs)
    if missing:
        return f"{missing} of its {len(refs)} nodes are not in the file"
    if len(refs) < 4 or refs[0] != refs[-1]:
        return "its outline is not closed"
    return "its outline crosses itself or has no area"


def _fault_of_relation(refs: list[int], present: set[int]) -> str:
    if not refs:
        return "has no member ways"
    missing = sum(ref not in present for ref in refs)
    return f"{missing} of its {len(refs)} member ways are not in the file" if missing else "its rings do not close"


def _frame(rows: list[tuple[str, dict[str, str], Any]]) -> gpd.GeoDataFrame:
    """Return a table of unique objects, sorted by id; a file that repeats an object keeps its last version."""
    unique = sorted({row[0]: row for row in rows}.values(), key=lambda row: row[0])
    shapes: Any = [row[2] for row in unique]
    if unique and isinstance(shapes[0], tuple):
        shapes = shapely.points(np.array(shapes, dtype=float))
    else:
        shapes = shapely.from_wkb(np.array(shapes, dtype=object))
    return gpd.GeoDataFrame(
        {"tags": pd.Series([row[1] for row in unique], dtype=object).to_numpy()},
        geometry=list(shapes),
        index=pd.Index([row[0] for row in unique], name="object_id", dtype=object),
        crs=WGS84,
    )
