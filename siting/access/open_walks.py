"""Reach over open ground, all compounds together: ground, openings, the mapped ways between them, ground again.

A walk starts on the ground of the building's own compound, leaves it by an opening, follows mapped ways, and enters
the ground of the site's compound by an opening that is open to this walker; or it stays on its own ground. Whoever
passes through a third compound keeps to its ways. An opening for residents only lets nobody else in.
"""

from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import shapely

from siting.access.ground import Obstacles, Ways, lay_ground
from siting.access.ground_walks import GroundWalks, Sources, walk_ground
from siting.access.network import Bools, Floats, Ints
from siting.access.openings import Openings, opening_spots
from siting.access.reach import LIMIT_EPSILON_M, Joints, Pairs, reach, shortest
from siting.district.record import District

__all__ = ["Ends", "OpenOptions", "OpenReach", "doors_of", "walk_openly"]


@dataclass(frozen=True, eq=False, kw_only=True)
class Ends:
    """Buildings with demand and accepted candidates; `home` and `place`: the number of the compound of each."""

    buildings: gpd.GeoDataFrame
    candidates: gpd.GeoDataFrame
    home: Ints
    place: Ints


@dataclass(frozen=True, eq=False, kw_only=True)
class OpenReach:
    """Every allowed pair within the limit; which buildings and candidates lead to no opening; and the openings."""

    pairs: Pairs
    shut_in_buildings: Bools
    shut_in_candidates: Bools


@dataclass(frozen=True, eq=False)
class _Compound:
    """The walks on one compound's ground, and which buildings, candidates and openings they are between."""

    walks: GroundWalks
    buildings: Ints
    sites: Ints
    openings: Ints


@dataclass(frozen=True, eq=False, kw_only=True)
class OpenOptions:
    """The walking limit, who may use whose site (square matrix over the compounds), and the side of blocks."""

    limit_m: float
    allowed: Bools
    block_m: float


def walk_openly(
    district: District, ends: Ends, openings: Openings, obstacles: Obstacles, options: OpenOptions
) -> OpenReach:
    """Return every allowed pair (building, candidate) within the walking limit, with its shortest walk."""
    grounds = _grounds(district, ends, openings, obstacles, options.limit_m)
    joints = Joints(item=openings.opening, vertex=openings.vertex, leg_m=openings.leg_m)
    between = reach(openings.graph, joints, joints, limit_m=options.limit_m, block_m=options.block_m)
    is_open = (openings.frame["access"] == "open").to_numpy(dtype=bool)
    owner = np.full(len(is_open), -1, dtype=np.int64)
    for number, compound in grounds.items():
        owner[compound.openings] = number
    home, place = owner[between.source], owner[between.target]
    useful = (home >= 0) & (place >= 0) & (is_open[between.target] | (home == place))
    useful[useful] = options.allowed[home[useful], place[useful]]
    order = np.flatnonzero(useful)
    order = order[np.lexsort((place[order], home[order]))]
    pieces = [_finite(compound.walks.to_sites, compound.buildings, compound.sites) for compound in grounds.values()]
    change = np.any(np.diff(np.column_stack([home, place])[order], axis=0) != 0, axis=1)
    for rows in np.split(order, np.flatnonzero(change) + 1) if len(order) else []:
        here, there = grounds[int(home[rows[0]])], grounds[int(place[rows[0]])]
        walk_m = _through_streets(here, there, (between.source[rows], between.target[rows], between.walk_m[rows]))
        walk_m[walk_m > options.limit_m + LIMIT_EPSILON_M] = np.inf
        pieces.append(_finite(walk_m, here.buildings, there.sites))
    source, target, walk_m = (np.concatenate(column) for column in zip(*pieces, strict=True))
    return OpenReach(
        pairs=shortest(source, target, np.minimum(walk_m, options.limit_m)),
        **_shut_in(grounds, (len(ends.home), len(ends.place))),
    )


def _grounds(
    district: District, ends: Ends, openings: Openings, obstacles: Obstacles, limit_m: float
) -> dict[int, _Compound]:
    """Return the walks on the ground of every compound that has a building or a candidate."""
    roads = district.roads.geometry[district.roads["walkable"].to_numpy(dtype=bool)].to_numpy()
    ways = Ways(roads, shapely.STRtree(roads))
    areas = district.compounds.geometry.to_numpy()
    owner = district.compounds.index.get_indexer(openings.frame["compound_id"])
    points, sites = openings.frame.geometry.to_numpy(), ends.candidates.geometry.to_numpy()
    doors = doors_of(district.entrances)
    found = {}
    for number in np.unique(np.concatenate([ends.home, ends.place])).tolist():
        buildings, places = np.flatnonzero(ends.home == number), np.flatnonzero(ends.place == number)
        own = np.flatnonzero(owner == number)
        ground = lay_ground(areas[number], opening_spots(areas[number], points[own]), obstacles, ways, limit_m=limit_m)
        rows = ends.buildings.iloc[buildings]
        sources = Sources(outline=rows.geometry.to_numpy(), doors=[doors.get(str(key), []) for key in rows.index])
        walks = walk_ground(ground, sources, sites[places], limit_m=limit_m)
        found[number] = _Compound(walks, buildings, places, own)
    return found


def _through_streets(here: _Compound, there: _Compound, between: tuple[Ints, Ints, Floats]) -> Floats:
    """Return the shortest walks (buildings here, sites there) out of one compound and into another."""
    source, target, street_m = between
    streets = np.full((len(here.openings), len(there.openings)), np.inf)
    streets[np.searchsorted(here.openings, source), np.searchsorted(there.openings, target)] = street_m
    return _chained(_chained(here.walks.to_openings, streets), there.walks.from_openings)


def _chained(first: Floats, second: Floats) -> Floats:
    """Return the shortest sums over the middle: (a, m) and (m, b) give (a, b)."""
    best = np.full((first.shape[0], second.shape[1]), np.inf)
    for middle in range(first.shape[1]):
        np.minimum(best, first[:, middle, np.newaxis] + second[middle], out=best)
    return best


def _finite(walk_m: Floats, left: Ints, right: Ints) -> tuple[Ints, Ints, Floats]:
    row, column = np.nonzero(np.isfinite(walk_m))
    return left[row], right[column], walk_m[row, column]


def _shut_in(grounds: dict[int, _Compound], sizes: tuple[int, int]) -> dict[str, Bools]:
    """Return which buildings and candidates have a walk to no opening."""
    buildings, candidates = (np.ones(size, dtype=bool) for size in sizes)
    for compound in grounds.values():
        buildings[compound.buildings] = ~np.isfinite(compound.walks.to_openings).any(axis=1)
        candidates[compound.sites] = ~np.isfinite(compound.walks.from_openings).any(axis=0)
    return {"shut_in_buildings": buildings, "shut_in_candidates": candidates}


def doors_of(entrances: gpd.GeoDataFrame) -> dict[str, list[Any]]:
    """Return the mapped entrances of each building; an emergency exit is none."""
    used = entrances[(entrances["kind"] == "entrance") & entrances["building_id"].notna()]
    return {str(key): list(part.geometry) for key, part in used.groupby("building_id")}
