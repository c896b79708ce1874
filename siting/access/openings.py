"""Reach: the openings of compounds, where open ground meets the walking network, each marked with what it rests on.

A compound's boundary is crossed at openings only:

* "way": a walkable way joined to the street crosses it; "gate": so it does, and a gate is mapped (or given by the
  planner) within 10 m of the crossing. Where the gates were surveyed, a crossing without a gate is none.
* "gate" also where a gate stands within 10 m of the boundary and no way crosses near it: the walk then goes from the
  boundary straight to the gate and straight on to the nearest way within 30 m, if nothing stands in between. Two
  compounds at one gate are joined by it.
* "assumed": where no opening is known, where the compound is only a street block, or where the planner says that
  boundaries are open: every 25 m along the boundary, unless an obstacle is mapped there, from where a straight leg of
  at most 30 m reaches a way.

Most walls of old compounds are not mapped, but nearly all are walled: a compound with a known gate is taken as closed
elsewhere, one without as open, because people do come home.
"""

from dataclasses import dataclass, replace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from siting import tables
from siting.access.ground import Obstacles
from siting.access.network import Bools, Feet, Floats, Ints, WalkGraph, drop_feet, insert_feet
from siting.access.spots import ASIDE_M, Spots
from siting.access.streets import Streets
from siting.district.record import District
from siting.kinds import Choice, Completeness

__all__ = ["Boundary", "Openings", "find_openings", "opening_spots"]

NEAR_GATE_M = 10.0
LEG_M = 30.0
EVERY_M = 25.0
_ON_WAY_M = 0.01
_TIE_M = 1e-6  # ways this equally near are taken together, so that rounding decides nothing
_RESIDENTS = frozenset({"private", "residents", "permit", "delivery", "employees", "staff", "members"})
_NOBODY = "no"


class Boundary(Choice):
    """What a compound's boundary is where nothing is mapped."""

    GATES = "gates"  # closed where an opening is known elsewhere, open otherwise
    OPEN = "open"  # open


@dataclass(frozen=True, eq=False, kw_only=True)
class Openings:
    """`frame` (siting.tables.OPENINGS); `graph`: the network with them; `joint`, one row for each way onto it.

    `opening`, `vertex`, `leg_m` are the rows of `joint`: an opening may be joined to several vertices.
    """

    frame: gpd.GeoDataFrame
    graph: WalkGraph
    opening: Ints
    vertex: Ints
    leg_m: Floats


@dataclass(frozen=True, eq=False)
class _Found:
    """Openings while they are looked for, one row each; `gate` is -1 for none; `edge` -1: not on an edge."""

    compound: Ints
    xy: Floats
    gate: Ints
    edge: Ints
    basis: Any


def find_openings(district: District, streets: Streets, obstacles: Obstacles, boundary: Boundary) -> Openings:
    """Return every opening of the district's compounds, and the network with the openings on it."""
    compounds, gates = district.compounds, district.gates
    areas = compounds.geometry.to_numpy()
    points = gates.geometry.to_numpy()
    passable = (gates["access"] != _NOBODY).to_numpy(dtype=bool)
    surveyed = district.known("gate") is Completeness.SURVEYED
    crossing = _crossings(areas, points, streets)
    kept = (crossing.gate < 0) & (not surveyed)
    kept[crossing.gate >= 0] = passable[crossing.gate[crossing.gate >= 0]]
    crossing = _rows(crossing, kept)
    lone = _lone_gates(areas, points, crossing, passable)
    known = np.unique(np.concatenate([crossing.compound, lone.compound]))
    hint = (compounds["source"] == "block").to_numpy() | (boundary is Boundary.OPEN)
    open_all_round = hint | ~np.isin(np.arange(len(areas)), known)
    assumed = _assumed(areas, np.flatnonzero(open_all_round))
    assumed = _rows(assumed, ~_on_obstacle(obstacles, shapely.points(assumed.xy)))
    return _onto_network((crossing, lone, assumed), district, streets, obstacles)


def opening_spots(area: Any, openings: Any) -> Spots:
    """Return openings (points on the boundary of `area`) as spots that are seen from inside."""
    xy = shapely.get_coordinates(openings)
    if not len(xy):
        return Spots.free([], [])
    inner = shapely.boundary(shapely.buffer(area, -ASIDE_M, join_style="mitre"))
    return Spots.free(xy, shapely.get_coordinates(shapely.get_point(shapely.shortest_line(inner, openings), 0)))


def _crossings(areas: Any, gates: Any, streets: Streets) -> _Found:
    """Return where edges joined to the street meet boundaries, each with the nearest gate within reach."""
    edges = np.flatnonzero(streets.reachable)
    segments = shapely.linestrings(streets.graph.xy[streets.graph.ends[edges]]) if len(edges) else np.empty(0, object)
    rings = shapely.boundary(areas)
    compound, found = shapely.STRtree(segments).query(rings, predicate="intersects")
    xy, row = shapely.get_coordinates(shapely.intersection(rings[compound], segments[found]), return_index=True)
    compound, edge = compound[row], edges[found[row]]
    order = np.lexsort((edge, xy[:, 1], xy[:, 0], compound))
    compound, edge, xy = compound[order], edge[order], xy[order]
    place = np.column_stack([compound, np.round(xy * 1000.0).astype(np.int64)])
    first = np.append(True, np.any(np.diff(place, axis=0) != 0, axis=1))[: len(place)]
    compound, edge, xy = compound[first], edge[first], xy[first]
    gate = np.full(len(xy), -1, dtype=np.int64)
    if len(gates) and len(xy):
        at, near = shapely.STRtree(gates).query_nearest(shapely.points(xy), max_distance=NEAR_GATE_M, all_matches=False)
        gate[at] = near
    basis = np.where(gate >= 0, "gate", "way").astype(object)
    return _Found(compound.astype(np.int64), xy, gate, edge.astype(np.int64), basis)


def _lone_gates(areas: Any, gates: Any, crossing: _Found, passable: Bools) -> _Found:
    """Return the gates beside boundaries that no way crosses near them."""
    rings = shapely.boundary(areas)
    compound, gate = _pairs(shapely.STRtree(gates).query(rings, predicate="dwithin", distance=NEAR_GATE_M))
    open_ = passable[gate]
    compound, gate = compound[open_], gate[open_]
    xy = shapely.get_coordinates(shapely.get_point(shapely.shortest_line(rings[compound], gates[gate]), 0))
    served = np.zeros(len(gate), dtype=bool)
    for row, spot in enumerate(shapely.get_coordinates(gates[gate])):
        beside = crossing.xy[crossing.compound == compound[row]]
        served[row] = bool(len(beside)) and bool(np.hypot(*(beside - spot).T).min() <= NEAR_GATE_M)
    nowhere = np.full(len(gate), -1, dtype=np.int64)
    found = _Found(compound, xy, gate, nowhere, np.full(len(gate), "gate", dtype=object))
    return _rows(found, ~served)


def _assumed(areas: Any, compounds: Ints) -> _Found:
    """Return points at most 25 m apart along the outer boundaries of some compounds."""
    owners, places = [np.empty(0, dtype=np.int64)], [np.empty((0, 2))]
    for number in compounds:
        for part in shapely.get_parts(areas[number]):
            ring = shapely.get_exterior_ring(part)
            count = int(np.ceil(ring.length / EVERY_M))
            points = shapely.line_interpolate_point(ring, np.arange(count) * (ring.length / count))
            owners.append(np.full(count, number, dtype=np.int64))
            places.append(shapely.get_coordinates(points))
    owner = np.concatenate(owners)
    nowhere = np.full(len(owner), -1, dtype=np.int64)
    return _Found(owner, np.vstack(places), nowhere, nowhere, np.full(len(owner), "assumed", dtype=object))


def _on_obstacle(obstacles: Obstacles, points: Any) -> Bools:
    """Return which points lie on a wall, a building or water: the boundary is not open there."""
    on = np.zeros(len(points), dtype=bool)
    for tree in (obstacles.solid_tree, obstacles.thin_tree):
        on[tree.query(points, predicate="dwithin", distance=_ON_WAY_M)[0]] = True
    return on


def _onto_network(
    found: tuple[_Found, _Found, _Found], district: District, streets: Streets, obstacles: Obstacles
) -> Openings:
    """Join the openings to the network: a crossing stands on its edge, the others take straight legs."""
    crossing, lone, assumed = found
    gates = district.gates.geometry.to_numpy()
    graph = streets.graph
    used, number_of = np.unique(lone.gate, return_inverse=True)
    gate_feet = _legs(streets, gates[used], obstacles)
    assumed_feet = _legs(streets, shapely.points(assumed.xy), obstacles)
    through = _clear(obstacles, lone.xy, shapely.get_coordinates(gates[lone.gate]))
    start = graph.xy[graph.ends[crossing.edge, 0]]
    at_crossing = Feet(
        shape=np.arange(len(crossing.edge)),
        edge=crossing.edge,
        along_m=np.hypot(*(crossing.xy - start).T),
        leg_m=np.zeros(len(crossing.edge)),
    )
    feet = _stacked((at_crossing, gate_feet, assumed_feet))
    joined, vertex = insert_feet(graph, feet)
    joined, split = _split_at_closed_gates(joined, district.gates)
    first_gate = len(joined.xy)
    splits = np.cumsum([len(at_crossing.edge), len(gate_feet.edge)])
    cross_vertex, gate_vertex, assumed_vertex = np.split(vertex, splits)
    joined = WalkGraph(
        xy=np.vstack([joined.xy, shapely.get_coordinates(gates[used])]),
        ends=np.vstack([joined.ends, np.column_stack([first_gate + gate_feet.shape, gate_vertex])]),
        length_m=np.concatenate([joined.length_m, gate_feet.leg_m]),
        counts=None if joined.counts is None else np.append(joined.counts, np.ones(len(gate_feet.leg_m))),
    )
    gate_m = np.hypot(*(lone.xy - shapely.get_coordinates(gates[lone.gate])).T)
    held = np.unique(assumed_feet.shape)
    renumber = np.full(len(assumed.xy), -1, dtype=np.int64)
    base = len(crossing.xy) + int(through.sum())
    renumber[held] = base + np.arange(len(held))
    beyond = _beyond_closed(crossing, split, district.gates)
    opening = [
        np.arange(len(crossing.xy)), beyond[0],
        len(crossing.xy) + np.arange(int(through.sum())), renumber[assumed_feet.shape],
    ]  # fmt: skip
    vertices = [cross_vertex, beyond[1], (first_gate + number_of)[through], assumed_vertex]
    legs = [np.zeros(len(crossing.xy)), beyond[2], gate_m[through], assumed_feet.leg_m]
    rows = [crossing, _rows(lone, through), _rows(assumed, np.isin(np.arange(len(assumed.xy)), held))]
    frame, place = _frame(rows, district, streets)
    return Openings(
        frame=frame,
        graph=joined,
        opening=place[np.concatenate(opening)],
        vertex=np.concatenate(vertices),
        leg_m=np.concatenate(legs),
    )


def _frame(rows: list[_Found], district: District, streets: Streets) -> tuple[gpd.GeoDataFrame, Ints]:
    """Return the table of openings, and the row of each opening in it."""
    compound = np.concatenate([part.compound for part in rows])
    xy = np.vstack([part.xy for part in rows])
    gate, edge = np.concatenate([part.gate for part in rows]), np.concatenate([part.edge for part in rows])
    basis = np.concatenate([part.basis for part in rows])
    ids = district.compounds.index.to_numpy()[compound]
    order = np.lexsort((xy[:, 1], xy[:, 0], ids.astype(str)))
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    words = district.gates["access"].to_numpy(dtype=object)[gate] if len(district.gates) else np.full(len(gate), None)
    on_way = np.where(edge >= 0, streets.access[edge] if len(streets.access) else None, None)
    access = np.where(gate >= 0, words, on_way)
    sources = district.gates["source"].to_numpy(dtype=object)[gate] if len(district.gates) else np.full(len(gate), None)
    feature: Any = np.where(edge >= 0, streets.road_ids[edge] if len(streets.road_ids) else None, None)
    if len(district.gates):
        feature = np.where(gate >= 0, district.gates.index.to_numpy(dtype=object)[gate], feature)
    frame = gpd.GeoDataFrame(
        {
            "compound_id": ids,
            "basis": basis,
            "access": ["residents" if word in _RESIDENTS else "open" for word in access],
            "feature_id": feature,
            "source": np.where(gate >= 0, sources, "estimate"),
        },
        geometry=shapely.points(xy),
        crs=district.crs,
    ).iloc[order]
    turn = frame.groupby("compound_id").cumcount() + 1
    names = [f"{key}#{count}" for key, count in zip(frame["compound_id"], turn, strict=True)]
    frame.index = pd.Index(names, name="opening_id", dtype=object)
    return tables.OPENINGS.check(frame), place


def _legs(streets: Streets, points: Any, obstacles: Obstacles) -> Feet:
    """Return the legs from points to the nearest way joined to the street, if short enough and nothing is between."""
    feet = drop_feet(streets.graph, np.flatnonzero(streets.reachable), points, tie_m=_TIE_M)
    graph = streets.graph
    start = graph.xy[graph.ends[feet.edge, 0]]
    ahead = (graph.xy[graph.ends[feet.edge, 1]] - start) / graph.length_m[feet.edge, np.newaxis]
    landing = start + ahead * feet.along_m[:, np.newaxis]
    clear = (feet.leg_m <= LEG_M) & _clear(obstacles, shapely.get_coordinates(points)[feet.shape], landing)
    return Feet(shape=feet.shape[clear], edge=feet.edge[clear], along_m=feet.along_m[clear], leg_m=feet.leg_m[clear])


def _clear(obstacles: Obstacles, start: Floats, end: Floats) -> Bools:
    """Return which straight legs meet no obstacle; their ends may touch one."""
    length_m = np.hypot(*(end - start).T) if len(start) else np.empty(0)
    share = np.where(length_m > 4 * ASIDE_M, ASIDE_M / np.maximum(length_m, ASIDE_M), 0.0)[:, np.newaxis]
    legs = shapely.linestrings(np.stack([start + share * (end - start), end - share * (end - start)], axis=1))
    clear = np.ones(len(start), dtype=bool)
    for tree in (obstacles.solid_tree, obstacles.thin_tree):
        clear[tree.query(legs, predicate="intersects")[0]] = False
    clear[length_m <= 4 * ASIDE_M] = True
    return clear


def _split_at_closed_gates(graph: WalkGraph, gates: gpd.GeoDataFrame) -> tuple[WalkGraph, dict[int, list[int]]]:
    """Part the network at gates that strangers may not pass: every edge there ends at a vertex of its own.

    Also return, for each gate (by number), the vertices around it.
    """
    closed = np.flatnonzero(gates["access"].isin([*sorted(_RESIDENTS), _NOBODY]).to_numpy())
    around: dict[int, list[int]] = {}
    if not len(closed) or not len(graph.xy):
        return graph, around
    tree = shapely.STRtree(shapely.points(graph.xy))
    gate, vertex = tree.query(gates.geometry.to_numpy()[closed], predicate="dwithin", distance=_ON_WAY_M)
    ends, added, size = graph.ends.copy(), [], len(graph.xy)
    for number, node in zip(gate, vertex, strict=True):
        rows, side = np.nonzero(ends == node)
        copies = size + np.arange(len(rows))
        ends[rows, side] = copies
        added.append(np.repeat(graph.xy[node][np.newaxis], len(rows), axis=0))
        size += len(rows)
        around.setdefault(int(closed[number]), []).extend(int(copy) for copy in copies)
    xy = np.vstack([graph.xy, *added])
    return replace(graph, xy=xy, ends=ends), around


def _beyond_closed(
    crossing: _Found, around: dict[int, list[int]], gates: gpd.GeoDataFrame
) -> tuple[Ints, Ints, Floats]:
    """Return what residents gain by their key: (opening, vertex, leg) from a crossing to all sides of its gate."""
    rows = [
        (
            opening,
            vertex,
            float(np.hypot(*(crossing.xy[opening] - shapely.get_coordinates(gates.geometry.iloc[gate])[0]))),
        )
        for opening, gate in enumerate(crossing.gate.tolist())
        for vertex in around.get(gate, [])
    ]
    opening, vertex, leg_m = zip(*rows, strict=True) if rows else ((), (), ())
    return np.array(opening, dtype=np.int64), np.array(vertex, dtype=np.int64), np.array(leg_m, dtype=float)


def _stacked(feet: tuple[Feet, ...]) -> Feet:
    return Feet(
        shape=np.concatenate([part.shape for part in feet]),
        edge=np.concatenate([part.edge for part in feet]),
        along_m=np.concatenate([part.along_m for part in feet]),
        leg_m=np.concatenate([part.leg_m for part in feet]),
    )


def _rows(found: _Found, kept: Bools) -> _Found:
    return _Found(found.compound[kept], found.xy[kept], found.gate[kept], found.edge[kept], found.basis[kept])


def _pairs(found: Any) -> tuple[Ints, Ints]:
    left, right = found
    order = np.lexsort((right, left))
    return left[order].astype(np.int64), right[order].astype(np.int64)
