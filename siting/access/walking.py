"""Reach: who can walk to which accepted candidate, and how far; what cannot be joined to the street is listed.

A walk goes from the building (its mapped entrances, else its outline) by a straight leg to the nearest edge
of the walkable network, along the network, and by a straight leg to the candidate's outline. Legs look at no
wall and no other building yet, and inside a compound the network is all there is: distances there are on the
long side.
"""

from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from siting.access.network import Bools, Feet, Floats, Ints, WalkGraph, drop_feet, insert_feet, split_ways
from siting.access.network import street_vertices as find_street_vertices
from siting.access.reach import Joints, Pairs, reach
from siting.access.record import Demand, Links
from siting.district.record import District
from siting.errors import TableError, UsageError
from siting.kinds import Choice
from siting.sites.record import Verdicts

__all__ = ["Sharing", "WalkOptions", "measure_links"]

#: A part of the walking network counts as joined to the public street when it holds this much of it (the
#: shortest street block worth the name), or when it is the longest part of all.
_MIN_STREET_M = 100.0

#: Drivable ways that are no public street: they may lie behind a compound's gate.
_NOT_PUBLIC = frozenset({"service", "track", "driveway"})


class Sharing(Choice):
    """Who may use whose site."""

    OWN = "own"  # a compound's residents use the sites of that compound only
    EVERYONE = "everyone"  # everybody within the limit


@dataclass(frozen=True, kw_only=True)
class WalkOptions:
    """How far people walk, and to whose site.

    An object farther than `max_leg_m` from every walkable way that is joined to the street is unreachable.
    `block_m` is the side of the blocks that searches run in; it changes speed, never a result.
    """

    radius_m: float
    sharing: Sharing = Sharing.OWN
    max_leg_m: float = 150.0
    block_m: float = 800.0

    def __post_init__(self) -> None:
        """Refuse lengths that are not positive numbers."""
        for name in ("radius_m", "max_leg_m", "block_m"):
            value = getattr(self, name)
            if not (np.isfinite(value) and value > 0):
                message = f"{name} is {value:g}; give a positive number of metres"
                raise UsageError(message)


@dataclass(frozen=True, eq=False)
class _Ways:
    """The walkable network: graph, and for each edge whether it is joined to the street and its road id."""

    graph: WalkGraph
    reachable: Bools
    road_ids: Any


@dataclass(frozen=True, eq=False)
class _Ends:
    """Objects to be joined: ids, shapes that legs start from, and which object each shape belongs to."""

    layer: str
    ids: "pd.Index[str]"
    shapes: Any
    item: Ints


def measure_links(verdicts: Verdicts, demand: Demand, options: WalkOptions) -> Links:
    """Return every pair (building with demand, accepted candidate) within the walking limit.

    `walk_m` is at most `options.radius_m` (the limit itself is inside) and never below `straight_m`, the true
    distance between the two outlines. Raises `TableError` if the demand is of another district.
    """
    district = verdicts.candidates.zones.district
    buildings = _buildings_of(demand, district)
    candidates = verdicts.candidates.frame.loc[sorted(verdicts.accepted)]
    ways = _read_ways(district.roads)
    ends = (_building_ends(buildings, district.entrances), _candidate_ends(candidates))
    feet = [drop_feet(ways.graph, np.flatnonzero(ways.reachable), side.shapes) for side in ends]
    pairs = _walk(ways.graph, ends, feet, options)
    return Links(
        frame=_link_table(pairs, (buildings, candidates), demand, options.sharing),
        unreachable=_unreachable(ways, ends, feet, options.max_leg_m),
        radius_m=options.radius_m,
        sharing=options.sharing.value,
        demand=demand,
        verdicts=verdicts,
    )


def _buildings_of(demand: Demand, district: District) -> gpd.GeoDataFrame:
    strangers = demand.frame.index.difference(district.buildings.index)
    if len(strangers):
        message = f"demand names building {strangers[0]}, which is not in the district; estimate demand again"
        raise TableError(message)
    return district.buildings.loc[demand.frame.index.sort_values()]


def _read_ways(roads: gpd.GeoDataFrame) -> _Ways:
    walkable = roads[roads["walkable"].astype(bool)]
    graph, line = split_ways(walkable.geometry.to_numpy())
    public = walkable["drivable"].astype(bool) & ~walkable["kind"].isin(_NOT_PUBLIC)
    joined = find_street_vertices(graph, public.to_numpy()[line], min_street_m=_MIN_STREET_M)
    return _Ways(graph, joined[graph.ends[:, 0]], walkable.index.to_numpy()[line])


def _building_ends(buildings: gpd.GeoDataFrame, entrances: gpd.GeoDataFrame) -> _Ends:
    """Return entrances where a building has any (an emergency exit is none), its outline otherwise."""
    doors = entrances[(entrances["kind"] == "entrance") & entrances["building_id"].isin(buildings.index)]
    plain = np.flatnonzero(~buildings.index.isin(doors["building_id"]))
    shapes = np.concatenate([doors.geometry.to_numpy(), buildings.geometry.to_numpy()[plain]])
    item = np.concatenate([buildings.index.get_indexer(doors["building_id"]), plain])
    return _Ends("buildings", buildings.index, shapes, item.astype(np.int64))


def _candidate_ends(candidates: gpd.GeoDataFrame) -> _Ends:
    return _Ends("candidates", candidates.index, candidates.geometry.to_numpy(), np.arange(len(candidates)))


def _walk(graph: WalkGraph, ends: tuple[_Ends, _Ends], feet: list[Feet], options: WalkOptions) -> Pairs:
    """Join both sides to the network at once, so that feet on one edge stand in order, and search."""
    split = len(feet[0].edge)
    both = Feet(
        shape=np.concatenate([side.shape for side in feet]),
        edge=np.concatenate([side.edge for side in feet]),
        along_m=np.concatenate([side.along_m for side in feet]),
        leg_m=np.concatenate([side.leg_m for side in feet]),
    )
    joined, vertex = insert_feet(graph, both)
    item = np.concatenate([side.item[foot.shape] for side, foot in zip(ends, feet, strict=True)])
    joints = Joints(item=item, vertex=vertex, leg_m=both.leg_m)
    near = both.leg_m <= options.max_leg_m
    is_source = np.arange(len(item)) < split
    return reach(
        joined,
        joints[near & is_source],
        joints[near & ~is_source],
        limit_m=options.radius_m,
        block_m=options.block_m,
    )


def _link_table(
    pairs: Pairs, tables: tuple[gpd.GeoDataFrame, gpd.GeoDataFrame], demand: Demand, sharing: Sharing
) -> pd.DataFrame:
    """Return the pairs that the policy allows, with ids and true distances, sorted by both ids."""
    buildings, candidates = tables
    source, target, walk_m = pairs.source, pairs.target, pairs.walk_m
    if sharing is Sharing.OWN:
        home = demand.frame["compound_id"].reindex(buildings.index).to_numpy()
        own = home[source] == candidates["compound_id"].to_numpy()[target]
        source, target, walk_m = source[own], target[own], walk_m[own]
    straight_m: Floats = shapely.distance(buildings.geometry.to_numpy()[source], candidates.geometry.to_numpy()[target])
    return pd.DataFrame(
        {
            "building_id": buildings.index.to_numpy()[source],
            "candidate_id": candidates.index.to_numpy()[target],
            # An entrance may be mapped a little outside its building's outline, so that the walk from it
            # comes out shorter than the distance between the outlines; nobody walks less than that.
            "walk_m": np.maximum(walk_m, straight_m),
            "straight_m": straight_m,
        }
    )


def _unreachable(ways: _Ways, ends: tuple[_Ends, _Ends], feet: list[Feet], max_leg_m: float) -> pd.DataFrame:
    """Return what has no foot within `max_leg_m`, with the distance to the nearest way joined to the street."""
    rows = [
        row
        for side, foot in zip(ends, feet, strict=True)
        for row in _unreachable_rows(ways, side, _nearest_m(side, foot), max_leg_m)
    ]
    return pd.DataFrame(rows, columns=["object_id", "layer", "reason", "nearest_m"]).astype({"nearest_m": float})


def _nearest_m(ends: _Ends, feet: Feet) -> Floats:
    nearest_m = np.full(len(ends.ids), np.inf)
    np.minimum.at(nearest_m, ends.item[feet.shape], feet.leg_m)
    return nearest_m


def _unreachable_rows(
    ways: _Ways, ends: _Ends, nearest_m: Floats, max_leg_m: float
) -> list[tuple[str, str, str, float]]:
    far = np.flatnonzero(nearest_m > max_leg_m)
    shapes = np.flatnonzero(np.isin(ends.item, far))
    islands = drop_feet(ways.graph, np.flatnonzero(~ways.reachable), ends.shapes[shapes])
    island_of: dict[int, tuple[float, str]] = {}
    for shape, edge, leg_m in zip(islands.shape, islands.edge, islands.leg_m, strict=True):
        item = int(ends.item[shapes[shape]])
        found = (float(leg_m), str(ways.road_ids[edge]))
        island_of[item] = min(island_of.get(item, found), found)
    return [
        (
            str(ends.ids[item]),
            ends.layer,
            _reason(nearest_m[item], island_of.get(item), max_leg_m),
            nearest_m[item] if np.isfinite(nearest_m[item]) else np.nan,
        )
        for item in far.tolist()
    ]


def _reason(nearest_m: float, island: tuple[float, str] | None, max_leg_m: float) -> str:
    if island is not None and island[0] <= max_leg_m:
        return f"the walkable way beside it ({island[1]}, {island[0]:.0f} m) is not joined to the street"
    if not np.isfinite(nearest_m):
        return "no walkable way is mapped"
    return f"the nearest walkable way joined to the street is {nearest_m:.0f} m away (limit {max_leg_m:g} m)"
