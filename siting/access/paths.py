"""Reach, told: the walks of a plan as lines on the map, one for each (building, site) that is served.

Only what is drawn is searched again, with the same steps as before, now keeping where each came from. A line starts
at the building's door or facade, leads over open ground, through openings and along mapped ways, and ends at the
site's outline, or at the way down into its garage. Its length, with what steep ways count beyond theirs (`slope_m`),
is the walk. Where nobody is taken to walk less than the straight line (a tower on a podium is left at the podium's
outline, a door may be mapped a little outside), and inside a garage, the rest is given as `inside_m`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from scipy.sparse.csgraph import dijkstra

from siting import tables
from siting.access.garages import Targets, in_garages, walk_targets
from siting.access.ground import Ground, Ways, lay_ground, read_obstacles
from siting.access.ground_walks import Sources, Web, weave
from siting.access.network import Floats, Ints, WalkGraph
from siting.access.network_walks import NetworkOptions, trace_network
from siting.access.open_walks import doors_of
from siting.access.openings import Openings, find_openings, opening_spots
from siting.access.reach import LIMIT_EPSILON_M, Halo, halo_around
from siting.access.record import Links
from siting.access.streets import read_streets
from siting.access.walking import GroundModel, WalkOptions
from siting.district.record import District

__all__ = ["trace_walks"]

_SAME_M = 1e-5
_SLOPE_M = 1e-6  # less is the rounding of a sum
_SAME_PLACE_M = 1e-9


def trace_walks(links: Links, served: pd.DataFrame, options: WalkOptions) -> gpd.GeoDataFrame:
    """Return the walk of every row of `served` (building_id, site_id, walk_m, served) as a line: siting.tables.WALKS.

    `options` are those that `links` were measured with. A site that stands at the building has no line, nor has one in
    a garage whose way down does; `undrawn` says which. Within a garage nothing is drawn: no map knows the way there.
    """
    district = links.verdicts.candidates.zones.district
    if not len(served):
        return tables.WALKS.empty(district.crs)
    sites = links.verdicts.candidates.frame.loc[sorted(set(served["site_id"]))]
    return _table(served, _drawn(links, served, walk_targets(district, sites), options), sites)


@dataclass(frozen=True, eq=False)
class _Drawn:
    """One walk: its places (n, 2), and the metres that they count in it."""

    xy: Floats
    counted_m: float


def _drawn(links: Links, served: pd.DataFrame, targets: Targets, options: WalkOptions) -> list[_Drawn]:
    """Return the walk of every row, to the way down that makes it shortest where there are several."""
    number = {str(name): at for at, name in enumerate(sorted(set(served["site_id"])))}
    ways = [np.flatnonzero(targets.candidate == number[str(name)]) for name in served["site_id"]]
    ends = targets.frame.set_axis(pd.Index([f"{at:06d}" for at in range(len(targets.frame))], dtype=object))
    asked = [
        (str(row.building_id), str(ends.index[targets.row[way]]), float(row.walk_m - targets.inside_m[way]))
        for row, choices in zip(served.itertuples(), ways, strict=True)
        for way in choices
    ]
    told = iter(_lines(links, asked, ends, options))
    found = []
    for choices in ways:
        drawn = [(next(told), float(targets.inside_m[way])) for way in choices]
        found.append(min(drawn, key=lambda one: one[0].counted_m + one[1])[0])
    return found


def _lines(
    links: Links, asked: Sequence[tuple[str, str, float]], ends: gpd.GeoDataFrame, options: WalkOptions
) -> list[_Drawn]:
    """Return the walk of every (building, row of `ends`, stated metres)."""
    district = links.verdicts.candidates.zones.district
    if options.ground is GroundModel.OPEN:
        return _open_lines(links, asked, ends, options)
    settings = NetworkOptions(limit_m=options.radius_m, max_leg_m=options.max_leg_m, block_m=options.block_m)
    buildings = district.buildings.loc[sorted({building for building, *_ in asked})]
    streets = read_streets(district.roads, options.slopes)
    pairs = [(building, end) for building, end, _ in asked]
    return [_Drawn(*found) for found in trace_network(buildings, district.entrances, ends, streets, settings, pairs)]


def _table(served: pd.DataFrame, drawn: Sequence[_Drawn], sites: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    shapes = [_line(one.xy) for one in drawn]
    line_m = np.array([0.0 if shape is None else shape.length for shape in shapes])
    walk_m = served["walk_m"].to_numpy(float)
    more_m = np.array([one.counted_m for one in drawn]) - line_m
    slope_m = np.where(more_m > _SLOPE_M, np.minimum(more_m, walk_m - line_m), 0.0)
    rest_m = walk_m - line_m - slope_m
    below = in_garages(sites)[sites.index.get_indexer(served["site_id"])]
    reasons = np.where(below, *tables.UNDRAWN)
    names = [f"{row.building_id}>{row.site_id}" for row in served.itertuples()]
    frame = gpd.GeoDataFrame(
        {
            "building_id": served["building_id"].to_numpy(object),
            "site_id": served["site_id"].to_numpy(object),
            "walk_m": walk_m,
            "line_m": line_m,
            "slope_m": slope_m,
            "inside_m": np.where(rest_m > 1e-3, rest_m, 0.0),
            "undrawn": [why if shape is None else None for why, shape in zip(reasons, shapes, strict=True)],
            "served": served["served"].to_numpy(float),
        },
        geometry=gpd.GeoSeries(shapes, crs=sites.crs).to_numpy(),
        index=pd.Index(names, name="walk_id", dtype=object),
        crs=sites.crs,
    ).sort_index()
    return tables.WALKS.check(frame)


def _line(xy: Floats) -> Any:
    """Return the line through places, each once; None if it has no length."""
    kept = np.append(True, np.hypot(*np.diff(xy, axis=0).T) > _SAME_PLACE_M) if len(xy) else np.empty(0, dtype=bool)
    return shapely.LineString(xy[kept]) if kept.sum() > 1 else None


@dataclass(frozen=True, eq=False)
class _Yard:
    """One compound: its steps, and shortest walks from its buildings and openings with where each came from."""

    web: Web
    bends: tuple[Any, ...]
    walks: Floats
    before: Any
    buildings: Mapping[str, int]
    sites: Mapping[str, int]
    openings: Ints

    def walk_m(self, start: int, end: int) -> float:
        """Return the length of the walk between two numbered things."""
        return float(self.walks[start, end])

    def line(self, start: int, end: int) -> Floats:
        """Return the places of the walk between two numbered things, (n, 2)."""
        chain = [end]
        while chain[-1] != start:
            chain.append(int(self.before[start, chain[-1]]))
        edges, pieces = self.web.edges, [np.empty((0, 2))]
        for tail, head in zip(chain[:0:-1], chain[-2::-1], strict=True):
            first, last = np.searchsorted(edges.tail, [tail, tail + 1])
            row = first + int(np.searchsorted(edges.head[first:last], head))
            bend = int(edges.bend[row])
            if bend:
                xy = shapely.get_coordinates(self.bends[abs(bend) - 1])
                pieces.append(xy if bend > 0 else xy[::-1])
            else:
                pieces.append(edges.xy[row].reshape(2, 2))
        return np.vstack(pieces)


@dataclass(frozen=True, eq=False)
class _Streets:
    """Walks along mapped ways from the openings of one compound: `halo` holds the ways around, `walks` and `before`."""

    openings: Openings
    halo: Halo
    vertices: Ints
    walks: Floats
    before: Any

    def joints(self, opening: int) -> list[tuple[int, float]]:
        """Return (vertex, leg) of an opening, vertices numbered in the halo; those outside are left out."""
        rows = np.flatnonzero(self.openings.opening == opening)
        local = self.halo.local[self.openings.vertex[rows]]
        return [(int(at), float(leg)) for at, leg in zip(local, self.openings.leg_m[rows], strict=True) if at >= 0]

    def best(self, start: int, end: int) -> tuple[float, int, int]:
        """Return the walk between two openings, and the vertices it joins the ways at; inf if there is none."""
        found = [(np.inf, -1, -1)]
        for first, first_m in self.joints(start):
            row = int(np.searchsorted(self.vertices, first))
            for last, last_m in self.joints(end):
                found.append((first_m + float(self.walks[row, last]) + last_m, first, last))
        return min(found)

    def line(self, start: int, end: int) -> Floats:
        """Return the places between two openings, these included."""
        _, first, last = self.best(start, end)
        row, chain = int(np.searchsorted(self.vertices, first)), [last]
        while chain[-1] != first:
            chain.append(int(self.before[row, chain[-1]]))
        xy = shapely.get_coordinates(self.openings.frame.geometry.to_numpy()[[start, end]])
        return np.vstack([xy[:1], self.openings.graph.xy[self.halo.vertices[chain[::-1]]], xy[1:]])


def _open_lines(
    links: Links, asked: Sequence[tuple[str, str, float]], ends: gpd.GeoDataFrame, options: WalkOptions
) -> list[_Drawn]:
    district = links.verdicts.candidates.zones.district
    home, place = links.demand.frame["compound_id"], ends["compound_id"]
    streets = read_streets(district.roads, options.slopes)
    obstacles = read_obstacles(district.buildings, district.barriers, district.obstacles, district.gates)
    openings = find_openings(district, streets, obstacles, options.boundary)
    roads = district.roads.geometry[district.roads["walkable"].to_numpy(dtype=bool)].to_numpy()
    ways = Ways(roads, shapely.STRtree(roads))
    lay = _Layer(district, ends.geometry, openings, obstacles, ways, options.radius_m)
    wanted: dict[str, tuple[set[str], set[str]]] = {}
    for building, site, _ in asked:
        wanted.setdefault(str(home[building]), (set(), set()))[0].add(building)
        wanted.setdefault(str(place[site]), (set(), set()))[1].add(site)
    yards = {name: lay.yard(name, *both) for name, both in sorted(wanted.items())}
    along: dict[str, _Streets] = {}
    lines = []
    for building, site, walk_m in asked:
        here, there = str(home[building]), str(place[site])
        yard, start = yards[here], yards[here].buildings[building]
        if here == there and yard.walk_m(start, yard.sites[site]) <= walk_m + _SAME_M:
            lines.append(_Drawn(yard.line(start, yard.sites[site]), yard.walk_m(start, yard.sites[site])))
            continue
        if here not in along:
            along[here] = _spread(openings, yard.openings, options.radius_m)
        lines.append(_through_streets(along[here], (yard, start), (yards[there], yards[there].sites[site])))
    return lines


@dataclass(frozen=True, eq=False)
class _Layer:
    """What a compound's ground is laid from."""

    district: District
    ends: gpd.GeoSeries
    openings: Openings
    obstacles: Any
    ways: Ways
    limit_m: float

    def yard(self, compound_id: str, buildings: Iterable[str], sites: Iterable[str]) -> _Yard:
        """Return the walks on one compound's ground that start or end at some of its buildings and sites."""
        frame, area = self.openings.frame, self.district.compounds.geometry[compound_id]
        own = np.flatnonzero((frame["compound_id"] == compound_id).to_numpy())
        spots = opening_spots(area, frame.geometry.to_numpy()[own])
        ground: Ground = lay_ground(area, spots, self.obstacles, self.ways, limit_m=self.limit_m)
        rows, doors = self.district.buildings.loc[sorted(buildings)], doors_of(self.district.entrances)
        sources = Sources(outline=rows.geometry.to_numpy(), doors=[doors.get(str(key), []) for key in rows.index])
        places = self.ends.loc[sorted(sites)]
        web = weave(ground, sources, places.to_numpy(), limit_m=self.limit_m)
        first = np.arange(web.buildings + web.openings)
        walks, before = (
            dijkstra(web.edges.matrix(web.size), indices=first, limit=self.limit_m, return_predecessors=True)
            if len(first)
            else (np.empty((0, web.size)), np.empty((0, web.size), dtype=np.int64))
        )
        return _Yard(
            web=web,
            bends=ground.bends,
            walks=walks,
            before=before,
            buildings={str(key): number for number, key in enumerate(rows.index)},
            sites={str(key): web.first_site + number for number, key in enumerate(places.index)},
            openings=own,
        )


def _spread(openings: Openings, own: Ints, limit_m: float) -> _Streets:
    """Return the walks along mapped ways from the openings `own`."""
    graph: WalkGraph = openings.graph
    vertices = np.unique(openings.vertex[np.isin(openings.opening, own)])
    halo = halo_around(graph, vertices, limit_m)
    local = halo.local[vertices]
    walks, before = (
        dijkstra(halo.matrix, indices=local, limit=limit_m + LIMIT_EPSILON_M, return_predecessors=True)
        if len(local)
        else (np.empty((0, 0)), np.empty((0, 0), dtype=np.int64))
    )
    return _Streets(openings, halo, local, walks, before)


def _through_streets(along: _Streets, start: tuple[_Yard, int], end: tuple[_Yard, int]) -> _Drawn:
    """Return the shortest walk out of one compound and into another, or back into the same one; inf: there is none."""
    (here, building), (there, site) = start, end
    is_open = (along.openings.frame["access"] == "open").to_numpy(dtype=bool)
    found = []
    for first, out in enumerate(here.openings.tolist()):
        out_m = here.walk_m(building, here.web.buildings + first)
        for last, into in enumerate(there.openings.tolist()):
            in_m = there.walk_m(there.web.buildings + last, site)
            if np.isfinite(out_m + in_m) and (is_open[into] or here is there):
                found.append((out_m + along.best(out, into)[0] + in_m, first, last))
    walk_m, first, last = min(found, default=(np.inf, -1, -1))
    if not np.isfinite(walk_m):
        return _Drawn(np.empty((0, 2)), np.inf)
    pieces = [
        here.line(building, here.web.buildings + first),
        along.line(int(here.openings[first]), int(there.openings[last])),
        there.line(there.web.buildings + last, site),
    ]
    return _Drawn(np.vstack(pieces), walk_m)
