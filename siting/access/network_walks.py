"""Reach on mapped ways alone: objects joined mid-edge to the network by straight legs, and what cannot be joined."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from scipy.sparse.csgraph import dijkstra

from siting.access.network import Feet, Floats, Ints, WalkGraph, drop_feet, insert_feet
from siting.access.reach import LIMIT_EPSILON_M, Joints, Pairs, halo_around, reach
from siting.access.streets import Streets

__all__ = ["NetworkOptions", "Unreachable", "trace_network", "walk_network"]


@dataclass(frozen=True)
class Unreachable:
    """One object without a walk: why, and how far the nearest way joined to the street is (NaN: not a question)."""

    object_id: str
    layer: str
    reason: str
    nearest_m: float


@dataclass(frozen=True, kw_only=True)
class NetworkOptions:
    """The walking limit, the longest straight leg, and the side of the blocks that searches run in, in metres."""

    limit_m: float
    max_leg_m: float
    block_m: float


@dataclass(frozen=True, eq=False)
class _Ends:
    """Objects to be joined: ids, shapes that legs start from, and which object each shape belongs to."""

    layer: str
    ids: "pd.Index[str]"
    shapes: Any
    item: Ints


def walk_network(
    buildings: gpd.GeoDataFrame,
    entrances: gpd.GeoDataFrame,
    candidates: gpd.GeoDataFrame,
    ways: Streets,
    options: NetworkOptions,
) -> tuple[Pairs, list[Unreachable]]:
    """Return every pair (building, candidate) within the limit, and what is joined to no way."""
    ends = (_building_ends(buildings, entrances), _candidate_ends(candidates))
    feet = [drop_feet(ways.graph, np.flatnonzero(ways.reachable), side.shapes) for side in ends]
    return _walk(ways.graph, ends, feet, options), _unreachable(ways, ends, feet, options.max_leg_m)


def trace_network(
    buildings: gpd.GeoDataFrame,
    entrances: gpd.GeoDataFrame,
    candidates: gpd.GeoDataFrame,
    ways: Streets,
    options: NetworkOptions,
    pairs: Sequence[tuple[str, str]],
) -> list[tuple[Floats, float]]:
    """Return the places of the shortest walk of each (building, candidate), (n, 2), and its metres (inf: none).

    The places are those of a leg, of mapped ways, and of a leg.
    """
    ends = (_building_ends(buildings, entrances), _candidate_ends(candidates))
    feet = [drop_feet(ways.graph, np.flatnonzero(ways.reachable), side.shapes) for side in ends]
    both = _both(feet)
    graph, vertex = insert_feet(ways.graph, both)
    split = len(feet[0].edge)
    item = np.concatenate([side.item[foot.shape] for side, foot in zip(ends, feet, strict=True)])
    shapes = np.concatenate([side.shapes[foot.shape] for side, foot in zip(ends, feet, strict=True)])
    near = both.leg_m <= options.max_leg_m
    outset = shapely.get_coordinates(
        shapely.get_point(shapely.shortest_line(shapes, shapely.points(graph.xy[vertex])), 0)
    )
    found = []
    for building, site in pairs:
        left = np.flatnonzero(near[:split] & (item[:split] == buildings.index.get_loc(building)))
        right = split + np.flatnonzero(near[split:] & (item[split:] == candidates.index.get_loc(site)))
        starts = vertex[left]
        halo = halo_around(graph, starts, options.limit_m)
        walks, before = dijkstra(
            halo.matrix, indices=halo.local[starts], limit=options.limit_m + LIMIT_EPSILON_M, return_predecessors=True
        )
        last = halo.local[vertex[right]]
        total = walks[:, last] + both.leg_m[left, np.newaxis] + both.leg_m[right]
        total[:, last < 0] = np.inf
        if not np.isfinite(total).any():
            found.append((np.empty((0, 2)), np.inf))
            continue
        row, column = np.unravel_index(np.argmin(total), total.shape)
        chain, first = [int(last[column])], int(halo.local[starts[row]])
        while chain[-1] != first:
            chain.append(int(before[row, chain[-1]]))
        middle = graph.xy[halo.vertices[chain[::-1]]]
        found.append((np.vstack([outset[left[row]], middle, outset[right[column]]]), float(total[row, column])))
    return found


def _both(feet: Sequence[Feet]) -> Feet:
    """Return the feet of both sides in one table, so that those on one edge stand in order."""
    return Feet(
        shape=np.concatenate([side.shape for side in feet]),
        edge=np.concatenate([side.edge for side in feet]),
        along_m=np.concatenate([side.along_m for side in feet]),
        leg_m=np.concatenate([side.leg_m for side in feet]),
    )


def _building_ends(buildings: gpd.GeoDataFrame, entrances: gpd.GeoDataFrame) -> _Ends:
    """Return entrances where a building has any (an emergency exit is none), its outline otherwise."""
    doors = entrances[(entrances["kind"] == "entrance") & entrances["building_id"].isin(buildings.index)]
    plain = np.flatnonzero(~buildings.index.isin(doors["building_id"]))
    shapes = np.concatenate([doors.geometry.to_numpy(), buildings.geometry.to_numpy()[plain]])
    item = np.concatenate([buildings.index.get_indexer(doors["building_id"]), plain])
    return _Ends("buildings", buildings.index, shapes, item.astype(np.int64))


def _candidate_ends(candidates: gpd.GeoDataFrame) -> _Ends:
    return _Ends("candidates", candidates.index, candidates.geometry.to_numpy(), np.arange(len(candidates)))


def _walk(graph: WalkGraph, ends: tuple[_Ends, _Ends], feet: list[Feet], options: NetworkOptions) -> Pairs:
    """Join both sides to the network at once, so that feet on one edge stand in order, and search."""
    split = len(feet[0].edge)
    both = _both(feet)
    joined, vertex = insert_feet(graph, both)
    item = np.concatenate([side.item[foot.shape] for side, foot in zip(ends, feet, strict=True)])
    joints = Joints(item=item, vertex=vertex, leg_m=both.leg_m)
    near = both.leg_m <= options.max_leg_m
    is_source = np.arange(len(item)) < split
    return reach(
        joined,
        joints[near & is_source],
        joints[near & ~is_source],
        limit_m=options.limit_m,
        block_m=options.block_m,
    )


def _unreachable(ways: Streets, ends: tuple[_Ends, _Ends], feet: Sequence[Feet], max_leg_m: float) -> list[Unreachable]:
    """Return what has no foot within `max_leg_m`, with the distance to the nearest way joined to the street."""
    return [
        row
        for side, foot in zip(ends, feet, strict=True)
        for row in _unreachable_rows(ways, side, _nearest_m(side, foot), max_leg_m)
    ]


def _nearest_m(ends: _Ends, feet: Feet) -> Floats:
    nearest_m = np.full(len(ends.ids), np.inf)
    np.minimum.at(nearest_m, ends.item[feet.shape], feet.leg_m)
    return nearest_m


def _unreachable_rows(ways: Streets, ends: _Ends, nearest_m: Floats, max_leg_m: float) -> list[Unreachable]:
    far = np.flatnonzero(nearest_m > max_leg_m)
    shapes = np.flatnonzero(np.isin(ends.item, far))
    islands = drop_feet(ways.graph, np.flatnonzero(~ways.reachable), ends.shapes[shapes])
    island_of: dict[int, tuple[float, str]] = {}
    for shape, edge, leg_m in zip(islands.shape, islands.edge, islands.leg_m, strict=True):
        item = int(ends.item[shapes[shape]])
        found = (float(leg_m), str(ways.road_ids[edge]))
        island_of[item] = min(island_of.get(item, found), found)
    return [
        Unreachable(
            str(ends.ids[item]),
            ends.layer,
            _reason(nearest_m[item], island_of.get(item), max_leg_m),
            float(nearest_m[item]) if np.isfinite(nearest_m[item]) else np.nan,
        )
        for item in far.tolist()
    ]


def _reason(nearest_m: float, island: tuple[float, str] | None, max_leg_m: float) -> str:
    if island is not None and island[0] <= max_leg_m:
        return f"the walkable way beside it ({island[1]}, {island[0]:.0f} m) is not joined to the street"
    if not np.isfinite(nearest_m):
        return "no walkable way is mapped"
    return f"the nearest walkable way joined to the street is {nearest_m:.0f} m away (limit {max_leg_m:g} m)"
