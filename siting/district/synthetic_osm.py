"""Facts, made up: things in metres become nodes, ways and relations of an OpenStreetMap file, always the same bytes."""

import shutil
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType

import osmium
from osmium.osm import mutable
from pyproj import Transformer
from shapely.geometry import LineString, Point, Polygon
from shapely.geometry.base import BaseGeometry

from siting.district.synthetic_plan import Thing
from siting.geo import WGS84, metric_crs

__all__ = ["FIRST_WAY", "write_osm"]

#: Ids count from here, so that the first thing that is an area is way/101.
FIRST_WAY = 101
_DEGREES = 7

LonLat = tuple[float, float]


def write_osm(things: Iterable[Thing], path: Path, *, origin: LonLat) -> None:
    """Write `things`, in metres around `origin` (lon, lat), to `path` (.osm, .osm.pbf, ...).

    Equal places become one node, so ways that touch are joined; an area with holes becomes a multipolygon.
    The file is written beside `path` and then renamed, so a failure leaves nothing half-written.
    """
    place = _placer(origin)
    nodes: dict[LonLat, int] = {}
    node_tags: dict[int, Mapping[str, str]] = {}
    ways: list[tuple[list[int], Mapping[str, str]]] = []
    relations: list[tuple[list[tuple[int, str]], Mapping[str, str]]] = []

    def refs(coords: Iterable[tuple[float, ...]]) -> list[int]:
        found = [nodes.setdefault(lonlat, len(nodes) + 1) for lonlat in place(coords)]
        return [ref for i, ref in enumerate(found) if i == 0 or ref != found[i - 1]]

    for thing in things:
        shape = thing.shape
        if isinstance(shape, Point):
            node_tags[refs(shape.coords)[0]] = thing.tags
        elif isinstance(shape, LineString):
            ways.append((refs(shape.coords), thing.tags))
        elif isinstance(shape, Polygon) and not shape.interiors:
            ways.append((refs(shape.exterior.coords), thing.tags))
        elif isinstance(shape, Polygon):
            members = []
            for ring, role in [(shape.exterior, "outer"), *((hole, "inner") for hole in shape.interiors)]:
                members.append((FIRST_WAY + len(ways), role))
                ways.append((refs(ring.coords), MappingProxyType({})))
            relations.append((members, {"type": "multipolygon", **thing.tags}))
        else:
            message = f"cannot write a {shape.geom_type} to OpenStreetMap"
            raise TypeError(message)
    header = osmium.io.Header()
    header.set("generator", "siting synthetic")
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".siting-") as folder:
        draft = Path(folder) / path.name
        with osmium.SimpleWriter(str(draft), header=header) as writer:
            for lonlat, ref in nodes.items():
                writer.add_node(mutable.Node(id=ref, location=lonlat, tags=_sorted(node_tags.get(ref, {}))))
            for number, (way_refs, tags) in enumerate(ways):
                writer.add_way(mutable.Way(id=FIRST_WAY + number, nodes=way_refs, tags=_sorted(tags)))
            for number, (members, tags) in enumerate(relations):
                parts = [("w", ref, role) for ref, role in members]
                writer.add_relation(mutable.Relation(id=number + 1, members=parts, tags=_sorted(tags)))
        shutil.move(draft, path)


def _placer(origin: LonLat):
    crs = metric_crs(*origin)
    forward = Transformer.from_crs(WGS84, crs, always_xy=True)
    back = Transformer.from_crs(crs, WGS84, always_xy=True)
    east, north = forward.transform(*origin)

    def place(coords: Iterable[tuple[float, ...]]) -> list[LonLat]:
        found = [back.transform(east + x, north + y) for x, y, *_ in coords]
        return [(round(lon, _DEGREES), round(lat, _DEGREES)) for lon, lat in found]

    return place


def _sorted(tags: Mapping[str, str]) -> dict[str, str]:
    return dict(sorted(tags.items()))
