"""Reach: the walkable ways of a district as a network, and which of them are joined to the public street."""

from dataclasses import dataclass, replace
from typing import Any

import geopandas as gpd
import numpy as np

from siting.access.network import Bools, Floats, WalkGraph, split_ways, street_vertices
from siting.district.record import District
from siting.errors import UsageError

__all__ = ["LEVEL", "Slopes", "Streets", "note_slopes", "read_streets", "without_steps"]

#: A part of the walking network counts as joined to the public street when it holds this much of it (the
#: shortest street block worth the name), or when it is the longest part of all.
_MIN_STREET_M = 100.0

#: Drivable ways that are no public street: they may lie behind a compound's gate.
_NOT_PUBLIC = frozenset({"service", "track", "driveway"})


@dataclass(frozen=True, kw_only=True)
class Slopes:
    """What a metre counts on a steep way: `factor` metres where the slope is at least `steep_percent`, up or down.

    Stairs that are walked are steep, whatever is mapped of their slope. Both figures are the planner's choice; no
    standard says how much longer such a metre is. 1: slopes count nothing.
    """

    factor: float = 1.0
    steep_percent: float = 8.0

    def __post_init__(self) -> None:
        """Refuse figures that cannot be."""
        if not 1.0 <= self.factor <= 10.0:
            message = f"slope_factor is {self.factor:g}; give 1 (slopes count nothing) to 10"
            raise UsageError(message)
        if not 0.0 < self.steep_percent <= 100.0:
            message = f"steep_percent is {self.steep_percent:g}; give a slope above 0 and up to 100 percent"
            raise UsageError(message)


LEVEL = Slopes()


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


def note_slopes(district: District, slopes: Slopes) -> District:
    """Return the district with a note on what steep ways count, and of how many ways the slope is known."""
    if slopes.factor == 1.0:
        return district
    walkable = district.roads[district.roads["walkable"].astype(bool)]
    known = int(walkable["slope_percent"].notna().sum()) if "slope_percent" in walkable else 0
    note = (
        f"A metre of a way of {slopes.steep_percent:g} % slope or more, and of stairs, counts {slopes.factor:g} m in "
        f"walks (the planner's choice, no standard); the slope of {known} of {len(walkable)} walkable ways is known"
    )
    return district.replace(notes=(*district.notes, note))


def read_streets(roads: gpd.GeoDataFrame, slopes: Slopes = LEVEL) -> Streets:
    """Return the walkable ways of `roads` as a network, where metres of steep ways count as `slopes` says."""
    walkable = roads[roads["walkable"].astype(bool)]
    graph, line = split_ways(walkable.geometry.to_numpy())
    if slopes.factor != 1.0:
        graph = replace(graph, counts=_level_if_any(graph, _counts(walkable, slopes)[line]))
    public = walkable["drivable"].astype(bool) & ~walkable["kind"].isin(_NOT_PUBLIC)
    joined = street_vertices(graph, public.to_numpy()[line], min_street_m=_MIN_STREET_M)
    return Streets(
        graph,
        joined[graph.ends[:, 0]],
        walkable.index.to_numpy()[line],
        walkable["access"].to_numpy(dtype=object)[line],
    )


def _counts(roads: gpd.GeoDataFrame, slopes: Slopes) -> Floats:
    """Return what a metre of each way counts; an unknown slope counts nothing."""
    steep: Bools = (roads["kind"] == "steps").to_numpy(dtype=bool)
    if "slope_percent" in roads:
        steep = steep | (roads["slope_percent"].to_numpy(dtype=float) >= slopes.steep_percent)
    return np.where(steep, slopes.factor, 1.0)


def _level_if_any(graph: WalkGraph, counts: Floats) -> Floats:
    """Return what edges count where ways drawn twice count as the level one; edges are sorted by their ends."""
    new = np.append(True, np.any(np.diff(graph.ends, axis=0) != 0, axis=1))[: len(counts)]
    return np.minimum.reduceat(counts, np.flatnonzero(new))[np.cumsum(new) - 1] if len(counts) else counts
