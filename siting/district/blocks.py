"""Facts: street blocks as compounds, for places where nobody has drawn the compounds.

Streets, railways, rivers and mapped walls cut the ground into blocks; the room of the streets themselves is taken off,
so that no candidate stands on a carriageway. Where the map is poor a block is larger than any compound or nearly
empty: there the surroundings of its mapped dwellings stand for it, because ground beyond them is not known to be free.
A block is a hint, not a boundary: it says so (`source` = "block").
"""

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import Transformer

from siting.district import classes
from siting.district.compounds import LEAST_COVER_SHARE, Bounds, compound_frame, cover_shares
from siting.district.tabulate import Raw, drops, polygons_only
from siting.district.tags import name_of
from siting.geo import WGS84

__all__ = ["BLOCK_BOUNDS", "compounds_from_blocks", "street_blocks"]

#: Blocks in county towns run to 27 ha in the middle (GROUND.md section 4), so more is let through than for polygons.
BLOCK_BOUNDS = Bounds(least_ha=0.1, most_ha=40.0)
#: Half the room between the plots on both sides of a street, by kind, where no width is mapped.
_HALF_STREET_M = {
    "motorway": 20.0,
    "motorway_link": 8.0,
    "trunk": 20.0,
    "trunk_link": 8.0,
    "primary": 18.0,
    "primary_link": 6.0,
    "secondary": 14.0,
    "secondary_link": 6.0,
    "tertiary": 10.0,
    "tertiary_link": 5.0,
    "unclassified": 6.0,
    "residential": 5.0,
    "living_street": 3.5,
    "road": 5.0,
}
_PAVEMENT_M = 2.0  # on each side, where only the carriageway's width is mapped
_MINOR = frozenset(("service", "track", "pedestrian", "footway", "path", "cycleway"))
_SURROUNDINGS_M = 25.0  # around a dwelling: about half the gap between two rows of slabs, and a lane
_DWELLINGS = frozenset(("residential", "unknown"))
_SPECK_M2 = 100.0


def compounds_from_blocks(
    raw: Raw, *, roads: gpd.GeoDataFrame, buildings: gpd.GeoDataFrame, bounds: Bounds = BLOCK_BOUNDS
) -> tuple[gpd.GeoDataFrame, pd.DataFrame]:
    """Return (compounds, dropped): the blocks that hold a dwelling (or a building of unknown use) and fit `bounds`.

    Only blocks with a dwelling are listed as dropped. A block that is too large is cut again along its minor
    ways; what is still too large, or covered by buildings too thinly for a mapped block, is replaced by the
    surroundings of the dwellings in it.
    """
    homes = buildings[buildings["use"].isin(_DWELLINGS).to_numpy()]
    blocks = np.array(_inhabited(street_blocks(raw, roads), homes), dtype=object)
    large = shapely.area(blocks) > 1e4 * bounds.most_ha
    blocks = np.array([*blocks[~large], *_inhabited(_cut_again(blocks[large], roads), homes)], dtype=object)
    covers = cover_shares(gpd.GeoDataFrame(geometry=list(blocks), crs=raw.crs), buildings)
    poor = (shapely.area(blocks) > 1e4 * bounds.most_ha) | (covers < LEAST_COVER_SHARE)
    ids = _ids([*blocks[~poor], *_inhabited(_surroundings(blocks[poor], homes), homes)], raw)
    faults = {key: bounds.fault(block.area) for key, block in ids.items()}
    dropped = [(key, "compounds", fault) for key, fault in sorted(faults.items()) if fault]
    shapes = {key: block for key, block in ids.items() if faults[key] is None}
    frame = compound_frame(shapes, names=_names(shapes, raw), households={}, crs=raw.crs, source="block")
    return frame, drops(dropped)


def street_blocks(raw: Raw, roads: gpd.GeoDataFrame) -> list[Any]:
    """Return the polygons between streets, railways, rivers and walls, without the room of the streets."""
    streets = roads[roads["kind"].isin(list(_HALF_STREET_M)).to_numpy() & roads["drivable"].to_numpy(dtype=bool)]
    edges = [classes.line_layer(tags) in ("edges", "barriers", "obstacles") for tags in raw.lines["tags"]]
    cuts = [*streets.geometry, *raw.lines.geometry[np.array(edges, dtype=bool)]]
    widths = streets["width_m"].to_numpy(dtype=float)
    habitual = np.array([_HALF_STREET_M[kind] for kind in streets["kind"]], dtype=float)
    half = np.where(np.isnan(widths), habitual, widths / 2 + _PAVEMENT_M)
    rooms = shapely.buffer(streets.geometry.to_numpy(), half, quad_segs=4)
    return _faces(cuts, rooms)


def _cut_again(blocks: Any, roads: gpd.GeoDataFrame) -> list[Any]:
    """Return large blocks cut along the minor ways inside them."""
    if not len(blocks):
        return []
    ways = roads[roads["kind"].isin(list(_MINOR)).to_numpy()]
    faces = _faces([*shapely.boundary(blocks), *ways.geometry], shapely.buffer(ways.geometry.to_numpy(), 2.0))
    middles = shapely.point_on_surface(faces)
    return [faces[at] for at in np.unique(shapely.STRtree(blocks).query(middles, predicate="within")[0])]


def _surroundings(blocks: Any, homes: gpd.GeoDataFrame) -> list[Any]:
    """Return the ground of `blocks` near their dwellings; dwellings near each other share one piece."""
    if not len(blocks) or homes.empty:
        return []
    near = shapely.union_all(shapely.buffer(homes.geometry.to_numpy(), _SURROUNDINGS_M, quad_segs=4))
    parts = shapely.get_parts(polygons_only(shapely.intersection(blocks, near)))
    return sorted(parts, key=lambda part: part.bounds)


def _faces(cuts: list[Any], rooms: Any) -> list[Any]:
    """Return the faces between `cuts` with every room of `rooms` taken off, in a fixed order."""
    faces = np.array(list(shapely.get_parts(shapely.polygonize([shapely.union_all(cuts)]))), dtype=object)
    if not len(faces):
        return []
    left, right = shapely.STRtree(rooms).query(faces, predicate="intersects")
    for at in np.unique(left):
        faces[at] = shapely.difference(faces[at], shapely.union_all(rooms[right[left == at]]))
    parts = shapely.get_parts(polygons_only(faces))
    return sorted((part for part in parts if part.area >= _SPECK_M2), key=lambda part: part.bounds)


def _inhabited(blocks: list[Any], homes: gpd.GeoDataFrame) -> list[Any]:
    """Return the blocks in which a dwelling has its middle."""
    if not blocks or homes.empty:
        return []
    middles = shapely.point_on_surface(homes.geometry.to_numpy())
    hits = shapely.STRtree(blocks).query(middles, predicate="within")[1]
    return [blocks[at] for at in np.unique(hits)]


def _ids(blocks: list[Any], raw: Raw) -> dict[str, Any]:
    """Return blocks by an id that names their place (`block/117.22341_28.30123`), so that it outlives other edits."""
    back = Transformer.from_crs(raw.crs, WGS84, always_xy=True)
    named: dict[str, Any] = {}
    for block in blocks:
        point = block.representative_point()
        lon, lat = back.transform(point.x, point.y)
        named[f"block/{lon:.5f}_{lat:.5f}"] = block
    return named


def _names(blocks: dict[str, Any], raw: Raw) -> dict[str, str | None]:
    """Name a block after the one residential polygon that covers half of it, or the one quarter's node inside it."""
    kinds = [bool(classes.compound_kind(tags) and name_of(tags)) for tags in raw.areas["tags"]]
    areas = raw.areas[np.array(kinds, dtype=bool)]
    places = [bool(tags.get("place") and name_of(tags)) for tags in raw.points["tags"]]
    points = raw.points[np.array(places, dtype=bool)]
    names: dict[str, str | None] = {}
    for key, block in blocks.items():
        over = areas[areas.intersects(block).to_numpy()]
        half = over[(over.intersection(block).area >= 0.5 * block.area).to_numpy()]
        inside = points[points.within(block).to_numpy()]
        chosen = half if len(half) == 1 else inside if len(inside) == 1 else None
        names[key] = None if chosen is None else name_of(chosen["tags"].iloc[0])
    return names
