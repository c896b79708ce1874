"""Reach of power: the length of the cable from the transformer to each candidate, along the ground, and what it costs.

A cable runs over the open ground of the compound around buildings and water, under walls and fences. From a
transformer that stands outside, it runs straight to the nearest mapped way (150 m at most), along the ways, and into
the compound by an opening; so it does where no way over the ground exists. Where the compound's ground is dug up
anyway (column `trench` of compounds), the metres on it cost the cable alone; so do those along a trench that a planner
draws (layer `trenches`), and where a cable by one is cheaper it is laid so (see `siting.access.trenches`). Where no
transformer's place is known, or no route of at most 1,000 m is found, the catalogue's length holds, and the plan says
so.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from scipy.sparse.csgraph import dijkstra

from siting.access.ground import Obstacles, Ways, lay_ground, read_obstacles
from siting.access.ground_walks import Sources, walk_ground
from siting.access.network import Floats, drop_feet, insert_feet
from siting.access.openings import Boundary, Openings, find_openings, opening_spots
from siting.access.power import nearest_transformers
from siting.access.reach import halo_around
from siting.access.spots import Spots
from siting.access.streets import Streets, read_streets
from siting.access.trenches import along_trenches, clear_leg, trench_lines
from siting.district.record import District
from siting.kinds import Kind
from siting.sites.catalogue import KindFigures
from siting.sites.record import Candidates

__all__ = ["MOST_CABLE_M", "MOST_LEG_M", "lay_cables"]

MOST_CABLE_M = 1000.0
MOST_LEG_M = 150.0
_SAME_CNY = 0.01


@dataclass(frozen=True, eq=False)
class _Terrain:
    """What cables are laid in: the district, openings on the ways, and obstacles without walls."""

    district: District
    streets: Streets
    openings: Openings
    obstacles: Obstacles
    ways: Ways


def lay_cables(candidates: Candidates) -> Candidates:
    """Return the candidates with cables measured where a transformer's place is known, and costs that follow from them.

    Adds `cable_m`, `cable_straight_m` and `trench_m` (of `cable_m`) to the table; unknown where the catalogue's length
    holds. Each candidate hangs on the transformer that `siting.access.power` feeds it from.
    """
    district, frame = candidates.zones.district, candidates.frame
    feeds = nearest_transformers(frame, district.transformers).dropna()
    placed = ~(district.transformers.geometry.isna() | district.transformers.geometry.is_empty)
    feeds = feeds[feeds.map(placed).astype(bool)] if len(feeds) else feeds
    if not len(feeds):
        return candidates
    terrain = _read(district)
    cable = pd.DataFrame(np.nan, index=frame.index, columns=["cable_m", "cable_straight_m", "trench_m"])
    for (compound_id, transformer_id), rows in feeds.groupby([frame["compound_id"].reindex(feeds.index), feeds]):
        shapes = frame.geometry.loc[rows.index].to_numpy()
        source = district.transformers.geometry[transformer_id]
        total_m, inside_m = _lengths(terrain, str(compound_id), source, shapes)
        straight_m = shapely.distance(source, shapes)
        total_m = np.maximum(total_m, straight_m)  # one that stands in a house has metres inside it
        dug = _is_dug(district, str(compound_id))
        trench_m = inside_m if dug else np.zeros(len(shapes))
        kinds = [candidates.catalogue.kind(Kind(kind)) for kind in frame["kind"].loc[rows.index]]
        total_m, trench_m = _cheapest(terrain, source, shapes, (total_m, trench_m, straight_m), kinds)
        found = np.isfinite(total_m)
        cable.loc[rows.index[found]] = np.column_stack([total_m, straight_m, trench_m])[found]
    return replace(candidates, frame=_with_costs(frame.assign(**cable), candidates))


def _cheapest(
    terrain: _Terrain, source: Any, shapes: Any, found: tuple[Floats, Floats, Floats], kinds: Sequence[KindFigures]
) -> tuple[Floats, Floats]:
    """Return total and trench metres of each cable, by a drawn trench where that is cheaper than what was `found`."""
    total_m, trench_m, straight_m = (column.copy() for column in found)
    if terrain.district.trenches is None:
        return total_m, trench_m
    lines = trench_lines(terrain.district.trenches.geometry.to_numpy())
    start = next(iter(_outline(source, terrain.district.buildings)), source)
    tree = terrain.obstacles.solid_tree
    for at, (shape, kind) in enumerate(zip(shapes, kinds, strict=True)):
        best = _price(kind, total_m[at], trench_m[at]) if np.isfinite(total_m[at]) else np.inf
        for way in along_trenches(lines, start, shape, lambda one, other: clear_leg(tree, one, other)):
            length_m = max(way.alone_m + way.trench_m, straight_m[at])
            if length_m <= MOST_CABLE_M and _price(kind, length_m, way.trench_m) < best - _SAME_CNY:
                best = _price(kind, length_m, way.trench_m)
                total_m[at], trench_m[at] = length_m, way.trench_m
    return total_m, trench_m


def _price(kind: KindFigures, total_m: float, trench_m: float) -> float:
    return float((total_m - trench_m) * kind.cable_cost_cny_per_m + trench_m * kind.trench_cable_cost_cny_per_m)


def _read(district: District) -> _Terrain:
    streets = read_streets(district.roads)
    walls = read_obstacles(district.buildings, district.barriers, district.obstacles, district.gates)
    openings = find_openings(district, streets, walls, Boundary.GATES)
    solid = read_obstacles(district.buildings, district.barriers.iloc[:0], district.obstacles, district.gates)
    roads = district.roads.geometry[district.roads["walkable"].to_numpy(dtype=bool)].to_numpy()
    return _Terrain(district, streets, openings, solid, Ways(roads, shapely.STRtree(roads)))


def _is_dug(district: District, compound_id: str) -> bool:
    return "trench" in district.compounds and district.compounds["trench"][compound_id] == "yes"


def _lengths(terrain: _Terrain, compound_id: str, source: Any, shapes: Sequence[Any]) -> tuple[Floats, Floats]:
    """Return the cable to each shape and how much of it lies on the compound's ground; inf: no route."""
    district = terrain.district
    area = district.compounds.geometry[compound_id]
    frame = terrain.openings.frame
    own = np.flatnonzero((frame["compound_id"] == compound_id).to_numpy())
    doors = opening_spots(area, frame.geometry.to_numpy()[own])
    inside = bool(shapely.intersects(area, source))
    outline = _outline(source, district.buildings) if inside else []
    spots = Spots.free(*[shapely.get_coordinates(source)] * 2) if inside and not outline else Spots.free([], [])
    ground = lay_ground(area, Spots.joined([doors, spots]), terrain.obstacles, terrain.ways, limit_m=MOST_CABLE_M)
    sources = Sources(outline=np.array(outline, dtype=object), doors=[[] for _ in outline])
    walks = walk_ground(ground, sources, shapes, limit_m=MOST_CABLE_M)
    direct = walks.to_sites if outline else walks.from_openings[len(own) :]
    over_ground = direct[0] if len(direct) else np.full(len(shapes), np.inf)
    street_m = _street_lengths(terrain, own, source)[:, np.newaxis]
    outside = walks.from_openings[: len(own)]
    by_street = street_m + outside
    first = np.argmin(by_street, axis=0) if len(own) else np.zeros(len(shapes), dtype=int)
    through = by_street[first, np.arange(len(shapes))] if len(own) else np.full(len(shapes), np.inf)
    within = outside[first, np.arange(len(shapes))] if len(own) else through
    on_ground = np.isfinite(over_ground)
    total = np.where(on_ground, over_ground, through)
    total[total > MOST_CABLE_M] = np.inf
    return total, np.where(on_ground, over_ground, within)


def _outline(source: Any, buildings: gpd.GeoDataFrame) -> list[Any]:
    """Return the polygon that a cable leaves: the transformer's own, or the building it stands in."""
    if shapely.get_dimensions(source) == 2:
        return [source]
    at = np.sort(buildings.sindex.query(source, predicate="intersects"))
    return [buildings.geometry.iloc[at[0]]] if len(at) else []


def _street_lengths(terrain: _Terrain, own: Any, source: Any) -> Floats:
    """Return the length from the transformer along the ways to each of the openings `own`; inf: none."""
    streets, openings = terrain.streets, terrain.openings
    edges = np.flatnonzero(streets.reachable)
    feet = drop_feet(streets.graph, edges, np.array([source], dtype=object), tie_m=1e-6)
    found = np.full(len(own), np.inf)
    if not len(feet.edge) or feet.leg_m.min() > MOST_LEG_M or not len(own):
        return found
    ends = streets.graph.xy[streets.graph.ends[feet.edge]]
    landing = shapely.line_interpolate_point(shapely.linestrings(ends), feet.along_m)
    graph = openings.graph  # the same ways, with the openings on them
    again = drop_feet(graph, np.arange(len(graph.ends)), landing, tie_m=1e-6)
    joined, start = insert_feet(graph, again)
    halo = halo_around(joined, start, MOST_CABLE_M)
    walks = dijkstra(halo.matrix, indices=halo.local[start], limit=MOST_CABLE_M)
    best = (walks + feet.leg_m[again.shape][:, np.newaxis]).min(axis=0)
    for number, opening in enumerate(own.tolist()):
        rows = np.flatnonzero(openings.opening == opening)
        local = halo.local[openings.vertex[rows]]
        legs = openings.leg_m[rows][local >= 0] + best[local[local >= 0]]
        found[number] = legs.min(initial=np.inf)
    return found


def _with_costs(frame: gpd.GeoDataFrame, candidates: Candidates) -> gpd.GeoDataFrame:
    """Return the table with the cost of opening a place for the cable that was measured."""
    cost = frame["open_cost_cny"].to_numpy(float).copy()
    for at, row in enumerate(frame.itertuples()):
        if np.isfinite(row.cable_m):
            figures = candidates.catalogue.kind(Kind(row.kind))
            cost[at] = round(figures.open_cost_cny(row.bays, cable_m=row.cable_m, trench_m=row.trench_m), 2)
    total = np.round(cost + frame["max_modules"] * frame["module_cost_cny"], 2)
    return frame.assign(open_cost_cny=cost, cost_cny=total)
