"""Facts, made up: things in metres become nodes, ways and relations of an OpenStreetMap file, always the same bytes."""

import shutil
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import osmium
from osmium.osm import mutable
from pyproj import Transformer
from shapely.geometry import LineString, Point, Polygon

from siting.district.synthetic_plan import Thing
from siting.geo import WGS84, metric_crs

__all__ = ["GENERATOR", "lonlat_of", "object_ids", "write_osm"]

GENERATOR = "siting synthetic"
_FIRST_WAY, _FIRST_RELATION = 101, 1
_DECIMALS = 7  # the lattice of OpenStreetMap, about 1 cm

LonLat = tuple[float, float]
Coords = Iterable[tuple[float, ...]]
Member = tuple[str, int, str]


@dataclass
class _Draft:
    """The numbered nodes, ways and relations of one file while it is being drawn up."""

    nodes: dict[LonLat, int] = field(default_factory=dict)
    node_tags: dict[int, Mapping[str, str]] = field(default_factory=dict)
    ways: list[tuple[list[int], Mapping[str, str]]] = field(default_factory=list)
    relations: list[tuple[list[Member], Mapping[str, str]]] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)


def write_osm(things: Iterable[Thing], path: Path, *, origin: LonLat) -> None:
    """Write `things`, in metres around `origin` (lon, lat), to `path` (.osm, .osm.pbf, ...).

    Equal places become one node, so ways that touch are joined; an area with holes becomes a multipolygon.
    The file is written beside `path` and then renamed, so a failure leaves nothing half-written.
    """
    draft = _draw_up(things, origin)
    header = osmium.io.Header()
    header.set("generator", GENERATOR)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".siting-") as folder:
        beside = Path(folder) / path.name
        with osmium.SimpleWriter(str(beside), header=header) as writer:
            for lonlat, ref in draft.nodes.items():
                writer.add_node(mutable.Node(id=ref, location=lonlat, tags=_sorted(draft.node_tags.get(ref, {}))))
            for number, (refs, tags) in enumerate(draft.ways, _FIRST_WAY):
                writer.add_way(mutable.Way(id=number, nodes=refs, tags=_sorted(tags)))
            for number, (members, tags) in enumerate(draft.relations, _FIRST_RELATION):
                writer.add_relation(mutable.Relation(id=number, members=members, tags=_sorted(tags)))
        shutil.move(beside, path)


def object_ids(things: Iterable[Thing], *, origin: LonLat) -> tuple[str, ...]:
    """Return the id (`way/101`) that `write_osm` gives each of `things`, in their order."""
    return tuple(_draw_up(things, origin).ids)


def lonlat_of(origin: LonLat) -> Callable[[Coords], list[LonLat]]:
    """Return the function that places coordinates in metres around `origin` on the globe, rounded to 7 digits."""
    crs = metric_crs(*origin)
    back = Transformer.from_crs(crs, WGS84, always_xy=True)
    east, north = Transformer.from_crs(WGS84, crs, always_xy=True).transform(*origin)

    def place(coords: Coords) -> list[LonLat]:
        found = [back.transform(east + x, north + y) for x, y, *_ in coords]
        return [(round(lon, _DECIMALS), round(lat, _DECIMALS)) for lon, lat in found]

    return place


def _draw_up(things: Iterable[Thing], origin: LonLat) -> _Draft:
    draft, place = _Draft(), lonlat_of(origin)
    for thing in things:
        shape = thing.shape
        if isinstance(shape, Point):
            (ref,) = _refs(draft, place(shape.coords))
            draft.node_tags[ref] = thing.tags
            draft.ids.append(f"node/{ref}")
        elif isinstance(shape, LineString):
            draft.ids.append(f"way/{_way(draft, place(shape.coords), thing.tags)}")
        elif isinstance(shape, Polygon) and not shape.interiors:
            draft.ids.append(f"way/{_way(draft, place(shape.exterior.coords), thing.tags)}")
        elif isinstance(shape, Polygon):
            rings = [(shape.exterior, "outer"), *((ring, "inner") for ring in shape.interiors)]
            members = [("w", _way(draft, place(ring.coords), {}), role) for ring, role in rings]
            draft.ids.append(f"relation/{_FIRST_RELATION + len(draft.relations)}")
            draft.relations.append((members, {"type": "multipolygon", **thing.tags}))
        else:
            message = f"a {shape.geom_type} cannot be written as one OpenStreetMap object"
            raise TypeError(message)
    return draft


def _way(draft: _Draft, places: Sequence[LonLat], tags: Mapping[str, str]) -> int:
    draft.ways.append((_refs(draft, places), tags))
    return _FIRST_WAY + len(draft.ways) - 1


def _refs(draft: _Draft, places: Sequence[LonLat]) -> list[int]:
    found = [draft.nodes.setdefault(place, len(draft.nodes) + 1) for place in places]
    return [ref for i, ref in enumerate(found) if i == 0 or ref != found[i - 1]]


def _sorted(tags: Mapping[str, str]) -> dict[str, str]:
    return dict(sorted(tags.items()))
