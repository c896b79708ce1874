"""Reach: the walkable ways of a district as a network, and which of them are joined to the public street."""

from dataclasses import dataclass
from typing import Any

import geopandas as gpd

from siting.access.network import Bools, WalkGraph, split_ways, street_vertices
from siting.district.record import District

__all__ = ["Streets", "read_streets", "without_steps"]

#: A part of the walking network counts as joined to the public street when it holds this much of it (the
#: shortest street block worth the name), or when it is the longest part of all.
_MIN_STREET_M = 100.0

#: Drivable ways that are no public street: they may lie behind a compound's gate.
_NOT_PUBLIC = frozenset({"service", "track", "driveway"})


@dataclass(frozen=True, eq=False)
class Streets:
    """The walkable network: graph, which edges are joined to the street, and each edge's road id and access."""

    graph: WalkGraph
    reachable: Bools
    road_ids: Any
    access: Any


def without_steps(district: District) -> District:
    """Return the district with mapped stairs closed to walkers, who push a bike; a note says how many."""
    stairs = (district.roads["kind"] == "steps") & district.roads["walkable"].astype(bool)
    note = f"{int(stairs.sum())} mapped stairs are closed to walks (reach.steps)"
    roads = district.roads.assign(walkable=district.roads["walkable"].astype(bool) & ~stairs)
    return district.replace(roads=roads, notes=(*district.notes, note))


def read_streets(roads: gpd.GeoDataFrame) -> Streets:
    """Return the walkable ways of `roads` as a network."""
    walkable = roads[roads["walkable"].astype(bool)]
    graph, line = split_ways(walkable.geometry.to_numpy())
    public = walkable["drivable"].astype(bool) & ~walkable["kind"].isin(_NOT_PUBLIC)
    joined = street_vertices(graph, public.to_numpy()[line], min_street_m=_MIN_STREET_M)
    return Streets(
        graph,
        joined[graph.ends[:, 0]],
        walkable.index.to_numpy()[line],
        walkable["access"].to_numpy(dtype=object)[line],
    )
